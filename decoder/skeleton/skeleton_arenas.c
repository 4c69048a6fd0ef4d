/* skeleton_arenas.c - arenas in a skeleton, so that the rules of arenas can be checked in it.
 *
 * Arenas and base blocks are found through words of variables and of arena_t; a damaged list may
 * lead into the program's memory. So these words are not kept. A note has what was found with them,
 * and the faults of the lists. Memory that the rules of arenas read in base blocks is kept: extent
 * structures that look as if they were in use, those that wait to be used, and the words that lead
 * to these. */
#include <stdlib.h>
#include <string.h>

#include "heap/arena_check.h"
#include "skeleton/inside.h"

/* ---- what is kept --------------------------------------------------------------------------- */

struct found {
    const struct jt_target *target;
    struct jt_ranges written;
    struct jh_fault limit; /* the last one */
};

/* Takes the faults of the check: the limit, and the structures of lost extents. The latter only
 * where leaf elements have no state, because then only this memory tells whether an extent is new.
 */
static void take_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct found *f = arg;
    f->limit = status == JH_LIMIT ? *fault : f->limit;
    if (strcmp(fault->rule, "arena.lost-active") == 0 && f->written.count < JT_WRITTEN_MAX &&
        f->target->layout.leaf[JH_LEAF_STATE].width == 0) {
        jt_ranges_add(&f->written, fault->addr, 1);
    }
}

/* Is the block at this address in memory of the program, where a damaged list has led to? */
static bool is_the_programs(const struct jt_target *target, uint64_t at,
                            const struct jt_ranges *covered) {
    struct jt_range head = {at, at + target->priv->base->form.block_bytes};
    return jt_ranges_touch(covered->range, covered->count, head);
}

/* Removes blocks and values that were read in the program's memory, so that notes do not have them.
 */
static void forget_the_programs(struct jt_target *target, const struct jt_ranges *covered) {
    struct jt_private *p = target->priv;
    size_t kept = 0;
    for (size_t i = 0; i < p->base->arenas.faults; i++) {
        struct jh_fault *f = &p->base->arenas.fault[i];
        f->seen = is_the_programs(target, f->addr, covered) ? 0 : f->seen;
    }
    for (size_t i = 0; i < p->base->blocks; i++) {
        if (!is_the_programs(target, p->base->block[i].start, covered)) {
            p->base->block[kept++] = p->base->block[i];
        }
    }
    p->base->blocks = kept;
}

void jt_arenas_keep(struct jt_target *target, const struct jt_ranges *walked,
                    const struct jt_ranges *covered, struct jt_ranges *keep) {
    struct found found = {.target = target};
    struct jt_check *c = jt_check_start(target, take_fault, &found);
    if (c == NULL) {
        return; /* jt_check_start() has set target->memory_ran_out */
    }
    for (size_t i = 0; i < walked->count; i++) {
        uint64_t slot = jt_check_slot(c, walked->range[i].start);
        if (slot != JT_SLOT_NONE) {
            jt_bit_set(c->seen, slot);
        }
    }
    jt_ranges_add_all(&c->covered, covered);
    c->keep = keep;
    jt_blocks_keep(target, keep);
    keep->lost |= c->covered.lost;
    found.limit.rule = ""; /* limits until here are found in the skeleton as well */
    jt_check_end(c, true);
    if (strcmp(found.limit.rule, "arena.search-limit") == 0) {
        jt_arena_fault(target, JH_LIMIT, found.limit.addr, found.limit.seen, found.limit.rule);
    }
    keep->lost |= found.written.lost;
    jt_ranges_merge(&found.written);
    jt_ranges_free(&target->priv->base->written);
    target->priv->base->written = found.written;
    forget_the_programs(target, covered);
}

/* ---- the note ------------------------------------------------------------------------------- */

/* Words of 8 bytes in the target's byte order. First how many there are of arenas, faults and
 * structures. Then each arena: number, next serial number, where its structures that wait begin,
 * the list of its allocator of huge pages. Then, if there are arenas, each block of the note of
 * blocks: end of what it has handed out, arena. Then each fault: status, address, value, and the
 * rule's name, ended and filled up with zeroes. Then the structures' addresses. */
