/* jh_layout_check: for any layout whatever, no undefined behaviour; what it accepts has all that
 * the other proofs assume (proof.h), and of what it refuses it says why. The bins are another
 * proof: layout_bins.c.
 *
 * sources: layout.c word.c
 * options: --unwind 21
 * mutant: layout.c: f.shift + f.width <= 8U * f.word => f.width <= 8U * f.word
 * mutant: layout.c: l->extent_head > JH_EXTENT_HEAD_MAX || =>
 * mutant: layout.c: l->rtree_height < 1 || =>
 * mutant: layout.c: !whole_word(bits) || =>
 * mutant: layout.c: {check_rtree, check_leaf, check_extent, => {check_rtree, check_leaf,
 * check_leaf, */
#include "proof.h"

int main(void) {
    struct jh_layout layout;
    struct jh_fault fault;
    const struct jh_fault before = fault;
    layout.sc_nbins = 0;
    enum jh_status status = jh_layout_check(&layout, &fault);
    PROVE(status != JH_OK || build_is_sound(&layout));
    PROVE(status != JH_OK || tree_is_sound(&layout));
    PROVE(status != JH_OK || leaf_is_sound(&layout));
    PROVE(status != JH_OK || extent_is_sound(&layout));
    PROVE(status != JH_OK || sizes_are_sound(&layout));
    PROVE(status != JH_OK || (fault.rule == before.rule && fault.status == before.status));
    PROVE(status == JH_OK || (status == JH_BAD_ARG && fault.status == status && fault.rule &&
                              fault.stage == JH_STAGE_LAYOUT));
    REACHES(status == JH_OK && layout.build.pointer_size == 4 && layout.rtree_height == 1);
    REACHES(status == JH_OK && layout.build.pointer_size == 8 && layout.rtree_height == 3);
    REACHES(status != JH_OK && layout.build.lg_page == 17);
    return 0;
}
