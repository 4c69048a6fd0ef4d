/* What a plan is for: a sound extent by a few comparisons. Nothing here says what is wrong; what is
 * not accepted goes the long way (extent.c), which refuses what this refuses for good reason, and
 * takes the rest. What is accepted here is accepted there, and is the same in each field:
 * targets/fuzz_plan.c and tests/test_plan.c hold one against the other.
 *
 * wide: as the plan says. It is a constant wherever it matters, so that compilers make two of each
 * function. */
#ifndef JEHEAP_PLAN_H
#define JEHEAP_PLAN_H

#include "internal.h"

/* What the plan has for one szind, any at all. */
void jh_plan_class_of(const struct jh_layout *layout, uint32_t szind, struct jh_plan_class *out);

/* Is there a plan of this layout? Addresses are words of their own, sizes lie in place, and szind
 * is no longer than a byte. */
bool jh_plan_fits(const struct jh_layout *layout);

/* All but the classes. */
void jh_plan_parts(const struct jh_layout *layout, struct jh_plan *out);

/* The plan of a heap that has one of its layout, else NULL. */
JH_INLINE const struct jh_plan *jh_plan_of(const struct jh_heap *heap) {
    return heap->plan && heap->plan->layout == heap->layout ? heap->plan : NULL;
}

/* What builds of 5.3 on for addresses of 48 bits and pages of 4 KiB have in common. Where compilers
 * know it they take these numbers for the constants that they are. */
JH_INLINE bool jh_plan_is_usual(const struct jh_plan *plan) {
    const struct jh_plan_part *part = plan->part;
    return plan->wide & (plan->at_low == 127) & (plan->leaves == 1) &
           (plan->level_mask[0] == 0x1ffff8) & (plan->level_shift[0] == 27) &
           (plan->level_mask[1] == 0x1ffff8) & (plan->level_shift[1] == 9) &
           (part[JH_EXTENT_SZIND].mask == 0xff) & (part[JH_EXTENT_SZIND].shift == 20) &
           (part[JH_EXTENT_BITS].offset == 0) & (part[JH_EXTENT_ADDR].offset == 8) &
           (part[JH_EXTENT_BSIZE].offset == 16) &
           (plan->in_place[JH_EXTENT_SIZE] == ~UINT64_C(0xfff)) &
           (plan->page_mask == ~UINT64_C(0xfff));
}

JH_INLINE uint64_t jh_plan_load(const struct jh_plan *plan, bool wide, const uint8_t *p,
                                unsigned size) {
    return wide ? jh_load8(p) : jh_load_slow(plan->layout->build.little_endian, p, size);
}

JH_INLINE uint64_t jh_plan_cut(uint64_t word, const struct jh_plan_part *part) {
    return (word >> (part->shift & 63)) & part->mask;
}

JH_INLINE uint64_t jh_plan_word(const struct jh_plan *plan, bool wide, const uint8_t *bytes,
                                enum jh_extent_field field) {
    const struct jh_plan_part *part = &plan->part[field];
    return jh_plan_load(plan, wide, bytes + part->offset, part->word);
}

JH_INLINE uint64_t jh_plan_field(const struct jh_plan *plan, bool wide, const uint8_t *bytes,
                                 enum jh_extent_field field) {
    return jh_plan_cut(jh_plan_word(plan, wide, bytes, field), &plan->part[field]);
}

/* A field of e_bits. */
JH_INLINE uint32_t jh_plan_bits(const struct jh_plan *plan, uint64_t bits,
                                enum jh_extent_field field) {
    return (uint32_t)jh_plan_cut(bits, &plan->part[field]);
}

JH_INLINE bool jh_plan_flag(const struct jh_plan *plan, uint64_t bits, enum jh_extent_field field) {
    return (bits & plan->in_place[field]) != 0;
}

/* Where an element is in its node at this level. */
JH_INLINE uint64_t jh_plan_offset(const struct jh_plan *plan, bool wide, uint64_t addr,
                                  unsigned level) {
    uint64_t offset = addr >> (plan->level_shift[level] & 63) & plan->level_mask[level];
    const struct jh_layout *layout = plan->layout;
    return wide                    ? offset
           : level == plan->leaves ? offset * layout->leaf_size
                                   : offset * layout->rtree_node_size;
}

/* Only the extent of a leaf element, as jh_leaf_extent() has it; 0 where that is none of a
 * program's.
 */
