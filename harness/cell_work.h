/* cell_work.h - one cell while it is compared: what cell.c and offline.c share. */
#ifndef JEHEAP_CELL_WORK_H
#define JEHEAP_CELL_WORK_H

#include "cell.h"
#include "compare.h"
#include "source_family.h"
#include "witness.h"

struct work {
    const struct cell *cell;
    const struct run_options *options;
    char dir[64];  /* for the files of this cell */
    char why[512]; /* why it did not pass */
    struct json_object *build;
    struct witness witness;
    struct truth truth;
    struct comparison *comparison;
    char layout[128];
    struct walked live;        /* the extents of somebody else's program, as its process had them */
    struct json_object *drift; /* NULL: was not asked for */
    struct source_family family; /* of an unpinned tree */
};

/* A file of this cell by its name. */
void work_path(const struct work *w, const char *name, char *out, size_t size);
/* It is another machine's program: there is no process of it to read. */
bool work_emulated(const struct work *w);
/* It is somebody else's program: what is known of its heap is what the public API tells. */
bool work_outsider(const struct work *w);
/* It has no symbols: the layout is what jeheap finds out, and says less than the truth does. */
bool work_bare(const struct work *w);
/* The program, where a core does not name it: an emulator's. Else NULL. */
const char *work_program(const struct work *w);
/* NULL, and the reason in w->why, when it cannot be opened. */
struct jt_target *work_open(struct work *w, const struct jt_options *options, const char *what);
/* False, and that in w->why, when the witness's heap is no longer what it wrote down. */
bool work_unchanged(struct work *w);

/* live.c: every level of a cell that is built; false, and the reason in w->why, when it does not
 * pass. */
bool look_at_all(struct work *w);

/* offline.c: the core of the witness, with and without symbols, and its skeleton. */
bool offline_compare(struct work *w);

#endif
