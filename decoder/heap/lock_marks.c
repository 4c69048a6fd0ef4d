/* lock_marks.c - which of an arena's locks are held, and does it purge?
 *
 * A malloc_mutex_t is a pthread_mutex_t with counters. Its first two ints are, in glibc, the lock
 * and a count of recursion, and in musl its type, 0, and the lock: both 0 when it is free. The flag
 * `locked` is no help: up to 5.3.0 it is set only after a contended acquisition. */
#include "heap/inside.h"

struct place {
    uint32_t mark;
    const char *path; /* of arena_s; what a version does not have is not there */
};

static const struct place locks[] = {
    {JT_MARK_CACHES, "tcache_ql_mtx"},
    {JT_MARK_CACHES, "cache_bin_array_descriptor_ql_mtx"},
    {JT_MARK_LARGE, "large_mtx"},
    {JT_MARK_PAGES, "extents_dirty.mtx"},
    {JT_MARK_PAGES, "extents_muzzy.mtx"},
    {JT_MARK_PAGES, "extents_retained.mtx"},
    {JT_MARK_PAGES, "extent_grow_mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.ecache_dirty.mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.ecache_muzzy.mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.ecache_retained.mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.ecache_pinned.mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.grow_mtx"},
    {JT_MARK_PAGES, "pa_shard.pac.sba.mtx"},
    {JT_MARK_PAGES, "pa_shard.hpa_shard.mtx"},
    {JT_MARK_PAGES, "pa_shard.hpa_shard.grow_mtx"},
    {JT_MARK_PAGES, "pa_shard.hpa.mtx"},
    {JT_MARK_PAGES, "pa_shard.hpa.grow_mtx"},
    {JT_MARK_AVAIL, "extent_avail_mtx"},
    {JT_MARK_AVAIL, "pa_shard.edata_cache.mtx"},
    {JT_MARK_PURGE, "decay_dirty.mtx"},
    {JT_MARK_PURGE, "decay_muzzy.mtx"},
    {JT_MARK_PURGE, "pa_shard.pac.decay_dirty.mtx"},
    {JT_MARK_PURGE, "pa_shard.pac.decay_muzzy.mtx"},
};

static const char *const purging[] = {"decay_dirty.purging", "decay_muzzy.purging",
                                      "pa_shard.pac.decay_dirty.purging",
                                      "pa_shard.pac.decay_muzzy.purging"};

static bool member(const struct jt_target *target, const char *type, const char *path,
                   uint64_t *offset) {
    struct jh_member m;
    if (jh_struct_member(&target->layout, type, path, &m, NULL) != JH_OK) {
        return false;
    }
    *offset = m.offset;
    return true;
}

/* Anything else is no lock any more: text over an arena does not excuse what else it is over.
 * glibc: 1 held, 2 and waited for; no recursion. musl: a number of a thread or 16, and a bit. */
static bool is_held(uint64_t first, uint64_t second) {
    enum { LOCKED_MAX = 2, THREADS_MAX = 1 << 22 };
    bool glibc = first != 0 && first <= LOCKED_MAX && second == 0;
    bool musl = first == 0 && second != 0 && (second & INT32_MAX) <= THREADS_MAX;
    return glibc || musl;
}

/* The two ints of the lock of a malloc_mutex_t. */
static void look(struct jt_target *target, uint64_t mutex, uint32_t mark, struct jt_lock_marks *m) {
    uint64_t lock, first, second;
    if (!member(target, "malloc_mutex_s", "lock", &lock) ||
        !jt_read_number(target, mutex + lock, 4, &first) ||
        !jt_read_number(target, mutex + lock + 4, 4, &second)) {
        m->unknown |= mark;
    } else if (is_held(first, second)) {
        m->set |= mark;
    }
}

static void look_at_purging(struct jt_target *target, uint64_t arena, struct jt_lock_marks *m) {
    for (size_t i = 0; i < sizeof purging / sizeof purging[0]; i++) {
        uint64_t offset, flag;
        if (!member(target, "arena_s", purging[i], &offset)) {
            continue;
        }
        if (!jt_read_number(target, arena + offset, 1, &flag)) {
            m->unknown |= JT_MARK_PURGE;
        } else if (flag == 1) {
            m->set |= JT_MARK_PURGE;
        }
    }
}

/* ---- bins ------------------------------------------------------------------------------------ */

static void look_at_bins(struct jt_target *target, const struct jt_arena *arena, uint32_t szind,
                         struct jt_lock_marks *m) {
    const struct jh_layout *l = &target->layout;
    uint32_t shards = l->bin[szind].n_shards;
    uint64_t lock;
    bool known = shards != 0 && member(target, jt_bin_struct(l), "lock", &lock);
    for (uint32_t i = 0; i < shards || !known; i++) {
        uint64_t at = known ? jt_bin_at(target, arena, szind, i) : 0;
        if (at == 0) {
            m->unknown |= JT_MARK_BIN;
            return;
        }
        look(target, at + lock, JT_MARK_BIN, m);
    }
}

/* ---- all of an arena's ------------------------------------------------------------------------
 */

void jt_lock_marks(struct jt_target *target, const struct jt_arena *arena, uint32_t szind,
                   struct jt_lock_marks *out) {
    uint64_t offset;
    out->set = out->unknown = 0;
    if (arena == NULL || arena->at == 0) {
        out->unknown = JT_MARKS_OF_LOCKS;
        return;
    }
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        if (member(target, "arena_s", locks[i].path, &offset)) {
            look(target, arena->at + offset, locks[i].mark, out);
        }
    }
    look_at_purging(target, arena->at, out);
    if (member(target, "base_s", "mtx", &offset) && arena->base != 0) {
        look(target, arena->base + offset, JT_MARK_BASE, out);
    }
    for (uint32_t i = 0; i < target->layout.sc_nbins; i++) {
        if (szind == i || szind >= target->layout.sc_nbins) {
            look_at_bins(target, arena, i, out);
        }
    }
}
