/* What the two sides of the benchmark share: the same questions, asked in jemalloc's words by
 * jemalloc.c and in the decoder's by jeheap.c. Neither sees the other's headers. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields of an extent that both sides read. */
struct seen {
    uint64_t addr, size, sn;
    uint32_t arena_ind, szind, nfree, state;
    bool slab;
};

/* Weighted, so that fields which change places do not go unnoticed. Without sn, a word of its own
 * that a lookup in brief leaves alone. */
static inline uint64_t seen_sum(struct seen s) {
    return s.addr + 3 * s.size + 7 * (uint64_t)s.arena_ind + 9 * (uint64_t)s.szind +
           11 * (uint64_t)s.nfree + 13 * (uint64_t)s.state + 17 * (uint64_t)s.slab;
}

/* ---- heap.c: the allocations ----------------------------------------------------------------- */

/* Grow the heap until it holds this many live allocations; all of them, in an order that has
 * nothing to do with that of their addresses. */
const uint64_t *heap_grow(size_t live);

/* Addresses of that heap: live pointers, freed ones, and some near them. */
const uint64_t *heap_addresses(size_t count);

void *need(void *memory); /* or the program ends */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- jemalloc.c: jemalloc's own code -------------------------------------------------------- */

/* The same walk through the tree as ours, then edata_*_get. Sum of seen_sum() over all addresses.
 * hard: rtree_leaf_elm_lookup_hard(), jemalloc's lookup behind its caches, which it fills.
 * bare: the loads of that lookup alone, inlined here. */
uint64_t jemalloc_hard(const uint64_t *addr, size_t count);
uint64_t jemalloc_bare(const uint64_t *addr, size_t count);
struct seen jemalloc_one(uint64_t addr);
uint64_t jemalloc_extent(uint64_t addr); /* the edata_t that it has; 0: none */

/* The bytes that a walk must touch. */
struct metadata {
    struct piece {
        const void *at;
        size_t len;
    } * node;    /* the root and every leaf node, whole */
    void **head; /* every extent, by address: the cache lines that hold its fields */
    size_t nodes, extents, head_len, bytes;
    uint64_t sum; /* of seen_sum() over all extents */
};

void jemalloc_metadata(size_t extent_head, struct metadata *out);
void jemalloc_copy(const struct metadata *metadata, void *to); /* to: metadata->bytes */

/* Where arena_emap_global is. */
uint64_t jemalloc_root_symbol(void);

/* ---- jeheap.c: the decoder ------------------------------------------------------------ */

/* Look at this process as it is mapped now. */
void jeheap_attach(uint64_t root_symbol);
size_t jeheap_extent_head(void);

/* In brief, and with all fields. */
uint64_t jeheap_lookup(const uint64_t *addr, size_t count);
uint64_t jeheap_lookup_many(const uint64_t *addr, size_t count);
uint64_t jeheap_lookup_all(const uint64_t *addr, size_t count);
uint64_t jeheap_lookup_all_many(const uint64_t *addr, size_t count);
struct seen jeheap_one(uint64_t addr);

/* Make the index of the heap as it is. Bytes that it takes for an extent. */
double jeheap_index(size_t extents);
/* Sums of index_sum() over all addresses: what is there, of the extent and of the region. */
uint64_t jeheap_index_one_by_one(const uint64_t *addr, size_t count);
uint64_t jeheap_index_many(const uint64_t *addr, size_t count);
/* The edata_t by the index, after the answer was compared with that of jh_locate(). */
uint64_t jeheap_index_extent(uint64_t addr);
uint64_t jeheap_walk(size_t *extents);

#endif
