/* heap_changing.c - relations that hold although the memory changes between any two reads. */
#include "heap_checks.h"

static void check_address(const struct jh_heap *heap, uint64_t addr) {
    static struct jh_slab slab;
    struct jh_extent e;
    struct jh_location l;
    struct jh_fault fault;
    if (heap_answers_lookup(heap, addr, &e, &fault) == JH_OK && e.at) {
        heap_answers_slab(heap, &e, addr, &slab);
    }
    heap_answers_before(heap, addr, &e);
    heap_answers_after(heap, addr, &e);
    heap_answers_locate(heap, addr, &l);
}

void heap_check_changing(const struct heap_setup *s, const uint64_t *addr, size_t count) {
    static struct jh_extent out[HEAP_MANY_MAX];
    enum jh_status status[HEAP_MANY_MAX];
    FUZZ_CHECK(count <= HEAP_MANY_MAX);
    if (!s->view->undos) {
        return; /* the input has no patch, so no memory can change */
    }
    for (unsigned lends = 0; lends < 2; lends++) {
        struct jh_heap heap = s->heap;
        heap_view_changing(s->view, lends, &heap.reader);
        for (size_t i = 0; i < count; i++) {
            check_address(&heap, addr[i]);
        }
        heap_answers_many(&heap, addr, count, out, status);
        heap_answers_walk(&heap);
        heap_view_still(s->view);
    }
}
