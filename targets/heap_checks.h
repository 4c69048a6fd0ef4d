/* heap_checks.h - the relations of fuzz_heap, one function for each group of them. */
#ifndef JEHEAP_HEAP_CHECKS_H
#define JEHEAP_HEAP_CHECKS_H

#include "heap_view.h"

#define HEAP_OTHERS_MAX 3

struct heap_setup {
    struct heap_view *view;
    const struct heap_input *input;
    struct jh_heap heap;                   /* plain */
    struct jh_heap other[HEAP_OTHERS_MAX]; /* the same bytes, read in other ways */
    size_t others;
};

/* One address: jh_lookup against the reference and the other readers, jh_before, jh_after,
 * jh_locate, jh_slab_read. */
void heap_check_address(const struct heap_setup *setup, uint64_t addr);
/* jh_lookup_many() against jh_lookup(). */
void heap_check_many(const struct heap_setup *setup, const uint64_t *addr, size_t count);
/* A walk, as much of it as the budgets allow. Returns a number that is the same for the same
 * answers. */
uint64_t heap_check_walk(const struct heap_setup *setup);
/* What holds of a walk, and of what is asked of an address, of memory that changes meanwhile. */
void heap_check_restless(const struct heap_setup *setup, const uint64_t *addr, size_t count);

/* What the files of these checks share: any walk ends, what it gives is sound and in order; an
 * output is untouched unless the call says JH_OK, and then there is a fault. */
void heap_check_any_walk(const struct jh_heap *heap);
void heap_mark(void *out, size_t size);
void heap_check_outcome(enum jh_status status, const struct jh_fault *fault, const void *out,
                        size_t size);

#endif
