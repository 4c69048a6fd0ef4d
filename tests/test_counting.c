/* counters: what jh_count() counts of an extent, and nothing else; numbers by hand. */
#include "test.h"

#define A UINT64_C(0x7e1234560000)
#define PAGE UINT64_C(0x1000)

enum { VALUES = 4096 };

struct sums {
    struct jh_layout layout;
    struct jh_counting counting;
    uint64_t value[VALUES];
};

static void start(struct sums *s, enum jh_version version) {
    struct jh_build build;
    memset(s, 0, sizeof(*s));
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &s->layout, NULL), JH_OK);
}

/* After a change of the layout. */
static void make(struct sums *s) {
    assert_int_equal(jh_layout_check(&s->layout, NULL), JH_OK);
    assert_int_equal(jh_counting_make(&s->layout, &s->counting, NULL), JH_OK);
    assert_true(s->counting.first[JH_COUNTERS] <= VALUES);
}

/* The index-th number of its kind. */
static uint64_t number(const struct sums *s, enum jh_counter kind, uint32_t index) {
    assert_true(index < s->counting.first[kind + 1] - s->counting.first[kind]);
    return s->value[s->counting.first[kind] + index];
}

static uint64_t all(const struct sums *s) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < s->counting.first[JH_COUNTERS]; i++) {
        sum += s->value[i];
    }
    return sum;
}

static void count(struct sums *s, struct jh_extent e) {
    e.at = 0x7f0000000000;
    e.addr = e.base = A;
    assert_int_equal(jh_extent_check(&s->layout, &e, NULL), JH_OK);
    jh_count(&s->counting, &e, s->value);
}

static struct jh_extent unused(const struct sums *s, enum jh_state state, uint64_t size) {
    return (struct jh_extent){.state = state, .size = size, .szind = s->layout.sc_nsizes};
}

/* A small allocation in an extent of its own. */
static struct jh_extent sampled(uint64_t size, uint64_t usize) {
    return (struct jh_extent){
        .state = JH_ACTIVE, .allocated = true, .size = size, .szind = 3, .usize = usize};
}

/* ---- shards ---------------------------------------------------------------------------------- */

/* A description or a core may give any number: one that no bin has is one. */
static void shards_of_a_bin(void **state) {
    (void)state;
    static const struct {
        uint32_t given, counted;
    } shards[] = {{0, 1}, {1, 1}, {4, 4}, {UINT8_MAX, UINT8_MAX}, {UINT8_MAX + 1, 1}};
    static struct sums s;
    for (size_t i = 0; i < COUNT(shards); i++) {
        start(&s, JH_5_3_0);
        s.layout.bin[2].n_shards = shards[i].given;
        make(&s);
        assert_int_equal(s.counting.bin[3] - s.counting.bin[2], shards[i].counted);
        assert_int_equal(s.counting.first[JH_COUNT_SLABS + 1] - s.counting.first[JH_COUNT_SLABS],
                         s.layout.sc_nbins - 1 + shards[i].counted);
    }
}

/* What is of a shard that the bin does not have is counted with its last one. */
static void shards_of_slabs(void **state) {
    (void)state;
    static struct sums s;
    start(&s, JH_5_3_0);
    s.layout.bin[1].n_shards = 2;
    make(&s);
    for (uint32_t shard = 0; shard < 4; shard++) {
        count(&s, (struct jh_extent){.state = JH_ACTIVE,
                                     .allocated = true,
                                     .slab = true,
                                     .size = PAGE,
                                     .szind = 1,
                                     .usize = 16,
                                     .nfree = shard,
                                     .bin_shard = shard});
    }
    uint32_t bin = s.counting.bin[1];
    assert_int_equal(number(&s, JH_COUNT_SLABS, bin), 1);
    assert_int_equal(number(&s, JH_COUNT_REGIONS, bin), 256);
    assert_int_equal(number(&s, JH_COUNT_NONFULL, bin), 0);
    assert_int_equal(number(&s, JH_COUNT_SLABS, bin + 1), 3);
    assert_int_equal(number(&s, JH_COUNT_REGIONS, bin + 1), 3 * 256 - 6);
    assert_int_equal(number(&s, JH_COUNT_NONFULL, bin + 1), 3);
    assert_int_equal(number(&s, JH_COUNT_ACTIVE, 0), 4);
    assert_int_equal(all(&s), 4 + 256 + 4 + 3 * 256 - 6 + 3);
}

/* ---- unused ---------------------------------------------------------------------------------- */

