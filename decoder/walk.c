/* walk: every extent once, in the order of addresses. Whole runs of a node are read at a time,
 * empty stretches are skipped, and the extents of a batch are fetched together. */
#include "internal.h"

#include <string.h>

#define MAX_NODES_DEFAULT (UINT64_C(1) << 16)
#define MAX_EXTENTS_DEFAULT (UINT64_C(1) << 30)
#define ABSENT_STEP 4096 /* what is not there is passed over in pieces of this size */

static uint64_t node_size(const struct jh_layout *layout, unsigned level) {
    bool leaves = level + 1U == layout->rtree_height;
    return (uint64_t)(leaves ? layout->leaf_size : layout->rtree_node_size)
           << layout->rtree_level[level].bits;
}

void jh_walk_start(struct jh_walk *walk, const struct jh_heap *heap) {
    memset(walk, 0, offsetof(struct jh_walk, heads));
    walk->heap = heap;
    walk->node[0].at = heap->rtree_root;
    walk->seen[0] = (struct jh_node_seen){heap->rtree_root, node_size(heap->layout, 0)};
    walk->nodes_left = heap->limits.max_nodes ? heap->limits.max_nodes : MAX_NODES_DEFAULT;
    walk->bytes_left = heap->limits.max_node_bytes ? heap->limits.max_node_bytes : UINT64_MAX;
    walk->extents_left = heap->limits.max_extents ? heap->limits.max_extents : MAX_EXTENTS_DEFAULT;
}

static bool at_leaves(const struct jh_walk *w) {
    return w->level + 1U == w->heap->layout->rtree_height;
}

static unsigned element_size(const struct jh_walk *w) {
    return at_leaves(w) ? w->heap->layout->leaf_size : w->heap->layout->rtree_node_size;
}

static uint64_t element_count(const struct jh_walk *w) {
    return UINT64_C(1) << w->heap->layout->rtree_level[w->level].bits;
}

static void leave_node(struct jh_walk *w) {
    w->run_len = 0;
    w->level--;
}

/* Nothing more will come. */
static void stop(struct jh_walk *w) {
    w->level = 0;
    w->pending_count = w->pending_next = 0;
    w->run_len = 0;
    w->node[0].index = element_count(w);
}

/* Take the run off the budget, once for each time that the node is entered. It is shortened to what
 * is left, so that a walk ends at the same element whatever is read at a time. */
static enum jh_status pay(struct jh_walk *w, struct jh_fault *fault) {
    struct jh_node *node = &w->node[w->level];
    unsigned size = element_size(w);
    uint64_t from = node->index > node->paid ? node->index : node->paid;
    uint64_t end = node->index + w->run_len / size;
    if (end > from && (end - from) * size > w->bytes_left) {
        end = from + w->bytes_left / size;
    }
    w->run_len = (size_t)(end - node->index) * size;
    if (!w->run_len) {
        return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, node->at + node->index * size, 0,
                       "rtree.max-node-bytes");
    }
    w->bytes_left -= end > from ? (end - from) * size : 0;
    node->paid = end > from ? end : node->paid;
    return JH_OK;
}

/* Elements that are known to be empty without being read. They are not paid. */
static void pass_zeroes(struct jh_walk *w) {
    const struct jh_reader *reader = &w->heap->reader;
    struct jh_node *node = &w->node[w->level];
    uint64_t size = element_size(w), empty = 1;
    while (reader->nonzero && empty && node->index < element_count(w)) {
        uint64_t at = node->at + node->index * size;
        uint64_t left = element_count(w) - node->index;
        empty = (reader->nonzero(reader->arg, at) - at) / size;
        node->index += empty < left ? empty : left;
    }
}

/* Bytes from the node's next element on. */
static enum jh_status load_run(struct jh_walk *w, struct jh_fault *fault) {
    struct jh_node *node = &w->node[w->level];
    unsigned size = element_size(w);
    uint64_t at = node->at + node->index * size;
    size_t len = (size_t)(element_count(w) - node->index) * size;
    enum jh_status status =
        jh_fetch_some(&w->heap->reader, at, &len, w->scratch, sizeof(w->scratch), &w->run);
    if (status == JH_OK && len >= size) {
        w->run_len = len - len % size;
        return pay(w, fault);
    }
    status = status == JH_OK ? JH_ABSENT : status;
    return jh_fail(fault, status, JH_STAGE_RTREE, at, 0,
                   status == JH_ABSENT  ? "rtree.node-absent"
                   : status == JH_LIMIT ? "reader.budget"
                                        : "reader.failed");
}

