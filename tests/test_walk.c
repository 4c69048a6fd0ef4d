/* walk: every extent once, in order, and one fault for each thing that is wrong. */
#include "test.h"
#include "spy.h"
#include "mixed_heap.h"

#define A UINT64_C(0x7e1234560000)
#define PAGE UINT64_C(0x1000)
#define SEEN_MAX 512

/* What one walk gave, up to JH_END. */
struct seen {
    uint64_t at[SEEN_MAX];
    size_t extents;
    struct jh_fault fault[SEEN_MAX];
    size_t faults;
};

static void note(struct seen *seen, enum jh_status status, const struct jh_extent *e,
                 const struct jh_fault *fault) {
    assert_true(seen->extents < SEEN_MAX && seen->faults < SEEN_MAX);
    if (status == JH_OK) {
        seen->at[seen->extents++] = e->at;
    } else {
        assert_int_equal(fault->status, status);
        assert_true(is_marked(e, sizeof(*e)));
        seen->fault[seen->faults++] = *fault;
    }
}

static struct seen *walk(const struct jh_heap *heap) {
    static struct seen seen;
    static struct jh_walk walk;
    struct jh_extent e;
    memset(&seen, 0, sizeof(seen));
    jh_walk_start(&walk, heap);
    for (;;) {
        struct jh_fault fault;
        MARK(e);
        MARK(fault);
        enum jh_status status = jh_walk_next(&walk, &e, &fault);
        if (status == JH_END) {
            break;
        }
        note(&seen, status, &e, &fault);
    }
    UNTOUCHED(e);
    assert_int_equal(jh_walk_next(&walk, &e, NULL), JH_END);
    return &seen;
}

static void fault_is(const struct jh_fault *fault, enum jh_status status, enum jh_stage stage,
                     const char *rule, uint64_t addr) {
    FAULT_IS(*fault, status, stage, rule);
    assert_int_equal(fault->addr, addr);
}

static uint64_t put_slab(struct image *image, uint64_t addr) {
    return image_put(image, &(struct image_extent){addr, PAGE, 4, 0, true, 0, 0});
}

static uint64_t put_dirty(struct image *image, uint64_t addr, uint64_t size) {
    return image_put(image, &(struct image_extent){addr, size, 232, 1, false, 0, 0});
}

/* ---- sound heaps ----------------------------------------------------------------------------- */

static void gives_all_extents(const struct mixed_heap *s) {
    const struct seen *seen = walk(&s->image.heap);
    assert_int_equal(seen->faults, 0);
    assert_int_equal(seen->extents, MIXED_EXTENTS);
    for (unsigned i = 0; i < MIXED_EXTENTS; i++) {
        assert_int_equal(seen->at[i], s->extent[i].at);
    }
}

static void every_extent_once_in_order(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        struct spy spy = {.under = s.image.heap.reader};
        gives_all_extents(&s);
        s.image.heap.reader = spy_read(&spy);
        gives_all_extents(&s);
        s.image.heap.reader = spy_gather(&spy);
        gives_all_extents(&s);
        mixed_heap_end(&s);
    }
}

/* A node is read in runs of 64 KiB, not by the word. */
static void in_few_reads(void **state) {
    (void)state;
    struct mixed_heap s;
    size_t runs = 0;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    struct spy spy = {.under = s.image.heap.reader};
    s.image.heap.reader = spy_read(&spy);
    gives_all_extents(&s);
    for (size_t i = 0; i < s.image.blocks; i++) {
        runs += s.image.block[i].len / JH_WALK_SCRATCH + 2;
    }
    assert_true(spy.reads <= runs + MIXED_EXTENTS);
    mixed_heap_end(&s);
}

static void an_empty_heap(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 0);
    assert_int_equal(seen->faults, 0);
    image_end(&image);
}

static void more_extents_than_a_batch(void **state) {
    (void)state;
    enum { N = 300 };
    struct image image;
    uint64_t at[N];
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < N; i++) { /* over three leaf nodes */
        at[i] = put_slab(&image, 0x7e123ff80000 + i * PAGE + (i >= 200 ? 0x40000000 : 0));
    }
    struct spy spy = {.under = image.heap.reader};
    for (unsigned k = 0; k < 3; k++) {
        const struct seen *seen = walk(&image.heap);
        assert_int_equal(seen->extents, N);
        assert_int_equal(seen->faults, 0);
        assert_memory_equal(seen->at, at, sizeof(at));
        image.heap.reader = k ? spy_gather(&spy) : spy_read(&spy);
    }
    assert_true(spy.gathers >= N / JH_WALK_BATCH && spy.gathers <= N / JH_WALK_BATCH + 4);
    image_end(&image);
}

static void cleared_elements(void **state) {
    (void)state;
    for (uint8_t vaddr = 48; vaddr <= 57; vaddr = (uint8_t)(vaddr + 9)) {
        struct mixed_heap s;
        mixed_heap_start(&s, JH_5_3_0, vaddr, 12);
        for (uint64_t i = 1; i < 15; i++) {
            image_leaf(&s.image, s.extent[2].base + i * PAGE,
                       &(struct image_leaf){0, 232, 0, false, false});
        }
        gives_all_extents(&s);
        mixed_heap_end(&s);
    }
}

