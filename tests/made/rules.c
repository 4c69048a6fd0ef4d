#include "rules.h"

static const struct {
    const char *name;
    enum jh_status status;
} rules[] = {
    {"reader.wrap", JH_ABSENT},
    {"reader.bytes-absent", JH_ABSENT},
    {"reader.failed", JH_READ_FAILED},
    {"reader.budget", JH_LIMIT},
    {"rtree.node-absent", JH_ABSENT},
    {"rtree.child-unmapped", JH_CORRUPT},
    {"leaf.extent-unmapped", JH_CORRUPT},
    {"rtree.child-alignment", JH_CORRUPT},
    {"rtree.child-repeated", JH_CORRUPT},
    {"rtree.max-nodes", JH_LIMIT},
    {"rtree.max-node-bytes", JH_LIMIT},
    {"rtree.max-passed", JH_LIMIT},
    {"leaf.extent-alignment", JH_CORRUPT},
    {"leaf.extent-not-covering", JH_CORRUPT},
    {"leaf.first-page-missing", JH_CORRUPT},
    {"leaf.last-page-missing", JH_CORRUPT},
    {"leaf.inner-page-missing", JH_CORRUPT},
    {"leaf.inner-page", JH_CORRUPT},
    {"leaf.szind", JH_CORRUPT},
    {"leaf.slab", JH_CORRUPT},
    {"leaf.state", JH_CORRUPT},
    {"leaf.is-head", JH_CORRUPT},
    {"leaf.unused-bits", JH_CORRUPT},
    {"extent.alignment", JH_CORRUPT},
    {"extent.addr", JH_CORRUPT},
    {"extent.size", JH_CORRUPT},
    {"extent.state", JH_CORRUPT},
    {"extent.szind", JH_CORRUPT},
    {"extent.unused-bits", JH_CORRUPT},
    {"extent.unused-szind", JH_CORRUPT},
    {"extent.unused-addr", JH_CORRUPT},
    {"extent.usize", JH_CORRUPT},
    {"extent.slab-szind", JH_CORRUPT},
    {"extent.slab-size", JH_CORRUPT},
    {"extent.slab-addr", JH_CORRUPT},
    {"extent.nfree", JH_CORRUPT},
    {"extent.overlap", JH_CORRUPT},
    {"extent.large-size", JH_CORRUPT},
    {"extent.large-addr", JH_CORRUPT},
    {"extent.max-extents", JH_LIMIT},
    {"slab.nfree", JH_CORRUPT},
    {"slab.unused-bits", JH_CORRUPT},
    {"slab.not-a-slab", JH_UNSUPPORTED},
};

void fuzz_check_fault(enum jh_status status, const struct jh_fault *fault) {
    size_t known = 0;
    while (known < sizeof(rules) / sizeof(rules[0]) &&
           strcmp(rules[known].name, fault->rule) != 0) {
        known++;
    }
    FUZZ_CHECK(known < sizeof(rules) / sizeof(rules[0]));
    FUZZ_CHECK(fault->status == status && rules[known].status == status);
    size_t stage = strcspn(fault->rule, ".");
    const char *name = jh_stage_name(fault->stage);
    bool own = strlen(name) == stage && strncmp(fault->rule, name, stage) == 0;
    /* A walk says at which node a reader failed. */
    FUZZ_CHECK(own || (fault->stage == JH_STAGE_RTREE && strncmp(fault->rule, "reader.", 7) == 0));
}

bool fuzz_page_names(const struct jh_heap *heap, const struct jh_extent *e, uint64_t page) {
    struct jh_leaf_bytes bytes;
    struct jh_leaf leaf = {.extent = 0};
    struct jh_extent found;
    if (jh_rtree_lookup(heap, page, &bytes, NULL) == JH_OK) {
        jh_leaf_decode(heap->layout, bytes.bytes, &leaf);
    }
    if (leaf.extent != e->at) {
        FUZZ_CHECK(page != e->base);
        return false;
    }
    FUZZ_CHECK(jh_lookup(heap, page, &found, NULL) == JH_OK && found.at == e->at);
    return true;
}