/* Bytes from an address where nothing is to the page where something may be, at least to the next
 * one. Whole pages, whatever the reader knows: a walk then goes on at the same element with each.
 */
static uint64_t absent_bytes(const struct jh_reader *reader, uint64_t at) {
    uint64_t step = ABSENT_STEP - at % ABSENT_STEP;
    uint64_t next = reader->next ? reader->next(reader->arg, at) : at;
    next -= next % ABSENT_STEP;
    return next > at && next - at > step ? next - at : step;
}

/* Is the node, which is not there, where nothing can have been? */
static bool leads_nowhere(const struct jh_walk *w, struct jh_fault *fault) {
    unsigned parent = w->level - 1;
    uint64_t from = 0;
    if (w->level) {
        from = w->node[parent].at + (w->node[parent].index - 1) * w->heap->layout->rtree_node_size;
    }
    return jh_led(&w->heap->reader, JH_ABSENT, from, w->node[w->level].at, JH_STAGE_RTREE,
                  "rtree.child-unmapped", fault) == JH_CORRUPT;
}

/* Pass over what is not there, so that one hole is one fault. */
static void skip_absent(struct jh_walk *w, struct jh_fault *fault) {
    const struct jh_reader *reader = &w->heap->reader;
    struct jh_node *node = &w->node[w->level];
    unsigned size = element_size(w);
    uint64_t first = node->index, count = element_count(w);
    size_t len;
    do {
        uint64_t step = absent_bytes(reader, node->at + node->index * size) / size;
        node->index += step ? step : 1;
        node->index = node->index < count ? node->index : count;
        len = size;
    } while (node->index < count && jh_fetch_some(reader, node->at + node->index * size, &len,
                                                  w->scratch, size, &w->run) == JH_ABSENT);
    fault->seen = (node->index - first) * size;
}

#define BLOCK 64     /* bytes that are looked at together */
#define STRETCH 4096 /* and where nodes are empty for long */

static bool is_zero(const uint8_t *bytes) {
    uint64_t word[BLOCK / 8];
    memcpy(word, bytes, sizeof(word));
    return !(word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7]);
}

static void pass(struct jh_walk *w, size_t len, unsigned size) {
    w->run += len;
    w->run_len -= len;
    w->node[w->level].index += len / size;
}

/* Advance over empty elements of the run. Elements of 12 bytes (5.0 to 5.2 on 32-bit targets) do
 * not fill a block: they are looked at one by one. */
static void skip_empty(struct jh_walk *w, unsigned size) {
    while (BLOCK % size == 0 && w->run_len >= STRETCH && jh_all_zero(w->run, STRETCH)) {
        pass(w, STRETCH, size);
    }
    while (BLOCK % size == 0 && w->run_len >= BLOCK && is_zero(w->run)) {
        pass(w, BLOCK, size);
    }
}

static uint64_t page_of(const struct jh_walk *w, uint64_t index) {
    const struct jh_layout *layout = w->heap->layout;
    unsigned shift = (unsigned)layout->sc_ptr_bits - layout->rtree_level[w->level].cumbits;
    return w->node[w->level].page + (index << shift);
}

/* One more element of the entry's extent. */
static void extend(struct jh_walk *w, struct jh_pending *p, uint64_t page) {
    struct jh_leaf leaf;
    jh_leaf_decode(w->heap->layout, w->run, &leaf);
    if (p->elements == 1) {
        p->second_page = page;
        p->second_behind = jh_leaf_may_be_left_behind(w->heap->layout, &leaf);
    }
    p->last_page = page;
    p->elements++;
    p->same_state &= leaf.state_bits == p->leaf.state_bits && leaf.unused == p->leaf.unused;
    p->same_class &= leaf.szind == p->leaf.szind && leaf.slab == p->leaf.slab;
}

/* An element that is not empty. False when it does not belong to the batch, which is full. */
static bool collect_one(struct jh_walk *w, uint64_t extent) {
    uint64_t page = page_of(w, w->node[w->level].index);
    if (extent == w->last_extent) {
        extend(w, &w->pending[w->pending_count - 1], page);
        return true;
    }
    if (w->pending_count == JH_WALK_BATCH) {
        return false;
    }
    struct jh_pending *p = &w->pending[w->pending_count++];
    *p = (struct jh_pending){
        .page = page, .last_page = page, .elements = 1, .same_state = true, .same_class = true};
    jh_leaf_decode(w->heap->layout, w->run, &p->leaf);
    w->last_extent = extent;
    return true;
}

