/* layout: what jemalloc's own headers and debug information say, typed in as numbers. */
#include "test.h"

static struct jh_build stock(enum jh_version version) {
    struct jh_build build;
    jh_build_init(&build, version);
    return build;
}

static struct jh_layout make(const struct jh_build *build) {
    struct jh_layout layout;
    assert_int_equal(jh_layout_make(build, &layout, NULL), JH_OK);
    return layout;
}

static struct jh_layout make_paged(enum jh_version version, uint8_t lg_page) {
    struct jh_build build = stock(version);
    build.lg_page = lg_page;
    return make(&build);
}

/* ---- geometry -------------------------------------------------------------------------------- */

static const struct geometry {
    uint8_t lg_vaddr, lg_page, nsb, height, bits[3], shift[3], leaf_size;
} geometries[] = {
    {48, 12, 36, 2, {18, 18, 0}, {30, 12, 0}, 8},
    {48, 14, 34, 2, {17, 17, 0}, {31, 14, 0}, 8},
    {48, 16, 32, 2, {16, 16, 0}, {32, 16, 0}, 8},
    {57, 12, 45, 3, {15, 15, 15}, {42, 27, 12}, 16},
    {57, 14, 43, 3, {14, 14, 15}, {43, 29, 14}, 16},
    {57, 16, 41, 3, {13, 14, 14}, {44, 30, 16}, 16},
    {64, 12, 52, 3, {17, 17, 18}, {47, 30, 12}, 16},
    {64, 16, 48, 3, {16, 16, 16}, {48, 32, 16}, 16},
    {48, 13, 35, 2, {17, 18, 0}, {31, 13, 0}, 8},
    {32, 12, 20, 2, {10, 10, 0}, {22, 12, 0}, 8},
};

static void geometry_is(const struct geometry *g, enum jh_version version) {
    struct jh_build build = stock(version);
    build.lg_vaddr = g->lg_vaddr;
    build.lg_page = g->lg_page;
    struct jh_layout layout = make(&build);
    assert_int_equal(layout.rtree_nhib, 64 - g->lg_vaddr);
    assert_int_equal(layout.rtree_nlib, g->lg_page);
    assert_int_equal(layout.rtree_nsb, g->nsb);
    assert_int_equal(layout.rtree_height, g->height);
    assert_int_equal(layout.rtree_node_size, 8);
    assert_int_equal(layout.leaf_size, g->leaf_size);
    for (unsigned i = 0; i < g->height; i++) {
        assert_int_equal(layout.rtree_level[i].bits, g->bits[i]);
        assert_int_equal(layout.rtree_level[i].cumbits, 64 - g->shift[i]);
    }
}

static void geometry_in_every_version(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(geometries); i++) {
        for (unsigned v = 0; v < JH_VERSIONS; v++) {
            geometry_is(&geometries[i], (enum jh_version)v);
        }
    }
}

static uint32_t root_offset(enum jh_version version, bool debug, uint8_t mutex) {
    struct jh_build build = stock(version);
    build.debug = debug;
    build.pthread_mutex_size = mutex;
    return make(&build).root_offset;
}

static void offset_of_the_root(void **state) {
    (void)state;
    static const uint32_t plain[] = {104, 104, 104, 112, 112, 120, 120, 120};
    static const uint32_t debug[] = {160, 160, 160, 168, 168, 192, 192, 192};
    static const uint32_t aarch64[] = {112, 112, 112, 120, 120, 128, 128, 128};
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        assert_int_equal(root_offset((enum jh_version)v, false, 40), plain[v]);
        assert_int_equal(root_offset((enum jh_version)v, true, 40), debug[v]);
        assert_int_equal(root_offset((enum jh_version)v, false, 48), aarch64[v]);
        struct jh_build build = stock((enum jh_version)v);
        assert_string_equal(make(&build).root_symbol,
                            v < JH_5_3_0 ? "extents_rtree" : "arena_emap_global");
    }
}

/* ---- e_bits ---------------------------------------------------------------------------------- */

struct place {
    uint8_t shift, width;
};

enum { E_5_0, E_5_1, E_5_2_0, E_5_2_1, E_5_3, E_DEV, EDITIONS };

static const uint8_t edition[JH_VERSIONS] = {E_5_0,   E_5_0, E_5_1, E_5_2_0,
                                             E_5_2_1, E_5_3, E_5_3, E_DEV};

