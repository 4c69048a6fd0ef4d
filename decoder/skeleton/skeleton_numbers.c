/* skeleton_numbers.c - what a skeleton has of the counters of arenas: a note.
 *
 * They stand in arena_t, base_t and bins, among words that may have anything of the program when
 * the table of arenas is damaged. So not these are kept, but the numbers, and only of arenas that
 * lie in jemalloc's own blocks. */
#include <stdlib.h>
#include <string.h>

#include "heap/numbers.h"
#include "skeleton/inside.h"

/* Words of 8 bytes in the target's byte order. First the number below which all arenas are
 * automatic, and that from which on all were made by the program. Then each arena of the note of
 * arenas: which counters are known, and each of these. Likewise of bins: which counters, how many
 * size classes have any that is not 0, and of each of these the class and each counter. Likewise of
 * large classes. */

/* ---- writing -------------------------------------------------------------------------------- */

static void put_known(const struct jt_target *target, FILE *file, uint64_t known,
                      const uint64_t *value) {
    for (unsigned i = 0; i < 64; i++) {
        if (known >> i & 1) {
            jt_word_put(target, file, value[i]);
        }
    }
}

static bool has_any(const uint64_t *value, unsigned count) {
    unsigned i = 0;
    while (i < count && value[i] == 0) {
        i++;
    }
    return i < count;
}

/* value: count numbers of each size class from first to end. */
static void put_classes(const struct jt_target *target, FILE *file, uint64_t known,
                        const uint64_t *value, unsigned count, uint32_t first, uint32_t end) {
    uint64_t rows = 0;
    for (uint32_t i = first; i < end; i++) {
        rows += has_any(value + (size_t)i * count, count);
    }
    jt_word_put(target, file, known);
    jt_word_put(target, file, rows);
    for (uint32_t i = first; i < end; i++) {
        if (has_any(value + (size_t)i * count, count)) {
            jt_word_put(target, file, i);
            put_known(target, file, known, value + (size_t)i * count);
        }
    }
}

/* Where they stand is jemalloc's own. */
static bool is_own(const struct jt_target *target, const struct jt_arena *a) {
    const struct jt_base *base = target->priv->base;
    return jt_is_skeleton(target) ||
           (base->complete && jt_ranges_hold(base->range, base->ranges, a->at) &&
            jt_ranges_hold(base->range, base->ranges, a->base));
}

void jt_numbers_note(struct jt_target *target, FILE *file) {
    const struct jt_arenas *all = jt_arenas(target);
    const struct jh_layout *l = &target->layout;
    struct jt_numbers *c = calloc(1, sizeof *c);
    if (c == NULL) {
        target->memory_ran_out = true;
        return;
    }
    (void)jt_arena_is_automatic(target, 0);
    jt_word_put(target, file, target->priv->base->kinds.automatic);
    jt_word_put(target, file, target->priv->base->kinds.made);
    for (size_t i = 0; i < all->count; i++) {
        memset(c, 0, sizeof *c);
        if (is_own(target, &all->arena[i])) {
            jt_numbers(target, &all->arena[i], c);
        }
        /* No command prints the time. Without it two runs of a program give the same note. */
        c->known &= ~(UINT64_C(1) << JT_CREATE_TIME);
        jt_word_put(target, file, c->known);
        put_known(target, file, c->known, c->value);
        put_classes(target, file, c->bins_known ? c->bin_known : 0, c->bin[0], JT_BIN_COUNTERS, 0,
                    l->sc_nbins);
        put_classes(target, file, c->large_known ? c->large_values_known : 0, c->large[0],
                    JT_LARGE_COUNTERS, l->sc_nbins, l->sc_nsizes);
    }
    free(c);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct in {
    struct jt_words words;
    uint64_t left; /* words */
};

static bool next(struct in *in, uint64_t *out) {
    if (in->left == 0) {
        return false;
    }
    in->left--;
    *out = jt_word_next(&in->words);
    return true;
}

/* count: how many there are of that kind. */
static bool take_known(struct in *in, uint64_t known, unsigned count, uint64_t *value) {
    for (unsigned i = 0; i < count; i++) {
        if ((known >> i & 1) && !next(in, &value[i])) {
            return false;
        }
    }
    return known >> count == 0;
}

static bool take_classes(struct in *in, unsigned count, uint64_t *value, uint32_t first,
                         uint32_t end, uint64_t *known) {
    uint64_t rows, szind = first;
    if (!next(in, known) || !next(in, &rows)) {
        return false;
    }
    for (uint64_t from = first; rows != 0; rows--, from = szind + 1) {
        if (!next(in, &szind) || szind < from || szind >= end ||
            !take_known(in, *known, count, value + szind * count)) {
            return false;
        }
    }
    return true;
}

static bool take_arena(struct in *in, const struct jh_layout *l, struct jt_numbers *c) {
    uint64_t bins, large;
    memset(c, 0, sizeof *c);
    if (!next(in, &c->known) || !take_known(in, c->known, JT_COUNTERS, c->value) ||
        !take_classes(in, JT_BIN_COUNTERS, c->bin[0], 0, l->sc_nbins, &bins) ||
        !take_classes(in, JT_LARGE_COUNTERS, c->large[0], l->sc_nbins, l->sc_nsizes, &large)) {
        return false;
    }
    c->bins_known = bins != 0;
    c->large_known = large != 0;
    c->bin_known = (uint32_t)bins;
    c->large_values_known = (uint32_t)large;
    return true;
}

/* The note is known to be sound. */
static void read_kept(struct jt_target *target, const struct jt_arena *arena,
                      struct jt_numbers *out) {
    const struct jt_base *base = target->priv->base;
    const struct jt_text *note = &target->priv->note[JT_NOTE_NUMBERS];
    size_t at = base->kept_numbers[arena - base->arenas.arena];
    struct in in = {{target, (const uint8_t *)note->bytes + at}, (note->size - at) / 8};
    (void)take_arena(&in, &target->layout, out);
}

bool jt_numbers_note_read(struct jt_target *target) {
    struct jt_base *base = target->priv->base;
    const struct jt_text *note = &target->priv->note[JT_NOTE_NUMBERS];
    struct in in = {{target, (const uint8_t *)note->bytes}, note->size / 8};
    uint64_t automatic, made;
    if (note->bytes == NULL) {
        base->kinds = (struct jt_arena_kinds){true, 1, UINT32_MAX}; /* of an older jeheap */
        return true;
    }
    struct jt_numbers *c = malloc(sizeof *c);
    base->kept_numbers = calloc(base->arenas.count + 1, sizeof *base->kept_numbers);
    target->memory_ran_out |= c == NULL || base->kept_numbers == NULL;
    bool good = !target->memory_ran_out && next(&in, &automatic) && next(&in, &made) &&
                automatic <= UINT32_MAX && made <= UINT32_MAX;
    if (good) {
        base->kinds = (struct jt_arena_kinds){true, (uint32_t)automatic, (uint32_t)made};
    }
    for (size_t i = 0; good && i < base->arenas.count; i++) {
        base->kept_numbers[i] = note->size / 8 * 8 - in.left * 8;
        good = take_arena(&in, &target->layout, c);
    }
    base->numbers_of = read_kept;
    free(c);
    return good && in.left == 0 && note->size % 8 == 0;
}
