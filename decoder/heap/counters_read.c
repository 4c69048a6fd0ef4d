/* counters_read.c - an arena's counters, and where the heaps of its unused extents begin, as its
 * memory has them: rows of what stands where in arena_t, of which a version has some.
 *
 * include/jemalloc/internal/{arena_structs_b,extent_structs,arena_stats}.h up to 5.2, then
 * {arena_structs,pa,pac,ecache,eset,arena_stats}.h. */
#include "heap/counters.h"
#include "heap/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (256u << 10)

/* Numbers of an array: of structs, then the member too. Those of `added` and `taken` are added to
 * them and taken from them. */
struct row {
    enum jh_counter kind;
    uint8_t state; /* of unused extents */
    bool stats;    /* builds without statistics keep none */
    const char *array, *member, *added, *taken;
};

#define UNUSED(n, name)                                                                            \
    {JH_COUNT_PAGES, n, false, "extents_" name ".npages", NULL, NULL, NULL},                       \
        {JH_COUNT_EXTENTS, n, true, "extents_" name ".nextents", NULL, NULL, NULL}, {              \
        JH_COUNT_BYTES, n, true, "extents_" name ".nbytes", NULL, NULL, NULL                       \
    }
#define ECACHE "pa_shard.pac.ecache_"
#define UNUSED_5_3(n, name)                                                                        \
    {JH_COUNT_PAGES,                                                                               \
     n,                                                                                            \
     false,                                                                                        \
     ECACHE name ".eset.npages",                                                                   \
     NULL,                                                                                         \
     ECACHE name ".guarded_eset.npages",                                                           \
     NULL},                                                                                        \
        {JH_COUNT_EXTENTS,                                                                         \
         n,                                                                                        \
         true,                                                                                     \
         ECACHE name ".eset.bin_stats",                                                            \
         "nextents",                                                                               \
         ECACHE name ".guarded_eset.bin_stats.nextents",                                           \
         NULL},                                                                                    \
    {                                                                                              \
        JH_COUNT_BYTES, n, true, ECACHE name ".eset.bin_stats", "nbytes",                          \
            ECACHE name ".guarded_eset.bin_stats.nbytes", NULL                                     \
    }

static const struct row rows[] = {
    {JH_COUNT_ACTIVE, 0, false, "nactive", NULL, NULL, NULL},
    {JH_COUNT_ACTIVE, 0, false, "pa_shard.nactive", NULL, NULL, NULL},
    UNUSED(0, "dirty"),
    UNUSED(1, "muzzy"),
    UNUSED(2, "retained"),
    UNUSED_5_3(0, "dirty"),
    UNUSED_5_3(1, "muzzy"),
    UNUSED_5_3(2, "retained"),
    UNUSED_5_3(3, "pinned"),
    {JH_COUNT_LARGE, 0, true, "stats.lstats", "nmalloc", NULL, "stats.lstats.ndalloc"},
    {JH_COUNT_LARGE_BYTES, 0, true, "stats.lstats", "active_bytes", NULL, NULL},
};

/* Where heaps of unused extents begin. */
static const struct {
    uint8_t state;
    bool guarded;
    const char *array, *member;
} heaps[] = {
    {0, false, "extents_dirty.heaps", NULL},
    {1, false, "extents_muzzy.heaps", NULL},
    {2, false, "extents_retained.heaps", NULL},
    {0, false, ECACHE "dirty.eset.bins", "heap.root"},
    {1, false, ECACHE "muzzy.eset.bins", "heap.root"},
    {2, false, ECACHE "retained.eset.bins", "heap.root"},
    {3, false, ECACHE "pinned.eset.bins", "heap.root"},
    {0, true, ECACHE "dirty.guarded_eset.bins", "heap.root"},
    {1, true, ECACHE "muzzy.guarded_eset.bins", "heap.root"},
    {2, true, ECACHE "retained.guarded_eset.bins", "heap.root"},
    {3, true, ECACHE "pinned.guarded_eset.bins", "heap.root"},
};

/* ---- an arena's bytes ----------------------------------------------------------------------- */

struct bytes {
    const struct jt_target *target;
    uint64_t at;
    uint8_t *of;
    size_t len;
};

static bool number(const struct bytes *b, uint64_t offset, uint64_t width, uint64_t *out) {
    if (offset > b->len || b->len - offset < width) {
        return false;
    }
    *out = jt_number_at(b->target, b->of + offset, (unsigned)width);
    return true;
}

/* An array and one member of its elements, or the elements themselves. */
struct series {
    uint64_t offset, stride, count, width;
};

