/* lookup: the extent that owns an address, and the ones beside it. */
#include "test.h"
#include "spy.h"
#include "mixed_heap.h"

#define A UINT64_C(0x7e1234560000)

typedef enum jh_status look_fn(const struct jh_heap *, uint64_t, struct jh_extent *,
                               struct jh_fault *);

static void finds(look_fn *look, const struct jh_heap *heap, uint64_t addr, uint64_t at) {
    static const struct jh_extent none = {.at = 0};
    struct jh_extent e;
    struct jh_fault fault;
    MARK(fault);
    MARK(e);
    assert_int_equal(look(heap, addr, &e, &fault), JH_OK);
    assert_int_equal(e.at, at);
    if (!at) { /* and nothing of the one that is nearest */
        assert_memory_equal(&e, &none, sizeof e);
    }
    UNTOUCHED(fault);
}

static void fails(look_fn *look, const struct jh_heap *heap, uint64_t addr, enum jh_status status,
                  enum jh_stage stage, const char *rule) {
    struct jh_extent e;
    struct jh_fault fault;
    MARK(e);
    assert_int_equal(look(heap, addr, &e, &fault), status);
    FAULT_IS(fault, status, stage, rule);
    UNTOUCHED(e);
    assert_int_equal(look(heap, addr, &e, NULL), status);
}

static uint64_t owner(const struct jh_heap *heap, uint64_t addr) {
    struct jh_extent e;
    assert_int_equal(jh_lookup(heap, addr, &e, NULL), JH_OK);
    return e.at;
}

/* ---- every kind of address ------------------------------------------------------------------- */

static void all_probes(const struct mixed_heap *s) {
    for (unsigned i = 0; i < MIXED_PROBES; i++) {
        uint64_t addr = s->probe[i];
        finds(jh_lookup, &s->image.heap, addr, mixed_heap_owner(s, addr));
        if (s->page == 4096) { /* neighbours may be half a tree away */
            finds(jh_before, &s->image.heap, addr, mixed_heap_before(s, addr));
            finds(jh_after, &s->image.heap, addr, mixed_heap_after(s, addr));
        }
    }
}

static void owners_and_neighbours(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        all_probes(&s);
        mixed_heap_end(&s);
    }
}

static void with_a_reader_that_does_not_lend(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n += 3) {
        struct spy spy = {.under = s.image.heap.reader};
        s.image.heap.reader = spy_read(&spy);
        all_probes(&s);
        mixed_heap_end(&s);
    }
}

static void what_is_found_is_decoded(void **state) {
    (void)state;
    struct mixed_heap s;
    struct jh_extent e;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    assert_int_equal(jh_lookup(&s.image.heap, s.extent[3].base + 0x2000, &e, NULL), JH_OK);
    assert_int_equal(e.base, s.extent[3].base);
    assert_int_equal(e.addr, s.extent[3].base + 320);
    assert_int_equal(e.size, 0x5000);
    assert_int_equal(e.usize, 0x4000);
    assert_int_equal(e.szind, 36);
    assert_int_equal(jh_lookup(&s.image.heap, s.extent[4].base, &e, NULL), JH_OK);
    assert_int_equal(e.state, JH_MUZZY);
    mixed_heap_end(&s);
}

static void an_empty_heap_owns_nothing(void **state) {
    (void)state;
    static const uint64_t addr[] = {0, 0x1000, A, 0x7fffffffffff, 0xffff800000000000, UINT64_MAX};
    struct image image;
    image_stock(&image, JH_5_3_0);
    for (size_t i = 0; i < COUNT(addr); i++) {
        finds(jh_lookup, &image.heap, addr[i], 0);
        finds(jh_before, &image.heap, addr[i], 0);
        finds(jh_after, &image.heap, addr[i], 0);
    }
    image_end(&image);
}

static void the_kernel_half(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    uint64_t high = 0xffff888012345000;
    jh_build_init(&build, JH_5_3_0);
    image_start(&image, &build, 0xffff900000000000);
    uint64_t at = image_put(&image, &(struct image_extent){high, 0x9000, 232, 1, 0, 0, 0});
    finds(jh_lookup, &image.heap, high, at);
    finds(jh_lookup, &image.heap, high + 0x4567, at);
    finds(jh_lookup, &image.heap, high + 0x9000, 0);
    finds(jh_before, &image.heap, UINT64_MAX, at);
    finds(jh_after, &image.heap, 0x1000, at);
    image_end(&image);
}

