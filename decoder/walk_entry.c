/* walk_entry: what a walk says of one entry of its batch: the extent, what is wrong with it, or
 * nothing. */
#include "walk_entry.h"

#include "plan.h"

void jh_entry_stop(struct jh_walk *w) {
    w->level = 0;
    w->pending_count = w->pending_next = 0;
    w->run_len = 0;
    w->node[0].index = UINT64_C(1) << w->heap->layout->rtree_level[0].bits;
}

static uint64_t page_size(const struct jh_walk *w) {
    return jh_page(w->heap->layout);
}

static bool left_behind(const struct jh_walk *w, const struct jh_pending *p) {
    return jh_leaf_may_be_left_behind(w->heap->layout, &p->leaf);
}

/* The address of the entry's first page. */
static uint64_t address_of(const struct jh_walk *w, const struct jh_pending *p) {
    return jh_canonical(w->heap->layout, p->page);
}

/* JH_END: an element that was left behind. Its structure is sound, but of another place now. */
static enum jh_status check(struct jh_walk *w, const struct jh_pending *p,
                            const struct jh_extent *e, struct jh_fault *fault) {
    enum jh_status status = jh_extent_check(w->heap->layout, e, fault);
    uint64_t page = address_of(w, p);
    if (status != JH_OK || e->base == page) {
        return status;
    }
    return left_behind(w, p) ? JH_END
                             : jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, page, e->at,
                                       jh_extent_covers(e, page) ? "leaf.first-page-missing"
                                                                 : "leaf.extent-not-covering");
}

/* Decode and check what a leaf element points to. */
static enum jh_status take(struct jh_walk *w, const struct jh_pending *p, struct jh_extent *out,
                           struct jh_fault *fault) {
    if (!jh_aligned(p->leaf.extent, w->heap->layout->extent_align)) {
        return jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, address_of(w, p), p->leaf.extent,
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
    return p->leaf.extent == w->last_at && address_of(w, p) < w->last_end;
}

void jh_entry_name(const struct jh_walk *w, uint64_t page, struct jh_fault *fault) {
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
    bool inner = !w->last_slab && !left_behind(w, p) && address_of(w, p) != w->last_page;
    while (inner && jh_retry(&w->heap->reader, &times)) {
        inner = is_still_inner(w, p->page, w->last_at, w->last_page);
    }
    rescan(w, p, key_of(w, w->last_end));
    return inner ? inner_page(address_of(w, p), p->leaf.extent, fault) : JH_END;
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
        (void)inner_page(second, e->at, fault);
        jh_entry_name(w, p->second_page, fault);
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
    enum jh_status status = p->leaf_done ? JH_OK : contradiction(w, p, e, fault);
    if (status != JH_OK) {
        p->leaf_done = true;
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

/* What jh_entry_next() is going to say of the entry. Elements that agree are done with: another
 * look at memory that changes could find the next change half-way. */
static enum jh_status judge(struct jh_walk *w, struct jh_pending *p, struct jh_extent *e) {
    struct jh_fault fault;
    enum jh_status status = take(w, p, e, &fault);
    if (status != JH_OK) {
        return status;
    }
    if (e->base < w->last_end) {
        return (left_behind(w, p) && !e->allocated) || w->last_behind ? JH_OK : JH_CORRUPT;
    }
    if (!p->leaf_done) {
        status = contradiction(w, p, e, &fault);
        p->leaf_done = status == JH_OK;
    }
    return status;
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
    if (jh_extent_covers(e, address_of(w, p)) && leaf_now(w, e->base, &leaf) &&
        leaf.extent == e->at) {
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

static enum jh_status entry_slow(struct jh_walk *w, struct jh_pending *p, struct jh_extent *out,
                                 struct jh_fault *fault) {
    struct jh_extent e = {.base = 0};
    if (w->heap->reader.retry && !settle(w, p)) {
        return JH_END;
    }
    if (!w->extents_left) {
        jh_entry_stop(w);
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
        jh_entry_stop(w);
        return status;
    }
    rescan(w, p, key_of(w, e.base));
    return jh_led(&w->heap->reader, status, address_of(w, p), p->leaf.extent, JH_STAGE_LEAF,
                  "leaf.extent-unmapped", fault);
}

/* ---- the short way, by the plan ---------------------------------------------------------------
 */

/* Are the entry's elements all that the extent has, and as they should be? */
JH_INLINE bool agrees(const struct jh_plan *plan, const struct jh_pending *p,
                      const struct jh_brief *e) {
    uint64_t last = e->size + plan->page_mask; /* less a page */
    uint64_t elements =
        e->slab && e->allocated ? e->size >> plan->layout->build.lg_page : 1U + (last != 0);
    return p->elements == elements && p->last_page - p->page == last && p->same_state &&
           (p->same_class || !e->slab) && jh_plan_leaf_agrees(plan, &p->leaf, e);
}

/* An entry of which nothing is wrong, and nothing was said. */
JH_INLINE bool give_sound(struct jh_walk *w, const struct jh_plan *plan, bool wide,
                          const struct jh_pending *p, struct jh_extent *out) {
    struct jh_brief e;
    if (!p->head || p->leaf_done || !w->extents_left ||
        !jh_plan_take(plan, wide, p->leaf.extent, p->head, &e)) {
        return false;
    }
    uint64_t base = e.addr & plan->page_mask;
    uint64_t page = p->page <= plan->lower_half ? p->page : jh_canonical(plan->layout, p->page);
    if (base != page || base < w->last_end || !agrees(plan, p, &e)) {
        return false;
    }
    w->extents_left--;
    w->last_at = e.at;
    w->last_end = base + (e.size - 1) == UINT64_MAX ? UINT64_MAX : base + e.size;
    w->last_page = base + (e.size + plan->page_mask);
    w->last_slab = e.slab && e.allocated;
    w->last_behind = plan->layout->leaf_left_behind && e.state == JH_ACTIVE && !e.allocated;
    jh_plan_fill(plan, wide, &e, p->head, out);
    return true;
}

enum jh_status jh_entry_next(struct jh_walk *w, struct jh_pending *p, struct jh_extent *out,
                             struct jh_fault *fault) {
    const struct jh_plan *plan = jh_plan_of(w->heap);
    if (is_given(w, p)) {
        return rest_of_given(w, p, fault);
    }
    if (plan &&
        (plan->wide ? give_sound(w, plan, true, p, out) : give_sound(w, plan, false, p, out))) {
        return JH_OK;
    }
    return entry_slow(w, p, out, fault);
}