static bool find(const struct jh_layout *l, const char *array, const char *member,
                 struct series *out) {
    struct jh_member a, m;
    char path[96];
    if (jh_struct_member(l, "arena_s", array, &a, NULL) != JH_OK) {
        return false;
    }
    *out = (struct series){a.offset, a.size, a.count, a.size};
    if (member == NULL) {
        return true;
    }
    snprintf(path, sizeof path, "%s.%s", array, member);
    if (jh_struct_member(l, "arena_s", path, &m, NULL) != JH_OK) {
        return false;
    }
    out->offset = m.offset;
    out->width = m.size;
    return true;
}

static bool other(const struct jh_layout *l, const char *path, struct series *s) {
    struct jh_member m;
    if (path == NULL || jh_struct_member(l, "arena_s", path, &m, NULL) != JH_OK) {
        return false;
    }
    s->offset = m.offset;
    return true;
}

static void take_row(const struct jt_counters *c, const struct bytes *b, const struct row *row,
                     struct jt_held *out) {
    const struct jh_layout *l = &c->target->layout;
    struct series s, added, taken;
    if (!find(l, row->array, row->member, &s)) {
        return;
    }
    added = taken = s;
    bool adds = other(l, row->added, &added), takes = other(l, row->taken, &taken);
    uint32_t first = c->counting.first[row->kind];
    first += row->kind == JH_COUNT_PAGES ? row->state : row->state * (c->counting.page_classes + 1);
    for (uint64_t i = 0; i < s.count; i++) {
        uint64_t value, more = 0, less = 0, at = i * s.stride;
        if (!number(b, s.offset + at, s.width, &value) ||
            (adds && !number(b, added.offset + at, s.width, &more)) ||
            (takes && !number(b, taken.offset + at, s.width, &less))) {
            return;
        }
        jt_held_set(out, first + (uint32_t)i, b->at + s.offset + at, value + more - less);
    }
}

/* False: some heaps are not known. */
static bool take_heaps(struct jt_counters *c, uint32_t arena, const struct bytes *b) {
    for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++) {
        struct series s;
        if (!find(&c->target->layout, heaps[i].array, heaps[i].member, &s)) {
            continue;
        }
        for (uint64_t n = 0; n < s.count; n++) {
            uint64_t first, at = s.offset + n * s.stride;
            uint32_t set =
                jt_unused_set(&c->counting, heaps[i].state, heaps[i].guarded, (uint32_t)n);
            if (!number(b, at, s.width, &first) ||
                (first != 0 && !jt_head_add(c, arena, set, b->at + at, first))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- for counters_check.c ------------------------------------------------------------------- */

bool jt_held_make(const struct jh_counting *counting, struct jt_held *out) {
    size_t count = counting->first[JH_COUNTERS];
    *out = (struct jt_held){
        .value = calloc(count, sizeof *out->value),
        .at = calloc(count, sizeof *out->at),
        .slabcur = calloc(counting->bin[counting->layout->sc_nbins] + 1, sizeof *out->slabcur),
    };
    return out->value != NULL && out->at != NULL && out->slabcur != NULL;
}

void jt_held_free(struct jt_held *held) {
    free(held->value);
    free(held->at);
    free(held->slabcur);
}

void jt_held_set(struct jt_held *held, uint32_t index, uint64_t at, uint64_t value) {
    held->at[index] = at;
    held->value[index] = value;
}

void jt_held_read(struct jt_counters *c, uint32_t arena, struct jt_held *out) {
    const struct jt_arena *a = &c->target->priv->base->arenas.arena[arena];
    const struct jh_reader *r = &c->target->heap.reader;
    struct bytes b = {c->target, a->at, malloc(ARENA_BYTES_MAX), 0};
    memset(out->at, 0, c->counting.first[JH_COUNTERS] * sizeof *out->at);
    memset(out->slabcur, 0, c->counting.bin[c->target->layout.sc_nbins] * sizeof *out->slabcur);
    if (b.of == NULL) {
        c->target->memory_ran_out = true;
        return;
    }
    if (a->at != 0) {
        enum jh_status status = r->read(r->arg, a->at, b.of, ARENA_BYTES_MAX, &b.len);
        (void)status; /* what is not there is not judged */
        bool stats = jt_has_statistics(c->target, a);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (stats || !rows[i].stats) {
                take_row(c, &b, &rows[i], out);
            }
        }
        c->headed[arena] = take_heaps(c, arena, &b);
        jt_bins_read(c, arena, stats, out);
    }
    free(b.of);
}
