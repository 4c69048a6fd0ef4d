/* tree.h - a small tree of extents, and the memory that it is in, as an input of fuzz_rtree
 * describes them: extents that are put in as jemalloc does it, and damage. */
#ifndef JEHEAP_FUZZ_TREE_H
#define JEHEAP_FUZZ_TREE_H

#include "fuzz.h"

#define TREE_NODES 16
#define TREE_EXTENTS 16
#define TREE_STEPS 24 /* that an input may take */

struct tree {
    struct jh_layout layout;
    struct jh_heap heap;
    struct jh_extent extent[TREE_EXTENTS]; /* those that were put in soundly */
    uint64_t node[TREE_NODES];             /* addresses; the first is the root */
    uint64_t end;                          /* of the nodes */
    unsigned nodes, extents, damages;
    uint64_t damaged[TREE_STEPS]; /* offsets, to be undone */
    bool sound;                   /* nothing was damaged */
};

/* An empty tree, with a layout and a reader that the input chooses. There is one memory: what it
 * held before is gone. */
void tree_start(struct tree *t, struct fuzz_input *in);
/* Extents and damage, until the input ends. */
void tree_grow(struct tree *t, struct fuzz_input *in);

/* The address of this layout that has these low bits. */
uint64_t tree_canonical(const struct jh_layout *l, uint64_t addr);
/* What is at a target address; NULL when not all of it is in the memory. */
const uint8_t *tree_bytes(uint64_t at, size_t len);
/* The way down without the decoder: JH_OK and the leaf element's address, 0 where a node is
 * missing; JH_CORRUPT for a pointer that is none, JH_ABSENT for one out of the memory. */
enum jh_status tree_way(const struct jh_layout *l, uint64_t addr, uint64_t *at);

#endif
