/* arena: blocks, and what an arena's extents must be. */
#include "test.h"

static struct jh_layout layout_of(enum jh_version version) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

#define AT UINT64_C(0x7f0000200000)
#define SIZE UINT64_C(0x200000)

static void blocks(void **state) {
    (void)state;
    static const struct {
        struct jh_block block;
        bool sound;
    } row[] = {
        {{AT, SIZE, AT + 144, SIZE - 144}, true},
        {{AT, SIZE, AT + SIZE, 0}, true}, /* all of it is handed out */
        {{AT, UINT64_C(1) << 40, AT + 144, SIZE - 144}, false},
        {{AT, 8192, AT + 144, SIZE - 144}, false},
        {{AT, SIZE + 8, AT + 144, SIZE - 136}, false}, /* no pages */
        {{AT, SIZE, AT + 144, SIZE}, false},
        {{AT, SIZE, AT, SIZE}, false}, /* before its own header's end */
        {{AT, SIZE, 0, AT + SIZE}, false},
        {{AT, SIZE, AT + 4096, 4096 - SIZE}, false},
    };
    struct jh_layout layout = layout_of(JH_5_3_0);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct jh_fault fault;
        enum jh_status status = jh_block_check(&layout, &row[i].block, &fault);
        assert_int_equal(status, row[i].sound ? JH_OK : JH_CORRUPT);
        if (!row[i].sound) {
            FAULT_IS(fault, JH_CORRUPT, JH_STAGE_ARENA, "arena.block-size");
            assert_int_equal(fault.addr, AT);
            assert_int_equal(fault.seen, row[i].block.size);
        }
    }
}

/* A slab of class 0, as arena 3 may have it. */
static struct jh_extent slab(void) {
    return (struct jh_extent){.at = AT + 4096,
                              .addr = 0x7f1000000000,
                              .base = 0x7f1000000000,
                              .size = 4096,
                              .arena_ind = 3,
                              .sn = 7,
                              .usize = 8,
                              .slab = true,
                              .allocated = true,
                              .committed = true,
                              .state = JH_ACTIVE};
}

static const struct jh_arena arena3 = {.ind = 3, .sn_next = 8, .shards_known = true};

static void extents(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0);
    struct jh_fault fault;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const rule[] = {"arena.ind", "arena.sn", "arena.bin-shard"};
        static const uint64_t seen[] = {4, 8, 1};
        struct jh_extent e = slab();
        assert_int_equal(jh_arena_check(&layout, &arena3, &e, &fault), JH_OK);
        e.arena_ind = i == 0 ? 4 : 3;
        e.sn = i == 1 ? 8 : 7;
        e.bin_shard = i == 2;
        assert_int_equal(jh_arena_check(&layout, &arena3, &e, &fault), JH_CORRUPT);
        FAULT_IS(fault, JH_CORRUPT, JH_STAGE_ARENA, rule[i]);
        assert_int_equal(fault.addr, e.at);
        assert_int_equal(fault.seen, seen[i]);
        assert_false(jh_arena_uses(&layout, &arena3, &e));
    }
}

/* Nothing is said where it is not known, or does not apply. */
static void extents_that_pass(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0), old = layout_of(JH_5_1_0);
    const struct jh_arena unknown = {.ind = 3};
    struct jh_extent e = slab();
    e.bin_shard = 1;
    assert_int_equal(jh_arena_check(&layout, &unknown, &e, NULL), JH_OK);
    assert_int_equal(jh_arena_check(&old, &arena3, &e, NULL), JH_OK); /* it has no shards */
    e.slab = false;
    assert_int_equal(jh_arena_check(&layout, &arena3, &e, NULL), JH_OK);
    e.sn = 100;
    assert_int_equal(jh_arena_check(&layout, &arena3, &e, NULL), JH_CORRUPT);
    assert_int_equal(jh_arena_check(&layout, &unknown, &e, NULL), JH_OK);
    e.pai = true;
    assert_int_equal(jh_arena_check(&layout, &arena3, &e, NULL), JH_OK);
    e = slab();
    e.szind = layout.sc_nbins; /* no class of slabs, so there are no shards of its bin */
    e.bin_shard = 1;
    assert_int_equal(jh_arena_check(&layout, &arena3, &e, NULL), JH_OK);
    assert_false(jh_arena_uses(&layout, &arena3, &e));
}

