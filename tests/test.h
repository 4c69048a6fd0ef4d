/* What every test includes first: cmocka wants four headers in front of it. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "jeheap/jeheap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An output before a call that must not write to it, and after. */
#define MARK(out) memset(&(out), 0xa5, sizeof(out))
#define UNTOUCHED(out) assert_true(is_marked(&(out), sizeof(out)))

static inline bool is_marked(const void *out, size_t len) {
    const uint8_t *byte = out;
    for (size_t i = 0; i < len; i++) {
        if (byte[i] != 0xa5) {
            return false;
        }
    }
    return true;
}

/* A fault that says all that it has to say; the address is the test's own business. */
#define FAULT_IS(fault, status_, stage_, rule_)                                                    \
    do {                                                                                           \
        assert_string_equal((fault).rule, rule_);                                                  \
        assert_int_equal((fault).status, status_);                                                 \
        assert_int_equal((fault).stage, stage_);                                                   \
    } while (0)

#endif
