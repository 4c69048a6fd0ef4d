/* Blocks of the base allocators that are large, shared or full of holes: what is looked at of them
 * is bounded by the bytes that there are, and a limit is said by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "made_heap.h"

#define GIB (UINT64_C(1) << 30)
#define BEHIND (MADE_BLOCK5 + MADE_SIZE) /* the last block goes on there */

/* What is behind the last block, and how much of everything is read. */
struct behind {
    struct jh_reader under;
    enum { HOLE, SHARED, OUT_OF_TIME } what;
    uint64_t len, read;
    unsigned left; /* reads until the time is over */
};

static enum jh_status behind_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct behind *b = arg;
    *got = 0;
    if (b->what == OUT_OF_TIME && b->left-- == 0) {
        b->left = 0;
        return JH_LIMIT;
    }
    b->read += len;
    if (b->what == HOLE && addr >= BEHIND && addr < BEHIND + b->len) {
        memset(dst, 0, len);
        *got = len;
        return JH_OK;
    }
    if (b->what == SHARED && addr >= BEHIND) {
        addr = MADE_BLOCK5 + MADE_EXTENTS + addr % 0x1000;
    }
    return b->under.read(b->under.arg, addr, dst, len, got);
}

static uint64_t behind_next(void *arg, uint64_t addr) {
    const struct behind *b = arg;
    return b->under.next(b->under.arg, addr);
}

static uint64_t behind_nonzero(void *arg, uint64_t addr) {
    const struct behind *b = arg;
    uint64_t first = MADE_BLOCK5 + 0x100000; /* behind the structures */
    return b->what == HOLE && addr >= first && addr < BEHIND + b->len ? BEHIND + b->len : addr;
}

struct said {
    unsigned count, limits;
    struct jh_fault first, limit;
    uint64_t at[4];
};

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    if (status == JH_LIMIT) {
        said->limits++;
        said->limit = *fault;
        return;
    }
    assert_in_range(said->count, 0, 3);
    said->at[said->count] = fault->addr;
    said->first = said->count++ == 0 ? *fault : said->first;
}

static struct said ask(struct made *m) {
    struct said said = {0};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    struct jh_walk walk;
    struct jh_extent e;
    assert_non_null(c);
    jh_walk_start(&walk, &m->target.heap);
    while (jh_walk_next(&walk, &e, NULL) == JH_OK) {
        jt_check_extent(c, &e);
    }
    jt_check_end(c, true);
    return said;
}

/* With its arenas known. */
static struct made *known(void) {
    struct made *m = made_start(JH_5_3_0);
    made_variables(m);
    assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
    return m;
}

static struct made *large(struct behind *b) {
    struct made *m = known();
    b->under = m->target.heap.reader;
    m->target.heap.reader = (struct jh_reader){
        .read = behind_read, .next = behind_next, .nonzero = behind_nonzero, .arg = b};
    m->p.base->block[2].used = BEHIND + b->len;
    made_lose(m, 3);
    return m;
}

/* 60 GiB of a file that are a hole: nothing of them is read. */
static void a_block_with_a_hole(void **state) {
    (void)state;
    struct behind b = {.what = HOLE, .len = 60 * GIB};
    struct made *m = large(&b);
    struct said said = ask(m);
    assert_int_equal(said.limits, 0);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.lost");
    assert_in_range(b.read, MADE_SIZE, 4 * MADE_SIZE);
    made_end(m);
}

/* As many that are all one page of the file: as much is looked at as there is. */
static void a_block_of_one_page(void **state) {
    (void)state;
    struct behind b = {.what = SHARED, .len = 60 * GIB};
    struct made *m = large(&b);
    struct said said = ask(m);
    assert_int_equal(said.limits, 1);
    assert_int_equal(said.limit.status, JH_LIMIT);
    assert_string_equal(said.limit.rule, "arena.search-limit");
    assert_true(said.limit.addr >= BEHIND);
    assert_true(said.limit.seen >= m->p.core_size);
    assert_int_equal(said.count, 1); /* what was found until then */
    assert_string_equal(said.first.rule, "arena.lost");
    assert_in_range(b.read, MADE_SIZE, 3 * m->p.core_size);
    made_end(m);
}

/* More places for structures than any program has. */
static void a_block_of_a_terabyte(void **state) {
    (void)state;
    struct behind b = {.what = HOLE, .len = 1024 * GIB};
    struct made *m = large(&b);
    struct said said = ask(m);
    assert_int_equal(said.limits, 1);
    assert_string_equal(said.limit.rule, "arena.search-limit");
    assert_int_equal(said.limit.addr, MADE_BLOCK5);
    assert_int_equal(said.count, 0);
    made_end(m);
}

/* The time is over in the middle of it. */
static void no_time_is_left(void **state) {
    (void)state;
    struct behind b = {.what = OUT_OF_TIME, .left = UINT32_MAX};
    struct made *m = large(&b);
    struct said said = {0};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    assert_non_null(c);
    b.left = 1;
    jt_check_end(c, true);
    assert_int_equal(said.limits, 1);
    assert_string_equal(said.limit.rule, "reader.budget");
    made_end(m);
}

static bool give_up(void *arg, const char *doing, uint64_t done, uint64_t all) {
    assert_int_equal(all, 3);
    assert_non_null(strstr(doing, "jemalloc's own memory"));
    return ++*(unsigned *)arg != done + 1; /* after the first block */
}

static void it_is_given_up(void **state) {
    (void)state;
    unsigned asked = 1;
    struct behind b = {.what = HOLE};
    struct made *m = large(&b);
    m->p.watch = give_up;
    m->p.watch_arg = &asked;
    assert_int_equal(ask(m).limits, 0); /* the reader says that, which knows it by now */
    assert_int_equal(asked, 2);
    made_end(m);
}

/* Next to the holes of a file as little is read as can be. A process has no such bound. */
static void as_much_as_there_is(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct behind b = {.what = HOLE};
        struct made *m = large(&b);
        m->target.kind = i == 0 ? JT_CORE : JT_PROCESS;
        m->p.piece = i == 0 ? m->segment : NULL;
        m->p.core_size = i == 0 ? 2 * MADE_SIZE : 1;
        struct said said = ask(m);
        assert_int_equal(said.limits, 0);
        assert_int_equal(said.count, 1);
        made_end(m);
    }
}

/* Arena by arena, wherever their blocks are. */
static void lost_ones_of_two_arenas(void **state) {
    (void)state;
    struct made *m = known();
    struct jt_arenas *a = &m->p.base->arenas;
    struct jt_arena first = a->arena[0];
    a->arena[0] = a->arena[1];
    a->arena[1] = first;
    for (size_t i = 0; i < m->p.base->blocks; i++) {
        m->p.base->block[i].arena = 1 - m->p.base->block[i].arena;
    }
    made_lose(m, 5);
    made_lose(m, 19);
    made_lose(m, 3);
    struct said said = ask(m);
    assert_int_equal(said.count, 3);
    assert_int_equal(said.at[0], made_extent(19));
    assert_int_equal(said.at[1], made_extent(3));
    assert_int_equal(said.at[2], made_extent(5));
    made_end(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_with_a_hole),     cmocka_unit_test(a_block_of_one_page),
        cmocka_unit_test(a_block_of_a_terabyte),   cmocka_unit_test(no_time_is_left),
        cmocka_unit_test(it_is_given_up),          cmocka_unit_test(as_much_as_there_is),
        cmocka_unit_test(lost_ones_of_two_arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
