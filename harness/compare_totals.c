/* totals: what jeheap's totals say, against jemalloc's own statistics. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENAS_MAX = 4096 };

struct totals {
    struct comparison *c;
    struct jt_target *target;
    const struct jt_totals *t;
    bool tcache_bytes;          /* jemalloc's are right, and jeheap's of all caches */
    int32_t place[ARENAS_MAX];  /* of an arena in t->arena, + 1; 0: it has none */
    bool told[ARENAS_MAX];      /* jemalloc has totals of it */
    uint32_t large[ARENAS_MAX]; /* large size classes of it that jemalloc has something of */
};

struct seen {
    bool known, none; /* none: jeheap has no such total */
    uint64_t value;
};

static struct seen known(uint64_t value) {
    return (struct seen){true, false, value};
}

static struct seen known_if(bool is, uint64_t value) {
    return (struct seen){is, false, value};
}

/* ---- what jeheap says ----------------------------------------------------------------------- */

static struct seen of_heap(const struct totals *x, const char *what) {
    const struct jh_stats *s = &x->t->stats;
    const struct {
        const char *name;
        struct seen seen;
    } row[] = {{"allocated", known(s->allocated)},
               {"active", known(s->active)},
               {"metadata", known_if(x->t->own.metadata_known, x->t->own.metadata)},
               {"mapped", known_if(x->t->own.mapped_known, x->t->own.mapped)},
               {"retained", known(s->state_bytes[JH_RETAINED])}};
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (strcmp(what, row[i].name) == 0) {
            return row[i].seen;
        }
    }
    return (struct seen){false, true, 0};
}

static uint64_t small_of(const struct totals *x, const struct jt_arena_totals *a) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < x->target->layout.sc_nbins; i++) {
        const struct jh_class_stats *c = &a->stats.of[i];
        sum += (c->allocated - c->sampled) * x->target->layout.bin[i].reg_size;
    }
    return sum;
}

static uint64_t large_of(const struct totals *x, const struct jt_arena_totals *a, uint32_t szind) {
    uint64_t sampled = szind == x->target->layout.sc_nbins ? a->stats.sampled_large : 0;
    return a->stats.of[szind % JH_CACHE_BINS_MAX].allocated + sampled;
}

/* pdirty has pages of huge pages as well, which are no extents (compare_counters.c). */
static struct seen of_arena(const struct totals *x, const struct jt_arena_totals *a,
                            const char *what) {
    const unsigned lg_page = x->target->layout.build.lg_page;
    const struct jh_stats *s = &a->stats;
    const struct seen tcache_bytes = {x->tcache_bytes, !x->tcache_bytes, a->tcache_bytes};
    const struct {
        const char *name;
        struct seen seen;
    } row[] = {{"pactive", known(s->active >> lg_page)},
               {"pmuzzy", known(s->state_bytes[JH_MUZZY] >> lg_page)},
               {"retained", known(s->state_bytes[JH_RETAINED])},
               {"small.allocated", known(small_of(x, a))},
               {"large.allocated", known(s->allocated - small_of(x, a))},
               {"mapped", known_if(a->own.mapped_known, a->own.mapped)},
               {"tcache_bytes", tcache_bytes},
               {"extents.*.ndirty", known(s->state_count[JH_DIRTY])},
               {"extents.*.nmuzzy", known(s->state_count[JH_MUZZY])},
               {"extents.*.nretained", known(s->state_count[JH_RETAINED])},
               {"extents.*.dirty_bytes", known(s->state_bytes[JH_DIRTY])},
               {"extents.*.muzzy_bytes", known(s->state_bytes[JH_MUZZY])},
               {"extents.*.retained_bytes", known(s->state_bytes[JH_RETAINED])}};
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (strcmp(what, row[i].name) == 0) {
            return row[i].seen;
        }
    }
    return (struct seen){false, true, 0};
}

/* ---- what jemalloc says --------------------------------------------------------------------- */

static void compare_one(struct totals *x, const struct truth_record *r) {
    static const struct jt_arena_totals none;
    struct seen seen = {false, true, 0};
    unsigned arena, szind;
    char what[64], word[8];
    if (sscanf(r->text, "stats.arenas.%u.%63s", &arena, what) == 2 && arena < ARENAS_MAX) {
        const struct jt_arena_totals *a =
            x->place[arena] ? &x->t->arena[x->place[arena] - 1] : &none;
        x->told[arena] = x->told[arena] || strcmp(what, "large.allocated") == 0;
        if (sscanf(what, "lextents.%u.%7s", &szind, word) == 2) {
            if (strcmp(word, "curlext") != 0) {
                return;
            }
            seen = known(large_of(x, a, szind + x->target->layout.sc_nbins));
            x->large[arena]++;
        } else {
            seen = of_arena(x, a, what);
        }
    } else if (sscanf(r->text, "stats.%63s", what) == 1) {
        seen = of_heap(x, what);
    }
    if (seen.known) {
        compare_number(x->c, r->text, 0, r->value[0], seen.value);
    } else if (!seen.none) {
        compare_word(x->c, r->text, 0, "a number", "not known");
    }
}

/* Classes that only jeheap has something of. */
static void compare_classes(const struct totals *x, const struct jt_arena_totals *a) {
    const struct jh_layout *l = &x->target->layout;
    uint32_t large = 0;
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        large += large_of(x, a, i) != 0;
    }
    if (x->told[a->ind % ARENAS_MAX]) {
        compare_number(x->c, "stats.lextents", a->ind, x->large[a->ind % ARENAS_MAX], large);
    }
}

/* Between 5.1.0 and 5.2.1 jemalloc takes the large bins of a cache from behind the array that they
 * are in (arena_stats_merge); later there is one array of all bins. */
static bool counts_caches(struct jt_target *target) {
    struct jh_cache_form form;
    return jh_cache_form(&target->layout, &form, NULL) == JH_OK &&
           (form.cursor || form.bins == JH_CACHE_NONE) &&
           jt_caches(target)->why == JT_CACHES_COMPLETE;
}

static void compare_all(struct totals *x, const struct truth_list *list) {
    for (size_t i = 0; i < list->count && !x->c->stop; i++) {
        compare_one(x, &list->record[i]);
    }
    for (size_t i = 0; i < x->t->arenas && !x->c->stop; i++) {
        compare_classes(x, &x->t->arena[i]);
    }
}

void compare_totals(struct comparison *c, struct jt_target *target) {
    const struct jt_totals_options options = {.arenas = true};
    const struct truth_list *list = &c->truth->list[TRUTH_MALLCTL];
    struct totals *x = calloc(1, sizeof(*x));
    struct jt_totals *t = jt_totals(target, &options);
    if (!x || !t) {
        abort();
    }
    x->c = c;
    x->target = target;
    x->t = t;
    x->tcache_bytes = counts_caches(target);
    for (size_t i = 0; i < t->arenas; i++) {
        x->place[t->arena[i].ind % ARENAS_MAX] = (int32_t)i + 1;
    }
    if (c->lacks) { /* jemalloc has totals of the whole heap only: these must say they lack some */
        compare_number(c, "stats.complete", 0, 0, t->complete);
    } else {
        compare_all(x, list);
        compare_counters(c, target);
    }
    jt_totals_free(t);
    free(x);
}
