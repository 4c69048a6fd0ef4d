/* structs that all versions have, one way or another: locks, the tree, bins, base.
 *
 * Sources: include/jemalloc/internal/{mutex,mutex_prof,nstime,witness,rtree,rtree_tsd,bitmap,bin,
 * bin_info,bin_stats,base,ehooks,cache_bin,tsd,ticker}.h at each tag (*_structs.h and
 * arena_structs_a.h up to 5.2.1). */
#include "struct_rows.h"

/* ---- shapes --------------------------------------------------------------------------------- */

static const struct jh_row ring[] = {ONE("qre_next", T_WORD), ONE("qre_prev", T_WORD)};
static const struct jh_row phn[] = {ONE("prev", T_WORD), ONE("next", T_WORD),
                                    ONE("lchild", T_WORD)};
static const struct jh_row ticker[] = {ONE("tick", T_U32), ONE("nticks", T_U32)};
static const struct jh_row nstime[] = {ONE("ns", T_U64), {"magic", T_U32, 1, W_DEBUG, JH_5_3_0, 0}};

/* ---- locks ---------------------------------------------------------------------------------- */

static const struct jh_row mutex_prof_data[] = {
    ONE("tot_wait_time", T_NSTIME), ONE("max_wait_time", T_NSTIME), ONE("n_wait_times", T_U64),
    ONE("n_spin_acquired", T_U64),  ONE("max_n_thds", T_U32),       ONE("n_waiting_thds", T_U32),
    ONE("n_owner_switches", T_U64), ONE("prev_owner", T_WORD),      ONE("n_lock_ops", T_U64)};

/* 5.3.1 put the flag in front of the lock. */
static const struct jh_row mutex_plain[] = {
    ONE("prof_data", T_MUTEX_PROF_DATA),
    FROM(JH_5_3_1, "locked", T_U8, 1),
    ONE("lock", T_PTHREAD_MUTEX),
    {"locked", T_U8, 1, 0, JH_5_2_0, JH_5_3_0},
};
static const struct jh_row mutex_union[] = {
    ONE(NULL, T_MUTEX_PLAIN),
    WHEN(W_NOT_DEBUG, "witness", T_WITNESS_S, 1),
    WHEN(W_NOT_DEBUG, "lock_order", T_U32, 1),
};
static const struct jh_row malloc_mutex_s[] = {
    ONE(NULL, T_MUTEX_UNION),
    WHEN(W_DEBUG, "witness", T_WITNESS_S, 1),
    WHEN(W_DEBUG, "lock_order", T_U32, 1),
};
static const struct jh_row witness_s[] = {ONE("name", T_WORD), ONE("rank", T_U32),
                                          ONE("comp", T_WORD), ONE("opaque", T_WORD),
                                          ONE("link", T_RING)};
static const struct jh_row witness_tsd_s[] = {ONE("witnesses", T_WORD), ONE("forking", T_U8)};

/* ---- the tree ------------------------------------------------------------------------------- */

static const struct jh_row rtree_node_elm_s[] = {ONE("child", T_WORD)};
static const struct jh_row rtree_leaf_elm_s[] = {
    WHEN(W_COMPACT, "le_bits", T_WORD, 1),        {"le_extent", T_WORD, 1, W_WIDE, 0, JH_5_2_1},
    {"le_szind", T_U32, 1, W_WIDE, 0, JH_5_2_1},  {"le_slab", T_U8, 1, W_WIDE, 0, JH_5_2_1},
    {"le_edata", T_WORD, 1, W_WIDE, JH_5_3_0, 0}, {"le_metadata", T_U32, 1, W_WIDE, JH_5_3_0, 0},
};
static const struct jh_row rtree_s[] = {
    FROM(JH_5_3_0, "base", T_WORD, 1),
    ONE("init_lock", T_MALLOC_MUTEX_S),
    MANY("root", T_RTREE_NODE_ELM_S, N_RTREE_ROOT),
};
static const struct jh_row rtree_ctx_cache_elm_s[] = {ONE("leafkey", T_WORD), ONE("leaf", T_WORD)};
static const struct jh_row rtree_ctx_s[] = {MANY("cache", T_RTREE_CTX_CACHE_ELM_S, 16),
                                            MANY("l2_cache", T_RTREE_CTX_CACHE_ELM_S, 8)};

/* ---- bins ----------------------------------------------------------------------------------- */

static const struct jh_row bitmap_level_s[] = {ONE("group_offset", T_WORD)};
static const struct jh_row bitmap_info_s[] = {
    ONE("nbits", T_WORD), WHEN(W_FLAT, "ngroups", T_WORD, 1), WHEN(W_TREE, "nlevels", T_U32, 1),
    WHEN(W_TREE, "levels", T_BITMAP_LEVEL_S, 6)}; /* BITMAP_MAX_LEVELS + 1 */
