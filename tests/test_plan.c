/* plan: what is taken by it is what the long way takes, field by field; what is sound is taken; and
 * with any reader the answers are the same with a plan and without. */
#include "test.h"

#include "builds.h"
#include "heap_images.h"
#include "mixed_heap.h"
#include "plan.h"
#include "spy.h"
#include "write_extent.h"

#define EXTENT_AT UINT64_C(0x7f0000010000)
#define BASE UINT64_C(0x4000000)

static struct jh_plan *plan_of(const struct jh_layout *layout) {
    static struct jh_plan plan;
    assert_int_equal(jh_plan_make(layout, &plan, NULL), JH_OK);
    return &plan;
}

/* ---- one extent ------------------------------------------------------------------------------ */

static bool taken_as(const struct jh_plan *plan, bool wide, uint64_t at, const uint8_t *head,
                     struct jh_extent *out) {
    struct jh_brief brief;
    if (!jh_plan_take(plan, wide, at, head, &brief)) {
        return false;
    }
    jh_plan_fill(plan, wide, &brief, head, out);
    assert_int_equal(brief.addr, out->addr);
    assert_int_equal(brief.size, out->size);
    assert_true(jh_plan_covers(plan, &brief, out->base + (out->size - 1)));
    assert_false(jh_plan_covers(plan, &brief, out->base - 1));
    return true;
}

/* Is it taken? Then the long way takes it, and tells the same. */
static bool is_taken(const struct jh_plan *plan, uint64_t at, const uint8_t *head) {
    struct jh_extent e, wanted;
    memset(&e, 0, sizeof(e));
    memset(&wanted, 0, sizeof(wanted));
    bool taken = taken_as(plan, false, at, head, &e);
    if (plan->wide) {
        assert_int_equal(taken_as(plan, true, at, head, &e), taken);
    }
    if (taken) {
        jh_extent_decode(plan->layout, at, head, &wanted);
        assert_int_equal(jh_extent_check(plan->layout, &wanted, NULL), JH_OK);
        assert_memory_equal(&e, &wanted, sizeof(e));
    }
    return taken;
}

static uint32_t state_number(const struct jh_layout *layout, enum jh_state state) {
    for (uint32_t i = 0; i < layout->states; i++) {
        if (layout->state[i] == state) {
            return i;
        }
    }
    return JH_STATES_MAX;
}

/* A sound extent of this class; false where a machine has no room for one. */
static bool sound(const struct jh_layout *layout, uint32_t szind, enum jh_state state,
                  uint8_t *head) {
    struct jh_extent e = {.addr = BASE,
                          .szind = szind,
                          .slab = szind < layout->sc_nbins,
                          .arena_ind = 5,
                          .committed = true,
                          .zeroed = true,
                          .sn = 77,
                          .ps = BASE,
                          .bin_shard = 1,
                          .is_head = true,
                          .state_bits = state_number(layout, state)};
    e.size = e.slab                       ? layout->bin[szind].slab_size
             : szind == layout->sc_nsizes ? UINT64_C(3) << layout->build.lg_page
                                          : jh_index2size(layout, szind) + layout->large_pad;
    e.nfree = e.slab ? layout->bin[szind].nregs : 0;
    e.bsize = e.size + 3;
    memset(head, 0, JH_EXTENT_HEAD_MAX);
    fuzz_write_extent(&layout->build, &e, head);
    return e.size < UINT64_C(1) << (layout->build.lg_vaddr - 1) && state_number(layout, state) < 8;
}

static void what_is_sound_is_taken(void **state) {
    (void)state;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    const struct jh_layout *layout;
    for (size_t n = 0; (layout = fuzz_layout_nth(n)) != NULL; n++) {
        const struct jh_plan *plan = plan_of(layout);
        uint64_t at = EXTENT_AT & jh_low_mask(layout->sc_ptr_bits);
        for (uint32_t i = 0; i < layout->sc_nsizes; i++) {
            assert_true(!sound(layout, i, JH_ACTIVE, head) || is_taken(plan, at, head));
        }
        for (unsigned i = JH_ACTIVE; i < JH_STATE_UNKNOWN; i++) {
            if (sound(layout, layout->sc_nsizes, i, head)) {
                assert_int_equal(is_taken(plan, at, head), i != JH_TRANSITION);
            }
        }
    }
}

