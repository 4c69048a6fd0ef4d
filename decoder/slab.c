/* slab: bitmap to regions (bitmap.h; a set bit is a free region, level 0 comes first in both the
 * flat and the tree form). */
#include "internal.h"

#include <string.h>

bool jh_slab_free(const struct jh_layout *layout, const struct jh_slab *slab, uint32_t index) {
    return jh_group_free(layout, slab->bitmap + jh_group_offset(layout, index), index);
}

static uint32_t bits_set(uint64_t word) {
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* Word by word: bits behind the last region's are not counted. */
static uint32_t count_free(const struct jh_layout *layout, const struct jh_slab *slab) {
    uint32_t free = 0, word = layout->build.pointer_size;
    for (uint32_t i = 0; i < slab->nregs; i += 8 * word) {
        uint32_t left = slab->nregs - i < 8 * word ? slab->nregs - i : 8 * word;
        const uint8_t *at = slab->bitmap + jh_group_offset(layout, i);
        free += bits_set(jh_load(layout, at, word) & jh_low_mask(left));
    }
    return free;
}

enum jh_status jh_slab_read(const struct jh_heap *heap, const struct jh_extent *extent,
                            struct jh_slab *out, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    if (!jh_extent_is_slab(extent) || extent->szind >= layout->sc_nbins) {
        return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_SLAB, extent->at, extent->szind,
                       "slab.not-a-slab");
    }
    const struct jh_bin *bin = &layout->bin[extent->szind];
    size_t bytes = jh_group_offset(layout, bin->nregs - 1) + layout->build.pointer_size;
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
    out->nfree = count_free(layout, out);
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
