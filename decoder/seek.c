/* seek: the long way to the extent that owns an address, which says what is wrong, and to those
 * beside it. A slab has a leaf element for every page; any other extent only for its first and its
 * last (emap.c: emap_register_boundary), so an address inside it is found by going back to the
 * nearest element in front of it. */
#include "seek.h"

#define MAX_PASSED_DEFAULT (UINT64_C(1) << 26)
#define SEEK_BUF 4096  /* multiple of every element size */
#define EXTENT_COST 64 /* reading an extent takes as long as passing so many empty elements */

struct seek {
    const struct jh_heap *heap;
    int direction; /* -1: towards lower addresses, 1: higher */
    uint64_t node[JH_RTREE_HEIGHT_MAX];
    uint64_t index[JH_RTREE_HEIGHT_MAX]; /* the element that has been dealt with */
    unsigned level;                      /* of the node that it stands in */
    uint64_t left;                       /* elements that may still be passed */
    uint64_t value;                      /* child or extent found; 0: none in this node */
    uint64_t at;                         /* address of the element that it was found in */
};

static bool is_leaf(const struct jh_layout *layout, unsigned level) {
    return level + 1U == layout->rtree_height;
}

static unsigned element_size(const struct jh_layout *layout, unsigned level) {
    return is_leaf(layout, level) ? layout->leaf_size : layout->rtree_node_size;
}

static uint64_t element(const struct jh_layout *layout, unsigned level, const uint8_t *bytes) {
    return is_leaf(layout, level) ? jh_leaf_extent(layout, bytes)
                                  : jh_load(layout, bytes, layout->rtree_node_size);
}

/* Pass over count elements in bytes; stops at the first that is not empty. */
static uint64_t pass(struct seek *s, unsigned level, const uint8_t *bytes, uint64_t count) {
    const struct jh_layout *layout = s->heap->layout;
    unsigned size = element_size(layout, level);
    if (jh_all_zero(bytes, count * size)) {
        return count;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t which = s->direction < 0 ? count - 1 - i : i;
        s->value = element(layout, level, bytes + which * size);
        if (s->value) {
            return i + 1;
        }
    }
    return count;
}

/* Of the node at this level, or of a part of it. */
static enum jh_status fetch(const struct seek *s, unsigned level, uint64_t at, size_t len,
                            uint8_t *buf, const uint8_t **out, struct jh_fault *fault) {
    const struct jh_reader *reader = &s->heap->reader;
    uint64_t from = 0;
    if (level) {
        from = s->node[level - 1] + s->index[level - 1] * s->heap->layout->rtree_node_size;
    }
    return jh_led(reader, jh_fetch(reader, at, len, buf, out, fault), from, s->node[level],
                  JH_STAGE_RTREE, "rtree.child-unmapped", fault);
}

/* The next element of the node at this level that is not empty: value, or 0 at the node's end. */
static enum jh_status scan(struct seek *s, unsigned level, struct jh_fault *fault) {
    const struct jh_layout *layout = s->heap->layout;
    unsigned size = element_size(layout, level);
    uint64_t all = UINT64_C(1) << layout->rtree_level[level].bits;
    uint8_t buf[SEEK_BUF];
    s->value = 0;
    while (!s->value) {
        uint64_t rest = s->direction < 0 ? s->index[level] : all - 1 - s->index[level];
        uint64_t count = rest < SEEK_BUF / size ? rest : SEEK_BUF / size;
        bool at_end = !count;
        count = count < s->left ? count : s->left;
        uint64_t first = s->direction < 0 ? s->index[level] - count : s->index[level] + 1;
        if (at_end) {
            return JH_OK;
        }
        if (!count) {
            return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, s->node[level], 0, "rtree.max-passed");
        }
        const uint8_t *bytes;
        enum jh_status status =
            fetch(s, level, s->node[level] + first * size, count * size, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        uint64_t passed = pass(s, level, bytes, count);
        s->left -= passed;
        s->index[level] += s->direction < 0 ? -passed : passed;
    }
    s->at = s->node[level] + s->index[level] * size;
    return JH_OK;
}