/* Leaf elements of the run: the extents that begin there, until the batch is full and all elements
 * of its last entry are seen. */
static void collect(struct jh_walk *w) {
    const struct jh_layout *layout = w->heap->layout;
    unsigned size = layout->leaf_size;
    while (w->run_len) {
        skip_empty(w, size);
        uint64_t in_block = (w->run_len < BLOCK ? w->run_len : BLOCK) / size;
        for (; in_block; in_block--) {
            uint64_t extent = jh_leaf_extent(layout, w->run);
            if (extent && !collect_one(w, extent)) {
                w->full = true;
                return;
            }
            pass(w, size, size);
        }
    }
}

/* Nodes are apart from one another: a child that lies in one that was entered before, or one in
 * it, is none. The root and the latest ones are remembered. */
static bool was_seen(const struct jh_walk *w, uint64_t child) {
    uint64_t size = node_size(w->heap->layout, w->level + 1U);
    for (size_t i = 0; i < JH_WALK_NODES; i++) {
        const struct jh_node_seen *n = &w->seen[i];
        if (child - n->at < n->size || (n->size && n->at - child < size)) {
            return true;
        }
    }
    return false;
}

static void remember(struct jh_walk *w, uint64_t child) {
    w->seen[1 + w->seen_next] =
        (struct jh_node_seen){child, node_size(w->heap->layout, w->level + 1U)};
    w->seen_next = (w->seen_next + 1) % (JH_WALK_NODES - 1);
}

/* Inner elements of the run: enter the next child. */
static enum jh_status enter_child(struct jh_walk *w, struct jh_fault *fault) {
    struct jh_node *node = &w->node[w->level];
    unsigned size = w->heap->layout->rtree_node_size;
    uint64_t child = 0;
    while (w->run_len && !child) {
        skip_empty(w, size);
        if (w->run_len) {
            child = jh_load(w->heap->layout, w->run, size);
            w->run += size;
            w->run_len -= size;
            node->index++;
        }
    }
    if (!child) {
        return JH_OK;
    }
    uint64_t at = node->at + (node->index - 1) * size;
    if (!jh_aligned(child, size)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-alignment");
    }
    if (was_seen(w, child)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-repeated");
    }
    if (!w->nodes_left) {
        stop(w);
        return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, at, child, "rtree.max-nodes");
    }
    w->nodes_left--;
    remember(w, child);
    uint64_t page = page_of(w, node->index - 1);
    w->bytes_left += w->run_len; /* the rest of it is paid when it is looked at */
    node->paid = node->index;
    w->run_len = 0;
    w->level++;
    w->node[w->level] = (struct jh_node){child, page, 0, 0};
    return JH_OK;
}

static void fetch_heads(struct jh_walk *w) {
    const struct jh_layout *layout = w->heap->layout;
    uint64_t at[JH_WALK_BATCH];
    const uint8_t *head[JH_WALK_BATCH];
    for (size_t i = 0; i < w->pending_count; i++) {
        at[i] = w->pending[i].leaf.extent;
    }
    jh_fetch_many(&w->heap->reader, at, w->pending_count, layout->extent_head, w->heads, head);
    for (size_t i = 0; i < w->pending_count; i++) {
        w->pending[i].head = head[i];
    }
}

/* Fill the batch. A fault is said only when nothing is pending, so that extents in front of it
 * come first: then the place is looked at again. */
static enum jh_status fill(struct jh_walk *w, struct jh_fault *fault) {
    w->pending_count = w->pending_next = 0;
    w->last_extent = 0; /* elements behind the batch belong to none of its entries */
    w->full = false;
    while (!w->full) {
        if (!w->run_len) {
            pass_zeroes(w);
        }
        if (w->node[w->level].index == element_count(w)) {
            if (w->level == 0) {
                break;
            }
            leave_node(w);
            continue;
        }
        if (!w->run_len) {
            enum jh_status status = load_run(w, fault);
            if (status != JH_OK && w->pending_count) {
                break;
            }
            if (status == JH_ABSENT && leads_nowhere(w, fault)) {
                leave_node(w);
                return JH_CORRUPT;
            }
            if (status == JH_ABSENT) {
                skip_absent(w, fault);
                return status;
            }
            if (status != JH_OK) {
                stop(w);
                return status;
            }
        }
        if (at_leaves(w)) {
            collect(w);
        } else {
            if (w->pending_count) {
                break; /* a fault in the child would come before what is pending */
            }
            enum jh_status status = enter_child(w, fault);
            if (status != JH_OK) {
                return status;
            }
        }
    }
    fetch_heads(w);
    return w->pending_count ? JH_OK : JH_END;
}

