/* A heap with one extent of every kind that lookups and walks must tell apart: a slab, extents
 * beside each other, gaps, an extent across two leaf nodes, one across several inner nodes. */
#ifndef JEHEAP_MADE_MIXED_HEAP_H
#define JEHEAP_MADE_MIXED_HEAP_H

#include "image.h"

#define MIXED_EXTENTS 7
#define MIXED_PROBES (10 * MIXED_EXTENTS + 3)

struct mixed_heap {
    struct image image;
    uint64_t page;
    struct mixed_extent {
        uint64_t at, base, size;
    } extent[MIXED_EXTENTS]; /* in the order of addresses */
    uint64_t probe[MIXED_PROBES];
    /* addresses in, at the edges of and between the extents */
};

void mixed_heap_start(struct mixed_heap *mixed, enum jh_version version, uint8_t lg_vaddr,
                      uint8_t lg_page);
void mixed_heap_end(struct mixed_heap *mixed);

/* Address of the extent structure by searching the extents one by one; 0: none. */
uint64_t mixed_heap_owner(const struct mixed_heap *mixed, uint64_t addr);
uint64_t mixed_heap_before(const struct mixed_heap *mixed, uint64_t addr);
uint64_t mixed_heap_after(const struct mixed_heap *mixed, uint64_t addr);

/* The n-th of the versions and geometries that mixed heaps are built with; false behind the last.
 */
bool mixed_heap_nth(struct mixed_heap *mixed, unsigned n);

#endif
