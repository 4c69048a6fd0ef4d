/* Bins as slabs have them, where jemalloc's table has no symbol: what makes them sure, and what one
 * damaged slab does not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "image_core.h"

static char path[64];
static struct image image;
static struct core_file core;
static uint64_t next; /* where the next slab goes */

static void start(enum jh_version version) {
    image_stock(&image, version);
    next = UINT64_C(0x7e1230000000);
}

static uint64_t slab(uint32_t szind, uint64_t pages, uint32_t nfree) {
    const struct image_extent e = {next, 4096 * pages, szind, 0, true, nfree, 0};
    next += 4096 * pages;
    uint64_t at = image_put(&image, &e);
    for (uint32_t i = 0; i < nfree; i++) {
        image_free_region(&image, at, i);
    }
    return at;
}

static struct jt_target *opened(const char *layout) {
    struct jt_target *target = image_core_open(&image, &core, path, layout);
    assert_string_equal(target->error, "");
    return target;
}

static uint64_t pages_of(const struct jt_target *t, uint32_t szind) {
    return t->layout.bin[szind].slab_size / 4096;
}

static void done(struct jt_target *t) {
    jt_close(t);
    image_end(&image);
}

/* slab_sizes:1-4096:17, as far as bitmaps have room: one slab of each is enough. */
static void an_option_for_all(void **state) {
    (void)state;
    for (unsigned given = 0; given < 2; given++) {
        start(JH_5_3_0);
        (void)slab(0, 1, 3);   /* 8 bytes: 512 regions in a page */
        (void)slab(1, 2, 5);   /* 16 */
        (void)slab(3, 6, 7);   /* 48 */
        (void)slab(9, 17, 0);  /* 160, of 5 pages */
        (void)slab(10, 17, 9); /* 192 */
        (void)slab(12, 17, 1); /* 256 */
        (void)slab(35, 7, 2);  /* 14336: as it was */
        struct jt_target *t = opened(given ? "5.3.0" : NULL);
        assert_int_equal(t->source[JT_PART_BINS], JT_INFERRED);
        assert_int_equal(t->verified, 7);
        assert_int_equal(t->tried, 7);
        assert_int_equal(pages_of(t, 0), 1);
        assert_int_equal(pages_of(t, 1), 2);
        assert_int_equal(pages_of(t, 3), 6);
        assert_int_equal(pages_of(t, 9), 17);
        assert_int_equal(t->layout.bin[9].nregs, 17 * 4096 / 160);
        assert_int_equal(pages_of(t, 11), 7); /* 224: of which there is none */
        assert_int_equal(pages_of(t, 35), 7);
        done(t);
    }
}

/* One bin alone takes two slabs that agree. */
static void an_option_for_one(void **state) {
    (void)state;
    for (unsigned slabs = 1; slabs < 3; slabs++) {
        start(JH_5_3_0);
        for (unsigned i = 0; i < 5; i++) {
            (void)slab(1, 1, i);
        }
        for (unsigned i = 0; i < slabs; i++) {
            (void)slab(9, 9, i);
        }
        struct jt_target *t = opened("5.3.0");
        assert_int_equal(pages_of(t, 9), slabs == 1 ? 5 : 9);
        assert_int_equal(t->source[JT_PART_BINS], slabs == 1 ? JT_GIVEN : JT_INFERRED);
        assert_int_equal(t->tried - t->verified, slabs == 1 ? 1 : 0);
        done(t);
    }
}

/* Sizes that other slabs of the bin do not have, or that their bitmaps contradict. */
static void slabs_that_are_damaged(void **state) {
    (void)state;
    start(JH_5_3_0);
    for (unsigned i = 0; i < 3; i++) {
        (void)slab(9, 5, i);
    }
    (void)slab(9, 9, 0);
    (void)slab(9, 9, 0);
    for (unsigned i = 0; i < 3; i++) { /* more are free than it has bits of */
        uint64_t at = slab(10, 9, 2);
        memset(image_at(&image, at) + 64, 0, 64);
    }
    for (unsigned i = 0; i < 2; i++) { /* whose bits are absent */
        image_hole(&image, slab(11, 9, 0) + 64, 64);
    }
    (void)slab(50, 9, 0);   /* of a large size class */
    (void)slab(0, 2000, 0); /* of more regions than any bitmap has bits */
    (void)slab(0, 2000, 0);
    struct jt_target *t = opened("5.3.0");
    assert_int_equal(pages_of(t, 9), 5);
    assert_int_equal(pages_of(t, 10), 3);
    assert_int_equal(pages_of(t, 11), 7);
    assert_int_equal(pages_of(t, 0), 1);
    assert_int_equal(t->source[JT_PART_BINS], JT_GIVEN);
    done(t);
}

/* bin_shards, which 5.2.0 brought; before it nothing is changed at run time. */
static void shards(void **state) {
    (void)state;
    for (unsigned old = 0; old < 2; old++) {
        start(old ? JH_5_1_0 : JH_5_3_0);
        for (uint64_t i = 0; i < 4; i++) {
            uint64_t at = slab(9, 9, 0), bits;
            memcpy(&bits, image_at(&image, at), sizeof bits);
            image_put8(&image, at, bits | i << image.layout.extent[JH_EXTENT_BIN_SHARD].shift);
        }
        struct jt_target *t = opened(old ? "5.1.0" : "5.3.0");
        assert_int_equal(pages_of(t, 9), old ? 5 : 9);
        assert_int_equal(t->layout.bin[9].n_shards, old ? 1 : 4);
        done(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_for_all),
        cmocka_unit_test(an_option_for_one),
        cmocka_unit_test(slabs_that_are_damaged),
        cmocka_unit_test(shards),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-bins-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
