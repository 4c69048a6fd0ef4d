#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "witness.h"

enum { PATH_SIZE = 4400, WORDS_MAX = 64 };

#define INTERNAL "jemalloc/internal/"
static const char definitions[] = INTERNAL "jemalloc_internal_defs.h";
static const char size_classes[] = INTERNAL "size_classes.h"; /* up to 5.1 */

static bool broken(struct probe *p, const char *what, const char *which) {
    snprintf(p->why, sizeof(p->why), "%.300s%.200s", what, which);
    return false;
}

/* ---- configure ------------------------------------------------------------------------------ */

struct configuring {
    char flags[256], cache_vars[64];
};

static struct json_object *configure(struct probe *p, const struct cell *cell,
                                     const struct configuring *more) {
    char pin[256], config[256], result[PATH_SIZE + 16], path[PATH_SIZE], log[PATH_SIZE],
        source[PATH_SIZE], flags[300], vars[100];
    snprintf(path, sizeof(path), "%s/configured.json", p->dir);
    snprintf(log, sizeof(log), "%s/configure.log", p->dir);
    snprintf(pin, sizeof(pin), "-DPIN=%s", cell->source ? "source" : cell->pin);
    snprintf(config, sizeof(config), "-DCONFIG=%s", cell->config);
    snprintf(source, sizeof(source), "-DSOURCE=%s", cell->source ? cell->source : "");
    snprintf(result, sizeof(result), "-DRESULT=%s", path);
    snprintf(flags, sizeof(flags), "-DMORE_FLAGS=%s", more->flags);
    snprintf(vars, sizeof(vars), "-DMORE_CACHE_VARS=%s", more->cache_vars);
    const char *const argv[] = {"cmake", pin,
                                config,  source,
                                result,  flags,
                                vars,    "-DSTAGE=configure",
                                "-P",    JEHEAP_HARNESS_DIR "/cmake/cell.cmake",
                                NULL};
    remove(path);
    int status = run_logged(argv, log);
    struct json_object *answer = json_object_from_file(path);
    if (!answer) {
        snprintf(p->why, sizeof(p->why), "configure ended with status %d and said nothing", status);
    } else {
        broken(p, matrix_text(answer, "why"), "");
    }
    return answer;
}

static bool ok(struct json_object *configured) {
    return configured && strcmp(matrix_text(configured, "status"), "ok") == 0;
}

/* Copies headers that must be beside the varied ones, because they are included relative to the
 * folder of the including header: jemalloc_preamble.h, and ../jemalloc.h from there. */
static bool make_shadow(struct probe *p) {
    static const char *const linked[] = {"jemalloc/jemalloc.h", INTERNAL "jemalloc_preamble.h"};
    static const char *const folder[] = {"", "/jemalloc", "/" INTERNAL};
    char path[PATH_SIZE], to[PATH_SIZE];
    for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
        snprintf(path, sizeof(path), "%s/varied%s", p->dir, folder[i]);
        if (mkdir(path, 0755) != 0) {
            return broken(p, "no folder can be made: ", path);
        }
    }
    for (size_t i = 0; i < sizeof(linked) / sizeof(linked[0]); i++) {
        snprintf(path, sizeof(path), "%s/varied/%s", p->dir, linked[i]);
        snprintf(to, sizeof(to), "%s/include/%s", matrix_text(p->configured, "prefix"), linked[i]);
        if (symlink(to, path) != 0) {
            return broken(p, "no link can be made: ", path);
        }
    }
    return true;
}

bool probe_configure(struct probe *p, const struct cell *cell, const char *dir) {
    static const struct configuring plain = {"", ""};
    *p = (struct probe){.dir = dir};
    p->configured = configure(p, cell, &plain);
    return ok(p->configured) && make_shadow(p);
}

void probe_free(struct probe *p) {
    json_object_put(p->configured);
    p->configured = NULL;
}

