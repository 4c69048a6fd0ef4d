/* infer_root.c - find the root when every symbol was stripped.
 *
 * root[] lies in the writable memory of a module and is nearly all zero: it has an element for each
 * part of the address space where there is heap, and nothing else. So a pointer found there may be
 * the element of any mapped part; that makes a few candidates, those with other non-zero words
 * where nothing is mapped are dropped, and the rest must decode. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define REGION_MAX (16u << 20) /* a module's writable memory; the root alone is up to 2 MiB */
#define INDEXES_MAX 4096
#define TRIES_MAX 256

struct found_word {
    uint64_t at, value;
};

struct scan {
    struct jt_target *target;
    const struct jh_layout *layout;
    struct found_word *word; /* the non-zero ones */
    size_t words;
    uint64_t index[INDEXES_MAX]; /* elements that may be in use, sorted */
    size_t indexes;
    unsigned tries;
    uint64_t best_root, best_sound;
    bool ambiguous;
};

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Which elements of root[] speak of mapped memory? */
static void find_indexes(struct scan *s) {
    const struct jt_private *p = s->target->priv;
    unsigned shift = s->layout->sc_ptr_bits - s->layout->rtree_level[0].cumbits;
    size_t kept = 0;
    s->indexes = 0;
    for (size_t i = 0; i < p->mapped_count; i++) {
        uint64_t last = (p->mapped[i].end - 1) >> shift;
        for (uint64_t part = p->mapped[i].start >> shift; part <= last && s->indexes < INDEXES_MAX;
             part++)
            s->index[s->indexes++] = jh_rtree_subkey(s->layout, part << shift, 0);
    }
    qsort(s->index, s->indexes, sizeof s->index[0], by_value);
    for (size_t i = 0; i < s->indexes; i++)
        if (kept == 0 || s->index[i] != s->index[kept - 1])
            s->index[kept++] = s->index[i];
    s->indexes = kept;
}

static bool is_index(const struct scan *s, uint64_t index) {
    return bsearch(&index, s->index, s->indexes, sizeof index, by_value) != NULL;
}

/* Every word in root[] that is not zero must be the element of something mapped. */
static bool looks_right(const struct scan *s, uint64_t root, size_t near) {
    uint64_t end = root + ((uint64_t)8 << s->layout->rtree_level[0].bits);
    size_t i = near;
    while (i > 0 && s->word[i - 1].at >= root)
        i--;
    for (; i < s->words && s->word[i].at < end; i++)
        if (!is_index(s, (s->word[i].at - root) / 8) ||
            !jt_ranges_hold(s->target->priv->mapped, s->target->priv->mapped_count,
                            s->word[i].value))
            return false;
    return true;
}

static void try_root(struct scan *s, uint64_t root) {
    struct jt_fit fit;
    if (root == s->best_root || s->tries >= TRIES_MAX)
        return;
    s->tries++;
    jt_layout_fit(s->target, s->layout, root, &fit);
    if (!jt_fits(&fit) || fit.unsound > fit.sound / 16 || fit.sound < s->best_sound)
        return;
    s->ambiguous = fit.sound == s->best_sound;
    s->best_sound = fit.sound;
    s->best_root = root;
}

static void try_words(struct scan *s, uint64_t start, uint64_t end) {
    uint64_t size = (uint64_t)8 << s->layout->rtree_level[0].bits;
    for (size_t w = 0; w < s->words; w++) {
        uint64_t at = s->word[w].at, value = s->word[w].value;
        if (value % 64 != 0 || /* nodes are aligned to cache lines */
            !jt_ranges_hold(s->target->priv->mapped, s->target->priv->mapped_count, value))
            continue;
        for (size_t i = 0; i < s->indexes; i++) {
            uint64_t root = at - 8 * s->index[i];
            if (8 * s->index[i] <= at && root >= start && root + size <= end &&
                looks_right(s, root, w))
                try_root(s, root);
        }
    }
}

/* The non-zero words of a region; holes count as zero. */
static void collect(struct scan *s, uint64_t start, uint64_t end) {
    s->words = 0;
    for (uint64_t at = start; at < end; at += 4096) {
        uint64_t page[512];
        if (jh_read(&s->target->heap.reader, at, page, sizeof page, NULL) != JH_OK)
            continue;
        for (size_t i = 0; i < 512; i++)
            if (page[i] != 0)
                s->word[s->words++] = (struct found_word){at + 8 * i, page[i]};
    }
}

/* .data and .bss: from the module's start to the end of what is mapped without a gap. */
static void scan_module(struct scan *s, const struct jt_module *m) {
    const struct jt_private *p = s->target->priv;
    uint64_t end = m->end;
    for (size_t i = 0; i < p->mapped_count; i++)
        if (p->mapped[i].start <= m->end && p->mapped[i].end > m->end)
            end = p->mapped[i].end;
    if (end - m->start > REGION_MAX)
        end = m->end - m->start > REGION_MAX ? m->start + REGION_MAX : m->end;
    collect(s, m->start & ~(uint64_t)4095, end);
    try_words(s, m->start, end);
}

bool jt_root_infer(struct jt_target *target, const struct jh_build *build, uint64_t *root) {
    static const uint8_t vaddr[] = {48, 57}, page[] = {12, 14, 16};
    struct scan s = {.target = target};
    s.word = malloc((REGION_MAX / 8 + 1024) * sizeof *s.word); /* touched as far as needed */
    if (s.word == NULL)
        return false;
    for (unsigned i = 0; i < 12 && s.best_sound == 0; i++) {
        struct jh_build b = *build;
        struct jh_layout layout;
        b.lg_vaddr = vaddr[i & 1];
        b.lg_page = page[i / 4];
        b.lg_quantum = i & 2 ? 3 : 4;
        if (jh_layout_make(&b, &layout, NULL) != JH_OK)
            continue;
        s.layout = &layout;
        s.tries = 0;
        find_indexes(&s);
        for (size_t m = 0; m < target->modules; m++)
            scan_module(&s, &target->module[m]);
    }
    free(s.word);
    *root = s.best_root;
    return s.best_sound != 0 && !s.ambiguous;
}
