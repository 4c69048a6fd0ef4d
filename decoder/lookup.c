/* lookup: the extent that owns an address. With a plan, what is sound is found by a few comparisons
 * (plan.h); all else goes the long way (seek.c). */
#include "cursor.h"
#include "plan.h"
#include "seek.h"

/* ---- the short way: of bytes that are lent ----------------------------------------------------
 */

/* All are constants wherever time matters, so that compilers make a function of each kind. */
struct kind {
    bool wide;  /* as the plan says */
    bool image; /* the reader is one of an image */
    bool quick; /* the plan is a usual one, the extent a slab, and windows have all that is read:
                   the fewer instructions and registers, the more lookups are under way at once */
};

static const struct kind quick = {true, true, true}, image = {true, true, false},
                         wide = {true, false, false}, other = {false, false, false};

JH_INLINE bool is_lent(const uint8_t *bytes, const uint8_t **out) {
    *out = bytes;
    return bytes != NULL;
}

JH_INLINE bool is_in(const struct jh_window *w, uint64_t at, const uint8_t **out) {
    uint64_t offset = at - w->addr;
    if (offset >= w->span) {
        return false;
    }
    *out = w->bytes + offset;
    return true;
}

/* Of a node. Those of one level are most often in one segment. */
JH_INLINE bool lend_node(const struct jh_reader *reader, struct kind kind, unsigned level,
                         uint64_t at, size_t len, const uint8_t **out) {
    struct jh_image *of = reader->arg;
    return kind.image ? is_in(&of->node[level], at, out) ||
                            (kind.quick ? is_in(jh_image_window(of, at), at, out)
                                        : is_lent(jh_image_lend_node(of, level, at, len), out))
                      : is_lent(jh_lend(reader, at, len), out);
}

/* Of an extent. Most are in one segment, which the first window remembers. */
JH_INLINE bool lend_head(const struct jh_heap *heap, struct kind kind, uint64_t at,
                         const uint8_t **out) {
    struct jh_image *of = heap->reader.arg;
    if (kind.image && is_in(of->window, at, out)) {
        return true;
    }
    if (kind.quick) {
        return is_in(jh_image_window(of, at), at, out);
    }
    bool lent = is_lent(jh_lend(&heap->reader, at, heap->layout->extent_head), out);
    if (kind.image && lent) {
        of->window[0] = *jh_image_window(of, at);
    }
    return lent;
}

/* The leaf element of an address. False: not to be had at once, or not canonical. */
JH_INLINE bool element_of(const struct jh_heap *heap, struct kind kind, uint64_t addr,
                          const uint8_t **out) {
    const struct jh_plan *plan = heap->plan;
    unsigned pointer = kind.wide ? 8 : plan->layout->rtree_node_size;
    unsigned leaf = kind.image ? JH_LEAF_BYTES_MAX : plan->layout->leaf_size;
    unsigned leaves = plan->leaves;
    uint64_t node = heap->rtree_root;
    if (addr > plan->lower_half && (kind.quick || jh_canonical(plan->layout, addr) != addr)) {
        return false;
    }
    for (unsigned l = 0; l < leaves; l++) {
        uint64_t at = node + jh_plan_offset(plan, kind.wide, addr, l);
        const uint8_t *bytes;
        if (!lend_node(&heap->reader, kind, l, at, pointer, &bytes)) {
            return false;
        }
        node = jh_plan_load(plan, kind.wide, bytes, pointer);
        if (!node || node & (pointer - 1)) {
            return false;
        }
    }
    uint64_t at = node + jh_plan_offset(plan, kind.wide, addr, leaves);
    return lend_node(&heap->reader, kind, leaves, at, leaf, out);
}

/* The extent that an element names, and its head. */
JH_INLINE bool head_of(const struct jh_heap *heap, struct kind kind, const uint8_t *element,
                       uint64_t *at, const uint8_t **out) {
    *at = jh_plan_leaf(heap->plan, kind.wide, element);
    return *at && lend_head(heap, kind, *at, out);
}

