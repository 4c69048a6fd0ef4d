/* Target functions: jh_extent_decode, jh_extent_check, jh_extent_is_slab.
 *
 * Relations: an extent that is decoded and written again by jemalloc's rules (write_extent.c) has
 * the same bits where bits have a meaning, and other bits do not matter; derived numbers are those
 * that jemalloc derives; the check passes exactly when no rule is broken, and else names the first
 * rule that is. */
#include "builds.h"
#include "write_extent.h"

typedef bool broken_fn(const struct jh_layout *l, const struct jh_extent *e);

static bool alignment(const struct jh_layout *l, const struct jh_extent *e) {
    return e->at % l->extent_align != 0;
}

static bool addr(const struct jh_layout *l, const struct jh_extent *e) {
    return (void)l, e->addr == 0;
}

/* Is the size 0 or larger than the address space, or does the extent end behind the last address?
 */
static bool bad_size(const struct jh_layout *l, const struct jh_extent *e) {
    uint64_t last = UINT64_MAX >> (64 - 8 * l->build.pointer_size);
    uint64_t room = UINT64_MAX >> (64 - l->build.lg_vaddr);
    return e->size == 0 || e->size > room || e->size - 1 > last - e->base;
}

static bool state(const struct jh_layout *l, const struct jh_extent *e) {
    if (l->build.version < JH_5_3_0) {
        return e->state_bits >= 4;
    }
    bool dev = l->build.version == JH_DEV;
    return e->state_bits >= (dev ? 7U : 6U) || e->state_bits == (dev ? 5U : 4U);
}

static bool szind(const struct jh_layout *l, const struct jh_extent *e) {
    return e->szind > l->sc_nsizes;
}

static bool usize(const struct jh_layout *l, const struct jh_extent *e) {
    return (void)l, e->usize > e->size - (e->addr - e->base);
}

/* Has e_bits a bit that belongs to no field? Then it differs when all fields are written again. */
static bool unused_bits(const struct jh_layout *l, const struct jh_extent *e) {
    uint8_t bytes[JH_EXTENT_HEAD_MAX];
    return fuzz_write_extent(&l->build, e, bytes) && fuzz_load(&l->build, bytes, 8) != e->bits;
}

static bool unused_szind(const struct jh_layout *l, const struct jh_extent *e) {
    return !e->allocated && e->szind != l->sc_nsizes;
}

static bool unused_addr(const struct jh_layout *l, const struct jh_extent *e) {
    return !e->allocated && e->addr % (UINT64_C(1) << l->build.lg_page) != 0;
}

static bool large_addr(const struct jh_layout *l, const struct jh_extent *e) {
    return (void)l, e->allocated && !e->slab && e->addr % 64 != 0;
}

/* Does the size of a large extent, with and without a pad, not belong to its size class? */
static bool large_size(const struct jh_layout *l, const struct jh_extent *e) {
    uint64_t page = UINT64_C(1) << l->build.lg_page, padded = e->size < page ? 0 : e->size - page;
    if (!e->allocated || e->slab) {
        return false;
    }
    if (e->szind < l->sc_nbins) {
        return e->size == 0 || padded > jh_index2size(l, l->sc_nbins);
    }
    if (l->build.version < JH_5_3_1) {
        uint64_t size = jh_index2size(l, e->szind);
        return e->size != size && padded != size;
    }
    return e->szind < jh_size2index(l, padded) || e->szind > jh_size2index(l, e->size);
}

static bool slab_szind(const struct jh_layout *l, const struct jh_extent *e) {
    return jh_extent_is_slab(e) && e->szind >= l->sc_nbins;
}

static bool slab_size(const struct jh_layout *l, const struct jh_extent *e) {
    return jh_extent_is_slab(e) && !slab_szind(l, e) && e->size != l->bin[e->szind].slab_size;
}

static bool slab_addr(const struct jh_layout *l, const struct jh_extent *e) {
    return jh_extent_is_slab(e) && e->addr % (UINT64_C(1) << l->build.lg_page) != 0;
}

static bool nfree(const struct jh_layout *l, const struct jh_extent *e) {
    return jh_extent_is_slab(e) && !slab_szind(l, e) && e->nfree > l->bin[e->szind].nregs;
}

