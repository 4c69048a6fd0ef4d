/* slab: which regions are free, and which one an address is in. */
#include "test.h"
#include "image.h"
#include "spy.h"

#define A UINT64_C(0x7e1234560000) /* starts a 64 KiB page */

struct slab_in {
    struct image image;
    struct jh_extent extent;
};

static void start(struct slab_in *s, enum jh_version version, uint8_t lg_page, uint32_t szind,
                  uint64_t size) {
    struct jh_build build;
    jh_build_init(&build, version);
    build.lg_page = lg_page;
    image_start(&s->image, &build, IMAGE_METADATA);
    uint64_t at = image_put(
        &s->image, &(struct image_extent){.addr = A, .size = size, .szind = szind, .slab = true});
    assert_int_equal(jh_extent_read(&s->image.heap, at, &s->extent, NULL), JH_OK);
}

static void free_region(struct slab_in *s, uint32_t index) {
    image_free_region(&s->image, s->extent.at, index);
}

static struct jh_slab read_slab(struct slab_in *s) {
    struct jh_slab slab;
    struct jh_fault fault;
    MARK(fault);
    assert_int_equal(jh_slab_read(&s->image.heap, &s->extent, &slab, &fault), JH_OK);
    UNTOUCHED(fault);
    return slab;
}

static void all_held(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct slab_in s;
        start(&s, (enum jh_version)v, 12, 4, 0x1000);
        struct jh_slab slab = read_slab(&s);
        assert_int_equal(slab.base, A);
        assert_int_equal(slab.reg_size, 64);
        assert_int_equal(slab.nregs, 64);
        assert_int_equal(slab.nfree, 0);
        for (uint32_t i = 0; i < 64; i++) {
            assert_false(jh_slab_free(&s.image.layout, &slab, i));
        }
        image_end(&s.image);
    }
}

static bool is_one_of(uint32_t i, const uint32_t *free, size_t count) {
    for (size_t k = 0; k < count; k++) {
        if (free[k] == i) {
            return true;
        }
    }
    return false;
}

static void exactly_these_are_free(struct slab_in *s, const uint32_t *free, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free_region(s, free[i]);
    }
    struct jh_slab slab = read_slab(s);
    assert_int_equal(slab.nfree, count);
    for (uint32_t i = 0; i < slab.nregs; i++) {
        assert_int_equal(jh_slab_free(&s->image.layout, &slab, i), is_one_of(i, free, count));
    }
}

static void free_regions_in_many_words(void **state) {
    (void)state;
    static const uint32_t free[] = {0, 1, 31, 32, 63, 64, 65, 127, 128, 255, 256, 448, 511};
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 0, 0x1000); /* 512 regions of 8 bytes */
    exactly_these_are_free(&s, free, COUNT(free));
    image_end(&s.image);
}

static void the_most_regions_there_can_be(void **state) {
    (void)state;
    static const uint32_t free[] = {0, 63, 64, 4095, 4096, 8127, 8128, 8191};
    struct slab_in s;
    start(&s, JH_5_3_1, 16, 0, 0x10000); /* 8192 regions of 8 bytes */
    exactly_these_are_free(&s, free, COUNT(free));
    image_end(&s.image);
}

/* Words behind the last region hold old lists: not read, not counted. */
static void nothing_behind_the_last_region_counts(void **state) {
    (void)state;
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 35, 0x7000); /* 2 regions of 14336 bytes */
    free_region(&s, 1);
    free_region(&s, 2);
    free_region(&s, 63);
    free_region(&s, 64);
    free_region(&s, 511);
    struct jh_slab slab = read_slab(&s);
    assert_int_equal(slab.nregs, 2);
    assert_int_equal(slab.nfree, 1);
    assert_false(jh_slab_free(&s.image.layout, &slab, 0));
    assert_true(jh_slab_free(&s.image.layout, &slab, 1));
    image_hole(&s.image, s.extent.at + 72, 56);
    slab = read_slab(&s);
    assert_int_equal(slab.nfree, 1);
    image_end(&s.image);
}

