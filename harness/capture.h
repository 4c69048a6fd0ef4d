/* capture.h - captures a heap for fuzz targets: the memory that a decoder reads of it. */
#ifndef JEHEAP_CAPTURE_H
#define JEHEAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "heap_image.h"
#include "open/open.h"

/* Writes every byte that a walk with all slabs reads, and the rest of each extent structure;
 * extents is the number of extents. False: the sentence in why says what failed. */
bool capture_heap(const struct jt_target *target, FILE *file, size_t *extents, char *why,
                  size_t why_size);

/* The same, and what the rules of check read: arenas, bins, base blocks, caches. It must be the
 * first to ask the target for any of that. */
bool capture_checked(struct jt_target *target, FILE *file, char *why, size_t why_size);

#endif
