/* structs of 5.3 and later: edata_t, the page allocators in an arena, one array of cache bins.
 *
 * Sources: include/jemalloc/internal/{edata,slab_data,emap,ph,ehooks,eset,ecache,pai,exp_grow,
 * san_bump,decay,pac,pa,edata_cache,sec,psset,hpa,hpa_opts,arena_stats,arena_structs,
 * thread_event_registry,tcache_structs,tsd}.h at each tag (tsd_internals.h since 5.3.1). */
#include "struct_rows.h"

/* ---- extents -------------------------------------------------------------------------------- */

static const struct jh_row edata_heap_union[] = {ONE("heap_link", T_PHN), ONE("avail_link", T_PHN)};
static const struct jh_row edata_link_union[] = {ONE("ql_link_active", T_RING),
                                                 ONE(NULL, T_EDATA_HEAP_UNION)};
static const struct jh_row edata_tail_union[] = {ONE("ql_link_inactive", T_RING),
                                                 ONE("e_slab_data", T_SLAB_DATA_S),
                                                 ONE("e_prof_info", T_E_PROF_INFO_S)};
static const struct jh_row edata_s[] = {
    ONE("e_bits", T_U64),         ONE("e_addr", T_WORD), ONE(NULL, T_EXTENT_SIZE_UNION),
    ONE("e_ps", T_WORD),          ONE("e_sn", T_U64),    ONE(NULL, T_EDATA_LINK_UNION),
    ONE(NULL, T_EDATA_TAIL_UNION)};
static const struct jh_row slab_data_s[] = {MANY("bitmap", T_WORD, N_BITMAP_GROUPS_MAX)};
static const struct jh_row e_prof_info_s[] = {
    ONE("e_prof_alloc_time", T_NSTIME), ONE("e_prof_alloc_size", T_WORD),
    ONE("e_prof_tctx", T_WORD), ONE("e_prof_recent_alloc", T_WORD)};
static const struct jh_row emap_s[] = {ONE("rtree", T_RTREE_S)};
static const struct jh_row ph_s[] = {ONE("root", T_WORD), ONE("auxcount", T_WORD)};
static const struct jh_row ehooks_s[] = {ONE("ind", T_U32), ONE("ptr", T_WORD)};

/* ---- page allocator: extents by state ------------------------------------------------------- */

static const struct jh_row edata_cmp_summary_s[] = {ONE("sn", T_U64), ONE("addr", T_WORD)};
static const struct jh_row eset_bin_s[] = {ONE("heap", T_PH_S),
                                           ONE("heap_min", T_EDATA_CMP_SUMMARY_S)};
static const struct jh_row eset_bin_stats_s[] = {ONE("nextents", T_WORD), ONE("nbytes", T_WORD)};
static const struct jh_row eset_s[] = {
    MANY("bitmap", T_WORD, N_FB_GROUPS_NPSIZES_1),
    MANY("bins", T_ESET_BIN_S, N_NPSIZES_1),
    MANY("bin_stats", T_ESET_BIN_STATS_S, N_NPSIZES_1),
    ONE("lru", T_WORD),
    ONE("npages", T_WORD),
    ONE("state", T_U32),
};
static const struct jh_row ecache_s[] = {
    ONE("mtx", T_MALLOC_MUTEX_S), ONE("eset", T_ESET_S), ONE("guarded_eset", T_ESET_S),
    ONE("state", T_U32),          ONE("ind", T_U32),     ONE("delay_coalesce", T_U8)};
static const struct jh_row pai_s[] = {ONE("alloc", T_WORD),
                                      UPTO(JH_5_3_0, "alloc_batch", T_WORD, 1),
                                      ONE("expand", T_WORD),
                                      ONE("shrink", T_WORD),
                                      ONE("dalloc", T_WORD),
                                      UPTO(JH_5_3_0, "dalloc_batch", T_WORD, 1),
                                      ONE("time_until_deferred_work", T_WORD)};
static const struct jh_row exp_grow_s[] = {ONE("next", T_U32), ONE("limit", T_U32)};
static const struct jh_row san_bump_alloc_s[] = {ONE("mtx", T_MALLOC_MUTEX_S),
                                                 ONE("curr_reg", T_WORD)};
