/* layout: the formulas that turn a version's row (version.c) and build parameters into a layout.
 *
 * Sources, at each tag: include/jemalloc/internal/{rtree,extent_structs,edata,sc,bitmap,mutex}.h,
 * 5.0 and 5.1 size_classes.sh. */
#include "internal.h"
#include "struct_rows.h"
#include "version.h"

#include <string.h>

void jh_build_init(struct jh_build *build, enum jh_version version) {
    *build = (struct jh_build){.version = version,
                               .pointer_size = 8,
                               .lg_vaddr = 48,
                               .lg_page = 12,
                               .lg_quantum = 4,
                               .pthread_mutex_size = 40,
                               .u64_align = 8,
                               .little_endian = true,
                               .stats = true,
                               .cache_oblivious = true};
}

static enum jh_status check_build(const struct jh_build *b, struct jh_fault *fault) {
    const char *rule = NULL;
    uint64_t seen = 0;
    if ((unsigned)b->version >= JH_VERSIONS) {
        rule = "layout.version", seen = (uint64_t)b->version;
    } else if (b->pointer_size != 4 && b->pointer_size != 8) {
        rule = "layout.pointer-size", seen = b->pointer_size;
    } else if (b->lg_vaddr < 32 || b->lg_vaddr > 8 * b->pointer_size) {
        rule = "layout.lg-vaddr", seen = b->lg_vaddr; /* configure gives at least 32 */
    } else if (b->lg_page < 12 || b->lg_page > 16) {
        rule = "layout.lg-page", seen = b->lg_page;
    } else if (b->lg_quantum != 3 && b->lg_quantum != 4) {
        rule = "layout.lg-quantum", seen = b->lg_quantum;
    } else if (b->lg_slab_maxregs &&
               (b->lg_slab_maxregs < b->lg_page - 3 || b->lg_slab_maxregs > 13 ||
                !jh_family(b->version)->lg_slab_maxregs)) {
        rule = "layout.lg-slab-maxregs", seen = b->lg_slab_maxregs;
    } else if (!b->pthread_mutex_size || b->pthread_mutex_size % b->pointer_size) {
        rule = "layout.pthread-mutex-size", seen = b->pthread_mutex_size;
    } else if (b->u64_align != 8 && (b->u64_align != 4 || b->pointer_size != 4)) {
        rule = "layout.u64-align", seen = b->u64_align;
    }
    return rule ? jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, 0, seen, rule) : JH_OK;
}

/* sc.h: SC_*; the same numbers as size_classes.sh makes for 5.0 and 5.1. */
static void make_size_classes(struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    l->sc_lg_tiny_min = 3;
    l->sc_ntiny = (uint8_t)(b->lg_quantum - l->sc_lg_tiny_min);
    l->sc_lg_ngroup = 2;
    l->sc_ngroup = (uint8_t)(1U << l->sc_lg_ngroup);
    l->sc_npseudo = l->sc_ngroup;
    l->sc_ptr_bits = (uint8_t)(8 * b->pointer_size);
    l->sc_lg_base_max = (uint8_t)(l->sc_ptr_bits - 2);
    l->sc_lg_first_regular_base = (uint8_t)(b->lg_quantum + l->sc_lg_ngroup);
    l->sc_nregular =
        (uint16_t)(l->sc_ngroup * (l->sc_lg_base_max - l->sc_lg_first_regular_base + 1) - 1);
    l->sc_nsizes = (uint16_t)(l->sc_ntiny + l->sc_npseudo + l->sc_nregular);
    l->sc_nbins =
        (uint16_t)(l->sc_ntiny + l->sc_npseudo +
                   l->sc_ngroup * (b->lg_page + l->sc_lg_ngroup - l->sc_lg_first_regular_base) - 1);
    l->sc_npsizes = (uint16_t)(l->sc_ngroup +
                               l->sc_ngroup * (l->sc_lg_base_max - (b->lg_page + l->sc_lg_ngroup)) +
                               l->sc_ngroup - 1);
    l->sc_lg_slab_maxregs =
        b->lg_slab_maxregs ? b->lg_slab_maxregs : (uint8_t)(b->lg_page - l->sc_lg_tiny_min);
}

