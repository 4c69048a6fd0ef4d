/* stats: totals of extents, as jemalloc counts them.
 *
 * stats.allocated counts regions by their class, and a large allocation by its usable size: up to
 * 5.3.0 that is its class, later what was asked for in whole pages. stats.active counts pages of
 * extents that are handed out; one without a size class is a cache's (HPA, san) and is none of
 * them. A small allocation that profiling gave an extent of its own counts as a large one of that
 * extent's pages; up to 5.3.0 these are four, and where they are fewer it is not counted at all.
 *
 * Sources, at each tag: src/arena.c (arena_stats_merge,
 * arena_large_malloc_stats_update), src/ctl.c (ctl_arena_stats_sdmerge). */
#include "internal.h"

static uint64_t size_of(const struct jh_layout *layout, const struct jh_extent *e) {
    return jh_extent_is_slab(e) ? layout->bin[e->szind].reg_size : e->usize;
}

static void add_sampled(const struct jh_layout *layout, struct jh_stats *stats,
                        const struct jh_extent *e) {
    uint64_t large = jh_index2size(layout, layout->sc_nbins);
    stats->sampled++;
    stats->sampled_bytes += e->size;
    stats->of[e->szind].sampled++;
    if (e->size >= large + layout->large_pad) {
        stats->sampled_large++;
        stats->allocated += large;
    }
}

static void add_allocated(const struct jh_layout *layout, struct jh_stats *stats,
                          const struct jh_extent *e) {
    struct jh_class_stats *c = &stats->of[e->szind];
    uint64_t count = 1;
    if (jh_extent_is_slab(e)) {
        count = layout->bin[e->szind].nregs - e->nfree;
        c->free += e->nfree;
        c->empty += count == 0;
    }
    if (!jh_extent_is_slab(e) && e->szind < layout->sc_nbins) {
        add_sampled(layout, stats, e);
    } else {
        c->slabs++;
        c->bytes += e->size;
        stats->allocated += count * size_of(layout, e);
    }
    c->allocated += count;
    c->usable += count * size_of(layout, e);
    stats->usable += count * size_of(layout, e);
    stats->active += e->size;
}

void jh_stats_add(const struct jh_layout *layout, struct jh_stats *stats,
                  const struct jh_extent *extent) {
    stats->extents++;
    stats->state_count[extent->state]++;
    stats->state_bytes[extent->state] += extent->size;
    if (extent->allocated) {
        add_allocated(layout, stats, extent);
    } else if (extent->state == JH_ACTIVE) {
        stats->unused += extent->size;
    }
}

void jh_stats_add_cached(const struct jh_layout *layout, struct jh_stats *stats,
                         const struct jh_extent *extent) {
    if (extent->allocated) { /* not one that a flush has given back meanwhile */
        stats->of[extent->szind].cached++;
        stats->cached += size_of(layout, extent);
    }
}

uint64_t jh_stats_spare_slabs(const struct jh_layout *layout, const struct jh_stats *stats,
                              uint32_t szind) {
    const struct jh_class_stats *c = &stats->of[szind];
    if (szind >= layout->sc_nbins || c->slabs == 0) {
        return 0;
    }
    uint64_t nregs = layout->bin[szind].nregs, held = c->slabs * nregs - c->free;
    return c->slabs - (held + nregs - 1) / nregs;
}
