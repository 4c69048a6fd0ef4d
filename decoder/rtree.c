/* rtree: level arithmetic, and the way from a key to its leaf element (rtree.h: rtree_subkey;
 * rtree.c: rtree_leaf_elm_lookup_hard). */
#include "cursor.h"

#include <string.h>

uint64_t jh_rtree_subkey(const struct jh_layout *layout, uint64_t key, unsigned level) {
    struct jh_rtree_level l = layout->rtree_level[level];
    return (key >> (layout->sc_ptr_bits - l.cumbits)) & jh_low_mask(l.bits);
}

uint64_t jh_rtree_leafkey(const struct jh_layout *layout, uint64_t key) {
    struct jh_rtree_level leaf = layout->rtree_level[layout->rtree_height - 1];
    return key & ~jh_low_mask((unsigned)layout->sc_ptr_bits - leaf.cumbits + leaf.bits);
}

enum jh_status jh_rtree_child_check(const struct jh_layout *layout, uint64_t at, uint64_t child,
                                    struct jh_fault *fault) {
    return jh_aligned(child, layout->rtree_node_size)
               ? JH_OK
               : jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-alignment");
}

static uint64_t element_at(const struct jh_heap *heap, const struct jh_cursor *c, unsigned level) {
    return c->node[level] + c->index[level] * jh_rtree_element_size(heap->layout, level);
}

enum jh_status jh_rtree_read(const struct jh_heap *heap, const struct jh_cursor *cursor,
                             unsigned level, uint64_t at, size_t len, uint8_t *buf,
                             const uint8_t **out, struct jh_fault *fault) {
    uint64_t from = level ? element_at(heap, cursor, level - 1) : 0;
    return jh_led(&heap->reader, jh_fetch(&heap->reader, at, len, buf, out, fault), from,
                  cursor->node[level], JH_STAGE_RTREE, "rtree.child-unmapped", fault);
}

enum jh_status jh_rtree_enter(const struct jh_heap *heap, uint64_t key, struct jh_cursor *cursor,
                              struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    uint8_t buf[8];
    const uint8_t *bytes;
    uint64_t child = heap->rtree_root;
    for (unsigned l = 0;; l++) {
        cursor->level = l;
        cursor->node[l] = child;
        cursor->index[l] = jh_rtree_subkey(layout, key, l);
        if (jh_rtree_is_leaf(layout, l)) {
            return JH_OK;
        }
        uint64_t at = element_at(heap, cursor, l);
        enum jh_status status =
            jh_rtree_read(heap, cursor, l, at, layout->rtree_node_size, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        child = jh_load(layout, bytes, layout->rtree_node_size);
        status = jh_rtree_child_check(layout, at, child, fault);
        if (status != JH_OK || !child) {
            return status;
        }
    }
}

enum jh_status jh_rtree_fetch(const struct jh_heap *heap, uint64_t addr, uint8_t *buf, uint64_t *at,
                              const uint8_t **out, struct jh_fault *fault) {
    struct jh_cursor c;
    enum jh_status status = jh_rtree_enter(heap, addr, &c, fault);
    *at = 0;
    if (status != JH_OK || !jh_rtree_is_leaf(heap->layout, c.level)) {
        return status;
    }
    *at = element_at(heap, &c, c.level);
    return jh_rtree_read(heap, &c, c.level, *at, heap->layout->leaf_size, buf, out, fault);
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
