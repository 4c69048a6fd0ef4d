/* constants: sizeof and offsetof of the structs that a decoder may read, as this build's compiler
 * lays them out. */
#include "family.h"
#include "witness.h"

struct place {
    const char *of, *member; /* member NULL: the size of it all */
    size_t value;
};

#define SIZE(tag)                                                                                  \
    { #tag, NULL, sizeof(struct tag) }
#define MEMBER(tag, name)                                                                          \
    { #tag, #name, offsetof(struct tag, name) }
/* By the typedef, where a version has no other name for it. */
#define SIZE_AS(tag, type)                                                                         \
    { #tag, NULL, sizeof(type) }
#define MEMBER_AS(tag, type, name)                                                                 \
    { #tag, #name, offsetof(type, name) }

/* jemalloc keeps hands off the members of its thread state by a prefix. */
#if FAM_5_2
#define THREAD(name)                                                                               \
    { "tsd_s", #name, offsetof(struct tsd_s, TSD_MANGLE(name)) }
#else
#define THREAD(name)                                                                               \
    { "tsd_s", #name, offsetof(struct tsd_s, use_a_getter_or_setter_instead_##name) }
#endif

static const struct place in_locks_and_tree[] = {
    SIZE(malloc_mutex_s),
    MEMBER(malloc_mutex_s, prof_data),
    MEMBER(malloc_mutex_s, lock),
#if FAM_5_2
    MEMBER(malloc_mutex_s, locked),
#endif
    MEMBER(malloc_mutex_s, witness),
    MEMBER(malloc_mutex_s, lock_order),
    SIZE(witness_s),
    SIZE(rtree_s),
    MEMBER(rtree_s, init_lock),
    MEMBER(rtree_s, root),
    SIZE(rtree_node_elm_s),
    MEMBER(rtree_node_elm_s, child),
    SIZE(rtree_leaf_elm_s),
#if FAM_LEAF_COMPACT
    MEMBER(rtree_leaf_elm_s, le_bits),
#elif FAM_EDATA
    MEMBER(rtree_leaf_elm_s, le_edata),
    MEMBER(rtree_leaf_elm_s, le_metadata),
#else
    MEMBER(rtree_leaf_elm_s, le_extent),
    MEMBER(rtree_leaf_elm_s, le_szind),
    MEMBER(rtree_leaf_elm_s, le_slab),
#endif
    SIZE(rtree_ctx_s),
    MEMBER(rtree_ctx_s, l2_cache),
};

static const struct place in_extents[] = {
#if FAM_EDATA
    SIZE(edata_s),
    MEMBER(edata_s, e_bits),
    MEMBER(edata_s, e_addr),
    MEMBER(edata_s, e_size_esn),
    MEMBER(edata_s, e_bsize),
    MEMBER(edata_s, e_ps),
    MEMBER(edata_s, e_sn),
    MEMBER(edata_s, ql_link_active),
    MEMBER(edata_s, heap_link),
    MEMBER(edata_s, avail_link),
    MEMBER(edata_s, ql_link_inactive),
    MEMBER(edata_s, e_slab_data),
    MEMBER(edata_s, e_prof_info),
    SIZE(slab_data_s),
    MEMBER(slab_data_s, bitmap),
    SIZE(e_prof_info_s),
    MEMBER(e_prof_info_s, e_prof_alloc_time),
    MEMBER(e_prof_info_s, e_prof_alloc_size),
    MEMBER(e_prof_info_s, e_prof_tctx),
    MEMBER(e_prof_info_s, e_prof_recent_alloc),
    SIZE(emap_s),
    MEMBER(emap_s, rtree),
#else
    SIZE(extent_s),
    MEMBER(extent_s, e_bits),
    MEMBER(extent_s, e_addr),
    MEMBER(extent_s, e_size_esn),
    MEMBER(extent_s, e_bsize),
    MEMBER(extent_s, ql_link),
    MEMBER(extent_s, ph_link),
    MEMBER(extent_s, e_slab_data),
    MEMBER(extent_s, e_prof_tctx),
#if FAM_5_2
    MEMBER(extent_s, e_alloc_time),
#endif
    SIZE(arena_slab_data_s),
    MEMBER(arena_slab_data_s, bitmap),
    SIZE(extents_s),
    MEMBER(extents_s, mtx),
    MEMBER(extents_s, heaps),
    MEMBER(extents_s, bitmap),
    MEMBER(extents_s, lru),
    MEMBER(extents_s, npages),
    MEMBER(extents_s, state),
#endif
};

static const struct place in_bins_and_base[] = {
#if FAM_5_1
    SIZE(bin_info_s),
    MEMBER(bin_info_s, reg_size),
    MEMBER(bin_info_s, slab_size),
    MEMBER(bin_info_s, nregs),
    MEMBER(bin_info_s, bitmap_info),
    SIZE(bin_s),
    MEMBER(bin_s, lock),
    MEMBER(bin_s, slabcur),
    MEMBER(bin_s, slabs_nonfull),
    MEMBER(bin_s, slabs_full),
    MEMBER(bin_s, stats),
    SIZE(bin_stats_s),
    MEMBER(bin_stats_s, curregs),
    MEMBER(bin_stats_s, curslabs),
#if FAM_EDATA || defined(EXTENT_BITS_IS_HEAD_WIDTH) /* 5.2.1 and later */
    MEMBER(bin_stats_s, nonfull_slabs),
#endif
#else
    SIZE_AS(arena_bin_info_s, arena_bin_info_t),
    MEMBER_AS(arena_bin_info_s, arena_bin_info_t, reg_size),
    MEMBER_AS(arena_bin_info_s, arena_bin_info_t, slab_size),
    MEMBER_AS(arena_bin_info_s, arena_bin_info_t, nregs),
    MEMBER_AS(arena_bin_info_s, arena_bin_info_t, bitmap_info),
    SIZE_AS(arena_bin_s, arena_bin_t),
    MEMBER_AS(arena_bin_s, arena_bin_t, lock),
    MEMBER_AS(arena_bin_s, arena_bin_t, slabcur),
    MEMBER_AS(arena_bin_s, arena_bin_t, slabs_nonfull),
    MEMBER_AS(arena_bin_s, arena_bin_t, slabs_full),
    MEMBER_AS(arena_bin_s, arena_bin_t, stats),
#endif
#if FAM_5_2
    MEMBER(bin_info_s, n_shards),
    SIZE(tsd_binshards_s),
#endif
#if FAM_5_2 && !FAM_EDATA
    SIZE(bins_s),
    MEMBER(bins_s, bin_shards),
#endif
    SIZE(bitmap_info_s),
    MEMBER(bitmap_info_s, nbits),
    SIZE(base_s),
    MEMBER(base_s, mtx),
    MEMBER(base_s, pind_last),
    MEMBER(base_s, extent_sn_next),
    MEMBER(base_s, blocks),
    MEMBER(base_s, avail),
    MEMBER(base_s, allocated),
    MEMBER(base_s, resident),
    MEMBER(base_s, mapped),
#if FAM_5_1
    MEMBER(base_s, n_thp),
#endif
    SIZE(base_block_s),
    MEMBER(base_block_s, size),
    MEMBER(base_block_s, next),
#if FAM_EDATA
    MEMBER(base_s, ehooks),
    MEMBER(base_s, ehooks_base),
    MEMBER(base_block_s, edata),
#else
    MEMBER(base_s, ind),
    MEMBER(base_s, extent_hooks),
    MEMBER(base_block_s, extent),
#endif
};

static const struct place in_caches[] = {
#if FAM_EDATA
    SIZE(cache_bin_s),
    MEMBER(cache_bin_s, stack_head),
    MEMBER(cache_bin_s, tstats),
    MEMBER(cache_bin_s, low_bits_low_water),
    MEMBER(cache_bin_s, low_bits_full),
    MEMBER(cache_bin_s, low_bits_empty),
    SIZE(tcache_s),
    MEMBER(tcache_s, tcache_slow),
    MEMBER(tcache_s, bins),
    SIZE(cache_bin_array_descriptor_s),
    MEMBER(cache_bin_array_descriptor_s, link),
    MEMBER(cache_bin_array_descriptor_s, bins),
    SIZE(tcache_slow_s),
    MEMBER(tcache_slow_s, cache_bin_array_descriptor),
    MEMBER(tcache_slow_s, arena),
#if FAM_5_3_1
    MEMBER(cache_bin_s, bin_info),
    MEMBER(tcache_slow_s, tcache_nbins),
#endif
#if !FAM_AFTER_5_3_1
    MEMBER(tcache_slow_s, link),
    MEMBER(tcache_slow_s, next_gc_bin),
    MEMBER(tcache_slow_s, bin_refilled),
    MEMBER(tcache_slow_s, dyn_alloc),
    MEMBER(tcache_slow_s, tcache),
#endif
#else
    SIZE(tcache_s),
    MEMBER(tcache_s, link),
    MEMBER(tcache_s, arena),
    MEMBER(tcache_s, next_gc_bin),
    MEMBER(tcache_s, lg_fill_div),
#if FAM_5_1
    MEMBER(tcache_s, bins_small),
    MEMBER(tcache_s, cache_bin_array_descriptor),
    MEMBER(tcache_s, bins_large),
    SIZE(cache_bin_array_descriptor_s),
    MEMBER(cache_bin_array_descriptor_s, link),
    MEMBER(cache_bin_array_descriptor_s, bins_small),
    MEMBER(cache_bin_array_descriptor_s, bins_large),
    SIZE(cache_bin_s),
    MEMBER(cache_bin_s, low_water),
    MEMBER(cache_bin_s, ncached),
    MEMBER(cache_bin_s, tstats),
    MEMBER(cache_bin_s, avail),
#else
    MEMBER(tcache_s, tbins_small),
    MEMBER(tcache_s, tbins_large),
    SIZE_AS(tcache_bin_s, tcache_bin_t),
    MEMBER_AS(tcache_bin_s, tcache_bin_t, low_water),
    MEMBER_AS(tcache_bin_s, tcache_bin_t, ncached),
    MEMBER_AS(tcache_bin_s, tcache_bin_t, tstats),
    MEMBER_AS(tcache_bin_s, tcache_bin_t, avail),
#endif
#endif
    SIZE(tcaches_s),
    MEMBER(tcaches_s, tcache),
    MEMBER(tcaches_s, next),
    SIZE(tsd_s),
    MEMBER(tsd_s, state),
    THREAD(tcache),
    THREAD(rtree_ctx),
#if FAM_EDATA
    THREAD(tcache_slow),
#endif
#if !FAM_AFTER_5_3_1
    THREAD(tcache_enabled),
    THREAD(reentrancy_level),
    THREAD(thread_allocated),
    THREAD(thread_deallocated),
    THREAD(prof_tdata),
    THREAD(iarena),
    THREAD(arena),
    THREAD(witness_tsd),
#if FAM_5_2
    THREAD(binshards),
#endif
#if FAM_EDATA
    THREAD(tsd_link),
#endif
#endif
};

static const struct place in_arenas[] = {
    SIZE(arena_s),
    MEMBER(arena_s, nthreads),
    MEMBER(arena_s, last_thd),
    MEMBER(arena_s, stats),
    MEMBER(arena_s, stats.internal),
    MEMBER(arena_s, stats.lstats),
    MEMBER(arena_s, stats.uptime),
    MEMBER(arena_s, dss_prec),
    MEMBER(arena_s, large),
    MEMBER(arena_s, large_mtx),
    MEMBER(arena_s, base),
    MEMBER(arena_s, create_time),
#if FAM_5_1
    MEMBER(arena_s, cache_bin_array_descriptor_ql),
#endif
#if !FAM_AFTER_5_3_1
    MEMBER(arena_s, tcache_ql),
    MEMBER(arena_s, tcache_ql_mtx),
#endif
#if FAM_EDATA
    MEMBER(arena_s, binshard_next),
    MEMBER(arena_s, pa_shard),
    MEMBER(arena_s, ind),
    SIZE(pa_shard_s),
    MEMBER(pa_shard_s, edata_cache),
    MEMBER(pa_shard_s, ind),
    MEMBER(pa_shard_s, emap),
    MEMBER(pa_shard_s, base),
    SIZE(hpa_shard_s),
    MEMBER(hpa_shard_s, mtx),
    MEMBER(hpa_shard_s, grow_mtx),
    MEMBER(hpa_shard_s, psset),
    MEMBER(hpa_shard_s, stats),
    SIZE(psset_s),
    MEMBER(psset_s, stats),
    SIZE(psset_stats_s),
    MEMBER(psset_stats_s, nonfull_slabs),
    SIZE(sec_s),
    MEMBER(sec_s, opts),
    SIZE(sec_bin_s),
    MEMBER(sec_bin_s, bytes_cur),
#if FAM_AFTER_5_3_1
    MEMBER(pac_s, ecache_pinned),
    MEMBER(pa_shard_s, hpa),
#else
    MEMBER(pa_shard_s, hpa_shard),
#endif
#if FAM_5_3_1
    MEMBER(sec_s, bins),
    MEMBER(sec_bin_s, stats),
#else
    SIZE(sec_shard_s),
    MEMBER(sec_shard_s, bytes_cur),
    MEMBER(sec_s, shards),
#endif
    MEMBER(pa_shard_s, nactive),
    MEMBER(pa_shard_s, use_hpa),
    MEMBER(pa_shard_s, pac),
    SIZE(pac_s),
    MEMBER(pac_s, base),
    MEMBER(pac_s, edata_cache),
    MEMBER(pac_s, ecache_dirty),
    MEMBER(pac_s, ecache_muzzy),
    MEMBER(pac_s, ecache_retained),
    MEMBER(pac_s, sba),
    MEMBER(pac_s, decay_dirty),
    MEMBER(pac_s, decay_muzzy),
    MEMBER(pac_s, stats),
    MEMBER(pac_s, extent_sn_next),
    MEMBER(decay_s, time_ms),
    SIZE(ecache_s),
    MEMBER(ecache_s, eset),
    MEMBER(ecache_s, guarded_eset),
    MEMBER(ecache_s, state),
    MEMBER(ecache_s, ind),
    SIZE(eset_s),
    MEMBER(eset_s, bins),
    MEMBER(eset_s, bin_stats),
    MEMBER(eset_s, lru),
    MEMBER(eset_s, npages),
    SIZE(decay_s),
    SIZE(edata_cache_s),
    MEMBER(edata_cache_s, base),
    SIZE(san_bump_alloc_s),
    MEMBER(san_bump_alloc_s, curr_reg),
#if FAM_5_3_1
    MEMBER(arena_s, name),
    MEMBER(arena_s, all_bins),
#else
    MEMBER(arena_s, bins),
#endif
#else
    MEMBER(arena_s, extents_dirty),
    MEMBER(arena_s, extents_muzzy),
    MEMBER(arena_s, extents_retained),
    MEMBER(arena_s, decay_dirty),
    MEMBER(arena_s, decay_muzzy),
    MEMBER(arena_s, extent_avail),
    MEMBER(arena_s, bins),
    MEMBER(arena_s, nactive),
    SIZE(arena_decay_s),
    MEMBER(arena_decay_s, time_ms),
#endif
};

static void places(struct truth *truth, const struct place *place, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof(name), "%s_%s%s%s", place[i].member ? "OFFSETOF" : "SIZEOF",
                 place[i].of, place[i].member ? "." : "", place[i].member ? place[i].member : "");
        truth_word(truth, "constant");
        truth_text(truth, "name", name);
        truth_hex(truth, "value", place[i].value);
        truth_end(truth);
    }
}

#define PLACES(list) places(truth, list, sizeof(list) / sizeof((list)[0]))

void constants_write_structs(struct truth *truth) {
    PLACES(in_locks_and_tree);
    PLACES(in_extents);
    PLACES(in_bins_and_base);
    PLACES(in_caches);
    PLACES(in_arenas);
}
