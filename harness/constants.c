#include "constants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "combinations.h"
#include "compare.h"
#include "grid.h"
#include "kept_folders.h"
#include "probe.h"
#include "report.h"
#include "source_family.h"

struct tried {
    const struct cell *cell;
    struct probe probe;
    struct comparison *comparison; /* of the current combination */
    struct json_object *mismatch;
    char why[600];
    struct source_family family; /* of a --source tree */
    uint64_t combinations, refused, proven, compared, mismatches;
};

/* ---- one combination ------------------------------------------------------------------------ */

static void compare_made(struct comparison *c, const struct jh_build *build) {
    struct jh_layout made;
    struct jh_fault fault = {0};
    enum jh_status status = jh_layout_make(build, &made, &fault);
    if (status == JH_OK) {
        compare_constants(c, &made);
        status = jh_layout_check(&made, &fault);
    }
    if (status != JH_OK) {
        compare_failed(c, "layout_make", 0, status, &fault);
    }
}

/* Checks that jeheap makes no layout for a combination that the headers refuse. */
static bool compare_refused(struct comparison *c, const struct jh_build *build, const char *why) {
    struct jh_layout made;
    enum jh_status status = jh_layout_make(build, &made, NULL);
    const char *seen = jh_status_name(status), *said = strstr(why, "#error");
    char expected[128];
    snprintf(expected, sizeof(expected), "unsupported (%.100s)", said ? said : why);
    compare_word(c, "layout_make", 0, status == JH_UNSUPPORTED ? seen : expected, seen);
    return status == JH_UNSUPPORTED;
}

/* Keeps the mismatches of a combination; NULL: of the parameters that configure chose. */
static void keep(struct tried *t, const char *combination) {
    const struct tally *tally = &t->comparison->tally[LEVEL_CONSTANTS];
    char cell[4400], command[4600];
    cell_command(t->cell, "constants", 1, cell, sizeof(cell));
    snprintf(command, sizeof(command), "%s%s%s", cell, combination ? " --only " : "",
             combination ? combination : "");
    t->compared += tally->compared;
    t->mismatches += tally->mismatches;
    for (size_t i = 0; i < t->comparison->kept_count; i++) {
        if (json_object_array_length(t->mismatch) < MISMATCHES_KEPT) {
            struct json_object *m = mismatch_json(&t->comparison->kept[i], command);
            json_object_object_add(m, "combination",
                                   json_object_new_string(combination ? combination : ""));
            json_object_array_add(t->mismatch, m);
        }
    }
}

/* Compares one combination. False: the headers gave no answer, which ends the cell. */
static bool try(struct tried *t, const struct jh_build *build, const char *name) {
    struct truth truth;
    memset(t->comparison, 0, sizeof(*t->comparison));
    t->comparison->level = LEVEL_CONSTANTS;
    t->comparison->truth = &truth;
    switch (probe_ask(&t->probe, build, &truth)) {
    case PROBE_TRUTH:
        compare_made(t->comparison, build);
        truth_free(&truth);
        break;
    case PROBE_REFUSED:
        t->refused += compare_refused(t->comparison, build, t->probe.why);
        break;
    default:
        snprintf(t->why, sizeof(t->why), "%.150s: %.400s", name, t->probe.why);
        return false;
    }
    t->combinations++;
    keep(t, name);
    return true;
}

/* ---- a cell --------------------------------------------------------------------------------- */

/* Can configure make this build? A newer configure takes one size of pages for aarch64, whatever
 * --with-lg-page says. */
static bool can_be_configured(const struct jh_build *b) {
    struct jh_layout made;
    uint8_t only = b->aarch64 ? jh_family(b->version)->aarch64_lg_page : 0;
    bool page = only == 0 || b->lg_page == only;
    return page && jh_layout_make(b, &made, NULL) == JH_OK;
}

/* Compares all combinations. For some, evenly spread, configure is run as well: it must write the
 * same headers as those that were varied. */
static bool try_all(struct tried *t, const struct cell *cell, const struct combinations *list,
                    unsigned prove) {
    char name[128];
    for (size_t i = 0; i < list->count; i++) {
        const struct jh_build *build = &list->build[i];
        bool due = t->proven < prove && i >= list->count * t->proven / prove;
        jt_layout_name(build, name, sizeof(name));
        if (!try(t, build, name)) {
            return false;
        }
        if (due && can_be_configured(build)) {
            if (!probe_proven(&t->probe, cell, build)) {
                snprintf(t->why, sizeof(t->why), "%.150s: %.400s", name, t->probe.why);
                return false;
            }
            t->proven++;
        }
    }
    return true;
}

/* The combinations to compare: all, a selection, or the one that is named. */
static struct combinations choose(const struct run_options *options, const struct jh_build *build) {
    struct combinations list =
        options->every || options->only ? combine_all(build) : combine_triples(build);
    char name[128];
    for (size_t i = 0; options->only && i < list.count; i++) {
        jt_layout_name(&list.build[i], name, sizeof(name));
        if (strcmp(options->only, name) == 0) {
            list.build[0] = list.build[i];
            list.count = 1;
            return list;
        }
    }
    list.count = options->only ? 0 : list.count;
    return list;
}

