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
#define ROOT_BITS_MAX 18     /* of its elements' number: half of the 36 that two levels share */
#define EXTENTS_MAX 256      /* heaps that are larger are as good as one another */
#define TRIES_MAX 32         /* roots that are tried with one geometry; heaps take three */
#define STEPS_MAX (1u << 25) /* of all geometries: a hostile image costs a second at most */
#define PAGES_MAX (1u << 14) /* of all modules, those of zeroes not counted: 64 MiB */

struct found_word {
    uint64_t at, value;
    size_t strange; /* how many words up to this one are no address of a node */
};

struct scan {
    struct jt_target *target;
    const struct jh_build *build;
    bool any_version;        /* not just the build's */
    struct jh_layout layout; /* of the geometry that is tried */
    struct found_word *word; /* the non-zero ones */
    size_t words, room;
    uint64_t index[INDEXES_MAX]; /* elements that may be in use, sorted */
    size_t indexes;
    uint64_t in_use[(1u << ROOT_BITS_MAX) / 64]; /* the same, a bit for each element */
    unsigned tries, steps, pages;
    uint64_t best_root, best_sound;
    uint64_t other_root; /* fits as well; 0: none */
    bool ambiguous;      /* and is as good as the best one */
};

/* A bit for each element of root[] that speaks of mapped memory. */
static void mark_indexes(struct scan *s) {
    const struct jt_private *p = s->target->priv;
    unsigned shift = s->layout.sc_ptr_bits - s->layout.rtree_level[0].cumbits;
    size_t parts = 0;
    memset(s->in_use, 0, sizeof s->in_use);
    for (size_t i = 0; i < p->mapped_count; i++) {
        uint64_t last = (p->mapped[i].end - 1) >> shift;
        for (uint64_t part = p->mapped[i].start >> shift; part <= last && parts < INDEXES_MAX;
             part++, parts++) {
            uint64_t index = jh_rtree_subkey(&s->layout, part << shift, 0);
            s->in_use[index / 64] |= UINT64_C(1) << index % 64;
        }
    }
}

static void find_indexes(struct scan *s) {
    uint64_t elements = UINT64_C(1) << s->layout.rtree_level[0].bits;
    mark_indexes(s);
    s->indexes = 0;
    for (uint64_t first = 0; first < elements; first += 64) {
        for (uint64_t bits = s->in_use[first / 64]; bits != 0; bits &= bits - 1) {
            s->index[s->indexes++] = first + jh_lg_floor(bits & (0 - bits));
        }
    }
}

static bool is_index(const struct scan *s, uint64_t index) {
    return (s->in_use[index / 64] >> index % 64 & 1) != 0;
}

static uint64_t root_size(const struct scan *s) {
    return (uint64_t)s->target->priv->words << s->layout.rtree_level[0].bits;
}

