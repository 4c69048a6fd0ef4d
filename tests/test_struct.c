/* struct: offsets and sizes as debug information of real builds has them, typed in as numbers. */
#include "struct_rows.h"
#include "test.h"

static struct jh_layout layout_of(enum jh_version version, const char *machine) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    if (machine) {
        assert_int_equal(jh_build_machine(&build, machine), JH_OK);
    }
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    assert_int_equal(jh_layout_check(&layout, NULL), JH_OK);
    return layout;
}

static struct jh_layout remade(const struct jh_build *build) {
    struct jh_layout layout;
    assert_int_equal(jh_layout_make(build, &layout, NULL), JH_OK);
    return layout;
}

static uint64_t size_of(const struct jh_layout *layout, const char *name) {
    uint64_t size = UINT64_MAX;
    uint32_t align = 0;
    if (jh_struct_size(layout, name, &size, &align, NULL) == JH_OK) {
        assert_true(align && size % align == 0);
    }
    return size;
}

static uint64_t at(const struct jh_layout *layout, const char *name, const char *path) {
    struct jh_member m;
    return jh_struct_member(layout, name, path, &m, NULL) == JH_OK ? m.offset : UINT64_MAX;
}

#define NONE UINT64_MAX /* no such member, or not known */

enum { VERSIONS = JH_VERSIONS };

struct expected {
    const char *name, *path; /* path NULL: sizeof */
    uint64_t value[VERSIONS];
};

static void all_are(const struct expected *expected, size_t count, const char *machine) {
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, machine);
        for (size_t i = 0; i < count; i++) {
            const struct expected *e = &expected[i];
            uint64_t seen = e->path ? at(&layout, e->name, e->path) : size_of(&layout, e->name);
            if (seen != e->value[v]) {
                fail_msg("%s: %s %s is %llu, not %llu", jh_version_name((enum jh_version)v),
                         e->name, e->path ? e->path : "size", (unsigned long long)seen,
                         (unsigned long long)e->value[v]);
            }
        }
    }
}

/* ---- x86_64 --------------------------------------------------------------------------------- */

static void stock_builds(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {"malloc_mutex_s", NULL, {104, 104, 104, 112, 112, 112, 112, 112}},
        {"rtree_s", "root", {104, 104, 104, 112, 112, 120, 120, 120}},
        {"rtree_s", NULL, {2097256, 2097256, 2097256, 2097264, 2097264, 2097272, 2097272, 2097272}},
        {"extent_s", NULL, {128, 128, 128, 128, 128, NONE, NONE, NONE}},
        {"extent_s", "ph_link", {40, 40, 40, 40, 40, NONE, NONE, NONE}},
        {"extent_s", "e_prof_tctx", {64, 64, 64, 72, 72, NONE, NONE, NONE}},
        {"edata_s", NULL, {NONE, NONE, NONE, NONE, NONE, 128, 128, 128}},
        {"edata_s", "heap_link", {NONE, NONE, NONE, NONE, NONE, 40, 40, 40}},
        {"edata_s", "ql_link_inactive", {NONE, NONE, NONE, NONE, NONE, 64, 64, 64}},
        {"edata_s", "e_prof_info.e_prof_tctx", {NONE, NONE, NONE, NONE, NONE, 80, 80, 80}},
        {"arena_bin_info_s", NULL, {40, 40, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"bin_info_s", NULL, {NONE, NONE, 40, 40, 40, 40, 40, 40}},
        {"bin_info_s", "n_shards", {NONE, NONE, NONE, 20, 20, 20, 20, 20}},
        {"bin_info_s", "bitmap_info", {NONE, NONE, 24, 24, 24, 24, 24, 24}},
        {"arena_bin_s", NULL, {264, 264, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"bin_s", NULL, {NONE, NONE, 264, 272, 280, 224, 224, 224}},
        {"bin_s", "slabcur", {NONE, NONE, 104, 112, 112, 192, 192, 192}},
        {"bin_s", "slabs_nonfull", {NONE, NONE, 112, 120, 120, 200, 200, 200}},
        {"bin_s", "slabs_full", {NONE, NONE, 120, 128, 128, 216, 216, 216}},
        {"base_s", "blocks", {136, 136, 136, 144, 144, 160, 160, 160}},
        {"base_block_s", NULL, {144, 144, 144, 144, 144, 144, 144, 144}},
        {"base_block_s", "next", {8, 8, 8, 8, 8, 8, 8, 8}},
    };
    all_are(expected, COUNT(expected), NULL);
}

static void arenas_of_stock_builds(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {"arena_s", "tcache_ql", {7000, 7000, 7008, 7024, 10184, 10392, 11976, NONE}},
        {"arena_s",
         "cache_bin_array_descriptor_ql",
         {NONE, NONE, 7016, 7032, 10192, 10400, 11984, 12048}},
        {"arena_s", "large", {7160, 7160, 7176, 7200, 10352, 10528, 12112, 12176}},
        {"arena_s", "extents_dirty", {7272, 7272, 7288, 7320, 10472, NONE, NONE, NONE}},
        {"arena_s", "pa_shard", {NONE, NONE, NONE, NONE, NONE, 10648, 12288, 12352}},
        {"arena_s", "bins", {16328, 16328, 16344, 26040, 29192, 78952, NONE, NONE}},
        {"arena_s", "all_bins", {NONE, NONE, NONE, NONE, NONE, NONE, 80704, 100672}},
        {"arena_s", "base", {25832, 25832, 25848, 26328, 29480, 78936, 80648, 100616}},
        {"arena_s", NULL, {25848, 25848, 25864, 26344, 29496, 78952, 80704, 100672}},
        {"arena_s", "pa_shard.hpa", {NONE, NONE, NONE, NONE, NONE, NONE, NONE, 94016}},
    };
    all_are(expected, COUNT(expected), NULL);
}

