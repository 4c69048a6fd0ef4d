/* card_files: a scorecard as JSON, JUnit's XML and Markdown. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report_read.h"
#include "scorecard.h"

static void write_json(struct json_object *card, FILE *file) {
    fputs(json_object_to_json_string_ext(card, JSON_C_TO_STRING_PRETTY), file);
    fputc('\n', file);
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static const char *junit_tag(const char *mark) {
    return strcmp(mark, "wrong") == 0         ? "failure"
           : strcmp(mark, "unsupported") == 0 ? "skipped"
                                              : "error";
}

static void junit_test(FILE *file, struct json_object *test) {
    const char *mark = card_word(test, "mark");
    char flags[400];
    card_join(card_member(test, "flags"), flags, sizeof(flags));
    fputs("    <testcase classname=\"", file);
    report_escaped(file, card_word(test, "file"));
    fprintf(file, "\" name=\"%llu ",
            (unsigned long long)json_object_get_uint64(card_member(test, "id")));
    report_escaped(file, card_word(test, "comment"));
    fputs("\"", file);
    if (strcmp(mark, "right") == 0) {
        fputs("/>\n", file);
        return;
    }
    fprintf(file, "><%s message=\"", junit_tag(mark));
    report_escaped(file, card_word(test, "why"));
    fputs("\">", file);
    report_escaped(file, flags);
    fprintf(file, "</%s></testcase>\n", junit_tag(mark));
}

static void junit_suite(FILE *file, struct json_object *card, struct json_object *entry) {
    struct json_object *tests = card_member(card, "tests");
    unsigned long long all = 0;
    for (unsigned i = 0; i < MARKS; i++) {
        all += card_count(entry, i);
    }
    fputs("  <testsuite name=\"", file);
    report_escaped(file, card_word(entry, "file"));
    fprintf(file, "\" tests=\"%llu\" failures=\"%llu\" errors=\"%llu\" skipped=\"%llu\">\n", all,
            card_count(entry, MARK_WRONG),
            card_count(entry, MARK_CRASHED) + card_count(entry, MARK_TIMEOUT),
            card_count(entry, MARK_UNSUPPORTED));
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (strcmp(card_word(test, "file"), card_word(entry, "file")) == 0) {
            junit_test(file, test);
        }
    }
    fputs("  </testsuite>\n", file);
}

static void write_junit(struct json_object *card, FILE *file) {
    struct json_object *files = card_member(card, "files");
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"jeconform vectors\">\n",
          file);
    for (size_t i = 0; i < json_object_array_length(files); i++) {
        junit_suite(file, card, json_object_array_get_idx(files, i));
    }
    fputs("</testsuites>\n", file);
}

/* ---- Markdown: the summary of a job ---------------------------------------------------------- */

static void markdown_rows(FILE *file, const char *first, struct json_object *all, bool only_bad) {
    fprintf(file,
            "\n| %s | right | wrong | unsupported | crashed | timeout |\n"
            "|---|--:|--:|--:|--:|--:|\n",
            first);
    json_object_object_foreach(all, name, counts) {
        if (!only_bad || card_bad(counts)) {
            fprintf(file, "| %s |", name);
            for (unsigned i = 0; i < MARKS; i++) {
                fprintf(file, " %llu |", card_count(counts, i));
            }
            fputc('\n', file);
        }
    }
}

static void write_markdown(struct json_object *card, FILE *file) {
    struct json_object *totals = card_member(card, "totals");
    fprintf(file,
            "## jeconform vectors: %s\n\n`%s`: %llu right, %llu wrong, %llu unsupported, "
            "%llu crashed, %llu timed out\n",
            card_failed(card) ? "fail" : "pass", card_word(card, "decoder"),
            card_count(totals, MARK_RIGHT), card_count(totals, MARK_WRONG),
            card_count(totals, MARK_UNSUPPORTED), card_count(totals, MARK_CRASHED),
            card_count(totals, MARK_TIMEOUT));
    markdown_rows(file, "kind", card_member(card, "kinds"), false);
    if (card_failed(card)) {
        markdown_rows(file, "flag", card_member(card, "flags"), true);
    }
    json_object_object_foreach(card_member(card, "flags"), name, counts) {
        if (json_object_get_boolean(card_member(counts, "broken"))) {
            fprintf(file, "\n- **%s**: %s\n", name, card_word(counts, "note"));
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool write_one(const char *option, const char *path,
                      void (*write)(struct json_object *card, FILE *file),
                      struct json_object *card) {
    FILE *file = fopen(path, "w");
    bool good = file != NULL;
    if (good) {
        write(card, file);
        good = !ferror(file);
        good = fclose(file) == 0 && good;
    }
    if (!good) {
        fprintf(stderr, "jeconform: %s %s cannot be written: %s\n", option, path, strerror(errno));
    }
    return good;
}

bool card_files_write(const struct report_files *files, const char *markdown,
                      struct json_object *card) {
    const struct {
        const char *option, *path;
        void (*write)(struct json_object *card, FILE *file);
    } all[] = {{"--report-json", files->path[REPORT_JSON], write_json},
               {"--report-junit", files->path[REPORT_JUNIT], write_junit},
               {"--report-html", files->path[REPORT_HTML], card_write_html},
               {"--report-markdown", markdown, write_markdown}};
    bool good = true;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        good = (!all[i].path || write_one(all[i].option, all[i].path, all[i].write, card)) && good;
    }
    return good;
}
