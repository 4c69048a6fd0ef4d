/* Ranges: sets of addresses, against the plain way of one array element an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

static void merge(void **state) {
    struct jt_range r[] = {{30, 40}, {10, 20}, {20, 25}, {12, 13}, {50, 50}, {60, 55}};
    (void)state;
    assert_int_equal(jt_ranges_normalise(r, 6), 2);
    assert_true(jt_ranges_hold(r, 2, 10) && jt_ranges_hold(r, 2, 24) && jt_ranges_hold(r, 2, 39));
    assert_false(jt_ranges_hold(r, 2, 9) || jt_ranges_hold(r, 2, 25) || jt_ranges_hold(r, 2, 40));
    assert_false(jt_ranges_hold(NULL, 0, 0));
    assert_int_equal(jt_ranges_bytes(r, 2), 25);
}

static void touch(void **state) {
    static const struct jt_range r[] = {{10, 20}, {30, 40}};
    (void)state;
    assert_true(jt_ranges_touch(r, 2, (struct jt_range){0, 11}));
    assert_true(jt_ranges_touch(r, 2, (struct jt_range){19, 25}));
    assert_true(jt_ranges_touch(r, 2, (struct jt_range){0, 100}));
    assert_false(jt_ranges_touch(r, 2, (struct jt_range){0, 10}));
    assert_false(jt_ranges_touch(r, 2, (struct jt_range){20, 30}));
    assert_false(jt_ranges_touch(r, 2, (struct jt_range){40, 50}));
}

static void lead_to_the_next(void **state) {
    static const struct jt_range r[] = {{10, 20}, {30, 40}};
    static const uint64_t cases[][2] = {{0, 10},  {10, 10}, {19, 19},        {20, 30},
                                        {29, 30}, {39, 39}, {40, UINT64_MAX}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(jt_ranges_next(r, 2, cases[i][0]), cases[i][1]);
    }
    assert_int_equal(jt_ranges_next(NULL, 0, 0), UINT64_MAX);
}

static void refuse_what_wraps(void **state) {
    struct jt_ranges set = {NULL, 0, 0, false};
    (void)state;
    jt_ranges_add(&set, UINT64_MAX - 10, 11);
    jt_ranges_add(&set, 5, 0);
    assert_int_equal(set.count, 0);
    jt_ranges_add(&set, UINT64_MAX - 10, 10);
    assert_int_equal(set.count, 1);
    jt_ranges_free(&set);
}

/* Many more additions than ranges: memory follows the ranges. */
static void stay_small(void **state) {
    enum { BLOCKS = 700, PIECES = 400 };
    struct jt_ranges set = {NULL, 0, 0, false};
    (void)state;
    for (uint64_t piece = 0; piece < PIECES; piece++) {
        for (uint64_t block = 0; block < BLOCKS; block++) {
            jt_ranges_add(&set, block * 100000 + piece * 64, 64);
        }
    }
    assert_false(set.lost);
    assert_true(set.room <= 4 * 1024);
    jt_ranges_merge(&set);
    assert_int_equal(set.count, BLOCKS);
    assert_int_equal(jt_ranges_bytes(set.range, set.count), BLOCKS * PIECES * 64);
    jt_ranges_free(&set);
}

enum { SPACE = 300 };

static struct jt_ranges random_set(bool is[SPACE]) {
    struct jt_ranges set = {NULL, 0, 0, false};
    memset(is, 0, SPACE * sizeof is[0]);
    for (unsigned i = (unsigned)rand() % 8; i > 0; i--) {
        uint64_t start = (uint64_t)rand() % (SPACE - 50), len = (uint64_t)rand() % 50;
        jt_ranges_add(&set, start, len);
        memset(is + start, true, len);
    }
    jt_ranges_merge(&set);
    return set;
}

static void cut(void **state) {
    (void)state;
    srand(11);
    for (unsigned round = 0; round < 4000; round++) {
        bool a[SPACE], b[SPACE], inside = round % 2 == 0;
        struct jt_ranges set = random_set(a), other = random_set(b);
        jt_ranges_cut(&set, other.range, other.count, inside);
        for (uint64_t at = 0; at < SPACE; at++) {
            assert_int_equal(jt_ranges_hold(set.range, set.count, at), a[at] && b[at] == inside);
        }
        for (size_t i = 0; i < set.count; i++) {
            assert_true(set.range[i].start < set.range[i].end &&
                        (i == 0 || set.range[i - 1].end <= set.range[i].start));
        }
        jt_ranges_free(&set);
        jt_ranges_free(&other);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merge),
        cmocka_unit_test(touch),
        cmocka_unit_test(lead_to_the_next),
        cmocka_unit_test(refuse_what_wraps),
        cmocka_unit_test(stay_small),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