static void flip(const struct jh_plan *plan, uint64_t at, uint8_t *head) {
    unsigned bits = 8U * plan->layout->extent_head;
    for (unsigned i = 0; i < bits; i++) {
        head[i / 8] ^= (uint8_t)(1U << i % 8);
        (void)is_taken(plan, at, head);
        unsigned j = (i * 7 + 13) % bits;
        head[j / 8] ^= (uint8_t)(1U << j % 8);
        (void)is_taken(plan, at, head);
        head[j / 8] ^= (uint8_t)(1U << j % 8);
        head[i / 8] ^= (uint8_t)(1U << i % 8);
    }
}

static void what_is_taken_is_sound(void **state) {
    (void)state;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    const struct jh_layout *layout;
    for (size_t n = 0; (layout = fuzz_layout_nth(n)) != NULL; n++) {
        const struct jh_plan *plan = plan_of(layout);
        uint64_t at = EXTENT_AT & jh_low_mask(layout->sc_ptr_bits);
        for (uint32_t i = (uint32_t)(n % 5); i <= layout->sc_nsizes; i += 5) {
            sound(layout, i, i < layout->sc_nsizes ? JH_ACTIVE : JH_DIRTY, head);
            flip(plan, at, head);
            assert_false(is_taken(plan, at + layout->extent_align / 2U, head));
        }
        sound(layout, layout->sc_nsizes, JH_DIRTY, head);
        flip(plan, at, head);
    }
}

/* What ends behind the last address, or begins at address 0, is no extent. */
static void where_memory_ends(void **state) {
    (void)state;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    const struct jh_layout *layout;
    for (size_t n = 0; (layout = fuzz_layout_nth(n)) != NULL; n++) {
        const struct jh_plan *plan = plan_of(layout);
        struct jh_field addr = layout->extent[JH_EXTENT_ADDR];
        uint64_t at = EXTENT_AT & jh_low_mask(layout->sc_ptr_bits);
        uint64_t size = layout->bin[0].slab_size, end = jh_low_mask(layout->sc_ptr_bits) + 1;
        sound(layout, 0, JH_ACTIVE, head);
        fuzz_store(&layout->build, head + addr.offset, addr.word, 0);
        assert_false(is_taken(plan, at, head));
        fuzz_store(&layout->build, head + addr.offset, addr.word, end - size);
        assert_true(is_taken(plan, at, head));
        if (size > UINT64_C(1) << layout->build.lg_page) {
            fuzz_store(&layout->build, head + addr.offset, addr.word, end - size / 2);
            assert_false(is_taken(plan, at, head));
        }
    }
}

/* ---- one leaf element ------------------------------------------------------------------------ */

static void an_element(const struct jh_plan *plan, const uint8_t *bytes) {
    struct jh_leaf leaf, wanted;
    memset(&leaf, 0, sizeof(leaf));
    memset(&wanted, 0, sizeof(wanted));
    uint64_t at = jh_plan_leaf(plan, plan->wide, bytes);
    if (at) {
        jh_leaf_decode(plan->layout, bytes, &wanted);
        jh_plan_leaf_decode(plan, plan->wide, bytes, &leaf);
        assert_int_equal(at, wanted.extent);
        assert_memory_equal(&leaf, &wanted, sizeof(leaf));
    }
}

/* One that agrees with its extent, of the same fields but one. */
static void agreement(const struct jh_plan *plan, uint8_t *head, const struct jh_leaf *leaf) {
    struct jh_extent e;
    struct jh_brief brief;
    assert_true(jh_plan_take(plan, false, leaf->extent, head, &brief));
    jh_extent_decode(plan->layout, leaf->extent, head, &e);
    assert_true(jh_plan_leaf_agrees(plan, leaf, &brief));
    for (unsigned i = 0; i < 6; i++) {
        struct jh_leaf other = *leaf;
        other.extent += i == 0 ? 128 : 0;
        other.szind += i == 1;
        other.slab ^= i == 2;
        other.state_bits += i == 3;
        other.is_head ^= i == 4;
        other.unused = i == 5;
        assert_int_equal(jh_plan_leaf_agrees(plan, &other, &brief),
                         jh_leaf_check(plan->layout, &other, &e, NULL) == JH_OK);
    }
}

