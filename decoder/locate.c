/* locate: what is at this address? */
#include "internal.h"

const char *jh_use_name(enum jh_use use) {
    static const char *const name[] = {"held",     "free",   "unallocated", "dirty",  "muzzy",
                                       "retained", "pinned", "transition",  "merging"};
    return (unsigned)use < sizeof(name) / sizeof(name[0]) ? name[use] : "?";
}

const char *jh_why_name(enum jh_why why) {
    static const char *const name[] = {"owned",
                                       "null",
                                       "non-canonical",
                                       "no leaf",
                                       "before the allocation",
                                       "beyond the usable size"};
    return (unsigned)why < sizeof(name) / sizeof(name[0]) ? name[why] : "?";
}

enum jh_use jh_use_of(enum jh_state state) {
    switch (state) {
    case JH_DIRTY:
        return JH_USE_DIRTY;
    case JH_MUZZY:
        return JH_USE_MUZZY;
    case JH_RETAINED:
        return JH_USE_RETAINED;
    case JH_PINNED:
        return JH_USE_PINNED;
    case JH_MERGING:
        return JH_USE_MERGING;
    default:
        return JH_USE_UNALLOCATED;
    }
}

static void not_owned(struct jh_location *l, enum jh_why why) {
    l->owned = false;
    l->why = why;
}

/* One word of the bitmap says whether the region is free. */
static enum jh_status in_slab(const struct jh_heap *heap, uint64_t addr, struct jh_location *l,
                              struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    const struct jh_bin *bin = &layout->bin[l->extent.szind];
    unsigned word = layout->build.pointer_size;
    uint32_t index = jh_slab_region(layout, &l->extent, addr);
    if (index == bin->nregs) {
        not_owned(l, JH_WHY_BEYOND);
        return JH_OK;
    }
    uint8_t buf[8];
    const uint8_t *bytes;
    uint64_t at = l->extent.at + layout->bitmap_offset + jh_group_offset(layout, index);
    enum jh_status status = jh_fetch(&heap->reader, at, word, buf, &bytes, fault);
    if (status != JH_OK) {
        return status;
    }
    l->use = jh_group_free(layout, bytes, index) ? JH_USE_FREE : JH_USE_HELD;
    l->region_index = index;
    l->start = l->extent.base + index * bin->reg_size;
    l->size = bin->reg_size;
    return JH_OK;
}

static void in_large(uint64_t addr, struct jh_location *l) {
    l->start = l->extent.addr;
    l->size = l->extent.usize;
    l->use = JH_USE_HELD;
    if (addr < l->start) {
        not_owned(l, JH_WHY_BEFORE);
    } else if (addr - l->start >= l->size) {
        not_owned(l, JH_WHY_BEYOND);
    }
}

enum jh_why jh_in_no_heap(const struct jh_layout *layout, uint64_t addr) {
    return addr < jh_page(layout)               ? JH_WHY_NULL
           : jh_canonical(layout, addr) != addr ? JH_WHY_NON_CANONICAL
                                                : JH_WHY_OWNED;
}

enum jh_status jh_locate_in(const struct jh_heap *heap, uint64_t addr,
                            const struct jh_extent *extent, struct jh_location *out,
                            struct jh_fault *fault) {
    enum jh_why why = jh_in_no_heap(heap->layout, addr);
    struct jh_location l = {.owned = why == JH_WHY_OWNED, .why = why};
    enum jh_status status = JH_OK;
    if (l.owned) {
        l.extent = *extent;
        if (!l.extent.at) {
            not_owned(&l, JH_WHY_NO_LEAF);
        } else if (jh_extent_is_slab(&l.extent)) {
            status = in_slab(heap, addr, &l, fault);
        } else if (l.extent.allocated) {
            in_large(addr, &l);
        } else {
            l.use = jh_use_of(l.extent.state);
            l.start = l.extent.base;
            l.size = l.extent.size;
        }
    }
    if (status != JH_OK) {
        return status;
    }
    if (l.owned) {
        l.offset = addr - l.start;
    }
    *out = l;
    return JH_OK;
}

enum jh_status jh_locate(const struct jh_heap *heap, uint64_t addr, struct jh_location *out,
                         struct jh_fault *fault) {
    struct jh_extent e = {.at = 0};
    enum jh_status status = jh_in_no_heap(heap->layout, addr) == JH_WHY_OWNED
                                ? jh_lookup(heap, addr, &e, fault)
                                : JH_OK;
    return status == JH_OK ? jh_locate_in(heap, addr, &e, out, fault) : status;
}
