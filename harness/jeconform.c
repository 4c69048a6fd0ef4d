/* jeconform - proves a decoder against live jemalloc builds. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "constants.h"
#include "drift.h"
#include "emit.h"
#include "list.h"
#include "report.h"
#include "run.h"

enum { EXIT_DONE, EXIT_WRONG, EXIT_USAGE, EXIT_UNREADABLE };

static const char usage[] =
    "usage: jeconform COMMAND [OPTION]...\n"
    "\n"
    "Builds jemalloc from source, lets a witness program write down everything that this very\n"
    "build knows about its heap, decodes the same heap from outside, and compares.\n"
    "\n"
    "commands:\n"
    "  list                the pins and configs, and which of them can be had here\n"
    "  run                 the usual config of every pin that can be had\n"
    "  drift               how sharp the harness is: every number of the layout is bent, and the\n"
    "                      comparison must notice; on every pin, or those given with --pin\n"
    "  constants           the constants of every combination of build parameters, learnt from "
    "the\n"
    "                      headers of each pin on each machine without building it\n"
    "  emit                inputs for fuzz targets, made from live builds: of every family, "
    "address\n"
    "                      width, page size, word and byte order, or of --pin and --config\n"
    "\n"
    "options of run:\n"
    "  --pin P             only this pin (may be repeated)\n"
    "  --config C          this config instead of the usual one (may be repeated)\n"
    "  --all               every config\n"
    "  --source DIR        a jemalloc source tree of your own, instead of pins\n"
    "  --seed N            of the workload (default 1)\n"
    "  --jobs N            cells at a time (default: one for each processor)\n"
    "  --keep              keep each cell's files (truth, core, logs), and say where\n"
    "  --report-json F     the whole report; --report-junit F, --report-html F likewise\n"
    "\n"
    "options of constants (and --pin, --config for the machine, --source, --jobs, --keep,\n"
    "--report-json):\n"
    "  --all               the whole product of parameters (hours); without it as many "
    "combinations\n"
    "                      as it takes for any three values of different parameters to meet\n"
    "  --only NAME         this combination, by the name that a mismatch is reported with\n"
    "  --prove N           configure N combinations of a cell for real: the same must come out\n"
    "\n"
    "options of emit, at least one of them:\n"
    "  --seeds DIR         seeds, in a folder for each target that reads a heap's bytes: heap, "
    "bent,\n"
    "                      extent, layout, leaf, oracle, rtree, size_class, slab\n"
    "  --images DIR        the small heaps that the target of whole heaps is built with\n"
    "\n"
    "everywhere:\n"
    "  --json              one JSON object a line on stdout\n"
    "  --quiet             no progress on stderr\n"
    "  --color WHEN        auto, always or never\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 nothing mismatches, 1 something does or a build failed, 2 usage, 3 nothing\n"
    "could be read.\n"
    "\n"
    "Environment: JEHEAP_CACHE (where built jemallocs are kept), JEHEAP_JEMALLOC_GIT (a mirror or\n"
    "an offline clone of jemalloc's repository), JEHEAP_SOURCES (a folder of source tarballs).\n";

enum { NAMES_MAX = 64 };

struct names {
    const char *name[NAMES_MAX];
    size_t count;
};

struct arguments {
    struct names pins, configs;
    const char *source, *report_json, *report_junit, *report_html;
    const char *seeds, *images;
    struct run_options run;
    unsigned jobs;
    bool all, json, quiet, color;
    bool emits; /* then other cells are usual */
};

enum {
    OPT_PIN = 256,
    OPT_CONFIG,
    OPT_ALL,
    OPT_SOURCE,
    OPT_SEED,
    OPT_JOBS,
    OPT_KEEP,
    OPT_ONLY,
    OPT_PROVE,
    OPT_R_JSON,
    OPT_R_JUNIT,
    OPT_R_HTML,
    OPT_SEEDS,
    OPT_IMAGES,
    OPT_JSON,
    OPT_QUIET,
    OPT_COLOR,
    OPT_HELP,
    OPT_VERSION
};

