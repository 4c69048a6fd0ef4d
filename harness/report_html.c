/* report_html: a report for a browser, one file. */
#include <inttypes.h>

#include "report_parts.h"

static void html_row(FILE *file, struct json_object *cell) {
    const char *status = plan_text(cell, "status");
    fprintf(file, "<tr class=\"%s\"><td>%s<td>%s<td>%s", status, plan_text(cell, "pin"),
            plan_text(cell, "config"), status);
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        fprintf(file, "<td class=n>%" PRIu64,
                report_number(report_member(cell, report_levels[i]), "compared"));
    }
    fprintf(file, "<td>");
    report_escaped(file, plan_text(cell, "layout"));
    fprintf(file, "<td>");
    report_escaped(file, plan_text(cell, "why"));
    fprintf(file, "\n");
}

void report_write_html(struct json_object *report, FILE *file) {
    struct json_object *totals = report_member(report, "totals");
    fprintf(file, "<!doctype html><meta charset=utf-8><title>jeconform</title>\n"
                  "<style>body{font:14px sans-serif;margin:2em}td,th{padding:.2em .6em;"
                  "text-align:left}.n{text-align:right}.pass{background:#e6f4e6}"
                  ".fail{background:#f9d6d6}.skip{background:#f6f0d8}</style>\n");
    fprintf(file,
            "<h1>jeconform</h1><p>%" PRIu64 " cells: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64
            " skip; %" PRIu64 " values compared, %" PRIu64 " mismatches.</p>\n<table><tr>"
            "<th>pin<th>config<th>status",
            report_number(totals, "cells"), report_number(totals, "pass"),
            report_number(totals, "fail"), report_number(totals, "skip"),
            report_number(totals, "compared"), report_number(totals, "mismatches"));
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        fprintf(file, "<th>%s", report_levels[i]);
    }
    fprintf(file, "<th>layout<th>why</tr>\n");
    for (size_t i = 0; i < report_cells(report); i++) {
        html_row(file, report_cell(report, i));
    }
    fprintf(file, "</table>\n");
}
