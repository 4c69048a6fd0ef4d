/* seeds_caches.h - inputs for fuzz_cache: what bins of thread caches a live heap has. */
#ifndef JEHEAP_SEEDS_CACHES_H
#define JEHEAP_SEEDS_CACHES_H

#include "open/open.h"
#include "seeds_pure.h"

/* One of each kind: empty, full, with a stash, something in between. False when put said so. */
bool seeds_caches(struct jt_target *target, seed_put_fn *put, void *arg);

#endif
