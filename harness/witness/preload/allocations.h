/* books: what a program has allocated, as far as it came by malloc() and its like. */
#ifndef BOOKS_H
#define BOOKS_H

#include "workload.h"

/* How many calls of the allocator there were, all in all, and what is live now. */
unsigned long allocations_calls(size_t *now_live);
/* What is live, as far as there is room for it. */
size_t allocations_take(struct allocation *out, size_t room);
/* From now on all other threads wait where they allocate or free. */
void allocations_hold(void);

#endif
