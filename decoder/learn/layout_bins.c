/* layout_bins.c - takes the numbers of bins from slabs, when jemalloc's own table cannot be read.
 *
 * Since 5.2.0 MALLOC_CONF changes bins at run time (slab_sizes, bin_shards), and without symbols
 * the address of jemalloc's table is not known: bin_table.c looks for it. A slab tells its size and
 * its size class; from these follows the number of its regions, which its bitmap confirms. That a
 * bin has no more shards than slabs have shown is true of no heap for sure. */
#include <string.h>

#include "learn/sample_heap.h"

/* Votes of the slabs of a bin on their size (Boyer-Moore majority vote). */
struct votes {
    uint64_t slab_size;       /* the leading size */
    uint32_t lead;            /* votes by which it leads */
    uint32_t agree, disagree; /* slabs whose size and bitmap are in accord with it, and others */
    uint32_t shards;          /* highest shard of these slabs + 1 */
};

/* Do the leaf element and the extent agree that this is a slab? Its size is not checked. */
static bool is_slab(const struct jh_heap *heap, const struct jt_sample *sample,
                    struct jh_extent *e) {
    const struct jh_layout *layout = heap->layout;
    return sample->fault.rule == NULL && sample->leaf.slab &&
           sample->leaf.szind < layout->sc_nbins &&
           jh_extent_read(heap, sample->leaf.extent, e, NULL) == JH_OK && jh_extent_is_slab(e) &&
           e->szind == sample->leaf.szind && e->size != 0 &&
           e->addr == jt_page_address(layout, sample->page);
}

/* Is the slab's bitmap in accord with the number of regions that follows from its size? They must
 * fit the bitmap, and as many bits be set as nfree says. */
static bool bits_agree(const struct jh_heap *heap, const struct jh_extent *e,
                       struct jh_layout *layout) {
    struct jh_bin *bin = &layout->bin[e->szind], was = *bin;
    struct jh_heap with = *heap;
    struct jh_slab slab;
    with.layout = layout;
    bin->slab_size = e->size;
    bin->nregs = (uint32_t)(e->size / bin->reg_size);
    bool agree = e->size / bin->reg_size <= 8 * JH_BITMAP_MAX &&
                 jh_layout_check(layout, NULL) == JH_OK &&
                 jh_slab_read(&with, e, &slab, NULL) == JH_OK && slab.nfree == e->nfree;
    *bin = was;
    return agree;
}

static void vote(struct votes *v, uint64_t slab_size) {
    if (v->lead == 0) {
        v->slab_size = slab_size;
    }
    v->lead += v->slab_size == slab_size ? 1 : (uint32_t)-1;
}

static void count_slab(const struct jh_heap *heap, const struct jh_extent *e,
                       struct jh_layout *layout, struct votes *v) {
    if (e->size != v->slab_size || !bits_agree(heap, e, layout)) {
        v->disagree++;
        return;
    }
    v->agree++;
    v->shards = e->bin_shard >= v->shards ? e->bin_shard + 1 : v->shards;
}

/* The size of this bin's slabs when MALLOC_CONF sets slab_size: at least one region, at most as
 * many as the bitmap has bits (sc_data_update_sc_slab_size in src/sc.c). */
static uint64_t clamp(const struct jh_layout *layout, uint32_t index, uint64_t slab_size) {
    uint64_t reg = layout->bin[index].reg_size, page = (uint64_t)1 << layout->build.lg_page;
    uint64_t least = (reg + page - 1) / page * page, most = reg << layout->sc_lg_slab_maxregs;
    return slab_size < least ? least : slab_size > most ? most : slab_size;
}

/* Is the new size of this bin certain? One slab may be damaged. Certain are two slabs that agree,
 * or three bins whose slabs have the same size, other than in the stock build: MALLOC_CONF changes
 * many bins at once. */
static bool is_sure(const struct jh_layout *layout, const struct votes *v, uint32_t index) {
    uint32_t as_large = 0;
    for (uint32_t i = 0; i < layout->sc_nbins; i++) {
        bool other = v[i].agree != 0 && v[i].slab_size != layout->bin[i].slab_size;
        as_large += other && clamp(layout, index, v[i].slab_size) == v[index].slab_size;
    }
    return v[index].agree > v[index].disagree && (v[index].agree > 1 || as_large > 2);
}

