/* growth.c - two heaps beside each other. Both sides are in order, so one pass over both joins
 * them. */
#include "heap/growth.h"

#include <stdlib.h>

#include "heap/inside.h"

/* ---- one side ---------------------------------------------------------------------------------
 */

struct taking {
    struct jt_side *side;
    size_t room;
    jt_fault_fn *fault;
    void *arg;
};

static void take_extent(void *arg, const struct jh_extent *e) {
    struct taking *t = arg;
    struct jt_side *s = t->side;
    if (!e->allocated || jh_extent_is_slab(e) || s->stopped) {
        return;
    }
    if (s->larges == t->room) {
        size_t room = t->room == 0 ? 256 : 2 * t->room;
        struct jt_large *grown = realloc(s->large, room * sizeof(*grown));
        if (grown == NULL) {
            s->stopped = true;
            return;
        }
        s->large = grown;
        t->room = room;
    }
    s->large[s->larges++] = (struct jt_large){e->addr, e->usize, e->arena_ind};
}

static void take_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    const struct taking *t = arg;
    if (t->fault != NULL) {
        t->fault(t->arg, status, fault);
    }
}

static void leave_parked(struct jt_side *s) {
    size_t kept = 0;
    for (size_t i = 0; i < s->larges; i++) {
        if (jt_parked_at(s->target, s->large[i].addr) == NULL) {
            s->large[kept++] = s->large[i];
        }
    }
    s->larges = kept;
}

void jt_side(struct jt_target *target, jt_fault_fn *fault, void *arg, struct jt_side *out) {
    struct taking taking = {.side = out, .fault = fault, .arg = arg};
    const struct jt_totals_options options = {
        .arenas = true, .extent = take_extent, .fault = take_fault, .arg = &taking};
    *out = (struct jt_side){.target = target};
    out->totals = jt_totals(target, &options);
    out->known = jt_caches(target)->why == JT_CACHES_COMPLETE;
    out->stopped |= out->totals == NULL || target->memory_ran_out;
    leave_parked(out);
}