/* The first word at or behind an address. */
static size_t word_from(const struct scan *s, uint64_t at) {
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

/* Every word in root[] that is not zero, of which this is the first, must be the element of
 * something mapped. Where there are more than may be in use, nothing is searched. */
static bool looks_right(struct scan *s, uint64_t root, size_t first) {
    unsigned size = s->target->priv->words;
    uint64_t end = root + root_size(s);
    if (s->words - first > s->indexes && s->word[first + s->indexes].at < end) {
        return false;
    }
    size_t to = word_from(s, end), before = first == 0 ? 0 : s->word[first - 1].strange;
    if (s->word[to - 1].strange != before) {
        return false;
    }
    for (size_t i = first; i < to; i++, s->steps++) {
        if (!is_index(s, (s->word[i].at - root) / size)) {
            return false;
        }
    }
    return true;
}

/* About how many extents there are; 0: it does not decode. */
static uint64_t sound_with(const struct scan *s, const struct jh_layout *layout, uint64_t root) {
    struct jt_fit fit;
    struct jh_layout own = *layout;
    jt_layout_fit(s->target, layout, root, JT_FIT_GLANCE, &fit);
    jt_bins_try(s->target, root, JT_FIT_GLANCE, &own, &fit);
    uint64_t extents = fit.elements < EXTENTS_MAX ? fit.elements : EXTENTS_MAX;
    return jt_fits(&fit) && fit.against <= fit.sound / 16 ? extents : 0;
}

/* The same, with the version that finds most. */
static uint64_t sound_at(const struct scan *s, uint64_t root) {
    struct jh_build b = s->layout.build;
    struct jh_layout layout;
    uint64_t most = s->any_version ? 0 : sound_with(s, &s->layout, root);
    for (size_t i = 0; s->any_version && i < JH_VERSIONS; i++) {
        b.version = jt_version_order[i];
        if (jh_layout_make(&b, &layout, NULL) != JH_OK) {
            continue;
        }
        uint64_t sound = sound_with(s, &layout, root);
        most = sound > most ? sound : most;
    }
    return most;
}

static void try_root(struct scan *s, uint64_t root) {
    if (root == s->best_root || s->tries >= TRIES_MAX) {
        return;
    }
    s->tries++;
    uint64_t sound = sound_at(s, root);
    if (sound == 0) {
        return;
    }
    if (sound < s->best_sound) {
        s->other_root = root;
        return;
    }
    s->ambiguous = sound == s->best_sound;
    s->other_root = s->best_root;
    s->best_sound = sound;
    s->best_root = root;
}

static bool is_node(const struct scan *s, uint64_t value) {
    const struct jt_private *p = s->target->priv; /* nodes are aligned to cache lines */
    return value % 64 == 0 && jt_ranges_hold(p->mapped, p->mapped_count, value);
}

/* Every root has a first word that is not zero: the word gives the root for each element that it
 * may be, as long as only zeroes are in front of it. So dense memory costs no more than empty. */
static void try_words(struct scan *s, uint64_t start, uint64_t end) {
    uint64_t size = root_size(s), word = s->target->priv->words, behind = start;
    for (size_t w = 0; w < s->words && s->steps < STEPS_MAX; w++) {
        uint64_t at = s->word[w].at;
        for (size_t i = 0; i < s->indexes && is_node(s, s->word[w].value); i++, s->steps++) {
            uint64_t front = word * s->index[i];
            if (at < behind || front > at - behind) {
                break; /* indexes are sorted */
            }
            if (end - (at - front) >= size && looks_right(s, at - front, w)) {
                try_root(s, at - front);
            }
        }
        behind = at + word;
    }
}

/* The non-zero words of a region; holes count as zero. What a process maps while it is looked at
 * may be more than there is room for. */
static void collect(struct scan *s, uint64_t start, uint64_t end) {
    uint8_t page[4096];
    size_t strange = 0;
    unsigned size = s->target->priv->words;
    s->words = 0;
    /* addresses wrap behind the last one */
    for (uint64_t at = start; at < end && at >= start && s->pages < PAGES_MAX; at += sizeof page) {
        if (s->room - s->words < sizeof page / size) {
            return;
        }
        if (jh_read(&s->target->heap.reader, at, page, sizeof page, NULL) != JH_OK ||
            jt_all_zero(page, sizeof page)) {
            continue;
        }
        s->pages++;
        for (size_t i = 0; i < sizeof page; i += size) {
            uint64_t value = jt_number_at(s->target, page + i, size);
            if (value == 0) {
                continue;
            }
            strange += !is_node(s, value);
            s->word[s->words++] = (struct found_word){at + i, value, strange};
        }
    }
}

/* With every geometry that a build on this machine may have. */
static void try_geometries(struct scan *s, uint64_t start, uint64_t end) {
    uint8_t vaddr[JT_LG_VADDRS];
    size_t vaddrs = jt_machine_vaddrs(s->target, vaddr);
    for (size_t i = 0; i < 2 * vaddrs * JT_LG_PAGES && s->steps < STEPS_MAX; i++) {
        struct jh_build b = *s->build;
        b.lg_vaddr = vaddr[i / 2 % vaddrs];
        b.lg_page = jt_lg_page[i / 2 / vaddrs];
        b.lg_quantum = (uint8_t)((i & 1) != 0 ? 7 - b.lg_quantum : b.lg_quantum);
        if (jh_layout_make(&b, &s->layout, NULL) != JH_OK ||
            s->layout.rtree_level[0].bits > ROOT_BITS_MAX) {
            continue;
        }
        s->tries = 0;
        find_indexes(s);
        try_words(s, start, end);
    }
}

/* .data and .bss: from the module's start to the end of what is mapped without a gap. */
static void scan_module(struct scan *s, const struct jt_module *m) {
    const struct jt_private *p = s->target->priv;
    uint64_t end = m->end;
    for (size_t i = 0; i < p->mapped_count; i++) {
        if (p->mapped[i].start <= m->end && p->mapped[i].end > m->end) {
            end = p->mapped[i].end;
        }
    }
    if (end - m->start > REGION_MAX) {
        end = m->end - m->start > REGION_MAX ? m->start + REGION_MAX : m->end;
    }
    collect(s, m->start & ~(uint64_t)4095, end);
    if (s->words != 0) {
        try_geometries(s, m->start, end);
    }
}

size_t jt_root_infer(struct jt_target *target, const struct jh_build *build, bool any_version,
                     uint64_t root[2]) {
    struct scan s = {.target = target, .build = build, .any_version = any_version};
    uint64_t most = target->bytes_present < REGION_MAX ? target->bytes_present : REGION_MAX;
    s.room = most / target->priv->words + 1024; /* for whole pages; touched as far as needed */
    s.word = malloc(s.room * sizeof *s.word);
    if (s.word == NULL) {
        target->memory_ran_out = true;
        return 0;
    }
    /* jemalloc's variables are in the module that has its version string */
    for (unsigned pass = 0; pass < 2 && s.best_sound == 0; pass++) {
        for (size_t m = 0; m < target->modules; m++) {
            if (jt_version_in(&target->module[m]) == (pass == 0)) {
                scan_module(&s, &target->module[m]);
            }
        }
    }
    free(s.word);
    root[0] = s.best_root;
    root[1] = s.other_root;
    return s.best_root == 0 ? 0 : s.ambiguous ? 2 : 1;
}
