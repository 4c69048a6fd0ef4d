/* caches.c - the thread caches of a target: which there are, and which one has a region.
 *
 * Each arena has a ring of the caches that are associated with it (tcache_arena_associate). Up to
 * 5.0 it is made of the caches, later of descriptors that point at their bins. */
#include <stdlib.h>

#include "heap/caches_read.h"

const char *jt_caches_why_text(enum jt_caches_why why) {
    static const char *const text[JT_CACHES_WHYS] = {
        [JT_CACHES_NO_LAYOUT] = "this layout does not describe them",
        [JT_CACHES_NO_ARENAS] = "the arenas, which have lists of them, are not all known",
        [JT_CACHES_NO_LIST] = "no arena has a list of them: this jemalloc was built without "
                              "statistics, or runs without thread caches (tcache:false)",
        [JT_CACHES_LIST_ABSENT] = "a part of an arena's list of them is absent",
        [JT_CACHES_LIST_CORRUPT] = "an arena's list of them is corrupt",
        [JT_CACHES_CORRUPT] = "one of them is corrupt",
        [JT_CACHES_ABSENT] = "a part of one of them is absent",
        [JT_CACHES_LIMIT] = "a limit was reached before all of them were read",
        [JT_CACHES_NO_MEMORY] = "memory ran out",
        [JT_CACHES_THREADS] =
            "no list leads to them, and where some thread has its storage, or its "
            "cache there, is not known",
        [JT_CACHES_EXPLICIT] = "no list leads to them, and no symbol to those that "
                               "tcache.create made",
        [JT_CACHES_NOT_HELD] = "no list leads to them, and on this machine only registers tell "
                               "where threads have their storage (--stop)",
        [JT_CACHES_OTHER_HEAP] = "they are read of one heap, and this is another one (--root)",
        [JT_CACHES_OLD_SKELETON] = "this skeleton was made by a jeheap that did not know them"};
    return text[why];
}

/* ---- rings ------------------------------------------------------------------------------------
 */

struct element {
    uint64_t at, next, cache;
};

static enum jh_status read_pointer(const struct finder *f, uint64_t at, uint64_t *out,
                                   struct jh_fault *fault) {
    uint8_t bytes[8];
    const unsigned word = f->target->priv->words;
    enum jh_status status = jh_read(&f->target->heap.reader, at, bytes, word, fault);
    *out = status == JH_OK ? jt_number_at(f->target, bytes, word) : 0;
    return status;
}

/* Every element must lead back to the one before it: so a ring that is none is noticed where it
 * comes back to itself. first: only the head of the list leads to it. */
static enum jh_status read_once(const struct finder *f, struct element *e, bool first,
                                struct jh_fault *fault) {
    uint64_t link = e->at + f->form.link, back;
    enum jh_status status = read_pointer(f, link, &e->next, fault);
    e->cache = e->at;
    if (status == JH_OK && f->form.bins != JH_CACHE_NONE) {
        status = read_pointer(f, e->at + f->form.bins, &e->cache, fault);
        e->cache -= f->form.small;
    }
    if (status == JH_OK) {
        status = read_pointer(f, e->next + f->form.link + f->target->priv->words, &back, fault);
    }
    if (status == JH_OK && (back != e->at || (e->next == e->at && !first))) {
        *fault = (struct jh_fault){
            JH_CORRUPT, JH_STAGE_CACHE, e->next + f->form.link, back, "cache.list", 0, 0, 0, false};
        return JH_CORRUPT;
    }
    return status;
}

/* A thread that is added or leaves breaks the ring for a moment. */
static enum jh_status read_element(const struct finder *f, struct element *e, bool first,
                                   struct jh_fault *fault) {
    enum jh_status status;
    unsigned times = 0;
    do {
        status = read_once(f, e, first, fault);
    } while (status == JH_CORRUPT && jt_retry(f->target, &times));
    return status;
}

static void take_ring(struct finder *f, uint32_t arena_ind, uint64_t first) {
    struct element e = {.at = first};
    do {
        struct jh_fault fault;
        enum jh_status status = read_element(f, &e, e.at == first, &fault);
        if (status == JH_OK && f->all->count == f->caches_max) {
            status = JH_LIMIT;
            fault =
                (struct jh_fault){JH_LIMIT, JH_STAGE_CACHE, e.at, 0, "cache.limit", 0, 0, 0, false};
        }
        if (status != JH_OK) {
            jt_caches_wrong(f, status, &fault, JT_CACHES_LIST_CORRUPT, JT_CACHES_LIST_ABSENT);
            return;
        }
        jt_caches_take(f, e.cache, arena_ind);
        e.at = e.next;
    } while (e.at != first && !f->stopped);
}

