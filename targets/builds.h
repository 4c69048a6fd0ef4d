/* builds.h - layouts from a few bytes of an input. */
#ifndef JEHEAP_FUZZ_BUILDS_H
#define JEHEAP_FUZZ_BUILDS_H

#include "fuzz.h"

/* A build of any version, machine, page size, ... from seven bytes of the tail; stock values where
 * jemalloc's headers refuse the combination. Never fails. */
void fuzz_layout(struct fuzz_input *in, struct jh_layout *out);

/* Any build at all, also those that make no sense: from the same bytes. */
void fuzz_build(struct fuzz_input *in, struct jh_build *out);

#endif