static const struct jh_row decay_s[] = {
    ONE("mtx", T_MALLOC_MUTEX_S), ONE("purging", T_U8),        ONE("time_ms", T_WORD),
    ONE("interval", T_NSTIME),    ONE("epoch", T_NSTIME),      ONE("jitter_state", T_U64),
    ONE("deadline", T_NSTIME),    ONE("npages_limit", T_WORD), ONE("nunpurged", T_WORD),
    MANY("backlog", T_WORD, 200), ONE("ceil_npages", T_U64)};
static const struct jh_row pac_s[] = {
    UPTO(JH_5_3_1, "pai", T_PAI_S, 1),
    FROM(JH_DEV, "has_pinned", T_U8, 1),
    ONE("ecache_dirty", T_ECACHE_S),
    ONE("ecache_muzzy", T_ECACHE_S),
    ONE("ecache_retained", T_ECACHE_S),
    FROM(JH_DEV, "ecache_pinned", T_ECACHE_S, 1),
    ONE("base", T_WORD),
    ONE("emap", T_WORD),
    ONE("edata_cache", T_WORD),
    ONE("exp_grow", T_EXP_GROW_S),
    ONE("grow_mtx", T_MALLOC_MUTEX_S),
    ONE("sba", T_SAN_BUMP_ALLOC_S),
    ONE("oversize_threshold", T_WORD),
    ONE("decay_dirty", T_DECAY_S),
    ONE("decay_muzzy", T_DECAY_S),
    ONE("stats_mtx", T_WORD),
    ONE("stats", T_WORD),
    ONE("extent_sn_next", T_WORD),
};
static const struct jh_row edata_cache_s[] = {ONE("avail", T_PH_S), ONE("count", T_WORD),
                                              ONE("mtx", T_MALLOC_MUTEX_S), ONE("base", T_WORD)};
static const struct jh_row edata_cache_fast_s[] = {ONE("list", T_WORD), ONE("fallback", T_WORD),
                                                   ONE("disabled", T_U8)};

/* ---- page allocator: huge pages ------------------------------------------------------------- */

static const struct jh_row sec_opts_s[] = {
    ONE("nshards", T_WORD), ONE("max_alloc", T_WORD), ONE("max_bytes", T_WORD),
    UPTO(JH_5_3_0, "bytes_after_flush", T_WORD, 1), UPTO(JH_5_3_1, "batch_fill_extra", T_WORD, 1)};
static const struct jh_row sec_bin_stats_s[] = {
    ONE("nmisses", T_WORD), ONE("nhits", T_WORD), ONE("ndalloc_flush", T_WORD),
    ONE("ndalloc_noflush", T_WORD), ONE("noverfills", T_WORD)};
static const struct jh_row sec_bin_s[] = {UPTO(JH_5_3_0, "being_batch_filled", T_U8, 1),
                                          FROM(JH_5_3_1, "mtx", T_MALLOC_MUTEX_S, 1),
                                          ONE("bytes_cur", T_WORD), ONE("freelist", T_WORD),
                                          FROM(JH_5_3_1, "stats", T_SEC_BIN_STATS_S, 1)};
static const struct jh_row sec_shard_s[] = {ONE("mtx", T_MALLOC_MUTEX_S), ONE("enabled", T_U8),
                                            ONE("bins", T_WORD), ONE("bytes_cur", T_WORD),
                                            ONE("to_flush_next", T_U32)};
static const struct jh_row sec_s[] = {
    UPTO(JH_5_3_0, "pai", T_PAI_S, 1), UPTO(JH_5_3_0, "fallback", T_WORD, 1),
    ONE("opts", T_SEC_OPTS_S),         UPTO(JH_5_3_0, "shards", T_WORD, 1),
    FROM(JH_5_3_1, "bins", T_WORD, 1), ONE("npsizes", T_U32),
};
static const struct jh_row psset_bin_stats_s[] = {ONE("npageslabs", T_WORD), ONE("nactive", T_WORD),
                                                  ONE("ndirty", T_WORD)};