/* As many regions as whole words: the read ends with the last of them. */
static void whole_words_are_read_and_no_more(void **state) {
    (void)state;
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 4, 0x1000); /* 64 regions */
    image_hole(&s.image, s.extent.at + 72, 64);
    read_slab(&s);
    image_end(&s.image);
    start(&s, JH_5_3_0, 12, 0, 0x1000); /* 512 */
    image_hole(&s.image, s.extent.at + 128, 64);
    read_slab(&s);
    image_end(&s.image);
}

static void regions_of_addresses(void **state) {
    (void)state;
    static const struct {
        uint64_t offset;
        uint32_t region;
    } cases[] = {{0, 0},       {1, 0},       {47, 0},      {48, 1},      {0x1000, 85},
                 {12239, 254}, {12240, 255}, {12287, 255}, {12288, 256}, {0x10000, 256}};
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 3, 0x3000); /* 256 regions of 48 bytes */
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(jh_slab_region(&s.image.layout, &s.extent, A + cases[i].offset),
                         cases[i].region);
    }
    assert_int_equal(jh_slab_region(&s.image.layout, &s.extent, A - 1), 256);
    assert_int_equal(jh_slab_region(&s.image.layout, &s.extent, 0), 256);
    assert_int_equal(jh_slab_region(&s.image.layout, &s.extent, UINT64_MAX), 256);
    image_end(&s.image);
}

static void cannot_read(struct slab_in *s, enum jh_status status, enum jh_stage stage,
                        const char *rule) {
    struct jh_slab slab;
    struct jh_fault fault;
    MARK(slab);
    assert_int_equal(jh_slab_read(&s->image.heap, &s->extent, &slab, &fault), status);
    FAULT_IS(fault, status, stage, rule);
    UNTOUCHED(slab);
    assert_int_equal(jh_slab_read(&s->image.heap, &s->extent, &slab, NULL), status);
}

static void what_is_not_a_slab(void **state) {
    (void)state;
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 4, 0x1000);
    s.extent.slab = false;
    cannot_read(&s, JH_UNSUPPORTED, JH_STAGE_SLAB, "slab.not-a-slab");
    s.extent.slab = true;
    s.extent.allocated = false; /* dirty: the slab bit is stale */
    cannot_read(&s, JH_UNSUPPORTED, JH_STAGE_SLAB, "slab.not-a-slab");
    s.extent.allocated = true;
    s.extent.szind = 36;
    cannot_read(&s, JH_UNSUPPORTED, JH_STAGE_SLAB, "slab.not-a-slab");
    s.extent.szind = UINT32_MAX;
    cannot_read(&s, JH_UNSUPPORTED, JH_STAGE_SLAB, "slab.not-a-slab");
    image_end(&s.image);
}

static void bits_that_are_not_there(void **state) {
    (void)state;
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 0, 0x1000);
    struct spy spy = {.under = s.image.heap.reader,
                      .fail_addr = s.extent.at + 64,
                      .fail_len = 64,
                      .fail = JH_READ_FAILED};
    struct jh_reader lending = s.image.heap.reader;
    s.image.heap.reader = spy_read(&spy);
    cannot_read(&s, JH_READ_FAILED, JH_STAGE_READER, "reader.failed");
    s.image.heap.reader = lending;
    image_hole(&s.image, s.extent.at + 127, 1);
    cannot_read(&s, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    image_end(&s.image);
}

/* ---- does the bitmap agree with the extent? -------------------------------------------------- */

