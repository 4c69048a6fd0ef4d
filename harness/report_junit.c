/* report_junit.c - a report as JUnit's XML, for servers that show tests. */
#include <inttypes.h>
#include <string.h>

#include "report_read.h"

void report_escaped(FILE *file, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '&':
            fputs("&amp;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc(*text, file);
        }
    }
}

static void junit_mismatches(FILE *file, struct json_object *cell) {
    struct json_object *list = report_member(cell, "mismatch");
    report_escaped(file, matrix_text(cell, "command"));
    fputc('\n', file);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *m = json_object_array_get_idx(list, i);
        report_escaped(file, json_object_to_json_string_ext(m, JSON_C_TO_STRING_PLAIN));
        fputc('\n', file);
    }
}

void report_write_junit(struct json_object *report, FILE *file) {
    struct json_object *totals = report_member(report, "totals");
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"jeconform\" "
            "tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" skipped=\"%" PRIu64 "\">\n",
            report_number(totals, "cells"), report_number(totals, "fail"),
            report_number(totals, "skip"));
    for (size_t i = 0; i < report_cells(report); i++) {
        struct json_object *cell = report_cell(report, i);
        const char *status = matrix_text(cell, "status");
        fprintf(file, "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                matrix_text(cell, "pin"), matrix_text(cell, "config"),
                json_object_get_double(report_member(cell, "seconds")));
        if (strcmp(status, "pass") != 0) {
            const char *tag = strcmp(status, "skip") == 0 ? "skipped" : "failure";
            fprintf(file, "<%s message=\"", tag);
            report_escaped(file, matrix_text(cell, "why"));
            fprintf(file, "\">");
            junit_mismatches(file, cell);
            fprintf(file, "</%s>", tag);
        }
        fprintf(file, "</testcase>\n");
    }
    fprintf(file, "</testsuite>\n");
}
