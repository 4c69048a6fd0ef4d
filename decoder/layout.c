/* layout: names, constants, and the check that makes a layout safe for every later stage. */
#include "internal.h"

uint64_t jh_field_mask(struct jh_field field) {
    return field.width ? jh_low_mask(field.width) << field.shift : 0;
}

const char *jh_extent_field_name(enum jh_extent_field field) {
    static const char *const name[JH_EXTENT_FIELDS] = {
        "arena_ind", "slab",  "committed", "dumpable",  "pai",     "zeroed", "guarded",
        "state",     "szind", "nfree",     "bin_shard", "is_head", "pinned", "sn",
        "bits",      "addr",  "size",      "esn",       "bsize",   "ps"};
    return (unsigned)field < JH_EXTENT_FIELDS ? name[field] : "?";
}

const char *jh_leaf_field_name(enum jh_leaf_field field) {
    static const char *const name[JH_LEAF_FIELDS] = {"extent", "szind", "slab", "is_head", "state"};
    return (unsigned)field < JH_LEAF_FIELDS ? name[field] : "?";
}

const char *jh_state_name(enum jh_state state) {
    static const char *const name[] = {"active",     "dirty",   "muzzy",  "retained",
                                       "transition", "merging", "pinned", "unknown"};
    return (unsigned)state < sizeof(name) / sizeof(name[0]) ? name[state] : "?";
}

static bool field_fits(struct jh_field f, unsigned bytes) {
    bool word = f.word == 1 || f.word == 2 || f.word == 4 || f.word == 8;
    return !f.width ||
           (word && f.shift + f.width <= 8U * f.word && (unsigned)f.offset + f.word <= bytes);
}

static const char *check_rtree(const struct jh_layout *l) {
    unsigned sum = 0;
    if (l->rtree_height < 1 || l->rtree_height > JH_RTREE_HEIGHT_MAX) {
        return "layout.rtree-height";
    }
    for (unsigned i = 0; i < l->rtree_height; i++) {
        sum += l->rtree_level[i].bits;
        if (l->rtree_level[i].bits < 1 || l->rtree_level[i].bits > 20 ||
            l->rtree_level[i].cumbits != l->rtree_nhib + sum) {
            return "layout.rtree-levels";
        }
    }
    if (sum != l->rtree_nsb || l->rtree_nhib + l->rtree_nsb + l->rtree_nlib != l->sc_ptr_bits ||
        l->rtree_nlib != l->build.lg_page || l->sc_ptr_bits != 8 * l->build.pointer_size) {
        return "layout.rtree-key";
    }
    return l->rtree_node_size != l->build.pointer_size ? "layout.rtree-node-size" : NULL;
}

static const char *check_leaf(const struct jh_layout *l) {
    unsigned ptr = l->build.pointer_size;
    struct jh_field extent = l->leaf[JH_LEAF_EXTENT];
    if (l->leaf_size < ptr || l->leaf_size > JH_LEAF_BYTES_MAX || l->leaf_size % ptr ||
        l->leaf_low_bits > 12) {
        return "layout.leaf-size";
    }
    if (extent.offset || extent.word != ptr || extent.shift || !extent.width) {
        return "layout.leaf-extent"; /* walks test the first word of an element */
    }
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        if (!field_fits(l->leaf[i], l->leaf_size)) {
            return "layout.leaf-field";
        }
    }
    return l->leaf[JH_LEAF_SZIND].width > 32 || l->leaf[JH_LEAF_STATE].width > 8
               ? "layout.leaf-field"
               : NULL;
}

static bool whole_word(struct jh_field f) {
    return f.word && !f.shift && f.width == 8 * f.word;
}

static const char *check_extent(const struct jh_layout *l) {
    if (l->extent_head > JH_EXTENT_HEAD_MAX || l->extent_head > l->extent_size ||
        !l->extent_align || l->extent_align & (l->extent_align - 1U)) {
        return "layout.extent-size";
    }
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        bool wide = i == JH_EXTENT_SN || i >= JH_EXTENT_BITS;
        if (!field_fits(l->extent[i], l->extent_head) || (!wide && l->extent[i].width > 32)) {
            return "layout.extent-field";
        }
    }
    struct jh_field bits = l->extent[JH_EXTENT_BITS];
    if (!whole_word(bits) || !whole_word(l->extent[JH_EXTENT_BSIZE])) {
        return "layout.extent-word"; /* their parts are taken out of them */
    }
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) { /* decoded from one load of e_bits */
        if (i != JH_EXTENT_SN && l->extent[i].width &&
            (l->extent[i].offset != bits.offset || l->extent[i].word != bits.word)) {
            return "layout.extent-field";
        }
    }
    struct jh_field size = l->extent[JH_EXTENT_SIZE], esn = l->extent[JH_EXTENT_ESN];
    struct jh_field bsize = l->extent[JH_EXTENT_BSIZE];
    if (size.offset != bsize.offset || size.word != bsize.word || esn.offset != bsize.offset ||
        esn.word != bsize.word) { /* a union: one load for the three */
        return "layout.extent-size-esn";
    }
    if (l->extent[JH_EXTENT_STATE].width > 3 || l->states > JH_STATES_MAX ||
        l->extent[JH_EXTENT_ESN].width > 32) {
        return "layout.extent-state";
    }
    return NULL;
}