static size_t take_votes(struct jh_layout *layout, const struct votes *v) {
    const struct jh_layout was = *layout;
    size_t changed = 0;
    for (uint32_t i = 0; i < layout->sc_nbins; i++) {
        struct jh_bin *bin = &layout->bin[i];
        bool other = v[i].slab_size != bin->slab_size || v[i].shards > bin->n_shards;
        if (other && is_sure(&was, v, i)) {
            bin->slab_size = v[i].slab_size;
            bin->nregs = (uint32_t)(v[i].slab_size / bin->reg_size);
            bin->n_shards = v[i].shards > bin->n_shards ? v[i].shards : bin->n_shards;
            changed++;
        }
    }
    return changed;
}

size_t jt_bins_from_slabs(struct jt_target *target, uint64_t root, enum jt_effort effort,
                          struct jh_layout *layout) {
    const struct jh_layout was = *layout;
    const struct jh_reader reader = jt_fit_reader(target);
    const struct jh_heap heap = {
        .reader = reader, .layout = &was, .rtree_root = root, .limits = {.max_nodes = 0}};
    struct votes v[JH_BINS_MAX];
    struct jh_extent e;
    const struct jt_samples *all = jh_family(was.build.version)->slab_sizes
                                       ? jt_samples_take(target, &reader, &was, root, effort)
                                       : NULL;
    memset(v, 0, sizeof v);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; all != NULL && i < all->count; i++) {
            if (!is_slab(&heap, &all->sample[i], &e)) {
                continue;
            }
            if (pass == 0) {
                vote(&v[e.szind], e.size);
            } else {
                count_slab(&heap, &e, layout, &v[e.szind]);
            }
        }
    }
    return take_votes(layout, v);
}

void jt_bins_try(struct jt_target *target, uint64_t root, enum jt_effort effort,
                 struct jh_layout *layout, struct jt_fit *fit) {
    struct jh_layout own = *layout;
    struct jt_fit with;
    if (fit->unsound + fit->unlikely == 0) {
        return;
    }
    size_t changed = jt_bins_from_slabs(target, root, effort, &own);
    if (changed == 0) {
        return;
    }
    jt_layout_fit(target, &own, root, effort, &with);
    with.bins = changed;
    *fit = with;
    *layout = own;
}

void jt_shards_forget(struct jh_layout *layout) {
    for (uint32_t i = 0; i < layout->sc_nbins && jh_family(layout->build.version)->bin_shards;
         i++) {
        layout->bin[i].n_shards = 0;
    }
}

/* The table is used if the heap does not contradict it more than the stock build's numbers. */
static bool take_table(struct jt_target *target, const struct jt_evidence *evidence, uint64_t root,
                       const struct jt_fit *stock) {
    struct jh_layout own = target->layout;
    struct jt_fit fit;
    if (!jh_family(own.build.version)->bin_shards ||
        !jt_bins_find(target, &evidence->dwarf, root, &own)) {
        return false;
    }
    jt_layout_fit(target, &own, root, JT_FIT_LOOK, &fit);
    if (fit.unsound + fit.unlikely > stock->unsound + stock->unlikely) {
        return false;
    }
    target->layout = own;
    target->source[JT_PART_BINS] = JT_INFERRED;
    return true;
}

static void infer_from_slabs(struct jt_target *target, uint64_t root) {
    struct jt_fit fit;
    jt_layout_fit(target, &target->layout, root, JT_FIT_SEARCH, &fit);
    jt_bins_try(target, root, JT_FIT_SEARCH, &target->layout, &fit);
    if (fit.bins != 0) {
        target->source[JT_PART_BINS] = JT_INFERRED;
    }
}

void jt_bins_infer(struct jt_target *target, const struct jt_evidence *evidence) {
    uint64_t root = jt_root_of(evidence, &target->layout);
    struct jt_fit fit;
    jt_layout_fit(target, &target->layout, root, JT_FIT_LOOK, &fit);
    if (take_table(target, evidence, root, &fit)) {
        return;
    }
    if (fit.unsound + fit.unlikely != 0) {
        infer_from_slabs(target, root);
    }
    jt_shards_forget(&target->layout);
}
