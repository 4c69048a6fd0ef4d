#include "ask_heap.h"

#include "rules.h"

#define NODES 8
#define STEPS 64

static void check_fault(enum jh_status status, const struct jh_fault *fault) {
    if (status != JH_OK && status != JH_END) {
        fuzz_check_fault(status, fault);
    }
}

static void look_at(const struct jh_heap *heap, uint64_t addr) {
    struct jh_location l;
    struct jh_extent extent;
    struct jh_slab slab;
    struct jh_fault fault = {.status = JH_OK};
    enum jh_status status = jh_locate(heap, addr, &l, &fault);
    check_fault(status, &fault);
    if (status == JH_OK && l.owned) {
        FUZZ_CHECK(l.extent.at && addr - l.start == l.offset && l.offset < l.size);
    }
    status = jh_before(heap, addr, &extent, &fault);
    check_fault(status, &fault);
    FUZZ_CHECK(status != JH_OK || !extent.at || extent.base + extent.size <= addr);
    status = jh_after(heap, addr, &extent, &fault);
    check_fault(status, &fault);
    FUZZ_CHECK(status != JH_OK || !extent.at || extent.base > addr);
    status = jh_lookup(heap, addr, &extent, &fault);
    check_fault(status, &fault);
    if (status == JH_OK && extent.at && jh_extent_check(heap->layout, &extent, NULL) == JH_OK &&
        jh_extent_is_slab(&extent)) {
        check_fault(jh_slab_read(heap, &extent, &slab, &fault), &fault);
    }
}

void fuzz_ask_heap(const struct jh_reader *reader, const struct jh_layout *layout, uint64_t root) {
    struct jh_heap heap = {
        .reader = *reader,
        .layout = layout,
        .rtree_root = root,
        .limits = {.max_nodes = NODES, .max_extents = STEPS, .max_passed = 4096}};
    static struct jh_walk walk;
    struct jh_extent extent;
    struct jh_fault fault = {.status = JH_OK};
    jh_walk_start(&walk, &heap);
    for (unsigned i = 0; i < STEPS; i++) {
        enum jh_status status = jh_walk_next(&walk, &extent, &fault);
        check_fault(status, &fault);
        if (status == JH_END) {
            break;
        }
        if (status == JH_OK && i < 4) {
            look_at(&heap, extent.addr);
            look_at(&heap, extent.addr + extent.size / 2);
        }
    }
    look_at(&heap, root);
}

void fuzz_ask_pure(const struct jh_layout *layout, const uint8_t *bytes) {
    struct jh_extent extent;
    struct jh_leaf leaf;
    uint8_t again[JH_LEAF_BYTES_MAX];
    jh_leaf_decode(layout, bytes, &leaf);
    jh_leaf_encode(layout, &leaf, again);
    jh_extent_decode(layout, 0x1000, bytes, &extent);
    if (jh_extent_check(layout, &extent, NULL) == JH_OK && jh_extent_is_slab(&extent)) {
        FUZZ_CHECK(jh_slab_region(layout, &extent, extent.addr) < layout->bin[extent.szind].nregs);
    }
    for (uint32_t i = 0; i < layout->sc_nsizes; i++) {
        FUZZ_CHECK(jh_size2index(layout, jh_index2size(layout, i)) == i);
    }
    for (unsigned level = 0; level < layout->rtree_height; level++) {
        FUZZ_CHECK(jh_rtree_subkey(layout, UINT64_MAX, level) <
                   UINT64_C(1) << layout->rtree_level[level].bits);
    }
}
