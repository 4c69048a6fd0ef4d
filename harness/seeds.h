/* seeds.h - seeds for the fuzz targets, made from a captured heap. */
#ifndef JEHEAP_SEEDS_H
#define JEHEAP_SEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "heap_image.h"
#include "open/open.h"

/* Writes files FOLDER/TARGET/NAME-WHAT for fuzz_heap and the targets of stages (seeds_pure.h).
 * False: the sentence in why says what failed. */
bool seeds_write(const struct heap_image *image, const char *folder, const char *name, char *why,
                 size_t why_size);

/* The same for fuzz_check, from a checked image. */
bool seeds_write_checked(const struct heap_image *image, const char *folder, const char *name,
                         char *why, size_t why_size);

/* The same for fuzz_cache. Captured heaps do not have the bytes of caches, so they are read from
 * the target. */
bool seeds_write_caches(struct jt_target *target, const char *folder, const char *name, char *why,
                        size_t why_size);

#endif
