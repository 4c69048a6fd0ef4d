/* cell.h - a cell, one pin built with one config: builds it, runs its witness, compares. */
#ifndef JEHEAP_CELL_H
#define JEHEAP_CELL_H

#include "matrix.h"

struct run_options {
    unsigned long seed; /* --seed: the start of the workload's random numbers */
    unsigned make_jobs;
    bool drift; /* bend the layout of every cell that passes, and report which bends were noticed */
    bool keep;  /* keep the files that the cell made, and say where */
    bool constants;   /* compare combinations of parameters instead of a build (constants.h) */
    bool every;       /* all combinations, not a selection */
    const char *only; /* only the combination with this name of its layout; NULL: all */
    unsigned prove;   /* combinations of a cell for which configure is run as well */
};

/* Builds the cell with the build scripts, in an existing folder, and gives their result, or NULL;
 * why says why it is not ok. version: of a --source tree that does not tell its version; else "".
 */
struct json_object *cell_build(const struct cell *cell, const char *version, unsigned make_jobs,
                               const char *dir, char *why, size_t why_size);

/* Runs a cell. Gives its JSON object in `run --report-json`; never NULL. */
struct json_object *cell_run(const struct cell *cell, const struct run_options *options);

/* Runs a cell in a process of its own, so that a crash fails one cell only. The process writes the
 * result to the file. Returns the process id. */
int cell_start(const struct cell *cell, const struct run_options *options, const char *result_path);
/* The result of that process, from the file and from its status of waitpid(). */
struct json_object *cell_result(const struct cell *cell, const struct run_options *options,
                                int wait_status, const char *result_path);

/* Writes the command that repeats a cell: "jeconform run --pin 5.3.0 --config la57 --seed 7". */
void cell_command(const struct cell *cell, const char *command, unsigned long seed, char *out,
                  size_t size);

#endif
