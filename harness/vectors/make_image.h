/* make_image.h - skeletons as the vectors have them. */
#ifndef JEHEAP_MAKE_IMAGE_H
#define JEHEAP_MAKE_IMAGE_H

#include "make.h"

/* The skeleton of a target, into a file: without what another run of the same build would have
 * different: process and thread numbers, folders of files, times of allocations. */
bool image_skeleton(struct jt_target *target, const char *path, char *why, size_t why_size);

/* Cut off the segment that has the address, from there on: what follows in it is absent. False: no
 * segment has it. */
bool image_cut(const char *path, uint64_t addr, char *why, size_t why_size);

/* Compress it to images/NAME.core.zst in the folder. */
bool image_pack(const char *path, const char *folder, const char *name, struct part *out, char *why,
                size_t why_size);
/* The way back, into a file; NULL or not enough memory: false. */
bool image_unpack(const char *packed, size_t size, const char *path, char *why, size_t why_size);

#endif
