/* block_check.c - rules of the blocks of base allocators: no two share bytes, and each has a serial
 * number of its own.
 *
 * src/base.c (base_extent_init, base_extent_alloc) at each tag: the number is taken without a lock,
 * so two threads that want a block at once may get the same one. */
#include <stdlib.h>

#include "heap/arena_check.h"

static uint64_t sn_of(const struct jt_target *target, const struct jt_block *b) {
    const struct jt_arena_form *f = &target->priv->base->form;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    struct jh_extent e;
    if (!f->known || jh_read(&target->heap.reader, b->start + f->block_extent, head,
                             target->layout.extent_head, NULL) != JH_OK) {
        return JT_SN_NONE;
    }
    jh_extent_decode(&target->layout, b->start + f->block_extent, head, &e);
    return e.sn;
}

static int by_serial(const void *a, const void *b) {
    const struct jt_block *x = a, *y = b;
    int order = (x->arena > y->arena) - (x->arena < y->arena);
    order = order != 0 ? order : (x->sn > y->sn) - (x->sn < y->sn);
    return order != 0 ? order : (x->start > y->start) - (x->start < y->start);
}

static int by_start(const void *a, const void *b) {
    const struct jt_block *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

void jt_blocks_check(struct jt_check *c) {
    if (!c->target->priv->base->complete) {
        return; /* what is said of them is said */
    }
    for (size_t i = 0; i < c->blocks; i++) {
        c->block[i].sn = sn_of(c->target, &c->block[i]);
    }
    qsort(c->block, c->blocks, sizeof *c->block, by_serial);
    for (size_t i = 1; i < c->blocks; i++) {
        const struct jt_block *b = &c->block[i], *before = &c->block[i - 1];
        if (b->arena == before->arena && b->sn == before->sn && b->sn != JT_SN_NONE &&
            b->start != before->start) { /* a list that does not end has it twice */
            jt_check_say(c, b->start, b->sn, "arena.block-sn");
        }
    }
    qsort(c->block, c->blocks, sizeof *c->block, by_start);
    uint64_t end = 0;
    for (size_t i = 0; i < c->blocks; i++) {
        const struct jt_block *b = &c->block[i];
        if (b->start < end && b->start != c->block[i - 1].start) {
            jt_check_say(c, b->start, end, "arena.block-overlap");
        }
        end = b->end > end ? b->end : end;
    }
}

void jt_blocks_keep(struct jt_target *target, struct jt_ranges *keep) {
    const struct jt_base *base = target->priv->base;
    for (size_t i = 0; base->form.known && i < base->blocks; i++) {
        jt_ranges_add(keep, base->block[i].start + base->form.block_extent,
                      target->layout.extent_head);
    }
}
