/* What contradicts at the first look and is something else at the next: in a process that is
 * running, and of variables that are not what they are in a sound program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "made_heap.h"

struct said {
    unsigned count;
    struct jh_fault first;
};

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    assert_int_equal(status, JH_CORRUPT);
    said->first = said->count++ == 0 ? *fault : said->first;
}

static struct said ask(struct made *m) {
    struct said said = {0};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    struct jh_walk walk;
    struct jh_extent e;
    enum jh_status status;
    assert_non_null(c);
    jh_walk_start(&walk, &m->target.heap);
    while ((status = jh_walk_next(&walk, &e, NULL)) != JH_END) {
        if (status == JH_OK) {
            jt_check_extent(c, &e);
        }
    }
    jt_check_end(c, true);
    return said;
}

typedef void change_fn(struct made *m);

static change_fn *change;

static bool retry(void *arg, unsigned times) {
    struct made *m = (struct made *)(void *)((char *)arg - offsetof(struct made, p.image));
    if (change != NULL && times == 0) {
        change(m);
    }
    return times < 2;
}

/* A process that does this between the first two looks. */
static struct made *running(change_fn *then) {
    struct made *m = made_start(JH_5_3_0);
    made_variables(m);
    m->target.kind = JT_PROCESS;
    m->target.heap.reader.retry = retry;
    change = then;
    return m;
}

/* ---- links ---------------------------------------------------------------------------------- */

/* 3 leads to 9, which is in another block and does not lead back. */
static uint64_t ring(const struct made *m, unsigned i) {
    return made_extent(i) + m->p.base->form.ring;
}

static void leads_back(struct made *m) {
    made_word(m, ring(m, 9) + 4, made_extent(3));
}
static void is_gone(struct made *m) {
    m->segment[1].len = MADE_EXTENTS + 3 * 128;
    made_forget(m);
}
static void ring_is_gone(struct made *m) {
    m->segment[1].len = MADE_EXTENTS + 3 * 128 + m->p.base->form.ring;
    made_forget(m);
}
static void is_in_use(struct made *m) {
    made_field(m, 3, JH_EXTENT_STATE, 0);
}
static void leads_elsewhere(struct made *m) {
    made_word(m, ring(m, 3), made_extent(11));
}

static void links_that_are_changed(void **state) {
    (void)state;
    static change_fn *const over[] = {leads_back, is_gone, ring_is_gone, is_in_use,
                                      leads_elsewhere};
    for (size_t i = 0; i <= sizeof over / sizeof over[0]; i++) {
        bool stays = i == sizeof over / sizeof over[0];
        struct made *m = running(stays ? NULL : over[i]);
        made_word(m, ring(m, 3), made_extent(9));
        struct said said = ask(m);
        assert_int_equal(said.count, stays);
        made_end(m);
    }
}

/* No structure is where the program has its own. */
static void a_link_into_the_programs_memory(void **state) {
    (void)state;
    struct made *m = running(NULL);
    m->target.kind = JT_CORE;
    made_word(m, ring(m, 3), made_base_of(2) + 0x100);
    struct said said = ask(m);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.links");
    made_end(m);
}

/* ---- structures that nothing leads to -------------------------------------------------------- */

static void is_lost_no_more(struct made *m) {
    m->segment[2].len = MADE_EXTENTS + 2 * 128;
    made_forget(m);
}
static void has_another_base(struct made *m) {
    made_field(m, 10, JH_EXTENT_ADDR, made_base_of(10) + 0x1000);
}
static void is_not_in_use(struct made *m) {
    made_field(m, 10, JH_EXTENT_STATE, 1);
}
static void is_another_arenas(struct made *m) {
    made_field(m, 10, JH_EXTENT_ARENA, 7);
}
static void waits_by_now(struct made *m) {
    uint64_t at = made_extent(10) + m->p.base->form.heap;
    made_word(m, MADE_BLOCK + MADE_ARENA + 0x30000, made_extent(10));
    made_word(m, at + 4, 0);
    made_word(m, at + 8, 0);
}

static void lost_ones_that_are_changed(void **state) {
    (void)state;
    static change_fn *const over[] = {is_lost_no_more, has_another_base, is_not_in_use,
                                      is_another_arenas, waits_by_now};
    for (size_t i = 0; i <= sizeof over / sizeof over[0]; i++) {
        bool stays = i == sizeof over / sizeof over[0];
        struct made *m = running(stays ? NULL : over[i]);
        made_lose(m, 10);
        struct said said = ask(m);
        assert_int_equal(said.count, stays);
        made_end(m);
    }
}