static void checked(struct slab_in *s, const char *rule, uint64_t seen) {
    struct jh_slab slab = read_slab(s);
    struct jh_fault fault;
    MARK(fault);
    enum jh_status status = jh_slab_check(&s->image.layout, &s->extent, &slab, &fault);
    assert_int_equal(status, rule ? JH_CORRUPT : JH_OK);
    assert_int_equal(jh_slab_check(&s->image.layout, &s->extent, &slab, NULL), status);
    if (!rule) {
        UNTOUCHED(fault);
        return;
    }
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_SLAB, rule);
    assert_int_equal(fault.addr, s->extent.at);
    assert_int_equal(fault.seen, seen);
}

static void as_many_are_free_as_nfree_says(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct slab_in s;
        start(&s, (enum jh_version)v, 12, 0, 0x1000); /* 512 regions */
        checked(&s, NULL, 0);
        free_region(&s, 0);
        free_region(&s, 300);
        checked(&s, "slab.nfree", 2);
        s.extent.nfree = 2;
        checked(&s, NULL, 0);
        s.extent.nfree = 3;
        checked(&s, "slab.nfree", 2);
        image_end(&s.image);
    }
}

static void no_bit_behind_the_last_region(void **state) {
    (void)state;
    struct slab_in s;
    start(&s, JH_5_3_0, 12, 35, 0x7000); /* 2 regions */
    free_region(&s, 2);
    checked(&s, "slab.unused-bits", 4);
    image_end(&s.image);
    start(&s, JH_5_3_0, 12, 5, 0x5000); /* 256 regions of 80 bytes: whole words */
    free_region(&s, 256);
    checked(&s, NULL, 0);
    image_end(&s.image);
}

/* ---- many at once ---------------------------------------------------------------------------- */

/* Slabs of two classes by turns, and one extent that is none; the last one's bitmap is absent but
 * for what its class needs. */
static void many_are_as_many_single_ones(void **state) {
    (void)state;
    enum { MANY = 40 };
    struct image image;
    struct jh_extent e[MANY];
    static struct jh_slab out[MANY], one;
    enum jh_status status[MANY];
    image_stock(&image, JH_5_3_0);
    for (uint32_t i = 0; i < MANY; i++) {
        struct image_extent made = {
            A + i * UINT64_C(0x10000), 0x1000, i % 2 ? 4 : 0, 0, true, i, 0};
        uint64_t at = image_put(&image, &made);
        image_free_region(&image, at, i);
        assert_int_equal(jh_extent_read(&image.heap, at, &e[i], NULL), JH_OK);
    }
    e[5].allocated = false;
    image_hole(&image, e[MANY - 1].at + 72, 8);
    image_hole(&image, e[MANY - 2].at + 72, 8);
    struct spy spy = {.under = image.heap.reader};
    for (unsigned k = 0; k < 3; k++) {
        memset(out, 0, sizeof(out));
        jh_slab_read_many(&image.heap, e, MANY, out, status);
        for (uint32_t i = 0; i < MANY; i++) {
            memset(&one, 0, sizeof(one));
            assert_int_equal(status[i], jh_slab_read(&image.heap, &e[i], &one, NULL));
            assert_memory_equal(&out[i], &one, sizeof(one));
        }
        assert_int_equal(status[5], JH_UNSUPPORTED);
        assert_int_equal(status[MANY - 2], JH_ABSENT);
        image.heap.reader = k ? spy_gather(&spy) : spy_read(&spy);
    }
    assert_int_equal(spy.gathers, 3);
    image_end(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_held),
        cmocka_unit_test(free_regions_in_many_words),
        cmocka_unit_test(the_most_regions_there_can_be),
        cmocka_unit_test(nothing_behind_the_last_region_counts),
        cmocka_unit_test(whole_words_are_read_and_no_more),
        cmocka_unit_test(regions_of_addresses),
        cmocka_unit_test(what_is_not_a_slab),
        cmocka_unit_test(bits_that_are_not_there),
        cmocka_unit_test(as_many_are_free_as_nfree_says),
        cmocka_unit_test(no_bit_behind_the_last_region),
        cmocka_unit_test(many_are_as_many_single_ones),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL) != 0;
}
