/* options.c - jemalloc's options and other variables of its own, as malloc_stats_print prints them.
 *
 * src/stats.c at each tag: stats_general_print, stats_print_helper; src/ctl.c: ctl_arenas_s begins
 * with a 64-bit epoch, and then narenas. */
#include "heap/options.h"

#include <stdio.h>
#include <string.h>

#include "heap/inside.h"

#define HPA(key, member, kind, from, to)                                                           \
    { key, "opt_hpa_opts", kind, from, to, member, "hpa_shard_opts_s" }
#define SEC(key, member, from, to)                                                                 \
    { key, "opt_hpa_sec_opts", 'm', from, to, member, "sec_opts_s" }
#define OPT(key, kind, from, to)                                                                   \
    { key, NULL, kind, from, to, NULL, NULL }

const struct jt_option jt_option_rows[] = {
    OPT("global_var", '?', JH_5_3_1, 0),
    OPT("symlink", '?', JH_5_3_1, 0),
    OPT("env_var", '?', JH_5_3_1, 0),
    OPT("abort", 'b', 0, 0),
    OPT("abort_conf", 'b', 0, 0),
    OPT("cache_oblivious", 'b', JH_5_3_0, 0),
    OPT("confirm_conf", 'b', JH_5_2_1, 0),
    OPT("experimental_hpa_start_huge_if_thp_always", 'b', JH_5_3_1, 0),
    OPT("experimental_hpa_enforce_hugify", 'b', JH_5_3_1, 0),
    OPT("retain", 'b', 0, 0),
    OPT("dss", 'p', 0, 0),
    OPT("narenas", 'n', 0, 0),
    {"percpu_arena", NULL, 'e', 0, 0, "percpu_arena_mode_names", NULL},
    OPT("oversize_threshold", 'n', JH_5_2_0, 0),
    OPT("hpa", 'b', JH_5_3_0, 0),
    HPA("hpa_slab_max_alloc", "slab_max_alloc", 'm', JH_5_3_0, 0),
    HPA("hpa_hugification_threshold", "hugification_threshold", 'm', JH_5_3_0, 0),
    HPA("hpa_hugify_delay_ms", "hugify_delay_ms", 'm', JH_5_3_0, 0),
    HPA("hpa_hugify_sync", NULL, '?', JH_5_3_1, 0),
    HPA("hpa_min_purge_interval_ms", "min_purge_interval_ms", 'm', JH_5_3_0, 0),
    HPA("experimental_hpa_max_purge_nhp", NULL, '?', JH_5_3_1, 0),
    HPA("hpa_dirty_mult", NULL, '?', JH_5_3_0, 0),
    HPA("hpa_purge_threshold", "purge_threshold", 'm', JH_5_3_1, 0),
    HPA("hpa_min_purge_delay_ms", "min_purge_delay_ms", 'm', JH_5_3_1, 0),
    HPA("hpa_hugify_style", NULL, '?', JH_5_3_1, 0),
    SEC("hpa_sec_nshards", "nshards", JH_5_3_0, 0),
    SEC("hpa_sec_max_alloc", "max_alloc", JH_5_3_0, 0),
    SEC("hpa_sec_max_bytes", "max_bytes", JH_5_3_0, 0),
    SEC("hpa_sec_bytes_after_flush", "bytes_after_flush", JH_5_3_0, JH_5_3_0),
    SEC("hpa_sec_batch_fill_extra", "batch_fill_extra", JH_5_3_0, JH_5_3_1),
    OPT("huge_arena_pac_thp", 'b', JH_5_3_1, 0),
    {"metadata_thp", NULL, 'e', JH_5_1_0, 0, "metadata_thp_mode_names", NULL},
    OPT("mutex_max_spin", 'i', JH_5_3_0, 0),
    OPT("background_thread", 'b', 0, 0),
    OPT("dirty_decay_ms", 'i', 0, 0),
    OPT("muzzy_decay_ms", 'i', 0, 0),
    OPT("lg_extent_max_active_fit", 'n', JH_5_2_0, 0),
    OPT("junk", 'p', 0, 0),
    OPT("zero", 'b', 0, 0),
    OPT("experimental_tcache_gc", 'b', JH_5_3_1, 0),
    OPT("tcache", 'b', 0, 0),
    OPT("lg_tcache_max", 'i', 0, JH_5_2_1),
    OPT("tcache_max", 'n', JH_5_3_0, 0),
    OPT("tcache_nslots_small_min", 'n', JH_5_3_0, 0),
    OPT("tcache_nslots_small_max", 'n', JH_5_3_0, 0),
    OPT("tcache_nslots_large", 'n', JH_5_3_0, 0),
    OPT("lg_tcache_nslots_mul", 'i', JH_5_3_0, 0),
    OPT("tcache_gc_incr_bytes", 'n', JH_5_3_0, 0),
    OPT("tcache_gc_delay_bytes", 'n', JH_5_3_0, 0),
    OPT("lg_tcache_flush_small_div", 'n', JH_5_3_0, 0),
    OPT("lg_tcache_flush_large_div", 'n', JH_5_3_0, 0),
    OPT("debug_double_free_max_scan", 'n', JH_5_3_1, 0),
    {"thp", NULL, 'e', JH_5_1_0, 0, "thp_mode_names", NULL},
    OPT("stats_print", 'b', 0, 0),
    OPT("stats_print_opts", 's', 0, 0),
    OPT("stats_interval", 'i', JH_5_3_0, 0),
    OPT("stats_interval_opts", 's', JH_5_3_0, 0),
    {"zero_realloc", "opt_zero_realloc_action", 'e', JH_5_3_0, 0, "zero_realloc_mode_names", NULL},
    OPT("process_madvise_max_batch", 'n', JH_5_3_1, 0),
    OPT("disable_large_size_classes", 'b', JH_5_3_1, 0),
    {NULL, NULL, 0, 0, 0, NULL, NULL}};

