/* caches_read.c - a cache: its bins, and the regions that are parked in them. */
#include <stdlib.h>

#include "heap/caches_read.h"

#define PARKED_MAX (1u << 26) /* of all caches: 512 MiB of pointers */
#define CACHES_MAX (1u << 20) /* a thread has one, and a program a few explicit ones */
#define AT_ONCE 512           /* pointers that are read at once */

void jt_caches_incomplete(struct jt_caches *all, enum jt_caches_why why) {
    all->why = all->why != JT_CACHES_COMPLETE ? all->why : why;
}

void jt_caches_wrong(struct finder *f, enum jh_status status, const struct jh_fault *fault,
                     enum jt_caches_why corrupt, enum jt_caches_why absent) {
    struct jt_caches *all = f->all;
    bool limit = status == JH_LIMIT || status == JH_READ_FAILED;
    jt_caches_incomplete(all, limit ? JT_CACHES_LIMIT : status == JH_CORRUPT ? corrupt : absent);
    f->stopped |= limit;
    if (all->faults < JT_CACHE_FAULTS) {
        all->fault[all->faults++] = *fault;
    }
}

/* In a core no two pointers share their bytes, unless it is damaged. */
void jt_caches_bound(struct finder *f) {
    const struct jt_private *p = f->target->priv;
    uint64_t words = f->target->kind == JT_CORE ? p->core_size / p->words : PARKED_MAX;
    f->parked_max = words < PARKED_MAX ? (size_t)words : PARKED_MAX;
    f->caches_max = words / 2 < CACHES_MAX ? (size_t)words / 2 : CACHES_MAX;
}

/* ---- capacities -------------------------------------------------------------------------------
 */

/* A pointer to a table with one number for each bin, or what tells bins without any apart. */
void jt_caches_learn(struct finder *f) {
    struct jt_target *target = f->target;
    uint64_t at, size, table, number, stride = 0;
    uint32_t align;
    const struct jh_layout *l = &target->layout;
    if (f->form.ncached_max != 0) {
        f->form.disabled = jt_symbol(target, "disabled_bin", &at, &size) ? at : 0;
        return;
    }
    if (!jt_symbol(target, "tcache_bin_info", &at, &size) || !jt_read_word(target, at, &table)) {
        return;
    }
    if (jh_struct_size(l, "cache_bin_info_s", &stride, &align, NULL) != JH_OK) {
        (void)!jh_struct_size(l, "tcache_bin_info_s", &stride, &align, NULL); /* as 5.0 calls it */
    }
    for (uint32_t i = 0; i < f->form.slots; i++) {
        if (!jt_read_number(target, table + stride * i, (unsigned)stride, &number)) {
            return;
        }
        f->capacity[i] = number <= UINT16_MAX ? (uint16_t)number : 0; /* behind the table's end */
    }
}

/* ---- arrays -----------------------------------------------------------------------------------
 */

/* The array with room for one more; NULL when there is no memory, which was noted. */
static void *room_for(struct finder *f, void *array, size_t count, size_t *room, size_t element) {
    size_t more = *room == 0 ? 64 : 2 * *room;
    void *grown = count < *room ? array : realloc(array, more * element);
    if (grown == NULL) {
        f->target->memory_ran_out = true;
        f->stopped = true;
        jt_caches_incomplete(f->all, JT_CACHES_NO_MEMORY);
    } else if (count == *room) {
        *room = more;
    }
    return grown;
}

/* ---- regions ----------------------------------------------------------------------------------
 */

static void add_parked(struct finder *f, uint64_t addr, bool stashed) {
    struct jt_caches *all = f->all;
    if (all->parked_count == f->parked_max) {
        struct jh_fault fault = {
            JH_LIMIT, JH_STAGE_CACHE, all->cache[all->count - 1].at, 0, "cache.limit", 0, 0,
            0,        false};
        jt_caches_wrong(f, JH_LIMIT, &fault, JT_CACHES_CORRUPT, JT_CACHES_ABSENT);
        return;
    }
    struct jt_parked *parked =
        room_for(f, all->parked, all->parked_count, &f->parked_room, sizeof *parked);
    if (parked != NULL) {
        all->parked = parked;
        parked[all->parked_count++] = (struct jt_parked){addr, (uint32_t)(all->bins - 1), stashed};
        all->bin[all->bins - 1].parked++;
    }
}

