/* arenas: the table of arenas, the memory of each, its bins, and what it counts. */
#include "compare.h"

#include <stdio.h>
#include <string.h>

#include "heap/numbers.h"

static const struct jt_arena *arena_of(struct jt_target *target, uint64_t ind) {
    const struct jt_arenas *all = jt_arenas(target);
    size_t i = 0;
    while (i < all->count && all->arena[i].known.ind != ind) {
        i++;
    }
    return i < all->count ? &all->arena[i] : NULL;
}

/* ---- the table ------------------------------------------------------------------------------ */

static void compare_arena(struct comparison *c, struct jt_target *target,
                          const struct truth_record *r) {
    uint64_t ind = truth_get(TRUTH_ARENA, r, KEY_INDEX);
    const struct jt_arena *a = arena_of(target, ind);
    if (a == NULL) {
        compare_word(c, "arena", ind, "an arena", "none");
        return;
    }
    enum jt_answer automatic = jt_arena_is_automatic(target, (uint32_t)ind);
    bool inferred = jt_arenas(target)->inferred || jt_is_skeleton(target);
    if (!jt_is_skeleton(target)) { /* which has nothing that would be found with these */
        compare_number(c, "arena.at", ind, truth_get(TRUTH_ARENA, r, KEY_AT), a->at);
        compare_number(c, "arena.base", ind, truth_get(TRUTH_ARENA, r, KEY_BASE), a->base);
        compare_number(c, "arena.bytes", ind, truth_get(TRUTH_ARENA, r, KEY_BYTES), a->bytes);
    }
    if (automatic != JT_CANNOT_TELL || !inferred) {
        compare_number(c, "arena.automatic", ind, truth_get(TRUTH_ARENA, r, KEY_AUTOMATIC),
                       automatic);
    }
}

static void compare_shards(struct comparison *c, struct jt_target *target) {
    const struct truth_list *list = &c->truth->list[TRUTH_SHARD];
    const struct jt_arena *a = NULL;
    if (target->layout.bin[0].n_shards == 0) {
        return; /* bin_infos, which says how many shards there are, was not found */
    }
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t ind = truth_get(TRUTH_SHARD, r, KEY_ARENA);
        uint64_t szind = truth_get(TRUTH_SHARD, r, KEY_SZIND);
        uint64_t shard = truth_get(TRUTH_SHARD, r, KEY_BIN_SHARD);
        a = a && a->known.ind == ind ? a : arena_of(target, ind);
        if (a && szind < target->layout.sc_nbins) {
            compare_number(c, "arena.bin", ind << 16 | szind << 8 | shard,
                           truth_get(TRUTH_SHARD, r, KEY_AT),
                           jt_bin_at(target, a, (uint32_t)szind, (uint32_t)shard));
        }
    }
}

void compare_arenas(struct comparison *c, struct jt_target *target) {
    const struct truth_list *list = &c->truth->list[TRUTH_ARENA];
    if (c->lacks || c->no_blocks) {
        return;
    }
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        compare_arena(c, target, &list->record[i]);
    }
    compare_number(c, "arenas", 0, list->count, jt_arenas(target)->count);
    if (!jt_is_skeleton(target) && !c->stop) {
        compare_shards(c, target);
    }
}