/* Down along the key as far as there are nodes. */
static enum jh_status enter(struct seek *s, uint64_t key, struct jh_fault *fault) {
    const struct jh_layout *layout = s->heap->layout;
    s->node[0] = s->heap->rtree_root;
    for (unsigned l = 0;; l++) {
        s->index[l] = jh_rtree_subkey(layout, key, l);
        s->level = l;
        if (is_leaf(layout, l)) {
            return JH_OK;
        }
        uint8_t buf[8];
        const uint8_t *bytes;
        unsigned size = layout->rtree_node_size;
        uint64_t at = s->node[l] + s->index[l] * size;
        enum jh_status status = fetch(s, l, at, size, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        uint64_t child = jh_load(layout, bytes, size);
        if (!jh_aligned(child, size)) {
            return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-alignment");
        }
        if (!child) {
            return JH_OK;
        }
        s->node[l + 1] = child;
    }
}

static void start(struct seek *s, const struct jh_heap *heap, int direction) {
    *s = (struct seek){.heap = heap, .direction = direction};
    s->left = heap->limits.max_passed ? heap->limits.max_passed : MAX_PASSED_DEFAULT;
}

/* Go on from where it stands to the next leaf element that is not empty: value is its extent, 0
 * when there is none on this side. */
static enum jh_status next_element(struct seek *s, struct jh_fault *fault) {
    const struct jh_layout *layout = s->heap->layout;
    for (;;) {
        enum jh_status status = scan(s, s->level, fault);
        if (status != JH_OK) {
            return status;
        }
        if (s->value && is_leaf(layout, s->level)) {
            return JH_OK;
        }
        if (!s->value && s->level == 0) {
            return JH_OK;
        }
        if (!s->value) {
            s->level--;
        } else if (!jh_aligned(s->value, layout->rtree_node_size)) {
            return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, s->at, s->value,
                           "rtree.child-alignment");
        } else {
            uint64_t end = UINT64_C(1) << layout->rtree_level[s->level + 1].bits;
            s->level++;
            s->node[s->level] = s->value;
            s->index[s->level] = s->direction < 0 ? end : UINT64_MAX;
        }
    }
}

static enum jh_status read_sound(const struct jh_heap *heap, uint64_t at, struct jh_extent *out,
                                 struct jh_fault *fault) {
    enum jh_status status = jh_extent_read(heap, at, out, fault);
    return status == JH_OK ? jh_extent_check(heap->layout, out, fault) : status;
}

static bool may_be_left_behind(const struct jh_layout *layout, const uint8_t *bytes) {
    struct jh_leaf leaf;
    jh_leaf_decode(layout, bytes, &leaf);
    return jh_leaf_may_be_left_behind(layout, &leaf);
}

/* The extent of a leaf element, which covers the element's page; at is 0 for an element that
 * jemalloc left behind. */
static enum jh_status extent_of_element(const struct jh_heap *heap, uint64_t element_at,
                                        const uint8_t *bytes, uint64_t page, struct jh_extent *out,
                                        struct jh_fault *fault) {
    uint64_t at = jh_leaf_extent(heap->layout, bytes);
    struct jh_fault found;
    enum jh_status status = read_sound(heap, at, out, &found);
    if (status == JH_OK && !jh_extent_covers(out, page)) {
        if (may_be_left_behind(heap->layout, bytes)) {
            out->at = 0;
            return JH_OK;
        }
        status = jh_fail(&found, JH_CORRUPT, JH_STAGE_LEAF, page, at, "leaf.extent-not-covering");
    }
    status = jh_led(&heap->reader, status, page, at, JH_STAGE_LEAF, "leaf.extent-unmapped", &found);
    if (status != JH_OK && fault) {
        *fault = found;
        fault->element = element_at;
        fault->page = page;
    }
    return status;
}

/* The page that the leaf element under the seek speaks of. */
static uint64_t page_of(const struct seek *s) {
    const struct jh_layout *layout = s->heap->layout;
    uint64_t page = 0;
    for (unsigned l = 0; l <= s->level; l++) {
        page |= s->index[l] << (layout->sc_ptr_bits - layout->rtree_level[l].cumbits);
    }
    return jh_canonical(layout, page);
}

/* The nearest extent on one side of where the seek stands; at is 0 when there is none. */
static enum jh_status next_extent(struct seek *s, struct jh_extent *out, struct jh_fault *fault) {
    out->at = 0;
    for (;;) {
        uint8_t buf[JH_LEAF_BYTES_MAX];
        const uint8_t *bytes;
        enum jh_status status = next_element(s, fault);
        if (status != JH_OK || !s->value) {
            return status;
        }
        s->left -= s->left < EXTENT_COST ? s->left : EXTENT_COST;
        status = jh_fetch(&s->heap->reader, s->at, s->heap->layout->leaf_size, buf, &bytes, fault);
        if (status == JH_OK) {
            status = extent_of_element(s->heap, s->at, bytes, page_of(s), out, fault);
        }
        if (status != JH_OK || out->at) {
            return status;
        }
    }
}

