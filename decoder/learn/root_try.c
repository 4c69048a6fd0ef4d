/* root_try.c - does a root decode? Which element of root[] points at a node? */
#include <string.h>

#include "learn/root_scan.h"

#define SAMPLE 4        /* elements to follow in each page of a node: damage is often local */
#define SAMPLES_MAX 256 /* elements to follow below a node */
#define BLIND_MAX 8     /* it is no node when so many elements lead nowhere and nothing is sound */
#define SOUND_MIN 8 /* at least one extent in 8 is sound; with a wrong layout one in a hundred */
#define EXTENTS_MAX 256 /* larger heaps count as equally large */

/* Costs of a read and of a whole tree, where looking at a word of a root costs 1. */
enum { STEPS_READ = 64, STEPS_TREE = 1 << 16 };

/* ---- down from a node ------------------------------------------------------------------------ */

/* A descent from a node towards the leaves. */
struct descent {
    struct jt_scan *s;
    const struct jh_heap *heap;
    uint64_t element[JH_RTREE_HEIGHT_MAX]; /* indexes of the elements on the way, by level */
    unsigned elements;                     /* that may still be followed */
    uint64_t index;                        /* the result: the index in root[] */
    bool sound;                            /* an extent was found that tells index */
    unsigned strange;                      /* elements that cannot point at a node or an extent */
};

/* Takes the index in root[] from the address of an extent. False: the extent does not cover the
 * pages of the elements on the way to it. Its other fields are not checked, because they depend on
 * build parameters that are not known yet. */
static bool root_index(struct descent *l, const struct jh_extent *e) {
    const struct jh_layout *layout = l->heap->layout;
    uint64_t page = UINT64_C(1) << layout->build.lg_page,
             ends[2] = {e->base, e->base + e->size - page};
    for (unsigned i = 0; i < 2; i++) {
        bool same = true;
        for (unsigned level = 1; level < layout->rtree_height; level++) {
            same &= jh_rtree_subkey(layout, ends[i], level) == l->element[level];
        }
        if (same) {
            l->index = jh_rtree_subkey(layout, ends[i], 0);
            return true;
        }
    }
    return false;
}

/* Counts an element that cannot be a pointer, and gives up after some: in a damaged heap elements
 * still are pointers, only what they point at is damaged. */
static void count_strange(struct descent *l) {
    l->strange++;
    if (l->strange == BLIND_MAX) {
        l->elements = 0;
    }
}

static void take_leaf(struct descent *l, const uint8_t *bytes) {
    const struct jh_layout *layout = l->heap->layout;
    struct jh_leaf leaf;
    struct jh_extent e;
    jh_leaf_decode(layout, bytes, &leaf);
    if (!jt_scan_is_node(l->s, leaf.extent)) {
        count_strange(l);
        return;
    }
    if (jh_extent_read(l->heap, leaf.extent, &e, NULL) == JH_OK && root_index(l, &e)) {
        l->sound = true;
        l->elements = 0;
    }
}

static void descend(struct descent *l, uint64_t node, unsigned level);

/* Follows a few elements of a page of a node: most of a heap is sound, so a few are enough. Equal
 * neighbours are skipped: the pages of a slab all have the same extent. */
static void take_page(struct descent *l, const uint8_t *page, size_t len, uint64_t first,
                      unsigned level) {
    const struct jh_layout *layout = l->heap->layout;
    bool last = level + 1u == layout->rtree_height;
    size_t size = last ? layout->leaf_size : layout->rtree_node_size;
    unsigned left = SAMPLE;
    for (size_t at = 0; at + size <= len && left != 0 && l->elements != 0; at += size) {
        if (jt_all_zero(page + at, size) ||
            (at != 0 && memcmp(page + at, page + at - size, size) == 0)) {
            continue;
        }
        left--;
        l->elements--;
        l->s->steps += STEPS_READ;
        l->element[level] = (first + at) / size;
        uint64_t child = jt_number_at(l->s->target, page + at, layout->rtree_node_size);
        if (last) {
            take_leaf(l, page + at);
        } else if (jt_scan_is_node(l->s, child)) {
            descend(l, child, level + 1);
        } else {
            count_strange(l);
        }
    }
}

/* Reads a page. False: it is all zero or absent. That is remembered, because many words that are no
 * nodes point at the same memory. */
static bool read_page(struct jt_scan *s, uint64_t at, uint8_t page[JT_SCAN_PAGE]) {
    uint64_t *zero = &s->zero[at / JT_SCAN_PAGE % JT_SCAN_ZEROES];
    if (*zero == at + 1) {
        return false;
    }
    s->steps += STEPS_READ;
    if (jh_read(&s->target->heap.reader, at, page, JT_SCAN_PAGE, NULL) == JH_OK &&
        !jt_all_zero(page, JT_SCAN_PAGE)) {
        return true;
    }
    *zero = at + 1;
    return false;
}

