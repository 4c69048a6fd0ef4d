/* jh_rtree_subkey, jh_rtree_leafkey: the key's bits of a level, below the number of the node's
 * elements (rtree.h: rtree_subkey, rtree_leafkey); together they and what is inside a page give the
 * key back, so no bit belongs to two levels or to none.
 *
 * sources: rtree.c word.c reader.c
 * options: --unwind 9
 * mutant: rtree.c: layout->sc_ptr_bits - l.cumbits)) => layout->sc_ptr_bits - l.cumbits + 1))
 * mutant: rtree.c: & jh_low_mask(l.bits) => & jh_low_mask(l.bits + 1U)
 * mutant: rtree.c: - leaf.cumbits + leaf.bits => - leaf.cumbits */
#include "proof.h"

/* RTREE_NHIB bits that are not looked at, then the levels, then the page. */
static unsigned first_bit(const struct jh_layout *l, unsigned level) {
    unsigned bits = l->build.lg_page;
    for (unsigned i = 2; i > level; i--) {
        bits += i < l->rtree_height ? l->rtree_level[i].bits : 0;
    }
    return bits;
}

int main(void) {
    struct jh_layout layout;
    uint64_t key;
    unsigned level, bit;
    ASSUME(build_is_sound(&layout) && tree_is_sound(&layout));
    ASSUME(level < layout.rtree_height && bit < 64);
    uint64_t subkey = jh_rtree_subkey(&layout, key, level);
    unsigned first = first_bit(&layout, level);
    PROVE(subkey < UINT64_C(1) << layout.rtree_level[level].bits);
    PROVE(subkey == ((key >> first) % (UINT64_C(1) << layout.rtree_level[level].bits)));

    unsigned last = layout.rtree_height - 1U;
    uint64_t leafkey = jh_rtree_leafkey(&layout, key), covers = key - leafkey;
    unsigned low = layout.build.lg_page + layout.rtree_level[last].bits;
    PROVE(bit_of(leafkey, bit) == (bit >= low && bit_of(key, bit)));
    PROVE(covers >> layout.build.lg_page == jh_rtree_subkey(&layout, key, last));
    REACHES(level == 2 && layout.build.lg_vaddr == 57);
    REACHES(layout.rtree_height == 2 && layout.build.pointer_size == 4);
    return 0;
}