static const struct option options[] = {{"pin", required_argument, NULL, OPT_PIN},
                                        {"config", required_argument, NULL, OPT_CONFIG},
                                        {"all", no_argument, NULL, OPT_ALL},
                                        {"source", required_argument, NULL, OPT_SOURCE},
                                        {"seed", required_argument, NULL, OPT_SEED},
                                        {"jobs", required_argument, NULL, OPT_JOBS},
                                        {"keep", no_argument, NULL, OPT_KEEP},
                                        {"only", required_argument, NULL, OPT_ONLY},
                                        {"prove", required_argument, NULL, OPT_PROVE},
                                        {"report-json", required_argument, NULL, OPT_R_JSON},
                                        {"report-junit", required_argument, NULL, OPT_R_JUNIT},
                                        {"report-html", required_argument, NULL, OPT_R_HTML},
                                        {"seeds", required_argument, NULL, OPT_SEEDS},
                                        {"images", required_argument, NULL, OPT_IMAGES},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"quiet", no_argument, NULL, OPT_QUIET},
                                        {"color", required_argument, NULL, OPT_COLOR},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {"version", no_argument, NULL, OPT_VERSION},
                                        {NULL, 0, NULL, 0}};

static int wrong_usage(const char *what, const char *which) {
    fprintf(stderr, "jeconform: %s %s; see jeconform --help\n", what, which);
    return EXIT_USAGE;
}

static bool number_of(const char *text, unsigned long *out) {
    char *end;
    *out = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static bool add_name(struct names *names, const char *name) {
    if (names->count == NAMES_MAX) {
        return false;
    }
    names->name[names->count++] = name;
    return true;
}

static bool set_color(struct arguments *a, const char *when) {
    a->color = strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && isatty(STDOUT_FILENO));
    return a->color || strcmp(when, "auto") == 0 || strcmp(when, "never") == 0;
}

/* False when the value makes no sense. */
static bool take(struct arguments *a, int option, const char *value) {
    unsigned long number = 0;
    switch (option) {
    case OPT_PIN:
        return add_name(&a->pins, value);
    case OPT_CONFIG:
        return add_name(&a->configs, value);
    case OPT_ALL:
        return a->all = true;
    case OPT_SOURCE:
        a->source = value;
        return true;
    case OPT_SEED:
        return number_of(value, &a->run.seed);
    case OPT_JOBS:
        a->jobs = number_of(value, &number) ? (unsigned)number : 0;
        return a->jobs > 0;
    case OPT_KEEP:
        return a->run.keep = true;
    case OPT_ONLY:
        a->run.only = value;
        return true;
    case OPT_PROVE:
        a->run.prove = number_of(value, &number) ? (unsigned)number : 0;
        return a->run.prove > 0;
    case OPT_R_JSON:
        a->report_json = value;
        return true;
    case OPT_R_JUNIT:
        a->report_junit = value;
        return true;
    case OPT_R_HTML:
        a->report_html = value;
        return true;
    case OPT_SEEDS:
        a->seeds = value;
        return true;
    case OPT_IMAGES:
        a->images = value;
        return true;
    case OPT_JSON:
        return a->json = true;
    case OPT_QUIET:
        return a->quiet = true;
    default:
        return set_color(a, value);
    }
}

static bool wanted(const struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0) {
            return true;
        }
    }
    return names->count == 0;
}

static const char *unknown_name(const struct names *names, struct json_object *array) {
    for (size_t i = 0; i < names->count; i++) {
        if (!plan_named(array, names->name[i])) {
            return names->name[i];
        }
    }
    return NULL;
}

/* Of a pin only the machine matters to the constants command: configs that are no more than one. */
static bool machine_config(struct json_object *config) {
    const char *name = plan_text(config, "name");
    return strcmp(name, "default") == 0 || strcmp(plan_text(config, "machine"), name) == 0;
}