/* 4 KiB pages. {0, 0}: not in this edition. */
static const struct place places[JH_EXTENT_SN + 1][EDITIONS] = {
    [JH_EXTENT_ARENA] = {{0, 12}, {0, 12}, {0, 12}, {0, 12}, {0, 12}, {0, 12}},
    [JH_EXTENT_SLAB] = {{12, 1}, {12, 1}, {12, 1}, {12, 1}, {12, 1}, {12, 1}},
    [JH_EXTENT_COMMITTED] = {{13, 1}, {13, 1}, {13, 1}, {13, 1}, {13, 1}, {13, 1}},
    [JH_EXTENT_DUMPABLE] = {{0, 0}, {14, 1}, {14, 1}, {14, 1}, {0, 0}, {0, 0}},
    [JH_EXTENT_PAI] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {14, 1}, {14, 1}},
    [JH_EXTENT_ZEROED] = {{14, 1}, {15, 1}, {15, 1}, {15, 1}, {15, 1}, {15, 1}},
    [JH_EXTENT_GUARDED] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {16, 1}, {16, 1}},
    [JH_EXTENT_STATE] = {{15, 2}, {16, 2}, {16, 2}, {16, 2}, {17, 3}, {17, 3}},
    [JH_EXTENT_SZIND] = {{17, 8}, {18, 8}, {18, 8}, {18, 8}, {20, 8}, {20, 8}},
    [JH_EXTENT_NFREE] = {{25, 10}, {26, 10}, {26, 10}, {26, 10}, {28, 10}, {28, 10}},
    [JH_EXTENT_BIN_SHARD] = {{0, 0}, {0, 0}, {36, 6}, {36, 6}, {38, 6}, {38, 6}},
    [JH_EXTENT_IS_HEAD] = {{0, 0}, {0, 0}, {0, 0}, {42, 1}, {44, 1}, {44, 1}},
    [JH_EXTENT_PINNED] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {45, 1}},
    [JH_EXTENT_SN] = {{35, 29}, {36, 28}, {42, 22}, {43, 21}, {0, 64}, {0, 64}},
};

/* A field that stands above nfree moves up by the bits that larger pages add to it; sn ends at 63.
 */
static struct place moved(struct place place, unsigned field, unsigned more) {
    if (!place.width || place.width == 64) {
        return place;
    }
    if (field == JH_EXTENT_NFREE) {
        place.width = (uint8_t)(place.width + more);
    } else if (field == JH_EXTENT_SN) {
        place = (struct place){(uint8_t)(place.shift + more), (uint8_t)(place.width - more)};
    } else if (field > JH_EXTENT_NFREE) {
        place.shift = (uint8_t)(place.shift + more);
    }
    return place;
}

static void bits_are(const struct jh_layout *layout, unsigned more) {
    for (unsigned f = 0; f <= JH_EXTENT_SN; f++) {
        struct place place = moved(places[f][edition[layout->build.version]], f, more);
        struct jh_field field = layout->extent[f];
        assert_int_equal(field.width, place.width);
        assert_int_equal(field.shift, place.shift);
        assert_true(!place.width || field.word == 8);
        assert_int_equal(field.offset, place.width == 64 ? 32 : 0);
    }
}

static void bits_in_every_version(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build = stock((enum jh_version)v);
        struct jh_layout layout = make(&build);
        bits_are(&layout, 0);
        build.lg_quantum = 3; /* NSIZES 235 has 8 bits as well */
        layout = make(&build);
        bits_are(&layout, 0);
        layout = make_paged((enum jh_version)v, 14);
        bits_are(&layout, 2);
        layout = make_paged((enum jh_version)v, 16);
        bits_are(&layout, 4);
    }
}

static void field_is(const struct jh_layout *layout, enum jh_extent_field field, unsigned shift,
                     unsigned width) {
    assert_int_equal(layout->extent[field].shift, shift);
    assert_int_equal(layout->extent[field].width, width);
}

/* The same once more as plain numbers, where larger pages move fields. */
static void bits_with_larger_pages(void **state) {
    (void)state;
    struct jh_layout layout = make_paged(JH_5_3_0, 14);
    field_is(&layout, JH_EXTENT_NFREE, 28, 12);
    field_is(&layout, JH_EXTENT_BIN_SHARD, 40, 6);
    field_is(&layout, JH_EXTENT_IS_HEAD, 46, 1);
    layout = make_paged(JH_DEV, 16);
    field_is(&layout, JH_EXTENT_NFREE, 28, 14);
    field_is(&layout, JH_EXTENT_BIN_SHARD, 42, 6);
    field_is(&layout, JH_EXTENT_IS_HEAD, 48, 1);
    field_is(&layout, JH_EXTENT_PINNED, 49, 1);
    layout = make_paged(JH_5_2_1, 16);
    field_is(&layout, JH_EXTENT_IS_HEAD, 46, 1);
    field_is(&layout, JH_EXTENT_SN, 47, 17);
    layout = make_paged(JH_5_0_0, 14);
    field_is(&layout, JH_EXTENT_SN, 37, 27);
}

