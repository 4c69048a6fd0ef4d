/* jeconform - proves a decoder against live jemalloc builds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "choose_cells.h"
#include "command_vectors.h"
#include "constants.h"
#include "drift.h"
#include "emit.h"
#include "kept_folders.h"
#include "list.h"
#include "nearest_name.h"
#include "report.h"
#include "run.h"

static int finish(const struct arguments *a, struct json_object *report) {
    report_made(report, a->line);
    bool written = report_files_write(&a->reports, report);
    int status = report_failed(report) || !written ? EXIT_WRONG : EXIT_DONE;
    json_object_put(report);
    return status;
}

static struct json_object *run_chosen(struct arguments *a, const struct matrix *matrix) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned cores = processors > 0 ? (unsigned)processors : 1;
    unsigned jobs = a->jobs ? a->jobs : cores;
    struct cell_list list = choose(a, matrix);
    unsigned busy = list.count < jobs ? (unsigned)list.count : jobs;
    a->run.make_jobs = busy && cores > busy ? cores / busy : 1;
    struct json_object *cells = run_cells(&list, &a->run, jobs, a->quiet);
    free(list.cell);
    kept_say(cells);
    return cells;
}

static int list(struct arguments *a, const struct matrix *matrix) {
    return list_plan(matrix, a->json, a->fetch);
}

static int run(struct arguments *a, const struct matrix *matrix) {
    if (a->decoder) {
        struct cell_list list = choose(a, matrix);
        int status = command_run_decoder(a, matrix, &list);
        free(list.cell);
        return status;
    }
    struct json_object *report = report_make(run_chosen(a, matrix));
    if (a->json) {
        report_lines(report);
    } else {
        report_matrix(report, a->color, stdout);
    }
    return finish(a, report);
}

static int constants(struct arguments *a, const struct matrix *matrix) {
    a->run.constants = true;
    a->run.every = a->all;
    struct json_object *report = constants_report(run_chosen(a, matrix));
    if (a->json) {
        report_lines(report);
    } else {
        constants_print(report, a->color, stdout);
    }
    return finish(a, report);
}

/* Runs drift with configs that together use every field of every version: three levels, guards, the
 * cache of huge pages. */
static int drift(struct arguments *a, const struct matrix *matrix) {
    static const char *const configs[] = {"default", "la57", "guarded", "hpa", "bin-shards"};
    for (size_t i = 0; !a->configs.count && i < sizeof(configs) / sizeof(configs[0]); i++) {
        a->configs.name[i] = configs[i];
    }
    a->configs.count = a->configs.count ? a->configs.count : sizeof(configs) / sizeof(configs[0]);
    a->run.drift = true;
    struct json_object *whole = report_make(run_chosen(a, matrix)), *cells = NULL;
    json_object_object_get_ex(whole, "cells", &cells);
    struct json_object *report = drift_report(cells);
    bool all_skipped = json_object_array_length(report) == 0;
    /* cells that fail with the sound layout are reported: they tell nothing of bends */
    report_details(whole, a->json ? stderr : stdout);
    bool good = drift_print(report, a->json) && !report_failed(whole);
    json_object_put(report);
    json_object_put(whole);
    return all_skipped ? EXIT_UNREADABLE : good ? EXIT_DONE : EXIT_WRONG;
}

static int emit(struct arguments *a, const struct matrix *matrix) {
    if (!a->seeds && !a->images && !a->vectors) {
        return wrong_usage("an option is missing:", "--seeds DIR, --images DIR or --vectors DIR");
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const struct emit_options wanted_files = {
        a->seeds, a->images, a->vectors, matrix, processors > 0 ? (unsigned)processors : 1,
        a->quiet};
    a->emits = true;
    struct cell_list list = choose(a, matrix);
    if (list.count == 0) { /* the named pin has no default cell */
        a->emits = false;
        free(list.cell);
        list = choose(a, matrix);
    }
    int skipped = emit_cells(&list, &wanted_files);
    int status = skipped < 0                     ? EXIT_WRONG
                 : (size_t)skipped == list.count ? EXIT_UNREADABLE
                                                 : EXIT_DONE;
    free(list.cell);
    return status;
}

/* Shows a report that was made before. Its date and command stay as they are. */
static int report(struct arguments *a, const struct matrix *matrix) {
    (void)matrix;
    struct json_object *earlier = json_object_from_file(a->file);
    if (!report_is_sound(earlier)) {
        fprintf(stderr, "jeconform: %s is no report that --report-json wrote\n", a->file);
        json_object_put(earlier);
        return EXIT_UNREADABLE;
    }
    if (a->json) {
        report_lines(earlier);
    } else {
        report_matrix(earlier, a->color, stdout);
    }
    bool written = report_files_write(&a->reports, earlier);
    int status = report_failed(earlier) || !written ? EXIT_WRONG : EXIT_DONE;
    json_object_put(earlier);
    return status;
}

static const struct {
    const char *name;
    int (*run)(struct arguments *a, const struct matrix *matrix);
} commands[] = {{"list", list},
                {"run", run},
                {"drift", drift},
                {"constants", constants},
                {"emit", emit},
                {"report", report},
                {"vectors", command_vectors}};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int no_command(const char *name) {
    struct nearest like = nearest_start(name);
    for (size_t i = 0; i < COMMANDS; i++) {
        nearest_try(&like, commands[i].name);
    }
    return unknown_name("command", name, like.best, "--help");
}

static int command(struct arguments *a, const struct matrix *matrix) {
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(a->command, commands[i].name) == 0) {
            int wrong = choose_check(a, matrix);
            bool ready = !wrong && report_files_check(&a->reports);
            return wrong ? wrong : ready ? commands[i].run(a, matrix) : EXIT_USAGE;
        }
    }
    return no_command(a->command);
}

int main(int argc, char **argv) {
    struct arguments a = {.run = {.seed = 1}};
    struct matrix matrix;
    int status;
    report_command(argc, argv, a.line, sizeof(a.line)); /* before getopt reorders argv */
    if (!arguments_parse(argc, argv, &a, &status)) {
        return status;
    }
    if (!matrix_load(JEHEAP_HARNESS_DIR, &matrix)) {
        return EXIT_UNREADABLE;
    }
    status = command(&a, &matrix);
    matrix_free(&matrix);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "jeconform: the output could not be written\n");
        return EXIT_UNREADABLE;
    }
    return status;
}
