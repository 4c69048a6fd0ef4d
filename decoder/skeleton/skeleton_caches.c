/* skeleton_caches.c - the note on thread caches in a skeleton.
 *
 * Caches are found through arena_t, thread-local storage and memory that jemalloc has allocated for
 * itself; a damaged cache may lead into the program's memory. So none of these is kept. The note
 * has what was found with them. */
#include <stdlib.h>
#include <string.h>

#include "skeleton/inside.h"

/* The note has words of 8 bytes in the target's byte order. First: why not all caches are known (0:
 * all are), and the numbers of caches, bins, regions and faults. Then each cache: address, arena, 1
 * when it is explicit, number of its thread, 32 bytes of its thread's name, number of bins. Then
 * each bin: address, size class, cached regions, capacity, stashed regions, regions of both kinds
 * in this note. Then each region: address, 1 when it is stashed. Then each fault as in the note of
 * arenas, with value 0. */
#define HEAD 5u
#define OF_CACHE 9u /* with the name */
#define OF_BIN 6u
#define OF_PARKED 2u
#define OF_FAULT 9u /* with the name */

/* ---- writing -------------------------------------------------------------------------------- */

/* The address if it lies in an extent, else 0. The stack of a damaged cache may be the program's
 * memory, whose values are not kept. */
static uint64_t kept(const struct jt_target *target, uint64_t addr) {
    return jt_in_extent(target, addr) ? addr : 0;
}

static void put_cache(const struct jt_target *target, FILE *file, const struct jt_cache *c) {
    jt_word_put(target, file, c->at);
    jt_word_put(target, file, c->arena_ind);
    jt_word_put(target, file, c->is_explicit);
    jt_word_put(target, file, (uint64_t)c->thread);
    fwrite(c->thread_name, 1, sizeof c->thread_name, file);
    jt_word_put(target, file, c->bins);
}

static void put_bin(const struct jt_target *target, FILE *file, const struct jt_cache_bin *b) {
    jt_word_put(target, file, b->known.at);
    jt_word_put(target, file, b->known.szind);
    jt_word_put(target, file, b->known.ncached);
    jt_word_put(target, file, b->known.ncached_max);
    jt_word_put(target, file, b->known.stashed);
    jt_word_put(target, file, b->parked);
}