static void more_regions_in_a_slab(void **state) {
    (void)state;
    struct jh_build build = stock(JH_5_3_0);
    build.lg_slab_maxregs = 12;
    struct jh_layout layout = make(&build);
    field_is(&layout, JH_EXTENT_NFREE, 28, 13);
    field_is(&layout, JH_EXTENT_BIN_SHARD, 41, 6);
    assert_int_equal(layout.extent_size, 584);
    assert_int_equal(layout.bin[0].nregs, 512); /* the bins do not change */
}

/* ---- extents, leaves, states ----------------------------------------------------------------- */

static void extents_in_bytes(void **state) {
    (void)state;
    static const uint16_t size[] = {128, 328, 1112};
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        for (unsigned i = 0; i < 3; i++) {
            struct jh_layout layout = make_paged((enum jh_version)v, (uint8_t)(12 + 2 * i));
            unsigned page = 12 + 2 * i;
            assert_int_equal(layout.extent_size, size[i]);
            assert_int_equal(layout.extent_align, v < JH_5_3_0 ? 64 : 128);
            assert_int_equal(layout.bitmap_offset, 64);
            assert_int_equal(layout.extent[JH_EXTENT_BITS].offset, 0);
            assert_int_equal(layout.extent[JH_EXTENT_ADDR].offset, 8);
            assert_int_equal(layout.extent[JH_EXTENT_SIZE].offset, 16);
            assert_int_equal(layout.extent[JH_EXTENT_BSIZE].offset, 16);
            field_is(&layout, JH_EXTENT_SIZE, page, 64 - page);
            field_is(&layout, JH_EXTENT_ESN, 0, page);
            field_is(&layout, JH_EXTENT_PS, 0, v < JH_5_3_0 ? 0 : 64);
            assert_int_equal(layout.extent[JH_EXTENT_PS].offset, v < JH_5_3_0 ? 0 : 24);
        }
    }
}

static void forms_of_leaves(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build = stock((enum jh_version)v);
        struct jh_layout layout = make(&build);
        assert_int_equal(layout.leaf_form, JH_LEAF_COMPACT);
        assert_int_equal(layout.leaf_low_bits, v < JH_5_3_0 ? 1 : 7);
        assert_true(layout.leaf_sign_extend);
        assert_int_equal(layout.leaf_left_behind, v >= JH_5_3_0);
        build.aarch64 = true;
        assert_int_equal(make(&build).leaf_sign_extend, v < JH_5_1_0);
        build.lg_vaddr = 57;
        assert_int_equal(make(&build).leaf_form, v < JH_5_3_0 ? JH_LEAF_WIDE : JH_LEAF_WIDE_PACKED);
    }
}

static void states_by_number(void **state) {
    (void)state;
    static const enum jh_state names[][7] = {
        {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED},
        {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_TRANSITION, JH_MERGING},
        {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_PINNED, JH_TRANSITION, JH_MERGING}};
    static const uint8_t count[] = {4, 6, 7};
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build = stock((enum jh_version)v);
        struct jh_layout layout = make(&build);
        unsigned row = v < JH_5_3_0 ? 0 : v < JH_DEV ? 1 : 2;
        assert_int_equal(layout.states, count[row]);
        for (unsigned i = 0; i < JH_STATES_MAX; i++) {
            assert_int_equal(layout.state[i], i < count[row] ? names[row][i] : JH_STATE_UNKNOWN);
        }
    }
}

static void padding_of_large_allocations(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build = stock((enum jh_version)v);
        build.lg_page = 14;
        assert_int_equal(make(&build).large_pad, 16384);
        assert_int_equal(make(&build).large_by_size, v >= JH_5_3_1);
        build.cache_oblivious = false;
        assert_int_equal(make(&build).large_pad, 0);
    }
}

/* ---- versions -------------------------------------------------------------------------------- */

