/* run.h - runs cells, several at a time. */
#ifndef JEHEAP_RUN_H
#define JEHEAP_RUN_H

#include "cell.h"

struct cell_list {
    struct cell *cell;
    size_t count;
};

/* Runs all cells, jobs at a time, and prints progress on stderr unless quiet. Gives a JSON array of
 * the results, in the order of the list. */
struct json_object *run_cells(const struct cell_list *list, const struct run_options *options,
                              unsigned jobs, bool quiet);

#endif
