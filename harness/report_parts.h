/* report_parts.h - how the formats of a report read it: its cells, their levels, sums of both. */
#ifndef JEHEAP_REPORT_PARTS_H
#define JEHEAP_REPORT_PARTS_H

#include "matrix.h"
#include "report.h"

enum { REPORT_LEVELS = 5 };
extern const char *const report_levels[REPORT_LEVELS];

/* A member, or NULL; a member's number, or 0. */
struct json_object *report_member(struct json_object *o, const char *key);
uint64_t report_number(struct json_object *o, const char *key);

struct json_object *report_cell(struct json_object *report, size_t i);
size_t report_cells(struct json_object *report);
/* Of a level, over all cells. */
uint64_t report_sum(struct json_object *report, const char *level, const char *key);

/* The formats, each into a file that is open. */
void report_write_json(struct json_object *report, FILE *file);
void report_write_junit(struct json_object *report, FILE *file);
void report_write_html(struct json_object *report, FILE *file);

/* Text for XML and HTML. */
void report_escaped(FILE *file, const char *text);

#endif