/* A slab is the smallest run of pages that regions fill without a rest (sc.c: slab_size). */
static void make_bins(struct jh_layout *l) {
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        uint64_t reg = jh_index2size(l, i), slab = jh_page(l);
        while (slab % reg) {
            slab += jh_page(l);
        }
        l->bin[i] = (struct jh_bin){reg, slab, (uint32_t)(slab / reg), 1};
    }
}

/* rtree.h: RTREE_HEIGHT and rtree_levels[]. For a single level 10 bits would have to do: no build
 * has fewer than 16, which is 32 bits of address and pages of 64 KiB. */
static void make_rtree(struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    l->rtree_nhib = (uint8_t)(8 * b->pointer_size - b->lg_vaddr);
    l->rtree_nlib = b->lg_page;
    l->rtree_nsb = (uint8_t)(b->lg_vaddr - b->lg_page);
    l->rtree_height = l->rtree_nsb <= 36 ? 2 : 3;
    unsigned left = l->rtree_nsb, cumbits = l->rtree_nhib;
    for (unsigned i = 0; i < l->rtree_height; i++) {
        unsigned bits = left / (l->rtree_height - i); /* what does not divide goes to the leaves */
        cumbits += bits;
        left -= bits;
        l->rtree_level[i] = (struct jh_rtree_level){(uint8_t)bits, (uint8_t)cumbits};
    }
    l->rtree_node_size = b->pointer_size;
}

static void make_root(struct jh_layout *l, const struct jh_family *f) {
    l->root_symbol = f->root_symbol;
    l->root_offset = jh_type_offset(l, T_RTREE_S, "root");
}

static struct jh_field bit(unsigned offset, unsigned word, unsigned shift, unsigned width) {
    return (struct jh_field){(uint16_t)offset, (uint8_t)word, (uint8_t)shift, (uint8_t)width};
}

/* rtree.h: struct rtree_leaf_elm_s and rtree_leaf_elm_bits_*. */
static void make_leaf(struct jh_layout *l, const struct jh_family *f) {
    const enum jh_type elm = T_RTREE_LEAF_ELM_S;
    unsigned ptr = l->build.pointer_size, vaddr = l->build.lg_vaddr;
    l->leaf_size = (uint8_t)jh_type_size(l, elm);
    if (l->rtree_nhib >= jh_lg_ceil(l->sc_nsizes)) {
        l->leaf_form = JH_LEAF_COMPACT;
        l->leaf_low_bits = f->leaf_low_bits;
        l->leaf_sign_extend = !(l->build.aarch64 && f->leaf_aarch64_rule);
        l->leaf[JH_LEAF_EXTENT] = bit(0, ptr, 0, vaddr);
        l->leaf[JH_LEAF_SZIND] = bit(0, ptr, vaddr, l->rtree_nhib);
        l->leaf[JH_LEAF_SLAB] = bit(0, ptr, 0, 1);
    } else {
        l->leaf_form = f->leaf_packed ? JH_LEAF_WIDE_PACKED : JH_LEAF_WIDE;
        unsigned metadata = jh_type_offset(l, elm, f->leaf_packed ? "le_metadata" : "le_szind");
        l->leaf[JH_LEAF_EXTENT] = bit(0, ptr, 0, 8 * ptr);
        l->leaf[JH_LEAF_SZIND] = f->leaf_packed ? bit(metadata, 4, 5, 27) : bit(metadata, 4, 0, 32);
        l->leaf[JH_LEAF_SLAB] = f->leaf_packed ? bit(metadata, 4, 0, 1)
                                               : bit(jh_type_offset(l, elm, "le_slab"), 1, 0, 1);
    }
    l->leaf_left_behind = f->leaf_left_behind;
    if (f->leaf_packed) { /* 5.3: the state moved into both forms, at the same bits */
        unsigned offset = l->leaf[JH_LEAF_SLAB].offset;
        unsigned word = l->leaf_form == JH_LEAF_COMPACT ? ptr : 4;
        l->leaf[JH_LEAF_IS_HEAD] = bit(offset, word, 1, 1);
        l->leaf[JH_LEAF_STATE] = bit(offset, word, 2, 3);
    }
}