static bool bin_fits(const struct jh_layout *l, const struct jh_bin *bin) {
    return bin->reg_size && bin->nregs && bin->nregs <= 8 * JH_BITMAP_MAX &&
           bin->slab_size % jh_page(l) == 0 && bin->slab_size / bin->nregs >= bin->reg_size &&
           bin->nregs <= 8U * (unsigned)(l->extent_size - l->bitmap_offset);
}

static const char *check_sizes(const struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    if (b->lg_page < 12 || b->lg_page > 16 || b->lg_quantum < 3 || b->lg_quantum > 4 ||
        (b->pointer_size != 4 && b->pointer_size != 8) || b->lg_vaddr > l->sc_ptr_bits ||
        b->lg_vaddr < 32) {
        return "layout.build";
    }
    if (l->sc_nbins > JH_BINS_MAX || l->sc_nbins > l->sc_nsizes || l->sc_lg_ngroup != 2 ||
        l->sc_ngroup != 4 || l->sc_lg_tiny_min != 3 ||
        l->sc_ntiny != b->lg_quantum - l->sc_lg_tiny_min ||
        l->sc_nsizes != l->sc_ntiny + l->sc_npseudo + l->sc_nregular || l->sc_nsizes > 235) {
        return "layout.size-classes";
    }
    if (l->bitmap_offset > l->extent_size || l->large_pad > jh_page(l)) {
        return "layout.bin";
    }
    for (unsigned i = 0; i < l->sc_nbins; i++) {
        if (!bin_fits(l, &l->bin[i])) {
            return "layout.bin";
        }
    }
    return NULL;
}

enum jh_status jh_layout_check(const struct jh_layout *layout, struct jh_fault *fault) {
    const char *(*const check[])(const struct jh_layout *) = {check_rtree, check_leaf, check_extent,
                                                              check_sizes};
    for (unsigned i = 0; i < sizeof(check) / sizeof(check[0]); i++) {
        const char *rule = check[i](layout);
        if (rule) {
            return jh_fail(fault, JH_BAD_ARG, JH_STAGE_LAYOUT, 0, 0, rule);
        }
    }
    return JH_OK;
}

/* ---- constants by name ---------------------------------------------------------------------- */

enum part { PLAIN, LEVEL, COMPACT, WIDTH, SHIFT, MASK };

struct constant {
    const char *name;
    uint8_t part, size; /* size in bytes of a PLAIN member */
    uint16_t at; /* offset of a PLAIN member, index of a LEVEL (2 * level + cumbits), field */
};

#define PLAIN_(name, member)                                                                       \
    { name, PLAIN, sizeof(((struct jh_layout *)0)->member), offsetof(struct jh_layout, member) }
#define FIELD_(name, field)                                                                        \
    {"EXTENT_BITS_" name "_WIDTH", WIDTH, 0, field},                                               \
        {"EXTENT_BITS_" name "_SHIFT", SHIFT, 0, field}, {                                         \
        "EXTENT_BITS_" name "_MASK", MASK, 0, field                                                \
    }