static void leaf_elements(void **state) {
    (void)state;
    const struct jh_layout *layout;
    for (size_t n = 0; (layout = fuzz_layout_nth(n)) != NULL; n++) {
        uint8_t bytes[JH_LEAF_BYTES_MAX], head[JH_EXTENT_HEAD_MAX];
        const struct jh_plan *plan = plan_of(layout);
        struct jh_leaf leaf = {.extent = EXTENT_AT & jh_low_mask(layout->build.lg_vaddr),
                               .szind = 1,
                               .slab = true,
                               .is_head = layout->leaf[JH_LEAF_IS_HEAD].width != 0};
        jh_leaf_encode(layout, &leaf, bytes);
        assert_int_equal(jh_plan_leaf(plan, plan->wide, bytes), leaf.extent);
        sound(layout, 1, JH_ACTIVE, head);
        agreement(plan, head, &leaf);
        leaf.state_bits = layout->leaf[JH_LEAF_STATE].width ? state_number(layout, JH_DIRTY) : 0;
        sound(layout, layout->sc_nsizes, JH_DIRTY, head);
        agreement(plan, head, &leaf);
        for (unsigned i = 0; i < 8U * layout->leaf_size; i++) {
            bytes[i / 8] ^= (uint8_t)(1U << i % 8);
            an_element(plan, bytes);
            bytes[(i * 5 + 3) % layout->leaf_size] ^= (uint8_t)(i * 37);
            an_element(plan, bytes);
        }
    }
}

/* An element that has no part for a field does not contradict it. */
static void elements_without_a_field(void **state) {
    (void)state;
    struct jh_layout layout;
    struct jh_build build;
    struct jh_plan plan;
    struct jh_brief brief;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    jh_build_init(&build, JH_5_3_0);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    assert_int_equal(jh_plan_make(&layout, &plan, NULL), JH_OK);
    sound(&layout, 1, JH_ACTIVE, head);
    assert_true(jh_plan_take(&plan, false, EXTENT_AT, head, &brief));
    for (unsigned i = 0; i < 2; i++) {
        struct jh_leaf leaf = {
            .extent = EXTENT_AT, .szind = 1 + (i == 0), .slab = i != 1, .is_head = true};
        assert_false(jh_plan_leaf_agrees(&plan, &leaf, &brief));
        struct jh_plan without = plan;
        without.leaf[i == 0 ? JH_LEAF_SZIND : JH_LEAF_SLAB].mask = 0;
        assert_true(jh_plan_leaf_agrees(&without, &leaf, &brief));
    }
}

/* Words that are all of eight bytes are loaded as they lie; one that is not, none. */
static void words_of_another_width(void **state) {
    static const enum jh_extent_field field[] = {JH_EXTENT_BITS, JH_EXTENT_ADDR, JH_EXTENT_BSIZE,
                                                 JH_EXTENT_SN, JH_EXTENT_PS};
    (void)state;
    for (size_t i = 0; i < COUNT(field); i++) {
        struct jh_layout layout;
        struct jh_build build;
        struct jh_plan plan;
        jh_build_init(&build, JH_5_3_0);
        assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
        jh_plan_parts(&layout, &plan);
        assert_true(plan.wide);
        layout.extent[field[i]].word = 4;
        jh_plan_parts(&layout, &plan);
        assert_false(plan.wide);
    }
}

/* ---- layouts that have none ------------------------------------------------------------------ */

static void of_no_jemalloc(struct jh_layout *layout) {
    struct jh_plan plan;
    struct jh_fault fault;
    MARK(plan);
    assert_int_equal(jh_plan_make(layout, &plan, &fault), JH_UNSUPPORTED);
    FAULT_IS(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, "plan.extent-words");
    UNTOUCHED(plan);
}

