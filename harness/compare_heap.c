/* heap: every extent, field, page, region and cached pointer of a witness's heap. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pages compared at each end of an extent, and how many in between. */
enum { PAGES_AT_ENDS = 64, PAGES_BETWEEN = 128 };

static uint64_t extent_value(const struct jh_extent *e, enum truth_key key) {
    switch (key) {
    case KEY_AT:
        return e->at;
    case KEY_ADDR:
        return e->addr;
    case KEY_BASE:
        return e->base;
    case KEY_SIZE:
        return e->size;
    case KEY_BSIZE:
        return e->bsize;
    case KEY_ESN:
        return e->esn;
    case KEY_BITS:
        return e->bits;
    case KEY_SN:
        return e->sn;
    case KEY_PS:
        return e->ps;
    case KEY_USIZE:
        return e->usize;
    case KEY_ARENA_IND:
        return e->arena_ind;
    case KEY_SLAB:
        return e->slab;
    case KEY_COMMITTED:
        return e->committed;
    case KEY_DUMPABLE:
        return e->dumpable;
    case KEY_PAI:
        return e->pai;
    case KEY_ZEROED:
        return e->zeroed;
    case KEY_GUARDED:
        return e->guarded;
    case KEY_STATE:
        return e->state_bits;
    case KEY_SZIND:
        return e->szind;
    case KEY_NFREE:
        return e->nfree;
    case KEY_BIN_SHARD:
        return e->bin_shard;
    case KEY_IS_HEAD:
        return e->is_head;
    case KEY_PINNED:
        return e->pinned;
    default:
        return 0;
    }
}

static void compare_fields(struct comparison *c, enum truth_kind kind,
                           const struct truth_record *truth, const struct jh_extent *e) {
    c->extent_at = e->at;
    for (unsigned key = KEY_AT; key <= KEY_PINNED; key++) {
        if (truth_has(truth, key)) {
            char what[64];
            snprintf(what, sizeof(what), "extent.%s", truth_key_name(key));
            compare_number(c, what, e->base, truth_get(kind, truth, key), extent_value(e, key));
            c->tally[c->level].fields++;
        }
    }
    c->extent_at = 0;
    c->tally[c->level].extents++;
}

/* Extents of jemalloc's own blocks: not aligned as others are, so decoded from their bytes. */
static void compare_base(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_BASE];
    for (size_t i = 0; i < list->count && !c->stop && !c->no_blocks; i++) {
        uint64_t at = truth_get(TRUTH_BASE, &list->record[i], KEY_AT);
        uint8_t bytes[JH_EXTENT_HEAD_MAX];
        struct jh_extent e;
        struct jh_fault fault;
        enum jh_status status =
            jh_read(&heap->reader, at, bytes, heap->layout->extent_head, &fault);
        if (status != JH_OK) {
            compare_failed(c, "base", at, status, &fault);
            continue;
        }
        jh_extent_decode(heap->layout, at, bytes, &e);
        compare_fields(c, TRUTH_BASE, &list->record[i], &e);
    }
}

/* Is it some of the memory that this image was made without? */
static bool left_out(const struct comparison *c, const struct jh_heap *heap, uint64_t addr) {
    uint8_t byte;
    return c->lacks && jh_read(&heap->reader, addr, &byte, 1, NULL) == JH_ABSENT;
}

/* One that the walk did not give: its structure must be absent. */
static void compare_missed(struct comparison *c, const struct jh_heap *heap,
                           const struct truth_record *r) {
    if (!left_out(c, heap, truth_get(TRUTH_EXTENT, r, KEY_AT))) {
        compare_word(c, "walk", truth_get(TRUTH_EXTENT, r, KEY_BASE), "an extent", "none");
    }
}

/* A sound heap breaks no rule. */
static void found(void *arg, enum jh_status status, const struct jh_fault *fault) {
    compare_failed(arg, "check", fault->addr, status, fault);
}

