/* jemalloc's structs as rows: what struct.c reads, and struct_*.c write down.
 *
 * A row is one member: its name, its type, how many of them there are, and in which builds. A
 * struct that a version does not have, or of which nobody has seen how it looks there, says so in
 * its first and last version. A version that is new is added to a struct after it was compared with
 * the headers at that version, never before. */
#ifndef JEHEAP_STRUCT_ROWS_H
#define JEHEAP_STRUCT_ROWS_H

#include "jeheap/jeheap.h"

enum jh_type {
    /* what the machine has, up to T_PTHREAD_MUTEX; from there on structs */
    T_U8, /* also bool and char */
    T_U16,
    T_U32,  /* also int and every enum */
    T_U64,  /* aligned as the build says: to 4 on i386 */
    T_WORD, /* a pointer, size_t, unsigned long: also the group of a bitmap */
    T_PTHREAD_MUTEX,

    /* shapes without a name of their own: macros and typedefs make them */
    T_RING, /* ql_elm, qr: next, prev */
    T_PHN,  /* phn: prev, next, lchild */
    T_TICKER,
    T_NSTIME,
    T_MUTEX_PROF_DATA,
    T_MUTEX_UNION, /* the unnamed members of the structs with these names */
    T_MUTEX_PLAIN,
    T_EXTENT_SIZE_UNION,
    T_EXTENT_TAIL_UNION,
    T_EXTENT_PROF,
    T_EDATA_LINK_UNION,
    T_EDATA_HEAP_UNION,
    T_EDATA_TAIL_UNION,
    T_TCACHES_UNION,

    /* common */
    T_MALLOC_MUTEX_S,
    T_WITNESS_S,
    T_WITNESS_TSD_S,
    T_RTREE_NODE_ELM_S,
    T_RTREE_LEAF_ELM_S,
    T_RTREE_S,
    T_RTREE_CTX_CACHE_ELM_S,
    T_RTREE_CTX_S,
    T_BITMAP_LEVEL_S,
    T_BITMAP_INFO_S,
    T_ARENA_BIN_INFO_S,
    T_BIN_INFO_S,
    T_MALLOC_BIN_STATS_S,
    T_BIN_STATS_S,
    T_BIN_S,
    T_ARENA_BIN_S,
    T_BINS_S,
    T_BASE_S,
    T_BASE_BLOCK_S,
    T_TSD_BINSHARDS_S,
    T_TCACHES_S,
    T_TCACHE_BIN_S,
    T_TCACHE_BIN_INFO_S,
    T_CACHE_BIN_S,
    T_CACHE_BIN_INFO_S,
    T_CACHE_BIN_ARRAY_DESCRIPTOR_S,
    T_TCACHE_S,
    T_TSD_S,
    T_ARENA_S,
    T_ARENA_STATS_S,
    T_ARENA_STATS_LARGE_S,

    /* 5.0 to 5.2 */
    T_EXTENT_S,
    T_ARENA_SLAB_DATA_S,
    T_ARENA_STATS_DECAY_S,
    T_EXTENTS_S,
    T_ARENA_DECAY_S,
    T_PROF_ACCUM_S,

    /* 5.3 and later */
    T_EDATA_S,
    T_SLAB_DATA_S,
    T_E_PROF_INFO_S,
    T_EMAP_S,
    T_PH_S,
    T_EHOOKS_S,
    T_EDATA_CMP_SUMMARY_S,
    T_ESET_BIN_S,
    T_ESET_BIN_STATS_S,
    T_ESET_S,
    T_ECACHE_S,
    T_PAI_S,
    T_EXP_GROW_S,
    T_SAN_BUMP_ALLOC_S,
    T_DECAY_S,
    T_PAC_S,
    T_PAC_DECAY_STATS_S,
    T_PAC_STATS_S,
    T_PA_SHARD_STATS_S,
    T_EDATA_CACHE_S,
    T_EDATA_CACHE_FAST_S,
    T_SEC_OPTS_S,
    T_SEC_BIN_STATS_S,
    T_SEC_BIN_S,
    T_SEC_SHARD_S,
    T_SEC_S,
    T_PSSET_BIN_STATS_S,
    T_PSSET_STATS_S,
    T_PSSET_S,
    T_HPA_SHARD_OPTS_S,
    T_HPA_STATS_S, /* hpa_shard_nonderived_stats_s */
    T_HPA_SHARD_S,
    T_PA_SHARD_S,
    T_TE_DATA_S,
    T_CACHE_BIN_FILL_CTL_S,
    T_TCACHE_SLOW_S,
    T_TCACHE_SLOW_DEV,
    T_TSD_DEV,
    T_TYPES
};

