/* reference.c - the tree, element by element. */
#include "reference.h"
#include "rules.h"

#include <string.h>

#define STEPS_MAX 100000

static uint64_t element_size(const struct jh_layout *l, unsigned level) {
    return level + 1U == l->rtree_height ? l->leaf_size : l->rtree_node_size;
}

static uint64_t element_count(const struct jh_layout *l, unsigned level) {
    return UINT64_C(1) << l->rtree_level[level].bits;
}

/* What one element of the level speaks of: its pages, as a power of two. */
static unsigned element_shift(const struct jh_layout *l, unsigned level) {
    return (unsigned)l->sc_ptr_bits - l->rtree_level[level].cumbits;
}

static uint64_t index_of(const struct jh_layout *l, uint64_t key, unsigned level) {
    return key >> element_shift(l, level) & (element_count(l, level) - 1);
}

static uint64_t number(const struct jh_layout *l, const uint8_t *bytes, uint64_t size) {
    uint64_t value = 0;
    for (uint64_t i = 0; i < size; i++) {
        value = value << 8 | bytes[l->build.little_endian ? size - 1 - i : i];
    }
    return value;
}

/* Addresses that a program can have: the bits above LG_VADDR repeat the one below them. */
static uint64_t canonical(const struct jh_layout *l, uint64_t addr) {
    unsigned unused = 64U - l->build.lg_vaddr;
    if (l->build.pointer_size == 4) {
        return (uint32_t)addr;
    }
    if (l->build.aarch64) {
        return addr << unused >> unused;
    }
    return (uint64_t)((int64_t)(addr << unused) >> unused);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static const uint8_t *present(const struct reference *r, uint64_t addr, uint64_t len) {
    for (size_t i = 0; i < r->holes; i++) {
        const struct heap_range *h = &r->hole[i];
        if (addr - h->addr < h->len || h->addr - addr < len) {
            return NULL;
        }
    }
    return heap_image_at(r->image, addr, len);
}

/* The part of the range that lies in [from, to): its first byte that is not zero, or its last one;
 * to when there is none. */
static uint64_t nonzero_in(const struct reference *r, struct heap_range range, uint64_t from,
                           uint64_t to, bool last) {
    uint64_t low = range.addr > from ? range.addr : from;
    uint64_t high = range.addr + range.len < to ? range.addr + range.len : to;
    const uint8_t *bytes = low < high ? heap_image_at(r->image, low, high - low) : NULL;
    for (uint64_t i = 0; bytes && i < high - low; i++) {
        uint64_t which = last ? high - low - 1 - i : i;
        if (bytes[which]) {
            return low + which;
        }
    }
    return to;
}

static bool better(uint64_t found, uint64_t best, uint64_t to, bool last) {
    return found != to && (best == to || (last ? found > best : found < best));
}

/* The first run that does not end in front of addr. */
static size_t run_from(const struct heap_image *image, uint64_t addr) {
    size_t low = 0, high = image->runs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->run[middle].addr + image->run[middle].len <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The first or the last byte of [from, to) that is not zero; to when there is none. */
static uint64_t nonzero(const struct reference *r, uint64_t from, uint64_t to, bool last) {
    const struct heap_image *image = r->image;
    size_t first = run_from(image, from), end = run_from(image, to);
    uint64_t best = to;
    end += end < image->runs && image->run[end].addr < to;
    for (size_t i = first; i < end && best == to; i++) {
        best = nonzero_in(r, image->run[last ? end - 1 - (i - first) : i], from, to, last);
    }
    for (size_t i = 0; i < r->changes; i++) {
        uint64_t found = nonzero_in(r, r->changed[i], from, to, last);
        best = better(found, best, to, last) ? found : best;
    }
    return best;
}

/* ---- elements -------------------------------------------------------------------------------- */

static uint64_t leaf_extent(const struct jh_layout *l, const uint8_t *bytes) {
    uint64_t word = number(l, bytes, l->build.pointer_size);
    if (l->leaf_form != JH_LEAF_COMPACT) {
        return word;
    }
    uint64_t low = (UINT64_C(1) << l->leaf_low_bits) - 1;
    unsigned unused = 64U - l->build.lg_vaddr;
    uint64_t at = l->leaf_sign_extend ? (uint64_t)((int64_t)(word << unused) >> unused)
                                      : word << unused >> unused;
    return at & ~low;
}

static uint64_t value_of(const struct jh_layout *l, const uint8_t *bytes, unsigned level) {
    return level + 1U == l->rtree_height ? leaf_extent(l, bytes)
                                         : number(l, bytes, l->build.pointer_size);
}

/* The first or last element of [from, to) of a node that is not empty. The node is there. */
static bool find_element(const struct reference *r, unsigned level, uint64_t node, uint64_t from,
                         uint64_t to, bool last, struct reference_element *out) {
    const struct jh_layout *l = &r->image->layout;
    uint64_t size = element_size(l, level);
    while (from < to) {
        uint64_t end = node + to * size;
        uint64_t byte = nonzero(r, node + from * size, end, last);
        if (byte == end) {
            return false;
        }
        uint64_t index = (byte - node) / size, at = node + index * size;
        uint64_t value = value_of(l, heap_image_at(r->image, at, size), level);
        if (value) {
            *out = (struct reference_element){level, at, index << element_shift(l, level), value};
            return true;
        }
        from = last ? from : index + 1;
        to = last ? index : to;
    }
    return false;
}

struct walk {
    const struct reference *reference;
    reference_fn *fn;
    void *arg;
    struct heap_range entered[JH_WALK_NODES]; /* the root, and the latest ones in a ring */
    uint64_t nodes, repeated;
};

static struct heap_range node_range(const struct jh_layout *l, unsigned level, uint64_t node) {
    return (struct heap_range){node, element_size(l, level) * element_count(l, level)};
}

/* One that is not aligned is another matter. */
static bool enters(struct walk *w, const struct reference_element *e) {
    const struct jh_layout *l = &w->reference->image->layout;
    struct heap_range child = node_range(l, e->level + 1, e->value);
    bool aligned = e->value % l->rtree_node_size == 0, repeated = false;
    for (size_t i = 0; i < JH_WALK_NODES; i++) {
        const struct heap_range *n = &w->entered[i];
        repeated = repeated ||
                   (n->len && (child.addr - n->addr < n->len || n->addr - child.addr < child.len));
    }
    w->repeated += aligned && repeated;
    return aligned && !repeated;
}

static enum reference_end elements(struct walk *w, unsigned level, uint64_t node, uint64_t page) {
    const struct jh_layout *l = &w->reference->image->layout;
    uint64_t size = element_size(l, level), count = element_count(l, level), from = 0;
    struct reference_element e;
    enum reference_end end = REFERENCE_ALL;
    if (!present(w->reference, node, count * size)) {
        return REFERENCE_SOME;
    }
    while (end == REFERENCE_ALL &&
           find_element(w->reference, level, node, from, count, false, &e)) {
        from = (e.at - node) / size + 1;
        e.page |= page;
        if (!w->fn(w->arg, &e)) {
            return REFERENCE_SOME;
        }
        if (level + 1U < l->rtree_height && enters(w, &e)) {
            w->entered[1 + w->nodes % (JH_WALK_NODES - 1)] = node_range(l, level + 1, e.value);
            end = w->nodes++ == w->reference->max_nodes ? REFERENCE_NODES
                                                        : elements(w, level + 1, e.value, e.page);
        }
    }
    return end;
}

struct reference_result reference_elements(const struct reference *reference, reference_fn *fn,
                                           void *arg) {
    struct walk w = {.reference = reference, .fn = fn, .arg = arg};
    w.entered[0] = node_range(&reference->image->layout, 0, reference->image->root);
    struct reference_result result = {.end = elements(&w, 0, reference->image->root, 0)};
    result.repeated = w.repeated;
    return result;
}

/* ---- extents --------------------------------------------------------------------------------- */

/* Is the extent there, and sound in itself? */
static enum reference_status read_extent(const struct reference *r, uint64_t at,
                                         struct jh_extent *out) {
    const struct jh_layout *l = &r->image->layout;
    if (at % l->extent_align) {
        return REFERENCE_CORRUPT;
    }
    const uint8_t *head = present(r, at, l->extent_head);
    if (!head) {
        return REFERENCE_ABSENT;
    }
    jh_extent_decode(l, at, head, out);
    return jh_extent_check(l, out, NULL) == JH_OK ? REFERENCE_KNOWN : REFERENCE_CORRUPT;
}

/* 5.3's bump regions leave elements behind: they are as good as none, where their extent, sound as
 * any, is elsewhere. */
static bool left_behind(const struct jh_layout *l, const uint8_t *bytes) {
    struct jh_leaf leaf;
    jh_leaf_decode(l, bytes, &leaf);
    return l->leaf_left_behind && leaf.szind == l->sc_nsizes && !leaf.slab &&
           leaf.state_bits < l->states && l->state[leaf.state_bits] == JH_ACTIVE;
}

/* The key's own element; value is 0 when it is empty or a node on the way is missing. */
static enum reference_status own_element(const struct reference *r, uint64_t key,
                                         struct reference_element *out) {
    const struct jh_layout *l = &r->image->layout;
    uint64_t node = r->image->root;
    for (unsigned level = 0; level < l->rtree_height; level++) {
        uint64_t size = element_size(l, level), at = node + index_of(l, key, level) * size;
        const uint8_t *bytes = present(r, at, size);
        if (!bytes) {
            return REFERENCE_ABSENT;
        }
        node = value_of(l, bytes, level);
        *out = (struct reference_element){level, at, key, node};
        if (!node) {
            return REFERENCE_KNOWN;
        }
        if (level + 1U < l->rtree_height && node % size) {
            return REFERENCE_CORRUPT;
        }
    }
    return REFERENCE_KNOWN;
}

/* Bump regions are unmapped and stay in the tree: others may be registered over them. */
static bool may_be_left_behind(const struct jh_layout *l, const struct jh_extent *e) {
    return l->build.version >= JH_5_3_0 && e->state == JH_ACTIVE && !e->allocated;
}

/* Does the element of its first page say other than the extent? */
static bool contradicts(const struct jh_layout *l, const uint8_t *bytes,
                        const struct jh_extent *e) {
    struct jh_leaf leaf;
    jh_leaf_decode(l, bytes, &leaf);
    bool other = leaf.szind != e->szind || leaf.slab != e->slab;
    bool packed = l->build.version >= JH_5_3_0;
    return (e->allocated && other) || (packed && (leaf.state_bits != e->state_bits ||
                                                  leaf.is_head != e->is_head || leaf.unused));
}

/* Another page than the first. Of an element that names another extent the walk tells by itself,
 * unless it was left behind. */
static bool page_differs(const struct reference *r, const struct jh_extent *e, uint64_t page) {
    const struct jh_layout *l = &r->image->layout;
    struct reference_element own;
    struct jh_leaf leaf;
    if (own_element(r, page, &own) != REFERENCE_KNOWN) {
        return false;
    }
    if (!own.value) {
        return true;
    }
    const uint8_t *bytes = heap_image_at(r->image, own.at, l->leaf_size);
    if (own.value != e->at) {
        return left_behind(l, bytes);
    }
    jh_leaf_decode(l, bytes, &leaf);
    bool other = leaf.szind != e->szind || !leaf.slab;
    return (jh_extent_is_slab(e) && other) || leaf.unused ||
           (l->build.version >= JH_5_3_0 && leaf.state_bits != e->state_bits);
}

static bool pages_differ(const struct reference *r, const struct jh_extent *e) {
    uint64_t page = UINT64_C(1) << r->image->layout.build.lg_page, last = e->size - page;
    bool differs = false;
    for (uint64_t at = jh_extent_is_slab(e) ? page : last; at && at <= last; at += page) {
        differs = differs || page_differs(r, e, e->base + at);
    }
    return differs;
}

struct given {
    const struct reference *reference;
    uint64_t *at, last_at, last_end, last_page, contradicted;
    uint64_t before, before_page; /* the element in front of this one */
    size_t max, count;
    bool last_slab, just_given, judged, torn;
};

/* One more element of the extent that was given last. Of those of one node that follow each other
 * the first is looked at, or the first behind the one that the extent was given for. */
static void note_more(struct given *g, const struct reference_element *e, uint64_t page,
                      const uint8_t *bytes) {
    const struct jh_layout *l = &g->reference->image->layout;
    unsigned node = element_shift(l, e->level) + l->rtree_level[e->level].bits;
    bool follows = g->before == e->value && g->before_page >> node == e->page >> node;
    bool looked_at = follows ? g->just_given && g->judged : true;
    bool last = page == g->last_page;
    g->torn |= looked_at && !last && !g->last_slab && !left_behind(l, bytes);
}

static bool give_one(struct given *g, uint64_t at, const struct jh_extent *e,
                     const uint8_t *bytes) {
    const struct jh_layout *l = &g->reference->image->layout;
    if (g->count == g->max) {
        return false;
    }
    bool other = contradicts(l, bytes, e);
    g->at[g->count++] = at;
    g->contradicted += other;
    g->judged = !other && !may_be_left_behind(l, e);
    g->torn |= g->judged && pages_differ(g->reference, e);
    g->last_at = at;
    g->last_end = fuzz_end_of(e);
    g->last_page = e->base + (e->size - (UINT64_C(1) << l->build.lg_page));
    g->last_slab = jh_extent_is_slab(e);
    g->just_given = true;
    return true;
}

static bool give(void *arg, const struct reference_element *e) {
    struct given *g = arg;
    const struct jh_layout *l = &g->reference->image->layout;
    struct jh_extent extent;
    if (e->level + 1U < l->rtree_height) {
        return true;
    }
    const uint8_t *bytes = heap_image_at(g->reference->image, e->at, l->leaf_size);
    uint64_t page = canonical(l, e->page);
    bool goes_on = true;
    if (e->value == g->last_at && page < g->last_end) {
        note_more(g, e, page, bytes);
        g->just_given = false;
    } else if (read_extent(g->reference, e->value, &extent) == REFERENCE_KNOWN &&
               extent.base == page &&
               (extent.base >= g->last_end || extent.allocated || !left_behind(l, bytes))) {
        goes_on = give_one(g, e->value, &extent, bytes);
    }
    g->before = e->value;
    g->before_page = e->page;
    return goes_on;
}

struct reference_result reference_walk(const struct reference *reference, uint64_t *at,
                                       size_t max) {
    struct given g = {.reference = reference, .at = at, .max = max};
    struct reference_result result = reference_elements(reference, give, &g);
    result.extents = g.count;
    result.contradicted = g.contradicted;
    result.torn = g.torn;
    return result;
}

/* ---- lookup ---------------------------------------------------------------------------------- */

/* The extent of a leaf element, which must cover addr; at is 0 for an element left behind. */
static enum reference_status judge(const struct reference *r, const struct reference_element *e,
                                   uint64_t addr, struct jh_extent *out) {
    const struct jh_layout *l = &r->image->layout;
    enum reference_status status = read_extent(r, e->value, out);
    if (status == REFERENCE_KNOWN && addr - out->base >= out->size) {
        status = left_behind(l, heap_image_at(r->image, e->at, l->leaf_size)) ? REFERENCE_KNOWN
                                                                              : REFERENCE_CORRUPT;
        out->at = 0;
    }
    return status;
}

struct search {
    const struct reference *reference;
    uint64_t key, steps;
};

/* The last leaf element under this node that is not empty; in front of the key when bounded. value
 * is 0 when there is none. */
static enum reference_status last_element(struct search *s, unsigned level, uint64_t node,
                                          uint64_t page, bool bounded,
                                          struct reference_element *out) {
    const struct reference *r = s->reference;
    const struct jh_layout *l = &r->image->layout;
    bool leaf = level + 1U == l->rtree_height;
    uint64_t size = element_size(l, level), shift = element_shift(l, level);
    uint64_t to = bounded ? index_of(l, s->key, level) : element_count(l, level);
    out->value = 0;
    /* Somewhere in all that is looked at something may be missing. */
    if (s->steps++ > STEPS_MAX || !present(r, node, (to + (bounded && !leaf)) * size)) {
        return to || (bounded && !leaf) ? REFERENCE_OPEN : REFERENCE_KNOWN;
    }
    if (bounded && !leaf) {
        uint64_t child = value_of(l, heap_image_at(r->image, node + to * size, size), level);
        enum reference_status status =
            child ? last_element(s, level + 1, child, page | to << shift, true, out)
                  : REFERENCE_KNOWN;
        if (status != REFERENCE_KNOWN || out->value) {
            return status;
        }
    }
    struct reference_element e;
    while (find_element(r, level, node, 0, to, true, &e)) {
        to = (e.at - node) / size;
        e.page |= page;
        if (leaf) {
            *out = e;
            return REFERENCE_KNOWN;
        }
        if (e.value % size) {
            return REFERENCE_CORRUPT;
        }
        enum reference_status status = last_element(s, level + 1, e.value, e.page, false, out);
        if (status != REFERENCE_KNOWN || out->value) {
            return status;
        }
    }
    return REFERENCE_KNOWN;
}

static enum reference_status look_back(const struct reference *r, uint64_t addr, uint64_t *at) {
    struct search s = {r, addr, 0};
    for (;;) {
        struct reference_element e;
        struct jh_extent extent;
        enum reference_status status = last_element(&s, 0, r->image->root, 0, true, &e);
        *at = 0;
        if (status != REFERENCE_KNOWN || !e.value) {
            return status;
        }
        status = judge(r, &e, canonical(&r->image->layout, e.page), &extent);
        if (status != REFERENCE_KNOWN) {
            return status;
        }
        if (extent.at) {
            *at = addr - extent.base < extent.size ? extent.at : 0;
            return REFERENCE_KNOWN;
        }
        s.key = e.page;
    }
}

/* The first leaf element under this node that is not empty; behind the key when bounded. */
static enum reference_status first_element(struct search *s, unsigned level, uint64_t node,
                                           uint64_t page, bool bounded,
                                           struct reference_element *out) {
    const struct reference *r = s->reference;
    const struct jh_layout *l = &r->image->layout;
    bool leaf = level + 1U == l->rtree_height;
    uint64_t size = element_size(l, level), count = element_count(l, level);
    uint64_t from = bounded ? index_of(l, s->key, level) : 0;
    out->value = 0;
    if (s->steps++ > STEPS_MAX || !present(r, node + from * size, (count - from) * size)) {
        return REFERENCE_OPEN;
    }
    bool within = bounded; /* the first one is the way to the key */
    from += bounded && leaf;
    struct reference_element e;
    while (find_element(r, level, node, from, count, false, &e)) {
        bool first = within && e.at == node + from * size;
        within = false;
        from = (e.at - node) / size + 1;
        e.page |= page;
        if (leaf) {
            *out = e;
            return REFERENCE_KNOWN;
        }
        if (e.value % size) {
            return REFERENCE_CORRUPT;
        }
        enum reference_status status = first_element(s, level + 1, e.value, e.page, first, out);
        if (status != REFERENCE_KNOWN || out->value) {
            return status;
        }
    }
    return REFERENCE_KNOWN;
}

/* Nobody has it by what stands in front of it. Is the next extent one whose first page is gone?
 * What else is wrong there says nothing of this address. */
static enum reference_status look_ahead(const struct reference *r, uint64_t addr) {
    struct search s = {r, addr, 0};
    for (;;) {
        struct reference_element e;
        struct jh_extent extent;
        enum reference_status status = first_element(&s, 0, r->image->root, 0, true, &e);
        if (status != REFERENCE_KNOWN || !e.value) {
            return status == REFERENCE_OPEN ? status : REFERENCE_KNOWN;
        }
        status = judge(r, &e, canonical(&r->image->layout, e.page), &extent);
        if (status != REFERENCE_KNOWN) {
            return REFERENCE_KNOWN;
        }
        if (extent.at) {
            return addr - extent.base < extent.size &&
                           !may_be_left_behind(&r->image->layout, &extent)
                       ? REFERENCE_CORRUPT
                       : REFERENCE_KNOWN;
        }
        s.key = e.page;
    }
}

enum reference_status reference_lookup(const struct reference *r, uint64_t addr, uint64_t *at) {
    struct reference_element e = {.value = 0};
    struct jh_extent extent = {.at = 0};
    *at = 0;
    if (canonical(&r->image->layout, addr) != addr) {
        return REFERENCE_KNOWN;
    }
    enum reference_status status = own_element(r, addr, &e);
    if (status == REFERENCE_KNOWN && e.value) {
        status = judge(r, &e, addr, &extent);
        *at = extent.at;
    }
    if (status != REFERENCE_KNOWN || *at) {
        return status;
    }
    status = look_back(r, addr, at);
    return status == REFERENCE_KNOWN && !*at ? look_ahead(r, addr) : status;
}
