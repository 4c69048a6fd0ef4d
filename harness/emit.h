/* emit.h - what is made from live builds for others to test with. */
#ifndef JEHEAP_EMIT_H
#define JEHEAP_EMIT_H

#include "matrix.h"
#include "run.h"

struct emit_options {
    const char *seeds, *images; /* folders; NULL: not wanted */
    unsigned make_jobs;
    bool quiet;
};

/* For each cell of the list a heap of few allocations. Returns how many could not be had, or -1
 * when something failed that should not have. */
int emit_cells(const struct cell_list *list, const struct emit_options *options);

/* The cells that the corpora are made of: each family, address width, page size, word, byte order.
 */
bool emit_by_default(const char *pin, const char *config);

#endif
