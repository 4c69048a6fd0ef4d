/* witness: make a heap with the jemalloc that this program is linked with, write down what that
 * jemalloc knows about it, and hold still while somebody else decodes it from outside.
 *
 *   witness --truth FILE [--seed N] [--allocations N] [--threads N] [--arenas N]
 *           [--decay own|configured] [--around NAME] [--level constants|functions|all]
 *
 * When FILE is complete it prints "ready PID". Then it obeys lines on stdin: "again" walks the heap
 * once more and prints "same" or "changed", "core FILE" writes an ELF core of itself and prints
 * "core", "abort" ends it with SIGABRT, "quit" or the end of the input ends it. */
#include "workload.h"

#include <jemalloc/jemalloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

enum level { LEVEL_CONSTANTS, LEVEL_FUNCTIONS, LEVEL_ALL };

struct options {
    const char *truth;
    uint64_t seed, allocations, threads, arenas;
    bool configured_decay;
    const char *around;
    enum level level;
};

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("witness: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _exit(1);
}

void *need(void *memory) {
    if (memory == NULL) {
        die("Out of memory.");
    }
    return memory;
}

/* ---- options --------------------------------------------------------------------------------- */

static _Noreturn void usage(const char *why, const char *what) {
    fprintf(stderr,
            "witness: %s: %s\n"
            "usage: witness --truth FILE [--seed N] [--allocations N] [--threads 1..%d]\n"
            "               [--arenas 0..%d] [--decay own|configured] [--around NAME]\n"
            "               [--level constants|functions|all]\n",
            why, what, WORKLOAD_THREADS_MAX, WORKLOAD_MORE_ARENAS_MAX);
    exit(2);
}

static uint64_t parse_number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    if (*text == '\0' || *end != '\0') {
        usage("not a number", text);
    }
    return value;
}

static enum level parse_level(const char *text) {
    static const char *const name[] = {"constants", "functions", "all"};
    for (int i = LEVEL_CONSTANTS; i <= LEVEL_ALL; i++) {
        if (strcmp(text, name[i]) == 0) {
            return (enum level)i;
        }
    }
    usage("no such level", text);
}

static bool parse_decay(const char *text) {
    bool configured = strcmp(text, "configured") == 0;
    if (!configured && strcmp(text, "own") != 0) {
        usage("no such decay", text);
    }
    return configured;
}

static void parse_one(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--truth") == 0) {
        options->truth = value;
    } else if (strcmp(name, "--seed") == 0) {
        options->seed = parse_number(value);
    } else if (strcmp(name, "--allocations") == 0) {
        options->allocations = parse_number(value);
    } else if (strcmp(name, "--threads") == 0) {
        options->threads = parse_number(value);
    } else if (strcmp(name, "--arenas") == 0) {
        options->arenas = parse_number(value);
    } else if (strcmp(name, "--decay") == 0) {
        options->configured_decay = parse_decay(value);
    } else if (strcmp(name, "--around") == 0) {
        options->around = value;
    } else if (strcmp(name, "--level") == 0) {
        options->level = parse_level(value);
    } else {
        usage("no such option", name);
    }
}

