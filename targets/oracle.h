/* oracle.h - jemalloc's own inline functions, compiled from the headers of one build and handed out
 * as a table. One object for each build that is at hand (oracles.cmake); a build of the targets
 * without any is a good one, and says so. */
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

    /* What a reader of the tree gets, and what a writer leaves there. */
    void (*leaf_get)(const uint8_t *bytes, struct jh_leaf *out);
    void (*leaf_set)(const struct jh_leaf *leaf, uint8_t *bytes);

    /* What the getters say; at, state and what is derived with tables of a running jemalloc (usize)
     * are left alone. The setters, and for fields without a usable one the masks. */
    void (*extent_get)(const uint8_t *bytes, struct jh_extent *out);
    void (*extent_set)(const struct jh_extent *extent, uint8_t *bytes);
    bool (*region_free)(const uint8_t *bitmap, uint32_t region);

    uint64_t (*index2size)(uint32_t index); /* index < nsizes */
    uint32_t (*size2index)(uint64_t size);  /* size > 0: 5.1 has no answer for 0 */
    unsigned (*lg_floor)(uint64_t x);
    uint32_t nsizes, nbins;
};

/* Those that are linked; NULL behind the last. */
extern const struct oracle *const oracles[];

#endif
