/* The fields of e_bits in their order, from bit 0 up. edata.h and extent_structs.h say each shift
 * as the sum of the widths before it. */
#include "write_extent.h"

enum { BY_STATE = 64, BY_NSIZES, BY_MAXREGS, THE_REST };

static const struct part {
    uint8_t what, width;
    enum jh_version since, until; /* both included */
} parts[] = {
    {JH_EXTENT_ARENA, 12, JH_5_0_0, JH_DEV},        {JH_EXTENT_SLAB, 1, JH_5_0_0, JH_DEV},
    {JH_EXTENT_COMMITTED, 1, JH_5_0_0, JH_DEV},     {JH_EXTENT_DUMPABLE, 1, JH_5_1_0, JH_5_2_1},
    {JH_EXTENT_PAI, 1, JH_5_3_0, JH_DEV},           {JH_EXTENT_ZEROED, 1, JH_5_0_0, JH_DEV},
    {JH_EXTENT_GUARDED, 1, JH_5_3_0, JH_DEV},       {JH_EXTENT_STATE, BY_STATE, JH_5_0_0, JH_DEV},
    {JH_EXTENT_SZIND, BY_NSIZES, JH_5_0_0, JH_DEV}, {JH_EXTENT_NFREE, BY_MAXREGS, JH_5_0_0, JH_DEV},
    {JH_EXTENT_BIN_SHARD, 6, JH_5_2_0, JH_DEV},     {JH_EXTENT_IS_HEAD, 1, JH_5_2_1, JH_DEV},
    {JH_EXTENT_PINNED, 1, JH_DEV, JH_DEV},          {JH_EXTENT_SN, THE_REST, JH_5_0_0, JH_5_2_1},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static unsigned width_of(const struct jh_build *b, const struct part *p, unsigned shift) {
    unsigned maxregs = b->lg_slab_maxregs ? b->lg_slab_maxregs : b->lg_page - 3U;
    switch (p->width) {
    case BY_STATE:
        return b->version < JH_5_3_0 ? 2 : 3;
    case BY_NSIZES:
        return b->pointer_size == 8 ? 8 : 7; /* LG_CEIL(SC_NSIZES): 232 or 235, 104 or 107 */
    case BY_MAXREGS:
        return maxregs + 1;
    case THE_REST:
        return 64 - shift;
    default:
        return p->width;
    }
}

static uint64_t value_of(const struct jh_extent *e, uint8_t what) {
    const uint64_t value[JH_EXTENT_FIELDS] = {[JH_EXTENT_ARENA] = e->arena_ind,
                                              [JH_EXTENT_SLAB] = e->slab,
                                              [JH_EXTENT_COMMITTED] = e->committed,
                                              [JH_EXTENT_DUMPABLE] = e->dumpable,
                                              [JH_EXTENT_PAI] = e->pai,
                                              [JH_EXTENT_ZEROED] = e->zeroed,
                                              [JH_EXTENT_GUARDED] = e->guarded,
                                              [JH_EXTENT_STATE] = e->state_bits,
                                              [JH_EXTENT_SZIND] = e->szind,
                                              [JH_EXTENT_NFREE] = e->nfree,
                                              [JH_EXTENT_BIN_SHARD] = e->bin_shard,
                                              [JH_EXTENT_IS_HEAD] = e->is_head,
                                              [JH_EXTENT_PINNED] = e->pinned,
                                              [JH_EXTENT_SN] = e->sn};
    return value[what];
}

static uint64_t bits_of(const struct jh_build *b, const struct jh_extent *e) {
    uint64_t bits = 0;
    unsigned shift = 0;
    for (size_t i = 0; i < PARTS; i++) {
        if (b->version >= parts[i].since && b->version <= parts[i].until) {
            unsigned width = width_of(b, &parts[i], shift);
            FUZZ_CHECK(width && shift + width <= 64);
            bits |= (value_of(e, parts[i].what) & UINT64_MAX >> (64 - width)) << shift;
            shift += width;
        }
    }
    return bits;
}

size_t fuzz_write_extent(const struct jh_build *b, const struct jh_extent *e, uint8_t *bytes) {
    unsigned ptr = b->pointer_size, end = 8 + 2 * ptr;
    memset(bytes, 0, JH_EXTENT_HEAD_MAX);
    fuzz_store(b, bytes, 8, bits_of(b, e));
    fuzz_store(b, bytes + 8, ptr, e->addr);
    fuzz_store(b, bytes + 8 + ptr, ptr, e->bsize);
    if (b->version >= JH_5_3_0) {
        fuzz_store(b, bytes + end, ptr, e->ps);
        unsigned sn = (end + ptr + b->u64_align - 1U) & ~(b->u64_align - 1U);
        fuzz_store(b, bytes + sn, 8, e->sn);
        end = sn + 8;
    }
    return end;
}
