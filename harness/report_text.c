/* report_text.c - a report for a terminal. */
#include <inttypes.h>
#include <string.h>

#include "grid.h"
#include "report_read.h"

const char *report_paint(bool color, const char *status) {
    if (!color) {
        return "";
    }
    return strcmp(status, "pass") == 0   ? "\033[32m"
           : strcmp(status, "fail") == 0 ? "\033[1;31m"
                                         : "\033[33m";
}

static void print_cell(struct json_object *cell, bool color, FILE *file) {
    const char *status = matrix_text(cell, "status");
    fprintf(file, "%-14s %-17s %s%-4s%s", matrix_text(cell, "pin"), matrix_text(cell, "config"),
            report_paint(color, status), status, color ? "\033[0m" : "");
    if (strcmp(status, "skip") != 0) {
        for (size_t i = 0; i < REPORT_LEVELS; i++) {
            fprintf(file, " %9" PRIu64,
                    report_number(report_member(cell, report_levels[i]), "compared"));
        }
        fprintf(file, " %6.1f", json_object_get_double(report_member(cell, "seconds")));
    }
    fprintf(file, "\n");
}

static bool same_reason(struct json_object *a, struct json_object *b) {
    return strcmp(matrix_text(a, "status"), matrix_text(b, "status")) == 0 &&
           strcmp(matrix_text(a, "why"), matrix_text(b, "why")) == 0;
}

static bool said_before(struct json_object *report, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (same_reason(report_cell(report, k), report_cell(report, i))) {
            return true;
        }
    }
    return false;
}

enum { WRAP_AT = 100 };

/* Adds a word to a line, or begins a new line when it would be too long; column 0: a new line. */
static void put_word(const char *word, size_t *column, FILE *file) {
    size_t length = strlen(word);
    if (*column && *column + 1 + length > WRAP_AT) {
        fputc('\n', file);
        *column = 0;
    }
    *column += (size_t)fprintf(file, "%s%s", *column ? " " : "    ", word);
}

static void put_text(const char *text, FILE *file) {
    char word[WRAP_AT * 4];
    size_t column = 0;
    while (*(text += strspn(text, " \n"))) {
        int length = (int)strcspn(text, " \n");
        snprintf(word, sizeof(word), "%.*s", length, text);
        put_word(word, &column, file);
        text += length;
    }
    fputc('\n', file);
}

/* The number of cells of a pin; with a reason: of those that have it. */
static size_t of_pin(struct json_object *report, const char *pin, struct json_object *reason) {
    size_t total = 0;
    for (size_t i = 0; i < report_cells(report); i++) {
        struct json_object *cell = report_cell(report, i);
        total +=
            strcmp(matrix_text(cell, "pin"), pin) == 0 && (!reason || same_reason(reason, cell));
    }
    return total;
}

/* Is it the first cell of its pin? */
static bool first_of_pin(struct json_object *report, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (strcmp(matrix_text(report_cell(report, k), "pin"),
                   matrix_text(report_cell(report, i), "pin")) == 0) {
            return false;
        }
    }
    return true;
}

/* Prints the cells that have a reason; only the pin's name when all its cells have it. */
static void print_holders(struct json_object *report, struct json_object *reason, FILE *file) {
    size_t column = (size_t)fprintf(file, "%s:", matrix_text(reason, "status"));
    const char *comma = "";
    for (size_t i = 0; i < report_cells(report); i++) {
        struct json_object *cell = report_cell(report, i);
        const char *pin = matrix_text(cell, "pin");
        char word[160];
        size_t total = of_pin(report, pin, NULL);
        bool all = total > 1 && of_pin(report, pin, reason) == total;
        if (!same_reason(reason, cell) || (all && !first_of_pin(report, i))) {
            continue;
        }
        fputs(comma, file);
        column += strlen(comma);
        snprintf(word, sizeof(word), "%s/%s", pin, all ? "*" : matrix_text(cell, "config"));
        put_word(word, &column, file);
        comma = ",";
    }
    fputc('\n', file);
}

/* Prints why cells did not pass: each reason once, with its cells. */
static void print_reasons(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < report_cells(report); i++) {
        struct json_object *cell = report_cell(report, i);
        if (strcmp(matrix_text(cell, "status"), "pass") != 0 && !said_before(report, i)) {
            print_holders(report, cell, file);
            put_text(matrix_text(cell, "why"), file);
        }
    }
}

