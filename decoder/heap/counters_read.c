/* counters_read.c - an arena's counters, and where the heaps of its unused extents begin, as its
 * memory has them. It is read at once.
 *
 * include/jemalloc/internal/{arena_structs_b,extent_structs,arena_stats}.h up to 5.2, then
 * {arena_structs,pa,pac,ecache,eset,arena_stats}.h. */
#include "heap/counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECACHE "pa_shard.pac.ecache_"

/* Where heaps of unused extents begin. */
static const struct {
    uint8_t state;
    bool guarded;
    const char *array, *member;
} heaps[JT_HEAPS] = {
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

/* An array of the elements themselves, or of one member of each. */
void jt_heaps_learn(const struct jh_layout *layout, struct jt_numbers_form *form) {
    for (size_t i = 0; i < JT_HEAPS; i++) {
        const char *array = heaps[i].array, *member = heaps[i].member;
        struct jh_member a, m;
        char path[96];
        snprintf(path, sizeof path, "%s%s%s", array, member != NULL ? "." : "",
                 member != NULL ? member : "");
        if (jh_struct_member(layout, "arena_s", array, &a, NULL) == JH_OK &&
            jh_struct_member(layout, "arena_s", path, &m, NULL) == JH_OK) {
            form->heap[i] = (struct jt_series){(uint32_t)m.offset, 0, (uint32_t)a.size,
                                               (uint32_t)a.count, (uint8_t)m.size};
        }
    }
}

/* ---- counters, where numbers.c and numbers_unused.c say ----------------------------------------
 */

/* The number there and another one, which 0 is none of. */
static bool sum(const struct bytes *b, uint64_t at, uint64_t more, unsigned size, uint64_t *out) {
    uint64_t other = 0;
    if (size == 0 || !number(b, at, size, out) || (more != 0 && !number(b, more, size, &other))) {
        return false;
    }
    *out += other;
    return true;
}

static void take_place(const struct bytes *b, const struct jt_place_of *p, uint32_t index,
                       struct jt_recorded *out) {
    uint64_t value;
    if (sum(b, p->at, p->other, p->size, &value)) {
        jt_recorded_set(out, index, b->at + p->at, value);
    }
}

static void take_unused(const struct jt_counters *c, const struct bytes *b, uint32_t state,
                        struct jt_recorded *out) {
    static const enum jh_counter kind[JT_UNUSED_COUNTERS] = {JH_COUNT_EXTENTS, JH_COUNT_BYTES};
    const struct jt_numbers_form *f = jt_numbers_form(c->target);
    for (unsigned k = 0; k < JT_UNUSED_COUNTERS; k++) {
        const struct jt_series *s = &f->unused[state][k];
        uint32_t first = c->counting.first[kind[k]] + state * (c->counting.page_classes + 1);
        uint64_t value;
        for (uint32_t i = 0; i < s->count; i++) {
            uint64_t at = s->at + (uint64_t)i * s->stride;
            uint64_t more = s->other != 0 ? s->other + (uint64_t)i * s->stride : 0;
            if (!sum(b, at, more, s->size, &value)) {
                return;
            }
            jt_recorded_set(out, first + i, b->at + at, value);
        }
    }
}

static void take_large(const struct jt_counters *c, const struct bytes *b,
                       struct jt_recorded *out) {
    const struct jt_numbers_form *f = jt_numbers_form(c->target);
    const struct jh_layout *l = &c->target->layout;
    for (uint32_t i = 0; f->large_size != 0 && i < (uint32_t)(l->sc_nsizes - l->sc_nbins); i++) {
        uint64_t made, given, bytes, at = f->large_at + (uint64_t)i * f->large_size;
        if (!number(b, at + f->large[JT_LARGE_NMALLOC], 8, &made) ||
            !number(b, at + f->large[JT_LARGE_NDALLOC], 8, &given)) {
            return;
        }
        jt_recorded_set(out, c->counting.first[JH_COUNT_LARGE] + i,
                        b->at + at + f->large[JT_LARGE_NMALLOC], made - given);
        if ((f->large_known >> JT_LARGE_ACTIVE_BYTES & 1) != 0 &&
            number(b, at + f->large[JT_LARGE_ACTIVE_BYTES], 8, &bytes)) {
            jt_recorded_set(out, c->counting.first[JH_COUNT_LARGE_BYTES] + i,
                            b->at + at + f->large[JT_LARGE_ACTIVE_BYTES], bytes);
        }
    }
}

/* Builds without statistics keep the first ones alone. */
static void take_counters(const struct jt_counters *c, const struct bytes *b, bool stats,
                          struct jt_recorded *out) {
    static const enum jt_counter pages[JH_UNUSED_STATES] = {JT_NDIRTY, JT_NMUZZY, JT_NRETAINED,
                                                            JT_NPINNED};
    const struct jt_numbers_form *f = jt_numbers_form(c->target);
    take_place(b, &f->place[JT_NACTIVE], c->counting.first[JH_COUNT_ACTIVE], out);
    for (uint32_t i = 0; i < JH_UNUSED_STATES; i++) {
        take_place(b, &f->place[pages[i]], c->counting.first[JH_COUNT_PAGES] + i, out);
        if (stats) {
            take_unused(c, b, i, out);
        }
    }
    if (stats) {
        take_large(c, b, out);
    }
}

/* False: some heaps are not known. */
static bool take_heaps(struct jt_counters *c, uint32_t arena, const struct bytes *b) {
    for (size_t i = 0; i < JT_HEAPS; i++) {
        const struct jt_series *s = &jt_numbers_form(c->target)->heap[i];
        for (uint64_t n = 0; n < s->count; n++) {
            uint64_t first, at = s->at + n * s->stride;
            uint32_t set =
                jt_unused_set(&c->counting, heaps[i].state, heaps[i].guarded, (uint32_t)n);
            if (!number(b, at, s->size, &first) ||
                (first != 0 && !jt_head_add(c, arena, set, b->at + at, first))) {
                return false;
            }
        }
    }
    return true;
}

/* ---- for counters_check.c ------------------------------------------------------------------- */

bool jt_recorded_make(const struct jh_counting *counting, struct jt_recorded *out) {
    size_t count = counting->first[JH_COUNTERS];
    *out = (struct jt_recorded){
        .value = calloc(count, sizeof *out->value),
        .at = calloc(count, sizeof *out->at),
        .slabcur = calloc(counting->bin[counting->layout->sc_nbins] + 1, sizeof *out->slabcur),
    };
    return out->value != NULL && out->at != NULL && out->slabcur != NULL;
}

void jt_recorded_free(struct jt_recorded *recorded) {
    free(recorded->value);
    free(recorded->at);
    free(recorded->slabcur);
}

void jt_recorded_set(struct jt_recorded *recorded, uint32_t index, uint64_t at, uint64_t value) {
    recorded->at[index] = at;
    recorded->value[index] = value;
}

void jt_recorded_read(struct jt_counters *c, uint32_t arena, struct jt_recorded *out) {
    const struct jt_arena *a = &c->target->priv->base->arenas.arena[arena];
    const struct jh_reader *r = &c->target->heap.reader;
    struct bytes b = {c->target, a->at, c->memory, 0};
    memset(out->at, 0, c->counting.first[JH_COUNTERS] * sizeof *out->at);
    memset(out->slabcur, 0, c->counting.bin[c->target->layout.sc_nbins] * sizeof *out->slabcur);
    if (a->at != 0) {
        enum jh_status status = r->read(r->arg, a->at, b.of, JT_ARENA_BYTES, &b.len);
        (void)status; /* what is not there is not judged */
        bool stats = jt_has_statistics(c->target, a);
        take_counters(c, &b, stats, out);
        c->headed[arena] = take_heaps(c, arena, &b);
        jt_bins_read(c, arena, stats, out);
    }
}
