/* probe.h - the constants of a build as a pin's headers give them, without building the pin:
 * configure, once for a machine, then one small program for each combination of parameters. */
#ifndef JEHEAP_PROBE_H
#define JEHEAP_PROBE_H

#include "cell.h"
#include "jeheap/jeheap.h"
#include "truth.h"

#define PROBE_WHY_MAX 512

enum probe_answer {
    PROBE_TRUTH,   /* constants and bins */
    PROBE_REFUSED, /* an #error of jemalloc's */
    PROBE_BROKEN   /* neither, and a sentence */
};

struct probe {
    const char *dir;                /* for its files */
    struct json_object *configured; /* result of the build scripts; NULL: there is none */
    uint8_t lg_page, lg_quantum;    /* that the generated size_classes.h is for */
    char why[PROBE_WHY_MAX];
};

/* Configure the pin (or source tree) for the config's machine, as cell.cmake does. False: why, and
 * the status in configured, where that is a skip. */
bool probe_configure(struct probe *probe, const struct cell *cell, const char *dir);
void probe_free(struct probe *probe);

/* A build of a version (as jh_version_parse() reads it) on that machine, as far as these determine
 * it. */
bool probe_build(struct probe *probe, const char *version, struct jh_build *out);

/* What the headers say when they are configured like that. truth is filled for PROBE_TRUTH only.
 * build NULL: as they were configured. */
enum probe_answer probe_ask(struct probe *probe, const struct jh_build *build, struct truth *truth);

/* Is what was varied for the last probe_ask() what a real run of configure writes? False and why.
 */
bool probe_proven(struct probe *probe, const struct cell *cell, const struct jh_build *build);

#endif
