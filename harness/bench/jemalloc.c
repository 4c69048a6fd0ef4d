/* jemalloc: jemalloc's own code, compiled against its internal headers, which want this order. */
#include "jemalloc/internal/jemalloc_preamble.h"
#include "jemalloc/internal/jemalloc_internal_includes.h"
#include "jemalloc/internal/rtree.h"
#include "jemalloc/internal/emap.h"
#include "jemalloc/internal/edata.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define TREE (&arena_emap_global.rtree)

#if RTREE_HEIGHT != 2
#error "jemalloc.c walks the two levels that stock x86_64 builds have."
#endif

static inline struct seen seen_of(const edata_t *edata) {
    return (struct seen){.addr = (uintptr_t)edata_addr_get(edata),
                         .size = edata_size_get(edata),
                         .sn = edata_sn_get(edata),
                         .arena_ind = edata_arena_ind_get(edata),
                         .szind = edata_szind_get_maybe_invalid(edata),
                         .nfree = edata_nfree_get(edata),
                         .state = edata_state_get(edata),
                         .slab = edata_slab_get(edata)};
}

static inline const edata_t *edata_of(rtree_leaf_elm_t *elm) {
    return rtree_leaf_elm_read(TSDN_NULL, TREE, elm, false).edata;
}

/* ---- lookup ---------------------------------------------------------------------------------- */

uint64_t jemalloc_hard(const uint64_t *addr, size_t count) {
    rtree_ctx_t cache;
    rtree_ctx_data_init(&cache);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        rtree_leaf_elm_t *elm =
            rtree_leaf_elm_lookup_hard(TSDN_NULL, TREE, &cache, (uintptr_t)addr[i], false, false);
        const edata_t *edata = elm == NULL ? NULL : edata_of(elm);
        sum += edata == NULL ? 0 : seen_sum(seen_of(edata));
    }
    return sum;
}

static inline rtree_leaf_elm_t *leaf_of(uint64_t addr) {
    rtree_node_elm_t *root = TREE->root;
    rtree_leaf_elm_t *leaf =
        atomic_load_p(&root[rtree_subkey((uintptr_t)addr, 0)].child, ATOMIC_ACQUIRE);
    return &leaf[rtree_subkey((uintptr_t)addr, 1)];
}

uint64_t jemalloc_bare(const uint64_t *addr, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += seen_sum(seen_of(edata_of(leaf_of(addr[i]))));
    }
    return sum;
}

/* An address inside a large allocation has no element of its own. */
uint64_t jemalloc_extent(uint64_t addr) {
    rtree_ctx_t cache;
    rtree_ctx_data_init(&cache);
    rtree_leaf_elm_t *elm =
        rtree_leaf_elm_lookup_hard(TSDN_NULL, TREE, &cache, (uintptr_t)addr, false, false);
    return elm == NULL ? 0 : (uintptr_t)edata_of(elm);
}

struct seen jemalloc_one(uint64_t addr) {
    return seen_of(edata_of(leaf_of(addr)));
}

/* ---- metadata -------------------------------------------------------------------------------- */

static void add_node(struct metadata *m, const void *at, size_t len) {
    m->node = need(realloc(m->node, (m->nodes + 1) * sizeof(m->node[0])));
    m->node[m->nodes++] = (struct piece){at, len};
    m->bytes += len;
}

static void add_extent(struct metadata *m, edata_t *edata) {
    if ((m->extents & (m->extents + 1)) == 0) {
        m->head = need(realloc(m->head, (2 * m->extents + 2) * sizeof(m->head[0])));
    }
    m->head[m->extents++] = edata;
    m->bytes += m->head_len;
    m->sum += seen_sum(seen_of(edata));
}

void jemalloc_metadata(size_t extent_head, struct metadata *out) {
    free(out->node);
    free(out->head);
    *out = (struct metadata){.head_len = (extent_head + CACHELINE - 1) / CACHELINE * CACHELINE};
    size_t inner = (size_t)1 << rtree_levels[0].bits, leaves = (size_t)1 << rtree_levels[1].bits;
    add_node(out, TREE->root, sizeof(TREE->root));
    const edata_t *last = NULL;
    for (size_t i = 0; i < inner; i++) {
        rtree_leaf_elm_t *leaf = atomic_load_p(&TREE->root[i].child, ATOMIC_ACQUIRE);
        if (leaf == NULL) {
            continue;
        }
        add_node(out, leaf, leaves * sizeof(leaf[0]));
        for (size_t j = 0; j < leaves; j++) {
            rtree_contents_t seen = rtree_leaf_elm_read(TSDN_NULL, TREE, &leaf[j], false);
            if (seen.edata != NULL && seen.edata != last) {
                add_extent(out, seen.edata);
                last = seen.edata;
            }
        }
    }
}

void jemalloc_copy(const struct metadata *metadata, void *to) {
    char *next = to;
    for (size_t i = 0; i < metadata->nodes; i++) {
        memcpy(next, metadata->node[i].at, metadata->node[i].len);
        next += metadata->node[i].len;
    }
    if (metadata->head_len != CACHELINE) {
        die("Fields of an extent fill %zu bytes, not one cache line.", metadata->head_len);
    }
    for (size_t i = 0; i < metadata->extents; i++) {
        memcpy(next, metadata->head[i], CACHELINE); /* a constant: a few moves, no call */
        next += CACHELINE;
    }
}

uint64_t jemalloc_root_symbol(void) {
    return (uintptr_t)&arena_emap_global;
}
