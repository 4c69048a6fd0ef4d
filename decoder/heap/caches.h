/* caches.h - thread caches and explicit ones: which regions are parked, and in which of them. */
#ifndef JEHEAP_CACHES_H
#define JEHEAP_CACHES_H

#include "heap/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers are in skeletons: new ones come last. */
enum jt_caches_why {
    JT_CACHES_COMPLETE, /* these are all: a region that is handed out and not parked is in use */
    JT_CACHES_NO_LAYOUT,
    JT_CACHES_NO_ARENAS,
    JT_CACHES_NO_LIST,
    JT_CACHES_LIST_ABSENT,
    JT_CACHES_LIST_CORRUPT,
    JT_CACHES_CORRUPT,
    JT_CACHES_ABSENT,
    JT_CACHES_LIMIT,
    JT_CACHES_NO_MEMORY,
    JT_CACHES_OTHER_HEAP,
    JT_CACHES_OLD_SKELETON,
    JT_CACHES_THREADS,
    JT_CACHES_EXPLICIT,
    JT_CACHES_NOT_HELD,
    JT_CACHES_WHYS
};

/* A sentence without its end; NULL when they are complete. */
const char *jt_caches_why_text(enum jt_caches_why why);

struct jt_cache {
    uint64_t at;        /* tcache_t */
    uint32_t arena_ind; /* that it is associated with; its regions may be of others */
    bool is_explicit;   /* made by tcache.create: no thread's (jt_caches_owned) */
    int thread;         /* whose it is, by its number; 0: not known (jt_caches_owned) */
    char thread_name[32];
    uint64_t count; /* of regions that are parked in it, as its bins tell */
    uint64_t bytes; /* of these, as their size classes have them */
    size_t first;   /* of its bins in jt_caches.bin */
    size_t bins;
};

struct jt_cache_bin { /* one that is used */
    struct jh_cache_bin known;
    uint32_t cache;  /* its index */
    uint32_t parked; /* regions of it that were read: fewer than it has, where some are absent */
    size_t first;    /* of these in jt_caches.parked */
};

struct jt_parked {
    uint64_t addr;
    uint32_t bin; /* its index */
    bool stashed; /* held back for longer, by a build that detects use after free */
};

#define JT_CACHE_FAULTS 16

struct jt_caches {
    enum jt_caches_why why; /* the first reason why they are not complete */
    bool inferred;          /* no lists lead to them: found in the storage of threads */
    struct jt_cache *cache;
    size_t count;
    struct jt_cache_bin *bin; /* by cache, then by size class */
    size_t bins;
    struct jt_parked *parked; /* by bin, in the order of its stack: the next one to be handed out
                                 first */
    size_t parked_count;
    uint32_t *by_address;                   /* indices of parked */
    struct jh_fault fault[JT_CACHE_FAULTS]; /* the first ones */
    size_t faults;
};

/* Read when they are asked for the first time: through the lists that arenas have of them. Builds
 * without statistics leave those empty: then those of the threads that are known are found in their
 * storage. */
const struct jt_caches *jt_caches(struct jt_target *target);

/* Forget them, and read them with this form, in_threads: not through lists. For who proves that the
 * form and both ways are right. */
void jt_caches_again(struct jt_target *target, const struct jh_cache_form *form, bool in_threads);

/* Is the region or the large allocation that begins at the address parked? NULL: not as far as is
 * known. */
const struct jt_parked *jt_parked_at(struct jt_target *target, uint64_t addr);

/* Rules of what is parked (parked_check.c): each is a region of the bin's class, handed out by the
 * bitmap, and parked once. What is broken is given to fault: the region's address, and the cache as
 * the value seen. False: not all could be looked up. */
bool jt_parked_check(struct jt_target *target, jt_fault_fn *fault, void *arg);

#ifdef __cplusplus
}
#endif
#endif