/* One of two waits to be used by then. */
static void one_of_two(void **state) {
    (void)state;
    struct made *m = running(waits_by_now);
    made_lose(m, 10);
    made_lose(m, 12);
    struct said said = ask(m);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.lost-active");
    assert_int_equal(said.first.addr, made_extent(12));
    made_end(m);
}

/* What the tree has in its place is no extent. */
static void words_that_are_none(void **state) {
    (void)state;
    struct made *m = running(NULL);
    for (uint64_t page = made_base_of(10); page < made_base_of(11); page += 4096) {
        uint64_t index = jh_rtree_subkey(&m->target.layout, page, 1);
        made_word(m, MADE_LEAF + index * m->target.layout.leaf_size, 0x41);
    }
    struct said said = ask(m);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.lost-active");
    made_end(m);
}

/* By its serial number it is none of this arena's. */
static void what_no_arena_has_given(void **state) {
    (void)state;
    struct made *m = running(NULL);
    made_lose(m, 10);
    made_field(m, 10, JH_EXTENT_SN, 100);
    assert_int_equal(ask(m).count, 0);
    made_end(m);
}

/* A block ends before all that is looked at of a structure. */
static void a_block_that_ends_early(void **state) {
    (void)state;
    struct made *m = running(NULL);
    assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
    made_lose(m, 15);
    m->p.base->block[1].used = made_extent(15) + 16;
    m->p.base->complete = false;
    assert_int_equal(ask(m).count, 0);
    made_end(m);
}

/* ---- one extent ----------------------------------------------------------------------------- */

static void extent_is_gone(struct made *m) {
    m->segment[1].len = MADE_EXTENTS + 2 * 128;
    made_forget(m);
}

static void an_extent_that_is_gone(void **state) {
    (void)state;
    struct made *m = running(extent_is_gone);
    made_field(m, 2, JH_EXTENT_ARENA, 7);
    struct said said = ask(m);
    assert_string_equal(said.first.rule, "arena.ind"); /* it was so */
    made_end(m);
}

/* A process may have a new block; what has no block's header in front of it is in none. */
static void a_structure_in_no_block(void **state) {
    (void)state;
    struct made *m = running(NULL);
    memcpy(made_at(m, MADE_MODULE + 0x9000), made_at(m, made_extent(2)), 128);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t page = made_base_of(2) + (i == 0 ? 0 : 0x4000 + m->target.layout.large_pad - 4096);
        uint64_t index = jh_rtree_subkey(&m->target.layout, page, 1);
        made_word(m, MADE_LEAF + index * m->target.layout.leaf_size, MADE_MODULE + 0x9000);
    }
    memset(made_at(m, made_extent(2)), 0, 128);
    struct said said = ask(m);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.outside-blocks");
    made_end(m);
}

/* ---- arenas --------------------------------------------------------------------------------- */

static uint64_t base_of(struct made *m, unsigned arena) {
    uint64_t at = (arena == 0 ? MADE_BLOCK : MADE_BLOCK5) + MADE_ARENA;
    return made_read(m, at + m->p.base->form.arena_base);
}

/* Nothing is known of their structs, or not of this build's. */
static void arenas_of_another_form(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct made *m = running(NULL);
        uint32_t at = m->p.base->form.arena_base;
        uint64_t b0 = base_of(m, 0), b5 = base_of(m, 5);
        made_word(m, MADE_BLOCK + MADE_ARENA + 0x100, b0);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + 0x100, b5);
        if (i == 0) {
            m->p.base->form.known = false;
        } else if (i == 1) { /* another word is where it should be */
            made_word(m, MADE_BLOCK + MADE_ARENA + at, 0x1234);
        } else { /* the sum of a build without statistics */
            made_word(m, b0 + m->p.base->form.base_mapped, 0);
        }
        assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
        assert_int_equal(m->p.base->arenas.count, 2);
        assert_int_equal(m->p.base->arenas.faults, 0);
        made_end(m);
    }
}

/* A list whose first block is another one when the sum is read. */
static uint64_t list_at;
static unsigned list_reads;
static struct jh_reader list_under;

static enum jh_status list_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    (void)arg;
    enum jh_status status = list_under.read(list_under.arg, addr, dst, len, got);
    if (addr == list_at && list_reads++ == 1) {
        memset(dst, 0x40, len);
    }
    return status;
}

