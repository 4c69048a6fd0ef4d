/* counters: what arenas count, against what jemalloc's statistics say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "heap/numbers.h"

struct counters {
    struct comparison *c;
    const struct jt_target *target;
    uint32_t ind;
    struct jt_numbers has;
    bool told;        /* jemalloc has statistics of it */
    uint32_t large;   /* size classes that jemalloc has large allocations of */
    uint32_t nonfull; /* and slabs that are neither full nor current */
};

struct sum {
    bool known;
    uint64_t value;
};

/* ---- what an arena counts ------------------------------------------------------------------- */

static struct sum counter(const struct counters *x, enum jt_counter n) {
    return (struct sum){jt_counter_known(&x->has, n), x->has.value[n]};
}

static struct sum pages(const struct counters *x, enum jt_counter n) {
    struct sum s = counter(x, n);
    s.value <<= x->target->layout.build.lg_page;
    return s;
}

static struct sum both(struct sum a, struct sum b) {
    return (struct sum){a.known && b.known, a.value + b.value};
}

/* Since 5.3.1 those of huge pages are among them (arena_basic_stats_merge). */
static struct sum dirty(const struct counters *x) {
    struct jh_member m;
    const struct jh_layout *l = &x->target->layout;
    bool merged = jh_struct_member(l, "psset_stats_s", "merged", &m, NULL) == JH_OK;
    struct sum pac = counter(x, JT_NDIRTY);
    return merged ? both(pac, counter(x, JT_HPA_NDIRTY)) : pac;
}

static struct sum small(const struct counters *x) {
    struct sum s = {jt_bin_counter_known(&x->has, JT_BIN_CURREGS), 0};
    for (uint32_t i = 0; i < x->target->layout.sc_nbins; i++) {
        s.value += x->has.bin[i][JT_BIN_CURREGS] * x->target->layout.bin[i].reg_size;
    }
    return s;
}

static uint64_t curlextents(const struct counters *x, uint32_t szind) {
    const uint64_t *value = x->has.large[szind % JH_CACHE_BINS_MAX];
    return value[JT_LARGE_NMALLOC] - value[JT_LARGE_NDALLOC];
}

/* Of the arena, and of caches. */
static uint64_t requests(const struct counters *x, uint32_t szind) {
    const uint64_t *value = x->has.large[szind];
    return value[JT_LARGE_NMALLOC] + value[JT_LARGE_NREQUESTS];
}

/* Since 5.3.1 with what was asked for, in whole pages, not with its class. */
static struct sum large(const struct counters *x) {
    const struct jh_layout *l = &x->target->layout;
    bool exact = jt_large_counter_known(&x->has, JT_LARGE_ACTIVE_BYTES);
    struct sum s = {jt_large_counter_known(&x->has, JT_LARGE_NMALLOC), 0};
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        s.value += exact ? x->has.large[i][JT_LARGE_ACTIVE_BYTES]
                         : curlextents(x, i) * jh_index2size(l, i);
    }
    return s;
}

static bool sum_of(const struct counters *x, const char *what, struct sum *out) {
    const struct {
        const char *name;
        struct sum sum;
    } row[] = {
        {"pactive", counter(x, JT_NACTIVE)},
        {"pdirty", dirty(x)},
        {"pmuzzy", counter(x, JT_NMUZZY)},
        {"retained", pages(x, JT_NRETAINED)},
        {"mapped", both(counter(x, JT_MAPPED), counter(x, JT_BASE_MAPPED))},
        {"base", counter(x, JT_BASE_ALLOCATED)},
        {"internal", counter(x, JT_INTERNAL)},
        {"extent_avail", counter(x, JT_EXTENT_AVAIL)},
        {"dirty_npurge", counter(x, JT_DIRTY_NPURGE)},
        {"dirty_nmadvise", counter(x, JT_DIRTY_NMADVISE)},
        {"dirty_purged", counter(x, JT_DIRTY_PURGED)},
        {"muzzy_npurge", counter(x, JT_MUZZY_NPURGE)},
        {"muzzy_nmadvise", counter(x, JT_MUZZY_NMADVISE)},
        {"muzzy_purged", counter(x, JT_MUZZY_PURGED)},
        {"abandoned_vm", counter(x, JT_ABANDONED_VM)},
        {"metadata_edata", counter(x, JT_BASE_EDATA)},
        {"metadata_rtree", counter(x, JT_BASE_RTREE)},
        {"nthreads", counter(x, JT_NTHREADS)},
        {"dirty_decay_ms", counter(x, JT_DIRTY_DECAY_MS)},
        {"muzzy_decay_ms", counter(x, JT_MUZZY_DECAY_MS)},
        {"small.allocated", small(x)},
        {"large.allocated", large(x)},
    };
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (strcmp(what, row[i].name) == 0) {
            *out = row[i].sum;
            return true;
        }
    }
    return false;
}

