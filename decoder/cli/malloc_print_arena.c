/* malloc_print_arena.c - an arena, or all of them together, as malloc_stats_print would print it.
 */
#include <inttypes.h>
#include <string.h>

#include "malloc_stats.h"

static const char arena_path[] = "stats.arenas.*";

static void counts(struct malloc_printing *p, const char *where, const char *const key[],
                   bool known, const uint64_t value[], const bool has[]) {
    for (size_t i = 0; key[i]; i++) {
        if (has[i]) {
            malloc_maybe(p, where, key[i], known, value[i]);
        }
    }
}

static void small(struct malloc_printing *p, const struct malloc_arena *a) {
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
    malloc_maybe(p, "stats.arenas.*.small", "allocated", a->known[MALLOC_SMALL_ALLOCATED],
                 a->value[MALLOC_SMALL_ALLOCATED]);
    counts(p, "stats.arenas.*.small", key, a->numbers.bins_known, sum, has);
    json_close(p->j, '}');
}

/* A large allocation is a fill of its own; merged, 5.2.1 does not count flushes. */
static void large(struct malloc_printing *p, const struct malloc_arena *a, bool merged) {
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
        sum[4] += merged && malloc_has(p->cli, JH_5_2_1, JH_5_2_1) ? 0 : c[JT_LARGE_NFLUSHES];
    }
    json_open(p->j, "large", '{');
    malloc_maybe(p, "stats.arenas.*.large", "allocated", a->known[MALLOC_LARGE_ALLOCATED],
                 a->value[MALLOC_LARGE_ALLOCATED]);
    counts(p, "stats.arenas.*.large", key, a->numbers.large_known, sum, has);
    json_close(p->j, '}');
}

static void in_arena(void *arg, const char *mutex, const char *key) {
    char path[MALLOC_PATH];
    snprintf(path, sizeof(path), "stats.arenas.*.mutexes.%s", mutex);
    malloc_unknown(arg, path, key);
}

static void in_bin(void *arg, const char *mutex, const char *key) {
    (void)mutex;
    malloc_unknown(arg, "stats.arenas.*.bins.*.mutex", key);
}

static void mutexes(struct malloc_printing *p, const struct malloc_arena *a) {
    json_open(p->j, "mutexes", '{');
    for (size_t i = 0; i < MALLOC_MUTEXES; i++) {
        const char *key = malloc_mutex_key(p->cli, i);
        if (key && !malloc_mutex_json(p->j, p->cli, key, &a->mutex[i], in_arena, p)) {
            malloc_unknown(p, "stats.arenas.*.mutexes", key);
        }
    }
    json_close(p->j, '}');
}

