/* root_words.c - what looks like a root among the words of a module.
 *
 * root[] is nearly all zero: it has an element for each part of the address space where there is
 * heap, and nothing else. So a pointer found there may be the element of any mapped part, and a
 * root has no other words where nothing is mapped. */
#include <string.h>

#include "learn/root_scan.h"

#define PAGES_MAX (1u << 15) /* of all modules, those of zeroes not counted: 128 MiB */
#define STRANGE_MAX 1024     /* words that a damaged root may have too */

void jt_scan_limit(struct jt_scan *s, uint64_t at) {
    if (s->search->limit_at == 0) {
        s->search->limit_at = at;
    }
}

/* So many steps: that is how long a hostile image may take. */
static bool used_up(struct jt_scan *s, uint64_t at) {
    if (s->steps >= JT_SCAN_STEPS_MAX) {
        s->out = true;
        jt_scan_limit(s, at);
    }
    return s->out;
}

bool jt_scan_is_node(const struct jt_scan *s, uint64_t value) {
    const struct jt_ranges *writable = &s->target->priv->writable;
    return value % 64 == 0 && (value < s->part.start || value >= s->part.end) &&
           jt_ranges_hold(writable->range, writable->count, value);
}

/* ---- which elements may be in use ------------------------------------------------------------ */

