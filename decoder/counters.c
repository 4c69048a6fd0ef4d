/* counters: what an arena counts of its extents, counted by who has seen all of them.
 *
 * Sources, at each tag: src/arena.c (nactive, lstats, bin stats), src/extent.c or src/eset.c
 * (npages, nextents, nbytes by sz_psz_quantize_floor). What profiling samples is counted as one of
 * the smallest large class up to 5.3.0 (arena_prof_promote); later its extent may be smaller, and
 * then only a bin counts that it came and went (large.c, arena.c). */
#include "internal.h"

static uint32_t count_of(const struct jh_counting *c, unsigned kind) {
    const struct jh_layout *l = c->layout;
    uint32_t by_class = JH_UNUSED_STATES * (c->page_classes + 1);
    switch (kind) {
    case JH_COUNT_PAGES:
        return JH_UNUSED_STATES;
    case JH_COUNT_EXTENTS:
    case JH_COUNT_BYTES:
        return by_class;
    case JH_COUNT_LARGE:
    case JH_COUNT_LARGE_BYTES:
        return (uint32_t)l->sc_nsizes - l->sc_nbins;
    case JH_COUNT_REGIONS:
    case JH_COUNT_SLABS:
    case JH_COUNT_NONFULL:
        return c->bin[l->sc_nbins];
    default:
        return 1;
    }
}

enum jh_status jh_counting_make(const struct jh_layout *layout, struct jh_counting *out,
                                struct jh_fault *fault) {
    struct jh_counting c = {.layout = layout};
    for (uint32_t i = 0; i < layout->sc_nsizes; i++) {
        uint64_t size = jh_index2size(layout, i);
        if (!jh_aligned(size, jh_page(layout))) {
            continue;
        }
        if (c.page_classes == JH_PAGE_CLASSES_MAX) {
            return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, 0, 0, "counters.page-classes");
        }
        c.page_class[c.page_classes++] = size;
    }
    for (uint32_t i = 0; i < layout->sc_nbins; i++) {
        uint32_t shards = layout->bin[i].n_shards;
        c.bin[i + 1] = c.bin[i] + (shards && shards <= UINT8_MAX ? shards : 1);
    }
    for (unsigned kind = 0; kind < JH_COUNTERS; kind++) {
        c.first[kind + 1] = c.first[kind] + count_of(&c, kind);
    }
    *out = c;
    return JH_OK;
}

/* The first class of at least so many bytes. */
static uint32_t class_above(const struct jh_counting *c, uint64_t size) {
    uint32_t low = 0, high = c->page_classes;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->page_class[middle] < size) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t jh_page_class(const struct jh_counting *counting, uint64_t size) {
    uint64_t pad = counting->layout->large_pad;
    uint32_t above = class_above(counting, size > pad ? size - pad + 1 : 0);
    return class_above(counting, above ? counting->page_class[above - 1] + pad : size);
}

uint32_t jh_unused_state(enum jh_state state) {
    switch (state) {
    case JH_DIRTY:
        return 0;
    case JH_MUZZY:
        return 1;
    case JH_RETAINED:
        return 2;
    case JH_PINNED:
        return 3;
    default:
        return JH_UNUSED_STATES;
    }
}

static void count_slab(const struct jh_counting *c, const struct jh_extent *e, uint64_t *value) {
    uint32_t shards = c->bin[e->szind + 1] - c->bin[e->szind];
    uint32_t bin = c->bin[e->szind] + (e->bin_shard < shards ? e->bin_shard : shards - 1);
    value[c->first[JH_COUNT_REGIONS] + bin] += c->layout->bin[e->szind].nregs - e->nfree;
    value[c->first[JH_COUNT_SLABS] + bin]++;
    value[c->first[JH_COUNT_NONFULL] + bin] += e->nfree != 0;
}

static void count_large(const struct jh_counting *c, const struct jh_extent *e, uint64_t *value) {
    const struct jh_layout *l = c->layout;
    bool sampled = e->szind < l->sc_nbins;
    uint32_t class = sampled ? 0 : e->szind - l->sc_nbins;
    value[c->first[JH_COUNT_SAMPLED]] += sampled;
    if (sampled && l->large_by_size && e->size < jh_index2size(l, l->sc_nbins) + l->large_pad) {
        return;
    }
    value[c->first[JH_COUNT_LARGE] + class]++;
    value[c->first[JH_COUNT_LARGE_BYTES] + class] += e->usize;
}

static void count_unused(const struct jh_counting *c, const struct jh_extent *e, uint64_t *value) {
    uint32_t state = jh_unused_state(e->state);
    uint32_t at = state * (c->page_classes + 1) + jh_page_class(c, e->size);
    if (state == JH_UNUSED_STATES) {
        return;
    }
    value[c->first[JH_COUNT_PAGES] + state] += e->size >> c->layout->build.lg_page;
    value[c->first[JH_COUNT_EXTENTS] + at]++;
    value[c->first[JH_COUNT_BYTES] + at] += e->size;
}

void jh_count(const struct jh_counting *counting, const struct jh_extent *extent, uint64_t *value) {
    if (!extent->allocated) {
        count_unused(counting, extent, value);
        return;
    }
    value[counting->first[JH_COUNT_ACTIVE]] += extent->size >> counting->layout->build.lg_page;
    if (jh_extent_is_slab(extent)) {
        count_slab(counting, extent, value);
    } else {
        count_large(counting, extent, value);
    }
}
