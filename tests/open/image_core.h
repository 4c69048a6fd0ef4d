/* Heaps that are made by hand (made/image.h) as cores on disk, and opened. */
#ifndef TESTS_IMAGE_CORE_H
#define TESTS_IMAGE_CORE_H

#include "core_file.h"
#include "image.h"
#include "open/inside.h"

/* All of the image's memory into the core. */
void core_load_image(struct core_file *core, const struct image *image);

/* Open, whatever it is worth: its status is the target's. */
struct jt_target *core_open(const struct jt_options *options);

/* x86_64's core of the image at that path, with the version's string, opened with its root given.
 * layout may be NULL. */
struct jt_target *image_core_open(const struct image *image, struct core_file *core,
                                  const char *path, const char *layout);

#endif