static void the_kernel_half(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    image_start(&image, &build, 0xffff900000000000);
    uint64_t low = put_slab(&image, A), high = put_dirty(&image, 0xffff888012345000, 5 * PAGE);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->faults, 0);
    assert_int_equal(seen->extents, 2);
    assert_int_equal(seen->at[0], low);
    assert_int_equal(seen->at[1], high);
    image_end(&image);
}

/* ---- absent ---------------------------------------------------------------------------------- */

struct holes {
    struct image image;
    uint64_t at[8], hole[2];
};

/* A one-page slab in each of eight 4 KiB pieces of a leaf node (512 elements); pieces 2, 3 and 5
 * are left out. */
static void start_holes(struct holes *h) {
    image_stock(&h->image, JH_5_3_0);
    for (unsigned i = 0; i < 8; i++) {
        h->at[i] = put_slab(&h->image, UINT64_C(0x7e1240000000) + (i * 512 + 7) * PAGE);
    }
    uint64_t node = image_leaf_slot(&h->image, 0x7e1240000000);
    h->hole[0] = node + 8192;
    h->hole[1] = node + 20480;
    image_hole(&h->image, h->hole[0], 8192);
    image_hole(&h->image, h->hole[1], 4096);
}

static void holes_are_seen(const struct holes *h) {
    static const unsigned there[] = {0, 1, 4, 6, 7};
    const struct seen *seen = walk(&h->image.heap);
    assert_int_equal(seen->extents, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(seen->at[i], h->at[there[i]]);
    }
    assert_int_equal(seen->faults, 2);
    for (unsigned i = 0; i < 2; i++) {
        fault_is(&seen->fault[i], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", h->hole[i]);
        assert_int_equal(seen->fault[i].seen, i ? 4096 : 8192);
    }
}

static void holes_in_a_leaf_node(void **state) {
    (void)state;
    struct holes h;
    start_holes(&h);
    holes_are_seen(&h);
    struct spy spy = {.under = h.image.heap.reader};
    h.image.heap.reader = spy_read(&spy); /* gives short reads */
    holes_are_seen(&h);
    h.image.heap.reader = spy_gather(&spy);
    holes_are_seen(&h);
    image_end(&h.image);
}

static void a_hole_that_splits_an_element(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    put_slab(&image, A);
    uint64_t after = put_slab(&image, A + 0x400 * PAGE), slot = image_leaf_slot(&image, A);
    image_hole(&image, slot + 3, 2);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->at[0], after);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", slot);
    image_end(&image);
}

/* The first element of a large extent is in a hole, the last is not. */
static void a_hole_over_a_first_page(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t before = put_slab(&image, 0x7e1240000000), base = 0x7e1240000000 + 700 * PAGE;
    uint64_t at = put_dirty(&image, base, 1000 * PAGE);
    uint64_t hole = image_leaf_slot(&image, 0x7e1240000000) + 4096;
    image_hole(&image, hole, 4096);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->at[0], before);
    assert_int_equal(seen->faults, 2);
    fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", hole);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_LEAF, "leaf.first-page-missing",
             base + 999 * PAGE);
    assert_int_equal(seen->fault[1].seen, at);
    image_end(&image);
}

static void an_absent_node(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t before = put_slab(&image, 0x7d0000000000), after = put_slab(&image, 0x7e8000000000);
    image_put8(&image, image_slot(&image, A, 0), 0x10000);
    struct spy spy = {.under = image.heap.reader};
    for (unsigned k = 0; k < 2; k++) {
        const struct seen *seen = walk(&image.heap);
        assert_int_equal(seen->extents, 2);
        assert_int_equal(seen->at[0], before);
        assert_int_equal(seen->at[1], after);
        assert_int_equal(seen->faults, 1);
        fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", 0x10000);
        assert_int_equal(seen->fault[0].seen, 8 << 18);
        image.heap.reader = spy_read(&spy);
    }
    image_end(&image);
}

static bool nothing_low(void *arg, uint64_t addr) {
    (void)arg;
    return addr >= 0x100000000;
}

/* Pointers to where the target never had anything: the node's is said as a whole, the extent's
 * once. */
static void pointers_to_nowhere(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t before = put_slab(&image, 0x7d0000000000), after = put_slab(&image, 0x7e8000000000);
    uint64_t slot = image_slot(&image, A, 0);
    image_put8(&image, slot, 0x10000);
    image_leaf(&image, 0x7e8000000000 - PAGE, &(struct image_leaf){0x20000, 4, 0, true, false});
    image.heap.reader.mapped = nothing_low;
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 2);
    assert_int_equal(seen->at[0], before);
    assert_int_equal(seen->at[1], after);
    assert_int_equal(seen->faults, 2);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-unmapped", slot);
    assert_int_equal(seen->fault[0].seen, 0x10000);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-unmapped",
             0x7e8000000000 - PAGE);
    assert_int_equal(seen->fault[1].seen, 0x20000);
    image_put8(&image, slot, 0x500000000000); /* mapped there, and not in the image */
    seen = walk(&image.heap);
    fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", 0x500000000000);
    image_end(&image);
}

static void an_absent_root(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    image.heap.rtree_root = 0x10000;
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 0);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", 0x10000);
    image_end(&image);
}

