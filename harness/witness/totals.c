/* totals: what jemalloc's own statistics say of the heap, of each arena, and of each size class. */
#include "witness.h"

#include <jemalloc/jemalloc.h>
#include <string.h>
#include <sys/types.h>

#define EXTENT_CLASSES_MAX 400
#define DEPTH_MAX 8

/* ---- questions ------------------------------------------------------------------------------- */

/* A name with numbers in it, which is looked up once: jemalloc searches its tree of names for each
 * call of mallctl. */
struct question {
    const char *name;
    size_t mib[DEPTH_MAX], depth;
};

/* False: this version has no such name. */
static bool learn(struct question *q, const char *name) {
    q->name = name;
    q->depth = DEPTH_MAX;
    return je_mallctlnametomib(name, q->mib, &q->depth) == 0;
}

/* Numbers come in several sizes, and a read of the wrong size is refused with EINVAL. */
static bool answer(const struct question *q, uint64_t *value) {
    size_t wide, got = sizeof(wide);
    unsigned narrow;
    if (je_mallctlbymib(q->mib, q->depth, &wide, &got, NULL, 0) == 0) {
        *value = wide;
        return true;
    }
    got = sizeof(*value); /* counts are of 64 bits on all machines */
    if (je_mallctlbymib(q->mib, q->depth, value, &got, NULL, 0) == 0) {
        return true;
    }
    got = sizeof(narrow);
    if (je_mallctlbymib(q->mib, q->depth, &narrow, &got, NULL, 0) != 0) {
        return false;
    }
    *value = narrow;
    return true;
}

static uint64_t number_of(const char *name) {
    unsigned value;
    size_t got = sizeof(value);
    return je_mallctl(name, &value, &got, NULL, 0) == 0 ? value : 0;
}

static bool initialised(unsigned arena) {
    char name[80];
    bool value;
    size_t got = sizeof(value);
    snprintf(name, sizeof(name), "arena.%u.initialized", arena);
    return je_mallctl(name, &value, &got, NULL, 0) == 0 && value;
}

static void line(struct truth *truth, const char *name, uint64_t value) {
    truth_word(truth, "mallctl");
    truth_text(truth, "name", name);
    truth_hex(truth, "value", value);
    truth_end(truth);
}

/* ---- the heap -------------------------------------------------------------------------------- */

static void heap_lines(struct truth *truth) {
    static const char *const names[] = {"stats.allocated", "stats.active", "stats.metadata",
                                        "stats.mapped", "stats.retained"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct question q;
        uint64_t value;
        if (learn(&q, names[i]) && answer(&q, &value)) {
            line(truth, names[i], value);
        }
    }
}

/* ---- an arena -------------------------------------------------------------------------------- */

static void arena_line(struct truth *truth, unsigned arena, const char *what) {
    char name[80];
    struct question q;
    uint64_t value;
    snprintf(name, sizeof(name), "stats.arenas.%u.%s", arena, what);
    if (learn(&q, name) && answer(&q, &value)) {
        bool is_signed = strstr(what, "decay_ms") != NULL; /* -1: never */
        line(truth, name, is_signed ? (uint64_t)(ssize_t)value : value);
    }
}

/* Of all size classes, where one has any: the sums of an arena tell that the others have none. */
static void class_lines(struct truth *truth, unsigned arena, const char *classes, uint64_t count,
                        const char *what) {
    char name[96];
    struct question q;
    uint64_t value;
    snprintf(name, sizeof(name), "stats.arenas.%u.%s.0.%s", arena, classes, what);
    if (!learn(&q, name)) {
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        q.mib[4] = i;
        if (answer(&q, &value) && value != 0) {
            snprintf(name, sizeof(name), "stats.arenas.%u.%s.%u.%s", arena, classes, i, what);
            line(truth, name, value);
        }
    }
}

/* Since 5.2.0. By size there are some two hundred, nearly all of them 0. */
static void sum(struct truth *truth, unsigned arena, const char *what) {
    char name[96];
    struct question q;
    uint64_t value, total = 0;
    snprintf(name, sizeof(name), "stats.arenas.%u.extents.0.%s", arena, what);
    if (!learn(&q, name)) {
        return;
    }
    for (unsigned i = 0; i < EXTENT_CLASSES_MAX; i++) {
        q.mib[4] = i;
        if (!answer(&q, &value)) {
            break;
        }
        total += value;
    }
    snprintf(name, sizeof(name), "stats.arenas.%u.extents.*.%s", arena, what);
    line(truth, name, total);
}

static void page_lines(struct truth *truth, unsigned arena) {
    arena_line(truth, arena, "pactive");
    arena_line(truth, arena, "pdirty");
    arena_line(truth, arena, "pmuzzy");
    arena_line(truth, arena, "nthreads");
    arena_line(truth, arena, "dirty_decay_ms");
    arena_line(truth, arena, "muzzy_decay_ms");
}

/* What bins have is in lines of their own but for these (api_stats). */
static void arena_lines(struct truth *truth, unsigned arena, uint64_t small, uint64_t large) {
    static const char *const plain[] = {"small.allocated",
                                        "large.allocated",
                                        "mapped",
                                        "retained",
                                        "base",
                                        "internal",
                                        "extent_avail",
                                        "tcache_bytes",
                                        "tcache_stashed_bytes",
                                        "dirty_npurge",
                                        "dirty_nmadvise",
                                        "dirty_purged",
                                        "muzzy_npurge",
                                        "muzzy_nmadvise",
                                        "muzzy_purged",
                                        "abandoned_vm",
                                        "metadata_edata",
                                        "metadata_rtree"};
    static const char *const bins[] = {"nmalloc",  "ndalloc", "nrequests", "nfills",
                                       "nflushes", "nslabs",  "nreslabs",  "nonfull_slabs"};
    static const char *const sums[] = {"ndirty",      "nmuzzy",      "nretained",
                                       "dirty_bytes", "muzzy_bytes", "retained_bytes"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        arena_line(truth, arena, plain[i]);
    }
    for (size_t i = 0; i < sizeof(bins) / sizeof(bins[0]); i++) {
        class_lines(truth, arena, "bins", small, bins[i]);
    }
    class_lines(truth, arena, "lextents", large, "curlextents");
    class_lines(truth, arena, "lextents", large, "nrequests");
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        sum(truth, arena, sums[i]);
    }
}

/* A build without statistics counts pages alone, and answers 0 where it is asked for extents. */
static bool counts_all(void) {
    bool value;
    size_t got = sizeof(value);
    return je_mallctl("config.stats", &value, &got, NULL, 0) == 0 && value;
}

void totals_write(struct truth *truth) {
    bool all = counts_all();
    uint64_t arenas = number_of("arenas.narenas");
    uint64_t small = number_of("arenas.nbins"), large = number_of("arenas.nlextents");
    heap_lines(truth);
    for (unsigned arena = 0; arena < arenas; arena++) {
        if (!initialised(arena)) {
            continue;
        }
        page_lines(truth, arena);
        if (all) {
            arena_lines(truth, arena, small, large);
        }
    }
}
