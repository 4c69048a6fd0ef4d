/* attack: heaps that are made to keep a reader busy. Each ends within a bound that is generous, ten
 * times what was measured, and is reported as what it is. */
#include "test.h"

#include "cost.h"
#include "image.h"

#include <stdio.h>

#define PAGE UINT64_C(4096)
#define A UINT64_C(0x7e0000000000)
#define MIB 8 /* the decoder allocates nothing; 1 was measured */

struct attack {
    struct image image;
    const char *rule; /* the walk's faults of it are counted */
    uint64_t lookups, from, step;
    enum jh_status refusal;
    uint64_t slab; /* an extent whose bitmap is read as well; 0: none */
    struct seen {
        uint64_t extents, faults, of_rule, refused, regions;
        enum jh_status last;
    } seen;
};

static void walk(const struct attack *a, struct seen *seen) {
    static struct jh_walk w;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    jh_walk_start(&w, &a->image.heap);
    while ((status = jh_walk_next(&w, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            seen->extents++;
        } else {
            seen->faults++;
            seen->of_rule += strcmp(fault.rule, a->rule) == 0;
            seen->last = status;
        }
    }
}

/* All of it, in a process of its own. */
static void work(const void *input, void *result) {
    const struct attack *a = input;
    struct seen *seen = result;
    struct jh_extent e;
    struct jh_slab slab;
    walk(a, seen);
    for (uint64_t i = 0; i < a->lookups; i++) {
        enum jh_status status = jh_lookup(&a->image.heap, a->from + i * a->step, &e, NULL);
        seen->refused += status == a->refusal;
    }
    if (a->slab != 0 && jh_extent_read(&a->image.heap, a->slab, &e, NULL) == JH_OK &&
        jh_slab_read(&a->image.heap, &e, &slab, NULL) == JH_OK) {
        seen->regions = slab.nregs;
    }
}

/* Lookups, after the walk: those that are refused so are counted. */
static void look_up(struct attack *a, uint64_t count, uint64_t from, uint64_t step,
                    enum jh_status refusal) {
    a->lookups = count;
    a->from = from;
    a->step = step;
    a->refusal = refusal;
}

static void run(struct attack *a, const char *what, unsigned ms) {
    char said[80];
    a->seen = (struct seen){.last = JH_OK};
    struct cost cost = cost_of(work, a, &a->seen, sizeof a->seen);
    snprintf(said, sizeof said, "%llu extents, %llu faults", (unsigned long long)a->seen.extents,
             (unsigned long long)a->seen.faults);
    cost_bounded(what, &cost, ms, MIB, said);
}

static uint64_t put_slab(struct attack *a, uint64_t addr) {
    return image_put(&a->image, &(struct image_extent){addr, PAGE, 4, 0, true, 0, 0});
}

static void start(struct attack *a, uint8_t lg_vaddr, const char *rule) {
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.lg_vaddr = lg_vaddr;
    a->rule = rule;
    a->lookups = a->slab = 0;
    image_start(&a->image, &build, IMAGE_METADATA);
}

/* ---- children -------------------------------------------------------------------------------- */

/* A quarter of a million slots, one node, one extent in it. */
static void all_root_slots_to_one_child(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48, "rtree.child-repeated");
    put_slab(&a, A);
    uint64_t child = image_slot(&a.image, A, 1) & ~UINT64_C(0x1fffff);
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, child);
    }
    run(&a, "all root slots to one child", 1000);
    assert_int_equal(a.seen.of_rule, (1 << 18) - 1);
    image_end(&a.image);
}

/* Two of them by turns: no child is the one before. */
static void root_slots_to_two_children(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48, "rtree.child-repeated");
    uint64_t child[2] = {image_block(&a.image, 8 << 18), image_block(&a.image, 8 << 18)};
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, child[i % 2]);
    }
    run(&a, "root slots to two children", 2000);
    assert_int_equal(a.seen.of_rule, (1 << 18) - 2);
    image_end(&a.image);
}

/* The root itself, each time from another word on: a node in a node. Next to it what begins in
 * front of a node and reaches into it. */
static void root_slots_into_the_root(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48, "rtree.child-repeated");
    uint64_t root = a.image.heap.rtree_root;
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, root + 8 * i, i % 2 ? root + 8 * i : root - 8 * i - 8);
    }
    run(&a, "root slots into the root", 1000);
    assert_int_equal(a.seen.of_rule, 1 << 18);
    assert_int_equal(a.seen.faults, 1 << 18);
    image_end(&a.image);
}

/* A core of little more than a mebibyte: two nodes by turns on each level, and leaf nodes that are
 * full of pointers to nowhere. There are 2^45 ways to a leaf element, and each is looked at once.
 */
