/* totals.h - how much is in use, parked, free and unused: one walk over the heap. */
#ifndef JEHEAP_TOTALS_H
#define JEHEAP_TOTALS_H

#include "heap/caches.h"
#include "heap/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What jemalloc itself keeps, where its memory has it. */
struct jt_own {
    bool metadata_known, mapped_known;
    uint64_t
        metadata;    /* bytes of its base allocators that are in use, and of its own allocations */
    uint64_t mapped; /* bytes of mappings that have something active, and of its base blocks */
};

struct jt_arena_totals {
    uint32_t ind;
    struct jh_stats
        stats; /* extents of the arena; cached: of its extents, whoever has them parked */
    struct jt_own own;
    bool nonfull_known;
    uint64_t nonfull[JH_BINS_MAX]; /* slabs that are neither full nor current, as its bins count */
    uint64_t tcache_bytes;         /* parked in the caches that are associated with it */
};

struct jt_totals {
    struct jh_stats stats;
    struct jt_own own;
    bool complete;                 /* every extent was read */
    size_t unread_arenas;          /* of so many arenas not all that jemalloc counts was read */
    struct jt_arena_totals *arena; /* by number; none unless they were asked for */
    size_t arenas;
};

/* Zero it. NULL: nobody wants to know. */
struct jt_totals_options {
    bool arenas;
    void (*extent)(void *arg, const struct jh_extent *extent); /* each of the walk */
    jt_fault_fn *fault;
    void *arg;
};

/* NULL: memory ran out. jt_totals_free() it. */
struct jt_totals *jt_totals(struct jt_target *target, const struct jt_totals_options *options);
void jt_totals_free(struct jt_totals *totals);

#ifdef __cplusplus
}
#endif
#endif