static void an_absent_extent(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at[3];
    for (unsigned i = 0; i < 3; i++) {
        at[i] = put_slab(&image, A + i * PAGE);
    }
    image_hole(&image, at[1] + 16, 8);
    struct spy spy = {.under = image.heap.reader};
    for (unsigned k = 0; k < 3; k++) {
        const struct seen *seen = walk(&image.heap);
        assert_int_equal(seen->extents, 2);
        assert_int_equal(seen->at[0], at[0]);
        assert_int_equal(seen->at[1], at[2]);
        assert_int_equal(seen->faults, 1);
        fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", at[1] + 16);
        image.heap.reader = k ? spy_gather(&spy) : spy_read(&spy);
    }
    image_end(&image);
}

/* ---- corrupt --------------------------------------------------------------------------------- */

/* One extent in front of what is wrong and one behind it: the walk goes on. */
struct between {
    struct image image;
    uint64_t before, after;
};

static void start_between(struct between *b, enum jh_version version) {
    image_stock(&b->image, version);
    b->before = put_slab(&b->image, 0x7d0000000000);
    b->after = put_slab(&b->image, 0x7e8000000000);
}

static void one_fault_between(struct between *b, enum jh_stage stage, const char *rule,
                              uint64_t addr, uint64_t seen_value) {
    const struct seen *seen = walk(&b->image.heap);
    assert_int_equal(seen->extents, 2);
    assert_int_equal(seen->at[0], b->before);
    assert_int_equal(seen->at[1], b->after);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_CORRUPT, stage, rule, addr);
    assert_int_equal(seen->fault[0].seen, seen_value);
    assert_true(stage == JH_STAGE_RTREE ||
                seen->fault[0].element == image_leaf_slot(&b->image, seen->fault[0].page));
    image_end(&b->image);
}

static void a_misaligned_child(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t slot = image_slot(&b.image, A, 0);
    image_put8(&b.image, slot, b.image.heap.rtree_root + 4);
    one_fault_between(&b, JH_STAGE_RTREE, "rtree.child-alignment", slot,
                      b.image.heap.rtree_root + 4);
}

static void a_child_that_is_the_node_itself(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t slot = image_slot(&b.image, A, 0);
    image_put8(&b.image, slot, b.image.heap.rtree_root);
    one_fault_between(&b, JH_STAGE_RTREE, "rtree.child-repeated", slot, b.image.heap.rtree_root);
}

static void a_child_that_repeats(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t slot = image_slot(&b.image, 0x7d0000000000, 0), child = 0;
    memcpy(&child, image_at(&b.image, slot), 8);
    image_put8(&b.image, slot + 8, child);
    one_fault_between(&b, JH_STAGE_RTREE, "rtree.child-repeated", slot + 8, child);
}

static void misaligned_extent(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_2_1);
    image_leaf(&b.image, A, &(struct image_leaf){b.before + 32, 4, 0, true, false});
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.extent-alignment", A, b.before + 32);
}

/* It would end behind the last address. */
static void an_extent_that_wraps(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_2_1);
    uint64_t at = UINT64_MAX - 15;
    image_leaf(&b.image, A, &(struct image_leaf){at, 4, 0, true, false});
    struct spy spy = {.under = b.image.heap.reader};
    b.image.heap.reader = spy_read(&spy);
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.extent-alignment", A, at);
}

static void an_unsound_extent(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = image_put(&b.image, &(struct image_extent){A, PAGE, 4, 0, true, 65, 0});
    one_fault_between(&b, JH_STAGE_EXTENT, "extent.nfree", at, 65);
}

static void a_missing_first_page(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_dirty(&b.image, A, 9 * PAGE);
    image_leaf(&b.image, A, &(struct image_leaf){0, 232, 0, false, false});
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.first-page-missing", A + 8 * PAGE, at);
}

/* In the kernel's half pages are sign-extended, and keys are not: what is said is an address. */
static void a_missing_first_page_in_the_kernel_half(void **state) {
    (void)state;
    const uint64_t high = 0xffff888012345000;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_dirty(&b.image, high, 9 * PAGE);
    image_leaf(&b.image, high, &(struct image_leaf){0, 232, 0, false, false});
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.first-page-missing", high + 8 * PAGE, at);
}

static void a_stray_pointer_in_the_kernel_half(void **state) {
    (void)state;
    const uint64_t high = 0xffff888012345000;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_dirty(&b.image, high, 9 * PAGE);
    image_leaf(&b.image, high + 20 * PAGE, &(struct image_leaf){at, 232, 1, false, false});
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 3);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-not-covering",
             high + 20 * PAGE);
    image_end(&b.image);
}

/* No program has such an address: a lookup of it finds nothing, and of the page it is corrupt. */
static void an_address_that_is_not_canonical(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_slab(&b.image, A);
    image_put8(&b.image, at + 8, A | UINT64_C(1) << 60);
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.extent-not-covering", A, at);
}

static void a_pointer_to_an_extent_elsewhere(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t front = put_slab(&b.image, 0x7c0000000000);
    put_slab(&b.image, 0x7d0000001000);
    image_leaf(&b.image, A, &(struct image_leaf){front, 4, 0, true, false});
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 4);
    assert_int_equal(seen->at[3], b.after);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-not-covering", A);
    assert_int_equal(seen->fault[0].seen, front);
    image_end(&b.image);
}

static void elements_that_were_left_behind(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t front = put_slab(&b.image, 0x7c0000000000), dirty = put_dirty(&b.image, A, 9 * PAGE);
    image_leaf(&b.image, A + 3 * PAGE, &(struct image_leaf){front, 232, 0, false, false});
    image_leaf(&b.image, A + 20 * PAGE, &(struct image_leaf){front, 232, 0, false, false});
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->faults, 0);
    assert_int_equal(seen->extents, 4);
    assert_int_equal(seen->at[2], dirty);
    assert_int_equal(seen->at[3], b.after);
    image_end(&b.image);
}

