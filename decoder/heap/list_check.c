/* list_check.c - the lists that unused extents, full slabs and large allocations lie in: each is a
 * ring that leads to all extents of its own, and to no others.
 *
 * Full slabs and large allocations are in lists only in arenas that the program has made
 * (arena_is_auto). src/{arena,large,extent}.c up to 5.2.1, src/{arena,bin,large,eset}.c
 * since 5.3.0; include/jemalloc/internal/ql.h. */
#include <stdlib.h>

#include "heap/counters.h"

/* ---- which list? ---------------------------------------------------------------------------- */

static uint32_t bins_of(const struct jt_counters *c) {
    return c->counting.bin[c->target->layout.sc_nbins];
}

static uint32_t large_list(const struct jt_counters *c) {
    return bins_of(c) + 2 * JH_UNUSED_STATES;
}

static bool is_unused(const struct jt_counters *c, uint32_t list) {
    return list >= bins_of(c) && list != large_list(c);
}

static const char *rule_of(const struct jt_counters *c, uint32_t list) {
    return list < bins_of(c)    ? "bin.slabs-full"
           : is_unused(c, list) ? "arena.lru"
                                : "arena.large-list";
}

/* Some numbers of states are those of no list. False: it is in none. */
static bool list_of(const struct jt_counters *c, const struct jh_extent *e, uint32_t *out) {
    uint32_t state = jh_unused_state(e->state);
    if (state != JH_UNUSED_STATES) {
        *out = bins_of(c) + (e->guarded ? JH_UNUSED_STATES : 0) + state;
        return true;
    }
    *out = e->allocated && jh_extent_is_slab(e) ? jt_set_of(&c->counting, e) : large_list(c);
    return e->allocated && (!jh_extent_is_slab(e) || e->nfree == 0);
}

static uint32_t link_of(const struct jt_counters *c, uint32_t list) {
    const struct jt_arena_form *f = &c->target->priv->base->form;
    return is_unused(c, list) ? f->ring : f->active;
}

/* ---- what there is --------------------------------------------------------------------------- */

void jt_ring_add(struct jt_counters *c, uint32_t arena, const struct jh_extent *e,
                 const uint8_t *bytes) {
    unsigned word = c->target->priv->words;
    uint32_t list, ind = c->target->priv->base->arenas.arena[arena].known.ind;
    if (!list_of(c, e, &list) ||
        (!is_unused(c, list) && jt_arena_is_automatic(c->target, ind) == JT_YES)) {
        return;
    }
    struct jt_ring *grown = jt_grow(c->ring, c->rings, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = c->incomplete = true;
        return;
    }
    c->ring = grown;
    bytes += link_of(c, list);
    grown[c->rings++] = (struct jt_ring){e->at,
                                         jt_number_at(c->target, bytes, word),
                                         jt_number_at(c->target, bytes + word, word),
                                         arena,
                                         list,
                                         true,
                                         false};
}

static struct jt_ring *ring_at(const struct jt_counters *c, uint64_t at) {
    return jt_element_at(c->ring, c->rings, sizeof *c->ring, at);
}

/* An empty list is told from one that its arena does not keep where that is known. */
static void add_list(struct jt_counters *c, uint32_t arena, uint32_t list, uint64_t at) {
    uint32_t ind = c->target->priv->base->arenas.arena[arena].known.ind;
    uint64_t first;
    if (!jt_read_word(c->target, at, &first) ||
        (first == 0 && !is_unused(c, list) && jt_arena_is_automatic(c->target, ind) != JT_NO)) {
        return;
    }
    struct jt_head *grown = jt_grow(c->list, c->lists, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = true;
        return;
    }
    c->list = grown;
    grown[c->lists++] = (struct jt_head){at, first, arena, list, false};
}

