/* numbers_unused.c - what an arena counts of its unused extents, by state and page size class.
 *
 * src/extent.c up to 5.2 (extents_t), src/eset.c since 5.3 (eset_t; that of guarded extents beside
 * it). 5.0 and 5.1 do not count them. */
#include <stdio.h>

#include "heap/inside.h"
#include "heap/numbers.h"

/* A number of each page size class: an array, or a member of its elements. */
struct row {
    uint8_t state; /* of jh_unused_state() */
    enum jt_unused_counter counter;
    const char *array, *member; /* member NULL: the elements are the numbers */
    const char *other;          /* the array that is added to it; NULL: nothing is */
};

#define EXTENTS(n, name)                                                                           \
    {n, JT_UNUSED_EXTENTS, "extents_" name ".nextents", NULL, NULL}, {                             \
        n, JT_UNUSED_BYTES, "extents_" name ".nbytes", NULL, NULL                                  \
    }
#define ECACHE "pa_shard.pac.ecache_"
#define STATS(name) ECACHE name ".eset.bin_stats"
#define GUARDED(name) ECACHE name ".guarded_eset.bin_stats"
#define ESETS(n, name)                                                                             \
    {n, JT_UNUSED_EXTENTS, STATS(name), "nextents", GUARDED(name)}, {                              \
        n, JT_UNUSED_BYTES, STATS(name), "nbytes", GUARDED(name)                                   \
    }

static const struct row rows[] = {EXTENTS(0, "dirty"), EXTENTS(1, "muzzy"), EXTENTS(2, "retained"),
                                  ESETS(0, "dirty"),   ESETS(1, "muzzy"),   ESETS(2, "retained"),
                                  ESETS(3, "pinned")};

static bool find(const struct jh_layout *l, const char *array, const char *member,
                 struct jt_series *out) {
    struct jh_member a, m;
    char path[96];
    if (array == NULL || jh_struct_member(l, "arena_s", array, &a, NULL) != JH_OK) {
        return false;
    }
    m = a;
    snprintf(path, sizeof path, "%s.%s", array, member != NULL ? member : "");
    if (member != NULL && jh_struct_member(l, "arena_s", path, &m, NULL) != JH_OK) {
        return false;
    }
    *out = (struct jt_series){.at = (uint32_t)m.offset,
                              .stride = (uint32_t)a.size,
                              .count = (uint32_t)a.count,
                              .size = (uint8_t)m.size};
    return true;
}

void jt_unused_learn(const struct jh_layout *layout, struct jt_numbers_form *form) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct jt_series of, other;
        if (find(layout, row->array, row->member, &of)) {
            of.other = find(layout, row->other, row->member, &other) ? other.at : 0;
            form->unused[row->state][row->counter] = of;
        }
    }
}

static bool read_series(struct jt_target *target, uint64_t arena, const struct jt_series *s,
                        uint64_t out[JH_PAGE_CLASSES_MAX]) {
    for (uint32_t i = 0; i < s->count && i < JH_PAGE_CLASSES_MAX; i++) {
        uint64_t at = arena + (uint64_t)i * s->stride, other = 0;
        if (!jt_read_number(target, at + s->at, s->size, &out[i]) ||
            (s->other != 0 && !jt_read_number(target, at + s->other, s->size, &other))) {
            return false;
        }
        out[i] += other;
    }
    return true;
}

bool jt_unused_numbers(struct jt_target *target, const struct jt_arena *arena,
                       struct jt_unused_numbers *out) {
    const struct jt_numbers_form *f = jt_numbers_form(target);
    *out = (struct jt_unused_numbers){.states = 0};
    if (arena->at == 0 || !target->layout.build.stats) {
        return false;
    }
    while (out->states < JH_UNUSED_STATES && f->unused[out->states][0].size != 0) {
        for (unsigned k = 0; k < JT_UNUSED_COUNTERS; k++) {
            if (!read_series(target, arena->at, &f->unused[out->states][k],
                             out->value[out->states][k])) {
                return false;
            }
        }
        out->states++;
    }
    return out->states != 0;
}
