/* numbers.c - numbers of an arena and of its large allocations.
 *
 * Sources, at each tag: src/arena.c (arena_basic_stats_merge, arena_stats_merge), src/base.c
 * (base_stats_get), src/pa_extra.c and src/pac.c since 5.3. */
#include "heap/numbers.h"

#include <string.h>

#include "heap/inside.h"

/* The first row of a counter that this version's structs have is taken. */
struct place {
    enum jt_counter counter;
    const char *path;  /* in arena_s, or in base_s */
    const char *other; /* added to it; NULL: nothing is */
    uint8_t element;   /* of an array */
    bool base;
    bool always; /* it is no statistics */
    bool is_signed;
};

static const struct place places[] = {
    {JT_NACTIVE, "nactive", NULL, 0, false, true, false},
    {JT_NACTIVE, "pa_shard.nactive", NULL, 0, false, true, false},
    {JT_NDIRTY, "extents_dirty.npages", NULL, 0, false, true, false},
    {JT_NDIRTY, "pa_shard.pac.ecache_dirty.eset.npages",
     "pa_shard.pac.ecache_dirty.guarded_eset.npages", 0, false, true, false},
    {JT_NMUZZY, "extents_muzzy.npages", NULL, 0, false, true, false},
    {JT_NMUZZY, "pa_shard.pac.ecache_muzzy.eset.npages",
     "pa_shard.pac.ecache_muzzy.guarded_eset.npages", 0, false, true, false},
    {JT_NRETAINED, "extents_retained.npages", NULL, 0, false, true, false},
    {JT_NRETAINED, "pa_shard.pac.ecache_retained.eset.npages",
     "pa_shard.pac.ecache_retained.guarded_eset.npages", 0, false, true, false},
    {JT_NPINNED, "pa_shard.pac.ecache_pinned.eset.npages",
     "pa_shard.pac.ecache_pinned.guarded_eset.npages", 0, false, true, false},
    {JT_MAPPED, "stats.pa_shard_stats.pac_stats.pac_mapped", NULL, 0, false, false, false},
    {JT_MAPPED, "stats.mapped", NULL, 0, false, false, false},
    {JT_INTERNAL, "stats.internal", NULL, 0, false, false, false},
    {JT_ABANDONED_VM, "stats.pa_shard_stats.pac_stats.abandoned_vm", NULL, 0, false, false, false},
    {JT_ABANDONED_VM, "stats.abandoned_vm", NULL, 0, false, false, false},
    {JT_EXTENT_AVAIL, "extent_avail_cnt", NULL, 0, false, true, false},
    {JT_EXTENT_AVAIL, "pa_shard.edata_cache.count", NULL, 0, false, true, false},
    {JT_BASE_ALLOCATED, "allocated", NULL, 0, true, false, false},
    {JT_BASE_EDATA, "edata_allocated", NULL, 0, true, false, false},
    {JT_BASE_RTREE, "rtree_allocated", NULL, 0, true, false, false},
    {JT_BASE_RESIDENT, "resident", NULL, 0, true, false, false},
    {JT_BASE_MAPPED, "mapped", NULL, 0, true, false, false},
    {JT_BASE_N_THP, "n_thp", NULL, 0, true, false, false},
    {JT_DIRTY_NPURGE, "stats.decay_dirty.npurge", NULL, 0, false, false, false},
    {JT_DIRTY_NPURGE, "stats.pa_shard_stats.pac_stats.decay_dirty.npurge", NULL, 0, false, false,
     false},
    {JT_DIRTY_NMADVISE, "stats.decay_dirty.nmadvise", NULL, 0, false, false, false},
    {JT_DIRTY_NMADVISE, "stats.pa_shard_stats.pac_stats.decay_dirty.nmadvise", NULL, 0, false,
     false, false},
    {JT_DIRTY_PURGED, "stats.decay_dirty.purged", NULL, 0, false, false, false},
    {JT_DIRTY_PURGED, "stats.pa_shard_stats.pac_stats.decay_dirty.purged", NULL, 0, false, false,
     false},
    {JT_MUZZY_NPURGE, "stats.decay_muzzy.npurge", NULL, 0, false, false, false},
    {JT_MUZZY_NPURGE, "stats.pa_shard_stats.pac_stats.decay_muzzy.npurge", NULL, 0, false, false,
     false},
    {JT_MUZZY_NMADVISE, "stats.decay_muzzy.nmadvise", NULL, 0, false, false, false},
    {JT_MUZZY_NMADVISE, "stats.pa_shard_stats.pac_stats.decay_muzzy.nmadvise", NULL, 0, false,
     false, false},
    {JT_MUZZY_PURGED, "stats.decay_muzzy.purged", NULL, 0, false, false, false},
    {JT_MUZZY_PURGED, "stats.pa_shard_stats.pac_stats.decay_muzzy.purged", NULL, 0, false, false,
     false},
    {JT_DIRTY_DECAY_MS, "decay_dirty.time_ms", NULL, 0, false, true, true},
    {JT_DIRTY_DECAY_MS, "pa_shard.pac.decay_dirty.time_ms", NULL, 0, false, true, true},
    {JT_MUZZY_DECAY_MS, "decay_muzzy.time_ms", NULL, 0, false, true, true},
    {JT_MUZZY_DECAY_MS, "pa_shard.pac.decay_muzzy.time_ms", NULL, 0, false, true, true},
    {JT_DIRTY_PURGING, "decay_dirty.purging", NULL, 0, false, true, false},
    {JT_DIRTY_PURGING, "pa_shard.pac.decay_dirty.purging", NULL, 0, false, true, false},
    {JT_MUZZY_PURGING, "decay_muzzy.purging", NULL, 0, false, true, false},
    {JT_MUZZY_PURGING, "pa_shard.pac.decay_muzzy.purging", NULL, 0, false, true, false},
    {JT_NTHREADS, "nthreads", NULL, 0, false, true, false},
    {JT_NTHREADS_INTERNAL, "nthreads", NULL, 1, false, true, false},
    {JT_DSS_PREC, "dss_prec", NULL, 0, false, true, false},
    {JT_CREATE_TIME, "create_time", NULL, 0, false, true, false},
    {JT_EVER_USED_HPA, "pa_shard.ever_used_hpa", NULL, 0, false, true, false},
    {JT_HPA_NDIRTY, "pa_shard.hpa_shard.psset.merged_stats.ndirty", NULL, 0, false, true, false},
    {JT_HPA_NDIRTY, "pa_shard.hpa_shard.psset.stats.merged.ndirty", NULL, 0, false, true, false},
    {JT_HPA_NDIRTY, "pa_shard.hpa.psset.stats.merged.ndirty", NULL, 0, false, true, false},
};

