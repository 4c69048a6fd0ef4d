/* made_counted.h - the made heap with slabs, and with all that its arenas count and link:
 * slabs of class 0 are 0, 2 and 4 of arena 0, and 16 and 18 of arena 5, which the program made.
 * Other even ones are large, odd ones dirty. */
#ifndef TESTS_MADE_COUNTED_H
#define TESTS_MADE_COUNTED_H

#include "made_heap.h"

enum { COUNTED_VERSIONS = 6 };
extern const enum jh_version counted_version[COUNTED_VERSIONS];

struct made *counted_start(enum jh_version version);

/* Where numbers and heads are; 0: this version does not have it. Arena 0 or 5; the first class. */
uint64_t counted_arena(unsigned arena);
uint64_t counted_nactive(struct made *m, unsigned arena);
uint64_t counted_npages(struct made *m, unsigned arena);
uint64_t counted_nextents(struct made *m, unsigned arena);
uint64_t counted_nbytes(struct made *m, unsigned arena);
uint64_t counted_nmalloc(struct made *m, unsigned arena);
uint64_t counted_active_bytes(struct made *m, unsigned arena);
uint64_t counted_dirty_heap(struct made *m, unsigned arena);
uint64_t counted_slab_heap(struct made *m, unsigned arena);
uint64_t counted_lru(struct made *m, unsigned arena);
uint64_t counted_large_list(struct made *m, unsigned arena);
uint64_t counted_in_bin(struct made *m, unsigned arena, const char *path);

/* All rules, with those of counters and links. */
struct counted_said {
    size_t count;
    struct jh_fault first;
};
struct counted_said counted_ask(struct made *m);

#endif
