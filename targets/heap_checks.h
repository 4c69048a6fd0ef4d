/* heap_checks.h - the relations of fuzz_heap, one function for each group of them. */
#ifndef JEHEAP_HEAP_CHECKS_H
#define JEHEAP_HEAP_CHECKS_H

#include "heap_view.h"

#define HEAP_OTHERS_MAX 4
#define HEAP_MANY_MAX 128 /* two batches of jh_lookup_many() */

struct heap_setup {
    struct heap_view *view;
    const struct heap_input *input;
    struct jh_heap heap;                   /* plain */
    struct jh_heap other[HEAP_OTHERS_MAX]; /* the same bytes, read in other ways, or the long one */
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
void heap_check_changing(const struct heap_setup *setup, const uint64_t *addr, size_t count);

/* ---- heap_answers.c, and a walk in heap_walks.c ------------------------------------- */

/* What holds of any answer by itself, whatever the bytes are and become: an extent is sound, and of
 * the address that was asked for; what a walk gives is in order, and it ends; an output is
 * untouched unless the call says JH_OK, and then there is a fault. They return what the call said.
 */
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