static uint64_t page_size(const struct jh_walk *w) {
    return jh_page(w->heap->layout);
}

static bool left_behind(const struct jh_walk *w, const struct jh_pending *p) {
    return jh_leaf_may_be_left_behind(w->heap->layout, &p->leaf);
}

/* JH_END: an element that was left behind. Its structure is sound, but of another place now. */
static enum jh_status check(struct jh_walk *w, const struct jh_pending *p,
                            const struct jh_extent *e, struct jh_fault *fault) {
    enum jh_status status = jh_extent_check(w->heap->layout, e, fault);
    uint64_t page = jh_canonical(w->heap->layout, p->page);
    if (status != JH_OK || e->base == page) {
        return status;
    }
    return left_behind(w, p) ? JH_END
                             : jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, p->page, e->at,
                                       jh_extent_covers(e, page) ? "leaf.first-page-missing"
                                                                 : "leaf.extent-not-covering");
}

/* Decode and check what a leaf element points to. */
static enum jh_status take(struct jh_walk *w, const struct jh_pending *p, struct jh_extent *out,
                           struct jh_fault *fault) {
    if (!jh_aligned(p->leaf.extent, w->heap->layout->extent_align)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, p->page, p->leaf.extent,
                       "leaf.extent-alignment");
    }
    if (p->head) {
        jh_extent_decode(w->heap->layout, p->leaf.extent, p->head, out);
    } else { /* the batch could not be had whole: this one alone says why */
        enum jh_status status = jh_extent_read(w->heap, p->leaf.extent, out, fault);
        if (status != JH_OK) {
            return status;
        }
    }
    return check(w, p, out, fault);
}

static uint64_t key_of(const struct jh_walk *w, uint64_t addr) {
    return addr & jh_low_mask(w->heap->layout->build.lg_vaddr);
}

/* The elements of one entry all name one extent. Where some of them lie in front of it or behind
 * it, its own are looked for again from that page on: the batch is of one leaf node. */
static void rescan(struct jh_walk *w, const struct jh_pending *p, uint64_t from) {
    if (from <= p->page || from > p->last_page) {
        return;
    }
    w->level = w->heap->layout->rtree_height - 1U;
    struct jh_node *node = &w->node[w->level];
    node->index = (from - node->page) >> w->heap->layout->build.lg_page;
    w->run_len = 0;
    w->pending_count = w->pending_next = 0;
}

/* Something about the entry was said: it comes again. */
static void again(struct jh_walk *w) {
    w->extents_left++;
    w->pending_next--;
}

/* More elements of the extent that was just given: a slab's pages, a large one's last page in
 * another node than its first. */
static bool is_given(const struct jh_walk *w, const struct jh_pending *p) {
    return p->leaf.extent == w->last_at && jh_canonical(w->heap->layout, p->page) < w->last_end;
}

/* Which element led to a fault: the batch is of one leaf node, which is still the last entered. */
static void name_element(const struct jh_walk *w, uint64_t page, struct jh_fault *fault) {
    const struct jh_layout *layout = w->heap->layout;
    const struct jh_node *node = &w->node[layout->rtree_height - 1];
    if (!fault->element) {
        fault->element =
            node->at + ((page - node->page) >> layout->build.lg_page) * layout->leaf_size;
        fault->page = jh_canonical(layout, page);
    }
}

/* The leaf element of a page as it is now; false when it cannot be read. */
static bool leaf_now(const struct jh_walk *w, uint64_t page, struct jh_leaf *out) {
    struct jh_leaf_bytes bytes;
    bool there = jh_rtree_lookup(w->heap, page, &bytes, NULL) == JH_OK;
    if (there) {
        jh_leaf_decode(w->heap->layout, bytes.bytes, out);
    }
    return there;
}

/* A page of an extent that is no slab, between its first and its last, has an element for it. */
static enum jh_status inner_page(uint64_t page, uint64_t extent, struct jh_fault *fault) {
    return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, page, extent, "leaf.inner-page");
}

