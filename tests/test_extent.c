/* extent: every field by itself, what is usable, and each way in which an extent can be unsound. */
#include "test.h"
#include "image.h"
#include "spy.h"

static struct jh_layout layout_of(enum jh_version version) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static struct jh_extent decode(const struct jh_layout *layout, const uint64_t *word) {
    uint8_t bytes[JH_EXTENT_HEAD_MAX] = {0};
    struct jh_extent extent;
    for (unsigned i = 0; i < 40; i++) {
        bytes[i] = (uint8_t)(word[i / 8] >> (8 * (i % 8)));
    }
    memset(&extent, 0, sizeof(extent));
    jh_extent_decode(layout, 0x7f0000001000, bytes, &extent);
    return extent;
}

static struct jh_extent with_bits(enum jh_version version, uint64_t bits) {
    struct jh_layout layout = layout_of(version);
    return decode(&layout, (uint64_t[5]){bits, 0x7e0000001000, 0x4000, 0, 0});
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* All of e_bits as numbers; sn only where it is in there. */
struct parts {
    uint64_t arena, slab, committed, dumpable, pai, zeroed, guarded, state, szind, nfree, bin_shard,
        is_head, pinned, sn;
};

static void parts_are(const struct jh_extent *e, const struct parts *p) {
    assert_int_equal(e->arena_ind, p->arena);
    assert_int_equal(e->slab, p->slab);
    assert_int_equal(e->committed, p->committed);
    assert_int_equal(e->dumpable, p->dumpable);
    assert_int_equal(e->pai, p->pai);
    assert_int_equal(e->zeroed, p->zeroed);
    assert_int_equal(e->guarded, p->guarded);
    assert_int_equal(e->state_bits, p->state);
    assert_int_equal(e->szind, p->szind);
    assert_int_equal(e->nfree, p->nfree);
    assert_int_equal(e->bin_shard, p->bin_shard);
    assert_int_equal(e->is_head, p->is_head);
    assert_int_equal(e->pinned, p->pinned);
    assert_int_equal(e->sn, p->sn);
}

/* The field alone, at its largest, and everything but the field. */
static void alone(enum jh_version version, unsigned shift, unsigned width, struct parts parts,
                  struct parts rest) {
    uint64_t bits = ((UINT64_C(1) << width) - 1) << shift;
    struct jh_extent e = with_bits(version, bits);
    assert_int_equal(e.bits, bits);
    parts_are(&e, &parts);
    e = with_bits(version, ~bits);
    parts_are(&e, &rest);
}

#define ALONE(version, shift, width, full, member)                                                 \
    do {                                                                                           \
        struct parts only = {0}, rest = full;                                                      \
        only.member = (UINT64_C(1) << (width)) - 1;                                                \
        rest.member = 0;                                                                           \
        alone(version, shift, width, only, rest);                                                  \
    } while (0)

static const struct parts full_5_0 = {.arena = 4095,
                                      .slab = 1,
                                      .committed = 1,
                                      .zeroed = 1,
                                      .state = 3,
                                      .szind = 255,
                                      .nfree = 1023,
                                      .sn = (1 << 29) - 1};

static void fields_of_5_0(void **state) {
    (void)state;
    ALONE(JH_5_0_0, 0, 12, full_5_0, arena);
    ALONE(JH_5_0_0, 12, 1, full_5_0, slab);
    ALONE(JH_5_0_0, 13, 1, full_5_0, committed);
    ALONE(JH_5_0_0, 14, 1, full_5_0, zeroed);
    ALONE(JH_5_0_1, 15, 2, full_5_0, state);
    ALONE(JH_5_0_1, 17, 8, full_5_0, szind);
    ALONE(JH_5_0_1, 25, 10, full_5_0, nfree);
    ALONE(JH_5_0_1, 35, 29, full_5_0, sn);
}

static const struct parts full_5_1 = {.arena = 4095,
                                      .slab = 1,
                                      .committed = 1,
                                      .dumpable = 1,
                                      .zeroed = 1,
                                      .state = 3,
                                      .szind = 255,
                                      .nfree = 1023,
                                      .sn = (1 << 28) - 1};

static void fields_of_5_1(void **state) {
    (void)state;
    ALONE(JH_5_1_0, 14, 1, full_5_1, dumpable);
    ALONE(JH_5_1_0, 15, 1, full_5_1, zeroed);
    ALONE(JH_5_1_0, 16, 2, full_5_1, state);
    ALONE(JH_5_1_0, 18, 8, full_5_1, szind);
    ALONE(JH_5_1_0, 26, 10, full_5_1, nfree);
    ALONE(JH_5_1_0, 36, 28, full_5_1, sn);
}

static void fields_of_5_2(void **state) {
    (void)state;
    struct parts full = full_5_1;
    full.bin_shard = 63;
    full.sn = (1 << 22) - 1;
    ALONE(JH_5_2_0, 36, 6, full, bin_shard);
    ALONE(JH_5_2_0, 42, 22, full, sn);
    full.is_head = 1;
    full.sn = (1 << 21) - 1;
    ALONE(JH_5_2_1, 36, 6, full, bin_shard);
    ALONE(JH_5_2_1, 42, 1, full, is_head);
    ALONE(JH_5_2_1, 43, 21, full, sn);
}

static const struct parts full_5_3 = {.arena = 4095,
                                      .slab = 1,
                                      .committed = 1,
                                      .pai = 1,
                                      .zeroed = 1,
                                      .guarded = 1,
                                      .state = 7,
                                      .szind = 255,
                                      .nfree = 1023,
                                      .bin_shard = 63,
                                      .is_head = 1};

static void fields_of_5_3(void **state) {
    (void)state;
    ALONE(JH_5_3_0, 0, 12, full_5_3, arena);
    ALONE(JH_5_3_0, 12, 1, full_5_3, slab);
    ALONE(JH_5_3_0, 13, 1, full_5_3, committed);
    ALONE(JH_5_3_0, 14, 1, full_5_3, pai);
    ALONE(JH_5_3_0, 15, 1, full_5_3, zeroed);
    ALONE(JH_5_3_0, 16, 1, full_5_3, guarded);
    ALONE(JH_5_3_1, 17, 3, full_5_3, state);
    ALONE(JH_5_3_1, 20, 8, full_5_3, szind);
    ALONE(JH_5_3_1, 28, 10, full_5_3, nfree);
    ALONE(JH_5_3_1, 38, 6, full_5_3, bin_shard);
    ALONE(JH_5_3_1, 44, 1, full_5_3, is_head);
}

static void fields_of_dev(void **state) {
    (void)state;
    struct parts full = full_5_3;
    full.pinned = 1;
    ALONE(JH_DEV, 44, 1, full, is_head);
    ALONE(JH_DEV, 45, 1, full, pinned);
}

static void words_beside_e_bits(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0);
    const uint64_t word[5] = {0, 0x7e0000001540, 0x7fab, 0x7f0000abcd00, 0xfedcba9876543210};
    struct jh_extent e = decode(&layout, word);
    assert_int_equal(e.at, 0x7f0000001000);
    assert_int_equal(e.addr, 0x7e0000001540);
    assert_int_equal(e.base, 0x7e0000001000);
    assert_int_equal(e.size, 0x7000);
    assert_int_equal(e.esn, 0xfab);
    assert_int_equal(e.bsize, 0x7fab);
    assert_int_equal(e.ps, 0x7f0000abcd00);
    assert_int_equal(e.sn, 0xfedcba9876543210);
    layout = layout_of(JH_5_2_1);
    e = decode(&layout, word);
    assert_int_equal(e.addr, 0x7e0000001540);
    assert_int_equal(e.size, 0x7000);
    assert_int_equal(e.esn, 0xfab);
    assert_int_equal(e.ps, 0);
    assert_int_equal(e.sn, 0);
}

