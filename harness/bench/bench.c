/* bench: the decoder against jemalloc's own code and against memcpy, on one heap in one process.
 * The sides take turns, round by round, and a ratio is the median of the rounds' ratios: on a noisy
 * machine only what ran side by side can be compared. Wrong answers end the program with 1; slow
 * ones never do. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define ROUNDS 11
#define LOOKUPS 1000000 /* at least so many lookups, or walked extents, are in one measurement */

enum side { HARD, BARE, LOOKUP, MANY, ALL, ALL_MANY, COPY, WALK, ANY, INDEX, INDEX_MANY, SIDES };

static const struct row {
    const char *what, *against;
    enum side ours, theirs;
    double goal; /* 0: for information */
} rows[] = {
    {"lookup", "hard", LOOKUP, HARD, 1.5},
    {"lookup", "bare", LOOKUP, BARE, 0},
    {"lookup_many", "hard", MANY, HARD, 0.7},
    {"lookup_many", "bare", MANY, BARE, 0},
    {"all", "hard", ALL, HARD, 0},
    {"all_many", "hard", ALL_MANY, HARD, 0},
    {"walk", "memcpy", WALK, COPY, 2.0},
    {"index", "hard", INDEX, ANY, 0.7},
    {"index_many", "hard", INDEX_MANY, ANY, 0.7},
};

struct bench {
    const uint64_t *addr, *any; /* live ones, and others, too */
    size_t live, lookups, anys; /* lookups, anys: addresses asked for in one pass */
    size_t passes, walks;       /* in one measurement */
    struct metadata metadata;
    double index_bytes; /* for each extent */
    void *copy;
    double ns[SIDES][ROUNDS]; /* of one lookup, or one walk */
};

/* ---- right before fast ----------------------------------------------------------------------- */

static void same(uint64_t ours, uint64_t theirs, const char *what) {
    if (ours != theirs) {
        die("%s: the decoder says %#" PRIx64 ", jemalloc %#" PRIx64 ".", what, ours, theirs);
    }
}