/* The walk and the truth are both in the order of addresses: walk them side by side. */
static void compare_walk(struct comparison *c, struct jt_target *target) {
    const struct jh_heap *heap = &target->heap;
    struct jt_check *check = jt_check_start(target, found, c);
    const struct truth_list *list = &c->truth->list[TRUTH_EXTENT];
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    size_t i = 0;
    if (!walk || !check) {
        abort(); /* out of memory: nothing would be compared */
    }
    jt_check_counters(check);
    jh_walk_start(walk, heap);
    while (!c->stop && (status = jh_walk_next(walk, &e, &fault)) != JH_END) {
        if (status != JH_OK) {
            jt_check_doubt(check);
            compare_failed(c, "walk", fault.addr, status, &fault);
            continue;
        }
        jt_check_extent(check, &e);
        for (; i < list->count && truth_get(TRUTH_EXTENT, &list->record[i], KEY_BASE) < e.base;
             i++) {
            compare_missed(c, heap, &list->record[i]);
        }
        if (i < list->count && truth_get(TRUTH_EXTENT, &list->record[i], KEY_BASE) == e.base) {
            compare_fields(c, TRUTH_EXTENT, &list->record[i++], &e);
        } else {
            compare_word(c, "walk", e.base, "none", "an extent");
        }
    }
    for (; c->lacks && i < list->count; i++) {
        compare_missed(c, heap, &list->record[i]);
    }
    compare_number(c, "walk.extents", 0, list->count, i);
    jt_check_end(check, !c->lacks);
    free(walk);
}

static void compare_leaf(struct comparison *c, const struct jh_heap *heap, uint64_t page,
                         const struct truth_record *truth) {
    struct jh_leaf_bytes bytes;
    struct jh_leaf leaf;
    struct jh_fault fault;
    enum jh_status status = jh_rtree_lookup(heap, page, &bytes, &fault);
    if (status != JH_OK) {
        compare_failed(c, "leaf", page, status, &fault);
        return;
    }
    jh_leaf_decode(heap->layout, bytes.bytes, &leaf);
    compare_number(c, "leaf.extent", page, truth ? truth_get(TRUTH_LEAF, truth, KEY_EXTENT) : 0,
                   leaf.extent);
    c->tally[c->level].lookups++;
    if (!truth) {
        return;
    }
    const struct {
        enum truth_key key;
        uint64_t seen;
    } field[] = {{KEY_SZIND, leaf.szind},
                 {KEY_SLAB, leaf.slab},
                 {KEY_IS_HEAD, leaf.is_head},
                 {KEY_STATE, leaf.state_bits}};
    for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
        if (truth_has(truth, field[i].key)) {
            char what[64];
            snprintf(what, sizeof(what), "leaf.%s", truth_key_name(field[i].key));
            compare_number(c, what, page, truth_get(TRUTH_LEAF, truth, field[i].key),
                           field[i].seen);
            c->tally[c->level].fields++;
        }
    }
}

static const struct truth_record *leaf_at(const struct truth *truth, uint64_t page) {
    const struct truth_list *list = &truth->list[TRUTH_LEAF];
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t at = truth_get(TRUTH_LEAF, &list->record[middle], KEY_PAGE);
        if (at == page) {
            return &list->record[middle];
        }
        if (at < page) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static void compare_page(struct comparison *c, const struct jh_heap *heap, uint64_t page,
                         uint64_t owner) {
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = jh_lookup(heap, page, &e, &fault);
    if (status != JH_OK) {
        compare_failed(c, "lookup", page, status, &fault);
        return;
    }
    compare_number(c, "lookup.extent", page, owner, e.at);
    c->tally[c->level].lookups++;
    compare_leaf(c, heap, page, leaf_at(c->truth, page));
}

/* The owner of every page: all pages of small extents, both ends and a spread of large ones. */
static void compare_pages(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_EXTENT];
    unsigned lg_page = heap->layout->build.lg_page;
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t base = truth_get(TRUTH_EXTENT, r, KEY_BASE);
        uint64_t at = truth_get(TRUTH_EXTENT, r, KEY_AT);
        uint64_t pages = truth_get(TRUTH_EXTENT, r, KEY_SIZE) >> lg_page;
        uint64_t step = pages > 2 * PAGES_AT_ENDS + PAGES_BETWEEN ? pages / PAGES_BETWEEN : 1;
        for (uint64_t page = 0; page < pages && !c->stop;) {
            compare_page(c, heap, base + (page << lg_page), at);
            bool between = page >= PAGES_AT_ENDS && page + PAGES_AT_ENDS < pages;
            uint64_t next = page + (between ? step : 1);
            page = between && next + PAGES_AT_ENDS > pages ? pages - PAGES_AT_ENDS : next;
        }
    }
}

