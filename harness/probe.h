/* probe.h - gets the constants of a build from a pin's headers, without building the pin: configure
 * is run once for a machine, then one small program is compiled for each combination of parameters.
 */
#ifndef JEHEAP_PROBE_H
#define JEHEAP_PROBE_H

#include "cell.h"
#include "jeheap/jeheap.h"
#include "truth.h"

#define PROBE_WHY_MAX 512

enum probe_answer {
    PROBE_TRUTH,   /* truth has constants and bins */
    PROBE_REFUSED, /* the headers refuse it with an #error */
    PROBE_BROKEN   /* neither; why has a sentence */
};

struct probe {
    const char *dir;                /* the folder for the probe's files */
    struct json_object *configured; /* the result of the build scripts, or NULL */
    uint8_t lg_page, lg_quantum;    /* the generated size_classes.h is for these */
    char why[PROBE_WHY_MAX];
};

/* Configures the pin (or --source tree) for the config's machine, as cell.cmake does. False: why
 * says why, and configured has the status, which may be a skip. */
bool probe_configure(struct probe *probe, const struct cell *cell, const char *dir);
void probe_free(struct probe *probe);

/* The build of a version (as jh_version_parse() reads it) on that machine, with default parameters.
 */
bool probe_build(struct probe *probe, const char *version, struct jh_build *out);

/* Asks the headers for the constants of this build; NULL: of the build that was configured. truth
 * is filled with PROBE_TRUTH only. */
enum probe_answer probe_ask(struct probe *probe, const struct jh_build *build, struct truth *truth);

/* Does configure write the same headers as those that the last probe_ask() varied? False: why says
 * what differs. */
bool probe_proven(struct probe *probe, const struct cell *cell, const struct jh_build *build);

#endif