static void versions_that_are_known(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum jh_version version;
    } cases[] = {{"5.0.0", JH_5_0_0},
                 {"5.0.1", JH_5_0_1},
                 {"5.1.0", JH_5_1_0},
                 {"5.2.0", JH_5_2_0},
                 {"5.2.1", JH_5_2_1},
                 {"5.3.0", JH_5_3_0},
                 {"5.3.1", JH_5_3_1},
                 {"dev", JH_DEV},
                 {"5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c", JH_5_3_0},
                 {"5.2.1-0-gea6b3e973b477b8061e0076bb257dbd7f3faa756", JH_5_2_1},
                 {"5.2.1-0-g0", JH_5_2_1},
                 {"5.3.0-1-ge13ca993e8ccb9ba9847cc330696e02839f328f7", JH_5_3_0}, /* Rust's */
                 {"5.3.1-0-g0123456789012345678901234567890123456789", JH_5_3_1},
                 {"5.3.1-47-g295e48944b20295e48944b20295e48944b20aaaa", JH_DEV}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum jh_version version = JH_VERSIONS;
        assert_int_equal(jh_version_parse(cases[i].text, &version), JH_OK);
        assert_int_equal(version, cases[i].version);
    }
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        assert_string_equal(jh_version_name((enum jh_version)v), cases[v].text);
    }
}

static void versions_that_are_not(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "4.5.0",
                                        "5.4.0",
                                        "5.3",
                                        "5.3.00",
                                        "5.3.0.1",
                                        "6.0.0",
                                        "-",
                                        " 5.3.0",
                                        "5.3.0 ",
                                        "5.3.0-",
                                        "5.3.0-1-g54eaed1d",
                                        "5.3.0-2-ge13ca993e8ccb9ba9847cc330696e02839f328f7",
                                        "5.3.0-1-ge13ca99",
                                        "deviant",
                                        "de",
                                        "0.0.0",
                                        "5.2.1-3-gea6b3e973b",
                                        "4.5.0-0-g04380e79f1e2428bd0ad000bbc6e3d2dfc6b66a5",
                                        "5.1.0-12-g0",
                                        "5.3.1-",
                                        "5.3.1-g0",
                                        "5.3.1-47",
                                        "5.3.1-47-h0",
                                        "0.0.0-0-g0000000000000000000000000000000000000000"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        enum jh_version version;
        MARK(version);
        assert_int_equal(jh_version_parse(texts[i], &version), JH_UNSUPPORTED);
        UNTOUCHED(version);
    }
}

/* ---- builds that are not described ----------------------------------------------------------- */

static void not_described(const struct jh_build *build, const char *rule, uint64_t seen) {
    struct jh_layout layout;
    struct jh_fault fault;
    MARK(layout);
    assert_int_equal(jh_layout_make(build, &layout, &fault), JH_UNSUPPORTED);
    FAULT_IS(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, rule);
    assert_int_equal(fault.seen, seen);
    UNTOUCHED(layout);
    assert_int_equal(jh_layout_make(build, &layout, NULL), JH_UNSUPPORTED);
}

#define NOT_DESCRIBED(version_, member, value, rule)                                               \
    do {                                                                                           \
        struct jh_build build = stock(version_);                                                   \
        build.member = (value);                                                                    \
        not_described(&build, rule, (uint64_t)(value));                                            \
    } while (0)

static void builds_that_are_not_described(void **state) {
    (void)state;
    NOT_DESCRIBED(JH_5_3_0, version, JH_VERSIONS, "layout.version");
    NOT_DESCRIBED(JH_5_3_0, version, (enum jh_version)99, "layout.version");
    NOT_DESCRIBED(JH_5_3_0, pointer_size, 0, "layout.pointer-size");
    NOT_DESCRIBED(JH_5_3_0, pointer_size, 2, "layout.pointer-size");
    NOT_DESCRIBED(JH_5_3_0, pointer_size, 16, "layout.pointer-size");
    NOT_DESCRIBED(JH_5_3_0, lg_vaddr, 31, "layout.lg-vaddr");
    NOT_DESCRIBED(JH_5_3_0, lg_vaddr, 65, "layout.lg-vaddr");
    NOT_DESCRIBED(JH_5_3_0, lg_page, 11, "layout.lg-page");
    NOT_DESCRIBED(JH_5_3_0, lg_page, 17, "layout.lg-page");
    NOT_DESCRIBED(JH_5_3_0, lg_quantum, 2, "layout.lg-quantum");
    NOT_DESCRIBED(JH_5_3_0, lg_quantum, 5, "layout.lg-quantum");
    NOT_DESCRIBED(JH_5_3_0, lg_slab_maxregs, 8, "layout.lg-slab-maxregs");
    NOT_DESCRIBED(JH_5_3_0, lg_slab_maxregs, 14, "layout.lg-slab-maxregs");
    NOT_DESCRIBED(JH_5_2_1, lg_slab_maxregs, 12, "layout.lg-slab-maxregs");
    NOT_DESCRIBED(JH_5_3_0, pthread_mutex_size, 44, "layout.pthread-mutex-size");
    NOT_DESCRIBED(JH_5_3_0, pthread_mutex_size, 0, "layout.pthread-mutex-size");
    NOT_DESCRIBED(JH_5_3_0, u64_align, 4, "layout.u64-align");
    NOT_DESCRIBED(JH_5_3_0, u64_align, 0, "layout.u64-align");
    struct jh_build build = stock(JH_5_3_0);
    build.pointer_size = 4; /* and 48 bits of address */
    not_described(&build, "layout.lg-vaddr", 48);
    build.lg_vaddr = 32;
    build.u64_align = 2;
    not_described(&build, "layout.u64-align", 2);
}

