/* cell.h - one pin built with one config: built, witnessed, compared. */
#ifndef JEHEAP_CELL_H
#define JEHEAP_CELL_H

#include "matrix.h"

struct run_options {
    unsigned long seed;
    unsigned make_jobs;
    bool drift; /* bend the layout of every cell that passes, and keep what was noticed */
    bool keep;  /* keep the files that the cell made, and say where */
    /* of constants: instead of a build, every combination of parameters (constants.h) */
    bool constants;
    bool every;       /* the whole product of parameters, not a selection */
    const char *only; /* this combination, by its layout's name; NULL: all */
    unsigned prove;   /* so many of a cell's are configured for real too */
};

/* Let the build scripts make it, in a folder that is there: what they say of it, or NULL. Why it is
 * not ok stands in why. version is that of a tree of the user's, "" where it says so itself. */
struct json_object *cell_build(const struct cell *cell, const char *version, unsigned make_jobs,
                               const char *dir, char *why, size_t why_size);

/* The cell of `run --report-json`, as one JSON object; never NULL. */
struct json_object *cell_run(const struct cell *cell, const struct run_options *options);

/* The same in a process of its own, so that a crash is one cell's failure: the result is written
 * to the file. Returns the process id. */
int cell_start(const struct cell *cell, const struct run_options *options, const char *result_path);
/* What that process (exit status as of waitpid) left in the file. */
struct json_object *cell_result(const struct cell *cell, const struct run_options *options,
                                int wait_status, const char *result_path);

/* What repeats a cell: "jeconform run --pin 5.3.0 --config la57 --seed 7". */
void cell_command(const struct cell *cell, const char *command, unsigned long seed, char *out,
                  size_t size);

#endif
