#include "arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    "  report FILE         what an earlier run wrote with --report-json once more, as text or in "
    "the\n"
    "                      other formats\n"
    "  vectors [FILE...]   golden vectors (corpora/vectors, or these files) against a decoder: a\n"
    "                      scorecard by kind and flag\n"
    "  emit                inputs for fuzz targets, made from live builds: of every family, "
    "address\n"
    "                      width, page size, word and byte order, or of --pin and --config\n"
    "\n"
    "option of list:\n"
    "  --fetch             fetch what is not here yet, which may take minutes; without it nothing "
    "is\n"
    "                      fetched and a pin that nobody has tried to fetch is listed as that\n"
    "\n"
    "options of run:\n"
    "  --pin P             only this pin (may be repeated)\n"
    "  --config C          this config instead of the usual one (may be repeated)\n"
    "  --all               every config\n"
    "  --source DIR        a jemalloc source tree of your own, instead of pins\n"
    "  --seed N            of the workload (default 1): the same calls in the same order\n"
    "  --jobs N            cells at a time (default: one for each processor)\n"
    "  --keep              keep each cell's files (truth, core, logs) in a folder of /tmp, about 1 "
    "GB\n"
    "                      each, and say where; without it only those of a build that failed\n"
    "                      without an answer are kept\n"
    "  --report-json F     the whole report; --report-junit F, --report-html F likewise\n"
    "\n"
    "options of vectors and of run, which asks about live builds then:\n"
    "  --decoder COMMAND   speaks the decoder protocol (corpora/vectors/README.md) on its "
    "standard\n"
    "                      input and output; it has no network and these limits:\n"
    "  --decoder-seconds N for each answer (default 10)\n"
    "  --decoder-mib N     of address space (default 4096)\n"
    "  --report-markdown F the scorecard as Markdown; the other --report options take it as well\n"
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
    "                      check, extent, layout, leaf, oracle, rtree, size_class, slab\n"
    "  --images DIR        the small heaps that the target of whole heaps is built with; of some\n"
    "                      cells another in DIR/checked, for the target of check\n"
    "  --vectors DIR, -o DIR  golden vectors (corpora/vectors), each cell after it was compared\n"
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

enum {
    OPT_PIN = 256,
    OPT_CONFIG,
    OPT_ALL,
    OPT_SOURCE,
    OPT_SEED,
    OPT_JOBS,
    OPT_KEEP,
    OPT_FETCH,
    OPT_ONLY,
    OPT_PROVE,
    OPT_R_JSON,
    OPT_R_JUNIT,
    OPT_R_HTML,
    OPT_R_MARKDOWN,
    OPT_SEEDS,
    OPT_IMAGES,
    OPT_VECTORS,
    OPT_DECODER,
    OPT_DECODER_SECONDS,
    OPT_DECODER_MIB,
    OPT_JSON,
    OPT_QUIET,
    OPT_COLOR,
    OPT_HELP,
    OPT_VERSION
};

static const struct option options[] = {
    {"pin", required_argument, NULL, OPT_PIN},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"all", no_argument, NULL, OPT_ALL},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"fetch", no_argument, NULL, OPT_FETCH},
    {"only", required_argument, NULL, OPT_ONLY},
    {"prove", required_argument, NULL, OPT_PROVE},
    {"report-json", required_argument, NULL, OPT_R_JSON},
    {"report-junit", required_argument, NULL, OPT_R_JUNIT},
    {"report-html", required_argument, NULL, OPT_R_HTML},
    {"report-markdown", required_argument, NULL, OPT_R_MARKDOWN},
    {"seeds", required_argument, NULL, OPT_SEEDS},
    {"images", required_argument, NULL, OPT_IMAGES},
    {"vectors", required_argument, NULL, OPT_VECTORS},
    {"decoder", required_argument, NULL, OPT_DECODER},
    {"decoder-seconds", required_argument, NULL, OPT_DECODER_SECONDS},
    {"decoder-mib", required_argument, NULL, OPT_DECODER_MIB},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"color", required_argument, NULL, OPT_COLOR},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0}};

int wrong_usage(const char *what, const char *which) {
    fprintf(stderr, "jeconform: %s %s; see jeconform --help\n", what, which);
    return EXIT_USAGE;
}

