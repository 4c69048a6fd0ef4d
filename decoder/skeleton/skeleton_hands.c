/* skeleton_hands.c - what threads were doing inside jemalloc, as far as marks of operations in
 * flight need it: a note.
 *
 * Registers and stacks have anything of the program in them. So of these words only those are kept
 * that are addresses of jemalloc's own blocks, of the thread's own storage, or in an extent. */
#include <stdlib.h>

#include "skeleton/inside.h"

/* Words of 8 bytes in the target's byte order. First KNOWN and so on, then how many threads are
 * inside jemalloc. Each: number, thread pointer (0: not known), how many words it has in hand, and
 * these, sorted. Then of each bin of the note of caches where its stack is. */
enum { KNOWN = 1, BLIND = 2, TEXT_KNOWN = 4 };
#define CRASHED (UINT64_C(1) << 32) /* beside the number of a thread */

/* ---- writing -------------------------------------------------------------------------------- */

static bool is_kept(const struct jt_target *target, const struct jt_hand *hand, uint64_t word) {
    const struct jt_base *base = target->priv->base;
    return jt_ranges_hold(base->range, base->ranges, word) || jt_hand_stores(hand, word) ||
           jt_in_extent(target, word);
}

/* False: memory ran out. */
static bool put_hand(const struct jt_target *target, FILE *file, const struct jt_hand *hand) {
    uint64_t *kept = malloc((hand->words + 1) * sizeof *kept), count = 0;
    if (kept == NULL) {
        return false;
    }
    for (size_t i = 0; i < hand->words; i++) {
        if (is_kept(target, hand, hand->word[i])) {
            kept[count++] = hand->word[i];
        }
    }
    jt_word_put(target, file, (uint64_t)hand->thread | (hand->crashed ? CRASHED : 0));
    jt_word_put(target, file, hand->tls);
    jt_word_put(target, file, count);
    for (size_t i = 0; i < count; i++) {
        jt_word_put(target, file, kept[i]);
    }
    free(kept);
    return true;
}

bool jt_hands_note(struct jt_target *target, FILE *file) {
    bool good = true;
    const struct jt_caches *all = jt_caches(target);
    const struct jt_hands *h = jt_hands(target);
    jt_word_put(target, file,
                (h->known ? KNOWN : 0) | (h->blind ? BLIND : 0) | (h->text_known ? TEXT_KNOWN : 0));
    jt_word_put(target, file, h->count);
    for (size_t i = 0; good && i < h->count; i++) {
        good = put_hand(target, file, &h->hand[i]);
    }
    for (size_t i = 0; i < all->bins; i++) {
        jt_word_put(target, file, all->bin[i].known.items);
    }
    return good;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* left: words of the note. False: it has fewer than it says, or memory ran out. */
static bool take_hand(struct jt_target *target, struct jt_words *w, uint64_t *left,
                      struct jt_hand *out) {
    enum { HEAD = 3 };
    if (*left < HEAD) {
        return false;
    }
    uint64_t first = jt_word_next(w), thread = first & ~CRASHED;
    out->tls = jt_word_next(w);
    out->words = jt_word_next(w);
    *left -= HEAD;
    if (thread > INT32_MAX || out->words > *left) {
        return false;
    }
    out->thread = (int)thread;
    out->crashed = (first & CRASHED) != 0;
    out->word = malloc((out->words + 1) * sizeof *out->word);
    target->memory_ran_out |= out->word == NULL;
    for (size_t i = 0; out->word != NULL && i < out->words; i++) {
        out->word[i] = jt_word_next(w);
        if (i != 0 && out->word[i] < out->word[i - 1]) {
            free(out->word);
            return false;
        }
    }
    *left -= out->words;
    return out->word != NULL;
}

bool jt_hands_note_read(struct jt_target *target) {
    const struct jt_text *note = &target->priv->note[JT_NOTE_HANDS];
    struct jt_hands *h = &target->priv->base->hands;
    struct jt_caches *all = &target->priv->base->caches;
    struct jt_words w = {target, (const uint8_t *)note->bytes};
    uint64_t left = note->size / 8;
    h->done = true;
    if (note->bytes == NULL) {
        return true; /* of an older jeheap: where threads were is not known */
    }
    if (note->size % 8 != 0 || left < 2) {
        return false;
    }
    uint64_t flags = jt_word_next(&w), count = jt_word_next(&w);
    left -= 2;
    if (count > left) {
        return false;
    }
    h->hand = calloc(count + 1, sizeof *h->hand);
    target->memory_ran_out |= h->hand == NULL;
    while (h->hand != NULL && h->count < count &&
           take_hand(target, &w, &left, &h->hand[h->count])) {
        h->count++;
    }
    h->known = (flags & KNOWN) != 0;
    h->blind = (flags & BLIND) != 0;
    h->text_known = (flags & TEXT_KNOWN) != 0;
    for (size_t i = 0; i < all->bins && left != 0; i++, left--) {
        all->bin[i].known.items = jt_word_next(&w);
    }
    return h->hand != NULL && h->count == count && left == 0;
}
