/* What is written as JSON can be read as JSON, whatever the bytes; those that are UTF-8 stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "learn/json.h"
#include "learn/json_read.h"

/* The text as a reader gets it back. */
static void written(const char *text, char *out, size_t room) {
    char *json = NULL;
    size_t len = 0, wrong;
    FILE *file = open_memstream(&json, &len);
    assert_non_null(file);
    struct json j = {.file = file};
    json_text(&j, NULL, text);
    fclose(file);
    struct json_value *value = json_read(json, len, &wrong);
    assert_non_null(value);
    assert_int_equal(value->kind, JSON_TEXT);
    assert_true(value->len < room);
    memcpy(out, value->text, value->len + 1);
    free(value);
    free(json);
}

/* RFC 3629: by the number that the bytes stand for, not by tables of bytes. */
static bool is_utf8(const unsigned char *p, size_t len) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t expected = p[0] < 0x80             ? 1
                      : (p[0] & 0xe0) == 0xc0 ? 2
                      : (p[0] & 0xf0) == 0xe0 ? 3
                      : (p[0] & 0xf8) == 0xf0 ? 4
                                              : 0;
    if (len != expected || len == 0) {
        return false;
    }
    uint32_t number = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return false;
        }
        number = number << 6 | (p[i] & 0x3f);
    }
    return number >= least[len] && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
}

/* What starts with UTF-8 stays, as far as that goes; what does not starts with U+FFFD. */
static void check(const unsigned char *bytes, size_t len) {
    char text[8] = {0}, back[64];
    memcpy(text, bytes, len);
    written(text, back, sizeof back);
    for (size_t n = 1; n <= len; n++) {
        if (is_utf8(bytes, n)) {
            assert_memory_equal(back, text, n);
            return;
        }
    }
    assert_memory_equal(back, "\xef\xbf\xbd", 3);
}

static void every_byte_and_pair(void **state) {
    (void)state;
    for (unsigned a = 1; a < 256; a++) {
        const unsigned char one[] = {(unsigned char)a};
        check(one, 1);
        for (unsigned b = 1; a >= 0xc0 && b < 256; b++) {
            const unsigned char two[] = {(unsigned char)a, (unsigned char)b};
            check(two, 2);
        }
    }
}

/* At the edges of each length, of the surrogates and of what there is. */
static void longer_ones(void **state) {
    static const unsigned char edge[] = {0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
    (void)state;
    for (unsigned a = 0xe0; a < 0xf8; a++) {
        for (unsigned i = 0; i < 8 * 8 * 8; i++) {
            const unsigned char four[] = {(unsigned char)a, edge[i % 8], edge[i / 8 % 8],
                                          edge[i / 64]};
            check(four, 3);
            check(four, 4);
        }
    }
}

static void what_is_escaped(void **state) {
    char back[64];
    (void)state;
    written("\"\\/\b\n\x1f\x7f", back, sizeof back);
    assert_string_equal(back, "\"\\/\b\n\x1f\x7f");
}

/* More than is gathered before it goes to the file, at every place where that may happen. */
static void long_ones(void **state) {
    static const char end[] = "\"\n\xc3\xa9\\";
    char text[3000], back[sizeof text + 2];
    (void)state;
    for (size_t len = 900; len + 1 < sizeof text; len += len < 1100 ? 1 : 100) {
        memset(text, 'a', len);
        text[0] = '"';
        text[1] = '\xff'; /* is replaced */
        memcpy(text + len - 5, end, sizeof end);
        written(text, back, sizeof back);
        assert_int_equal(strlen(back), len + 2);
        assert_memory_equal(back, "\"\xef\xbf\xbd", 4);
        assert_string_equal(back + len - 3, text + len - 5);
    }
}

static void a_value_at_the_top_is_there_at_its_end(void **state) {
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    (void)state;
    assert_non_null(file);
    struct json j = {.file = file};
    json_open(&j, NULL, '{');
    json_open(&j, "list", '[');
    json_number(&j, NULL, UINT64_MAX);
    json_address(&j, NULL, UINT64_MAX);
    json_close(&j, ']');
    json_number(&j, "zero", 0);
    json_address(&j, "none", 0);
    json_null(&j, "null");
    json_bool(&j, "yes", true);
    json_close(&j, '}');
    json_line(&j);
    fflush(file);
    assert_string_equal(text, "{\"list\":[18446744073709551615,\"0xffffffffffffffff\"],"
                              "\"zero\":0,\"none\":\"0x0\",\"null\":null,\"yes\":true}\n");
    fclose(file);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_and_pair),
        cmocka_unit_test(longer_ones),
        cmocka_unit_test(what_is_escaped),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(a_value_at_the_top_is_there_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