static const struct jh_row bin_info_s[] = {
    ONE("reg_size", T_WORD), ONE("slab_size", T_WORD), ONE("nregs", T_U32),
    FROM(JH_5_2_0, "n_shards", T_U32, 1), ONE("bitmap_info", T_BITMAP_INFO_S)};

static const struct jh_row bin_stats_s[] = {
    ONE("nmalloc", T_U64),
    ONE("ndalloc", T_U64),
    ONE("nrequests", T_U64),
    ONE("curregs", T_WORD),
    ONE("nfills", T_U64),
    ONE("nflushes", T_U64),
    ONE("nslabs", T_U64),
    ONE("reslabs", T_U64),
    ONE("curslabs", T_WORD),
    FROM(JH_5_2_1, "nonfull_slabs", T_WORD, 1),
    UPTO(JH_5_2_1, "mutex_data", T_MUTEX_PROF_DATA, 1),
};
static const struct jh_row bin_s[] = {
    ONE("lock", T_MALLOC_MUTEX_S),
    FROM(JH_5_3_0, "stats", T_BIN_STATS_S, 1),
    ONE("slabcur", T_WORD),
    UPTO(JH_5_2_1, "slabs_nonfull", T_WORD, 1),
    FROM(JH_5_3_0, "slabs_nonfull", T_PH_S, 1),
    ONE("slabs_full", T_WORD),
    UPTO(JH_5_0_1, "stats", T_MALLOC_BIN_STATS_S, 1),
    {"stats", T_BIN_STATS_S, 1, 0, JH_5_1_0, JH_5_2_1},
};
static const struct jh_row bins_s[] = {ONE("bin_shards", T_WORD)};

/* ---- base ----------------------------------------------------------------------------------- */

static const struct jh_row base_s[] = {
    UPTO(JH_5_2_1, "ind", T_U32, 1),
    UPTO(JH_5_2_1, "extent_hooks", T_WORD, 1),
    FROM(JH_5_3_0, "ehooks", T_EHOOKS_S, 1),
    FROM(JH_5_3_0, "ehooks_base", T_EHOOKS_S, 1),
    ONE("mtx", T_MALLOC_MUTEX_S),
    FROM(JH_5_1_0, "auto_thp_switched", T_U8, 1),
    ONE("pind_last", T_U32),
    ONE("extent_sn_next", T_WORD),
    ONE("blocks", T_WORD),
    UPTO(JH_5_2_1, "avail", T_WORD, N_NSIZES),
    FROM(JH_5_3_0, "avail", T_PH_S, N_NSIZES),
    FROM(JH_5_3_1, "edata_avail", T_PH_S, 1),
    ONE("allocated", T_WORD),
    FROM(JH_5_3_1, "edata_allocated", T_WORD, 1),
    FROM(JH_5_3_1, "rtree_allocated", T_WORD, 1),
    ONE("resident", T_WORD),
    ONE("mapped", T_WORD),
    FROM(JH_5_1_0, "n_thp", T_WORD, 1),
};
static const struct jh_row base_block_s[] = {ONE("size", T_WORD), ONE("next", T_WORD),
                                             UPTO(JH_5_2_1, "extent", T_EXTENT_S, 1),
                                             FROM(JH_5_3_0, "edata", T_EDATA_S, 1)};

/* ---- thread caches -------------------------------------------------------------------------- */

/* tcache_bin_s, as 5.0 calls it, has the members of 5.1's cache_bin_s. */
static const struct jh_row cache_bin_s[] = {
    UPTO(JH_5_2_1, "low_water", T_U32, 1),
    UPTO(JH_5_2_1, "ncached", T_U32, 1),
    FROM(JH_5_3_0, "stack_head", T_WORD, 1),
    ONE("tstats", T_U64),
    UPTO(JH_5_2_1, "avail", T_WORD, 1),
    FROM(JH_5_3_0, "low_bits_low_water", T_U16, 1),
    FROM(JH_5_3_0, "low_bits_full", T_U16, 1),
    FROM(JH_5_3_0, "low_bits_empty", T_U16, 1),
    FROM(JH_5_3_1, "bin_info", T_CACHE_BIN_INFO_S, 1),
};
static const struct jh_row cache_bin_info_s[] = {UPTO(JH_5_2_1, "ncached_max", T_U32, 1),
                                                 FROM(JH_5_3_0, "ncached_max", T_U16, 1)};
static const struct jh_row cache_bin_array_descriptor_s[] = {
    ONE("link", T_RING), UPTO(JH_5_2_1, "bins_small", T_WORD, 1),
    UPTO(JH_5_2_1, "bins_large", T_WORD, 1), FROM(JH_5_3_0, "bins", T_WORD, 1)};
