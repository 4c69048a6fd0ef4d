/* core_naive.h - reads an ELF core in the simplest way, without jeheap's reader, to be compared
 * with it. */
#ifndef JEHEAP_FUZZ_CORE_NAIVE_H
#define JEHEAP_FUZZ_CORE_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open/inside.h"

#define CORE_LOADS_MAX 48 /* comparing takes quadratic time */

struct core_load {
    uint64_t start, end, offset, saved; /* end of the mapped memory; bytes saved in the file */
};

struct core_naive {
    struct core_load load[CORE_LOADS_MAX];
    size_t loads;
    uint64_t truncated;
    uint64_t
        notes_left; /* bytes of notes that may still be read: headers may name the same notes */
    uint64_t pid;
    struct jt_text own[JT_NOTES + 1]; /* by type */
    bool too_many;
};

/* Reads a core whose headers jeheap's reader has accepted. too_many: it was not read to the end. */
void core_naive_read(struct core_naive *r, const uint8_t *file, size_t size);
/* The segment that has the byte at this address; NULL: the file does not have it. Of overlapping
 * segments it is the one that starts first, and of these the longest. */
const struct core_load *core_naive_holder(const struct core_naive *r, uint64_t addr);

#endif
