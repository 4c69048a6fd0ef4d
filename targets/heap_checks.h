/* heap_checks.h - the relations of fuzz_heap, one function for each group of them, and what
 * fuzz_index shares with it. */
#ifndef JEHEAP_HEAP_CHECKS_H
#define JEHEAP_HEAP_CHECKS_H

#include "heap_view.h"

#define HEAP_OTHERS_MAX 4
#define HEAP_MANY_MAX 128 /* two batches of jh_lookup_many() */

struct heap_setup {
    struct heap_view *view;
    const struct heap_input *input;
    struct jh_heap heap; /* read with the plain reader and a plan */
    struct jh_heap
        other[HEAP_OTHERS_MAX]; /* the same bytes with other readers, or without a plan */
    size_t others;
};

/* Fills in all but the view and the input, which are there: with budgets far below the defaults. */
void heap_set_up(struct heap_setup *setup);
/* Addresses near the places that the input asks for: how many. */
#define HEAP_ADDRESSES (HEAP_PROBES + 1)
size_t heap_addresses(const struct heap_view *view, const struct heap_input *input, uint64_t *out);

/* For one address: compares jh_lookup() with the reference and the other readers, and checks
 * jh_before(), jh_after(), jh_locate() and jh_slab_read(). */
void heap_check_address(const struct heap_setup *setup, uint64_t addr);
/* Compares jh_lookup_many() with jh_lookup(). */
void heap_check_many(const struct heap_setup *setup, const uint64_t *addr, size_t count);
/* Checks a walk, as far as the budgets allow. Returns a digest of its answers. */
uint64_t heap_check_walk(const struct heap_setup *setup);
/* Checks a walk and lookups while the memory changes between reads. */
void heap_check_changing(const struct heap_setup *setup, const uint64_t *addr, size_t count);

/* ---- heap_answers.c, and a walk in heap_walks.c ------------------------------------- */

/* These call a function and check its answer, whatever the memory has and whether it changes: an
 * extent is sound and has the address that was asked for; a walk is in order and ends; without
 * JH_OK the output is untouched and there is a fault. They return the status of the call. */
enum jh_status heap_answers_lookup(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                                   struct jh_fault *fault);
void heap_answers_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                       struct jh_extent *out, enum jh_status *status);
enum jh_status heap_answers_before(const struct jh_heap *heap, uint64_t addr,
                                   struct jh_extent *out);
enum jh_status heap_answers_after(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out);
enum jh_status heap_answers_locate(const struct jh_heap *heap, uint64_t addr,
                                   struct jh_location *out);
enum jh_status heap_answers_slab(const struct jh_heap *heap, const struct jh_extent *e,
                                 uint64_t addr, struct jh_slab *out);
void heap_answers_walk(const struct jh_heap *heap);

#endif
