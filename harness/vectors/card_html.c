/* card_html: a scorecard for a browser, in the dress of jeconform's other report. */
#include <string.h>

#include "report_read.h"
#include "report_style.h"
#include "scorecard.h"

enum { TESTS_SHOWN = 200 };

static void text(FILE *file, const char *tag, const char *words) {
    fprintf(file, "<%s>", tag);
    report_escaped(file, words);
    fprintf(file, "</%s>", tag);
}

/* "fail", "skip" (nothing but unsupported) or "pass". */
static const char *status_of(struct json_object *counts) {
    return card_bad(counts) ? "fail" : !card_count(counts, MARK_RIGHT) ? "skip" : "pass";
}

static void sum(FILE *file, struct json_object *counts, enum mark mark) {
    fprintf(file, "<div><b>%llu</b><span>%s</span></div>\n", card_count(counts, mark),
            mark_name(mark));
}

static void write_head(FILE *file, struct json_object *card) {
    struct json_object *totals = card_member(card, "totals"), *made = card_member(card, "made");
    const char *status = status_of(totals);
    fprintf(file,
            "<h1>jeconform vectors</h1>\n<p class=\"verdict\"><span class=\"status %s\">%s</span> "
            "%zu files</p>\n<div class=\"sums\">\n",
            status, status, json_object_array_length(card_member(card, "files")));
    for (unsigned i = 0; i < MARKS; i++) {
        sum(file, totals, i);
    }
    fputs("</div>\n<dl class=\"made\">\n<dt>Decoder</dt><dd><code>", file);
    report_escaped(file, card_word(card, "decoder"));
    fputs("</code></dd>\n<dt>Date</dt><dd>", file);
    report_escaped(file, card_word(made, "date"));
    fputs("</dd>\n<dt>Command</dt><dd><code>", file);
    report_escaped(file, card_word(made, "command"));
    fputs("</code></dd>\n<dt>Machine</dt><dd>", file);
    report_escaped(file, card_word(made, "machine"));
    fputs("</dd>\n</dl>\n", file);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void write_row(FILE *file, const char *name, const char *more, struct json_object *counts) {
    const char *status = status_of(counts);
    fprintf(file, "<tr class=\"%s\" data-status=\"%s\"><td class=\"config\"><b>", status, status);
    report_escaped(file, name);
    fputs("</b>", file);
    text(file, "small", more);
    fprintf(file, "</td><td class=\"state\"><span class=\"status\">%s</span></td>", status);
    for (unsigned i = 0; i < MARKS; i++) {
        fprintf(file, "<td class=\"n\" data-label=\"%s\">%llu</td>", mark_name(i),
                card_count(counts, i));
    }
    fputs("</tr>\n", file);
}

static void start_table(FILE *file, const char *title, const char *first) {
    fprintf(file,
            "<h2>%s</h2>\n<table>\n<thead><tr><th scope=\"col\">%s</th><th "
            "scope=\"col\">status</th>",
            title, first);
    for (unsigned i = 0; i < MARKS; i++) {
        fprintf(file, "<th scope=\"col\" class=\"n\">%s</th>", mark_name(i));
    }
    fputs("</tr></thead>\n<tbody>\n", file);
}

static void write_tables(FILE *file, struct json_object *card) {
    struct json_object *files = card_member(card, "files");
    fputs("<div class=\"filter\" role=\"group\" aria-label=\"Which rows are shown\">\n"
          "<button value=\"\" aria-pressed=\"true\">all</button>\n"
          "<button value=\"fail\" aria-pressed=\"false\">fail</button>\n"
          "<button value=\"skip\" aria-pressed=\"false\">skip</button>\n"
          "<button value=\"pass\" aria-pressed=\"false\">pass</button>\n</div>\n",
          file);
    start_table(file, "Kinds", "kind");
    json_object_object_foreach(card_member(card, "kinds"), kind, of_kind) {
        write_row(file, kind, "", of_kind);
    }
    fputs("</tbody>\n</table>\n", file);
    start_table(file, "Flags", "flag");
    json_object_object_foreach(card_member(card, "flags"), flag, of_flag) {
        write_row(file, flag, card_word(of_flag, "note"), of_flag);
    }
    fputs("</tbody>\n</table>\n", file);
    start_table(file, "Files", "file, family");
    for (size_t i = 0; i < json_object_array_length(files); i++) {
        struct json_object *entry = json_object_array_get_idx(files, i);
        write_row(file, card_word(entry, "file"), card_word(entry, "family"), entry);
    }
    fputs("</tbody>\n</table>\n", file);
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void write_broken(FILE *file, struct json_object *card) {
    bool any = false;
    json_object_object_foreach(card_member(card, "flags"), flag, counts) {
        if (!json_object_get_boolean(card_member(counts, "broken"))) {
            continue;
        }
        if (!any) {
            fputs("<h2>What explains it</h2>\n", file);
        }
        any = true;
        fputs("<section class=\"cell\" data-status=\"fail\">\n", file);
        text(file, "h3", flag);
        fputs("\n", file);
        text(file, "p", card_word(counts, "note"));
        if (*card_word(counts, "link")) {
            fputs("\n<p><a href=\"", file);
            report_escaped(file, card_word(counts, "link"));
            fputs("\">", file);
            report_escaped(file, card_word(counts, "link"));
            fputs("</a></p>", file);
        }
        fputs("\n</section>\n", file);
    }
}

static void write_test(FILE *file, struct json_object *test) {
    char flags[400];
    card_join(card_member(test, "flags"), flags, sizeof(flags));
    fputs("<div class=\"mismatch\">\n<b>", file);
    report_escaped(file, card_word(test, "mark"));
    fputs("</b> <code>", file);
    report_escaped(file, card_word(test, "file"));
    fprintf(file, " %llu</code>\n<dl><dt>test</dt><dd>",
            (unsigned long long)json_object_get_uint64(card_member(test, "id")));
    report_escaped(file, card_word(test, "comment"));
    fputs("</dd>\n<dt>flags</dt><dd>", file);
    report_escaped(file, flags);
    fputs("</dd>\n<dt>why</dt><dd><code>", file);
    report_escaped(file, card_word(test, "why"));
    fputs("</code></dd></dl>\n</div>\n", file);
}

static void write_tests(FILE *file, struct json_object *card) {
    struct json_object *tests = card_member(card, "tests");
    size_t shown = 0, bad = 0;
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        bad += card_test_bad(json_object_array_get_idx(tests, i));
    }
    if (!bad) {
        return;
    }
    fprintf(file, "<h2>Tests that went wrong</h2>\n<p class=\"soft\">%zu of %zu</p>\n",
            bad < TESTS_SHOWN ? bad : TESTS_SHOWN, bad);
    for (size_t i = 0; i < json_object_array_length(tests) && shown < TESTS_SHOWN; i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (card_test_bad(test)) {
            write_test(file, test);
            shown++;
        }
    }
}

static const char legend[] =
    "<details>\n<summary>What the columns mean</summary>\n<dl>\n"
    "<dt>right</dt><dd>the answer is the vector's</dd>\n"
    "<dt>wrong</dt><dd>it is another one, or no answer to the question</dd>\n"
    "<dt>unsupported</dt><dd>the decoder says that it cannot tell, which is honest and not "
    "wrong</dd>\n"
    "<dt>crashed</dt><dd>it ended while it was asked</dd>\n"
    "<dt>timeout</dt><dd>no whole line came in time</dd>\n"
    "<dt>flag</dt><dd>a trap that a vector shows; one vector may show several</dd>\n"
    "</dl>\n</details>\n";

void card_write_html(struct json_object *card, FILE *file) {
    fprintf(file,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>jeconform: %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
            card_failed(card) ? "fail" : "pass", report_style);
    write_head(file, card);
    write_broken(file, card);
    write_tables(file, card);
    write_tests(file, card);
    fputs(legend, file);
    fprintf(file, "\n<script>\n%s</script>\n</body>\n</html>\n", report_script);
}
