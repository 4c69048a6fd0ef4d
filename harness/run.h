/* run.h - the cells of a run, several at a time. */
#ifndef JEHEAP_RUN_H
#define JEHEAP_RUN_H

#include "cell.h"

struct cell_list {
    struct cell *cell;
    size_t count;
};

/* Runs them all, jobs at a time, and says on stderr how far it is unless quiet. The results, in the
 * order of the list, as a JSON array. */
struct json_object *run_cells(const struct cell_list *list, const struct run_options *options,
                              unsigned jobs, bool quiet);

#endif