/* The e_bits macros are EDATA_BITS_* since 5.3.0; they go by their older name here. */
static const struct constant constants[] = {
    PLAIN_("LG_VADDR", build.lg_vaddr),
    PLAIN_("LG_PAGE", build.lg_page),
    PLAIN_("LG_SIZEOF_PTR", lg_sizeof_ptr),
    PLAIN_("LG_QUANTUM", build.lg_quantum),
    PLAIN_("MALLOCX_ARENA_BITS", malloc_arena_bits),
    PLAIN_("RTREE_NHIB", rtree_nhib),
    PLAIN_("RTREE_NLIB", rtree_nlib),
    PLAIN_("RTREE_NSB", rtree_nsb),
    PLAIN_("RTREE_HEIGHT", rtree_height),
    {"RTREE_LEVEL0_BITS", LEVEL, 0, 0},
    {"RTREE_LEVEL0_CUMBITS", LEVEL, 0, 1},
    {"RTREE_LEVEL1_BITS", LEVEL, 0, 2},
    {"RTREE_LEVEL1_CUMBITS", LEVEL, 0, 3},
    {"RTREE_LEVEL2_BITS", LEVEL, 0, 4},
    {"RTREE_LEVEL2_CUMBITS", LEVEL, 0, 5},
    {"RTREE_LEAF_COMPACT", COMPACT, 0, 0},
    PLAIN_("SC_LG_TINY_MIN", sc_lg_tiny_min),
    PLAIN_("SC_NTINY", sc_ntiny),
    PLAIN_("SC_LG_NGROUP", sc_lg_ngroup),
    PLAIN_("SC_NGROUP", sc_ngroup),
    PLAIN_("SC_NPSEUDO", sc_npseudo),
    PLAIN_("SC_PTR_BITS", sc_ptr_bits),
    PLAIN_("SC_LG_BASE_MAX", sc_lg_base_max),
    PLAIN_("SC_LG_FIRST_REGULAR_BASE", sc_lg_first_regular_base),
    PLAIN_("SC_NREGULAR", sc_nregular),
    PLAIN_("SC_NSIZES", sc_nsizes),
    PLAIN_("SC_NBINS", sc_nbins),
    PLAIN_("SC_NPSIZES", sc_npsizes),
    PLAIN_("SC_LG_SLAB_MAXREGS", sc_lg_slab_maxregs),
    FIELD_("ARENA", JH_EXTENT_ARENA),
    FIELD_("SLAB", JH_EXTENT_SLAB),
    FIELD_("COMMITTED", JH_EXTENT_COMMITTED),
    FIELD_("DUMPABLE", JH_EXTENT_DUMPABLE),
    FIELD_("PAI", JH_EXTENT_PAI),
    FIELD_("ZEROED", JH_EXTENT_ZEROED),
    FIELD_("GUARDED", JH_EXTENT_GUARDED),
    FIELD_("STATE", JH_EXTENT_STATE),
    FIELD_("SZIND", JH_EXTENT_SZIND),
    FIELD_("NFREE", JH_EXTENT_NFREE),
    FIELD_("BINSHARD", JH_EXTENT_BIN_SHARD),
    FIELD_("IS_HEAD", JH_EXTENT_IS_HEAD),
    FIELD_("PINNED", JH_EXTENT_PINNED),
    FIELD_("SN", JH_EXTENT_SN),
    PLAIN_("EXTENT_SIZE", extent_size),
    PLAIN_("EXTENT_ALIGN", extent_align),
    PLAIN_("EXTENT_OFFSET_BITMAP", bitmap_offset),
    PLAIN_("LEAF_SIZE", leaf_size),
    PLAIN_("RTREE_NODE_SIZE", rtree_node_size),
    PLAIN_("ROOT_OFFSET", root_offset),
    PLAIN_("LARGE_PAD", large_pad),
};

size_t jh_constant_count(void) {
    return sizeof(constants) / sizeof(constants[0]);
}

const char *jh_constant_name(size_t index) {
    return index < jh_constant_count() ? constants[index].name : "?";
}

static uint64_t plain(const struct jh_layout *layout, const struct constant *c) {
    const uint8_t *at = (const uint8_t *)layout + c->at;
    uint64_t value = 0;
    if (c->size == 1) {
        value = *at;
    } else if (c->size == 2) {
        value = *(const uint16_t *)(const void *)at;
    } else if (c->size == 4) {
        value = *(const uint32_t *)(const void *)at;
    } else {
        value = *(const uint64_t *)(const void *)at;
    }
    return value;
}

uint64_t jh_constant_value(const struct jh_layout *layout, size_t index) {
    if (index >= jh_constant_count()) {
        return 0;
    }
    const struct constant *c = &constants[index];
    struct jh_field none = {0, 0, 0, 0};
    struct jh_field field = c->part >= WIDTH ? layout->extent[c->at] : none;
    if (field.offset != layout->extent[JH_EXTENT_BITS].offset) {
        field = none; /* sn has a word of its own since 5.3.0: not a field of e_bits */
    }
    switch (c->part) {
    case LEVEL:
        return c->at & 1 ? layout->rtree_level[c->at / 2].cumbits
                         : layout->rtree_level[c->at / 2].bits;
    case COMPACT:
        return layout->leaf_form == JH_LEAF_COMPACT;
    case WIDTH:
        return field.width;
    case SHIFT:
        return field.shift;
    case MASK:
        return jh_field_mask(field);
    default:
        return plain(layout, c);
    }
}
