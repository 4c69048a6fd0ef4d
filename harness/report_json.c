/* report_json.c - a report for programs. */
#include "report_read.h"

static void line(struct json_object *o) {
    printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

void report_lines(struct json_object *report) {
    for (size_t i = 0; i < report_cells(report); i++) {
        line(report_cell(report, i));
    }
    line(report_member(report, "totals"));
}

void report_write_json(struct json_object *report, FILE *file) {
    fprintf(file, "%s\n", json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY));
}