static void verify(const struct bench *b) {
    for (size_t i = 0; i < b->live; i++) {
        struct seen ours = jeheap_one(b->addr[i]), theirs = jemalloc_one(b->addr[i]);
        same(ours.addr, theirs.addr, "addr");
        same(ours.size, theirs.size, "size");
        same(ours.sn, theirs.sn, "sn");
        same(ours.arena_ind, theirs.arena_ind, "arena_ind");
        same(ours.szind, theirs.szind, "szind");
        same(ours.nfree, theirs.nfree, "nfree");
        same(ours.state, theirs.state, "state");
        same(ours.slab, theirs.slab, "slab");
    }
    for (size_t i = 0; i < b->anys; i++) { /* the inside of a large one has no element */
        uint64_t ours = jeheap_index_extent(b->any[i]), theirs = jemalloc_extent(b->any[i]);
        same(theirs ? ours : 0, theirs, "extent");
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool is_walk(enum side side) {
    return side == COPY || side == WALK;
}

/* One measurement: nanoseconds for one lookup or one walk; the sum must come out as expected. */
static double measure(struct bench *b, enum side side, uint64_t expected) {
    size_t passes = is_walk(side) ? b->walks : side >= ANY ? 1 : b->passes;
    size_t extents = b->metadata.extents;
    uint64_t sum = 0;
    double start = now();
    for (size_t i = 0; i < passes; i++) {
        switch (side) {
        case HARD:
            sum += jemalloc_hard(b->addr, b->lookups);
            break;
        case BARE:
            sum += jemalloc_bare(b->addr, b->lookups);
            break;
        case LOOKUP:
            sum += jeheap_lookup(b->addr, b->lookups);
            break;
        case MANY:
            sum += jeheap_lookup_many(b->addr, b->lookups);
            break;
        case ALL:
            sum += jeheap_lookup_all(b->addr, b->lookups);
            break;
        case ALL_MANY:
            sum += jeheap_lookup_all_many(b->addr, b->lookups);
            break;
        case COPY:
            jemalloc_copy(&b->metadata, b->copy);
            sum += b->metadata.sum;
            break;
        case WALK:
            sum += jeheap_walk(&extents);
            break;
        case ANY:
            sum += jemalloc_hard(b->any, b->anys);
            break;
        case INDEX:
            sum += jeheap_index_one_by_one(b->any, b->anys);
            break;
        default:
            sum += jeheap_index_many(b->any, b->anys);
            break;
        }
    }
    double ns = now() - start;
    same(sum, expected * passes, "checksum");
    same(extents, b->metadata.extents, "number of extents");
    return ns / (double)passes /
           (is_walk(side) ? 1
            : side >= ANY ? (double)b->anys
                          : (double)b->lookups);
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(const double *values) {
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof(sorted));
    qsort(sorted, ROUNDS, sizeof(sorted[0]), by_value);
    return sorted[ROUNDS / 2];
}

/* ---- one heap -------------------------------------------------------------------------------- */

static void print_row(const struct bench *b, const struct row *row, bool json) {
    double ratio[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        ratio[i] = b->ns[row->ours][i] / b->ns[row->theirs][i];
    }
    double ours = median(b->ns[row->ours]), theirs = median(b->ns[row->theirs]), r = median(ratio);
    bool walk = is_walk(row->ours), met = r <= row->goal;
    if (json) {
        printf("{\"live\":%zu,\"extents\":%zu,\"metadata_bytes\":%zu,\"what\":\"%s\","
               "\"against\":\"%s\",\"unit\":\"ns/%s\",\"ours\":%.2f,\"theirs\":%.2f,\"ratio\":%.3f,"
               "\"rounds\":%d",
               b->live, b->metadata.extents, b->metadata.bytes, row->what, row->against,
               walk ? "walk" : "lookup", ours, theirs, r, ROUNDS);
        if (row->goal > 0) {
            printf(",\"goal\":%.1f,\"met\":%s", row->goal, met ? "true" : "false");
        }
        puts("}");
        return;
    }
    double scale = walk ? 1e6 : 1;
    printf("%10zu  %-11s  %-6s  %7.2f  %7.2f %s  %6.2f", b->live, row->what, row->against,
           ours / scale, theirs / scale, walk ? "ms" : "ns", r);
    if (row->goal > 0) {
        printf("  %4.1f  %s\n", row->goal, met ? "met" : "not met");
    } else {
        puts("     -  (for information)");
    }
}

static void run(struct bench *b, size_t live, bool json) {
    b->addr = heap_grow(live);
    b->live = live;
    b->lookups = live < LOOKUPS ? live : LOOKUPS;
    b->passes = LOOKUPS / b->lookups;
    jeheap_attach(jemalloc_root_symbol());
    jemalloc_metadata(jeheap_extent_head(), &b->metadata);
    b->walks = LOOKUPS / 10 / b->metadata.extents + 1;
    b->walks = b->walks > 16 ? 16 : b->walks;
    b->copy = need(realloc(b->copy, b->metadata.bytes));
    b->any = heap_addresses(b->anys = live > LOOKUPS ? live : LOOKUPS);
    b->index_bytes = jeheap_index(b->metadata.extents);
    verify(b);
    uint64_t lookups = jemalloc_hard(b->addr, b->lookups);
    uint64_t any = jemalloc_hard(b->any, b->anys), found = jeheap_index_many(b->any, b->anys);
    for (size_t round = 0; round <= ROUNDS; round++) { /* the first only warms up */
        for (enum side side = 0; side < SIDES; side++) {
            uint64_t sum = is_walk(side) ? b->metadata.sum
                           : side == ANY ? any
                           : side > ANY  ? found
                                         : lookups;
            double ns = measure(b, side, sum);
            b->ns[side][round ? round - 1 : 0] = ns;
        }
    }
    if (!json) {
        printf("%10zu  live allocations: %zu extents, %zu tree nodes, %.1f MB of metadata; the "
               "index takes %.1f bytes an extent\n",
               live, b->metadata.extents, b->metadata.nodes, (double)b->metadata.bytes / 1e6,
               b->index_bytes);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_row(b, &rows[i], json);
    }
    fflush(stdout);
}

static const char about[] =
    "jemalloc 5.3.0, random live pointers, %d lookups a measurement, %d alternating rounds.\n"
    "hard    rtree_leaf_elm_lookup_hard(), then arena_ind, slab, state, szind, nfree, addr and "
    "size\n"
    "        by edata_*_get(); jemalloc's uncached lookup, its cache upkeep included\n"
    "bare    the same without the upkeep: two dependent loads, inlined, then the getters\n"
    "lookup  the same fields by jh_lookup_brief(); all: all there are, by jh_lookup(); many: "
    "batches\n"
    "index   region, state, class and extent by jh_index_find(), of as many random addresses as "
    "are "
    "live,\n"
    "        live ones, free ones and others; hard is asked for the same ones\n"
    "memcpy  of what a walk must touch: the root node and each leaf node in use, whole, and of "
    "each\n"
    "        extent the cache line that holds its fields, from where they are into one buffer\n\n"
    "      live  what         against    ours   theirs     ratio  goal\n";

static const size_t live[] = {10000, 1000000, 10000000};

#define SIZES (sizeof(live) / sizeof(live[0]))

/* The largest heap, or with --quick the one before, for another process to look at, until the input
 * ends. */
static int hold(size_t sizes) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* whoever started it may read it (Yama) */
    heap_grow(live[sizes - 1]);
    printf("%zu\n", live[sizes - 1]);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}

int main(int argc, char **argv) {
    size_t sizes = SIZES;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            sizes = 2;
        } else if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--hold") == 0) {
            return hold(sizes);
        } else {
            fputs("usage: bench [--quick] [--json | --hold]\n", stderr);
            return 2;
        }
    }
    if (!json) {
        printf(about, LOOKUPS, ROUNDS);
    }
    static struct bench b;
    for (size_t i = 0; i < sizes; i++) {
        run(&b, live[i], json);
    }
    return 0;
}
