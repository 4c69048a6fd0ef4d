/* How the index packs what it keeps of an extent, and finds it again. */
#ifndef JEHEAP_INDEX_H
#define JEHEAP_INDEX_H

#include "internal.h"

/* Sizes are whole pages, of 4 KiB at least: twelve bits of each are free. A use is below
 * INDEX_SLAB; that of a large allocation is JH_USE_HELD. */
enum { INDEX_SLAB = 14, INDEX_UNSURE = 15 };

#define INDEX_LOW UINT64_C(0xfff)
#define INDEX_PARKED UINT64_C(1) /* in at: extents are aligned to 64 bytes and more */

/* Bytes of a structure that are read together, its bitmap among them. */
#define INDEX_STRUCTURE_MAX (JH_EXTENT_HEAD_MAX + JH_BITMAP_MAX)

JH_INLINE uint64_t jh_index_pack(uint64_t size, uint32_t szind, unsigned use) {
    return (size & ~INDEX_LOW) | (uint64_t)(szind & 255) << 4 | (use & 15);
}

JH_INLINE unsigned jh_index_use(const struct jh_index_extent *e) {
    return (unsigned)e->size & 15;
}

JH_INLINE uint32_t jh_index_szind(const struct jh_index_extent *e) {
    return (uint32_t)(e->size >> 4) & 255;
}

JH_INLINE uint64_t jh_index_size(const struct jh_index_extent *e) {
    return e->size & ~INDEX_LOW;
}

JH_INLINE uint64_t jh_index_at(const struct jh_index_extent *e) {
    return e->at & ~INDEX_PARKED;
}

JH_INLINE uint64_t jh_index_base(const struct jh_index *index, const struct jh_index_extent *e) {
    return e->addr & index->page_mask;
}

/* The number of the last extent that begins at or below an address of one of the extents or between
 * them, or of one a few in front of it. Nothing is guessed on the way: a processor goes on to the
 * next address meanwhile. */
struct jh_index_guess {
    const uint32_t *slot;
    bool in_front; /* of all extents of the cell: it is one less */
};

JH_INLINE struct jh_index_guess jh_index_guess(const struct jh_index *index, uint64_t addr) {
    uint64_t number = (addr - index->first) >> (index->lg_cell & 63);
    const struct jh_index_cell *cell =
        &index->cell[number < index->cells ? number : index->cells - 1];
    bool in_front = addr < cell->low;
    uint64_t step = ((in_front ? cell->low : addr) - cell->low) >> (cell->lg_step & 63);
    return (struct jh_index_guess){
        &index->slot[cell->slot + (step < cell->last ? step : cell->last)], in_front};
}

/* The last one that begins there. */
uint64_t jh_index_search(const struct jh_index *index, uint64_t addr, uint64_t from);

JH_INLINE uint64_t jh_index_last(const struct jh_index *index, struct jh_index_guess guess,
                                 uint64_t addr) {
    const struct jh_index_extent *extent = index->extent;
    uint64_t i = *guess.slot - (uint64_t)guess.in_front;
    i += jh_index_base(index, &extent[i + 1]) <= addr;
    return jh_index_base(index, &extent[i + 1]) <= addr ? jh_index_search(index, addr, i + 1) : i;
}

#endif
