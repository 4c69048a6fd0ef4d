/* One name for everything that jemalloc's versions call differently. This is the only file of the
 * witness that asks which version it is compiled against, and it asks the headers, not a number: a
 * branch between two releases then finds its family by what it has.
 *
 *   5.0       extent_t, tcache_bin_t, arena_bin_info           extent_structs.h, tcache_structs.h
 *   5.1       extent_t, cache_bin_t, bin_infos, NSIZES         cache_bin.h, bin.h, size_classes.h
 *   5.2       the same with SC_NSIZES, bin shards              sc.h
 *   5.3, dev  edata_t in an emap, one array of cache bins      edata.h, emap.h
 *
 * jemalloc's headers want to be first, in this order, and without JEMALLOC_NO_PRIVATE_NAMESPACE. */
#ifndef FAMILY_H
#define FAMILY_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "jemalloc/internal/jemalloc_preamble.h"
#include "jemalloc/internal/jemalloc_internal_includes.h"
#include "jemalloc/internal/rtree.h"
#include "jemalloc/internal/bitmap.h"
#if __has_include("jemalloc/internal/edata.h")
#include "jemalloc/internal/emap.h"
#include "jemalloc/internal/edata.h"
#define FAM_EDATA 1
#else
#define FAM_EDATA 0
#endif
#if __has_include("jemalloc/internal/arenas_management.h") /* after 5.3.1: arenas[] is there */
#include "jemalloc/internal/arenas_management.h"
#endif
#if __has_include("jemalloc/internal/tcache.h") /* after 5.3.1: tcaches[] is there */
#include "jemalloc/internal/tcache.h"
#endif
#pragma GCC diagnostic pop

/* ---- which family ---------------------------------------------------------------------------- */

#if FAM_EDATA
#define FAM_NAME "5.3"
#elif defined(SC_NSIZES)
#define FAM_NAME "5.2"
#elif defined(JEMALLOC_INTERNAL_CACHE_BIN_H)
#define FAM_NAME "5.1"
#else
#define FAM_NAME "5.0"
#endif

/* What tells releases apart where a struct does: this one or later. */
#if FAM_EDATA || defined(JEMALLOC_INTERNAL_CACHE_BIN_H)
#define FAM_5_1 1
#else
#define FAM_5_1 0
#endif
#if FAM_EDATA || defined(SC_NSIZES)
#define FAM_5_2 1
#else
#define FAM_5_2 0
#endif
#if __has_include("jemalloc/internal/thread_event_registry.h")
#define FAM_5_3_1 1
#else
#define FAM_5_3_1 0
#endif
#if __has_include("jemalloc/internal/arenas_management.h")
#define FAM_AFTER_5_3_1 1
#else
#define FAM_AFTER_5_3_1 0
#endif

/* ---- size classes: generated names without a prefix up to 5.1 (size_classes.sh) -------------- */

#ifdef SC_NSIZES
#define FAM_SIZE_OF_ZERO 1 /* sz_size2index(0) is defined, and so is lg_ceil() */
#ifndef SC_LG_SLAB_MAXREGS
#define SC_LG_SLAB_MAXREGS LG_SLAB_MAXREGS /* arena_types.h or bin_types.h up to 5.2.1 */
#endif
#define FAM_LG_CEIL(x) lg_ceil(x)
#else
#define FAM_SIZE_OF_ZERO 0
#define SC_LG_TINY_MIN LG_TINY_MIN
#define SC_NTINY NTBINS
#define SC_LG_NGROUP LG_SIZE_CLASS_GROUP
#define SC_NSIZES NSIZES
#define SC_NBINS NBINS
#define SC_NPSIZES NPSIZES
#define SC_LARGE_MAXCLASS LARGE_MAXCLASS
#define SC_LG_SLAB_MAXREGS LG_SLAB_MAXREGS
#endif

/* ---- extents --------------------------------------------------------------------------------- */

#if FAM_EDATA
typedef edata_t fam_extent;
#define FAM_GET(what, extent) edata_##what##_get(extent)
#define FAM_BLOCK_EXTENT(block) (&(block)->edata)
#define FAM_MASK(field) EDATA_BITS_##field##_MASK
#define FAM_SHIFT(field) EDATA_BITS_##field##_SHIFT
#define FAM_EXTENT_ALIGN EDATA_ALIGNMENT
#else
typedef extent_t fam_extent;
#define FAM_GET(what, extent) extent_##what##_get(extent)
#define FAM_BLOCK_EXTENT(block) (&(block)->extent)
#define FAM_MASK(field) EXTENT_BITS_##field##_MASK
#define FAM_SHIFT(field) EXTENT_BITS_##field##_SHIFT
/* base_alloc_extent() asks for no more than this (base.c) */
#define FAM_EXTENT_ALIGN CACHELINE
#endif

