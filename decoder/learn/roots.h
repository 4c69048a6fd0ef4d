/* roots.h - more than one jemalloc: a program and each of its libraries may bring one. */
#ifndef JEHEAP_ROOTS_H
#define JEHEAP_ROOTS_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Completes target->root with roots of jemallocs without symbols. jt_open() looks for those only
 * when no root has a symbol. Gives target->roots. */
size_t jt_roots(struct jt_target *target);

/* Has a module a version string of jemalloc, and no root of it was found? */
bool jt_root_unknown(struct jt_target *target);

/* A view of the target through another of its roots: the same memory, and the heap, layout and
 * jemalloc fields of that root. The layout is learnt at the first call; NULL: that failed. For the
 * chosen root it is the target itself. The view belongs to the target. */
struct jt_target *jt_root_view(struct jt_target *target, size_t root);

/* Is the heap of this root known to have no extents? */
bool jt_root_empty(struct jt_target *target, size_t root);

#ifdef __cplusplus
}
#endif
#endif
