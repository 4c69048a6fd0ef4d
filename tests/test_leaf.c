/* leaf: one element to the extent it names, from bytes written by hand. */
#include "test.h"
#include "image.h"

static struct jh_layout layout_of(enum jh_version version, uint8_t lg_vaddr, bool aarch64) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    build.lg_vaddr = lg_vaddr;
    build.aarch64 = aarch64;
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static struct jh_leaf decode_word(const struct jh_layout *layout, uint64_t word) {
    uint8_t bytes[JH_LEAF_BYTES_MAX] = {0}; /* of wide elements the word is the first */
    struct jh_leaf leaf;
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(word >> (8 * i));
    }
    MARK(leaf);
    jh_leaf_decode(layout, bytes, &leaf);
    return leaf;
}

static void leaf_is(struct jh_leaf leaf, uint64_t extent, uint32_t szind, uint32_t state, bool slab,
                    bool is_head) {
    assert_int_equal(leaf.extent, extent);
    assert_int_equal(leaf.szind, szind);
    assert_int_equal(leaf.state_bits, state);
    assert_int_equal(leaf.slab, slab);
    assert_int_equal(leaf.is_head, is_head);
}

/* jemalloc issue 2667: what a script that cleared one bit took for extents of size 0. */
static void flags_below_the_pointer(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0, 48, false);
    leaf_is(decode_word(&layout, 0x00007ffff7816502), 0x7ffff7816500, 0, 0, false, true);
    leaf_is(decode_word(&layout, 0x00007ffff7816a0c), 0x7ffff7816a00, 0, 3, false, false);
}

static void compact_by_version(void **state) {
    (void)state;
    const uint64_t word = 0x002f7ffff78165ff; /* szind 47, every low bit set */
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 48, false);
        struct jh_leaf leaf = decode_word(&layout, word);
        if (v < JH_5_3_0) {
            leaf_is(leaf, 0x7ffff78165fe, 47, 0, true, false);
        } else {
            leaf_is(leaf, 0x7ffff7816580, 47, 7, true, true);
        }
    }
}

static void checked(const struct jh_layout *layout, const struct jh_leaf *leaf, const char *rule,
                    uint64_t seen) {
    const struct jh_extent e = {
        .at = 0x7ffff7816500, .base = 0x7e0000001000, .szind = 4, .slab = true, .allocated = true};
    struct jh_fault fault;
    MARK(fault);
    if (!rule) {
        assert_int_equal(jh_leaf_check(layout, leaf, &e, &fault), JH_OK);
        UNTOUCHED(fault);
        return;
    }
    assert_int_equal(jh_leaf_check(layout, leaf, &e, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_LEAF, rule);
    assert_int_equal(fault.addr, e.base);
    assert_int_equal(fault.seen, seen);
}

static void held_against_the_extent(void **state) {
    (void)state;
    const uint64_t at = 0x7ffff7816500;
    struct jh_layout layout = layout_of(JH_5_3_0, 48, false);
    checked(&layout, &(struct jh_leaf){at, 4, 0, true, false, 0}, NULL, 0);
    checked(&layout, &(struct jh_leaf){at + 128, 4, 0, true, false, 0}, "leaf.first-page-missing",
            at);
    checked(&layout, &(struct jh_leaf){at, 5, 0, true, false, 0}, "leaf.szind", 5);
    checked(&layout, &(struct jh_leaf){at, 4, 0, false, false, 0}, "leaf.slab", 0);
    checked(&layout, &(struct jh_leaf){at, 4, 2, true, false, 0}, "leaf.state", 2);
    checked(&layout, &(struct jh_leaf){at, 4, 0, true, true, 0}, "leaf.is-head", 1);
    checked(&layout, &(struct jh_leaf){at, 4, 0, true, false, 32}, "leaf.unused-bits", 32);
    checked(&layout, &(struct jh_leaf){at, 232, 0, false, false, 0}, "leaf.szind", 232);
    for (unsigned i = JH_LEAF_SZIND; i < JH_LEAF_FIELDS; i++) { /* not known of it */
        layout.leaf[i].width = 0;
    }
    checked(&layout, &(struct jh_leaf){at, 0, 3, false, true, 0}, NULL, 0);
}

/* Between the state and the pointer of a compact element; up to 5.2 the pointer begins there. */
static void bits_that_no_field_has(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0, 48, false);
    assert_int_equal(decode_word(&layout, 0x00037ffff78165ff).unused, 0x60);
    assert_int_equal(decode_word(&layout, 0x00037ffff781659f).unused, 0);
    layout = layout_of(JH_5_3_0, 57, false);
    assert_int_equal(decode_word(&layout, 0x00037ffff78165ff).unused, 0);
    layout = layout_of(JH_5_2_1, 48, false);
    assert_int_equal(decode_word(&layout, 0x00037ffff78165ff).unused, 0);
    struct jh_build build;
    struct jh_leaf leaf;
    jh_build_init(&build, JH_5_3_1);
    build.little_endian = false;
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    jh_leaf_decode(&layout, (const uint8_t[8]){0, 3, 0x7f, 0xff, 0xf7, 0x81, 0x65, 0x40}, &leaf);
    assert_int_equal(leaf.unused, 0x40);
}