static void threads_of_stock_builds(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {"tcache_s", "tbins_small", {16, 16, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"tcache_s", "link", {880, 880, 880, 880, 880, NONE, NONE, NONE}},
        {"tcache_s", "tbins_large", {944, 944, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"tcache_s", "bins_small", {NONE, NONE, 16, 16, 16, NONE, NONE, NONE}},
        {"tcache_s", "bins_large", {NONE, NONE, 976, 1000, 1000, NONE, NONE, NONE}},
        {"tcache_s", "bins", {NONE, NONE, NONE, NONE, NONE, 8, 8, 8}},
        {"cache_bin_array_descriptor_s", NULL, {NONE, NONE, 32, 32, 32, 24, 24, 24}},
        {"cache_bin_array_descriptor_s", "bins", {NONE, NONE, NONE, NONE, NONE, 16, 16, 16}},
        {"tcache_slow_s", "cache_bin_array_descriptor", {NONE, NONE, NONE, NONE, NONE, 16, 16, 0}},
        {"tcache_slow_s", "tcache_nbins", {NONE, NONE, NONE, NONE, NONE, NONE, 48, 32}},
        {"tcache_bin_s", NULL, {24, 24, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"cache_bin_s", NULL, {NONE, NONE, 24, 24, 24, 24, 24, 24}},
        {"cache_bin_s", "avail", {NONE, NONE, 16, 16, 16, NONE, NONE, NONE}},
        {"cache_bin_s", "low_bits_full", {NONE, NONE, NONE, NONE, NONE, 18, 18, 18}},
        {"cache_bin_s", "low_bits_empty", {NONE, NONE, NONE, NONE, NONE, 20, 20, 20}},
        {"cache_bin_s", "bin_info.ncached_max", {NONE, NONE, NONE, NONE, NONE, NONE, 22, 22}},
        {"tsd_s", "tcache", {440, 440, 448, 496, 496, 856, 960, 920}},
        {"tsd_s", "state", {0, 0, 0, 0, 0, 816, 920, 880}},
        {"tsd_s", "rtree_ctx", {32, 32, 40, 48, 48, 432, 536, 496}},
        {"tsd_s", NULL, {6104, 6104, 6144, 6216, 6216, 2632, 1968, 1928}},
    };
    all_are(expected, COUNT(expected), NULL);
    struct jh_layout layout = layout_of(JH_5_3_0, NULL);
    struct jh_member m;
    assert_int_equal(jh_struct_member(&layout, "tcache_s", "bins", &m, NULL), JH_OK);
    assert_int_equal(m.count, 73);
    assert_int_equal(m.size, 24);
    assert_string_equal(m.type, "cache_bin_s");
    layout = layout_of(JH_5_3_1, NULL);
    assert_int_equal(jh_struct_member(&layout, "tcache_s", "bins", &m, NULL), JH_OK);
    assert_int_equal(m.count, 41);
}

/* ---- what configure options move ------------------------------------------------------------ */

static void debug_moves_what_follows_a_lock(void **state) {
    (void)state;
    static const uint64_t root[] = {160, 160, 160, 168, 168, 192, 192, 192};
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_build build;
        jh_build_init(&build, (enum jh_version)v);
        build.debug = true;
        struct jh_layout layout = remade(&build);
        assert_int_equal(at(&layout, "rtree_s", "root"), root[v]);
        assert_int_equal(layout.root_offset, root[v]);
        assert_int_equal(layout.extent_size, 128);
    }
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.debug = true;
    struct jh_layout layout = remade(&build);
    assert_int_equal(size_of(&layout, "malloc_mutex_s"), 184);
    assert_int_equal(size_of(&layout, "e_prof_info_s"), 40); /* nstime_t has a magic number */
}

static void profiling_moves_thread_caches(void **state) {
    (void)state;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_1);
    build.prof = true;
    struct jh_layout layout = remade(&build);
    assert_int_equal(at(&layout, "tsd_s", "tcache"), 968);
    assert_int_equal(at(&layout, "tsd_s", "state"), 928);
    jh_build_init(&build, JH_5_3_1);
    build.stats = false; /* two events fewer */
    layout = remade(&build);
    assert_int_equal(at(&layout, "tsd_s", "tcache"), 944);
    jh_build_init(&build, JH_5_3_0);
    build.prof = true;
    layout = remade(&build);
    assert_int_equal(at(&layout, "tsd_s", "tcache"), 856);
}

