/* heap_images.h - the images that are part of the program: captured ones and ones made by hand. */
#ifndef JEHEAP_HEAP_IMAGES_H
#define JEHEAP_HEAP_IMAGES_H

#include "heap_image.h"

/* corpora/images, as CMake links them in. name is NULL behind the last. */
struct heap_file {
    const char *name;
    const uint8_t *start, *end;
};
extern const struct heap_file heap_files[];
/* corpora/images/checked: with all that the rules of check read. */
extern const struct heap_file heap_checked_files[];

/* From here on images are those of corpora/images/checked alone. */
void heap_images_use_checked(void);

size_t heap_images_count(void);
/* Loaded when first asked for. */
struct heap_image *heap_images_nth(size_t index);
const char *heap_images_name(size_t index);
/* The one with this id; any when there is none. */
struct heap_image *heap_images_find(uint16_t id);

#endif