/* How many: a number, or one of these. 0 is one; N_NONE an array without a length. */
enum jh_number {
    N_NONE = 0x8000,
    N_NBINS,
    N_NSIZES,
    N_NLARGE,            /* SC_NSIZES - SC_NBINS */
    N_NPSIZES_1,         /* SC_NPSIZES + 1 */
    N_BITMAP_GROUPS_MAX, /* of a slab's bitmap */
    N_BITMAP_GROUPS_NPSIZES_1,
    N_FB_GROUPS_NPSIZES_1, /* a flat bitmap of as many bits, in words */
    N_FB_GROUPS_64,
    N_FB_GROUPS_128,
    N_TCACHE_NBINS_MAX,
    N_RTREE_ROOT /* 1 << bits of the first level */
};

/* In which builds: all of the bits that are set must hold. */
enum jh_when {
    W_DEBUG = 1,
    W_NOT_DEBUG = 2,
    W_PTR4 = 4, /* no 64-bit atomics: counters are guarded by a mutex */
    W_PROF = 8,
    W_STATS = 16,
    W_TREE = 32, /* bitmaps have summary levels (BITMAP_USE_TREE) */
    W_FLAT = 64,
    W_COMPACT = 128, /* leaf elements are one word (RTREE_LEAF_COMPACT) */
    W_WIDE = 256,
    W_CACHELINE = 512 /* not a condition: JEMALLOC_ALIGNED(CACHELINE) */
};

/* The name of what is known for its size only. */
#define ROOM ""

/* A union's members all start at 0. */
struct jh_row {
    const char *name; /* NULL: an unnamed struct, what is in it is named in the one around it */
    uint8_t type;     /* enum jh_type */
    uint16_t count;   /* a number or enum jh_number */
    uint16_t when;    /* enum jh_when */
    uint8_t from, to; /* enum jh_version; to 0: up to the last */
};

/* to 0: up to the last */
struct jh_rows {
    const char *name; /* of the struct; NULL: not for callers */
    const struct jh_row *row;
    uint8_t count;
    uint8_t is_union;
    uint8_t from, to;
};

/* Each knows its part of the types; NULL for a type that is another one's. */
const struct jh_rows *jh_rows_common(enum jh_type type);
const struct jh_rows *jh_rows_5_0(enum jh_type type);
const struct jh_rows *jh_rows_5_3(enum jh_type type);

/* As jh_struct_size() and jh_struct_member() without looking for a name: a layout is made of a
 * dozen of them. 0 for what this version has not. */
unsigned jh_type_size(const struct jh_layout *layout, enum jh_type type);
unsigned jh_type_offset(const struct jh_layout *layout, enum jh_type type, const char *path);

#define JH_ROWS(name, row, is_union, from, to)                                                     \
    { name, row, sizeof(row) / sizeof((row)[0]), is_union, from, to }

/* One member; several; one in some builds; some in some versions. */
#define ONE(name, type)                                                                            \
    { name, type, 1, 0, 0, 0 }
#define MANY(name, type, count)                                                                    \
    { name, type, count, 0, 0, 0 }
#define WHEN(when, name, type, count)                                                              \
    { name, type, count, when, 0, 0 }
#define FROM(from, name, type, count)                                                              \
    { name, type, count, 0, from, 0 }
#define UPTO(to, name, type, count)                                                                \
    { name, type, count, 0, 0, to }

#endif