static void by_turns_on_every_level(void **state) {
    (void)state;
    struct attack a;
    start(&a, 57, "rtree.child-repeated");
    uint64_t middle[2] = {image_block(&a.image, 8 << 15), image_block(&a.image, 8 << 15)};
    uint64_t leaf[2] = {image_block(&a.image, 16 << 15), image_block(&a.image, 16 << 15)};
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, middle[i % 2]);
        image_put8(&a.image, middle[0] + 8 * i, leaf[i % 2]);
        image_put8(&a.image, middle[1] + 8 * i, leaf[i % 2]);
        image_put8(&a.image, leaf[0] + 16 * i, 0x1000000 + 128 * i);
        image_put8(&a.image, leaf[1] + 16 * i, 0x2000000 + 128 * i);
    }
    run(&a, "by turns on every level", 1000);
    assert_int_equal(a.seen.of_rule, 3 * (1 << 15) - 4);
    assert_int_equal(a.seen.faults, a.seen.of_rule + 2 * (1 << 15));
    assert_int_equal(a.seen.extents, 0);
    image_end(&a.image);
}

/* Three levels of nothing but the root: every second slot, so that none repeats the one before. */
static void every_child_is_the_root(void **state) {
    (void)state;
    struct attack a;
    start(&a, 57, "rtree.child-repeated");
    uint64_t root = a.image.heap.rtree_root;
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, root + 8 * i, root);
    }
    look_up(&a, 1000, A, 0x10000000, JH_CORRUPT);
    run(&a, "every child is the root", 1000);
    assert_int_equal(a.seen.of_rule, 1 << 15);
    assert_int_equal(a.seen.refused, 1000);
    image_end(&a.image);
}

static void a_child_of_the_root_is_itself(void **state) {
    (void)state;
    struct attack a;
    start(&a, 57, "rtree.child-repeated");
    uint64_t middle = image_block(&a.image, 8 << 15);
    image_put8(&a.image, image_slot(&a.image, A, 0), middle);
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&a.image, middle + 8 * i, i % 2 ? middle : a.image.heap.rtree_root);
    }
    run(&a, "a child that is itself, or the root", 1000);
    assert_true(a.seen.of_rule >= 1 << 14);
    image_end(&a.image);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static void all_leaves_to_one_extent(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48, "leaf.extent-not-covering");
    struct image_leaf leaf = {put_slab(&a, A), 4, 0, true, false};
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_leaf(&a.image, A + i * PAGE, &leaf);
    }
    run(&a, "all leaves to one extent", 1000);
    assert_int_equal(a.seen.extents, 1);
    assert_int_equal(a.seen.faults, a.seen.of_rule);
    assert_true(a.seen.faults >= 1);
    image_end(&a.image);
}

/* Each extent has two elements and covers one: what is fetched together is fetched again. */
static void each_extent_twice(void **state) {
    (void)state;
    struct attack a;
    start(&a, 48, "leaf.extent-not-covering");
    for (uint64_t i = 0; i < 500; i++) {
        uint64_t addr = A + 2 * i * PAGE, at = put_slab(&a, addr);
        image_leaf(&a.image, addr + PAGE, &(struct image_leaf){at, 4, 0, true, false});
    }
    run(&a, "each extent named twice", 500);
    assert_int_equal(a.seen.extents, 500);
    assert_int_equal(a.seen.of_rule, 500);
    image_end(&a.image);
}

/* Every address of a node is asked for, and nothing is in it but one element at its start. */
static void looking_back_over_an_empty_node(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    struct jh_fault fault;
    const uint64_t last = A + 0x3ffff000;
    start(&a, 48, "none");
    put_slab(&a, A);
    a.image.heap.limits.max_passed = 1 << 16;
    look_up(&a, 1000, last, -PAGE, JH_LIMIT);
    run(&a, "a thousand lookups behind an empty node", 1000);
    assert_int_equal(a.seen.refused, 1000);
    assert_int_equal(jh_lookup(&a.image.heap, last, &e, &fault), JH_LIMIT);
    assert_string_equal(fault.rule, "rtree.max-passed");
    image_end(&a.image);
}

/* Two leaf nodes by turns, full of what san_bump.c may leave behind: each element's extent has to
 * be read, to see that it is nothing. */