/* jemalloc leaves the class NSIZES behind where it takes a pointer out. */
static void cleared_elements_are_passed_over(void **state) {
    (void)state;
    static const struct image_leaf cleared = {0, 232, 0, false, false};
    for (uint8_t vaddr = 48; vaddr <= 57; vaddr = (uint8_t)(vaddr + 9)) {
        struct mixed_heap s;
        mixed_heap_start(&s, JH_5_3_0, vaddr, 12);
        uint64_t gap = s.extent[2].base + s.extent[2].size;
        for (uint64_t i = 1; i < 15; i++) {
            image_leaf(&s.image, s.extent[2].base + i * 0x1000, &cleared);
        }
        image_leaf(&s.image, gap, &cleared);
        image_leaf(&s.image, gap + 0x1000, &cleared);
        finds(jh_lookup, &s.image.heap, s.extent[2].base + 0x7000, s.extent[2].at);
        finds(jh_lookup, &s.image.heap, gap, 0);
        finds(jh_before, &s.image.heap, gap + 0x2000, s.extent[2].at);
        finds(jh_after, &s.image.heap, gap - 1, s.extent[3].at);
        mixed_heap_end(&s);
    }
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void a_pointer_to_an_extent_elsewhere(void **state) {
    (void)state;
    struct image image;
    struct jh_fault fault;
    struct jh_extent e;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_extent(&image, &(struct image_extent){A, 0x1000, 4, 0, true, 0, 0});
    image_leaf(&image, A + 0x1000, &(struct image_leaf){at, 4, 0, true, false});
    fails(jh_lookup, &image.heap, A + 0x1000, JH_CORRUPT, JH_STAGE_LEAF,
          "leaf.extent-not-covering");
    assert_int_equal(jh_lookup(&image.heap, A + 0x1000, &e, &fault), JH_CORRUPT);
    assert_int_equal(fault.addr, A + 0x1000);
    assert_int_equal(fault.page, A + 0x1000);
    assert_int_equal(fault.element, image_leaf_slot(&image, A + 0x1000));
    assert_int_equal(fault.seen, at);
    image_end(&image);
}

/* 5.3 unmaps bump regions without taking their elements out; the structures live on elsewhere. */
static void elements_that_were_left_behind(void **state) {
    (void)state;
    for (unsigned v = JH_5_2_1; v < JH_VERSIONS; v++) {
        struct image image;
        image_stock(&image, (enum jh_version)v);
        uint64_t dirty = image_put(&image, &(struct image_extent){A, 0x9000, 232, 1, 0, 0, 0});
        uint64_t other =
            image_put(&image, &(struct image_extent){A + 0x100000, 0x1000, 4, 0, true, 0, 0});
        image_leaf(&image, A + 0x3000, &(struct image_leaf){other, 232, 0, false, false});
        image_leaf(&image, A + 0x20000, &(struct image_leaf){other, 232, 0, false, false});
        image_leaf(&image, A + 0x40000, &(struct image_leaf){other, 232, 0, true, false});
        fails(jh_lookup, &image.heap, A + 0x40000, JH_CORRUPT, JH_STAGE_LEAF,
              "leaf.extent-not-covering"); /* no slab is left behind */
        if (v < JH_5_3_0) {
            fails(jh_lookup, &image.heap, A + 0x3000, JH_CORRUPT, JH_STAGE_LEAF,
                  "leaf.extent-not-covering");
        } else {
            assert_int_equal(owner(&image.heap, A + 0x3000), dirty);
            assert_int_equal(owner(&image.heap, A + 0x4000), dirty);
            assert_int_equal(owner(&image.heap, A + 0x20000), 0);
            assert_int_equal(owner(&image.heap, A + 0x30000), 0);
            assert_int_equal(owner(&image.heap, A + 0x100000), other);
        }
        image_end(&image);
    }
}

/* The first page's element is gone: an address in front of the last page is nobody's by what stands
 * in front of it, and by the last page's element it is. */
static void a_missing_first_page(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct image image;
        struct jh_extent e;
        struct jh_fault fault;
        image_stock(&image, (enum jh_version)v);
        image_put(&image, &(struct image_extent){A - 0x9000, 0x1000, 4, 0, true, 0, 0});
        uint64_t at = image_put(&image, &(struct image_extent){A, 0x9000, 232, 1, 0, 0, 0});
        image_put(&image, &(struct image_extent){A + 0x20000, 0x1000, 4, 0, true, 0, 0});
        image_leaf(&image, A, &(struct image_leaf){0, 232, 0, false, false});
        for (uint64_t page = 0; page < 8; page++) {
            fails(jh_lookup, &image.heap, A + page * 0x1000, JH_CORRUPT, JH_STAGE_LEAF,
                  "leaf.first-page-missing");
        }
        assert_int_equal(jh_lookup(&image.heap, A + 8, &e, &fault), JH_CORRUPT);
        assert_int_equal(fault.addr, A);
        assert_int_equal(fault.seen, at);
        assert_int_equal(fault.page, A + 0x8000);
        assert_int_equal(fault.element, image_leaf_slot(&image, A + 0x8000));
        assert_int_equal(owner(&image.heap, A - 1), 0);
        assert_int_equal(owner(&image.heap, A + 0x9000), 0);
        assert_int_equal(owner(&image.heap, A + 0x8000), at); /* and jh_pages_check() says it */
        image_end(&image);
    }
}