/* A field of e_bits: the macro's word, the key in the truth, and the macros' values. */
struct fam_field {
    const char *macro, *key;
    uint64_t mask;
    unsigned shift;
};

#define FAM_FIELD(macro, key)                                                                      \
    { #macro, key, FAM_MASK(macro), FAM_SHIFT(macro) }

/* Masks instead of getters for all of them: nfree_get and binshard_get assert on extents that are
 * no slabs, arena_ind_get does not exist in 5.0, is_head_get of 5.2.1 is unreachable code on Linux.
 */
__attribute__((unused)) static const struct fam_field fam_fields[] = {
    FAM_FIELD(ARENA, "arena_ind"),
    FAM_FIELD(SLAB, "slab"),
    FAM_FIELD(COMMITTED, "committed"),
#ifdef EXTENT_BITS_DUMPABLE_MASK
    FAM_FIELD(DUMPABLE, "dumpable"),
#endif
#ifdef EDATA_BITS_PAI_MASK
    FAM_FIELD(PAI, "pai"),
#endif
    FAM_FIELD(ZEROED, "zeroed"),
#ifdef EDATA_BITS_GUARDED_MASK
    FAM_FIELD(GUARDED, "guarded"),
#endif
    FAM_FIELD(STATE, "state"),
    FAM_FIELD(SZIND, "szind"),
    FAM_FIELD(NFREE, "nfree"),
#if defined(EXTENT_BITS_BINSHARD_MASK) || defined(EDATA_BITS_BINSHARD_MASK)
    FAM_FIELD(BINSHARD, "bin_shard"),
#endif
#if defined(EXTENT_BITS_IS_HEAD_MASK) || defined(EDATA_BITS_IS_HEAD_MASK)
    FAM_FIELD(IS_HEAD, "is_head"),
#endif
#ifdef EDATA_BITS_PINNED_MASK
    FAM_FIELD(PINNED, "pinned"),
#endif
#ifdef EXTENT_BITS_SN_MASK
    FAM_FIELD(SN, "sn"),
#endif
};

#define FAM_FIELDS (sizeof(fam_fields) / sizeof(fam_fields[0]))

static inline uint64_t fam_field_get(const struct fam_field *field, uint64_t bits) {
    return (bits & field->mask) >> field->shift;
}

/* Constants by name: the numbers of the states, and offsets of members that not all versions have.
 */
struct fam_number {
    const char *name;
    uint64_t value;
};

__attribute__((unused)) static const struct fam_number fam_numbers[] = {
    {"STATE_ACTIVE", extent_state_active},
    {"STATE_DIRTY", extent_state_dirty},
    {"STATE_MUZZY", extent_state_muzzy},
    {"STATE_RETAINED", extent_state_retained},
#if FAM_EDATA
    {"STATE_TRANSITION", extent_state_transition},
    {"STATE_MERGING", extent_state_merging},
    {"EXTENT_OFFSET_PS", offsetof(edata_t, e_ps)},
    {"EXTENT_OFFSET_SN", offsetof(edata_t, e_sn)},
#endif
#ifdef EDATA_BITS_PINNED_MASK
    {"STATE_PINNED", extent_state_pinned},
#endif
#ifndef RTREE_LEAF_COMPACT
#if FAM_EDATA
    {"LEAF_OFFSET_EXTENT", offsetof(rtree_leaf_elm_t, le_edata)},
    {"LEAF_OFFSET_METADATA", offsetof(rtree_leaf_elm_t, le_metadata)},
#else
    {"LEAF_OFFSET_EXTENT", offsetof(rtree_leaf_elm_t, le_extent)},
    {"LEAF_OFFSET_SZIND", offsetof(rtree_leaf_elm_t, le_szind)},
    {"LEAF_OFFSET_SLAB", offsetof(rtree_leaf_elm_t, le_slab)},
#endif
#endif
#ifdef SC_NGROUP
    {"SC_NGROUP", SC_NGROUP},
    {"SC_NPSEUDO", SC_NPSEUDO},
    {"SC_PTR_BITS", SC_PTR_BITS},
    {"SC_LG_BASE_MAX", SC_LG_BASE_MAX},
    {"SC_LG_FIRST_REGULAR_BASE", SC_LG_FIRST_REGULAR_BASE},
    {"SC_NREGULAR", SC_NREGULAR},
    {"BIN_INFO_OFFSET_N_SHARDS", offsetof(bin_info_t, n_shards)},
#endif
};

#define FAM_NUMBERS (sizeof(fam_numbers) / sizeof(fam_numbers[0]))

/* HPA keeps active extents of no size class (sec.c): nobody was given those. */
static inline bool fam_allocated(const fam_extent *extent) {
    return FAM_GET(state, extent) == extent_state_active &&
           (extent->e_bits & FAM_MASK(SZIND)) >> FAM_SHIFT(SZIND) != SC_NSIZES;
}

/* e_ps is read past its getter, which asserts that the extent is HPA's. */
#if FAM_EDATA
#define FAM_PS(extent) ((uint64_t)(uintptr_t)(extent)->e_ps)
#define FAM_SN(extent) edata_sn_get(extent)
#endif

/* ---- slabs ----------------------------------------------------------------------------------- */

#ifdef JEMALLOC_INTERNAL_CACHE_BIN_H
typedef bin_info_t fam_bin;
#define FAM_BIN(index) (bin_infos[index])
#else
typedef arena_bin_info_t fam_bin;
#define FAM_BIN(index) (arena_bin_info[index])
#endif
#ifdef SC_NGROUP
#define FAM_N_SHARDS(index) (bin_infos[index].n_shards)
#endif

/* bitmap_get() only reads, but does not say so. */
static inline bool fam_region_held(const fam_extent *slab, const fam_bin *bin, size_t region) {
    return bitmap_get((bitmap_t *)slab->e_slab_data.bitmap, &bin->bitmap_info, region);
}

/* The bins of an arena: one of each class up to 5.1, several shards of it since. */
#if FAM_EDATA
#define FAM_ARENA_BIN(arena, szind, shard) arena_get_bin(arena, szind, shard)
#elif FAM_5_2
#define FAM_ARENA_BIN(arena, szind, shard) (&(arena)->bins[szind].bin_shards[shard])
#else
#define FAM_ARENA_BIN(arena, szind, shard) (&(arena)->bins[(szind) + (shard)])
#endif
#ifdef SC_NGROUP
#define FAM_SHARDS(szind) FAM_N_SHARDS(szind)
#else
#define FAM_SHARDS(szind) 1u
#endif

/* ---- tree ------------------------------------------------------------------------------------ */

#if FAM_EDATA
#define FAM_RTREE (&arena_emap_global.rtree)
#define FAM_ROOT_OFFSET (offsetof(emap_t, rtree) + offsetof(rtree_t, root))
#else
#define FAM_RTREE (&extents_rtree)
#define FAM_ROOT_OFFSET offsetof(rtree_t, root)
#endif

#ifdef RTREE_LEAF_COMPACT
#define FAM_LEAF_COMPACT 1
#else
#define FAM_LEAF_COMPACT 0
#endif

/* What a leaf element says; is_head and state are in it since 5.3.0. */
struct fam_leaf {
    const fam_extent *extent;
    szind_t szind;
    bool slab, is_head;
    unsigned state;
};

/* With dependent true the readers do not wait for anything and need no thread state. */
#if FAM_EDATA
#define FAM_LEAF_STATE 1
#define FAM_LEAF_STATE_MAX ((unsigned)extent_state_max) /* readers of debug builds assert it */

static inline void fam_leaf_read(rtree_leaf_elm_t *elm, struct fam_leaf *out) {
    rtree_contents_t seen = rtree_leaf_elm_read(TSDN_NULL, FAM_RTREE, elm, true);
    *out = (struct fam_leaf){.extent = seen.edata,
                             .szind = seen.metadata.szind,
                             .slab = seen.metadata.slab,
                             .is_head = seen.metadata.is_head,
                             .state = seen.metadata.state};
}

static inline void fam_leaf_write(rtree_leaf_elm_t *elm, const struct fam_leaf *leaf) {
    rtree_contents_t contents = {.edata = (edata_t *)leaf->extent,
                                 .metadata = {.szind = leaf->szind,
                                              .state = (extent_state_t)leaf->state,
                                              .is_head = leaf->is_head,
                                              .slab = leaf->slab}};
    rtree_leaf_elm_write(TSDN_NULL, FAM_RTREE, elm, contents);
}
#else
#define FAM_LEAF_STATE 0
#define FAM_LEAF_STATE_MAX 0u

static inline void fam_leaf_read(rtree_leaf_elm_t *elm, struct fam_leaf *out) {
    *out = (struct fam_leaf){.extent = rtree_leaf_elm_extent_read(TSDN_NULL, FAM_RTREE, elm, true),
                             .szind = rtree_leaf_elm_szind_read(TSDN_NULL, FAM_RTREE, elm, true),
                             .slab = rtree_leaf_elm_slab_read(TSDN_NULL, FAM_RTREE, elm, true)};
}

static inline void fam_leaf_write(rtree_leaf_elm_t *elm, const struct fam_leaf *leaf) {
    rtree_leaf_elm_write(TSDN_NULL, FAM_RTREE, elm, (extent_t *)leaf->extent, leaf->szind,
                         leaf->slab);
}
#endif

/* ---- thread caches --------------------------------------------------------------------------- */

/* fam_cache_bins: how many size classes a cache may hold, from index 0 on.
 * fam_cache_bin: the bin of one; fam_cached: how many it holds; fam_cached_item: each of them;
 * fam_cached_max: how many it may hold; fam_cache_bin_used: it was initialised, and not disabled.
 * fam_cache_arena: the arena that the cache is associated with. */
#if FAM_EDATA
typedef cache_bin_t fam_cache_bin;

static inline unsigned fam_cache_bins(void) {
    return TCACHE_NBINS_MAX;
}

static inline fam_cache_bin *fam_cache_bin_of(tcache_t *cache, unsigned szind) {
    return &cache->bins[szind];
}

/* Only the low 16 bits of both ends are compared (cache_bin.h). A bin that was never initialised is
 * all zero and a disabled one has both ends at disabled_bin, so that both come out empty. */
static inline size_t fam_cached(const fam_cache_bin *bin) {
    cache_bin_sz_t low = (cache_bin_sz_t)(uintptr_t)bin->stack_head;
    return (cache_bin_sz_t)(bin->low_bits_empty - low) / sizeof(void *);
}

static inline void *fam_cached_item(const fam_cache_bin *bin, size_t item) {
    return bin->stack_head[item];
}

static inline arena_t *fam_cache_arena(tcache_t *cache) {
    return cache->tcache_slow->arena;
}

#if FAM_5_3_1
static inline bool fam_cache_bin_used(const fam_cache_bin *bin) {
    return bin->stack_head != NULL && !cache_bin_disabled((cache_bin_t *)bin);
}

static inline size_t fam_cached_max(const fam_cache_bin *bin, unsigned szind) {
    (void)szind;
    return bin->bin_info.ncached_max;
}
#else
static inline bool fam_cache_bin_used(const fam_cache_bin *bin) {
    return bin->stack_head != NULL;
}

static inline size_t fam_cached_max(const fam_cache_bin *bin, unsigned szind) {
    (void)bin;
    return tcache_bin_info[szind].ncached_max;
}
#endif
#else
#ifdef JEMALLOC_INTERNAL_CACHE_BIN_H
typedef cache_bin_t fam_cache_bin;
#define FAM_BINS_SMALL bins_small
#define FAM_BINS_LARGE bins_large
#else
typedef tcache_bin_t fam_cache_bin;
#define FAM_BINS_SMALL tbins_small
#define FAM_BINS_LARGE tbins_large
#endif

static inline unsigned fam_cache_bins(void) {
    return nhbins;
}

static inline fam_cache_bin *fam_cache_bin_of(tcache_t *cache, unsigned szind) {
    return szind < SC_NBINS ? &cache->FAM_BINS_SMALL[szind]
                            : &cache->FAM_BINS_LARGE[szind - SC_NBINS];
}

static inline size_t fam_cached(const fam_cache_bin *bin) {
    return (size_t)bin->ncached;
}

/* avail points above the stack, which grows down from it */
static inline void *fam_cached_item(const fam_cache_bin *bin, size_t item) {
    return *(bin->avail - (item + 1));
}

static inline arena_t *fam_cache_arena(tcache_t *cache) {
    return cache->arena;
}

static inline bool fam_cache_bin_used(const fam_cache_bin *bin) {
    return bin->avail != NULL;
}

static inline size_t fam_cached_max(const fam_cache_bin *bin, unsigned szind) {
    (void)bin;
    return (size_t)tcache_bin_info[szind].ncached_max;
}
#endif

#endif
