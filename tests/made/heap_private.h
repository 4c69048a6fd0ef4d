/* heap_private.h - what the files of heap_image.h share. */
#ifndef JEHEAP_HEAP_PRIVATE_H
#define JEHEAP_HEAP_PRIVATE_H

#include "heap_image.h"

struct heap_image *heap_image_new(const char *name);
/* Zeroes. Regions come in any order. */
void heap_image_add_region(struct heap_image *image, uint64_t addr, uint64_t len);
void heap_image_add_run(struct heap_image *image, uint64_t addr, uint64_t len);
void heap_image_add_variable(struct heap_image *image, const struct heap_variable *variable);
/* All regions and runs are there: look for the places. */
void heap_image_finish(struct heap_image *image);

#endif