void jt_caches_note(struct jt_target *target, FILE *file) {
    const struct jt_caches *all = jt_caches(target);
    jt_word_put(target, file, all->why);
    jt_word_put(target, file, all->count);
    jt_word_put(target, file, all->bins);
    jt_word_put(target, file, all->parked_count);
    jt_word_put(target, file, all->faults);
    for (size_t i = 0; i < all->count; i++) {
        put_cache(target, file, &all->cache[i]);
    }
    for (size_t i = 0; i < all->bins; i++) {
        put_bin(target, file, &all->bin[i]);
    }
    for (size_t i = 0; i < all->parked_count; i++) {
        jt_word_put(target, file, kept(target, all->parked[i].addr));
        jt_word_put(target, file, all->parked[i].stashed);
    }
    for (size_t i = 0; i < all->faults; i++) {
        jt_fault_put(target, file, &all->fault[i], 0); /* the value may be the program's */
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_cache(struct jt_words *w, struct jt_caches *all) {
    struct jt_cache *c = &all->cache[all->count];
    uint64_t at = jt_word_next(w), arena = jt_word_next(w), is_explicit = jt_word_next(w);
    uint64_t thread = jt_word_next(w);
    *c = (struct jt_cache){.at = at, .arena_ind = (uint32_t)arena, .thread = (int)thread};
    memcpy(c->thread_name, w->at, sizeof c->thread_name - 1);
    w->at += sizeof c->thread_name;
    uint64_t bins = jt_word_next(w);
    c->is_explicit = is_explicit != 0;
    c->bins = (size_t)bins;
    c->first = all->count == 0 ? 0 : c[-1].first + c[-1].bins;
    all->count++;
    return arena <= UINT32_MAX && thread <= INT32_MAX && bins <= JH_CACHE_BINS_MAX;
}

static bool read_bin(struct jt_words *w, const struct jt_target *target, struct jt_caches *all,
                     uint32_t cache) {
    struct jt_cache_bin *b = &all->bin[all->bins];
    struct jt_cache *c = &all->cache[cache];
    uint64_t at = jt_word_next(w), szind = jt_word_next(w), ncached = jt_word_next(w);
    uint64_t max = jt_word_next(w), stashed = jt_word_next(w), parked = jt_word_next(w);
    if (szind >= target->layout.sc_nsizes || ncached > UINT32_MAX || max > UINT32_MAX ||
        stashed > UINT32_MAX || parked > ncached + stashed) {
        return false;
    }
    *b = (struct jt_cache_bin){.known = {.at = at,
                                         .szind = (uint32_t)szind,
                                         .used = true,
                                         .ncached = (uint32_t)ncached,
                                         .ncached_max = (uint32_t)max,
                                         .stashed = (uint32_t)stashed},
                               .cache = cache,
                               .parked = (uint32_t)parked};
    b->first = all->bins == 0 ? 0 : b[-1].first + b[-1].parked;
    c->count += ncached + stashed;
    c->bytes += (ncached + stashed) * jh_index2size(&target->layout, b->known.szind);
    all->bins++;
    return true;
}

static bool read_bins(struct jt_words *w, const struct jt_target *target, struct jt_caches *all,
                      uint64_t bins) {
    for (uint32_t i = 0; i < all->count; i++) {
        for (size_t k = 0; k < all->cache[i].bins; k++) {
            if (all->bins == bins || !read_bin(w, target, all, i)) {
                return false;
            }
        }
    }
    return all->bins == bins;
}

static bool read_parked(struct jt_words *w, struct jt_caches *all, uint64_t parked) {
    for (uint32_t i = 0; i < all->bins; i++) {
        for (uint32_t k = 0; k < all->bin[i].parked; k++) {
            if (all->parked_count == parked) {
                return false;
            }
            uint64_t addr = jt_word_next(w), stashed = jt_word_next(w);
            all->parked[all->parked_count++] = (struct jt_parked){addr, i, stashed != 0};
        }
    }
    return all->parked_count == parked;
}

static bool read_faults(struct jt_words *w, struct jt_caches *all, uint64_t faults) {
    while (all->faults < faults) {
        if (!jt_fault_next(w, JH_STAGE_CACHE, &all->fault[all->faults])) {
            return false;
        }
        all->faults++;
    }
    return true;
}

/* Reads the counts at the start of the note. False: the note does not have as many words. */
static bool read_head(struct jt_words *w, uint64_t words, uint64_t head[HEAD]) {
    if (words < HEAD) {
        return false;
    }
    for (size_t i = 0; i < HEAD; i++) {
        head[i] = jt_word_next(w);
        if (i != 0 && head[i] > words) {
            return false;
        }
    }
    return head[0] < JT_CACHES_WHYS && head[4] <= JT_CACHE_FAULTS &&
           words == HEAD + OF_CACHE * head[1] + OF_BIN * head[2] + OF_PARKED * head[3] +
                        OF_FAULT * head[4];
}

bool jt_caches_note_read(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jt_caches *all = &p->base->caches;
    const struct jt_text *note = &p->note[JT_NOTE_CACHES];
    struct jt_words w = {target, (const uint8_t *)note->bytes};
    uint64_t head[HEAD];
    p->base->caches_done = p->base->owners_done = true;
    if (note->bytes == NULL) {
        jt_caches_incomplete(all, JT_CACHES_OLD_SKELETON);
        return true;
    }
    if (note->size % 8 != 0 || !read_head(&w, note->size / 8, head)) {
        return false;
    }
    all->why = (enum jt_caches_why)head[0];
    all->cache = calloc(head[1] + 1, sizeof *all->cache);
    all->bin = calloc(head[2] + 1, sizeof *all->bin);
    all->parked = calloc(head[3] + 1, sizeof *all->parked);
    if (all->cache == NULL || all->bin == NULL || all->parked == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    for (uint64_t i = 0; i < head[1]; i++) {
        if (!read_cache(&w, all)) {
            return false;
        }
    }
    if (!read_bins(&w, target, all, head[2]) || !read_parked(&w, all, head[3]) ||
        !read_faults(&w, all, head[4])) {
        return false;
    }
    jt_caches_sort(target);
    return true;
}
