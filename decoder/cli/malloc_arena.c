/* malloc_arena.c - the numbers of an arena as mallctl derives them from its counters (ctl.c,
 * arena_stats_merge). */
#include <string.h>

#include "malloc_stats.h"
#include "open/inside.h"

struct plain {
    enum malloc_value value;
    enum jt_counter counter;
};

static const struct plain plain[] = {{MALLOC_NTHREADS, JT_NTHREADS},
                                     {MALLOC_DIRTY_DECAY, JT_DIRTY_DECAY_MS},
                                     {MALLOC_MUZZY_DECAY, JT_MUZZY_DECAY_MS},
                                     {MALLOC_PACTIVE, JT_NACTIVE},
                                     {MALLOC_PMUZZY, JT_NMUZZY},
                                     {MALLOC_DIRTY_NPURGE, JT_DIRTY_NPURGE},
                                     {MALLOC_DIRTY_NMADVISE, JT_DIRTY_NMADVISE},
                                     {MALLOC_DIRTY_PURGED, JT_DIRTY_PURGED},
                                     {MALLOC_MUZZY_NPURGE, JT_MUZZY_NPURGE},
                                     {MALLOC_MUZZY_NMADVISE, JT_MUZZY_NMADVISE},
                                     {MALLOC_MUZZY_PURGED, JT_MUZZY_PURGED},
                                     {MALLOC_BASE, JT_BASE_ALLOCATED},
                                     {MALLOC_INTERNAL, JT_INTERNAL},
                                     {MALLOC_METADATA_EDATA, JT_BASE_EDATA},
                                     {MALLOC_METADATA_RTREE, JT_BASE_RTREE},
                                     {MALLOC_METADATA_THP, JT_BASE_N_THP},
                                     {MALLOC_ABANDONED_VM, JT_ABANDONED_VM},
                                     {MALLOC_EXTENT_AVAIL, JT_EXTENT_AVAIL},
                                     {MALLOC_DSS, JT_DSS_PREC}};

static void set(struct malloc_arena *a, enum malloc_value value, bool known, uint64_t number) {
    a->known[value] = known;
    a->value[value] = known ? number : 0;
}

/* Since 5.3.1 the allocator of huge pages counts, too; before 5.3 muzzy pages are resident. */
static void derive(const struct cli *cli, struct malloc_arena *a) {
    const struct jt_numbers *n = &a->numbers;
    const struct jh_layout *l = &cli->target->layout;
    bool hpa = malloc_has(cli, JH_5_3_1, 0), muzzy = !malloc_has(cli, JH_5_3_0, 0);
    uint64_t dirty = n->value[JT_NDIRTY] + (hpa ? n->value[JT_HPA_NDIRTY] : 0);
    uint64_t pages = n->value[JT_NACTIVE] + dirty + (muzzy ? n->value[JT_NMUZZY] : 0);
    bool sets = jt_counter_known(n, JT_NACTIVE) && jt_counter_known(n, JT_NDIRTY) &&
                jt_counter_known(n, JT_NMUZZY) && (!hpa || jt_counter_known(n, JT_HPA_NDIRTY));
    set(a, MALLOC_PDIRTY, sets, dirty);
    set(a, MALLOC_RETAINED, jt_counter_known(n, JT_NRETAINED),
        n->value[JT_NRETAINED] << l->build.lg_page);
    set(a, MALLOC_PINNED, jt_counter_known(n, JT_NPINNED),
        n->value[JT_NPINNED] << l->build.lg_page);
    set(a, MALLOC_RESIDENT, sets && jt_counter_known(n, JT_BASE_RESIDENT),
        n->value[JT_BASE_RESIDENT] + (pages << l->build.lg_page));
    set(a, MALLOC_MAPPED, jt_counter_known(n, JT_MAPPED) && jt_counter_known(n, JT_BASE_MAPPED),
        n->value[JT_MAPPED] + n->value[JT_BASE_MAPPED]);
}

static void allocated(const struct cli *cli, struct malloc_arena *a) {
    const struct jt_numbers *n = &a->numbers;
    const struct jh_layout *l = &cli->target->layout;
    bool exact = jt_large_counter_known(n, JT_LARGE_ACTIVE_BYTES);
    uint64_t small = 0, large = 0;
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        small += n->bin[i][JT_BIN_CURREGS] * jh_index2size(l, i);
    }
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        const uint64_t *c = n->large[i];
        large += exact ? c[JT_LARGE_ACTIVE_BYTES]
                       : (c[JT_LARGE_NMALLOC] - c[JT_LARGE_NDALLOC]) * jh_index2size(l, i);
    }
    set(a, MALLOC_SMALL_ALLOCATED, n->bins_known, small);
    set(a, MALLOC_LARGE_ALLOCATED, n->large_known, large);
}

/* ---- all --------------------------------------------------------------------------------------
 */

void malloc_arena_read(struct cli *cli, const struct jt_arena *arena, uint64_t tcache_bytes,
                       struct malloc_arena *out) {
    memset(out, 0, sizeof(*out));
    out->ind = arena->known.ind;
    jt_numbers(cli->target, arena, &out->numbers);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        set(out, plain[i].value, jt_counter_known(&out->numbers, plain[i].counter),
            out->numbers.value[plain[i].counter]);
    }
    derive(cli, out);
    allocated(cli, out);
    set(out, MALLOC_TCACHE_BYTES, jt_caches(cli->target)->why == JT_CACHES_COMPLETE, tcache_bytes);
    set(out, MALLOC_SMALL, true, 0);
    set(out, MALLOC_LARGE, true, 0);
    set(out, MALLOC_NAME, true, arena->at);
    out->extents_known = jt_unused_numbers(cli->target, arena, &out->extents);
    malloc_mutex_arena(cli, arena, out->mutex);
    for (uint32_t i = 0; i < cli->target->layout.sc_nbins; i++) {
        malloc_mutex_bin(cli, arena, i, &out->bin_mutex[i]);
    }
}

void malloc_arena_add(struct malloc_arena *sum, const struct malloc_arena *one) {
    for (size_t i = 0; i < MALLOC_VALUES; i++) {
        sum->known[i] &= one->known[i];
        sum->value[i] += one->value[i];
    }
    struct jt_numbers *n = &sum->numbers;
    n->bins_known &= one->numbers.bins_known;
    n->large_known &= one->numbers.large_known;
    n->bin_known = one->numbers.bin_known;
    n->large_values_known = one->numbers.large_values_known;
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        for (size_t k = 0; k < JT_BIN_COUNTERS; k++) {
            n->bin[i][k] += one->numbers.bin[i][k];
        }
    }
    for (size_t i = 0; i < JH_CACHE_BINS_MAX; i++) {
        for (size_t k = 0; k < JT_LARGE_COUNTERS; k++) {
            n->large[i][k] += one->numbers.large[i][k];
        }
    }
    for (size_t i = 0; i < (size_t)JH_UNUSED_STATES * JT_UNUSED_COUNTERS; i++) {
        size_t state = i / JT_UNUSED_COUNTERS, k = i % JT_UNUSED_COUNTERS;
        for (size_t class = 0; class < JH_PAGE_CLASSES_MAX; class ++) {
            sum->extents.value[state][k][class] += one->extents.value[state][k][class];
        }
    }
    sum->extents_known &= one->extents_known;
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        malloc_mutex_add(&sum->mutex[i], &one->mutex[i]);
    }
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        malloc_mutex_add(&sum->bin_mutex[i], &one->bin_mutex[i]);
    }
}
