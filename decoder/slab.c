/* slab: bitmap to regions (bitmap.h; a set bit is a free region, level 0 comes first in both the
 * flat and the tree form). */
#include "internal.h"

#include <string.h>

static unsigned group_bits(const struct jh_layout *layout) {
    return 8U * layout->build.pointer_size;
}

bool jh_slab_free(const struct jh_layout *layout, const struct jh_slab *slab, uint32_t index) {
    unsigned bits = group_bits(layout);
    uint64_t group =
        jh_load(layout, slab->bitmap + index / bits * (bits / 8), layout->build.pointer_size);
    return group >> (index % bits) & 1;
}

enum jh_status jh_slab_read(const struct jh_heap *heap, const struct jh_extent *extent,
                            struct jh_slab *out, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    if (!jh_extent_is_slab(extent) || extent->szind >= layout->sc_nbins) {
        return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_SLAB, extent->at, extent->szind,
                       "slab.not-a-slab");
    }
    const struct jh_bin *bin = &layout->bin[extent->szind];
    unsigned bits = group_bits(layout);
    size_t bytes = (bin->nregs + bits - 1) / bits * (bits / 8);
    const uint8_t *at;
    uint8_t buf[JH_BITMAP_MAX];
    enum jh_status status =
        jh_fetch(&heap->reader, extent->at + layout->bitmap_offset, bytes, buf, &at, fault);
    if (status != JH_OK) {
        return status;
    }
    memcpy(out->bitmap, at, bytes);
    out->base = extent->base;
    out->reg_size = bin->reg_size;
    out->nregs = bin->nregs;
    out->nfree = 0;
    for (uint32_t i = 0; i < bin->nregs; i++) {
        out->nfree += jh_slab_free(layout, out, i);
    }
    return JH_OK;
}

uint32_t jh_slab_region(const struct jh_layout *layout, const struct jh_extent *extent,
                        uint64_t addr) {
    const struct jh_bin *bin = &layout->bin[extent->szind];
    if (addr < extent->base || addr - extent->base >= bin->nregs * bin->reg_size) {
        return bin->nregs;
    }
    return (uint32_t)((addr - extent->base) / bin->reg_size);
}
