/* diff_json.c - a line for each thing that changed, last the totals. */
#include "diff_out.h"

static void pair(struct json *j, const char *key, const uint64_t value[JT_BOTH]) {
    json_open(j, key, '{');
    json_number(j, "before", value[JT_BEFORE]);
    json_number(j, "after", value[JT_AFTER]);
    json_close(j, '}');
}

static void maybe_pair(struct json *j, const char *key, bool known, uint64_t before,
                       uint64_t after) {
    const uint64_t value[JT_BOTH] = {before, after};
    if (known) {
        pair(j, key, value);
    } else {
        json_null(j, key);
    }
}

static void class_json(struct json *j, const struct jt_growth *g, bool held) {
    json_open(j, NULL, '{');
    json_number(j, "szind", g->szind);
    json_number(j, "size", g->size);
    if (g->arena_ind == JT_ALL_ARENAS) {
        json_null(j, "arena_ind");
    } else {
        json_number(j, "arena_ind", g->arena_ind);
    }
    pair(j, held ? "held" : "live", g->count);
    pair(j, "bytes", g->bytes);
    json_close(j, '}');
    json_line(j);
}

static void arena_json(struct json *j, const struct jt_arena_growth *g) {
    json_open(j, NULL, '{');
    json_number(j, "arena_ind", g->ind);
    pair(j, "bytes", g->bytes);
    pair(j, "active", g->active);
    pair(j, "unused", g->unused);
    json_close(j, '}');
    json_line(j);
}

static void cache_json(struct json *j, const struct jt_cache_growth *g) {
    json_open(j, NULL, '{');
    json_address(j, "cache", g->at);
    parked_owner_json(j, g->cache);
    json_number(j, "arena_ind", g->cache->arena_ind);
    pair(j, "count", g->count);
    pair(j, "bytes", g->bytes);
    json_close(j, '}');
    json_line(j);
}

static void large_json(struct json *j, const struct jt_large_change *c) {
    json_open(j, NULL, '{');
    json_text(j, "large", c->is_new ? "new" : "gone");
    json_address(j, "addr", c->large.addr);
    json_number(j, "size", c->large.size);
    json_number(j, "arena_ind", c->large.arena_ind);
    json_close(j, '}');
    json_line(j);
}

static void totals_json(struct json *j, const struct jt_side side[JT_BOTH],
                        const struct jt_diff *d) {
    const struct jt_totals *b = side[JT_BEFORE].totals, *a = side[JT_AFTER].totals;
    const struct jh_stats *x = &b->stats, *y = &a->stats;
    json_open(j, NULL, '{');
    maybe_pair(j, "allocated", true, x->allocated, y->allocated);
    maybe_pair(j, "live", !d->held, d->live[JT_BEFORE], d->live[JT_AFTER]);
    maybe_pair(j, "cached", !d->held, x->cached, y->cached);
    maybe_pair(j, "active", true, x->active, y->active);
    maybe_pair(j, "dirty", true, x->state_bytes[JH_DIRTY], y->state_bytes[JH_DIRTY]);
    maybe_pair(j, "muzzy", true, x->state_bytes[JH_MUZZY], y->state_bytes[JH_MUZZY]);
    maybe_pair(j, "retained", true, x->state_bytes[JH_RETAINED], y->state_bytes[JH_RETAINED]);
    maybe_pair(j, "metadata", b->own.metadata_known && a->own.metadata_known, b->own.metadata,
               a->own.metadata);
    maybe_pair(j, "mapped", b->own.mapped_known && a->own.mapped_known, b->own.mapped,
               a->own.mapped);
    maybe_pair(j, "absent", true, side[JT_BEFORE].target->bytes_absent,
               side[JT_AFTER].target->bytes_absent);
    json_bool(j, "partial", !b->complete || !a->complete);
    json_close(j, '}');
    json_line(j);
}

void diff_json(struct cli *cli, const struct jt_side side[JT_BOTH], const struct jt_diff *d) {
    struct json *j = &cli->json;
    for (size_t i = 0; i < d->classes; i++) {
        class_json(j, &d->class_of[i], d->held);
    }
    for (size_t i = 0; i < d->arenas; i++) {
        arena_json(j, &d->arena[i]);
    }
    for (size_t i = 0; i < d->caches; i++) {
        cache_json(j, &d->cache[i]);
    }
    for (size_t i = 0; i < d->larges; i++) {
        large_json(j, &d->large[i]);
    }
    totals_json(j, side, d);
}
