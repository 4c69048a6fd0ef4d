/* jh_index2size against sc.h's classes, counted out: a group of four begins at each power of two
 * and is divided evenly; each larger than the one before.
 *
 * sources: size_class.c
 * options: --unwind 9
 * mutant: size_class.c: (group ? group : 1) + lg_quantum - 1 => group + lg_quantum - 1
 * mutant: size_class.c: lg_quantum + 1 + group => lg_quantum + group
 * mutant: size_class.c: (layout->sc_lg_tiny_min + index) => (layout->sc_lg_tiny_min + index + 1) */
#include "proof.h"

/* sc.c, size_class(): (1 << lg_base) + (ndelta << lg_delta), of the n-th class that is not tiny.
 * The first group has no base: its classes are the quantum times 1 to 4. */
static uint64_t class_size(unsigned lg_quantum, unsigned n) {
    unsigned ndelta = n % 4 + 1, lg_base = lg_quantum + 1 + n / 4;
    if (n < 4) {
        return (uint64_t)ndelta << lg_quantum;
    }
    return (UINT64_C(1) << lg_base) + ((uint64_t)ndelta << (lg_base - 2));
}

int main(void) {
    struct jh_layout layout;
    uint32_t index;
    ASSUME(build_is_sound(&layout) && sizes_are_sound(&layout));
    unsigned ntiny = layout.sc_ntiny, nsizes = layout.sc_nsizes;
    uint64_t is = jh_index2size(&layout, index);
    PROVE(index < nsizes || is == 0);
    PROVE(!(index < nsizes && index < ntiny) || is == 8U << index);
    PROVE(!(index < nsizes && index >= ntiny) ||
          is == class_size(layout.build.lg_quantum, index - ntiny));
    PROVE(!(index < nsizes && index > 0) || is > jh_index2size(&layout, index - 1));
    REACHES(index == 234 && nsizes == 235);
    REACHES(index == 0 && ntiny == 1);
    return 0;
}