static void looking_back_over_elements_left_behind(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    struct jh_fault fault;
    start(&a, 48, "none");
    uint64_t child[2] = {image_slot(&a.image, A, 1) & ~UINT64_C(0x1fffff),
                         image_slot(&a.image, A + (UINT64_C(1) << 30), 1) & ~UINT64_C(0x1fffff)};
    uint64_t at = image_extent(&a.image, &(struct image_extent){0x10000, PAGE, 4, 0, true, 0, 0});
    struct image_leaf leaf = {at, a.image.layout.sc_nsizes, 0, false, false};
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&a.image, a.image.heap.rtree_root + 8 * i, child[i % 2]);
    }
    for (uint64_t i = 0; i < 1 << 19; i++) {
        image_leaf(&a.image, A + i * PAGE, &leaf);
    }
    a.image.heap.limits.max_nodes = 2;
    look_up(&a, 1, A, PAGE, JH_LIMIT);
    run(&a, "a lookup behind elements left behind", 1000);
    assert_int_equal(a.seen.refused, 1);
    assert_int_equal(jh_lookup(&a.image.heap, A, &e, &fault), JH_LIMIT);
    assert_string_equal(fault.rule, "rtree.max-passed");
    image_end(&a.image);
}

/* As many nodes as an image has room for, each with a slab: a walk has no more to keep for them. */
static void many_nodes(void **state) {
    (void)state;
    enum { NODES = 56 };
    struct attack a;
    start(&a, 48, "none");
    for (uint64_t i = 0; i < NODES; i++) {
        put_slab(&a, A + (i << 30));
    }
    run(&a, "many nodes", 1000);
    assert_int_equal(a.seen.extents, NODES);
    assert_int_equal(a.seen.faults, 0);
    image_end(&a.image);
}

/* ---- extents and slabs ----------------------------------------------------------------------- */

static void extents_of_2_to_the_63(void **state) {
    (void)state;
    struct attack a;
    const uint64_t size[] = {UINT64_C(1) << 63, UINT64_C(1) << 48, 0, UINT64_MAX - 4095,
                             UINT64_C(1) << 63 | 2 * PAGE}; /* its end is behind its start */
    start(&a, 48, "extent.size");
    for (unsigned i = 0; i < COUNT(size); i++) {
        uint64_t at = put_slab(&a, A + i * PAGE);
        image_put8(&a.image, at + 16, size[i]);
    }
    look_up(&a, COUNT(size), A, PAGE, JH_CORRUPT);
    run(&a, "extents of 2^63 bytes", 100);
    assert_int_equal(a.seen.of_rule, COUNT(size));
    assert_int_equal(a.seen.refused, COUNT(size));
    image_end(&a.image);
}

/* The structure is the last thing that is there: a bitmap that went on would be read from nowhere.
 */
static void a_bitmap_that_is_longer_than_its_slab(void **state) {
    (void)state;
    struct attack a;
    struct jh_extent e;
    struct jh_slab slab;
    struct jh_fault fault;
    start(&a, 48, "extent.nfree");
    uint64_t at = image_put(&a.image, &(struct image_extent){A, PAGE, 0, 0, true, 513, 0});
    for (uint64_t i = 0; i < 8; i++) {
        image_put8(&a.image, at + 64 + 8 * i, UINT64_MAX);
    }
    a.slab = at;
    run(&a, "a bitmap longer than its slab", 100);
    assert_int_equal(a.seen.of_rule, 1);
    assert_int_equal(a.seen.regions, 512);
    assert_int_equal(jh_lookup(&a.image.heap, A, &e, &fault), JH_CORRUPT);
    assert_int_equal(jh_extent_read(&a.image.heap, at, &e, NULL), JH_OK);
    assert_int_equal(jh_slab_read(&a.image.heap, &e, &slab, NULL), JH_OK);
    assert_int_equal(slab.nregs, 512);
    assert_int_equal(slab.nfree, 512);
    image_hole(&a.image, at + 64 + 56, 8);
    assert_int_equal(jh_slab_read(&a.image.heap, &e, &slab, &fault), JH_ABSENT);
    image_end(&a.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_root_slots_to_one_child),
        cmocka_unit_test(root_slots_to_two_children),
        cmocka_unit_test(root_slots_into_the_root),
        cmocka_unit_test(by_turns_on_every_level),
        cmocka_unit_test(every_child_is_the_root),
        cmocka_unit_test(a_child_of_the_root_is_itself),
        cmocka_unit_test(all_leaves_to_one_extent),
        cmocka_unit_test(each_extent_twice),
        cmocka_unit_test(looking_back_over_an_empty_node),
        cmocka_unit_test(looking_back_over_elements_left_behind),
        cmocka_unit_test(many_nodes),
        cmocka_unit_test(extents_of_2_to_the_63),
        cmocka_unit_test(a_bitmap_that_is_longer_than_its_slab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