static void pages_and_regions(void **state) {
    (void)state;
    struct jh_build build;
    jh_build_init(&build, JH_5_2_1);
    build.lg_page = 16; /* bitmaps are trees */
    struct jh_layout layout = remade(&build);
    assert_int_equal(size_of(&layout, "bin_info_s"), 88);
    assert_int_equal(size_of(&layout, "extent_s"), 1112);
    jh_build_init(&build, JH_5_3_0);
    build.lg_page = 13;
    layout = remade(&build);
    assert_int_equal(layout.extent_size, layout.bitmap_offset + 8 * (16 + 1));
    jh_build_init(&build, JH_5_3_0);
    build.lg_slab_maxregs = 12;
    layout = remade(&build);
    assert_int_equal(layout.extent_size, 584);
    struct jh_member m;
    assert_int_equal(jh_struct_member(&layout, "slab_data_s", "bitmap", &m, NULL), JH_OK);
    assert_int_equal(m.count, 65);
    assert_int_equal(m.size, 8);
}

/* LG_BITMAP_MAXBITS is the larger of the bits that a slab and that the size classes need. */
static void bitmaps_of_size_classes(void **state) {
    (void)state;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    struct jh_layout layout = remade(&build);
    uint64_t size[2];
    for (unsigned i = 0; i < 2; i++) {
        layout.sc_lg_slab_maxregs = (uint8_t)(7 + i); /* 232 classes are 8 bits */
        size[i] = size_of(&layout, "slab_data_s");
    }
    assert_int_equal(size[0], size[1]);
    assert_int_equal(size[1], 32);
}

/* ---- other machines ------------------------------------------------------------------------- */

