/* root_words.c - finds what looks like a root among the words of a module.
 *
 * root[] is nearly all zero: an element is not zero only when the part of the address space that it
 * stands for has heap. So each word of a root that is not zero points at a node, and the part of
 * the address space that it stands for is mapped. */
#include <string.h>

#include "learn/root_scan.h"

#define PAGES_MAX (1u << 15) /* pages that are not all zero, in all modules: 128 MiB */
#define STRANGE_MAX 1024     /* strange words that a damaged root may have */

void jt_scan_limit(struct jt_scan *s, uint64_t at) {
    if (s->search->limit_at == 0) {
        s->search->limit_at = at;
    }
}

/* Are all steps spent? They bound the time that a hostile image can take. */
static bool used_up(struct jt_scan *s, uint64_t at) {
    if (s->steps >= JT_SCAN_STEPS_MAX) {
        s->exhausted = true;
        jt_scan_limit(s, at);
    }
    return s->exhausted;
}

bool jt_scan_is_node(const struct jt_scan *s, uint64_t value) {
    const struct jt_ranges *writable = &s->target->priv->writable;
    return value % 64 == 0 && (value < s->range.start || value >= s->range.end) &&
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

/* Sets a bit for each element of root[] that stands for mapped memory. Programs may have reserved
 * terabytes, so the work is bounded by the number of elements. */
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

/* The first index from this one to last whose bit is set; more than last: there is none. */
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

/* How many strange words a root may have: a damaged one some, but so few that not every array of
 * pointers looks like a root. */
static size_t strange_max(const struct jt_scan *s) {
    size_t part = (size_t)(root_size(s) / s->target->priv->words / 16);
    return !s->damaged ? 0 : part < STRANGE_MAX ? part : STRANGE_MAX;
}

/* Does root[] look right, whose first word that is not zero is this one? All its words that are not
 * zero must point at nodes and stand for mapped memory, but for a few when roots may be damaged.
 * When there are more such words than elements that may be in use, the answer is no at once. */
static bool looks_right(struct jt_scan *s, uint64_t root, size_t first) {
    unsigned shift = jh_lg_floor(s->target->priv->words); /* a shift, as a division is too slow */
    uint64_t end = root + root_size(s);
    size_t most = strange_max(s), wrong;
    if (root < s->from || s->to - root < root_size(s) ||
        (s->words - first > s->indexes + most && s->word[first + s->indexes + most].at < end)) {
        return false;
    }
    size_t to = word_from(s, end);
    wrong = s->word[to - 1].strange - strange_before(s, first);
    for (size_t i = first; i < to && wrong <= most; i++, s->steps++) {
        wrong +=
            !is_index(s, (s->word[i].at - root) >> shift) &&
            s->word[i].strange == strange_before(s, i); /* wrong has the strange ones already */
    }
    return wrong <= most;
}

/* Tries each word as the first word of a root that is not zero. It must point at a node. The root
 * begins before it, where only zeroes are in between, and at a distance that makes it an element
 * that may be in use. When some distance is possible, an extent below the node tells the right one.
 */
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

/* Are nearly all words zero in the half root before this word, or in the half root behind it? */
static bool sparse_around(struct jt_scan *s, size_t w) {
    uint64_t half = root_size(s) / 2, at = s->word[w].at;
    size_t most = strange_max(s) + s->indexes;
    return w - word_from(s, at - half) <= most || word_from(s, at + half) - w <= most;
}

/* Tries roots that may have strange words: an extent below any of its elements tells where root[]
 * begins. */
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

/* Pages that cannot be read count as zero. s->word may become full when a process maps more memory
 * during the search. */
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
            s->exhausted = true;
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