/* Does a page still have an element for this extent, and the extent still the same last page? */
static bool is_still_inner(const struct jh_walk *w, uint64_t page, uint64_t extent,
                           uint64_t last_page) {
    struct jh_extent e;
    struct jh_leaf leaf;
    return leaf_now(w, page, &leaf) && leaf.extent == extent &&
           jh_extent_read(w->heap, extent, &e, NULL) == JH_OK &&
           e.base + (e.size - page_size(w)) == last_page;
}

/* JH_END: nothing is wrong with them. */
static enum jh_status rest_of_given(struct jh_walk *w, const struct jh_pending *p,
                                    struct jh_fault *fault) {
    unsigned times = 0;
    bool inner = !w->last_slab && !left_behind(w, p) &&
                 jh_canonical(w->heap->layout, p->page) != w->last_page;
    while (inner && jh_retry(&w->heap->reader, &times)) {
        inner = is_still_inner(w, p->page, w->last_at, w->last_page);
    }
    rescan(w, p, key_of(w, w->last_end));
    return inner ? inner_page(p->page, p->leaf.extent, fault) : JH_END;
}

/* An extent begins where the tree has an element for it: it is the one in front of it that is too
 * long. JH_END: that one's element may be left behind, so that nothing is known of its size. */
static enum jh_status overlap(struct jh_walk *w, const struct jh_extent *e,
                              struct jh_fault *fault) {
    w->last_end = e->base;
    again(w);
    return w->last_behind
               ? JH_END
               : jh_fail(fault, JH_CORRUPT, JH_STAGE_EXTENT, w->last_at, e->base, "extent.overlap");
}

/* Are the entry's elements all that the extent has, and as they should be? Then nothing is read. */
static bool has_its_pages(const struct jh_walk *w, const struct jh_pending *p,
                          const struct jh_extent *e) {
    uint64_t pages = e->size >> w->heap->layout->build.lg_page, last = e->size - page_size(w);
    bool slab = jh_extent_is_slab(e);
    return !p->anew && p->elements == (slab || pages < 2 ? pages : 2) &&
           p->last_page - p->page == last && p->same_state && (p->same_class || !slab);
}

static enum jh_status check_other_pages(struct jh_walk *w, const struct jh_pending *p,
                                        const struct jh_extent *e, struct jh_fault *fault) {
    if (has_its_pages(w, p, e) || jh_extent_may_be_left_behind(w->heap->layout, e)) {
        return JH_OK;
    }
    uint64_t second = jh_canonical(w->heap->layout, p->second_page);
    bool inner = p->elements > 1 && second - e->base < e->size - page_size(w);
    inner = inner && !jh_extent_is_slab(e) && !p->second_behind;
    if (inner &&
        (!p->anew || is_still_inner(w, second, e->at, e->base + (e->size - page_size(w))))) {
        (void)inner_page(p->second_page, e->at, fault);
        name_element(w, p->second_page, fault);
        return JH_CORRUPT;
    }
    return jh_other_pages_check(w->heap, e, false, fault);
}

/* The first thing that is wrong with its elements. */
static enum jh_status contradiction(struct jh_walk *w, const struct jh_pending *p,
                                    const struct jh_extent *e, struct jh_fault *fault) {
    enum jh_status status = jh_leaf_check(w->heap->layout, &p->leaf, e, fault);
    return status == JH_OK ? check_other_pages(w, p, e, fault) : status;
}

/* It is said once, and does not keep the extent back. */
static enum jh_status check_leaves(struct jh_walk *w, struct jh_pending *p,
                                   const struct jh_extent *e, struct jh_fault *fault) {
    enum jh_status status = p->leaf_said ? JH_OK : contradiction(w, p, e, fault);
    if (status != JH_OK) {
        p->leaf_said = true;
        again(w);
    }
    return status;
}

static void give(struct jh_walk *w, const struct jh_pending *p, const struct jh_extent *e) {
    w->last_at = e->at;
    w->last_end = e->base + (e->size - 1) == UINT64_MAX ? UINT64_MAX : e->base + e->size;
    w->last_page = e->base + (e->size - page_size(w));
    w->last_slab = jh_extent_is_slab(e);
    w->last_behind = jh_extent_may_be_left_behind(w->heap->layout, e);
    rescan(w, p, key_of(w, w->last_end));
}

/* ---- memory that changes while it is read ---------------------------------------------------- */

/* What next_entry() is going to say of the entry. */
static enum jh_status judge(struct jh_walk *w, const struct jh_pending *p, struct jh_extent *e) {
    struct jh_fault fault;
    enum jh_status status = take(w, p, e, &fault);
    if (status != JH_OK) {
        return status;
    }
    if (e->base < w->last_end) {
        return (left_behind(w, p) && !e->allocated) || w->last_behind ? JH_OK : JH_CORRUPT;
    }
    return p->leaf_said ? JH_OK : contradiction(w, p, e, &fault);
}

