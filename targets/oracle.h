/* oracle.h - oracles: jemalloc's own inline functions, compiled from the headers of a jemalloc
 * build, as a table of functions. Each jemalloc in the cache is one oracle (oracles.cmake). Without
 * any the targets are built all the same, and say so. */
#ifndef JEHEAP_FUZZ_ORACLE_H
#define JEHEAP_FUZZ_ORACLE_H

#include "jeheap/jeheap.h"

struct oracle {
    const char *name;    /* "5.3.0 la57" */
    const char *version; /* JEMALLOC_VERSION */
    uint8_t lg_vaddr, lg_page, lg_quantum, lg_slab_maxregs;
    bool debug, prof, stats, cache_oblivious;
    size_t leaf_size, extent_size;

    uint64_t (*subkey)(uint64_t key, unsigned level);
    uint64_t (*leafkey)(uint64_t key);

    /* Read and write a leaf element. */
    void (*leaf_get)(const uint8_t *bytes, struct jh_leaf *out);
    void (*leaf_set)(const struct jh_leaf *leaf, uint8_t *bytes);

    /* Read and write an extent structure, with jemalloc's getters and setters; fields that have no
     * usable setter are written with their masks. extent_get() leaves at, state and usize alone:
     * jemalloc computes the last with tables that exist at run time only. */
    void (*extent_get)(const uint8_t *bytes, struct jh_extent *out);
    void (*extent_set)(const struct jh_extent *extent, uint8_t *bytes);
    bool (*region_free)(const uint8_t *bitmap, uint32_t region);

    uint64_t (*index2size)(uint32_t index); /* index < nsizes */
    uint32_t (*size2index)(uint64_t size);  /* size > 0: 5.1 has no answer for 0 */
    unsigned (*lg_floor)(uint64_t x);
    uint32_t nsizes, nbins;
};

/* The oracles that are linked; NULL behind the last. */
extern const struct oracle *const oracles[];

#endif