/* 5.0 to 5.2 align extents to 64 only: bit 6 is the pointer's. */
static void extents_between_multiples_of_128(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_0_0, 48, false);
    leaf_is(decode_word(&layout, 0x00037ffff7816541), 0x7ffff7816540, 3, 0, true, false);
    layout = layout_of(JH_5_3_0, 48, false);
    leaf_is(decode_word(&layout, 0x00037ffff7816541), 0x7ffff7816500, 3, 0, true, false);
}

static void one_bit_at_a_time(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_1, 48, false);
    leaf_is(decode_word(&layout, 1), 0, 0, 0, true, false);
    leaf_is(decode_word(&layout, 2), 0, 0, 0, false, true);
    leaf_is(decode_word(&layout, 4), 0, 0, 1, false, false);
    leaf_is(decode_word(&layout, 16), 0, 0, 4, false, false);
    leaf_is(decode_word(&layout, 32), 0, 0, 0, false, false);
    leaf_is(decode_word(&layout, 64), 0, 0, 0, false, false);
    leaf_is(decode_word(&layout, 128), 128, 0, 0, false, false);
    leaf_is(decode_word(&layout, UINT64_C(1) << 46), UINT64_C(1) << 46, 0, 0, false, false);
    leaf_is(decode_word(&layout, UINT64_C(1) << 48), 0, 1, 0, false, false);
    leaf_is(decode_word(&layout, UINT64_C(1) << 63), 0, 32768, 0, false, false);
}

static void kernel_half_is_sign_extended(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 48, false);
        leaf_is(decode_word(&layout, 0x0005880000001000), 0xffff880000001000, 5, 0, false, false);
        leaf_is(decode_word(&layout, 0x00057fffffff1000), 0x00007fffffff1000, 5, 0, false, false);
    }
}

/* 5.0 had no rule for aarch64 yet. */
static void aarch64_zeroes_the_top(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 48, true);
        uint64_t top = v < JH_5_1_0 ? 0xffff000000000000 : 0;
        leaf_is(decode_word(&layout, 0x0005880000001000), top | 0x880000001000, 5, 0, false, false);
        leaf_is(decode_word(&layout, 0x00057fffffff1000), 0x7fffffff1000, 5, 0, false, false);
    }
}

/* szind has all the bits that LG_VADDR leaves over. */
static void szind_above_the_pointer(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_2_1, 48, false);
    assert_int_equal(decode_word(&layout, 0x00e8000000000000).szind, 232);
    assert_int_equal(decode_word(&layout, 0xffff000000000000).szind, 65535);
    assert_int_equal(decode_word(&layout, 0x0000ffffffffffff).szind, 0);
}

static void cleared_elements_name_no_extent(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 48, false);
        leaf_is(decode_word(&layout, 0), 0, 0, 0, false, false);
        leaf_is(decode_word(&layout, 0x00e8000000000000), 0, 232, 0, false, false);
        leaf_is(decode_word(&layout, 0x00eb000000000000), 0, 235, 0, false, false);
    }
}

static void wide(void **state) {
    (void)state;
    static const uint8_t bytes[16] = {0x40, 0x65, 0x81, 0xf7, 0xff, 0x7f, 0x34, 0x01,
                                      47,   1,    0,    0,    1,    0xee, 0xee, 0xee};
    for (unsigned v = 0; v < JH_5_3_0; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 57, false);
        struct jh_leaf leaf;
        MARK(leaf);
        jh_leaf_decode(&layout, bytes, &leaf);
        leaf_is(leaf, 0x01347ffff7816540, 303, 0, true, false);
    }
}

