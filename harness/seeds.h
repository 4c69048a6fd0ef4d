/* seeds.h - inputs for the fuzz targets, made of a heap that was captured. */
#ifndef JEHEAP_SEEDS_H
#define JEHEAP_SEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "heap_image.h"
#include "open/open.h"

/* Files FOLDER/TARGET/NAME-WHAT for heap and the targets of stages (seeds_pure.h). False and a
 * sentence in why. */
bool seeds_write(const struct heap_image *image, const char *folder, const char *name, char *why,
                 size_t why_size);

/* The same for the cache's, whose bytes are in no image: of the heap itself. */
bool seeds_write_caches(struct jt_target *target, const char *folder, const char *name, char *why,
                        size_t why_size);

#endif
