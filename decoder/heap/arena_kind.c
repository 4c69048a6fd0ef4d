/* arena_kind.c - which arenas threads are given, and which the program has made (arenas.create).
 *
 * Those that were made have numbers from manual_arena_base on (narenas_auto up to 5.1). Without a
 * symbol their lists tell: of large allocations only they keep one (arena_is_auto, large.c). */
#include "heap/numbers.h"
#include "heap/inside.h"

static bool limit_of(struct jt_target *target, const char *variable, uint32_t *out) {
    uint64_t at, size, value;
    if (!jt_symbol(target, variable, &at, &size) || !jt_read_number(target, at, 4, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* Of one size class at least more was taken than given back. */
static bool has_large(struct jt_target *target, const struct jt_arena *arena) {
    struct jt_numbers c;
    bool any = false;
    jt_numbers(target, arena, &c);
    for (uint32_t i = target->layout.sc_nbins; i < target->layout.sc_nsizes && c.large_known; i++) {
        any |= c.large[i][JT_LARGE_NMALLOC] > c.large[i][JT_LARGE_NDALLOC];
    }
    return any;
}

static void infer(struct jt_target *target, struct jt_arena_kinds *k) {
    const struct jt_arenas *all = &target->priv->base->arenas;
    struct jh_member large;
    *k = (struct jt_arena_kinds){.done = true, .automatic = 1, .made = UINT32_MAX};
    if (jh_struct_member(&target->layout, "arena_s", "large", &large, NULL) != JH_OK) {
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct jt_arena *a = &all->arena[i];
        uint32_t ind = a->known.ind;
        uint64_t first;
        if (a->at == 0 || !jt_read_word(target, a->at + large.offset, &first)) {
            continue;
        }
        if (first != 0) {
            k->made = ind < k->made ? ind : k->made;
        } else if (ind >= k->automatic && has_large(target, a)) {
            k->automatic = ind + 1;
        }
    }
    if (k->automatic > k->made) { /* they contradict each other */
        *k = (struct jt_arena_kinds){.done = true, .automatic = 1, .made = UINT32_MAX};
    }
}

enum jt_answer jt_arena_is_automatic(struct jt_target *target, uint32_t ind) {
    struct jt_arena_kinds *k = &target->priv->base->kinds;
    jt_metadata_find(target);
    if (!k->done) {
        uint32_t limit;
        if (limit_of(target, "manual_arena_base", &limit) ||
            limit_of(target, "narenas_auto", &limit)) {
            *k = (struct jt_arena_kinds){.done = true, .automatic = limit, .made = limit};
        } else {
            infer(target, k);
        }
    }
    return ind < k->automatic ? JT_YES : ind >= k->made ? JT_NO : JT_CANNOT_TELL;
}