/* Is the extent at an address, whose head is in bytes, the one that owns addr? */
JH_INLINE bool take(const struct jh_plan *plan, struct kind kind, uint64_t at, const uint8_t *head,
                    uint64_t addr, struct jh_brief *out) {
    const struct jh_plan_class *of = jh_plan_class_in(plan, kind.wide, head);
    return kind.quick ? of->slab && jh_plan_take_kind(plan, of, kind.wide, true, at, head, out) &&
                            addr - out->addr < out->size
                      : jh_plan_take_as(plan, of, kind.wide, at, head, out) &&
                            jh_plan_covers(plan, out, addr);
}

/* Where compilers may know it. */
JH_INLINE const struct jh_plan *plan_of_kind(const struct jh_heap *heap, struct kind kind) {
    if (kind.quick) {
        JH_ASSUME(jh_plan_is_usual(heap->plan));
    }
    return heap->plan;
}

/* The extent that owns the address, and its head. False: it may have one all the same. */
JH_INLINE bool find(const struct jh_heap *heap, struct kind kind, uint64_t addr,
                    struct jh_brief *out, const uint8_t **head) {
    const struct jh_plan *plan = plan_of_kind(heap, kind);
    const uint8_t *element;
    uint64_t at;
    return element_of(heap, kind, addr, &element) && head_of(heap, kind, element, &at, head) &&
           take(plan, kind, at, *head, addr, out);
}

JH_INLINE bool find_extent(const struct jh_heap *heap, struct kind kind, uint64_t addr,
                           struct jh_extent *out) {
    struct jh_brief brief;
    const uint8_t *head;
    bool found = find(heap, kind, addr, &brief, &head);
    if (found) {
        jh_plan_fill(heap->plan, kind.wide, &brief, head, out);
    }
    return found;
}

/* ---- one address ----------------------------------------------------------------------------- */

JH_INLINE bool is_image(const struct jh_heap *heap) {
    return jh_plan_of(heap) && heap->plan->wide && heap->plan->leaves &&
           heap->reader.lend == jh_image_lend;
}

JH_INLINE bool is_quick(const struct jh_heap *heap) {
    return jh_plan_of(heap) && heap->plan->usual && heap->reader.lend == jh_image_lend;
}

static JH_NOINLINE enum jh_status lookup_other(const struct jh_heap *heap, uint64_t addr,
                                               struct jh_extent *out, struct jh_fault *fault) {
    bool found = jh_plan_of(heap) && heap->reader.lend &&
                 (heap->plan->wide ? find_extent(heap, wide, addr, out)
                                   : find_extent(heap, other, addr, out));
    return found ? JH_OK : jh_seek_owner(heap, addr, out, fault);
}

enum jh_status jh_lookup(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                         struct jh_fault *fault) {
    if (is_quick(heap) && find_extent(heap, quick, addr, out)) {
        return JH_OK;
    }
    if (!is_image(heap)) {
        return lookup_other(heap, addr, out, fault);
    }
    return find_extent(heap, image, addr, out) ? JH_OK : jh_seek_owner(heap, addr, out, fault);
}

static void shorten(const struct jh_extent *e, struct jh_brief *out) {
    *out = (struct jh_brief){e->at,    e->addr,  e->size, e->bits,
                             e->szind, e->state, e->slab, e->allocated};
}

static JH_NOINLINE enum jh_status brief_other(const struct jh_heap *heap, uint64_t addr,
                                              struct jh_brief *out, struct jh_fault *fault) {
    struct jh_brief brief;
    struct jh_extent e;
    const uint8_t *head;
    if (is_image(heap) && find(heap, image, addr, &brief, &head)) {
        *out = brief;
        return JH_OK;
    }
    enum jh_status status = lookup_other(heap, addr, &e, fault);
    if (status == JH_OK) {
        shorten(&e, out);
    }
    return status;
}

enum jh_status jh_lookup_brief(const struct jh_heap *heap, uint64_t addr, struct jh_brief *out,
                               struct jh_fault *fault) {
    struct jh_brief brief;
    const uint8_t *head;
    if (is_quick(heap) && find(heap, quick, addr, &brief, &head)) {
        *out = brief;
        return JH_OK;
    }
    return brief_other(heap, addr, out, fault);
}

/* ---- many at once: each step of all of them before the next step of any --------------------- */