static const struct jh_row psset_stats_s[] = {
    FROM(JH_5_3_1, "merged", T_PSSET_BIN_STATS_S, 1),
    FROM(JH_5_3_1, "slabs", T_PSSET_BIN_STATS_S, 2),
    MANY("nonfull_slabs", T_PSSET_BIN_STATS_S, 128), /* [64][2] */
    MANY("full_slabs", T_PSSET_BIN_STATS_S, 2),
    MANY("empty_slabs", T_PSSET_BIN_STATS_S, 2),
};
static const struct jh_row psset_s[] = {
    MANY("pageslabs", T_PH_S, 64),
    MANY("pageslab_bitmap", T_WORD, N_FB_GROUPS_64),
    UPTO(JH_5_3_0, "merged_stats", T_PSSET_BIN_STATS_S, 1),
    ONE("stats", T_PSSET_STATS_S),
    ONE("empty", T_WORD),
    MANY("to_purge", T_WORD, 128),
    MANY("purge_bitmap", T_WORD, N_FB_GROUPS_128),
    ONE("to_hugify", T_WORD),
};
static const struct jh_row hpa_shard_opts_s[] = {
    ONE("slab_max_alloc", T_WORD),
    ONE("hugification_threshold", T_WORD),
    ONE("dirty_mult", T_U32),
    ONE("deferral_allowed", T_U8),
    ONE("hugify_delay_ms", T_U64),
    FROM(JH_5_3_1, "hugify_sync", T_U8, 1),
    ONE("min_purge_interval_ms", T_U64),
    FROM(JH_5_3_1, "experimental_max_purge_nhp", T_WORD, 1),
    FROM(JH_5_3_1, "purge_threshold", T_WORD, 1),
    FROM(JH_5_3_1, "min_purge_delay_ms", T_U64, 1),
    FROM(JH_5_3_1, "hugify_style", T_U32, 1),
};
static const struct jh_row hpa_stats_s[] = {
    ONE("npurge_passes", T_U64), ONE("npurges", T_U64),
    ONE("nhugifies", T_U64),     FROM(JH_5_3_1, "nhugify_failures", T_U64, 1),
    ONE("ndehugifies", T_U64),   FROM(JH_DEV, ROOM, T_U64, 63)}; /* 7 histograms of 9 */
static const struct jh_row hpa_shard_s[] = {
    UPTO(JH_5_3_1, "pai", T_PAI_S, 1),
    ONE("central", T_WORD),
    ONE("mtx", T_MALLOC_MUTEX_S),
    ONE("grow_mtx", T_MALLOC_MUTEX_S),
    ONE("base", T_WORD),
    ONE("ecf", T_EDATA_CACHE_FAST_S),
    {"sec", T_SEC_S, 1, W_CACHELINE, JH_5_3_1, 0},
    ONE("psset", T_PSSET_S),
    ONE("age_counter", T_U64),
    ONE("ind", T_U32),
    ONE("emap", T_WORD),
    ONE("opts", T_HPA_SHARD_OPTS_S),
    ONE("npending_purge", T_WORD),
    ONE("stats", T_HPA_STATS_S),
    ONE("last_purge", T_NSTIME),
    FROM(JH_5_3_1, "last_time_work_attempted", T_NSTIME, 1),
};
static const struct jh_row pa_shard_s[] = {
    ONE("central", T_WORD),
    ONE("nactive", T_WORD),
    ONE("use_hpa", T_U8),
    ONE("ever_used_hpa", T_U8),
    ONE("pac", T_PAC_S),
    UPTO(JH_5_3_0, "hpa_sec", T_SEC_S, 1),
    UPTO(JH_5_3_1, "hpa_shard", T_HPA_SHARD_S, 1),
    FROM(JH_DEV, "hpa", T_HPA_SHARD_S, 1),
    ONE("edata_cache", T_EDATA_CACHE_S),
    ONE("ind", T_U32),
    ONE("stats_mtx", T_WORD),
    ONE("stats", T_WORD),
    ONE("emap", T_WORD),
    ONE("base", T_WORD),
};

/* ---- arenas --------------------------------------------------------------------------------- */

