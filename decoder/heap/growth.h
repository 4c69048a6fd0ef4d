/* growth.h - what two heaps have more or less of: by size class and arena, by cache, and which
 * large allocations are new or gone. */
#ifndef JEHEAP_GROWTH_H
#define JEHEAP_GROWTH_H

#include "heap/totals.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JT_BEFORE, JT_AFTER, JT_BOTH };

struct jt_large { /* a large allocation that is handed out */
    uint64_t addr, size;
    uint32_t arena_ind;
};

/* What is compared of a heap. */
struct jt_side {
    struct jt_target *target;
    struct jt_totals *totals; /* with arenas */
    struct jt_large *large;   /* by address; parked ones are not among them, as far as known */
    size_t larges;
    bool known;   /* all caches are: counts are of what is in use, else of what is held */
    bool stopped; /* memory ran out */
};

/* A size class of an arena; arena_ind JT_ALL_ARENAS: of all. Classes are the same where their
 * sizes are: two versions may number them in another way. */
#define JT_ALL_ARENAS UINT32_MAX
struct jt_growth {
    uint64_t size;
    uint32_t szind, arena_ind;
    uint64_t count[JT_BOTH], bytes[JT_BOTH]; /* of regions or large allocations */
};

struct jt_arena_growth {
    uint32_t ind;
    uint64_t bytes[JT_BOTH], active[JT_BOTH], unused[JT_BOTH]; /* unused: dirty, muzzy, retained */
};

struct jt_cache_growth {
    uint64_t at;
    const struct jt_cache *cache; /* the later one that there is */
    uint64_t count[JT_BOTH], bytes[JT_BOTH];
};

struct jt_large_change {
    struct jt_large large;
    bool is_new; /* else it is gone */
};

struct jt_diff {
    struct jt_growth *class_of; /* of an arena, and of all; what has not changed is not here */
    struct jt_arena_growth *arena;
    struct jt_cache_growth *cache;
    struct jt_large_change *large;
    size_t classes, arenas, caches, larges;
    uint64_t live[JT_BOTH]; /* bytes */
    bool held; /* of one of them not all caches are known: counts are of what is held */
};

/* What there is on a side; its target is open. fault may be NULL. jt_side_free() it in any case. */
void jt_side(struct jt_target *target, jt_fault_fn *fault, void *arg, struct jt_side *out);
void jt_side_free(struct jt_side *side);

/* Sorted by the growth of bytes, the most first and what shrank most last; large allocations by
 * size. False: memory ran out. jt_diff_free() it in any case. Both sides must outlive it. */
bool jt_diff(const struct jt_side side[JT_BOTH], struct jt_diff *out);
void jt_diff_free(struct jt_diff *diff);

/* Bytes of an arena's totals, or of all, that are in use: held, when that cannot be told. */
uint64_t jt_live_bytes(const struct jh_stats *stats, bool held);

#ifdef __cplusplus
}
#endif
#endif