static void parse(int argc, char **argv, struct options *options) {
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            usage("a value is missing after", argv[i]);
        }
        parse_one(options, argv[i], argv[i + 1]);
    }
    if (options->truth == NULL) {
        usage("an option is missing", "--truth");
    }
    if (options->threads < 1 || options->threads > WORKLOAD_THREADS_MAX) {
        usage("not a number of threads", "--threads");
    }
    if (options->arenas > WORKLOAD_MORE_ARENAS_MAX) {
        usage("not a number of arenas", "--arenas");
    }
    if (options->allocations < 1 || options->allocations > 10000000) {
        usage("not a number of allocations", "--allocations");
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct truth truth;
static struct workload load;

static void meta_hex(const char *key, uint64_t value) {
    truth_word(&truth, "meta");
    truth_hex(&truth, key, value);
    truth_end(&truth);
}

static void meta_text(const char *key, const char *value) {
    truth_word(&truth, "meta");
    truth_text(&truth, key, value);
    truth_end(&truth);
}

static void write_meta(const struct options *options) {
    const char *version;
    if (!api_text("version", &version)) {
        die("mallctl version fails.");
    }
    meta_text("version", version);
    meta_text("family", family_name());
    meta_hex("pid", (uint64_t)getpid());
    meta_hex("root", heap_facts_root());
    meta_hex("seed", options->seed);
    meta_hex("threads", load.threads);
    meta_hex("arenas", load.threads == 0 ? 0 : WORKLOAD_ARENAS);
    meta_hex("allocations", workload_live(&load));
}

static uint64_t write_heap(struct heap_facts *facts, FILE *file) {
    truth_start(&truth, file);
    heap_facts_heap(facts, &truth, &load);
    return truth.digest;
}

/* The heap comes after the last question that jemalloc might allocate something to answer, and what
 * a first question makes it allocate is allocated by asking everything once for nothing. */
static uint64_t write_all(struct heap_facts *facts, FILE *file) {
    truth_start(&truth, NULL);
    api_write(&truth, &load);
    api_stats(&truth);
    totals_write(&truth);
    truth_start(&truth, file);
    api_write(&truth, &load);
    api_stats(&truth);
    totals_write(&truth);
    uint64_t digest = write_heap(facts, file);
    heap_facts_check(facts, &load);
    api_addresses(&truth, &load);
    heap_facts_addresses(facts, &truth);
    return digest;
}

static void write_line(const char *line) {
    truth_word(&truth, line);
    truth_end(&truth);
}

static uint64_t write_levels(const struct options *options, struct heap_facts *facts, FILE *file) {
    uint64_t digest = 0;
    truth_start(&truth, file);
    write_line("truth 1");
    write_meta(options);
    constants_write(&truth);
    if (options->level >= LEVEL_FUNCTIONS) {
        functions_write(&truth, options->seed);
    }
    if (options->level >= LEVEL_ALL) {
        digest = write_all(facts, file);
    }
    write_line("end");
    return digest;
}

/* Under another name until it is complete, so that nobody ever sees half of it. */
static uint64_t write_file(const struct options *options, struct heap_facts *facts) {
    char name[4096];
    int length = snprintf(name, sizeof(name), "%s.%ld", options->truth, (long)getpid());
    FILE *file = (size_t)length < sizeof(name) ? fopen(name, "w") : NULL;
    if (file == NULL) {
        die("Cannot write beside %s.", options->truth);
    }
    setvbuf(file, NULL, _IOFBF, 1 << 16);
    uint64_t digest = write_levels(options, facts, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed || rename(name, options->truth) != 0) {
        unlink(name);
        die("Cannot write %s.", options->truth);
    }
    return digest;
}

/* ---- ready ----------------------------------------------------------------------------------- */

static void again(const struct options *options, struct heap_facts *facts, uint64_t digest) {
    bool same = options->level < LEVEL_ALL || write_heap(facts, NULL) == digest;
    puts(same ? "same" : "changed");
    fflush(stdout);
}

static void obey(const struct options *options, struct heap_facts *facts, uint64_t digest) {
    char line[4096];
    printf("ready %ld\n", (long)getpid());
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "quit\n") != 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "again") == 0) {
            again(options, facts, digest);
        } else if (strncmp(line, "core ", 5) == 0) {
            core_write(line + 5);
            puts("core");
            fflush(stdout);
        } else if (strcmp(line, "abort") == 0) {
            core_abort();
        } else {
            fprintf(stderr, "witness: no such command: %s\n", line);
        }
    }
}

int main(int argc, char **argv) {
    struct options options = {.seed = 1, .allocations = 24000, .threads = 4, .level = LEVEL_ALL};
    parse(argc, argv, &options);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* whoever started it may read it (Yama) */
    if (options.around != NULL && !surroundings_make(options.around, SURROUNDINGS_BEFORE)) {
        usage("no such thing to have around the heap", options.around);
    }
    je_free(je_malloc(1)); /* from 5.2.0 on the tables are filled at start */
    if (options.level == LEVEL_ALL) {
        load.seed = options.seed;
        load.threads = (unsigned)options.threads;
        load.allocations = options.allocations;
        load.more_arenas = (unsigned)options.arenas;
        load.configured_decay = options.configured_decay;
        workload_run(&load);
    }
    if (options.around != NULL) {
        surroundings_make(options.around, SURROUNDINGS_AFTER);
    }
    struct heap_facts *facts = heap_facts_new();
    obey(&options, facts, write_file(&options, facts));
    return 0;
}
