/* What the proofs share. They are read by CBMC and never run: a variable that is not initialised
 * has every value that there is.
 *
 * Each proof is one page: its first comment names the sources that it is about, CBMC's options, and
 * wrong lines ("mutant") with which it must fail. ci/prove runs them. */
#ifndef JEHEAP_PROOF_H
#define JEHEAP_PROOF_H

#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define ASSUME(condition) __CPROVER_assume(condition)
#define PROVE(condition) __CPROVER_assert(condition, #condition)

/* It can come to this: a proof about cases that do not exist would prove nothing. CBMC must find a
 * way there, so ci/prove wants this one to fail. */
#ifdef MUTANT
#define REACHES(condition) ((void)0)
#else
#define REACHES(condition) __CPROVER_assert(!(condition), "reached: " #condition)
#endif

/* Bytes of any value, exactly as many as there may be read. */
static inline uint8_t *any_bytes(size_t count) {
    uint8_t *bytes = malloc(count);
    ASSUME(bytes);
    return bytes;
}

/* ---- what jh_layout_check() promises; layout_check.c proves that it does ----------------------
 */

static inline bool field_inside(struct jh_field f, unsigned bytes) {
    return !f.width || ((f.word == 1 || f.word == 2 || f.word == 4 || f.word == 8) &&
                        f.shift + f.width <= 8 * f.word && f.offset + f.word <= bytes);
}

static inline bool is_whole_word(struct jh_field f) {
    return f.width && !f.shift && f.width == 8 * f.word;
}

static inline bool build_is_sound(const struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    return (b->pointer_size == 4 || b->pointer_size == 8) && b->lg_page >= 12 && b->lg_page <= 16 &&
           b->lg_vaddr >= 32 && b->lg_vaddr <= l->sc_ptr_bits &&
           l->sc_ptr_bits == 8 * b->pointer_size && b->lg_quantum >= 3 && b->lg_quantum <= 4;
}

/* Levels share the bits between those that all addresses share and those inside a page. */
static inline bool tree_is_sound(const struct jh_layout *l) {
    unsigned height = l->rtree_height;
    if (height < 1 || height > 3 || l->rtree_node_size != l->build.pointer_size) {
        return false;
    }
    unsigned end = l->rtree_nhib;
    for (unsigned i = 0; i < 3; i++) {
        if (i < height) {
            struct jh_rtree_level level = l->rtree_level[i];
            end += level.bits;
            if (level.bits < 1 || level.bits > 20 || level.cumbits != end) {
                return false;
            }
        }
    }
    return end + l->build.lg_page == l->sc_ptr_bits;
}

static inline bool leaf_is_sound(const struct jh_layout *l) {
    const struct jh_field *f = l->leaf;
    unsigned ptr = l->build.pointer_size;
    return l->leaf_size >= ptr && l->leaf_size <= JH_LEAF_BYTES_MAX && l->leaf_size % ptr == 0 &&
           l->leaf_low_bits <= 12 && f[JH_LEAF_EXTENT].width && !f[JH_LEAF_EXTENT].shift &&
           !f[JH_LEAF_EXTENT].offset && f[JH_LEAF_EXTENT].word == ptr &&
           field_inside(f[JH_LEAF_EXTENT], l->leaf_size) &&
           field_inside(f[JH_LEAF_SZIND], l->leaf_size) && f[JH_LEAF_SZIND].width <= 32 &&
           field_inside(f[JH_LEAF_SLAB], l->leaf_size) &&
           field_inside(f[JH_LEAF_IS_HEAD], l->leaf_size) &&
           field_inside(f[JH_LEAF_STATE], l->leaf_size) && f[JH_LEAF_STATE].width <= 8;
}

static inline bool same_word(struct jh_field f, struct jh_field word) {
    return !f.width || (f.offset == word.offset && f.word == word.word);
}

static inline bool extent_is_sound(const struct jh_layout *l) {
    const struct jh_field *f = l->extent;
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        if (!field_inside(f[i], l->extent_head)) {
            return false;
        }
        if (i < JH_EXTENT_SN && (!same_word(f[i], f[JH_EXTENT_BITS]) || f[i].width > 32)) {
            return false;
        }
    }
    return l->extent_head <= JH_EXTENT_HEAD_MAX && l->extent_head <= l->extent_size &&
           l->extent_align && (l->extent_align & (l->extent_align - 1)) == 0 &&
           is_whole_word(f[JH_EXTENT_BITS]) && is_whole_word(f[JH_EXTENT_BSIZE]) &&
           same_word(f[JH_EXTENT_SIZE], f[JH_EXTENT_BSIZE]) &&
           same_word(f[JH_EXTENT_ESN], f[JH_EXTENT_BSIZE]) && f[JH_EXTENT_ESN].width <= 32 &&
           f[JH_EXTENT_STATE].width <= 3 && l->states <= JH_STATES_MAX;
}

static inline bool sizes_are_sound(const struct jh_layout *l) {
    return l->sc_nbins <= JH_BINS_MAX && l->sc_nbins <= l->sc_nsizes && l->sc_nsizes <= 235 &&
           l->sc_lg_ngroup == 2 && l->sc_ngroup == 4 && l->sc_lg_tiny_min == 3 &&
           l->sc_ntiny == l->build.lg_quantum - 3 && l->large_pad <= jh_page(l) &&
           l->bitmap_offset <= l->extent_size;
}

static inline bool bin_is_sound(const struct jh_layout *l, const struct jh_bin *bin) {
    return bin->reg_size && bin->nregs && bin->nregs <= 8 * JH_BITMAP_MAX &&
           bin->nregs <= 8 * (l->extent_size - l->bitmap_offset);
}

/* ---- specifications ---------------------------------------------------------------------------
 */

/* Bit number bit of a field, counted from its lowest, off the bytes; 0 above its width. */
static inline bool field_bit(const struct jh_layout *l, const uint8_t *bytes, struct jh_field f,
                             unsigned bit) {
    if (bit >= f.width) {
        return false;
    }
    unsigned i = f.shift + bit;
    unsigned byte = l->build.little_endian ? i / 8 : f.word - 1U - i / 8;
    return (bytes[f.offset + byte] & (1U << (i % 8))) != 0;
}

static inline bool bit_of(uint64_t value, unsigned bit) {
    return (value & (UINT64_C(1) << bit)) != 0;
}

#endif