static void layouts_without_a_plan(void **state) {
    (void)state;
    struct jh_layout layout = *fuzz_layout_nth(0), sound_one = layout;
    layout.extent[JH_EXTENT_ADDR].width = 0;
    of_no_jemalloc(&layout);
    layout.extent[JH_EXTENT_ADDR].width = 40;
    of_no_jemalloc(&layout);
    layout = sound_one;
    layout.extent[JH_EXTENT_ADDR].shift = 1;
    of_no_jemalloc(&layout);
    layout = sound_one;
    layout.extent[JH_EXTENT_SIZE].width = 0;
    of_no_jemalloc(&layout);
    layout = sound_one;
    layout.extent[JH_EXTENT_SIZE].shift++;
    of_no_jemalloc(&layout);
    layout = sound_one;
    layout.extent[JH_EXTENT_SZIND].width = 9;
    of_no_jemalloc(&layout);
}

/* Nothing is taken where a class can have no extent: the state has no number, or one that its field
 * cannot hold; slabs are not told apart; a size that no address space has. */
static void classes_without_extents(void **state) {
    (void)state;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    for (unsigned i = 0; i < 5; i++) {
        struct jh_layout layout = *fuzz_layout_nth(0);
        sound(&layout, 0, JH_ACTIVE, head);
        assert_true(is_taken(plan_of(&layout), EXTENT_AT, head));
        layout.state[0] = i == 0 ? JH_DIRTY : JH_ACTIVE;
        layout.extent[JH_EXTENT_SLAB].width = i == 1 ? 0 : 1;
        layout.bin[0].slab_size = i == 2 ? UINT64_MAX - 0xfff : i == 3 ? 0 : 0x1000;
        layout.states = i == 4 ? 0 : layout.states;
        assert_false(is_taken(plan_of(&layout), EXTENT_AT, head));
    }
}

/* A slab that is smaller than one of its regions. */
static void a_slab_without_room(void **state) {
    (void)state;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    struct jh_layout layout = *fuzz_layout_nth(0);
    uint32_t last = layout.sc_nbins - 1U;
    layout.bin[last].slab_size = 0x1000;
    sound(&layout, last, JH_ACTIVE, head);
    assert_false(is_taken(plan_of(&layout), EXTENT_AT, head));
}

/* ---- lookups and walks ----------------------------------------------------------------------- */

static void brief_is(const struct jh_brief *brief, const struct jh_extent *e) {
    assert_int_equal(brief->at, e->at);
    if (e->at) {
        assert_int_equal(brief->addr, e->addr);
        assert_int_equal(brief->size, e->size);
        assert_int_equal(brief->bits, e->bits);
        assert_int_equal(brief->szind, e->szind);
        assert_int_equal(brief->state, e->state);
        assert_int_equal(brief->slab, e->slab);
        assert_int_equal(brief->allocated, e->allocated);
    }
}

static void extent_is(const struct jh_extent *e, const struct jh_extent *wanted) {
    assert_int_equal(e->at, wanted->at);
    if (e->at) {
        assert_int_equal(e->addr, wanted->addr);
        assert_int_equal(e->bsize, wanted->bsize);
        assert_int_equal(e->bits, wanted->bits);
        assert_int_equal(e->sn, wanted->sn);
        assert_int_equal(e->usize, wanted->usize);
    }
}

/* All ways of one heap to an address say what the long way says. */
static void an_address(const struct jh_heap *heap, const struct jh_heap *long_way, uint64_t addr) {
    struct jh_extent e, wanted;
    struct jh_brief brief;
    struct jh_fault fault, first;
    MARK(e);
    MARK(brief);
    enum jh_status status = jh_lookup(long_way, addr, &wanted, &first);
    assert_int_equal(jh_lookup(heap, addr, &e, &fault), status);
    assert_int_equal(jh_lookup_brief(heap, addr, &brief, &fault), status);
    if (status == JH_OK) {
        extent_is(&e, &wanted);
        brief_is(&brief, &wanted);
    } else {
        assert_string_equal(fault.rule, first.rule);
        assert_int_equal(fault.addr, first.addr);
        UNTOUCHED(e);
        UNTOUCHED(brief);
    }
}

