/* Target functions: jh_layout_check, and with every layout that it lets pass: all pure stages,
 * jh_rtree_lookup, jh_lookup, jh_walk_next, jh_slab_read, jh_locate.
 *
 * Relation: a layout with a few wrong bytes is refused by the name of a rule, or every stage is
 * safe with it, whatever bytes the target has. */
#include "builds.h"

#define BENDS_MAX 4
#define BASE UINT64_C(0x10000) /* address of the target's bytes */

/* A bool must be 0 or 1: reading another value is undefined behaviour. */
static const size_t bools[] = {offsetof(struct jh_layout, build.little_endian),
                               offsetof(struct jh_layout, build.aarch64),
                               offsetof(struct jh_layout, build.debug),
                               offsetof(struct jh_layout, build.prof),
                               offsetof(struct jh_layout, build.stats),
                               offsetof(struct jh_layout, build.cache_oblivious),
                               offsetof(struct jh_layout, leaf_sign_extend),
                               offsetof(struct jh_layout, leaf_left_behind),
                               offsetof(struct jh_layout, large_by_size)};

/* Bends the layout: three bytes of the tail tell an offset, and the bits that are flipped there. */
static void bend(struct fuzz_input *in, struct jh_layout *l) {
    const char *symbol = l->root_symbol;
    uint8_t *bytes = (uint8_t *)l;
    for (unsigned i = fuzz_byte(in) % BENDS_MAX; i < BENDS_MAX; i++) {
        uint8_t flip = fuzz_byte(in);
        bytes[fuzz_take(in, 2) % sizeof(*l)] ^= flip;
    }
    for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
        bytes[bools[i]] &= 1;
    }
    l->root_symbol = symbol;
}

static enum jh_status read_some(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct fuzz_input *in = arg;
    uint64_t offset = addr - BASE;
    uint64_t there = offset < in->size ? in->size - offset : 0;
    *got = len < there ? len : (size_t)there;
    memcpy(dst, in->data + (offset < in->size ? offset : 0), *got);
    return *got == len ? JH_OK : JH_ABSENT;
}

static void pure(const struct jh_layout *l, const uint8_t *bytes, uint64_t x) {
    struct jh_leaf leaf;
    struct jh_extent e;
    uint8_t written[JH_LEAF_BYTES_MAX];
    jh_leaf_decode(l, bytes, &leaf);
    jh_leaf_encode(l, &leaf, written);
    jh_extent_decode(l, x, bytes, &e);
    (void)!jh_extent_check(l, &e, NULL);
    for (unsigned level = 0; level < l->rtree_height; level++) {
        FUZZ_CHECK(jh_rtree_subkey(l, x, level) >> l->rtree_level[level].bits == 0);
    }
    FUZZ_CHECK(jh_rtree_leafkey(l, x) <= x);
    FUZZ_CHECK(jh_size2index(l, x) <= l->sc_nsizes);
    (void)jh_index2size(l, l->sc_nsizes - 1U);
    (void)jh_index2size(l, (uint32_t)(x % 256));
    (void)jh_constant_value(l, x % jh_constant_count());
}

static void one_slab(const struct jh_heap *heap, const struct jh_extent *e, uint64_t addr) {
    static struct jh_slab slab;
    if (jh_slab_read(heap, e, &slab, NULL) == JH_OK) {
        FUZZ_CHECK(slab.nregs && slab.nfree <= slab.nregs);
        (void)jh_slab_free(heap->layout, &slab, slab.nregs - 1);
        FUZZ_CHECK(jh_slab_region(heap->layout, e, addr) <= slab.nregs);
    }
}

static void heap_stages(const struct jh_heap *heap, uint64_t x) {
    static struct jh_walk walk;
    struct jh_leaf_bytes leaf;
    struct jh_extent e;
    struct jh_location where;
    enum jh_status status = JH_OK;
    if (jh_extent_read(heap, x & ~UINT64_C(0x7f), &e, NULL) == JH_OK &&
        jh_extent_check(heap->layout, &e, NULL) == JH_OK) {
        one_slab(heap, &e, x);
    }
    (void)!jh_rtree_lookup(heap, x, &leaf, NULL);
    if (jh_lookup(heap, x, &e, NULL) == JH_OK && e.at) {
        one_slab(heap, &e, x);
    }
    (void)!jh_locate(heap, x, &where, NULL);
    jh_walk_start(&walk, heap);
    for (unsigned i = 0; status != JH_END && i < 64; i++) {
        status = jh_walk_next(&walk, &e, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct jh_layout l = *fuzz_layout(&in);
    struct jh_fault fault = {.status = JH_OK};
    uint8_t bytes[JH_EXTENT_HEAD_MAX] = {0};
    bend(&in, &l);
    uint64_t x = fuzz_take(&in, 8);
    if (jh_layout_check(&l, &fault) != JH_OK) {
        FUZZ_CHECK(fault.status == JH_BAD_ARG && fault.stage == JH_STAGE_LAYOUT);
        FUZZ_CHECK(strncmp(fault.rule, "layout.", 7) == 0);
        return 0;
    }
    memcpy(bytes, in.data, in.size < sizeof(bytes) ? in.size : sizeof(bytes));
    pure(&l, bytes, x);
    const struct jh_heap heap = {.reader = {.read = read_some, .arg = &in},
                                 .layout = &l,
                                 .rtree_root = BASE,
                                 .limits = {8, 16, 4096, 0}};
    heap_stages(&heap, x);
    return 0;
}