static void bins(struct malloc_printing *p, const struct malloc_arena *a) {
    static const char *const key[] = {"nmalloc",  "ndalloc",  "curregs",  "nrequests",     "nfills",
                                      "nflushes", "nreslabs", "curslabs", "nonfull_slabs", NULL};
    static const enum jt_bin_counter from[] = {JT_BIN_NMALLOC,   JT_BIN_NDALLOC,  JT_BIN_CURREGS,
                                               JT_BIN_NREQUESTS, JT_BIN_NFILLS,   JT_BIN_NFLUSHES,
                                               JT_BIN_RESLABS,   JT_BIN_CURSLABS, JT_BIN_NONFULL};
    bool nonfull = malloc_has(p->cli, JH_5_2_1, 0);
    bool has[] = {true, true, true, true, true, true, true, true, nonfull};
    if (!a->numbers.bins_known) {
        malloc_unknown(p, arena_path, "bins");
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
        if (!malloc_off(p, 'x') &&
            !malloc_mutex_json(p->j, p->cli, "mutex", &a->bin_mutex[i], in_bin, p)) {
            malloc_unknown(p, "stats.arenas.*.bins.*", "mutex");
        }
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void lextents(struct malloc_printing *p, const struct malloc_arena *a) {
    const struct jh_layout *l = &p->cli->target->layout;
    if (!a->numbers.large_known) {
        malloc_unknown(p, arena_path, "lextents");
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

static void extents(struct malloc_printing *p, const struct malloc_arena *a) {
    static const char *const key[] = {"ndirty",         "nmuzzy",       "nretained",
                                      "npinned",        "dirty_bytes",  "muzzy_bytes",
                                      "retained_bytes", "pinned_bytes", NULL};
    const struct jh_layout *l = &p->cli->target->layout;
    bool pinned = malloc_has(p->cli, JH_DEV, 0);
    bool has[] = {true, true, true, pinned, true, true, true, pinned};
    if (!a->extents_known) {
        malloc_unknown(p, arena_path, "extents");
        return;
    }
    json_open(p->j, "extents", '[');
    for (uint32_t i = 0; i < l->sc_npsizes; i++) {
        uint64_t value[8];
        for (size_t k = 0; k < 4; k++) {
            value[k] = a->extents.value[k][JT_UNUSED_EXTENTS][i];
            value[4 + k] = a->extents.value[k][JT_UNUSED_BYTES][i];
        }
        json_open(p->j, NULL, '{');
        counts(p, "", key, true, value, has);
        json_close(p->j, '}');
    }
    json_close(p->j, ']');
}

static void decay(struct malloc_printing *p, const char *key, const struct malloc_arena *a,
                  enum malloc_value value, bool merged) {
    if (merged || a->known[value]) {
        json_signed(p->j, key, merged ? -1 : (int64_t)a->value[value]);
    } else {
        malloc_unknown(p, arena_path, key);
    }
}

static void dss(struct malloc_printing *p, const struct malloc_arena *a, bool merged) {
    static const char *const name[] = {"disabled", "primary", "secondary"};
    uint64_t value = a->value[MALLOC_DSS];
    if (merged || (a->known[MALLOC_DSS] && value < 3)) {
        json_text(p->j, "dss", merged ? "N/A" : name[value]);
    } else {
        malloc_unknown(p, arena_path, "dss");
    }
}

static void name(struct malloc_printing *p, const struct malloc_arena *a) {
    struct jh_member m;
    char text[JT_OPTION_TEXT];
    if (a->value[MALLOC_NAME] != 0 &&
        jh_struct_member(&p->cli->target->layout, "arena_s", "name", &m, NULL) == JH_OK &&
        jt_read_text(p->cli->target, a->value[MALLOC_NAME] + m.offset, text)) {
        json_text(p->j, "name", text);
    } else {
        malloc_unknown(p, arena_path, "name");
    }
}

static void arena_row(struct malloc_printing *p, const struct malloc_row *row,
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
        malloc_maybe(p, arena_path, row->key, a->known[row->value], a->value[row->value]);
    }
}

void malloc_arena_print(struct malloc_printing *p, const char *key, const struct malloc_arena *a,
                        bool merged) {
    json_open(p->j, key, '{');
    for (const struct malloc_row *row = malloc_arena_rows; row->key; row++) {
        if (malloc_has(p->cli, row->from, row->to) && !(row->own && merged)) {
            arena_row(p, row, a, merged);
        }
    }
    if (!malloc_off(p, 'x')) {
        mutexes(p, a);
    }
    if (!malloc_off(p, 'b')) {
        bins(p, a);
    }
    if (!malloc_off(p, 'l')) {
        lextents(p, a);
    }
    if (!malloc_off(p, 'e') && malloc_has(p->cli, JH_5_2_0, 0)) {
        extents(p, a);
    }
    if (!malloc_off(p, 'h') && malloc_has(p->cli, JH_5_3_0, 0)) {
        malloc_unknown(p, arena_path, "hpa_shard");
        if (malloc_has(p->cli, JH_5_3_0, JH_5_3_0)) {
            malloc_unknown(p, arena_path, "sec_bytes");
        }
    }
    json_close(p->j, '}');
}
