/* rtree: level arithmetic, and the way from a key to its leaf element (rtree.h: rtree_subkey;
 * rtree.c: rtree_leaf_elm_lookup_hard). */
#include "internal.h"

#include <string.h>

uint64_t jh_rtree_subkey(const struct jh_layout *layout, uint64_t key, unsigned level) {
    struct jh_rtree_level l = layout->rtree_level[level];
    return (key >> (layout->sc_ptr_bits - l.cumbits)) & jh_low_mask(l.bits);
}

uint64_t jh_rtree_leafkey(const struct jh_layout *layout, uint64_t key) {
    struct jh_rtree_level leaf = layout->rtree_level[layout->rtree_height - 1];
    return key & ~jh_low_mask((unsigned)layout->sc_ptr_bits - leaf.cumbits + leaf.bits);
}

/* The way to a node: the pointer that led to it, 0 for the root. */
struct way {
    uint64_t node, from;
};

static enum jh_status fetch(const struct jh_heap *heap, const struct way *way, uint64_t at,
                            unsigned size, uint8_t *buf, const uint8_t **out,
                            struct jh_fault *fault) {
    enum jh_status status = jh_fetch(&heap->reader, at, size, buf, out, fault);
    return jh_led(&heap->reader, status, way->from, way->node, JH_STAGE_RTREE,
                  "rtree.child-unmapped", fault);
}

/* To the child that the key selects in the node. */
static enum jh_status descend(const struct jh_heap *heap, uint64_t key, unsigned level,
                              struct way *way, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    uint8_t buf[8];
    const uint8_t *bytes;
    uint64_t at = way->node + jh_rtree_subkey(layout, key, level) * layout->rtree_node_size;
    enum jh_status status = fetch(heap, way, at, layout->rtree_node_size, buf, &bytes, fault);
    if (status != JH_OK) {
        return status;
    }
    uint64_t child = jh_load(layout, bytes, layout->rtree_node_size);
    if (!jh_aligned(child, layout->rtree_node_size)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-alignment");
    }
    *way = (struct way){child, at};
    return JH_OK;
}

enum jh_status jh_rtree_fetch(const struct jh_heap *heap, uint64_t addr, uint8_t *buf, uint64_t *at,
                              const uint8_t **out, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    unsigned last = layout->rtree_height - 1U;
    struct way way = {heap->rtree_root, 0};
    *at = 0;
    for (unsigned level = 0; level < last; level++) {
        enum jh_status status = descend(heap, addr, level, &way, fault);
        if (status != JH_OK || !way.node) {
            return status;
        }
    }
    *at = way.node + jh_rtree_subkey(layout, addr, last) * layout->leaf_size;
    return fetch(heap, &way, *at, layout->leaf_size, buf, out, fault);
}

enum jh_status jh_rtree_lookup(const struct jh_heap *heap, uint64_t addr, struct jh_leaf_bytes *out,
                               struct jh_fault *fault) {
    struct jh_leaf_bytes leaf = {jh_addr2base(addr, jh_page(heap->layout)), 0, {0}};
    uint8_t buf[JH_LEAF_BYTES_MAX];
    const uint8_t *bytes;
    enum jh_status status = jh_rtree_fetch(heap, addr, buf, &leaf.at, &bytes, fault);
    if (status != JH_OK) {
        return status;
    }
    if (leaf.at) {
        memcpy(leaf.bytes, bytes, heap->layout->leaf_size);
    }
    *out = leaf;
    return JH_OK;
}
