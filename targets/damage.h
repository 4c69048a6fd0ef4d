/* damage.h - makes one damage to one structure of a heap. */
#ifndef JEHEAP_FUZZ_DAMAGE_H
#define JEHEAP_FUZZ_DAMAGE_H

#include "heap_input.h"

/* Random numbers by splitmix64, which are the same on every machine. */
struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice) {
    uint64_t x = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline size_t dice_below(struct dice *dice, size_t limit) {
    return limit ? (size_t)(dice_next(dice) % limit) : 0;
}

struct damage {
    struct heap_patch patch; /* its bytes are in room */
    uint8_t room[HEAP_PATCH_MAX];
};

void damage_make(struct damage *damage, const struct heap_image *image, struct dice *dice);

#endif
