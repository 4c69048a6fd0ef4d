/* seeds_pure.h - seeds for the fuzz targets of single stages, one for each kind of structure in a
 * captured heap. */
#ifndef JEHEAP_SEEDS_PURE_H
#define JEHEAP_SEEDS_PURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap_image.h"

/* Receives a seed of a stage's target; what is its name among the seeds of the stage. False: stop.
 */
typedef bool seed_put_fn(void *arg, const char *stage, const char *what, const uint8_t *bytes,
                         size_t len);

/* Can an input of these targets name the layout of this build? (builds.h) */
bool seeds_pure_can(const struct jh_build *build);

/* Puts the seeds; none when the layout cannot be named. False: put returned false. */
bool seeds_pure(const struct heap_image *image, seed_put_fn *put, void *arg);

#endif