static bool config_chosen(const struct arguments *a, struct json_object *config,
                          struct json_object *pin) {
    const char *name = plan_text(config, "name");
    if (a->configs.count) {
        return wanted(&a->configs, name);
    }
    if (a->run.constants) {
        return machine_config(config);
    }
    if (a->emits) {
        return a->all || emit_by_default(plan_text(pin, "name"), name);
    }
    /* A program from elsewhere is fetched when it is asked for. */
    bool far = pin && *plan_text(pin, "program") && !a->pins.count;
    return a->all || (strcmp(name, plan_usual(pin)) == 0 && !far) || plan_usual_too(config, pin);
}

/* What makes no sense is not in the matrix. Asked for by both names, it is a skip with the reason.
 */
static bool cell_chosen(const struct arguments *a, struct json_object *config,
                        struct json_object *pin) {
    bool named = a->pins.count && a->configs.count;
    return config_chosen(a, config, pin) && wanted(&a->pins, plan_text(pin, "name")) &&
           (named || plan_applies(pin, config));
}

/* Config by config, so that builds come before the cells that only run them differently. */
static struct cell_list choose(const struct arguments *a, const struct plan *plan) {
    struct cell_list list = {0};
    size_t configs = json_object_array_length(plan->configs);
    size_t pins = json_object_array_length(plan->pins);
    list.cell = calloc(configs * pins + 1, sizeof(*list.cell));
    for (size_t i = 0; list.cell && i < configs; i++) {
        struct json_object *entry = json_object_array_get_idx(plan->configs, i);
        const char *config = plan_text(entry, "name");
        if (a->source && config_chosen(a, entry, NULL) && plan_applies(NULL, entry)) {
            list.cell[list.count++] = (struct cell){"source", config, a->source};
        }
        for (size_t p = 0; p < pins && !a->source; p++) {
            struct json_object *pin = json_object_array_get_idx(plan->pins, p);
            if (cell_chosen(a, entry, pin)) {
                list.cell[list.count++] = (struct cell){plan_text(pin, "name"), config, NULL};
            }
        }
    }
    return list;
}

/* A line for each cell, and one for the totals. */
static void print_lines(struct json_object *report) {
    struct json_object *cells = NULL, *totals = NULL;
    json_object_object_get_ex(report, "cells", &cells);
    json_object_object_get_ex(report, "totals", &totals);
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        printf("%s\n", json_object_to_json_string_ext(json_object_array_get_idx(cells, i),
                                                      JSON_C_TO_STRING_PLAIN));
    }
    printf("%s\n", json_object_to_json_string_ext(totals, JSON_C_TO_STRING_PLAIN));
}

/* Exit status. */
static int write_reports(const struct arguments *a, struct json_object *report) {
    bool written = true;
    if (a->report_json &&
        json_object_to_file_ext(a->report_json, report, JSON_C_TO_STRING_PRETTY) != 0) {
        fprintf(stderr, "jeconform: %s", json_util_get_last_err());
        written = false;
    }
    written = (!a->report_junit || report_junit(report, a->report_junit)) && written;
    written = (!a->report_html || report_html(report, a->report_html)) && written;
    return report_failed(report) || !written ? EXIT_WRONG : EXIT_DONE;
}

/* 0, or the exit status of wrong usage. */
static int check_names(const struct arguments *a, const struct plan *plan) {
    const char *unknown = unknown_name(&a->pins, plan->pins);
    if (unknown) {
        return wrong_usage("there is no pin", unknown);
    }
    unknown = unknown_name(&a->configs, plan->configs);
    return unknown ? wrong_usage("there is no config", unknown) : EXIT_DONE;
}

static struct json_object *run_chosen(struct arguments *a, const struct plan *plan) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned cores = processors > 0 ? (unsigned)processors : 1;
    unsigned jobs = a->jobs ? a->jobs : cores;
    struct cell_list list = choose(a, plan);
    unsigned busy = list.count < jobs ? (unsigned)list.count : jobs;
    a->run.make_jobs = busy && cores > busy ? cores / busy : 1;
    struct json_object *cells = run_cells(&list, &a->run, jobs, a->quiet);
    free(list.cell);
    return cells;
}

static int run(struct arguments *a, const struct plan *plan) {
    struct json_object *report = report_make(run_chosen(a, plan));
    if (a->json) {
        print_lines(report);
    } else {
        report_matrix(report, a->color, stdout);
    }
    int status = write_reports(a, report);
    json_object_put(report);
    return status;
}