int unknown_name(const char *kind, const char *name, const char *like, const char *help) {
    fprintf(stderr, "jeconform: there is no %s %s; %s%s%ssee jeconform %s\n", kind, name,
            like ? "did you mean " : "", like ? like : "", like ? "? " : "", help);
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

/* Takes an option. False: its value is not valid. */
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
    case OPT_FETCH:
        return a->fetch = true;
    case OPT_ONLY:
        a->run.only = value;
        return true;
    case OPT_PROVE:
        a->run.prove = number_of(value, &number) ? (unsigned)number : 0;
        return a->run.prove > 0;
    case OPT_R_JSON:
        a->reports.path[REPORT_JSON] = value;
        return true;
    case OPT_R_JUNIT:
        a->reports.path[REPORT_JUNIT] = value;
        return true;
    case OPT_R_HTML:
        a->reports.path[REPORT_HTML] = value;
        return true;
    case OPT_R_MARKDOWN:
        a->markdown = value;
        return true;
    case OPT_SEEDS:
        a->seeds = value;
        return true;
    case OPT_IMAGES:
        a->images = value;
        return true;
    case OPT_VECTORS:
        a->vectors = value;
        return true;
    case OPT_DECODER:
        a->decoder = value;
        return *value != '\0';
    case OPT_DECODER_SECONDS:
        a->decoder_seconds = number_of(value, &number) ? (unsigned)number : 0;
        return a->decoder_seconds > 0;
    case OPT_DECODER_MIB:
        a->decoder_mib = number_of(value, &number) ? (unsigned)number : 0;
        return a->decoder_mib > 0;
    case OPT_JSON:
        return a->json = true;
    case OPT_QUIET:
        return a->quiet = true;
    default:
        return set_color(a, value);
    }
}

static int wrong_value(int option, const char *value) {
    size_t i = 0;
    while (options[i].val != option) {
        i++;
    }
    fprintf(stderr, "jeconform: --%s does not take '%s'; see jeconform --help\n", options[i].name,
            value);
    return EXIT_USAGE;
}

/* getopt_long(), whose error messages begin with the program's name instead of its path. */
static int next_option(int argc, char **argv) {
    static char name[] = "jeconform";
    argv[0] = name;
    return getopt_long(argc, argv, "ho:", options, NULL);
}

/* Takes all options. False: the program has nothing more to do, as with --help. */
static bool take_options(int argc, char **argv, struct arguments *out, int *status) {
    int option;
    *status = EXIT_DONE;
    while ((option = next_option(argc, argv)) != -1) {
        if (option == 'h' || option == OPT_HELP) {
            fputs(usage, stdout);
            return false;
        }
        if (option == 'o') {
            option = OPT_VECTORS;
        }
        if (option == OPT_VERSION) {
            printf("jeconform " JEHEAP_VERSION "\n");
            return false;
        }
        if (option == '?') {
            fprintf(stderr, "jeconform: see jeconform --help\n");
            *status = EXIT_USAGE;
            return false;
        }
        if (!take(out, option, optarg)) {
            *status = wrong_value(option, optarg);
            return false;
        }
    }
    return true;
}

bool arguments_parse(int argc, char **argv, struct arguments *out, int *status) {
    set_color(out, "auto");
    if (!take_options(argc, argv, out, status)) {
        return false;
    }
    if (argc == optind) {
        *status = wrong_usage("a command is", "missing");
        return false;
    }
    out->command = argv[optind];
    if (strcmp(out->command, "vectors") == 0) {
        bool room = true;
        for (int i = optind + 1; i < argc && room; i++) {
            room = add_name(&out->files, argv[i]);
        }
        *status = room ? EXIT_DONE : wrong_usage("too many files:", argv[argc - 1]);
        return room;
    }
    int operands = strcmp(out->command, "report") == 0;
    if (argc - optind != 1 + operands) {
        *status = argc == optind + 1
                      ? wrong_usage("an argument is missing:", "report FILE.json")
                      : wrong_usage("too many arguments:", argv[optind + 1 + operands]);
        return false;
    }
    out->file = operands ? argv[optind + 1] : NULL;
    return true;
}