static void make_bits(struct jh_layout *l, const struct jh_family *f) {
    unsigned shift = 0;
    for (unsigned i = 0; f->bits[i].width; i++) {
        unsigned width = f->bits[i].width;
        width = width == W_SZIND   ? jh_lg_ceil(l->sc_nsizes)
                : width == W_NFREE ? l->sc_lg_slab_maxregs + 1U
                : width == W_REST  ? 64 - shift
                                   : width;
        l->extent[f->bits[i].field] = bit(0, 8, shift, width);
        shift += width;
    }
}

static void make_extent(struct jh_layout *l, const struct jh_family *f) {
    unsigned ptr = l->build.pointer_size, page = l->build.lg_page;
    unsigned size = jh_type_offset(l, (enum jh_type)f->extent, "e_size_esn");
    make_bits(l, f);
    l->extent[JH_EXTENT_BITS] = bit(0, 8, 0, 64);
    l->extent[JH_EXTENT_ADDR] =
        bit(jh_type_offset(l, (enum jh_type)f->extent, "e_addr"), ptr, 0, 8 * ptr);
    l->extent[JH_EXTENT_SIZE] = bit(size, ptr, page, 8 * ptr - page);
    l->extent[JH_EXTENT_ESN] = bit(size, ptr, 0, page);
    l->extent[JH_EXTENT_BSIZE] = bit(size, ptr, 0, 8 * ptr);
    if (!l->extent[JH_EXTENT_SN].width) { /* no part of e_bits */
        l->extent[JH_EXTENT_PS] =
            bit(jh_type_offset(l, (enum jh_type)f->extent, "e_ps"), ptr, 0, 8 * ptr);
        l->extent[JH_EXTENT_SN] = bit(jh_type_offset(l, (enum jh_type)f->extent, "e_sn"), 8, 0, 64);
    }
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        unsigned end = l->extent[i].width ? l->extent[i].offset + l->extent[i].word : 0U;
        l->extent_head = (uint16_t)(end > l->extent_head ? end : l->extent_head);
    }
    l->bitmap_offset = (uint16_t)jh_type_offset(l, (enum jh_type)f->extent, "e_slab_data");
    l->extent_size = (uint16_t)jh_type_size(l, (enum jh_type)f->extent);
    l->extent_align = f->extent_align;
    l->states = f->states->count;
    for (unsigned i = 0; i < JH_STATES_MAX; i++) {
        l->state[i] = i < l->states ? f->states->state[i] : JH_STATE_UNKNOWN;
    }
}

enum jh_status jh_layout_make(const struct jh_build *build, struct jh_layout *out,
                              struct jh_fault *fault) {
    enum jh_status status = check_build(build, fault);
    if (status != JH_OK) {
        return status;
    }
    const struct jh_family *f = jh_family(build->version);
    struct jh_layout l;
    memset(&l, 0, sizeof(l));
    l.build = *build;
    l.lg_sizeof_ptr = (uint8_t)jh_lg_floor(build->pointer_size);
    l.malloc_arena_bits = f->bits[0].width;
    make_size_classes(&l);
    make_bins(&l);
    make_rtree(&l);
    make_root(&l, f);
    make_leaf(&l, f);
    make_extent(&l, f);
    l.large_pad = build->cache_oblivious ? jh_page(&l) : 0;
    l.large_by_size = f->large_by_size;
    *out = l;
    return JH_OK;
}
