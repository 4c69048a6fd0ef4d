/* pages: does the tree have an extent's pages as jemalloc registers them (emap_register_boundary
 * and emap_register_interior, emap.c; extent_register and extent_interior_register, extent.c)? */
#include "internal.h"

#define PAGES_MAX                                                                                  \
    8192 /* of a slab, at most as many as regions; what a layout says beyond is wrong */

static enum jh_status leaf_of(const struct jh_heap *heap, uint64_t page, struct jh_leaf *out,
                              uint64_t *at) {
    uint8_t buf[JH_LEAF_BYTES_MAX];
    const uint8_t *bytes;
    *out = (struct jh_leaf){.extent = 0};
    enum jh_status status = jh_rtree_fetch(heap, page, buf, at, &bytes, NULL);
    if (status == JH_OK && *at) {
        jh_leaf_decode(heap->layout, bytes, out);
    }
    return status;
}

/* What a page behind the first must say. Of an extent that is no slab szind and slab are left over
 * there, and so is is_head of any. */
static const char *broken(const struct jh_layout *layout, const struct jh_leaf *leaf,
                          const struct jh_extent *e, bool last, uint64_t *seen) {
    const struct jh_field *f = layout->leaf;
    bool slab = jh_extent_is_slab(e);
    *seen = e->at;
    if (leaf->extent != e->at) {
        return last ? "leaf.last-page-missing" : "leaf.inner-page-missing";
    }
    if (slab && f[JH_LEAF_SZIND].width && leaf->szind != e->szind) {
        *seen = leaf->szind;
        return "leaf.szind";
    }
    if (slab && f[JH_LEAF_SLAB].width && !leaf->slab) {
        *seen = leaf->slab;
        return "leaf.slab";
    }
    if (f[JH_LEAF_STATE].width && leaf->state_bits != e->state_bits) {
        *seen = leaf->state_bits;
        return "leaf.state";
    }
    *seen = leaf->unused;
    return leaf->unused ? "leaf.unused-bits" : NULL;
}

static enum jh_status check_page(const struct jh_heap *heap, const struct jh_extent *e,
                                 uint64_t page, bool foreign, struct jh_fault *fault) {
    struct jh_leaf leaf;
    uint64_t at, seen, last = e->base + (e->size - jh_page(heap->layout));
    if (leaf_of(heap, page, &leaf, &at) != JH_OK) {
        return JH_OK;
    }
    const char *rule = broken(heap->layout, &leaf, e, page == last, &seen);
    bool other = leaf.extent && leaf.extent != e->at;
    if (!rule || (other && !foreign && !jh_leaf_may_be_left_behind(heap->layout, &leaf))) {
        return JH_OK;
    }
    (void)jh_fail(fault, JH_CORRUPT, JH_STAGE_LEAF, page, seen, rule);
    if (fault) {
        fault->element = at;
        fault->page = page;
    }
    return JH_CORRUPT;
}

enum jh_status jh_other_pages_check(const struct jh_heap *heap, const struct jh_extent *e,
                                    bool foreign, struct jh_fault *fault) {
    uint64_t page = jh_page(heap->layout), last = e->size - page;
    bool slab = jh_extent_is_slab(e) && e->size / page <= PAGES_MAX;
    enum jh_status status = JH_OK;
    for (uint64_t offset = slab ? page : last; offset && offset <= last && status == JH_OK;
         offset += page) {
        status = check_page(heap, e, e->base + offset, foreign, fault);
    }
    return status;
}

enum jh_status jh_pages_check(const struct jh_heap *heap, const struct jh_extent *e,
                              struct jh_fault *fault) {
    struct jh_leaf leaf;
    uint64_t at;
    if (jh_extent_may_be_left_behind(heap->layout, e)) {
        return JH_OK;
    }
    if (leaf_of(heap, e->base, &leaf, &at) == JH_OK) {
        enum jh_status status = jh_leaf_check(heap->layout, &leaf, e, fault);
        if (status != JH_OK && fault) {
            fault->element = at;
            fault->page = e->base;
        }
        if (status != JH_OK) {
            return status;
        }
    }
    return jh_other_pages_check(heap, e, true, fault);
}