static const struct jh_row pac_decay_stats_s[] = {ONE("npurge", T_U64), ONE("nmadvise", T_U64),
                                                  ONE("purged", T_U64)};
static const struct jh_row pac_stats_s[] = {ONE("decay_dirty", T_PAC_DECAY_STATS_S),
                                            ONE("decay_muzzy", T_PAC_DECAY_STATS_S),
                                            ONE("retained", T_WORD),
                                            FROM(JH_DEV, ROOM, T_WORD, 1), /* of the pinned ones */
                                            ONE("pac_mapped", T_WORD),
                                            ONE("abandoned_vm", T_WORD)};
static const struct jh_row pa_shard_stats_s[] = {ONE("edata_avail", T_WORD),
                                                 ONE("pac_stats", T_PAC_STATS_S)};
static const struct jh_row arena_stats_large_s[] = {
    ONE("nmalloc", T_U64),      ONE("ndalloc", T_U64), FROM(JH_5_3_1, "active_bytes", T_U64, 1),
    ONE("nrequests", T_U64),    ONE("nfills", T_U64),  ONE("nflushes", T_U64),
    ONE("curlextents", T_WORD),
};
static const struct jh_row arena_stats_s[] = {
    WHEN(W_PTR4, "mtx", T_MALLOC_MUTEX_S, 1),
    ONE("base", T_WORD),
    FROM(JH_5_3_1, "metadata_edata", T_WORD, 1),
    FROM(JH_5_3_1, "metadata_rtree", T_WORD, 1),
    ONE("resident", T_WORD),
    ONE("metadata_thp", T_WORD),
    ONE("mapped", T_WORD),
    ONE("internal", T_WORD),
    ONE("allocated_large", T_WORD),
    ONE("nmalloc_large", T_U64),
    ONE("ndalloc_large", T_U64),
    ONE("nfills_large", T_U64),
    ONE("nflushes_large", T_U64),
    ONE("nrequests_large", T_U64),
    ONE("pa_shard_stats", T_PA_SHARD_STATS_S),
    ONE("tcache_bytes", T_WORD),
    ONE("tcache_stashed_bytes", T_WORD),
    MANY("mutex_prof_data", T_MUTEX_PROF_DATA, 12),
    FROM(JH_DEV, ROOM, T_MUTEX_PROF_DATA, 1), /* of the pinned extents */
    MANY("lstats", T_ARENA_STATS_LARGE_S, N_NLARGE),
    ONE("uptime", T_NSTIME),
};

/* The bins are allocated together with the arena, at je_arena_bin_offsets from its start. */
static const struct jh_row arena_s[] = {
    MANY("nthreads", T_U32, 2),
    ONE("binshard_next", T_U32),
    ONE("last_thd", T_WORD),
    ONE("stats", T_ARENA_STATS_S),
    UPTO(JH_5_3_1, "tcache_ql", T_WORD, 1),
    ONE("cache_bin_array_descriptor_ql", T_WORD),
    UPTO(JH_5_3_1, "tcache_ql_mtx", T_MALLOC_MUTEX_S, 1),
    FROM(JH_DEV, "cache_bin_array_descriptor_ql_mtx", T_MALLOC_MUTEX_S, 1),
    ONE("dss_prec", T_U32),
    ONE("large", T_WORD),
    ONE("large_mtx", T_MALLOC_MUTEX_S),
    UPTO(JH_5_3_1, "pa_shard", T_PA_SHARD_S, 1),
    {"pa_shard", T_PA_SHARD_S, 1, W_CACHELINE, JH_DEV, 0},
    ONE("ind", T_U32),
    ONE("base", T_WORD),
    ONE("create_time", T_NSTIME),
    FROM(JH_5_3_1, "name", T_U8, 32),
    UPTO(JH_5_3_0, "bins", T_BIN_S, N_NONE),
    {"all_bins", T_BIN_S, N_NONE, W_CACHELINE, JH_5_3_1, 0},
};

/* ---- threads -------------------------------------------------------------------------------- */

