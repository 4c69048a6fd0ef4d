/* numbers.h - the numbers that jemalloc keeps of an arena: its pages, its memory for structures,
 * its bins, its large allocations. They stand in arena_t, in its base_t and in its bins, and are
 * up to date at any time; mallctl answers with a copy of them.
 *
 * Nothing here is checked against a walk: who wants to know whether they are right has both. */
#ifndef JEHEAP_NUMBERS_H
#define JEHEAP_NUMBERS_H

#include "heap/arenas.h"
#include "heap/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of an arena. Pages are those of the build; times are milliseconds, as signed numbers. */
enum jt_counter {
    JT_NACTIVE, /* pages of what is handed out */
    JT_NDIRTY,  /* pages of unused extents that the allocator of pages has, by state; those of the
                   allocator of huge pages are JT_HPA_NDIRTY */
    JT_NMUZZY,
    JT_NRETAINED,
    JT_NPINNED,        /* dev */
    JT_MAPPED,         /* bytes of mappings that are not retained, without base blocks */
    JT_INTERNAL,       /* bytes of allocations that jemalloc has made for itself */
    JT_ABANDONED_VM,   /* bytes; 5.2.1 and later */
    JT_EXTENT_AVAIL,   /* structures of extents that wait to be used; 5.2.0 and later */
    JT_BASE_ALLOCATED, /* bytes of base blocks: handed out; of these structures of extents, and
                          nodes of the tree (5.3.1 and later); resident; mapped */
    JT_BASE_EDATA,
    JT_BASE_RTREE,
    JT_BASE_RESIDENT,
    JT_BASE_MAPPED,
    JT_BASE_N_THP,   /* huge pages; 5.1.0 and later */
    JT_DIRTY_NPURGE, /* passes of decay, calls of madvise() and pages that were purged */
    JT_DIRTY_NMADVISE,
    JT_DIRTY_PURGED,
    JT_MUZZY_NPURGE,
    JT_MUZZY_NMADVISE,
    JT_MUZZY_PURGED,
    JT_DIRTY_DECAY_MS,
    JT_MUZZY_DECAY_MS,
    JT_DIRTY_PURGING, /* 1: a thread takes extents out of the set, and has not given them back */
    JT_MUZZY_PURGING,
    JT_NTHREADS,          /* of the application, that are associated with it */
    JT_NTHREADS_INTERNAL, /* and those that jemalloc uses it for by itself */
    JT_DSS_PREC,
    JT_CREATE_TIME,   /* ns of the monotonic clock */
    JT_EVER_USED_HPA, /* 5.3.0 and later */
    JT_HPA_NDIRTY,    /* pages; 5.3.0 and later */
    JT_COUNTERS
};

/* Of a bin, all of its shards together, in the order of bin_stats_t. */
enum jt_bin_counter {
    JT_BIN_NMALLOC, /* regions that were taken out of slabs, and put back */
    JT_BIN_NDALLOC,
    JT_BIN_NREQUESTS,
    JT_BIN_CURREGS, /* regions that are handed out, those that are parked in caches included */
    JT_BIN_NFILLS,
    JT_BIN_NFLUSHES,
    JT_BIN_NSLABS, /* that were made, in all */
    JT_BIN_RESLABS,
    JT_BIN_CURSLABS,
    JT_BIN_NONFULL, /* slabs in its heap: neither full nor the current one; 5.2.1 and later */
    JT_BIN_COUNTERS
};

/* Of the large allocations of a size class. */
enum jt_large_counter {
    JT_LARGE_NMALLOC,
    JT_LARGE_NDALLOC,
    JT_LARGE_NREQUESTS, /* of caches; those of the arena are in NMALLOC */
    JT_LARGE_NFILLS,    /* 5.2.1 and later, as the next one */
    JT_LARGE_NFLUSHES,
    JT_LARGE_ACTIVE_BYTES, /* usable bytes of those that are handed out; 5.3.1 and later */
    JT_LARGE_COUNTERS
};

/* Of unused extents of a state and page size class; 5.2.0 and later. */
enum jt_unused_counter { JT_UNUSED_EXTENTS, JT_UNUSED_BYTES, JT_UNUSED_COUNTERS };

struct jt_unused_numbers {
    uint32_t states; /* that this version has, of jh_unused_state() */
    uint64_t value[JH_UNUSED_STATES][JT_UNUSED_COUNTERS][JH_PAGE_CLASSES_MAX];
};

struct jt_numbers {
    bool unread;    /* one that this version and build have could not be read */
    uint64_t known; /* bit 1 << counter: value[] has it */
    uint64_t value[JT_COUNTERS];
    bool bins_known, large_known;               /* else all of them are 0 */
    uint32_t bin_known, large_values_known;     /* bits as above: what this version counts */
    uint64_t bin[JH_BINS_MAX][JT_BIN_COUNTERS]; /* by szind */
    uint64_t large[JH_CACHE_BINS_MAX][JT_LARGE_COUNTERS]; /* by szind */
};

/* All that the arena has of them. What this version and build have not (--disable-stats leaves them
 * all zero, so none is known but those that are no statistics), and what is absent from the image
 * or lies beyond a budget, is not known. Of bins they are not known where nothing tells how many
 * shards there are, and where the bins contradict what a layout that was given says of it. */
void jt_numbers(struct jt_target *target, const struct jt_arena *arena, struct jt_numbers *out);

/* False: they are not known. */
bool jt_unused_numbers(struct jt_target *target, const struct jt_arena *arena,
                       struct jt_unused_numbers *out);

/* Does the arena keep statistics? A base has a block from its beginning: where it has counted none,
 * nothing is counted. */
bool jt_has_statistics(struct jt_target *target, const struct jt_arena *arena);

static inline bool jt_counter_known(const struct jt_numbers *c, enum jt_counter counter) {
    return c->known >> counter & 1;
}

static inline bool jt_bin_counter_known(const struct jt_numbers *c, enum jt_bin_counter counter) {
    return c->bins_known && (c->bin_known >> counter & 1) != 0;
}

static inline bool jt_large_counter_known(const struct jt_numbers *c,
                                          enum jt_large_counter counter) {
    return c->large_known && (c->large_values_known >> counter & 1) != 0;
}

/* arena_kind.c: is an arena of that number one that threads are given, or the huge arena? Those
 * that the program has made (arenas.create) are not. Without symbols their lists of large
 * allocations tell, where they have any. */
enum jt_answer jt_arena_is_automatic(struct jt_target *target, uint32_t ind);

/* numbers_bins.c: where the bin_t is of a class and shard, or 0: not known. shard is below
 * layout.bin[szind].n_shards, or 0. */
uint64_t jt_bin_at(struct jt_target *target, const struct jt_arena *arena, uint32_t szind,
                   uint32_t shard);
/* The struct that a bin is in this version: "bin_s", before 5.1 "arena_bin_s". */
const char *jt_bin_struct(const struct jh_layout *layout);
#ifdef __cplusplus
}
#endif
#endif
