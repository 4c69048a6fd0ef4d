/* jh_leaf_check: for every layout, leaf and extent, it passes exactly when nothing that both tell
 * differs, and else names one thing that does.
 *
 * sources: leaf.c word.c reader.c
 * options: --unwind 26
 * mutant: leaf.c: leaf->szind != e->szind => leaf->szind < e->szind
 * mutant: leaf.c: e->allocated && f[JH_LEAF_SLAB].width && => f[JH_LEAF_SLAB].width &&
 * mutant: leaf.c: if (!rule || jh_leaf_may_be_left_behind(layout, leaf)) { => if (!rule) {
 * mutant: leaf.c: seen = leaf->state_bits; => seen = e->state_bits; */
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
    bool active = layout.state[leaf.state_bits % JH_STATES_MAX] == JH_ACTIVE;
    bool behind = layout.leaf_left_behind && leaf.szind == layout.sc_nsizes && !leaf.slab && active;
    bool other = leaf.extent != e.at;
    bool szind = e.allocated && f[JH_LEAF_SZIND].width != 0 && leaf.szind != e.szind;
    bool slab = e.allocated && f[JH_LEAF_SLAB].width != 0 && leaf.slab != e.slab;
    bool state = f[JH_LEAF_STATE].width != 0 && leaf.state_bits != e.state_bits;
    enum jh_status status = jh_leaf_check(&layout, &leaf, &e, &fault);
    PROVE((status == JH_OK) == (behind || (!other && !szind && !slab && !state)));
    PROVE(status == JH_OK || (status == JH_CORRUPT && fault.status == status &&
                              fault.stage == JH_STAGE_LEAF && fault.addr == e.base));
    PROVE(status == JH_OK || (other && named(&fault, "leaf.first-page-missing", e.at)) ||
          (szind && named(&fault, "leaf.szind", leaf.szind)) ||
          (slab && named(&fault, "leaf.slab", leaf.slab)) ||
          (state && named(&fault, "leaf.state", leaf.state_bits)));
    PROVE(jh_leaf_check(&layout, &leaf, &e, NULL) == status);
    REACHES(status == JH_CORRUPT && !other && !szind && !slab);
    REACHES(status == JH_OK && behind && szind);
    return 0;
}
