/* rtree: from an address to its leaf element, in trees of two and of three levels. */
#include "test.h"
#include "image.h"
#include "spy.h"

#define A UINT64_C(0x7e1234567000)

static void build_of(struct jh_build *build, enum jh_version version, uint8_t vaddr, uint8_t page) {
    jh_build_init(build, version);
    build->lg_vaddr = vaddr;
    build->lg_page = page;
}

static void start(struct image *image, uint8_t vaddr, uint8_t page) {
    struct jh_build build;
    build_of(&build, JH_5_3_0, vaddr, page);
    image_start(image, &build, IMAGE_METADATA);
}

static void subkeys(void **state) {
    (void)state;
    static const struct {
        uint8_t vaddr, page, levels;
        uint64_t subkey[3];
    } cases[] = {{48, 12, 2, {0x1f848, 0x34567, 0}}, {48, 14, 2, {0xfc24, 0xd159, 0}},
                 {48, 16, 2, {0x7e12, 0x3456, 0}},   {57, 12, 3, {0x1f, 0x4246, 0x4567}},
                 {57, 14, 3, {0xf, 0x3091, 0x5159}}, {57, 16, 3, {0x7, 0x3848, 0x3456}}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jh_build build;
        struct jh_layout layout;
        build_of(&build, JH_5_3_0, cases[i].vaddr, cases[i].page);
        assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
        for (unsigned level = 0; level < cases[i].levels; level++) {
            assert_int_equal(jh_rtree_subkey(&layout, A, level), cases[i].subkey[level]);
        }
    }
}

/* The bits above LG_VADDR do not count. */
static void subkeys_ignore_the_top(void **state) {
    (void)state;
    struct jh_build build;
    struct jh_layout layout;
    build_of(&build, JH_5_3_0, 48, 12);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    assert_int_equal(jh_rtree_subkey(&layout, 0xffff800000000000, 0), 0x20000);
    assert_int_equal(jh_rtree_subkey(&layout, 0x0000800000000000, 0), 0x20000);
    assert_int_equal(jh_rtree_subkey(&layout, UINT64_MAX, 0), 0x3ffff);
    assert_int_equal(jh_rtree_subkey(&layout, UINT64_MAX, 1), 0x3ffff);
}

static void first_address_of_a_leaf_node(void **state) {
    (void)state;
    static const struct {
        uint8_t vaddr, page;
        uint64_t key;
    } cases[] = {{48, 12, 0x7e1200000000}, {48, 14, 0x7e1200000000}, {48, 16, 0x7e1200000000},
                 {57, 12, 0x7e1230000000}, {57, 14, 0x7e1220000000}, {57, 16, 0x7e1200000000}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jh_build build;
        struct jh_layout layout;
        build_of(&build, JH_5_3_0, cases[i].vaddr, cases[i].page);
        assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
        assert_int_equal(jh_rtree_leafkey(&layout, A), cases[i].key);
        assert_int_equal(jh_rtree_leafkey(&layout, cases[i].key), cases[i].key);
    }
}

