/* What lookups leave to seek.c: the long way. */
#ifndef JEHEAP_SEEK_H
#define JEHEAP_SEEK_H

#include "internal.h"

/* As jh_lookup(). */
enum jh_status jh_seek_owner(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                             struct jh_fault *fault);

#endif
