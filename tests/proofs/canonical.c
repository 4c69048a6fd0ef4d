/* jh_canonical: the bits above LG_VADDR repeat the one below them, on aarch64 they are zero;
 * nothing above a pointer's own bits. What is canonical stays, and no two answers share a key.
 *
 * sources: word.c reader.c
 * options: --unwind 9
 * mutant: internal.h: (addr & low) >> ((layout->build.lg_vaddr - 1) & 63) => addr >> 63
 * mutant: internal.h: addr | ~low : addr & low => addr & low : addr & low
 * mutant: internal.h: & jh_low_mask(layout->sc_ptr_bits); => ; */
#include "proof.h"

int main(void) {
    struct jh_layout layout;
    uint64_t addr;
    unsigned bit;
    ASSUME(build_is_sound(&layout) && bit < 64);
    unsigned top = layout.build.lg_vaddr - 1U;
    uint64_t made = jh_canonical(&layout, addr);
    bool high = !layout.build.aarch64 && bit_of(addr, top);
    PROVE(bit_of(made, bit) == (bit <= top                 ? bit_of(addr, bit)
                                : bit < layout.sc_ptr_bits ? high
                                                           : false));
    PROVE(jh_canonical(&layout, made) == made);
    REACHES(layout.build.lg_vaddr == 48 && made >> 47 == 0x1ffff);
    REACHES(layout.build.lg_vaddr == 64 && made == UINT64_MAX);
    return 0;
}
