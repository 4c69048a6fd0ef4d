/* malloc_mutex.c - what jemalloc counts of its locks: malloc_mutex_t.prof_data, in memory at any
 * time (mutex_prof.h).
 *
 * 5.2.0 to 5.3.0 print these numbers under the wrong keys: they take one column in two, of which
 * every second one is a rate (src/stats.c, mutex_stats_emit). A rate depends on the uptime, which
 * is not known; that of nothing is 0. */
#include <string.h>

#include "malloc_stats.h"
#include "open/inside.h"

enum { OPS, WAIT, SPIN, SWITCH, TOTAL, MAX, THREADS };

static const char *const member[MALLOC_MUTEX_NUMBERS] = {
    "prof_data.n_lock_ops",       "prof_data.n_wait_times",  "prof_data.n_spin_acquired",
    "prof_data.n_owner_switches", "prof_data.tot_wait_time", "prof_data.max_wait_time",
    "prof_data.max_n_thds"};

/* The first one that this version has. */
static const struct {
    const char *key, *path, *other;
    uint8_t from;
    bool base;
} locks[MALLOC_MUTEXES] = {
    {"large", "large_mtx", NULL, 0, false},
    {"extent_avail", "extent_avail_mtx", "pa_shard.edata_cache.mtx", 0, false},
    {"extents_dirty", "extents_dirty.mtx", "pa_shard.pac.ecache_dirty.mtx", 0, false},
    {"extents_muzzy", "extents_muzzy.mtx", "pa_shard.pac.ecache_muzzy.mtx", 0, false},
    {"extents_retained", "extents_retained.mtx", "pa_shard.pac.ecache_retained.mtx", 0, false},
    {"extents_pinned", "pa_shard.pac.ecache_pinned.mtx", NULL, JH_DEV, false},
    {"decay_dirty", "decay_dirty.mtx", "pa_shard.pac.decay_dirty.mtx", 0, false},
    {"decay_muzzy", "decay_muzzy.mtx", "pa_shard.pac.decay_muzzy.mtx", 0, false},
    {"base", "mtx", NULL, 0, true},
    {"tcache_list", "tcache_ql_mtx", "cache_bin_array_descriptor_ql_mtx", 0, false},
    {"hpa_shard", "pa_shard.hpa_shard.mtx", "pa_shard.hpa.mtx", JH_5_3_0, false},
    {"hpa_shard_grow", "pa_shard.hpa_shard.grow_mtx", "pa_shard.hpa.grow_mtx", JH_5_3_0, false},
    {"hpa_sec", NULL, NULL, JH_5_3_0, false}, /* of its shards, which are elsewhere */
};

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool offset_of(const struct cli *cli, const char *type, const char *path, uint64_t *out) {
    struct jh_member m;
    bool ok = path && jh_struct_member(&cli->target->layout, type, path, &m, NULL) == JH_OK;
    *out = ok ? m.offset : 0;
    return ok;
}

static bool add(const struct cli *cli, uint64_t at, struct malloc_mutex *sum) {
    for (size_t i = 0; i < MALLOC_MUTEX_NUMBERS; i++) {
        uint64_t offset, value;
        if (!offset_of(cli, "malloc_mutex_s", member[i], &offset) ||
            !jt_read_number(cli->target, at + offset, i == THREADS ? 4 : 8, &value)) {
            return false;
        }
        if (i == MAX || i == THREADS) {
            sum->number[i] = value > sum->number[i] ? value : sum->number[i];
        } else {
            sum->number[i] += value;
        }
    }
    return true;
}

void malloc_mutex_arena(const struct cli *cli, const struct jt_arena *arena,
                        struct malloc_mutex out[MALLOC_MUTEXES]) {
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        const char *type = locks[i].base ? "base_s" : "arena_s";
        uint64_t at = locks[i].base ? arena->base : arena->at, offset;
        out[i].known = at != 0 &&
                       (offset_of(cli, type, locks[i].path, &offset) ||
                        offset_of(cli, type, locks[i].other, &offset)) &&
                       add(cli, at + offset, &out[i]);
    }
}

void malloc_mutex_bin(const struct cli *cli, const struct jt_arena *arena, uint32_t szind,
                      struct malloc_mutex *out) {
    const struct jh_layout *l = &cli->target->layout;
    uint32_t shards = l->bin[szind].n_shards;
    uint64_t lock;
    out->known = shards != 0 && offset_of(cli, jt_bin_struct(l), "lock", &lock);
    for (uint32_t i = 0; out->known && i < shards; i++) {
        uint64_t at = jt_bin_at(cli->target, arena, szind, i);
        out->known = at != 0 && add(cli, at + lock, out);
    }
}

void malloc_mutex_add(struct malloc_mutex *sum, const struct malloc_mutex *one) {
    sum->known &= one->known;
    for (size_t i = 0; i < MALLOC_MUTEX_NUMBERS; i++) {
        bool most = i == MAX || i == THREADS;
        uint64_t added = sum->number[i] + one->number[i];
        uint64_t larger = sum->number[i] > one->number[i] ? sum->number[i] : one->number[i];
        sum->number[i] = most ? larger : added;
    }
}

/* ---- printing ---------------------------------------------------------------------------------
 */

bool malloc_mutex_json(struct json *j, const struct cli *cli, const char *key,
                       const struct malloc_mutex *m, malloc_unknown_fn *missing, void *arg) {
    static const char *const name[MALLOC_MUTEX_NUMBERS] = {
        "num_ops",         "num_wait",      "num_spin_acq", "num_owner_switch",
        "total_wait_time", "max_wait_time", "max_num_thds"};
    /* What is printed under each key, and is it its rate? */
    static const struct {
        uint8_t number;
        bool rate;
    } shifted[MALLOC_MUTEX_NUMBERS] = {{OPS, false},  {OPS, true},  {WAIT, false},   {WAIT, true},
                                       {SPIN, false}, {SPIN, true}, {THREADS, false}};
    bool wrong = malloc_has(cli, JH_5_2_0, JH_5_3_0);
    if (!m->known) {
        return false;
    }
    json_open(j, key, '{');
    for (size_t i = 0; i < MALLOC_MUTEX_NUMBERS; i++) {
        uint64_t value = m->number[wrong ? shifted[i].number : i];
        if (wrong && shifted[i].rate && value != 0) {
            missing(arg, key, name[i]);
        } else {
            json_number(j, name[i], value);
        }
    }
    json_close(j, '}');
    return true;
}

const char *malloc_mutex_key(const struct cli *cli, size_t index) {
    return malloc_has(cli, locks[index].from, 0) ? locks[index].key : NULL;
}
