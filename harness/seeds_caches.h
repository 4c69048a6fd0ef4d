/* seeds_caches.h - seeds for fuzz_cache, from the bins of thread caches in a live heap. */
#ifndef JEHEAP_SEEDS_CACHES_H
#define JEHEAP_SEEDS_CACHES_H

#include "open/open.h"
#include "seeds_pure.h"

/* Puts a seed for one bin of each kind: empty, full, with a stash, partly full. False: put failed.
 */
bool seeds_caches(struct jt_target *target, seed_put_fn *put, void *arg);

#endif
