/* attack: heaps that are made to keep a reader busy. Each ends within a bound that is generous, ten
 * times what was measured, and is reported as what it is. */
#define _GNU_SOURCE /* clock_gettime */
#include "test.h"

#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define PAGE UINT64_C(4096)
#define A UINT64_C(0x7e0000000000)
#define MEMORY_MAX (UINT64_C(64) << 20) /* more than before the attack, bytes */

struct attack {
    struct image image;
    struct timespec start;
    long memory; /* KiB, at most, before it */
    uint64_t extents, faults, of_rule;
    enum jh_status last;
};

static uint64_t memory_now(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss;
}

static void begin(struct attack *a) {
    a->memory = (long)memory_now();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a->start);
}

static void ends_within(struct attack *a, const char *what, double seconds) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    double took =
        (double)(now.tv_sec - a->start.tv_sec) + (double)(now.tv_nsec - a->start.tv_nsec) / 1e9;
    uint64_t more = (memory_now() - (uint64_t)a->memory) << 10;
    printf("attack: %s: %.0f ms of %.0f, %llu MiB of %llu: %llu extents, %llu faults\n", what,
           1000 * took, 1000 * seconds, (unsigned long long)more >> 20,
           (unsigned long long)MEMORY_MAX >> 20, (unsigned long long)a->extents,
           (unsigned long long)a->faults);
    assert_true(took < seconds);
    assert_true(more < MEMORY_MAX);
    image_end(&a->image);
}

/* Walk all of it; faults of the rule are counted. */
static void walk(struct attack *a, const char *rule) {
    static struct jh_walk w;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    a->extents = a->faults = a->of_rule = 0;
    a->last = JH_OK;
    jh_walk_start(&w, &a->image.heap);
    while ((status = jh_walk_next(&w, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            a->extents++;
        } else {
            a->faults++;
            a->of_rule += strcmp(fault.rule, rule) == 0;
            a->last = status;
        }
    }
}

static uint64_t put_slab(struct attack *a, uint64_t addr) {
    return image_put(&a->image, &(struct image_extent){addr, PAGE, 4, 0, true, 0, 0});
}

static void start(struct attack *a, uint8_t lg_vaddr) {
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.lg_vaddr = lg_vaddr;
    a->extents = a->faults = 0;
    image_start(&a->image, &build, IMAGE_METADATA);
}

/* ---- children -------------------------------------------------------------------------------- */

/* A quarter of a million slots, one node, one extent in it. */
static void all_root_slots_to_one_child(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48);
    put_slab(&a, A);
    uint64_t child = image_slot(&a.image, A, 1) & ~UINT64_C(0x1fffff);
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, child);
    }
    begin(&a);
    walk(&a, "rtree.child-repeated");
    assert_int_equal(a.of_rule, (1 << 18) - 1);
    ends_within(&a, "all root slots to one child", 1);
}

/* Two of them by turns: no child is the one before. */
static void root_slots_to_two_children(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48);
    uint64_t child[2] = {image_block(&a.image, 8 << 18), image_block(&a.image, 8 << 18)};
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, child[i % 2]);
    }
    a.image.heap.limits.max_nodes = 1000;
    begin(&a);
    walk(&a, "rtree.max-nodes");
    assert_int_equal(a.of_rule, 1);
    assert_int_equal(a.last, JH_LIMIT);
    ends_within(&a, "root slots to two children, 1000 nodes", 2);
}

/* A core of little more than a mebibyte: two nodes by turns on each level, and leaf nodes that are
 * full of pointers to nowhere. There are 2^45 ways to a leaf element; the budget of bytes, that of
 * a target which has no more than these, ends it. */
static void by_turns_on_every_level(void **state) {
    (void)state;
    struct attack a;
    start(&a, 57);
    uint64_t middle[2] = {image_block(&a.image, 8 << 15), image_block(&a.image, 8 << 15)};
    uint64_t leaf[2] = {image_block(&a.image, 16 << 15), image_block(&a.image, 16 << 15)};
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, middle[i % 2]);
        image_put8(&a.image, middle[0] + 8 * i, leaf[i % 2]);
        image_put8(&a.image, middle[1] + 8 * i, leaf[i % 2]);
        image_put8(&a.image, leaf[0] + 16 * i, 0x1000000 + 128 * i);
        image_put8(&a.image, leaf[1] + 16 * i, 0x2000000 + 128 * i);
    }
    a.image.heap.limits.max_node_bytes = UINT64_C(64) << 20;
    begin(&a);
    walk(&a, "rtree.max-node-bytes");
    assert_int_equal(a.of_rule, 1);
    assert_int_equal(a.last, JH_LIMIT);
    assert_int_equal(a.extents, 0);
    ends_within(&a, "by turns on every level, 64 MiB of nodes", 10);
}

/* Three levels of nothing but the root: every second slot, so that none repeats the one before. */
static void every_child_is_the_root(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    start(&a, 57);
    uint64_t root = a.image.heap.rtree_root;
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, root + 8 * i, root);
    }
    begin(&a);
    walk(&a, "rtree.child-repeated");
    assert_int_equal(a.of_rule, 1 << 15);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(jh_lookup(&a.image.heap, A + i * 0x10000000, &e, NULL), JH_CORRUPT);
    }
    ends_within(&a, "every child is the root", 1);
}