/* ---- layouts that no stage could trust ------------------------------------------------------- */

static void refused(const struct jh_layout *layout, const char *rule) {
    struct jh_fault fault;
    assert_int_equal(jh_layout_check(layout, &fault), JH_BAD_ARG);
    FAULT_IS(fault, JH_BAD_ARG, JH_STAGE_LAYOUT, rule);
    assert_int_equal(jh_layout_check(layout, NULL), JH_BAD_ARG);
}

/* A sound layout with one thing changed. */
#define BENT(rule, change)                                                                         \
    do {                                                                                           \
        struct jh_build build = stock(JH_5_3_0);                                                   \
        struct jh_layout l = make(&build);                                                         \
        change;                                                                                    \
        refused(&l, rule);                                                                         \
    } while (0)

static void bent_trees(void **state) {
    (void)state;
    BENT("layout.rtree-height", l.rtree_height = 0);
    BENT("layout.rtree-height", l.rtree_height = 4);
    BENT("layout.rtree-height", l.rtree_height = 255);
    BENT("layout.rtree-levels", l.rtree_height = 3);
    BENT("layout.rtree-levels", l.rtree_level[0].bits = 0);
    BENT("layout.rtree-levels", l.rtree_level[0].bits = 19);
    BENT("layout.rtree-levels", l.rtree_level[1].bits = 21);
    BENT("layout.rtree-levels", (l.rtree_level[0] = (struct jh_rtree_level){15, 31},
                                 l.rtree_level[1] = (struct jh_rtree_level){21, 52}));
    BENT("layout.rtree-levels", l.rtree_level[0].cumbits++);
    BENT("layout.rtree-levels", l.rtree_level[1].cumbits = 65);
    BENT("layout.rtree-levels", l.rtree_nhib = 15);
    BENT("layout.rtree-key", l.rtree_height = 1);
    BENT("layout.rtree-key", l.rtree_nsb = 35);
    BENT("layout.rtree-key", l.rtree_nlib = 13);
    BENT("layout.rtree-key", l.sc_ptr_bits = 32);
    BENT("layout.rtree-key", l.build.pointer_size = 4);
    BENT("layout.rtree-key", l.build.lg_page = 13);
    BENT("layout.rtree-node-size", l.rtree_node_size = 4);
    BENT("layout.rtree-node-size", l.rtree_node_size = 0);
}

static void bent_leaves(void **state) {
    (void)state;
    BENT("layout.leaf-size", l.leaf_size = 0);
    BENT("layout.leaf-size", l.leaf_size = 4);
    BENT("layout.leaf-size", l.leaf_size = 12);
    BENT("layout.leaf-size", l.leaf_size = 24);
    BENT("layout.leaf-size", l.leaf_low_bits = 13);
    BENT("layout.leaf-extent", l.leaf[JH_LEAF_EXTENT].offset = 8);
    BENT("layout.leaf-extent", l.leaf[JH_LEAF_EXTENT].word = 4);
    BENT("layout.leaf-extent", l.leaf[JH_LEAF_EXTENT].shift = 1);
    BENT("layout.leaf-extent", l.leaf[JH_LEAF_EXTENT].width = 0);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_EXTENT].width = 65);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_SZIND].offset = 1);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_SZIND].word = 3);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_SZIND].shift = 49);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_SZIND] = ((struct jh_field){0, 8, 0, 33}));
    BENT("layout.leaf-field", l.leaf[JH_LEAF_STATE].width = 9);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_SLAB].offset = UINT16_MAX);
    BENT("layout.leaf-field", l.leaf[JH_LEAF_IS_HEAD].word = 0);
}

