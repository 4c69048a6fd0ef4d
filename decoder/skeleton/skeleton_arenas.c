/* skeleton_arenas.c - what a skeleton has of the arenas, so that rules of arenas can be asked of
 * it.
 *
 * What leads to arenas and blocks are words of the program's variables and of arena_t; a damaged
 * list leads anywhere. So not these are kept, but what was found with them, and what was wrong with
 * the lists: a note. What these rules read in the blocks is kept: structures that look as if they
 * were in use, those that wait to be used, and the words that lead to them. */
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

/* Where only the memory tells whether an extent is new. */
static void take_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct found *f = arg;
    f->limit = status == JH_LIMIT ? *fault : f->limit;
    if (strcmp(fault->rule, "arena.lost-active") == 0 && f->written.count < JT_WRITTEN_MAX &&
        f->target->layout.leaf[JH_LEAF_STATE].width == 0) {
        jt_ranges_add(&f->written, fault->addr, 1);
    }
}

static void add_all(struct jt_ranges *set, const struct jt_ranges *other) {
    for (size_t i = 0; i < other->count; i++) {
        jt_ranges_add(set, other->range[i].start, other->range[i].end - other->range[i].start);
    }
}

/* Has a damaged list led to where the program has its own? */
static bool is_the_programs(const struct jt_target *target, uint64_t at,
                            const struct jt_ranges *covered) {
    struct jt_range head = {at, at + target->priv->base->form.block_bytes};
    return jt_ranges_touch(covered->range, covered->count, head);
}

/* What lies there, be it the size of a block, is not for the notes. */
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

void jt_arenas_keep(struct jt_target *target, const struct jt_ranges *given,
                    const struct jt_ranges *covered, struct jt_ranges *keep) {
    struct found found = {.target = target};
    struct jt_check *c = jt_check_start(target, take_fault, &found);
    if (c == NULL) {
        return; /* the target knows that memory ran out */
    }
    for (size_t i = 0; i < given->count; i++) {
        uint64_t slot = jt_check_slot(c, given->range[i].start);
        if (slot != JT_SLOT_NONE) {
            jt_bit_set(c->seen, slot);
        }
    }
    add_all(&c->covered, covered);
    c->keep = keep;
    keep->lost |= c->covered.lost;
    found.limit.rule = ""; /* the target has it: a skeleton is asked the same at its start */
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

static void put_word(const struct jt_target *target, FILE *file, uint64_t value) {
    uint8_t bytes[8];
    jt_number_put(target, bytes, value, 8);
    fwrite(bytes, 1, sizeof bytes, file);
}

void jt_arenas_note(const struct jt_target *target, FILE *file) {
    const struct jt_private *p = target->priv;
    const struct jt_arenas *a = &p->base->arenas;
    put_word(target, file, a->count);
    put_word(target, file, a->faults);
    put_word(target, file, p->base->written.count);
    for (size_t i = 0; i < a->count; i++) {
        put_word(target, file, a->arena[i].known.ind);
        put_word(target, file, a->arena[i].known.sn_next);
        put_word(target, file, a->arena[i].avail);
        put_word(target, file, a->arena[i].stash);
    }
    for (size_t i = 0; a->count != 0 && i < p->base->blocks; i++) {
        put_word(target, file, p->base->block[i].used);
        put_word(target, file, p->base->block[i].arena);
    }
    for (size_t i = 0; i < a->faults; i++) {
        const struct jh_fault *f = &a->fault[i];
        char rule[JT_VERDICT_RULE] = "";
        memcpy(rule, f->rule, strlen(f->rule));
        put_word(target, file, f->status);
        put_word(target, file, f->addr);
        put_word(target, file, f->seen);
        fwrite(rule, 1, sizeof rule, file);
    }
    for (size_t i = 0; i < p->base->written.count; i++) {
        put_word(target, file, p->base->written.range[i].start);
    }
}

struct words {
    const struct jt_target *target;
    const uint8_t *at;
};

static uint64_t next_word(struct words *w) {
    uint64_t value = jt_number_at(w->target, w->at, 8);
    w->at += 8;
    return value;
}

static bool read_arenas(struct words *w, struct jt_arenas *a, size_t count) {
    for (; a->count < count; a->count++) {
        struct jt_arena *arena = &a->arena[a->count];
        uint64_t ind = next_word(w);
        *arena = (struct jt_arena){.known = {.ind = (uint32_t)ind}};
        arena->known.sn_next = next_word(w);
        arena->avail = next_word(w);
        arena->stash = next_word(w);
        if (ind > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static bool read_blocks(struct words *w, struct jt_private *p) {
    for (size_t i = 0; p->base->arenas.count != 0 && i < p->base->blocks; i++) {
        struct jt_block *b = &p->base->block[i];
        uint64_t used = next_word(w), arena = next_word(w);
        if (used < b->start || arena >= p->base->arenas.count) {
            return false;
        }
        b->used = used;
        b->arena = (uint32_t)arena;
    }
    return true;
}

static bool read_fault(struct words *w, struct jt_private *p) {
    uint64_t status = next_word(w), at = next_word(w), seen = next_word(w);
    const char *name = (const char *)w->at;
    const char *rule = memchr(name, 0, JT_VERDICT_RULE) == NULL ? NULL : jt_rule_kept(p, name);
    w->at += JT_VERDICT_RULE;
    if (rule == NULL || (status != JH_CORRUPT && status != JH_LIMIT)) {
        return false;
    }
    p->base->arenas.fault[p->base->arenas.faults++] =
        (struct jh_fault){(enum jh_status)status, JH_STAGE_ARENA, at, seen, rule, 0, 0};
    return true;
}

/* How many words the note has, when it says so. */
static bool read_head(struct words *w, const struct jt_private *p, uint64_t count[HEAD]) {
    uint64_t words = p->note[JT_NOTE_ARENAS].size / 8, need = HEAD;
    if (words < HEAD) {
        return false;
    }
    for (size_t i = 0; i < HEAD; i++) {
        count[i] = next_word(w);
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
    struct words w = {target, (const uint8_t *)p->note[JT_NOTE_ARENAS].bytes};
    uint64_t count[HEAD];
    if (w.at == NULL) {
        return true; /* older ones have none */
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
        if (!read_fault(&w, p)) {
            return false;
        }
    }
    for (uint64_t i = 0; i < count[2]; i++) {
        jt_ranges_add(&p->base->written, next_word(&w), 1);
    }
    jt_ranges_merge(&p->base->written);
    target->memory_ran_out |= p->base->written.lost;
    return true;
}
