/* Segments: sorted, disjoint, and what was in a byte's place first stays there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

static uint8_t bytes[4096];

static void cuts_overlaps(void **state) {
    struct jh_segment s[] = {
        {300, bytes, 100}, {100, bytes, 100}, {150, bytes, 100}, {120, bytes, 10}, {900, bytes, 0},
    };
    (void)state;
    size_t n = jt_segments_normalise(s, 5);
    assert_int_equal(n, 3);
    assert_int_equal(s[1].addr, 200);
    assert_int_equal(s[1].len, 50);
    assert_ptr_equal(s[1].bytes, bytes + 50);
    assert_int_equal(s[2].addr, 300);
}

static void refuses_what_wraps(void **state) {
    struct jh_segment s[] = {{UINT64_MAX - 10, bytes, 100}, {UINT64_MAX, bytes, 1}, {5, bytes, 5}};
    (void)state;
    assert_int_equal(jt_segments_normalise(s, 3), 1);
    assert_int_equal(s[0].addr, 5);
    assert_int_equal(jt_segments_normalise(NULL, 0), 0);
}

static void fills_gaps_only(void **state) {
    static uint8_t other[4096];
    struct jh_segment s[] = {{100, bytes, 100}, {300, bytes, 100}};
    struct jh_segment extra[] = {{50, other, 400}, {1000, other, 10}};
    size_t n;
    (void)state;
    struct jh_segment *all = jt_segments_fill(s, 2, extra, 2, &n);
    assert_non_null(all);
    assert_int_equal(n, 6);
    static const uint64_t start[] = {50, 100, 200, 300, 400, 1000};
    static const uint64_t len[] = {50, 100, 100, 100, 50, 10};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i].addr, start[i]);
        assert_int_equal(all[i].len, len[i]);
        assert_true((all[i].bytes >= bytes && all[i].bytes < bytes + 4096) == (i == 1 || i == 3));
    }
    assert_ptr_equal(all[4].bytes, other + 350);
    free(all);
}

/* Against the plain way: one array element a byte. */
static void random_ones_agree(void **state) {
    enum { SPACE = 256 };
    (void)state;
    srand(7);
    for (unsigned round = 0; round < 2000; round++) {
        struct jh_segment s[12];
        bool base[SPACE] = {false}, all[SPACE] = {false}, is[SPACE] = {false};
        size_t counts[2], n;
        for (unsigned part = 0; part < 2; part++) {
            for (unsigned i = 0; i < 6; i++) {
                uint64_t addr = (uint64_t)rand() % (SPACE - 60), len = (uint64_t)rand() % 60;
                s[6 * part + i] = (struct jh_segment){addr, bytes + 1024 * part + addr, len};
                memset((part == 0 ? base : all) + addr, true, len);
            }
            counts[part] = jt_segments_normalise(s + 6 * part, 6);
        }
        struct jh_segment *out = jt_segments_fill(s, counts[0], s + 6, counts[1], &n);
        assert_non_null(out);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || out[i - 1].addr + out[i - 1].len <= out[i].addr);
            for (uint64_t at = out[i].addr; at < out[i].addr + out[i].len; at++) {
                is[at] = true;
                const uint8_t *byte = out[i].bytes + (at - out[i].addr);
                assert_ptr_equal(byte, bytes + at + (base[at] ? 0 : 1024));
            }
        }
        for (unsigned i = 0; i < SPACE; i++) {
            assert_int_equal(is[i], base[i] || all[i]);
        }
        free(out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_overlaps),
        cmocka_unit_test(refuses_what_wraps),
        cmocka_unit_test(fills_gaps_only),
        cmocka_unit_test(random_ones_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
