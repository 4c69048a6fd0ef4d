/* report.h - what a run found, for people and for programs. Cells are the JSON objects that
 * cell.h makes; they are kept in the order of the run. */
#ifndef JEHEAP_REPORT_H
#define JEHEAP_REPORT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* The whole report, {"schema":1,"cells":[...],"totals":{...}}; takes the cells. */
struct json_object *report_make(struct json_object *cells);
/* Did anything fail? */
bool report_failed(struct json_object *report);

void report_matrix(struct json_object *report, bool color, FILE *file);
/* Why cells did not pass, each reason once, and what mismatched. */
void report_details(struct json_object *report, FILE *file);
/* The terminal's colour for a status; "" without colour. */
const char *report_paint(bool color, const char *status);
bool report_junit(struct json_object *report, const char *path);
bool report_html(struct json_object *report, const char *path);

#endif
