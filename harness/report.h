/* report.h - reports of a run, for people and for programs. Cells are the JSON objects that cell.h
 * makes, in the order of the run. */
#ifndef JEHEAP_REPORT_H
#define JEHEAP_REPORT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* Makes the report, {"schema":1,"cells":[...],"totals":{...}}; takes over the cells. */
struct json_object *report_make(struct json_object *cells);
/* Adds "made" (when, where and by what command the report was made) and "varies" (what differs in
 * another run with the same --seed). */
void report_made(struct json_object *report, const char *command);
/* Writes a command line as one would type it, with quotes where a shell needs them. */
void report_command(int argc, char **argv, char *out, size_t size);
/* Is it a report: has it all members that are read, of the right types? */
bool report_is_sound(struct json_object *report);
/* Did a cell fail? */
bool report_failed(struct json_object *report);

void report_matrix(struct json_object *report, bool color, FILE *file);
/* Prints why cells did not pass, each reason once, and the mismatches. */
void report_details(struct json_object *report, FILE *file);
/* The terminal's colour for a status; "" without colour. */
const char *report_paint(bool color, const char *status);
/* Prints a JSON object for each cell on stdout, and one for the totals. */
void report_lines(struct json_object *report);

enum { REPORT_JSON, REPORT_JUNIT, REPORT_HTML, REPORT_FORMATS };
/* The files to which a report is written; NULL: not in this format. */
struct report_files {
    const char *path[REPORT_FORMATS];
};
/* Can all files be written? False: a sentence was printed on stderr. Writes nothing. */
bool report_files_check(const struct report_files *files);
/* Writes the files. False: one could not be written, and a sentence was printed on stderr. */
bool report_files_write(const struct report_files *files, struct json_object *report);

#endif
