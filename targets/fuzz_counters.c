/* Target functions: jh_counting_make, jh_page_class, jh_count, jh_unused_check, jh_esn_check.
 *
 * Relations: a page class is the one that a look at all classes gives; what is counted of some
 * structures is the sum of what each of them is alone, in any order, and each number has a place of
 * its own; a dirty or muzzy extent is not zeroed, an unused one no slab up to 5.2, and the number
 * of a structure is its block's. */
#include <stdlib.h>

#include "builds.h"
#include "fuzz.h"

enum { EXTENTS = 16, VALUES = 1 << 16 };

/* ---- page classes ---------------------------------------------------------------------------- */

static bool is_page_class(const struct jh_layout *l, uint32_t szind) {
    return jh_index2size(l, szind) % (UINT64_C(1) << l->build.lg_page) == 0;
}

/* The first class of at least so many bytes, counted among those of whole pages. */
static uint32_t naive_above(const struct jh_layout *l, uint64_t size) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->sc_nsizes && jh_index2size(l, i) < size; i++) {
        count += is_page_class(l, i);
    }
    return count;
}

/* The largest one that leaves room for the padding. */
static uint32_t naive_class(const struct jh_layout *l, uint64_t size) {
    uint64_t floor = 0;
    for (uint32_t i = 0; i < l->sc_nsizes; i++) {
        uint64_t one = jh_index2size(l, i);
        floor = is_page_class(l, i) && one + l->large_pad <= size ? one + l->large_pad : floor;
    }
    return naive_above(l, floor ? floor : size);
}

/* ---- one structure --------------------------------------------------------------------------- */

static void check_rules(const struct jh_layout *l, const struct jh_extent *e, uint64_t sn) {
    struct jh_fault fault = {.rule = ""};
    bool unused = e->state == JH_DIRTY || e->state == JH_MUZZY || e->state == JH_RETAINED ||
                  e->state == JH_PINNED;
    bool zeroed = e->zeroed && (e->state == JH_DIRTY || e->state == JH_MUZZY);
    bool slab = e->slab && unused && l->build.version < JH_5_3_0;
    enum jh_status status = jh_unused_check(l, e, &fault);
    FUZZ_CHECK((status == JH_CORRUPT) == (zeroed || slab));
    FUZZ_CHECK(status == JH_OK || (fault.addr == e->at && fault.expects && fault.expected == 0));
    FUZZ_CHECK((jh_unused_state(e->state) < JH_UNUSED_STATES) == unused);
    status = jh_esn_check(l, sn, e, &fault);
    FUZZ_CHECK((status == JH_OK) == (e->esn == sn % (UINT64_C(1) << l->build.lg_page)));
    FUZZ_CHECK(status == JH_OK || (fault.seen == e->esn && fault.expects));
}

static uint64_t sum(const struct jh_counting *c, enum jh_counter kind, const uint64_t *value) {
    uint64_t all = 0;
    for (uint32_t i = c->first[kind]; i < c->first[kind + 1]; i++) {
        all += value[i];
    }
    return all;
}

static void check_one(const struct jh_counting *c, const struct jh_extent *e) {
    static uint64_t value[VALUES];
    const struct jh_layout *l = c->layout;
    uint64_t pages = e->size >> l->build.lg_page;
    bool is_slab = jh_extent_is_slab(e), large = e->allocated && !is_slab;
    bool unused = jh_unused_state(e->state) < JH_UNUSED_STATES;
    memset(value, 0, c->first[JH_COUNTERS] * sizeof(value[0]));
    jh_count(c, e, value);
    FUZZ_CHECK(sum(c, JH_COUNT_ACTIVE, value) == (e->allocated ? pages : 0));
    FUZZ_CHECK(sum(c, JH_COUNT_PAGES, value) == (unused ? pages : 0));
    FUZZ_CHECK(sum(c, JH_COUNT_EXTENTS, value) == unused);
    FUZZ_CHECK(sum(c, JH_COUNT_BYTES, value) == (unused ? e->size : 0));
    FUZZ_CHECK(sum(c, JH_COUNT_SLABS, value) == is_slab);
    FUZZ_CHECK(sum(c, JH_COUNT_NONFULL, value) == (is_slab && e->nfree));
    FUZZ_CHECK(sum(c, JH_COUNT_REGIONS, value) ==
               (is_slab ? l->bin[e->szind].nregs - e->nfree : 0));
    FUZZ_CHECK(sum(c, JH_COUNT_SAMPLED, value) == (large && e->szind < l->sc_nbins));
    FUZZ_CHECK(sum(c, JH_COUNT_LARGE, value) == large || e->szind < l->sc_nbins);
    if (unused) {
        uint32_t at = jh_unused_state(e->state) * (c->page_classes + 1) + naive_class(l, e->size);
        FUZZ_CHECK(value[c->first[JH_COUNT_EXTENTS] + at] == 1);
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void check_sums(const struct jh_counting *c, const struct jh_extent *e, size_t count) {
    static uint64_t there[VALUES], back[VALUES];
    size_t bytes = c->first[JH_COUNTERS] * sizeof(there[0]);
    memset(there, 0, bytes);
    memset(back, 0, bytes);
    for (size_t i = 0; i < count; i++) {
        jh_count(c, &e[i], there);
        jh_count(c, &e[count - 1 - i], back);
    }
    FUZZ_CHECK(memcmp(there, back, bytes) == 0);
}

static void check_form(const struct jh_counting *c) {
    FUZZ_CHECK(c->first[0] == 0 && c->first[JH_COUNTERS] <= VALUES);
    for (unsigned kind = 0; kind < JH_COUNTERS; kind++) {
        FUZZ_CHECK(c->first[kind] < c->first[kind + 1]);
    }
    FUZZ_CHECK(c->page_classes == c->layout->sc_npsizes);
}

/* Structures one after the other, then a block's serial number, a size and the layout. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct jh_counting c;
    static struct jh_extent e[EXTENTS];
    struct fuzz_input in = {data, size};
    const struct jh_layout *l = fuzz_layout(&in);
    uint64_t sn = fuzz_take(&in, 2), bytes = fuzz_take(&in, 5) << l->build.lg_page;
    size_t count = 0;
    FUZZ_CHECK(jh_counting_make(l, &c, NULL) == JH_OK);
    check_form(&c);
    FUZZ_CHECK(bytes == 0 || jh_page_class(&c, bytes) == naive_class(l, bytes));
    for (unsigned i = 0; i < EXTENTS && in.size != 0; i++) {
        uint8_t head[JH_EXTENT_HEAD_MAX];
        fuzz_bytes(&in, head, l->extent_head);
        jh_extent_decode(l, UINT64_C(0x10000) * (i + 1), head, &e[count]);
        if (jh_extent_check(l, &e[count], NULL) == JH_OK) {
            check_rules(l, &e[count], sn);
            check_one(&c, &e[count++]);
        }
    }
    check_sums(&c, e, count);
    return 0;
}
