/* A layout is tried on all of the tree: what is absent says nothing, and what is damaged does not
 * keep the rest from being read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "image_core.h"

#define FIRST UINT64_C(0x7e1230000000)

static char path[64];
static struct image image;
static struct core_file core;

static struct jt_target *opened(const char *layout) {
    return image_core_open(&image, &core, path, layout);
}

static bool warned_of(const struct jt_target *t, const char *text) {
    bool said = false;
    for (size_t i = 0; i < t->warnings; i++) {
        said |= strstr(t->warning[i], text) != NULL;
    }
    return said;
}

static void done(struct jt_target *t) {
    jt_close(t);
    image_end(&image);
}

/* From here on extents stand in a block of their own. */
static uint64_t extents_in_block(size_t count) {
    image.extents = image_block(&image, count * 128);
    image.extents_end = image.extents + count * 128;
    return image.extents;
}

/* Slabs of a page, from this one on; what each says tells 5.2.1 from others. */
static void slabs(unsigned from, unsigned count) {
    for (unsigned i = from; i < from + count; i++) {
        const struct image_extent slab = {FIRST + 4096 * (uint64_t)i, 4096, 1, 0, true, 0, 0};
        (void)image_put(&image, &slab);
    }
}

static void large_one(unsigned page) {
    const struct image_extent large = {FIRST + 4096 * (uint64_t)page, 45056, 41, 0, false, 0, 0};
    (void)image_put(&image, &large);
}

/* A cache whose memory an extent hook keeps out of cores: its structures come first. */
static void absent_ones_come_first(void **state) {
    (void)state;
    image_stock(&image, JH_5_2_1);
    uint64_t left_out = extents_in_block(1200);
    slabs(0, 1200);
    image_hole(&image, left_out, 1200 * 128);
    (void)extents_in_block(21);
    slabs(2000, 20);
    large_one(2100);
    struct jt_target *t = opened(NULL);
    assert_string_equal(t->error, "");
    assert_int_equal(t->layout.build.version, JH_5_2_1);
    assert_in_range(t->verified, 4, 21);
    assert_int_equal(t->verified, t->tried);
    assert_false(warned_of(t, "could not be tried"));
    done(t);
}

/* In a free element of the root, which leads to bytes of anything. */
static void a_stray_word_in_the_root(void **state) {
    static const uint64_t word[] = {0, 1, 4}; /* a node's address; no such; nowhere */
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        image_stock(&image, JH_5_3_0);
        (void)extents_in_block(9);
        slabs(0, 8);
        large_one(100);
        uint64_t stray = image_block(&image, 2 << 20);
        for (uint64_t at = 0; at < 2 << 20; at += 8) {
            image_put8(&image, stray + at, stray + 16 * at % (2 << 20));
        }
        image_put8(&image, image.heap.rtree_root + 64, i == 2 ? 0x7eeeeee00000 : stray + word[i]);
        struct jt_target *t = opened(NULL);
        assert_string_equal(t->error, "");
        assert_int_equal(t->verified, 9);
        assert_int_equal(warned_of(t, "are unsound"), i != 2);
        assert_true(i == 2 || t->tried > t->verified);
        done(t);
    }
}

static void bad_ones_come_first(void **state) {
    (void)state;
    image_stock(&image, JH_5_3_0);
    uint64_t at = extents_in_block(1501);
    slabs(0, 1500);
    large_one(2000);
    memset(image_at(&image, at), 0, 400 * 128);
    struct jt_target *t = opened(NULL);
    assert_string_equal(t->error, "");
    assert_true(warned_of(t, "are unsound"));
    assert_in_range(t->verified, 200, t->tried - 50);
    done(t);
}

/* More than half of it: the user's root is used as long as anything decodes there, the user's
 * layout whatever does. */