void jt_side_free(struct jt_side *side) {
    if (side->totals != NULL) {
        jt_totals_free(side->totals);
    }
    free(side->large);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static uint64_t less(uint64_t all, uint64_t parked) {
    return parked < all ? all - parked : 0;
}

uint64_t jt_live_bytes(const struct jh_stats *stats, bool held) {
    return held ? stats->allocated : less(stats->allocated, stats->cached);
}

static void fill(struct jt_growth *g, const struct jh_class_stats *c, int which, bool held) {
    g->count[which] = held ? c->allocated : less(c->allocated, c->cached);
    g->bytes[which] = held ? c->usable : less(c->usable, c->cached * g->size);
}

static bool changed(const struct jt_growth *g) {
    return g->count[JT_BEFORE] != g->count[JT_AFTER] || g->bytes[JT_BEFORE] != g->bytes[JT_AFTER];
}

/* stats NULL: that side has no such arena. */
static bool add_classes(struct jt_diff *d, const struct jt_side side[JT_BOTH],
                        const struct jh_stats *stats[JT_BOTH], uint32_t arena_ind) {
    const struct jh_layout *l[JT_BOTH] = {&side[0].target->layout, &side[1].target->layout};
    uint32_t at[JT_BOTH] = {0, 0};
    while (at[0] < l[0]->sc_nsizes || at[1] < l[1]->sc_nsizes) {
        uint64_t size[JT_BOTH];
        for (int i = 0; i < JT_BOTH; i++) {
            size[i] = at[i] < l[i]->sc_nsizes ? jh_index2size(l[i], at[i]) : UINT64_MAX;
        }
        struct jt_growth g = {.arena_ind = arena_ind};
        g.size = size[0] < size[1] ? size[0] : size[1];
        for (int i = 0; i < JT_BOTH; i++) {
            if (size[i] != g.size) {
                continue;
            }
            g.szind = at[i];
            if (stats[i] != NULL) {
                fill(&g, &stats[i]->of[at[i]], i, d->held);
            }
            at[i]++;
        }
        if (changed(&g)) {
            struct jt_growth *grown = jt_grow(d->class_of, d->classes, sizeof(*grown));
            if (grown == NULL) {
                return false;
            }
            d->class_of = grown;
            grown[d->classes++] = g;
        }
    }
    return true;
}

static void fill_arena(struct jt_arena_growth *g, const struct jt_arena_totals *a, int which,
                       bool held) {
    g->bytes[which] = jt_live_bytes(&a->stats, held);
    g->active[which] = a->stats.active;
    g->unused[which] = a->stats.state_bytes[JH_DIRTY] + a->stats.state_bytes[JH_MUZZY] +
                       a->stats.state_bytes[JH_RETAINED];
}

static bool add_arena(struct jt_diff *d, const struct jt_side side[JT_BOTH],
                      const struct jt_arena_totals *both[JT_BOTH], uint32_t ind) {
    const struct jh_stats *stats[JT_BOTH] = {both[0] != NULL ? &both[0]->stats : NULL,
                                             both[1] != NULL ? &both[1]->stats : NULL};
    struct jt_arena_growth g = {.ind = ind};
    for (int i = 0; i < JT_BOTH; i++) {
        if (both[i] != NULL) {
            fill_arena(&g, both[i], i, d->held);
        }
    }
    if (g.bytes[0] != g.bytes[1] || g.active[0] != g.active[1] || g.unused[0] != g.unused[1]) {
        struct jt_arena_growth *grown = jt_grow(d->arena, d->arenas, sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        d->arena = grown;
        grown[d->arenas++] = g;
    }
    return add_classes(d, side, stats, ind);
}

static bool add_arenas(struct jt_diff *d, const struct jt_side side[JT_BOTH]) {
    const struct jt_totals *t[JT_BOTH] = {side[0].totals, side[1].totals};
    const struct jh_stats *whole[JT_BOTH] = {&t[0]->stats, &t[1]->stats};
    bool ok = add_classes(d, side, whole, JT_ALL_ARENAS);
    for (size_t i = 0, k = 0; ok && (i < t[0]->arenas || k < t[1]->arenas);) {
        uint32_t ind[JT_BOTH] = {i < t[0]->arenas ? t[0]->arena[i].ind : UINT32_MAX,
                                 k < t[1]->arenas ? t[1]->arena[k].ind : UINT32_MAX};
        uint32_t first = ind[0] < ind[1] ? ind[0] : ind[1];
        const struct jt_arena_totals *both[JT_BOTH] = {ind[0] == first ? &t[0]->arena[i++] : NULL,
                                                       ind[1] == first ? &t[1]->arena[k++] : NULL};
        ok = add_arena(d, side, both, first);
    }
    return ok;
}

/* ---- caches -----------------------------------------------------------------------------------
 */

static int cache_by_address(const void *a, const void *b) {
    const struct jt_cache_growth *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Those of both sides; what stands there twice is one. */
static bool add_caches(struct jt_diff *d, const struct jt_side side[JT_BOTH]) {
    const struct jt_caches *all[JT_BOTH] = {jt_caches(side[0].target), jt_caches(side[1].target)};
    size_t count = 0, kept = 0;
    d->cache = calloc(all[0]->count + all[1]->count + 1, sizeof(*d->cache));
    if (d->cache == NULL) {
        return false;
    }
    for (int which = 0; which < JT_BOTH; which++) {
        for (size_t i = 0; i < all[which]->count; i++) {
            const struct jt_cache *c = &all[which]->cache[i];
            struct jt_cache_growth *g = &d->cache[count++];
            *g = (struct jt_cache_growth){.at = c->at, .cache = c};
            g->count[which] = c->count;
            g->bytes[which] = c->bytes;
        }
    }
    qsort(d->cache, count, sizeof(*d->cache), cache_by_address);
    for (size_t i = 0; i < count; i++) {
        struct jt_cache_growth g = d->cache[i];
        if (i + 1 < count && d->cache[i + 1].at == g.at) {
            const struct jt_cache_growth *other = &d->cache[++i];
            for (int which = 0; which < JT_BOTH; which++) {
                g.count[which] += other->count[which];
                g.bytes[which] += other->bytes[which];
            }
        }
        if (g.count[0] != g.count[1] || g.bytes[0] != g.bytes[1]) {
            d->cache[kept++] = g;
        }
    }
    d->caches = kept;
    return true;
}

/* ---- large allocations ------------------------------------------------------------------------
 */

static bool same(const struct jt_large *a, const struct jt_large *b) {
    return a->addr == b->addr && a->size == b->size;
}

static bool add_large(struct jt_diff *d, const struct jt_side side[JT_BOTH]) {
    const struct jt_side *b = &side[JT_BEFORE], *a = &side[JT_AFTER];
    d->large = calloc(a->larges + b->larges + 1, sizeof(*d->large));
    for (size_t i = 0, k = 0; d->large != NULL && (i < b->larges || k < a->larges);) {
        if (i < b->larges && k < a->larges && same(&b->large[i], &a->large[k])) {
            i++, k++;
        } else if (k == a->larges || (i < b->larges && b->large[i].addr <= a->large[k].addr)) {
            d->large[d->larges++] = (struct jt_large_change){b->large[i++], false};
        } else {
            d->large[d->larges++] = (struct jt_large_change){a->large[k++], true};
        }
    }
    return d->large != NULL;
}

/* ---- order ------------------------------------------------------------------------------------
 */

static int by_growth(const uint64_t x[JT_BOTH], const uint64_t y[JT_BOTH]) {
    int64_t gx = (int64_t)(x[JT_AFTER] - x[JT_BEFORE]), gy = (int64_t)(y[JT_AFTER] - y[JT_BEFORE]);
    return (gx < gy) - (gx > gy);
}

static int class_order(const void *a, const void *b) {
    const struct jt_growth *x = a, *y = b;
    int order = by_growth(x->bytes, y->bytes);
    order = order != 0 ? order : (x->size > y->size) - (x->size < y->size);
    return order != 0 ? order : (x->arena_ind > y->arena_ind) - (x->arena_ind < y->arena_ind);
}

static int arena_order(const void *a, const void *b) {
    const struct jt_arena_growth *x = a, *y = b;
    int order = by_growth(x->bytes, y->bytes);
    return order != 0 ? order : (x->ind > y->ind) - (x->ind < y->ind);
}

static int cache_order(const void *a, const void *b) {
    const struct jt_cache_growth *x = a, *y = b;
    int order = by_growth(x->bytes, y->bytes);
    return order != 0 ? order : cache_by_address(a, b);
}

static int large_order(const void *a, const void *b) {
    const struct jt_large *x = &((const struct jt_large_change *)a)->large;
    const struct jt_large *y = &((const struct jt_large_change *)b)->large;
    int order = (x->size < y->size) - (x->size > y->size);
    return order != 0 ? order : (x->addr > y->addr) - (x->addr < y->addr);
}

static void sort(void *array, size_t count, size_t size, int (*order)(const void *, const void *)) {
    if (count != 0) {
        qsort(array, count, size, order);
    }
}

bool jt_diff(const struct jt_side side[JT_BOTH], struct jt_diff *out) {
    *out = (struct jt_diff){.held = !side[0].known || !side[1].known};
    for (int i = 0; i < JT_BOTH; i++) {
        out->live[i] = jt_live_bytes(&side[i].totals->stats, out->held);
    }
    bool ok = add_arenas(out, side) && add_caches(out, side) && add_large(out, side);
    sort(out->class_of, out->classes, sizeof(*out->class_of), class_order);
    sort(out->arena, out->arenas, sizeof(*out->arena), arena_order);
    sort(out->cache, out->caches, sizeof(*out->cache), cache_order);
    sort(out->large, out->larges, sizeof(*out->large), large_order);
    return ok;
}

void jt_diff_free(struct jt_diff *diff) {
    free(diff->class_of);
    free(diff->arena);
    free(diff->cache);
    free(diff->large);
}
