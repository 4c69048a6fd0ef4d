/* ELF files by their sections, and debug information by its bytes: 64 bits, little endian. */
#ifndef TESTS_MADE_ELF_H
#define TESTS_MADE_ELF_H

#include <stdbool.h>

#include "attack.h"

struct made_section {
    const char *name;
    uint32_t type;
    struct attack_bytes bytes;
    uint64_t flags, entsize;
    uint32_t link;
    uint64_t size; /* what the header claims; 0: the truth */
};

#define MADE_SECTIONS 12

struct made_elf {
    struct made_section section[MADE_SECTIONS + 1]; /* from 1 on */
    unsigned sections;
};

struct made_section *made_add(struct made_elf *f, const char *name, uint32_t type);

struct made_symbol {
    const char *name;
    uint64_t value, size;
};

/* .symtab and .strtab of variables; type: SHT_SYMTAB or SHT_DYNSYM. */
void made_symbols(struct made_elf *f, uint32_t type, const struct made_symbol *symbol,
                  size_t count);

/* The file, all of it in one segment; it takes the sections' bytes over. */
struct attack_bytes made_build(struct made_elf *f);

void made_leb(struct attack_bytes *b, uint64_t value);
void made_text(struct attack_bytes *b, const char *what); /* with its 0 */
/* Pairs of attribute and form, until two zeroes. */
void made_abbreviation(struct attack_bytes *b, unsigned code, unsigned tag, bool children,
                       const uint16_t *pairs);

#endif
