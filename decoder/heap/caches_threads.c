/* caches_threads.c - the caches of a jemalloc that keeps no lists of them (--disable-stats).
 *
 * A thread's cache is in its thread-local storage, equally far from the thread pointer in all
 * threads, and in front of it or behind it, as the machine has it. No symbol is needed: a cache is
 * recognised by what else has to be there, a pointer to an arena, from 5.3 on a pair of pointers to
 * each other, and bins whose stacks lie one behind the other. An explicit one is recognised
 * likewise, and a table leads to them. */
#include "heap/caches_read.h"

#define STORAGE_MAX (UINT64_C(64) << 10) /* bytes that all modules have of it */
#define EXPLICIT_MAX 4096                /* tcache.create makes no more (MALLOCX_TCACHE_MAX) */
#define STATES 4096                      /* no cache is there */
#define STACK_MAX (UINT64_C(1) << 16)    /* pointers of a bin */

/* ---- is it one? ------------------------------------------------------------------------------ */

enum look { LOOK_ABSENT, LOOK_STRANGE, LOOK_IDLE, LOOK_CACHE };

static bool arena_is(const struct finder *f, uint64_t at, uint32_t *ind) {
    const struct jt_arenas *all = &f->target->priv->base->arenas;
    size_t i = 0;
    while (i < all->count && (at == 0 || all->arena[i].at != at)) {
        i++;
    }
    *ind = i < all->count ? all->arena[i].known.ind : 0;
    return i < all->count;
}

/* Where a capacity is not known, the stack behind is no farther than the largest may be. */
static bool stacks_adjoin(const struct finder *f, uint64_t cache) {
    uint64_t end = 0, word = f->target->priv->words;
    uint32_t used = 0;
    for (uint32_t i = 0; i < f->form.slots; i++) {
        struct jh_cache_bin bin;
        if (jh_cache_bin_read(&f->target->heap, &f->form, cache, i, f->capacity[i], &bin, NULL) !=
            JH_OK) {
            return false;
        }
        uint64_t top = bin.items + word * bin.ncached;
        uint64_t size = bin.ncached_max != 0 ? word * bin.ncached_max : top - end;
        if (bin.used && used++ != 0 && (top - end != size || size - 1 >= STACK_MAX * word)) {
            return false;
        }
        end = bin.used ? top : end;
    }
    return used > 1;
}