static const struct {
    const char *name;
    broken_fn *broken;
} rules[] = {
    /* in the order of jh_extent_check(): a later rule may depend on an earlier one */
    {"extent.alignment", alignment},
    {"extent.addr", addr},
    {"extent.size", bad_size},
    {"extent.state", state},
    {"extent.szind", szind},
    {"extent.unused-bits", unused_bits},
    {"extent.unused-szind", unused_szind},
    {"extent.unused-addr", unused_addr},
    {"extent.usize", usize},
    {"extent.slab-szind", slab_szind},
    {"extent.slab-size", slab_size},
    {"extent.slab-addr", slab_addr},
    {"extent.nfree", nfree},
    {"extent.large-size", large_size},
    {"extent.large-addr", large_addr},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static void check_rules(const struct jh_layout *l, const struct jh_extent *e) {
    struct jh_fault fault = {.status = JH_OK};
    enum jh_status status = jh_extent_check(l, e, &fault);
    const char *first = NULL;
    for (size_t i = 0; i < RULES && !first; i++) {
        first = rules[i].broken(l, e) ? rules[i].name : NULL;
    }
    FUZZ_CHECK(status == (first ? JH_CORRUPT : JH_OK) && fault.status == status);
    FUZZ_CHECK(!first || (strcmp(fault.rule, first) == 0 && fault.addr == e->at));
}

static void check_derived(const struct jh_layout *l, const struct jh_extent *e) {
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    FUZZ_CHECK(e->base % page == 0 && e->addr - e->base < page);
    FUZZ_CHECK(e->size + e->esn == e->bsize && e->esn < page);
    FUZZ_CHECK(e->allocated == (e->state_bits == 0 && e->szind < l->sc_nsizes));
    FUZZ_CHECK(jh_extent_is_slab(e) == (e->allocated && e->slab));
    bool by_size = l->build.version >= JH_5_3_1 && e->szind >= l->sc_nbins;
    uint64_t pad = l->build.cache_oblivious ? page : 0;
    uint64_t usable = by_size ? (e->size > pad ? e->size - pad : 0) : jh_index2size(l, e->szind);
    FUZZ_CHECK(e->usize == (e->allocated ? usable : 0));
}

/* The bytes of an extent whose fields are all ones; *head is their number. */
static const uint8_t *meaning(const struct jh_layout *layout, size_t *head) {
    static uint8_t mask[JH_EXTENT_HEAD_MAX];
    static const struct jh_layout *of; /* of the last call, often the same */
    static size_t bytes;
    static const struct jh_extent ones = {.addr = UINT64_MAX,
                                          .bsize = UINT64_MAX,
                                          .sn = UINT64_MAX,
                                          .ps = UINT64_MAX,
                                          .arena_ind = UINT32_MAX,
                                          .szind = UINT32_MAX,
                                          .nfree = UINT32_MAX,
                                          .bin_shard = UINT32_MAX,
                                          .state_bits = UINT32_MAX,
                                          .slab = true,
                                          .committed = true,
                                          .dumpable = true,
                                          .pai = true,
                                          .zeroed = true,
                                          .guarded = true,
                                          .is_head = true,
                                          .pinned = true};
    if (of != layout) {
        bytes = fuzz_write_extent(&layout->build, &ones, mask);
        of = layout;
    }
    *head = bytes;
    return mask;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *layout = fuzz_layout(&in);
    uint8_t room[JH_EXTENT_HEAD_MAX], again[JH_EXTENT_HEAD_MAX];
    uint8_t *bytes = room + sizeof(room) - layout->extent_head; /* nothing behind it is readable */
    struct jh_extent e;
    fuzz_bytes(&in, bytes, layout->extent_head);
    jh_extent_decode(layout, fuzz_take(&in, 2) << 6, bytes, &e);
    size_t head;
    const uint8_t *mask = meaning(layout, &head);
    FUZZ_CHECK(head == layout->extent_head);
    FUZZ_CHECK(fuzz_write_extent(&layout->build, &e, again) == head);
    for (size_t i = 0; i < head; i++) {
        FUZZ_CHECK(again[i] == (bytes[i] & mask[i]));
    }
    check_derived(layout, &e);
    check_rules(layout, &e);
    return 0;
}
