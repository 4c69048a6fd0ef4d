/* stats_json.c - the totals for programs: keys are those of jemalloc's mallctl, where it has them.
 */
#include "heap/numbers.h"
#include "stats_out.h"

static void maybe(struct json *j, const char *key, bool known, uint64_t value) {
    if (known) {
        json_number(j, key, value);
    } else {
        json_null(j, key);
    }
}

static void live_and_cached(struct cli *cli, uint64_t allocated, uint64_t cached) {
    struct json *j = &cli->json;
    bool known = jt_caches(cli->target)->why == JT_CACHES_COMPLETE;
    maybe(j, "cached", known, cached);
    maybe(j, "live", known, stats_live(allocated, cached));
}

static void class_json(struct cli *cli, const struct jh_stats *stats, uint32_t szind) {
    const struct jh_class_stats *c = &stats->of[szind];
    const struct jh_layout *l = &cli->target->layout;
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_number(j, "szind", szind);
    json_number(j, "size", jh_index2size(l, szind));
    json_number(j, "allocated", c->allocated);
    live_and_cached(cli, c->allocated, c->cached);
    maybe(j, "free", szind < l->sc_nbins, c->free);
    maybe(j, "slabs", szind < l->sc_nbins, c->slabs);
    json_number(j, "bytes", c->bytes);
    json_number(j, "usable", c->usable);
    maybe(j, "spare_slabs", szind < l->sc_nbins, jh_stats_spare_slabs(l, stats, szind));
    json_close(j, '}');
}

static void classes_json(struct cli *cli, const struct jh_stats *stats) {
    struct json *j = &cli->json;
    json_open(j, "classes", '[');
    for (uint32_t i = 0; i < cli->target->layout.sc_nsizes; i++) {
        if (stats->of[i].slabs != 0 || stats->of[i].allocated != 0) {
            class_json(cli, stats, i);
        }
    }
    json_close(j, ']');
}

/* ---- an arena ---------------------------------------------------------------------------------
 */

static void bin_json(struct cli *cli, const struct jt_arena_totals *a, uint32_t szind) {
    const struct jh_class_stats *c = &a->stats.of[szind];
    const struct jh_layout *l = &cli->target->layout;
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_number(j, "szind", szind);
    json_number(j, "size", l->bin[szind].reg_size);
    json_number(j, "nregs", l->bin[szind].nregs);
    json_number(j, "curregs", c->allocated - c->sampled);
    json_number(j, "curslabs", c->slabs);
    maybe(j, "nonfull_slabs", a->nonfull_known, a->nonfull[szind]);
    maybe(j, "cached", jt_caches(cli->target)->why == JT_CACHES_COMPLETE, c->cached);
    json_close(j, '}');
}

static void lextent_json(struct cli *cli, const struct jh_stats *s, uint32_t szind) {
    const struct jh_class_stats *c = &s->of[szind];
    bool first = szind == cli->target->layout.sc_nbins;
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_number(j, "szind", szind);
    json_number(j, "size", jh_index2size(&cli->target->layout, szind));
    json_number(j, "curlextents", c->allocated + (first ? s->sampled_large : 0));
    maybe(j, "cached", jt_caches(cli->target)->why == JT_CACHES_COMPLETE, c->cached);
    json_close(j, '}');
}

