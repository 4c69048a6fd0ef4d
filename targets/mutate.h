/* mutate.h - a mutator for inputs of fuzz_heap that knows the layout of a heap: it damages leaf
 * elements, child pointers, fields of extents, bitmaps and links at their places.
 * mutate_libfuzzer.c and mutate_afl.c make it available to the engines. */
#ifndef JEHEAP_MUTATE_H
#define JEHEAP_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Changes data in place; returns its new size, at most max. The same arguments give the same
 * change. */
size_t heap_mutate(uint8_t *data, size_t size, size_t max, uint64_t seed);

#endif