#define MANY 200 /* not a whole number of batches */

static void many(const struct jh_heap *heap, const struct jh_heap *long_way, const uint64_t *addr,
                 size_t count) {
    static struct jh_extent e[MANY];
    static struct jh_brief brief[MANY];
    enum jh_status status[MANY], brief_status[MANY];
    MARK(e);
    MARK(brief);
    jh_lookup_many(heap, addr, count, e, status);
    jh_lookup_brief_many(heap, addr, count, brief, brief_status);
    for (size_t i = 0; i < count; i++) {
        struct jh_extent wanted;
        assert_int_equal(jh_lookup(long_way, addr[i], &wanted, NULL), status[i]);
        assert_int_equal(brief_status[i], status[i]);
        if (status[i] == JH_OK) {
            extent_is(&e[i], &wanted);
            brief_is(&brief[i], &wanted);
        } else {
            UNTOUCHED(e[i]);
            UNTOUCHED(brief[i]);
        }
        an_address(heap, long_way, addr[i]);
    }
}

static uint64_t walked(const struct jh_heap *heap) {
    static struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    uint64_t digest = 0;
    enum jh_status status;
    jh_walk_start(&walk, heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        bool ok = status == JH_OK;
        digest = digest * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)status;
        digest = digest * 31 + (ok ? e.at ^ e.addr << 1 ^ e.bits ^ e.bsize ^ e.sn << 7 ^ e.usize
                                   : fault.addr ^ fault.seen << 1 ^ (uintptr_t)fault.rule);
    }
    return digest;
}

/* With readers that lend all of it, by a function of their own, or nothing. */
static const void *lend(void *arg, uint64_t addr, size_t len) {
    const struct jh_reader *under = arg;
    return under->lend(under->arg, addr, len);
}

static enum jh_status read_under(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_reader *under = arg;
    return under->read(under->arg, addr, dst, len, got);
}

static void all_the_same(struct jh_heap heap, const struct jh_plan *plan, const uint64_t *addr,
                         size_t count) {
    struct jh_heap long_way = heap;
    struct jh_reader under = heap.reader;
    struct spy spy = {.under = under};
    const struct jh_reader readers[] = {
        under, {.read = read_under, .lend = lend, .arg = &under}, spy_read(&spy), spy_gather(&spy)};
    long_way.plan = NULL;
    heap.plan = plan;
    uint64_t digest = walked(&long_way);
    for (size_t i = 0; i < COUNT(readers); i++) {
        heap.reader = readers[i];
        long_way.reader = readers[i];
        many(&heap, &long_way, addr, count);
        many(&long_way, &long_way, addr, count);
        assert_int_equal(walked(&heap), digest);
    }
}

static void mixed_heaps(void **state) {
    (void)state;
    struct mixed_heap s;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        all_the_same(s.image.heap, &s.image.plan, s.probe, COUNT(s.probe));
        s.image.heap.rtree_root = image_block(&s.image, 0x1000); /* no node */
        all_the_same(s.image.heap, &s.image.plan, s.probe, COUNT(s.probe));
        mixed_heap_end(&s);
    }
}

/* Each captured heap, and each with bytes of its tree and its extents bent. */
static size_t places(const struct heap_image *image, uint64_t *addr) {
    size_t count = 0;
    uint64_t page = UINT64_C(1) << image->layout.build.lg_page;
    addr[0] = 0; /* of an image without places */
    for (size_t i = 0; i < image->places && count + 2 < MANY; i += image->places / 80 + 1) {
        addr[count++] = image->place[i].page + page / 2 + i;
        addr[count++] = image->place[i].page + 3 * page;
    }
    addr[count++] = UINT64_C(0x800000000000) | addr[0];
    return count;
}

