/* jh_leaf_encode: for every layout and every value exactly leaf_size bytes; each bit of them is set
 * when a field that has it says so, and no other.
 *
 * sources: leaf.c word.c reader.c
 * options: --unwind 17
 * mutant: leaf.c: (value & jh_low_mask(field.width)) << field.shift => value << field.shift
 * mutant: leaf.c: field.word - 1U - i => i
 * mutant: leaf.c: memset(bytes, 0, layout->leaf_size); => */
#include "proof.h"

/* Does the field put a 1 at this bit of this byte? */
static bool puts(const struct jh_layout *l, struct jh_field f, uint64_t value, unsigned byte,
                 unsigned bit) {
    if (!f.width || byte < f.offset || byte >= (unsigned)f.offset + f.word) {
        return false;
    }
    unsigned place = byte - f.offset;
    unsigned i = 8 * (l->build.little_endian ? place : f.word - 1U - place) + bit;
    return i >= f.shift && i < (unsigned)f.shift + f.width && bit_of(value, i - f.shift);
}

int main(void) {
    struct jh_layout layout;
    struct jh_leaf leaf;
    unsigned byte, bit;
    ASSUME(build_is_sound(&layout) && leaf_is_sound(&layout));
    ASSUME(byte < layout.leaf_size && bit < 8);
    uint8_t bytes[JH_LEAF_BYTES_MAX], before[JH_LEAF_BYTES_MAX];
    memcpy(before, bytes, sizeof(before));
    jh_leaf_encode(&layout, &leaf, bytes);
    const struct jh_field *f = layout.leaf;
    PROVE(bit_of(bytes[byte], bit) ==
          (puts(&layout, f[JH_LEAF_EXTENT], leaf.extent, byte, bit) ||
           puts(&layout, f[JH_LEAF_SZIND], leaf.szind, byte, bit) ||
           puts(&layout, f[JH_LEAF_SLAB], leaf.slab, byte, bit) ||
           puts(&layout, f[JH_LEAF_IS_HEAD], leaf.is_head, byte, bit) ||
           puts(&layout, f[JH_LEAF_STATE], leaf.state_bits, byte, bit)));
    REACHES(byte == 15 && bytes[15] == 0xff);
    REACHES(!layout.build.little_endian && layout.build.pointer_size == 4);
    return 0;
}
