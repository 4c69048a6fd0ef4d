#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "constants.h"
#include "kept_folders.h"
#include "cell_work.h"

/* ---- build ---------------------------------------------------------------------------------- */

/* Finds out the version of a --source tree before it is built. False: it is none that is known. */
static bool know_source(struct work *w) {
    struct probe probe;
    char dir[128];
    work_path(w, "headers", dir, sizeof(dir));
    if (mkdir(dir, 0755) != 0) {
        abort();
    }
    bool known =
        probe_configure(&probe, w->cell, dir) && source_family(&probe, &w->family, w->comparison);
    if (known) {
        memset(w->comparison, 0,
               sizeof(*w->comparison)); /* the constants of the build are compared later */
    } else {
        snprintf(w->why, sizeof(w->why), "%s", probe.why);
    }
    probe_free(&probe);
    return known;
}

struct json_object *cell_build(const struct cell *cell, const char *version, unsigned make_jobs,
                               const char *dir, char *why, size_t why_size) {
    char version_is[128];
    char pin[256], config[256], result[256], source[4200], jobs[64], log[256];
    snprintf(log, sizeof(log), "%s/build.log", dir);
    snprintf(pin, sizeof(pin), "-DPIN=%s", cell->source ? "source" : cell->pin);
    snprintf(config, sizeof(config), "-DCONFIG=%s", cell->config);
    snprintf(result, sizeof(result), "-DRESULT=%s/build.json", dir);
    snprintf(source, sizeof(source), "-DSOURCE=%s", cell->source ? cell->source : "");
    snprintf(jobs, sizeof(jobs), "-DJOBS=%u", make_jobs);
    snprintf(version_is, sizeof(version_is), "-DVERSION=%s", version);
    const char *const argv[] = {"cmake",    pin,    config,
                                result,     source, jobs,
                                version_is, "-P",   JEHEAP_HARNESS_DIR "/cmake/cell.cmake",
                                NULL};
    int status = run_logged(argv, log);
    struct json_object *build = json_object_from_file(strchr(result, '=') + 1);
    if (build) {
        snprintf(why, why_size, "%s", matrix_text(build, "why"));
    } else {
        snprintf(why, why_size, "the build ended with status %d and said nothing: see %s", status,
                 log);
    }
    return build;
}

static bool build(struct work *w) {
    if (w->cell->source && !know_source(w)) {
        return false;
    }
    w->build = cell_build(w->cell, w->family.version_string, w->options->make_jobs, w->dir, w->why,
                          sizeof(w->why));
    return w->build && strcmp(matrix_text(w->build, "status"), "ok") == 0;
}

/* ---- result --------------------------------------------------------------------------------- */

static void add_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

static void add_number(struct json_object *o, const char *key, uint64_t number) {
    json_object_object_add(o, key, json_object_new_uint64(number));
}

static struct json_object *level_json(const struct comparison *c, enum level level) {
    const struct tally *t = &c->tally[level];
    struct json_object *o = json_object_new_object();
    add_number(o, "compared", t->compared);
    if (level == LEVEL_HEAP || level == LEVEL_OFFLINE) {
        add_number(o, "extents", t->extents);
        add_number(o, "fields", t->fields);
        add_number(o, "lookups", t->lookups);
        add_number(o, "regions", t->regions);
        add_number(o, "cached", t->cached);
        add_number(o, "cached_in_storage", t->in_storage);
    }
    add_number(o, "mismatches", t->mismatches);
    return o;
}

void cell_command(const struct cell *cell, const char *command, unsigned long seed, char *out,
                  size_t size) {
    const char *quote = cell->source && !matrix_plain(cell->source) ? "'" : "";
    char number[32] = "";
    if (seed != 1) {
        snprintf(number, sizeof(number), " --seed %lu", seed);
    }
    snprintf(out, size, "jeconform %s %s %s%s%s --config %s%s", command,
             cell->source ? "--source" : "--pin", quote, cell->source ? cell->source : cell->pin,
             quote, cell->config, number);
}

static struct json_object *mismatches_json(const struct comparison *c, const char *command) {
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < c->kept_count; i++) {
        json_object_array_add(array, mismatch_json(&c->kept[i], command));
    }
    return array;
}

static struct json_object *result_json(const struct work *w, const char *status, double seconds) {
    struct json_object *o = json_object_new_object();
    char command[4400];
    cell_command(w->cell, "run", w->options->seed, command, sizeof(command));
    add_text(o, "pin", w->cell->pin);
    add_text(o, "config", w->cell->config);
    add_text(o, "status", status);
    add_text(o, "why", w->why);
    add_text(o, "jemalloc_version", w->truth.version);
    add_text(o, "layout", w->layout);
    add_text(o, "note", w->family.note);
    json_object_object_add(o, "seconds", json_object_new_double(seconds));
    for (unsigned i = 0; i < LEVELS; i++) {
        json_object_object_add(o, level_name(i), level_json(w->comparison, i));
    }
    json_object_object_add(o, "mismatch", mismatches_json(w->comparison, command));
    add_text(o, "command", command);
    return o;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct json_object *cell_run(const struct cell *cell, const struct run_options *options) {
    struct work w = {.cell = cell, .options = options, .witness = {-1, -1, -1}};
    const char *status = "fail";
    double start = now();
    snprintf(w.dir, sizeof(w.dir), "/tmp/jeconform.XXXXXX");
    w.comparison = calloc(1, sizeof(*w.comparison));
    if (!w.comparison || !mkdtemp(w.dir)) {
        abort();
    }
    if (build(&w)) {
        status = compare_all_levels(&w) ? "pass" : "fail";
    } else if (w.build && strcmp(matrix_text(w.build, "status"), "skip") == 0) {
        status = "skip";
    }
    witness_stop(&w.witness);
    bool keep = options->keep || (!w.build && strcmp(status, "fail") == 0);
    struct json_object *result = result_json(&w, status, now() - start);
    if (w.drift) {
        json_object_object_add(result, "drift", w.drift);
    }
    if (keep) {
        kept_add(result, w.dir);
    } else {
        kept_remove(w.dir);
    }
    truth_free(&w.truth);
    walk_free(&w.live);
    json_object_put(w.build);
    free(w.comparison);
    return result;
}

int cell_start(const struct cell *cell, const struct run_options *options,
               const char *result_path) {
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    struct json_object *result =
        options->constants ? constants_run(cell, options) : cell_run(cell, options);
    int written = json_object_to_file(result_path, result);
    json_object_put(result);
    _exit(written == 0 ? 0 : 1);
}

struct json_object *cell_result(const struct cell *cell, const struct run_options *options,
                                int wait_status, const char *result_path) {
    struct json_object *result = WIFEXITED(wait_status) ? json_object_from_file(result_path) : NULL;
    if (result) {
        return result;
    }
    struct comparison none = {0};
    struct work w = {.cell = cell, .options = options, .comparison = &none};
    snprintf(w.why, sizeof(w.why), "the comparison itself ended with %s %d",
             WIFSIGNALED(wait_status) ? "signal" : "status",
             WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
    return result_json(&w, "fail", 0);
}