static void i386(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {"rtree_s", "root", {84, 84, 84, 88, 88, 92, 92, 92}},
        {"rtree_leaf_elm_s", NULL, {12, 12, 12, 12, 12, 8, 8, 8}},
        {"rtree_leaf_elm_s", "le_szind", {4, 4, 4, 4, 4, NONE, NONE, NONE}},
        {"rtree_leaf_elm_s", "le_slab", {8, 8, 8, 8, 8, NONE, NONE, NONE}},
        {"rtree_leaf_elm_s", "le_metadata", {NONE, NONE, NONE, NONE, NONE, 4, 4, 4}},
        {"extent_s", NULL, {104, 104, 104, 104, 104, NONE, NONE, NONE}},
        {"extent_s", "ql_link", {16, 16, 16, 16, 16, NONE, NONE, NONE}},
        {"extent_s", "ph_link", {24, 24, 24, 24, 24, NONE, NONE, NONE}},
        {"extent_s", "e_prof_tctx", {36, 36, 36, 44, 44, NONE, NONE, NONE}},
        {"edata_s", NULL, {NONE, NONE, NONE, NONE, NONE, 108, 108, 108}},
        {"edata_s", "ql_link_active", {NONE, NONE, NONE, NONE, NONE, 28, 28, 28}},
        {"edata_s", "ql_link_inactive", {NONE, NONE, NONE, NONE, NONE, 40, 40, 40}},
        {"edata_s", "e_prof_info.e_prof_tctx", {NONE, NONE, NONE, NONE, NONE, 52, 52, 52}},
        {"arena_bin_info_s", NULL, {44, 44, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"bin_info_s", NULL, {NONE, NONE, 44, 48, 48, 48, 48, 48}},
        {"tcache_bin_s", NULL, {20, 20, NONE, NONE, NONE, NONE, NONE, NONE}},
        {"cache_bin_s", NULL, {NONE, NONE, 20, 20, 20, 20, 20, 20}},
    };
    all_are(expected, COUNT(expected), "i386");
}

static void extents_of_i386(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_layout l = layout_of((enum jh_version)v, "i386");
        bool edata = v >= JH_5_3_0;
        assert_int_equal(l.extent[JH_EXTENT_ADDR].offset, 8);
        assert_int_equal(l.extent[JH_EXTENT_BSIZE].offset, 12);
        assert_int_equal(l.extent[JH_EXTENT_BSIZE].word, 4);
        assert_int_equal(l.extent[JH_EXTENT_PS].offset, edata ? 16 : 0);
        assert_int_equal(l.extent[JH_EXTENT_SN].offset, edata ? 20 : 0);
        assert_int_equal(l.extent_head, edata ? 28 : 16);
        assert_int_equal(l.bitmap_offset, edata ? 40 : 36);
        assert_int_equal(l.extent_size - l.bitmap_offset, 4 * 17);
        assert_int_equal(l.rtree_height, 2);
        assert_int_equal(l.rtree_level[0].bits, 10);
        assert_int_equal(l.rtree_level[1].bits, 10);
        assert_int_equal(l.sc_nsizes, 104);
        assert_int_equal(l.sc_nbins, 36);
        assert_int_equal(l.sc_npsizes, 71);
    }
}

/* szind has 7 bits there, and all above it moves. */
static void bits_of_i386(void **state) {
    (void)state;
    static const struct {
        uint8_t state, szind, nfree, bin_shard, is_head, sn;
    } shift[] = {{15, 17, 24, 0, 0, 34},  {15, 17, 24, 0, 0, 34},   {16, 18, 25, 0, 0, 35},
                 {16, 18, 25, 35, 0, 41}, {16, 18, 25, 35, 41, 42}, {17, 20, 27, 37, 43, 0},
                 {17, 20, 27, 37, 43, 0}, {17, 20, 27, 37, 43, 0}};
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_layout l = layout_of((enum jh_version)v, "i386");
        assert_int_equal(l.extent[JH_EXTENT_STATE].shift, shift[v].state);
        assert_int_equal(l.extent[JH_EXTENT_SZIND].shift, shift[v].szind);
        assert_int_equal(l.extent[JH_EXTENT_SZIND].width, 7);
        assert_int_equal(l.extent[JH_EXTENT_NFREE].shift, shift[v].nfree);
        assert_int_equal(l.extent[JH_EXTENT_NFREE].width, 10);
        assert_int_equal(l.extent[JH_EXTENT_BIN_SHARD].shift, shift[v].bin_shard);
        assert_int_equal(l.extent[JH_EXTENT_IS_HEAD].shift, shift[v].is_head);
        assert_int_equal(l.extent[JH_EXTENT_SN].shift, shift[v].sn);
    }
}

