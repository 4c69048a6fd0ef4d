/* locate: what is at an address, in one word and the numbers to it. */
#include "test.h"
#include "image.h"
#include "spy.h"

#define A UINT64_C(0x7e1234560000)

static struct jh_location locate(const struct jh_heap *heap, uint64_t addr) {
    struct jh_location l;
    struct jh_fault fault;
    MARK(fault);
    assert_int_equal(jh_locate(heap, addr, &l, &fault), JH_OK);
    UNTOUCHED(fault);
    return l;
}

static void owned(struct jh_location l, enum jh_use use, uint64_t start, uint64_t size,
                  uint64_t offset) {
    assert_true(l.owned);
    assert_int_equal(l.why, JH_WHY_OWNED);
    assert_int_equal(l.use, use);
    assert_int_equal(l.start, start);
    assert_int_equal(l.size, size);
    assert_int_equal(l.offset, offset);
    assert_true(l.extent.at);
}

static void nobodys(struct jh_location l, enum jh_why why, uint64_t extent) {
    assert_false(l.owned);
    assert_int_equal(l.why, why);
    assert_int_equal(l.extent.at, extent);
    assert_int_equal(l.offset, 0);
}

static void null_and_its_page(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    nobodys(locate(&image.heap, 0), JH_WHY_NULL, 0);
    nobodys(locate(&image.heap, 8), JH_WHY_NULL, 0);
    nobodys(locate(&image.heap, 4095), JH_WHY_NULL, 0);
    nobodys(locate(&image.heap, 4096), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

/* The tree would find A's extent for all of these. */
static void non_canonical(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    image_put(&image, &(struct image_extent){.addr = A, .size = 0x1000, .szind = 4, .slab = true});
    nobodys(locate(&image.heap, A | UINT64_C(1) << 48), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, A | UINT64_C(1) << 63), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, A | UINT64_C(0xffff) << 48), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, 0x0000800000000000), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, 0xffff800000000000), JH_WHY_NO_LEAF, 0);
    nobodys(locate(&image.heap, UINT64_MAX), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

static void canonical_with_57_bits(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.lg_vaddr = 57;
    image_start(&image, &build, IMAGE_METADATA);
    nobodys(locate(&image.heap, UINT64_C(1) << 48), JH_WHY_NO_LEAF, 0);
    nobodys(locate(&image.heap, UINT64_C(1) << 56), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, UINT64_C(0xff) << 56), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

/* aarch64 user space has all 48 bits, and nothing above them. */
static void canonical_on_aarch64(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.aarch64 = true;
    image_start(&image, &build, IMAGE_METADATA);
    uint64_t high = 0xaaaa12345000;
    image_put(&image,
              &(struct image_extent){.addr = high, .size = 0x1000, .szind = 4, .slab = true});
    owned(locate(&image.heap, high + 65), JH_USE_HELD, high + 64, 64, 1);
    nobodys(locate(&image.heap, high | UINT64_C(0xffff) << 48), JH_WHY_NON_CANONICAL, 0);
    nobodys(locate(&image.heap, 0xffffffffffff), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

static void kernel_half(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    uint64_t high = 0xffff888012345000;
    jh_build_init(&build, JH_5_3_0);
    image_start(&image, &build, 0xffff900000000000);
    image_put(&image, &(struct image_extent){high, 0x5000, 36, 0, false, 0, 0});
    owned(locate(&image.heap, high + 0x2345), JH_USE_HELD, high, 0x4000, 0x2345);
    nobodys(locate(&image.heap, high & 0xffffffffffff), JH_WHY_NON_CANONICAL, 0);
    image_end(&image);
}

static void regions_held_and_free(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(
        &image, &(struct image_extent){.addr = A, .size = 0x3000, .szind = 3, .slab = true});
    image_free_region(&image, at, 100);
    image_free_region(&image, at, 255);
    owned(locate(&image.heap, A), JH_USE_HELD, A, 48, 0);
    owned(locate(&image.heap, A + 47), JH_USE_HELD, A, 48, 47);
    owned(locate(&image.heap, A + 4800), JH_USE_FREE, A + 4800, 48, 0);
    owned(locate(&image.heap, A + 4799), JH_USE_HELD, A + 4752, 48, 47);
    owned(locate(&image.heap, A + 0x2fff), JH_USE_FREE, A + 12240, 48, 47);
    assert_int_equal(locate(&image.heap, A + 4800).region_index, 100);
    assert_int_equal(locate(&image.heap, A + 0x2fff).region_index, 255);
    nobodys(locate(&image.heap, A - 1), JH_WHY_NO_LEAF, 0);
    nobodys(locate(&image.heap, A + 0x3000), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

/* Pages are powers of two and so are not all bins: with room left over behind the last region. */
static void behind_the_last_region(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    image.layout.bin[3].nregs = 255; /* as opt.slab_sizes could make it */
    image_plan(&image);
    uint64_t at = image_put(
        &image, &(struct image_extent){.addr = A, .size = 0x3000, .szind = 3, .slab = true});
    owned(locate(&image.heap, A + 12239), JH_USE_HELD, A + 12192, 48, 47);
    nobodys(locate(&image.heap, A + 12240), JH_WHY_BEYOND, at);
    image_end(&image);
}

static void large_with_padding(enum jh_version version, uint64_t size, uint64_t usize) {
    struct image image;
    uint64_t addr = A + 0x240;
    image_stock(&image, version);
    uint64_t at = image_put(&image, &(struct image_extent){addr, size, 46, 0, false, 0, 0});
    nobodys(locate(&image.heap, A), JH_WHY_BEFORE, at);
    nobodys(locate(&image.heap, addr - 1), JH_WHY_BEFORE, at);
    owned(locate(&image.heap, addr), JH_USE_HELD, addr, usize, 0);
    owned(locate(&image.heap, addr + usize / 2), JH_USE_HELD, addr, usize, usize / 2);
    owned(locate(&image.heap, addr + usize - 1), JH_USE_HELD, addr, usize, usize - 1);
    nobodys(locate(&image.heap, addr + usize), JH_WHY_BEYOND, at);
    nobodys(locate(&image.heap, A + size - 1), JH_WHY_BEYOND, at);
    nobodys(locate(&image.heap, A + size), JH_WHY_NO_LEAF, 0);
    image_end(&image);
}

/* Class 46 is 24 pages, and one more is padding; from 5.3.1 on it is also 23. */
static void before_and_beyond(void **state) {
    (void)state;
    large_with_padding(JH_5_0_0, 0x19000, 98304);
    large_with_padding(JH_5_2_1, 0x19000, 98304);
    large_with_padding(JH_5_3_0, 0x19000, 98304);
    large_with_padding(JH_5_3_1, 0x18000, 94208);
    large_with_padding(JH_DEV, 0x18000, 94208);
}

static void is_used_as(enum jh_version version, uint8_t number, enum jh_use use) {
    struct image image;
    image_stock(&image, version);
    image_put(&image, &(struct image_extent){A, 0x5000, 232, number, false, 0, 0});
    owned(locate(&image.heap, A), use, A, 0x5000, 0);
    owned(locate(&image.heap, A + 0x2345), use, A, 0x5000, 0x2345);
    owned(locate(&image.heap, A + 0x4fff), use, A, 0x5000, 0x4fff);
    image_end(&image);
}

static void unused_extents_by_version(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        is_used_as((enum jh_version)v, 0, JH_USE_UNALLOCATED);
        is_used_as((enum jh_version)v, 1, JH_USE_DIRTY);
        is_used_as((enum jh_version)v, 2, JH_USE_MUZZY);
        is_used_as((enum jh_version)v, 3, JH_USE_RETAINED);
    }
    is_used_as(JH_5_3_1, 5, JH_USE_MERGING);
    is_used_as(JH_DEV, 4, JH_USE_PINNED);
    is_used_as(JH_DEV, 6, JH_USE_MERGING);
}

/* A slab bit that is left over makes no regions. */
static void stale_slab_bits(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    image_put(&image, &(struct image_extent){A, 0x3000, 232, 1, true, 77, 0});
    owned(locate(&image.heap, A + 100), JH_USE_DIRTY, A, 0x3000, 100);
    image_end(&image);
}

static void fails(const struct jh_heap *heap, uint64_t addr, enum jh_status status,
                  enum jh_stage stage, const char *rule) {
    struct jh_location l;
    struct jh_fault fault;
    MARK(l);
    assert_int_equal(jh_locate(heap, addr, &l, &fault), status);
    FAULT_IS(fault, status, stage, rule);
    UNTOUCHED(l);
    assert_int_equal(jh_locate(heap, addr, &l, NULL), status);
}

static void what_cannot_be_said(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(
        &image, &(struct image_extent){.addr = A, .size = 0x1000, .szind = 0, .slab = true});
    image_hole(&image, at + 72, 8);
    owned(locate(&image.heap, A), JH_USE_HELD, A, 8, 0);
    fails(&image.heap, A + 512, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    owned(locate(&image.heap, A + 1024), JH_USE_HELD, A + 1024, 8, 0);
    image_hole(&image, at, 8);
    fails(&image.heap, A, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    image_end(&image);
}

static void what_is_wrong(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(
        &image, &(struct image_extent){.addr = A, .size = 0x2000, .szind = 0, .slab = true});
    fails(&image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.slab-size");
    image_put8(&image, at + 16, 0x1000);
    fails(&image.heap, A + 0x1000, JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-not-covering");
    struct spy spy = {
        .under = image.heap.reader, .fail_addr = at, .fail_len = 128, .fail = JH_READ_FAILED};
    image.heap.reader = spy_read(&spy);
    fails(&image.heap, A, JH_READ_FAILED, JH_STAGE_READER, "reader.failed");
    image_end(&image);
}

static void names(void **state) {
    (void)state;
    static const char *const uses[] = {"held",     "free",   "unallocated", "dirty",  "muzzy",
                                       "retained", "pinned", "transition",  "merging"};
    for (size_t i = 0; i < COUNT(uses); i++) {
        assert_string_equal(jh_use_name((enum jh_use)i), uses[i]);
    }
    assert_string_equal(jh_use_name((enum jh_use)COUNT(uses)), "?");
    assert_string_equal(jh_why_name(JH_WHY_OWNED), "owned");
    assert_string_equal(jh_why_name(JH_WHY_NON_CANONICAL), "non-canonical");
    assert_string_equal(jh_why_name(JH_WHY_BEYOND), "beyond the usable size");
    assert_string_equal(jh_why_name((enum jh_why)99), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_its_page),
        cmocka_unit_test(non_canonical),
        cmocka_unit_test(canonical_with_57_bits),
        cmocka_unit_test(canonical_on_aarch64),
        cmocka_unit_test(kernel_half),
        cmocka_unit_test(regions_held_and_free),
        cmocka_unit_test(behind_the_last_region),
        cmocka_unit_test(before_and_beyond),
        cmocka_unit_test(unused_extents_by_version),
        cmocka_unit_test(stale_slab_bits),
        cmocka_unit_test(what_cannot_be_said),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("locate", tests, NULL, NULL) != 0;
}
