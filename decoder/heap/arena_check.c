/* arena_check.c - rules that take jemalloc's own memory: is the structure of an extent where its
 * arena keeps such structures? What is asked of all of them together is in arena_whole.c.
 *
 * Blocks are cut into slots, of which a bit says whether the walk has given the structure in it. So
 * all that is held in memory is a bit for each place where one may be, and the runs of addresses
 * that the walk has passed. */
#include <stdlib.h>
#include <string.h>

#include "heap/counters.h"

#define SLOTS_MAX (UINT64_C(1) << 30) /* 128 MiB of bits: 64 GiB of metadata and more */

void jt_check_say(const struct jt_check *c, uint64_t at, uint64_t seen, const char *rule) {
    struct jh_fault fault = {JH_CORRUPT, JH_STAGE_ARENA, at, seen, rule, 0, 0, 0, false};
    c->fault(c->arg, JH_CORRUPT, &fault);
}

void jt_check_say_of(const struct jt_check *c, uint64_t at, uint64_t seen, uint64_t expected,
                     const char *rule) {
    struct jh_fault fault = {JH_CORRUPT, JH_STAGE_ARENA, at, seen, rule, 0, 0, expected, true};
    c->fault(c->arg, JH_CORRUPT, &fault);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b) {
    const struct jt_block *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* Sorted, disjoint, and with a number for each slot. */
static bool number_slots(struct jt_check *c) {
    unsigned align = c->target->layout.extent_align;
    uint64_t end = 0;
    qsort(c->block, c->blocks, sizeof *c->block, by_start);
    for (size_t i = 0; i < c->blocks; i++) {
        struct jt_block *b = &c->block[i];
        b->start = b->start < end ? end : b->start;
        b->used = b->used < b->start ? b->start : b->used;
        end = b->used > end ? b->used : end;
        c->first[i] = c->slots;
        c->slots += (b->used - b->start) / align + 1;
        if (c->slots > SLOTS_MAX) {
            return false;
        }
    }
    return true;
}

uint64_t jt_check_slot(struct jt_check *c, uint64_t at) {
    size_t low = 0, high = c->blocks;
    if (c->last < c->blocks &&
        at - c->block[c->last].start < c->block[c->last].used - c->block[c->last].start) {
        low = c->last;
        high = low + 1;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct jt_block *b = &c->block[middle];
        if (at < b->start) {
            high = middle;
        } else if (at >= b->used) {
            low = middle + 1;
        } else {
            c->last = middle;
            return c->first[middle] + (at - b->start) / c->target->layout.extent_align;
        }
    }
    return JT_SLOT_NONE;
}

static void end_arena(struct jt_check *c) {
    free(c->block);
    free(c->first);
    free(c->seen);
    free(c->avail);
    free(c->lost);
    free(c->link);
    jt_ranges_free(&c->covered);
    free(c);
}

static void say_limit(const struct jt_check *c) {
    struct jh_fault fault = {JH_LIMIT,
                             JH_STAGE_ARENA,
                             c->block[c->blocks - 1].start,
                             c->slots,
                             "arena.search-limit",
                             0,
                             0,
                             0,
                             false};
    c->fault(c->arg, JH_LIMIT, &fault);
}

struct jt_check *jt_check_start(struct jt_target *target, jt_fault_fn *fault, void *arg) {
    const struct jt_private *p = target->priv;
    struct jt_check *c = calloc(1, sizeof *c);
    if (c == NULL) {
        target->memory_ran_out = true;
        return NULL;
    }
    jt_metadata_find(target);
    *c = (struct jt_check){.target = target, .fault = fault, .arg = arg, .blocks = p->base->blocks};
    for (size_t i = 0; i < p->base->arenas.faults; i++) {
        fault(arg, p->base->arenas.fault[i].status, &p->base->arenas.fault[i]);
    }
    c->block = malloc((p->base->blocks + 1) * sizeof *c->block);
    c->first = malloc((p->base->blocks + 1) * sizeof *c->first);
    if (c->block != NULL && c->first != NULL) {
        if (p->base->blocks != 0) {
            memcpy(c->block, p->base->block, p->base->blocks * sizeof *c->block);
        }
        c->blocks = p->base->arenas.count != 0 ? c->blocks : 0;
        jt_blocks_check(c);
        if (!number_slots(c)) {
            say_limit(c);
            c->blocks = 0;
            c->slots = 0;
        }
        c->seen = calloc(c->slots / 64 + 1, 8);
        c->avail = calloc(c->slots / 64 + 1, 8);
    }
    if (c->seen == NULL || c->avail == NULL) {
        target->memory_ran_out = true;
        end_arena(c);
        return NULL;
    }
    return c;
}

/* ---- one extent ----------------------------------------------------------------------------- */

/* Its structure lies in a block of that arena. NULL: in no block that is known; a process may have
 * got one since. */
static enum jh_status judge_once(struct jt_target *target, const struct jt_arena *arena,
                                 const struct jh_extent *e, struct jh_fault *fault) {
    struct jh_block block;
    if (arena != NULL) {
        enum jh_status status = jh_arena_check(&target->layout, &arena->known, e, fault);
        if (status != JH_OK && target->kind != JT_CORE) { /* it may have given more since */
            struct jt_arena now = *arena;
            jt_arena_learn(target, &now);
            status = jh_arena_check(&target->layout, &now.known, e, fault);
        }
        return status;
    }
    if (!target->priv->base->complete ||
        (target->kind != JT_CORE && jt_block_of(target, e->at, &block))) {
        return JH_OK;
    }
    *fault = (struct jh_fault){
        JH_CORRUPT, JH_STAGE_ARENA, e->at, e->arena_ind, "arena.outside-blocks", 0, 0, 0, false};
    return JH_CORRUPT;
}

/* Where it contradicts, in a process that may be changing it: as it is by now. */
static enum jh_status judge_extent(struct jt_target *target, const struct jt_arena *arena,
                                   const struct jh_extent *e, struct jh_fault *fault) {
    struct jh_extent now = *e;
    unsigned times = 0;
    enum jh_status status = judge_once(target, arena, &now, fault);
    while (status != JH_OK && jt_retry(target, &times) &&
           jh_extent_read(&target->heap, e->at, &now, NULL) == JH_OK) {
        status = judge_once(target, arena, &now, fault);
    }
    return status;
}

/* Extents come in the order of their addresses. */
static void check_overlap(struct jt_check *c, const struct jh_extent *e) {
    const struct jt_base *base = c->target->priv->base;
    if (!base->complete) {
        return; /* what is said of its blocks is said */
    }
    while (c->base_next < base->ranges && base->range[c->base_next].end <= e->base) {
        c->base_next++;
    }
    if (c->base_next < base->ranges && base->range[c->base_next].start - e->base < e->size) {
        jt_check_say(c, e->at, base->range[c->base_next].start, "arena.block-overlap");
    } else if (c->base_next < base->ranges && base->range[c->base_next].start < e->base) {
        jt_check_say(c, e->at, e->base, "arena.block-overlap");
    }
}

void jt_check_extent(struct jt_check *c, const struct jh_extent *e) {
    if (c->blocks == 0) {
        return;
    }
    struct jh_fault fault;
    uint64_t slot = jt_check_slot(c, e->at);
    const struct jt_arena *arena =
        slot == JT_SLOT_NONE ? NULL : &c->target->priv->base->arenas.arena[c->block[c->last].arena];
    if (judge_extent(c->target, arena, e, &fault) != JH_OK ||
        jh_unused_check(&c->target->layout, e, &fault) != JH_OK ||
        (slot != JT_SLOT_NONE && c->block[c->last].sn != JT_SN_NONE &&
         jh_esn_check(&c->target->layout, c->block[c->last].sn, e, &fault) != JH_OK)) {
        c->fault(c->arg, JH_CORRUPT, &fault);
    }
    check_overlap(c, e);
    jt_guard_check(c, e);
    c->doubtful |= slot == JT_SLOT_NONE || e->arena_ind != arena->known.ind;
    if (slot != JT_SLOT_NONE) {
        jt_bit_set(c->seen, slot);
        jt_counters_extent(c->counters, c->block[c->last].arena, e);
    }
    jt_ranges_add(&c->covered, e->base, e->size);
}

void jt_check_doubt(struct jt_check *c) {
    if (c != NULL) {
        c->doubtful = true;
    }
}

void jt_check_counters(struct jt_check *c) {
    c->counters = c->blocks != 0 ? jt_counters_start(c) : NULL;
}

void jt_check_end(struct jt_check *c, bool whole) {
    if (c->blocks != 0 && c->target->priv->base->form.known) {
        jt_ranges_merge(&c->covered);
        jt_check_scan(c);
        jt_check_links(c);
        if (whole && !c->covered.lost) {
            jt_check_lost(c);
        }
        jt_counters_end(c->counters, whole && !c->covered.lost && !c->doubtful);
    }
    c->target->memory_ran_out |= c->covered.lost;
    end_arena(c);
}

enum jh_status jt_check_one(struct jt_target *target, const struct jh_extent *e,
                            struct jh_fault *fault) {
    const struct jt_private *p = target->priv;
    const struct jt_arena *arena = NULL;
    jt_metadata_find(target);
    for (size_t i = 0; i < p->base->blocks && p->base->arenas.count != 0; i++) {
        if (e->at - p->base->block[i].start < p->base->block[i].used - p->base->block[i].start) {
            arena = &p->base->arenas.arena[p->base->block[i].arena];
        }
    }
    return p->base->arenas.count == 0 ? JH_OK : judge_extent(target, arena, e, fault);
}