JH_INLINE uint64_t jh_plan_leaf(const struct jh_plan *plan, bool wide, const uint8_t *bytes) {
    unsigned size = wide ? 8 : plan->layout->rtree_node_size;
    uint64_t word = jh_plan_load(plan, wide, bytes, size);
    return word & plan->leaf_other ? 0 : word & plan->leaf_mask;
}

/* All that jh_leaf_decode() tells, of an element that jh_plan_leaf() gives an extent of. */
JH_INLINE void jh_plan_leaf_decode(const struct jh_plan *plan, bool wide, const uint8_t *bytes,
                                   struct jh_leaf *out) {
    uint64_t word[JH_LEAF_FIELDS];
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        const struct jh_plan_part *part = &plan->leaf[i];
        word[i] = jh_plan_cut(jh_plan_load(plan, wide, bytes + part->offset, part->word), part);
    }
    out->extent = word[JH_LEAF_EXTENT] & plan->leaf_mask;
    out->szind = (uint32_t)word[JH_LEAF_SZIND];
    out->state_bits = (uint32_t)word[JH_LEAF_STATE];
    out->slab = word[JH_LEAF_SLAB] != 0;
    out->is_head = word[JH_LEAF_IS_HEAD] != 0;
    out->unused = (uint8_t)(word[JH_LEAF_EXTENT] & plan->leaf_unused);
}

/* Does the element of an extent's first page say what the extent says (jh_leaf_check())? */
JH_INLINE bool jh_plan_leaf_agrees(const struct jh_plan *plan, const struct jh_leaf *leaf,
                                   const struct jh_brief *e) {
    const struct jh_plan_part *part = plan->leaf;
    uint32_t state = jh_plan_bits(plan, e->bits, JH_EXTENT_STATE);
    bool is_head = jh_plan_flag(plan, e->bits, JH_EXTENT_IS_HEAD);
    return leaf->extent == e->at && !leaf->unused &&
           (!e->allocated || ((leaf->szind == e->szind || !part[JH_LEAF_SZIND].mask) &&
                              (leaf->slab == e->slab || !part[JH_LEAF_SLAB].mask))) &&
           (leaf->state_bits == state || !part[JH_LEAF_STATE].mask) &&
           (leaf->is_head == is_head || !part[JH_LEAF_IS_HEAD].mask);
}

JH_INLINE uint64_t jh_plan_usize(const struct jh_plan_class *of, uint64_t size) {
    return of->usize + (size & of->by_size);
}

/* Where its first page begins. A slab begins there. */
JH_INLINE uint64_t jh_plan_base(const struct jh_plan *plan, bool slab, const struct jh_brief *e) {
    return slab ? e->addr : e->addr & plan->page_mask;
}

/* Does it begin at an address, and end at one? */
JH_INLINE bool jh_plan_in_memory(const struct jh_plan *plan, const struct jh_plan_class *of,
                                 bool wide, uint64_t base, const struct jh_brief *e) {
    if (wide) {
        return base - 1 < of->bases;
    }
    return e->addr && ((base + (e->size - 1)) & plan->address_mask) >= base;
}

/* Is what was decoded sound, as one of its class? */
JH_INLINE bool jh_plan_sound(const struct jh_plan *plan, const struct jh_plan_class *of, bool wide,
                             bool slab, const struct jh_brief *e) {
    uint64_t base = jh_plan_base(plan, slab, e);
    return (e->bits & of->mask) == of->bits && !(e->at & plan->at_low) &&
           !(e->addr & of->addr_low) &&
           (slab ? e->size == of->least : e->size - of->least <= of->span) &&
           jh_plan_in_memory(plan, of, wide, base, e) &&
           (e->bits & plan->in_place[JH_EXTENT_NFREE]) <= of->nfree &&
           (slab || jh_plan_usize(of, e->size) <= e->size - (e->addr - base));
}

/* Decode and check as one of a class, that of its szind. slab: as the class says, and a constant.
 * False: it may be sound all the same. */
JH_INLINE bool jh_plan_take_kind(const struct jh_plan *plan, const struct jh_plan_class *of,
                                 bool wide, bool slab, uint64_t at, const uint8_t *bytes,
                                 struct jh_brief *out) {
    out->at = at;
    out->bits = jh_plan_word(plan, wide, bytes, JH_EXTENT_BITS);
    out->addr = jh_plan_word(plan, wide, bytes, JH_EXTENT_ADDR);
    out->size = jh_plan_word(plan, wide, bytes, JH_EXTENT_BSIZE) & plan->in_place[JH_EXTENT_SIZE];
    out->szind = jh_plan_bits(plan, out->bits, JH_EXTENT_SZIND);
    out->state = JH_ACTIVE;
    out->slab = slab;
    out->allocated = slab || of->allocated;
    if (!out->allocated) {
        unsigned number = jh_plan_bits(plan, out->bits, JH_EXTENT_STATE) % JH_STATES_MAX;
        out->state = plan->state[number];
        out->slab = jh_plan_flag(plan, out->bits, JH_EXTENT_SLAB);
        if (!(plan->states >> number & 1)) {
            return false;
        }
    }
    return jh_plan_sound(plan, of, wide, slab, out);
}