/* ---- what jemalloc says --------------------------------------------------------------------- */

static void compare_sum(const struct counters *x, const char *name, uint64_t expected,
                        struct sum seen) {
    if (seen.known) {
        compare_number(x->c, name, 0, expected, seen.value);
    } else if (x->target->layout.bin[0].n_shards != 0 || jt_is_skeleton(x->target)) {
        compare_word(x->c, name, 0, "a number", "not known");
    }
}

static enum jt_bin_counter bin_counter(const char *name) {
    static const char *const names[JT_BIN_COUNTERS] = {
        "nmalloc",  "ndalloc", "nrequests", "curregs",  "nfills",
        "nflushes", "nslabs",  "nreslabs",  "curslabs", "nonfull_slabs"};
    unsigned i = 0;
    while (i + 1 < JT_BIN_COUNTERS && strcmp(names[i], name) != 0) {
        i++;
    }
    return (enum jt_bin_counter)i;
}

static void compare_one(struct counters *x, const struct truth_record *r) {
    unsigned ind, szind;
    char what[64], of_class[64];
    struct sum seen;
    if (sscanf(r->text, "stats.arenas.%u.%63s", &ind, what) != 2 || ind != x->ind) {
        return;
    }
    x->told |= strcmp(what, "large.allocated") == 0;
    if (sum_of(x, what, &seen)) {
        compare_sum(x, r->text, r->value[0], seen);
    } else if (sscanf(what, "lextents.%u.%63s", &szind, of_class) == 2) {
        bool current = strcmp(of_class, "curlextents") == 0;
        szind = (szind + x->target->layout.sc_nbins) % JH_CACHE_BINS_MAX;
        x->large += current;
        seen =
            (struct sum){x->has.large_known, current ? curlextents(x, szind) : requests(x, szind)};
        compare_sum(x, r->text, r->value[0], seen);
    } else if (sscanf(what, "bins.%u.%63s", &szind, of_class) == 2) {
        enum jt_bin_counter n = bin_counter(of_class);
        x->nonfull += n == JT_BIN_NONFULL;
        seen = (struct sum){jt_bin_counter_known(&x->has, n), x->has.bin[szind % JH_BINS_MAX][n]};
        compare_sum(x, r->text, r->value[0], seen);
    }
}

/* Classes that have no line have nothing. */
static void compare_rest(const struct counters *x) {
    const struct jh_layout *l = &x->target->layout;
    uint32_t nonfull = 0, of_large = 0;
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        nonfull += x->has.bin[i][JT_BIN_NONFULL] != 0;
    }
    for (uint32_t i = l->sc_nbins; i < l->sc_nsizes; i++) {
        of_large += curlextents(x, i) != 0;
    }
    if (x->told) {
        if (x->has.bins_known) {
            compare_number(x->c, "stats.nonfull", x->ind, x->nonfull, nonfull);
        }
        compare_number(x->c, "stats.curlextents", x->ind, x->large, of_large);
    }
}

static void compare_bins(const struct counters *x) {
    const struct truth_list *list = &x->c->truth->list[TRUTH_STAT];
    bool known = jt_bin_counter_known(&x->has, JT_BIN_CURREGS);
    for (size_t i = 0; i < list->count && x->told && known && !x->c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        const uint64_t *bin = x->has.bin[truth_get(TRUTH_STAT, r, KEY_BIN) % JH_BINS_MAX];
        if (truth_get(TRUTH_STAT, r, KEY_ARENA) == x->ind) {
            compare_number(x->c, "bin.curregs", x->ind, truth_get(TRUTH_STAT, r, KEY_CURREGS),
                           bin[JT_BIN_CURREGS]);
            compare_number(x->c, "bin.curslabs", x->ind, truth_get(TRUTH_STAT, r, KEY_CURSLABS),
                           bin[JT_BIN_CURSLABS]);
        }
    }
}

void compare_counters(struct comparison *c, struct jt_target *target) {
    const struct truth_list *list = &c->truth->list[TRUTH_MALLCTL];
    const struct jt_arenas *all = jt_arenas(target);
    struct counters *x = calloc(1, sizeof(*x));
    if (!x) {
        abort();
    }
    for (size_t i = 0; i < all->count && !c->no_blocks; i++) {
        *x = (struct counters){.c = c, .target = target, .ind = all->arena[i].known.ind};
        jt_numbers(target, &all->arena[i], &x->has);
        for (size_t k = 0; k < list->count && !c->stop; k++) {
            compare_one(x, &list->record[k]);
        }
        if (!c->stop) {
            compare_rest(x);
            compare_bins(x);
        }
    }
    free(x);
}
