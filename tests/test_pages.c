/* pages: the leaf elements of all pages that jemalloc registers of an extent. */
#include "test.h"
#include "image.h"
#include "spy.h"

#define A UINT64_C(0x7e1234560000)
#define PAGE UINT64_C(0x1000)

/* A slab of three pages or a large one of five. */
struct pages {
    struct image image;
    struct jh_extent extent;
};

static void start(struct pages *p, enum jh_version version, bool slab) {
    image_stock(&p->image, version);
    uint64_t at =
        image_put(&p->image, slab ? &(struct image_extent){A, 3 * PAGE, 3, 0, true, 0, 0}
                                  : &(struct image_extent){A, 5 * PAGE, 36, 0, false, 0, 0});
    assert_int_equal(jh_extent_read(&p->image.heap, at, &p->extent, NULL), JH_OK);
}

static void says(struct pages *p, const char *rule, uint64_t page, uint64_t seen) {
    struct jh_fault fault;
    MARK(fault);
    enum jh_status status = jh_pages_check(&p->image.heap, &p->extent, &fault);
    assert_int_equal(status, rule ? JH_CORRUPT : JH_OK);
    assert_int_equal(jh_pages_check(&p->image.heap, &p->extent, NULL), status);
    if (!rule) {
        UNTOUCHED(fault);
        return;
    }
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_LEAF, rule);
    assert_int_equal(fault.addr, page);
    assert_int_equal(fault.seen, seen);
    assert_int_equal(fault.page, page);
    assert_int_equal(fault.element, image_leaf_slot(&p->image, page));
}

static void as_they_are_registered(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        for (unsigned slab = 0; slab < 2; slab++) {
            struct pages p;
            start(&p, (enum jh_version)v, slab);
            says(&p, NULL, 0, 0);
            image_end(&p.image);
        }
    }
}

static void what_is_missing(void **state) {
    (void)state;
    static const char *const rule[] = {"leaf.first-page-missing", "leaf.inner-page-missing",
                                       "leaf.last-page-missing"};
    for (unsigned i = 0; i < 3; i++) {
        struct pages p;
        start(&p, JH_5_3_0, true);
        image_leaf(&p.image, A + i * PAGE, &(struct image_leaf){0, 232, 0, false, false});
        says(&p, rule[i], A + i * PAGE, p.extent.at);
        image_end(&p.image);
    }
}

static void elements_of_others(void **state) {
    (void)state;
    struct pages p;
    start(&p, JH_5_2_1, true);
    image_leaf(&p.image, A + PAGE, &(struct image_leaf){0x1000000, 3, 0, true, false});
    says(&p, "leaf.inner-page-missing", A + PAGE, p.extent.at);
    image_end(&p.image);
    start(&p, JH_5_2_1, false);
    image_leaf(&p.image, A + PAGE, &(struct image_leaf){0x1000000, 3, 0, true, false});
    says(&p, NULL, 0, 0); /* is not its: a walk tells */
    image_end(&p.image);
}

static void what_is_not_known_of_a_build(void **state) {
    (void)state;
    struct pages p;
    start(&p, JH_5_3_0, true);
    image_leaf(&p.image, A + PAGE, &(struct image_leaf){p.extent.at, 5, 1, false, false});
    says(&p, "leaf.szind", A + PAGE, 5);
    p.image.layout.leaf[JH_LEAF_SZIND].width = 0;
    says(&p, "leaf.slab", A + PAGE, 0);
    p.image.layout.leaf[JH_LEAF_SLAB].width = 0;
    says(&p, "leaf.state", A + PAGE, 1);
    p.image.layout.leaf[JH_LEAF_STATE].width = 0;
    says(&p, NULL, 0, 0);
    image_end(&p.image);
}

/* Left behind: whoever was registered over it since has its pages. */
static void nothing_is_known_of_what_nobody_was_given(void **state) {
    (void)state;
    for (unsigned v = JH_5_2_1; v <= JH_5_3_0; v++) {
        struct pages p;
        start(&p, (enum jh_version)v, false);
        p.extent.allocated = false;
        p.extent.szind = 232;
        image_leaf(&p.image, A + 4 * PAGE, &(struct image_leaf){0, 232, 0, false, false});
        says(&p, v == JH_5_3_0 ? NULL : "leaf.last-page-missing", A + 4 * PAGE, p.extent.at);
        image_end(&p.image);
    }
}

static void a_single_page(void **state) {
    (void)state;
    struct pages p;
    for (unsigned slab = 0; slab < 2; slab++) {
        start(&p, JH_5_3_0, true);
        uint64_t at = image_put(
            &p.image, slab ? &(struct image_extent){A + 9 * PAGE, PAGE, 4, 0, true, 0, 0}
                           : &(struct image_extent){A + 9 * PAGE, PAGE, 232, 1, false, 0, 0});
        assert_int_equal(jh_extent_read(&p.image.heap, at, &p.extent, NULL), JH_OK);
        says(&p, NULL, 0, 0);
        image_end(&p.image);
    }
}

/* No node for a page: as good as an element of zeroes. */
static void a_node_that_is_missing(void **state) {
    (void)state;
    struct pages p;
    start(&p, JH_5_3_0, false);
    image_put8(&p.image, image_slot(&p.image, A, 0), 0);
    struct jh_fault fault;
    assert_int_equal(jh_pages_check(&p.image.heap, &p.extent, &fault), JH_CORRUPT);
    assert_string_equal(fault.rule, "leaf.first-page-missing");
    assert_int_equal(fault.element, 0);
    image_end(&p.image);
}

/* What cannot be read is not judged. */
static void absent_elements(void **state) {
    (void)state;
    struct pages p;
    start(&p, JH_5_3_0, true);
    image_leaf(&p.image, A + 2 * PAGE, &(struct image_leaf){0, 232, 0, false, false});
    image_hole(&p.image, image_leaf_slot(&p.image, A), 16);
    says(&p, "leaf.last-page-missing", A + 2 * PAGE, p.extent.at);
    image_hole(&p.image, image_leaf_slot(&p.image, A + 2 * PAGE), 8);
    says(&p, NULL, 0, 0);
    image_end(&p.image);
}

/* A layout may say so of a bin, and looking at all of them would take long. */
static void more_pages_than_regions(void **state) {
    (void)state;
    struct pages p;
    start(&p, JH_5_3_0, true);
    p.extent.size = 8192 * PAGE;
    says(&p, "leaf.inner-page-missing", A + 3 * PAGE, p.extent.at);
    p.extent.size = 8193 * PAGE;
    says(&p, "leaf.last-page-missing", A + 8192 * PAGE, p.extent.at);
    image_end(&p.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_they_are_registered),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(elements_of_others),
        cmocka_unit_test(what_is_not_known_of_a_build),
        cmocka_unit_test(nothing_is_known_of_what_nobody_was_given),
        cmocka_unit_test(a_single_page),
        cmocka_unit_test(a_node_that_is_missing),
        cmocka_unit_test(absent_elements),
        cmocka_unit_test(more_pages_than_regions),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL) != 0;
}
