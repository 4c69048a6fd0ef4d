/* stats_text.c - the totals for people, on one screen. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stats_out.h"

enum { TOP = 10 }; /* classes and arenas that are shown */

static void row(const struct cli *cli, const char *name, uint64_t bytes, const char *what) {
    char room[SIZE_TEXT];
    printf("%-10s %14s  %s\n", name, cli_size_text(cli, bytes, room), what);
}

static void maybe_row(const struct cli *cli, const char *name, bool known, uint64_t bytes,
                      const char *what) {
    if (known) {
        row(cli, name, bytes, what);
    } else {
        printf("%-10s %14s  %s\n", name, "-", what);
    }
}

static void totals(struct cli *cli, const struct jt_totals *t) {
    const struct jh_stats *s = &t->stats;
    const struct jt_caches *caches = jt_caches(cli->target);
    uint64_t in_slabs = stats_free(cli, s);
    if (caches->why == JT_CACHES_COMPLETE) {
        row(cli, "live", stats_live(s->usable, s->cached), "in use by the program");
        row(cli, "cached", s->cached, "freed, parked in thread caches");
    } else {
        row(cli, "allocated", s->usable, "in use, or parked in thread caches");
    }
    row(cli, "free", in_slabs, "regions of slabs that nobody has");
    row(cli, "padding", s->active - s->usable - in_slabs,
        "of large allocations and slabs, up to whole pages");
    row(cli, "dirty", s->state_bytes[JH_DIRTY], "unused extents, memory not given back yet");
    row(cli, "muzzy", s->state_bytes[JH_MUZZY], "unused, the kernel may take it");
    row(cli, "retained", s->state_bytes[JH_RETAINED], "unused, addresses without memory");
    if (s->state_bytes[JH_PINNED] != 0) {
        row(cli, "pinned", s->state_bytes[JH_PINNED], "unused, memory that cannot be given back");
    }
    if (s->unused != 0) {
        row(cli, "unused", s->unused, "active extents in caches of HPA or san, or being purged");
    }
    maybe_row(cli, "metadata", t->own.metadata_known, t->own.metadata, "jemalloc's own");
    if (cli->target->bytes_absent != 0) {
        row(cli, "absent", cli->target->bytes_absent, "of the process, not in this core");
    }
}

/* ---- classes ----------------------------------------------------------------------------------
 */

static const struct jh_stats *compared;

static int by_bytes(const void *a, const void *b) {
    const struct jh_class_stats *x = &compared->of[*(const uint32_t *)a];
    const struct jh_class_stats *y = &compared->of[*(const uint32_t *)b];
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? 1 : -1) : 0;
}

/* Which classes have anything, those that hold most first. */
size_t stats_sorted(const struct cli *cli, const struct jh_stats *s,
                    uint32_t szind[JH_CACHE_BINS_MAX]) {
    size_t count = 0;
    for (uint32_t i = 0; i < cli->target->layout.sc_nsizes; i++) {
        if (s->of[i].bytes != 0) {
            szind[count++] = i;
        }
    }
    compared = s;
    qsort(szind, count, sizeof(szind[0]), by_bytes);
    return count;
}

unsigned stats_percent(uint64_t part, uint64_t whole) {
    uint64_t percent = whole == 0                 ? 0
                       : part <= UINT64_MAX / 100 ? part * 100 / whole
                                                  : part / (whole / 100 + 1);
    return (unsigned)(percent % 1000);
}

static void class_row(struct cli *cli, const struct jh_stats *s, uint32_t szind) {
    const struct jh_class_stats *c = &s->of[szind];
    const struct jh_layout *l = &cli->target->layout;
    char size[SIZE_TEXT], bytes[SIZE_TEXT];
    printf("%12s %14s %10" PRIu64 " %8" PRIu64, cli_size_text(cli, jh_index2size(l, szind), size),
           cli_size_text(cli, c->bytes, bytes), stats_live(c->allocated, c->cached), c->cached);
    char share[8];
    snprintf(share, sizeof share, "%u%%", stats_percent(c->bytes, s->active));
    if (szind < l->sc_nbins) {
        printf(" %10" PRIu64 " %8" PRIu64 " %5s %4u%%\n", c->free, c->slabs, share,
               stats_percent(c->usable, c->bytes));
    } else {
        printf(" %10s %8s %5s %4u%%\n", "-", "-", share, stats_percent(c->usable, c->bytes));
    }
}

static void classes(struct cli *cli, const struct jh_stats *s) {
    uint32_t szind[JH_CACHE_BINS_MAX];
    size_t count = stats_sorted(cli, s, szind);
    bool known = jt_caches(cli->target)->why == JT_CACHES_COMPLETE;
    printf("\n%12s %14s %10s %8s %10s %8s %5s %5s\n", "size class", "memory",
           known ? "live" : "held", "cached", "free", "slabs", "share", "used");
    for (size_t i = 0; i < count && i < TOP; i++) {
        class_row(cli, s, szind[i]);
    }
    if (count > TOP) {
        printf("%12s %zu more with --json\n", "and", count - TOP);
    }
}

/* ---- arenas, the largest ----------------------------------------------------------------------
 */

static void arenas(struct cli *cli, const struct jt_totals *t) {
    printf("\n%5s %14s %12s %12s %12s %12s\n", "arena", "allocated", "cached", "dirty", "muzzy",
           "retained");
    for (size_t i = 0; i < t->arenas; i++) {
        const struct jt_arena_totals *a = &t->arena[i];
        char b[5][SIZE_TEXT];
        printf("%5" PRIu32 " %14s %12s %12s %12s %12s\n", a->ind,
               cli_size_text(cli, a->stats.usable, b[0]), cli_size_text(cli, a->stats.cached, b[1]),
               cli_size_text(cli, a->stats.state_bytes[JH_DIRTY], b[2]),
               cli_size_text(cli, a->stats.state_bytes[JH_MUZZY], b[3]),
               cli_size_text(cli, a->stats.state_bytes[JH_RETAINED], b[4]));
    }
}

static void largest_rows(struct cli *cli, const struct largest *largest) {
    printf("\n%-18s %14s %5s  %s\n", "large allocation", "size", "arena", "state");
    for (size_t i = 0; i < largest->count; i++) {
        const struct jh_extent *e = &largest->extent[i];
        char room[SIZE_TEXT];
        printf("0x%-16" PRIx64 " %14s %5" PRIu32 "  %s\n", e->addr,
               cli_size_text(cli, e->usize, room), e->arena_ind,
               parked_find(cli, JH_USE_HELD, e->addr).state);
    }
}

void stats_text(struct cli *cli, const struct jt_totals *t, const struct largest *largest,
                const struct packing *packing) {
    totals(cli, t);
    classes(cli, &t->stats);
    histogram_text(cli, &t->stats);
    if (packing != NULL) {
        packing_text(cli, t, packing);
    }
    if (cli->args->arenas) {
        arenas(cli, t);
    }
    if (largest->count != 0) {
        largest_rows(cli, largest);
    }
    const struct jt_caches *caches = jt_caches(cli->target);
    if (caches->why != JT_CACHES_COMPLETE) {
        printf("\nThread caches are not all known: %s.\n", jt_caches_why_text(caches->why));
    }
}
