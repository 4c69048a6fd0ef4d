/* lookup: the extent that owns an address. A slab has a leaf element for every page; any other
 * extent only for its first and its last (emap.c: emap_register_boundary), so an address inside it
 * is found by going back to the nearest element in front of it. */
#include "internal.h"

#define MAX_PASSED_DEFAULT (UINT64_C(1) << 26)
#define SEEK_BUF 4096 /* multiple of every element size */

struct seek {
    const struct jh_heap *heap;
    int direction; /* -1: towards lower addresses, 1: higher */
    uint64_t node[JH_RTREE_HEIGHT_MAX];
    uint64_t index[JH_RTREE_HEIGHT_MAX]; /* the element that has been dealt with */
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
    for (uint64_t i = 0; i < count; i++) {
        uint64_t which = s->direction < 0 ? count - 1 - i : i;
        s->value = element(layout, level, bytes + which * size);
        if (s->value) {
            return i + 1;
        }
    }
    return count;
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
        uint64_t first = s->direction < 0 ? s->index[level] - count : s->index[level] + 1;
        if (!count) {
            return JH_OK;
        }
        if (s->left < count) {
            return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, s->node[level], 0, "rtree.max-passed");
        }
        const uint8_t *bytes;
        enum jh_status status = jh_fetch(&s->heap->reader, s->node[level] + first * size,
                                         count * size, buf, &bytes, fault);
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
static enum jh_status enter(struct seek *s, uint64_t key, unsigned *level, struct jh_fault *fault) {
    const struct jh_layout *layout = s->heap->layout;
    s->node[0] = s->heap->rtree_root;
    for (unsigned l = 0;; l++) {
        s->index[l] = jh_rtree_subkey(layout, key, l);
        *level = l;
        if (is_leaf(layout, l)) {
            return JH_OK;
        }
        uint8_t buf[8];
        const uint8_t *bytes;
        unsigned size = layout->rtree_node_size;
        uint64_t at = s->node[l] + s->index[l] * size;
        enum jh_status status = jh_fetch(&s->heap->reader, at, size, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        uint64_t child = jh_load(layout, bytes, size);
        if (child % size) {
            return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-alignment");
        }
        if (!child) {
            return JH_OK;
        }
        s->node[l + 1] = child;
    }
}

/* The extent of the nearest leaf element that is not empty, on one side of key's page. */
static enum jh_status seek(const struct jh_heap *heap, uint64_t key, int direction,
                           uint64_t *extent, struct jh_fault *fault) {
    const struct jh_layout *layout = heap->layout;
    struct seek s = {.heap = heap, .direction = direction};
    s.left = heap->limits.max_passed ? heap->limits.max_passed : MAX_PASSED_DEFAULT;
    unsigned level = 0;
    enum jh_status status = enter(&s, key, &level, fault);
    while (status == JH_OK) {
        status = scan(&s, level, fault);
        if (status != JH_OK) {
            break;
        }
        if (!s.value && level == 0) {
            *extent = 0;
            return JH_OK;
        }
        if (!s.value) {
            level--;
        } else if (is_leaf(layout, level)) {
            *extent = s.value;
            return JH_OK;
        } else if (s.value % layout->rtree_node_size) {
            status =
                jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, s.at, s.value, "rtree.child-alignment");
        } else {
            level++;
            s.node[level] = s.value;
            s.index[level] =
                direction < 0 ? UINT64_C(1) << layout->rtree_level[level].bits : UINT64_MAX;
        }
    }
    return status;
}

static enum jh_status read_sound(const struct jh_heap *heap, uint64_t at, struct jh_extent *out,
                                 struct jh_fault *fault) {
    enum jh_status status = jh_extent_read(heap, at, out, fault);
    return status == JH_OK ? jh_extent_check(heap->layout, out, fault) : status;
}

static enum jh_status beside(const struct jh_heap *heap, uint64_t addr, int direction,
                             struct jh_extent *out, struct jh_fault *fault) {
    struct jh_extent e = {0};
    uint64_t at;
    enum jh_status status = seek(heap, addr, direction, &at, fault);
    while (status == JH_OK && at) {
        status = read_sound(heap, at, &e, fault);
        if (status != JH_OK || !jh_extent_covers(&e, addr)) {
            break;
        }
        addr = direction < 0 ? e.base : e.base + (e.size - 1); /* go on from its far end */
        e.at = 0;
        status = seek(heap, addr, direction, &at, fault);
        if (status == JH_OK && at) {
            status = read_sound(heap, at, &e, fault);
        }
        break;
    }
    if (status == JH_OK) {
        *out = e;
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

enum jh_status jh_lookup(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                         struct jh_fault *fault) {
    struct jh_leaf_bytes leaf;
    enum jh_status status = jh_rtree_lookup(heap, addr, &leaf, fault);
    if (status != JH_OK) {
        return status;
    }
    uint64_t own = jh_leaf_extent(heap->layout, leaf.bytes), at = own;
    if (!at) {
        status = seek(heap, addr, -1, &at, fault);
    }
    struct jh_extent e = {0};
    if (status == JH_OK && at) {
        status = read_sound(heap, at, &e, fault);
    }
    if (status != JH_OK) {
        return status;
    }
    if (e.at && !jh_extent_covers(&e, addr)) {
        if (own) {
            return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, leaf.at, own,
                           "leaf.extent-not-covering");
        }
        e.at = 0;
    }
    *out = e;
    return JH_OK;
}

/* ---- many at once: each step of all of them before the next step of any -----------------------
 */

static void lookup_batch(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                         struct jh_extent *out, enum jh_status *status) {
    const struct jh_layout *layout = heap->layout;
    uint8_t buf[JH_FETCH_MAX * JH_EXTENT_HEAD_MAX];
    const uint8_t *bytes[JH_FETCH_MAX];
    uint64_t at[JH_FETCH_MAX], node[JH_FETCH_MAX];
    for (size_t i = 0; i < count; i++) {
        node[i] = heap->rtree_root;
    }
    for (unsigned level = 0; level < layout->rtree_height; level++) {
        unsigned size = element_size(layout, level);
        for (size_t i = 0; i < count; i++) {
            at[i] = node[i] ? node[i] + jh_rtree_subkey(layout, addr[i], level) * size : 0;
        }
        jh_fetch_many(&heap->reader, at, count, size, buf, bytes);
        for (size_t i = 0; i < count; i++) {
            node[i] = bytes[i] ? element(layout, level, bytes[i]) : 0;
        }
    }
    jh_fetch_many(&heap->reader, node, count, layout->extent_head, buf, bytes);
    for (size_t i = 0; i < count; i++) {
        status[i] = JH_CORRUPT;
        if (bytes[i]) {
            jh_extent_decode(layout, node[i], bytes[i], &out[i]);
            if (jh_extent_covers(&out[i], addr[i])) {
                status[i] = jh_extent_check(layout, &out[i], NULL);
            }
        }
        if (status[i] != JH_OK) { /* rare: inside a large extent, not owned, or a fault */
            out[i].at = 0;
            status[i] = jh_lookup(heap, addr[i], &out[i], NULL);
        }
    }
}

void jh_lookup_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                    struct jh_extent *out, enum jh_status *status) {
    for (size_t done = 0; done < count; done += JH_FETCH_MAX) {
        size_t part = count - done < JH_FETCH_MAX ? count - done : JH_FETCH_MAX;
        lookup_batch(heap, addr + done, part, out + done, status + done);
    }
}
