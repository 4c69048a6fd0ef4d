/* arena_scan.c - all blocks of the base allocators once, in large pieces: links of unused extents,
 * and structures that no element of the tree leads to. */
#include <stdlib.h>
#include <string.h>

#include "heap/counters.h"

#define PIECE (256u << 10)
#define PAGE 4096u

struct scan {
    struct jt_check *c;
    const struct jh_layout *layout;
    const struct jt_arena *arena;
    uint32_t index; /* of the arena */
    uint32_t need;  /* bytes of a structure that are looked at */
    uint32_t ring;
    size_t piece;       /* bytes that are read at a time: what is next to holes are holes */
    uint64_t all, left; /* bytes that may be looked at: blocks may share bytes of the file */
};

static void say_limit(const struct scan *s, enum jh_stage stage, uint64_t at, uint64_t seen,
                      const char *rule) {
    struct jh_fault fault = {JH_LIMIT, stage, at, seen, rule, 0, 0, 0, false};
    s->c->fault(s->c->arg, JH_LIMIT, &fault);
}

static void add_link(struct scan *s, uint64_t at, const uint8_t *bytes, bool seen) {
    struct jt_check *c = s->c;
    unsigned word = c->target->priv->words;
    struct jt_link *grown = jt_grow(c->link, c->links, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = true;
        return;
    }
    c->link = grown;
    grown[c->links++] =
        (struct jt_link){at, jt_number_at(c->target, bytes + s->ring, word),
                         jt_number_at(c->target, bytes + s->ring + word, word), seen, false};
}

/* Nothing of it may be in what the tree covers or in jemalloc's own memory, and all of it is
 * mapped.
 */
static bool on_its_own(const struct jt_check *c, const struct jh_extent *e) {
    const struct jt_private *p = c->target->priv;
    struct jt_range r = {e->base, e->base + e->size};
    return jt_ranges_hold(p->mapped, p->mapped_count, r.start) &&
           jt_ranges_hold(p->mapped, p->mapped_count, r.end - 1) &&
           !jt_ranges_touch(c->covered.range, c->covered.count, r) &&
           !jt_ranges_touch(p->base->range, p->base->ranges, r);
}

static void add_lost(struct scan *s, const struct jh_extent *e) {
    struct jt_check *c = s->c;
    struct jt_lost *grown = jt_grow(c->lost, c->losts, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = true;
        return;
    }
    c->lost = grown;
    grown[c->losts++] = (struct jt_lost){e->at, e->base, s->index, e->state == JH_ACTIVE, false};
}

/* One slot; returns how many bytes it takes. */
static unsigned scan_slot(struct scan *s, uint64_t at, const uint8_t *bytes, uint64_t index) {
    unsigned align = s->layout->extent_align;
    bool seen = jt_bit(s->c->seen, index);
    struct jh_extent e;
    if (!seen && jt_all_zero(bytes, 16)) {
        return align;
    }
    jh_extent_decode(s->layout, at, bytes, &e);
    if (!seen && (e.size == 0 || e.arena_ind != s->arena->known.ind ||
                  !jh_arena_uses(s->layout, &s->arena->known, &e))) {
        return align;
    }
    if (!seen && s->c->keep != NULL) {
        jt_ranges_add(s->c->keep, at, s->layout->extent_size);
    }
    if (jh_extent_is_unused(&e)) {
        add_link(s, at, bytes, seen);
    }
    if (!seen && on_its_own(s->c, &e)) {
        add_lost(s, &e);
    }
    if (seen && jh_extent_check(s->layout, &e, NULL) != JH_OK) {
        s->c->doubtful = true; /* it has changed since the walk found it sound */
    } else if (seen && s->c->counters != NULL) {
        jt_node_add(s->c->counters, s->index, &e, bytes);
        jt_ring_add(s->c->counters, s->index, &e, bytes);
    }
    return seen ? (s->layout->extent_size + align - 1U) / align * align : align;
}

/* Slots of the piece; returns how many bytes are done with. */
static uint64_t scan_piece(struct scan *s, uint64_t at, const uint8_t *bytes, uint64_t len) {
    uint64_t first = jt_check_slot(s->c, at), done = 0;
    unsigned align = s->layout->extent_align;
    while (len - done >= s->need) {
        done += scan_slot(s, at + done, bytes + done, first + done / align);
        done = done > len ? len : done;
    }
    return done;
}

/* Where to go on when not enough is there. A skeleton has single structures of a page. */
static uint64_t behind(const struct jh_reader *r, uint64_t at, size_t got, uint64_t align) {
    uint64_t next = r->next != NULL ? r->next(r->arg, at) : at;
    uint64_t step = got != 0 ? at + align : (at / PAGE + 1) * PAGE;
    return next == at ? step : next;
}

/* A structure begins with what is not zero. */
static uint64_t behind_zeroes(const struct jh_reader *r, uint64_t at, uint64_t align) {
    uint64_t next = r->nonzero != NULL ? r->nonzero(r->arg, at) / align * align : at;
    return next > at ? next : at;
}

/* False: no more is to be looked at. */
static bool scan_block(struct scan *s, const struct jt_block *b, uint8_t *buffer) {
    const struct jh_reader *r = &s->c->target->heap.reader;
    uint64_t align = s->layout->extent_align, at = (b->start + align - 1) / align * align;
    while ((at = behind_zeroes(r, at, align)) < b->used && b->used - at >= s->need) {
        size_t want = b->used - at < s->piece ? (size_t)(b->used - at) : s->piece, got = 0;
        enum jh_status status = r->read(r->arg, at, buffer, want, &got);
        if (got >= s->need) {
            uint64_t done = scan_piece(s, at, buffer, got);
            if (done > s->left) {
                say_limit(s, JH_STAGE_ARENA, at, s->all, "arena.search-limit");
                return false;
            }
            s->left -= done;
            at += done;
            continue;
        }
        if (status == JH_LIMIT) {
            say_limit(s, JH_STAGE_READER, at, want, "reader.budget");
            return false;
        }
        uint64_t next = status == JH_ABSENT ? behind(r, at, got, align) : b->used;
        s->c->doubtful |= status != JH_ABSENT && status != JH_OK;
        if (next >= b->used) {
            break;
        }
        at = (next + align - 1) / align * align;
    }
    return true;
}

void jt_check_scan(struct jt_check *c) {
    const struct jt_arena_form *f = &c->target->priv->base->form;
    const struct jh_layout *l = &c->target->layout;
    struct scan s = {.c = c, .layout = l, .ring = f->ring};
    uint64_t most = jt_core_bytes_with_zeroes(c->target);
    bool good = true;
    uint8_t *buffer = malloc(PIECE);
    if (buffer == NULL) {
        c->target->memory_ran_out = c->doubtful = true;
        return;
    }
    uint32_t links = f->ring + 2U * c->target->priv->words;
    s.need = l->extent_head > links ? l->extent_head : links;
    s.piece = c->target->priv->piece != NULL ? PAGE : PIECE;
    s.all = s.left = most < UINT64_MAX / 2 ? 2 * most : UINT64_MAX;
    for (size_t i = 0; i < c->blocks && good; i++) {
        s.index = c->block[i].arena;
        s.arena = &c->target->priv->base->arenas.arena[s.index];
        c->last = i;
        good = scan_block(&s, &c->block[i], buffer) &&
               jt_go_on(c->target, "looking at jemalloc's own memory", i + 1, c->blocks);
    }
    c->doubtful |= !good;
    free(buffer);
}
