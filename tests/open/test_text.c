/* Sentences, exit statuses, arrays that grow. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "image/plain_text.h"
#include "open/inside.h"

static void statuses(void **state) {
    (void)state;
    assert_int_equal(jt_exit_status(JT_OK), 0);
    assert_int_equal(jt_exit_status(JT_USAGE), 2);
    assert_int_equal(jt_exit_status(JT_WRONG_FILE), 3);
    assert_int_equal(jt_exit_status(JT_INCOMPLETE), 4);
}

/* A broken core could make millions. */
static void warnings_are_bounded(void **state) {
    struct jt_target target;
    (void)state;
    memset(&target, 0, sizeof target);
    for (unsigned i = 0; i < 1000; i++) {
        jt_warn(&target, "warning %u", i);
    }
    assert_int_equal(target.warnings, 100);
    assert_string_equal(target.warning[99], "warning 99");
    while (target.warnings != 0) {
        free(target.warning[--target.warnings]);
    }
    free(target.warning);
}

static void arrays_that_grow(void **state) {
    int one = 0;
    (void)state;
    assert_null(jt_grow(&one, SIZE_MAX / 2 + 1, 16)); /* of a size that no number holds */
    assert_ptr_equal(jt_grow(&one, 3, sizeof one), &one);
    uint64_t *array = jt_grow(NULL, 0, sizeof *array);
    assert_non_null(array);
    array[0] = 7;
    array = jt_grow(array, 1, sizeof *array);
    assert_non_null(array);
    assert_int_equal(array[0], 7);
    free(array);
}

/* Opens, and cannot be read. */
static void a_folder_is_no_file(void **state) {
    char byte = 'x';
    (void)state;
    assert_int_equal(jt_read_file("/", &byte, 1), 0);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(byte, 'x');
}

static void plain_is(const char *text, const char *wanted) {
    char out[64], again[64];
    jt_plain(text, out, sizeof out);
    assert_string_equal(out, wanted);
    jt_plain(out, again, sizeof again); /* a sentence may go through it twice */
    assert_string_equal(again, wanted);
}

/* A terminal obeys what is in a file's name, if it gets it. */
static void names_are_made_plain(void **state) {
    (void)state;
    plain_is("", "");
    plain_is("/usr/lib/lib\xc3\xa9.so (\xe2\x82\xac, \xf0\x9f\x92\xa9) \\x",
             "/usr/lib/lib\xc3\xa9.so (\xe2\x82\xac, \xf0\x9f\x92\xa9) \\x");
    plain_is("\x1b]0;owned\x07\n\t\x7f", "\\x1b]0;owned\\x07\\x0a\\x09\\x7f");
    plain_is("\xc2\x9b"
             "2J\xc2\xa0",
             "\\xc2\\x9b2J\xc2\xa0");
    plain_is("\xff\xc3", "\\xff\\xc3"); /* no UTF-8, and a part of some */
}

/* Nothing is cut off in its middle. */
static void plain_text_is_bounded(void **state) {
    char out[8];
    (void)state;
    jt_plain("12345\x1b", out, sizeof out);
    assert_string_equal(out, "12345");
    jt_plain("12345\xc3\xa9", out, sizeof out);
    assert_string_equal(out, "12345\xc3\xa9");
    jt_plain("123456\xc3\xa9", out, sizeof out);
    assert_string_equal(out, "123456");
    jt_plain("123\x1b", out, sizeof out);
    assert_string_equal(out, "123\\x1b");
    jt_plain("x", out, 1);
    assert_string_equal(out, "");
}

static void sentences_are_plain(void **state) {
    struct jt_target target;
    (void)state;
    memset(&target, 0, sizeof target);
    jt_warn(&target, "%s is not here", "lib\x1b[2J\n.so");
    assert_string_equal(target.warning[0], "lib\\x1b[2J\\x0a.so is not here");
    assert_int_equal(jt_fail(&target, JT_USAGE, "%s", "\x07"), JT_USAGE);
    assert_string_equal(target.error, "\\x07");
    free(target.warning[0]);
    free(target.warning);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(warnings_are_bounded),
        cmocka_unit_test(arrays_that_grow),
        cmocka_unit_test(a_folder_is_no_file),
        cmocka_unit_test(names_are_made_plain),
        cmocka_unit_test(plain_text_is_bounded),
        cmocka_unit_test(sentences_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