/* Prints a mismatch. Constants have no address; a combination of parameters has its own command. */
static void print_mismatch(struct json_object *m, const char *cell_command, FILE *file) {
    const char *where = matrix_text(m, "where"), *words = matrix_text(m, "words");
    const char *command = matrix_text(m, "command");
    bool address = strcmp(where, "0x0") != 0;
    fprintf(file, "  %s: %s%s%s: expected %s, seen %s\n", matrix_text(m, "level"),
            matrix_text(m, "what"), address ? " at " : "", address ? where : "",
            matrix_text(m, "expected"), matrix_text(m, "seen"));
    if (*words) {
        fprintf(file, "      %s\n", words);
    }
    if (strcmp(command, cell_command) != 0) {
        fprintf(file, "      %s\n", command);
    }
}

static void print_mismatches(struct json_object *cell, FILE *file) {
    enum { SHOWN = 10 };
    struct json_object *list = report_member(cell, "mismatch");
    size_t total = json_object_array_length(list);
    if (!total) {
        return;
    }
    fprintf(file, "\n%s %s (%s):\n", matrix_text(cell, "pin"), matrix_text(cell, "config"),
            matrix_text(cell, "command"));
    for (size_t i = 0; i < total && i < SHOWN; i++) {
        print_mismatch(json_object_array_get_idx(list, i), matrix_text(cell, "command"), file);
    }
    if (total > SHOWN) {
        fprintf(file, "  ... and more: --report-json has up to 100 of them\n");
    }
}

/* Prints notes on cells that passed with another version than their --source tree tells. */
static void print_notes(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < report_cells(report); i++) {
        const char *note = matrix_text(report_cell(report, i), "note");
        if (*note) {
            fprintf(file, "note: %s\n", note);
            return; /* all cells are of the same tree */
        }
    }
}

void report_details(struct json_object *report, FILE *file) {
    print_notes(report, file);
    print_reasons(report, file);
    for (size_t i = 0; i < report_cells(report); i++) {
        print_mismatches(report_cell(report, i), file);
    }
}

static void print_list(struct json_object *report, bool color, FILE *file) {
    fprintf(file, "%-14s %-17s %-4s %9s %9s %9s %9s %9s %6s\n", "pin", "config", "", "constants",
            "functions", "heap", "api", "offline", "s");
    for (size_t i = 0; i < report_cells(report); i++) {
        print_cell(report_cell(report, i), color, file);
    }
}

static void status_word(struct json_object *cell, char *out, size_t size) {
    const char *status = matrix_text(cell, "status");
    snprintf(out, size, "%s", strcmp(status, "fail") == 0 ? "FAIL" : status);
}

static void print_levels(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        fprintf(file, "%s%s %" PRIu64, i ? ", " : "compared: ", report_levels[i],
                report_sum(report, report_levels[i], "compared"));
    }
    fputc('\n', file);
}

/* Prints a line for each cell when they fit on a screen, else a table. */
void report_matrix(struct json_object *report, bool color, FILE *file) {
    enum { LINES_MAX = 24 };
    struct json_object *totals = report_member(report, "totals");
    bool table = report_cells(report) > LINES_MAX;
    if (table) {
        grid_print(report_member(report, "cells"), status_word, color, file);
    } else {
        print_list(report, color, file);
    }
    fputc('\n', file);
    report_details(report, file);
    fputc('\n', file);
    if (table) {
        print_levels(report, file);
    }
    fprintf(
        file,
        "%" PRIu64 " cells: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64 " skip; %" PRIu64
        " values compared, %" PRIu64 " mismatches\n"
        "heap: %" PRIu64 " extents, %" PRIu64 " fields, %" PRIu64 " lookups, %" PRIu64 " regions\n"
        "caches: %" PRIu64 " pointers, %" PRIu64 " of them by threads' storage, without lists\n",
        report_number(totals, "cells"), report_number(totals, "pass"),
        report_number(totals, "fail"), report_number(totals, "skip"),
        report_number(totals, "compared"), report_number(totals, "mismatches"),
        report_number(totals, "heap_extents"), report_number(totals, "heap_fields"),
        report_number(totals, "heap_lookups"), report_number(totals, "heap_regions"),
        report_number(totals, "cached"), report_number(totals, "cached_in_storage"));
}
