/* walk: every extent once, in the order of addresses. Whole runs of a node are read at a time,
 * empty stretches are skipped, and the extents of a batch are fetched together. Where a walk
 * stands:
 *
 *              +------------------------------------------------------------+
 *              v                                                            |
 *     +-----------------+  node is over   +------------+  root is over      |
 *     | between runs of |---------------->| leave_node |---------------> JH_END
 *     | a node          |<----------------|            |                    ^
 *     +-----------------+   parent's      +------------+                    |
 *        |         ^        next element                                    |
 *        | load_run|        node is absent: skip_absent, a fault            |
 *        v         |                                                        |
 *     +-----------------+  inner: enter_child, down one level (may fail:    |
 *     | in a run        |  alignment, repeated, max-nodes)                  |
 *     +-----------------+                                                   |
 *        | leaves: collect entries, elements of the same extent together    |
 *        v                                                                  |
 *     +-----------------+  64 entries, or no more in front of a fault       |
 *     | batch is full   |  fetch_heads: the bytes of all their extents      |
 *     +-----------------+                                                   |
 *        |                                                                  |
 *        v                                                                  |
 *     +-----------------+  sound: JH_OK, an extent; else a fault            |
 *     | giving entries  |  rescan: elements that belong to another extent   |
 *     +-----------------+---------- batch is over --------------------------+
 *
 * JH_LIMIT and JH_READ_FAILED end it wherever it stands (jh_entry_stop). */
#include "walk_entry.h"

#include "plan.h"
#include "cursor.h"

#include <string.h>

#define MAX_NODES_DEFAULT (UINT64_C(1) << 16)
#define MAX_EXTENTS_DEFAULT (UINT64_C(1) << 30)
#define ABSENT_STEP 4096 /* what is not there is passed over in pieces of this size */

void jh_walk_start(struct jh_walk *walk, const struct jh_heap *heap) {
    memset(walk, 0, offsetof(struct jh_walk, heads));
    walk->heap = heap;
    walk->node[0].at = heap->rtree_root;
    walk->seen[0] = (struct jh_node_seen){heap->rtree_root, jh_rtree_node_bytes(heap->layout, 0)};
    walk->nodes_left = heap->limits.max_nodes ? heap->limits.max_nodes : MAX_NODES_DEFAULT;
    walk->bytes_left = heap->limits.max_node_bytes ? heap->limits.max_node_bytes : UINT64_MAX;
    walk->extents_left = heap->limits.max_extents ? heap->limits.max_extents : MAX_EXTENTS_DEFAULT;
}

static bool at_leaves(const struct jh_walk *w) {
    return jh_rtree_is_leaf(w->heap->layout, w->level);
}

static unsigned element_size(const struct jh_walk *w) {
    return jh_rtree_element_size(w->heap->layout, w->level);
}

static uint64_t element_count(const struct jh_walk *w) {
    return jh_rtree_elements(w->heap->layout, w->level);
}

static void leave_node(struct jh_walk *w) {
    w->run_len = 0;
    w->level--;
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

static inline void pass(struct jh_walk *w, size_t count, unsigned size) {
    w->run += count * size;
    w->run_len -= count * size;
    w->node[w->level].index += count;
}

/* Advance over empty elements of the run. Elements of 12 bytes (5.0 to 5.2 on 32-bit targets) do
 * not fill a block: they are looked at one by one. */
static void skip_empty(struct jh_walk *w, unsigned size) {
    while (BLOCK % size == 0 && w->run_len >= STRETCH && jh_all_zero(w->run, STRETCH)) {
        pass(w, STRETCH / size, size);
    }
    while (BLOCK % size == 0 && w->run_len >= BLOCK && is_zero(w->run)) {
        pass(w, BLOCK / size, size);
    }
}

static uint64_t page_of(const struct jh_walk *w, uint64_t index) {
    return w->node[w->level].page + jh_rtree_pages(w->heap->layout, w->level, index);
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

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Eight elements of eight bytes at once. */
static bool all_are(const uint8_t *bytes, uint64_t word) {
    uint64_t other = 0;
    for (unsigned i = 0; i < BLOCK / 8; i++) {
        other |= word_at(bytes + i * 8U) ^ word;
    }
    return !other;
}

/* How many elements from the one at hand on are the same as the one that was seen last, as a slab's
 * are? Of one that is short it does not pay to look at eight. */
static uint64_t same_elements(const struct jh_walk *w) {
    uint64_t count = 0, all = w->run_len / 8;
    while (count < all && word_at(w->run + count * 8) == w->last_word) {
        count++;
        while (count >= BLOCK / 8 && count + BLOCK / 8 <= all &&
               all_are(w->run + count * 8, w->last_word)) {
            count += BLOCK / 8;
        }
    }
    return count;
}

/* Add them to the entry that the last one belongs to. */
static void extend_same(struct jh_walk *w) {
    uint64_t count = same_elements(w), index = w->node[w->level].index;
    struct jh_pending *p = &w->pending[w->pending_count - 1];
    if (!count) {
        return;
    }
    if (p->elements == 1) {
        p->second_page = page_of(w, index);
        p->second_behind = jh_leaf_may_be_left_behind(w->heap->layout, &p->leaf);
    }
    p->last_page = page_of(w, index + count - 1);
    p->elements += count;
    pass(w, count, 8);
}

static void decode_leaf(const struct jh_heap *heap, const uint8_t *bytes, struct jh_leaf *out) {
    if (jh_plan_of(heap) && heap->plan->wide && jh_plan_leaf(heap->plan, true, bytes)) {
        jh_plan_leaf_decode(heap->plan, true, bytes, out);
    } else {
        jh_leaf_decode(heap->layout, bytes, out);
    }
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
    decode_leaf(w->heap, w->run, &p->leaf);
    w->last_extent = extent;
    return true;
}

/* The element at hand. False as above. */
static bool collect_next(struct jh_walk *w, unsigned size) {
    uint64_t extent = jh_leaf_extent(w->heap->layout, w->run);
    if (extent && !collect_one(w, extent)) {
        return false;
    }
    w->last_word = extent && size == 8 ? word_at(w->run) : 0;
    pass(w, 1, size);
    if (w->last_word) {
        extend_same(w);
    }
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
        for (; in_block && w->run_len; in_block--) {
            if (!collect_next(w, size)) {
                w->full = true;
                return;
            }
        }
    }
}

/* Nodes are apart from one another: a child that lies in one that was entered before, or one in
 * it, is none. The root and the latest ones are remembered. */
static bool was_seen(const struct jh_walk *w, uint64_t child) {
    uint64_t size = jh_rtree_node_bytes(w->heap->layout, w->level + 1U);
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
        (struct jh_node_seen){child, jh_rtree_node_bytes(w->heap->layout, w->level + 1U)};
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
    enum jh_status status = jh_rtree_child_check(w->heap->layout, at, child, fault);
    if (status != JH_OK) {
        return status;
    }
    if (was_seen(w, child)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_RTREE, at, child, "rtree.child-repeated");
    }
    if (!w->nodes_left) {
        jh_entry_stop(w);
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
                jh_entry_stop(w);
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
        status = jh_entry_next(w, p, out, fault);
        if (status != JH_OK && status != JH_END) {
            jh_entry_name(w, page, fault);
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
