/* One hostile input: opened in a process of its own, so that its time and its memory can be told.
 */
#ifndef TESTS_ATTACK_H
#define TESTS_ATTACK_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "cost.h"

struct attack_bytes { /* grows as it is written */
    uint8_t *at;
    size_t len, room;
};

void attack_add(struct attack_bytes *bytes, const void *what, size_t len);
void attack_number(struct attack_bytes *bytes, uint64_t value, unsigned size); /* little endian */
void attack_fill(struct attack_bytes *bytes, size_t until, const void *what, size_t len);

/* A header of 64 bits, little endian, with program headers right behind it. */
Elf64_Ehdr attack_elf_header(Elf64_Half type, size_t program_headers);

/* What opening it took, and what came of it. */
struct attack_cost {
    struct cost cost;
    int status;                      /* enum jt_status */
    bool proper;                     /* a refusal had its sentence, and nothing else had */
    char error[4096], warning[4096]; /* its sentence; what it warns of, debug information first */
};

/* elf: the file that all names in the core lead to; NULL: they lead nowhere. layout: what the user
 * gives, or NULL. */
void attack(const struct attack_bytes *core, const struct attack_bytes *elf, const char *layout,
            struct attack_cost *cost);

/* By cost_bounded(). */
void attack_bounded(const char *name, const struct attack_cost *cost, unsigned ms, unsigned mib);

#endif
