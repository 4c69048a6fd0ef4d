/* Sentences, exit statuses, arrays that grow. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "private.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(warnings_are_bounded),
        cmocka_unit_test(arrays_that_grow),
        cmocka_unit_test(a_folder_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
