/* jh_leaf_decode: for every layout and every element, the bits that the layout names and no byte
 * behind leaf_size.
 *
 * sources: leaf.c word.c reader.c
 * options: --unwind 9
 * mutant: leaf.c: first, JH_LEAF_STATE); => first, JH_LEAF_SZIND);
 * mutant: internal.h: at |= ~jh_low_mask(field.width) => at |= ~jh_low_mask(field.width + 1U)
 * mutant: internal.h: return at & ~jh_low_mask(layout->leaf_low_bits) => return at */
#include "proof.h"

/* The pointer: its field, the highest bit of it repeated where it is signed, low bits cleared. */
static bool extent_bit(const struct jh_layout *l, const uint8_t *bytes, unsigned bit) {
    struct jh_field f = l->leaf[JH_LEAF_EXTENT];
    unsigned from = l->leaf_sign_extend && bit >= f.width ? f.width - 1U : bit;
    return bit >= l->leaf_low_bits && field_bit(l, bytes, f, from);
}

/* A flag of jemalloc's is one bit; of a wider one every bit counts. */
static bool flag_is(const struct jh_layout *l, const uint8_t *bytes, enum jh_leaf_field field,
                    bool value, unsigned bit) {
    struct jh_field f = l->leaf[field];
    return f.width > 1 ? value || !field_bit(l, bytes, f, bit) : value == field_bit(l, bytes, f, 0);
}

int main(void) {
    struct jh_layout layout;
    unsigned bit;
    ASSUME(build_is_sound(&layout) && leaf_is_sound(&layout) && bit < 64);
    const uint8_t *bytes = any_bytes(layout.leaf_size);
    struct jh_leaf leaf;
    jh_leaf_decode(&layout, bytes, &leaf);
    const struct jh_field *f = layout.leaf;
    PROVE(bit_of(leaf.extent, bit) == extent_bit(&layout, bytes, bit));
    PROVE(bit_of(leaf.szind, bit) == field_bit(&layout, bytes, f[JH_LEAF_SZIND], bit));
    PROVE(bit_of(leaf.state_bits, bit) == field_bit(&layout, bytes, f[JH_LEAF_STATE], bit));
    PROVE(flag_is(&layout, bytes, JH_LEAF_SLAB, leaf.slab, bit));
    PROVE(flag_is(&layout, bytes, JH_LEAF_IS_HEAD, leaf.is_head, bit));
    (void)jh_leaf_may_be_left_behind(&layout, &leaf);
    REACHES(leaf.szind == 235 && !layout.build.little_endian);
    REACHES(leaf.slab && layout.leaf_size == 12);
    return 0;
}