static const char *const large_path[JT_LARGE_COUNTERS] = {
    [JT_LARGE_NMALLOC] = "nmalloc",     [JT_LARGE_NDALLOC] = "ndalloc",
    [JT_LARGE_NREQUESTS] = "nrequests", [JT_LARGE_NFILLS] = "nfills",
    [JT_LARGE_NFLUSHES] = "nflushes",   [JT_LARGE_ACTIVE_BYTES] = "active_bytes"};

/* ---- where they stand ------------------------------------------------------------------------ */

static void learn_place(const struct jh_layout *l, const struct place *p, struct jt_place_of *out) {
    const char *type = p->base ? "base_s" : "arena_s";
    struct jh_member m, other;
    if (out->size != 0 || jh_struct_member(l, type, p->path, &m, NULL) != JH_OK || m.size > 8) {
        return;
    }
    *out = (struct jt_place_of){(uint32_t)(m.offset + p->element * m.size),
                                0,
                                (uint8_t)m.size,
                                p->base,
                                p->always,
                                p->is_signed};
    if (p->other != NULL && jh_struct_member(l, type, p->other, &other, NULL) == JH_OK) {
        out->other = (uint32_t)other.offset;
    }
}

static void learn_large(const struct jh_layout *l, struct jt_numbers_form *f) {
    struct jh_member of, m;
    char path[64] = "stats.lstats.";
    size_t head = strlen(path);
    if (jh_struct_member(l, "arena_s", "stats.lstats", &of, NULL) != JH_OK || of.size == 0) {
        return;
    }
    f->large_at = (uint32_t)of.offset;
    f->large_size = (uint32_t)of.size;
    for (unsigned i = 0; i < JT_LARGE_COUNTERS; i++) {
        memcpy(path + head, large_path[i], strlen(large_path[i]) + 1);
        if (jh_struct_member(l, "arena_s", path, &m, NULL) == JH_OK) {
            f->large[i] = (uint32_t)(m.offset - of.offset);
            f->large_known |= 1u << i;
        }
    }
}

