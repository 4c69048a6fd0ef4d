/* builds.h - layouts from a few bytes of an input. */
#ifndef JEHEAP_FUZZ_BUILDS_H
#define JEHEAP_FUZZ_BUILDS_H

#include "fuzz.h"

/* The layout that two bytes of the tail choose: the last one says the version, the one before it
 * the shape. Layouts are made once, so that an execution pays nothing for one. Never NULL. */
const struct jh_layout *fuzz_layout(struct fuzz_input *in);

/* The way back: the two bytes, in their order in the input. False when no shape is this build's. */
#define FUZZ_LAYOUT_BYTES 2
bool fuzz_layout_bytes(const struct jh_build *build, uint8_t *out);

/* All of them, for index 0 ..; NULL behind the last. */
const struct jh_layout *fuzz_layout_nth(size_t index);

/* Any build at all, also those that make no sense: eight bytes of the tail. */
void fuzz_build(struct fuzz_input *in, struct jh_build *out);

/* The way back for one that fuzz_layout_bytes() knows: three bytes are enough. */
#define FUZZ_BUILD_BYTES 3
bool fuzz_build_bytes(const struct jh_build *build, uint8_t *out);

/* A number in the build's byte order. */
void fuzz_store(const struct jh_build *build, uint8_t *at, unsigned size, uint64_t value);
uint64_t fuzz_load(const struct jh_build *build, const uint8_t *at, unsigned size);

#endif
