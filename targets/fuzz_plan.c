/* Target functions: jh_plan_make, jh_plan_take, jh_plan_fill, jh_plan_leaf, jh_plan_leaf_decode,
 * jh_plan_leaf_agrees.
 *
 * Relations: an extent that the plan takes is sound, and each field of it is what
 * jh_extent_decode() says; one that is sound is taken but for a few kinds; a leaf element is
 * decoded as jh_leaf_decode() does, and agrees with an extent only if jh_leaf_check() says so. */
#include "builds.h"
#include "plan.h"

/* The plan of each layout, made at its first use. */
static const struct jh_plan *plan_of(const struct jh_layout *layout) {
    static struct jh_plan *made[1024];
    size_t i = (size_t)(layout - fuzz_layout_nth(0));
    FUZZ_CHECK(i < sizeof(made) / sizeof(made[0]));
    if (!made[i]) {
        made[i] = malloc(sizeof(*made[i]));
        FUZZ_CHECK(made[i] && jh_plan_make(layout, made[i], NULL) == JH_OK);
    }
    return made[i];
}

/* Must the plan take this extent if it is sound? It leaves a few kinds to the long way: sampled
 * small allocations, those with a usable size of 0, extents that begin in page 0, and those that
 * could end at the last address. */
static bool must_be_taken(const struct jh_layout *l, const struct jh_extent *e) {
    return e->base && !(e->allocated && e->slab != (e->szind < l->sc_nbins)) &&
           !(e->allocated && !e->usize) &&
           (l->build.pointer_size == 4 || (l->build.lg_vaddr < 64 && e->base >> 63 == 0));
}

static bool take(const struct jh_plan *plan, bool wide, uint64_t at, const uint8_t *head,
                 struct jh_brief *brief) {
    struct jh_extent e, wanted;
    bool taken = jh_plan_take(plan, wide, at, head, brief);
    memset(&e, 0, sizeof(e));
    memset(&wanted, 0, sizeof(wanted));
    jh_extent_decode(plan->layout, at, head, &wanted);
    bool sound = jh_extent_check(plan->layout, &wanted, NULL) == JH_OK;
    if (taken) {
        jh_plan_fill(plan, wide, brief, head, &e);
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): both were zeroed, padding too */
        FUZZ_CHECK(sound && memcmp(&e, &wanted, sizeof(e)) == 0);
    }
    FUZZ_CHECK(taken || !sound || !must_be_taken(plan->layout, &wanted));
    return taken;
}

static void check_leaf(const struct jh_plan *plan, const uint8_t *head, const uint8_t *element,
                       const struct jh_brief *taken) {
    struct jh_leaf leaf, wanted;
    struct jh_extent e;
    uint64_t at = jh_plan_leaf(plan, plan->wide, element);
    if (!at) {
        return;
    }
    memset(&leaf, 0, sizeof(leaf));
    memset(&wanted, 0, sizeof(wanted));
    jh_plan_leaf_decode(plan, plan->wide, element, &leaf);
    jh_leaf_decode(plan->layout, element, &wanted);
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): both were zeroed, padding too */
    FUZZ_CHECK(at == wanted.extent && memcmp(&leaf, &wanted, sizeof(leaf)) == 0);
    if (taken) {
        /* only bits 7 to 15 of the pointer may differ, so that it is the extent's now and then */
        leaf.extent ^= (leaf.extent ^ taken->at) & ~UINT64_C(0xff80);
        jh_extent_decode(plan->layout, taken->at, head, &e);
        FUZZ_CHECK(jh_plan_leaf_agrees(plan, &leaf, taken) ==
                   (jh_leaf_check(plan->layout, &leaf, &e, NULL) == JH_OK));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_plan *plan = plan_of(fuzz_layout(&in));
    uint8_t head[JH_EXTENT_HEAD_MAX] = {0}, element[JH_LEAF_BYTES_MAX];
    struct jh_brief brief;
    uint64_t at = fuzz_take(&in, 2) << 6;
    fuzz_bytes(&in, head, plan->layout->extent_head);
    fuzz_bytes(&in, element, plan->layout->leaf_size);
    bool taken = take(plan, false, at, head, &brief);
    if (plan->wide) {
        FUZZ_CHECK(!take(plan, true, at, head, &brief) || taken);
    }
    check_leaf(plan, head, element, taken ? &brief : NULL);
    return 0;
}
