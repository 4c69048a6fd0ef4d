/* skeleton_own.c - what a skeleton keeps of arenas and of variables, so that those who read them
 * find the same bytes at the same addresses: what arenas count and link, their locks, options.
 *
 * An arena is kept only where it and its base lie in jemalloc's own blocks, and all of these are
 * known: a damaged table of arenas may lead into the program's memory. Of a variable what is read
 * is kept, and of what it points at only what is jemalloc's own or cannot be written. */
#include <string.h>

#include "heap/options.h"
#include "skeleton/inside.h"

/* ---- arenas ---------------------------------------------------------------------------------- */

bool jt_arena_is_kept(const struct jt_target *target, const struct jt_arena *a) {
    const struct jt_base *base = target->priv->base;
    return !target->priv->skeleton->decoding_only && base->complete &&
           jt_ranges_hold(base->range, base->ranges, a->at) &&
           jt_ranges_hold(base->range, base->ranges, a->base);
}

static void add_struct(const struct jt_target *target, struct jt_ranges *set, const char *type,
                       uint64_t at) {
    uint64_t size;
    uint32_t align;
    if (jh_struct_size(&target->layout, type, &size, &align, NULL) == JH_OK) {
        jt_ranges_add(set, at, size);
    }
}

static void add_bins(struct jt_target *target, struct jt_ranges *set, const struct jt_arena *a) {
    const struct jh_layout *l = &target->layout;
    for (uint32_t szind = 0; szind < l->sc_nbins; szind++) {
        for (uint32_t i = 0; i < l->bin[szind].n_shards; i++) {
            uint64_t at = jt_bin_at(target, a, szind, i);
            if (at != 0) {
                add_struct(target, set, jt_bin_struct(l), at);
            }
        }
    }
}

void jt_own_arenas_keep(struct jt_target *target, const struct jt_ranges *handed_out,
                        struct jt_ranges *keep) {
    const struct jt_base *base = target->priv->base;
    struct jt_ranges set = {NULL, 0, 0, false};
    for (size_t i = 0; i < base->arenas.count; i++) {
        const struct jt_arena *a = &base->arenas.arena[i];
        if (jt_arena_is_kept(target, a)) {
            add_struct(target, &set, "arena_s", a->at);
            add_struct(target, &set, "base_s", a->base);
            add_bins(target, &set, a);
        }
    }
    jt_ranges_merge(&set);
    jt_ranges_cut(&set, base->range, base->ranges, true);
    jt_ranges_cut(&set, handed_out->range, handed_out->count, false);
    jt_ranges_add_all(keep, &set);
    jt_ranges_free(&set);
}

/* ---- variables ------------------------------------------------------------------------------- */

/* Those that commands read by name, beside the options. When the decoder reads another one, add it
 * here. */
static const char *const variable[] = {"bin_infos",         "arena_bin_info",
                                       "sz_large_pad",      "opt_disable_large_size_classes",
                                       "manual_arena_base", "narenas_auto"};

struct names {
    char name[JT_VARIABLES_MAX][JT_OPTION_NAME];
    size_t count;
};

/* Each of them once. */
static void add_name(struct names *names, const char *name) {
    size_t i = 0;
    while (i < names->count && strcmp(names->name[i], name) != 0) {
        i++;
    }
    if (i == names->count && i < JT_VARIABLES_MAX) {
        memcpy(names->name[names->count++], name, strlen(name) + 1);
    }
}

static void add_options(const struct jt_target *target, struct names *names,
                        const struct jt_option *o) {
    char name[JT_OPTION_NAME];
    for (; o->key != NULL; o++) {
        if (jt_option_of(target, o) && o->kind != '?') {
            jt_option_symbol(o, name);
            add_name(names, name);
        }
        if (jt_option_of(target, o) && o->kind == 'e') {
            add_name(names, o->names);
        }
    }
}