/* A marked element is found from every byte of its page, and from no other page. */
static void finds_the_element(uint8_t vaddr, uint8_t page) {
    struct image image;
    struct jh_leaf_bytes leaf;
    uint64_t size = UINT64_C(1) << page, first = A & ~(size - 1);
    start(&image, vaddr, page);
    uint64_t at = image_leaf_slot(&image, first);
    image_put8(&image, at, 0x1122334455667788);
    const uint64_t inside[] = {first, first + 1, first + size - 1};
    for (size_t i = 0; i < COUNT(inside); i++) {
        assert_int_equal(jh_rtree_lookup(&image.heap, inside[i], &leaf, NULL), JH_OK);
        assert_int_equal(leaf.page, first);
        assert_int_equal(leaf.at, at);
        assert_memory_equal(leaf.bytes, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
    }
    assert_int_equal(jh_rtree_lookup(&image.heap, first + size, &leaf, NULL), JH_OK);
    assert_int_equal(leaf.page, first + size);
    assert_int_equal(leaf.at, at + (vaddr == 57 ? 16 : 8));
    assert_memory_equal(leaf.bytes, "\0\0\0\0\0\0\0\0", 8);
    image_end(&image);
}

static void elements_are_found(void **state) {
    (void)state;
    for (uint8_t page = 12; page <= 16; page = (uint8_t)(page + 2)) {
        finds_the_element(48, page);
        finds_the_element(57, page);
    }
}

static void all_of_a_wide_element_is_read(void **state) {
    (void)state;
    struct image image;
    struct jh_leaf_bytes leaf;
    start(&image, 57, 12);
    uint64_t at = image_leaf_slot(&image, A);
    image_put8(&image, at + 8, 0xfedcba9876543210);
    assert_int_equal(jh_rtree_lookup(&image.heap, A, &leaf, NULL), JH_OK);
    assert_memory_equal(leaf.bytes + 8, "\x10\x32\x54\x76\x98\xba\xdc\xfe", 8);
    struct spy spy = {.under = image.heap.reader};
    image.heap.reader = spy_read(&spy);
    assert_int_equal(jh_rtree_lookup(&image.heap, A, &leaf, NULL), JH_OK);
    assert_memory_equal(leaf.bytes + 8, "\x10\x32\x54\x76\x98\xba\xdc\xfe", 8);
    assert_int_equal(spy.reads, 3); /* one a level */
    image_end(&image);
}

static void is_empty(const struct jh_heap *heap, uint64_t addr, uint64_t page) {
    static const uint8_t zeroes[JH_LEAF_BYTES_MAX];
    struct jh_leaf_bytes leaf;
    struct jh_fault fault;
    MARK(leaf);
    MARK(fault);
    assert_int_equal(jh_rtree_lookup(heap, addr, &leaf, &fault), JH_OK);
    assert_int_equal(leaf.at, 0);
    assert_int_equal(leaf.page, page);
    assert_memory_equal(leaf.bytes, zeroes, sizeof(zeroes));
    UNTOUCHED(fault);
}

static void a_missing_node_is_an_empty_element(void **state) {
    (void)state;
    struct image image;
    start(&image, 48, 12);
    is_empty(&image.heap, A + 5, A);
    is_empty(&image.heap, 0, 0);
    is_empty(&image.heap, UINT64_MAX, 0xfffffffffffff000);
    image_end(&image);
    start(&image, 57, 12);
    is_empty(&image.heap, A, A);
    image_slot(&image, A, 1); /* now the last level is missing */
    is_empty(&image.heap, A, A);
    image_end(&image);
}

static void fails(const struct jh_heap *heap, enum jh_status status, enum jh_stage stage,
                  const char *rule, uint64_t addr) {
    struct jh_leaf_bytes leaf;
    struct jh_fault fault;
    MARK(leaf);
    assert_int_equal(jh_rtree_lookup(heap, A, &leaf, &fault), status);
    FAULT_IS(fault, status, stage, rule);
    assert_int_equal(fault.addr, addr);
    UNTOUCHED(leaf);
    assert_int_equal(jh_rtree_lookup(heap, A, &leaf, NULL), status);
}

static void absent_at_each_level(void **state) {
    (void)state;
    for (uint8_t vaddr = 48; vaddr <= 57; vaddr = (uint8_t)(vaddr + 9)) {
        for (unsigned level = 0; level < (vaddr == 48 ? 2U : 3U); level++) {
            struct image image;
            start(&image, vaddr, 12);
            image_leaf_slot(&image, A);
            uint64_t at = image_slot(&image, A, level);
            image_hole(&image, at + 4, 1);
            fails(&image.heap, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", at + 4);
            image_end(&image);
        }
    }
}

static void a_node_that_is_nowhere_is_absent(void **state) {
    (void)state;
    struct image image;
    start(&image, 48, 12);
    image_put8(&image, image_slot(&image, A, 0), 0x10000);
    fails(&image.heap, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", 0x10000 + 0x34567 * 8);
    image.heap.rtree_root = 0x20000;
    fails(&image.heap, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", 0x20000 + 0x1f848 * 8);
    image_end(&image);
}

static bool nothing_low(void *arg, uint64_t addr) {
    (void)arg;
    return addr >= 0x100000000;
}

/* Where the target never had anything mapped. The root is no pointer of the target's. */
static void a_pointer_to_nowhere_is_corrupt(void **state) {
    (void)state;
    for (uint8_t vaddr = 48; vaddr <= 57; vaddr = (uint8_t)(vaddr + 9)) {
        for (unsigned level = 0; level < (vaddr == 48 ? 1U : 2U); level++) {
            struct image image;
            start(&image, vaddr, 12);
            image_leaf_slot(&image, A);
            uint64_t slot = image_slot(&image, A, level);
            image_put8(&image, slot, 0x10000);
            image.heap.reader.mapped = nothing_low;
            fails(&image.heap, JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-unmapped", slot);
            image.heap.rtree_root = 0x20000;
            fails(&image.heap, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent",
                  0x20000 + jh_rtree_subkey(image.heap.layout, A, 0) * 8);
            image_end(&image);
        }
    }
}

static void misaligned_children_are_corrupt(void **state) {
    (void)state;
    struct image image;
    struct jh_leaf_bytes leaf;
    struct jh_fault fault;
    start(&image, 57, 12);
    image_leaf_slot(&image, A);
    for (unsigned level = 0; level < 2; level++) {
        uint64_t at = image_slot(&image, A, level);
        uint8_t *child = image_at(&image, at);
        *child |= 4;
        fails(&image.heap, JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-alignment", at);
        assert_int_equal(jh_rtree_lookup(&image.heap, A, &leaf, &fault), JH_CORRUPT);
        assert_int_equal(fault.seen % 8, 4);
        *child &= 0xf8;
    }
    assert_int_equal(jh_rtree_lookup(&image.heap, A, &leaf, &fault), JH_OK);
    image_end(&image);
}

static void a_reader_that_fails(void **state) {
    (void)state;
    struct image image;
    start(&image, 48, 12);
    uint64_t leaf = image_leaf_slot(&image, A), root = image_slot(&image, A, 0);
    struct spy spy = {
        .under = image.heap.reader, .fail_addr = leaf, .fail_len = 8, .fail = JH_READ_FAILED};
    image.heap.reader = spy_read(&spy);
    fails(&image.heap, JH_READ_FAILED, JH_STAGE_READER, "reader.failed", leaf);
    spy.fail_addr = root;
    fails(&image.heap, JH_READ_FAILED, JH_STAGE_READER, "reader.failed", root);
    image_end(&image);
}

/* A child at the top of the address space must not lead outside of it. */
static void a_child_at_the_last_address(void **state) {
    (void)state;
    struct image image;
    struct jh_leaf_bytes leaf;
    start(&image, 48, 12);
    image_put8(&image, image_slot(&image, A, 0), UINT64_MAX - 7);
    MARK(leaf);
    assert_int_equal(jh_rtree_lookup(&image.heap, A, &leaf, NULL), JH_ABSENT);
    UNTOUCHED(leaf);
    image_end(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subkeys),
        cmocka_unit_test(subkeys_ignore_the_top),
        cmocka_unit_test(first_address_of_a_leaf_node),
        cmocka_unit_test(elements_are_found),
        cmocka_unit_test(all_of_a_wide_element_is_read),
        cmocka_unit_test(a_missing_node_is_an_empty_element),
        cmocka_unit_test(absent_at_each_level),
        cmocka_unit_test(a_node_that_is_nowhere_is_absent),
        cmocka_unit_test(a_pointer_to_nowhere_is_corrupt),
        cmocka_unit_test(misaligned_children_are_corrupt),
        cmocka_unit_test(a_reader_that_fails),
        cmocka_unit_test(a_child_at_the_last_address),
    };
    return cmocka_run_group_tests_name("rtree", tests, NULL, NULL) != 0;
}
