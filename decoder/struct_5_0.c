/* structs of 5.0 to 5.2: extent_t, arenas with their bins, thread caches in two halves.
 *
 * Sources: include/jemalloc/internal/{extent_structs,arena_structs_a,arena_structs_b,arena_stats,
 * prof_structs,tcache_structs,tsd}.h at each tag (stats.h in 5.0). */
#include "struct_rows.h"

/* ---- extents -------------------------------------------------------------------------------- */

static const struct jh_row extent_size_union[] = {ONE("e_size_esn", T_WORD),
                                                  ONE("e_bsize", T_WORD)};
static const struct jh_row extent_prof[] = {FROM(JH_5_2_0, "e_alloc_time", T_NSTIME, 1),
                                            ONE("e_prof_tctx", T_WORD)};
static const struct jh_row extent_tail_union[] = {ONE("e_slab_data", T_ARENA_SLAB_DATA_S),
                                                  ONE(NULL, T_EXTENT_PROF)};
static const struct jh_row extent_s[] = {
    ONE("e_bits", T_U64),   ONE("e_addr", T_WORD), ONE(NULL, T_EXTENT_SIZE_UNION),
    ONE("ql_link", T_RING), ONE("ph_link", T_PHN), ONE(NULL, T_EXTENT_TAIL_UNION)};
static const struct jh_row arena_slab_data_s[] = {MANY("bitmap", T_WORD, N_BITMAP_GROUPS_MAX)};

static const struct jh_row extents_s[] = {
    ONE("mtx", T_MALLOC_MUTEX_S),
    MANY("heaps", T_WORD, N_NPSIZES_1),
    FROM(JH_5_2_0, "nextents", T_WORD, N_NPSIZES_1),
    FROM(JH_5_2_0, "nbytes", T_WORD, N_NPSIZES_1),
    MANY("bitmap", T_WORD, N_BITMAP_GROUPS_NPSIZES_1),
    ONE("lru", T_WORD),
    ONE("npages", T_WORD),
    ONE("state", T_U32),
    ONE("delay_coalesce", T_U8),
};

/* ---- arenas --------------------------------------------------------------------------------- */

static const struct jh_row arena_stats_decay_s[] = {ONE("npurge", T_U64), ONE("nmadvise", T_U64),
                                                    ONE("purged", T_U64)};
static const struct jh_row arena_stats_large_s[] = {
    ONE("nmalloc", T_U64),
    ONE("ndalloc", T_U64),
    ONE("nrequests", T_U64),
    FROM(JH_5_2_1, "nfills", T_U64, 1),
    FROM(JH_5_2_1, "nflushes", T_U64, 1),
    ONE("curlextents", T_WORD),
};
static const struct jh_row arena_stats_s[] = {
    WHEN(W_PTR4, "mtx", T_MALLOC_MUTEX_S, 1),
    ONE("mapped", T_WORD),
    ONE("retained", T_WORD),
    FROM(JH_5_2_0, "extent_avail", T_WORD, 1),
    ONE("decay_dirty", T_ARENA_STATS_DECAY_S),
    ONE("decay_muzzy", T_ARENA_STATS_DECAY_S),
    ONE("base", T_WORD),
    ONE("internal", T_WORD),
    ONE("resident", T_WORD),
    FROM(JH_5_1_0, "metadata_thp", T_WORD, 1),
    ONE("allocated_large", T_WORD),
    ONE("nmalloc_large", T_U64),
    ONE("ndalloc_large", T_U64),
    FROM(JH_5_2_1, "nfills_large", T_U64, 1),
    FROM(JH_5_2_1, "nflushes_large", T_U64, 1),
    ONE("nrequests_large", T_U64),
    FROM(JH_5_2_1, "abandoned_vm", T_WORD, 1),
    ONE("tcache_bytes", T_WORD),
    MANY("mutex_prof_data", T_MUTEX_PROF_DATA, 9),
    MANY("lstats", T_ARENA_STATS_LARGE_S, N_NLARGE),
    ONE("uptime", T_NSTIME),
};
static const struct jh_row arena_decay_s[] = {
    ONE("mtx", T_MALLOC_MUTEX_S), ONE("purging", T_U8),     ONE("time_ms", T_WORD),
    ONE("interval", T_NSTIME),    ONE("epoch", T_NSTIME),   ONE("jitter_state", T_U64),
    ONE("deadline", T_NSTIME),    ONE("nunpurged", T_WORD), MANY("backlog", T_WORD, 200),
    ONE("stats", T_WORD),         ONE("ceil_npages", T_U64)};
static const struct jh_row prof_accum_s[] = {WHEN(W_PTR4, "mtx", T_MALLOC_MUTEX_S, 1),
                                             ONE("accumbytes", T_U64)};

