/* roots.h - more than one jemalloc: a program and each of its libraries may bring one. */
#ifndef JEHEAP_ROOTS_H
#define JEHEAP_ROOTS_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Look also for the roots of jemallocs without symbols, which opening does only when there is none
 * with symbols. Gives target->roots. */
size_t jt_roots(struct jt_target *target);

/* Is there a jemalloc, by its version string, of which no root was found? */
bool jt_root_unknown(struct jt_target *target);

/* The same memory with another of these heaps: what stands above of jemalloc is that one's. Its
 * layout is learnt when it is asked for the first time; NULL when that could not be done. The
 * target itself for the chosen one. It belongs to the target. */
struct jt_target *jt_root_view(struct jt_target *target, size_t root);

/* Is it known to have no extents? Such a jemalloc has handed out nothing. */
bool jt_root_empty(struct jt_target *target, size_t root);

#ifdef __cplusplus
}
#endif
#endif
