/* seeds_input.h - an input of a stage's target while it is made. */
#ifndef JEHEAP_SEEDS_INPUT_H
#define JEHEAP_SEEDS_INPUT_H

#include <string.h>

#include "heap_image.h"

#define SEED_TAIL_MAX 32 /* bytes; and no other payload is longer than a bitmap */

struct seed_input {
    const struct heap_image *image;
    const struct heap_place *place; /* that it is made of */
    uint32_t kind;                  /* of what is there; one of each is enough */
    uint8_t bytes[JH_BITMAP_MAX + SEED_TAIL_MAX];
    size_t len;
};

static inline void seed_add(struct seed_input *in, const uint8_t *bytes, size_t len) {
    memcpy(in->bytes + in->len, bytes, len);
    in->len += len;
}

/* As fuzz_take() takes it. */
static inline void seed_add_number(struct seed_input *in, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        in->bytes[in->len++] = (uint8_t)(value >> (8 * i));
    }
}

/* The structure's bytes, all of them, and what they say; NULL when they are not there. */
static inline const uint8_t *seed_extent_at(const struct heap_image *image, uint64_t at,
                                            struct jh_extent *e) {
    const uint8_t *bytes = heap_image_at(image, at, image->layout.extent_size);
    if (bytes) {
        jh_extent_decode(&image->layout, at, bytes, e);
    }
    return bytes;
}

/* The place's leaf element and those behind it, up to the tail's layout; false: none begins there.
 */
bool seed_add_tree(struct seed_input *in);

#endif
