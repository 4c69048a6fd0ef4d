/* find.h - what the files of find tell each other. */
#ifndef JEHEAP_CLI_FIND_H
#define JEHEAP_CLI_FIND_H

#include "heap/index.h"
#include "input.h"

enum { FIND_BATCH = 64 };

/* An answer of the chosen heap or of cli->target, whose neighbours are known. */
void find_print(struct cli *cli, uint64_t addr, const struct jh_location *l,
                const struct parked *parked, const struct piece *before, const struct piece *after);

/* ---- find_index.c: many addresses ------------------------------------------------------------ */

struct find_index {
    struct jt_index book;
    bool made, tried;
    uint64_t asked; /* addresses, so far */
};

/* An address that the index does not answer. */
typedef void find_other_fn(struct cli *cli, void *arg, uint64_t addr);

/* Is it worth an index by now, and is there one? */
bool find_index_ready(struct cli *cli, struct find_index *index, size_t count);
void find_index_batch(struct cli *cli, struct find_index *index, const uint64_t *addr, size_t count,
                      find_other_fn *other, void *arg);
void find_index_end(struct find_index *index);

#endif
