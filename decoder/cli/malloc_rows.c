/* malloc_rows.c - the keys of malloc_stats_print's JSON, in its order.
 *
 * src/stats.c at each tag: stats_general_print, stats_print_helper, stats_arena_print. */
#include "malloc_stats.h"

const struct malloc_row malloc_arena_rows[] = {
    {"name", MALLOC_NAME, JH_5_3_1, 0, true},
    {"nthreads", MALLOC_NTHREADS, 0, 0, false},
    {"uptime_ns", MALLOC_UNKNOWN, 0, 0, false},
    {"dss", MALLOC_DSS, 0, 0, false},
    {"dirty_decay_ms", MALLOC_DIRTY_DECAY, 0, 0, false},
    {"muzzy_decay_ms", MALLOC_MUZZY_DECAY, 0, 0, false},
    {"pactive", MALLOC_PACTIVE, 0, 0, false},
    {"pdirty", MALLOC_PDIRTY, 0, 0, false},
    {"pmuzzy", MALLOC_PMUZZY, 0, 0, false},
    {"dirty_npurge", MALLOC_DIRTY_NPURGE, 0, 0, false},
    {"dirty_nmadvise", MALLOC_DIRTY_NMADVISE, 0, 0, false},
    {"dirty_purged", MALLOC_DIRTY_PURGED, 0, 0, false},
    {"muzzy_npurge", MALLOC_MUZZY_NPURGE, 0, 0, false},
    {"muzzy_nmadvise", MALLOC_MUZZY_NMADVISE, 0, 0, false},
    {"muzzy_purged", MALLOC_MUZZY_PURGED, 0, 0, false},
    {"small", MALLOC_SMALL, 0, 0, false},
    {"large", MALLOC_LARGE, 0, 0, false},
    {"mapped", MALLOC_MAPPED, 0, 0, false},
    {"retained", MALLOC_RETAINED, 0, 0, false},
    {"pinned", MALLOC_PINNED, JH_DEV, 0, false},
    {"base", MALLOC_BASE, 0, 0, false},
    {"internal", MALLOC_INTERNAL, 0, 0, false},
    {"metadata_edata", MALLOC_METADATA_EDATA, JH_5_3_1, 0, false},
    {"metadata_rtree", MALLOC_METADATA_RTREE, JH_5_3_1, 0, false},
    {"metadata_thp", MALLOC_METADATA_THP, JH_5_1_0, 0, false},
    {"tcache", MALLOC_TCACHE_BYTES, 0, JH_5_0_1, false},
    {"tcache_bytes", MALLOC_UNKNOWN, JH_5_1_0, JH_5_2_1, false}, /* wrong there */
    {"tcache_bytes", MALLOC_TCACHE_BYTES, JH_5_3_0, 0, false},
    {"tcache_stashed_bytes", MALLOC_UNKNOWN, JH_5_3_0, 0, false},
    {"resident", MALLOC_RESIDENT, 0, 0, false},
    {"abandoned_vm", MALLOC_ABANDONED_VM, JH_5_2_1, 0, false},
    {"extent_avail", MALLOC_EXTENT_AVAIL, JH_5_2_0, 0, false},
    {NULL, 0, 0, 0, false}};

/* Of all arenas together; "allocated", "active" and "metadata" stand in front of them. */
const struct malloc_row malloc_total_rows[] = {
    {"metadata_edata", MALLOC_METADATA_EDATA, JH_5_3_1, 0, false},
    {"metadata_rtree", MALLOC_METADATA_RTREE, JH_5_3_1, 0, false},
    {"metadata_thp", MALLOC_METADATA_THP, JH_5_1_0, 0, false},
    {"resident", MALLOC_RESIDENT, 0, 0, false},
    {"mapped", MALLOC_MAPPED, 0, 0, false},
    {"retained", MALLOC_RETAINED, 0, 0, false},
    {"pinned", MALLOC_PINNED, JH_DEV, 0, false},
    {NULL, 0, 0, 0, false}};

/* What configure has set, as far as a layout knows it. */
const struct jt_option malloc_config_rows[] = {
    {"cache_oblivious", NULL, 'o', 0, 0, NULL, NULL},
    {"debug", NULL, 'd', 0, 0, NULL, NULL},
    {"fill", NULL, '?', 0, 0, NULL, NULL},
    {"lazy_lock", NULL, '?', 0, 0, NULL, NULL},
    {"malloc_conf", NULL, '?', 0, 0, NULL, NULL},
    {"opt_safety_checks", NULL, '?', JH_5_2_1, 0, NULL, NULL},
    {"prof", NULL, 'f', 0, 0, NULL, NULL},
    {"prof_libgcc", NULL, '?', 0, 0, NULL, NULL},
    {"prof_libunwind", NULL, '?', 0, 0, NULL, NULL},
    {"prof_frameptr", NULL, '?', JH_5_3_1, 0, NULL, NULL},
    {"stats", NULL, 't', 0, 0, NULL, NULL},
    {"thp", NULL, '?', 0, JH_5_0_1, NULL, NULL},
    {"utrace", NULL, '?', 0, 0, NULL, NULL},
    {"xmalloc", NULL, '?', 0, 0, NULL, NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL}};
