/* make_cell.h - all vectors of one cell. */
#ifndef JEHEAP_MAKE_CELL_H
#define JEHEAP_MAKE_CELL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct vector_cell {
    const char *folder, *name, *pin, *config, *commit;
    const char *target, *exe; /* as jt_options has them */
    const char *dir;          /* for files; the witness's truth is there */
    char *why;
    size_t why_size;
    uint64_t files, tests; /* that were made */
};

/* False and a sentence in why: the heap is not what jemalloc itself says, or something could not
 * be written. */
bool vectors_make(struct vector_cell *cell);

/* Cells that vectors are made of beside those of all corpora. */
bool vectors_by_default(const char *pin, const char *config);

#endif
