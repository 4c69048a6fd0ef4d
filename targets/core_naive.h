/* core_naive.h - what an ELF core says, by a naive look through its headers, without the reader. */
#ifndef JEHEAP_FUZZ_CORE_NAIVE_H
#define JEHEAP_FUZZ_CORE_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open/inside.h"

#define CORE_LOADS_MAX 48 /* what is compared is quadratic */

struct core_load {
    uint64_t start, end, offset, saved; /* end: of what is mapped; saved: bytes in the file */
};

struct core_naive {
    struct core_load load[CORE_LOADS_MAX];
    size_t loads;
    uint64_t truncated;
    uint64_t notes_left; /* bytes of notes that are still read: all headers may name the same */
    uint64_t pid;
    struct jt_text own[JT_NOTES + 1]; /* by type */
    bool too_many;
};

/* The file is one whose headers the reader has taken. too_many: the rest was not looked at. */
void core_naive_read(struct core_naive *r, const uint8_t *file, size_t size);
/* Of overlapping segments the one that starts first has the byte, the longest of several. NULL: the
 * byte is not in the file. */
const struct core_load *core_naive_holder(const struct core_naive *r, uint64_t addr);

#endif
