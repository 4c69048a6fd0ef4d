/* fuzz.h - what the targets share: parameters from the end of the input, and relations that must
 * hold.
 *
 * The payload comes first and the parameters come from the tail, so that bytes of a real heap are a
 * seed as they stand. An input that is too short gives zeroes: every input is a valid one. */
#ifndef JEHEAP_FUZZ_H
#define JEHEAP_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jeheap/jeheap.h"

/* The engine's way in. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A relation that must hold for every input. Stays on in every build. */
#define FUZZ_CHECK(relation)                                                                       \
    do {                                                                                           \
        if (!(relation)) {                                                                         \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #relation);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct fuzz_input {
    const uint8_t *data;
    size_t size; /* what is left of it: the tail shrinks as parameters are taken */
};

/* The last size bytes (at most 8) as a little-endian number; 0 when there are fewer. */
static inline uint64_t fuzz_take(struct fuzz_input *in, size_t size) {
    uint64_t value = 0;
    if (in->size < size) {
        in->size = 0;
        return 0;
    }
    in->size -= size;
    for (size_t i = size; i-- > 0;) {
        value = value << 8 | in->data[in->size + i];
    }
    return value;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in) {
    return (uint8_t)fuzz_take(in, 1);
}

/* The first len bytes of the payload, zeroes behind its end; they are then gone from it. */
static inline void fuzz_bytes(struct fuzz_input *in, void *out, size_t len) {
    size_t there = len < in->size ? len : in->size;
    memset(out, 0, len);
    if (there) {
        memcpy(out, in->data, there);
    }
    in->data += there;
    in->size -= there;
}

/* What takes long is left to one input in so many. A digest of all bytes says which: a parameter of
 * its own would soon be set in all of a corpus, because what takes long covers the most. What was
 * found so is found again. */
static inline bool fuzz_is_chosen(uint32_t many, const uint8_t *data, size_t size) {
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * 16777619U;
    }
    return (hash ^ hash >> 16) % many == 0;
}

/* The same; always true where inputs are only replayed. */
static inline bool fuzz_one_in(uint32_t many, const uint8_t *data, size_t size) {
#ifdef JEHEAP_FUZZ_REPLAY
    (void)many, (void)data, (void)size;
    return true;
#else
    return fuzz_is_chosen(many, data, size);
#endif
}

#endif
