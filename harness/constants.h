/* constants.h - the constants level for every combination of build parameters, from headers. */
#ifndef JEHEAP_CONSTANTS_H
#define JEHEAP_CONSTANTS_H

#include <stdio.h>

#include "cell.h"

/* A cell: one pin on one machine (that of the config), all its combinations. Fields of its JSON
 * object are those of a cell of `run`, with combinations, refused and proven. */
struct json_object *constants_run(const struct cell *cell, const struct run_options *options);

/* Print the results; the report of `constants --report-json`, which takes the cells. */
struct json_object *constants_report(struct json_object *cells);
void constants_print(struct json_object *report, bool color, FILE *file);

#endif
