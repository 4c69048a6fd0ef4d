/* malloc_print.c - the JSON that malloc_stats_print would print, as far as memory has it. What it
 * has not is left out, and its path stands under "jeheap.unknown". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "malloc_stats.h"
#include "open/inside.h"

bool malloc_off(const struct malloc_printing *p, char letter) {
    return strchr(p->letters, letter) != NULL;
}

void malloc_unknown(struct malloc_printing *p, const char *where, const char *key) {
    char path[MALLOC_PATH];
    snprintf(path, sizeof(path), "%s%s%s", where, *where ? "." : "", key);
    for (size_t i = 0; i < p->unknowns; i++) {
        if (strcmp(p->unknown[i], path) == 0) {
            return;
        }
    }
    if (p->unknowns < MALLOC_UNKNOWN_MAX) {
        memcpy(p->unknown[p->unknowns++], path, sizeof(path));
    }
}

void malloc_maybe(struct malloc_printing *p, const char *where, const char *key, bool known,
                  uint64_t value) {
    if (known) {
        json_number(p->j, key, value);
    } else {
        malloc_unknown(p, where, key);
    }
}

/* ---- variables --------------------------------------------------------------------------------
 */

/* False: it is not known. */
static bool option(struct malloc_printing *p, const struct jt_option *o) {
    struct jt_option_value value;
    if (!jt_option_read(p->cli->target, o, &value)) {
        return false;
    }
    if (o->kind == 'b') {
        json_bool(p->j, o->key, value.number != 0);
    } else if (o->kind == 'i') {
        json_signed(p->j, o->key, (int64_t)value.number);
    } else if (strchr("nmc", o->kind)) {
        json_number(p->j, o->key, value.number);
    } else {
        json_text(p->j, o->key, value.text);
    }
    return true;
}

static bool configured(struct malloc_printing *p, const struct jt_option *o) {
    const struct jh_build *b = &p->cli->target->layout.build;
    const struct {
        char kind;
        bool value;
    } known[] = {{'o', b->cache_oblivious}, {'d', b->debug}, {'f', b->prof}, {'t', b->stats}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (o->kind == known[i].kind) {
            json_bool(p->j, o->key, known[i].value);
            return true;
        }
    }
    return false;
}

static void options(struct malloc_printing *p, const char *where, const struct jt_option *o,
                    bool (*print)(struct malloc_printing *, const struct jt_option *)) {
    json_open(p->j, where, '{');
    for (; o->key; o++) {
        if (jt_option_of(p->cli->target, o) && !print(p, o)) {
            malloc_unknown(p, where, o->key);
        }
    }
    json_close(p->j, '}');
}

/* ---- general ----------------------------------------------------------------------------------
 */

static void variable(struct malloc_printing *p, const char *where, const char *key) {
    const struct jt_option *o = jt_variable_rows;
    while (o->key && (strcmp(o->key, key) != 0 || !option(p, o))) {
        o++;
    }
    if (!o->key) {
        malloc_unknown(p, where, key);
    }
}

