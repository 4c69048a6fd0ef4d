/* lookup: the extent that owns an address. With a plan, what is sound is found by a few comparisons
 * (plan.h); all else goes the long way (seek.c). */
#include "plan.h"
#include "seek.h"

/* ---- the short way: of bytes that are lent ----------------------------------------------------
 */

/* Both are constants wherever time matters, so that compilers make a function of each kind. */
struct kind {
    bool wide;  /* as the plan says */
    bool image; /* the reader is one of an image */
};

static const struct kind quick = {true, true}, wide = {true, false}, other = {false, false};

/* Of a node. Those of one level are most often in one segment. */
JH_INLINE const uint8_t *lent_node(const struct jh_reader *reader, struct kind kind, unsigned level,
                                   uint64_t at, size_t len) {
    if (!kind.image) {
        return jh_lend(reader, at, len);
    }
    const struct jh_window *w = &((const struct jh_image *)reader->arg)->node[level];
    uint64_t offset = at - w->addr;
    return offset < w->span ? w->bytes + offset : jh_image_lend_node(reader->arg, level, at, len);
}

/* Of an extent, at least its head. */
JH_INLINE const uint8_t *lent_head(const struct jh_heap *heap, struct kind kind, uint64_t at) {
    if (!kind.image) {
        return jh_lend(&heap->reader, at, heap->layout->extent_head);
    }
    const struct jh_window *w = jh_image_window(heap->reader.arg, at);
    uint64_t offset = at - w->addr;
    return offset < w->span ? w->bytes + offset
                            : jh_image_lend(heap->reader.arg, at, JH_WINDOW_BYTES);
}

/* leaves: as in the plan. */
JH_INLINE const uint8_t *element_below(const struct jh_heap *heap, struct kind kind,
                                       unsigned leaves, uint64_t addr) {
    const struct jh_plan *plan = heap->plan;
    unsigned pointer = kind.wide ? 8 : plan->layout->rtree_node_size;
    unsigned leaf = kind.image ? JH_LEAF_BYTES_MAX : plan->layout->leaf_size;
    uint64_t node = heap->rtree_root;
    for (unsigned l = 0; l < leaves; l++) {
        uint64_t at = node + jh_plan_offset(plan, kind.wide, addr, l);
        const uint8_t *bytes = lent_node(&heap->reader, kind, l, at, pointer);
        node = bytes ? jh_plan_load(plan, kind.wide, bytes, pointer) : 0;
        if (!node || node & (pointer - 1)) {
            return NULL;
        }
    }
    uint64_t at = node + jh_plan_offset(plan, kind.wide, addr, leaves);
    return lent_node(&heap->reader, kind, leaves, at, leaf);
}

/* The leaf element of an address. NULL: not to be had at once, or not canonical. Nearly all trees
 * have two levels, and no loop then. */
JH_INLINE const uint8_t *element_of(const struct jh_heap *heap, struct kind kind, uint64_t addr) {
    const struct jh_plan *plan = heap->plan;
    if (addr > plan->lower_half && jh_canonical(plan->layout, addr) != addr) {
        return NULL;
    }
    return kind.image && plan->leaves == 1 ? element_below(heap, kind, 1, addr)
                                           : element_below(heap, kind, plan->leaves, addr);
}

/* Is the extent at an address, whose head is in bytes, the one that owns addr? */
JH_INLINE bool take(const struct jh_plan *plan, struct kind kind, uint64_t at, const uint8_t *head,
                    uint64_t addr, struct jh_brief *out) {
    return jh_plan_take(plan, kind.wide, at, head, out) && jh_plan_covers(plan, out, addr);
}

/* The head of the extent that owns the address, or NULL: it may have one all the same. */
JH_INLINE const uint8_t *find(const struct jh_heap *heap, struct kind kind, uint64_t addr,
                              struct jh_brief *out) {
    const uint8_t *element = element_of(heap, kind, addr);
    uint64_t at = element ? jh_plan_leaf(heap->plan, kind.wide, element) : 0;
    const uint8_t *head = at ? lent_head(heap, kind, at) : NULL;
    return head && take(heap->plan, kind, at, head, addr, out) ? head : NULL;
}