static const struct jh_row cache_bin_fill_ctl_s[] = {ONE("base", T_U8), ONE("offset", T_U8)};
static const struct jh_row tcache_slow_s[] = {
    ONE("link", T_RING),
    ONE("cache_bin_array_descriptor", T_CACHE_BIN_ARRAY_DESCRIPTOR_S),
    ONE("arena", T_WORD),
    FROM(JH_5_3_1, "tcache_nbins", T_U32, 1),
    FROM(JH_5_3_1, "last_gc_time", T_NSTIME, 1),
    ONE("next_gc_bin", T_U32),
    FROM(JH_5_3_1, "next_gc_bin_small", T_U32, 1),
    FROM(JH_5_3_1, "next_gc_bin_large", T_U32, 1),
    UPTO(JH_5_3_0, "lg_fill_div", T_U8, N_NBINS),
    FROM(JH_5_3_1, "bin_fill_ctl_do_not_access_directly", T_CACHE_BIN_FILL_CTL_S, N_NBINS),
    MANY("bin_refilled", T_U8, N_NBINS),
    MANY("bin_flush_delay_items", T_U8, N_NBINS),
    ONE("dyn_alloc", T_WORD),
    ONE("tcache", T_WORD),
};
static const struct jh_row tcache_slow_dev[] = {
    ONE("cache_bin_array_descriptor", T_CACHE_BIN_ARRAY_DESCRIPTOR_S),
    ONE("arena", T_WORD),
    ONE("tcache_nbins", T_U32),
    ONE(ROOM, T_NSTIME),
    MANY(ROOM, T_U32, 3),
    MANY(ROOM, T_CACHE_BIN_FILL_CTL_S, N_NBINS),
    MANY(ROOM, T_U8, N_NBINS),
    MANY(ROOM, T_U8, N_NBINS),
    ONE("dyn_alloc", T_WORD),
    ONE("tcache", T_WORD),
};
static const struct jh_row tcache_s[] = {ONE("tcache_slow", T_WORD),
                                         MANY("bins", T_CACHE_BIN_S, N_TCACHE_NBINS_MAX)};

/* One for each event there is: two belong to statistics, one to profiling. */
static const struct jh_row te_data_s[] = {
    MANY("alloc_wait", T_U64, 6), WHEN(W_STATS, ROOM, T_U64, 1), WHEN(W_PROF, ROOM, T_U64, 1),
    MANY("dalloc_wait", T_U64, 5), WHEN(W_STATS, ROOM, T_U64, 1)};

/* Members go by the names in TSD_DATA_*, without the prefix that keeps hands off. */
static const struct jh_row tsd_s[] = {
    ONE("tcache_enabled", T_U8),
    ONE("reentrancy_level", T_U8),
    FROM(JH_5_3_1, "min_init_state_nfetched", T_U8, 1),
    ONE("thread_allocated_last_event", T_U64),
    ONE("thread_allocated_next_event", T_U64),
    ONE("thread_deallocated_last_event", T_U64),
    ONE("thread_deallocated_next_event", T_U64),
    UPTO(JH_5_3_0, "tcache_gc_event_wait", T_U64, 1),
    UPTO(JH_5_3_0, "tcache_gc_dalloc_event_wait", T_U64, 1),
    UPTO(JH_5_3_0, "prof_sample_event_wait", T_U64, 1),
    FROM(JH_5_3_1, "te_data", T_TE_DATA_S, 1),
    ONE("prof_sample_last_event", T_U64),
    UPTO(JH_5_3_0, "stats_interval_event_wait", T_U64, 1),
    ONE("stats_interval_last_event", T_U64),
    UPTO(JH_5_3_0, "peak_alloc_event_wait", T_U64, 1),
    UPTO(JH_5_3_0, "peak_dalloc_event_wait", T_U64, 1),
    ONE("prof_tdata", T_WORD),
    ONE("prng_state", T_U64),
    ONE("san_extents_until_guard_small", T_U64),
    ONE("san_extents_until_guard_large", T_U64),
    ONE("iarena", T_WORD),
    ONE("arena", T_WORD),
    ONE("arena_decay_ticker", T_TICKER),
    ONE("sec_shard", T_U8),
    ONE("binshards", T_TSD_BINSHARDS_S),
    ONE("tsd_link", T_RING),
    ONE("in_hook", T_U8),
    MANY("peak", T_U64, 2),
    UPTO(JH_5_3_0, "activity_callback_thunk", T_WORD, 2),
    ONE("tcache_slow", T_TCACHE_SLOW_S),
    ONE("rtree_ctx", T_RTREE_CTX_S),
    ONE("state", T_U8),
    ONE("thread_allocated", T_U64),
    ONE("thread_allocated_next_event_fast", T_U64),
    ONE("thread_deallocated", T_U64),
    ONE("thread_deallocated_next_event_fast", T_U64),
    ONE("tcache", T_TCACHE_S),
    ONE("witness_tsd", T_WITNESS_TSD_S),
};

