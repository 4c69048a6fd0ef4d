#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "grid.h"
#include "plan.h"

static const char *const levels[] = {"constants", "functions", "heap", "api", "offline"};
enum { LEVEL_COUNT = sizeof(levels) / sizeof(levels[0]) };

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value;
}

static uint64_t number(struct json_object *o, const char *key) {
    return json_object_get_uint64(member(o, key));
}

static struct json_object *cell_at(struct json_object *report, size_t i) {
    return json_object_array_get_idx(member(report, "cells"), i);
}

static size_t cell_count(struct json_object *report) {
    return json_object_array_length(member(report, "cells"));
}

static uint64_t sum(struct json_object *report, const char *level, const char *key) {
    uint64_t total = 0;
    for (size_t i = 0; i < cell_count(report); i++) {
        total += number(member(cell_at(report, i), level), key);
    }
    return total;
}

static uint64_t count(struct json_object *report, const char *status) {
    uint64_t total = 0;
    for (size_t i = 0; i < cell_count(report); i++) {
        total += strcmp(plan_text(cell_at(report, i), "status"), status) == 0;
    }
    return total;
}

static void add(struct json_object *o, const char *key, uint64_t value) {
    json_object_object_add(o, key, json_object_new_uint64(value));
}

struct json_object *report_make(struct json_object *cells) {
    struct json_object *report = json_object_new_object();
    struct json_object *totals = json_object_new_object();
    uint64_t compared = 0, mismatches = 0;
    json_object_object_add(report, "schema", json_object_new_int(1));
    json_object_object_add(report, "cells", cells);
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        compared += sum(report, levels[i], "compared");
        mismatches += sum(report, levels[i], "mismatches");
    }
    add(totals, "cells", cell_count(report));
    add(totals, "pass", count(report, "pass"));
    add(totals, "fail", count(report, "fail"));
    add(totals, "skip", count(report, "skip"));
    add(totals, "compared", compared);
    add(totals, "mismatches", mismatches);
    add(totals, "heap_extents", sum(report, "heap", "extents"));
    add(totals, "heap_fields", sum(report, "heap", "fields"));
    add(totals, "heap_lookups", sum(report, "heap", "lookups"));
    add(totals, "heap_regions", sum(report, "heap", "regions"));
    json_object_object_add(report, "totals", totals);
    return report;
}

bool report_failed(struct json_object *report) {
    return number(member(report, "totals"), "fail") != 0;
}

/* ---- terminal ------------------------------------------------------------------------------- */

const char *report_paint(bool color, const char *status) {
    if (!color) {
        return "";
    }
    return strcmp(status, "pass") == 0   ? "\033[32m"
           : strcmp(status, "fail") == 0 ? "\033[1;31m"
                                         : "\033[33m";
}

static void print_cell(struct json_object *cell, bool color, FILE *file) {
    const char *status = plan_text(cell, "status");
    fprintf(file, "%-14s %-17s %s%-4s%s", plan_text(cell, "pin"), plan_text(cell, "config"),
            report_paint(color, status), status, color ? "\033[0m" : "");
    if (strcmp(status, "skip") != 0) {
        for (size_t i = 0; i < LEVEL_COUNT; i++) {
            fprintf(file, " %9" PRIu64, number(member(cell, levels[i]), "compared"));
        }
        fprintf(file, " %6.1f", json_object_get_double(member(cell, "seconds")));
    }
    fprintf(file, "\n");
}

static bool same_reason(struct json_object *a, struct json_object *b) {
    return strcmp(plan_text(a, "status"), plan_text(b, "status")) == 0 &&
           strcmp(plan_text(a, "why"), plan_text(b, "why")) == 0;
}

static bool said_before(struct json_object *report, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (same_reason(cell_at(report, k), cell_at(report, i))) {
            return true;
        }
    }
    return false;
}

enum { WRAP_AT = 100 };

/* One word more on a line that is not to get too long; column 0 is a new line. */
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

/* Cells of a pin, or those of them that have this cell's reason. */
static size_t of_pin(struct json_object *report, const char *pin, struct json_object *reason) {
    size_t total = 0;
    for (size_t i = 0; i < cell_count(report); i++) {
        struct json_object *cell = cell_at(report, i);
        total += strcmp(plan_text(cell, "pin"), pin) == 0 && (!reason || same_reason(reason, cell));
    }
    return total;
}

/* Is it the first cell of its pin? */
static bool first_of_pin(struct json_object *report, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (strcmp(plan_text(cell_at(report, k), "pin"), plan_text(cell_at(report, i), "pin")) ==
            0) {
            return false;
        }
    }
    return true;
}

