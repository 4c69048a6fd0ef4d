/* report_html.c - a report for a browser, in one file. It can be used without its script. */
#include <inttypes.h>
#include <string.h>

#include "report_read.h"
#include "report_style.h"

/* ---- words and numbers ------------------------------------------------------------------------
 */

/* Writes <tag attributes>text</tag>; attributes may be "". */
static void element(FILE *file, const char *tag, const char *attributes, const char *text) {
    fprintf(file, "<%s%s%s>", tag, *attributes ? " " : "", attributes);
    report_escaped(file, text);
    fprintf(file, "</%s>", tag);
}

/* Writes a number with separators: 1,234,567. */
static void grouped(uint64_t value, char *out, size_t size) {
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < size; i++) {
        if (i && (length - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

static void term(FILE *file, const char *name, const char *text) {
    if (*text) {
        element(file, "dt", "", name);
        element(file, "dd", "", text);
        fputc('\n', file);
    }
}

static void code_term(FILE *file, const char *name, const char *attributes, const char *text) {
    if (*text) {
        element(file, "dt", "", name);
        fputs("<dd>", file);
        element(file, "code", attributes, text);
        fputs("</dd>\n", file);
    }
}

/* ---- head ------------------------------------------------------------------------------------ */

static void write_sum(FILE *file, struct json_object *totals, const char *key, const char *name) {
    char number[32];
    grouped(report_number(totals, key), number, sizeof(number));
    fprintf(file, "<div><b>%s</b><span>%s</span></div>\n", number, name);
}

static void write_sums(FILE *file, struct json_object *report) {
    struct json_object *totals = report_member(report, "totals");
    fputs("<div class=\"sums\">\n", file);
    write_sum(file, totals, "compared", "values compared");
    write_sum(file, totals, "mismatches", "mismatches");
    if (report_number(totals, "heap_extents")) {
        write_sum(file, totals, "heap_extents", "extents");
        write_sum(file, totals, "heap_regions", "regions");
        write_sum(file, totals, "heap_lookups", "lookups");
    }
    fputs("</div>\n", file);
}

static void write_head(FILE *file, struct json_object *report) {
    struct json_object *totals = report_member(report, "totals"),
                       *made = report_member(report, "made");
    fprintf(file,
            "<h1>jeconform</h1>\n<p class=\"verdict\">%" PRIu64
            " cells: <span class=\"status pass\">%" PRIu64
            " pass</span> <span class=\"status fail\">%" PRIu64
            " fail</span> <span class=\"status skip\">%" PRIu64 " skip</span></p>\n",
            report_number(totals, "cells"), report_number(totals, "pass"),
            report_number(totals, "fail"), report_number(totals, "skip"));
    write_sums(file, report);
    fputs("<dl class=\"made\">\n", file);
    term(file, "Date", matrix_text(made, "date"));
    code_term(file, "Command", "", matrix_text(made, "command"));
    term(file, "Machine", matrix_text(made, "machine"));
    term(file, "Versions", matrix_text(made, "versions"));
    fputs("</dl>\n", file);
}

/* ---- legend ---------------------------------------------------------------------------------- */

static const char legend[] =
    "<details>\n<summary>What the columns mean</summary>\n<dl>\n"
    "<dt>cell</dt><dd>one jemalloc (a pin) built with one config: a program fills its heap, writes "
    "down what that build knows about it, and jeheap reads the same heap from outside</dd>\n"
    "<dt><span class=\"status pass\">pass</span></dt><dd>every value that was compared is the "
    "same</dd>\n"
    "<dt><span class=\"status fail\">fail</span></dt><dd>a value differs, or the build or the "
    "comparison ended with an error</dd>\n"
    "<dt><span class=\"status skip\">skip</span></dt><dd>it could not be tried here, for the "
    "reason "
    "given; it says nothing of the decoder</dd>\n"
    "<dt>constants</dt><dd>the build's own macros, tables and offsets, compared with the layout "
    "that "
    "jeheap uses</dd>\n"
    "<dt>functions</dt><dd>the build's own functions on edge cases and random inputs, compared "
    "with "
    "those of jeheap</dd>\n"
    "<dt>heap</dt><dd>every extent, page and region of the running process, by jemalloc's own "
    "tree</dd>\n"
    "<dt>api</dt><dd>what any program can ask of jemalloc: sizes, arenas, statistics</dd>\n"
    "<dt>offline</dt><dd>the same heap from a core, with and without symbols, and from a core "
    "without user data</dd>\n"
    "<dt>number</dt><dd>how many values were compared</dd>\n"
    "</dl>\n</details>\n";

/* ---- matrix ---------------------------------------------------------------------------------- */

static void number_cell(FILE *file, const char *label, const char *text) {
    fprintf(file, "<td class=\"n\" data-label=\"%s\">%s</td>", label, text);
}

static void write_row(FILE *file, struct json_object *cell) {
    const char *status = matrix_text(cell, "status");
    char number[32];
    fprintf(file, "<tr class=\"%s\" data-status=\"%s\"><td class=\"config\"><b>", status, status);
    report_escaped(file, matrix_text(cell, "pin"));
    fputs("</b> ", file);
    report_escaped(file, matrix_text(cell, "config"));
    element(file, "small", "", matrix_text(cell, "layout"));
    element(file, "small", "", matrix_text(cell, "why"));
    fprintf(file, "</td><td class=\"state\"><span class=\"status\">%s</span></td>", status);
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        struct json_object *level = report_member(cell, report_levels[i]);
        grouped(report_number(level, "compared"), number, sizeof(number));
        number_cell(file, report_levels[i],
                    level && strcmp(status, "skip") != 0 ? number : "\xe2\x80\x93");
    }
    snprintf(number, sizeof(number), "%.1f",
             json_object_get_double(report_member(cell, "seconds")));
    number_cell(file, "seconds", number);
    fputs("</tr>\n", file);
}

static void write_matrix(FILE *file, struct json_object *report) {
    fputs("<h2>Cells</h2>\n<div class=\"filter\" role=\"group\" aria-label=\"Which cells are "
          "shown\">\n"
          "<button value=\"\" aria-pressed=\"true\">all</button>\n"
          "<button value=\"fail\" aria-pressed=\"false\">fail</button>\n"
          "<button value=\"skip\" aria-pressed=\"false\">skip</button>\n"
          "<button value=\"pass\" aria-pressed=\"false\">pass</button>\n</div>\n"
          "<table>\n<thead><tr><th>pin, config, layout</th><th>status</th>",
          file);
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        element(file, "th", "class=\"n\"", report_levels[i]);
    }
    fputs("<th class=\"n\">seconds</th></tr></thead>\n<tbody>\n", file);
    for (size_t i = 0; i < report_cells(report); i++) {
        write_row(file, report_cell(report, i));
    }
    fputs("</tbody>\n</table>\n", file);
}

/* ---- mismatches ------------------------------------------------------------------------------ */

/* Writes a mismatch. Constants have no address; a combination of parameters has its own command. */
static void write_mismatch(FILE *file, struct json_object *m, const char *cell_command) {
    const char *where = matrix_text(m, "where"), *command = matrix_text(m, "command");
    fputs("<div class=\"mismatch\">\n<b>", file);
    report_escaped(file, matrix_text(m, "level"));
    fputs("</b> ", file);
    element(file, "code", "", matrix_text(m, "what"));
    fputs("\n<dl>\n", file);
    code_term(file, "address", "", strcmp(where, "0x0") == 0 ? "" : where);
    code_term(file, "expected", "class=\"expected\"", matrix_text(m, "expected"));
    code_term(file, "seen", "class=\"seen\"", matrix_text(m, "seen"));
    code_term(file, "words", "", matrix_text(m, "words"));
    code_term(file, "command", "", strcmp(command, cell_command) == 0 ? "" : command);
    fputs("</dl>\n</div>\n", file);
}

static void write_failure(FILE *file, struct json_object *cell) {
    struct json_object *list = report_member(cell, "mismatch");
    size_t shown = list ? json_object_array_length(list) : 0;
    fputs("<section class=\"cell\" data-status=\"fail\">\n<h3>", file);
    report_escaped(file, matrix_text(cell, "pin"));
    fputc(' ', file);
    report_escaped(file, matrix_text(cell, "config"));
    fputs("</h3>\n", file);
    element(file, "p", "", matrix_text(cell, "why"));
    fputs("\n<p class=\"soft\">To repeat it: ", file);
    element(file, "code", "", matrix_text(cell, "command"));
    fputs("</p>\n", file);
    for (size_t i = 0; i < shown; i++) {
        write_mismatch(file, json_object_array_get_idx(list, i), matrix_text(cell, "command"));
    }
    fputs("</section>\n", file);
}

static void write_failures(FILE *file, struct json_object *report) {
    if (!report_failed(report)) {
        return;
    }
    fputs("<h2>What failed</h2>\n", file);
    for (size_t i = 0; i < report_cells(report); i++) {
        struct json_object *cell = report_cell(report, i);
        if (strcmp(matrix_text(cell, "status"), "fail") == 0) {
            write_failure(file, cell);
        }
    }
}

/* ---- page ------------------------------------------------------------------------------------ */

void report_write_html(struct json_object *report, FILE *file) {
    fprintf(file,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>jeconform: %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
            report_failed(report) ? "fail" : "pass", report_style);
    write_head(file, report);
    write_failures(file, report);
    write_matrix(file, report);
    fputs(legend, file);
    element(file, "p", "class=\"soft\"", matrix_text(report, "varies"));
    fprintf(file, "\n<script>\n%s</script>\n</body>\n</html>\n", report_script);
}