const struct jt_numbers_form *jt_numbers_form(struct jt_target *target) {
    struct jt_numbers_form *f = &target->priv->base->numbers;
    if (!f->learnt) {
        memset(f, 0, sizeof *f);
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            learn_place(&target->layout, &places[i], &f->place[places[i].counter]);
        }
        learn_large(&target->layout, f);
        jt_bins_learn(&target->layout, &f->bins);
        jt_unused_learn(&target->layout, f);
        jt_heaps_learn(&target->layout, f);
        f->learnt = true;
    }
    return f;
}

/* ---- what they are --------------------------------------------------------------------------- */

/* False: this version has none, or, which sets unread, it could not be read. */
static bool read_place(struct jt_target *target, const struct jt_arena *arena,
                       const struct jt_place_of *p, uint64_t *out, bool *unread) {
    uint64_t at = p->base ? arena->base : arena->at, other = 0;
    if (p->size == 0 || at == 0) {
        return false;
    }
    if (!jt_read_number(target, at + p->at, p->size, out) ||
        (p->other != 0 && !jt_read_number(target, at + p->other, p->size, &other))) {
        *unread = true;
        return false;
    }
    *out += other;
    if (p->is_signed && p->size == 4) {
        *out = (uint64_t)(int32_t)*out;
    }
    return true;
}

static void read_large(struct jt_target *target, const struct jt_arena *arena,
                       const struct jt_numbers_form *f, struct jt_numbers *out) {
    const struct jh_layout *l = &target->layout;
    uint8_t bytes[64];
    if (f->large_size == 0 || f->large_size > sizeof bytes || arena->at == 0) {
        return;
    }
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        uint64_t at = arena->at + f->large_at + (uint64_t)(i - l->sc_nbins) * f->large_size;
        if (jh_read(&target->heap.reader, at, bytes, f->large_size, NULL) != JH_OK) {
            memset(out->large, 0, sizeof out->large);
            out->unread = true;
            return;
        }
        for (unsigned k = 0; k < JT_LARGE_COUNTERS; k++) {
            out->large[i][k] =
                (f->large_known >> k & 1) != 0 ? jt_number_at(target, bytes + f->large[k], 8) : 0;
        }
    }
    out->large_known = true;
    out->large_values_known = f->large_known;
}

static bool has_statistics(struct jt_target *target, const struct jt_arena *arena, bool *unread) {
    const struct jt_place_of *place = &jt_numbers_form(target)->place[JT_BASE_MAPPED];
    uint64_t mapped = 0;
    return target->layout.build.stats && read_place(target, arena, place, &mapped, unread) &&
           mapped != 0;
}

bool jt_has_statistics(struct jt_target *target, const struct jt_arena *arena) {
    bool unread;
    return has_statistics(target, arena, &unread);
}

void jt_numbers(struct jt_target *target, const struct jt_arena *arena, struct jt_numbers *out) {
    memset(out, 0, sizeof *out);
    const struct jt_numbers_form *f = jt_numbers_form(target);
    bool statistics = has_statistics(target, arena, &out->unread);
    for (unsigned i = 0; i < JT_COUNTERS; i++) {
        if ((statistics || f->place[i].always) &&
            read_place(target, arena, &f->place[i], &out->value[i], &out->unread)) {
            out->known |= UINT64_C(1) << i;
        }
    }
    if (statistics) {
        read_large(target, arena, f, out);
        jt_numbers_bins(target, arena, out);
    }
}
