/* thread_marks.c - which threads are inside jemalloc, and what they have in hand.
 *
 * In hand is what is in a register, or on the stack between its top and the frame that called
 * jemalloc. A thread is inside jemalloc when it executes one of its functions, or when one of them
 * called what it executes: madvise(), memcpy(), a lock. */
#include <stdlib.h>
#include <string.h>

#include "heap/inside.h"

enum {
    CALLEE = 32,     /* words on the stack of what jemalloc calls */
    FRAME = 512,     /* of one of jemalloc's frames: a flush has up to 200 extents in it */
    FRAMES = 4096,   /* of all of them */
    ALL = 1 << 22,   /* of all threads */
    STORAGE = 65536, /* bytes of a thread's storage */
};

/* ---- where a thread is ------------------------------------------------------------------------
 */

static bool is_text(const struct jt_hands *h, uint64_t addr) {
    return jt_ranges_hold(h->text.range, h->text.count, addr);
}

/* What a thread executes is not jemalloc's: did something else than jemalloc call it? The first
 * return address on the stack that leads out of its module tells. Those behind it may be left over
 * from earlier calls. */
static bool is_called_from_elsewhere(const struct jt_target *target, const struct jt_hands *h,
                                     const struct jt_thread *t, const uint64_t *word,
                                     size_t count) {
    const struct jt_module *own = jt_module_at(target, t->pc);
    for (size_t i = 0; i < count && i < CALLEE && own != NULL; i++) {
        if (is_text(h, word[i])) {
            return false;
        }
        if (jt_ranges_hold(h->code.range, h->code.count, word[i]) &&
            jt_module_at(target, word[i]) != own) {
            return true;
        }
    }
    return false;
}

/* How many of these words are jemalloc's frames; 0: it is not inside. Where its functions are not
 * known, all of them could be. */
static size_t frames(const struct jt_target *target, const struct jt_hands *h,
                     const struct jt_thread *t, const uint64_t *word, size_t count) {
    size_t end = 0, reach = FRAME;
    if (!h->text_known) {
        return count;
    }
    if (!is_text(h, t->pc)) {
        reach = is_called_from_elsewhere(target, h, t, word, count) ? 0 : CALLEE;
    }
    for (size_t i = 0; i < count && i < end + reach; i++) {
        if (is_text(h, word[i])) {
            end = i + 1;
            reach = FRAME;
        }
    }
    return end != 0 || !is_text(h, t->pc) ? end : count < CALLEE ? count : CALLEE;
}

/* ---- what it has in hand ----------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool add_hand(struct jt_target *target, struct jt_hands *h, const struct jt_thread *t,
                     uint64_t *word, size_t count) {
    const unsigned size = target->priv->words;
    struct jt_hand *grown = jt_grow(h->hand, h->count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    h->hand = grown;
    grown[h->count] = (struct jt_hand){
        .thread = t->id, .crashed = t->crashed, .tls = t->tls, .words = count + t->regs};
    grown[h->count].word = malloc((count + t->regs + 1) * sizeof *word);
    if (grown[h->count].word == NULL) {
        return false;
    }
    memcpy(grown[h->count].word, word, count * sizeof *word);
    for (size_t i = 0; i < t->regs; i++) {
        grown[h->count].word[count + i] = jt_number_at(target, t->reg + i * size, size);
    }
    qsort(grown[h->count].word, count + t->regs, sizeof *word, by_value);
    h->all += count + t->regs;
    h->blind |= t->reg == NULL;
    h->count++;
    return true;
}

/* A background thread that sleeps is inside jemalloc all the time, with what jemalloc knows of it
 * in hand, which is in the base memory of arena 0. That is nothing. */
static void forget_sleepers(struct jt_target *target, struct jt_hands *h) {
    enum { KNOWN = 4096 };
    uint64_t at, size, info;
    if (!jt_symbol(target, "background_thread_info", &at, &size) ||
        !jt_read_word(target, at, &info)) {
        return;
    }
    for (size_t i = 0; i < h->count; i++) {
        struct jt_hand *hand = &h->hand[i];
        size_t left = 0;
        for (size_t k = 0; k < hand->words; k++) {
            hand->word[left] = hand->word[k];
            left += hand->word[k] - info >= KNOWN;
        }
        hand->words = left;
    }
}

/* False: memory ran out. */
static bool take_thread(struct jt_target *target, struct jt_hands *h, const struct jt_thread *t) {
    const unsigned size = target->priv->words;
    uint8_t bytes[FRAMES * 8];
    uint64_t word[FRAMES];
    size_t got = 0;
    (void)target->heap.reader.read(target->heap.reader.arg, t->stack, bytes, FRAMES * (size_t)size,
                                   &got);
    for (size_t i = 0; i < got / size; i++) {
        word[i] = jt_number_at(target, bytes + i * size, size);
    }
    size_t inside = frames(target, h, t, word, got / size);
    return inside == 0 || add_hand(target, h, t, word, inside);
}

const struct jt_hands *jt_hands(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    struct jt_hands *h = &p->base->hands;
    if (h->done) {
        return h;
    }
    h->done = true;
    h->known = p->threads != 0;
    jt_code(target, &h->code);
    h->text_known = jt_jemalloc_text(target, &h->code, &h->text);
    for (size_t i = 0; i < p->threads && h->known; i++) {
        h->known = p->thread[i].pc != 0 && p->thread[i].stack != 0 && h->all < ALL;
        if (h->known && !take_thread(target, h, &p->thread[i])) {
            target->memory_ran_out = true;
            h->known = false;
        }
    }
    forget_sleepers(target, h);
    return h;
}

void jt_hands_free(struct jt_target *target) {
    struct jt_hands *h = &target->priv->base->hands;
    for (size_t i = 0; i < h->count; i++) {
        free(h->hand[i].word);
    }
    free(h->hand);
    jt_ranges_free(&h->text);
    jt_ranges_free(&h->code);
    *h = (struct jt_hands){.done = false};
}

/* ---- who has it -------------------------------------------------------------------------------
 */

static bool has(const struct jt_hand *hand, uint64_t from, uint64_t end) {
    size_t low = 0, high = hand->words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hand->word[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < hand->words && hand->word[low] < end;
}

int jt_hands_have(const struct jt_hands *h, uint64_t from, uint64_t end) {
    for (size_t i = 0; i < h->count; i++) {
        if (has(&h->hand[i], from, end)) {
            return h->hand[i].thread;
        }
    }
    return 0;
}

bool jt_hand_stores(const struct jt_hand *hand, uint64_t addr) {
    return hand->tls != 0 && hand->tls + STORAGE - addr < 2 * STORAGE;
}

int jt_hands_storage(const struct jt_hands *h, uint64_t addr) {
    for (size_t i = 0; i < h->count; i++) {
        if (jt_hand_stores(&h->hand[i], addr)) {
            return h->hand[i].thread;
        }
    }
    return 0;
}
