/* The evaluator of C integer expressions against what a C compiler says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

static const struct {
    const char *name, *text;
} macros[] = {
    {"LG_PAGE", " 12"},
    {"PAGE", " ((size_t)(1U << LG_PAGE))"},
    {"LOOP", " (LOOP + 1)"},
    {"FAR", " FAR2"},
    {"FAR2", " FAR"},
    {"OF_4", "(a, b, c, d) a + b + c + d"},
    {"OF_5", "(a, b, c, d, e) a"},
    {"MASK", "(w, s) ((((((uint64_t)0x1U) << (w)) - 1)) << (s))"},
    {"LG_FLOOR_1", "(x) 0"},
    {"LG_FLOOR_2", "(x) (x < (1ULL << 1) ? LG_FLOOR_1(x) : 1 + LG_FLOOR_1(x >> 1))"},
    {"LG_FLOOR_4", "(x) (x < (1ULL << 2) ? LG_FLOOR_2(x) : 2 + LG_FLOOR_2(x >> 2))"},
    {"LG_FLOOR_8", "(x) (x < (1ULL << 4) ? LG_FLOOR_4(x) : 4 + LG_FLOOR_4(x >> 4))"},
    {"LG_FLOOR_16", "(x) (x < (1ULL << 8) ? LG_FLOOR_8(x) : 8 + LG_FLOOR_8(x >> 8))"},
    {"LG_FLOOR_32", "(x) (x < (1ULL << 16) ? LG_FLOOR_16(x) : 16 + LG_FLOOR_16(x >> 16))"},
    {"LG_FLOOR_64", "(x) (x < (1ULL << 32) ? LG_FLOOR_32(x) : 32 + LG_FLOOR_32(x >> 32))"},
    {"LG_FLOOR", "(x) LG_FLOOR_64((x))"},
    {"LG_CEIL", "(x) (LG_FLOOR(x) + (((x) & ((x) - 1)) == 0 ? 0 : 1))"},
};

static const char *macro(void *arg, const char *name, size_t len) {
    (void)arg;
    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++) {
        if (strlen(macros[i].name) == len && memcmp(macros[i].name, name, len) == 0) {
            return macros[i].text;
        }
    }
    return NULL;
}

/* Mixed signs and missing parentheses are what is tested here. */
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wparentheses"

/* The same text for the compiler and for the evaluator. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        uint64_t is = 0xdead;                                                                      \
        assert_true(jt_eval(#__VA_ARGS__, NULL, NULL, &is));                                       \
        assert_int_equal(is, (uint64_t)(__VA_ARGS__));                                             \
    } while (0)

static void agrees_with_the_compiler(void **state) {
    (void)state;
    SAME(1 + 2 * 3);
    SAME((1 + 2) * 3);
    SAME(100 - 10 - 1);
    SAME(7 / 2 + 7 % 4);
    SAME(-7 / 2);
    SAME(-1 < 1U);
    SAME((-1 < 1L) + (-1 < 1UL));
    SAME(~0U);
    SAME(~0);
    SAME(~0ULL >> 4);
    SAME(-8 >> 1);
    SAME(0x7fffffffU + 1U);
    SAME(0xffffffffU + 1U);
    SAME(0xffffffff + 1UL);
    SAME(2147483648 + 0);
    SAME(017 + 0x1f);
    SAME((1 == 1) + (1 != 2) + (3 >= 3) + (2 <= 1));
    SAME(1 ? 2 : 0 ? 3 : 4);
    SAME(0 && (1 / 1));
    SAME(5 & 3 | 8 ^ 2);
    SAME(!0 + !5);
    SAME(-1L < 1U);
    SAME((1 ? -1L : 1U) < 0);
    SAME((uint8_t)300 + (int8_t)200);
    SAME((long int)1 << 40);
    SAME((unsigned short int)-1);
    SAME((uint16_t)-1);
    SAME((unsigned long)1 << 40);
    SAME((unsigned)-1);
    SAME(((uint64_t)1 << 63) >> 63);
    SAME(18446744073709551615ULL);
}

static uint64_t value(const char *text) {
    uint64_t out = 0;
    if (!jt_eval(text, macro, NULL, &out)) {
        fail_msg("%s has no value", text);
    }
    return out;
}

static void expands_macros(void **state) {
    (void)state;
    assert_int_equal(value("PAGE"), 4096);
    assert_int_equal(value(" ZU(1) << LG_PAGE"), 4096);
    assert_int_equal(value("LG_CEIL(232)"), 8);
    assert_int_equal(value("LG_CEIL(256)"), 8);
    assert_int_equal(value("LG_CEIL(257)"), 9);
    assert_int_equal(value("LG_FLOOR(0xffffffffffffffffULL)"), 63);
    assert_int_equal(value("MASK(10, 28)"), 0x3ff0000000);
    assert_int_equal(value("OF_4(1, 2, 3, 4)"), 10);
    assert_int_equal(value("1 ? 1 : 1 / 0"), 1);
    assert_int_equal(value("0 && 1 / 0"), 0);
    assert_int_equal(value("/* a */ 1 /* b */ + 2"), 3);
}

static void refuses_the_rest(void **state) {
    static const char *const none[] = {
        "",
        "1 +",
        "(1",
        "1)",
        "1 2",
        "1 / 0",
        "1 << 64",
        "1 << 32",
        "x",
        "LOOP",
        "FAR",
        "\"5.3\"",
        "1.5",
        "0x",
        "1uu9",
        "MASK(1)",
        "MASK",
        "08",
        "MASK(1, 2, 3)",
        "sizeof(int)",
        "99999999999999999999",
        "1 ? 2",
        "->",
        "'a'",
        "OF_5(1, 2, 3, 4, 5)",
    };
    uint64_t out = 7;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (jt_eval(none[i], macro, NULL, &out)) {
            fail_msg("%s should have no value, and is %llu", none[i], (unsigned long long)out);
        }
    }
    assert_false(jt_eval("PAGE", NULL, NULL, &out)); /* nobody has macros */
    assert_int_equal(out, 7);
}

static void stays_within_its_stack(void **state) {
    static char deep[100001];
    static const char open[] = {'(', '-', '~', '!'};
    uint64_t out;
    (void)state;
    for (size_t i = 0; i < sizeof open; i++) {
        memset(deep, open[i], sizeof deep - 1);
        assert_false(jt_eval(deep, macro, NULL, &out));
    }
    for (size_t i = 0; i + 1 < sizeof deep; i++) {
        deep[i] = "1?"[i & 1];
    }
    assert_false(jt_eval(deep, macro, NULL, &out));
}

/* D20 is D19 twice. */
static const char *doubling(void *arg, const char *name, size_t len) {
    static char text[21][32];
    int n = len < 2 || name[0] != 'D' ? 0 : atoi(name + 1);
    (void)arg;
    snprintf(text[n], sizeof text[n], n == 0 ? " 1" : " D%d + D%d", n - 1, n - 1);
    return text[n];
}

static void stays_within_its_time(void **state) {
    uint64_t out;
    (void)state;
    assert_true(jt_eval("D10", doubling, NULL, &out));
    assert_int_equal(out, 1024);
    assert_false(jt_eval("D20", doubling, NULL, &out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_compiler), cmocka_unit_test(expands_macros),
        cmocka_unit_test(refuses_the_rest),         cmocka_unit_test(stays_within_its_stack),
        cmocka_unit_test(stays_within_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
