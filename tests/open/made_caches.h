/* made_caches.h - caches of the made heap: three, two of arena 0 and one of arena 5, with two bins
 * each. */
#ifndef TESTS_MADE_CACHES_H
#define TESTS_MADE_CACHES_H

#include "made_heap.h"

/* In the module, where the made heap has nothing: what the rings are made of, the caches, the
 * stacks of their bins, jemalloc's table of capacities and the variable that leads to it. */
enum { MADE_CACHES = 3, MADE_CAPACITY = 20 };
#define MADE_DESCRIPTOR(i) (MADE_MODULE + 0x8000u + 0x100u * (i))
#define MADE_CACHE(i) (MADE_MODULE + 0x9000u + 0x1000u * (i))
#define MADE_STACK(i)                                                                              \
    (MADE_MODULE + 0xc100u + 0x400u * (i)) /* the end of one of bin MADE_SZIND                     \
                                            */
#define MADE_TABLE (MADE_MODULE + 0xe000u)
#define MADE_VARIABLE (MADE_MODULE + 0xf000u)
#define MADE_SZIND 3u

enum { MADE_VERSIONS = 6 };
extern const enum jh_version made_versions[MADE_VERSIONS]; /* each has another form of a cache */
extern struct jh_cache_form made_form;                     /* of the heap that came last */

/* Cache i has i + 1 regions of a small class, and one of the first large one. */
struct made *made_caches(enum jh_version version);
uint64_t made_element(unsigned i); /* what the ring of cache i is made of */
void made_ring(struct made *m, unsigned i, unsigned next);
void made_half(struct made *m, uint64_t at, uint64_t value);
uint64_t made_bin(const struct made *m, unsigned i, uint32_t szind);
/* With count regions of the cache's own extent, the first of them on top; end: of the stack. */
void made_fill(struct made *m, unsigned i, uint32_t szind, uint64_t end, uint32_t count);

#endif