bool probe_build(struct probe *p, const char *version, struct jh_build *out) {
    enum jh_version family;
    const char *machine = matrix_text(p->configured, "machine");
    if (jh_version_parse(version, &family) != JH_OK) {
        return broken(p, "no layout is known for version ", version);
    }
    jh_build_init(out, family);
    machine = *machine ? machine : "x86_64";
    return jh_build_machine(out, machine) == JH_OK || broken(p, "no machine ", machine);
}

/* ---- variation ------------------------------------------------------------------------------ */

struct definition {
    const char *name;
    char value[8];
    bool defined, written;
};

enum { DEFINITIONS = 9 };

static struct definition number(const char *name, unsigned value) {
    struct definition d = {.name = name, .defined = true};
    snprintf(d.value, sizeof(d.value), "%u", value);
    return d;
}

static struct definition flag(const char *name, bool defined) {
    return (struct definition){.name = name, .defined = defined};
}

/* The definitions that configure makes from the parameters. --enable-prof also chooses how to
 * unwind stacks. */
static void define(const struct jh_build *b, struct definition out[DEFINITIONS]) {
    out[0] = number("LG_VADDR", b->lg_vaddr);
    out[1] = number("LG_PAGE", b->lg_page);
    out[2] = number("LG_QUANTUM", b->lg_quantum);
    out[3] = number("CONFIG_LG_SLAB_MAXREGS", b->lg_slab_maxregs);
    out[3].defined = b->lg_slab_maxregs != 0;
    out[3].written = !jh_family(b->version)->lg_slab_maxregs; /* the header does not have it */
    out[4] = flag("JEMALLOC_DEBUG", b->debug);
    out[5] = flag("JEMALLOC_PROF", b->prof);
    out[6] = flag("JEMALLOC_PROF_LIBGCC", b->prof);
    out[7] = flag("JEMALLOC_STATS", b->stats);
    out[8] = flag("JEMALLOC_CACHE_OBLIVIOUS", b->cache_oblivious);
}

/* The name in a line "#define NAME ..." or "#undef NAME" (in a comment), else "". */
static void name_in(const char *line, char name[64]) {
    *name = '\0';
    if (sscanf(line, "#define %63s", name) != 1) {
        sscanf(line, "/* #undef %63s", name);
    }
}

/* Writes a line of the header with the definition, as config.status would write it. */
static void vary_line(const char *line, struct definition *d, FILE *to) {
    char name[64];
    name_in(line, name);
    for (size_t i = 0; i < DEFINITIONS; i++) {
        if (strcmp(name, d[i].name) != 0) {
            continue;
        }
        d[i].written = true;
        if (d[i].defined) {
            fprintf(to, "#define %s %s\n", name, d[i].value);
        } else {
            fprintf(to, "/* #undef %s */\n", name);
        }
        return;
    }
    fputs(line, to);
}

static bool vary_definitions(struct probe *p, const struct jh_build *build) {
    char from_path[PATH_SIZE], to_path[PATH_SIZE], line[1024];
    struct definition d[DEFINITIONS];
    define(build, d);
    snprintf(from_path, sizeof(from_path), "%s/include/%s", matrix_text(p->configured, "prefix"),
             definitions);
    snprintf(to_path, sizeof(to_path), "%s/varied/%s", p->dir, definitions);
    FILE *from = fopen(from_path, "r"), *to = from ? fopen(to_path, "w") : NULL;
    while (to && fgets(line, sizeof(line), from)) {
        vary_line(line, d, to);
    }
    bool sound = from && to && !ferror(from);
    sound = (!from || fclose(from) == 0) && sound;
    sound = (!to || fclose(to) == 0) && sound;
    for (size_t i = 0; sound && i < DEFINITIONS; i++) {
        if (!d[i].written) {
            return broken(p, "configure's definitions have no line for ", d[i].name);
        }
    }
    return sound || broken(p, "cannot be copied: ", from_path);
}

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

/* Makes the header of size classes for other pages and quanta, with the script that jemalloc has up
 * to 5.1. */
