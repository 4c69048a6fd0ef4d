/* jh_leaf_check: for every layout, leaf and extent, it passes exactly when nothing that both tell
 * differs, and else names one thing that does.
 *
 * sources: leaf.c word.c reader.c
 * options: --unwind 26
 * mutant: leaf.c: leaf->szind != e->szind => leaf->szind < e->szind
 * mutant: leaf.c: e->allocated && f[JH_LEAF_SLAB].width && => f[JH_LEAF_SLAB].width &&
 * mutant: leaf.c: leaf->is_head != e->is_head => false
 * mutant: leaf.c: seen = leaf->state_bits, => seen = e->state_bits, */
#include "proof.h"

static bool named(const struct jh_fault *fault, const char *rule, uint64_t seen) {
    return strcmp(fault->rule, rule) == 0 && fault->seen == seen;
}

int main(void) {
    struct jh_layout layout;
    struct jh_leaf leaf;
    struct jh_extent e;
    struct jh_fault fault;
    ASSUME(build_is_sound(&layout) && leaf_is_sound(&layout) && layout.states <= JH_STATES_MAX);
    const struct jh_field *f = layout.leaf;
    bool other = leaf.extent != e.at;
    bool szind = e.allocated && f[JH_LEAF_SZIND].width != 0 && leaf.szind != e.szind;
    bool slab = e.allocated && f[JH_LEAF_SLAB].width != 0 && leaf.slab != e.slab;
    bool state = f[JH_LEAF_STATE].width != 0 && leaf.state_bits != e.state_bits;
    bool head = f[JH_LEAF_IS_HEAD].width != 0 && leaf.is_head != e.is_head;
    bool unused = leaf.unused != 0;
    enum jh_status status = jh_leaf_check(&layout, &leaf, &e, &fault);
    PROVE((status == JH_OK) == (!other && !szind && !slab && !state && !head && !unused));
    PROVE(status == JH_OK || (status == JH_CORRUPT && fault.status == status &&
                              fault.stage == JH_STAGE_LEAF && fault.addr == e.base));
    PROVE(status == JH_OK || (other && named(&fault, "leaf.first-page-missing", e.at)) ||
          (szind && named(&fault, "leaf.szind", leaf.szind)) ||
          (slab && named(&fault, "leaf.slab", leaf.slab)) ||
          (state && named(&fault, "leaf.state", leaf.state_bits)) ||
          (head && named(&fault, "leaf.is-head", leaf.is_head)) ||
          (unused && named(&fault, "leaf.unused-bits", leaf.unused)));
    PROVE(jh_leaf_check(&layout, &leaf, &e, NULL) == status);
    REACHES(status == JH_CORRUPT && !other && !szind && !slab);
    REACHES(status == JH_CORRUPT && unused && !head && !state);
    return 0;
}
