/* caches: every thread cache and explicit one, each of its bins, every pointer that is parked
 * there, and whether a region is in use or parked. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "open/inside.h"

static uint64_t constant(const struct comparison *c, const char *name) {
    uint64_t value = 0;
    return truth_constant(c->truth, name, &value) ? value : 0;
}

static bool complete(const struct jt_caches *all) {
    return all->why == JT_CACHES_COMPLETE;
}

/* ---- bins ----------------------------------------------------------------------------------- */

static void compare_bin(struct comparison *c, const struct jh_cache_bin *bin,
                        const struct truth_record *r) {
    compare_number(c, "cache.bin.szind", bin->at, truth_get(TRUTH_CACHE_BIN, r, KEY_SZIND),
                   bin->szind);
    compare_number(c, "cache.bin.ncached", bin->at, truth_get(TRUTH_CACHE_BIN, r, KEY_NCACHED),
                   bin->ncached);
    compare_number(c, "cache.bin.stashed", bin->at, 0, bin->stashed);
    /* without its table's symbol a capacity is not known */
    uint64_t most = truth_get(TRUTH_CACHE_BIN, r, KEY_NCACHED_MAX);
    compare_number(c, "cache.bin.ncached_max", bin->at, bin->ncached_max ? most : 0,
                   bin->ncached_max);
}

/* The bins of one cache stand together, by size class. */
static void compare_bins(struct comparison *c, const struct jt_caches *all, size_t cache) {
    const struct truth_list *list = &c->truth->list[TRUTH_CACHE_BIN];
    uint64_t at = all->cache[cache].at;
    size_t i = 0, n = 0;
    while (i < list->count && truth_get(TRUTH_CACHE_BIN, &list->record[i], KEY_CACHE) != at) {
        i++;
    }
    while (i < list->count && n < all->cache[cache].bins && !c->stop &&
           truth_get(TRUTH_CACHE_BIN, &list->record[i], KEY_CACHE) == at) {
        compare_bin(c, &all->bin[all->cache[cache].first + n++].known, &list->record[i++]);
    }
    bool more = i < list->count && truth_get(TRUTH_CACHE_BIN, &list->record[i], KEY_CACHE) == at;
    compare_number(c, "cache.bins", at, n + more, all->cache[cache].bins);
}

/* Whose it is: known where registers tell where threads have their storage. */
static void compare_thread(struct comparison *c, const struct jt_cache *cache,
                           const struct truth_record *r) {
    if (c->level == LEVEL_OFFLINE && c->storage && c->threads) {
        compare_number(c, "cache.thread", cache->at, truth_get(TRUTH_CACHE, r, KEY_THREAD),
                       (uint64_t)cache->thread);
    }
}

static void compare_each(struct comparison *c, const struct jt_caches *all) {
    const struct truth_list *list = &c->truth->list[TRUTH_CACHE];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        uint64_t at = truth_get(TRUTH_CACHE, &list->record[i], KEY_AT);
        size_t n = 0;
        while (n < all->count && all->cache[n].at != at) {
            n++;
        }
        if (n < all->count) {
            compare_number(c, "cache.arena_ind", at,
                           truth_get(TRUTH_CACHE, &list->record[i], KEY_ARENA_IND),
                           all->cache[n].arena_ind);
            compare_thread(c, &all->cache[n], &list->record[i]);
            compare_bins(c, all, n);
        } else if (complete(all)) {
            compare_word(c, "cache", at, "a cache", "none");
        }
    }
    for (size_t i = 0; i < all->count && !c->stop; i++) {
        size_t n = 0;
        while (n < list->count &&
               truth_get(TRUTH_CACHE, &list->record[n], KEY_AT) != all->cache[i].at) {
            n++;
        }
        compare_word(c, "cache", all->cache[i].at, n < list->count ? "a cache" : "none", "a cache");
    }
}

/* ---- regions -------------------------------------------------------------------------------- */

/* Both are in the order of addresses. */
static void compare_parked(struct comparison *c, const struct jt_caches *all) {
    const struct truth_list *list = &c->truth->list[TRUTH_CACHED];
    size_t i = 0, n = 0;
    while ((i < list->count || n < all->parked_count) && !c->stop) {
        const struct truth_record *r = i < list->count ? &list->record[i] : NULL;
        const struct jt_parked *p = n < all->parked_count ? &all->parked[all->by_address[n]] : NULL;
        uint64_t x = r ? truth_get(TRUTH_CACHED, r, KEY_ADDR) : UINT64_MAX;
        uint64_t y = p ? p->addr : UINT64_MAX;
        if (x == y && r && p) {
            compare_number(c, "parked.cache", x, truth_get(TRUTH_CACHED, r, KEY_CACHE),
                           all->cache[all->bin[p->bin].cache].at);
            compare_number(c, "parked.szind", x, truth_get(TRUTH_CACHED, r, KEY_SZIND),
                           all->bin[p->bin].known.szind);
            c->tally[c->level].cached++;
            c->tally[c->level].in_storage += all->inferred;
        } else if (y < x) {
            compare_word(c, "parked", y, "not parked", "parked");
        } else if (complete(all)) {
            compare_word(c, "parked", x, "parked", "not parked");
        }
        n += y <= x && p != NULL;
        i += x <= y && r != NULL;
    }
}