static void mark_words(struct jt_scan *s, uint64_t first, uint64_t count) {
    for (uint64_t at = first; count != 0;) {
        uint64_t bit = at % 64, n = 64 - bit < count ? 64 - bit : count;
        s->in_use[at / 64] |= (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << bit;
        at += n;
        count -= n;
        s->steps++;
    }
}

/* A bit for each element of root[] that speaks of mapped memory, however much of that there is:
 * programs reserve terabytes. */
static void mark_indexes(struct jt_scan *s) {
    const struct jt_private *p = s->target->priv;
    unsigned shift = s->layout.sc_ptr_bits - s->layout.rtree_level[0].cumbits;
    uint64_t elements = UINT64_C(1) << s->layout.rtree_level[0].bits;
    memset(s->in_use, 0, sizeof s->in_use);
    for (size_t i = 0; i < p->mapped_count && s->steps < JT_SCAN_STEPS_MAX; i++) {
        uint64_t part = p->mapped[i].start >> shift, first = part & (elements - 1);
        uint64_t count = ((p->mapped[i].end - 1) >> shift) - part + 1;
        uint64_t here = count < elements - first ? count : elements - first;
        mark_words(s, first, here);
        mark_words(s, 0, count - here < first ? count - here : first);
    }
    s->indexes = 0;
    for (size_t i = 0; i < elements / 64; i++) {
        s->indexes += (size_t)__builtin_popcountll(s->in_use[i]);
    }
}

/* The first one from this one on; more than last: there is none up to that one. */
static uint64_t next_index(const struct jt_scan *s, uint64_t from, uint64_t last) {
    for (uint64_t at = from; at <= last; at = (at / 64 + 1) * 64) {
        uint64_t bits = s->in_use[at / 64] & (UINT64_MAX << at % 64);
        if (bits != 0) {
            return at / 64 * 64 + jh_lg_floor(bits & (0 - bits));
        }
    }
    return UINT64_MAX;
}

static bool is_index(const struct jt_scan *s, uint64_t index) {
    return (s->in_use[index / 64] >> index % 64 & 1) != 0;
}

static uint64_t root_size(const struct jt_scan *s) {
    return (uint64_t)s->target->priv->words << s->layout.rtree_level[0].bits;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The first word at or behind an address. */
static size_t word_from(const struct jt_scan *s, uint64_t at) {
    size_t low = 0, high = s->words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->word[middle].at < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t strange_before(const struct jt_scan *s, size_t word) {
    return word == 0 ? 0 : s->word[word - 1].strange;
}

/* What a damaged root may have: not so much that every array of pointers were one. */
static size_t strange_max(const struct jt_scan *s) {
    size_t part = (size_t)(root_size(s) / s->target->priv->words / 16);
    return !s->damaged ? 0 : part < STRANGE_MAX ? part : STRANGE_MAX;
}

/* Every word in root[] that is not zero, of which this is the first, must be the element of
 * something mapped, but for a few in a damaged one. Where there are more than may be in use,
 * nothing is searched. */
static bool looks_right(struct jt_scan *s, uint64_t root, size_t first) {
    unsigned shift = jh_lg_floor(s->target->priv->words); /* dividing takes most of the time */
    uint64_t end = root + root_size(s);
    size_t most = strange_max(s), wrong;
    if (root < s->from || s->to - root < root_size(s) ||
        (s->words - first > s->indexes + most && s->word[first + s->indexes + most].at < end)) {
        return false;
    }
    size_t to = word_from(s, end);
    wrong = s->word[to - 1].strange - strange_before(s, first);
    for (size_t i = first; i < to && wrong <= most; i++, s->steps++) {
        wrong += !is_index(s, (s->word[i].at - root) >> shift) &&
                 s->word[i].strange == strange_before(s, i); /* not counted yet */
    }
    return wrong <= most;
}

/* Every root has a first word that is not zero, which is the element of a node: the root may begin
 * as far in front of it as elements may be in use and only zeroes stand there. So dense memory
 * costs no more than empty. Which of these places it is, an extent beneath the node says. */
static void try_first_words(struct jt_scan *s) {
    uint64_t word = s->target->priv->words, behind = s->from;
    for (size_t w = 0; w < s->words && !used_up(s, s->word[w].at); w++) {
        uint64_t at = s->word[w].at, most = (at - behind) / word, known = UINT64_MAX;
        most = most < root_size(s) / word ? most : root_size(s) / word - 1;
        uint64_t i = jt_scan_is_node(s, s->word[w].value) ? next_index(s, 0, most) : UINT64_MAX;
        for (; i <= most && !looks_right(s, at - word * i, w); i = next_index(s, i + 1, most)) {
            s->steps++;
        }
        if (i <= most && jt_scan_index_of(s, s->word[w].value, &known) && known <= most &&
            looks_right(s, at - word * known, w)) {
            jt_scan_try(s, at - word * known);
        }
        behind = at + word;
    }
}

/* Nearly all of a root's words are zero, in front of any of them or behind. */
static bool sparse_around(struct jt_scan *s, size_t w) {
    uint64_t half = root_size(s) / 2, at = s->word[w].at;
    size_t most = strange_max(s) + s->indexes;
    return w - word_from(s, at - half) <= most || word_from(s, at + half) - w <= most;
}

/* With words of another kind in it: what is beneath one of its elements tells where it begins. */
static void try_all_words(struct jt_scan *s) {
    for (size_t w = 0; w < s->words && !used_up(s, s->word[w].at); w++, s->steps++) {
        uint64_t index, size = s->target->priv->words, at = s->word[w].at;
        if (!jt_scan_is_node(s, s->word[w].value) || !sparse_around(s, w) ||
            !jt_scan_index_of(s, s->word[w].value, &index) || index > at / size) {
            continue;
        }
        uint64_t root = at - size * index;
        if (looks_right(s, root, word_from(s, root))) {
            jt_scan_try(s, root);
        }
    }
}

void jt_scan_words(struct jt_scan *s) {
    mark_indexes(s);
    if (s->damaged) {
        try_all_words(s);
    } else {
        try_first_words(s);
    }
}

static void keep_page(struct jt_scan *s, const uint8_t *page, size_t bytes, uint64_t at,
                      size_t *strange) {
    unsigned size = s->target->priv->words;
    for (size_t i = 0; i + size <= bytes; i += size) {
        uint64_t value = jt_number_at(s->target, page + i, size);
        if (value != 0) {
            *strange += !jt_scan_is_node(s, value);
            s->word[s->words++] = (struct jt_found_word){at + i, value, *strange};
        }
    }
}

/* Holes count as zero. What a process maps while it is looked at may be more than there is room
 * for. */
void jt_scan_collect(struct jt_scan *s, uint64_t end) {
    const struct jh_reader *r = &s->target->heap.reader;
    uint8_t page[JT_SCAN_PAGE];
    size_t strange = 0;
    s->words = 0;
    for (s->to = s->from; s->to < end;) {
        uint64_t len = sizeof page - s->to % sizeof page;
        len = len < end - s->to ? len : end - s->to;
        if (s->room - s->words < JT_SCAN_PAGE / s->target->priv->words) {
            return;
        }
        if (s->pages >= PAGES_MAX || s->left < len) {
            s->out = true;
            jt_scan_limit(s, s->to);
            return;
        }
        if (jh_read(r, s->to, page, (size_t)len, NULL) == JH_OK &&
            !jt_all_zero(page, (size_t)len)) {
            s->pages++;
            keep_page(s, page, (size_t)len, s->to, &strange);
        }
        s->left -= len;
        s->to += len;
    }
}