const struct jt_option jt_variable_rows[] = {
    {"nhbins", "nhbins", 'n', 0, 0, NULL, NULL},
    {"nhbins", "global_do_not_change_tcache_nbins", 'n', 0, 0, NULL, NULL},
    {"narenas", "ctl_arenas", 'c', 0, 0, NULL, NULL},
    {"dirty_decay_ms", "dirty_decay_ms_default", 'i', 0, 0, NULL, NULL},
    {"muzzy_decay_ms", "muzzy_decay_ms_default", 'i', 0, 0, NULL, NULL},
    {"tcache_max", "tcache_maxclass", 'n', 0, 0, NULL, NULL},
    {"tcache_max", "global_do_not_change_tcache_maxclass", 'n', 0, 0, NULL, NULL},
    {"zero_reallocs", "zero_realloc_count", 'n', JH_5_3_0, 0, NULL, NULL},
    {NULL, NULL, 0, 0, 0, NULL, NULL}};

/* ---- reading --------------------------------------------------------------------------------- */

bool jt_option_of(const struct jt_target *target, const struct jt_option *o) {
    unsigned version = target->layout.build.version;
    return version >= o->from && (o->to == 0 || version <= o->to);
}

void jt_option_symbol(const struct jt_option *o, char name[JT_OPTION_NAME]) {
    snprintf(name, JT_OPTION_NAME, "%s%s", o->symbol != NULL ? "" : "opt_",
             o->symbol != NULL ? o->symbol : o->key);
}

bool jt_read_text(const struct jt_target *target, uint64_t at, char text[JT_OPTION_TEXT]) {
    for (size_t i = 0; i < JT_OPTION_TEXT; i++) {
        uint64_t byte;
        if (!jt_read_number(target, at + i, 1, &byte)) {
            return false;
        }
        text[i] = (char)byte;
        if (byte == 0) {
            return true;
        }
    }
    return false;
}

static bool read_pointed(const struct jt_target *target, uint64_t at, char text[JT_OPTION_TEXT]) {
    uint64_t to;
    return jt_read_word(target, at, &to) && to != 0 && jt_read_text(target, to, text);
}

static bool read_named(struct jt_target *target, const struct jt_option *o, uint64_t at,
                       uint64_t size, char text[JT_OPTION_TEXT]) {
    uint64_t index, names, bytes;
    unsigned word = target->priv->words;
    return size <= 8 && jt_read_number(target, at, (unsigned)size, &index) &&
           jt_symbol(target, o->names, &names, &bytes) && index < bytes / word &&
           read_pointed(target, names + index * word, text);
}

static bool read_member(const struct jt_target *target, const struct jt_option *o, uint64_t at,
                        uint64_t *value) {
    struct jh_member m;
    return jh_struct_member(&target->layout, o->of, o->names, &m, NULL) == JH_OK && m.size <= 8 &&
           jt_read_number(target, at + m.offset, (unsigned)m.size, value);
}

static bool read_count(const struct jt_target *target, uint64_t at, uint64_t *value) {
    uint64_t copy;
    return jt_read_word(target, at, &copy) && copy != 0 &&
           jt_read_number(target, copy + 8, 4, value);
}

static bool read_sized(const struct jt_target *target, const struct jt_option *o, uint64_t at,
                       uint64_t size, uint64_t *value) {
    if (size > 8 || !jt_read_number(target, at, (unsigned)size, value)) {
        return false;
    }
    if (o->kind == 'i' && size == 4) {
        *value = (uint64_t)(int32_t)*value;
    }
    return true;
}

bool jt_option_read(struct jt_target *target, const struct jt_option *o,
                    struct jt_option_value *out) {
    char name[JT_OPTION_NAME];
    uint64_t at, size;
    out->number = 0;
    out->text[0] = 0;
    jt_option_symbol(o, name);
    if (o->kind == '?' || !jt_symbol(target, name, &at, &size)) {
        return false;
    }
    switch (o->kind) {
    case 's':
        return jt_read_text(target, at, out->text);
    case 'p':
        return read_pointed(target, at, out->text);
    case 'e':
        return read_named(target, o, at, size, out->text);
    case 'm':
        return read_member(target, o, at, &out->number);
    case 'c':
        return read_count(target, at, &out->number);
    default:
        return read_sized(target, o, at, size, &out->number);
    }
}