static void size_and_esn_by_page(void **state) {
    (void)state;
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, JH_5_3_0);
    build.lg_page = 16;
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    struct jh_extent e = decode(&layout, (uint64_t[5]){0, 0x7e0000012345, 0x3abcd, 0, 0});
    assert_int_equal(e.base, 0x7e0000010000);
    assert_int_equal(e.size, 0x30000);
    assert_int_equal(e.esn, 0xabcd);
}

static void states_by_version(void **state) {
    (void)state;
    static const enum jh_state old[] = {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED};
    static const enum jh_state now[] = {JH_ACTIVE,        JH_DIRTY,        JH_MUZZY,
                                        JH_RETAINED,      JH_TRANSITION,   JH_MERGING,
                                        JH_STATE_UNKNOWN, JH_STATE_UNKNOWN};
    static const enum jh_state dev[] = {JH_ACTIVE, JH_DIRTY,      JH_MUZZY,   JH_RETAINED,
                                        JH_PINNED, JH_TRANSITION, JH_MERGING, JH_STATE_UNKNOWN};
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(with_bits(JH_5_0_0, i << 15).state, old[i]);
        assert_int_equal(with_bits(JH_5_2_1, i << 16).state, old[i]);
    }
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(with_bits(JH_5_3_0, i << 17).state, now[i]);
        assert_int_equal(with_bits(JH_5_3_1, i << 17).state, now[i]);
        assert_int_equal(with_bits(JH_DEV, i << 17).state, dev[i]);
    }
}

