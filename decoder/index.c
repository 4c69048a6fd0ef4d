/* index: extents by address, in memory that the caller gives.
 *
 * Extents are kept in the order of their addresses. The addresses from the first to the last are
 * cut into cells of one size, of which there are few; those of a cell, from where its first extent
 * begins to where its last one does, into steps of one size. Each step has the number of the last
 * extent that begins at or below it. A cell has about as many steps as extents, however its extents
 * lie: so an address is one or two extents away from what its step says, in a heap with holes of
 * terabytes as well. */
#include "index.h"

enum { EXTENTS_OF_CELL = 64 };

static uint64_t cells_for(uint64_t extents) {
    return extents / EXTENTS_OF_CELL + 1;
}

/* Of all cells together: seven steps for four extents, and the first one of each cell. */
static uint64_t slots_for(uint64_t extents) {
    return extents + extents / 4 * 3 + cells_for(extents) + 1;
}

uint64_t jh_index_bytes(uint64_t extents, uint64_t parked) {
    return (extents + 1) * sizeof(struct jh_index_extent) +
           cells_for(extents) * sizeof(struct jh_index_cell) + parked * sizeof(uint64_t) +
           (slots_for(extents) + 1) / 2 * sizeof(uint64_t);
}

/* ---- start ----------------------------------------------------------------------------------- */

enum jh_status jh_index_start(struct jh_index *index, const struct jh_layout *layout, void *memory,
                              uint64_t extents, const uint64_t *parked, uint64_t count) {
    uint64_t *at = memory;
    if (layout->bitmap_offset > JH_EXTENT_HEAD_MAX) {
        return JH_UNSUPPORTED;
    }
    memset(index, 0, sizeof(*index));
    index->layout = layout;
    index->room = extents;
    index->page_mask = ~(jh_page(layout) - 1);
    index->bitmap_offset = layout->bitmap_offset;
    index->wide = layout->build.pointer_size == 8 && layout->build.little_endian;
    index->parked = at;
    index->parked_count = count;
    if (count) {
        memcpy(at, parked, count * sizeof(uint64_t));
    }
    at += count;
    index->extent = (struct jh_index_extent *)at;
    at += (extents + 1) * sizeof(struct jh_index_extent) / sizeof(uint64_t);
    index->cell = (struct jh_index_cell *)at;
    at += cells_for(extents) * sizeof(struct jh_index_cell) / sizeof(uint64_t);
    index->slot = (uint32_t *)at;
    for (unsigned i = 0; i < layout->sc_nbins; i++) {
        const struct jh_bin *bin = &layout->bin[i];
        index->bin[i] = (struct jh_index_bin){bin->reg_size, bin->nregs * bin->reg_size};
    }
    return JH_OK;
}

/* ---- extents --------------------------------------------------------------------------------- */

static unsigned use_of(const struct jh_extent *e) {
    return jh_extent_is_slab(e) ? INDEX_SLAB
           : e->allocated       ? (unsigned)JH_USE_HELD
                                : jh_use_of(e->state);
}

void jh_index_add(struct jh_index *index, const struct jh_extent *e, bool sound) {
    bool first = index->count == 0;
    struct jh_index_extent *next = &index->extent[index->count], *last = first ? next : next - 1;
    bool in_order = first || e->base > jh_index_base(index, last);
    if (index->count == index->room || !in_order || e->base + e->size < e->base + 1) {
        index->doubt = true;
        return;
    }
    bool apart = first || e->base - jh_index_base(index, last) >= jh_index_size(last);
    if (!apart) {
        last->size |= INDEX_UNSURE;
    }
    /* what may have been left behind by its elements is found by them in another way */
    sound = sound && apart && !jh_extent_may_be_left_behind(index->layout, e);
    index->doubt |= !sound;
    *next = (struct jh_index_extent){
        e->addr, e->at, jh_index_pack(e->size, e->szind, sound ? use_of(e) : INDEX_UNSURE)};
    index->count++;
}

void jh_index_doubt(struct jh_index *index) {
    if (index->count) {
        index->extent[index->count - 1].size |= INDEX_UNSURE;
    }
    index->doubt = true;
}

void jh_index_fill(struct jh_index *index, const struct jh_heap *heap, struct jh_walk *walk) {
    struct jh_extent e;
    enum jh_status status;
    bool wrong = false;
    jh_walk_start(walk, heap);
    while ((status = jh_walk_next(walk, &e, NULL)) != JH_END) {
        if (status == JH_OK) {
            jh_index_add(index, &e, !wrong);
            wrong = false;
        } else { /* of the one in front, or of the next */
            jh_index_doubt(index);
            wrong = true;
        }
    }
    jh_index_end(index);
}

/* ---- end ------------------------------------------------------------------------------------- */

/* So large that so many of them reach from one address to another. */
static unsigned lg_that_covers(uint64_t bytes, uint64_t most, unsigned least) {
    unsigned lg = least;
    while (bytes >> lg >= most) {
        lg++;
    }
    return lg;
}

/* Its extents: those from the number first on, up to end. None: the last one in front of it. */
static void make_cell(struct jh_index *index, struct jh_index_cell *cell, uint64_t first,
                      uint64_t end) {
    uint64_t count = end - first, from = count ? first : first - 1, last = count ? end - 1 : from;
    uint64_t low = jh_index_base(index, &index->extent[from]);
    uint64_t bytes = jh_index_base(index, &index->extent[last]) - low;
    unsigned lg = lg_that_covers(bytes, count + count / 4 * 3 + 1, index->layout->build.lg_page);
    *cell = (struct jh_index_cell){low, (uint32_t)index->slots, (uint32_t)(bytes >> lg),
                                   (uint32_t)lg, 0};
    for (uint64_t step = 0, i = from; step <= cell->last; step++) {
        while (i < last && jh_index_base(index, &index->extent[i + 1]) - low <= step << lg) {
            i++;
        }
        index->slot[index->slots++] = (uint32_t)i;
    }
}

static void make_cells(struct jh_index *index) {
    uint64_t i = 0;
    index->first = jh_index_base(index, &index->extent[0]);
    const struct jh_index_extent *last = &index->extent[index->count - 1];
    uint64_t bytes = jh_index_base(index, last) - index->first;
    index->span = bytes + (jh_index_size(last) - 1);
    index->lg_cell = lg_that_covers(bytes, cells_for(index->count), index->layout->build.lg_page);
    index->cells = (bytes >> index->lg_cell) + 1;
    for (uint64_t c = 0; c < index->cells; c++) {
        uint64_t first = i;
        while (i < index->count &&
               (jh_index_base(index, &index->extent[i]) - index->first) >> index->lg_cell == c) {
            i++;
        }
        make_cell(index, &index->cell[c], first, i);
    }
}

/* Both are in the order of addresses. */
static void mark_parked(struct jh_index *index) {
    uint64_t i = 0;
    for (uint64_t p = 0; p < index->parked_count; p++) {
        while (i < index->count && index->parked[p] >= jh_index_base(index, &index->extent[i])) {
            i++;
        }
        if (i) { /* the one in front of it begins at or below */
            index->extent[i - 1].at |= INDEX_PARKED;
        }
    }
}

void jh_index_end(struct jh_index *index) {
    index->extent[index->count] = (struct jh_index_extent){UINT64_MAX, 0, INDEX_UNSURE};
    if (index->count) {
        make_cells(index);
        mark_parked(index);
    }
}
