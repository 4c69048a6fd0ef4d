/* made_heap.h - a small 32-bit heap with two arenas, made field by field: tree, base blocks, lists.
 */
#ifndef TESTS_MADE_HEAP_H
#define TESTS_MADE_HEAP_H

#include "open/inside.h"

#define MADE_MODULE 0x08000000u /* root at 0x1000, b0 at 0x3000, the arenas at 0x4000 */
#define MADE_ROOT (MADE_MODULE + 0x1000)
#define MADE_B0 (MADE_MODULE + 0x3000)
#define MADE_ARRAY (MADE_MODULE + 0x4000)
#define MADE_BLOCK (0x40000000u + made_shift)  /* of arena 0 */
#define MADE_BLOCK2 (0x40200000u + made_shift) /* its newer one, with the tree's leaves */
#define MADE_BLOCK5 (0x40400000u + made_shift) /* of arena 5 */
#define MADE_SIZE 0x200000u                    /* of each */
#define MADE_ARENA 0x10000u                    /* arena_t, in the first block of each */
#define MADE_LEAF (MADE_BLOCK2 + 0x10000)
#define MADE_EXTENTS 0x80000u /* in the blocks: 8 structures */
#define MADE_HEAP 0x50000000u /* what the extents cover: 16 pages each */
#define MADE_HEAP_SIZE (24 * 0x10000u)

extern unsigned made_shift; /* of blocks that start at a page, and at no huge page */

struct made {
    uint8_t module[0x10000];
    uint8_t block[3][MADE_SIZE];
    uint8_t heap[MADE_HEAP_SIZE]; /* of ones */
    struct jh_segment segment[5];
    struct jt_range mapped[3];
    struct jt_private p;
    struct jt_layers layers;
    struct jt_target target;
    struct jt_check *check;
};

struct made *made_start(enum jh_version version);
/* Of a debug build, which the layout does not know. */
struct made *made_debug(enum jh_version version);
/* After a change of its segments: the image remembers where they were. */
void made_forget(struct made *m);
void made_end(struct made *m);
uint8_t *made_at(struct made *m, uint64_t at);
void made_word(struct made *m, uint64_t at, uint64_t value);
uint64_t made_read(struct made *m, uint64_t at);
/* Structure i of 24: 0 to 7 in the first block, then in the second, then in arena 5's. */
uint64_t made_extent(unsigned i);
uint64_t made_base_of(unsigned i); /* what it covers */
void made_field(struct made *m, unsigned i, enum jh_extent_field field, uint64_t value);
void made_link(struct made *m, unsigned i, unsigned next, unsigned prev);
/* The leaf element of a page: extent i, or none when i is 24. */
void made_leaf(struct made *m, uint64_t page, unsigned i);
/* jemalloc's variables are known by their names. */
void made_variables(struct made *m);
/* No element of the tree leads to it any more. */
void made_lose(struct made *m, unsigned i);
uint64_t made_offset(const struct made *m, const char *type, const char *path);

#endif
