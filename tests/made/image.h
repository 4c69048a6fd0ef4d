/* A small heap, made by hand: nodes, leaf elements and extents as jemalloc writes them.
 *
 * Geometry, leaf elements and e_bits are encoded from tables of this file's own, so that a wrong
 * formula in the decoder meets a right byte here. Pages of 4, 16 and 64 KiB, 48 and 57 bits. */
#ifndef JEHEAP_MADE_IMAGE_H
#define JEHEAP_MADE_IMAGE_H

#include "jeheap/jeheap.h"

#define IMAGE_BLOCKS 64
#define IMAGE_SEGMENTS 128
#define IMAGE_METADATA UINT64_C(0x7f0000000000) /* where blocks begin unless told otherwise */

struct image_block {
    uint64_t addr;
    uint8_t *bytes;
    size_t len;
};

struct image {
    struct jh_layout layout;
    struct jh_plan plan; /* of the layout */
    struct jh_heap heap; /* reads through the lending reader of jh_image_reader() */
    struct jh_image bytes;
    struct image_block block[IMAGE_BLOCKS];
    size_t blocks;
    struct jh_segment segment[IMAGE_SEGMENTS]; /* the blocks without their holes */
    uint64_t next;                             /* where the next block goes */
    uint64_t extents, extents_end;             /* room for extent structures */
};

/* An extent in the numbers that jemalloc stores. */
struct image_extent {
    uint64_t addr, size;
    uint32_t szind;
    uint8_t state;
    bool slab;
    uint32_t nfree, arena;
};

/* A heap without extents; abort() where the build has no row. */
void image_start(struct image *image, const struct jh_build *build, uint64_t metadata);
/* The stock build of this version. */
void image_stock(struct image *image, enum jh_version version);
/* After a change of the layout: the heap's plan is made anew. */
void image_plan(struct image *image);
void image_end(struct image *image);

/* Zeroes of this many bytes; blocks are never neighbours. */
uint64_t image_block(struct image *image, size_t len);
uint8_t *image_at(struct image *image, uint64_t addr);
void image_put8(struct image *image, uint64_t addr, uint64_t value);

/* The element of this level that the page selects; makes the nodes on the way. */
uint64_t image_slot(struct image *image, uint64_t page, unsigned level);
uint64_t image_leaf_slot(struct image *image, uint64_t page);
unsigned image_height(const struct image *image);

struct image_leaf {
    uint64_t extent;
    uint32_t szind;
    uint8_t state;
    bool slab, is_head;
};
void image_encode_leaf(const struct jh_build *build, const struct image_leaf *leaf, uint8_t *out);
void image_leaf(struct image *image, uint64_t page, const struct image_leaf *leaf);

/* The extent structure alone; returns its address. */
uint64_t image_extent(struct image *image, const struct image_extent *extent);
/* The structure and its leaf elements: all pages of an active slab, else the first and the last. */
uint64_t image_put(struct image *image, const struct image_extent *extent);
void image_free_region(struct image *image, uint64_t extent, uint32_t index);

/* Leave [addr, addr+len) out; it lies in one block. */
void image_hole(struct image *image, uint64_t addr, size_t len);

#endif