static void bent_extents(void **state) {
    (void)state;
    BENT("layout.extent-size", l.extent_head = 65);
    BENT("layout.extent-size", l.extent_size = 39);
    BENT("layout.extent-size", l.extent_align = 0);
    BENT("layout.extent-size", l.extent_align = 96);
    BENT("layout.extent-field", l.extent_head = 39);
    BENT("layout.extent-field", l.extent[JH_EXTENT_ADDR].offset = 33);
    BENT("layout.extent-field", l.extent[JH_EXTENT_ADDR].word = 7);
    BENT("layout.extent-field", l.extent[JH_EXTENT_ADDR].shift = 1);
    BENT("layout.extent-field", l.extent[JH_EXTENT_SN].offset = UINT16_MAX);
    BENT("layout.extent-field", l.extent[JH_EXTENT_ARENA].width = 33);
    BENT("layout.extent-field", l.extent[JH_EXTENT_SZIND].shift = 57);
    BENT("layout.extent-field", l.extent[JH_EXTENT_SZIND].offset = 8);
    BENT("layout.extent-field", l.extent[JH_EXTENT_SLAB].word = 4);
    BENT("layout.extent-field", l.extent[JH_EXTENT_BITS].offset = 8);
    BENT("layout.extent-word", l.extent[JH_EXTENT_BITS].width = 0);
    BENT("layout.extent-word", l.extent[JH_EXTENT_BITS].width = 63);
    BENT("layout.extent-word", l.extent[JH_EXTENT_BITS] = ((struct jh_field){0, 8, 8, 56}));
    BENT("layout.extent-word", l.extent[JH_EXTENT_BITS] = ((struct jh_field){0, 0, 0, 0}));
    BENT("layout.extent-word", l.extent[JH_EXTENT_BSIZE].width = 52);
    BENT("layout.extent-word", l.extent[JH_EXTENT_BSIZE].width = 0);
    BENT("layout.extent-size-esn", l.extent[JH_EXTENT_SIZE].offset = 8);
    BENT("layout.extent-size-esn", l.extent[JH_EXTENT_SIZE] = ((struct jh_field){16, 4, 12, 20}));
    BENT("layout.extent-size-esn", l.extent[JH_EXTENT_ESN].offset = 24);
    BENT("layout.extent-size-esn", l.extent[JH_EXTENT_ESN].word = 4);
    BENT("layout.extent-state", l.extent[JH_EXTENT_STATE].width = 4);
    BENT("layout.extent-state", l.states = 9);
    BENT("layout.extent-state", l.extent[JH_EXTENT_ESN].width = 33);
}

/* Trees that are sound, of builds that are none. */
static void bent_builds(void **state) {
    (void)state;
    BENT("layout.build", (l.build.lg_page = l.rtree_nlib = 11, l.rtree_nsb = 37,
                          l.rtree_level[1] = (struct jh_rtree_level){19, 53}));
    BENT("layout.build", (l.build.lg_page = l.rtree_nlib = 17, l.rtree_nsb = 31,
                          l.rtree_level[1] = (struct jh_rtree_level){13, 47}));
    BENT("layout.build",
         (l.build.pointer_size = l.rtree_node_size = 2, l.sc_ptr_bits = 16, l.rtree_height = 1,
          l.rtree_nhib = 1, l.rtree_nsb = 3, l.rtree_level[0] = (struct jh_rtree_level){3, 4},
          l.leaf[JH_LEAF_EXTENT] = (struct jh_field){0, 2, 0, 16}));
}

static void bent_sizes(void **state) {
    (void)state;
    BENT("layout.build", l.build.lg_quantum = 5);
    BENT("layout.build", l.build.lg_quantum = 2);
    BENT("layout.build", l.build.lg_vaddr = 65);
    BENT("layout.build", l.build.lg_vaddr = 31);
    BENT("layout.size-classes", l.sc_nbins = 65);
    BENT("layout.size-classes", l.sc_nbins = 233);
    BENT("layout.size-classes", l.sc_lg_ngroup = 3);
    BENT("layout.size-classes", l.sc_ngroup = 8);
    BENT("layout.size-classes", l.sc_lg_tiny_min = 4);
    BENT("layout.size-classes", l.sc_ntiny = 2);
    BENT("layout.size-classes", l.sc_nsizes = 231);
    BENT("layout.size-classes", l.sc_nregular++);
    BENT("layout.size-classes", (l.sc_nregular = 231, l.sc_nsizes = 236));
}