static int constants(struct arguments *a, const struct plan *plan) {
    a->run.constants = true;
    a->run.every = a->all;
    struct json_object *report = constants_report(run_chosen(a, plan));
    if (a->json) {
        print_lines(report);
    } else {
        constants_print(report, a->color, stdout);
    }
    int status = write_reports(a, report);
    json_object_put(report);
    return status;
}

/* Together these fill every field of every version: three levels, guards, the huge page cache. */
static int drift(struct arguments *a, const struct plan *plan) {
    static const char *const configs[] = {"default", "la57", "guarded", "hpa", "bin-shards"};
    for (size_t i = 0; !a->configs.count && i < sizeof(configs) / sizeof(configs[0]); i++) {
        a->configs.name[i] = configs[i];
    }
    a->configs.count = a->configs.count ? a->configs.count : sizeof(configs) / sizeof(configs[0]);
    a->run.drift = true;
    struct json_object *whole = report_make(run_chosen(a, plan)), *cells = NULL;
    json_object_object_get_ex(whole, "cells", &cells);
    struct json_object *report = drift_report(cells);
    bool all_skipped = json_object_array_length(report) == 0;
    /* A cell that does not pass with the sound layout says nothing of bent ones. */
    report_details(whole, a->json ? stderr : stdout);
    bool good = drift_print(report, a->json) && !report_failed(whole);
    json_object_put(report);
    json_object_put(whole);
    return all_skipped ? EXIT_UNREADABLE : good ? EXIT_DONE : EXIT_WRONG;
}

static int emit(struct arguments *a, const struct plan *plan) {
    if (!a->seeds && !a->images) {
        return wrong_usage("an option is missing:", "--seeds DIR or --images DIR");
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const struct emit_options wanted_files = {a->seeds, a->images,
                                              processors > 0 ? (unsigned)processors : 1, a->quiet};
    a->emits = true;
    struct cell_list list = choose(a, plan);
    if (list.count == 0) { /* a pin that is not among those */
        a->emits = false;
        free(list.cell);
        list = choose(a, plan);
    }
    int skipped = emit_cells(&list, &wanted_files);
    int status = skipped < 0                     ? EXIT_WRONG
                 : (size_t)skipped == list.count ? EXIT_UNREADABLE
                                                 : EXIT_DONE;
    free(list.cell);
    return status;
}

static int command(const char *name, struct arguments *a, const struct plan *plan) {
    int wrong = check_names(a, plan);
    if (wrong) {
        return wrong;
    }
    return strcmp(name, "list") == 0        ? list_plan(plan, a->json)
           : strcmp(name, "run") == 0       ? run(a, plan)
           : strcmp(name, "drift") == 0     ? drift(a, plan)
           : strcmp(name, "constants") == 0 ? constants(a, plan)
           : strcmp(name, "emit") == 0      ? emit(a, plan)
                                            : wrong_usage("there is no command", name);
}

int main(int argc, char **argv) {
    struct arguments a = {.run = {.seed = 1}};
    struct plan plan;
    int option;
    set_color(&a, "auto");
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h' || option == OPT_HELP) {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == OPT_VERSION) {
            printf("jeconform " JEHEAP_VERSION "\n");
            return EXIT_DONE;
        }
        if (option == '?') {
            fprintf(stderr, "see jeconform --help\n");
            return EXIT_USAGE;
        }
        if (!take(&a, option, optarg)) {
            return wrong_usage("this is no value for an option:", optarg);
        }
    }
    if (argc - optind != 1) {
        return argc == optind ? wrong_usage("a command is", "missing")
                              : wrong_usage("too many arguments:", argv[optind + 1]);
    }
    if (!plan_load(JEHEAP_HARNESS_DIR, &plan)) {
        return EXIT_UNREADABLE;
    }
    int status = command(argv[optind], &a, &plan);
    plan_free(&plan);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "jeconform: the output could not be written\n");
        return EXIT_UNREADABLE;
    }
    return status;
}
