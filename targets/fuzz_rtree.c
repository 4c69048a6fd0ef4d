/* Target functions: jh_rtree_lookup, jh_rtree_subkey, jh_rtree_leafkey, jh_lookup, jh_lookup_many,
 * jh_before, jh_after, jh_walk_next, jh_locate, on small trees that the input describes.
 *
 * Relations, for any tree: a lookup finds the leaf element that is found without the decoder
 * (tree.c); many lookups in one call answer as single ones; the walk ends, its addresses grow, and
 * a lookup finds each of its extents at each page that the extent registers; every fault names a
 * known rule. For an undamaged tree: the walk gives all extents that were inserted, a lookup finds
 * the one that has the address, before and after find its neighbours. */
#include "rules.h"
#include "tree.h"

static void check_leaf(const struct tree *t, uint64_t addr) {
    struct jh_leaf_bytes leaf;
    uint64_t at = 0;
    struct jh_fault fault = {.status = JH_OK};
    enum jh_status status = jh_rtree_lookup(&t->heap, addr, &leaf, &fault);
    FUZZ_CHECK(status == tree_way(&t->layout, addr, &at));
    if (status != JH_OK) {
        fuzz_check_fault(status, &fault);
    } else {
        FUZZ_CHECK(leaf.at == at);
        FUZZ_CHECK(!at || memcmp(leaf.bytes, tree_bytes(at, t->layout.leaf_size),
                                 t->layout.leaf_size) == 0);
    }
    uint64_t covered = UINT64_C(1) << (t->layout.rtree_level[2].bits + t->layout.build.lg_page);
    FUZZ_CHECK(jh_rtree_leafkey(&t->layout, addr) == addr - addr % covered);
}

static bool covers(const struct jh_extent *e, uint64_t addr) {
    return addr >= e->base && addr - e->base < e->size;
}

/* The inserted extent that has the address, or the nearest on one side of it; 0: none. */
static uint64_t expected(const struct tree *t, uint64_t addr, int side) {
    const struct jh_extent *best = NULL;
    for (unsigned i = 0; i < t->extents; i++) {
        const struct jh_extent *e = &t->extent[i];
        bool fit = side == 0  ? covers(e, addr)
                   : side < 0 ? e->base + (e->size - 1) < addr && (!best || e->base > best->base)
                              : e->base > addr && (!best || e->base < best->base);
        best = fit ? e : best;
    }
    return best ? best->at : 0;
}

static void check_sound(const struct tree *t, uint64_t addr) {
    struct jh_extent e;
    FUZZ_CHECK(jh_lookup(&t->heap, addr, &e, NULL) == JH_OK);
    FUZZ_CHECK(e.at == expected(t, addr, 0));
    FUZZ_CHECK(jh_before(&t->heap, addr, &e, NULL) == JH_OK && e.at == expected(t, addr, -1));
    FUZZ_CHECK(jh_after(&t->heap, addr, &e, NULL) == JH_OK && e.at == expected(t, addr, 1));
}

static void check_locate(const struct tree *t, uint64_t addr) {
    struct jh_location where;
    if (jh_locate(&t->heap, addr, &where, NULL) == JH_OK && where.owned) {
        FUZZ_CHECK(where.offset < where.size && where.start + where.offset == addr);
        FUZZ_CHECK(covers(&where.extent, addr));
    }
}

static void check_many(const struct tree *t, const uint64_t *addr, size_t count) {
    struct jh_extent out[64], one;
    enum jh_status status[64];
    jh_lookup_many(&t->heap, addr, count, out, status);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(jh_lookup(&t->heap, addr[i], &one, NULL) == status[i]);
        FUZZ_CHECK(status[i] != JH_OK ||
                   (one.at == out[i].at && (!one.at || one.bits == out[i].bits)));
    }
}

/* Checks that a lookup of each page that the extent registers finds the extent. A slab registers
 * all pages, another extent the first and the last. */
static void check_pages(const struct tree *t, const struct jh_extent *e) {
    uint64_t page = UINT64_C(1) << t->layout.build.lg_page, last = e->size - page;
    for (uint64_t at = 0; at < e->size; at += jh_extent_is_slab(e) || at == last ? page : last) {
        FUZZ_CHECK(fuzz_page_names(&t->heap, e, e->base + at) || !t->sound);
    }
}

/* Checks a walk, and returns the number of its extents. */
static unsigned check_walk(const struct tree *t) {
    static struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = JH_OK;
    uint64_t end = 0;
    unsigned given = 0, steps = 0;
    jh_walk_start(&walk, &t->heap);
    while (status != JH_END) {
        FUZZ_CHECK(steps++ < 100000);
        status = jh_walk_next(&walk, &e, &fault);
        if (status == JH_CORRUPT && strcmp(fault.rule, "extent.overlap") == 0) {
            FUZZ_CHECK(fault.seen < end);
            end = fault.seen; /* the extent before it is cut off here */
        }
        if (status == JH_OK) {
            FUZZ_CHECK(e.base >= end && jh_extent_check(&t->layout, &e, NULL) == JH_OK);
            check_pages(t, &e);
            end = fuzz_next_from(&t->layout, &e);
            given++;
        }
        if (status != JH_OK && status != JH_END) {
            FUZZ_CHECK(!t->sound);
            fuzz_check_fault(status, &fault);
        }
    }
    return given;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct tree t;
    struct fuzz_input in = {data, size};
    uint64_t addr[3 * TREE_EXTENTS + 2];
    size_t count = 0;
    tree_start(&t, &in);
    addr[count++] = tree_canonical(&t.layout, fuzz_take(&in, 4));
    addr[count++] = fuzz_take(&in, 8);
    tree_grow(&t, &in);
    for (unsigned i = 0; i < t.extents; i++) {
        addr[count++] = t.extent[i].base;
        addr[count++] = t.extent[i].base + t.extent[i].size / 2 + 8;
        addr[count++] = t.extent[i].base + t.extent[i].size;
    }
    for (size_t i = 0; i < count; i++) {
        addr[i] &= UINT64_MAX >> (64 - t.layout.sc_ptr_bits);
        check_leaf(&t, addr[i]);
        check_locate(&t, addr[i]);
        if (t.sound && tree_canonical(&t.layout, addr[i]) == addr[i]) {
            check_sound(&t, addr[i]);
        }
    }
    check_many(&t, addr, count);
    unsigned given = check_walk(&t);
    FUZZ_CHECK(!t.sound || given == t.extents);
    return 0;
}
