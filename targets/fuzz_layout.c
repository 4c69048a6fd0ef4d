/* Target functions: jh_layout_make, jh_layout_check, jh_build_machine, jh_constant_*, jh_struct_*.
 *
 * Relations, for any parameters of a build, also senseless ones: the build is refused by the name
 * of a rule and the output is untouched; or the layout passes the check, making it again gives the
 * same, and its constants and structs have the relations that jemalloc's headers define. */
#include "builds.h"

static uint64_t constant(const struct jh_layout *l, const char *name) {
    size_t i = 0;
    while (strcmp(jh_constant_name(i), name) != 0) {
        i++;
        FUZZ_CHECK(i < jh_constant_count());
    }
    return jh_constant_value(l, i);
}

static void check_tree(const struct jh_layout *l) {
    uint64_t cumbits = constant(l, "RTREE_NHIB");
    FUZZ_CHECK(cumbits + constant(l, "LG_VADDR") == constant(l, "SC_PTR_BITS"));
    FUZZ_CHECK(constant(l, "RTREE_NLIB") == constant(l, "LG_PAGE"));
    for (unsigned i = 0; i < JH_RTREE_HEIGHT_MAX; i++) {
        bool there = i < constant(l, "RTREE_HEIGHT");
        cumbits += l->rtree_level[i].bits;
        FUZZ_CHECK((l->rtree_level[i].bits != 0) == there);
        FUZZ_CHECK(l->rtree_level[i].cumbits == (there ? cumbits : 0));
    }
    FUZZ_CHECK(cumbits == constant(l, "RTREE_NHIB") + constant(l, "RTREE_NSB"));
    FUZZ_CHECK(cumbits + constant(l, "RTREE_NLIB") == constant(l, "SC_PTR_BITS"));
}

static unsigned bits_set(uint64_t word) {
    unsigned count = 0;
    for (; word; word &= word - 1) {
        count++;
    }
    return count;
}

/* Checks that fields of e_bits do not overlap, and leave no gap below the highest. */
static void check_fields(const struct jh_layout *l) {
    uint64_t all = 0;
    unsigned sum = 0;
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) {
        if (l->extent[i].offset == l->extent[JH_EXTENT_BITS].offset) {
            uint64_t mask = jh_field_mask(l->extent[i]);
            FUZZ_CHECK((all & mask) == 0);
            FUZZ_CHECK(!mask ||
                       mask >> l->extent[i].shift == UINT64_MAX >> (64 - l->extent[i].width));
            all |= mask;
            sum += l->extent[i].width;
        }
    }
    FUZZ_CHECK((all & (all + 1)) == 0 && bits_set(all) == sum);
    FUZZ_CHECK(l->sc_nsizes >> l->extent[JH_EXTENT_SZIND].width == 0);
    FUZZ_CHECK(UINT64_C(1) << l->sc_lg_slab_maxregs >> l->extent[JH_EXTENT_NFREE].width == 0);
}

static void check_bins(const struct jh_layout *l) {
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    FUZZ_CHECK(l->sc_nbins < l->sc_nsizes && l->sc_npsizes < l->sc_nsizes);
    FUZZ_CHECK(l->bin[l->sc_nbins - 1].reg_size < 4 * page);
    FUZZ_CHECK(jh_index2size(l, l->sc_nbins) == 4 * page);
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        const struct jh_bin *bin = &l->bin[i];
        FUZZ_CHECK(bin->reg_size == jh_index2size(l, i) && bin->slab_size % page == 0);
        FUZZ_CHECK(bin->reg_size * bin->nregs == bin->slab_size);
        FUZZ_CHECK(bin->nregs <= 1U << l->sc_lg_slab_maxregs || l->build.lg_slab_maxregs);
    }
}

static void check_member(const struct jh_layout *l, const char *name, const struct jh_member *m,
                         uint64_t size) {
    struct jh_member again;
    uint64_t inner;
    uint32_t align;
    FUZZ_CHECK(jh_struct_member(l, name, m->name, &again, NULL) == JH_OK);
    FUZZ_CHECK(again.offset == m->offset && again.size == m->size && again.count == m->count);
    FUZZ_CHECK(m->offset + m->size * m->count <= size);
    if (m->type) {
        FUZZ_CHECK(jh_struct_size(l, m->type, &inner, &align, NULL) == JH_OK);
        FUZZ_CHECK(m->size == inner && m->offset % align == 0);
    }
}

static void check_struct(const struct jh_layout *l, const char *name) {
    struct jh_member m;
    uint64_t size = 0;
    uint32_t align = 1;
    FUZZ_CHECK(jh_struct_size(l, name, &size, &align, NULL) == JH_OK);
    FUZZ_CHECK(align && (align & (align - 1)) == 0 && size % align == 0);
    for (size_t i = 0; jh_struct_nth(l, name, i, &m) != JH_END; i++) {
        check_member(l, name, &m, size);
    }
}

static void check_structs(const struct jh_layout *l, size_t which) {
    size_t count = 0;
    uint64_t size;
    uint32_t align;
    while (jh_struct_name(l, count)) {
        count++;
    }
    FUZZ_CHECK(count);
    check_struct(l, jh_struct_name(l, which % count));
    const char *extent = l->build.version < JH_5_3_0 ? "extent_s" : "edata_s";
    FUZZ_CHECK(jh_struct_size(l, extent, &size, &align, NULL) == JH_OK && size == l->extent_size);
    FUZZ_CHECK(l->extent_align % align == 0 && l->extent_head <= l->bitmap_offset);
}

/* Compares member by member, because padding bytes are not set. */
static bool same(const struct jh_layout *a, const struct jh_layout *b) {
    bool same = memcmp(a->bin, b->bin, sizeof(a->bin)) == 0;
    for (size_t i = 0; i < jh_constant_count(); i++) {
        same = same && jh_constant_value(a, i) == jh_constant_value(b, i);
    }
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct jh_build build;
    static struct jh_layout layout, again;
    struct jh_fault fault = {.status = JH_OK};
    fuzz_build(&in, &build);
    layout.rtree_height = 0;
    enum jh_status status = jh_layout_make(&build, &layout, &fault);
    if (status != JH_OK) {
        FUZZ_CHECK(status == JH_UNSUPPORTED && fault.status == status);
        FUZZ_CHECK(fault.stage == JH_STAGE_LAYOUT && strncmp(fault.rule, "layout.", 7) == 0);
        FUZZ_CHECK(layout.rtree_height == 0);
        return 0;
    }
    FUZZ_CHECK(jh_layout_check(&layout, NULL) == JH_OK);
    FUZZ_CHECK(jh_layout_make(&build, &again, NULL) == JH_OK && same(&layout, &again));
    check_tree(&layout);
    check_fields(&layout);
    check_bins(&layout);
    check_structs(&layout, fuzz_byte(&in));
    return 0;
}
