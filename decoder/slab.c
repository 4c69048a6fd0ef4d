/* slab: bitmap to regions (bitmap.h; a set bit is a free region, level 0 comes first in both the
 * flat and the tree form). */
#include "internal.h"

#include <string.h>

#define AT_ONCE 16 /* slabs, of 1 KiB of bitmap each at most */

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

static size_t bitmap_bytes(const struct jh_layout *layout, const struct jh_bin *bin) {
    return jh_group_offset(layout, bin->nregs - 1) + layout->build.pointer_size;
}

/* The bitmap is in it. */
static void finish_slab(const struct jh_layout *layout, const struct jh_extent *extent,
                        struct jh_slab *out) {
    const struct jh_bin *bin = &layout->bin[extent->szind];
    out->base = extent->base;
    out->reg_size = bin->reg_size;
    out->nregs = bin->nregs;
    out->nfree = count_free(layout, out);
}

static bool has_regions(const struct jh_layout *layout, const struct jh_extent *extent) {
    return jh_extent_is_slab(extent) && extent->szind < layout->sc_nbins;
}

enum jh_status jh_slab_read(const struct jh_heap *heap, const struct jh_extent *extent,
                            struct jh_slab *out, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    if (!has_regions(layout, extent)) {
        return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_SLAB, extent->at, extent->szind,
                       "slab.not-a-slab");
    }
    size_t bytes = bitmap_bytes(layout, &layout->bin[extent->szind]);
    const uint8_t *at;
    uint8_t buf[JH_BITMAP_MAX];
    enum jh_status status =
        jh_fetch(&heap->reader, extent->at + layout->bitmap_offset, bytes, buf, &at, fault);
    if (status != JH_OK) {
        return status;
    }
    memcpy(out->bitmap, at, bytes);
    finish_slab(layout, extent, out);
    return JH_OK;
}

/* Uniform reads, of the longest bitmap among them; what is not there then may be so for that. */
static void read_some(const struct jh_heap *heap, const struct jh_extent *extent, size_t count,
                      struct jh_slab *out, enum jh_status *status) {
    const struct jh_layout *layout = heap->layout;
    uint8_t buf[AT_ONCE * JH_BITMAP_MAX];
    const uint8_t *bytes[AT_ONCE];
    uint64_t at[AT_ONCE] = {0}; /* count is not 0, which compilers do not always see */
    size_t len[AT_ONCE], longest = 1;
    for (size_t i = 0; i < count; i++) {
        bool slab = has_regions(layout, &extent[i]);
        len[i] = slab ? bitmap_bytes(layout, &layout->bin[extent[i].szind]) : 0;
        at[i] = slab ? extent[i].at + layout->bitmap_offset : 0;
        longest = len[i] > longest ? len[i] : longest;
    }
    jh_fetch_many(&heap->reader, at, count, longest, buf, bytes);
    for (size_t i = 0; i < count; i++) {
        if (bytes[i]) {
            memcpy(out[i].bitmap, bytes[i], len[i]);
            finish_slab(layout, &extent[i], &out[i]);
            status[i] = JH_OK;
        } else {
            status[i] = jh_slab_read(heap, &extent[i], &out[i], NULL);
        }
    }
}

void jh_slab_read_many(const struct jh_heap *heap, const struct jh_extent *extent, size_t count,
                       struct jh_slab *out, enum jh_status *status) {
    for (size_t done = 0; done < count; done += AT_ONCE) {
        size_t part = count - done < AT_ONCE ? count - done : AT_ONCE;
        read_some(heap, extent + done, part, out + done, status + done);
    }
}

enum jh_status jh_slab_check(const struct jh_layout *layout, const struct jh_extent *extent,
                             const struct jh_slab *slab, struct jh_fault *fault) {
    if (slab->nfree != extent->nfree) {
        return jh_fail_of(fault, JH_STAGE_SLAB, extent->at, slab->nfree, extent->nfree,
                          "slab.nfree");
    }
    unsigned word = layout->build.pointer_size, used = slab->nregs % (8 * word);
    uint64_t last = jh_load(layout, slab->bitmap + jh_group_offset(layout, slab->nregs - 1), word);
    uint64_t behind = used ? last & ~jh_low_mask(used) : 0;
    return behind ? jh_fail_of(fault, JH_STAGE_SLAB, extent->at, behind, 0, "slab.unused-bits")
                  : JH_OK;
}

uint32_t jh_slab_region(const struct jh_layout *layout, const struct jh_extent *extent,
                        uint64_t addr) {
    const struct jh_bin *bin = &layout->bin[extent->szind];
    if (addr < extent->base || addr - extent->base >= bin->nregs * bin->reg_size) {
        return bin->nregs;
    }
    return (uint32_t)((addr - extent->base) / bin->reg_size);
}