/* ---- what is allocated, and how much of it is usable ----------------------------------------- */

static struct jh_extent made(enum jh_version version, uint64_t size, uint64_t szind, uint64_t state,
                             uint64_t slab) {
    struct jh_layout layout = layout_of(version);
    uint64_t bits = slab << 12 | state << 17 | szind << 20;
    if (version < JH_5_3_0) {
        bits = slab << 12 | state << 16 | szind << 18;
    }
    return decode(&layout, (uint64_t[5]){bits, 0x7e0000001000, size, 0, 0});
}

/* malloc(100000): class 47 is 114688 bytes; since 5.3.1 whole pages are enough. */
static void usable_size_of_large(void **state) {
    (void)state;
    assert_int_equal(made(JH_5_2_1, 0x1d000, 47, 0, 0).usize, 114688);
    assert_int_equal(made(JH_5_3_0, 0x1d000, 47, 0, 0).usize, 114688);
    assert_int_equal(made(JH_5_3_1, 0x1a000, 47, 0, 0).usize, 102400);
    assert_int_equal(made(JH_DEV, 0x1a000, 47, 0, 0).usize, 102400);
    assert_int_equal(made(JH_5_3_1, 0x1d000, 47, 0, 0).usize, 114688);
}

static void usable_size_without_padding(void **state) {
    (void)state;
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, JH_5_3_1);
    build.cache_oblivious = false;
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    struct jh_extent e =
        decode(&layout, (uint64_t[5]){UINT64_C(47) << 20, 0x7e0000001000, 0x19000, 0, 0});
    assert_int_equal(e.usize, 102400);
}

/* A sampled small allocation has an extent of its own and keeps its class. */
static void usable_size_of_promoted_small(void **state) {
    (void)state;
    for (unsigned v = JH_5_1_0; v < JH_VERSIONS; v++) {
        struct jh_extent e = made((enum jh_version)v, 0x5000, 5, 0, 0);
        assert_true(e.allocated);
        assert_false(jh_extent_is_slab(&e));
        assert_int_equal(e.usize, 80);
        e = made((enum jh_version)v, 0x5000, 35, 0, 0);
        assert_int_equal(e.usize, 14336);
    }
}

static void slabs_and_what_only_looks_like_one(void **state) {
    (void)state;
    struct jh_extent e = made(JH_5_3_0, 0x1000, 4, 0, 1);
    assert_true(e.allocated);
    assert_true(jh_extent_is_slab(&e));
    assert_int_equal(e.usize, 64);
    e = made(JH_5_3_0, 0x1000, 232, 1, 1); /* dirty: the slab bit is stale */
    assert_true(e.slab);
    assert_false(e.allocated);
    assert_false(jh_extent_is_slab(&e));
    assert_int_equal(e.usize, 0);
}

/* The cache of the huge page allocator keeps active extents that nobody was given. */
static void active_without_a_class_is_not_allocated(void **state) {
    (void)state;
    for (unsigned v = JH_5_1_0; v < JH_VERSIONS; v++) {
        struct jh_extent e = made((enum jh_version)v, 0x4000, 232, 0, 1);
        assert_int_equal(e.state, JH_ACTIVE);
        assert_false(e.allocated);
        assert_false(jh_extent_is_slab(&e));
        assert_int_equal(e.usize, 0);
        assert_true(made((enum jh_version)v, 0x4000, 231, 0, 0).allocated);
        assert_false(made((enum jh_version)v, 0x4000, 10, 1, 0).allocated);
    }
}

/* ---- check ----------------------------------------------------------------------------------- */

static const struct jh_extent sound_slab = {.at = 0x7f0000001000,
                                            .addr = 0x7e0000001000,
                                            .base = 0x7e0000001000,
                                            .size = 0x3000,
                                            .usize = 48,
                                            .szind = 3,
                                            .nfree = 256,
                                            .slab = true,
                                            .allocated = true};
