/* tree.h - a small rtree with extents, and the memory that has it. An input of fuzz_rtree describes
 * which extents are inserted, as jemalloc does it, and which bytes are damaged. */
#ifndef JEHEAP_FUZZ_TREE_H
#define JEHEAP_FUZZ_TREE_H

#include "fuzz.h"

#define TREE_NODES 16
#define TREE_EXTENTS 16
#define TREE_STEPS                                                                                 \
    24 /* steps of an input that are taken; each inserts an extent or does damage                  \
        */

struct tree {
    struct jh_layout layout;
    struct jh_heap heap;
    struct jh_extent extent[TREE_EXTENTS]; /* the extents that were inserted */
    uint64_t node[TREE_NODES];             /* addresses of nodes; the first is the root */
    uint64_t end;                          /* the address behind the last node */
    unsigned nodes, extents, damages;
    uint64_t damaged[TREE_STEPS]; /* offsets of damaged bytes, which the next start restores */
    bool sound;                   /* nothing was damaged */
};

/* Starts with an empty rtree, and a layout and a reader that the input chooses. All trees share one
 * memory, which is cleared. */
void tree_start(struct tree *t, struct fuzz_input *in);
/* Inserts extents and does damage, until the input ends. */
void tree_grow(struct tree *t, struct fuzz_input *in);

/* The canonical address of this layout that has these low bits. */
uint64_t tree_canonical(const struct jh_layout *l, uint64_t addr);
/* The bytes at a target address; NULL: not all of them are in the memory. */
const uint8_t *tree_bytes(uint64_t at, size_t len);
/* Finds the leaf element of an address without the decoder. JH_OK: at is the element's address, or
 * 0 when a node is missing; JH_CORRUPT: a pointer is not sound; JH_ABSENT: it leads out of the
 * memory. */
enum jh_status tree_way(const struct jh_layout *l, uint64_t addr, uint64_t *at);

#endif