static void states(void **state) {
    (void)state;
    static const enum jh_state of[] = {JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_PINNED};
    static struct sums s;
    for (uint32_t i = 0; i < COUNT(of); i++) {
        start(&s, JH_DEV);
        make(&s);
        count(&s, unused(&s, of[i], 3 * PAGE));
        uint32_t at = i * (s.counting.page_classes + 1) + 2; /* 4, 8, 12 KiB */
        assert_int_equal(jh_unused_state(of[i]), i);
        assert_int_equal(number(&s, JH_COUNT_PAGES, i), 3);
        assert_int_equal(number(&s, JH_COUNT_EXTENTS, at), 1);
        assert_int_equal(number(&s, JH_COUNT_BYTES, at), 3 * PAGE);
        assert_int_equal(all(&s), 3 + 1 + 3 * PAGE);
    }
}

/* An extent without a size class that is not put away, or is being merged, is on no list. */
static void on_no_list(void **state) {
    (void)state;
    static struct sums s;
    start(&s, JH_5_3_0);
    make(&s);
    count(&s, unused(&s, JH_ACTIVE, 3 * PAGE));
    count(&s, unused(&s, JH_MERGING, 3 * PAGE));
    assert_int_equal(all(&s), 0);
}

/* ---- large ----------------------------------------------------------------------------------- */

static void large(void **state) {
    (void)state;
    static struct sums s;
    start(&s, JH_5_3_0);
    make(&s);
    count(&s, (struct jh_extent){.state = JH_ACTIVE,
                                 .allocated = true,
                                 .size = 6 * PAGE,
                                 .szind = 37,
                                 .usize = 5 * PAGE}); /* and a page of padding */
    assert_int_equal(number(&s, JH_COUNT_LARGE, 1), 1);
    assert_int_equal(number(&s, JH_COUNT_LARGE_BYTES, 1), 5 * PAGE);
    assert_int_equal(all(&s), 6 + 1 + 5 * PAGE);
}

/* arena_prof_promote: up to 5.3.0 it is one of the smallest large class, whatever its size is. */
static void sampled_5_3_0(void **state) {
    (void)state;
    static struct sums s;
    start(&s, JH_5_3_0);
    make(&s);
    count(&s, sampled(5 * PAGE, 48));
    count(&s, sampled(2 * PAGE, 48));
    assert_int_equal(number(&s, JH_COUNT_SAMPLED, 0), 2);
    assert_int_equal(number(&s, JH_COUNT_LARGE, 0), 2);
    assert_int_equal(number(&s, JH_COUNT_LARGE_BYTES, 0), 96);
    assert_int_equal(all(&s), 7 + 2 + 2 + 96);
}

/* Later one whose extent is smaller is none of them. */
static void sampled_5_3_1(void **state) {
    (void)state;
    static struct sums s;
    start(&s, JH_5_3_1);
    make(&s);
    assert_int_equal(s.layout.large_pad, PAGE);
    count(&s, sampled(5 * PAGE, 48)); /* as large as the smallest large one with its padding */
    assert_int_equal(number(&s, JH_COUNT_LARGE, 0), 1);
    count(&s, sampled(4 * PAGE, 48));
    count(&s, (struct jh_extent){.state = JH_ACTIVE,
                                 .allocated = true,
                                 .size = 5 * PAGE,
                                 .szind = 36,
                                 .usize = 4 * PAGE});
    assert_int_equal(number(&s, JH_COUNT_SAMPLED, 0), 2);
    assert_int_equal(number(&s, JH_COUNT_LARGE, 0), 2);
    assert_int_equal(number(&s, JH_COUNT_LARGE_BYTES, 0), 48 + 4 * PAGE);
    assert_int_equal(all(&s), 14 + 2 + 2 + 48 + 4 * PAGE);
    count(&s,
          (struct jh_extent){.state = JH_ACTIVE, .allocated = true, .size = 4 * PAGE, .szind = 36});
    assert_int_equal(number(&s, JH_COUNT_SAMPLED, 0), 2);
    assert_int_equal(number(&s, JH_COUNT_LARGE, 0), 3); /* not sampled: counted */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_of_a_bin), cmocka_unit_test(shards_of_slabs),
        cmocka_unit_test(states),          cmocka_unit_test(on_no_list),
        cmocka_unit_test(large),           cmocka_unit_test(sampled_5_3_0),
        cmocka_unit_test(sampled_5_3_1),
    };
    return cmocka_run_group_tests_name("counting", tests, NULL, NULL) != 0;
}
