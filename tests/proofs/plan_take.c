/* jh_plan_take_as: for each family of versions, address width, page, word and byte order below, and
 * for every extent's bytes, what it takes as one of its class jh_extent_check() accepts, and
 * jh_plan_fill_as() tells of it what jh_extent_decode() does. For layouts that are none of these,
 * targets/fuzz_plan.c and tests/test_plan.c hold one against the other.
 *
 * sources: layout.c layout_table.c size_class.c word.c reader.c version.c struct.c
 * sources: struct_common.c struct_5_0.c struct_5_3.c
 * slow: minutes
 * each: BUILD 0 1 2 3 4
 * options: --unwind 300 --object-bits 16
 * mutant: plan.h: (e->bits & of->mask) == of->bits => true
 * mutant: plan.h: e->size - of->least <= of->span => true
 * mutant: plan.h: slab ? e->size == of->least : e => slab ? true : e
 * mutant: plan.h: return base - 1 < of->bases; => return true;
 * mutant: plan.h: <= of->nfree => <= UINT64_MAX
 * mutant: plan.h: if (!(plan->states >> number & 1)) { => if (false) {
 * mutant: plan.c: of->addr_low = CACHELINE - 1 => of->addr_low = CACHELINE / 2 - 1
 * mutant: plan.c: uint64_t below = jh_index2size(layout, szind - 1); => uint64_t below = 0; */
#include "proof.h"

/* CBMC has none of its own; it is asked for the end of a word in a path. */
size_t strcspn(const char *text, const char *ends) {
    size_t length = 0;
    while (text[length] && !strchr(ends, text[length])) {
        length++;
    }
    return length;
}

#include "extent.c"
#include "plan.c"

static const struct jh_build builds[] = {
#define ROW(of, ptr, vaddr, page, little)                                                          \
    {                                                                                              \
        .version = (of), .pointer_size = (ptr), .lg_vaddr = (vaddr), .lg_page = (page),            \
        .lg_quantum = 4, .pthread_mutex_size = 40, .u64_align = 8, .little_endian = (little),      \
        .stats = true, .cache_oblivious = true                                                     \
    }
    ROW(JH_5_3_0, 8, 48, 12, true), ROW(JH_5_0_1, 8, 57, 12, true),  ROW(JH_DEV, 8, 48, 12, true),
    ROW(JH_5_2_1, 4, 32, 16, true), ROW(JH_5_3_1, 8, 64, 12, false),
};

static bool same_flags(const struct jh_extent *a, const struct jh_extent *b) {
    return a->slab == b->slab && a->allocated == b->allocated && a->committed == b->committed &&
           a->dumpable == b->dumpable && a->pai == b->pai && a->zeroed == b->zeroed &&
           a->guarded == b->guarded && a->is_head == b->is_head && a->pinned == b->pinned;
}

static bool same_words(const struct jh_extent *a, const struct jh_extent *b) {
    return a->at == b->at && a->addr == b->addr && a->base == b->base && a->size == b->size &&
           a->bsize == b->bsize && a->bits == b->bits && a->sn == b->sn && a->ps == b->ps;
}

static bool same_numbers(const struct jh_extent *a, const struct jh_extent *b) {
    return a->esn == b->esn && a->arena_ind == b->arena_ind && a->szind == b->szind &&
           a->nfree == b->nfree && a->bin_shard == b->bin_shard && a->state_bits == b->state_bits &&
           a->state == b->state && a->usize == b->usize;
}

int main(void) {
    struct jh_layout layout;
    struct jh_plan plan;
    struct jh_plan_class of;
    struct jh_brief brief;
    struct jh_extent e, wanted;
    uint64_t at;
    PROVE(jh_layout_make(&builds[BUILD], &layout, NULL) == JH_OK && jh_plan_fits(&layout));
    const uint8_t *bytes = any_bytes(layout.extent_head);
    jh_extent_decode(&layout, at, bytes, &wanted);
    jh_plan_parts(&layout, &plan);
    jh_plan_class_of(&layout, wanted.szind, &of);
    bool taken = jh_plan_take_as(&plan, &of, plan.wide, at, bytes, &brief);
    if (taken) {
        jh_plan_fill_as(&plan, &of, plan.wide, &brief, bytes, &e);
        PROVE(jh_extent_check(&layout, &wanted, NULL) == JH_OK);
        PROVE(same_words(&e, &wanted) && same_numbers(&e, &wanted) && same_flags(&e, &wanted));
    }
    REACHES(taken && of.slab);
    REACHES(taken && !of.allocated && brief.state != JH_ACTIVE);
    return 0;
}