/* The extent that was given last lay over this address, and does not any more. */
static bool last_has_shrunk(const struct jh_walk *w, uint64_t addr) {
    struct jh_extent last;
    return addr < w->last_end && jh_extent_read(w->heap, w->last_at, &last, NULL) == JH_OK &&
           !jh_extent_covers(&last, addr);
}

/* All words of the entry, leaf element and extent. False: by now there is nothing to be given, or
 * the extent given last, as it was, had its pages. e is the extent as it was. */
static bool read_anew(struct jh_walk *w, struct jh_pending *p, const struct jh_extent *e) {
    size_t len = w->heap->layout->extent_head;
    uint8_t *head = w->heads + (size_t)(p - w->pending) * len;
    struct jh_leaf leaf;
    if (jh_extent_covers(e, jh_canonical(w->heap->layout, p->page)) &&
        leaf_now(w, e->base, &leaf) && leaf.extent == e->at) {
        p->page = key_of(w, e->base); /* its first page's element came after that was looked at */
    }
    if (!leaf_now(w, p->page, &p->leaf)) {
        return true;
    }
    if (!p->leaf.extent || p->leaf.extent == w->last_at || last_has_shrunk(w, e->base)) {
        return false;
    }
    p->head = jh_read(&w->heap->reader, p->leaf.extent, head, len, NULL) == JH_OK ? head : NULL;
    p->anew = true;
    return true;
}

/* What was changed between two reads, or in the middle of one, contradicts itself until it is read
 * again. False: nothing is to be said of the entry. */
static bool settle(struct jh_walk *w, struct jh_pending *p) {
    struct jh_extent e = {.size = 0};
    uint64_t page = p->page;
    unsigned times = 0;
    while (judge(w, p, &e) == JH_CORRUPT && jh_retry(&w->heap->reader, &times)) {
        if (!read_anew(w, p, &e)) {
            rescan(w, p, page + jh_page(w->heap->layout));
            return false;
        }
    }
    return true;
}

/* One entry of the batch. JH_END: it is nothing that is to be said. */
static enum jh_status next_entry(struct jh_walk *w, struct jh_pending *p, struct jh_extent *out,
                                 struct jh_fault *fault) {
    struct jh_extent e = {.base = 0};
    if (is_given(w, p)) {
        return rest_of_given(w, p, fault);
    }
    if (w->heap->reader.retry && !settle(w, p)) {
        return JH_END;
    }
    if (!w->extents_left) {
        stop(w);
        return jh_fail(fault, JH_LIMIT, JH_STAGE_EXTENT, p->leaf.extent, 0, "extent.max-extents");
    }
    w->extents_left--;
    enum jh_status status = take(w, p, &e, fault);
    if (status == JH_OK && e.base < w->last_end) {
        return left_behind(w, p) && !e.allocated ? JH_END : overlap(w, &e, fault);
    }
    if (status == JH_OK) {
        status = check_leaves(w, p, &e, fault);
        if (status == JH_OK) {
            give(w, p, &e);
            *out = e;
        }
        return status;
    }
    if (status == JH_READ_FAILED || status == JH_LIMIT) {
        stop(w);
        return status;
    }
    rescan(w, p, key_of(w, e.base));
    return jh_led(&w->heap->reader, status, p->page, p->leaf.extent, JH_STAGE_LEAF,
                  "leaf.extent-unmapped", fault);
}

static enum jh_status next(struct jh_walk *w, struct jh_extent *out, struct jh_fault *fault) {
    enum jh_status status = JH_END;
    while (status == JH_END) {
        if (w->pending_next == w->pending_count) {
            status = fill(w, fault);
            if (status != JH_OK) {
                return status;
            }
        }
        struct jh_pending *p = &w->pending[w->pending_next++];
        uint64_t page = p->page;
        status = next_entry(w, p, out, fault);
        if (status != JH_OK && status != JH_END) {
            name_element(w, page, fault);
        }
    }
    return status;
}

enum jh_status jh_walk_next(struct jh_walk *walk, struct jh_extent *out, struct jh_fault *fault) {
    struct jh_fault found;
    enum jh_status status = next(walk, out, &found);
    if (status != JH_OK && status != JH_END && fault) {
        *fault = found;
    }
    return status;
}
