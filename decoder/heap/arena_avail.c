/* arena_avail.c - structures of extents that are in use no more: a pairing heap in each arena, and
 * since 5.3 a list that the allocator of huge pages keeps. */
#include <stdlib.h>

#include "heap/arena_check.h"

bool jt_check_word(const struct jt_check *c, uint64_t at, uint64_t *out) {
    bool there = jt_read_word(c->target, at, out);
    if (there && c->keep != NULL) {
        jt_ranges_add(c->keep, at, c->target->priv->words);
    }
    return there;
}

/* Each of them is marked once; one that cannot be one, or comes again: cannot be told. */
static bool mark_node(struct jt_check *c, uint64_t at) {
    uint64_t slot = jt_check_slot(c, at);
    if (slot == JT_SLOT_NONE || at % c->target->layout.extent_align != 0 ||
        jt_bit(c->avail, slot)) {
        return false;
    }
    jt_bit_set(c->avail, slot);
    if (c->keep != NULL) {
        jt_ranges_add(c->keep, at, c->target->layout.extent_size);
    }
    return true;
}

struct nodes {
    uint64_t *at;
    size_t count;
};

/* 0 is no node. */
static bool push_node(struct jt_check *c, struct nodes *nodes, uint64_t at) {
    if (at == 0) {
        return true;
    }
    uint64_t *grown = jt_grow(nodes->at, nodes->count, sizeof *grown);
    if (grown == NULL) {
        c->target->memory_ran_out = true;
        return false;
    }
    nodes->at = grown;
    grown[nodes->count++] = at;
    return mark_node(c, at);
}

/* phn: prev, next, lchild. */
static bool mark_heap(struct jt_check *c, uint64_t head) {
    struct nodes nodes = {NULL, 0};
    uint64_t word = c->target->priv->words, link = c->target->priv->base->form.heap;
    uint64_t next, lchild;
    bool good = jt_check_word(c, head, &next) && push_node(c, &nodes, next);
    while (good && nodes.count != 0) {
        uint64_t at = nodes.at[--nodes.count] + link;
        good = jt_read_word(c->target, at + word, &next) &&
               jt_read_word(c->target, at + 2 * word, &lchild) && push_node(c, &nodes, next) &&
               push_node(c, &nodes, lchild);
    }
    free(nodes.at);
    return good;
}

/* Back at the first one it ends. */
static bool mark_ring(struct jt_check *c, uint64_t head) {
    uint64_t first, at;
    bool good = jt_check_word(c, head, &first);
    for (at = first; good && at != 0;) {
        good =
            mark_node(c, at) && jt_read_word(c->target, at + c->target->priv->base->form.ring, &at);
        if (at == first) {
            break;
        }
    }
    return good;
}

bool jt_check_avail(struct jt_check *c, const struct jt_arena *a) {
    return a->avail != 0 && mark_heap(c, a->avail) && (a->stash == 0 || mark_ring(c, a->stash));
}
