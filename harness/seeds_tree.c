/* seeds_tree.c - describes an extent and its neighbours as steps of targets/tree.c, which inserts
 * them into an rtree with 32 address bits. */
#include "seeds_input.h"

#define TREE_BITS 31 /* bits of an address that a step names; the others are 0 then */
#define STEPS 16
#define STEP_BYTES 7
#define PAGES_MAX UINT64_C(0x10000)
#define SLAB 4U
#define SZINDS 32U /* size classes that a step can name */
#define ADD 0U

/* Adds the step that inserts this extent. False: no step can describe it. */
static bool step_of(const struct jh_layout *l, const struct jh_extent *e, struct seed_input *out) {
    uint64_t pages = e->size >> l->build.lg_page,
             first = e->base & ((UINT64_C(1) << TREE_BITS) - 1);
    bool slab = jh_extent_is_slab(e);
    if (!pages || e->state_bits > 3 || (e->state_bits == 0 && !e->allocated) ||
        (slab && e->szind >= SZINDS)) {
        return false;
    }
    seed_add_number(out, first >> l->build.lg_page, 3);
    seed_add_number(out, (pages < PAGES_MAX ? pages : PAGES_MAX) - 1, 2);
    seed_add_number(out, slab ? SLAB | e->szind << 3 : e->state_bits, 1);
    seed_add_number(out, ADD, 1);
    return true;
}

/* Are both pages in one leaf node, and equal in the bits that the small rtree does not have? */
static bool are_near(const struct jh_layout *l, uint64_t page, uint64_t other) {
    return jh_rtree_leafkey(l, page) == jh_rtree_leafkey(l, other) &&
           page >> TREE_BITS == other >> TREE_BITS;
}

/* Adds steps for the extents that begin at the place or behind it. */
static void neighbours(const struct seed_input *in, struct seed_input *steps) {
    const struct jh_layout *l = &in->image->layout;
    const struct heap_place *end = in->image->place + in->image->first[HEAP_PLACE_LEAF + 1];
    for (const struct heap_place *p = in->place; p < end && steps->len < STEPS * STEP_BYTES; p++) {
        struct jh_leaf leaf;
        struct jh_extent e;
        jh_leaf_decode(l, heap_image_at(in->image, p->addr, l->leaf_size), &leaf);
        if (are_near(l, in->place->page, p->page) && seed_extent_at(in->image, leaf.extent, &e) &&
            e.base == p->page) {
            (void)step_of(l, &e, steps);
        }
    }
}

bool seed_add_tree(struct seed_input *in) {
    struct seed_input steps = {.len = 0};
    neighbours(in, &steps);
    for (size_t at = steps.len; at > 0;
         at -= STEP_BYTES) { /* inputs are read from the end, so the first step is last */
        seed_add(in, steps.bytes + at - STEP_BYTES, STEP_BYTES);
    }
    seed_add_number(in, in->place->page, 8);
    seed_add_number(in, in->place->page, 4);
    seed_add_number(in, 1, 1); /* the reader lends memory */
    return steps.len;
}
