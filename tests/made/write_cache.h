/* write_cache.h - a bin of a thread cache, in bytes, written without the decoder: independent of
 * the formulas in decoder/cache.c, so that both can be held against each other. */
#ifndef JEHEAP_WRITE_CACHE_H
#define JEHEAP_WRITE_CACHE_H

#include "builds.h"

#define FUZZ_BIN_MAX 32 /* bytes, at most */

/* Where a bin has what, in bytes. */
struct fuzz_bin_form {
    unsigned top;                /* stack_head, or avail */
    unsigned low_water, ncached; /* the second up to 5.2 */
    unsigned full, empty, most; /* from 5.3 on; most: ncached_max in the bin itself, 0: not there */
    unsigned size;
};

struct fuzz_bin_form fuzz_bin_form(const struct jh_build *build);

/* Zero but for what the bin has: items, ncached, stashed and ncached_max are taken, and low_water,
 * which is at most ncached. */
void fuzz_write_bin(const struct jh_build *build, const struct jh_cache_bin *bin,
                    uint32_t low_water, uint8_t bytes[FUZZ_BIN_MAX]);

#endif