/* The second extent begins in the first, and ends in it or behind it. */
static void overlaps_by(uint64_t pages) {
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t first = put_dirty(&image, A, 4 * PAGE);
    uint64_t second = put_dirty(&image, A + PAGE, pages * PAGE);
    uint64_t after = put_slab(&image, A + 9 * PAGE);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 3);
    assert_int_equal(seen->at[0], first);
    assert_int_equal(seen->at[1], second);
    assert_int_equal(seen->at[2], after);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_EXTENT, "extent.overlap", first);
    assert_int_equal(seen->fault[0].seen, A + PAGE);
    image_end(&image);
}

static void overlaps(void **state) {
    (void)state;
    overlaps_by(1);
    overlaps_by(2);
    overlaps_by(6);
}

/* The element may be one that jemalloc has left behind: it does not tell where an extent begins. */
static void overlaps_by_what_was_left_behind(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t first = put_dirty(&image, A, 4 * PAGE), second = put_dirty(&image, A + PAGE, PAGE);
    image_leaf(&image, A + PAGE, &(struct image_leaf){second, 232, 0, false, false});
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->faults, 0);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->at[0], first);
    image_end(&image);
}

static void leaf_says(enum jh_version version, const struct image_leaf *leaf, const char *rule,
                      uint64_t seen_there) {
    struct between b;
    start_between(&b, version);
    struct image_leaf said = *leaf;
    said.extent = put_slab(&b.image, A);
    image_leaf(&b.image, A, &said);
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 3);
    assert_int_equal(seen->at[1], said.extent);
    assert_int_equal(seen->faults, rule != NULL);
    if (rule) {
        fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, rule, A);
        assert_int_equal(seen->fault[0].seen, seen_there);
    }
    image_end(&b.image);
}

/* That is said once, and the extent comes with it. */
static void a_leaf_that_contradicts_its_extent(void **state) {
    (void)state;
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 4, 0, true, false}, NULL, 0);
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 5, 0, true, false}, "leaf.szind", 5);
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 4, 0, false, false}, "leaf.slab", 0);
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 4, 3, true, false}, "leaf.state", 3);
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 4, 0, true, true}, "leaf.is-head", 1);
    leaf_says(JH_5_3_0, &(struct image_leaf){0, 232, 0, false, false}, "leaf.szind", 232);
    leaf_says(JH_5_2_1, &(struct image_leaf){0, 4, 0, true, false}, NULL, 0);
    leaf_says(JH_5_2_1, &(struct image_leaf){0, 5, 0, true, false}, "leaf.szind", 5);
    leaf_says(JH_5_0_0, &(struct image_leaf){0, 232, 0, true, false}, "leaf.szind", 232);
    leaf_says(JH_5_0_0, &(struct image_leaf){0, 4, 0, false, false}, "leaf.slab", 0);
}

/* ---- the pages of an extent ------------------------------------------------------------------ */

/* A slab of three pages, a large one of five, one beside the other, and what damages them. */
struct pages {
    struct between b;
    uint64_t slab, large;
};

#define LARGE (A + 0x10 * PAGE)

static void start_pages(struct pages *p, enum jh_version version) {
    start_between(&p->b, version);
    p->slab = image_put(&p->b.image, &(struct image_extent){A, 3 * PAGE, 3, 0, true, 0, 0});
    p->large = image_put(&p->b.image, &(struct image_extent){LARGE, 5 * PAGE, 36, 0, false, 0, 0});
}

/* All four come, and one fault, which names page and element; none where rule is NULL. */
static void pages_say(struct pages *p, const char *rule, uint64_t page, uint64_t seen_there) {
    const struct seen *seen = walk(&p->b.image.heap);
    assert_int_equal(seen->extents, 4);
    assert_int_equal(seen->faults, rule != NULL);
    if (rule) {
        fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, rule, page);
        assert_int_equal(seen->fault[0].seen, seen_there);
        assert_int_equal(seen->fault[0].page, page);
        assert_int_equal(seen->fault[0].element, image_leaf_slot(&p->b.image, page));
    }
    image_end(&p->b.image);
}

#define THE_SLAB UINT64_MAX
#define THE_LARGE (UINT64_MAX - 1)

static uint64_t meant(const struct pages *p, uint64_t extent) {
    return extent == THE_SLAB ? p->slab : extent == THE_LARGE ? p->large : extent;
}

static void page_says(enum jh_version version, uint64_t page, struct image_leaf leaf,
                      const char *rule, uint64_t seen_there) {
    struct pages p;
    start_pages(&p, version);
    leaf.extent = meant(&p, leaf.extent);
    seen_there = meant(&p, seen_there);
    image_leaf(&p.b.image, page, &leaf);
    pages_say(&p, rule, page, seen_there);
}