static const struct jh_row tcaches_union[] = {ONE("tcache", T_WORD), ONE("next", T_WORD)};
static const struct jh_row tcaches_s[] = {ONE(NULL, T_TCACHES_UNION)};
static const struct jh_row tsd_binshards_s[] = {MANY("binshard", T_U8, N_NBINS)};

static const struct jh_rows types[T_TYPES] = {
    [T_RING] = JH_ROWS(NULL, ring, 0, 0, 0),
    [T_PHN] = JH_ROWS(NULL, phn, 0, 0, 0),
    [T_TICKER] = JH_ROWS(NULL, ticker, 0, 0, 0),
    [T_NSTIME] = JH_ROWS(NULL, nstime, 0, 0, 0),
    [T_MUTEX_PROF_DATA] = JH_ROWS(NULL, mutex_prof_data, 0, 0, 0),
    [T_MUTEX_UNION] = JH_ROWS(NULL, mutex_union, 1, 0, 0),
    [T_MUTEX_PLAIN] = JH_ROWS(NULL, mutex_plain, 0, 0, 0),
    [T_TCACHES_UNION] = JH_ROWS(NULL, tcaches_union, 1, 0, 0),
    [T_MALLOC_MUTEX_S] = JH_ROWS("malloc_mutex_s", malloc_mutex_s, 0, 0, 0),
    [T_WITNESS_S] = JH_ROWS("witness_s", witness_s, 0, 0, 0),
    [T_WITNESS_TSD_S] = JH_ROWS(NULL, witness_tsd_s, 0, 0, 0),
    [T_RTREE_NODE_ELM_S] = JH_ROWS("rtree_node_elm_s", rtree_node_elm_s, 0, 0, 0),
    [T_RTREE_LEAF_ELM_S] = JH_ROWS("rtree_leaf_elm_s", rtree_leaf_elm_s, 0, 0, 0),
    [T_RTREE_S] = JH_ROWS("rtree_s", rtree_s, 0, 0, 0),
    [T_RTREE_CTX_CACHE_ELM_S] = JH_ROWS("rtree_ctx_cache_elm_s", rtree_ctx_cache_elm_s, 0, 0, 0),
    [T_RTREE_CTX_S] = JH_ROWS("rtree_ctx_s", rtree_ctx_s, 0, 0, 0),
    [T_BITMAP_LEVEL_S] = JH_ROWS(NULL, bitmap_level_s, 0, 0, 0),
    [T_BITMAP_INFO_S] = JH_ROWS("bitmap_info_s", bitmap_info_s, 0, 0, 0),
    [T_ARENA_BIN_INFO_S] = JH_ROWS("arena_bin_info_s", bin_info_s, 0, 0, JH_5_0_1),
    [T_BIN_INFO_S] = JH_ROWS("bin_info_s", bin_info_s, 0, JH_5_1_0, 0),
    [T_MALLOC_BIN_STATS_S] = JH_ROWS(NULL, bin_stats_s, 0, 0, JH_5_0_1),
    [T_BIN_STATS_S] = JH_ROWS("bin_stats_s", bin_stats_s, 0, JH_5_1_0, 0),
    [T_BIN_S] = JH_ROWS("bin_s", bin_s, 0, JH_5_1_0, 0),
    [T_ARENA_BIN_S] = JH_ROWS("arena_bin_s", bin_s, 0, 0, JH_5_0_1),
    [T_BINS_S] = JH_ROWS("bins_s", bins_s, 0, JH_5_2_0, JH_5_2_1),
    [T_BASE_S] = JH_ROWS("base_s", base_s, 0, 0, 0),
    [T_BASE_BLOCK_S] = JH_ROWS("base_block_s", base_block_s, 0, 0, 0),
    [T_TCACHE_BIN_S] = JH_ROWS("tcache_bin_s", cache_bin_s, 0, 0, JH_5_0_1),
    [T_TCACHE_BIN_INFO_S] = JH_ROWS("tcache_bin_info_s", cache_bin_info_s, 0, 0, JH_5_0_1),
    [T_CACHE_BIN_S] = JH_ROWS("cache_bin_s", cache_bin_s, 0, JH_5_1_0, 0),
    [T_CACHE_BIN_INFO_S] = JH_ROWS("cache_bin_info_s", cache_bin_info_s, 0, JH_5_1_0, 0),
    [T_CACHE_BIN_ARRAY_DESCRIPTOR_S] =
        JH_ROWS("cache_bin_array_descriptor_s", cache_bin_array_descriptor_s, 0, JH_5_1_0, 0),
    [T_TCACHES_S] = JH_ROWS("tcaches_s", tcaches_s, 0, 0, 0),
    [T_TSD_BINSHARDS_S] = JH_ROWS("tsd_binshards_s", tsd_binshards_s, 0, JH_5_2_0, 0),
};

const struct jh_rows *jh_rows_common(enum jh_type type) {
    return types[type].row ? &types[type] : NULL;
}
