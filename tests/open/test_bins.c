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

/* A slab of class 9 and this shard. */
static void slab_of_shard(uint64_t pages, uint64_t shard) {
    uint64_t at = slab(9, pages, 0), bits;
    memcpy(&bits, image_at(&image, at), sizeof bits);
    image_put8(&image, at, bits | shard << image.layout.extent[JH_EXTENT_BIN_SHARD].shift);
}

/* bin_shards, which 5.2.0 brought; before it nothing is changed at run time. Slabs of some shards
 * may be few or none, so slabs do not tell how many there are. */
static void shards(void **state) {
    (void)state;
    for (unsigned old = 0; old < 2; old++) {
        start(old ? JH_5_1_0 : JH_5_3_0);
        for (uint64_t i = 0; i < 4; i++) {
            slab_of_shard(9, i);
        }
        struct jt_target *t = opened(old ? "5.1.0" : "5.3.0");
        assert_int_equal(pages_of(t, 9), old ? 5 : 9);
        assert_int_equal(t->layout.bin[9].n_shards, old ? 1 : 0);
        done(t);
    }
}

/* ---- jemalloc's own table, which no symbol leads to ------------------------------------------ */

enum { OFFSET = 24 }; /* of the table in its memory */

static uint64_t table_place(uint32_t szind) {
    uint64_t stride;
    uint32_t align;
    assert_int_equal(jh_struct_size(&image.layout, "bin_info_s", &stride, &align, NULL), JH_OK);
    return stride * szind;
}

/* bin_infos with so many shards of class 9; memory: how many bytes there are of it. */
static uint64_t table(size_t memory, uint32_t n_shards) {
    uint64_t at = image_block(&image, memory);
    for (uint32_t i = 0; i < image.layout.sc_nbins; i++) {
        const struct jh_bin *bin = &image.layout.bin[i];
        uint64_t place = at + OFFSET + table_place(i);
        image_put8(&image, place, bin->reg_size);
        image_put8(&image, place + 8, bin->slab_size);
        image_put8(&image, place + 16, bin->nregs | (uint64_t)(i == 9 ? n_shards : 1) << 32);
    }
    return at + OFFSET;
}

/* Slabs have shown two of eight. */
static void shards_of_the_table(void **state) {
    static const enum jh_version version[] = {JH_5_2_0, JH_5_2_1, JH_5_3_0, JH_5_3_1, JH_DEV};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof version / sizeof version[0]; i++) {
        bool given = i % 2 != 0;
        start(version[i / 2]);
        (void)table(70000, 8);
        slab_of_shard(5, 0);
        slab_of_shard(5, 1);
        (void)slab(2, 1, 3); /* which tells the quantum */
        struct jt_target *t = opened(given ? jh_version_name(version[i / 2]) : NULL);
        assert_int_equal(t->source[JT_PART_BINS], JT_INFERRED);
        assert_int_equal(t->layout.bin[9].n_shards, 8);
        assert_int_equal(t->layout.bin[8].n_shards, 1);
        assert_int_equal(t->tried, t->verified);
        done(t);
    }
}

/* The table of a run with slab_sizes. It begins in one piece of memory that is read, and ends in
 * the next. */
static void slabs_of_the_table(void **state) {
    (void)state;
    start(JH_5_3_0);
    image.layout.bin[9].slab_size = UINT64_C(9) * 4096;
    image.layout.bin[9].nregs = 9 * 4096 / 160;
    uint64_t at = image_block(&image, 80000), from = table(4096, 4), place = at + 65536 - 160;
    memcpy(image_at(&image, place), image_at(&image, from), 4096 - OFFSET);
    memset(image_at(&image, from), 0, 4096 - OFFSET);
    slab_of_shard(9, 0); /* one alone is not sure */
    struct jt_target *t = opened("5.3.0");
    assert_int_equal(t->source[JT_PART_BINS], JT_INFERRED);
    assert_int_equal(pages_of(t, 9), 9);
    assert_int_equal(t->layout.bin[9].n_shards, 4);
    done(t);
}

/* What is no table, or not this heap's; the last two are. */
static void tables_that_are_none(void **state) {
    enum {
        REG_SIZE,
        NREGS,
        NO_SHARDS,
        MANY_SHARDS,
        TWO,
        ABSENT,
        CONTRADICTED,
        CUT,
        FAR,
        SOUND,
        TWICE
    };
    (void)state;
    for (unsigned how = REG_SIZE; how <= TWICE; how++) {
        start(JH_5_3_0);
        image.next += how == FAR ? UINT64_C(64) << 20 : 0;
        image.layout.bin[9].slab_size += how == CONTRADICTED ? 4096 : 0;
        image.layout.bin[9].nregs = (uint32_t)(image.layout.bin[9].slab_size / 160);
        uint64_t at = table(20000, 8);
        uint64_t bin = at + table_place(19);
        if (how == TWO || how == TWICE) {
            (void)table(20000, how == TWO ? 9 : 8);
        }
        slab_of_shard(5, 0);
        slab_of_shard(5, 1);
        switch (how) {
        case REG_SIZE:
            image_at(&image, bin)[0] ^= 16;
            break;
        case NREGS:
            image_at(&image, bin)[16]++;
            break;
        case NO_SHARDS:
            image_at(&image, bin)[20] = 0;
            break;
        case MANY_SHARDS:
            image_at(&image, bin)[20] = 65;
            break;
        case ABSENT:
            image_hole(&image, bin, 8);
            break;
        case CUT:
            image_hole(&image, bin, at - OFFSET + 20000 - bin);
            break;
        default:
            break;
        }
        struct jt_target *t = opened("5.3.0");
        assert_int_equal(pages_of(t, 9), 5);
        assert_int_equal(t->layout.bin[9].n_shards, how >= SOUND ? 8 : 0);
        done(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_for_all),      cmocka_unit_test(an_option_for_one),
        cmocka_unit_test(slabs_that_are_damaged), cmocka_unit_test(shards),
        cmocka_unit_test(shards_of_the_table),    cmocka_unit_test(slabs_of_the_table),
        cmocka_unit_test(tables_that_are_none),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-bins-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