static const struct jh_row arena_s[] = {
    MANY("nthreads", T_U32, 2),
    FROM(JH_5_2_0, "binshard_next", T_U32, 1),
    ONE("last_thd", T_WORD),
    ONE("stats", T_ARENA_STATS_S),
    ONE("tcache_ql", T_WORD),
    FROM(JH_5_1_0, "cache_bin_array_descriptor_ql", T_WORD, 1),
    ONE("tcache_ql_mtx", T_MALLOC_MUTEX_S),
    ONE("prof_accum", T_PROF_ACCUM_S),
    UPTO(JH_5_2_0, "prof_accumbytes", T_U64, 1),
    ONE("offset_state", T_WORD),
    ONE("extent_sn_next", T_WORD),
    ONE("dss_prec", T_U32),
    ONE("nactive", T_WORD),
    ONE("large", T_WORD),
    ONE("large_mtx", T_MALLOC_MUTEX_S),
    ONE("extents_dirty", T_EXTENTS_S),
    ONE("extents_muzzy", T_EXTENTS_S),
    ONE("extents_retained", T_EXTENTS_S),
    ONE("decay_dirty", T_ARENA_DECAY_S),
    ONE("decay_muzzy", T_ARENA_DECAY_S),
    ONE("extent_grow_next", T_U32),
    FROM(JH_5_1_0, "retain_grow_limit", T_U32, 1),
    ONE("extent_grow_mtx", T_MALLOC_MUTEX_S),
    ONE("extent_avail", T_WORD),
    FROM(JH_5_2_0, "extent_avail_cnt", T_WORD, 1),
    ONE("extent_avail_mtx", T_MALLOC_MUTEX_S),
    UPTO(JH_5_0_1, "bins", T_ARENA_BIN_S, N_NBINS),
    {"bins", T_BIN_S, N_NBINS, 0, JH_5_1_0, JH_5_1_0},
    FROM(JH_5_2_0, "bins", T_BINS_S, N_NBINS),
    ONE("base", T_WORD),
    ONE("create_time", T_NSTIME),
};

/* ---- threads -------------------------------------------------------------------------------- */

static const struct jh_row tcache_s[] = {
    ONE("prof_accumbytes", T_U64),
    ONE("gc_ticker", T_TICKER),
    UPTO(JH_5_0_1, "tbins_small", T_TCACHE_BIN_S, N_NBINS),
    FROM(JH_5_1_0, "bins_small", T_CACHE_BIN_S, N_NBINS),
    ONE("link", T_RING),
    FROM(JH_5_2_0, "tsd_link", T_RING, 1),
    FROM(JH_5_2_0, "in_hook", T_U8, 1),
    FROM(JH_5_1_0, "cache_bin_array_descriptor", T_CACHE_BIN_ARRAY_DESCRIPTOR_S, 1),
    ONE("arena", T_WORD),
    ONE("next_gc_bin", T_U32),
    MANY("lg_fill_div", T_U8, N_NBINS),
    UPTO(JH_5_0_1, "tbins_large", T_TCACHE_BIN_S, N_NLARGE),
    FROM(JH_5_1_0, "bins_large", T_CACHE_BIN_S, N_NLARGE),
};

/* Members of tsd_s go by the names in MALLOC_TSD, without the prefix that keeps hands off. */
static const struct jh_row tsd_s[] = {
    ONE("state", T_U8),
    ONE("tcache_enabled", T_U8),
    ONE("arenas_tdata_bypass", T_U8),
    ONE("reentrancy_level", T_U8),
    ONE("narenas_tdata", T_U32),
    FROM(JH_5_1_0, "offset_state", T_U64, 1),
    ONE("thread_allocated", T_U64),
    ONE("thread_deallocated", T_U64),
    FROM(JH_5_2_0, "bytes_until_sample", T_U64, 1),
    ONE("prof_tdata", T_WORD),
    ONE("rtree_ctx", T_RTREE_CTX_S),
    ONE("iarena", T_WORD),
    ONE("arena", T_WORD),
    ONE("arenas_tdata", T_WORD),
    FROM(JH_5_2_0, "binshards", T_TSD_BINSHARDS_S, 1),
    ONE("tcache", T_TCACHE_S),
    ONE("witness_tsd", T_WITNESS_TSD_S),
};

static const struct jh_rows types[T_TYPES] = {
    [T_EXTENT_SIZE_UNION] = JH_ROWS(NULL, extent_size_union, 1, 0, 0), /* 5.3's as well */
    [T_EXTENT_PROF] = JH_ROWS(NULL, extent_prof, 0, 0, JH_5_2_1),
    [T_EXTENT_TAIL_UNION] = JH_ROWS(NULL, extent_tail_union, 1, 0, JH_5_2_1),
    [T_EXTENT_S] = JH_ROWS("extent_s", extent_s, 0, 0, JH_5_2_1),
    [T_ARENA_SLAB_DATA_S] = JH_ROWS("arena_slab_data_s", arena_slab_data_s, 0, 0, JH_5_2_1),
    [T_EXTENTS_S] = JH_ROWS("extents_s", extents_s, 0, 0, JH_5_2_1),
    [T_ARENA_STATS_DECAY_S] = JH_ROWS("arena_stats_decay_s", arena_stats_decay_s, 0, 0, JH_5_2_1),
    [T_ARENA_STATS_LARGE_S] = JH_ROWS(NULL, arena_stats_large_s, 0, 0, JH_5_2_1),
    [T_ARENA_STATS_S] = JH_ROWS(NULL, arena_stats_s, 0, 0, JH_5_2_1),
    [T_ARENA_DECAY_S] = JH_ROWS("arena_decay_s", arena_decay_s, 0, 0, JH_5_2_1),
    [T_PROF_ACCUM_S] = JH_ROWS("prof_accum_s", prof_accum_s, 0, 0, JH_5_2_1),
    [T_ARENA_S] = JH_ROWS("arena_s", arena_s, 0, 0, JH_5_2_1),
    [T_TCACHE_S] = JH_ROWS("tcache_s", tcache_s, 0, 0, JH_5_2_1),
    [T_TSD_S] = JH_ROWS("tsd_s", tsd_s, 0, 0, JH_5_2_1),
};

const struct jh_rows *jh_rows_5_0(enum jh_type type) {
    return types[type].row ? &types[type] : NULL;
}
