/* diff_text.c - what grew, for people, on one screen. */
#include <inttypes.h>
#include <stdio.h>

#include "diff_out.h"

enum { TOP = 10 }; /* of each kind */

/* With a sign in front of it. */
static const char *growth(const struct cli *cli, const uint64_t value[JT_BOTH],
                          char room[SIZE_TEXT + 1]) {
    bool more = value[JT_AFTER] >= value[JT_BEFORE];
    uint64_t by = more ? value[JT_AFTER] - value[JT_BEFORE] : value[JT_BEFORE] - value[JT_AFTER];
    char text[SIZE_TEXT];
    snprintf(room, SIZE_TEXT + 1, "%s%s",
             by == 0 ? ""
             : more  ? "+"
                     : "-",
             cli_size_text(cli, by, text));
    return room;
}

static void total(struct cli *cli, const char *name, uint64_t before, uint64_t after) {
    const uint64_t value[JT_BOTH] = {before, after};
    char b[SIZE_TEXT], a[SIZE_TEXT], g[SIZE_TEXT + 1];
    printf("%-10s %14s %14s %15s\n", name, cli_size_text(cli, before, b),
           cli_size_text(cli, after, a), growth(cli, value, g));
}

static void totals(struct cli *cli, const struct jt_side side[JT_BOTH], const struct jt_diff *d) {
    const struct jt_totals *b = side[JT_BEFORE].totals, *a = side[JT_AFTER].totals;
    const struct jh_stats *x = &b->stats, *y = &a->stats;
    printf("%-10s %14s %14s %15s\n", "", "before", "after", "growth");
    total(cli, d->held ? "held" : "live", d->live[JT_BEFORE], d->live[JT_AFTER]);
    if (!d->held) {
        total(cli, "cached", x->cached, y->cached);
    }
    total(cli, "active", x->active, y->active);
    total(cli, "dirty", x->state_bytes[JH_DIRTY], y->state_bytes[JH_DIRTY]);
    total(cli, "muzzy", x->state_bytes[JH_MUZZY], y->state_bytes[JH_MUZZY]);
    total(cli, "retained", x->state_bytes[JH_RETAINED], y->state_bytes[JH_RETAINED]);
    if (b->own.metadata_known && a->own.metadata_known) {
        total(cli, "metadata", b->own.metadata, a->own.metadata);
    }
    if (side[0].target->bytes_absent != 0 || side[1].target->bytes_absent != 0) {
        total(cli, "absent", side[0].target->bytes_absent, side[1].target->bytes_absent);
    }
}

static void left_out(size_t count) {
    if (count > TOP) {
        printf("%12s %zu more with --json\n", "and", count - TOP);
    }
}

static void classes(struct cli *cli, const struct jt_diff *d) {
    size_t shown = 0;
    for (size_t i = 0; i < d->classes; i++) {
        const struct jt_growth *g = &d->class_of[i];
        char size[SIZE_TEXT], by[SIZE_TEXT + 1];
        if (g->arena_ind != JT_ALL_ARENAS || shown++ >= TOP) {
            continue;
        }
        if (shown == 1) {
            printf("\n%12s %12s %12s %15s\n", "size class", "count before", "count after", "bytes");
        }
        printf("%12s %12" PRIu64 " %12" PRIu64 " %15s\n", cli_size_text(cli, g->size, size),
               g->count[JT_BEFORE], g->count[JT_AFTER], growth(cli, g->bytes, by));
    }
    left_out(shown);
}

static void arenas(struct cli *cli, const struct jt_diff *d) {
    if (d->arenas != 0) {
        printf("\n%12s %15s %15s %15s\n", "arena", d->held ? "held" : "live", "active", "unused");
    }
    for (size_t i = 0; i < d->arenas && i < TOP; i++) {
        const struct jt_arena_growth *g = &d->arena[i];
        char a[SIZE_TEXT + 1], b[SIZE_TEXT + 1], c[SIZE_TEXT + 1];
        printf("%12" PRIu32 " %15s %15s %15s\n", g->ind, growth(cli, g->bytes, a),
               growth(cli, g->active, b), growth(cli, g->unused, c));
    }
    left_out(d->arenas);
}

static void caches(struct cli *cli, const struct jt_diff *d) {
    if (d->caches != 0) {
        printf("\n%-18s %8s %12s %12s %15s\n", "cache", "thread", "count before", "count after",
               "bytes");
    }
    for (size_t i = 0; i < d->caches && i < TOP; i++) {
        const struct jt_cache_growth *g = &d->cache[i];
        char by[SIZE_TEXT + 1], thread[16] = "-";
        if (g->cache->thread != 0) {
            snprintf(thread, sizeof thread, "%d", g->cache->thread);
        }
        printf("0x%-16" PRIx64 " %8s %12" PRIu64 " %12" PRIu64 " %15s\n", g->at, thread,
               g->count[JT_BEFORE], g->count[JT_AFTER], growth(cli, g->bytes, by));
    }
    left_out(d->caches);
}

static void large(struct cli *cli, const struct jt_diff *d) {
    if (d->larges != 0) {
        printf("\n%-18s %14s %5s\n", "large allocation", "size", "arena");
    }
    for (size_t i = 0; i < d->larges && i < TOP; i++) {
        const struct jt_large_change *c = &d->large[i];
        char size[SIZE_TEXT];
        printf("0x%-16" PRIx64 " %14s %5" PRIu32 "  %s\n", c->large.addr,
               cli_size_text(cli, c->large.size, size), c->large.arena_ind,
               c->is_new ? "new" : "gone");
    }
    left_out(d->larges);
}

void diff_text(struct cli *cli, const struct jt_side side[JT_BOTH], const struct jt_diff *d) {
    totals(cli, side, d);
    classes(cli, d);
    arenas(cli, d);
    caches(cli, d);
    large(cli, d);
    for (int i = 0; i < JT_BOTH; i++) {
        const struct jt_caches *all = jt_caches(side[i].target);
        if (all->why != JT_CACHES_COMPLETE) {
            printf("\nThread caches of the %s are not all known: %s.\n",
                   i == JT_BEFORE ? "first" : "second", jt_caches_why_text(all->why));
        }
    }
}