static void pages_of_a_slab(void **state) {
    (void)state;
    const uint64_t inner = A + PAGE, last = A + 2 * PAGE;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        enum jh_version version = (enum jh_version)v;
        page_says(version, inner, (struct image_leaf){0, 232, 0, false, false},
                  "leaf.inner-page-missing", THE_SLAB);
        page_says(version, last, (struct image_leaf){0, 232, 0, false, false},
                  "leaf.last-page-missing", THE_SLAB);
        page_says(version, inner, (struct image_leaf){THE_SLAB, 5, 0, true, false}, "leaf.szind",
                  5);
        page_says(version, last, (struct image_leaf){THE_SLAB, 3, 0, false, false}, "leaf.slab", 0);
    }
    page_says(JH_5_3_0, last, (struct image_leaf){THE_SLAB, 3, 1, true, false}, "leaf.state", 1);
    page_says(JH_5_3_0, last, (struct image_leaf){THE_SLAB, 3, 0, true, true}, NULL, 0);
    page_says(JH_5_3_0, inner, (struct image_leaf){THE_LARGE, 36, 0, false, false},
              "leaf.extent-not-covering", THE_LARGE);
    page_says(JH_5_3_0, inner, (struct image_leaf){THE_LARGE, 232, 0, false, false},
              "leaf.inner-page-missing",
              THE_SLAB); /* no slab is registered around one left behind */
}

/* Its szind and slab on the last page are left over. */
static void pages_of_a_large_one(void **state) {
    (void)state;
    const uint64_t inner = LARGE + 2 * PAGE, last = LARGE + 4 * PAGE;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        enum jh_version version = (enum jh_version)v;
        page_says(version, last, (struct image_leaf){0, 232, 0, false, false},
                  "leaf.last-page-missing", THE_LARGE);
        page_says(version, last, (struct image_leaf){THE_LARGE, 9, 0, true, false}, NULL, 0);
        page_says(version, inner, (struct image_leaf){THE_LARGE, 36, 0, false, false},
                  "leaf.inner-page", THE_LARGE);
        page_says(version, inner, (struct image_leaf){THE_SLAB, 3, 0, true, false},
                  "leaf.extent-not-covering", THE_SLAB);
    }
    page_says(JH_5_3_0, last, (struct image_leaf){THE_LARGE, 232, 2, false, false}, "leaf.state",
              2);
    page_says(JH_5_3_0, inner, (struct image_leaf){THE_LARGE, 232, 0, false, false}, NULL, 0);
    page_says(JH_5_2_1, inner, (struct image_leaf){THE_LARGE, 232, 0, false, false},
              "leaf.inner-page", THE_LARGE);
    struct pages p;
    start_pages(&p, JH_5_3_0);
    *image_at(&p.b.image, image_leaf_slot(&p.b.image, last)) |= 0x40;
    pages_say(&p, "leaf.unused-bits", last, 0x40);
}

/* An element of another extent, and behind it one more of this one, in the middle of it. */
static void inner_pages_behind_others(void **state) {
    (void)state;
    struct pages p;
    start_pages(&p, JH_5_2_1);
    image_leaf(&p.b.image, LARGE + PAGE, &(struct image_leaf){p.slab, 3, 0, true, false});
    image_leaf(&p.b.image, LARGE + 2 * PAGE, &(struct image_leaf){p.large, 36, 0, false, false});
    const struct seen *seen = walk(&p.b.image.heap);
    assert_int_equal(seen->extents, 4);
    assert_int_equal(seen->faults, 2);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-not-covering", LARGE + PAGE);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_LEAF, "leaf.inner-page", LARGE + 2 * PAGE);
    image_end(&p.b.image);
    start_pages(&p, JH_5_3_0); /* left behind, both */
    image_leaf(&p.b.image, LARGE + PAGE, &(struct image_leaf){p.slab, 232, 0, false, false});
    image_leaf(&p.b.image, LARGE + 2 * PAGE, &(struct image_leaf){p.large, 232, 0, false, false});
    pages_say(&p, NULL, 0, 0);
}

/* Across a border of leaf nodes, where the elements of one extent do not come together; and what is
 * missing there because it is absent. */
static void pages_in_two_nodes(void **state) {
    (void)state;
    const uint64_t border = UINT64_C(0x7e1500000000);
    for (unsigned damage = 0; damage < 3; damage++) {
        struct between b;
        start_between(&b, JH_5_3_0);
        uint64_t slab =
            image_put(&b.image, &(struct image_extent){border - PAGE, 3 * PAGE, 3, 0, true, 0, 0});
        uint64_t slot = image_leaf_slot(&b.image, border + PAGE);
        if (damage == 1) {
            image_put8(&b.image, slot, 0);
        } else if (damage == 2) {
            image_hole(&b.image, slot, 8);
        }
        const struct seen *seen = walk(&b.image.heap);
        assert_int_equal(seen->extents, 3);
        assert_int_equal(seen->at[1], slab);
        assert_int_equal(seen->faults, damage != 0);
        if (damage == 1) {
            fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.last-page-missing",
                     border + PAGE);
        } else if (damage == 2) {
            FAULT_IS(seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent");
        }
        image_end(&b.image);
    }
}

/* At the end of all addresses. */
static void the_last_page_there_is(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    jh_build_init(&build, JH_5_2_1);
    image_start(&image, &build, IMAGE_METADATA);
    uint64_t at = put_dirty(&image, UINT64_MAX - 5 * PAGE + 1, 5 * PAGE);
    image_leaf(&image, UINT64_MAX - 2 * PAGE + 1,
               &(struct image_leaf){.extent = put_slab(&image, A), .szind = 4});
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->extents, 2);
    assert_int_equal(seen->at[1], at);
    assert_int_equal(seen->faults, 1);
    FAULT_IS(seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-not-covering");
    image_end(&image);
}

