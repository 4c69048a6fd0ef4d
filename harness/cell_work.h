/* cell_work.h - a cell while it is compared: what cell.c, live.c and offline.c share. */
#ifndef JEHEAP_CELL_WORK_H
#define JEHEAP_CELL_WORK_H

#include "cell.h"
#include "compare.h"
#include "source_family.h"
#include "witness.h"

struct work {
    const struct cell *cell;
    const struct run_options *options;
    char dir[64];  /* the folder for the cell's files */
    char why[512]; /* why it did not pass */
    struct json_object *build;
    struct witness witness;
    struct truth truth;
    struct comparison *comparison;
    char layout[128];
    struct walked live;          /* the extents in the process of a real program (work_outsider) */
    struct json_object *drift;   /* the result of drift; NULL: not asked for */
    struct source_family family; /* of a --source tree */
};

/* The path of a file of this cell. */
void work_path(const struct work *w, const char *name, char *out, size_t size);
/* Does the witness run in an emulator? Then there is no process of it to read. */
bool work_emulated(const struct work *w);
/* Is it a real program, not a witness? Then the truth has only what jemalloc's public API tells. */
bool work_outsider(const struct work *w);
/* Has it no symbols? Then jeheap learns the layout without them, and knows less than the truth. */
bool work_bare(const struct work *w);
/* The path of the program when its core does not name it, because an emulator wrote it; else NULL.
 */
const char *work_program(const struct work *w);
/* Opens a target of the cell. NULL: that failed; w->why says why. */
struct jt_target *work_open(struct work *w, const struct jt_options *options, const char *what);
/* False, and a sentence in w->why: the witness's heap has changed since it wrote the truth. */
bool work_unchanged(struct work *w);

/* live.c: compares all levels of a cell that is built. False: it does not pass; w->why says why. */
bool compare_all_levels(struct work *w);

/* offline.c: compares the core of the witness, with and without symbols, and its skeleton. */
bool offline_compare(struct work *w);

#endif
