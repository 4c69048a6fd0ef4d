/* jh_size2index: the class that it finds holds the size, and the class before it does not. Classes
 * are any function of the index here; that they grow with it is proven in index2size.c, and so the
 * class found is the smallest that holds the size.
 *
 * options: --unwind 9
 * stand-in: size_class.c: jh_index2size(layout, middle) => __CPROVER_uninterpreted_size(middle)
 * mutant: size_class.c: (middle) < size => (middle) <= size
 * mutant: size_class.c: low = middle + 1 => low = middle
 * mutant: size_class.c: high = layout->sc_nsizes => high = layout->sc_nsizes - 1U */
#include <stdint.h>

uint64_t __CPROVER_uninterpreted_size(uint32_t index);

#include "size_class.c"

#include "proof.h"

int main(void) {
    struct jh_layout layout;
    uint64_t size;
    ASSUME(build_is_sound(&layout) && sizes_are_sound(&layout));
    uint32_t found = jh_size2index(&layout, size);
    PROVE(found <= layout.sc_nsizes);
    PROVE(found == layout.sc_nsizes || __CPROVER_uninterpreted_size(found) >= size);
    PROVE(found == 0 || __CPROVER_uninterpreted_size(found - 1) < size);
    REACHES(found == 231 && layout.sc_nsizes == 232);
    REACHES(found == 235);
    return 0;
}
