/* jh_slab_free, and the word of the bitmap that jh_locate reads instead: bit index of the groups
 * (bitmap.h: bitmap_get), inside the bitmap for every region of every bin.
 *
 * sources: slab.c word.c reader.c
 * slow: minutes
 * options: --unwind 9
 * mutant: internal.h: index / 8 & ~(word - 1) => index / 8
 * mutant: internal.h: >> (index & (8 * word - 1)) => >> (index & 31)
 * mutant: slab.c: slab->bitmap + jh_group_offset(layout, index) => slab->bitmap */
#include "proof.h"

int main(void) {
    struct jh_layout layout;
    struct jh_slab slab;
    uint32_t index, bin;
    ASSUME(build_is_sound(&layout) && sizes_are_sound(&layout) && bin < layout.sc_nbins);
    ASSUME(bin_is_sound(&layout, &layout.bin[bin]) && index < layout.bin[bin].nregs);
    unsigned word = layout.build.pointer_size, bit = index % (8 * word);
    unsigned place = layout.build.little_endian ? bit / 8 : word - 1 - bit / 8;
    unsigned byte = index / (8 * word) * word + place;
    PROVE(byte < JH_BITMAP_MAX);
    PROVE(jh_slab_free(&layout, &slab, index) == ((slab.bitmap[byte] & (1U << (bit % 8))) != 0));
    REACHES(index == 8191 && word == 4 && !layout.build.little_endian);
    REACHES(index == 8191 && word == 8 && layout.build.little_endian);
    return 0;
}
