/* What lookups and walks share of the tree: its geometry, and a cursor that goes down along a key.
 */
#ifndef JEHEAP_CURSOR_H
#define JEHEAP_CURSOR_H

#include "internal.h"

/* Where somebody stands in the tree: the node of each level down to this one, and an element of it.
 */
struct jh_cursor {
    uint64_t node[JH_RTREE_HEIGHT_MAX];
    uint64_t index[JH_RTREE_HEIGHT_MAX];
    unsigned level;
};

static inline bool jh_rtree_is_leaf(const struct jh_layout *layout, unsigned level) {
    return level + 1U == layout->rtree_height;
}

static inline unsigned jh_rtree_element_size(const struct jh_layout *layout, unsigned level) {
    return jh_rtree_is_leaf(layout, level) ? layout->leaf_size : layout->rtree_node_size;
}

static inline uint64_t jh_rtree_elements(const struct jh_layout *layout, unsigned level) {
    return UINT64_C(1) << layout->rtree_level[level].bits;
}

static inline uint64_t jh_rtree_node_bytes(const struct jh_layout *layout, unsigned level) {
    return jh_rtree_elements(layout, level) * jh_rtree_element_size(layout, level);
}

/* How far the first page of an element is behind that of its node. */
static inline uint64_t jh_rtree_pages(const struct jh_layout *layout, unsigned level,
                                      uint64_t index) {
    return index << (layout->sc_ptr_bits - layout->rtree_level[level].cumbits);
}

/* Can the element at this address name this child, or none (0)? */
enum jh_status jh_rtree_child_check(const struct jh_layout *layout, uint64_t at, uint64_t child,
                                    struct jh_fault *fault);

/* Bytes of the cursor's node at this level. A node that is nowhere is the fault of the element that
 * led to it. */
enum jh_status jh_rtree_read(const struct jh_heap *heap, const struct jh_cursor *cursor,
                             unsigned level, uint64_t at, size_t len, uint8_t *buf,
                             const uint8_t **out, struct jh_fault *fault);

/* Down along the key as far as there are nodes. */
enum jh_status jh_rtree_enter(const struct jh_heap *heap, uint64_t key, struct jh_cursor *cursor,
                              struct jh_fault *fault);

#endif
