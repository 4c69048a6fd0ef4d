/* Target functions: jh_index_bytes, jh_index_start, jh_index_fill, jh_index_find,
 * jh_index_find_many, jh_index_nth, jh_index_parked, on a whole image (heap_input.h).
 *
 * Relations: what the index answers is what jh_locate() answers of one address, whatever the memory
 * has, wherever the index had no room for more extents, and whichever reader it is asked with; many
 * at once are one by one; what else is given of a structure is what looking it up gives; a region
 * is parked exactly when it was said to be and is held; an index takes as many bytes as it said;
 * when memory changes after it was filled, answers have the address that was asked for. */
#include "heap_checks.h"
#include "heap_images.h"
#include "rules.h"

enum { EXTENTS = 512, EDGES = 6, ASKED = HEAP_ADDRESSES + 3 * EDGES, OTHERWISE_ODDS = 8 };

struct book {
    struct jh_index index;
    uint64_t *memory;
    uint64_t parked[HEAP_ADDRESSES];
    size_t parked_count;
    uint64_t addr[ASKED];
    size_t count;
};

/* ---- the index ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What begins at or around the addresses: regions, large allocations, and what is neither. */
static void choose_parked(const struct heap_setup *s, struct book *b) {
    uint64_t start[HEAP_ADDRESSES];
    size_t count = s->input->salt % (HEAP_ADDRESSES + 1);
    for (size_t i = 0; i < count; i++) {
        struct jh_location l;
        bool known = jh_locate(&s->heap, b->addr[i], &l, NULL) == JH_OK && l.owned;
        start[i] = known ? l.start : b->addr[i];
    }
    qsort(start, count, sizeof(start[0]), by_value);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || start[i] != start[i - 1]) {
            b->parked[b->parked_count++] = start[i];
        }
    }
}

/* Of so many extents; what a sanitizer sees behind its memory is not its own. */
static void fill(const struct heap_setup *s, struct book *b, uint64_t extents) {
    static struct jh_walk walk;
    uint64_t bytes = jh_index_bytes(extents, b->parked_count);
    b->memory = malloc(bytes);
    FUZZ_CHECK(b->memory && bytes <= 64 + 34 * extents + 8 * b->parked_count + 64);
    FUZZ_CHECK(jh_index_start(&b->index, s->heap.layout, b->memory, extents, b->parked,
                              b->parked_count) == JH_OK);
    jh_index_fill(&b->index, &s->heap, &walk);
    FUZZ_CHECK(b->index.count <= extents);
}

