/* layout_fit.c - tries a layout on a few hundred extents of the heap, and counts how many are
 * sound.
 */
#include <string.h>

#include "learn/sample_heap.h"

#define PASSED_MAX 4096 /* elements that a lookup may step over when jemalloc left some behind */

static void count_likely(struct jt_fit *fit, bool likely) {
    fit->likely += likely;
    fit->unlikely += !likely;
}

/* Checks that unused extents have no size class, and that a slab's shard is one of its bin's. */
static void fit_kind(const struct jh_layout *layout, const struct jh_extent *e,
                     struct jt_fit *fit) {
    if (e->state == JH_DIRTY || e->state == JH_MUZZY || e->state == JH_RETAINED) {
        count_likely(fit, e->szind == layout->sc_nsizes);
    }
    if (jh_extent_is_slab(e)) {
        uint32_t shards = layout->bin[e->szind].n_shards;
        count_likely(fit, shards == 0 || e->bin_shard < shards);
    }
}

/* Checks that the size of a large extent belongs to its size class. */
static void fit_size(const struct jh_layout *layout, const struct jh_extent *e,
                     struct jt_fit *fit) {
    if (!e->allocated || e->slab || e->szind < layout->sc_nbins) {
        return;
    }
    uint64_t most = jh_index2size(layout, e->szind);
    uint64_t least = layout->large_by_size ? jh_index2size(layout, e->szind - 1) + 1 : most;
    uint64_t size = e->size - layout->large_pad; /* whole pages; the pad is one page at most */
    count_likely(fit, size >= least && size <= most);
}

/* Reads only what is mapped according to /proc/PID/maps. A wrong layout leads to many unmapped
 * addresses; this saves a system call for each. */
static enum jh_status read_mapped(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jt_target *target = arg;
    *got = 0;
    return jt_mapped(target, addr)
               ? target->heap.reader.read(target->heap.reader.arg, addr, dst, len, got)
               : JH_ABSENT;
}

static uint64_t next_mapped(void *arg, uint64_t addr) {
    const struct jt_target *target = arg;
    return target->heap.reader.next(target->heap.reader.arg, addr);
}

struct jh_reader jt_fit_reader(struct jt_target *target) {
    struct jh_reader reader = target->heap.reader;
    if (target->kind == JT_PROCESS) {
        reader = (struct jh_reader){.read = read_mapped, .arg = target, .next = next_mapped};
    }
    reader.mapped = NULL; /* a pointer to unmapped memory counts as absent, not as corrupt */
    return reader;
}

static void mix(uint64_t *digest, uint64_t value) {
    *digest = (*digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *digest ^= *digest >> 29;
}

static void fit_digest(const struct jh_layout *layout, const struct jh_extent *e,
                       struct jt_fit *fit) {
    const uint64_t said[] = {e->at,        e->addr,    e->size,  e->usize,
                             e->arena_ind, e->szind,   e->nfree, (uint64_t)e->state,
                             e->sn,        e->is_head, e->slab,  e->allocated};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        mix(&fit->digest, said[i]);
    }
    if (jh_extent_is_slab(e)) {
        mix(&fit->digest, layout->bin[e->szind].reg_size);
    }
}

/* The bits above LG_VADDR repeat the highest bit below them, except on aarch64. */
uint64_t jt_page_address(const struct jh_layout *layout, uint64_t page) {
    unsigned rest = 64U - layout->build.lg_vaddr;
    uint64_t low = page << rest >> rest;
    bool ones = !layout->build.aarch64 && low >> (63U - rest) != 0;
    uint64_t high = rest == 0 || !ones ? 0 : UINT64_MAX << layout->build.lg_vaddr;
    return (low | high) & UINT64_MAX >> (64U - layout->sc_ptr_bits);
}

/* Adds a subtree to fit->against; sound and unsound are the counts before it. */
static void end_subtree(struct jt_fit *fit, uint64_t sound, uint64_t unsound) {
    uint64_t bad = fit->unsound - unsound;
    fit->against += fit->sound == sound && bad != 0 ? 1 : bad;
}

static void take_sound(const struct jh_layout *layout, const struct jh_extent *e,
                       struct jt_fit *fit) {
    fit->sound++;
    fit_kind(layout, e, fit);
    fit_size(layout, e, fit);
    fit_digest(layout, e, fit);
    fit->serials |= e->sn;
}

static void take_fault(const struct jh_fault *fault, struct jt_fit *fit) {
    bool absent = fault->status == JH_ABSENT; /* any other failure counts as unsound */
    if (fit->unsound == 0 && (!absent || fit->absent == 0)) {
        fit->fault = *fault;
    }
    fit->unsound += !absent;
    fit->absent += absent;
}

/* Decodes the extent of a sampled leaf element. JH_END: the element tells nothing, because it is
 * not that of the extent's first page, or jemalloc left it behind. */
static enum jh_status try_sample(const struct jh_heap *heap, const struct jt_sample *sample,
                                 struct jh_extent *e, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    uint64_t page = jt_page_address(layout, sample->page);
    if (sample->fault.rule != NULL) {
        *fault = sample->fault;
        return fault->status;
    }
    enum jh_status status = jh_lookup(heap, page, e, fault);
    if (status == JH_LIMIT || (status == JH_OK && (e->at == 0 || e->base != page))) {
        return JH_END;
    }
    return status == JH_OK ? jh_leaf_check(layout, &sample->leaf, e, fault) : status;
}

void jt_layout_fit(struct jt_target *target, const struct jh_layout *layout, uint64_t root,
                   enum jt_effort effort, struct jt_fit *out) {
    const struct jh_reader reader = jt_fit_reader(target);
    const struct jh_heap heap = {.reader = reader,
                                 .layout = layout,
                                 .rtree_root = root,
                                 .limits = {.max_passed = PASSED_MAX}};
    const struct jt_samples *all = jt_samples_take(target, &reader, layout, root, effort);
    uint64_t sound = 0, unsound = 0; /* before the current subtree */
    memset(out, 0, sizeof *out);
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct jt_sample *sample = &all->sample[i];
        struct jh_extent extent = {.at = 0};
        struct jh_fault fault;
        if (i != 0 && sample->subtree != sample[-1].subtree) {
            end_subtree(out, sound, unsound);
            sound = out->sound;
            unsound = out->unsound;
        }
        enum jh_status status = try_sample(&heap, sample, &extent, &fault);
        if (status == JH_OK) {
            take_sound(layout, &extent, out);
        } else if (status != JH_END) {
            take_fault(&fault, out);
        }
    }
    end_subtree(out, sound, unsound);
    out->elements = all->elements;
}

bool jt_fits(const struct jt_fit *fit) {
    return fit->sound != 0 && fit->sound >= fit->against;
}
