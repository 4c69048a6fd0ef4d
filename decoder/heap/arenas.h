/* arenas.h - the target's arenas and their base blocks, and what is asked about them. */
#ifndef JEHEAP_TARGET_ARENAS_H
#define JEHEAP_TARGET_ARENAS_H

#include <stdint.h>

#include "jeheap/jeheap.h"

struct jt_target;

/* A block of a base allocator. What lies behind `used` was not handed out. */
struct jt_block {
    uint64_t start, end, used;
    uint32_t arena; /* index in arena[] */
    uint64_t sn;    /* its serial number; JT_SN_NONE: not known */
};

#define JT_SN_NONE UINT64_MAX

struct jt_arena {
    struct jh_arena known;
    uint64_t at;     /* arena_t; 0: not known */
    uint64_t base;   /* base_t */
    uint64_t bytes;  /* of its blocks */
    uint64_t newest; /* the block that came last */
    uint64_t avail;  /* where the heap of structures that wait to be used begins; 0: not known */
    uint64_t stash;  /* the list of those that the allocator of huge pages keeps; 0: none */
};

#define JT_ARENA_FAULTS 16
#define JT_WRITTEN_MAX 1024

struct jt_arenas {
    struct jt_arena *arena;
    size_t count;
    uint32_t reads; /* that were made to find them without symbols */
    bool inferred;  /* no symbol leads to them: found through the tree's nodes */
    struct jh_fault fault[JT_ARENA_FAULTS]; /* of the blocks */
    size_t faults;
};

/* Where members are that lead from one to the next; JT_DWARF_UNKNOWN: not known. */
struct jt_arena_form {
    bool known;
    uint32_t block_extent, block_bytes; /* base_block_t: its extent; all of it */
    uint32_t base_mapped;               /* base_t */
    uint32_t arena_base, sn_next;       /* arena_t */
    uint32_t avail;                     /* arena_t, up to 5.2 */
    uint32_t cache, cache_base;         /* arena_t: a pointer to edata_cache_t; its base */
    uint32_t huge_used, huge_list;      /* arena_t */
    uint32_t ring, heap;                /* links of an extent's structure */
    uint32_t active;                    /* those of the lists that allocated ones are in */
    /* where lists begin: arena_t's of large allocations, and of unused extents by state, of guarded
     * ones behind; bin_t's of full slabs */
    uint32_t large, unused[2 * JH_UNUSED_STATES], full;
};

/* metadata.c: all of them, found when they are asked for the first time. */
const struct jt_arenas *jt_arenas(struct jt_target *target);
void jt_arena_fault(struct jt_target *target, enum jh_status status, uint64_t at, uint64_t seen,
                    const char *rule);

/* arenas_infer.c: b0's base and the array of arenas, from the tree and the memory around its root.
 * False: not found; what was found is in b0. */
bool jt_arenas_infer(struct jt_target *target, uint64_t *b0, uint64_t *arenas, uint64_t *size);
/* The header of the block that has the address; false when none is seen in front of it. */
bool jt_block_of(struct jt_target *target, uint64_t addr, struct jh_block *out);
/* The header at this address, with its extent. */
bool jt_block_read(struct jt_target *target, uint64_t at, struct jh_block *out);

/* arena_offsets.c */
void jt_arena_form_learn(struct jt_target *target);
/* What its arena_t and base_t tell: sn_next, avail, stash. */
void jt_arena_learn(struct jt_target *target, struct jt_arena *arena);

#endif
