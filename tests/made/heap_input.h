/* heap_input.h - what the bytes of an input of fuzz_heap mean.
 *
 * The payload is a list of patches: length - 1 in five bits of one byte, index of a place (2
 * bytes), offset from it (2 bytes, signed), the bytes. The tail says everything else. */
#ifndef JEHEAP_HEAP_INPUT_H
#define JEHEAP_HEAP_INPUT_H

#include "fuzz.h"
#include "heap_image.h"

#define HEAP_PROBES 4
#define HEAP_PATCH_MAX 32   /* bytes of one patch */
#define HEAP_PATCH_HEADER 5 /* bytes before them */
#define HEAP_PATCHES_MAX 32 /* of one input; what follows is left alone */
#define HEAP_TAIL_BYTES 28

/* Relations that cost more than a few lookups. */
enum heap_what {
    HEAP_CUT = 0x10,   /* again, with the image cut into other segments */
    HEAP_COPY = 0x20,  /* again, through copies of one size, gathered */
    HEAP_EXACT = 0x40, /* again, lent as copies that end where they end */
    HEAP_DEEP = 0x80   /* a walk: against the reference, and with lookups of its pages */
};

struct heap_probe {
    uint16_t place;
    int16_t pages; /* from the place's page */
};

struct heap_input {
    uint8_t what;
    uint16_t image;
    uint8_t nodes, extents, passed; /* budgets */
    uint8_t cut, chunk;             /* sizes of segments, and of what is lent at most */
    uint16_t hole;                  /* a place; what is there is left out ... */
    uint8_t hole_len;               /* ... when this is not 0 */
    uint8_t salt;
    struct heap_probe probe[HEAP_PROBES];
};

struct heap_patch {
    uint16_t place;
    int16_t offset;
    size_t len;
    const uint8_t *bytes;
};

/* Takes the tail; the payload is left. */
void heap_input_take(struct fuzz_input *in, struct heap_input *out);
/* The way back: HEAP_TAIL_BYTES. */
void heap_input_write(const struct heap_input *input, uint8_t *tail);

/* Of so many inputs one is walked, and one looks up batches. The second divides the first: an input
 * that walks does it all. */
#define HEAP_WALK_ODDS 64
#define HEAP_MANY_ODDS 8

/* The next patch of the payload; false at its end. */
bool heap_patch_take(struct fuzz_input *in, struct heap_patch *out);
/* Returns how many bytes it takes in the payload. */
size_t heap_patch_write(const struct heap_patch *patch, uint8_t *out);

/* Where a patch goes; NULL when that is not in one region of the image. */
uint8_t *heap_patch_at(const struct heap_image *image, const struct heap_patch *patch,
                       uint64_t *addr);

#endif