void jt_skeleton_variables(struct jt_target *target, jt_variable_fn *each, void *arg) {
    enum { FIXED = sizeof variable / sizeof variable[0] };
    struct names names = {.count = 0};
    uint64_t addr, size;
    for (size_t i = 0; i < FIXED; i++) {
        add_name(&names, variable[i]);
    }
    if (!target->priv->skeleton->decoding_only) {
        add_options(target, &names, jt_option_rows);
        add_options(target, &names, jt_variable_rows);
    }
    for (size_t i = 0; i < names.count; i++) {
        if (jt_symbol(target, names.name[i], &addr, &size)) {
            each(arg, &(struct jt_skeleton_variable){names.name[i], addr, size, i >= FIXED});
        }
    }
}

/* ---- what options lead to -------------------------------------------------------------------- */

/* Memory that what an option points at may be in: jemalloc's own, and what it cannot write. */
static void add_pointed(const struct jt_target *target, struct jt_ranges *set) {
    const struct jt_private *p = target->priv;
    const struct jt_module *m = target->jemalloc;
    struct jt_ranges fixed = {NULL, 0, 0, false}, writable = {NULL, 0, 0, false};
    jt_ranges_add_all(&writable, &p->writable);
    jt_ranges_merge(&writable);
    for (size_t i = 0; m != NULL && i < m->ranges; i++) {
        jt_ranges_add(&fixed, m->range[i].start, m->range[i].end - m->range[i].start);
    }
    jt_ranges_merge(&fixed);
    jt_ranges_cut(&fixed, writable.range, writable.count, false);
    if (!writable.lost) {
        jt_ranges_add_all(set, &fixed);
    }
    set->lost |= writable.lost;
    jt_ranges_free(&fixed);
    jt_ranges_free(&writable);
    for (size_t i = 0; p->base->complete && i < p->base->ranges; i++) {
        jt_ranges_add(set, p->base->range[i].start,
                      p->base->range[i].end - p->base->range[i].start);
    }
}

static void read_options(struct jt_target *target, const struct jt_option *o) {
    struct jt_option_value value;
    for (; o->key != NULL; o++) {
        if (jt_option_of(target, o)) {
            (void)jt_option_read(target, o, &value); /* what is read is recorded */
        }
    }
}

static void add_variable(void *arg, const struct jt_skeleton_variable *v) {
    jt_ranges_add(arg, v->addr, v->size);
}

static void keep_fixed(void *arg, const struct jt_skeleton_variable *v) {
    if (!v->option) {
        jt_ranges_add(arg, v->addr, v->size);
    }
}

static void keep_options(struct jt_target *target, const struct jt_ranges *handed_out,
                         struct jt_ranges *keep) {
    const struct jh_heap heap = target->heap;
    struct jt_ranges seen = {NULL, 0, 0, false}, may = {NULL, 0, 0, false};
    struct jt_watching watching;
    target->heap = jt_watched(target, &watching, &seen);
    read_options(target, jt_option_rows);
    read_options(target, jt_variable_rows);
    target->heap = heap;
    jt_ranges_merge(&seen);
    if (!jt_is_skeleton(target)) { /* which has nothing else */
        jt_skeleton_variables(target, add_variable, &may);
        add_pointed(target, &may);
        jt_ranges_merge(&may);
        jt_ranges_cut(&seen, may.range, may.count, true);
        jt_ranges_cut(&seen, handed_out->range, handed_out->count, false);
    }
    jt_ranges_add_all(keep, &seen);
    keep->lost |= may.lost;
    jt_ranges_free(&seen);
    jt_ranges_free(&may);
}

void jt_variables_keep(struct jt_target *target, const struct jt_ranges *handed_out,
                       struct jt_ranges *keep) {
    jt_skeleton_variables(target, keep_fixed, keep);
    if (!target->priv->skeleton->decoding_only) {
        keep_options(target, handed_out, keep);
    }
}