static bool vary_size_classes(struct probe *p, const struct jh_build *build) {
    char script[PATH_SIZE], to[PATH_SIZE], quantum[16], page[16];
    snprintf(script, sizeof(script), "%s/include/" INTERNAL "size_classes.sh",
             matrix_text(p->configured, "prefix"));
    if (!exists(script) || (p->lg_page == build->lg_page && p->lg_quantum == build->lg_quantum)) {
        return true;
    }
    snprintf(to, sizeof(to), "%s/varied/%s", p->dir, size_classes);
    snprintf(quantum, sizeof(quantum), "%u", build->lg_quantum);
    snprintf(page, sizeof(page), "%u", build->lg_page);
    const char *const argv[] = {"sh", script, quantum, "3", page, "2", NULL};
    remove(to);
    if (run_logged(argv, to) != 0) {
        return broken(p, "this script failed: ", script);
    }
    p->lg_page = build->lg_page;
    p->lg_quantum = build->lg_quantum;
    return true;
}

/* ---- the program ---------------------------------------------------------------------------- */

struct words {
    const char *word[WORDS_MAX];
    size_t count;
};

static void add(struct words *w, const char *word) {
    if (w->count + 1 < WORDS_MAX) {
        w->word[w->count++] = word;
    }
}

static void add_list(struct words *w, struct json_object *of, const char *key) {
    struct json_object *list = NULL;
    json_object_object_get_ex(of, key, &list);
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        add(w, json_object_get_string(json_object_array_get_idx(list, i)));
    }
}

static bool compile(const struct probe *p, bool varied, const char *program, const char *log) {
    static const char *const flags[] = {"-std=gnu11",   "-D_GNU_SOURCE",
                                        "-D_REENTRANT", "-DJEMALLOC_NO_PRIVATE_NAMESPACE",
                                        "-O0",          "-w",
                                        "-static",      "-Wl,--unresolved-symbols=ignore-all"};
    char include[3][PATH_SIZE];
    struct words w = {0};
    const char *prefix = matrix_text(p->configured, "prefix");
    snprintf(include[0], PATH_SIZE, "-I%s/varied", p->dir);
    snprintf(include[1], PATH_SIZE, "-I%s/include", prefix);
    snprintf(include[2], PATH_SIZE, "-I%s", prefix);
    add_list(&w, p->configured, "cc");
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        add(&w, flags[i]);
    }
    for (size_t i = !varied; i < 3; i++) {
        add(&w, include[i]);
    }
    add(&w, "-o");
    add(&w, program);
    add(&w, JEHEAP_HARNESS_DIR "/witness/probe/probe.c");
    add_list(&w, p->configured, "libs");
    remove(log);
    return run_logged(w.word, log) == 0;
}

/* The first line with "error" that the compiler said. */
static bool first_error(const char *log, char *line, size_t size) {
    FILE *file = fopen(log, "r");
    bool found = false;
    while (file && !found && fgets(line, (int)size, file)) {
        found = strstr(line, "error") != NULL;
    }
    if (file) {
        fclose(file);
    }
    line[found ? strcspn(line, "\n") : 0] = '\0';
    return found;
}

static enum probe_answer why_not(struct probe *p, const char *log) {
    char line[PROBE_WHY_MAX];
    bool said = first_error(log, line, sizeof(line));
    broken(p, "the probe does not compile: ", line);
    return said && strstr(line, "error: #error") ? PROBE_REFUSED : PROBE_BROKEN;
}

