/* plan: a layout made ready for speed. All that follows from the layout alone is worked out here,
 * once: what is left for each extent is in plan.h. */
#include "plan.h"

/* Nothing is sound: e_bits has no bit under an empty mask. */
static void exclude(struct jh_plan_class *of) {
    of->mask = 0;
    of->bits = 1;
}

/* From least to most bytes, both included, within the address space. */
static void sizes(const struct jh_layout *layout, uint64_t least, uint64_t most,
                  struct jh_plan_class *of) {
    uint64_t all = jh_low_mask(layout->build.lg_vaddr);
    most = most < all ? most : all;
    of->least = least ? least : 1;
    of->span = most - of->least;
    of->bases = jh_low_mask(layout->sc_ptr_bits) - most + 1;
    if (most < of->least) {
        exclude(of);
    }
}

static void slab_of(const struct jh_layout *layout, uint32_t szind, struct jh_plan_class *of) {
    const struct jh_bin *bin = &layout->bin[szind];
    of->nfree = (uint64_t)bin->nregs << layout->extent[JH_EXTENT_NFREE].shift;
    sizes(layout, bin->slab_size, bin->slab_size, of);
    if (of->usize > bin->slab_size) { /* a layout may say so of bins that no jemalloc has */
        exclude(of);
    }
}

/* The bounds that is_large_size() has (extent.c). */
static void large_of(const struct jh_layout *layout, uint32_t szind, struct jh_plan_class *of) {
    enum { CACHELINE = 64 };
    uint64_t most = jh_index2size(layout, szind), least = most;
    if (layout->large_by_size) {
        uint64_t below = jh_index2size(layout, szind - 1);
        least = (below > layout->large_pad ? below : layout->large_pad) + 1;
        of->usize = ~layout->large_pad + 1;
        of->by_size = UINT64_MAX;
    }
    of->addr_low = CACHELINE - 1;
    sizes(layout, least, most + jh_page(layout), of);
    if (!most) {
        exclude(of);
    }
}

/* The number of a state in e_bits; JH_STATES_MAX: it has none. */
static unsigned number_of(const struct jh_layout *layout, enum jh_state state) {
    unsigned i = 0;
    while (i < layout->states && layout->state[i] != state) {
        i++;
    }
    return i < layout->states ? i : JH_STATES_MAX;
}

/* Bits of e_bits behind its last field, as unused_bits() has them (extent.c). */
static uint64_t bits_without_field(const struct jh_layout *layout) {
    const struct jh_field *f = layout->extent;
    struct jh_field last = f[f[JH_EXTENT_PINNED].width ? JH_EXTENT_PINNED : JH_EXTENT_IS_HEAD];
    bool sn_apart = f[JH_EXTENT_SN].offset != f[JH_EXTENT_BITS].offset;
    return sn_apart ? ~jh_low_mask(last.shift + (unsigned)last.width) : 0;
}

static void active(const struct jh_layout *layout, uint32_t szind, struct jh_plan_class *of) {
    struct jh_field state = layout->extent[JH_EXTENT_STATE], slab = layout->extent[JH_EXTENT_SLAB];
    unsigned number = number_of(layout, JH_ACTIVE);
    of->allocated = true;
    of->slab = szind < layout->sc_nbins;
    of->mask |= jh_field_mask(state) | jh_field_mask(slab);
    of->bits = (uint64_t)number << state.shift | (of->slab ? jh_field_mask(slab) : 0);
    if (of->slab) {
        slab_of(layout, szind, of);
    } else {
        large_of(layout, szind, of);
    }
    if (number >> state.width || (of->slab && slab.width != 1)) {
        exclude(of);
    }
}

void jh_plan_class_of(const struct jh_layout *layout, uint32_t szind, struct jh_plan_class *out) {
    bool of_a_class = szind < layout->sc_nsizes;
    *out = (struct jh_plan_class){.mask = bits_without_field(layout),
                                  .usize = of_a_class ? jh_index2size(layout, szind) : 0,
                                  .nfree = UINT64_MAX,
                                  .addr_low = (uint32_t)jh_page(layout) - 1};
    if (of_a_class) {
        active(layout, szind, out);
    } else if (szind == layout->sc_nsizes) {
        sizes(layout, 1, UINT64_MAX, out);
    } else {
        exclude(out);
    }
}

/* ---- the parts of a word ----------------------------------------------------------------------
 */

