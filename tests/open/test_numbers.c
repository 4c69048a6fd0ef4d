/* Counters of a made arena, word by word; what is not there, and what no statistics keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_1_0, JH_5_2_0, JH_5_2_1,
                                           JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0], OLD = 4 };

static struct jt_numbers counters;

static struct made *start(enum jh_version version, const struct jt_arena **arena) {
    struct made *m = made_start(version);
    made_variables(m);
    jt_metadata_find(&m->target);
    assert_int_equal(m->p.base->arenas.count, 2);
    *arena = &m->p.base->arenas.arena[0];
    assert_int_equal((*arena)->at, MADE_BLOCK + MADE_ARENA);
    return m;
}

/* By the path of 5.0 to 5.2, or else that of 5.3. */
static void put(struct made *m, uint64_t at, const char *type, const char *path, const char *later,
                uint64_t value) {
    uint64_t offset = made_offset(m, type, path);
    offset = offset != UINT32_MAX ? offset : made_offset(m, type, later);
    assert_int_not_equal(offset, UINT32_MAX);
    made_word(m, at + offset, value);
}

static void numbers_of_an_arena(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        const struct jt_arena *a;
        struct made *m = start(versions[v], &a);
        bool old = v < OLD;
        put(m, a->at, "arena_s", "nactive", "pa_shard.nactive", 77);
        put(m, a->at, "arena_s", "extents_dirty.npages", "pa_shard.pac.ecache_dirty.eset.npages",
            5);
        if (!old) {
            put(m, a->at, "arena_s", "pa_shard.pac.ecache_dirty.guarded_eset.npages", "", 6);
        }
        put(m, a->at, "arena_s", "stats.internal", "", 4096);
        put(m, a->at, "arena_s", "decay_muzzy.time_ms", "pa_shard.pac.decay_muzzy.time_ms",
            UINT32_MAX);
        made_word(m, a->at + made_offset(m, "arena_s", "nthreads") + 4, 3);
        put(m, a->base, "base_s", "allocated", "", 1000);
        jt_numbers(&m->target, a, &counters);
        assert_false(counters.unread && versions[v] != JH_5_2_0 && versions[v] != JH_5_2_1);
        assert_true(jt_counter_known(&counters, JT_NACTIVE));
        assert_int_equal(counters.value[JT_NACTIVE], 77);
        assert_int_equal(counters.value[JT_NDIRTY], old ? 5 : 11);
        assert_int_equal(counters.value[JT_INTERNAL], 4096);
        assert_true(counters.value[JT_MUZZY_DECAY_MS] == UINT64_MAX); /* -1 */
        assert_int_equal(counters.value[JT_NTHREADS], 0);
        assert_int_equal(counters.value[JT_NTHREADS_INTERNAL], 3);
        assert_int_equal(counters.value[JT_BASE_ALLOCATED], 1000);
        assert_int_equal(counters.value[JT_BASE_MAPPED], 2 * MADE_SIZE);
        assert_int_equal(jt_counter_known(&counters, JT_NPINNED), versions[v] == JH_DEV);
        assert_int_equal(jt_counter_known(&counters, JT_HPA_NDIRTY), !old);
        assert_int_equal(jt_counter_known(&counters, JT_ABANDONED_VM), versions[v] >= JH_5_2_1);
        made_end(m);
    }
}

static void numbers_of_large_classes(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        const struct jt_arena *a;
        struct made *m = start(versions[v], &a);
        const struct jh_layout *l = &m->target.layout;
        struct jh_member of;
        assert_int_equal(jh_struct_member(l, "arena_s", "stats.lstats", &of, NULL), JH_OK);
        uint64_t at = a->at + made_offset(m, "arena_s", "stats.lstats.ndalloc") + 2 * of.size;
        made_word(m, at, 8);
        made_word(m, at + 4, 1); /* counters have 64 bits */
        jt_numbers(&m->target, a, &counters);
        assert_true(counters.large_known);
        assert_true(jt_large_counter_known(&counters, JT_LARGE_NMALLOC));
        assert_int_equal(jt_large_counter_known(&counters, JT_LARGE_ACTIVE_BYTES),
                         versions[v] >= JH_5_3_1);
        assert_int_equal(jt_large_counter_known(&counters, JT_LARGE_NFLUSHES),
                         versions[v] >= JH_5_2_1);
        assert_true(counters.large[l->sc_nbins + 2][JT_LARGE_NDALLOC] == UINT64_C(0x100000008));
        assert_int_equal(counters.large[l->sc_nbins + 1][JT_LARGE_NDALLOC], 0);
        made_end(m);
    }
}