/* A bump region that was left behind, and an extent that was registered in its place: it has the
 * middle or the end of it. */
static void registered_over_what_was_left_behind(void **state) {
    (void)state;
    for (uint64_t first = 3; first <= 6; first += 3) {
        struct image image;
        image_stock(&image, JH_5_3_0);
        uint64_t region =
            image_put(&image, &(struct image_extent){A, 9 * PAGE, 232, 0, false, 0, 0});
        uint64_t dirty = put_dirty(&image, A + first * PAGE, 3 * PAGE);
        const struct seen *seen = walk(&image.heap);
        assert_int_equal(seen->faults, 0);
        assert_int_equal(seen->extents, 2);
        assert_int_equal(seen->at[0], region);
        assert_int_equal(seen->at[1], dirty);
        image_end(&image);
    }
}

/* A leaf node of words that look left behind, and lead to structures of zeroes. */
static void left_behind_by_nobody(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t zeroes = image_extent(&b.image, &(struct image_extent){A, PAGE, 4, 0, true, 0, 0});
    memset(image_at(&b.image, zeroes), 0, 64);
    image_leaf(&b.image, A, &(struct image_leaf){zeroes, 232, 0, false, false});
    one_fault_between(&b, JH_STAGE_EXTENT, "extent.addr", zeroes, 0);
}

/* It looks left behind, and is in use: both things that are wrong are said. */
static void an_overlap_by_one_in_use(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t first = put_dirty(&image, A, 3 * PAGE), second = put_slab(&image, A + PAGE);
    image_leaf(&image, A + PAGE, &(struct image_leaf){second, 232, 0, false, false});
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->faults, 3);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_EXTENT, "extent.overlap", first);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_LEAF, "leaf.szind", A + PAGE);
    fault_is(&seen->fault[2], JH_CORRUPT, JH_STAGE_LEAF, "leaf.first-page-missing", A + 2 * PAGE);
    assert_int_equal(seen->extents, 2);
    image_end(&image);
}

/* It too long, and the next one's leaf wrong: both are said, in this order. */
static void a_leaf_that_contradicts_in_an_overlap(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t first = put_dirty(&image, A, 2 * PAGE), second = put_slab(&image, A + PAGE);
    image_leaf(&image, A + PAGE, &(struct image_leaf){second, 5, 0, true, false});
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->faults, 2);
    assert_int_equal(seen->fault[0].element, image_leaf_slot(&image, A + PAGE));
    assert_int_equal(seen->fault[0].page, A + PAGE);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_EXTENT, "extent.overlap", first);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_LEAF, "leaf.szind", A + PAGE);
    assert_int_equal(seen->extents, 2);
    image_end(&image);
}

/* Sound ones behind an extent whose size was overwritten are all there. */
static void a_size_that_was_overwritten(void **state) {
    (void)state;
    enum { BEHIND = 20 };
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t first = put_dirty(&image, A, 4 * PAGE), at[BEHIND];
    for (unsigned i = 0; i < BEHIND; i++) {
        at[i] = put_slab(&image, A + (4 + i) * PAGE);
    }
    image_put8(&image, first + 16, UINT64_C(1) << 32);
    const struct seen *seen = walk(&image.heap);
    assert_int_equal(seen->faults, 2);
    fault_is(&seen->fault[0], JH_CORRUPT, JH_STAGE_LEAF, "leaf.inner-page", A + 3 * PAGE);
    assert_int_equal(seen->fault[0].seen, first);
    fault_is(&seen->fault[1], JH_CORRUPT, JH_STAGE_EXTENT, "extent.overlap", first);
    assert_int_equal(seen->fault[1].seen, A + 4 * PAGE);
    assert_int_equal(seen->extents, BEHIND + 1);
    for (unsigned i = 0; i < BEHIND; i++) {
        assert_int_equal(seen->at[i + 1], at[i]);
    }
    image_end(&image);
}

/* A million slots, and one node that all of them lead to. */
static void all_root_slots_to_one_child(void **state) {
    (void)state;
    static struct jh_walk w;
    struct image image;
    struct jh_extent e;
    struct jh_fault fault;
    image_stock(&image, JH_5_3_0);
    uint64_t leaf = image_block(&image, 8 << 18);
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&image, image.heap.rtree_root + 8 * i, leaf);
    }
    size_t faults = 0;
    enum jh_status status;
    jh_walk_start(&w, &image.heap);
    while ((status = jh_walk_next(&w, &e, &fault)) == JH_CORRUPT) {
        assert_string_equal(fault.rule, "rtree.child-repeated");
        faults++;
    }
    assert_int_equal(status, JH_END);
    assert_true(faults > 0 && faults < 1 << 18);
    image_end(&image);
}

/* ---- what ends a walk ------------------------------------------------------------------------ */

static void a_budget_of_extents(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    s.image.heap.limits.max_extents = MIXED_EXTENTS;
    gives_all_extents(&s);
    s.image.heap.limits.max_extents = 3;
    const struct seen *seen = walk(&s.image.heap);
    assert_int_equal(seen->extents, 3);
    assert_int_equal(seen->faults, 1);
    FAULT_IS(seen->fault[0], JH_LIMIT, JH_STAGE_EXTENT, "extent.max-extents");
    mixed_heap_end(&s);
}