static void classes(struct malloc_printing *p) {
    const struct jh_layout *l = &p->cli->target->layout;
    json_number(p->j, "nbins", l->sc_nbins);
    variable(p, "arenas", "nhbins");
    json_open(p->j, "bin", '[');
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        json_open(p->j, NULL, '{');
        json_number(p->j, "size", l->bin[i].reg_size);
        json_number(p->j, "nregs", l->bin[i].nregs);
        json_number(p->j, "slab_size", l->bin[i].slab_size);
        if (malloc_has(p->cli, JH_5_2_0, 0)) {
            malloc_maybe(p, "arenas.bin.*", "nshards", l->bin[i].n_shards != 0, l->bin[i].n_shards);
        }
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
    json_number(p->j, "nlextents", l->sc_nsizes - l->sc_nbins);
    json_open(p->j, "lextent", '[');
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        json_open(p->j, NULL, '{');
        json_number(p->j, "size", jh_index2size(l, i));
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void general(struct malloc_printing *p) {
    const struct jh_layout *l = &p->cli->target->layout;
    const char *version = p->cli->target->version_string;
    if (*version) {
        json_text(p->j, "version", version);
    } else {
        malloc_unknown(p, "", "version");
    }
    options(p, "config", malloc_config_rows, configured);
    if (malloc_has(p->cli, JH_5_3_1, 0)) {
        malloc_unknown(p, "", "system");
    }
    options(p, "opt", jt_option_rows, option);
    if (l->build.prof) {
        malloc_unknown(p, "", "prof");
    }
    json_open(p->j, "arenas", '{');
    variable(p, "arenas", "narenas"); /* as mallctl has counted them when it last looked */
    variable(p, "arenas", "dirty_decay_ms");
    variable(p, "arenas", "muzzy_decay_ms");
    json_number(p->j, "quantum", UINT64_C(1) << l->build.lg_quantum);
    json_number(p->j, "page", UINT64_C(1) << l->build.lg_page);
    if (malloc_has(p->cli, JH_5_3_1, 0)) {
        malloc_unknown(p, "arenas", "hugepage");
    }
    variable(p, "arenas", "tcache_max");
    classes(p);
    json_close(p->j, '}');
}

/* ---- all --------------------------------------------------------------------------------------
 */

static uint64_t tcache_bytes_of(const struct malloc_printing *p, uint32_t ind) {
    for (size_t i = 0; i < p->totals->arenas; i++) {
        if (p->totals->arena[i].ind == ind) {
            return p->totals->arena[i].tcache_bytes;
        }
    }
    return 0;
}

static void totals(struct malloc_printing *p, const struct malloc_arena *sum) {
    const struct jh_layout *l = &p->cli->target->layout;
    bool allocated = sum->known[MALLOC_SMALL_ALLOCATED] && sum->known[MALLOC_LARGE_ALLOCATED];
    bool metadata = sum->known[MALLOC_BASE] && sum->known[MALLOC_INTERNAL];
    json_open(p->j, "stats", '{');
    malloc_maybe(p, "stats", "allocated", allocated,
                 sum->value[MALLOC_SMALL_ALLOCATED] + sum->value[MALLOC_LARGE_ALLOCATED]);
    malloc_maybe(p, "stats", "active", sum->known[MALLOC_PACTIVE],
                 sum->value[MALLOC_PACTIVE] << l->build.lg_page);
    malloc_maybe(p, "stats", "metadata", metadata,
                 sum->value[MALLOC_BASE] + sum->value[MALLOC_INTERNAL]);
    for (const struct malloc_row *row = malloc_total_rows; row->key; row++) {
        if (malloc_has(p->cli, row->from, row->to)) {
            malloc_maybe(p, "stats", row->key, sum->known[row->value], sum->value[row->value]);
        }
    }
    if (malloc_has(p->cli, JH_5_3_0, 0)) {
        variable(p, "stats", "zero_reallocs");
    }
    malloc_unknown(p, "stats", "background_thread");
    if (!malloc_off(p, 'x')) {
        malloc_unknown(p, "stats", "mutexes");
    }
    json_close(p->j, '}');
}

static void unknown_keys(struct malloc_printing *p) {
    json_open(p->j, "jeheap.unknown", '[');
    for (size_t i = 0; i < p->unknowns; i++) {
        json_text(p->j, NULL, p->unknown[i]);
    }
    json_close(p->j, ']');
}

static bool knows_all_arenas(const struct malloc_printing *p) {
    const struct jt_base *base = p->cli->target->priv->base;
    return base->complete && base->arenas.count != 0;
}

/* two[0] is for one arena at a time, two[1] for their sum. */
static void read_arenas(struct malloc_printing *p, struct malloc_arena *two, size_t count) {
    const struct jt_arenas *all = &p->cli->target->priv->base->arenas;
    struct malloc_arena *sum = &two[1];
    const bool known = knows_all_arenas(p);
    memset(sum, 0, sizeof(*sum));
    memset(sum->known, known, sizeof(sum->known));
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        sum->bin_mutex[i].known = known;
    }
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        sum->mutex[i].known = known;
    }
    sum->numbers.bins_known = sum->numbers.large_known = sum->extents_known = known;
    for (size_t i = 0; i < count; i++) {
        const struct jt_arena *a = &all->arena[i];
        malloc_arena_read(p->cli, a, tcache_bytes_of(p, a->known.ind), two);
        malloc_arena_add(sum, two);
    }
}

static void arenas(struct malloc_printing *p, struct malloc_arena *two, size_t count) {
    const struct jt_arenas *all = &p->cli->target->priv->base->arenas;
    json_open(p->j, "stats.arenas", '{');
    if (!knows_all_arenas(p)) {
        malloc_unknown(p, "", "stats.arenas");
    }
    if (!malloc_off(p, 'm') && (count > 1 || malloc_off(p, 'a'))) {
        malloc_arena_print(p, "merged", &two[1], true);
    }
    if (!malloc_off(p, 'd')) {
        malloc_unknown(p, "stats.arenas", "destroyed");
    }
    for (size_t i = 0; i < count && !malloc_off(p, 'a'); i++) {
        char ind[16];
        const struct jt_arena *a = &all->arena[i];
        malloc_arena_read(p->cli, a, tcache_bytes_of(p, a->known.ind), two);
        snprintf(ind, sizeof(ind), "%" PRIu32, a->known.ind);
        malloc_arena_print(p, ind, two, false);
    }
    json_close(p->j, '}');
}

void malloc_stats_print(struct cli *cli, const struct jt_totals *t, const char *letters) {
    size_t count = cli->target->priv->base->arenas.count;
    struct malloc_printing *p = calloc(1, sizeof(*p));
    struct malloc_arena *two = calloc(2, sizeof(*two));
    if (!p || !two) {
        cli->target->memory_ran_out = true;
        free(p);
        free(two);
        return;
    }
    *p = (struct malloc_printing){.cli = cli, .j = &cli->json, .letters = letters, .totals = t};
    json_open(p->j, NULL, '{');
    json_open(p->j, "jemalloc", '{');
    if (!malloc_off(p, 'g')) {
        general(p);
    }
    if (cli->target->layout.build.stats) {
        read_arenas(p, two, count);
        totals(p, &two[1]);
        arenas(p, two, count);
    }
    json_close(p->j, '}');
    unknown_keys(p);
    json_close(p->j, '}');
    json_line(p->j);
    free(p);
    free(two);
}
