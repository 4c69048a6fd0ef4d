/* report.h - what a run found, for people and for programs. Cells are the JSON objects that
 * cell.h makes; they are kept in the order of the run. */
#ifndef JEHEAP_REPORT_H
#define JEHEAP_REPORT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* The whole report, {"schema":1,"cells":[...],"totals":{...}}; takes the cells. */
struct json_object *report_make(struct json_object *cells);
/* "made", when and where and by what command; and "varies", what another run with this seed need
 * not repeat. */
void report_made(struct json_object *report, const char *command);
/* A command line as it would be typed again: what is no plain word stands in quotes. */
void report_command(int argc, char **argv, char *out, size_t size);
/* Is it one, as far as it is read? */
bool report_is_sound(struct json_object *report);
/* Did anything fail? */
bool report_failed(struct json_object *report);

void report_matrix(struct json_object *report, bool color, FILE *file);
/* Why cells did not pass, each reason once, and what mismatched. */
void report_details(struct json_object *report, FILE *file);
/* The terminal's colour for a status; "" without colour. */
const char *report_paint(bool color, const char *status);
/* On stdout: a JSON object for each cell, and one for the totals. */
void report_lines(struct json_object *report);

enum { REPORT_JSON, REPORT_JUNIT, REPORT_HTML, REPORT_FORMATS };
/* Where a report is written to; NULL: not in this format. */
struct report_files {
    const char *path[REPORT_FORMATS];
};
/* Can all of them be written? If not, false and a sentence on stderr; nothing is written yet. */
bool report_files_check(const struct report_files *files);
/* False, and a sentence on stderr, when one was not written. */
bool report_files_write(const struct report_files *files, struct json_object *report);

#endif
