/* Two made heaps beside each other: what is new, gone, more and less; of two versions; memory that
 * runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "heap/growth.h"
#include "made_heap.h"

struct two {
    struct made *m[JT_BOTH];
    struct jt_side side[JT_BOTH];
    struct jt_diff diff;
};

static void start(struct two *t, enum jh_version before, enum jh_version after) {
    t->m[0] = made_start(before);
    t->m[1] = made_start(after);
    made_variables(t->m[0]);
    made_variables(t->m[1]);
}

static void compare(struct two *t) {
    for (int i = 0; i < JT_BOTH; i++) {
        jt_side(&t->m[i]->target, NULL, NULL, &t->side[i]);
        assert_false(t->side[i].stopped);
    }
    assert_true(jt_diff(t->side, &t->diff));
}

static void end(struct two *t) {
    jt_diff_free(&t->diff);
    for (int i = 0; i < JT_BOTH; i++) {
        jt_side_free(&t->side[i]);
        made_end(t->m[i]);
    }
}

static void nothing_changed(void **state) {
    struct two t;
    (void)state;
    start(&t, JH_5_3_0, JH_5_3_0);
    compare(&t);
    assert_true(t.side[0].larges > 4);
    assert_int_equal(t.diff.classes, 0);
    assert_int_equal(t.diff.arenas, 0);
    assert_int_equal(t.diff.caches, 0);
    assert_int_equal(t.diff.larges, 0);
    assert_true(t.diff.live[0] == t.diff.live[1] && t.diff.live[0] != 0);
    end(&t);
}

/* Extent 4 of the later heap is unused: one large allocation is gone. The other way round it is
 * new. */
static void one_large(void **state) {
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        struct two t;
        start(&t, JH_5_3_0, JH_5_3_0);
        made_lose(t.m[gone], 4);
        compare(&t);
        const struct jh_layout *l = &t.m[0]->target.layout;
        uint64_t size = jh_index2size(l, l->sc_nbins);
        assert_int_equal(t.diff.larges, 1);
        assert_int_equal(t.diff.large[0].is_new, gone == 0);
        assert_int_equal(t.diff.large[0].large.addr, made_base_of(4));
        assert_int_equal(t.diff.large[0].large.size, size);
        assert_int_equal(t.diff.classes, 2); /* of all arenas, and of its own */
        const struct jt_growth *g = t.diff.class_of;
        assert_int_equal(g[0].szind, l->sc_nbins);
        assert_int_equal(g[0].count[JT_AFTER] - g[0].count[JT_BEFORE], gone != 0 ? -1 : 1);
        assert_int_equal(g[0].bytes[JT_AFTER] - g[0].bytes[JT_BEFORE], gone != 0 ? -size : size);
        assert_true((g[0].arena_ind == JT_ALL_ARENAS) != (g[1].arena_ind == JT_ALL_ARENAS));
        assert_int_equal(t.diff.arenas, 1);
        assert_int_equal(t.diff.arena[0].ind, 0);
        assert_int_equal(t.diff.live[JT_AFTER] - t.diff.live[JT_BEFORE], gone != 0 ? -size : size);
        end(&t);
    }
}

/* All of arena 5 is gone, and more of it than of arena 0: what shrank most comes last. */
static void an_arena_that_is_gone(void **state) {
    struct two t;
    (void)state;
    start(&t, JH_5_3_0, JH_5_3_0);
    for (unsigned i = 16; i < 24; i++) {
        made_lose(t.m[1], i);
    }
    made_lose(t.m[1], 2);
    compare(&t);
    assert_int_equal(t.diff.larges, 5);
    assert_int_equal(t.diff.arenas, 2);
    assert_int_equal(t.diff.arena[0].ind, 0);
    assert_int_equal(t.diff.arena[1].ind, 5);
    assert_int_equal(t.diff.arena[1].bytes[JT_AFTER], 0);
    assert_true(t.diff.arena[1].unused[JT_BEFORE] > t.diff.arena[1].unused[JT_AFTER]);
    end(&t);
}

/* Size classes have the same sizes, whatever their numbers are. */
static void two_versions(void **state) {
    struct two t;
    (void)state;
    start(&t, JH_5_0_0, JH_5_3_1);
    compare(&t);
    assert_int_equal(t.diff.classes, 0);
    end(&t);
}

/* A build that has more classes: those of one size are the same, whatever their numbers are. */
static void more_classes(void **state) {
    (void)state;
    for (int more = 0; more < JT_BOTH; more++) {
        struct two t;
        uint64_t gone = more == JT_AFTER ? JT_BEFORE : JT_AFTER;
        start(&t, JH_5_3_0, JH_5_3_0);
        for (int i = 0; i < JT_BOTH; i++) {
            jt_side(&t.m[i]->target, NULL, NULL, &t.side[i]);
        }
        struct jh_layout *l = &t.m[more]->target.layout;
        uint32_t large = l->sc_nbins;
        uint64_t size = jh_index2size(l, large);
        struct jh_build build = l->build;
        build.lg_quantum = 3;
        assert_int_equal(jh_layout_make(&build, l, NULL), JH_OK);
        uint32_t now = jh_size2index(l, size), small = jh_size2index(l, 24);
        assert_true(now > large && jh_index2size(l, small) == 24);
        struct jt_totals *totals = t.side[more].totals;
        for (size_t i = 0; i <= totals->arenas; i++) {
            struct jh_stats *s = i < totals->arenas ? &totals->arena[i].stats : &totals->stats;
            s->of[now] = s->of[large];
            s->of[large] = (struct jh_class_stats){0};
        }
        totals->stats.of[small] = (struct jh_class_stats){.allocated = 3, .usable = 72};
        assert_true(jt_diff(t.side, &t.diff));
        assert_int_equal(t.diff.classes, 1);
        assert_int_equal(t.diff.class_of[0].size, 24);
        assert_int_equal(t.diff.class_of[0].count[more], 3);
        assert_int_equal(t.diff.class_of[0].count[gone], 0);
        end(&t);
    }
}

static void memory_runs_out(void **state) {
    bool came = true;
    (void)state;
    for (unsigned n = 1; came; n++) {
        struct two t;
        start(&t, JH_5_3_0, JH_5_3_0);
        made_lose(t.m[1], 4);
        fail_memory(n);
        for (int i = 0; i < JT_BOTH; i++) {
            jt_side(&t.m[i]->target, NULL, NULL, &t.side[i]);
        }
        bool ok = !t.side[0].stopped && !t.side[1].stopped && jt_diff(t.side, &t.diff);
        came = fail_memory_came();
        fail_memory(0);
        assert_int_equal(ok, !came);
        if (t.side[0].stopped || t.side[1].stopped) {
            memset(&t.diff, 0, sizeof t.diff);
        }
        end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed),       cmocka_unit_test(one_large),
        cmocka_unit_test(an_arena_that_is_gone), cmocka_unit_test(two_versions),
        cmocka_unit_test(more_classes),          cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
