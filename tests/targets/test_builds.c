/* builds: two bytes of an input choose a layout, and each layout has such bytes. */
#include "test.h"
#include "builds.h"
#include "heap_images.h"

#define BUILD_BYTES (offsetof(struct jh_build, cache_oblivious) + 1) /* without what pads it */

static const struct jh_layout *chosen(const uint8_t *bytes) {
    struct fuzz_input in = {bytes, FUZZ_LAYOUT_BYTES};
    return fuzz_layout(&in);
}

/* The bytes of one layout may choose another that is the same: old versions have fewer options. */
static void there_and_back(void **state) {
    (void)state;
    uint8_t bytes[FUZZ_LAYOUT_BYTES], again[FUZZ_LAYOUT_BYTES];
    const struct jh_layout *layout;
    size_t count = 0;
    for (; (layout = fuzz_layout_nth(count)) != NULL; count++) {
        MARK(bytes);
        assert_true(fuzz_layout_bytes(&layout->build, bytes));
        assert_memory_equal(&chosen(bytes)->build, &layout->build, BUILD_BYTES);
        assert_true(fuzz_layout_bytes(&chosen(bytes)->build, again));
        assert_memory_equal(bytes, again, sizeof(bytes));
    }
    assert_true(count > 100);
}

static void a_build_there_and_back(void **state) {
    (void)state;
    uint8_t bytes[FUZZ_BUILD_BYTES];
    const struct jh_layout *layout;
    for (size_t i = 0; (layout = fuzz_layout_nth(i)) != NULL; i++) {
        struct fuzz_input in = {bytes, sizeof(bytes)};
        struct jh_build build;
        assert_true(fuzz_build_bytes(&layout->build, bytes));
        fuzz_build(&in, &build);
        assert_memory_equal(&build, &layout->build, BUILD_BYTES);
    }
}

static void every_image_has_a_shape(void **state) {
    (void)state;
    uint8_t bytes[FUZZ_LAYOUT_BYTES];
    for (size_t i = 0; i < heap_images_count(); i++) {
        const struct jh_layout *layout = &heap_images_nth(i)->layout;
        if (!fuzz_layout_bytes(&layout->build, bytes)) {
            fail_msg("no shape is that of %s", heap_images_name(i));
        }
        assert_memory_equal(chosen(bytes)->bin, layout->bin, sizeof(layout->bin));
        assert_int_equal(chosen(bytes)->build.little_endian, layout->build.little_endian);
    }
}

static void some_builds_have_none(void **state) {
    (void)state;
    struct jh_build build;
    uint8_t bytes[FUZZ_LAYOUT_BYTES];
    MARK(bytes);
    jh_build_init(&build, JH_5_3_0);
    build.lg_page = 13;
    assert_false(fuzz_layout_bytes(&build, bytes));
    jh_build_init(&build, JH_5_3_0);
    build.prof = true;
    assert_false(fuzz_layout_bytes(&build, bytes));
    jh_build_init(&build, JH_5_3_0);
    build.version = JH_VERSIONS;
    assert_false(fuzz_layout_bytes(&build, bytes));
    assert_false(fuzz_build_bytes(&build, bytes));
    UNTOUCHED(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_build_there_and_back),
        cmocka_unit_test(every_image_has_a_shape),
        cmocka_unit_test(some_builds_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
