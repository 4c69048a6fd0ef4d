/* What a walk (walk.c) leaves to walk_entry.c: the entries of its batch, one by one. */
#ifndef JEHEAP_WALK_ENTRY_H
#define JEHEAP_WALK_ENTRY_H

#include "internal.h"

/* One entry of the batch. JH_END: it is nothing that is to be said. */
enum jh_status jh_entry_next(struct jh_walk *w, struct jh_pending *p, struct jh_extent *out,
                             struct jh_fault *fault);

/* Which element led to a fault: the batch is of one leaf node, which is still the last entered. */
void jh_entry_name(const struct jh_walk *w, uint64_t page, struct jh_fault *fault);

/* Nothing more will come of the walk. */
void jh_entry_stop(struct jh_walk *w);

#endif
