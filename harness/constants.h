/* constants.h - compares constants for combinations of build parameters with jemalloc's headers,
 * without building jemalloc. */
#ifndef JEHEAP_CONSTANTS_H
#define JEHEAP_CONSTANTS_H

#include <stdio.h>

#include "cell.h"

/* Runs a cell: all combinations of one pin on one machine, that of the config. The JSON object has
 * the fields of a cell of `run`, and combinations, refused and proven. */
struct json_object *constants_run(const struct cell *cell, const struct run_options *options);

/* Makes the report of `constants --report-json` from the cells, which it takes over; prints it. */
struct json_object *constants_report(struct json_object *cells);
void constants_print(struct json_object *report, bool color, FILE *file);

#endif
