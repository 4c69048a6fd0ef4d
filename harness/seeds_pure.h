/* seeds_pure.h - inputs for the fuzz targets of single stages: what a captured heap has of each
 * kind. */
#ifndef JEHEAP_SEEDS_PURE_H
#define JEHEAP_SEEDS_PURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap_image.h"

/* An input of a stage's target; what tells it from the stage's others. False ends it. */
typedef bool seed_put_fn(void *arg, const char *stage, const char *what, const uint8_t *bytes,
                         size_t len);

/* Can these targets be told the layout of this build? (builds.h) */
bool seeds_pure_can(const struct jh_build *build);

/* Puts nothing where they cannot. False when put said so. */
bool seeds_pure(const struct heap_image *image, seed_put_fn *put, void *arg);

#endif
