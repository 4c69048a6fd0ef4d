/* totals.c - one walk over the heap, and what jemalloc's own counters say of its memory. */
#include "heap/totals.h"

#include <stdlib.h>
#include <string.h>

#include "heap/inside.h"

enum { BATCH = 64, ARENAS_MAX = 4096 };

struct counting {
    struct jt_target *target;
    struct jt_totals *t;
    const struct jt_totals_options *options;
    int32_t place[ARENAS_MAX];  /* of an arena in t->arena, - 1 */
    struct jt_numbers counters; /* of one arena at a time */
};

/* ---- arenas -----------------------------------------------------------------------------------
 */

/* NULL: no arena is wanted, or memory ran out. */
static struct jt_arena_totals *arena_of(struct counting *c, uint32_t ind) {
    if (!c->options->arenas || ind >= ARENAS_MAX) {
        return NULL;
    }
    if (c->place[ind] == 0) {
        struct jt_arena_totals *grown = jt_grow(c->t->arena, c->t->arenas, sizeof *grown);
        if (grown == NULL) {
            c->target->memory_ran_out = true;
            return NULL;
        }
        c->t->arena = grown;
        memset(&grown[c->t->arenas], 0, sizeof *grown);
        grown[c->t->arenas].ind = ind;
        c->place[ind] = (int32_t)++c->t->arenas;
    }
    return &c->t->arena[c->place[ind] - 1];
}

static int by_number(const void *a, const void *b) {
    const struct jt_arena_totals *x = a, *y = b;
    return (x->ind > y->ind) - (x->ind < y->ind);
}

/* ---- counters ---------------------------------------------------------------------------------
 */

/* As stats.metadata and stats.mapped add them up for an arena. */
static struct jt_own own_of(const struct jt_numbers *k) {
    return (struct jt_own){.metadata_known = jt_counter_known(k, JT_BASE_ALLOCATED) &&
                                             jt_counter_known(k, JT_INTERNAL),
                           .mapped_known = jt_counter_known(k, JT_BASE_MAPPED) &&
                                           jt_counter_known(k, JT_MAPPED),
                           .metadata = k->value[JT_BASE_ALLOCATED] + k->value[JT_INTERNAL],
                           .mapped = k->value[JT_BASE_MAPPED] + k->value[JT_MAPPED]};
}

static void take_nonfull(struct jt_arena_totals *a, const struct jt_numbers *k) {
    a->nonfull_known = jt_bin_counter_known(k, JT_BIN_NONFULL);
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        a->nonfull[i] = k->bin[i][JT_BIN_NONFULL];
    }
}

static void add_own(struct jt_own *sum, const struct jt_own *one) {
    sum->metadata_known &= one->metadata_known;
    sum->mapped_known &= one->mapped_known;
    sum->metadata += one->metadata;
    sum->mapped += one->mapped;
}

static void add_counters(struct counting *c) {
    const struct jt_arenas *all = &c->target->priv->base->arenas;
    c->t->own.metadata_known = c->t->own.mapped_known = all->count != 0;
    for (size_t i = 0; i < all->count; i++) {
        jt_numbers(c->target, &all->arena[i], &c->counters);
        struct jt_own own = own_of(&c->counters);
        c->t->unread_arenas += c->counters.unread;
        struct jt_arena_totals *a = arena_of(c, all->arena[i].known.ind);
        add_own(&c->t->own, &own);
        if (a != NULL) {
            a->own = own;
            take_nonfull(a, &c->counters);
        }
    }
}

/* ---- extents and caches -----------------------------------------------------------------------
 */

static void add_extents(struct counting *c) {
    struct jt_target *target = c->target;
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    jh_walk_start(&walk, &target->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status != JH_OK) {
            c->t->complete = false;
            if (c->options->fault != NULL) {
                c->options->fault(c->options->arg, status, &fault);
            }
            continue;
        }
        struct jt_arena_totals *a = arena_of(c, e.arena_ind);
        jh_stats_add(&target->layout, &c->t->stats, &e);
        if (a != NULL) {
            jh_stats_add(&target->layout, &a->stats, &e);
        }
        if (c->options->extent != NULL) {
            c->options->extent(c->options->arg, &e);
        }
    }
}

static void add_parked(struct counting *c, const uint64_t *addr, size_t count) {
    struct jh_extent extent[BATCH];
    enum jh_status status[BATCH];
    jh_lookup_many(&c->target->heap, addr, count, extent, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] != JH_OK || extent[i].at == 0) {
            continue;
        }
        struct jt_arena_totals *a = arena_of(c, extent[i].arena_ind);
        jh_stats_add_cached(&c->target->layout, &c->t->stats, &extent[i]);
        if (a != NULL) {
            jh_stats_add_cached(&c->target->layout, &a->stats, &extent[i]);
        }
    }
}

/* A region that was freed twice is parked twice, and is one region. */
static void add_regions(struct counting *c, const struct jt_caches *all) {
    uint64_t addr[BATCH];
    size_t count = 0;
    for (size_t i = 0; all->by_address != NULL && i < all->parked_count; i++) {
        uint64_t at = all->parked[all->by_address[i]].addr;
        if (i != 0 && at == all->parked[all->by_address[i - 1]].addr) {
            continue;
        }
        addr[count++] = at;
        if (count == BATCH) {
            add_parked(c, addr, count);
            count = 0;
        }
    }
    add_parked(c, addr, count);
}

static void add_caches(struct counting *c) {
    const struct jt_caches *all = jt_caches(c->target);
    add_regions(c, all);
    for (size_t i = 0; i < all->count; i++) {
        struct jt_arena_totals *a = arena_of(c, all->cache[i].arena_ind);
        if (a != NULL) {
            a->tcache_bytes += all->cache[i].bytes;
        }
    }
}

struct jt_totals *jt_totals(struct jt_target *target, const struct jt_totals_options *options) {
    struct counting *c = calloc(1, sizeof *c);
    struct jt_totals *t = calloc(1, sizeof *t);
    if (c == NULL || t == NULL) {
        free(c);
        free(t);
        target->memory_ran_out = true;
        return NULL;
    }
    *c = (struct counting){.target = target, .t = t, .options = options};
    t->complete = true;
    jt_metadata_find(target);
    add_extents(c);
    add_caches(c);
    add_counters(c);
    if (t->arenas != 0) {
        qsort(t->arena, t->arenas, sizeof *t->arena, by_number);
    }
    free(c);
    return t;
}

void jt_totals_free(struct jt_totals *totals) {
    free(totals->arena);
    free(totals);
}