/* Idle: no thread uses it, or its thread has none. */
static enum look look_at(const struct finder *f, uint64_t cache, uint32_t *ind) {
    const struct jt_target *target = f->target;
    uint64_t holder = cache, back = cache, arena = 0;
    if (f->form.slow != JH_CACHE_NONE && !jt_read_word(target, cache + f->form.slow, &holder)) {
        return LOOK_ABSENT;
    }
    if (holder != 0 &&
        (!jt_read_word(target, holder + f->form.arena, &arena) ||
         (f->form.slow != JH_CACHE_NONE && !jt_read_word(target, holder + f->form.back, &back)))) {
        return LOOK_ABSENT;
    }
    if (arena == 0) {
        return LOOK_IDLE;
    }
    return back == cache && arena_is(f, arena, ind) && stacks_adjoin(f, cache) ? LOOK_CACHE
                                                                               : LOOK_STRANGE;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* A word at the place of a cache's first pointer that is worth a look. */
static bool may_be(const struct finder *f, uint64_t word, struct jt_range storage) {
    uint32_t ind;
    return f->form.slow == JH_CACHE_NONE ? arena_is(f, word, &ind)
                                         : word - storage.start < storage.end - storage.start;
}

/* Where the thread with that pointer may have its storage. Of small stacks, and of what is mapped
 * next to each other, another thread's is nearer than STORAGE_MAX, but on the other side of its own
 * pointer. */
static struct jt_range storage_of(const struct jt_target *target, uint64_t pointer) {
    const struct jt_private *p = target->priv;
    struct jt_range own = jt_thread_storage(target, pointer, STORAGE_MAX, 0);
    for (size_t i = 0; i < p->threads; i++) {
        uint64_t other = p->thread[i].tls;
        if (other > own.start && other < pointer) {
            own.start = other;
        } else if (other > pointer && other < own.end) {
            own.end = other;
        }
    }
    return own;
}

/* How far from the thread pointer its cache is, modulo 2^64. An explicit cache may lie there as
 * well, and looks the same, but jemalloc has handed its memory out. */
static bool distance_of(const struct finder *f, uint64_t pointer, uint64_t *out) {
    const unsigned word = f->target->priv->words;
    const struct jt_range storage = storage_of(f->target, pointer);
    uint64_t member = f->form.slow != JH_CACHE_NONE ? f->form.slow : f->form.arena;
    uint8_t bytes[4096];
    uint32_t ind;
    uint64_t page = storage.start & ~(uint64_t)(sizeof bytes - 1);
    for (; page < storage.end; page += sizeof bytes) {
        if (jh_read(&f->target->heap.reader, page, bytes, sizeof bytes, NULL) != JH_OK) {
            continue;
        }
        for (size_t i = 0; i < sizeof bytes; i += word) {
            uint64_t cache = page + i - member;
            if (cache - storage.start < storage.end - storage.start &&
                may_be(f, jt_number_at(f->target, bytes + i, word), storage) &&
                look_at(f, cache, &ind) == LOOK_CACHE && !jt_in_extent(f->target, cache)) {
                *out = cache - pointer;
                return true;
            }
        }
    }
    return false;
}

static void take_at(struct finder *f, uint64_t cache, bool may_idle, enum jt_caches_why why) {
    uint32_t ind = 0;
    enum look look = look_at(f, cache, &ind);
    if (look == LOOK_CACHE) {
        jt_caches_take(f, cache, ind);
    } else if (look != LOOK_IDLE || !may_idle) {
        jt_caches_unknown(f, why);
    }
}

/* Zeroes are a thread without a cache only where a thread pointer is, which points to itself. */
static bool is_pointer(const struct jt_target *target, uint64_t pointer) {
    uint64_t self;
    return jt_thread_form(target)->self == 0 ||
           (jt_read_word(target, pointer, &self) && self == pointer);
}

/* A thread that clone() gave no storage of its own, or the kernel made (io_uring), has its maker's
 * pointer. */
static bool has_anothers(const struct jt_private *p, size_t i) {
    size_t before = 0;
    while (before < i && p->thread[before].tls != p->thread[i].tls) {
        before++;
    }
    return before < i;
}

/* A process whose threads' pointers are in registers only, which a tracer may read. */
static bool needs_hold(const struct jt_target *target) {
    const struct jt_thread_form *form = jt_thread_form(target);
    return target->kind == JT_PROCESS && !jt_is_still(target) && form->note != 0 && form->self == 0;
}

static void take_threads(struct finder *f) {
    const struct jt_private *p = f->target->priv;
    uint64_t distance = 0;
    bool found = false;
    for (size_t i = 0; i < p->threads && !found; i++) {
        found = p->thread[i].tls != 0 && distance_of(f, p->thread[i].tls, &distance);
    }
    if (!found) {
        jt_caches_unknown(f, needs_hold(f->target) ? JT_CACHES_NOT_HELD : JT_CACHES_NO_LIST);
        return;
    }
    for (size_t i = 0; i < p->threads && !f->stopped; i++) {
        uint64_t pointer = p->thread[i].tls;
        if (pointer == 0) {
            jt_caches_unknown(f, JT_CACHES_THREADS);
        } else if (!has_anothers(p, i)) {
            take_at(f, pointer + distance, is_pointer(f->target, pointer), JT_CACHES_THREADS);
        }
    }
}

/* ---- explicit ones --------------------------------------------------------------------------- */

/* An element is a cache, a small number of a state, or leads to the next free element. */
static void take_explicit(struct finder *f) {
    struct jt_target *target = f->target;
    const unsigned word = target->priv->words;
    uint64_t at, size, table = 0, past = 0, cache = 0;
    if (!jt_symbol(target, "tcaches", &at, &size) || !jt_read_word(target, at, &table) ||
        !jt_symbol(target, "tcaches_past", &at, &size) || !jt_read_number(target, at, 4, &past) ||
        past > EXPLICIT_MAX) {
        jt_caches_unknown(f, JT_CACHES_EXPLICIT);
        return;
    }
    for (uint64_t i = 0; i < past && !f->stopped; i++) {
        if (!jt_read_word(target, table + i * word, &cache)) {
            jt_caches_unknown(f, JT_CACHES_EXPLICIT);
        } else if (cache >= STATES && cache - table >= past * word) {
            take_at(f, cache, true, JT_CACHES_EXPLICIT);
        }
    }
}

void jt_caches_in_threads(struct finder *f) {
    if (!jt_threads_locate(f->target)) {
        jt_caches_incomplete(f->all, JT_CACHES_LIMIT);
    }
    f->all->inferred = true;
    take_threads(f);
    if (!f->stopped) {
        take_explicit(f);
    }
}