static enum jh_status beside_once(const struct jh_heap *heap, uint64_t addr, int direction,
                                  struct jh_extent *out, struct jh_fault *fault) {
    struct jh_extent e = {0};
    struct seek s;
    start(&s, heap, direction);
    enum jh_status status = enter(&s, addr, fault);
    if (status == JH_OK) {
        status = next_extent(&s, &e, fault);
    }
    while (status == JH_OK && e.at && jh_extent_covers(&e, addr)) { /* addr is in it: its far end */
        status = next_extent(&s, &e, fault);
    }
    if (status == JH_OK) {
        *out = e;
    }
    return status;
}

/* A fault only when it stays one. */
static enum jh_status beside(const struct jh_heap *heap, uint64_t addr, int direction,
                             struct jh_extent *out, struct jh_fault *fault) {
    unsigned times = 0;
    enum jh_status status = beside_once(heap, addr, direction, out, fault);
    while (status == JH_CORRUPT && jh_retry(&heap->reader, &times)) {
        status = beside_once(heap, addr, direction, out, fault);
    }
    return status;
}

enum jh_status jh_before(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                         struct jh_fault *fault) {
    return beside(heap, addr, -1, out, fault);
}

enum jh_status jh_after(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                        struct jh_fault *fault) {
    return beside(heap, addr, 1, out, fault);
}

/* No element of its own: inside the extent whose first page is nearest in front, or in none. */
static enum jh_status look_back(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                                struct jh_fault *fault) {
    struct seek s;
    start(&s, heap, -1);
    enum jh_status status = enter(&s, addr, fault);
    if (status == JH_OK) {
        status = next_extent(&s, out, fault);
    }
    if (status == JH_OK && out->at && !jh_extent_covers(out, addr)) {
        out->at = 0;
    }
    return status;
}

/* In none by what stands in front: is it in one whose first page has no element? Then the next
 * element behind the address is its last page's. What else is wrong there is not this address's. */
static enum jh_status look_ahead(const struct jh_heap *heap, uint64_t addr,
                                 struct jh_fault *fault) {
    struct seek s;
    struct jh_extent e;
    struct jh_fault found = {.status = JH_OK};
    start(&s, heap, 1);
    enum jh_status status = enter(&s, addr, &found);
    if (status == JH_OK) {
        status = next_extent(&s, &e, &found);
    }
    if (status == JH_OK && e.at && jh_extent_covers(&e, addr) &&
        !jh_extent_may_be_left_behind(heap->layout, &e)) {
        status =
            jh_fail(&found, JH_CORRUPT, JH_STAGE_LEAF, e.base, e.at, "leaf.first-page-missing");
        found.element = s.at;
        found.page = page_of(&s);
    } else if (status != JH_LIMIT) {
        return JH_OK;
    }
    if (fault) {
        *fault = found;
    }
    return status;
}

static enum jh_status owner_once(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                                 struct jh_fault *fault) {
    uint8_t buf[JH_LEAF_BYTES_MAX];
    const uint8_t *bytes;
    uint64_t at;
    struct jh_extent e = {.at = 0};
    if (jh_canonical(heap->layout, addr) != addr) {
        *out = e;
        return JH_OK;
    }
    enum jh_status status = jh_rtree_fetch(heap, addr, buf, &at, &bytes, fault);
    if (status == JH_OK && at && jh_leaf_extent(heap->layout, bytes)) {
        status = extent_of_element(heap, at, bytes, jh_addr2base(addr, jh_page(heap->layout)), &e,
                                   fault);
    }
    if (status == JH_OK && !e.at) {
        status = look_back(heap, addr, &e, fault);
    }
    if (status == JH_OK && !e.at) {
        status = look_ahead(heap, addr, fault);
    }
    if (status == JH_OK) {
        *out = e;
    }
    return status;
}

enum jh_status jh_seek_owner(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                             struct jh_fault *fault) {
    unsigned times = 0;
    enum jh_status status = owner_once(heap, addr, out, fault);
    while (status == JH_CORRUPT && jh_retry(&heap->reader, &times)) {
        status = owner_once(heap, addr, out, fault);
    }
    return status;
}
