/* sandbox_off.c - builds that are instrumented: sanitizers trace the process, profiles are files
 * that are written at its end. A sandbox that let them do that would be none. */
#include "sandbox.h"

#include <stddef.h>

const char *sandbox_start(const struct sandbox *sandbox) {
    (void)sandbox;
    return NULL;
}

const char *sandbox_tighten(const struct sandbox *sandbox) {
    (void)sandbox;
    return NULL;
}

const char *sandbox_parts(void) {
    return "no sandbox in this build";
}