static void bent_bins(void **state) {
    (void)state;
    BENT("layout.bin", l.bin[0].reg_size = 0);
    BENT("layout.bin", l.bin[35].reg_size = 14337);
    BENT("layout.bin", l.bin[7].slab_size = 28673);
    BENT("layout.bin", l.bin[7].slab_size = 0);
    BENT("layout.bin", l.bin[7].nregs = 0);
    BENT("layout.bin", l.bin[7].nregs = 257);
    BENT("layout.bin", (l.bin[0].nregs = 513, l.bin[0].slab_size = 8192));
    BENT("layout.bin", (l.bin[0].nregs = 8193, l.bin[0].slab_size = 65536 + 4096));
    BENT("layout.bin", l.bitmap_offset = 65); /* 512 regions do not fit behind it */
    BENT("layout.bin", l.bitmap_offset = 129);
    BENT("layout.bin", (l.sc_nbins = 0, l.bitmap_offset = 129)); /* no bin that says so */
    BENT("layout.bin", l.extent_size = 127);
    BENT("layout.bin", l.large_pad = 4097);
}

static void passes_check(struct jh_build *build) {
    struct jh_layout layout;
    struct jh_fault fault;
    MARK(fault);
    assert_int_equal(jh_layout_make(build, &layout, &fault), JH_OK);
    assert_int_equal(jh_layout_check(&layout, &fault), JH_OK);
    UNTOUCHED(fault);
}

/* n counts through version, lg_vaddr, lg_page, lg_quantum, mutex, aarch64, debug, oblivious. */
static struct jh_build nth_build(unsigned n) {
    struct jh_build build = stock((enum jh_version)(n % JH_VERSIONS));
    n /= JH_VERSIONS;
    build.lg_page = (uint8_t)(12 + n % 5);
    n /= 5;
    static const uint8_t lg_vaddr[] = {48, 57, 64, 32};
    build.lg_vaddr = lg_vaddr[(n & 1) + (n >> 6 & 1) * 2];
    build.lg_quantum = n & 2 ? 3 : 4;
    build.pthread_mutex_size = n & 4 ? 48 : 40;
    build.aarch64 = n & 8;
    build.debug = n & 16;
    build.cache_oblivious = n & 32;
    return build;
}

static void every_made_layout_is_sound(void **state) {
    (void)state;
    for (unsigned n = 0; n < JH_VERSIONS * 5U * 128U; n++) {
        struct jh_build build = nth_build(n);
        passes_check(&build);
    }
}

static void more_regions_are_sound(void **state) {
    (void)state;
    for (uint8_t page = 12; page <= 16; page++) {
        for (uint8_t maxregs = (uint8_t)(page - 3); maxregs <= 13; maxregs++) {
            struct jh_build build = stock(JH_5_3_1);
            build.lg_page = page;
            build.lg_slab_maxregs = maxregs;
            passes_check(&build);
        }
    }
}

/* ---- constants and names --------------------------------------------------------------------- */

static uint64_t constant(const struct jh_layout *layout, const char *name) {
    for (size_t i = 0; i < jh_constant_count(); i++) {
        if (strcmp(jh_constant_name(i), name) == 0) {
            return jh_constant_value(layout, i);
        }
    }
    fail_msg("no constant %s", name);
    return 0;
}