static void captured_heaps(void **state) {
    (void)state;
    static struct jh_segment segment[64];
    uint64_t addr[MANY];
    for (size_t n = 0; n < heap_images_count(); n++) {
        struct heap_image *image = heap_images_nth(n);
        struct jh_image bytes = {.segment = segment, .count = image->regions};
        struct jh_heap heap = {.layout = &image->layout, .rtree_root = image->root};
        assert_true(image->regions <= COUNT(segment));
        for (size_t i = 0; i < image->regions; i++) {
            const struct heap_region *r = &image->region[i];
            segment[i] = (struct jh_segment){r->addr, r->bytes, r->len};
        }
        assert_int_equal(jh_image_reader(&bytes, &heap.reader, NULL), JH_OK);
        const struct jh_plan *plan = plan_of(&image->layout);
        size_t count = places(image, addr);
        all_the_same(heap, plan, addr, count);
        for (size_t i = n % 7; i < image->first[HEAP_PLACE_USER]; i += image->places / 3 + 1) {
            uint8_t *bent = heap_image_at(image, image->place[i].addr, 1) + (i + n) % 8;
            uint8_t was = *bent;
            *bent ^= (uint8_t)(1U << (i * 3 + n) % 8);
            all_the_same(heap, plan, addr, count);
            *bent = was;
        }
    }
}

/* A plan of another layout is of no use: the heap goes without. */
static void the_plan_of_another_layout(void **state) {
    (void)state;
    struct mixed_heap s;
    struct jh_plan plan;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    assert_int_equal(jh_plan_make(fuzz_layout_nth(0), &plan, NULL), JH_OK);
    all_the_same(s.image.heap, &plan, s.probe, COUNT(s.probe));
    mixed_heap_end(&s);
}

/* Slabs of more pages than are looked at together, one behind the other, and what is between. */
static void long_slabs(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t addr[40], at = UINT64_C(0x7e0000000000);
    for (unsigned i = 0; i < 40; i++) {
        uint32_t szind = i * 11 % image.layout.sc_nbins;
        addr[i] = at;
        image_put(&image, &(struct image_extent){at, image.layout.bin[szind].slab_size, szind, 0,
                                                 true, 0, 0});
        at += image.layout.bin[szind].slab_size + (i % 3 == 0 ? 0x9000 : 0);
    }
    all_the_same(image.heap, &image.plan, addr, COUNT(addr));
    image_leaf(&image, addr[8] + 0x3000, &(struct image_leaf){0, 232, 0, false, false});
    all_the_same(image.heap, &image.plan, addr, COUNT(addr));
    image_end(&image);
}

/* Slabs in leaf nodes that a batch remembers in one place, by turns; one that does not begin where
 * its page does, and one whose element names another. */
static void far_apart(void **state) {
    (void)state;
    enum { FAR = 3, APART = 36 };
    struct image image;
    uint64_t addr[40], at[COUNT(addr)];
    image_stock(&image, JH_5_3_0);
    assert_true(image.plan.usual);
    for (uint32_t i = 0; i < COUNT(addr); i++) {
        uint32_t szind = i % image.layout.sc_nbins;
        addr[i] = UINT64_C(0x7e0000000000) + ((uint64_t)(i % FAR) << APART) + i * 0x10000;
        at[i] = image_put(&image, &(struct image_extent){addr[i], image.layout.bin[szind].slab_size,
                                                         szind, 0, true, 0, 0});
    }
    all_the_same(image.heap, &image.plan, addr, COUNT(addr));
    image_put8(&image, at[1] + image.layout.extent[JH_EXTENT_ADDR].offset, addr[1] + 64);
    image_leaf(&image, addr[3], &(struct image_leaf){at[2], 3, 0, true, true});
    all_the_same(image.heap, &image.plan, addr, COUNT(addr));
    image_end(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sound_is_taken),
        cmocka_unit_test(what_is_taken_is_sound),
        cmocka_unit_test(where_memory_ends),
        cmocka_unit_test(leaf_elements),
        cmocka_unit_test(elements_without_a_field),
        cmocka_unit_test(words_of_another_width),
        cmocka_unit_test(layouts_without_a_plan),
        cmocka_unit_test(classes_without_extents),
        cmocka_unit_test(a_slab_without_room),
        cmocka_unit_test(mixed_heaps),
        cmocka_unit_test(captured_heaps),
        cmocka_unit_test(the_plan_of_another_layout),
        cmocka_unit_test(long_slabs),
        cmocka_unit_test(far_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
