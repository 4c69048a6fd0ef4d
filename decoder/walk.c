/* walk: every extent once, in the order of addresses. Whole runs of a node are read at a time,
 * empty stretches are skipped, and the extents of a batch are fetched together. */
#include "internal.h"

#include <string.h>

#define MAX_NODES_DEFAULT (UINT64_C(1) << 16)
#define MAX_EXTENTS_DEFAULT (UINT64_C(1) << 30)
#define ABSENT_STEP 4096 /* what is not there is passed over in pieces of this size */

void jh_walk_start(struct jh_walk *walk, const struct jh_heap *heap) {
    memset(walk, 0, offsetof(struct jh_walk, heads));
    walk->heap = heap;
    walk->node[0].at = heap->rtree_root;
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

/* Leaf elements of the run: the extents that begin there, until the batch is full. */
static void collect(struct jh_walk *w) {
    const struct jh_layout *layout = w->heap->layout;
    struct jh_node *node = &w->node[w->level];
    unsigned size = layout->leaf_size;
    while (w->run_len && w->pending_count < JH_WALK_BATCH) {
        skip_empty(w, size);
        uint64_t in_block = (w->run_len < BLOCK ? w->run_len : BLOCK) / size;
        for (; in_block && w->pending_count < JH_WALK_BATCH; in_block--) {
            uint64_t extent = jh_leaf_extent(layout, w->run);
            if (extent && extent == w->last_extent) {
                w->pending[w->pending_count - 1].last_page = page_of(w, node->index);
            } else if (extent) {
                uint64_t page = page_of(w, node->index);
                struct jh_pending *p = &w->pending[w->pending_count++];
                *p = (struct jh_pending){.page = page, .last_page = page};
                jh_leaf_decode(layout, w->run, &p->leaf);
                w->last_extent = extent;
            }
            w->run += size;
            w->run_len -= size;
            node->index++;
        }
    }
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
    if (child == w->last_child[w->level] || child == node->at) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-repeated");
    }
    if (!w->nodes_left) {
        stop(w);
        return jh_fail(fault, JH_LIMIT, JH_STAGE_RTREE, at, child, "rtree.max-nodes");
    }
    w->nodes_left--;
    w->last_child[w->level] = child;
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
    while (w->pending_count < JH_WALK_BATCH) {
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

static enum jh_status check(struct jh_walk *w, const struct jh_pending *p,
                            const struct jh_extent *e, struct jh_fault *fault) {
    enum jh_status status = jh_extent_check(w->heap->layout, e, fault);
    if (status != JH_OK) {
        return status;
    }
    uint64_t page = jh_canonical(w->heap->layout, p->page);
    if (e->base != page) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, p->page, e->at,
                       jh_extent_covers(e, page) ? "leaf.first-page-missing"
                                                 : "leaf.extent-not-covering");
    }
    return JH_OK;
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

/* More elements of the extent that was just given: a slab's pages, a large one's last page behind
 * elements that were left in its middle. */
static bool is_given(const struct jh_walk *w, const struct jh_pending *p) {
    return p->leaf.extent == w->last_at && jh_canonical(w->heap->layout, p->page) < w->last_end;
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

/* An extent begins where the tree has an element for it: it is the one in front of it that is too
 * long. */
static enum jh_status overlap(struct jh_walk *w, const struct jh_extent *e,
                              struct jh_fault *fault) {
    w->last_end = e->base;
    again(w);
    return jh_fail(fault, JH_CORRUPT, JH_STAGE_EXTENT, w->last_at, e->base, "extent.overlap");
}

/* Nor does it keep the extent back. */
static enum jh_status check_leaf(struct jh_walk *w, struct jh_pending *p, const struct jh_extent *e,
                                 struct jh_fault *fault) {
    enum jh_status status =
        p->leaf_said ? JH_OK : jh_leaf_check(w->heap->layout, &p->leaf, e, fault);
    if (status != JH_OK) {
        p->leaf_said = true;
        again(w);
    }
    return status;
}

static void give(struct jh_walk *w, const struct jh_pending *p, const struct jh_extent *e) {
    w->last_at = e->at;
    w->last_end = e->base + (e->size - 1) == UINT64_MAX ? UINT64_MAX : e->base + e->size;
    rescan(w, p, key_of(w, w->last_end));
}

/* ---- memory that changes while it is read ---------------------------------------------------- */

static bool left_behind(const struct jh_walk *w, const struct jh_pending *p) {
    return jh_leaf_may_be_left_behind(w->heap->layout, &p->leaf);
}

/* What next_entry() is going to say of the entry. */
static enum jh_status judge(struct jh_walk *w, const struct jh_pending *p, struct jh_extent *e) {
    enum jh_status status = take(w, p, e, NULL);
    if (status == JH_OK && e->base < w->last_end) {
        status = JH_CORRUPT;
    } else if (status == JH_OK) {
        return p->leaf_said ? JH_OK : jh_leaf_check(w->heap->layout, &p->leaf, e, NULL);
    }
    return status == JH_CORRUPT && left_behind(w, p) ? JH_OK : status;
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
static enum jh_status next_entry(struct jh_walk *w, struct jh_extent *out, struct jh_fault *fault) {
    const struct jh_layout *layout = w->heap->layout;
    struct jh_pending *p = &w->pending[w->pending_next++];
    struct jh_extent e = {.base = 0};
    if (is_given(w, p)) {
        rescan(w, p, key_of(w, w->last_end));
        return JH_END;
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
        return jh_leaf_may_be_left_behind(layout, &p->leaf) ? JH_END : overlap(w, &e, fault);
    }
    if (status == JH_OK) {
        status = check_leaf(w, p, &e, fault);
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
    return status == JH_CORRUPT && jh_leaf_may_be_left_behind(layout, &p->leaf) ? JH_END : status;
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
        status = next_entry(w, out, fault);
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