JH_INLINE bool find_extent(const struct jh_heap *heap, struct kind kind, uint64_t addr,
                           struct jh_extent *out) {
    struct jh_brief brief;
    const uint8_t *head = find(heap, kind, addr, &brief);
    if (head) {
        jh_plan_fill(heap->plan, kind.wide, &brief, head, out);
    }
    return head != NULL;
}

/* ---- one address ----------------------------------------------------------------------------- */

JH_INLINE bool is_quick(const struct jh_heap *heap) {
    return jh_plan_of(heap) && heap->plan->wide && heap->reader.lend == jh_image_lend;
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
    if (!is_quick(heap)) {
        return lookup_other(heap, addr, out, fault);
    }
    return find_extent(heap, quick, addr, out) ? JH_OK : jh_seek_owner(heap, addr, out, fault);
}

static void shorten(const struct jh_extent *e, struct jh_brief *out) {
    *out = (struct jh_brief){e->at,    e->addr,  e->size, e->bits,
                             e->szind, e->state, e->slab, e->allocated};
}

static JH_NOINLINE enum jh_status brief_other(const struct jh_heap *heap, uint64_t addr,
                                              struct jh_brief *out, struct jh_fault *fault) {
    struct jh_extent e;
    enum jh_status status = lookup_other(heap, addr, &e, fault);
    if (status == JH_OK) {
        shorten(&e, out);
    }
    return status;
}

enum jh_status jh_lookup_brief(const struct jh_heap *heap, uint64_t addr, struct jh_brief *out,
                               struct jh_fault *fault) {
    struct jh_brief brief;
    if (is_quick(heap) && find(heap, quick, addr, &brief)) {
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

/* What a step is going to read is asked for a step ahead. */
static void find_heads(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                       struct batch *b) {
    const uint8_t *element[JH_FETCH_MAX];
    for (size_t i = 0; i < count; i++) {
        element[i] = element_of(heap, quick, addr[i]);
        JH_PREFETCH(element[i]);
    }
    for (size_t i = 0; i < count; i++) {
        b->at[i] = element[i] ? jh_plan_leaf(heap->plan, true, element[i]) : 0;
        b->head[i] = b->at[i] ? lent_head(heap, quick, b->at[i]) : NULL;
        JH_PREFETCH(b->head[i]);
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

static JH_NOINLINE void quick_batch(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                                    struct jh_extent *out, enum jh_status *status) {
    struct batch b;
    find_heads(heap, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        struct jh_brief brief;
        if (b.head[i] && take(heap->plan, quick, b.at[i], b.head[i], addr[i], &brief)) {
            jh_plan_fill(heap->plan, quick.wide, &brief, b.head[i], &out[i]);
            status[i] = JH_OK;
        } else {
            status[i] = jh_seek_owner(heap, addr[i], &out[i], NULL);
        }
    }
}

static size_t part_of(size_t count, size_t done) {
    return count - done < JH_FETCH_MAX ? count - done : JH_FETCH_MAX;
}

void jh_lookup_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                    struct jh_extent *out, enum jh_status *status) {
    bool lent = is_quick(heap);
    for (size_t i = 0; i < count; i += JH_FETCH_MAX) {
        (lent ? quick_batch : other_batch)(heap, addr + i, part_of(count, i), out + i, status + i);
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

static JH_NOINLINE void quick_brief_batch(const struct jh_heap *heap, const uint64_t *addr,
                                          size_t count, struct jh_brief *out,
                                          enum jh_status *status) {
    struct batch b;
    find_heads(heap, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        struct jh_brief brief;
        if (b.head[i] && take(heap->plan, quick, b.at[i], b.head[i], addr[i], &brief)) {
            out[i] = brief;
            status[i] = JH_OK;
        } else {
            status[i] = brief_other(heap, addr[i], &out[i], NULL);
        }
    }
}

void jh_lookup_brief_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                          struct jh_brief *out, enum jh_status *status) {
    bool lent = is_quick(heap);
    for (size_t i = 0; i < count; i += JH_FETCH_MAX) {
        (lent ? quick_brief_batch : other_brief_batch)(heap, addr + i, part_of(count, i), out + i,
                                                       status + i);
    }
}
