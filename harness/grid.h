/* grid.h - cells as a table: configs down, pins across, a word in each. */
#ifndef JEHEAP_GRID_H
#define JEHEAP_GRID_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* What stands in the table for a cell, in few letters. */
typedef void grid_word_fn(struct json_object *cell, char *out, size_t size);

/* The table of a report's cells. A place without a cell is left empty. */
void grid_print(struct json_object *cells, grid_word_fn *word, bool color, FILE *file);

/* The distinct values of "pin" or "config" in the cells, in their order, as an array. */
struct json_object *grid_names(struct json_object *cells, const char *key);
struct json_object *grid_cell(struct json_object *cells, const char *pin, const char *config);

#endif