/* All the cells that a reason holds for; one name for a pin where it is every cell. */
static void print_holders(struct json_object *report, struct json_object *reason, FILE *file) {
    size_t column = (size_t)fprintf(file, "%s:", plan_text(reason, "status"));
    const char *comma = "";
    for (size_t i = 0; i < cell_count(report); i++) {
        struct json_object *cell = cell_at(report, i);
        const char *pin = plan_text(cell, "pin");
        char word[160];
        size_t total = of_pin(report, pin, NULL);
        bool all = total > 1 && of_pin(report, pin, reason) == total;
        if (!same_reason(reason, cell) || (all && !first_of_pin(report, i))) {
            continue;
        }
        fputs(comma, file);
        column += strlen(comma);
        snprintf(word, sizeof(word), "%s/%s", pin, all ? "*" : plan_text(cell, "config"));
        put_word(word, &column, file);
        comma = ",";
    }
    fputc('\n', file);
}

/* Why cells did not pass: each reason once, with all the cells that it holds for. */
static void print_reasons(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < cell_count(report); i++) {
        struct json_object *cell = cell_at(report, i);
        if (strcmp(plan_text(cell, "status"), "pass") != 0 && !said_before(report, i)) {
            print_holders(report, cell, file);
            put_text(plan_text(cell, "why"), file);
        }
    }
}

/* Constants have no address; a combination of parameters is a cell of its own. */
static void print_mismatch(struct json_object *m, const char *cell_command, FILE *file) {
    const char *where = plan_text(m, "where"), *words = plan_text(m, "words");
    const char *command = plan_text(m, "command");
    bool address = strcmp(where, "0x0") != 0;
    fprintf(file, "  %s: %s%s%s: expected %s, seen %s\n", plan_text(m, "level"),
            plan_text(m, "what"), address ? " at " : "", address ? where : "",
            plan_text(m, "expected"), plan_text(m, "seen"));
    if (*words) {
        fprintf(file, "      %s\n", words);
    }
    if (strcmp(command, cell_command) != 0) {
        fprintf(file, "      %s\n", command);
    }
}

static void print_mismatches(struct json_object *cell, FILE *file) {
    enum { SHOWN = 10 };
    struct json_object *list = member(cell, "mismatch");
    size_t total = json_object_array_length(list);
    if (!total) {
        return;
    }
    fprintf(file, "\n%s %s (%s):\n", plan_text(cell, "pin"), plan_text(cell, "config"),
            plan_text(cell, "command"));
    for (size_t i = 0; i < total && i < SHOWN; i++) {
        print_mismatch(json_object_array_get_idx(list, i), plan_text(cell, "command"), file);
    }
    if (total > SHOWN) {
        fprintf(file, "  ... and more: --report-json has up to 100 of them\n");
    }
}

/* What passed, but not as the tree says of itself. */
static void print_notes(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < cell_count(report); i++) {
        const char *note = plan_text(cell_at(report, i), "note");
        if (*note) {
            fprintf(file, "note: %s\n", note);
            return; /* it is one tree */
        }
    }
}

void report_details(struct json_object *report, FILE *file) {
    print_notes(report, file);
    print_reasons(report, file);
    for (size_t i = 0; i < cell_count(report); i++) {
        print_mismatches(cell_at(report, i), file);
    }
}

static void print_list(struct json_object *report, bool color, FILE *file) {
    fprintf(file, "%-14s %-17s %-4s %9s %9s %9s %9s %9s %6s\n", "pin", "config", "", "constants",
            "functions", "heap", "api", "offline", "s");
    for (size_t i = 0; i < cell_count(report); i++) {
        print_cell(cell_at(report, i), color, file);
    }
}

static void status_word(struct json_object *cell, char *out, size_t size) {
    const char *status = plan_text(cell, "status");
    snprintf(out, size, "%s", strcmp(status, "fail") == 0 ? "FAIL" : status);
}

static void print_levels(struct json_object *report, FILE *file) {
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        fprintf(file, "%s%s %" PRIu64, i ? ", " : "compared: ", levels[i],
                sum(report, levels[i], "compared"));
    }
    fputc('\n', file);
}

