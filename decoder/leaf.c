/* leaf: leaf bytes -> which extent. Follows rtree_leaf_elm_bits_{extent,szind,slab}_get (rtree.h,
 * 5.0 to 5.2) and rtree_leaf_elm_bits_decode (rtree.h, 5.3 and later). */
#include "internal.h"

#include <string.h>

/* Below a compact element's pointer, above its last field. The other forms have none. */
static uint8_t unused_bits(const struct jh_layout *layout, uint64_t first) {
    struct jh_field state = layout->leaf[JH_LEAF_STATE];
    bool some = layout->leaf_form == JH_LEAF_COMPACT && state.width;
    return some ? (uint8_t)(first & jh_low_mask(layout->leaf_low_bits) &
                            ~jh_low_mask(state.shift + (unsigned)state.width))
                : 0;
}

/* A field; first is the element's first word, which often has it. */
static inline uint64_t field(const struct jh_layout *layout, const uint8_t *bytes, uint64_t first,
                             enum jh_leaf_field which) {
    struct jh_field f = layout->leaf[which];
    return !f.width || f.offset || f.word != layout->build.pointer_size
               ? jh_field_get(layout, bytes, f)
               : jh_field_of(first, f);
}

void jh_leaf_decode(const struct jh_layout *layout, const uint8_t *bytes, struct jh_leaf *out) {
    uint64_t first = jh_load(layout, bytes, layout->build.pointer_size);
    out->extent = jh_leaf_pointer(layout, first);
    out->szind = (uint32_t)field(layout, bytes, first, JH_LEAF_SZIND);
    out->state_bits = (uint32_t)field(layout, bytes, first, JH_LEAF_STATE);
    out->slab = field(layout, bytes, first, JH_LEAF_SLAB) != 0;
    out->is_head = field(layout, bytes, first, JH_LEAF_IS_HEAD) != 0;
    out->unused = unused_bits(layout, first);
}

bool jh_leaf_may_be_left_behind(const struct jh_layout *layout, const struct jh_leaf *leaf) {
    return layout->leaf_left_behind && leaf->szind == layout->sc_nsizes && !leaf->slab &&
           layout->state[leaf->state_bits % JH_STATES_MAX] == JH_ACTIVE;
}

enum jh_status jh_leaf_check(const struct jh_layout *layout, const struct jh_leaf *leaf,
                             const struct jh_extent *e, struct jh_fault *fault) {
    const struct jh_field *f = layout->leaf;
    const char *rule = NULL;
    uint64_t seen = 0, expected = 0;
    if (leaf->extent != e->at) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, e->base, e->at, "leaf.first-page-missing");
    }
    if (e->allocated && f[JH_LEAF_SZIND].width && leaf->szind != e->szind) {
        rule = "leaf.szind", seen = leaf->szind, expected = e->szind;
    } else if (e->allocated && f[JH_LEAF_SLAB].width && leaf->slab != e->slab) {
        rule = "leaf.slab", seen = leaf->slab, expected = e->slab;
    } else if (f[JH_LEAF_STATE].width && leaf->state_bits != e->state_bits) {
        rule = "leaf.state", seen = leaf->state_bits, expected = e->state_bits;
    } else if (f[JH_LEAF_IS_HEAD].width && leaf->is_head != e->is_head) {
        rule = "leaf.is-head", seen = leaf->is_head, expected = e->is_head;
    } else if (leaf->unused) {
        rule = "leaf.unused-bits", seen = leaf->unused;
    }
    return rule ? jh_fail_of(fault, JH_STAGE_LEAF, e->base, seen, expected, rule) : JH_OK;
}

static void put_field(const struct jh_layout *layout, uint8_t *bytes, struct jh_field field,
                      uint64_t value) {
    if (!field.width) {
        return; /* its offset means nothing */
    }
    uint8_t *at = bytes + field.offset;
    uint64_t word = jh_load(layout, at, field.word);
    word |= (value & jh_low_mask(field.width)) << field.shift;
    for (unsigned i = 0; i < field.word; i++) {
        unsigned byte = layout->build.little_endian ? i : field.word - 1U - i;
        at[byte] = (uint8_t)(word >> (8 * i));
    }
}

void jh_leaf_encode(const struct jh_layout *layout, const struct jh_leaf *leaf, uint8_t *bytes) {
    memset(bytes, 0, layout->leaf_size);
    put_field(layout, bytes, layout->leaf[JH_LEAF_EXTENT], leaf->extent);
    put_field(layout, bytes, layout->leaf[JH_LEAF_SZIND], leaf->szind);
    put_field(layout, bytes, layout->leaf[JH_LEAF_SLAB], leaf->slab);
    put_field(layout, bytes, layout->leaf[JH_LEAF_IS_HEAD], leaf->is_head);
    put_field(layout, bytes, layout->leaf[JH_LEAF_STATE], leaf->state_bits);
}