static void compare_slab(struct comparison *c, const struct jh_heap *heap,
                         const struct truth_record *r) {
    uint64_t at = truth_get(TRUTH_SLAB, r, KEY_EXTENT);
    struct jh_extent e;
    struct jh_slab slab;
    struct jh_fault fault;
    enum jh_status status = jh_extent_read(heap, at, &e, &fault);
    if (status == JH_OK) {
        status = jh_slab_read(heap, &e, &slab, &fault);
    }
    if (status != JH_OK) {
        compare_failed(c, "slab", at, status, &fault);
        return;
    }
    compare_number(c, "slab.nregs", at, truth_get(TRUTH_SLAB, r, KEY_NREGS), slab.nregs);
    compare_number(c, "slab.nfree", at, slab.nfree, e.nfree);
    for (uint32_t i = 0; i < slab.nregs && i < 4 * strlen(r->text); i++) {
        uint64_t addr = e.base + i * slab.reg_size;
        compare_number(c, "region.held", addr, expect_held(r, i),
                       !jh_slab_free(heap->layout, &slab, i));
        compare_number(c, "region.index", addr, i,
                       jh_slab_region(heap->layout, &e, addr + (addr >> 4) % slab.reg_size));
        c->tally[c->level].regions++;
    }
}

/* What is at this address: everything that locate says. */
static void compare_address(struct comparison *c, const struct jh_heap *heap, uint64_t addr) {
    struct expected x = expect(c->truth, addr);
    struct jh_location l;
    struct jh_fault fault;
    enum jh_status status = jh_locate(heap, addr, &l, &fault);
    if (status != JH_OK) {
        compare_failed(c, "locate", addr, status, &fault);
        return;
    }
    c->tally[c->level].lookups++;
    compare_word(c, "locate", addr, x.why ? x.why : x.use,
                 l.owned ? jh_use_name(l.use) : jh_why_name(l.why));
    compare_number(c, "locate.extent", addr,
                   x.extent ? truth_get(TRUTH_EXTENT, x.extent, KEY_AT) : 0, l.extent.at);
    if (!x.why && l.owned) {
        compare_number(c, "locate.start", addr, x.start, l.start);
        compare_number(c, "locate.size", addr, x.size, l.size);
        compare_number(c, "locate.offset", addr, addr - x.start, l.offset);
        compare_number(c, "locate.region_index", addr, x.region_index, l.region_index);
    }
}

static void compare_allocations(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_ALLOCATION];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        uint64_t addr = truth_get(TRUTH_ALLOCATION, &list->record[i], KEY_ADDR);
        uint64_t size = truth_get(TRUTH_ALLOCATION, &list->record[i], KEY_USABLE);
        compare_address(c, heap, addr);
        compare_address(c, heap, addr + size / 2);
        compare_address(c, heap, addr + size - 1);
        compare_address(c, heap, addr + size);
        if (i % 16 == 0) { /* in front of it: another region, padding, another extent */
            compare_address(c, heap, addr - 1);
        }
    }
}

