/* arena_whole.c - rules about all structures together: do the links of unused extents lead there
 * and back, and does the tree lead to each structure that is in use?
 *
 * A process changes them while they are read. So what contradicts is looked at again, all of them
 * together, as long as the reader says; only what stays the same, and wrong, is said. */
#include <stdlib.h>
#include <string.h>

#include "heap/arena_check.h"

/* ---- links ---------------------------------------------------------------------------------- */

static const struct jt_link *link_at(const struct jt_check *c, uint64_t at) {
    return jt_element_at(c->link, c->links, sizeof *c->link, at);
}

/* No structure can be there: the program has it, or all blocks are known and none has it. A process
 * may have got one since. */
static bool is_foreign(const struct jt_check *c, uint64_t at) {
    const struct jt_private *p = c->target->priv;
    struct jt_range word = {at, at + p->words};
    return c->target->kind == JT_CORE &&
           (jt_ranges_touch(c->covered.range, c->covered.count, word) ||
            (p->base->complete && !jt_ranges_hold(p->base->range, p->base->ranges, at)));
}

/* By what the next one says. What is absent contradicts nothing. */
static bool next_leads_back(const struct jt_check *c, const struct jt_link *l) {
    uint64_t at = l->next + c->target->priv->base->form.ring + c->target->priv->words, back;
    return !is_foreign(c, at) &&
           (jt_check_word(c, at, &back) ? back == l->at : jt_may_be_mapped(c->target, at));
}

/* By what was read of it already, if it was. */
static bool is_apart(const struct jt_check *c, const struct jt_link *l) {
    const struct jt_link *next = link_at(c, l->next);
    return next != NULL ? next->prev != l->at : !next_leads_back(c, l);
}

/* As it is now: unused, with the same next one. What changes is in use by jemalloc. */
static bool is_still_apart(const struct jt_check *c, const struct jt_link *l) {
    struct jh_extent e;
    uint64_t next;
    return !next_leads_back(c, l) && jh_extent_read(&c->target->heap, l->at, &e, NULL) == JH_OK &&
           jh_extent_is_unused(&e) &&
           jt_read_word(c->target, l->at + c->target->priv->base->form.ring, &next) &&
           next == l->next;
}

/* Those that are wrong are moved to the front. */
static size_t settle_links(const struct jt_check *c, size_t count) {
    for (unsigned times = 0; count != 0 && jt_retry(c->target, &times);) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            c->link[left] = c->link[i];
            left += is_still_apart(c, &c->link[left]);
        }
        count = left;
    }
    return count;
}

/* In a ring the next one leads back. */
void jt_check_links(struct jt_check *c) {
    size_t count = 0;
    for (size_t i = 0; i < c->links; i++) { /* all of them, before any is moved */
        c->link[i].apart = c->link[i].seen && is_apart(c, &c->link[i]);
    }
    for (size_t i = 0; i < c->links; i++) {
        if (c->link[i].apart) {
            c->link[count++] = c->link[i];
        }
    }
    count = settle_links(c, count);
    for (size_t i = 0; i < count; i++) {
        jt_check_say(c, c->link[i].at, c->link[i].next, "arena.links");
    }
}

/* ---- structures that nothing leads to -------------------------------------------------------- */

/* Up to 5.2 an extent that is new from the system has its size class before it is in the tree
 * (extent_alloc_wrapper_hard): then nothing was written to it. Since 5.3 it has none until it is,
 * and the tree has its state. */
static bool may_be_new(const struct jt_check *c, const struct jt_lost *l) {
    const struct jt_ranges *written = &c->target->priv->base->written;
    uint8_t page[4096];
    return l->active && !jt_ranges_hold(written->range, written->count, l->at) &&
           c->target->layout.leaf[JH_LEAF_STATE].width == 0 &&
           (jh_read(&c->target->heap.reader, l->base, page, sizeof page, NULL) != JH_OK ||
            jt_all_zero(page, sizeof page));
}

/* In a process the walk may have passed its page before it was there. */
static bool in_tree(const struct jt_check *c, const struct jt_lost *l) {
    struct jh_heap heap = c->target->heap;
    struct jh_extent e;
    heap.limits.max_passed = 1u << 16;
    return c->target->kind != JT_CORE && jh_lookup(&heap, l->base, &e, NULL) == JH_OK && e.at != 0;
}

/* As it is now: still what it looked like. */
static bool still_in_use(const struct jt_check *c, const struct jt_lost *l) {
    struct jh_extent e;
    return jh_extent_read(&c->target->heap, l->at, &e, NULL) == JH_OK && e.base == l->base &&
           (e.state == JH_ACTIVE) == l->active &&
           jh_arena_uses(&c->target->layout, &c->target->priv->base->arenas.arena[l->arena].known,
                         &e);
}

static int by_arena(const void *a, const void *b) {
    const struct jt_lost *x = a, *y = b;
    int order = (x->arena > y->arena) - (x->arena < y->arena);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* Those of one arena, from the first on: what waits to be used is not lost. Returns where the next
 * arena's begin. */
static size_t look_at_arena(struct jt_check *c, size_t i, size_t *lost) {
    uint32_t arena = c->lost[i].arena;
    bool asked = false, known = false;
    for (; i < c->losts && c->lost[i].arena == arena; i++) {
        struct jt_lost *l = &c->lost[i];
        if (l->found) {
            continue;
        }
        known = asked ? known : jt_check_avail(c, &c->target->priv->base->arenas.arena[arena]);
        asked = true;
        l->found = !known || jt_bit(c->avail, jt_check_slot(c, l->at)) || may_be_new(c, l) ||
                   in_tree(c, l) || (c->again && !still_in_use(c, l));
        *lost += !l->found;
    }
    return i;
}

static size_t look_at_all(struct jt_check *c) {
    size_t lost = 0;
    if (c->again) { /* of memory that changes: all of it is there */
        memset(c->avail, 0, (c->slots / 64 + 1) * 8);
    }
    for (size_t i = 0; i < c->losts;) {
        i = look_at_arena(c, i, &lost);
    }
    return lost;
}

void jt_check_lost(struct jt_check *c) {
    unsigned times = 0;
    if (c->losts == 0) {
        return;
    }
    qsort(c->lost, c->losts, sizeof *c->lost, by_arena);
    while (look_at_all(c) != 0 && jt_retry(c->target, &times)) {
        c->again = true;
    }
    for (size_t i = 0; i < c->losts; i++) {
        const struct jt_lost *l = &c->lost[i];
        if (!l->found) {
            c->doubtful = true;
            jt_check_say(c, l->at, l->base, l->active ? "arena.lost-active" : "arena.lost");
        }
    }
}
