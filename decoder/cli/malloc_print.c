/* malloc_print.c - the JSON that malloc_stats_print would print, as far as memory has it. What it
 * has not is left out, and its path stands under "jeheap.unknown". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "malloc_stats.h"
#include "open/inside.h"

enum { UNKNOWN_MAX = 256, PATH = 96, TEXT = 256 };

struct printing {
    struct cli *cli;
    struct json *j;
    const char *letters;
    const struct jt_totals *totals;
    char unknown[UNKNOWN_MAX][PATH]; /* arenas and bins are * in it */
    size_t unknowns;
};

static bool off(const struct printing *p, char letter) {
    return strchr(p->letters, letter) != NULL;
}

static void unknown(struct printing *p, const char *where, const char *key) {
    char path[PATH];
    snprintf(path, sizeof(path), "%s%s%s", where, *where ? "." : "", key);
    for (size_t i = 0; i < p->unknowns; i++) {
        if (strcmp(p->unknown[i], path) == 0) {
            return;
        }
    }
    if (p->unknowns < UNKNOWN_MAX) {
        memcpy(p->unknown[p->unknowns++], path, sizeof(path));
    }
}

static void maybe(struct printing *p, const char *where, const char *key, bool known,
                  uint64_t value) {
    if (known) {
        json_number(p->j, key, value);
    } else {
        unknown(p, where, key);
    }
}

/* ---- variables --------------------------------------------------------------------------------
 */

static bool read_text(const struct cli *cli, uint64_t at, char text[TEXT]) {
    for (size_t i = 0; i < TEXT; i++) {
        uint64_t byte;
        if (!jt_read_number(cli->target, at + i, 1, &byte)) {
            return false;
        }
        text[i] = (char)byte;
        if (byte == 0) {
            return true;
        }
    }
    return false;
}

static bool read_pointed(const struct cli *cli, uint64_t at, char text[TEXT]) {
    uint64_t to;
    return jt_read_word(cli->target, at, &to) && to != 0 && read_text(cli, to, text);
}

static bool read_named(const struct cli *cli, const struct malloc_option *o, uint64_t at,
                       uint64_t size, char text[TEXT]) {
    uint64_t index, names, bytes;
    unsigned word = cli->target->priv->words;
    return size <= 8 && jt_read_number(cli->target, at, (unsigned)size, &index) &&
           jt_symbol(cli->target, o->names, &names, &bytes) && index < bytes / word &&
           read_pointed(cli, names + index * word, text);
}

static bool read_member(const struct cli *cli, const struct malloc_option *o, uint64_t at,
                        uint64_t *value) {
    struct jh_member m;
    return jh_struct_member(&cli->target->layout, o->of, o->names, &m, NULL) == JH_OK &&
           m.size <= 8 && jt_read_number(cli->target, at + m.offset, (unsigned)m.size, value);
}

/* False: it is not known. */
static bool option(struct printing *p, const struct malloc_option *o) {
    char name[80], text[TEXT];
    uint64_t at, size, value;
    snprintf(name, sizeof(name), "%s%s", o->symbol ? "" : "opt_", o->symbol ? o->symbol : o->key);
    if (o->kind == '?' || !jt_symbol(p->cli->target, name, &at, &size)) {
        return false;
    }
    bool ok = o->kind == 's'   ? read_text(p->cli, at, text)
              : o->kind == 'p' ? read_pointed(p->cli, at, text)
              : o->kind == 'e' ? read_named(p->cli, o, at, size, text)
              : o->kind == 'm'
                  ? read_member(p->cli, o, at, &value)
                  : size <= 8 && jt_read_number(p->cli->target, at, (unsigned)size, &value);
    if (!ok) {
        return false;
    }
    if (o->kind == 'b') {
        json_bool(p->j, o->key, value != 0);
    } else if (o->kind == 'i') {
        json_signed(p->j, o->key, size == 4 ? (int32_t)value : (int64_t)value);
    } else if (o->kind == 'n' || o->kind == 'm') {
        json_number(p->j, o->key, value);
    } else {
        json_text(p->j, o->key, text);
    }
    return true;
}

