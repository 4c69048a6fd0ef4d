/* Totals: what jemalloc's own counters would say of the same extents. */
#include <string.h>

#include "test.h"

static struct jh_layout layout_of(enum jh_version version) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static struct jh_extent slab_of(const struct jh_layout *layout, uint32_t szind, uint32_t nfree) {
    return (struct jh_extent){.szind = szind,
                              .slab = true,
                              .allocated = true,
                              .nfree = nfree,
                              .usize = layout->bin[szind].reg_size,
                              .size = layout->bin[szind].slab_size};
}

static struct jh_extent large(uint32_t szind, uint64_t usize, uint64_t size) {
    return (struct jh_extent){.szind = szind, .allocated = true, .usize = usize, .size = size};
}

static struct jh_extent unused(const struct jh_layout *layout, enum jh_state state) {
    return (struct jh_extent){.szind = layout->sc_nsizes, .state = state, .size = 8192};
}

static void slabs(void **state) {
    struct jh_layout l = layout_of(JH_5_3_0);
    struct jh_stats s = {.extents = 0};
    const struct jh_bin *bin = &l.bin[5];
    (void)state;
    for (uint32_t nfree = 0; nfree <= bin->nregs; nfree += bin->nregs / 2) {
        struct jh_extent e = slab_of(&l, 5, nfree);
        jh_stats_add(&l, &s, &e);
    }
    assert_int_equal(s.extents, 3);
    assert_int_equal(s.of[5].slabs, 3);
    assert_int_equal(s.of[5].empty, 1);
    assert_int_equal(s.of[5].free, bin->nregs / 2 + bin->nregs);
    assert_int_equal(s.of[5].allocated, 3 * bin->nregs - s.of[5].free);
    assert_int_equal(s.of[5].bytes, 3 * bin->slab_size);
    assert_int_equal(s.of[5].usable, s.of[5].allocated * bin->reg_size);
    assert_int_equal(s.allocated, s.of[5].usable);
    assert_int_equal(s.active, 3 * bin->slab_size);
    assert_int_equal(s.state_count[JH_ACTIVE], 3);
    assert_int_equal(s.sampled + s.unused, 0);
}

/* A large allocation counts without its padding, which is active all the same. */
static void large_ones(void **state) {
    struct jh_layout l = layout_of(JH_5_3_1);
    struct jh_stats s = {.extents = 0};
    struct jh_extent e = large(l.sc_nbins + 2, 22 * 4096, 23 * 4096);
    (void)state;
    jh_stats_add(&l, &s, &e);
    jh_stats_add(&l, &s, &e);
    assert_int_equal(s.allocated, 2 * 22 * 4096);
    assert_int_equal(s.active, 2 * 23 * 4096);
    assert_int_equal(s.of[l.sc_nbins + 2].allocated, 2);
    assert_int_equal(s.of[l.sc_nbins + 2].slabs, 2);
    assert_int_equal(s.of[l.sc_nbins + 2].free + s.of[l.sc_nbins + 2].empty, 0);
    assert_int_equal(jh_stats_spare_slabs(&l, &s, l.sc_nbins + 2), 0);
}

/* Profiling gave it an extent of its own: it is of its class, and no slab is. */
static void samples(void **state) {
    struct jh_layout l = layout_of(JH_5_3_0);
    struct jh_stats s = {.extents = 0};
    struct jh_extent e = large(5, l.bin[5].reg_size, 20480);
    (void)state;
    jh_stats_add(&l, &s, &e);
    assert_int_equal(s.sampled, 1);
    assert_int_equal(s.sampled_bytes, 20480);
    assert_int_equal(s.of[5].allocated, 1);
    assert_int_equal(s.of[5].slabs + s.of[5].bytes, 0);
    assert_int_equal(s.usable, l.bin[5].reg_size);
    assert_int_equal(jh_stats_spare_slabs(&l, &s, 5), 0);
    assert_int_equal(s.of[5].sampled, 1);
    assert_int_equal(s.sampled_large, 1); /* as jemalloc counts it */
    assert_int_equal(s.allocated, 16384);
    e.size = 16384; /* 5.3.1 has smaller ones, and counts them nowhere */
    jh_stats_add(&l, &s, &e);
    assert_int_equal(s.sampled, 2);
    assert_int_equal(s.sampled_large, 1);
    assert_int_equal(s.allocated, 16384);
    assert_int_equal(s.usable, 2 * l.bin[5].reg_size);
}

static void unused_ones(void **state) {
    static const enum jh_state all[] = {JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_PINNED, JH_MERGING};
    struct jh_layout l = layout_of(JH_DEV);
    struct jh_stats s = {.extents = 0};
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct jh_extent e = unused(&l, all[i]);
        jh_stats_add(&l, &s, &e);
        assert_int_equal(s.state_bytes[all[i]], 8192);
        assert_int_equal(s.state_count[all[i]], 1);
    }
    assert_int_equal(s.allocated + s.active + s.unused, 0);
    struct jh_extent e = unused(&l, JH_ACTIVE); /* of a cache of extents */
    jh_stats_add(&l, &s, &e);
    assert_int_equal(s.unused, 8192);
    assert_int_equal(s.active, 0);
}

static void parked(void **state) {
    struct jh_layout l = layout_of(JH_5_3_1);
    struct jh_stats s = {.extents = 0};
    struct jh_extent slab = slab_of(&l, 3, 1), big = large(l.sc_nbins, 16384, 20480),
                     gone = unused(&l, JH_DIRTY);
    (void)state;
    jh_stats_add_cached(&l, &s, &slab);
    jh_stats_add_cached(&l, &s, &slab);
    jh_stats_add_cached(&l, &s, &big);
    jh_stats_add_cached(&l, &s, &gone); /* given back by a flush that is under way */
    assert_int_equal(s.of[3].cached, 2);
    assert_int_equal(s.of[l.sc_nbins].cached, 1);
    assert_int_equal(s.cached, 2 * l.bin[3].reg_size + 16384);
}

/* As many slabs as are more than what is handed out would fill. */
static void spare_slabs(void **state) {
    struct jh_layout l = layout_of(JH_5_3_0);
    struct jh_stats s = {.extents = 0};
    uint32_t nregs = l.bin[0].nregs;
    (void)state;
    assert_int_equal(jh_stats_spare_slabs(&l, &s, 0), 0);
    for (unsigned i = 0; i < 4; i++) { /* one region in each */
        struct jh_extent e = slab_of(&l, 0, nregs - 1);
        jh_stats_add(&l, &s, &e);
        assert_int_equal(jh_stats_spare_slabs(&l, &s, 0), i);
    }
    struct jh_extent full = slab_of(&l, 0, 0), empty = slab_of(&l, 0, nregs);
    jh_stats_add(&l, &s, &full);
    assert_int_equal(jh_stats_spare_slabs(&l, &s, 0), 3);
    jh_stats_add(&l, &s, &empty);
    assert_int_equal(jh_stats_spare_slabs(&l, &s, 0), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slabs),       cmocka_unit_test(large_ones), cmocka_unit_test(samples),
        cmocka_unit_test(unused_ones), cmocka_unit_test(parked),     cmocka_unit_test(spare_slabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
