/* extent: extent_t / edata_t. Field accessors follow extent_inlines.h (5.0 to 5.2) and edata.h
 * (5.3 and later); the usable size edata_usize_get (5.3.1) and index2size before it. */
#include "internal.h"

bool jh_extent_is_slab(const struct jh_extent *extent) {
    return extent->allocated && extent->slab;
}

uint64_t jh_usize(const struct jh_layout *layout, uint32_t szind, uint64_t size) {
    if (layout->large_by_size && szind >= layout->sc_nbins) {
        return size > layout->large_pad ? size - layout->large_pad : 0;
    }
    return jh_index2size(layout, szind);
}

void jh_extent_decode(const struct jh_layout *layout, uint64_t at, const uint8_t *bytes,
                      struct jh_extent *out) {
    const struct jh_field *f = layout->extent;
    uint64_t bits = jh_field_get(layout, bytes, f[JH_EXTENT_BITS]);
    out->at = at;
    out->bits = bits;
    out->arena_ind = (uint32_t)jh_field_of(bits, f[JH_EXTENT_ARENA]);
    out->slab = jh_field_of(bits, f[JH_EXTENT_SLAB]) != 0;
    out->committed = jh_field_of(bits, f[JH_EXTENT_COMMITTED]) != 0;
    out->dumpable = jh_field_of(bits, f[JH_EXTENT_DUMPABLE]) != 0;
    out->pai = jh_field_of(bits, f[JH_EXTENT_PAI]) != 0;
    out->zeroed = jh_field_of(bits, f[JH_EXTENT_ZEROED]) != 0;
    out->guarded = jh_field_of(bits, f[JH_EXTENT_GUARDED]) != 0;
    out->is_head = jh_field_of(bits, f[JH_EXTENT_IS_HEAD]) != 0;
    out->pinned = jh_field_of(bits, f[JH_EXTENT_PINNED]) != 0;
    out->state_bits = (uint32_t)jh_field_of(bits, f[JH_EXTENT_STATE]);
    out->szind = (uint32_t)jh_field_of(bits, f[JH_EXTENT_SZIND]);
    out->nfree = (uint32_t)jh_field_of(bits, f[JH_EXTENT_NFREE]);
    out->bin_shard = (uint32_t)jh_field_of(bits, f[JH_EXTENT_BIN_SHARD]);
    out->state =
        out->state_bits < layout->states ? layout->state[out->state_bits] : JH_STATE_UNKNOWN;
    out->sn = jh_field_get(layout, bytes, f[JH_EXTENT_SN]);
    out->ps = jh_field_get(layout, bytes, f[JH_EXTENT_PS]);
    out->addr = jh_field_get(layout, bytes, f[JH_EXTENT_ADDR]);
    out->base = jh_addr2base(out->addr, jh_page(layout));
    out->bsize = jh_field_get(layout, bytes, f[JH_EXTENT_BSIZE]);
    out->size = jh_field_of(out->bsize, f[JH_EXTENT_SIZE]) << layout->build.lg_page;
    out->esn = (uint32_t)jh_field_of(out->bsize, f[JH_EXTENT_ESN]);
    out->allocated = out->state == JH_ACTIVE && out->szind < layout->sc_nsizes;
    out->usize = out->allocated ? jh_usize(layout, out->szind, out->size) : 0;
}

static enum jh_status corrupt(struct jh_fault *fault, const struct jh_extent *e, uint64_t seen,
                              const char *rule) {
    return jh_fail(fault, JH_CORRUPT, JH_STAGE_EXTENT, e->at, seen, rule);
}

static enum jh_status not_as(struct jh_fault *fault, const struct jh_extent *e, uint64_t seen,
                             uint64_t expected, const char *rule) {
    return jh_fail_of(fault, JH_STAGE_EXTENT, e->at, seen, expected, rule);
}

static enum jh_status check_slab(const struct jh_layout *layout, const struct jh_extent *e,
                                 struct jh_fault *fault) {
    if (e->szind >= layout->sc_nbins) {
        return corrupt(fault, e, e->szind, "extent.slab-szind");
    }
    if (e->size != layout->bin[e->szind].slab_size) {
        return not_as(fault, e, e->size, layout->bin[e->szind].slab_size, "extent.slab-size");
    }
    if (e->addr != e->base) {
        return not_as(fault, e, e->addr, e->base, "extent.slab-addr");
    }
    return e->nfree > layout->bin[e->szind].nregs ? corrupt(fault, e, e->nfree, "extent.nfree")
                                                  : JH_OK;
}

/* A large allocation has the size of its class, or from 5.3.1 on whole pages of which it is the
 * smallest class that holds them; a page of padding may be added (large_palloc, sz_large_pad). A
 * small one that profiling sampled keeps its class and has an extent as for the smallest large one,
 * or less (arena_prof_promote). */