/* Without the list of all threads. What is named stands where it was seen in a stock build. */
static const struct jh_row tsd_dev[] = {
    MANY(ROOM, T_U8, 3),
    MANY(ROOM, T_U64, 4),
    ONE(ROOM, T_TE_DATA_S),
    MANY(ROOM, T_U64, 2),
    ONE(ROOM, T_WORD),
    MANY(ROOM, T_U64, 3),
    MANY(ROOM, T_WORD, 2),
    ONE(ROOM, T_TICKER),
    ONE(ROOM, T_U8),
    ONE(ROOM, T_TSD_BINSHARDS_S),
    ONE(ROOM, T_U8),
    MANY(ROOM, T_U64, 2),
    ONE("tcache_slow", T_TCACHE_SLOW_DEV),
    ONE("rtree_ctx", T_RTREE_CTX_S),
    ONE("state", T_U8),
    MANY(ROOM, T_U64, 4),
    ONE("tcache", T_TCACHE_S),
    ONE(ROOM, T_WITNESS_TSD_S),
};

static const struct jh_rows types[T_TYPES] = {
    [T_EDATA_LINK_UNION] = JH_ROWS(NULL, edata_link_union, 1, JH_5_3_0, 0),
    [T_EDATA_HEAP_UNION] = JH_ROWS(NULL, edata_heap_union, 1, JH_5_3_0, 0),
    [T_EDATA_TAIL_UNION] = JH_ROWS(NULL, edata_tail_union, 1, JH_5_3_0, 0),
    [T_EDATA_S] = JH_ROWS("edata_s", edata_s, 0, JH_5_3_0, 0),
    [T_SLAB_DATA_S] = JH_ROWS("slab_data_s", slab_data_s, 0, JH_5_3_0, 0),
    [T_E_PROF_INFO_S] = JH_ROWS("e_prof_info_s", e_prof_info_s, 0, JH_5_3_0, 0),
    [T_EMAP_S] = JH_ROWS("emap_s", emap_s, 0, JH_5_3_0, 0),
    [T_PH_S] = JH_ROWS("ph_s", ph_s, 0, JH_5_3_0, 0),
    [T_EHOOKS_S] = JH_ROWS("ehooks_s", ehooks_s, 0, JH_5_3_0, 0),
    [T_EDATA_CMP_SUMMARY_S] = JH_ROWS("edata_cmp_summary_s", edata_cmp_summary_s, 0, JH_5_3_0, 0),
    [T_ESET_BIN_S] = JH_ROWS("eset_bin_s", eset_bin_s, 0, JH_5_3_0, 0),
    [T_ESET_BIN_STATS_S] = JH_ROWS("eset_bin_stats_s", eset_bin_stats_s, 0, JH_5_3_0, 0),
    [T_ESET_S] = JH_ROWS("eset_s", eset_s, 0, JH_5_3_0, 0),
    [T_ECACHE_S] = JH_ROWS("ecache_s", ecache_s, 0, JH_5_3_0, 0),
    [T_PAI_S] = JH_ROWS("pai_s", pai_s, 0, JH_5_3_0, JH_5_3_1),
    [T_EXP_GROW_S] = JH_ROWS("exp_grow_s", exp_grow_s, 0, JH_5_3_0, 0),
    [T_SAN_BUMP_ALLOC_S] = JH_ROWS("san_bump_alloc_s", san_bump_alloc_s, 0, JH_5_3_0, 0),
    [T_DECAY_S] = JH_ROWS("decay_s", decay_s, 0, JH_5_3_0, 0),
    [T_PAC_S] = JH_ROWS("pac_s", pac_s, 0, JH_5_3_0, 0),
    [T_PAC_DECAY_STATS_S] = JH_ROWS(NULL, pac_decay_stats_s, 0, JH_5_3_0, 0),
    [T_PAC_STATS_S] = JH_ROWS(NULL, pac_stats_s, 0, JH_5_3_0, 0),
    [T_PA_SHARD_STATS_S] = JH_ROWS(NULL, pa_shard_stats_s, 0, JH_5_3_0, 0),
    [T_EDATA_CACHE_S] = JH_ROWS("edata_cache_s", edata_cache_s, 0, JH_5_3_0, 0),
    [T_EDATA_CACHE_FAST_S] = JH_ROWS("edata_cache_fast_s", edata_cache_fast_s, 0, JH_5_3_0, 0),
    [T_SEC_OPTS_S] = JH_ROWS("sec_opts_s", sec_opts_s, 0, JH_5_3_0, 0),
    [T_SEC_BIN_STATS_S] = JH_ROWS("sec_bin_stats_s", sec_bin_stats_s, 0, JH_5_3_1, 0),
    [T_SEC_BIN_S] = JH_ROWS("sec_bin_s", sec_bin_s, 0, JH_5_3_0, 0),
    [T_SEC_SHARD_S] = JH_ROWS("sec_shard_s", sec_shard_s, 0, JH_5_3_0, JH_5_3_0),
    [T_SEC_S] = JH_ROWS("sec_s", sec_s, 0, JH_5_3_0, 0),
    [T_PSSET_BIN_STATS_S] = JH_ROWS("psset_bin_stats_s", psset_bin_stats_s, 0, JH_5_3_0, 0),
    [T_PSSET_STATS_S] = JH_ROWS("psset_stats_s", psset_stats_s, 0, JH_5_3_0, 0),
    [T_PSSET_S] = JH_ROWS("psset_s", psset_s, 0, JH_5_3_0, 0),
    [T_HPA_SHARD_OPTS_S] = JH_ROWS("hpa_shard_opts_s", hpa_shard_opts_s, 0, JH_5_3_0, 0),
    [T_HPA_STATS_S] = JH_ROWS("hpa_shard_nonderived_stats_s", hpa_stats_s, 0, JH_5_3_0, 0),
    [T_HPA_SHARD_S] = JH_ROWS("hpa_shard_s", hpa_shard_s, 0, JH_5_3_0, 0),
    [T_PA_SHARD_S] = JH_ROWS("pa_shard_s", pa_shard_s, 0, JH_5_3_0, 0),
    [T_ARENA_STATS_LARGE_S] = JH_ROWS(NULL, arena_stats_large_s, 0, JH_5_3_0, 0),
    [T_ARENA_STATS_S] = JH_ROWS(NULL, arena_stats_s, 0, JH_5_3_0, 0),
    [T_ARENA_S] = JH_ROWS("arena_s", arena_s, 0, JH_5_3_0, 0),
    [T_CACHE_BIN_FILL_CTL_S] = JH_ROWS(NULL, cache_bin_fill_ctl_s, 0, JH_5_3_1, 0),
    [T_TCACHE_SLOW_S] = JH_ROWS("tcache_slow_s", tcache_slow_s, 0, JH_5_3_0, JH_5_3_1),
    [T_TCACHE_SLOW_DEV] = JH_ROWS("tcache_slow_s", tcache_slow_dev, 0, JH_DEV, 0),
    [T_TSD_DEV] = JH_ROWS("tsd_s", tsd_dev, 0, JH_DEV, 0),
    [T_TCACHE_S] = JH_ROWS("tcache_s", tcache_s, 0, JH_5_3_0, 0),
    [T_TE_DATA_S] = JH_ROWS(NULL, te_data_s, 0, JH_5_3_1, 0),
    [T_TSD_S] = JH_ROWS("tsd_s", tsd_s, 0, JH_5_3_0, JH_5_3_1),
};

const struct jh_rows *jh_rows_5_3(enum jh_type type) {
    return types[type].row ? &types[type] : NULL;
}