static bool is_parked(const struct truth *truth, uint64_t addr) {
    const struct truth_list *list = &truth->list[TRUTH_CACHED];
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (truth_get(TRUTH_CACHED, &list->record[middle], KEY_ADDR) < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < list->count && truth_get(TRUTH_CACHED, &list->record[low], KEY_ADDR) == addr;
}

/* What is handed out: in use, parked, or held where the caches are not all known. */
static void compare_state(struct comparison *c, struct jt_target *target, uint64_t start) {
    const char *rest = complete(jt_caches(target)) ? "live" : "held";
    const char *seen = jt_parked_at(target, start) ? "cached" : rest;
    bool parked = is_parked(c->truth, start);
    if (!parked || complete(jt_caches(target))) {
        compare_word(c, "region.state", start, parked ? "cached" : rest, seen);
    }
}

static void compare_states(struct comparison *c, struct jt_target *target) {
    const struct truth_list *list = &c->truth->list[TRUTH_EXTENT];
    uint64_t classes = constant(c, "SC_NSIZES"), active = constant(c, "STATE_ACTIVE");
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *e = &list->record[i];
        uint64_t szind = truth_get(TRUTH_EXTENT, e, KEY_SZIND);
        if (truth_get(TRUTH_EXTENT, e, KEY_STATE) != active || szind >= classes) {
            continue;
        }
        if (!truth_get(TRUTH_EXTENT, e, KEY_SLAB)) {
            compare_state(c, target, truth_get(TRUTH_EXTENT, e, KEY_ADDR));
            continue;
        }
        const struct truth_record *slab = expect_slab(c->truth, truth_get(TRUTH_EXTENT, e, KEY_AT));
        const struct truth_record *bin = &c->truth->list[TRUTH_BIN].record[szind];
        uint64_t size = truth_get(TRUTH_BIN, bin, KEY_REG_SIZE);
        for (uint64_t k = 0; slab && k < truth_get(TRUTH_SLAB, slab, KEY_NREGS) && !c->stop; k++) {
            if (expect_held(slab, k)) {
                compare_state(c, target, truth_get(TRUTH_EXTENT, e, KEY_BASE) + k * size);
            }
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------ */

static void compare_all(struct comparison *c, struct jt_target *target, bool all_known,
                        bool listed) {
    const struct jt_caches *all = jt_caches_owned(target);
    c->threads = target->priv->threads != 0;
    if (all_known) {
        compare_word(c, "caches", 0, "complete",
                     complete(all) ? "complete" : jt_caches_why_text(all->why));
        compare_number(c, "caches.faults", 0, 0, all->faults);
        compare_number(c, "caches.inferred", 0, !listed, all->inferred);
    }
    compare_each(c, all);
    compare_parked(c, all);
    compare_states(c, target);
}

/* Are they found in the storage of threads? A table that a symbol leads to has the others. */
static bool in_threads(const struct comparison *c, struct jt_target *target) {
    uint64_t at, size;
    return c->storage && !jt_is_skeleton(target) && jt_symbol(target, "tcaches", &at, &size);
}

static bool all_known(const struct comparison *c, struct jt_target *target) {
    return !c->lacks && !c->no_blocks && jt_caches(target)->why != JT_CACHES_OLD_SKELETON &&
           (constant(c, "STATS") || in_threads(c, target));
}

/* Builds with statistics have lists of all caches. The other way must find the same there. */
static void compare_in_threads(struct comparison *c, struct jt_target *target,
                               const struct jh_cache_form *form) {
    jt_caches_again(target, form, true);
    compare_all(c, target, all_known(c, target), false);
}

void compare_caches(struct comparison *c, struct jt_target *target) {
    struct jh_cache_form form;
    compare_all(c, target, all_known(c, target), constant(c, "STATS"));
    if (in_threads(c, target) && constant(c, "STATS") &&
        jh_cache_form(target->heap.layout, &form, NULL) == JH_OK) {
        compare_in_threads(c, target, &form);
        jt_caches_again(target, &form, false);
    }
}

void compare_caches_with(struct comparison *c, struct jt_target *target,
                         const struct jh_cache_form *form) {
    jt_caches_again(target, form, false);
    compare_all(c, target, all_known(c, target), constant(c, "STATS"));
    if (in_threads(c, target)) {
        compare_in_threads(c, target, form);
    }
}