static void a_budget_of_nodes(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    /* The mixed heap's leaf nodes: two for the first extent, one for each border that is crossed.
     */
    uint64_t nodes = s.image.blocks - 2;
    s.image.heap.limits.max_nodes = nodes;
    gives_all_extents(&s);
    s.image.heap.limits.max_nodes = nodes - 1;
    const struct seen *seen = walk(&s.image.heap);
    assert_int_equal(seen->faults, 1);
    FAULT_IS(seen->fault[0], JH_LIMIT, JH_STAGE_RTREE, "rtree.max-nodes");
    s.image.heap.limits.max_nodes = 1;
    seen = walk(&s.image.heap);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->faults, 1);
    mixed_heap_end(&s);
}

/* What is there of the mixed heap's nodes is paid once, also where a run is looked at again. */
static void a_budget_of_node_bytes(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    uint64_t bytes = 0;
    for (size_t i = 0; i < s.image.blocks; i++) {
        bytes += s.image.block[i].len >= 8 << 18 ? s.image.block[i].len : 0;
    }
    s.image.heap.limits.max_node_bytes = bytes;
    gives_all_extents(&s);
    s.image.heap.limits.max_node_bytes = bytes - 1;
    const struct seen *seen = walk(&s.image.heap);
    assert_int_equal(seen->faults, 1);
    FAULT_IS(seen->fault[0], JH_LIMIT, JH_STAGE_RTREE, "rtree.max-node-bytes");
    mixed_heap_end(&s);
}

/* The same bytes, as a sparse file has them. Returns how many are in no hole. */
static uint64_t punch_holes(struct image *image) {
    static struct jh_segment sparse[1 << 16];
    uint64_t bytes = 0;
    size_t count = 0;
    for (size_t i = 0; i < image->bytes.count; i++) {
        const struct jh_segment *s = &image->segment[i];
        for (uint64_t at = 0; at < s->len; at += PAGE, count++) {
            uint64_t len = s->len - at < PAGE ? s->len - at : PAGE;
            bool zero = !s->bytes[at] && memcmp(s->bytes + at, s->bytes + at + 1, len - 1) == 0;
            assert_true(count < COUNT(sparse));
            sparse[count] = (struct jh_segment){s->addr + at, zero ? NULL : s->bytes + at, len};
            bytes += zero ? 0 : len;
        }
    }
    image->bytes = (struct jh_image){.segment = sparse, .count = count};
    assert_int_equal(jh_image_reader(&image->bytes, &image->heap.reader, NULL), JH_OK);
    return bytes;
}

/* Empty elements in holes are passed unseen, and cost nothing; next to them no more than a run. */
static void a_sparse_image(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        uint64_t bytes = punch_holes(&s.image);
        s.image.heap.limits.max_node_bytes = 2 * bytes * (JH_WALK_SCRATCH / PAGE);
        gives_all_extents(&s);
        if (n == 0) {
            s.image.heap.limits.max_node_bytes = 8;
            assert_string_equal(walk(&s.image.heap)->fault[0].rule, "rtree.max-node-bytes");
        }
        mixed_heap_end(&s);
    }
}

static void a_node_that_cannot_be_read(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    put_slab(&b.image, A);
    uint64_t node = image_leaf_slot(&b.image, A) & ~UINT64_C(0x1fffff);
    struct spy spy = {.under = b.image.heap.reader,
                      .fail_addr = node,
                      .fail_len = 8 << 18,
                      .fail = JH_READ_FAILED};
    b.image.heap.reader = spy_read(&spy);
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->at[0], b.before);
    assert_int_equal(seen->faults, 1);
    assert_int_equal(seen->fault[0].status, JH_READ_FAILED);
    assert_int_equal(seen->fault[0].addr, node);
    image_end(&b.image);
}

/* A budget that ends within a node or at an extent: nothing more comes, and the rule says why. */
static void a_reader_with_a_budget(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_slab(&b.image, A);
    uint64_t failing[] = {image_leaf_slot(&b.image, A) & ~UINT64_C(0x1fffff), at};
    size_t len[] = {8 << 18, 128};
    struct jh_reader under = b.image.heap.reader;
    for (unsigned i = 0; i < 2; i++) {
        struct spy spy = {.under = under, .fail_addr = failing[i], .fail_len = len[i]};
        spy.fail = JH_LIMIT;
        b.image.heap.reader = spy_read(&spy);
        const struct seen *seen = walk(&b.image.heap);
        assert_int_equal(seen->extents, 1);
        assert_int_equal(seen->at[0], b.before);
        assert_int_equal(seen->faults, 1);
        assert_string_equal(seen->fault[0].rule, "reader.budget");
        assert_int_equal(seen->fault[0].status, JH_LIMIT);
        assert_int_equal(seen->fault[0].addr, failing[i]);
    }
    image_end(&b.image);
}

/* OK with no bytes is as good as absent. */
static void a_reader_that_has_nothing(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    put_slab(&b.image, A);
    uint64_t node = image_leaf_slot(&b.image, A) & ~UINT64_C(0x1fffff);
    struct spy spy = {.under = b.image.heap.reader, .fail_addr = node, .fail_len = 8 << 18};
    b.image.heap.reader = spy_read(&spy);
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_ABSENT, JH_STAGE_RTREE, "rtree.node-absent", node);
    image_end(&b.image);
}

/* What a batch does not have is read for itself. */
static void a_gather_that_forgets(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    struct spy spy = {.under = s.image.heap.reader, .gather_forgets = true};
    s.image.heap.reader = spy_gather(&spy);
    gives_all_extents(&s);
    assert_true(spy.gathers > 0);
    mixed_heap_end(&s);
}