static void hardly_anything_is_sound(void **state) {
    (void)state;
    for (unsigned sound = 0; sound < 2; sound++) {
        image_stock(&image, JH_5_3_0);
        uint64_t at = extents_in_block(101);
        slabs(0, 100);
        large_one(200);
        memset(image_at(&image, at), 0, (sound != 0 ? 90 : 101) * 128);
        struct jt_target *t = opened(NULL);
        assert_int_equal(t->status, sound != 0 ? JT_OK : JT_NO_LAYOUT);
        assert_true(sound == 0 ||
                    warned_of(t, "does not fit this heap: 11 of 101 extents decode soundly"));
        assert_int_equal(strstr(t->error, "to read it anyway give --layout") != NULL, sound == 0);
        jt_close(t);
        t = opened("5.3.0");
        assert_string_equal(t->error, "");
        assert_true(warned_of(t, "of 101 extents decode soundly with it"));
        done(t);
    }
}

/* More nodes and elements than are looked at: from all of them some are. */
static void nodes_are_many(void **state) {
    struct jt_fit fit;
    (void)state;
    image_stock(&image, JH_5_3_0);
    image.extents = image_block(&image, 1 << 20);
    image.extents_end = image.extents + (1 << 20);
    for (uint64_t node = 0; node < 50; node++) {
        for (uint64_t i = 0; i < 40; i++) {
            const struct image_extent slab = {
                FIRST + (node << 30) + 4096 * i, 4096, 1, 0, true, 0, 0};
            (void)image_put(&image, &slab);
        }
    }
    struct jt_target *t = opened(NULL);
    assert_string_equal(t->error, "");
    assert_in_range(t->verified, 250, 512);
    jt_layout_fit(t, &t->layout, t->heap.rtree_root, JT_FIT_GLANCE, &fit);
    assert_in_range(fit.sound, 40, 128);
    jt_layout_fit(t, &t->layout, t->heap.rtree_root, JT_FIT_SEARCH, &fit);
    assert_int_equal(fit.sound, 2000);
    done(t);
}

/* Machines whose words are of another order or width, and elements that are no power of two; a tree
 * as it stands, and its root's element for one leaf node. */
static void trees_of_other_machines(void **state) {
    static const char *const name[] = {"5.3.0,machine=s390x", "5.2.1,machine=i386",
                                       "5.2.1,machine=aarch64"};
    static uint8_t bytes[8 << 20];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct jh_segment segment = {0x10000000, bytes, sizeof bytes};
        struct jh_layout layout;
        struct jt_fit fit;
        memset(bytes, 0, sizeof bytes);
        assert_int_equal(jt_layout_parse(name[i], &layout, NULL), JT_OK);
        uint64_t size = (uint64_t)layout.rtree_node_size << layout.rtree_level[0].bits;
        struct jt_private p = {.words = layout.build.pointer_size,
                               .little_endian = layout.build.little_endian,
                               .segment = &segment,
                               .segments = 1};
        struct jt_layers layers = {.base = {.blocks = 0}};
        struct jt_target t = {.priv = &p};
        jt_layers_join(&p, &layers);
        assert_int_equal(jt_image_start(&t), JT_OK);
        for (unsigned level = 0; level + 1u < layout.rtree_height; level++) {
            jt_number_put(&t, bytes + level * size + 8, 0x10000000 + (level + 1) * size, p.words);
        }
        uint8_t *leaf = bytes + (layout.rtree_height - 1u) * size;
        const struct jh_leaf at = {.extent = 0x107fff00, .szind = 1, .slab = true};
        const struct jh_leaf none = {.szind = 1};
        jh_leaf_encode(&layout, &none, leaf);
        jh_leaf_encode(&layout, &at, leaf + 5 * layout.leaf_size);
        jt_layout_fit(&t, &layout, 0x10000000, JT_FIT_LOOK, &fit);
        assert_int_equal(fit.sound, 0);
        assert_int_equal(fit.unsound, 1); /* zeroes */
        assert_int_equal(fit.elements, 1);
        jt_samples_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_ones_come_first), cmocka_unit_test(a_stray_word_in_the_root),
        cmocka_unit_test(bad_ones_come_first),    cmocka_unit_test(hardly_anything_is_sound),
        cmocka_unit_test(nodes_are_many),         cmocka_unit_test(trees_of_other_machines),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-damaged-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
