/* seeds_input.h - a seed of a stage's target while it is made. */
#ifndef JEHEAP_SEEDS_INPUT_H
#define JEHEAP_SEEDS_INPUT_H

#include <string.h>

#include "heap_image.h"

#define SEED_TAIL_MAX 32 /* bytes of a tail; a payload is at most as long as a bitmap */

struct seed_input {
    const struct heap_image *image;
    const struct heap_place *place; /* the place in the heap whose bytes it has */
    uint32_t kind;                  /* the kind of its contents; one seed of each kind is enough */
    uint8_t bytes[JH_BITMAP_MAX + SEED_TAIL_MAX];
    size_t len;
};

static inline void seed_add(struct seed_input *in, const uint8_t *bytes, size_t len) {
    memcpy(in->bytes + in->len, bytes, len);
    in->len += len;
}

/* Adds a number as fuzz_take() reads it. */
static inline void seed_add_number(struct seed_input *in, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        in->bytes[in->len++] = (uint8_t)(value >> (8 * i));
    }
}

/* The bytes of an extent structure, decoded into e; NULL: the captured heap does not have them. */
static inline const uint8_t *seed_extent_at(const struct heap_image *image, uint64_t at,
                                            struct jh_extent *e) {
    const uint8_t *bytes = heap_image_at(image, at, image->layout.extent_size);
    if (bytes) {
        jh_extent_decode(&image->layout, at, bytes, e);
    }
    return bytes;
}

/* Adds the extents that begin at the place and behind it, as steps of fuzz_rtree. False: none
 * begins at the place. */
bool seed_add_tree(struct seed_input *in);

#endif