static void nobody_has_to_take_faults(void **state) {
    (void)state;
    static struct jh_walk w;
    struct holes h;
    struct jh_extent e;
    size_t count[2] = {0, 0};
    enum jh_status status;
    start_holes(&h);
    jh_walk_start(&w, &h.image.heap);
    while ((status = jh_walk_next(&w, &e, NULL)) != JH_END) {
        count[status == JH_OK]++;
    }
    assert_int_equal(count[0], 2);
    assert_int_equal(count[1], 5);
    image_end(&h.image);
}

/* Elements that name an extent beside its own: right behind them, or right in front. */
static void a_stray_pointer_behind_its_extent(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    image_leaf(&b.image, A, &(struct image_leaf){b.before, 4, 0, true, false});
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.extent-not-covering", A, b.before);
}

static void a_stray_pointer_in_front_of_its_extent(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    image_leaf(&b.image, A, &(struct image_leaf){b.after, 4, 0, true, false});
    one_fault_between(&b, JH_STAGE_LEAF, "leaf.extent-not-covering", A, b.after);
}

static void an_extent_that_cannot_be_read(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    uint64_t at = put_slab(&b.image, A);
    struct spy spy = {
        .under = b.image.heap.reader, .fail_addr = at, .fail_len = 128, .fail = JH_READ_FAILED};
    b.image.heap.reader = spy_read(&spy);
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 1);
    assert_int_equal(seen->at[0], b.before);
    assert_int_equal(seen->faults, 1);
    fault_is(&seen->fault[0], JH_READ_FAILED, JH_STAGE_READER, "reader.failed", at);
    image_end(&b.image);
}

/* One that was left behind is passed over, and the extent that it names is still found. */
static void left_behind_in_front_of_its_extent(void **state) {
    (void)state;
    struct between b;
    start_between(&b, JH_5_3_0);
    image_leaf(&b.image, A, &(struct image_leaf){b.after, 232, 0, false, false});
    const struct seen *seen = walk(&b.image.heap);
    assert_int_equal(seen->extents, 2);
    assert_int_equal(seen->at[1], b.after);
    assert_int_equal(seen->faults, 0);
    image_end(&b.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_extent_once_in_order),
        cmocka_unit_test(in_few_reads),
        cmocka_unit_test(an_empty_heap),
        cmocka_unit_test(more_extents_than_a_batch),
        cmocka_unit_test(cleared_elements),
        cmocka_unit_test(the_kernel_half),
        cmocka_unit_test(holes_in_a_leaf_node),
        cmocka_unit_test(a_hole_that_splits_an_element),
        cmocka_unit_test(a_hole_over_a_first_page),
        cmocka_unit_test(an_absent_node),
        cmocka_unit_test(pointers_to_nowhere),
        cmocka_unit_test(an_absent_root),
        cmocka_unit_test(an_absent_extent),
        cmocka_unit_test(a_misaligned_child),
        cmocka_unit_test(a_child_that_is_the_node_itself),
        cmocka_unit_test(a_child_that_repeats),
        cmocka_unit_test(misaligned_extent),
        cmocka_unit_test(an_extent_that_wraps),
        cmocka_unit_test(an_unsound_extent),
        cmocka_unit_test(a_missing_first_page),
        cmocka_unit_test(a_missing_first_page_in_the_kernel_half),
        cmocka_unit_test(a_stray_pointer_in_the_kernel_half),
        cmocka_unit_test(an_address_that_is_not_canonical),
        cmocka_unit_test(a_pointer_to_an_extent_elsewhere),
        cmocka_unit_test(elements_that_were_left_behind),
        cmocka_unit_test(overlaps),
        cmocka_unit_test(overlaps_by_what_was_left_behind),
        cmocka_unit_test(a_leaf_that_contradicts_its_extent),
        cmocka_unit_test(a_leaf_that_contradicts_in_an_overlap),
        cmocka_unit_test(a_size_that_was_overwritten),
        cmocka_unit_test(pages_of_a_slab),
        cmocka_unit_test(pages_of_a_large_one),
        cmocka_unit_test(inner_pages_behind_others),
        cmocka_unit_test(pages_in_two_nodes),
        cmocka_unit_test(an_overlap_by_one_in_use),
        cmocka_unit_test(the_last_page_there_is),
        cmocka_unit_test(registered_over_what_was_left_behind),
        cmocka_unit_test(left_behind_by_nobody),
        cmocka_unit_test(all_root_slots_to_one_child),
        cmocka_unit_test(a_budget_of_extents),
        cmocka_unit_test(a_budget_of_nodes),
        cmocka_unit_test(a_budget_of_node_bytes),
        cmocka_unit_test(a_sparse_image),
        cmocka_unit_test(a_node_that_cannot_be_read),
        cmocka_unit_test(a_reader_with_a_budget),
        cmocka_unit_test(a_reader_that_has_nothing),
        cmocka_unit_test(a_gather_that_forgets),
        cmocka_unit_test(nobody_has_to_take_faults),
        cmocka_unit_test(a_stray_pointer_behind_its_extent),
        cmocka_unit_test(a_stray_pointer_in_front_of_its_extent),
        cmocka_unit_test(an_extent_that_cannot_be_read),
        cmocka_unit_test(left_behind_in_front_of_its_extent),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL) != 0;
}
