/* capture.h - what a decoder reads of a heap, and nothing else, as an image for fuzz targets. */
#ifndef JEHEAP_CAPTURE_H
#define JEHEAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "heap_image.h"
#include "open/open.h"

/* Every byte that a walk with all slabs touches, and the rest of each extent structure. False and a
 * sentence in why. extents says how many there were. */
bool capture_heap(const struct jt_target *target, FILE *file, size_t *extents, char *why,
                  size_t why_size);

#endif
