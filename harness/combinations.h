/* combinations.h - combinations of build parameters: all that there are, and a selection that
 * covers. */
#ifndef JEHEAP_COMBINATIONS_H
#define JEHEAP_COMBINATIONS_H

#include "jeheap/jeheap.h"

struct combinations {
    struct jh_build *build;
    size_t count;
};

/* Every combination of address bits, page, quantum, slab regions, debug, prof, statistics and
 * cache-oblivious for a version on a machine. Among them are some that jemalloc's headers refuse.
 * build holds what the version and the machine say. */
struct combinations combine_all(const struct jh_build *build);

/* As few of them as a greedy search finds in which any three values of different parameters meet.
 * No constant of jemalloc's depends on more than three: the form of a leaf on address bits, page
 * and quantum, the size of an extent on page, quantum and slab regions. */
struct combinations combine_triples(const struct jh_build *build);

void combine_free(struct combinations *combinations);

#endif