/* So many pointers to regions of the bin that came last. */
static void take_items(struct finder *f, uint64_t at, uint32_t count, bool stashed) {
    const unsigned word = f->target->priv->words;
    uint8_t bytes[AT_ONCE * 8];
    while (count != 0 && !f->stopped) {
        uint32_t now = count < AT_ONCE ? count : AT_ONCE;
        struct jh_fault fault;
        enum jh_status status =
            jh_read(&f->target->heap.reader, at, bytes, (size_t)now * word, &fault);
        if (status != JH_OK) {
            jt_caches_wrong(f, status, &fault, JT_CACHES_CORRUPT, JT_CACHES_ABSENT);
            return;
        }
        for (uint32_t i = 0; i < now && !f->stopped; i++) {
            add_parked(f, jt_number_at(f->target, bytes + (size_t)i * word, word), stashed);
        }
        at += (uint64_t)now * word;
        count -= now;
    }
}

/* ---- bins -------------------------------------------------------------------------------------
 */

/* The same bin again, as long as a process that runs contradicts itself. */
static enum jh_status read_again(struct finder *f, struct jh_cache_bin *bin, uint32_t szind,
                                 struct jh_fault *fault) {
    uint64_t cache = f->all->cache[f->all->count - 1].at;
    enum jh_status status = JH_CORRUPT;
    for (unsigned times = 0; status == JH_CORRUPT && jt_retry(f->target, &times);) {
        status = jh_cache_bin_read(&f->target->heap, &f->form, cache, szind, f->capacity[szind],
                                   bin, fault);
    }
    return status;
}

static void add_bin(struct finder *f, const struct jh_cache_bin *known) {
    struct jt_caches *all = f->all;
    struct jt_cache *cache = &all->cache[all->count - 1];
    uint64_t count = (uint64_t)known->ncached + known->stashed;
    struct jt_cache_bin *bin = room_for(f, all->bin, all->bins, &f->bin_room, sizeof *bin);
    if (bin == NULL) {
        return;
    }
    all->bin = bin;
    bin[all->bins++] =
        (struct jt_cache_bin){*known, (uint32_t)(all->count - 1), 0, all->parked_count};
    cache->bins++;
    cache->count += count;
    cache->bytes += count * jh_index2size(&f->target->layout, known->szind);
    take_items(f, known->items, known->ncached, false);
    take_items(f, known->stash, known->stashed, true);
}

static void take_bin(struct finder *f, const uint8_t *bytes, uint32_t szind) {
    const struct jh_layout *l = &f->target->layout;
    struct jh_cache_bin bin = {.szind = 0};
    struct jh_fault fault;
    enum jh_status status =
        jh_cache_bin_decode(l, &f->form, bytes, f->capacity[szind], &bin, &fault);
    fault.addr = bin.at = jh_cache_bin_at(l, &f->form, f->all->cache[f->all->count - 1].at, szind);
    bin.szind = szind;
    if (status == JH_CORRUPT) {
        status = read_again(f, &bin, szind, &fault);
    }
    if (status != JH_OK) {
        jt_caches_wrong(f, status, &fault, JT_CACHES_CORRUPT, JT_CACHES_ABSENT);
    } else if (bin.used) {
        add_bin(f, &bin);
    }
}

/* Bins of the cache that came last, which lie in one piece. */
static void take_bins(struct finder *f, uint32_t first, uint32_t end) {
    uint8_t buf[JH_CACHE_BINS_MAX * JH_CACHE_BIN_MAX];
    const struct jh_layout *l = &f->target->layout;
    struct jh_fault fault;
    uint64_t at = jh_cache_bin_at(l, &f->form, f->all->cache[f->all->count - 1].at, first);
    enum jh_status status =
        jh_read(&f->target->heap.reader, at, buf, (size_t)(end - first) * f->form.bin_size, &fault);
    if (status != JH_OK) {
        jt_caches_wrong(f, status, &fault, JT_CACHES_CORRUPT, JT_CACHES_ABSENT);
        return;
    }
    for (uint32_t i = first; i < end && !f->stopped; i++) {
        take_bin(f, buf + (size_t)(i - first) * f->form.bin_size, i);
    }
}

void jt_caches_take(struct finder *f, uint64_t at, uint32_t arena_ind) {
    struct jt_caches *all = f->all;
    uint32_t nbins = f->target->layout.sc_nbins;
    struct jt_cache *cache = room_for(f, all->cache, all->count, &f->cache_room, sizeof *cache);
    if (cache == NULL) {
        return;
    }
    all->cache = cache;
    cache[all->count++] = (struct jt_cache){.at = at, .arena_ind = arena_ind, .first = all->bins};
    take_bins(f, 0, nbins);
    if (!f->stopped) {
        take_bins(f, nbins, f->form.slots);
    }
}