static void other_machines(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint8_t height, bits[3], leaf_size, lg_quantum;
        bool little_endian;
    } machines[] = {
        {"s390x", 3, {17, 17, 18}, 16, 4, false},   {"ppc64", 3, {17, 17, 18}, 16, 4, false},
        {"ppc64le", 3, {17, 17, 18}, 16, 4, true},  {"riscv64", 3, {17, 17, 18}, 16, 4, true},
        {"mips64el", 3, {17, 17, 18}, 16, 3, true}, {"sparc64", 3, {17, 17, 17}, 16, 4, false},
        {"aarch64", 2, {18, 18, 0}, 8, 4, true},    {"armhf", 2, {10, 10, 0}, 8, 3, true},
        {"powerpc", 2, {10, 10, 0}, 8, 4, false}};
    for (size_t i = 0; i < COUNT(machines); i++) {
        struct jh_layout l = layout_of(JH_5_3_0, machines[i].name);
        assert_int_equal(l.rtree_height, machines[i].height);
        assert_int_equal(l.leaf_size, machines[i].leaf_size);
        assert_int_equal(l.build.lg_quantum, machines[i].lg_quantum);
        assert_int_equal(l.build.little_endian, machines[i].little_endian);
        for (unsigned level = 0; level < l.rtree_height; level++) {
            assert_int_equal(l.rtree_level[level].bits, machines[i].bits[level]);
        }
    }
    static const uint64_t aarch64_root[] = {112, 112, 112, 120, 120, 128, 128, 128};
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_layout l = layout_of((enum jh_version)v, "aarch64");
        assert_int_equal(l.root_offset, aarch64_root[v]);
        assert_int_equal(l.build.lg_page, v < JH_5_3_1 ? 12 : 16);
    }
    /* a uint64_t stands on 8 bytes there, and e_sn leaves a hole */
    struct jh_layout l = layout_of(JH_5_3_0, "armhf");
    assert_int_equal(at(&l, "edata_s", "e_sn"), 24);
    assert_int_equal(l.extent_head, 32);
}

static void machines_by_name(void **state) {
    (void)state;
    struct jh_build build;
    size_t count = 0;
    while (jh_machine_name(count)) {
        for (unsigned v = 0; v < VERSIONS; v++) {
            for (unsigned n = 0; n < 40; n++) {
                struct jh_layout layout;
                jh_build_init(&build, (enum jh_version)v);
                assert_int_equal(jh_build_machine(&build, jh_machine_name(count)), JH_OK);
                build.lg_page = (uint8_t)(12 + n % 5);
                build.lg_quantum = n / 5 & 1 ? 3 : 4;
                build.debug = n / 10 & 1;
                build.prof = n / 20;
                assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
                assert_int_equal(jh_layout_check(&layout, NULL), JH_OK);
                assert_int_equal(layout.build.version, v);
            }
        }
        count++;
    }
    assert_true(count > 10);
    MARK(build);
    assert_int_equal(jh_build_machine(&build, "pdp11"), JH_UNSUPPORTED);
    UNTOUCHED(build);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void members_in_order(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_2_1, NULL);
    static const char *const name[] = {"e_bits",      "e_addr",       "e_size_esn",
                                       "e_bsize",     "ql_link",      "ph_link",
                                       "e_slab_data", "e_alloc_time", "e_prof_tctx"};
    static const uint64_t offset[] = {0, 8, 16, 16, 24, 40, 64, 64, 72};
    struct jh_member m;
    for (size_t i = 0; i < COUNT(name); i++) {
        assert_int_equal(jh_struct_nth(&layout, "extent_s", i, &m), JH_OK);
        assert_string_equal(m.name, name[i]);
        assert_int_equal(m.offset, offset[i]);
    }
    MARK(m);
    assert_int_equal(jh_struct_nth(&layout, "extent_s", COUNT(name), &m), JH_END);
    assert_int_equal(jh_struct_nth(&layout, "edata_s", 0, &m), JH_UNSUPPORTED);
    UNTOUCHED(m);
}

/* Every struct that is offered can be asked about, and every member by its name. */
static void all_that_is_offered(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, NULL);
        const char *name;
        size_t structs = 0;
        for (; (name = jh_struct_name(&layout, structs)) != NULL; structs++) {
            struct jh_member m, again;
            uint64_t size = size_of(&layout, name);
            for (size_t i = 0; jh_struct_nth(&layout, name, i, &m) == JH_OK; i++) {
                assert_int_equal(jh_struct_member(&layout, name, m.name, &again, NULL), JH_OK);
                assert_int_equal(again.offset, m.offset);
                assert_true(m.offset <= size && m.size * m.count <= size - m.offset);
            }
        }
        assert_true(structs > 20);
    }
}