/* What was found of each address of a batch: the extent that its leaf element names, and that one's
 * head; NULL where there is none, or not at once. */
struct batch {
    uint64_t at[JH_FETCH_MAX];
    const uint8_t *head[JH_FETCH_MAX];
    uint8_t buf[JH_FETCH_MAX * JH_EXTENT_HEAD_MAX];
};

/* Leaf nodes that lie whole in one segment, by the highest bits of the addresses that they are for.
 */
struct near {
    uint64_t key;
    const uint8_t *node; /* NULL: it is none of these */
};

enum { NEAR = 16 };

static void start_near(struct near *near) {
    for (size_t i = 0; i < NEAR; i++) {
        near[i] = (struct near){UINT64_MAX, NULL}; /* no address has such bits */
    }
}

static JH_NOINLINE void come_near(const struct jh_heap *heap, uint64_t addr, uint64_t key,
                                  struct near *out) {
    struct jh_cursor c;
    *out = (struct near){key, NULL};
    if (jh_rtree_enter(heap, addr, &c, NULL) == JH_OK && jh_rtree_is_leaf(heap->layout, c.level)) {
        size_t len = heap->plan->level_mask[c.level] + heap->layout->leaf_size;
        out->node = jh_image_lend(heap->reader.arg, c.node[c.level], len);
    }
}

/* NULL: not to be had like this. */
JH_INLINE const uint8_t *element_near(const struct jh_heap *heap, const struct jh_plan *plan,
                                      struct near *near, uint64_t addr) {
    uint64_t key = addr >> ((plan->level_shift[plan->leaves - 1] + 3) & 63);
    uint64_t offset = jh_plan_offset(plan, true, addr, plan->leaves);
    struct near *n = &near[key % NEAR];
    if (addr > plan->lower_half) {
        return NULL;
    }
    if (n->key != key) {
        come_near(heap, addr, key, n);
    }
    return n->node ? n->node + offset : NULL;
}

