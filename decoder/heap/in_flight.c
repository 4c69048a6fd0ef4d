/* in_flight.c - looks for the marks that excuse what breaks a rule, near what the fault names. */
#include "heap/in_flight.h"

#include "heap/inside.h"

/* What the fault is about. */
struct near {
    uint64_t word[8]; /* addresses that who works on it has in hand */
    size_t words;
    const struct jt_arena *arena; /* NULL: not known */
    uint32_t szind;
};

/* ---- near what? ------------------------------------------------------------------------------ */

static const struct jt_arena *arena_numbered(const struct jt_target *target, uint32_t ind) {
    const struct jt_arenas *all = &target->priv->base->arenas;
    size_t i = 0;
    while (i < all->count && all->arena[i].known.ind != ind) {
        i++;
    }
    return i < all->count ? &all->arena[i] : NULL;
}

/* By the block that its structures are in. */
static const struct jt_arena *arena_around(const struct jt_target *target, uint64_t addr) {
    const struct jt_base *base = target->priv->base;
    for (size_t i = 0; i < base->blocks && base->arenas.count != 0; i++) {
        if (addr - base->block[i].start < base->block[i].used - base->block[i].start) {
            return &base->arenas.arena[base->block[i].arena];
        }
    }
    return NULL;
}

static void add_word(struct near *n, uint64_t word) {
    if (word >= 4096 && n->words < sizeof n->word / sizeof n->word[0]) {
        n->word[n->words++] = word;
    }
}

/* An address in jemalloc's own memory may be an extent's structure, another one a page of it. */
static void add_address(struct jt_target *target, struct near *n, uint64_t addr) {
    struct jh_extent e = {.at = 0};
    struct jh_location l;
    const struct jt_arena *arena = arena_around(target, addr);
    add_word(n, addr);
    if (arena == NULL && jh_locate(&target->heap, addr, &l, NULL) == JH_OK) {
        e = l.extent;
    } else if (arena != NULL && addr % target->layout.extent_align == 0) {
        (void)!jh_extent_read(&target->heap, addr, &e, NULL);
    }
    if (e.at != 0) {
        add_word(n, e.at);
        add_word(n, e.base);
        arena = arena != NULL ? arena : arena_numbered(target, e.arena_ind);
        n->szind = jh_extent_is_slab(&e) ? e.szind : n->szind;
    }
    n->arena = n->arena != NULL ? n->arena : arena;
}