static bool is_large_size(const struct jh_layout *layout, const struct jh_extent *e) {
    bool promoted = e->szind < layout->sc_nbins;
    uint64_t most = jh_index2size(layout, promoted ? layout->sc_nbins : e->szind);
    uint64_t below = promoted                ? 0
                     : layout->large_by_size ? jh_index2size(layout, e->szind - 1)
                                             : most - 1;
    return e->size > below && e->size <= most + jh_page(layout);
}

/* Where it begins in the padding is a multiple of the cache line (extent_addr_randomize). */
static enum jh_status check_large(const struct jh_layout *layout, const struct jh_extent *e,
                                  struct jh_fault *fault) {
    enum { CACHELINE = 64 };
    if (!is_large_size(layout, e)) {
        return corrupt(fault, e, e->size, "extent.large-size");
    }
    return jh_aligned(e->addr, CACHELINE) ? JH_OK : corrupt(fault, e, e->addr, "extent.large-addr");
}

/* The size class is taken away before it is given back, and what was shifted begins at its page
 * again (extent_record; pa_dalloc). */
static enum jh_status check_unused(const struct jh_layout *layout, const struct jh_extent *e,
                                   struct jh_fault *fault) {
    if (e->szind != layout->sc_nsizes) {
        return not_as(fault, e, e->szind, layout->sc_nsizes, "extent.unused-szind");
    }
    if (e->addr != e->base) {
        return not_as(fault, e, e->addr, e->base, "extent.unused-addr");
    }
    return JH_OK;
}

/* Bits of e_bits behind its last field, where sn does not have all that is left. */
static uint64_t unused_bits(const struct jh_layout *layout, const struct jh_extent *e) {
    const struct jh_field *f = layout->extent;
    struct jh_field last = f[f[JH_EXTENT_PINNED].width ? JH_EXTENT_PINNED : JH_EXTENT_IS_HEAD];
    bool sn_apart = f[JH_EXTENT_SN].offset != f[JH_EXTENT_BITS].offset;
    return sn_apart ? e->bits & ~jh_low_mask(last.shift + (unsigned)last.width) : 0;
}

enum jh_status jh_extent_check(const struct jh_layout *layout, const struct jh_extent *e,
                               struct jh_fault *fault) {
    if (!jh_aligned(e->at, layout->extent_align)) {
        return corrupt(fault, e, e->at, "extent.alignment");
    }
    if (!e->addr) {
        return corrupt(fault, e, e->addr, "extent.addr");
    }
    if (!e->size || e->size > jh_low_mask(layout->build.lg_vaddr) ||
        ((e->base + (e->size - 1)) & jh_low_mask(layout->sc_ptr_bits)) < e->base) {
        return corrupt(fault, e, e->size, "extent.size");
    }
    if (e->state == JH_STATE_UNKNOWN || e->state == JH_TRANSITION) { /* that is never stored */
        return corrupt(fault, e, e->state_bits, "extent.state");
    }
    if (e->szind > layout->sc_nsizes) {
        return corrupt(fault, e, e->szind, "extent.szind");
    }
    if (unused_bits(layout, e)) {
        return not_as(fault, e, unused_bits(layout, e), 0, "extent.unused-bits");
    }
    if (!e->allocated) {
        return check_unused(layout, e, fault);
    }
    if (e->usize > e->size - (e->addr - e->base)) {
        return corrupt(fault, e, e->usize, "extent.usize");
    }
    return e->slab ? check_slab(layout, e, fault) : check_large(layout, e, fault);
}

/* NULL: nothing is known of the structure at that address. */
static const char *verdict_on(const struct jh_heap *heap, uint64_t at) {
    size_t low = 0, high = heap->verdicts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heap->verdict[middle].at == at) {
            return heap->verdict[middle].rule;
        }
        if (heap->verdict[middle].at < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

enum jh_status jh_extent_read(const struct jh_heap *heap, uint64_t at, struct jh_extent *out,
                              struct jh_fault *fault) {
    uint8_t buf[JH_EXTENT_HEAD_MAX];
    const uint8_t *bytes;
    if (!jh_aligned(at, heap->layout->extent_align)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_EXTENT, at, at, "extent.alignment");
    }
    enum jh_status status =
        jh_fetch(&heap->reader, at, heap->layout->extent_head, buf, &bytes, fault);
    if (status == JH_OK) {
        jh_extent_decode(heap->layout, at, bytes, out);
    }
    const char *rule = status == JH_ABSENT ? verdict_on(heap, at) : NULL;
    return rule ? jh_fail(fault, JH_CORRUPT, JH_STAGE_EXTENT, at, 0, rule) : status;
}
