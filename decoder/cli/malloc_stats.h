/* malloc_stats.h - what stats --jemalloc prints, as tables: keys in jemalloc's order, the versions
 * that have them, and where their values are. */
#ifndef JEHEAP_CLI_MALLOC_STATS_H
#define JEHEAP_CLI_MALLOC_STATS_H

#include "cli.h"
#include "heap/numbers.h"
#include "heap/options.h"

/* Of an arena, and of several together. */
enum malloc_value {
    MALLOC_UNKNOWN, /* nothing in memory tells it */
    MALLOC_NTHREADS,
    MALLOC_DIRTY_DECAY,
    MALLOC_MUZZY_DECAY,
    MALLOC_PACTIVE,
    MALLOC_PDIRTY,
    MALLOC_PMUZZY,
    MALLOC_DIRTY_NPURGE,
    MALLOC_DIRTY_NMADVISE,
    MALLOC_DIRTY_PURGED,
    MALLOC_MUZZY_NPURGE,
    MALLOC_MUZZY_NMADVISE,
    MALLOC_MUZZY_PURGED,
    MALLOC_SMALL, /* objects of their own */
    MALLOC_LARGE,
    MALLOC_MAPPED,
    MALLOC_RETAINED,
    MALLOC_PINNED,
    MALLOC_BASE,
    MALLOC_INTERNAL,
    MALLOC_METADATA_EDATA,
    MALLOC_METADATA_RTREE,
    MALLOC_METADATA_THP,
    MALLOC_TCACHE_BYTES,
    MALLOC_RESIDENT,
    MALLOC_ABANDONED_VM,
    MALLOC_EXTENT_AVAIL,
    MALLOC_SMALL_ALLOCATED,
    MALLOC_LARGE_ALLOCATED,
    MALLOC_DSS,
    MALLOC_NAME,
    MALLOC_VALUES
};

struct malloc_row {
    const char *key;
    uint8_t value;    /* enum malloc_value */
    uint8_t from, to; /* enum jh_version; to 0: up to the last */
    bool own;         /* not of several arenas together */
};

extern const struct malloc_row malloc_arena_rows[], malloc_total_rows[]; /* key NULL ends them */
extern const struct jt_option malloc_config_rows[];

static inline bool malloc_has(const struct cli *cli, uint8_t from, uint8_t to) {
    unsigned version = cli->target->layout.build.version;
    return version >= from && (to == 0 || version <= to);
}

/* ---- malloc_mutex.c: what is counted of locks -------------------------------------------------
 */

#define MALLOC_MUTEXES 13
#define MALLOC_MUTEX_NUMBERS 7

struct malloc_mutex {
    bool known;
    uint64_t number[MALLOC_MUTEX_NUMBERS]; /* in the order of the keys */
};

typedef void malloc_unknown_fn(void *arg, const char *mutex, const char *key);

/* Zeroed: an arena's, and those of a bin with all its shards. */
void malloc_mutex_arena(const struct cli *cli, const struct jt_arena *arena,
                        struct malloc_mutex out[MALLOC_MUTEXES]);
void malloc_mutex_bin(const struct cli *cli, const struct jt_arena *arena, uint32_t szind,
                      struct malloc_mutex *out);
void malloc_mutex_add(struct malloc_mutex *sum, const struct malloc_mutex *one);
/* False: it is not known. A number that is not is given to missing. */
bool malloc_mutex_json(struct json *j, const struct cli *cli, const char *key,
                       const struct malloc_mutex *m, malloc_unknown_fn *missing, void *arg);
const char *malloc_mutex_key(const struct cli *cli, size_t index); /* NULL: not in this version */

/* ---- malloc_arena.c: the numbers of an arena ------------------------------------------------- */

struct malloc_arena {
    uint32_t ind;
    struct jt_numbers numbers;
    uint64_t value[MALLOC_VALUES];
    bool known[MALLOC_VALUES];
    struct jt_unused_numbers extents;
    bool extents_known;
    struct malloc_mutex mutex[MALLOC_MUTEXES], bin_mutex[JH_BINS_MAX];
};

/* *sum begins zeroed with all known; each arena is added to it. */
void malloc_arena_read(struct cli *cli, const struct jt_arena *arena, uint64_t tcache_bytes,
                       struct malloc_arena *out);
void malloc_arena_add(struct malloc_arena *sum, const struct malloc_arena *one);

/* ---- malloc_print.c, malloc_print_arena.c -----------------------------------------------------
 */

#define MALLOC_UNKNOWN_MAX 256
#define MALLOC_PATH 96

struct malloc_printing {
    struct cli *cli;
    struct json *j;
    const char *letters; /* of what is left out */
    const struct jt_totals *totals;
    char unknown[MALLOC_UNKNOWN_MAX][MALLOC_PATH]; /* arenas and bins are * in it */
    size_t unknowns;
};

bool malloc_off(const struct malloc_printing *p, char letter);
/* The key at that path is not known; it is listed once. */
void malloc_unknown(struct malloc_printing *p, const char *where, const char *key);
/* The number, or that it is not known. */
void malloc_maybe(struct malloc_printing *p, const char *where, const char *key, bool known,
                  uint64_t value);
/* merged: of all arenas together. */
void malloc_arena_print(struct malloc_printing *p, const char *key, const struct malloc_arena *a,
                        bool merged);

void malloc_stats_print(struct cli *cli, const struct jt_totals *totals, const char *letters);

#endif
