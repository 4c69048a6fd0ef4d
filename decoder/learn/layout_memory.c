/* layout_memory.c - what jemalloc itself wrote down at run time: bins and the large pad. */
#include <string.h>

#include "learn/inside.h"

/* bin_info_t: two sizes, then two ints; debug information may know better. */
struct bin_offsets {
    uint32_t stride, reg_size, slab_size, nregs, n_shards;
};

static uint32_t or_else(uint32_t seen, uint32_t otherwise) {
    return seen == JT_DWARF_UNKNOWN || seen > 4096 ? otherwise : seen;
}

static bool read_bin(const struct jt_target *target, const struct jh_layout *layout, uint64_t at,
                     const struct bin_offsets *o, struct jh_bin *bin) {
    uint64_t nregs, n_shards = bin->n_shards;
    if (!jt_read_word(target, at + o->reg_size, &bin->reg_size) ||
        !jt_read_word(target, at + o->slab_size, &bin->slab_size) ||
        !jt_read_number(target, at + o->nregs, 4, &nregs) ||
        (jh_family(layout->build.version)->bin_shards &&
         !jt_read_number(target, at + o->n_shards, 4, &n_shards))) {
        return false;
    }
    bin->nregs = (uint32_t)nregs;
    bin->n_shards = (uint32_t)n_shards;
    return true;
}

static bool sound(const struct jh_layout *layout, uint32_t index, const struct jh_bin *bin) {
    uint64_t page = (uint64_t)1 << layout->build.lg_page;
    return bin->reg_size == jh_index2size(layout, index) && bin->slab_size != 0 &&
           bin->slab_size % page == 0 && bin->nregs == bin->slab_size / bin->reg_size &&
           bin->nregs <= 8 * JH_BITMAP_MAX;
}

bool jt_bins_from_memory(struct jt_target *target, const struct jt_dwarf *dwarf,
                         struct jh_layout *layout) {
    const char *name = jh_family(layout->build.version)->bin_info;
    uint32_t word = target->priv->words;
    struct bin_offsets o = {0, or_else(dwarf->reg_size, 0), or_else(dwarf->slab_size, word),
                            or_else(dwarf->nregs, 2 * word),
                            or_else(dwarf->n_shards, 2 * word + 4)};
    struct jh_bin bin[JH_BINS_MAX];
    uint64_t at, size;
    if (!jt_symbol(target, name, &at, &size) || layout->sc_nbins == 0 ||
        size % layout->sc_nbins != 0 || size / layout->sc_nbins > 4096) {
        return false;
    }
    o.stride = or_else(dwarf->bin_info_size, (uint32_t)(size / layout->sc_nbins));
    memcpy(bin, layout->bin, sizeof bin);
    for (uint32_t i = 0; i < layout->sc_nbins; i++) {
        if (!read_bin(target, layout, at + (uint64_t)i * o.stride, &o, &bin[i]) ||
            !sound(layout, i, &bin[i])) {
            return false;
        }
    }
    memcpy(layout->bin, bin, sizeof bin);
    return true;
}

bool jt_pad_from_memory(struct jt_target *target, struct jh_layout *layout) {
    uint64_t at, size, pad;
    if (!jt_symbol(target, "sz_large_pad", &at, &size) || size != target->priv->words ||
        !jt_read_word(target, at, &pad) ||
        (pad != 0 && pad != (uint64_t)1 << layout->build.lg_page)) {
        return false;
    }
    layout->large_pad = pad;
    return true;
}

bool jt_by_size_from_memory(struct jt_target *target, struct jh_layout *layout) {
    uint64_t at, size, flag;
    if (!layout->large_by_size ||
        !jt_symbol(target, "opt_disable_large_size_classes", &at, &size) || size != 1 ||
        !jt_read_number(target, at, 1, &flag) || flag > 1) {
        return false;
    }
    layout->large_by_size = flag != 0;
    return true;
}