/* Where some of its extents begin and end, and where the regions of these do. */
static void add_edges(struct book *b, uint8_t salt) {
    uint64_t step = 1 + b->index.count / EDGES, last = 0;
    for (uint64_t i = salt % step; i < b->index.count; i += step) {
        struct jh_index_pieces p;
        if (jh_index_nth(&b->index, i, &p)) {
            FUZZ_CHECK(p.base >= last && p.first - p.base < p.size && p.last >= p.first);
            FUZZ_CHECK(p.last - p.base < p.size);
            last = p.base + p.size;
            b->addr[b->count++] = salt & 1 ? p.base : p.base - 1;
            b->addr[b->count++] = last - (salt >> 1 & 1);
            b->addr[b->count++] = salt & 4 ? p.first : p.last;
        }
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static uint64_t parked_number(const struct book *b, const struct jh_found *f) {
    size_t i = 0;
    while (i < b->parked_count && b->parked[i] != f->start) {
        i++;
    }
    return f->owned && f->use == JH_USE_HELD && i < b->parked_count ? i : JH_INDEX_NONE;
}

static bool same_answer(const struct jh_found *a, const struct jh_found *b) {
    return a->owned == b->owned && a->why == b->why && a->extent == b->extent &&
           a->parked == b->parked &&
           (!a->owned || (a->use == b->use && a->start == b->start && a->size == b->size &&
                          a->region_index == b->region_index));
}

/* What the index answers by itself is what the tree answers, unless that lacks bytes or a budget
 * that the walk did not. */
static void check_found(const struct heap_setup *s, const struct book *b, uint64_t addr,
                        const struct jh_found *f) {
    struct jh_location l;
    enum jh_status status = jh_locate(&s->heap, addr, &l, NULL);
    FUZZ_CHECK(f->parked == parked_number(b, f));
    FUZZ_CHECK(status != JH_CORRUPT);
    if (status == JH_OK) {
        FUZZ_CHECK(f->owned == l.owned && f->why == l.why && f->extent == l.extent.at);
        FUZZ_CHECK(!l.owned || (f->use == l.use && f->start == l.start && f->size == l.size &&
                                f->region_index == l.region_index && f->szind == l.extent.szind));
    }
    if (f->which != JH_INDEX_NONE && f->extent) {
        struct jh_index_pieces p;
        FUZZ_CHECK(f->which < b->index.count && jh_index_nth(&b->index, f->which, &p));
        FUZZ_CHECK(addr - p.base < p.size && (!f->owned || f->start - p.base < p.size));
        FUZZ_CHECK(jh_index_parked(&b->index, f->which, f->start) == f->parked || !f->owned ||
                   f->use != JH_USE_HELD);
    }
}

/* Are the regions beside the one that was found free, as one by one says? */
static bool is_free(const struct heap_setup *s, uint64_t addr) {
    struct jh_location l;
    return jh_locate(&s->heap, addr, &l, NULL) == JH_OK && l.owned && l.use == JH_USE_FREE;
}

static void check_more(const struct heap_setup *s, const struct jh_found *f,
                       const struct jh_index_more *more) {
    const struct jh_layout *l = s->heap.layout;
    const struct jh_extent *e = &more->extent;
    FUZZ_CHECK(e->at == f->extent && jh_extent_check(l, e, NULL) == JH_OK);
    if (f->owned && jh_extent_is_slab(e)) {
        uint32_t i = f->region_index;
        FUZZ_CHECK(more->free_before == (i > 0 && is_free(s, f->start - 1)));
        FUZZ_CHECK(more->free_after ==
                   (i + 1 < l->bin[e->szind].nregs && is_free(s, f->start + f->size)));
    }
}

/* With this reader; plain: what was answered with the first one. */
static void check_reader(const struct heap_setup *s, const struct book *b,
                         const struct jh_heap *heap, const struct jh_found *plain,
                         const enum jh_status *wanted) {
    static struct jh_found one, many[ASKED];
    static struct jh_index_more more[ASKED];
    enum jh_status status[ASKED];
    jh_index_find_many(&b->index, heap, b->addr, b->count, many, NULL, status);
    for (size_t i = 0; i < b->count; i++) {
        FUZZ_CHECK(jh_index_find(&b->index, heap, b->addr[i], &one, NULL) == status[i]);
        FUZZ_CHECK(status[i] != JH_OK || same_answer(&one, &many[i]));
        FUZZ_CHECK(!wanted || status[i] == wanted[i]);
        FUZZ_CHECK(!wanted || status[i] != JH_OK || same_answer(&plain[i], &many[i]));
    }
    jh_index_find_many(&b->index, heap, b->addr, b->count, many, more, status);
    for (size_t i = 0; i < b->count; i++) {
        if (status[i] == JH_OK && wanted && wanted[i] == JH_OK) {
            FUZZ_CHECK(same_answer(&plain[i], &many[i]));
        }
        if (status[i] == JH_OK && many[i].which != JH_INDEX_NONE && many[i].extent) {
            check_more(s, &many[i], &more[i]);
        }
    }
}

static void check_still(const struct heap_setup *s, const struct book *b, bool otherwise) {
    static struct jh_found found[ASKED];
    enum jh_status status[ASKED];
    for (size_t i = 0; i < b->count; i++) {
        struct jh_location l;
        struct jh_fault fault = {.status = JH_OK};
        status[i] = jh_index_find(&b->index, &s->heap, b->addr[i], &found[i], &fault);
        if (status[i] == JH_OK) {
            check_found(s, b, b->addr[i], &found[i]);
        } else {
            fuzz_check_fault(status[i], &fault);
            FUZZ_CHECK(jh_locate(&s->heap, b->addr[i], &l, NULL) == status[i]);
        }
    }
    check_reader(s, b, &s->heap, found, status);
    for (size_t i = 0; i < s->others && otherwise; i++) {
        check_reader(s, b, &s->other[i], found, status);
    }
}

/* Memory that is not any more what it was when the index was filled. */
static void check_changing(const struct heap_setup *s, const struct book *b) {
    struct jh_heap heap = s->heap;
    struct jh_found f;
    if (!s->view->undos) {
        return; /* the input has no patch, so no memory can change */
    }
    heap_view_changing(s->view, s->input->salt & 8, &heap.reader);
    for (size_t i = 0; i < b->count; i++) {
        struct jh_fault fault = {.status = JH_OK};
        enum jh_status status = jh_index_find(&b->index, &heap, b->addr[i], &f, &fault);
        if (status != JH_OK) {
            fuzz_check_fault(status, &fault);
        } else if (f.owned) {
            FUZZ_CHECK(b->addr[i] - f.start < f.size && f.extent);
            FUZZ_CHECK(f.parked == parked_number(b, &f));
        }
    }
    heap_view_still(s->view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct heap_view view;
    static struct book b;
    struct fuzz_input in = {data, size};
    struct heap_input input;
    heap_input_take(&in, &input);
    struct heap_setup s = {.view = &view, .input = &input};
    heap_view_open(&view, heap_images_find(input.image), &in, &input);
    heap_set_up(&s);
    memset(&b, 0, sizeof(b));
    b.count = heap_addresses(&view, &input, b.addr);
    choose_parked(&s, &b);
    fill(&s, &b, input.salt % 16 == 15 ? input.salt / 16 : EXTENTS);
    add_edges(&b, input.salt);
    check_still(&s, &b, fuzz_one_in(OTHERWISE_ODDS, data, size));
    check_changing(&s, &b);
    free(b.memory);
    heap_view_close(&view);
    return 0;
}