static void constants_by_name(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t value;
    } cases[] = {{"LG_VADDR", 48},
                 {"LG_PAGE", 12},
                 {"LG_SIZEOF_PTR", 3},
                 {"LG_QUANTUM", 4},
                 {"MALLOCX_ARENA_BITS", 12},
                 {"RTREE_NHIB", 16},
                 {"RTREE_NLIB", 12},
                 {"RTREE_NSB", 36},
                 {"RTREE_HEIGHT", 2},
                 {"RTREE_LEVEL0_BITS", 18},
                 {"RTREE_LEVEL0_CUMBITS", 34},
                 {"RTREE_LEVEL1_BITS", 18},
                 {"RTREE_LEVEL1_CUMBITS", 52},
                 {"RTREE_LEVEL2_BITS", 0},
                 {"RTREE_LEAF_COMPACT", 1},
                 {"SC_NSIZES", 232},
                 {"SC_NBINS", 36},
                 {"SC_NPSIZES", 199},
                 {"SC_LG_SLAB_MAXREGS", 9},
                 {"EXTENT_BITS_ARENA_MASK", 0xfff},
                 {"EXTENT_BITS_STATE_SHIFT", 17},
                 {"EXTENT_BITS_STATE_WIDTH", 3},
                 {"EXTENT_BITS_STATE_MASK", 0xe0000},
                 {"EXTENT_BITS_SZIND_MASK", 0xff00000},
                 {"EXTENT_BITS_BINSHARD_SHIFT", 38},
                 {"EXTENT_BITS_PINNED_WIDTH", 0},
                 {"EXTENT_BITS_SN_WIDTH", 0}, /* a member of its own */
                 {"EXTENT_SIZE", 128},
                 {"EXTENT_ALIGN", 128},
                 {"EXTENT_OFFSET_BITMAP", 64},
                 {"LEAF_SIZE", 8},
                 {"RTREE_NODE_SIZE", 8},
                 {"ROOT_OFFSET", 120},
                 {"LARGE_PAD", 4096}};
    struct jh_build build = stock(JH_5_3_0);
    struct jh_layout layout = make(&build);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(constant(&layout, cases[i].name), cases[i].value);
    }
    build = stock(JH_5_2_1);
    layout = make(&build);
    assert_int_equal(constant(&layout, "EXTENT_BITS_SN_SHIFT"), 43);
    assert_int_equal(constant(&layout, "EXTENT_BITS_SN_MASK"), UINT64_MAX << 43);
}

static void constants_end(void **state) {
    (void)state;
    struct jh_build build = stock(JH_5_3_0);
    struct jh_layout layout = make(&build);
    assert_string_equal(jh_constant_name(jh_constant_count()), "?");
    assert_int_equal(jh_constant_value(&layout, jh_constant_count()), 0);
}

static void masks_of_fields(void **state) {
    (void)state;
    assert_int_equal(jh_field_mask((struct jh_field){0, 8, 0, 64}), UINT64_MAX);
    assert_int_equal(jh_field_mask((struct jh_field){0, 8, 63, 1}), UINT64_C(1) << 63);
    assert_int_equal(jh_field_mask((struct jh_field){0, 8, 12, 4}), 0xf000);
    assert_int_equal(jh_field_mask((struct jh_field){0, 0, 12, 0}), 0);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(jh_extent_field_name(JH_EXTENT_ARENA), "arena_ind");
    assert_string_equal(jh_extent_field_name(JH_EXTENT_BIN_SHARD), "bin_shard");
    assert_string_equal(jh_extent_field_name(JH_EXTENT_SN), "sn");
    assert_string_equal(jh_extent_field_name(JH_EXTENT_PS), "ps");
    assert_string_equal(jh_extent_field_name(JH_EXTENT_FIELDS), "?");
    assert_string_equal(jh_leaf_field_name(JH_LEAF_EXTENT), "extent");
    assert_string_equal(jh_leaf_field_name(JH_LEAF_STATE), "state");
    assert_string_equal(jh_leaf_field_name(JH_LEAF_FIELDS), "?");
    assert_string_equal(jh_state_name(JH_ACTIVE), "active");
    assert_string_equal(jh_state_name(JH_PINNED), "pinned");
    assert_string_equal(jh_state_name(JH_STATE_UNKNOWN), "unknown");
    assert_string_equal(jh_state_name((enum jh_state)(JH_STATE_UNKNOWN + 1)), "?");
    assert_string_equal(jh_version_name(JH_VERSIONS), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geometry_in_every_version),
        cmocka_unit_test(offset_of_the_root),
        cmocka_unit_test(bits_in_every_version),
        cmocka_unit_test(bits_with_larger_pages),
        cmocka_unit_test(more_regions_in_a_slab),
        cmocka_unit_test(extents_in_bytes),
        cmocka_unit_test(forms_of_leaves),
        cmocka_unit_test(states_by_number),
        cmocka_unit_test(padding_of_large_allocations),
        cmocka_unit_test(versions_that_are_known),
        cmocka_unit_test(versions_that_are_not),
        cmocka_unit_test(builds_that_are_not_described),
        cmocka_unit_test(bent_trees),
        cmocka_unit_test(bent_leaves),
        cmocka_unit_test(bent_extents),
        cmocka_unit_test(bent_builds),
        cmocka_unit_test(bent_sizes),
        cmocka_unit_test(bent_bins),
        cmocka_unit_test(every_made_layout_is_sound),
        cmocka_unit_test(more_regions_are_sound),
        cmocka_unit_test(constants_by_name),
        cmocka_unit_test(constants_end),
        cmocka_unit_test(masks_of_fields),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL) != 0;
}