/* Follows elements of a node. The recursion is at most 2 deep, as the rtree has at most 3 levels.
 */
static void descend(struct descent *l, uint64_t node, unsigned level) {
    const struct jh_layout *layout = l->heap->layout;
    size_t size = level + 1u == layout->rtree_height ? layout->leaf_size : layout->rtree_node_size;
    uint64_t bytes = (uint64_t)size << layout->rtree_level[level].bits;
    for (uint64_t at = 0; at < bytes && l->elements != 0;) {
        uint8_t page[JT_SCAN_PAGE];
        size_t in = (node + at) % JT_SCAN_PAGE, len = JT_SCAN_PAGE - in;
        len = len < bytes - at ? len : (size_t)(bytes - at);
        if (read_page(l->s, node + at - in, page)) {
            take_page(l, page + in, len, at, level);
        }
        l->s->steps++;
        at += len;
    }
}

static bool index_with(struct jt_scan *s, const struct jh_layout *layout, uint64_t node,
                       uint64_t *index) {
    struct jh_heap heap = {.reader = s->target->heap.reader, .layout = layout};
    struct descent l = {.s = s, .heap = &heap, .elements = SAMPLES_MAX};
    descend(&l, node, 1);
    *index = l.index;
    return l.sound;
}

/* Calls fn with s->layout, or with the same geometry in each version, until it returns true. */
typedef bool with_layout(struct jt_scan *s, const struct jh_layout *layout, void *arg);

static bool each_version(struct jt_scan *s, with_layout *fn, void *arg) {
    struct jh_build b = s->layout.build;
    struct jh_layout layout;
    if (!s->any_version) {
        return fn(s, &s->layout, arg);
    }
    for (unsigned rank = 1; rank <= JH_VERSIONS; rank++) {
        b.version = jt_version_likely(rank);
        if (jh_layout_make(&b, &layout, NULL) == JH_OK && fn(s, &layout, arg)) {
            return true;
        }
    }
    return false;
}

struct index_query {
    uint64_t node, index;
};

static bool ask_index(struct jt_scan *s, const struct jh_layout *layout, void *arg) {
    struct index_query *asked = arg;
    return index_with(s, layout, asked->node, &asked->index);
}

bool jt_scan_index_of(struct jt_scan *s, uint64_t node, uint64_t *index) {
    struct index_query asked = {node, 0};
    if (!each_version(s, ask_index, &asked)) {
        return false;
    }
    *index = asked.index;
    return true;
}

/* ---- the whole tree -------------------------------------------------------------------------- */

int jt_found_better(const void *a, const void *b) {
    const struct jt_found_root *x = a, *y = b;
    if (x->clean != y->clean) {
        return x->clean ? -1 : 1;
    }
    return x->extents == y->extents ? 0 : x->extents > y->extents ? -1 : 1;
}

/* Tries the root with this layout, and keeps the result if it is the best so far. */
static bool ask_fit(struct jt_scan *s, const struct jh_layout *layout, void *arg) {
    struct jt_found_root *best = arg, found = *best;
    struct jt_fit fit;
    struct jh_layout own = *layout;
    jt_layout_fit(s->target, layout, best->root, JT_FIT_GLANCE, &fit);
    jt_bins_try(s->target, best->root, JT_FIT_GLANCE, &own, &fit);
    if (fit.sound == 0 || fit.sound < fit.against / SOUND_MIN) {
        return false;
    }
    found.extents = fit.elements < EXTENTS_MAX ? fit.elements : EXTENTS_MAX;
    found.clean = fit.against <= fit.sound / 16; /* a running process may have a few faults */
    if (jt_found_better(&found, best) < 0) {
        *best = found;
    }
    return false;
}

void jt_scan_try(struct jt_scan *s, uint64_t root) {
    struct jt_search *search = s->search;
    struct jt_found_root found = {.module = s->module, .root = root};
    size_t i = 0;
    s->steps += STEPS_TREE;
    (void)each_version(s, ask_fit, &found);
    while (i < search->count && search->found[i].root != root) {
        i++;
    }
    if (found.extents == 0 || i == JT_ROOTS_MAX) {
        return;
    }
    if (i == search->count) {
        search->found[search->count++] = found;
    } else if (jt_found_better(&found, &search->found[i]) < 0) {
        search->found[i] = found;
    }
}
