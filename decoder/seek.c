/* seek: the long way to the extent that owns an address, which says what is wrong, and to those
 * beside it. A slab has a leaf element for every page; any other extent only for its first and its
 * last (emap.c: emap_register_boundary), so an address inside it is found by going back to the
 * nearest element in front of it. */
#include "seek.h"

#include "cursor.h"

#define MAX_PASSED_DEFAULT (UINT64_C(1) << 26)
#define SEEK_BUF 4096  /* multiple of every element size */
#define EXTENT_COST 64 /* reading an extent takes as long as passing so many empty elements */

struct seek {
    const struct jh_heap *heap;
    int direction;       /* -1: towards lower addresses, 1: higher */
    struct jh_cursor in; /* the elements that have been dealt with */
    uint64_t left;       /* elements that may still be passed */
    uint64_t value;      /* child or extent found; 0: none in this node */
    uint64_t at;         /* address of the element that it was found in */
};

static const struct jh_extent none = {.at = 0};

static uint64_t element(const struct jh_layout *layout, unsigned level, const uint8_t *bytes) {
    return jh_rtree_is_leaf(layout, level) ? jh_leaf_extent(layout, bytes)
                                           : jh_load(layout, bytes, layout->rtree_node_size);
}

/* Pass over count elements in bytes; stops at the first that is not empty. */
static uint64_t pass(struct seek *s, unsigned level, const uint8_t *bytes, uint64_t count) {
    const struct jh_layout *layout = s->heap->layout;
    unsigned size = jh_rtree_element_size(layout, level);
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

/* So many elements on that side, or as many of them as are there: what is farther away than the one
 * that is looked for may be missing. JH_ABSENT: the nearest one is. */
static enum jh_status read_side(const struct seek *s, unsigned level, uint64_t *count, uint8_t *buf,
                                const uint8_t **out, struct jh_fault *fault) {
    unsigned size = jh_rtree_element_size(s->heap->layout, level);
    struct jh_fault found;
    enum jh_status status;
    for (;; *count /= 2) {
        uint64_t first = s->direction < 0 ? s->in.index[level] - *count : s->in.index[level] + 1;
        status = jh_rtree_read(s->heap, &s->in, level, s->in.node[level] + first * size,
                               *count * size, buf, out, &found);
        if (status != JH_ABSENT || *count == 1) {
            break;
        }
    }
    if (status != JH_OK && fault) {
        *fault = found;
    }
    return status;
}

/* The next element of the node at this level that is not empty: value, or 0 at the node's end. */
static enum jh_status scan(struct seek *s, unsigned level, struct jh_fault *fault) {
    const struct jh_layout *layout = s->heap->layout;
    unsigned size = jh_rtree_element_size(layout, level);
    uint64_t all = jh_rtree_elements(layout, level);
    uint8_t buf[SEEK_BUF];
    s->value = 0;
    while (!s->value) {
        uint64_t rest = s->direction < 0 ? s->in.index[level] : all - 1 - s->in.index[level];
        uint64_t count = rest < SEEK_BUF / size ? rest : SEEK_BUF / size;
        if (!count) {
            return JH_OK;
        }
        count = count < s->left ? count : s->left;
        if (!count) {
            return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, s->in.node[level], 0,
                           "rtree.max-passed");
        }
        const uint8_t *bytes;
        enum jh_status status = read_side(s, level, &count, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        uint64_t passed = pass(s, level, bytes, count);
        s->left -= passed;
        s->in.index[level] += s->direction < 0 ? -passed : passed;
    }
    s->at = s->in.node[level] + s->in.index[level] * size;
    return JH_OK;
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
        enum jh_status status = scan(s, s->in.level, fault);
        if (status != JH_OK) {
            return status;
        }
        if (s->value && jh_rtree_is_leaf(layout, s->in.level)) {
            return JH_OK;
        }
        if (!s->value && s->in.level == 0) {
            return JH_OK;
        }
        if (!s->value) {
            s->in.level--;
            continue;
        }
        status = jh_rtree_child_check(layout, s->at, s->value, fault);
        if (status != JH_OK) {
            return status;
        }
        s->in.level++;
        s->in.node[s->in.level] = s->value;
        s->in.index[s->in.level] =
            s->direction < 0 ? jh_rtree_elements(layout, s->in.level) : UINT64_MAX;
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

/* The extent of a leaf element, which covers the element's page; all zero for an element that
 * jemalloc left behind. */
static enum jh_status extent_of_element(const struct jh_heap *heap, uint64_t element_at,
                                        const uint8_t *bytes, uint64_t page, struct jh_extent *out,
                                        struct jh_fault *fault) {
    uint64_t at = jh_leaf_extent(heap->layout, bytes);
    struct jh_fault found;
    enum jh_status status = read_sound(heap, at, out, &found);
    if (status == JH_OK && !jh_extent_covers(out, page)) {
        if (may_be_left_behind(heap->layout, bytes)) {
            *out = none;
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
    for (unsigned l = 0; l <= s->in.level; l++) {
        page |= jh_rtree_pages(layout, l, s->in.index[l]);
    }
    return jh_canonical(layout, page);
}

/* The nearest extent on one side of where the seek stands; all zero when there is none. */
static enum jh_status next_extent(struct seek *s, struct jh_extent *out, struct jh_fault *fault) {
    *out = none;
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
    enum jh_status status = jh_rtree_enter(heap, addr, &s.in, fault);
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
    enum jh_status status = jh_rtree_enter(heap, addr, &s.in, fault);
    if (status == JH_OK) {
        status = next_extent(&s, out, fault);
    }
    if (status == JH_OK && out->at && !jh_extent_covers(out, addr)) {
        *out = none;
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
    enum jh_status status = jh_rtree_enter(heap, addr, &s.in, &found);
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
    struct jh_extent e = none;
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