static void extents_json(struct cli *cli, const struct jh_stats *stats) {
    static const struct {
        const char *key;
        enum jh_state state;
    } row[] = {{"dirty", JH_DIRTY}, {"muzzy", JH_MUZZY}, {"retained", JH_RETAINED}};
    struct json *j = &cli->json;
    json_open(j, "extents", '{');
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        json_open(j, row[i].key, '{');
        json_number(j, "count", stats->state_count[row[i].state]);
        json_number(j, "bytes", stats->state_bytes[row[i].state]);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void automatic_json(struct cli *cli, uint32_t ind) {
    enum jt_answer automatic = jt_arena_is_automatic(cli->target, ind);
    if (automatic == JT_CANNOT_TELL) {
        json_null(&cli->json, "automatic");
    } else {
        json_bool(&cli->json, "automatic", automatic == JT_YES);
    }
}

static void arena_json(struct cli *cli, const struct jt_arena_totals *a) {
    const struct jh_layout *l = &cli->target->layout;
    struct json *j = &cli->json;
    uint64_t small = 0;
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        const struct jh_class_stats *c = &a->stats.of[i];
        small += (c->allocated - c->sampled) * l->bin[i].reg_size;
    }
    json_open(j, NULL, '{');
    json_number(j, "arena_ind", a->ind);
    automatic_json(cli, a->ind);
    json_number(j, "small_allocated", small);
    json_number(j, "large_allocated", a->stats.allocated - small);
    json_number(j, "active", a->stats.active);
    maybe(j, "metadata", a->own.metadata_known, a->own.metadata);
    maybe(j, "mapped", a->own.mapped_known, a->own.mapped);
    maybe(j, "tcache_bytes", jt_caches(cli->target)->why == JT_CACHES_COMPLETE, a->tcache_bytes);
    json_open(j, "bins", '[');
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        if (a->stats.of[i].slabs != 0) {
            bin_json(cli, a, i);
        }
    }
    json_close(j, ']');
    json_open(j, "lextents", '[');
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        if (a->stats.of[i].slabs != 0 || (i == l->sc_nbins && a->stats.sampled_large != 0)) {
            lextent_json(cli, &a->stats, i);
        }
    }
    json_close(j, ']');
    extents_json(cli, &a->stats);
    json_close(j, '}');
}

/* ---- all --------------------------------------------------------------------------------------
 */

static void largest_json(struct cli *cli, const struct largest *largest) {
    struct json *j = &cli->json;
    json_open(j, "largest", '[');
    for (size_t i = 0; i < largest->count; i++) {
        const struct jh_extent *e = &largest->extent[i];
        json_open(j, NULL, '{');
        json_address(j, "addr", e->addr);
        json_number(j, "size", e->usize);
        json_number(j, "arena_ind", e->arena_ind);
        json_text(j, "state", parked_find(cli, JH_USE_HELD, e->addr).state);
        json_close(j, '}');
    }
    json_close(j, ']');
}

void stats_json(struct cli *cli, const struct jt_totals *t, const struct largest *largest,
                const struct packing *packing) {
    const struct jh_stats *s = &t->stats;
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_number(j, "allocated", s->allocated);
    live_and_cached(cli, s->usable, s->cached);
    json_number(j, "active", s->active);
    maybe(j, "metadata", t->own.metadata_known, t->own.metadata);
    maybe(j, "mapped", t->own.mapped_known, t->own.mapped);
    json_number(j, "dirty", s->state_bytes[JH_DIRTY]);
    json_number(j, "muzzy", s->state_bytes[JH_MUZZY]);
    json_number(j, "retained", s->state_bytes[JH_RETAINED]);
    json_number(j, "pinned", s->state_bytes[JH_PINNED]);
    json_number(j, "unused_active", s->unused);
    json_number(j, "free", stats_free(cli, s));
    json_number(j, "absent", cli->target->bytes_absent);
    json_number(j, "sampled", s->sampled);
    json_number(j, "extents", s->extents);
    classes_json(cli, s);
    histogram_json(cli, s);
    json_open(j, "arenas", '[');
    for (size_t i = 0; i < t->arenas; i++) {
        arena_json(cli, &t->arena[i]);
    }
    json_close(j, ']');
    largest_json(cli, largest);
    if (packing != NULL) {
        packing_json(cli, t, packing);
    }
    json_bool(j, "partial", !t->complete || t->unread_arenas != 0 || cli->target->memory_ran_out);
    json_close(j, '}');
    json_line(j);
}