static void a_child_of_the_root_is_itself(void **state) {
    (void)state;
    struct attack a;
    start(&a, 57);
    uint64_t middle = image_block(&a.image, 8 << 15);
    image_put8(&a.image, image_slot(&a.image, A, 0), middle);
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, middle + 8 * i, i % 2 ? middle : a.image.heap.rtree_root);
    }
    begin(&a);
    walk(&a, "rtree.child-repeated");
    assert_true(a.of_rule >= 1 << 14);
    ends_within(&a, "a child that is itself, or the root", 1);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static void all_leaves_to_one_extent(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48);
    struct image_leaf leaf = {put_slab(&a, A), 4, 0, true, false};
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_leaf(&a.image, A + i * PAGE, &leaf);
    }
    begin(&a);
    walk(&a, "leaf.extent-not-covering");
    assert_int_equal(a.extents, 1);
    assert_int_equal(a.faults, a.of_rule);
    assert_true(a.faults >= 1);
    ends_within(&a, "all leaves to one extent", 1);
}

/* Each extent has two elements and covers one: what is fetched together is fetched again. */
static void each_extent_twice(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48);
    for (uint64_t i = 0; i < 500; i++) {
        uint64_t addr = A + 2 * i * PAGE, at = put_slab(&a, addr);
        image_leaf(&a.image, addr + PAGE, &(struct image_leaf){at, 4, 0, true, false});
    }
    begin(&a);
    walk(&a, "leaf.extent-not-covering");
    assert_int_equal(a.extents, 500);
    assert_int_equal(a.of_rule, 500);
    ends_within(&a, "each extent named twice", 0.5);
}

/* Every address of a node is asked for, and nothing is in it but one element at its start. */
static void looking_back_over_an_empty_node(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    struct jh_fault fault;
    start(&a, 48);
    put_slab(&a, A);
    a.image.heap.limits.max_passed = 1 << 16;
    begin(&a);
    for (uint64_t i = 0; i < 1000; i++) {
        enum jh_status status = jh_lookup(&a.image.heap, A + 0x3ffff000 - i * PAGE, &e, &fault);
        assert_int_equal(status, JH_LIMIT);
        assert_string_equal(fault.rule, "rtree.max-passed");
    }
    ends_within(&a, "a thousand lookups behind an empty node", 1);
}

/* ---- extents and slabs ----------------------------------------------------------------------- */

static void extents_of_2_to_the_63(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    const uint64_t size[] = {UINT64_C(1) << 63, UINT64_C(1) << 48, 0, UINT64_MAX - 4095,
                             UINT64_C(1) << 63 | 2 * PAGE}; /* its end is behind its start */
    start(&a, 48);
    for (unsigned i = 0; i < COUNT(size); i++) {
        uint64_t at = put_slab(&a, A + i * PAGE);
        image_put8(&a.image, at + 16, size[i]);
    }
    begin(&a);
    walk(&a, "extent.size");
    assert_int_equal(a.of_rule, COUNT(size));
    for (unsigned i = 0; i < COUNT(size); i++) {
        assert_int_equal(jh_lookup(&a.image.heap, A + i * PAGE, &e, NULL), JH_CORRUPT);
    }
    ends_within(&a, "extents of 2^63 bytes", 0.1);
}

/* The structure is the last thing that is there: a bitmap that went on would be read from nowhere.
 */
static void a_bitmap_that_is_longer_than_its_slab(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    struct jh_slab slab;
    struct jh_fault fault;
    start(&a, 48);
    uint64_t at = image_put(&a.image, &(struct image_extent){A, PAGE, 0, 0, true, 513, 0});
    for (uint64_t i = 0; i < 8; i++) {
        image_put8(&a.image, at + 64 + 8 * i, UINT64_MAX);
    }
    begin(&a);
    walk(&a, "extent.nfree");
    assert_int_equal(a.of_rule, 1);
    assert_int_equal(jh_lookup(&a.image.heap, A, &e, &fault), JH_CORRUPT);
    assert_int_equal(jh_extent_read(&a.image.heap, at, &e, NULL), JH_OK);
    assert_int_equal(jh_slab_read(&a.image.heap, &e, &slab, NULL), JH_OK);
    assert_int_equal(slab.nregs, 512);
    assert_int_equal(slab.nfree, 512);
    image_hole(&a.image, at + 64 + 56, 8);
    assert_int_equal(jh_slab_read(&a.image.heap, &e, &slab, &fault), JH_ABSENT);
    ends_within(&a, "a bitmap longer than its slab", 0.1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_root_slots_to_one_child),
        cmocka_unit_test(root_slots_to_two_children),
        cmocka_unit_test(by_turns_on_every_level),
        cmocka_unit_test(every_child_is_the_root),
        cmocka_unit_test(a_child_of_the_root_is_itself),
        cmocka_unit_test(all_leaves_to_one_extent),
        cmocka_unit_test(each_extent_twice),
        cmocka_unit_test(looking_back_over_an_empty_node),
        cmocka_unit_test(extents_of_2_to_the_63),
        cmocka_unit_test(a_bitmap_that_is_longer_than_its_slab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