static bool configured(struct printing *p, const struct malloc_option *o) {
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

static void options(struct printing *p, const char *where, const struct malloc_option *o,
                    bool (*print)(struct printing *, const struct malloc_option *)) {
    json_open(p->j, where, '{');
    for (; o->key; o++) {
        if (malloc_has(p->cli, o->from, o->to) && !print(p, o)) {
            unknown(p, where, o->key);
        }
    }
    json_close(p->j, '}');
}

/* ---- general ----------------------------------------------------------------------------------
 */

static void variable(struct printing *p, const char *where, const char *key,
                     const char *const symbol[2], bool is_signed) {
    uint64_t at, size, value;
    for (size_t i = 0; i < 2 && symbol[i]; i++) {
        if (jt_symbol(p->cli->target, symbol[i], &at, &size) && size <= 8 &&
            jt_read_number(p->cli->target, at, (unsigned)size, &value)) {
            if (is_signed) {
                json_signed(p->j, key, size == 4 ? (int32_t)value : (int64_t)value);
            } else {
                json_number(p->j, key, value);
            }
            return;
        }
    }
    unknown(p, where, key);
}

static void classes(struct printing *p) {
    const struct jh_layout *l = &p->cli->target->layout;
    json_number(p->j, "nbins", l->sc_nbins);
    variable(p, "arenas", "nhbins",
             (const char *const[]){"nhbins", "global_do_not_change_tcache_nbins"}, false);
    json_open(p->j, "bin", '[');
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        json_open(p->j, NULL, '{');
        json_number(p->j, "size", l->bin[i].reg_size);
        json_number(p->j, "nregs", l->bin[i].nregs);
        json_number(p->j, "slab_size", l->bin[i].slab_size);
        if (l->build.version >= JH_5_2_0) {
            json_number(p->j, "nshards", l->bin[i].n_shards);
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

/* What mallctl has counted when it last looked. */
static void narenas(struct printing *p) {
    uint64_t at, size, ctl, value;
    bool ok = jt_symbol(p->cli->target, "ctl_arenas", &at, &size) &&
              jt_read_word(p->cli->target, at, &ctl) && ctl != 0 &&
              jt_read_number(p->cli->target, ctl + 8, 4, &value);
    maybe(p, "arenas", "narenas", ok, ok ? value : 0);
}

static void general(struct printing *p) {
    const struct jh_layout *l = &p->cli->target->layout;
    const char *version = p->cli->target->version_string;
    if (*version) {
        json_text(p->j, "version", version);
    } else {
        unknown(p, "", "version");
    }
    options(p, "config", malloc_config_rows, configured);
    if (l->build.version >= JH_5_3_1) {
        unknown(p, "", "system");
    }
    options(p, "opt", malloc_opt_rows, option);
    if (l->build.prof) {
        unknown(p, "", "prof");
    }
    json_open(p->j, "arenas", '{');
    narenas(p);
    variable(p, "arenas", "dirty_decay_ms", (const char *const[]){"dirty_decay_ms_default", NULL},
             true);
    variable(p, "arenas", "muzzy_decay_ms", (const char *const[]){"muzzy_decay_ms_default", NULL},
             true);
    json_number(p->j, "quantum", UINT64_C(1) << l->build.lg_quantum);
    json_number(p->j, "page", UINT64_C(1) << l->build.lg_page);
    if (l->build.version >= JH_5_3_1) {
        unknown(p, "arenas", "hugepage");
    }
    variable(p, "arenas", "tcache_max",
             (const char *const[]){"tcache_maxclass", "global_do_not_change_tcache_maxclass"},
             false);
    classes(p);
    json_close(p->j, '}');
}

/* ---- an arena ---------------------------------------------------------------------------------
 */

static const char arena_path[] = "stats.arenas.*";

static void counts(struct printing *p, const char *where, const char *const key[], bool known,
                   const uint64_t value[], const bool has[]) {
    for (size_t i = 0; key[i]; i++) {
        if (has[i]) {
            maybe(p, where, key[i], known, value[i]);
        }
    }
}

static void small(struct printing *p, const struct malloc_arena *a) {
    static const char *const key[] = {"nmalloc", "ndalloc",  "nrequests",
                                      "nfills",  "nflushes", NULL};
    static const enum jt_bin_counter from[] = {JT_BIN_NMALLOC, JT_BIN_NDALLOC, JT_BIN_NREQUESTS,
                                               JT_BIN_NFILLS, JT_BIN_NFLUSHES};
    bool later = malloc_has(p->cli, JH_5_2_1, 0), has[] = {true, true, true, later, later};
    uint64_t sum[5] = {0};
    for (uint32_t i = 0; i < p->cli->target->layout.sc_nbins; i++) {
        for (size_t k = 0; k < 5; k++) {
            sum[k] += a->numbers.bin[i][from[k]];
        }
    }
    json_open(p->j, "small", '{');
    maybe(p, "stats.arenas.*.small", "allocated", a->known[MALLOC_SMALL_ALLOCATED],
          a->value[MALLOC_SMALL_ALLOCATED]);
    counts(p, "stats.arenas.*.small", key, a->numbers.bins_known, sum, has);
    json_close(p->j, '}');
}

/* A large allocation is a fill of its own; merged, 5.2.1 does not count flushes. */
static void large(struct printing *p, const struct malloc_arena *a, bool merged) {
    static const char *const key[] = {"nmalloc", "ndalloc",  "nrequests",
                                      "nfills",  "nflushes", NULL};
    const struct jh_layout *l = &p->cli->target->layout;
    bool later = malloc_has(p->cli, JH_5_2_1, 0), has[] = {true, true, true, later, later};
    uint64_t sum[5] = {0};
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        const uint64_t *c = a->numbers.large[i];
        sum[0] += c[JT_LARGE_NMALLOC];
        sum[1] += c[JT_LARGE_NDALLOC];
        sum[2] += c[JT_LARGE_NMALLOC] + c[JT_LARGE_NREQUESTS];
        sum[3] += c[JT_LARGE_NMALLOC];
        sum[4] += merged && l->build.version == JH_5_2_1 ? 0 : c[JT_LARGE_NFLUSHES];
    }
    json_open(p->j, "large", '{');
    maybe(p, "stats.arenas.*.large", "allocated", a->known[MALLOC_LARGE_ALLOCATED],
          a->value[MALLOC_LARGE_ALLOCATED]);
    counts(p, "stats.arenas.*.large", key, a->numbers.large_known, sum, has);
    json_close(p->j, '}');
}

static void in_arena(void *arg, const char *mutex, const char *key) {
    char path[PATH];
    snprintf(path, sizeof(path), "stats.arenas.*.mutexes.%s", mutex);
    unknown(arg, path, key);
}

static void in_bin(void *arg, const char *mutex, const char *key) {
    (void)mutex;
    unknown(arg, "stats.arenas.*.bins.*.mutex", key);
}

static void mutexes(struct printing *p, const struct malloc_arena *a) {
    json_open(p->j, "mutexes", '{');
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        const char *key = malloc_mutex_key(p->cli, i);
        if (key && !malloc_mutex_json(p->j, p->cli, key, &a->mutex[i], in_arena, p)) {
            unknown(p, "stats.arenas.*.mutexes", key);
        }
    }
    json_close(p->j, '}');
}

static void bins(struct printing *p, const struct malloc_arena *a) {
    static const char *const key[] = {"nmalloc",  "ndalloc",  "curregs",  "nrequests",     "nfills",
                                      "nflushes", "nreslabs", "curslabs", "nonfull_slabs", NULL};
    static const enum jt_bin_counter from[] = {JT_BIN_NMALLOC,   JT_BIN_NDALLOC,  JT_BIN_CURREGS,
                                               JT_BIN_NREQUESTS, JT_BIN_NFILLS,   JT_BIN_NFLUSHES,
                                               JT_BIN_RESLABS,   JT_BIN_CURSLABS, JT_BIN_NONFULL};
    bool nonfull = malloc_has(p->cli, JH_5_2_1, 0);
    bool has[] = {true, true, true, true, true, true, true, true, nonfull};
    if (!a->numbers.bins_known) {
        unknown(p, arena_path, "bins");
        return;
    }
    json_open(p->j, "bins", '[');
    for (uint32_t i = 0; i < p->cli->target->layout.sc_nbins; i++) {
        uint64_t value[9];
        for (size_t k = 0; k < 9; k++) {
            value[k] = a->numbers.bin[i][from[k]];
        }
        json_open(p->j, NULL, '{');
        counts(p, "stats.arenas.*.bins.*", key, true, value, has);
        if (!off(p, 'x') &&
            !malloc_mutex_json(p->j, p->cli, "mutex", &a->bin_mutex[i], in_bin, p)) {
            unknown(p, "stats.arenas.*.bins.*", "mutex");
        }
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void lextents(struct printing *p, const struct malloc_arena *a) {
    const struct jh_layout *l = &p->cli->target->layout;
    if (!a->numbers.large_known) {
        unknown(p, arena_path, "lextents");
        return;
    }
    json_open(p->j, "lextents", '[');
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        const uint64_t *c = a->numbers.large[i];
        json_open(p->j, NULL, '{');
        json_number(p->j, "curlextents", c[JT_LARGE_NMALLOC] - c[JT_LARGE_NDALLOC]);
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void extents(struct printing *p, const struct malloc_arena *a) {
    static const char *const key[] = {"ndirty",         "nmuzzy",       "nretained",
                                      "npinned",        "dirty_bytes",  "muzzy_bytes",
                                      "retained_bytes", "pinned_bytes", NULL};
    const struct jh_layout *l = &p->cli->target->layout;
    bool pinned = malloc_has(p->cli, JH_DEV, 0);
    bool has[] = {true, true, true, pinned, true, true, true, pinned};
    if (!a->extents_known) {
        unknown(p, arena_path, "extents");
        return;
    }
    json_open(p->j, "extents", '[');
    for (uint32_t i = 0; i < l->sc_npsizes; i++) {
        uint64_t value[8];
        for (size_t k = 0; k < 4; k++) {
            value[k] = a->extents[k][i];
            value[4 + k] = a->bytes[k][i];
        }
        json_open(p->j, NULL, '{');
        counts(p, "", key, true, value, has);
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void decay(struct printing *p, const char *key, const struct malloc_arena *a,
                  enum malloc_value value, bool merged) {
    if (merged || a->known[value]) {
        json_signed(p->j, key, merged ? -1 : (int64_t)a->value[value]);
    } else {
        unknown(p, arena_path, key);
    }
}

static void dss(struct printing *p, const struct malloc_arena *a, bool merged) {
    static const char *const name[] = {"disabled", "primary", "secondary"};
    uint64_t value = a->value[MALLOC_DSS];
    if (merged || (a->known[MALLOC_DSS] && value < 3)) {
        json_text(p->j, "dss", merged ? "N/A" : name[value]);
    } else {
        unknown(p, arena_path, "dss");
    }
}

static void name(struct printing *p, const struct malloc_arena *a) {
    struct jh_member m;
    char text[TEXT];
    if (a->value[MALLOC_NAME] != 0 &&
        jh_struct_member(&p->cli->target->layout, "arena_s", "name", &m, NULL) == JH_OK &&
        read_text(p->cli, a->value[MALLOC_NAME] + m.offset, text)) {
        json_text(p->j, "name", text);
    } else {
        unknown(p, arena_path, "name");
    }
}

static void arena_row(struct printing *p, const struct malloc_row *row,
                      const struct malloc_arena *a, bool merged) {
    switch (row->value) {
    case MALLOC_NAME:
        name(p, a);
        break;
    case MALLOC_DSS:
        dss(p, a, merged);
        break;
    case MALLOC_DIRTY_DECAY:
    case MALLOC_MUZZY_DECAY:
        decay(p, row->key, a, (enum malloc_value)row->value, merged);
        break;
    case MALLOC_SMALL:
        small(p, a);
        break;
    case MALLOC_LARGE:
        large(p, a, merged);
        break;
    default:
        maybe(p, arena_path, row->key, a->known[row->value], a->value[row->value]);
    }
}

static void arena(struct printing *p, const char *key, const struct malloc_arena *a, bool merged) {
    uint8_t version = (uint8_t)p->cli->target->layout.build.version;
    json_open(p->j, key, '{');
    for (const struct malloc_row *row = malloc_arena_rows; row->key; row++) {
        if (malloc_has(p->cli, row->from, row->to) && !(row->own && merged)) {
            arena_row(p, row, a, merged);
        }
    }
    if (!off(p, 'x')) {
        mutexes(p, a);
    }
    if (!off(p, 'b')) {
        bins(p, a);
    }
    if (!off(p, 'l')) {
        lextents(p, a);
    }
    if (!off(p, 'e') && version >= JH_5_2_0) {
        extents(p, a);
    }
    if (!off(p, 'h') && version >= JH_5_3_0) {
        unknown(p, arena_path, "hpa_shard");
        if (version == JH_5_3_0) {
            unknown(p, arena_path, "sec_bytes");
        }
    }
    json_close(p->j, '}');
}

/* ---- all --------------------------------------------------------------------------------------
 */

static uint64_t tcache_bytes_of(const struct printing *p, uint32_t ind) {
    for (size_t i = 0; i < p->totals->arenas; i++) {
        if (p->totals->arena[i].ind == ind) {
            return p->totals->arena[i].tcache_bytes;
        }
    }
    return 0;
}

static void totals(struct printing *p, const struct malloc_arena *sum) {
    const struct jh_layout *l = &p->cli->target->layout;
    bool allocated = sum->known[MALLOC_SMALL_ALLOCATED] && sum->known[MALLOC_LARGE_ALLOCATED];
    bool metadata = sum->known[MALLOC_BASE] && sum->known[MALLOC_INTERNAL];
    json_open(p->j, "stats", '{');
    maybe(p, "stats", "allocated", allocated,
          sum->value[MALLOC_SMALL_ALLOCATED] + sum->value[MALLOC_LARGE_ALLOCATED]);
    maybe(p, "stats", "active", sum->known[MALLOC_PACTIVE],
          sum->value[MALLOC_PACTIVE] << l->build.lg_page);
    maybe(p, "stats", "metadata", metadata, sum->value[MALLOC_BASE] + sum->value[MALLOC_INTERNAL]);
    for (const struct malloc_row *row = malloc_total_rows; row->key; row++) {
        if (malloc_has(p->cli, row->from, row->to)) {
            maybe(p, "stats", row->key, sum->known[row->value], sum->value[row->value]);
        }
    }
    if (l->build.version >= JH_5_3_0) {
        variable(p, "stats", "zero_reallocs", (const char *const[]){"zero_realloc_count", NULL},
                 false);
    }
    unknown(p, "stats", "background_thread");
    if (!off(p, 'x')) {
        unknown(p, "stats", "mutexes");
    }
    json_close(p->j, '}');
}

static void unknown_keys(struct printing *p) {
    json_open(p->j, "jeheap.unknown", '[');
    for (size_t i = 0; i < p->unknowns; i++) {
        json_text(p->j, NULL, p->unknown[i]);
    }
    json_close(p->j, ']');
}

/* two[0] is for one arena at a time, two[1] for their sum. */
static void read_arenas(struct printing *p, struct malloc_arena *two, size_t count) {
    const struct jt_arenas *all = &p->cli->target->priv->base->arenas;
    struct malloc_arena *sum = &two[1];
    memset(sum, 0, sizeof(*sum));
    memset(sum->known, count != 0, sizeof(sum->known));
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        sum->bin_mutex[i].known = count != 0;
    }
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        sum->mutex[i].known = count != 0;
    }
    sum->numbers.bins_known = sum->numbers.large_known = sum->extents_known = count != 0;
    for (size_t i = 0; i < count; i++) {
        const struct jt_arena *a = &all->arena[i];
        malloc_arena_read(p->cli, a, tcache_bytes_of(p, a->known.ind), two);
        malloc_arena_add(sum, two);
    }
}

static void arenas(struct printing *p, struct malloc_arena *two, size_t count) {
    const struct jt_arenas *all = &p->cli->target->priv->base->arenas;
    json_open(p->j, "stats.arenas", '{');
    if (!off(p, 'm') && (count > 1 || off(p, 'a'))) {
        arena(p, "merged", &two[1], true);
    }
    if (!off(p, 'd')) {
        unknown(p, "stats.arenas", "destroyed");
    }
    for (size_t i = 0; i < count && !off(p, 'a'); i++) {
        char ind[16];
        const struct jt_arena *a = &all->arena[i];
        malloc_arena_read(p->cli, a, tcache_bytes_of(p, a->known.ind), two);
        snprintf(ind, sizeof(ind), "%" PRIu32, a->known.ind);
        arena(p, ind, two, false);
    }
    json_close(p->j, '}');
}

void malloc_stats_print(struct cli *cli, const struct jt_totals *t, const char *letters) {
    size_t count = cli->target->priv->base->arenas.count;
    struct printing *p = calloc(1, sizeof(*p));
    struct malloc_arena *two = calloc(2, sizeof(*two));
    if (!p || !two) {
        cli->target->memory_ran_out = true;
        free(p);
        free(two);
        return;
    }
    *p = (struct printing){.cli = cli, .j = &cli->json, .letters = letters, .totals = t};
    json_open(p->j, NULL, '{');
    json_open(p->j, "jemalloc", '{');
    if (!off(p, 'g')) {
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
