/* check_sizes, the part of jh_layout_check that looks at the bins: no undefined behaviour, whatever
 * is in them; a bin that it accepts is one that slabs are safe with.
 *
 * slow: minutes
 * options: --unwind 65
 * mutant: layout.c: l->sc_nbins > JH_BINS_MAX || =>
 * mutant: layout.c: bin->reg_size && bin->nregs && => bin->reg_size &&
 * mutant: layout.c: 8U * (unsigned)(l->extent_size => 9U * (unsigned)(l->extent_size */
#include "layout.c"

#include "proof.h"

int main(void) {
    struct jh_layout layout;
    struct jh_bin bin;
    bool one;
    if (one) {
        ASSUME(layout.build.lg_page < 64 && layout.bitmap_offset <= layout.extent_size);
        bool fits = bin_fits(&layout, &bin);
        PROVE(!fits || bin_is_sound(&layout, &bin));
        REACHES(fits && bin.nregs == 8192);
    } else {
        bool fit = !check_sizes(&layout);
        PROVE(!fit || sizes_are_sound(&layout));
        REACHES(fit && layout.sc_nbins == JH_BINS_MAX);
    }
    return 0;
}