/* Nothing is known of the first page of one that was left behind. */
static void left_behind_without_a_first_page(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    image_put(&image, &(struct image_extent){A, 0x9000, 232, 0, 0, 0, 0});
    image_put(&image, &(struct image_extent){A, 0x1000, 4, 0, true, 0, 0});
    assert_int_equal(owner(&image.heap, A + 0x4000), 0);
    image_end(&image);
}

/* What is wrong behind an address that nobody has is not its own; a budget that ends there is. */
static void what_is_wrong_ahead(void **state) {
    (void)state;
    const uint64_t low = 0x7e1200010000; /* little in front of it */
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(&image, &(struct image_extent){low, 0x1000, 4, 0, true, 0, 0});
    image_put8(&image, at + 16, 0);
    assert_int_equal(owner(&image.heap, low - 0x5000), 0);
    image.heap.limits.max_passed =
        image_leaf_slot(&image, low - 0x5000) % (8 << 18) / 8 + low / 0x40000000 + 2;
    assert_int_equal(owner(&image.heap, low - 0x5000), 0);
    image_put8(&image, image_leaf_slot(&image, low), 0);
    fails(jh_lookup, &image.heap, low - 0x5000, JH_LIMIT, JH_STAGE_RTREE, "rtree.max-passed");
    image_end(&image);
}

