/* heap_image.h - a small heap as the fuzz targets have it: memory that is zero but for a few runs.
 *
 * A tree node is megabytes of zeroes with a few elements in them, so a file has only what is not
 * zero, and whoever looks for something in a node looks at the runs. The file, all numbers little
 * endian with 8 bytes:
 *
 *     jeheap image 1\n
 *     build VERSION POINTER_SIZE LG_VADDR LG_PAGE LG_QUANTUM LG_SLAB_MAXREGS MUTEX U64_ALIGN
 *         LITTLE_ENDIAN AARCH64 DEBUG PROF STATS CACHE_OBLIVIOUS ROOT\n       (one line)
 *     variable NAME ADDRESS SIZE                                  (lines, none in most images)
 *     number of regions; for each of them address, length                     (sorted, disjoint)
 *     for each run address, length, its bytes                                 (sorted, disjoint)
 *
 * Made by `jeconform emit --images`. Those of `--checked` name jemalloc's variables, and have all
 * that the rules of check read: arenas, bins, base blocks, caches. */
#ifndef JEHEAP_HEAP_IMAGE_H
#define JEHEAP_HEAP_IMAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "jeheap/jeheap.h"

struct heap_range {
    uint64_t addr, len;
};

/* All zero but for the runs; writable. */
struct heap_region {
    uint64_t addr, len;
    uint8_t *bytes;
};

/* Somewhere that is worth bending. */
enum heap_place_kind {
    HEAP_PLACE_CHILD,  /* an inner element that is not empty */
    HEAP_PLACE_LEAF,   /* a leaf element that is not empty */
    HEAP_PLACE_EXTENT, /* an extent structure */
    HEAP_PLACE_USER,   /* memory that the program was given */
    HEAP_PLACE_OWN     /* words that are not zero, of arenas and all else, in a checked image */
};

#define HEAP_PLACES (HEAP_PLACE_OWN + 1)

struct heap_variable { /* of jemalloc's */
    char name[64];
    uint64_t addr, size;
};

struct heap_place {
    enum heap_place_kind kind;
    uint64_t addr; /* of the element, structure, memory */
    uint64_t page; /* what an element speaks of, where an extent begins */
};

struct heap_image {
    const char *name;
    struct jh_layout layout;
    struct jh_plan plan; /* of the layout */
    uint64_t root;
    struct heap_region *region;
    size_t regions;
    struct heap_range *run;
    size_t runs;
    struct heap_place *place; /* by kind, then by address */
    size_t places;
    size_t first[HEAP_PLACES + 1]; /* of the places of each kind, and the end */
    struct heap_variable *variable;
    size_t variables; /* 0: it is no checked one */
};

/* An image from a file's bytes; name is kept as a pointer. abort() where the file is none: it is
 * part of the program. */
struct heap_image *heap_image_load(const char *name, const uint8_t *file, size_t size);

/* An image of regions that are there already (by a synthetic heap); runs are looked for. */
struct heap_image *heap_image_adopt(const char *name, const struct jh_layout *layout, uint64_t root,
                                    const struct jh_segment *segment, size_t count);

void heap_image_free(struct heap_image *image);

/* [addr, addr+len) in one region, or NULL. */
uint8_t *heap_image_at(const struct heap_image *image, uint64_t addr, uint64_t len);

/* Write an image file: the regions' bytes come from the reader. False when a byte cannot be read
 * or the file not be written. */
bool heap_image_write(FILE *file, const struct jh_build *build, uint64_t root,
                      const struct heap_range *region, size_t regions,
                      const struct jh_reader *reader, const struct heap_variable *variable,
                      size_t variables);

/* What an input names an image by: a number that stays when other images come and go. */
uint16_t heap_image_id(const char *name);

#endif
