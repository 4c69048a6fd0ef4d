/* combinations.h - combinations of build parameters: all of them, or a selection that covers every
 * three values. */
#ifndef JEHEAP_COMBINATIONS_H
#define JEHEAP_COMBINATIONS_H

#include "jeheap/jeheap.h"

struct combinations {
    struct jh_build *build;
    size_t count;
};

/* Every combination of address bits, page, quantum, slab regions, debug, prof, statistics and
 * cache-oblivious. build has the version and the machine. jemalloc's headers refuse some of them.
 */
struct combinations combine_all(const struct jh_build *build);

/* A selection, found by a greedy search, in which any three values of different parameters occur
 * together. No constant of jemalloc depends on more than three parameters: the form of a leaf on
 * address bits, page and quantum; the size of an extent on page, quantum and slab regions. */
struct combinations combine_triples(const struct jh_build *build);

void combine_free(struct combinations *combinations);

#endif
