/* caches_read.h - what caches.c and caches_read.c tell each other. */
#ifndef JEHEAP_CACHES_READ_H
#define JEHEAP_CACHES_READ_H

#include "heap/inside.h"

struct finder {
    struct jt_target *target;
    struct jt_caches *all;
    struct jh_cache_form form;
    uint16_t capacity[JH_CACHE_BINS_MAX]; /* 0: not known, or in the bins */
    size_t cache_room, bin_room, parked_room;
    size_t parked_max, caches_max; /* more do not fit into the target */
    bool stopped;                  /* memory or a budget ran out: nothing more is read */
};

/* As jt_caches_incomplete(), with the fault; corrupt and absent: why, if the status is that. */
void jt_caches_wrong(struct finder *f, enum jh_status status, const struct jh_fault *fault,
                     enum jt_caches_why corrupt, enum jt_caches_why absent);
/* As jt_caches_incomplete(), unless that is because a budget ran out: then with its fault. */
void jt_caches_unknown(struct finder *f, enum jt_caches_why why);
/* How many regions and caches there may be. */
void jt_caches_bound(struct finder *f);
/* jemalloc's table of capacities. */
void jt_caches_learn(struct finder *f);
/* One more cache, with its bins and what is in them. */
void jt_caches_take(struct finder *f, uint64_t at, uint32_t arena_ind);
/* caches_threads.c: of builds without lists. */
void jt_caches_in_threads(struct finder *f);

#endif