/* A line for each cell as long as they fit on a screen, else a table. */
void report_matrix(struct json_object *report, bool color, FILE *file) {
    enum { LINES_MAX = 24 };
    struct json_object *totals = member(report, "totals");
    bool table = cell_count(report) > LINES_MAX;
    if (table) {
        grid_print(member(report, "cells"), status_word, color, file);
    } else {
        print_list(report, color, file);
    }
    fputc('\n', file);
    report_details(report, file);
    fputc('\n', file);
    if (table) {
        print_levels(report, file);
    }
    fprintf(file,
            "%" PRIu64 " cells: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64 " skip; %" PRIu64
            " values compared, %" PRIu64 " mismatches\n"
            "heap: %" PRIu64 " extents, %" PRIu64 " fields, %" PRIu64 " lookups, %" PRIu64
            " regions\n",
            number(totals, "cells"), number(totals, "pass"), number(totals, "fail"),
            number(totals, "skip"), number(totals, "compared"), number(totals, "mismatches"),
            number(totals, "heap_extents"), number(totals, "heap_fields"),
            number(totals, "heap_lookups"), number(totals, "heap_regions"));
}

/* ---- files ---------------------------------------------------------------------------------- */

static void escaped(FILE *file, const char *text) {
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

static bool finish(FILE *file, const char *path) {
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "jeconform: %s cannot be written\n", path);
        return false;
    }
    return true;
}

static FILE *create(const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "jeconform: %s cannot be written\n", path);
    }
    return file;
}

static void junit_mismatches(FILE *file, struct json_object *cell) {
    struct json_object *list = member(cell, "mismatch");
    escaped(file, plan_text(cell, "command"));
    fputc('\n', file);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *m = json_object_array_get_idx(list, i);
        escaped(file, json_object_to_json_string_ext(m, JSON_C_TO_STRING_PLAIN));
        fputc('\n', file);
    }
}

bool report_junit(struct json_object *report, const char *path) {
    FILE *file = create(path);
    struct json_object *totals = member(report, "totals");
    if (!file) {
        return false;
    }
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"jeconform\" "
            "tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" skipped=\"%" PRIu64 "\">\n",
            number(totals, "cells"), number(totals, "fail"), number(totals, "skip"));
    for (size_t i = 0; i < cell_count(report); i++) {
        struct json_object *cell = cell_at(report, i);
        const char *status = plan_text(cell, "status");
        fprintf(file, "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                plan_text(cell, "pin"), plan_text(cell, "config"),
                json_object_get_double(member(cell, "seconds")));
        if (strcmp(status, "pass") != 0) {
            const char *tag = strcmp(status, "skip") == 0 ? "skipped" : "failure";
            fprintf(file, "<%s message=\"", tag);
            escaped(file, plan_text(cell, "why"));
            fprintf(file, "\">");
            junit_mismatches(file, cell);
            fprintf(file, "</%s>", tag);
        }
        fprintf(file, "</testcase>\n");
    }
    fprintf(file, "</testsuite>\n");
    return finish(file, path);
}

static void html_row(FILE *file, struct json_object *cell) {
    const char *status = plan_text(cell, "status");
    fprintf(file, "<tr class=\"%s\"><td>%s<td>%s<td>%s", status, plan_text(cell, "pin"),
            plan_text(cell, "config"), status);
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        fprintf(file, "<td class=n>%" PRIu64, number(member(cell, levels[i]), "compared"));
    }
    fprintf(file, "<td>");
    escaped(file, plan_text(cell, "layout"));
    fprintf(file, "<td>");
    escaped(file, plan_text(cell, "why"));
    fprintf(file, "\n");
}

bool report_html(struct json_object *report, const char *path) {
    FILE *file = create(path);
    struct json_object *totals = member(report, "totals");
    if (!file) {
        return false;
    }
    fprintf(file, "<!doctype html><meta charset=utf-8><title>jeconform</title>\n"
                  "<style>body{font:14px sans-serif;margin:2em}td,th{padding:.2em .6em;"
                  "text-align:left}.n{text-align:right}.pass{background:#e6f4e6}"
                  ".fail{background:#f9d6d6}.skip{background:#f6f0d8}</style>\n");
    fprintf(file,
            "<h1>jeconform</h1><p>%" PRIu64 " cells: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64
            " skip; %" PRIu64 " values compared, %" PRIu64 " mismatches.</p>\n<table><tr>"
            "<th>pin<th>config<th>status",
            number(totals, "cells"), number(totals, "pass"), number(totals, "fail"),
            number(totals, "skip"), number(totals, "compared"), number(totals, "mismatches"));
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        fprintf(file, "<th>%s", levels[i]);
    }
    fprintf(file, "<th>layout<th>why</tr>\n");
    for (size_t i = 0; i < cell_count(report); i++) {
        html_row(file, cell_at(report, i));
    }
    fprintf(file, "</table>\n");
    return finish(file, path);
}