/* Words that look left behind lead to what was an extent once. */
static void left_behind_by_nobody(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t zeroes = image_extent(&image, &(struct image_extent){.addr = 0});
    memset(image_at(&image, zeroes), 0, 64);
    image_leaf(&image, A, &(struct image_leaf){zeroes, 232, 0, false, false});
    fails(jh_lookup, &image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.addr");
    image_end(&image);
}

static void unsound_extents(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(&image, &(struct image_extent){A, 0x5000, 232, 6, 0, 0, 0});
    fails(jh_lookup, &image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.state");
    fails(jh_lookup, &image.heap, A + 0x2000, JH_CORRUPT, JH_STAGE_EXTENT, "extent.state");
    fails(jh_before, &image.heap, A + 0x9000, JH_CORRUPT, JH_STAGE_EXTENT, "extent.state");
    fails(jh_after, &image.heap, A - 0x9000, JH_CORRUPT, JH_STAGE_EXTENT, "extent.state");
    image_put8(&image, at + 16, 0);
    fails(jh_lookup, &image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.size");
    image_put8(&image, at + 8, 0);
    fails(jh_lookup, &image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.addr");
    image_end(&image);
}

static void misaligned_extents(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_2_1);
    uint64_t at = image_extent(&image, &(struct image_extent){A, 0x1000, 4, 0, true, 0, 0});
    image_leaf(&image, A, &(struct image_leaf){at + 32, 4, 0, true, false});
    fails(jh_lookup, &image.heap, A, JH_CORRUPT, JH_STAGE_EXTENT, "extent.alignment");
    image_end(&image);
}

static void misaligned_children(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    uint64_t slot = image_slot(&s.image, s.extent[3].base, 0);
    *image_at(&s.image, slot) |= 2;
    fails(jh_lookup, &s.image.heap, s.extent[3].base, JH_CORRUPT, JH_STAGE_RTREE,
          "rtree.child-alignment");
    /* the way back from an address behind it, and on to it from one in front */
    fails(jh_before, &s.image.heap, 0x7e1300000000, JH_CORRUPT, JH_STAGE_RTREE,
          "rtree.child-alignment");
    fails(jh_after, &s.image.heap, 0x7d0000000000, JH_CORRUPT, JH_STAGE_RTREE,
          "rtree.child-alignment");
    mixed_heap_end(&s);
}

static void bytes_that_are_not_there(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    const struct jh_heap *heap = &s.image.heap;
    uint64_t inside = s.extent[2].base + 0x8000;
    image_hole(&s.image, image_leaf_slot(&s.image, s.extent[2].base + 0x4000), 8);
    fails(jh_lookup, heap, inside, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    fails(jh_lookup, heap, s.extent[2].base + 0x4000, JH_ABSENT, JH_STAGE_READER,
          "reader.bytes-absent");
    finds(jh_lookup, heap, s.extent[2].base, s.extent[2].at);
    image_hole(&s.image, s.extent[3].at, 128);
    fails(jh_lookup, heap, s.extent[3].base, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    fails(jh_after, heap, inside, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    image_hole(&s.image, image_slot(&s.image, s.extent[4].base, 0), 8);
    fails(jh_lookup, heap, s.extent[4].base, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    mixed_heap_end(&s);
}

/* What is missing farther away than the element that is looked for does not matter. */
static void bytes_that_are_not_there_farther_away(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    uint64_t slot = image_leaf_slot(&s.image, s.extent[2].base);
    image_hole(&s.image, slot - 8, 8);
    finds(jh_lookup, &s.image.heap, s.extent[2].base + 0x8000, s.extent[2].at);
    mixed_heap_end(&s);
}

static bool nothing_low(void *arg, uint64_t addr) {
    (void)arg;
    return addr >= 0x100000000;
}

/* Of the leaf, on the way back from an address behind it, and on to it from one in front. */
static void pointers_to_nowhere(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    const struct jh_heap *heap = &s.image.heap;
    s.image.heap.reader.mapped = nothing_low;
    image_leaf(&s.image, s.extent[3].base, &(struct image_leaf){0x20000, 4, 0, true, false});
    fails(jh_lookup, heap, s.extent[3].base, JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-unmapped");
    fails(jh_after, heap, s.extent[3].base - 1, JH_CORRUPT, JH_STAGE_LEAF, "leaf.extent-unmapped");
    image_put8(&s.image, image_slot(&s.image, s.extent[3].base, 0), 0x10000);
    fails(jh_lookup, heap, s.extent[3].base, JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-unmapped");
    fails(jh_before, heap, 0x7e1300000000, JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-unmapped");
    fails(jh_after, heap, 0x7d0000000000, JH_CORRUPT, JH_STAGE_RTREE, "rtree.child-unmapped");
    mixed_heap_end(&s);
}

static void a_reader_that_fails(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    struct spy spy = {.under = s.image.heap.reader,
                      .fail_addr = s.extent[2].at,
                      .fail_len = 128,
                      .fail = JH_READ_FAILED};
    s.image.heap.reader = spy_read(&spy);
    fails(jh_lookup, &s.image.heap, s.extent[2].base, JH_READ_FAILED, JH_STAGE_READER,
          "reader.failed");
    fails(jh_before, &s.image.heap, s.extent[3].base, JH_READ_FAILED, JH_STAGE_READER,
          "reader.failed");
    finds(jh_lookup, &s.image.heap, s.extent[1].base, s.extent[1].at);
    mixed_heap_end(&s);
}

/* Whichever read it is: its status comes out, and all that is in front of it was of no harm. */
static void every_read_may_fail(void **state) {
    (void)state;
    look_fn *const look[] = {jh_lookup, jh_before, jh_after};
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    struct spy spy = {.under = s.image.heap.reader, .fail = JH_LIMIT};
    s.image.heap.reader = spy_read(&spy);
    for (size_t i = 0; i < COUNT(look); i++) {
        for (unsigned p = 0; p < MIXED_PROBES; p++) {
            struct jh_extent e;
            spy.fail_nth = spy.reads = 0;
            assert_int_equal(look[i](&s.image.heap, s.probe[p], &e, NULL), JH_OK);
            size_t reads = spy.reads, step = 1 + reads / 50; /* a gap is many */
            for (spy.fail_nth = 1; spy.fail_nth <= reads; spy.fail_nth += step) {
                struct jh_fault fault;
                MARK(e);
                spy.reads = 0;
                assert_int_equal(look[i](&s.image.heap, s.probe[p], &e, &fault), JH_LIMIT);
                FAULT_IS(fault, JH_LIMIT, JH_STAGE_READER, "reader.budget");
                UNTOUCHED(e);
                assert_int_equal(spy.reads, spy.fail_nth);
            }
        }
    }
    mixed_heap_end(&s);
}

/* ---- budgets --------------------------------------------------------------------------------- */

static void the_way_back_has_a_budget(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    struct jh_heap *heap = &s.image.heap;
    uint64_t far = s.extent[0].base + s.extent[0].size / 2;
    heap->limits.max_passed = 1000;
    fails(jh_lookup, heap, far, JH_LIMIT, JH_STAGE_RTREE, "rtree.max-passed");
    fails(jh_before, heap, s.extent[1].base, JH_LIMIT, JH_STAGE_RTREE, "rtree.max-passed");
    fails(jh_after, heap, s.extent[6].base, JH_LIMIT, JH_STAGE_RTREE, "rtree.max-passed");
    finds(jh_lookup, heap, s.extent[0].base, s.extent[0].at); /* no way to go */
    heap->limits.max_passed = 1 << 20;
    finds(jh_lookup, heap, far, s.extent[0].at);
    mixed_heap_end(&s);
}

/* A tree whose every node is the root itself. */
static void a_tree_in_a_circle_ends(void **state) {
    (void)state;
    struct image image;
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    build.lg_vaddr = 57;
    image_start(&image, &build, IMAGE_METADATA);
    for (uint64_t i = 0; i < 1 << 15; i++) {
        image_put8(&image, image.heap.rtree_root + 8 * i, image.heap.rtree_root);
    }
    struct jh_extent e;
    MARK(e);
    assert_int_not_equal(jh_lookup(&image.heap, A, &e, NULL), JH_OK);
    assert_int_not_equal(jh_before(&image.heap, A, &e, NULL), JH_OK);
    assert_int_not_equal(jh_after(&image.heap, A, &e, NULL), JH_OK);
    UNTOUCHED(e);
    image_end(&image);
}

/* All root slots lead to one empty node: 2^36 elements, of which 2^20 are looked at. */
static void a_tree_that_repeats_ends(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t leaf = image_block(&image, 8 << 18);
    for (uint64_t i = 0; i < 1 << 18; i++) {
        image_put8(&image, image.heap.rtree_root + 8 * i, leaf);
    }
    image.heap.limits.max_passed = 1 << 20;
    fails(jh_lookup, &image.heap, A, JH_LIMIT, JH_STAGE_RTREE, "rtree.max-passed");
    image_end(&image);
}

/* ---- many at once ---------------------------------------------------------------------------- */

static bool same_extent(const struct jh_extent *a, const struct jh_extent *b) {
    return a->at == b->at &&
           (!a->at || (a->addr == b->addr && a->base == b->base && a->size == b->size &&
                       a->usize == b->usize && a->bits == b->bits && a->state == b->state));
}

/* Twice over, so that there are several batches. */
static void many_are_as_one(const struct jh_heap *heap, const uint64_t *probe, size_t count) {
    enum { MAX = 2 * MIXED_PROBES };
    static uint64_t addr[MAX];
    static struct jh_extent out[MAX];
    static enum jh_status status[MAX];
    for (size_t i = 0; i < 2 * count; i++) {
        addr[i] = probe[i % count];
    }
    jh_lookup_many(heap, addr, 2 * count, out, status);
    for (size_t i = 0; i < 2 * count; i++) {
        struct jh_extent one;
        assert_int_equal(status[i], jh_lookup(heap, addr[i], &one, NULL));
        assert_true(status[i] != JH_OK || same_extent(&out[i], &one));
    }
}

static void with_each_reader(struct mixed_heap *s) {
    struct jh_heap heap = s->image.heap;
    struct spy spy = {.under = s->image.heap.reader};
    many_are_as_one(&heap, s->probe, MIXED_PROBES);
    heap.reader = spy_read(&spy);
    many_are_as_one(&heap, s->probe, MIXED_PROBES);
    heap.reader = spy_gather(&spy);
    many_are_as_one(&heap, s->probe, MIXED_PROBES);
    assert_true(spy.gathers > 0);
    spy.gather_fails = true; /* then the spans are read one by one */
    many_are_as_one(&heap, s->probe, MIXED_PROBES);
}

static void many_lookups(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n += 3) {
        with_each_reader(&s);
        mixed_heap_end(&s);
    }
}

static void many_lookups_with_faults(void **state) {
    (void)state;
    struct mixed_heap s;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    image_hole(&s.image, image_leaf_slot(&s.image, s.extent[2].base + 0x4000), 8);
    image_hole(&s.image, s.extent[6].at, 8);
    image_put8(&s.image, s.extent[3].at + 16, 0);
    image_put8(&s.image, s.extent[1].at + 8, 0);
    *image_at(&s.image, image_slot(&s.image, s.extent[4].base, 0)) |= 1;
    with_each_reader(&s);
    mixed_heap_end(&s);
}

static void many_lookups_in_few_reads(void **state) {
    (void)state;
    struct image image;
    uint64_t addr[128];
    struct jh_extent out[128];
    enum jh_status status[128];
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < 128; i++) {
        addr[i] = A + UINT64_C(0x1000) * i;
        image_put(&image, &(struct image_extent){addr[i], 0x1000, 4, 0, true, 0, 0});
    }
    struct spy spy = {.under = image.heap.reader};
    image.heap.reader = spy_gather(&spy);
    jh_lookup_many(&image.heap, addr, 128, out, status);
    for (unsigned i = 0; i < 128; i++) {
        assert_int_equal(status[i], JH_OK);
        assert_int_equal(out[i].addr, addr[i]);
    }
    assert_int_equal(spy.gathers, 6); /* root, leaf and extents, for each 64 */
    assert_int_equal(spy.reads, 0);
    image_end(&image);
}

static void no_lookups(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    struct spy spy = {.under = image.heap.reader};
    image.heap.reader = spy_read(&spy);
    jh_lookup_many(&image.heap, NULL, 0, NULL, NULL);
    assert_int_equal(spy.reads, 0);
    image_end(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_and_neighbours),
        cmocka_unit_test(with_a_reader_that_does_not_lend),
        cmocka_unit_test(what_is_found_is_decoded),
        cmocka_unit_test(an_empty_heap_owns_nothing),
        cmocka_unit_test(the_kernel_half),
        cmocka_unit_test(cleared_elements_are_passed_over),
        cmocka_unit_test(a_pointer_to_an_extent_elsewhere),
        cmocka_unit_test(elements_that_were_left_behind),
        cmocka_unit_test(a_missing_first_page),
        cmocka_unit_test(left_behind_without_a_first_page),
        cmocka_unit_test(what_is_wrong_ahead),
        cmocka_unit_test(left_behind_by_nobody),
        cmocka_unit_test(unsound_extents),
        cmocka_unit_test(misaligned_extents),
        cmocka_unit_test(misaligned_children),
        cmocka_unit_test(bytes_that_are_not_there),
        cmocka_unit_test(bytes_that_are_not_there_farther_away),
        cmocka_unit_test(pointers_to_nowhere),
        cmocka_unit_test(a_reader_that_fails),
        cmocka_unit_test(every_read_may_fail),
        cmocka_unit_test(the_way_back_has_a_budget),
        cmocka_unit_test(a_tree_in_a_circle_ends),
        cmocka_unit_test(a_tree_that_repeats_ends),
        cmocka_unit_test(many_lookups),
        cmocka_unit_test(many_lookups_with_faults),
        cmocka_unit_test(many_lookups_in_few_reads),
        cmocka_unit_test(no_lookups),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL) != 0;
}