/* jemalloc's own memory: as much of it however it was found, and every address that is known to be
 * in it. */
static void compare_addresses(struct comparison *c, struct jt_target *target) {
    uint64_t bytes = jt_metadata_bytes(target);
    if (!c->lacks || bytes != 0) {
        compare_number(c, "metadata_bytes", 0, c->metadata_bytes ? c->metadata_bytes : bytes,
                       bytes);
        compare_number(c, "metadata_bytes.known", 0, true, bytes != 0);
        c->metadata_bytes = bytes;
    }
    const struct truth_list *list = &c->truth->list[TRUTH_ADDRESS];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t addr = truth_get(TRUTH_ADDRESS, r, KEY_ADDR);
        compare_address(c, &target->heap, addr);
        if (strcmp(r->text, "metadata") == 0) {
            compare_number(c, "metadata", addr, true,
                           jt_is_metadata(target, addr) == JT_YES ||
                               left_out(c, &target->heap, addr));
        } else if (strcmp(r->text, "unmapped") == 0) {
            compare_number(c, "mapped", addr, false, jt_mapped(target, addr));
        }
    }
}

static void compare_cached(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_CACHED];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        uint64_t addr = truth_get(TRUTH_CACHED, &list->record[i], KEY_ADDR);
        struct jh_location l = {0};
        struct jh_fault fault;
        enum jh_status status = jh_locate(heap, addr, &l, &fault);
        if (status != JH_OK) {
            compare_failed(c, "cached", addr, status, &fault);
            continue;
        }
        compare_word(c, "cached", addr, "held", l.owned ? jh_use_name(l.use) : "not owned");
        compare_number(c, "cached.start", addr, addr, l.start);
        compare_number(c, "cached.szind", addr,
                       truth_get(TRUTH_CACHED, &list->record[i], KEY_SZIND), l.extent.szind);
        c->tally[c->level].cached++;
    }
}

/* Many at once must say what one at a time does. */
static void compare_many(struct comparison *c, const struct jh_heap *heap) {
    enum { MANY = 1000 };
    static uint64_t addr[MANY];
    static struct jh_extent out[MANY];
    static enum jh_status status[MANY];
    const struct truth_list *list = &c->truth->list[TRUTH_ALLOCATION];
    for (size_t done = 0; done < list->count && !c->stop; done += MANY) {
        size_t part = list->count - done < MANY ? list->count - done : MANY;
        for (size_t i = 0; i < part; i++) {
            const struct truth_record *r = &list->record[done + i];
            addr[i] = truth_get(TRUTH_ALLOCATION, r, KEY_ADDR) +
                      truth_get(TRUTH_ALLOCATION, r, KEY_USABLE) * (i % 4) / 3;
        }
        jh_lookup_many(heap, addr, part, out, status);
        for (size_t i = 0; i < part; i++) {
            const struct truth_record *x = expect_extent(c->truth, addr[i]);
            compare_number(c, "lookup_many.status", addr[i], JH_OK, status[i]);
            compare_number(c, "lookup_many.extent", addr[i],
                           x ? truth_get(TRUTH_EXTENT, x, KEY_AT) : 0, out[i].at);
        }
    }
}

void compare_heap(struct comparison *c, struct jt_target *target) {
    const struct jh_heap *heap = &target->heap;
    const struct truth_list *slabs = &c->truth->list[TRUTH_SLAB];
    c->heap = heap;
    compare_walk(c, target);
    compare_base(c, heap);
    compare_pages(c, heap);
    for (size_t i = 0; i < slabs->count && !c->stop; i++) {
        compare_slab(c, heap, &slabs->record[i]);
    }
    compare_allocations(c, heap);
    compare_addresses(c, target);
    compare_cached(c, heap);
    compare_arenas(c, target);
    compare_caches(c, target);
    compare_many(c, heap);
    c->heap = NULL;
}