static const struct jh_extent sound_large = {.at = 0x7f0000001000,
                                             .addr = 0x7e0000001040,
                                             .base = 0x7e0000001000,
                                             .size = 0x6000,
                                             .usize = 0x5000,
                                             .szind = 37,
                                             .allocated = true};
static const struct jh_extent sound_dirty = {.at = 0x7f0000001000,
                                             .addr = 0x7e0000001000,
                                             .base = 0x7e0000001000,
                                             .size = 0x3000,
                                             .szind = 232,
                                             .nfree = 1023,
                                             .state_bits = 1,
                                             .state = JH_DIRTY};

static void sound(const struct jh_extent *e) {
    struct jh_layout layout = layout_of(JH_5_3_0);
    struct jh_fault fault;
    MARK(fault);
    assert_int_equal(jh_extent_check(&layout, e, &fault), JH_OK);
    UNTOUCHED(fault);
}

static void unsound(enum jh_version version, const struct jh_extent *e, const char *rule,
                    uint64_t seen) {
    struct jh_layout layout = layout_of(version);
    struct jh_fault fault;
    assert_int_equal(jh_extent_check(&layout, e, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_EXTENT, rule);
    assert_int_equal(fault.addr, e->at);
    assert_int_equal(fault.seen, seen);
    assert_int_equal(jh_extent_check(&layout, e, NULL), JH_CORRUPT);
}

#define UNSOUND(version, like, member, value, rule)                                                \
    do {                                                                                           \
        struct jh_extent e = like;                                                                 \
        e.member = value;                                                                          \
        unsound(version, &e, rule, e.member);                                                      \
    } while (0)

static void sound_extents(void **state) {
    (void)state;
    struct jh_extent e = sound_slab;
    sound(&e);
    e.nfree = 0;
    sound(&e);
    sound(&sound_dirty);
    e = sound_dirty;
    e.slab = true; /* stale */
    sound(&e);
    e.base = e.addr = 0xfffffffffffff000; /* the last page there is */
    e.size = 0x1000;
    sound(&e);
}

static void unsound_extents(void **state) {
    (void)state;
    UNSOUND(JH_5_3_0, sound_slab, at, 0x7f0000001040, "extent.alignment");
    UNSOUND(JH_5_2_1, sound_slab, at, 0x7f0000001020, "extent.alignment");
    UNSOUND(JH_5_3_0, sound_slab, addr, 0, "extent.addr");
    UNSOUND(JH_5_3_0, sound_slab, size, 0, "extent.size");
    UNSOUND(JH_5_3_0, sound_dirty, size, UINT64_C(1) << 48, "extent.size");
    UNSOUND(JH_5_3_0, sound_slab, szind, 233, "extent.szind");
    UNSOUND(JH_5_3_0, sound_dirty, szind, 255, "extent.szind");
    UNSOUND(JH_5_3_0, sound_dirty, szind, 3, "extent.unused-szind");
    UNSOUND(JH_5_2_1, sound_dirty, szind, 40, "extent.unused-szind");
    UNSOUND(JH_5_3_0, sound_dirty, addr, 0x7e0000001040, "extent.unused-addr");
    UNSOUND(JH_5_3_0, sound_large, addr, 0x7e0000001048, "extent.large-addr");
    UNSOUND(JH_5_2_1, sound_large, addr, 0x7e0000001001, "extent.large-addr");
    UNSOUND(JH_5_3_0, sound_slab, usize, 0x3001, "extent.usize");
    UNSOUND(JH_5_3_0, sound_slab, szind, 36, "extent.slab-szind");
    UNSOUND(JH_5_3_0, sound_slab, size, 0x4000, "extent.slab-size");
    UNSOUND(JH_5_3_0, sound_slab, addr, 0x7e0000001040, "extent.slab-addr");
    UNSOUND(JH_5_3_0, sound_slab, nfree, 257, "extent.nfree");
}

/* Classes 36, 37, 38, 39 are of 4, 5, 6, 7 pages, 41 of 10: from 5.3.1 on it may have 9. */
static void large_sizes(void **state) {
    (void)state;
    static const struct {
        uint64_t size, usize;
        uint32_t szind;
        bool sound;
    } cases[] = {
        {0x5000, 0x5000, 37, true},  {0x6000, 0x5000, 37, true}, /* without padding, and with it */
        {0x7000, 0x5000, 37, false}, {0x4000, 0x4000, 37, false},
        {0x6000, 0x6000, 38, true},  {0x6000, 0x5000, 39, false},
        {0x1000, 48, 3, true},       {0x5000, 48, 3, true}, /* small ones, sampled by profiling */
        {0x6000, 48, 3, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jh_extent e = sound_large;
        e.size = cases[i].size;
        e.usize = cases[i].usize;
        e.szind = cases[i].szind;
        e.addr = e.size == e.usize ? e.base : e.addr;
        if (cases[i].sound) {
            sound(&e);
        } else {
            unsound(JH_5_2_1, &e, "extent.large-size", e.size);
            unsound(JH_5_3_1, &e, "extent.large-size", e.size);
        }
    }
    struct jh_extent e = sound_large;
    struct jh_layout layout = layout_of(JH_5_3_1);
    e.szind = 41;
    e.size = 0xa000;
    e.usize = 0x9000;
    assert_int_equal(jh_extent_check(&layout, &e, NULL), JH_OK);
    e.size = 0x9000;
    e.usize = 0x8000;
    unsound(JH_5_3_0, &e, "extent.large-size", 0x9000);
}

static void unsound_state_and_wrap(void **state) {
    (void)state;
    struct jh_extent e = sound_dirty;
    e.state = JH_STATE_UNKNOWN;
    e.state_bits = 6;
    unsound(JH_5_3_0, &e, "extent.state", 6);
    e = sound_dirty;
    e.base = e.addr = 0xfffffffffffff000;
    e.size = 0x2000;
    unsound(JH_5_3_0, &e, "extent.size", 0x2000);
    e = sound_dirty;
    e.state = JH_TRANSITION; /* no version stores it */
    e.state_bits = 4;
    unsound(JH_5_3_0, &e, "extent.state", 4);
}

/* The last bytes of an allocation that was shifted lie in the padding, not behind it. */
static void no_more_than_there_is_behind_the_address(void **state) {
    (void)state;
    struct jh_extent e = sound_large;
    e.size = 0x5000;
    unsound(JH_5_3_0, &e, "extent.usize", 0x5000);
    e.addr = e.base;
    sound(&e);
    e = sound_large;
    e.addr = e.base + 0xfc0;
    sound(&e);
}

/* Behind the last field of e_bits nothing is stored; up to 5.2 sn has all of it. */
static void bits_that_no_field_has(void **state) {
    (void)state;
    struct jh_extent e = sound_slab;
    e.bits = UINT64_C(1) << 45;
    unsound(JH_5_3_0, &e, "extent.unused-bits", e.bits);
    e.bits = UINT64_C(3) << 62;
    unsound(JH_5_3_1, &e, "extent.unused-bits", e.bits);
    unsound(JH_DEV, &e, "extent.unused-bits", e.bits);
    e.bits = (UINT64_C(1) << 45) - 1;
    sound(&e);
    struct jh_layout layout = layout_of(JH_DEV);
    e.bits = (UINT64_C(1) << 46) - 1;
    assert_int_equal(jh_extent_check(&layout, &e, NULL), JH_OK);
    layout = layout_of(JH_5_2_1);
    e.bits = UINT64_MAX;
    assert_int_equal(jh_extent_check(&layout, &e, NULL), JH_OK);
}

/* 5.0 to 5.2 keep extents at multiples of 64. */
static void alignment_by_version(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_2_1);
    struct jh_extent e = sound_slab;
    e.at = 0x7f0000001040;
    assert_int_equal(jh_extent_check(&layout, &e, NULL), JH_OK);
}

/* ---- read ------------------------------------------------------------------------------------ */

static void an_extent_is_read(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_extent(&image, &(struct image_extent){.addr = 0x7e0000001000,
                                                              .size = 0x3000,
                                                              .szind = 3,
                                                              .slab = true,
                                                              .nfree = 17,
                                                              .arena = 5});
    struct spy spy = {.under = image.heap.reader};
    for (unsigned lending = 0; lending < 2; lending++) {
        struct jh_extent e;
        struct jh_fault fault;
        MARK(fault);
        assert_int_equal(jh_extent_read(&image.heap, at, &e, &fault), JH_OK);
        UNTOUCHED(fault);
        assert_int_equal(e.at, at);
        assert_int_equal(e.addr, 0x7e0000001000);
        assert_int_equal(e.size, 0x3000);
        assert_int_equal(e.nfree, 17);
        assert_int_equal(e.arena_ind, 5);
        assert_true(jh_extent_is_slab(&e));
        image.heap.reader = spy_read(&spy);
    }
    assert_int_equal(spy.reads, 1);
    image_end(&image);
}

static void cannot_read(const struct jh_heap *heap, uint64_t at, enum jh_status status,
                        enum jh_stage stage, const char *rule, uint64_t addr) {
    struct jh_extent e;
    struct jh_fault fault;
    MARK(e);
    assert_int_equal(jh_extent_read(heap, at, &e, &fault), status);
    FAULT_IS(fault, status, stage, rule);
    assert_int_equal(fault.addr, addr);
    UNTOUCHED(e);
    assert_int_equal(jh_extent_read(heap, at, &e, NULL), status);
}

static void an_extent_that_cannot_be_read(void **state) {
    (void)state;
    struct image image;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_extent(&image, &(struct image_extent){.addr = 0x7e0000001000});
    cannot_read(&image.heap, at + 64, JH_CORRUPT, JH_STAGE_EXTENT, "extent.alignment", at + 64);
    cannot_read(&image.heap, 0x100000, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", 0x100000);
    image_hole(&image, at + 39, 1);
    cannot_read(&image.heap, at, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", at + 39);
    struct spy spy = {
        .under = image.heap.reader, .fail_addr = at, .fail_len = 8, .fail = JH_READ_FAILED};
    image.heap.reader = spy_read(&spy);
    cannot_read(&image.heap, at, JH_READ_FAILED, JH_STAGE_READER, "reader.failed", at);
    image_end(&image);
}

/* What is known of structures whose bytes were left out: of each its own, of others nothing. */
static void verdicts_on_what_was_left_out(void **state) {
    (void)state;
    static const char *const rules[] = {"extent.addr", "extent.size", "extent.szind"};
    struct image image;
    struct jh_verdict verdict[COUNT(rules)];
    image_stock(&image, JH_5_3_0);
    for (size_t i = 0; i < COUNT(rules); i++) {
        verdict[i] = (struct jh_verdict){0x100000 + 256 * i, rules[i]};
    }
    image.heap.verdict = verdict;
    image.heap.verdicts = COUNT(rules);
    for (size_t i = 0; i < COUNT(rules); i++) {
        uint64_t at = verdict[i].at;
        cannot_read(&image.heap, at, JH_CORRUPT, JH_STAGE_EXTENT, rules[i], at);
        at += 128;
        cannot_read(&image.heap, at, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent", at);
    }
    image_end(&image);
}

/* Nothing behind the fields is asked for: a bitmap may be missing. */
static void only_the_head_is_read(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct image image;
        struct jh_extent e;
        image_stock(&image, (enum jh_version)v);
        uint64_t at = image_extent(&image, &(struct image_extent){.addr = 0x7e0000001000});
        image_hole(&image, at + 64, 64);
        assert_int_equal(jh_extent_read(&image.heap, at, &e, NULL), JH_OK);
        image_end(&image);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_5_0),
        cmocka_unit_test(fields_of_5_1),
        cmocka_unit_test(fields_of_5_2),
        cmocka_unit_test(fields_of_5_3),
        cmocka_unit_test(fields_of_dev),
        cmocka_unit_test(words_beside_e_bits),
        cmocka_unit_test(size_and_esn_by_page),
        cmocka_unit_test(states_by_version),
        cmocka_unit_test(usable_size_of_large),
        cmocka_unit_test(usable_size_without_padding),
        cmocka_unit_test(usable_size_of_promoted_small),
        cmocka_unit_test(slabs_and_what_only_looks_like_one),
        cmocka_unit_test(active_without_a_class_is_not_allocated),
        cmocka_unit_test(sound_extents),
        cmocka_unit_test(unsound_extents),
        cmocka_unit_test(large_sizes),
        cmocka_unit_test(unsound_state_and_wrap),
        cmocka_unit_test(no_more_than_there_is_behind_the_address),
        cmocka_unit_test(bits_that_no_field_has),
        cmocka_unit_test(alignment_by_version),
        cmocka_unit_test(an_extent_is_read),
        cmocka_unit_test(an_extent_that_cannot_be_read),
        cmocka_unit_test(verdicts_on_what_was_left_out),
        cmocka_unit_test(only_the_head_is_read),
    };
    return cmocka_run_group_tests_name("extent", tests, NULL, NULL) != 0;
}