/* What a step is going to read is asked for a step ahead. */
JH_INLINE void find_heads(const struct jh_heap *heap, struct kind kind, struct near *near,
                          const uint64_t *addr, size_t count, struct batch *b) {
    const uint8_t *element[JH_FETCH_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct jh_plan *plan = plan_of_kind(heap, kind);
        element[i] = element_near(heap, plan, near, addr[i]);
        JH_PREFETCH(element[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *head = NULL;
        b->head[i] = element[i] && head_of(heap, kind, element[i], &b->at[i], &head) ? head : NULL;
        JH_PREFETCH(head);
    }
}

/* The same with any reader: what is not lent is read together. */
static void read_heads(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                       struct batch *b) {
    const struct jh_layout *layout = heap->layout;
    uint64_t at[JH_FETCH_MAX];
    memset(b->at, 0, sizeof(b->at));
    for (size_t i = 0; i < count; i++) {
        b->at[i] = jh_canonical(layout, addr[i]) == addr[i] ? heap->rtree_root : 0;
    }
    for (unsigned level = 0; level < layout->rtree_height; level++) {
        bool leaves = level + 1U == layout->rtree_height;
        unsigned size = leaves ? layout->leaf_size : layout->rtree_node_size;
        for (size_t i = 0; i < count; i++) {
            at[i] = b->at[i] ? b->at[i] + jh_rtree_subkey(layout, addr[i], level) * size : 0;
        }
        jh_fetch_many(&heap->reader, at, count, size, b->buf, b->head);
        for (size_t i = 0; i < count; i++) {
            b->at[i] = !b->head[i] ? 0
                       : leaves    ? jh_leaf_extent(layout, b->head[i])
                                   : jh_load(layout, b->head[i], size);
            if (!leaves && !jh_aligned(b->at[i], size)) {
                b->at[i] = 0; /* jh_lookup() says what is wrong */
            }
        }
    }
    jh_fetch_many(&heap->reader, b->at, count, layout->extent_head, b->buf, b->head);
}

/* One of those that were read. */
static bool decode(const struct jh_heap *heap, uint64_t at, const uint8_t *head, uint64_t addr,
                   struct jh_extent *out) {
    const struct jh_plan *plan = jh_plan_of(heap);
    struct jh_brief brief;
    struct jh_extent e;
    if (plan && take(plan, other, at, head, addr, &brief)) {
        jh_plan_fill(plan, other.wide, &brief, head, out);
        return true;
    }
    jh_extent_decode(heap->layout, at, head, &e);
    if (!jh_extent_covers(&e, addr) || jh_extent_check(heap->layout, &e, NULL) != JH_OK) {
        return false;
    }
    *out = e;
    return true;
}

/* What is not found is rare: inside a large extent, not owned, or a fault. */
static JH_NOINLINE void other_batch(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                                    struct jh_extent *out, enum jh_status *status) {
    struct batch b;
    read_heads(heap, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        bool found = b.head[i] && decode(heap, b.at[i], b.head[i], addr[i], &out[i]);
        status[i] = found ? JH_OK : jh_lookup(heap, addr[i], &out[i], NULL);
    }
}

static JH_NOINLINE void image_batch(const struct jh_heap *heap, struct near *near,
                                    const uint64_t *addr, size_t count, struct jh_extent *out,
                                    enum jh_status *status) {
    struct batch b;
    find_heads(heap, image, near, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        struct jh_brief brief;
        if (b.head[i] && take(heap->plan, image, b.at[i], b.head[i], addr[i], &brief)) {
            jh_plan_fill(heap->plan, image.wide, &brief, b.head[i], &out[i]);
            status[i] = JH_OK;
        } else {
            status[i] = jh_lookup(heap, addr[i], &out[i], NULL);
        }
    }
}

static size_t part_of(size_t count, size_t done) {
    return count - done < JH_FETCH_MAX ? count - done : JH_FETCH_MAX;
}

void jh_lookup_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                    struct jh_extent *out, enum jh_status *status) {
    struct near near[NEAR];
    start_near(near);
    for (size_t i = 0; i < count; i += JH_FETCH_MAX) {
        if (is_image(heap)) {
            image_batch(heap, near, addr + i, part_of(count, i), out + i, status + i);
        } else {
            other_batch(heap, addr + i, part_of(count, i), out + i, status + i);
        }
    }
}

static JH_NOINLINE void other_brief_batch(const struct jh_heap *heap, const uint64_t *addr,
                                          size_t count, struct jh_brief *out,
                                          enum jh_status *status) {
    struct jh_extent e[JH_FETCH_MAX];
    other_batch(heap, addr, count, e, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] == JH_OK) {
            shorten(&e[i], &out[i]);
        }
    }
}

JH_INLINE void brief_batch(const struct jh_heap *heap, struct kind kind, struct near *near,
                           const uint64_t *addr, size_t count, struct jh_brief *out,
                           enum jh_status *status) {
    struct batch b;
    find_heads(heap, kind, near, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        const struct jh_plan *plan = plan_of_kind(heap, kind);
        struct jh_brief brief;
        if (b.head[i] && take(plan, kind, b.at[i], b.head[i], addr[i], &brief)) {
            out[i] = brief;
            status[i] = JH_OK;
        } else {
            status[i] = brief_other(heap, addr[i], &out[i], NULL);
        }
    }
}

static JH_NOINLINE void quick_brief_batch(const struct jh_heap *heap, struct near *near,
                                          const uint64_t *addr, size_t count, struct jh_brief *out,
                                          enum jh_status *status) {
    brief_batch(heap, quick, near, addr, count, out, status);
}

static JH_NOINLINE void image_brief_batch(const struct jh_heap *heap, struct near *near,
                                          const uint64_t *addr, size_t count, struct jh_brief *out,
                                          enum jh_status *status) {
    brief_batch(heap, image, near, addr, count, out, status);
}

void jh_lookup_brief_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                          struct jh_brief *out, enum jh_status *status) {
    struct near near[NEAR];
    start_near(near);
    for (size_t i = 0; i < count; i += JH_FETCH_MAX) {
        if (is_quick(heap)) {
            quick_brief_batch(heap, near, addr + i, part_of(count, i), out + i, status + i);
        } else if (is_image(heap)) {
            image_brief_batch(heap, near, addr + i, part_of(count, i), out + i, status + i);
        } else {
            other_brief_batch(heap, addr + i, part_of(count, i), out + i, status + i);
        }
    }
}
