/* Size class arithmetic: sc.h and sz.h (size_classes.h up to 5.1.0). */
#include "internal.h"

unsigned jh_lg_floor(uint64_t x) {
    unsigned lg = 0;
    while (x >>= 1) {
        lg++;
    }
    return lg;
}

unsigned jh_lg_ceil(uint64_t x) {
    unsigned lg = jh_lg_floor(x);
    return x & (x - 1) ? lg + 1 : lg;
}

/* Groups of four classes: within group g > 0 the step is 2^(g + LG_QUANTUM - 1), and the group
 * starts above 2^(LG_QUANTUM + 1 + g); group 0 holds the multiples of the quantum. */
uint64_t jh_index2size(const struct jh_layout *layout, uint32_t index) {
    unsigned lg_quantum = layout->build.lg_quantum;
    if (index >= layout->sc_nsizes) {
        return 0;
    }
    if (index < layout->sc_ntiny) {
        return UINT64_C(1) << (layout->sc_lg_tiny_min + index);
    }
    unsigned regular = index - layout->sc_ntiny;
    unsigned group = regular >> layout->sc_lg_ngroup;
    unsigned step = (regular & (layout->sc_ngroup - 1U)) + 1;
    uint64_t start = group ? UINT64_C(1) << (lg_quantum + 1 + group) : 0;
    return start + ((uint64_t)step << ((group ? group : 1) + lg_quantum - 1));
}

uint32_t jh_size2index(const struct jh_layout *layout, uint64_t size) {
    uint32_t low = 0, high = layout->sc_nsizes;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (jh_index2size(layout, middle) < size) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t jh_addr2base(uint64_t addr, uint64_t alignment) {
    return addr & (~alignment + 1);
}
