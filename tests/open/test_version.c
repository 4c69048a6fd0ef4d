/* Version strings and names of root symbols, among other bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

#define HASH "54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"

static bool find(const char *bytes, size_t size, char out[128]) {
    size_t at = 0;
    return jt_version_next((const uint8_t *)bytes, size, &at, out);
}

static void finds_them(void **state) {
    static const char bytes[] = "5.5.5.3\0version\0"
                                "5.3.0-0-g" HASH "\0x\0"
                                "zzzz5.2.1-0-g0\0" /* a constant without an end in front */
                                "5.3.1-47-g295e48944b20";
    char out[128];
    size_t at = 0;
    (void)state;
    assert_true(jt_version_next((const uint8_t *)bytes, sizeof bytes, &at, out));
    assert_string_equal(out, "5.3.0-0-g" HASH);
    assert_true(jt_version_next((const uint8_t *)bytes, sizeof bytes, &at, out));
    assert_string_equal(out, "5.2.1-0-g0");
    assert_true(jt_version_next((const uint8_t *)bytes, sizeof bytes, &at, out));
    assert_string_equal(out, "5.3.1-47-g295e48944b20");
    assert_false(jt_version_next((const uint8_t *)bytes, sizeof bytes, &at, out));
}

static void leaves_others(void **state) {
    static const char *const none[] = {"",
                                       "5",
                                       "5.3.0",
                                       "15.3.0-0-g0",
                                       "5.3.0-0-gx",
                                       "5.3.0-0-g",
                                       "4.5.0-0-g0",
                                       "5.3.0-x-g0",
                                       "5.3.0-0-g0z",
                                       "1.5.3.0-0-g0",
                                       "5.1234567.0-0-g0",
                                       "5.3.0-0-g" HASH "0"};
    char out[128];
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (find(none[i], strlen(none[i]) + 1, out)) {
            fail_msg("%s gave %s", none[i], out);
        }
    }
    static const char cut[] = "5.3.0-0-g0";
    for (size_t size = 0; size < sizeof cut; size++) { /* the 0 has to be there as well */
        assert_false(find(cut, size, out));
    }
    assert_true(find(cut, sizeof cut, out));
}

static void not_said(void **state) {
    static const char *const none[] = {"0.0.0-0-g0",
                                       "0.0.0-0-g000000missing_version_try_git_fetch_tag",
                                       "0.0.0-0-g000000missing_version_try_git_fetch_tagsX",
                                       "0.0.0-0-g00000000000000000000000000000000000000000",
                                       "5.3.0-0-g0",
                                       ""};
    (void)state;
    assert_true(jt_version_unsaid("0.0.0-0-g0000000000000000000000000000000000000000"));
    assert_true(jt_version_unsaid("0.0.0-0-g000000missing_version_try_git_fetch_tags"));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(jt_version_unsaid(none[i]));
    }
}

/* Each once: a layout that is not in the list would never be tried. */
static void all_are_tried(void **state) {
    unsigned seen = 0;
    (void)state;
    for (unsigned i = 0; i < JH_VERSIONS; i++) {
        seen |= 1u << jt_version_likely(i + 1);
    }
    assert_int_equal(seen, (1u << JH_VERSIONS) - 1);
}

static void root_names(void **state) {
    static const struct {
        const char *name;
        bool root, emap;
        size_t prefix;
    } row[] = {
        {"je_extents_rtree", true, false, 3},
        {"extents_rtree", true, false, 0},
        {"_rjem_je_arena_emap_global", true, true, 9},
        {"arena_emap_global.lto_priv.0", true, true, 0},
        {"je_extents_rtree_init", false, false, 0},
        {"rtree", false, false, 0},
        {"", false, false, 0},
        {".arena_emap_global", false, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        size_t prefix = 0;
        bool emap = false;
        assert_int_equal(jt_root_name_is(row[i].name, &prefix, &emap), row[i].root);
        if (row[i].root) {
            assert_int_equal(prefix, row[i].prefix);
            assert_int_equal(emap, row[i].emap);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_them), cmocka_unit_test(leaves_others),
        cmocka_unit_test(not_said),   cmocka_unit_test(all_are_tried),
        cmocka_unit_test(root_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
