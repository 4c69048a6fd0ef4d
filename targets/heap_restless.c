/* heap_restless.c - relations that hold although the memory changes between any two reads. */
#include "heap_checks.h"

#define MANY_MAX 128

static void check_extent(const struct jh_heap *heap, uint64_t addr, const struct jh_extent *e) {
    if (e->at) {
        FUZZ_CHECK(jh_extent_check(heap->layout, e, NULL) == JH_OK && addr - e->base < e->size);
    }
}

static void check_lookup(const struct jh_heap *heap, uint64_t addr) {
    static struct jh_slab slab;
    struct jh_extent e;
    struct jh_fault fault;
    heap_mark(&e, sizeof(e));
    enum jh_status status = jh_lookup(heap, addr, &e, &fault);
    heap_check_outcome(status, &fault, &e, sizeof(e));
    if (status != JH_OK) {
        return;
    }
    check_extent(heap, addr, &e);
    if (e.at && jh_slab_read(heap, &e, &slab, &fault) == JH_OK) {
        FUZZ_CHECK(slab.nfree <= slab.nregs &&
                   jh_slab_region(heap->layout, &e, addr) <= slab.nregs);
    }
}

static void check_neighbours(const struct jh_heap *heap, uint64_t addr) {
    struct jh_extent e;
    struct jh_fault fault;
    heap_mark(&e, sizeof(e));
    heap_check_outcome(jh_before(heap, addr, &e, &fault), &fault, &e, sizeof(e));
    heap_mark(&e, sizeof(e));
    heap_check_outcome(jh_after(heap, addr, &e, &fault), &fault, &e, sizeof(e));
}

static void check_locate(const struct jh_heap *heap, uint64_t addr) {
    struct jh_location l;
    struct jh_fault fault;
    heap_mark(&l, sizeof(l));
    enum jh_status status = jh_locate(heap, addr, &l, &fault);
    heap_check_outcome(status, &fault, &l, sizeof(l));
    if (status == JH_OK && l.owned) {
        check_extent(heap, addr, &l.extent);
        FUZZ_CHECK(l.offset < l.size && l.start + l.offset == addr);
        FUZZ_CHECK(l.start >= l.extent.base && l.start - l.extent.base <= l.extent.size);
    }
}

static void check_many(const struct jh_heap *heap, const uint64_t *addr, size_t count) {
    static struct jh_extent out[MANY_MAX];
    enum jh_status status[MANY_MAX];
    FUZZ_CHECK(count <= MANY_MAX);
    jh_lookup_many(heap, addr, count, out, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] == JH_OK) {
            check_extent(heap, addr[i], &out[i]);
        }
    }
}

void heap_check_restless(const struct heap_setup *s, const uint64_t *addr, size_t count) {
    if (!s->view->undos) {
        return; /* nothing that could change */
    }
    for (unsigned lends = 0; lends < 2; lends++) {
        struct jh_heap heap = s->heap;
        heap_view_restless(s->view, lends, &heap.reader);
        for (size_t i = 0; i < count; i++) {
            check_lookup(&heap, addr[i]);
            check_neighbours(&heap, addr[i]);
            check_locate(&heap, addr[i]);
        }
        check_many(&heap, addr, count);
        heap_check_any_walk(&heap);
        heap_view_still(s->view);
    }
}
