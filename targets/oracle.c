/* oracle.c - one oracle. This file is compiled once for each jemalloc, against its internal
 * headers: ORACLE is the name of the table, ORACLE_NAME the name of the build for people.
 * jemalloc's library is not linked, so functions that need its tables are left out. Assertions are
 * off, so functions are not called with arguments that an assertion forbids. oracle.h is included
 * first, because up to 5.2 the headers make read() a macro. */
#include "oracle.h"

#include "../harness/witness/family.h"

#define HEAD_MAX JH_EXTENT_HEAD_MAX

static uint64_t subkey(uint64_t key, unsigned level) {
    return rtree_subkey((uintptr_t)key, level);
}

static uint64_t leafkey(uint64_t key) {
    return rtree_leafkey((uintptr_t)key);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static void leaf_get(const uint8_t *bytes, struct jh_leaf *out) {
    rtree_leaf_elm_t elm;
    struct fam_leaf leaf;
    memcpy(&elm, bytes, sizeof(elm));
#if !FAM_LEAF_COMPACT && !FAM_LEAF_STATE
    ((uint8_t *)&elm)[offsetof(rtree_leaf_elm_t, le_slab)] &= 1; /* a bool has no other values */
#endif
    fam_leaf_read(&elm, &leaf);
    *out =
        (struct jh_leaf){(uintptr_t)leaf.extent, leaf.szind, leaf.state, leaf.slab, leaf.is_head};
}

static void leaf_set(const struct jh_leaf *leaf, uint8_t *bytes) {
    const struct fam_leaf from = {.extent = (const fam_extent *)(uintptr_t)leaf->extent,
                                  .szind = leaf->szind,
                                  .slab = leaf->slab,
                                  .is_head = leaf->is_head,
                                  .state = leaf->state_bits};
    rtree_leaf_elm_t elm;
    memset(&elm, 0, sizeof(elm));
    fam_leaf_write(&elm, &from);
    memcpy(bytes, &elm, sizeof(elm));
}

/* ---- extents --------------------------------------------------------------------------------- */

#if FAM_EDATA
#define FAM_SET(what, extent, value) edata_##what##_set(extent, value)
#else
#define FAM_SET(what, extent, value) extent_##what##_set(extent, value)
#endif

/* Fields of e_bits that are read by their masks: not every build has a getter for them that may be
 * called with any value. */
enum masked { ARENA_IND, SZIND, BIN_SHARD, DUMPABLE, IS_HEAD, PINNED, MASKED };

static const struct fam_field *find(const char *key) {
    static const struct fam_field none = {"", "", 0, 0};
    for (size_t i = 0; i < FAM_FIELDS; i++) {
        if (strcmp(fam_fields[i].key, key) == 0) {
            return &fam_fields[i];
        }
    }
    return &none;
}

static const struct fam_field *field_of(enum masked which) {
    static const char *const key[MASKED] = {"arena_ind", "szind",   "bin_shard",
                                            "dumpable",  "is_head", "pinned"};
    static const struct fam_field *found[MASKED];
    if (!found[which]) {
        found[which] = find(key[which]);
    }
    return found[which];
}

static uint32_t masked(const fam_extent *e, enum masked which) {
    return (uint32_t)fam_field_get(field_of(which), e->e_bits);
}

static void set_masked(fam_extent *e, enum masked which, uint64_t value) {
    e->e_bits |= value << field_of(which)->shift & field_of(which)->mask;
}

static void extent_get(const uint8_t *bytes, struct jh_extent *out) {
    fam_extent e;
    memset(&e, 0, sizeof(e));
    memcpy(&e, bytes, HEAD_MAX);
    out->addr = (uintptr_t)FAM_GET(addr, &e);
    out->base = (uintptr_t)FAM_GET(base, &e);
    out->size = FAM_GET(size, &e);
    out->esn = (uint32_t)FAM_GET(esn, &e);
    out->bsize = FAM_GET(bsize, &e);
    out->bits = e.e_bits;
    out->sn = FAM_GET(sn, &e);
    out->state_bits = (uint32_t)FAM_GET(state, &e);
    out->nfree = FAM_GET(nfree, &e);
    out->slab = FAM_GET(slab, &e);
    out->committed = FAM_GET(committed, &e);
    out->zeroed = FAM_GET(zeroed, &e);
    out->szind = masked(&e, SZIND); /* the getter of 5.2 asserts that the value is valid */
    out->arena_ind = masked(&e, ARENA_IND);
    out->bin_shard = masked(&e, BIN_SHARD);
    out->dumpable = masked(&e, DUMPABLE);
    out->is_head = masked(&e, IS_HEAD);
    out->pinned = masked(&e, PINNED);
#if FAM_EDATA
    out->ps = FAM_PS(&e);
    out->pai = FAM_GET(pai, &e);
    out->guarded = FAM_GET(guarded, &e);
#endif
}

static void extent_set(const struct jh_extent *from, uint8_t *bytes) {
    fam_extent e;
    memset(&e, 0, sizeof(e));
    FAM_SET(addr, &e, (void *)(uintptr_t)from->addr);
    FAM_SET(bsize, &e, from->bsize);
    FAM_SET(sn, &e, from->sn);
    FAM_SET(state, &e, (extent_state_t)from->state_bits);
    FAM_SET(szind, &e, from->szind);
    FAM_SET(slab, &e, from->slab);
    FAM_SET(nfree, &e, from->nfree);
    FAM_SET(committed, &e, from->committed);
    FAM_SET(zeroed, &e, from->zeroed);
    set_masked(&e, ARENA_IND, from->arena_ind);
    set_masked(&e, BIN_SHARD, from->bin_shard);
    set_masked(&e, DUMPABLE, from->dumpable);
    set_masked(&e, IS_HEAD, from->is_head);
    set_masked(&e, PINNED, from->pinned);
#if FAM_EDATA
    FAM_SET(ps, &e, (hpdata_t *)(uintptr_t)from->ps);
    FAM_SET(pai, &e, (extent_pai_t)from->pai);
    FAM_SET(guarded, &e, from->guarded);
#endif
    memcpy(bytes, &e, HEAD_MAX);
}

/* bitmap_get() is true when the region is in use; only an assertion uses its second argument. */
static bool region_free(const uint8_t *bitmap, uint32_t region) {
    bitmap_info_t unused;
    memset(&unused, 0, sizeof(unused));
    return !bitmap_get((bitmap_t *)(uintptr_t)bitmap, &unused, region);
}

/* ---- size classes ---------------------------------------------------------------------------- */

static uint64_t index2size(uint32_t index) {
    return sz_index2size_compute(index);
}

static uint32_t size2index(uint64_t size) {
    return sz_size2index_compute((size_t)size);
}

static unsigned floor_of(uint64_t x) {
    return lg_floor((size_t)x);
}

const struct oracle ORACLE = {.name = ORACLE_NAME,
                              .version = JEMALLOC_VERSION,
                              .lg_vaddr = LG_VADDR,
                              .lg_page = LG_PAGE,
                              .lg_quantum = LG_QUANTUM,
                              .lg_slab_maxregs = SC_LG_SLAB_MAXREGS,
                              .debug = config_debug,
                              .prof = config_prof,
                              .stats = config_stats,
                              .cache_oblivious = config_cache_oblivious,
                              .leaf_size = sizeof(rtree_leaf_elm_t),
                              .extent_size = sizeof(fam_extent),
                              .subkey = subkey,
                              .leafkey = leafkey,
                              .leaf_get = leaf_get,
                              .leaf_set = leaf_set,
                              .extent_get = extent_get,
                              .extent_set = extent_set,
                              .region_free = region_free,
                              .index2size = index2size,
                              .size2index = size2index,
                              .lg_floor = floor_of,
                              .nsizes = SC_NSIZES,
                              .nbins = SC_NBINS};