#define HEAD 3u
#define OF_ARENA 4u
#define OF_BLOCK 2u
#define OF_FAULT 9u /* with the name */

void jt_arenas_note(const struct jt_target *target, FILE *file) {
    const struct jt_private *p = target->priv;
    const struct jt_arenas *a = &p->base->arenas;
    jt_word_put(target, file, a->count);
    jt_word_put(target, file, a->faults);
    jt_word_put(target, file, p->base->written.count);
    for (size_t i = 0; i < a->count; i++) {
        jt_word_put(target, file, a->arena[i].known.ind);
        jt_word_put(target, file, a->arena[i].known.sn_next);
        jt_word_put(target, file, a->arena[i].avail);
        jt_word_put(target, file, a->arena[i].stash);
    }
    for (size_t i = 0; a->count != 0 && i < p->base->blocks; i++) {
        jt_word_put(target, file, p->base->block[i].used);
        jt_word_put(target, file, p->base->block[i].arena);
    }
    for (size_t i = 0; i < a->faults; i++) {
        jt_fault_put(target, file, &a->fault[i], a->fault[i].seen);
    }
    for (size_t i = 0; i < p->base->written.count; i++) {
        jt_word_put(target, file, p->base->written.range[i].start);
    }
}

static bool read_arenas(struct jt_words *w, struct jt_arenas *a, size_t count) {
    for (; a->count < count; a->count++) {
        struct jt_arena *arena = &a->arena[a->count];
        uint64_t ind = jt_word_next(w);
        *arena = (struct jt_arena){.known = {.ind = (uint32_t)ind}};
        arena->known.sn_next = jt_word_next(w);
        arena->avail = jt_word_next(w);
        arena->stash = jt_word_next(w);
        if (ind > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static bool read_blocks(struct jt_words *w, struct jt_private *p) {
    for (size_t i = 0; p->base->arenas.count != 0 && i < p->base->blocks; i++) {
        struct jt_block *b = &p->base->block[i];
        uint64_t used = jt_word_next(w), arena = jt_word_next(w);
        if (used < b->start || arena >= p->base->arenas.count) {
            return false;
        }
        b->used = used;
        b->arena = (uint32_t)arena;
    }
    return true;
}

/* Reads the counts at the start of the note. False: the note does not have as many words. */
static bool read_head(struct jt_words *w, const struct jt_private *p, uint64_t count[HEAD]) {
    uint64_t words = p->note[JT_NOTE_ARENAS].size / 8, need = HEAD;
    if (words < HEAD) {
        return false;
    }
    for (size_t i = 0; i < HEAD; i++) {
        count[i] = jt_word_next(w);
        if (count[i] > words) {
            return false;
        }
    }
    need += OF_ARENA * count[0] + OF_FAULT * count[1] + count[2];
    need += count[0] != 0 ? OF_BLOCK * p->base->blocks : 0;
    return 8 * need == p->note[JT_NOTE_ARENAS].size && count[1] <= JT_ARENA_FAULTS &&
           count[2] <= JT_WRITTEN_MAX;
}

bool jt_arenas_note_read(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jt_arenas *a = &p->base->arenas;
    struct jt_words w = {target, (const uint8_t *)p->note[JT_NOTE_ARENAS].bytes};
    uint64_t count[HEAD];
    if (w.at == NULL) {
        return true; /* skeletons of an older jeheap have no such note */
    }
    if (!read_head(&w, p, count)) {
        return false;
    }
    a->arena = calloc(count[0] + 1, sizeof *a->arena);
    if (a->arena == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    if (!read_arenas(&w, a, count[0]) || !read_blocks(&w, p)) {
        return false;
    }
    for (uint64_t i = 0; i < count[1]; i++) {
        if (!jt_fault_next(&w, JH_STAGE_ARENA, &a->fault[a->faults])) {
            return false;
        }
        a->faults++;
    }
    for (uint64_t i = 0; i < count[2]; i++) {
        jt_ranges_add(&p->base->written, jt_word_next(&w), 1);
    }
    jt_ranges_merge(&p->base->written);
    target->memory_ran_out |= p->base->written.lost;
    return true;
}