enum probe_answer probe_ask(struct probe *p, const struct jh_build *build, struct truth *truth) {
    char program[PATH_SIZE], log[PATH_SIZE], facts[PATH_SIZE];
    struct words w = {0};
    snprintf(program, sizeof(program), "%s/probe", p->dir);
    snprintf(log, sizeof(log), "%s/probe.log", p->dir);
    snprintf(facts, sizeof(facts), "%s/truth", p->dir);
    remove(facts);
    if (build && (!vary_definitions(p, build) || !vary_size_classes(p, build))) {
        return PROBE_BROKEN;
    }
    if (!compile(p, build != NULL, program, log)) {
        return why_not(p, log);
    }
    add_list(&w, p->configured, "emulator");
    add(&w, program);
    if (run_logged(w.word, facts) != 0) {
        broken(p, "the probe did not run to its end", "");
        return PROBE_BROKEN;
    }
    return truth_load(facts, truth, p->why, sizeof(p->why)) ? PROBE_TRUTH : PROBE_BROKEN;
}

/* ---- proof ---------------------------------------------------------------------------------- */

/* The flags of configure that make this build, starting from the machine's config; separated by
 * semicolons. */
static void flags_of(const struct jh_build *b, struct configuring *out) {
    char maxregs[32] = "", vaddr[32] = "";
    *out = (struct configuring){"", ""};
    if (b->lg_slab_maxregs) {
        snprintf(maxregs, sizeof(maxregs), ";--with-lg-slab-maxregs=%u", b->lg_slab_maxregs);
    }
    if (!jh_family(b->version)->lg_vaddr) {
        snprintf(out->cache_vars, sizeof(out->cache_vars), "je_cv_lg_vaddr=%u", b->lg_vaddr);
    } else {
        snprintf(vaddr, sizeof(vaddr), ";--with-lg-vaddr=%u", b->lg_vaddr);
    }
    snprintf(out->flags, sizeof(out->flags),
             "--with-lg-page=%u;--with-lg-quantum=%u;--%s-debug;--%s-prof;--%s-stats;"
             "--%s-cache-oblivious%s%s",
             b->lg_page, b->lg_quantum, b->debug ? "enable" : "disable",
             b->prof ? "enable" : "disable", b->stats ? "enable" : "disable",
             b->cache_oblivious ? "enable" : "disable", vaddr, maxregs);
}

static bool next_line(FILE *file, char *line, int size) {
    if (!fgets(line, size, file)) {
        return false;
    }
    size_t length = strlen(line);
    while (length && strchr(" \t\n", line[length - 1])) {
        line[--length] = '\0';
    }
    return true;
}

/* Are both files equal, line by line, without blanks at the end of lines? */
static bool same_file(struct probe *p, const char *prefix, const char *name) {
    char path[2][PATH_SIZE], line[2][1024];
    snprintf(path[0], PATH_SIZE, "%s/varied/%s", p->dir, name);
    snprintf(path[1], PATH_SIZE, "%s/include/%s", prefix, name);
    FILE *file[2] = {fopen(path[0], "r"), fopen(path[1], "r")};
    bool same = file[0] && file[1], more = same;
    line[0][0] = line[1][0] = '\0';
    while (more) {
        bool one = next_line(file[0], line[0], 1024);
        more = next_line(file[1], line[1], 1024);
        same = one == more && (!more || strcmp(line[0], line[1]) == 0);
        more = more && same;
    }
    for (size_t i = 0; i < 2; i++) {
        if (file[i]) {
            fclose(file[i]);
        }
    }
    if (!same) {
        snprintf(p->why, sizeof(p->why), "varied %s: \"%.150s\", configure writes \"%.150s\"", name,
                 line[0], line[1]);
    }
    return same;
}

bool probe_proven(struct probe *p, const struct cell *cell, const struct jh_build *build) {
    struct configuring more;
    char path[PATH_SIZE];
    flags_of(build, &more);
    struct json_object *real = configure(p, cell, &more);
    const char *prefix = real ? matrix_text(real, "prefix") : "";
    snprintf(path, sizeof(path), "%s/include/%s", prefix, size_classes);
    bool proven = ok(real) && same_file(p, prefix, definitions) &&
                  same_file(p, prefix, INTERNAL "jemalloc_preamble.h") &&
                  (!exists(path) || same_file(p, prefix, size_classes));
    json_object_put(real);
    return proven;
}
