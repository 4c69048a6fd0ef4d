/* heap_walks.c - relations of the extents and faults that a walk gives. */
#include "heap_checks.h"

#include "rules.h"

#define EXTENTS_MAX 4096 /* extents that are stored; more are only counted */
#define PAGES_MAX 8      /* pages of an extent that are looked up */
#define SAMPLE 64        /* extents whose pages are looked up */

/* The answers of a walk. */
struct walked {
    struct jh_extent extent[EXTENTS_MAX];
    uint64_t extents, faults, repeated, contradicted, torn, digest;
    uint64_t leaf_page; /* the page whose leaf element contradicts the extent that follows */
    bool leaf;
    enum jh_status last; /* JH_LIMIT when a budget ended it, else JH_END */
};

static void mix(struct walked *g, uint64_t value) {
    g->digest = (g->digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    g->digest ^= g->digest >> 29;
}

static void note_extent(struct walked *g, const struct jh_extent *e) {
    if (g->leaf) { /* the element of the first page, or that of another page */
        *(g->leaf_page == e->base ? &g->contradicted : &g->torn) += 1;
        g->leaf = false;
    }
    if (g->extents < EXTENTS_MAX) {
        g->extent[g->extents] = *e;
    }
    g->extents++;
    mix(g, e->at);
    mix(g, e->addr);
    mix(g, e->bsize);
    mix(g, e->bits);
    mix(g, e->usize);
}

static void note_fault(struct walked *g, enum jh_status status, const struct jh_fault *fault) {
    fuzz_check_fault(status, fault);
    g->faults++;
    g->repeated += strcmp(fault->rule, "rtree.child-repeated") == 0;
    static const char *const of_the_next[] = {"leaf.szind", "leaf.slab", "leaf.state",
                                              "leaf.is-head", "leaf.unused-bits"};
    for (size_t i = 0; i < sizeof(of_the_next) / sizeof(of_the_next[0]); i++) {
        if (strcmp(fault->rule, of_the_next[i]) == 0) {
            g->leaf = true;
            g->leaf_page = fault->addr;
        }
    }
    g->torn += strncmp(fault->rule, "leaf.inner-page", 15) == 0 ||
               strcmp(fault->rule, "leaf.last-page-missing") == 0;
    g->last = status == JH_LIMIT ? JH_LIMIT : g->last;
    mix(g, (uint64_t)status);
    mix(g, fault->addr);
    mix(g, fault->seen);
    mix(g, (uintptr_t)fault->rule);
}

/* The most answers that budgets and elements allow. An answer is an extent, one of two faults of a
 * leaf element, or a fault of an inner element or of a hole between elements. */
static uint64_t answers_max(const struct jh_heap *heap, uint64_t max_extents) {
    const struct jh_layout *l = heap->layout;
    uint64_t widest = 0, nodes = heap->limits.max_nodes ? heap->limits.max_nodes : 65536;
    for (unsigned i = 0; i < l->rtree_height; i++) {
        uint64_t count = UINT64_C(1) << l->rtree_level[i].bits;
        widest = count > widest ? count : widest;
    }
    return max_extents + 2 * (nodes + 1) * widest + 2;
}

static void walk(const struct jh_heap *heap, struct walked *g) {
    static struct jh_walk w;
    uint64_t max = heap->limits.max_extents ? heap->limits.max_extents : UINT64_C(1) << 30;
    uint64_t left = answers_max(heap, max), last_base = 0, last_end = 0;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    g->extents = g->faults = g->repeated = g->contradicted = g->torn = g->digest = 0;
    g->leaf = false;
    g->last = JH_END;
    jh_walk_start(&w, heap);
    while ((status = jh_walk_next(&w, &e, &fault)) != JH_END) {
        FUZZ_CHECK(left-- > 0 && g->last != JH_LIMIT); /* the walk ends, after a limit at once */
        if (status != JH_OK) {
            note_fault(g, status, &fault);
            if (strcmp(fault.rule, "extent.overlap") == 0) {
                FUZZ_CHECK(fault.seen > last_base && fault.seen < last_end);
                last_end = fault.seen;
            }
            continue;
        }
        FUZZ_CHECK(jh_extent_check(heap->layout, &e, NULL) == JH_OK);
        FUZZ_CHECK(e.base >= last_end && g->extents < max); /* extent.overlap moves last_end */
        last_base = e.base;
        last_end = fuzz_next_from(heap->layout, &e);
        note_extent(g, &e);
    }
    FUZZ_CHECK(jh_walk_next(&w, &e, &fault) == JH_END);
}

/* Compares the extents with those of the reference, as far as both go: the reference ends at the
 * first node with absent bytes, where the walk goes on. */
static void check_reference(const struct heap_setup *s, const struct walked *g) {
    static uint64_t at[EXTENTS_MAX];
    size_t known = g->extents < EXTENTS_MAX ? (size_t)g->extents : EXTENTS_MAX;
    struct reference *r = &s->view->reference;
    r->max_nodes = s->heap.limits.max_nodes ? s->heap.limits.max_nodes : 65536;
    struct reference_result wanted = reference_walk(r, at, EXTENTS_MAX);
    FUZZ_CHECK(wanted.end == REFERENCE_SOME || known <= wanted.extents);
    FUZZ_CHECK(wanted.end != REFERENCE_NODES || g->last == JH_LIMIT);
    FUZZ_CHECK(g->last == JH_LIMIT || known >= wanted.extents);
    FUZZ_CHECK(wanted.end != REFERENCE_ALL || g->last == JH_LIMIT ||
               g->repeated == wanted.repeated);
    FUZZ_CHECK(wanted.end != REFERENCE_ALL || g->last == JH_LIMIT ||
               (g->contradicted == wanted.contradicted && (g->torn != 0) == wanted.torn));
    for (size_t i = 0; i < known && i < wanted.extents; i++) {
        FUZZ_CHECK(g->extent[i].at == at[i]);
    }
}

static void check_pages(const struct heap_setup *s, const struct walked *g) {
    uint64_t page = UINT64_C(1) << s->heap.layout->build.lg_page;
    size_t step = (size_t)(g->extents / SAMPLE) + 1;
    for (size_t i = s->input->salt % step; i < g->extents && i < EXTENTS_MAX; i += step) {
        const struct jh_extent *e = &g->extent[i];
        for (uint64_t at = 0; at < e->size && at / page < PAGES_MAX; at += page) {
            (void)fuzz_page_names(&s->heap, e, e->base + at);
        }
        (void)fuzz_page_names(&s->heap, e, e->base + e->size - page);
    }
}

void heap_answers_walk(const struct jh_heap *heap) {
    static struct walked given;
    walk(heap, &given);
}

uint64_t heap_check_walk(const struct heap_setup *s) {
    static struct walked plain, other;
    walk(&s->heap, &plain);
    for (size_t i = 0; i < s->others; i++) {
        walk(&s->other[i], &other);
        FUZZ_CHECK(other.extents == plain.extents && other.faults == plain.faults);
        FUZZ_CHECK(other.digest == plain.digest && other.last == plain.last);
    }
    if (s->input->what & HEAP_DEEP) {
        check_reference(s, &plain);
        check_pages(s, &plain);
    }
    return plain.digest;
}