static void wide_packed(void **state) {
    (void)state;
    /* metadata 0x1dd2: slab 0, is_head 1, state 4, szind 238 */
    static const uint8_t bytes[16] = {0x80, 0x65, 0x81, 0xf7, 0xff, 0x7f, 0x34, 0x01,
                                      0xd2, 0x1d, 0,    0,    0xee, 0xee, 0xee, 0xee};
    for (unsigned v = JH_5_3_0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 57, false);
        struct jh_leaf leaf;
        MARK(leaf);
        jh_leaf_decode(&layout, bytes, &leaf);
        leaf_is(leaf, 0x01347ffff7816580, 238, 4, false, true);
    }
}

static void cleared_wide_elements_name_no_extent(void **state) {
    (void)state;
    static const uint8_t bytes[2][16] = {{0, 0, 0, 0, 0, 0, 0, 0, 0xe8},
                                         {0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1d}};
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 57, false);
        struct jh_leaf leaf;
        jh_leaf_decode(&layout, bytes[v < JH_5_3_0 ? 0 : 1], &leaf);
        leaf_is(leaf, 0, 232, 0, false, false);
    }
}

/* What jemalloc would write comes back, and the encoder writes the same bytes. */
static void both_ways(const struct jh_build *build, const struct image_leaf *in) {
    struct jh_layout layout;
    struct jh_leaf leaf;
    uint8_t bytes[16] = {0}, encoded[16] = {0};
    bool packed = build->version >= JH_5_3_0;
    assert_int_equal(jh_layout_make(build, &layout, NULL), JH_OK);
    image_encode_leaf(build, in, bytes);
    jh_leaf_decode(&layout, bytes, &leaf);
    leaf_is(leaf, in->extent, in->szind, packed ? in->state : 0, in->slab, packed && in->is_head);
    leaf = (struct jh_leaf){in->extent, in->szind, in->state, in->slab, in->is_head, 0};
    jh_leaf_encode(&layout, &leaf, encoded);
    assert_memory_equal(encoded, bytes, sizeof(bytes));
}

static void encoded_by_hand(void **state) {
    (void)state;
    static const uint64_t extents[] = {0, 0x80, 0x7f1234567880, 0x7fffffffff80, 0x555555554100};
    for (unsigned n = 0; n < JH_VERSIONS * 2U * 5U * 233U; n++) {
        struct jh_build build;
        jh_build_init(&build, (enum jh_version)(n % JH_VERSIONS));
        build.lg_vaddr = n / JH_VERSIONS & 1 ? 57 : 48;
        unsigned rest = n / JH_VERSIONS / 2;
        both_ways(&build, &(struct image_leaf){extents[rest % 5], rest / 5, (uint8_t)(rest % 7),
                                               rest & 1, rest & 2});
    }
}

static void encoding_writes_no_more_than_the_element(void **state) {
    (void)state;
    uint8_t bytes[16];
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout layout = layout_of((enum jh_version)v, 48, false);
        struct jh_leaf leaf = {0xffff880000001000, 0x12345, 9, true, true, 0};
        MARK(bytes);
        jh_leaf_encode(&layout, &leaf, bytes);
        assert_true(is_marked(bytes + 8, 8));
        assert_int_equal(bytes[7], 0x23); /* szind is cut to its 16 bits */
        assert_int_equal(bytes[6], 0x45);
        assert_int_equal(bytes[0], v < JH_5_3_0 ? 1 : 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_below_the_pointer),
        cmocka_unit_test(compact_by_version),
        cmocka_unit_test(held_against_the_extent),
        cmocka_unit_test(bits_that_no_field_has),
        cmocka_unit_test(extents_between_multiples_of_128),
        cmocka_unit_test(one_bit_at_a_time),
        cmocka_unit_test(kernel_half_is_sign_extended),
        cmocka_unit_test(aarch64_zeroes_the_top),
        cmocka_unit_test(szind_above_the_pointer),
        cmocka_unit_test(cleared_elements_name_no_extent),
        cmocka_unit_test(wide),
        cmocka_unit_test(wide_packed),
        cmocka_unit_test(cleared_wide_elements_name_no_extent),
        cmocka_unit_test(encoded_by_hand),
        cmocka_unit_test(encoding_writes_no_more_than_the_element),
    };
    return cmocka_run_group_tests_name("leaf", tests, NULL, NULL) != 0;
}