/* Two shards of class 1, in 5.2 behind a pointer. */
static void numbers_of_bins(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        const struct jt_arena *a;
        struct made *m = start(versions[v], &a);
        const char *bin = jt_bin_struct(&m->target.layout);
        uint64_t curregs = made_offset(m, bin, "stats.curregs"), shards = MADE_BLOCK + 0x50000;
        uint32_t n = versions[v] >= JH_5_2_0 ? 2 : 1;
        bool pointers = versions[v] == JH_5_2_0 || versions[v] == JH_5_2_1;
        m->target.source[JT_PART_BINS] = JT_MEMORY;
        m->target.layout.bin[1].n_shards = n;
        for (uint32_t i = 0; pointers && i < m->target.layout.sc_nbins; i++) {
            made_word(m, a->at + made_offset(m, "arena_s", "bins") + UINT64_C(4) * i,
                      shards + UINT64_C(1024) * i);
        }
        for (uint32_t shard = 0; shard < n; shard++) {
            uint64_t at = jt_bin_at(&m->target, a, 1, shard);
            assert_int_not_equal(at, 0);
            made_word(m, at + curregs, 10 + shard);
        }
        assert_int_equal(jt_bin_at(&m->target, a, 2, 0) - jt_bin_at(&m->target, a, 1, n - 1),
                         pointers ? 1024 - (uint64_t)(n - 1) * m->p.base->numbers.bins.size
                                  : m->p.base->numbers.bins.size);
        jt_numbers(&m->target, a, &counters);
        assert_true(counters.bins_known);
        assert_true(jt_bin_counter_known(&counters, JT_BIN_CURREGS));
        assert_int_equal(jt_bin_counter_known(&counters, JT_BIN_NONFULL), versions[v] >= JH_5_2_1);
        assert_int_equal(counters.bin[1][JT_BIN_CURREGS], n == 2 ? 21 : 10);
        assert_int_equal(counters.bin[2][JT_BIN_CURREGS], 0);
        made_end(m);
    }
}

/* More regions than slabs have: they are elsewhere, or the target says how many shards there are.
 */
static void bins_that_cannot_be(void **state) {
    (void)state;
    for (unsigned sure = 0; sure < 2; sure++) {
        const struct jt_arena *a;
        struct made *m = start(JH_5_3_0, &a);
        m->target.source[JT_PART_BINS] = sure != 0 ? JT_MEMORY : JT_DEFAULT;
        made_word(m, jt_bin_at(&m->target, a, 3, 0) + made_offset(m, "bin_s", "stats.curregs"), 9);
        jt_numbers(&m->target, a, &counters);
        assert_int_equal(counters.bins_known, sure);
        assert_int_equal(counters.bin[3][JT_BIN_CURREGS], sure != 0 ? 9 : 0);
        assert_true(counters.large_known);
        made_end(m);
    }
}

/* Where bins are, and so what they count and whether their locks are held, is not known. */
static void bins_of_unknown_shards(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        const struct jt_arena *a;
        struct made *m = start(versions[v], &a);
        bool old = versions[v] < JH_5_2_0;
        struct jt_lock_marks marks;
        m->target.source[JT_PART_BINS] = JT_INFERRED;
        jt_shards_forget(&m->target.layout);
        jt_numbers(&m->target, a, &counters);
        assert_int_equal(counters.bins_known, old);
        assert_true(counters.large_known);
        assert_int_equal(jt_bin_at(&m->target, a, 1, 0) != 0, old);
        jt_lock_marks(&m->target, a, 1, &marks);
        assert_int_equal(marks.unknown & JT_MARK_BIN, old ? 0 : JT_MARK_BIN);
        made_end(m);
    }
}

/* Counters that are no statistics stay known. */
static void without_statistics(void **state) {
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        const struct jt_arena *a;
        struct made *m = start(JH_5_3_1, &a);
        m->target.layout.build.stats = how == 0;
        made_word(m, a->base + made_offset(m, "base_s", "mapped"), how == 0 ? 0 : MADE_SIZE);
        jt_numbers(&m->target, a, &counters);
        assert_false(counters.bins_known || counters.large_known || counters.unread);
        assert_false(jt_bin_counter_known(&counters, JT_BIN_CURREGS));
        assert_false(jt_large_counter_known(&counters, JT_LARGE_NMALLOC));
        assert_false(jt_counter_known(&counters, JT_INTERNAL));
        assert_false(jt_counter_known(&counters, JT_BASE_ALLOCATED));
        assert_true(jt_counter_known(&counters, JT_NACTIVE));
        made_end(m);
    }
}

/* The arena's block ends in the middle of arena_t; an arena whose place is not known. */
static void what_is_absent(void **state) {
    (void)state;
    const struct jt_arena *a;
    struct made *m = start(JH_5_3_0, &a);
    m->segment[1].len = MADE_ARENA + made_offset(m, "arena_s", "stats.lstats") + 100;
    made_forget(m);
    jt_numbers(&m->target, a, &counters);
    assert_true(counters.unread);
    assert_false(counters.bins_known || counters.large_known);
    assert_false(jt_counter_known(&counters, JT_NACTIVE));
    assert_true(jt_counter_known(&counters, JT_INTERNAL));
    const struct jt_arena nowhere = {.base = a->base};
    jt_numbers(&m->target, &nowhere, &counters);
    assert_false(counters.unread);
    assert_false(jt_counter_known(&counters, JT_INTERNAL));
    assert_true(jt_counter_known(&counters, JT_BASE_MAPPED));
    assert_false(counters.bins_known || counters.large_known);
    assert_int_equal(jt_bin_at(&m->target, &nowhere, 0, 0), 0);
    made_end(m);
    m = start(JH_5_2_1, &a); /* its bins are nowhere */
    assert_int_equal(jt_bin_at(&m->target, a, 0, 0), 0);
    m->segment[1].len = MADE_ARENA + made_offset(m, "arena_s", "bins");
    made_forget(m);
    assert_int_equal(jt_bin_at(&m->target, a, 0, 0), 0);
    made_end(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_an_arena),    cmocka_unit_test(numbers_of_large_classes),
        cmocka_unit_test(bins_of_unknown_shards), cmocka_unit_test(numbers_of_bins),
        cmocka_unit_test(bins_that_cannot_be),    cmocka_unit_test(without_statistics),
        cmocka_unit_test(what_is_absent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
