/* heap: live allocations of mixed small sizes, with holes between them. */
#include "bench.h"

#include <jemalloc/jemalloc.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HOLE_EVERY 5     /* one of so many allocations is freed again */
#define LARGE_EVERY 4096 /* one of so many is not small */

#define NEAR 65536 /* bytes */

static uint64_t *list;
static size_t count, ever; /* live ones, and those behind them, which were freed */

_Noreturn void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void *need(void *memory) {
    if (memory == NULL) {
        die("Out of memory.");
    }
    return memory;
}

/* splitmix64: every run makes the same heap */
static uint64_t next_random(void) {
    static uint64_t state = 20240229;
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Small requests: 8 to 511 bytes, small ones more often. */
static size_t next_size(void) {
    uint64_t r = next_random();
    if (r % LARGE_EVERY == 0) {
        return 16384 + (r >> 32) % 65536;
    }
    return 8 + (r >> 32) % (UINT64_C(16) << (r >> 16) % 6);
}

static void shuffle(void) {
    for (size_t i = count; i > 1; i--) {
        size_t j = next_random() % i;
        uint64_t kept = list[j];
        list[j] = list[i - 1];
        list[i - 1] = kept;
    }
}

const uint64_t *heap_grow(size_t live) {
    size_t all = live + (live - count) / (HOLE_EVERY - 1);
    list = need(realloc(list, all * sizeof(list[0])));
    while (count < all) {
        list[count++] = (uintptr_t)need(je_malloc(next_size()));
    }
    shuffle();
    ever = count;
    while (count > live) {
        je_free((void *)(uintptr_t)list[--count]);
    }
    return list;
}

const uint64_t *heap_addresses(size_t wanted) {
    static uint64_t *addr;
    addr = need(realloc(addr, wanted * sizeof(addr[0])));
    for (size_t i = 0; i < wanted; i++) {
        uint64_t r = next_random(), kind = r % 4;
        uint64_t at = list[(r >> 8) % (kind < 2 ? count : ever)];
        addr[i] = kind < 3 ? at : at + next_random() % (2 * NEAR) - NEAR;
    }
    return addr;
}