static bool is_there(unsigned version, unsigned from, unsigned to) {
    return version >= from && (to == 0 || version <= to);
}

/* In one version exactly one of the three has a struct, and of that one the rows are. */
static const struct jh_rows *rows_in(unsigned version, unsigned type) {
    const struct jh_rows *of[] = {jh_rows_common((enum jh_type)type),
                                  jh_rows_5_0((enum jh_type)type), jh_rows_5_3((enum jh_type)type)};
    const struct jh_rows *found = NULL;
    for (size_t i = 0; i < COUNT(of); i++) {
        if (of[i] && is_there(version, of[i]->from, of[i]->to)) {
            assert_null(found);
            found = of[i];
        }
    }
    return found;
}

/* A version has the struct of each member that it has: none is of unknown size. */
static void members_of_a_version_have_their_structs(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        for (unsigned type = T_U8; type < T_TYPES; type++) {
            const struct jh_rows *rows = rows_in(v, type);
            assert_true(type > T_PTHREAD_MUTEX || rows == NULL);
            for (unsigned i = 0; rows && i < rows->count; i++) {
                const struct jh_row *row = &rows->row[i];
                if (is_there(v, row->from, row->to) && row->type > T_PTHREAD_MUTEX &&
                    rows_in(v, row->type) == NULL) {
                    fail_msg("%s: %s of type %u has no struct", jh_version_name((enum jh_version)v),
                             row->name ? row->name : "?", row->type);
                }
            }
        }
    }
}

static void what_is_not_there(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0, NULL);
    struct jh_fault fault;
    struct jh_member m;
    uint64_t size;
    uint32_t align;
    MARK(m);
    MARK(size);
    MARK(align);
    assert_int_equal(jh_struct_size(&layout, "extent_s", &size, &align, &fault), JH_UNSUPPORTED);
    FAULT_IS(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, "struct.name");
    assert_int_equal(jh_struct_member(&layout, "", "e_bits", &m, &fault), JH_UNSUPPORTED);
    FAULT_IS(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, "struct.name");
    static const char *const path[] = {"",        "e_bit",   "e_bits.x",          "heap_link.",
                                       ".e_bits", "e_bits.", "heap_link.lchild.x"};
    for (size_t i = 0; i < COUNT(path); i++) {
        assert_int_equal(jh_struct_member(&layout, "edata_s", path[i], &m, &fault), JH_UNSUPPORTED);
        FAULT_IS(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, "struct.member");
    }
    layout = layout_of(JH_DEV, NULL); /* its caches are in another list */
    assert_int_equal(jh_struct_member(&layout, "arena_s", "tcache_ql", &m, NULL), JH_UNSUPPORTED);
    UNTOUCHED(m);
    UNTOUCHED(size);
    UNTOUCHED(align);
}

static void paths(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0, NULL);
    assert_int_equal(at(&layout, "arena_s", "pa_shard.pac.ecache_dirty.eset.bins"),
                     10648 + 24 + 56 + 112 + 32);
    assert_int_equal(at(&layout, "tsd_s", "tcache.bins"), 864);
    assert_int_equal(at(&layout, "edata_s", "heap_link.lchild"), 56);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stock_builds),
        cmocka_unit_test(arenas_of_stock_builds),
        cmocka_unit_test(threads_of_stock_builds),
        cmocka_unit_test(debug_moves_what_follows_a_lock),
        cmocka_unit_test(profiling_moves_thread_caches),
        cmocka_unit_test(pages_and_regions),
        cmocka_unit_test(bitmaps_of_size_classes),
        cmocka_unit_test(i386),
        cmocka_unit_test(extents_of_i386),
        cmocka_unit_test(bits_of_i386),
        cmocka_unit_test(other_machines),
        cmocka_unit_test(machines_by_name),
        cmocka_unit_test(members_in_order),
        cmocka_unit_test(all_that_is_offered),
        cmocka_unit_test(members_of_a_version_have_their_structs),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests_name("struct", tests, NULL, NULL) != 0;
}