JH_INLINE bool jh_plan_take_as(const struct jh_plan *plan, const struct jh_plan_class *of,
                               bool wide, uint64_t at, const uint8_t *bytes, struct jh_brief *out) {
    return of->slab ? jh_plan_take_kind(plan, of, wide, true, at, bytes, out)
                    : jh_plan_take_kind(plan, of, wide, false, at, bytes, out);
}

JH_INLINE const struct jh_plan_class *jh_plan_class(const struct jh_plan *plan, uint32_t szind) {
    return &plan->of[szind % JH_PLAN_CLASSES];
}

/* Of the extent whose head is in bytes. */
JH_INLINE const struct jh_plan_class *jh_plan_class_in(const struct jh_plan *plan, bool wide,
                                                       const uint8_t *bytes) {
    uint64_t bits = jh_plan_word(plan, wide, bytes, JH_EXTENT_BITS);
    return jh_plan_class(plan, jh_plan_bits(plan, bits, JH_EXTENT_SZIND));
}

JH_INLINE bool jh_plan_take(const struct jh_plan *plan, bool wide, uint64_t at,
                            const uint8_t *bytes, struct jh_brief *out) {
    return jh_plan_take_as(plan, jh_plan_class_in(plan, wide, bytes), wide, at, bytes, out);
}

/* Does it cover this address? */
JH_INLINE bool jh_plan_covers(const struct jh_plan *plan, const struct jh_brief *e, uint64_t addr) {
    return addr - (e->addr & plan->page_mask) < e->size;
}

/* All that jh_extent_decode() tells, of one that was taken. */
JH_INLINE void jh_plan_fill_as(const struct jh_plan *plan, const struct jh_plan_class *of,
                               bool wide, const struct jh_brief *e, const uint8_t *bytes,
                               struct jh_extent *out) {
    uint64_t bits = e->bits;
    out->at = e->at;
    out->addr = e->addr;
    out->base = e->addr & plan->page_mask;
    out->size = e->size;
    out->bsize = jh_plan_word(plan, wide, bytes, JH_EXTENT_BSIZE);
    out->bits = bits;
    out->sn = jh_plan_field(plan, wide, bytes, JH_EXTENT_SN);
    out->ps = jh_plan_field(plan, wide, bytes, JH_EXTENT_PS);
    out->usize = jh_plan_usize(of, e->size);
    out->esn = (uint32_t)jh_plan_cut(out->bsize, &plan->part[JH_EXTENT_ESN]);
    out->arena_ind = jh_plan_bits(plan, bits, JH_EXTENT_ARENA);
    out->szind = e->szind;
    out->nfree = jh_plan_bits(plan, bits, JH_EXTENT_NFREE);
    out->bin_shard = jh_plan_bits(plan, bits, JH_EXTENT_BIN_SHARD);
    out->state_bits = jh_plan_bits(plan, bits, JH_EXTENT_STATE);
    out->state = e->state;
    out->slab = e->slab;
    out->allocated = e->allocated;
    out->committed = jh_plan_flag(plan, bits, JH_EXTENT_COMMITTED);
    out->dumpable = jh_plan_flag(plan, bits, JH_EXTENT_DUMPABLE);
    out->pai = jh_plan_flag(plan, bits, JH_EXTENT_PAI);
    out->zeroed = jh_plan_flag(plan, bits, JH_EXTENT_ZEROED);
    out->guarded = jh_plan_flag(plan, bits, JH_EXTENT_GUARDED);
    out->is_head = jh_plan_flag(plan, bits, JH_EXTENT_IS_HEAD);
    out->pinned = jh_plan_flag(plan, bits, JH_EXTENT_PINNED);
}

JH_INLINE void jh_plan_fill(const struct jh_plan *plan, bool wide, const struct jh_brief *e,
                            const uint8_t *bytes, struct jh_extent *out) {
    jh_plan_fill_as(plan, jh_plan_class(plan, e->szind), wide, e, bytes, out);
}

#endif
