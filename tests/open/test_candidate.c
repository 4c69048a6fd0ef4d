/* Which of two builds explains a heap better: what decides before what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "learn/layout_candidate.h"

/* Each is better than the next, though the next one has less wrong with what is asked later. */
static void in_order(void **state) {
    (void)state;
    static const struct {
        const char *why;
        struct jt_candidate better, worse;
    } row[] = {
        {"one that fits, though more is damaged",
         {.fit = {.sound = 60, .unsound = 59, .against = 59}},
         {.fit = {.sound = 50, .unsound = 51, .against = 51}, .bins = true}},
        {"bins by a symbol, though more is damaged",
         {.fit = {.sound = 60, .unsound = 9}, .bins = true},
         {.fit = {.sound = 60}}},
        {"one that sees what is absent",
         {.fit = {.absent = 1, .unlikely = 9}},
         {.fit = {.unlikely = 0}}},
        {"fewer differences to debug information, though more is damaged",
         {.fit = {.sound = 60, .unsound = 9}, .unlike = 1},
         {.fit = {.sound = 60}, .unlike = 2}},
        {"one that sees twice as much, though more is damaged",
         {.fit = {.sound = 121, .unsound = 9}},
         {.fit = {.sound = 60}}},
        {"less damage, though less is sound",
         {.fit = {.sound = 50}},
         {.fit = {.sound = 60, .unsound = 1}}},
        {"serial numbers that count by one",
         {.fit = {.sound = 50, .serials = 1}},
         {.fit = {.sound = 60, .serials = 64}}},
        {"more that is sound", {.fit = {.sound = 60}}, {.fit = {.sound = 50}}},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (jt_candidate_compare(&row[i].better, &row[i].worse) >= 0 ||
            jt_candidate_compare(&row[i].worse, &row[i].better) <= 0) {
            fail_msg("%s", row[i].why);
        }
        assert_int_equal(jt_candidate_compare(&row[i].better, &row[i].better), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
