/* heap_facts: the heap as jemalloc itself has it. A walk over its tree with its own types, its own
 * leaf readers and its own getters, which neither allocates from it nor writes to it. */
#include "family.h"
#include "workload.h"

#include <stdlib.h>

#define SAMPLES 64 /* addresses of metadata that are kept of each kind */

struct span {
    uintptr_t base;
    size_t size;
    bool allocated;
};

struct heap_facts {
    struct truth *truth;
    struct span *span; /* every extent, by address */
    size_t count, capacity;
    uintptr_t node[SAMPLES], extent[SAMPLES];
    size_t nodes, extents;
};

struct heap_facts *heap_facts_new(void) {
    return need(calloc(1, sizeof(struct heap_facts)));
}

uintptr_t heap_facts_root(void) {
    return (uintptr_t)FAM_RTREE->root;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void leaf_line(struct truth *truth, uintptr_t page, const struct fam_leaf *leaf) {
    truth_word(truth, "leaf");
    truth_hex(truth, "page", page);
    truth_hex(truth, "extent", (uintptr_t)leaf->extent);
    truth_hex(truth, "szind", leaf->szind);
    truth_hex(truth, "slab", leaf->slab);
    if (FAM_LEAF_STATE) {
        truth_hex(truth, "is_head", leaf->is_head);
        truth_hex(truth, "state", leaf->state);
    }
    truth_end(truth);
}

static void extent_line(struct truth *truth, const char *word, const fam_extent *extent) {
    truth_word(truth, word);
    truth_hex(truth, "at", (uintptr_t)extent);
    truth_hex(truth, "addr", (uintptr_t)FAM_GET(addr, extent));
    truth_hex(truth, "base", (uintptr_t)FAM_GET(base, extent));
    truth_hex(truth, "size", FAM_GET(size, extent));
    truth_hex(truth, "bsize", FAM_GET(bsize, extent));
    truth_hex(truth, "esn", FAM_GET(esn, extent));
    truth_hex(truth, "bits", extent->e_bits);
#ifdef FAM_SN
    truth_hex(truth, "sn", FAM_SN(extent));
    truth_hex(truth, "ps", FAM_PS(extent));
#endif
    truth_hex(truth, "usize", fam_allocated(extent) ? FAM_GET(usize, extent) : 0);
    for (size_t i = 0; i < FAM_FIELDS; i++) {
        truth_hex(truth, fam_fields[i].key, fam_field_get(&fam_fields[i], extent->e_bits));
    }
    truth_end(truth);
}

/* Four regions a digit, the first of them in the lowest bit. */
static char held_digit(const fam_extent *slab, const fam_bin *bin, size_t first) {
    unsigned digit = 0;
    for (size_t i = 0; i < 4 && first + i < bin->nregs; i++) {
        digit |= (unsigned)fam_region_held(slab, bin, first + i) << i;
    }
    return "0123456789abcdef"[digit];
}

static void slab_line(struct truth *truth, const fam_extent *slab) {
    const fam_bin *bin = &FAM_BIN(FAM_GET(szind, slab));
    char held[TRUTH_LINE / 2];
    size_t digits = 0;
    for (size_t i = 0; i < bin->nregs && digits < sizeof(held) - 1; i += 4) {
        held[digits++] = held_digit(slab, bin, i);
    }
    held[digits] = '\0';
    truth_word(truth, "slab");
    truth_hex(truth, "extent", (uintptr_t)slab);
    truth_hex(truth, "nregs", bin->nregs);
    truth_text(truth, "held", held);
    truth_end(truth);
}

/* ---- walk ------------------------------------------------------------------------------------ */

static void keep_span(struct heap_facts *facts, const fam_extent *extent) {
    if (facts->count == facts->capacity) {
        facts->capacity = facts->capacity == 0 ? 4096 : facts->capacity * 2;
        facts->span = need(realloc(facts->span, facts->capacity * sizeof(facts->span[0])));
    }
    facts->span[facts->count++] = (struct span){(uintptr_t)FAM_GET(base, extent),
                                                FAM_GET(size, extent), fam_allocated(extent)};
}

static void keep(uintptr_t *sample, size_t *count, const void *addr) {
    if (*count < SAMPLES) {
        sample[(*count)++] = (uintptr_t)addr;
    }
}

static void see_extent(struct heap_facts *facts, const fam_extent *extent) {
    keep_span(facts, extent);
    keep(facts->extent, &facts->extents, extent);
    extent_line(facts->truth, "extent", extent);
    if (fam_allocated(extent) && FAM_GET(slab, extent)) {
        slab_line(facts->truth, extent);
    }
}

/* An extent is met on each page that has a leaf element for it, and told of on its first one. */
static void see_leaf(struct heap_facts *facts, uintptr_t page, rtree_leaf_elm_t *elm) {
    struct fam_leaf leaf;
    fam_leaf_read(elm, &leaf);
    if (leaf.extent == NULL) {
        return;
    }
    leaf_line(facts->truth, page, &leaf);
    if ((uintptr_t)FAM_GET(base, leaf.extent) == page) {
        see_extent(facts, leaf.extent);
    }
}

/* node is an array of one level's elements: rtree_leaf_elm_t at the last one, else pointers. */
static void walk(struct heap_facts *facts, unsigned level, void *node, uintptr_t first) {
    unsigned shift = (8 * (unsigned)sizeof(void *)) - rtree_levels[level].cumbits;
    for (uintptr_t i = 0; i < (uintptr_t)1 << rtree_levels[level].bits; i++) {
        uintptr_t key = first | i << shift;
        if (level == RTREE_HEIGHT - 1) {
            see_leaf(facts, key, (rtree_leaf_elm_t *)node + i);
            continue;
        }
        void *child = atomic_load_p(&((rtree_node_elm_t *)node)[i].child, ATOMIC_ACQUIRE);
        if (child != NULL) {
            keep(facts->node, &facts->nodes, child);
            walk(facts, level + 1, child, key);
        }
    }
}

static void caches(struct truth *truth, const struct workload *load) {
    const struct owner none = {0, 0};
    cache_write(truth, cache_of_this_thread(), owner_of_this_thread());
    for (unsigned i = 0; i < load->threads; i++) {
        cache_write(truth, load->worker[i].cache, load->worker[i].owner);
        cache_write(truth, cache_of_id(load->worker[i].tcache), none);
    }
}

static void arena_line(struct truth *truth, unsigned index, arena_t *arena, size_t bytes) {
    truth_word(truth, "arena");
    truth_hex(truth, "at", (uintptr_t)arena);
    truth_hex(truth, "index", index);
    truth_hex(truth, "base", (uintptr_t)arena->base);
    truth_hex(truth, "automatic", arena_is_auto(arena));
    truth_hex(truth, "bytes", bytes);
    truth_end(truth);
    for (unsigned szind = 0; szind < SC_NBINS; szind++) {
        for (unsigned shard = 0; shard < FAM_SHARDS(szind); shard++) {
            truth_word(truth, "shard");
            truth_hex(truth, "at", (uintptr_t)FAM_ARENA_BIN(arena, szind, shard));
            truth_hex(truth, "arena", index);
            truth_hex(truth, "szind", szind);
            truth_hex(truth, "bin_shard", shard);
            truth_end(truth);
        }
    }
}

/* The blocks that jemalloc's own structures are in. Their extents are in no tree, belong to no
 * arena, and are all ones where others have an arena. */
static void base_lines(struct truth *truth) {
    for (unsigned i = 0; i < MALLOCX_ARENA_LIMIT; i++) {
        arena_t *arena = atomic_load_p(&arenas[i], ATOMIC_ACQUIRE);
        if (arena == NULL) {
            continue;
        }
        size_t bytes = 0;
        for (base_block_t *block = arena->base->blocks; block != NULL; block = block->next) {
            extent_line(truth, "base", FAM_BLOCK_EXTENT(block));
            bytes += block->size;
        }
        arena_line(truth, i, arena, bytes);
    }
}

void heap_facts_heap(struct heap_facts *facts, struct truth *truth, const struct workload *load) {
    facts->truth = truth;
    facts->count = facts->nodes = facts->extents = 0;
    constants_write_bins(truth);
    walk(facts, 0, FAM_RTREE->root, 0);
    base_lines(truth);
    caches(truth, load);
}

/* ---- self check ------------------------------------------------------------------------------ */

static const struct span *span_of(const struct heap_facts *facts, uintptr_t addr) {
    size_t low = 0, high = facts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (facts->span[middle].base <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &facts->span[low - 1];
}

static void check_one(const struct heap_facts *facts, const struct allocation *block) {
    uintptr_t addr = (uintptr_t)block->addr;
    const struct span *span = span_of(facts, addr);
    if (span == NULL || addr - span->base >= span->size || !span->allocated ||
        block->request > span->size - (addr - span->base)) {
        die("The walk has no extent for the live allocation at %#jx of %zu bytes.", (uintmax_t)addr,
            block->request);
    }
}

void heap_facts_check(const struct heap_facts *facts, const struct workload *load) {
    for (unsigned i = 0; i < load->threads; i++) {
        for (size_t n = 0; n < load->worker[i].count; n++) {
            check_one(facts, &load->worker[i].live[n]);
        }
    }
}

/* ---- addresses of metadata: in jemalloc's memory, and in no extent --------------------------- */

static void address_line(struct truth *truth, uintptr_t addr) {
    truth_word(truth, "address");
    truth_hex(truth, "addr", addr);
    truth_text(truth, "kind", "metadata");
    truth_end(truth);
}

void heap_facts_addresses(const struct heap_facts *facts, struct truth *truth) {
    address_line(truth, heap_facts_root());
    address_line(truth, (uintptr_t)b0get());
    address_line(truth, (uintptr_t)HUGEPAGE_ADDR2BASE((void *)b0get()));
    for (size_t i = 0; i < facts->nodes; i++) {
        address_line(truth, facts->node[i]);
    }
    for (size_t i = 0; i < facts->extents; i++) {
        address_line(truth, facts->extent[i]);
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        void *arena = atomic_load_p(&arenas[i], ATOMIC_ACQUIRE);
        if (arena != NULL) {
            address_line(truth, (uintptr_t)arena);
        }
    }
}
