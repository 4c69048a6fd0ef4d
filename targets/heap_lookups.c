/* heap_lookups.c - relations between the answers for one address. */
#include "heap_checks.h"

static bool same_extent(const struct jh_extent *a, const struct jh_extent *b) {
    return a->at == b->at && (!a->at || (a->addr == b->addr && a->bsize == b->bsize &&
                                         a->bits == b->bits && a->sn == b->sn && a->ps == b->ps &&
                                         a->usize == b->usize && a->allocated == b->allocated));
}

static bool is_canonical(const struct jh_layout *l, uint64_t addr) {
    uint64_t top = addr >> (l->build.lg_vaddr - 1), ones = UINT64_MAX >> (l->build.lg_vaddr - 1);
    return l->build.pointer_size == 4 ? addr >> 32 == 0
           : l->build.aarch64         ? l->build.lg_vaddr == 64 || addr >> l->build.lg_vaddr == 0
                                      : top == 0 || top == ones;
}

/* Compares a lookup with the reference. When the reference cannot tell because memory is missing,
 * the lookup may also say absent. */
static void check_reference(const struct heap_setup *s, uint64_t addr, enum jh_status status,
                            const struct jh_extent *e) {
    uint64_t at;
    enum reference_status wanted = reference_lookup(&s->view->reference, addr, &at);
    if (status == JH_LIMIT || wanted == REFERENCE_OPEN) {
        return;
    }
    FUZZ_CHECK((status == JH_OK) == (wanted == REFERENCE_KNOWN));
    FUZZ_CHECK((status == JH_CORRUPT) == (wanted == REFERENCE_CORRUPT));
    FUZZ_CHECK((status == JH_ABSENT) == (wanted == REFERENCE_ABSENT));
    FUZZ_CHECK(status != JH_OK || e->at == at);
}

static void check_others(const struct heap_setup *s, uint64_t addr, enum jh_status status,
                         const struct jh_extent *e, const struct jh_fault *fault) {
    for (size_t i = 0; i < s->others; i++) {
        struct jh_extent out;
        struct jh_fault found;
        FUZZ_CHECK(heap_answers_lookup(&s->other[i], addr, &out, &found) == status);
        FUZZ_CHECK(status == JH_OK ? same_extent(&out, e)
                                   : found.rule == fault->rule && found.addr == fault->addr &&
                                         found.seen == fault->seen && found.stage == fault->stage);
    }
}

static void check_neighbours(const struct heap_setup *s, uint64_t addr) {
    struct jh_extent e;
    bool ordered = is_canonical(s->heap.layout, addr);
    enum jh_status status = heap_answers_before(&s->heap, addr, &e);
    FUZZ_CHECK(status != JH_OK || !e.at || !ordered || e.base + e.size - 1 < addr);
    status = heap_answers_after(&s->heap, addr, &e);
    FUZZ_CHECK(status != JH_OK || !e.at || !ordered || e.base > addr);
}

/* Checks the regions of a slab, and the region that has addr. */
static void check_slab(const struct heap_setup *s, uint64_t addr, enum jh_status located,
                       const struct jh_location *l, const struct jh_extent *e) {
    static struct jh_slab slab;
    if (heap_answers_slab(&s->heap, e, addr, &slab) != JH_OK || located != JH_OK) {
        return;
    }
    uint32_t region = jh_slab_region(s->heap.layout, e, addr);
    FUZZ_CHECK(l->owned == (region < slab.nregs));
    if (l->owned) {
        bool free = jh_slab_free(s->heap.layout, &slab, region);
        FUZZ_CHECK(l->use == (free ? JH_USE_FREE : JH_USE_HELD) && l->region_index == region);
        FUZZ_CHECK(l->size == slab.reg_size && l->start == e->base + region * slab.reg_size);
    }
}

static void check_locate(const struct heap_setup *s, uint64_t addr, enum jh_status status,
                         const struct jh_extent *e) {
    struct jh_location l;
    enum jh_status located = heap_answers_locate(&s->heap, addr, &l);
    if (addr >> s->heap.layout->build.lg_page == 0) {
        FUZZ_CHECK(located == JH_OK && !l.owned && l.why == JH_WHY_NULL);
        return;
    }
    if (status != JH_OK) {
        FUZZ_CHECK(located == status);
        return;
    }
    if (e->at) {
        check_slab(s, addr, located, &l, e);
    }
    FUZZ_CHECK(located == JH_OK || (located == JH_ABSENT && jh_extent_is_slab(e)));
    if (located != JH_OK) {
        return;
    }
    FUZZ_CHECK(same_extent(&l.extent, e) && l.owned == (l.why == JH_WHY_OWNED));
    FUZZ_CHECK(e->at ||
               (!l.owned && l.why == (is_canonical(s->heap.layout, addr) ? JH_WHY_NO_LEAF
                                                                         : JH_WHY_NON_CANONICAL)));
}

void heap_check_address(const struct heap_setup *s, uint64_t addr) {
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = heap_answers_lookup(&s->heap, addr, &e, &fault);
    check_reference(s, addr, status, &e);
    check_others(s, addr, status, &e, &fault);
    check_neighbours(s, addr);
    check_locate(s, addr, status, &e);
}

void heap_check_many(const struct heap_setup *s, const uint64_t *addr, size_t count) {
    static struct jh_extent one[HEAP_MANY_MAX], out[HEAP_MANY_MAX];
    enum jh_status wanted[HEAP_MANY_MAX], status[HEAP_MANY_MAX];
    FUZZ_CHECK(count <= HEAP_MANY_MAX);
    for (size_t i = 0; i < count; i++) {
        wanted[i] = jh_lookup(&s->heap, addr[i], &one[i], NULL);
    }
    for (size_t reader = 0; reader <= s->others; reader++) {
        const struct jh_heap *heap = reader ? &s->other[reader - 1] : &s->heap;
        heap_answers_many(heap, addr, count, out, status);
        for (size_t i = 0; i < count; i++) {
            FUZZ_CHECK(status[i] == wanted[i]);
            FUZZ_CHECK(status[i] != JH_OK || same_extent(&one[i], &out[i]));
        }
    }
}