void jt_list_of_bin(struct jt_counters *c, uint32_t arena, uint32_t bin, uint64_t at,
                    uint64_t slabcur) {
    const struct jt_arena_form *f = &c->target->priv->base->form;
    struct jt_ring *slab = slabcur == 0 ? NULL : ring_at(c, slabcur);
    if (slab != NULL && slab->arena == arena && slab->list == bin) {
        slab->member = false;
    }
    if (f->full != JT_DWARF_UNKNOWN) {
        add_list(c, arena, bin, at + f->full);
    }
}

void jt_lists_read(struct jt_counters *c, uint32_t arena) {
    const struct jt_arena_form *f = &c->target->priv->base->form;
    uint64_t at = c->target->priv->base->arenas.arena[arena].at;
    for (uint32_t i = 0; i < 2 * JH_UNUSED_STATES && at != 0; i++) {
        if (f->unused[i] != JT_DWARF_UNKNOWN) {
            add_list(c, arena, bins_of(c) + i, at + f->unused[i]);
        }
    }
    if (f->large != JT_DWARF_UNKNOWN && at != 0) {
        add_list(c, arena, large_list(c), at + f->large);
    }
}

/* ---- what must be so ------------------------------------------------------------------------- */

/* Of a process: as it was read, with the same links. */
static bool is_as_before(const struct jt_counters *c, const struct jt_ring *r) {
    uint64_t at, next, prev;
    struct jh_extent e;
    uint32_t list;
    if (r == NULL) {
        return true;
    }
    at = r->at + link_of(c, r->list);
    return jt_read_word(c->target, at, &next) &&
           jt_read_word(c->target, at + c->target->priv->words, &prev) && next == r->next &&
           prev == r->prev && jh_extent_read(&c->target->heap, r->at, &e, NULL) == JH_OK &&
           list_of(c, &e, &list) && list == r->list;
}

static void say(const struct jt_counters *c, const struct jt_head *list, const struct jt_ring *from,
                uint64_t to) {
    uint64_t first;
    for (unsigned times = 0; jt_retry(c->target, &times);) {
        if (!jt_read_word(c->target, list->at, &first) || first != list->first ||
            !is_as_before(c, from) || !is_as_before(c, ring_at(c, to))) {
            return;
        }
    }
    jt_check_say(c->check, from != NULL ? from->at : list->at, to, rule_of(c, list->set));
}

/* All that it leads to; false: something is wrong, and was said. Where the next unused extent does
 * not lead back, arena.links is said. */
static bool follow(const struct jt_counters *c, const struct jt_head *list) {
    const struct jt_ring *from = NULL;
    for (uint64_t at = list->first; at != 0;) {
        struct jt_ring *r = ring_at(c, at);
        bool of = r != NULL && r->member && r->arena == list->arena && r->list == list->set;
        bool leads_back = of && (from == NULL || r->prev == from->at);
        if (of && !leads_back && is_unused(c, list->set)) {
            return false;
        }
        if (!leads_back) {
            say(c, list, from, at);
            return false;
        }
        if (r->reached) { /* only the first one's prev can lead to the last one */
            return true;
        }
        r->reached = true;
        from = r;
        at = r->next;
    }
    if (from != NULL) {
        say(c, list, from, 0);
    }
    return from == NULL;
}

/* NULL: where it begins is not known. */
static struct jt_head *list_around(const struct jt_counters *c, const struct jt_ring *r) {
    size_t low = 0, high = c->lists;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct jt_head *l = &c->list[middle];
        if (l->arena < r->arena || (l->arena == r->arena && l->set < r->list)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    struct jt_head *found = low < c->lists ? &c->list[low] : NULL;
    return found != NULL && found->arena == r->arena && found->set == r->list ? found : NULL;
}

/* Of those that a list does not lead to one is said. */
void jt_lists_check(struct jt_counters *c) {
    for (size_t i = 0; i < c->lists; i++) {
        c->list[i].told = !follow(c, &c->list[i]);
    }
    for (size_t i = 0; i < c->rings; i++) {
        const struct jt_ring *r = &c->ring[i];
        struct jt_head *list = list_around(c, r);
        if (r->member && !r->reached && list != NULL && !list->told) {
            list->told = true;
            say(c, list, r, r->next);
        }
    }
}
