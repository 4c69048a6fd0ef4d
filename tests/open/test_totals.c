/* Totals of the made heap: its parts are the whole, what cannot be known says so, and memory may
 * run out at any of its allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "heap/totals.h"
#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_2_1, JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
    m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
    m->p.source->variables = 2;
    memcpy(m->target.root_name, "root", 5);
    return m;
}

static void count(void *arg, const struct jh_extent *e) {
    (void)e;
    ++*(uint64_t *)arg;
}

static void parts_are_the_whole(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        uint64_t seen = 0, extents = 0, active = 0, dirty = 0;
        const struct jt_totals_options options = {.arenas = true, .extent = count, .arg = &seen};
        struct jt_totals *t = jt_totals(&m->target, &options);
        assert_non_null(t);
        assert_true(t->complete);
        assert_int_equal(seen, t->stats.extents);
        assert_true(t->arenas >= 2);
        for (size_t i = 0; i < t->arenas; i++) {
            assert_true(i == 0 || t->arena[i - 1].ind < t->arena[i].ind);
            extents += t->arena[i].stats.extents;
            active += t->arena[i].stats.active;
            dirty += t->arena[i].stats.state_bytes[JH_DIRTY];
        }
        assert_int_equal(extents, t->stats.extents);
        assert_int_equal(active, t->stats.active);
        assert_int_equal(dirty, t->stats.state_bytes[JH_DIRTY]);
        assert_true(t->unread_arenas == 0 || versions[v] == JH_5_2_1); /* whose bins are nowhere */
        assert_true(t->own.metadata_known);
        assert_int_equal(t->own.metadata, t->arena[0].own.metadata + t->arena[1].own.metadata);
        jt_totals_free(t);
        made_end(m);
    }
}

/* Builds without statistics keep no counters. */
static void without_counters(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    const struct jt_totals_options options = {.arenas = false};
    m->target.layout.build.stats = false;
    struct jt_totals *t = jt_totals(&m->target, &options);
    assert_non_null(t);
    assert_false(t->own.metadata_known || t->own.mapped_known);
    assert_int_equal(t->arenas, 0);
    assert_true(t->stats.extents != 0);
    jt_totals_free(t);
    made_end(m);
}

static void faults_are_given(void *arg, enum jh_status status, const struct jh_fault *fault) {
    (void)fault;
    assert_int_equal(status, JH_CORRUPT);
    ++*(uint64_t *)arg;
}

static void what_is_broken_is_left_out(void **state) {
    (void)state;
    for (unsigned told = 0; told < 2; told++) {
        struct made *m = start(JH_5_3_0);
        uint64_t faults = 0;
        const struct jt_totals_options options = {.fault = told ? faults_are_given : NULL,
                                                  .arg = &faults};
        made_field(m, 3, JH_EXTENT_SZIND, 250);
        struct jt_totals *t = jt_totals(&m->target, &options);
        assert_non_null(t);
        assert_false(t->complete);
        assert_int_equal(faults != 0, told);
        jt_totals_free(t);
        made_end(m);
    }
}

/* Its block ends in the middle of arena_t. */
static void an_arena_is_cut_off(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    const struct jt_totals_options options = {.arenas = true};
    jt_metadata_find(&m->target);
    m->segment[1].len = MADE_ARENA + made_offset(m, "arena_s", "stats.lstats") + 100;
    made_forget(m);
    struct jt_totals *t = jt_totals(&m->target, &options);
    assert_non_null(t);
    assert_int_equal(t->unread_arenas, 1);
    assert_false(t->arena[0].nonfull_known);
    jt_totals_free(t);
    made_end(m);
}

/* What is parked counts once, and not where no extent is. */
static void parked_in_no_extent(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jt_caches *all = &m->p.base->caches;
    const struct jt_totals_options options = {.arenas = true};
    (void)jt_caches(&m->target);
    free(all->parked); /* what was found, if anything */
    free(all->by_address);
    all->parked = calloc(3, sizeof *all->parked);
    all->by_address = calloc(3, sizeof *all->by_address);
    if (all->parked == NULL || all->by_address == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < 3; i++) {
        all->parked[i].addr = i == 1 ? 0x30000000 : made_base_of(2);
        all->by_address[i] = (uint32_t[]){1, 0, 2}[i];
    }
    all->parked_count = 3;
    struct jt_totals *t = jt_totals(&m->target, &options);
    assert_non_null(t);
    assert_int_equal(t->stats.cached, jh_index2size(&m->target.layout, m->target.layout.sc_nbins));
    assert_int_equal(t->arena[0].stats.cached, t->stats.cached);
    jt_totals_free(t);
    made_end(m);
}

static void memory_runs_out(void **state) {
    bool came = true;
    (void)state;
    for (unsigned n = 1; came; n++) {
        struct made *m = start(JH_5_3_0);
        const struct jt_totals_options options = {.arenas = true};
        fail_memory(n);
        struct jt_totals *t = jt_totals(&m->target, &options);
        came = fail_memory_came();
        fail_memory(0);
        assert_int_equal(came, m->target.memory_ran_out);
        if (t != NULL) {
            jt_totals_free(t);
        }
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_the_whole),        cmocka_unit_test(without_counters),
        cmocka_unit_test(what_is_broken_is_left_out), cmocka_unit_test(an_arena_is_cut_off),
        cmocka_unit_test(parked_in_no_extent),        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