static struct jh_extent unused(enum jh_state state) {
    struct jh_extent e = slab();
    e.slab = e.allocated = false;
    e.usize = 0;
    e.state = state;
    e.szind = layout_of(JH_5_3_0).sc_nsizes;
    return e;
}

static struct jh_extent large(uint32_t szind, uint64_t size) {
    struct jh_extent e = slab();
    e.slab = false;
    e.szind = szind;
    e.usize = 1;
    e.size = size;
    return e;
}

static void extents_that_look_used(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0);
    struct jh_extent e = slab();
    assert_true(jh_arena_uses(&layout, &arena3, &e));
    e = large(36, 16384);
    assert_true(jh_arena_uses(&layout, &arena3, &e));
    for (enum jh_state s = JH_ACTIVE; s <= JH_STATE_UNKNOWN; s++) {
        bool is = s == JH_DIRTY || s == JH_MUZZY || s == JH_RETAINED || s == JH_PINNED;
        e = unused(s);
        assert_int_equal(jh_extent_is_unused(&e), is);
        assert_int_equal(jh_arena_uses(&layout, &arena3, &e), is);
    }
}

/* Words of something else. */
static void what_does_not_look_used(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0);
    struct jh_extent row[8];
    row[0] = large(3, 16384); /* as a lock may look like: small, and no slab */
    row[1] = row[2] = row[3] = row[4] = row[5] = slab();
    row[1].committed = false;
    row[2].pai = true;
    row[3].ps = 8;
    row[4].bits = UINT64_C(1) << 60;
    row[5].size = 8192;
    row[6] = row[7] = unused(JH_DIRTY);
    row[6].szind--;
    row[7].addr += 64;
    for (size_t i = 0; i < COUNT(row); i++) {
        assert_false(jh_arena_uses(&layout, &arena3, &row[i]));
    }
}

/* Dirty and muzzy ones are not zeroed; up to 5.2 no unused one is a slab. */
static void unused_ones(void **state) {
    (void)state;
    static const enum jh_version version[] = {JH_5_0_0, JH_5_2_1, JH_5_3_0, JH_DEV};
    static const enum jh_state all[] = {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED};
    struct jh_fault fault;
    for (unsigned v = 0; v < COUNT(version); v++) {
        struct jh_layout layout = layout_of(version[v]);
        for (unsigned i = 0; i < COUNT(all); i++) {
            bool zeroed = all[i] == JH_DIRTY || all[i] == JH_MUZZY;
            bool cleared = all[i] != JH_ACTIVE && version[v] < JH_5_3_0;
            struct jh_extent e = {.at = AT, .state = all[i], .zeroed = true};
            assert_int_equal(jh_unused_check(&layout, &e, &fault), zeroed ? JH_CORRUPT : JH_OK);
            if (zeroed) {
                FAULT_IS(fault, JH_CORRUPT, JH_STAGE_ARENA, "arena.unused-zeroed");
                assert_true(fault.expects && fault.expected == 0 && fault.seen == 1);
            }
            e = (struct jh_extent){.at = AT, .state = all[i], .slab = true};
            assert_int_equal(jh_unused_check(&layout, &e, &fault), cleared ? JH_CORRUPT : JH_OK);
            if (cleared) {
                FAULT_IS(fault, JH_CORRUPT, JH_STAGE_ARENA, "arena.unused-slab");
                assert_int_equal(fault.addr, AT);
            }
        }
    }
}

/* As far as the word has room for it. */
static void serial_numbers_of_structures(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(JH_5_3_0);
    struct jh_extent e = {.at = AT, .esn = 5};
    struct jh_fault fault;
    assert_int_equal(jh_esn_check(&layout, 5, &e, &fault), JH_OK);
    assert_int_equal(jh_esn_check(&layout, 4096 + 5, &e, &fault), JH_OK);
    assert_int_equal(jh_esn_check(&layout, 6, &e, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_ARENA, "arena.esn");
    assert_true(fault.expects && fault.expected == 6 && fault.seen == 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(extents),
        cmocka_unit_test(extents_that_pass),
        cmocka_unit_test(extents_that_look_used),
        cmocka_unit_test(what_does_not_look_used),
        cmocka_unit_test(unused_ones),
        cmocka_unit_test(serial_numbers_of_structures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
