#include "source_family.h"

#include <ctype.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t constant(const struct truth *truth, const char *name) {
    uint64_t value = 0;
    return truth_constant(truth, name, &value) ? value : 0;
}

/* The build parameters of the configured tree, from its macros. */
static bool build_of(struct probe *p, const struct truth *truth, enum jh_version version,
                     struct jh_build *out) {
    uint64_t maxregs = constant(truth, "SC_LG_SLAB_MAXREGS");
    if (!probe_build(p, jh_version_name(version), out)) {
        return false;
    }
    out->lg_vaddr = (uint8_t)constant(truth, "LG_VADDR");
    out->lg_page = (uint8_t)constant(truth, "LG_PAGE");
    out->lg_quantum = (uint8_t)constant(truth, "LG_QUANTUM");
    out->lg_slab_maxregs = maxregs + 3 == out->lg_page ? 0 : (uint8_t)maxregs;
    out->debug = constant(truth, "DEBUG") != 0;
    out->prof = constant(truth, "PROF") != 0;
    out->stats = constant(truth, "STATS") != 0;
    out->cache_oblivious = constant(truth, "LARGE_PAD") != 0;
    return true;
}

static void compare_version(struct probe *p, const struct truth *truth, enum jh_version version,
                            struct comparison *c) {
    struct jh_build build;
    struct jh_layout made;
    struct jh_fault fault = {0};
    memset(c, 0, sizeof(*c));
    c->truth = truth;
    c->level = LEVEL_CONSTANTS;
    enum jh_status status = build_of(p, truth, version, &build)
                                ? jh_layout_make(&build, &made, &fault)
                                : JH_UNSUPPORTED;
    if (status == JH_OK) {
        compare_constants(c, &made);
    } else {
        compare_failed(c, "layout_make", 0, status, &fault);
    }
}

static uint64_t misses(const struct comparison *c) {
    return c->tally[LEVEL_CONSTANTS].mismatches;
}

/* The version with the fewest mismatches; of several the one that the tree tells, else the newest.
 */
static enum jh_version nearest_version(struct probe *p, const struct truth *truth,
                                       enum jh_version said, struct comparison *best) {
    struct comparison *c = calloc(1, sizeof(*c));
    enum jh_version version = JH_VERSIONS;
    for (unsigned v = 0; c && v < JH_VERSIONS; v++) {
        compare_version(p, truth, (enum jh_version)v, c);
        bool equal = version != JH_VERSIONS && misses(c) == misses(best);
        if (version == JH_VERSIONS || misses(c) < misses(best) || (equal && version != said)) {
            memcpy(best, c, sizeof(*best));
            version = (enum jh_version)v;
        }
    }
    free(c);
    return version;
}

/* ---- names in the headers of which the witness writes no constant ---------------------------- */

static const struct scan {
    const char *header, *pattern, *constant; /* the pattern's first group is the name */
} scans[] = {
    {"edata.h", "#[ \t]*define[ \t]+EDATA_BITS_([A-Z0-9_]+)_SHIFT", "EXTENT_BITS_%s_SHIFT"},
    {"edata.h", "extent_state_([a-z0-9_]+)[ \t]*=", "STATE_%s"},
    {"extent_structs.h", "#[ \t]*define[ \t]+EXTENT_BITS_([A-Z0-9_]+)_SHIFT",
     "EXTENT_BITS_%s_SHIFT"},
    {"extent_structs.h", "extent_state_([a-z0-9_]+)[ \t]*=", "STATE_%s"},
};

/* Checks that the name is known. extent_state_max is another name of the last state. */
static void check_name(const struct scan *scan, const char *line, const regmatch_t *group,
                       const struct truth *truth, struct comparison *c) {
    char name[64], constant_name[96];
    uint64_t value;
    snprintf(name, sizeof(name), "%.*s", (int)(group->rm_eo - group->rm_so), line + group->rm_so);
    for (char *p = name; *p; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(constant_name, sizeof(constant_name), scan->constant, name);
#pragma GCC diagnostic pop
    if (strcmp(name, "MAX") != 0 && !truth_constant(truth, constant_name, &value)) {
        compare_word(c, constant_name, 0, "a field or state that jeheap knows", "unknown");
    }
}

static void scan_header(const struct probe *p, const struct scan *scan, const struct truth *truth,
                        struct comparison *c) {
    char path[4400], line[1024];
    regmatch_t group[2];
    regex_t pattern;
    snprintf(path, sizeof(path), "%s/include/jemalloc/internal/%s",
             matrix_text(p->configured, "prefix"), scan->header);
    FILE *file = fopen(path, "r");
    if (!file) {
        return; /* versions without this header do not have such names */
    }
    if (regcomp(&pattern, scan->pattern, REG_EXTENDED) != 0) {
        abort();
    }
    while (fgets(line, sizeof(line), file)) {
        if (regexec(&pattern, line, 2, group, 0) == 0) {
            check_name(scan, line, &group[1], truth, c);
        }
    }
    regfree(&pattern);
    fclose(file);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void name_mismatches(struct probe *p, const struct comparison *c, enum jh_version version) {
    int used = snprintf(p->why, sizeof(p->why),
                        "unsupported layout: %" PRIu64
                        " constants of these headers are in no family that jeheap knows; from %s, "
                        "the nearest, differ",
                        misses(c), jh_version_name(version));
    for (size_t i = 0; i < c->kept_count; i++) {
        size_t room = sizeof(p->why) - (size_t)used;
        if (strlen(c->kept[i].what) + 8 > room) {
            snprintf(p->why + used, room, ", ...");
            return;
        }
        used += snprintf(p->why + used, room, "%s %s", i ? "," : "", c->kept[i].what);
    }
}

/* Chooses the version string: versions with the same layout cannot be told apart by it. */
static void choose_string(const char *said_string, bool said_right, struct source_family *out) {
    const char *family = jh_version_name(out->version);
    *out->note = '\0';
    if (said_right) {
        snprintf(out->version_string, sizeof(out->version_string), "%.63s", said_string);
        return;
    }
    snprintf(out->version_string, sizeof(out->version_string), "%s-0-g0", family);
    for (unsigned v = 0; v < JH_VERSIONS;
         v++) { /* a tree between two releases has no version number of its own */
        const struct jh_family *release = jh_family((enum jh_version)v);
        if (release->later && release->later == out->version) {
            snprintf(out->version_string, sizeof(out->version_string), "%s-1-g0", release->name);
        }
    }
    snprintf(out->note, sizeof(out->note),
             "the tree says that it is %.80s, its headers are those of %s",
             *said_string ? said_string : "no version", family);
}

bool source_family(struct probe *p, struct source_family *out, struct comparison *nearest) {
    struct truth truth;
    const char *said_string = matrix_text(p->configured, "said");
    enum jh_version said = JH_VERSIONS;
    bool known = jh_version_parse(said_string, &said) == JH_OK;
    if (probe_ask(p, NULL, &truth) != PROBE_TRUTH) {
        return false;
    }
    out->version = nearest_version(p, &truth, said, nearest);
    for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
        scan_header(p, &scans[i], &truth, nearest);
    }
    nearest->truth = NULL;
    truth_free(&truth);
    if (misses(nearest)) {
        name_mismatches(p, nearest, out->version);
        return false;
    }
    choose_string(said_string, known && said == out->version, out);
    return true;
}
