/* inside.h - what the files of heap/ share with each other and with the layers above. */
#ifndef JEHEAP_HEAP_INSIDE_H
#define JEHEAP_HEAP_INSIDE_H

#include "heap/arenas.h"
#include "heap/caches.h"
#include "heap/check.h"
#include "learn/inside.h"

/* ---- the room's part of the target ----------------------------------------------------------- */

struct jt_base {            /* of the base allocators */
    struct jt_block *block; /* as they come */
    size_t blocks;
    struct jt_range *range; /* the same, merged */
    size_t ranges;
    bool done, complete;
    uint32_t base_blocks, arena_base, block_size, block_next; /* offsets */
    struct jt_arenas arenas;
    struct jt_arena_form form;
    const struct jt_target *of; /* whose they are: not those of its other heaps */
    struct jt_caches caches;
    bool caches_done, owners_done;
    struct jt_ranges written; /* of a skeleton: structures that no element of the tree leads to, of
                                 memory that it does not have, and that was not all zero */
};

/* ---- metadata.c ----------------------------------------------------------------------------- */

/* Offsets as this version has them, or as debug information says. */
void jt_metadata_learn(struct jt_target *target, const struct jt_dwarf *dwarf);
/* Look for the blocks, if nobody has yet. */
void jt_metadata_find(struct jt_target *target);
/* One more of them, of the arena that came last; false when memory ran out. */
bool jt_metadata_add(struct jt_target *target, uint64_t at, uint64_t size, uint64_t used);
/* That was all of them; complete: and there are no others. */
void jt_metadata_done(struct jt_target *target, bool complete);

/* ---- caches.c ------------------------------------------------------------------------------- */

/* Makes by_address, once all regions are known. */
void jt_caches_sort(struct jt_target *target);
void jt_caches_free(struct jt_target *target);
/* The first reason stays. */
void jt_caches_incomplete(struct jt_caches *all, enum jt_caches_why why);

#endif
