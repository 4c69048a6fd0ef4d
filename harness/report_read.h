/* report_read.h - reading a report, for its formats: cells, their levels, sums over them. */
#ifndef JEHEAP_REPORT_READ_H
#define JEHEAP_REPORT_READ_H

#include "matrix.h"
#include "report.h"

enum { REPORT_LEVELS = 5 };
extern const char *const report_levels[REPORT_LEVELS];

/* A member, or NULL; a member's number, or 0. */
struct json_object *report_member(struct json_object *o, const char *key);
uint64_t report_number(struct json_object *o, const char *key);

struct json_object *report_cell(struct json_object *report, size_t i);
size_t report_cells(struct json_object *report);
/* The sum of a number of a level over all cells. */
uint64_t report_sum(struct json_object *report, const char *level, const char *key);

/* Each writes the report in a format to an open file. */
void report_write_json(struct json_object *report, FILE *file);
void report_write_junit(struct json_object *report, FILE *file);
void report_write_html(struct json_object *report, FILE *file);

/* Writes text with the escapes of XML and HTML. */
void report_escaped(FILE *file, const char *text);

#endif
