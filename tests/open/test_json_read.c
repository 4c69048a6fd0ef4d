/* JSON that anybody may have written. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/json_read.h"

static struct json_value *read_text(const char *text) {
    size_t wrong;
    struct json_value *value = json_read(text, strlen(text), &wrong);
    if (value == NULL) {
        fail_msg("%s: wrong at byte %zu", text, wrong);
    }
    return value;
}

static void values(void **state) {
    (void)state;
    struct json_value *top = read_text(
        " {\"a\": [1, -2, [], {}, 18446744073709551615, 18446744073709551616, 1.5e+3, null],\n"
        "\t\"b\": true, \"b\": false, \"c\" : {\"a\":\"x\"}, \"\" : 0 } \r\n");
    const struct json_value *a = json_member(top, "a"), *v = a + 1;
    assert_int_equal(top->kind, JSON_OBJECT);
    assert_int_equal(top->count, 5);
    assert_int_equal(a->kind, JSON_ARRAY);
    assert_int_equal(a->count, 8);
    assert_true(v->kind == JSON_INT && v->number == 1 && v->text[0] == '1' && v->len == 1);
    v = json_next(v);
    assert_true(v->kind == JSON_INT && v->number == 2 && v->text[0] == '-' && v->len == 2);
    v = json_next(v);
    assert_true(v->kind == JSON_ARRAY && v->count == 0 && v->span == 1);
    v = json_next(v);
    assert_true(v->kind == JSON_OBJECT && v->count == 0 && json_member(v, "a") == NULL);
    v = json_next(v);
    assert_true(v->kind == JSON_INT && v->number == UINT64_MAX && !v->wide);
    v = json_next(v);
    assert_true(v->kind == JSON_INT && v->wide);
    v = json_next(v);
    assert_true(v->kind == JSON_REAL && v->len == 6);
    v = json_next(v);
    assert_int_equal(v->kind, JSON_NULL);
    assert_ptr_equal(json_next(v), a + a->span);
    v = json_member(top, "b"); /* the last one */
    assert_true(v->kind == JSON_BOOL && v->number == 0);
    v = json_member(json_member(top, "c"), "a");
    assert_string_equal(v->text, "x");
    assert_non_null(json_member(top, ""));
    assert_null(json_member(top, "d"));
    assert_null(json_member(a, "a"));
    assert_null(json_member(NULL, "a"));
    free(top);
}

static void texts(void **state) {
    static const struct {
        const char *written, *meant;
    } text[] = {
        {"\"\"", ""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20Ac\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\"\\ud83d\\u0041\\ude00\\ud83d\"", "\xef\xbf\xbd"
                                             "A\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\\ud83d\\uffff\"", "\xef\xbf\xbd\xef\xbf\xbf"}, /* higher than any second half */
        {"\"\xff\xc3\xa9\"", "\xff\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        struct json_value *value = read_text(text[i].written);
        assert_int_equal(value->kind, JSON_TEXT);
        assert_string_equal(value->text, text[i].meant);
        assert_int_equal(value->len, strlen(text[i].meant));
        free(value);
    }
}

static void mistakes(void **state) {
    static const struct {
        const char *text;
        size_t at;
    } mistake[] = {
        {"", 0},        {" ", 1},        {"[", 1},          {"[1,]", 3},      {"[1 2]", 3},
        {"{\"a\"}", 4}, {"{\"a\":}", 5}, {"{\"a\":1,}", 7}, {"{a:1}", 1},     {"{1:1}", 1},
        {"\"a", 2},     {"\"\n\"", 1},   {"\"\\x\"", 1},    {"\"\\u12\"", 1}, {"\"\\u0000\"", 1},
        {"01", 0},      {"-", 1},        {"1.", 2},         {"1e", 2},        {"+1", 0},
        {".5", 0},      {"nul", 0},      {"true false", 5}, {"[1]]", 3},      {"NaN", 0},
        {"'a'", 0},     {"/**/1", 0},    {"truex", 4},      {"[}", 1},        {"{\"a\":1]", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mistake / sizeof mistake[0]; i++) {
        size_t wrong = 0, len = strlen(mistake[i].text);
        assert_null(json_read(mistake[i].text, len, &wrong));
        if (wrong != mistake[i].at) {
            fail_msg("%s: byte %zu, not %zu", mistake[i].text, wrong, mistake[i].at);
        }
    }
    size_t wrong;
    assert_null(json_read("1\0", 2, &wrong));
    assert_int_equal(wrong, 1);
}

static void exponents(void **state) {
    static const char *const number[] = {"1e2", "1E+2", "1e-2", "-0.5E-12"};
    (void)state;
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        struct json_value *value = read_text(number[i]);
        assert_true(value->kind == JSON_REAL && value->len == strlen(number[i]));
        free(value);
    }
}

/* Refused before any of it is looked at. */
static void longer_than_any(void **state) {
    size_t wrong = 0;
    (void)state;
    assert_null(json_read("1", UINT32_MAX, &wrong));
    assert_int_equal(wrong, JSON_NO_MEMORY);
}

static void depth(void **state) {
    char text[2 * JSON_DEPTH + 2];
    size_t wrong;
    (void)state;
    memset(text, '[', JSON_DEPTH + 1);
    memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
    assert_null(json_read(text, sizeof text, &wrong));
    assert_int_equal(wrong, JSON_DEPTH);
    struct json_value *value = json_read(text + 1, sizeof text - 2, &wrong);
    assert_non_null(value);
    free(value);
}

/* In memory of its very size, so that sanitizers see what is read or written beyond. */
static void every_beginning(void **state) {
    static const char whole[] =
        "{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\\n\",[[],{}]],\"b\":{\"c\":true,\"d\":null},\"e\":7}";
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = malloc(len + !len);
        size_t wrong;
        assert_non_null(copy);
        memcpy(copy, whole, len);
        struct json_value *value = json_read(copy, len, &wrong);
        assert_int_equal(value != NULL, len == sizeof whole - 1);
        free(value);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),          cmocka_unit_test(texts),
        cmocka_unit_test(mistakes),        cmocka_unit_test(depth),
        cmocka_unit_test(every_beginning), cmocka_unit_test(exponents),
        cmocka_unit_test(longer_than_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
