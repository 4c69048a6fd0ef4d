/* arena: what jemalloc's own memory must be, and what an arena's extents must be. Base blocks
 * follow base_block_alloc and base_extent_bump_alloc (base.c); numbers and serials arena_new
 * (arena.c) and the calls that take extent_sn_next. */
#include "internal.h"

static enum jh_status corrupt(struct jh_fault *fault, uint64_t at, uint64_t seen,
                              const char *rule) {
    return jh_fail(fault, JH_CORRUPT, JH_STAGE_ARENA, at, seen, rule);
}

enum jh_status jh_block_check(const struct jh_layout *layout, const struct jh_block *block,
                              struct jh_fault *fault) {
    bool ends = block->unused + block->unused_size == block->at + block->size;
    bool inside = block->unused > block->at && block->unused_size < block->size;
    return jh_aligned(block->size, jh_page(layout)) && ends && inside
               ? JH_OK
               : corrupt(fault, block->at, block->size, "arena.block-size");
}

enum jh_status jh_arena_check(const struct jh_layout *layout, const struct jh_arena *arena,
                              const struct jh_extent *e, struct jh_fault *fault) {
    if (e->arena_ind != arena->ind) {
        return jh_fail_of(fault, JH_STAGE_ARENA, e->at, e->arena_ind, arena->ind, "arena.ind");
    }
    if (arena->sn_next && !e->pai && e->sn >= arena->sn_next) { /* huge pages count on their own */
        return corrupt(fault, e->at, e->sn, "arena.sn");
    }
    bool binned = jh_extent_is_slab(e) && e->szind < layout->sc_nbins;
    if (arena->shards_known && layout->extent[JH_EXTENT_BIN_SHARD].width && binned &&
        e->bin_shard >= layout->bin[e->szind].n_shards) {
        return corrupt(fault, e->at, e->bin_shard, "arena.bin-shard");
    }
    return JH_OK;
}

/* Both are taken away before it is given back, up to 5.2 the slab bit as well (extents_dalloc,
 * extent_record; ecache_dalloc). */
enum jh_status jh_unused_check(const struct jh_layout *layout, const struct jh_extent *e,
                               struct jh_fault *fault) {
    bool cleared = !jh_family(layout->build.version)->slab_left_over;
    if ((e->state == JH_DIRTY || e->state == JH_MUZZY) && e->zeroed) {
        return jh_fail_of(fault, JH_STAGE_ARENA, e->at, 1, 0, "arena.unused-zeroed");
    }
    if (cleared && jh_extent_is_unused(e) && e->slab) {
        return jh_fail_of(fault, JH_STAGE_ARENA, e->at, 1, 0, "arena.unused-slab");
    }
    return JH_OK;
}

/* base_alloc_extent, base_alloc_edata: that of the block, of which e_size_esn has room for some
 * bits. */
enum jh_status jh_esn_check(const struct jh_layout *layout, uint64_t block_sn,
                            const struct jh_extent *e, struct jh_fault *fault) {
    uint64_t expected = block_sn & jh_low_mask(layout->extent[JH_EXTENT_ESN].width);
    return e->esn == expected
               ? JH_OK
               : jh_fail_of(fault, JH_STAGE_ARENA, e->at, e->esn, expected, "arena.esn");
}

bool jh_extent_is_unused(const struct jh_extent *e) {
    return e->state == JH_DIRTY || e->state == JH_MUZZY || e->state == JH_RETAINED ||
           e->state == JH_PINNED;
}

/* Bits of e_bits that are some field's. */
static uint64_t used_bits(const struct jh_layout *layout) {
    uint64_t used = 0;
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) {
        struct jh_field f = layout->extent[i];
        used |= f.offset == layout->extent[JH_EXTENT_BITS].offset ? jh_field_mask(f) : 0;
    }
    return used;
}

/* Other things lie there as well: a lock that a thread took often, with the thread's address in it,
 * may look like a small allocation that profiling moved to an extent of its own. So those are left
 * out, and what is allocated must be committed. */
bool jh_arena_uses(const struct jh_layout *layout, const struct jh_arena *arena,
                   const struct jh_extent *e) {
    bool unused = jh_extent_is_unused(e) && e->szind == layout->sc_nsizes && e->addr == e->base;
    bool used = e->allocated && e->committed && (e->slab || e->szind >= layout->sc_nbins);
    return (unused || used) && !e->pai && !e->ps && !(e->bits & ~used_bits(layout)) &&
           jh_arena_check(layout, arena, e, NULL) == JH_OK &&
           jh_extent_check(layout, e, NULL) == JH_OK;
}