static struct near near_to(struct jt_target *target, const struct jh_fault *fault) {
    struct near n = {.szind = UINT32_MAX};
    jt_metadata_find(target);
    add_address(target, &n, fault->addr);
    if (fault->seen >= 4096) {
        add_address(target, &n, fault->seen);
    }
    return n;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void look_at_locks(struct jt_target *target, const struct near *n, struct jt_lock_marks *m) {
    const struct jt_arenas *all = &target->priv->base->arenas;
    struct jt_lock_looks *last = &target->priv->base->hands.locks;
    if (last->done && last->arena == n->arena && last->szind == n->szind) {
        *m = last->marks;
        return;
    }
    *m = (struct jt_lock_marks){0, 0};
    if (n->arena != NULL || all->count == 0) {
        jt_lock_marks(target, n->arena, n->szind, m);
    }
    for (size_t i = 0; n->arena == NULL && i < all->count; i++) { /* that of any of them */
        struct jt_lock_marks one;
        jt_lock_marks(target, &all->arena[i], n->szind, &one);
        m->set |= one.set;
        m->unknown |= one.unknown;
    }
    *last = (struct jt_lock_looks){true, n->arena, n->szind, *m};
}

static int who_has_extent(const struct jt_target *target, const struct jt_hands *hands,
                          const struct near *n) {
    int thread = 0;
    for (size_t i = 0; i < n->words && thread == 0; i++) {
        thread =
            jt_hands_have(hands, n->word[i], n->word[i] + (uint64_t)target->layout.extent_align);
    }
    return thread;
}

/* The bin's structure, or the stack that its regions lie on. */
static int who_has_bin(const struct jt_target *target, const struct jt_hands *hands,
                       const struct jt_caches *all, const struct jt_parked *p) {
    const struct jt_cache_bin *bin = &all->bin[p->bin];
    const uint64_t word = target->priv->words, at = bin->known.at;
    uint64_t end = bin->known.items + word * bin->known.ncached;
    uint64_t room =
        word * (bin->known.ncached_max != 0 ? bin->known.ncached_max : bin->known.ncached);
    int thread = jt_hands_have(hands, at, at + word * 3);
    thread = thread != 0 ? thread : jt_hands_have(hands, end - room, end + 1);
    bool top = p == &all->parked[bin->first];
    return thread != 0 || !top ? thread : jt_hands_storage(hands, all->cache[bin->cache].at);
}

static int who_has_cache(struct jt_target *target, const struct jt_hands *hands, uint64_t region) {
    enum { AT_MOST = 64 }; /* places where one region is parked: more of them are no flush */
    const struct jt_caches *all = jt_caches(target);
    size_t first = jt_parked_from(all, region);
    int thread = 0;
    for (size_t i = first; i < all->parked_count && i < first + AT_MOST && thread == 0; i++) {
        const struct jt_parked *p = &all->parked[all->by_address[i]];
        if (p->addr != region) {
            break;
        }
        thread = who_has_bin(target, hands, all, p);
    }
    return thread;
}

/* Anything of the arena's own memory: itself, a bin, a structure. Who changes what an arena counts
 * has; so where it is not known which one it is, who has something of any of them may. */
static int who_is_at(const struct jt_target *target, const struct jt_hands *hands,
                     const struct jt_arena *arena) {
    const struct jt_base *base = target->priv->base;
    int thread = 0;
    for (size_t i = 0; i < base->blocks && thread == 0; i++) {
        const struct jt_block *b = &base->block[i];
        if (arena == NULL || &base->arenas.arena[b->arena] == arena) {
            thread = jt_hands_have(hands, b->start, b->used);
        }
    }
    return thread;
}

static int who(struct jt_target *target, uint32_t mark, const struct near *n,
               const struct jh_fault *fault) {
    const struct jt_hands *hands = jt_hands(target);
    return mark == JT_MARK_EXTENT  ? who_has_extent(target, hands, n)
           : mark == JT_MARK_CACHE ? who_has_cache(target, hands, fault->addr)
                                   : who_is_at(target, hands, n->arena);
}

/* ---- the verdict ------------------------------------------------------------------------------
 */

/* thread 0: the mark is a lock, whoever holds it. */
static const char *doubt_of(const struct jt_hands *hands, int thread) {
    bool crashed = false;
    for (size_t i = 0; i < hands->count; i++) {
        crashed |= hands->hand[i].crashed && (thread == 0 || hands->hand[i].thread == thread);
    }
    return crashed ? "a thread crashed there"
           : thread != 0 && !hands->text_known
               ? "which functions are jemalloc's is not known, so it may be an old word"
               : NULL;
}

/* Somebody is inside, and where arenas have their memory is not known. */
static bool arenas_are_unknown(struct jt_target *target, uint32_t excuses) {
    return (excuses & JT_MARK_INSIDE) != 0 && target->priv->base->blocks == 0 &&
           jt_hands(target)->count != 0;
}

/* Then no lock is held, whatever the memory of some is not there. */
static bool nobody_is_inside(struct jt_target *target) {
    const struct jt_hands *hands = jt_hands(target);
    return hands->known && hands->count == 0;
}

struct jt_judged jt_judge(struct jt_target *target, const struct jh_fault *fault, bool moves) {
    uint32_t excuses = jt_excuses(fault->rule);
    struct jt_judged out = {JT_CORRUPT, 0, 0, NULL};
    struct jt_lock_marks locks = {0, 0};
    if (excuses == JT_NEVER_SURE) {
        out.severity = JT_SUSPICIOUS;
        return out;
    }
    if (excuses == 0 || moves) {
        out.severity = jt_is_seen_once(fault->rule) ? JT_TRANSIENT : JT_CORRUPT;
        return out;
    }
    struct near n = near_to(target, fault);
    if ((excuses & JT_MARKS_OF_LOCKS) != 0) {
        look_at_locks(target, &n, &locks);
    }
    bool threads = (excuses & ~(uint32_t)JT_MARKS_OF_LOCKS) != 0;
    for (unsigned i = 0; i < JT_MARKS && out.mark == 0; i++) {
        uint32_t mark = excuses & UINT32_C(1) << i;
        if ((mark & JT_MARKS_OF_LOCKS) == 0 && mark != 0) {
            out.thread = who(target, mark, &n, fault);
        }
        out.mark = (mark & locks.set) != 0 || out.thread != 0 ? mark : 0;
    }
    if (out.mark != 0) {
        out.doubt = doubt_of(jt_hands(target), out.thread);
        out.severity = out.doubt == NULL ? JT_TRANSIENT : JT_SUSPICIOUS;
    } else if (((locks.unknown & excuses) != 0 && !nobody_is_inside(target)) ||
               arenas_are_unknown(target, excuses) ||
               (threads && (!jt_hands(target)->known || jt_hands(target)->blind))) {
        out.severity = JT_SUSPICIOUS;
    }
    return out;
}