/* Makes the build that combinations vary. The version of a --source tree comes from its headers. */
static bool start(struct tried *t, const struct cell *cell, const char *dir,
                  struct jh_build *build) {
    if (!probe_configure(&t->probe, cell, dir)) {
        return false;
    }
    const char *version = matrix_text(t->probe.configured, "version_string");
    if (cell->source) {
        if (!source_family(&t->probe, &t->family, t->comparison)) {
            keep(t, NULL);
            return false;
        }
        version = t->family.version_string;
    }
    return probe_build(&t->probe, version, build);
}

static bool passes(struct tried *t, const struct cell *cell, const struct run_options *options,
                   const char *dir) {
    struct jh_build build;
    bool sound = start(t, cell, dir, &build);
    snprintf(t->why, sizeof(t->why), "%s", t->probe.why);
    if (!sound) {
        return false;
    }
    struct combinations list = choose(options, &build);
    sound = list.count && try_all(t, cell, &list, options->prove);
    if (!list.count) {
        snprintf(t->why, sizeof(t->why), "there is no combination %.400s here", options->only);
    }
    combine_free(&list);
    if (sound && t->mismatches) {
        snprintf(t->why, sizeof(t->why), "%" PRIu64 " mismatches", t->mismatches);
    }
    return sound && !t->mismatches;
}

static void add_number(struct json_object *o, const char *key, uint64_t number) {
    json_object_object_add(o, key, json_object_new_uint64(number));
}

static struct json_object *result(const struct tried *t, const struct cell *cell, bool passed) {
    struct json_object *o = json_object_new_object(), *level = json_object_new_object();
    const char *built = t->probe.configured ? matrix_text(t->probe.configured, "status") : "fail";
    const char *status = passed ? "pass" : strcmp(built, "skip") == 0 ? "skip" : "fail";
    json_object_object_add(o, "pin", json_object_new_string(cell->pin));
    json_object_object_add(o, "config", json_object_new_string(cell->config));
    json_object_object_add(o, "status", json_object_new_string(status));
    json_object_object_add(o, "why", json_object_new_string(t->why));
    json_object_object_add(o, "note", json_object_new_string(t->family.note));
    add_number(o, "combinations", t->combinations);
    add_number(o, "refused", t->refused);
    add_number(o, "proven", t->proven);
    add_number(level, "compared", t->compared);
    add_number(level, "mismatches", t->mismatches);
    json_object_object_add(o, level_name(LEVEL_CONSTANTS), level);
    json_object_object_add(o, "mismatch", t->mismatch);
    char command[4400];
    cell_command(cell, "constants", 1, command, sizeof(command));
    json_object_object_add(o, "command", json_object_new_string(command));
    return o;
}

struct json_object *constants_run(const struct cell *cell, const struct run_options *options) {
    char dir[] = "/tmp/jeconform.XXXXXX";
    struct tried t = {.cell = cell,
                      .comparison = calloc(1, sizeof(*t.comparison)),
                      .mismatch = json_object_new_array()};
    if (!t.comparison || !mkdtemp(dir)) {
        abort();
    }
    bool passed = passes(&t, cell, options, dir);
    struct json_object *o = result(&t, cell, passed);
    if (options->keep) {
        kept_add(o, dir);
    } else {
        kept_remove(dir);
    }
    probe_free(&t.probe);
    free(t.comparison);
    return o;
}

/* ---- report --------------------------------------------------------------------------------- */

struct json_object *constants_report(struct json_object *cells) {
    struct json_object *report = report_make(cells), *totals = NULL;
    static const char *const keys[] = {"combinations", "refused", "proven"};
    json_object_object_get_ex(report, "totals", &totals);
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < json_object_array_length(cells); i++) {
            sum += matrix_number(json_object_array_get_idx(cells, i), keys[k]);
        }
        add_number(totals, keys[k], sum);
    }
    return report;
}

static void word(struct json_object *cell, char *out, size_t size) {
    const char *status = matrix_text(cell, "status");
    if (strcmp(status, "pass") == 0) {
        snprintf(out, size, "%" PRIu64, matrix_number(cell, "combinations"));
    } else {
        snprintf(out, size, "%s", status);
    }
}

void constants_print(struct json_object *report, bool color, FILE *file) {
    struct json_object *cells = NULL, *totals = NULL;
    json_object_object_get_ex(report, "cells", &cells);
    json_object_object_get_ex(report, "totals", &totals);
    grid_print(cells, word, color, file);
    fputc('\n', file);
    report_details(report, file);
    fprintf(file,
            "\n%" PRIu64 " combinations (%" PRIu64
            " of them refused by jemalloc and by jeheap), %" PRIu64 " configured for real; %" PRIu64
            " constants compared, %" PRIu64 " mismatches\n",
            matrix_number(totals, "combinations"), matrix_number(totals, "refused"),
            matrix_number(totals, "proven"), matrix_number(totals, "compared"),
            matrix_number(totals, "mismatches"));
}