static void take_arena(struct finder *f, const struct jt_arena *arena) {
    uint64_t first;
    struct jh_fault fault;
    if (arena->at == 0) {
        jt_caches_incomplete(f->all, JT_CACHES_NO_ARENAS);
        return;
    }
    enum jh_status status = read_pointer(f, arena->at + f->form.list, &first, &fault);
    if (status != JH_OK) {
        jt_caches_wrong(f, status, &fault, JT_CACHES_LIST_CORRUPT, JT_CACHES_LIST_ABSENT);
    } else if (first != 0) {
        take_ring(f, arena->known.ind, first);
    }
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int by_address(const void *a, const void *b, void *arg) {
    const struct jt_parked *parked = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return parked[x].addr != parked[y].addr ? (parked[x].addr < parked[y].addr ? -1 : 1)
                                            : (x > y) - (x < y);
}

void jt_caches_sort(struct jt_target *target) {
    struct jt_caches *all = &target->priv->base->caches;
    all->by_address = calloc(all->parked_count + 1, sizeof *all->by_address);
    if (all->by_address == NULL) {
        target->memory_ran_out = true;
        all->parked_count = 0;
        jt_caches_incomplete(all, JT_CACHES_NO_MEMORY);
        return;
    }
    for (size_t i = 0; i < all->parked_count; i++) {
        all->by_address[i] = (uint32_t)i;
    }
    qsort_r(all->by_address, all->parked_count, sizeof *all->by_address, by_address, all->parked);
}

/* When a budget ran out while something was looked for, it has run out for every other read. */
void jt_caches_unknown(struct finder *f, enum jt_caches_why why) {
    struct jh_fault fault;
    uint64_t word;
    enum jh_status status = read_pointer(f, f->target->heap.rtree_root, &word, &fault);
    if (status == JH_LIMIT || status == JH_READ_FAILED) {
        jt_caches_wrong(f, status, &fault, why, why);
    } else {
        jt_caches_incomplete(f->all, why);
    }
}

static void find(struct jt_target *target, const struct jh_cache_form *form, bool in_threads) {
    struct jt_base *base = target->priv->base;
    struct finder f = {.target = target, .all = &base->caches, .form = *form};
    jt_metadata_find(target);
    jt_caches_bound(&f);
    jt_caches_learn(&f);
    if (base->arenas.count == 0 || !base->complete) {
        jt_caches_unknown(&f, JT_CACHES_NO_ARENAS);
    }
    for (size_t i = 0; i < base->arenas.count && !f.stopped && !in_threads; i++) {
        take_arena(&f, &base->arenas.arena[i]);
    }
    if (base->caches.count == 0 && !f.stopped) {
        jt_caches_in_threads(&f);
    }
    jt_caches_sort(target);
}

void jt_caches_again(struct jt_target *target, const struct jh_cache_form *form, bool in_threads) {
    struct jt_base *base = target->priv->base;
    jt_caches_free(target);
    base->caches = (struct jt_caches){.why = JT_CACHES_COMPLETE};
    base->owners_done = false;
    base->caches_done = true;
    find(target, form, in_threads);
}

void jt_caches_free(struct jt_target *target) {
    struct jt_caches *all = &target->priv->base->caches;
    free(all->cache);
    free(all->bin);
    free(all->parked);
    free(all->by_address);
}

const struct jt_caches *jt_caches(struct jt_target *target) {
    static const struct jt_caches other = {.why = JT_CACHES_OTHER_HEAP};
    struct jt_base *base = target->priv->base;
    if (base->of != target) {
        return &other;
    }
    if (!base->caches_done) {
        base->caches_done = true;
        struct jh_cache_form form;
        jt_metadata_find(target); /* which may learn that it is a debug build */
        if (jh_cache_form(&target->layout, &form, NULL) == JH_OK) {
            find(target, &form, false);
        } else {
            jt_caches_incomplete(&base->caches, JT_CACHES_NO_LAYOUT);
        }
    }
    return &base->caches;
}

size_t jt_parked_from(const struct jt_caches *all, uint64_t addr) {
    size_t low = 0, high = all->parked_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->parked[all->by_address[middle]].addr < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct jt_parked *jt_parked_at(struct jt_target *target, uint64_t addr) {
    const struct jt_caches *all = jt_caches(target);
    size_t from = jt_parked_from(all, addr);
    if (from == all->parked_count || all->parked[all->by_address[from]].addr != addr) {
        return NULL;
    }
    return &all->parked[all->by_address[from]];
}
