/* emit.h - makes seeds and small heaps for fuzz targets and tests from live jemalloc builds. */
#ifndef JEHEAP_EMIT_H
#define JEHEAP_EMIT_H

#include "matrix.h"
#include "run.h"

struct emit_options {
    const char *seeds, *images, *vectors; /* folders; NULL: not wanted */
    const struct matrix *matrix;
    unsigned make_jobs;
    bool quiet;
};

/* Writes files from a small heap of each cell. Returns the number of cells that cannot be built on
 * this machine; -1: something failed. */
int emit_cells(const struct cell_list *list, const struct emit_options *options);

/* Is it a default cell, of which corpora/ is made? They have each family, address width, page size,
 * word size and byte order. */
bool emit_by_default(const char *pin, const char *config);

#endif