/* An absent field is none of the bits of another one. */
static struct jh_plan_part part_of(struct jh_field f, struct jh_field other) {
    struct jh_field in = f.width ? f : other;
    return (struct jh_plan_part){jh_low_mask(f.width), in.offset, in.word, f.width ? f.shift : 0};
}

bool jh_plan_fits(const struct jh_layout *layout) {
    struct jh_field addr = layout->extent[JH_EXTENT_ADDR], size = layout->extent[JH_EXTENT_SIZE];
    return addr.width && !addr.shift && addr.width == 8 * addr.word && size.width &&
           size.shift == layout->build.lg_page && layout->extent[JH_EXTENT_SZIND].width <= 8;
}

static bool all_words_are_wide(const struct jh_plan *plan) {
    const struct jh_plan_part *p = plan->part;
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        if (plan->leaf[i].word != 8) {
            return false;
        }
    }
    return p[JH_EXTENT_BITS].word == 8 && p[JH_EXTENT_ADDR].word == 8 &&
           p[JH_EXTENT_BSIZE].word == 8 && p[JH_EXTENT_SN].word == 8 && p[JH_EXTENT_PS].word == 8;
}

static void extent_parts(const struct jh_layout *layout, struct jh_plan *out) {
    const struct jh_field *f = layout->extent;
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        out->part[i] = part_of(f[i], f[JH_EXTENT_BITS]);
        out->in_place[i] = jh_field_mask(f[i]);
    }
    out->states = 0;
    for (unsigned i = 0; i < JH_STATES_MAX; i++) {
        enum jh_state state = i < layout->states ? layout->state[i] : JH_STATE_UNKNOWN;
        bool stored = state != JH_STATE_UNKNOWN && state != JH_TRANSITION;
        out->state[i] = state;
        out->states |= (uint8_t)(stored ? 1U << i : 0);
    }
}

/* Offsets in a node are taken out of the key in one go where elements are powers of two. */
static void tree_parts(const struct jh_layout *layout, struct jh_plan *out) {
    for (unsigned l = 0; l < layout->rtree_height; l++) {
        unsigned size = l == out->leaves ? layout->leaf_size : layout->rtree_node_size;
        unsigned lg = out->wide ? jh_lg_floor(size) : 0;
        out->level_shift[l] = (uint8_t)(layout->sc_ptr_bits - layout->rtree_level[l].cumbits - lg);
        out->level_mask[l] = jh_low_mask(layout->rtree_level[l].bits) << lg;
    }
    out->lower_half = jh_low_mask(layout->build.lg_vaddr - 1U);
}

/* Bits of a compact element between its state and its pointer, as jh_leaf_decode() has them. */
static void leaf_parts(const struct jh_layout *layout, struct jh_plan *out) {
    const struct jh_field *f = layout->leaf;
    struct jh_field pointer = f[JH_LEAF_EXTENT], state = f[JH_LEAF_STATE];
    uint64_t low = jh_low_mask(layout->leaf_low_bits);
    uint64_t sign = layout->leaf_sign_extend ? UINT64_C(1) << ((pointer.width - 1) & 63) : 0;
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        out->leaf[i] = part_of(f[i], pointer);
    }
    out->leaf_mask = jh_low_mask(pointer.width) & ~low & ~sign;
    out->leaf_other = sign;
    bool some = layout->leaf_form == JH_LEAF_COMPACT && state.width;
    out->leaf_unused =
        some ? low & ~jh_low_mask(state.shift + (unsigned)state.width) & UINT8_MAX : 0;
}

void jh_plan_parts(const struct jh_layout *layout, struct jh_plan *out) {
    out->layout = layout;
    out->leaves = (uint8_t)(layout->rtree_height - 1);
    out->at_low = layout->extent_align - 1U;
    out->page_mask = ~(jh_page(layout) - 1);
    out->address_mask = jh_low_mask(layout->sc_ptr_bits);
    extent_parts(layout, out);
    leaf_parts(layout, out);
    out->wide =
        layout->build.little_endian && layout->build.pointer_size == 8 && all_words_are_wide(out);
    tree_parts(layout, out);
    out->usual = jh_plan_is_usual(out);
}

enum jh_status jh_plan_make(const struct jh_layout *layout, struct jh_plan *out,
                            struct jh_fault *fault) {
    if (!jh_plan_fits(layout)) {
        return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, 0, 0, "plan.extent-words");
    }
    jh_plan_parts(layout, out);
    for (uint32_t i = 0; i < JH_PLAN_CLASSES; i++) {
        jh_plan_class_of(layout, i, &out->of[i]);
    }
    return JH_OK;
}
