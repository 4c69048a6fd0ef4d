/* word: the target's numbers, and masks for parts of them. */
#include "internal.h"

uint64_t jh_load_slow(bool little_endian, const uint8_t *p, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | p[little_endian ? size - 1 - i : i];
    }
    return value;
}

#define MASK(n) ((n) < 64 ? ~(UINT64_MAX << (n) % 64) : UINT64_MAX)
#define MASK_4(n) MASK(n), MASK((n) + 1), MASK((n) + 2), MASK((n) + 3)
#define MASK_16(n) MASK_4(n), MASK_4((n) + 4), MASK_4((n) + 8), MASK_4((n) + 12)
#define MASK_64(n) MASK_16(n), MASK_16((n) + 16), MASK_16((n) + 32), MASK_16((n) + 48)

const uint64_t jh_low_masks[256] = {MASK_64(0), MASK_64(64), MASK_64(128), MASK_64(192)};