static void a_block_that_came_last(void **state) {
    (void)state;
    struct made *m = running(NULL);
    uint64_t b0 = base_of(m, 0);
    made_word(m, b0 + m->p.base->form.base_mapped, MADE_SIZE); /* not counted yet */
    list_at = b0 + m->p.base->base_blocks;
    list_reads = 0;
    list_under = m->target.heap.reader;
    m->target.heap.reader = (struct jh_reader){.read = list_read, .next = NULL};
    assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
    assert_int_equal(m->p.base->arenas.faults, 0);
    assert_int_equal(list_reads, 2);
    made_end(m);
}

/* Arena 0 stands twice in the array; or there is no array. */
static void arrays_that_are_none(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made *m = running(NULL);
        made_word(m, MADE_ARRAY + 4, MADE_BLOCK + MADE_ARENA);
        m->p.source->variables = 2 - i;
        assert_int_equal(jt_metadata_bytes(&m->target), i == 0 ? 3 * MADE_SIZE : 0);
        assert_int_equal(m->p.base->arenas.count, 2 - i);
        made_end(m);
    }
}

/* What leads to those that wait is of another base; serial numbers have begun again. */
static void what_an_arena_does_not_tell(void **state) {
    (void)state;
    struct made *m = running(NULL);
    made_word(m, MADE_BLOCK + MADE_ARENA + 0x30000 + m->p.base->form.cache_base, 0x1234);
    made_lose(m, 10);
    assert_int_equal(ask(m).count, 0);
    made_end(m);
    m = made_start(JH_5_2_1);
    made_variables(m);
    made_word(m, MADE_BLOCK + MADE_ARENA + m->p.base->form.sn_next, 0x7fffffff);
    assert_true(m->target.layout.extent[JH_EXTENT_SN].width < 31);
    assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
    assert_int_equal(m->p.base->arenas.arena[0].known.sn_next, 0);
    assert_int_equal(m->p.base->arenas.arena[1].known.sn_next, 100);
    made_end(m);
}

/* ---- without symbols ------------------------------------------------------------------------ */

static void other_word_in_front(struct made *m) { /* that leads to a block, of another base */
    made_word(m, base_of(m, 0) + 4, MADE_BLOCK5);
}
static void small_root(struct made *m) {
    m->target.layout.rtree_level[0].bits = 9;
}
static void no_blocks(struct made *m) {
    made_word(m, base_of(m, 5) + m->p.base->base_blocks, 0);
}
static void blocks_of_another(struct made *m) {
    made_word(m, base_of(m, 5) + m->p.base->base_blocks, MADE_BLOCK2);
}
static void between_lines(struct made *m) {
    made_word(m, MADE_ARRAY + 4 * 5, MADE_BLOCK5 + MADE_ARENA + 4);
}
static void far_away(struct made *m) {
    m->mapped[0] = (struct jt_range){0x10000, 0xf0000000};
    m->p.mapped_count = 1;
    made_word(m, MADE_ROOT + 4 * jh_rtree_subkey(&m->target.layout, MADE_HEAP, 0), 0xe0000000);
}
static void no_more_reads(struct made *m) {
    m->p.base->arenas.reads = 1u << 18;
}

static void arenas_that_are_looked_for(void **state) {
    (void)state;
    static const struct {
        change_fn *damage;
        bool found;
    } row[] = {{other_word_in_front, true}, {small_root, true},     {no_blocks, false},
               {blocks_of_another, false},  {between_lines, false}, {far_away, false},
               {no_more_reads, false}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made *m = made_start(JH_5_3_0);
        row[i].damage(m);
        assert_int_equal(jt_metadata_bytes(&m->target), row[i].found ? 3 * MADE_SIZE : 0);
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_that_are_changed),
        cmocka_unit_test(a_link_into_the_programs_memory),
        cmocka_unit_test(lost_ones_that_are_changed),
        cmocka_unit_test(one_of_two),
        cmocka_unit_test(words_that_are_none),
        cmocka_unit_test(what_no_arena_has_given),
        cmocka_unit_test(a_block_that_ends_early),
        cmocka_unit_test(an_extent_that_is_gone),
        cmocka_unit_test(a_structure_in_no_block),
        cmocka_unit_test(arenas_of_another_form),
        cmocka_unit_test(a_block_that_came_last),
        cmocka_unit_test(arrays_that_are_none),
        cmocka_unit_test(what_an_arena_does_not_tell),
        cmocka_unit_test(arenas_that_are_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
