/* Target functions: jh_block_check, jh_arena_check, jh_arena_uses, jh_unused_check, jh_esn_check,
 * jh_counting_make, jh_page_class, jh_count.
 *
 * Relations: a base block of which a part is handed out passes, and not with one of its numbers
 * changed; one that passes has its unused part inside of it and to its end; a structure passes
 * exactly when its number, serial number and shard can be the arena's, and is one that the tree
 * must lead to exactly when it is sound and such; a dirty or muzzy extent is not zeroed, an unused
 * one no slab up to 5.2, and the number of a structure is its block's; a page class is the one that
 * a look at all classes gives; what is counted of some structures is the sum of what each of them
 * is alone, in any order, and each number has a place of its own. */
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

/* ---- base blocks ----------------------------------------------------------------------------- */

static bool passes(const struct jh_layout *l, const struct jh_block *b) {
    struct jh_fault fault = {.rule = ""};
    enum jh_status status = jh_block_check(l, b, &fault);
    FUZZ_CHECK(status == JH_OK || (status == JH_CORRUPT && fault.addr == b->at &&
                                   strcmp(fault.rule, "arena.block-size") == 0));
    return status == JH_OK;
}

/* One as base.c cuts it, at an address as sound ones have it. */
static void check_sound_block(const struct jh_layout *l, struct fuzz_input *in) {
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    uint64_t at = fuzz_take(in, 4) * page, size = (1 + fuzz_take(in, 3)) * page;
    uint64_t used = 1 + fuzz_take(in, 4) % size, other = fuzz_take(in, 8);
    struct jh_block b = {at, size, at + used, size - used};
    uint64_t *number[] = {&b.at, &b.size, &b.unused, &b.unused_size};
    uint64_t *one = number[other % 4];
    FUZZ_CHECK(passes(l, &b));
    *one ^= other | 1;
    FUZZ_CHECK(!passes(l, &b));
}

static void check_block(const struct jh_layout *l, struct fuzz_input *in) {
    uint64_t at = fuzz_take(in, 8), size = fuzz_take(in, 8), unused = fuzz_take(in, 8);
    struct jh_block b = {at, size, unused, fuzz_take(in, 8)};
    if (passes(l, &b)) {
        FUZZ_CHECK(size % (UINT64_C(1) << l->build.lg_page) == 0);
        FUZZ_CHECK(unused > at && unused - at <= size && b.unused_size == size - (unused - at));
    }
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

/* ---- is it this arena's? --------------------------------------------------------------------- */

static const char *naive_rule(const struct jh_layout *l, const struct jh_arena *a,
                              const struct jh_extent *e) {
    bool sharded = l->build.version >= JH_5_2_0 && e->allocated && e->slab && a->shards_known;
    return e->arena_ind != a->ind                                 ? "arena.ind"
           : a->sn_next != 0 && !e->pai && e->sn >= a->sn_next    ? "arena.sn"
           : sharded && e->bin_shard >= l->bin[e->szind].n_shards ? "arena.bin-shard"
                                                                  : NULL;
}

/* sound: the structure is. */
static void check_arena(const struct jh_layout *l, const struct jh_arena *a,
                        const struct jh_extent *e, bool sound) {
    struct jh_fault fault = {.rule = ""};
    bool unused = e->state == JH_DIRTY || e->state == JH_MUZZY || e->state == JH_RETAINED ||
                  e->state == JH_PINNED;
    bool large = e->allocated && !e->slab && e->szind >= l->sc_nbins;
    bool slab = e->allocated && e->slab;
    bool its = false;
    if (sound) {
        const char *rule = naive_rule(l, a, e);
        FUZZ_CHECK((jh_arena_check(l, a, e, &fault) == JH_OK) == !rule);
        FUZZ_CHECK(!rule || (fault.addr == e->at && strcmp(fault.rule, rule) == 0));
        its = !rule && (unused || (e->committed && (large || slab))) && !e->pai && !e->ps;
    }
    FUZZ_CHECK(jh_extent_is_unused(e) == unused);
    FUZZ_CHECK(jh_arena_uses(l, a, e) == its);
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

static void take_arena(struct fuzz_input *in, struct jh_arena *out) {
    uint8_t flags = fuzz_byte(in);
    out->ind = (uint32_t)fuzz_take(in, 2) % 4096;
    out->sn_next = fuzz_take(in, 3) * (flags & 1);
    out->shards_known = flags & 2;
}

/* Structures one after the other, then blocks, an arena, a block's serial number, a size and the
 * layout. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct jh_counting c;
    static struct jh_extent e[EXTENTS];
    struct fuzz_input in = {data, size};
    struct jh_arena arena;
    const struct jh_layout *l = fuzz_layout(&in);
    uint64_t sn = fuzz_take(&in, 2), bytes = fuzz_take(&in, 5) << l->build.lg_page;
    size_t count = 0;
    take_arena(&in, &arena);
    check_sound_block(l, &in);
    check_block(l, &in);
    FUZZ_CHECK(jh_counting_make(l, &c, NULL) == JH_OK);
    check_form(&c);
    FUZZ_CHECK(bytes == 0 || jh_page_class(&c, bytes) == naive_class(l, bytes));
    for (unsigned i = 0; i < EXTENTS && in.size != 0; i++) {
        uint8_t head[JH_EXTENT_HEAD_MAX];
        fuzz_bytes(&in, head, l->extent_head);
        jh_extent_decode(l, UINT64_C(0x10000) * (i + 1), head, &e[count]);
        bool sound = jh_extent_check(l, &e[count], NULL) == JH_OK;
        check_arena(l, &arena, &e[count], sound);
        if (sound) {
            check_rules(l, &e[count], sn);
            check_one(&c, &e[count++]);
        }
    }
    check_sums(&c, e, count);
    return 0;
}
