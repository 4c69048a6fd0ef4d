/* counters.h - what counters_check.c, counters_read.c, bins_read.c, node_check.c and list_check.c
 * share: what an arena counts
 * and links, held against the extents that a walk has given. */
#ifndef JEHEAP_HEAP_COUNTERS_H
#define JEHEAP_HEAP_COUNTERS_H

#include "heap/arena_check.h"

/* What an arena's memory says. */
struct jt_recorded {
    uint64_t *value, *at; /* of each counter; at 0: it is not known */
    uint64_t *slabcur;    /* of each bin; 0: none, or not known */
};

/* Where a pairing heap or a list begins. */
struct jt_head {
    uint64_t at, first; /* the word, and what it says */
    uint32_t arena, set;
    bool told; /* what is wrong with it was said */
};

/* A slab's or an unused extent's place in the heap of its set. */
struct jt_node {
    uint64_t at, prev, next, child;
    uint32_t arena, set;
    bool slab, member; /* it is one; it must be in the heap */
    bool first;        /* a head leads to it */
};

/* An extent's place in a list: a ring, to the first of which the list's word leads. */
struct jt_ring {
    uint64_t at, next, prev;
    uint32_t arena, list;
    bool member, reached; /* it must be in the list; it is */
};

#define JT_ARENA_BYTES (256u << 10) /* of arena_t, at most */

struct jt_counters {
    struct jt_target *target;
    struct jt_check *check;
    struct jh_counting counting;
    uint64_t **walked; /* of each arena; NULL: it has no extents */
    size_t arenas;
    struct jt_node *node; /* by address */
    size_t nodes;
    struct jt_head *head;
    size_t heads;
    struct jt_ring *ring; /* by address */
    size_t rings;
    struct jt_head *list; /* by arena and list */
    size_t lists;
    bool *headed;    /* of each arena: all its heads are known */
    uint8_t *memory; /* of the arena that is read, JT_ARENA_BYTES */
    bool sound;      /* nothing of the walk was missing or corrupt */
    bool incomplete; /* memory ran out: some extents are not counted, or no nodes */
};

/* Sets of an arena: its bins, then its unused extents by state, guarded or not, and page class. */
uint32_t jt_sets(const struct jh_counting *counting);
uint32_t jt_set_of(const struct jh_counting *counting, const struct jh_extent *extent);
uint32_t jt_unused_set(const struct jh_counting *counting, uint32_t state, bool guarded,
                       uint32_t page_class);

/* counters_check.c. NULL: memory ran out, or the layout does not describe the counters. */
struct jt_counters *jt_counters_start(struct jt_check *check);
/* An extent of the arena, an index in arenas.arena[]. */
void jt_counters_extent(struct jt_counters *counters, uint32_t arena, const struct jh_extent *e);
/* All extents were given: what does not agree is said. Frees it. sound: nothing of the walk was
 * missing or corrupt. */
void jt_counters_end(struct jt_counters *counters, bool sound);

/* counters_read.c: what the arena's memory says, and its heads. */
bool jt_recorded_make(const struct jh_counting *counting, struct jt_recorded *out);
void jt_recorded_read(struct jt_counters *counters, uint32_t arena, struct jt_recorded *out);
void jt_recorded_free(struct jt_recorded *recorded);
/* The value under that counter; false: it cannot be known. */
void jt_recorded_set(struct jt_recorded *recorded, uint32_t index, uint64_t at, uint64_t value);
bool jt_head_add(struct jt_counters *counters, uint32_t arena, uint32_t set, uint64_t at,
                 uint64_t first);

/* bins_read.c: what its bins say. */
void jt_bins_read(struct jt_counters *counters, uint32_t arena, bool stats,
                  struct jt_recorded *out);

/* node_check.c */
void jt_node_add(struct jt_counters *counters, uint32_t arena, const struct jh_extent *e,
                 const uint8_t *bytes);
struct jt_node *jt_node_at(const struct jt_counters *counters, uint64_t at);
void jt_nodes_check(struct jt_counters *counters);

/* list_check.c. Lists of an arena are numbered: of full slabs, by bin; of unused extents, by state,
 * guarded ones behind; of large allocations. */
void jt_ring_add(struct jt_counters *counters, uint32_t arena, const struct jh_extent *e,
                 const uint8_t *bytes);
/* A bin's, at that address, and the slab that it takes from, which is in no list. */
void jt_list_of_bin(struct jt_counters *counters, uint32_t arena, uint32_t bin, uint64_t at,
                    uint64_t slabcur);
/* The arena's own. */
void jt_lists_read(struct jt_counters *counters, uint32_t arena);
void jt_lists_check(struct jt_counters *counters);

#endif
