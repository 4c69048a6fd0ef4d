/* The index of the made heap: every extent is in it, what breaks a rule is not vouched for, and
 * memory may run out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "heap/index.h"
#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_2_1, JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0], EXTENTS = 24 };

static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    made_variables(m);
    return m;
}

/* Extent i is a slab of one page with 8-byte regions, all of them handed out. */
static void slab(struct made *m, unsigned i) {
    made_lose(m, i);
    made_field(m, i, JH_EXTENT_SZIND, 0);
    made_field(m, i, JH_EXTENT_SLAB, 1);
    made_field(m, i, JH_EXTENT_STATE, 0);
    made_field(m, i, JH_EXTENT_NFREE, 0);
    made_field(m, i, JH_EXTENT_BSIZE, m->target.layout.bin[0].slab_size | (i / 8 == 1));
    made_leaf(m, made_base_of(i), i);
}

/* All extents are in the index, and these are not vouched for: the bit of each is 1. */
static void made(struct made *m, uint32_t not_vouched) {
    struct jt_index index;
    struct jh_index_pieces there;
    struct jh_found found;
    assert_true(jt_index_make(&m->target, &index));
    assert_int_equal(index.index.count, EXTENTS);
    assert_int_equal(index.index.doubt, not_vouched != 0);
    for (unsigned i = 0; i < EXTENTS; i++) {
        bool vouched = (not_vouched >> i & 1) == 0;
        assert_int_equal(jh_index_nth(&index.index, i, &there), vouched);
        enum jh_status status =
            jh_index_find(&index.index, &m->target.heap, made_base_of(i), &found, NULL);
        assert_true(!vouched || status == JH_OK);
        assert_true(!vouched || found.extent == made_extent(i));
    }
    assert_int_equal(m->p.stays, (uint64_t)2 * EXTENTS * m->target.layout.extent_size);
    assert_false(m->target.memory_ran_out);
    jt_index_free(&index);
}

static void all_of_it(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        made(m, 0);
        slab(m, 2);
        made(m, 0);
        made_end(m);
    }
}

/* Its bitmap has another number of free regions than it says, or is not there. */
static void a_slab_that_is_wrong(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        slab(m, 2);
        made_field(m, 2, JH_EXTENT_NFREE, 1);
        made(m, 1u << 2);
        made_end(m);
        m = start(versions[v]);
        slab(m, 23);
        m->segment[3].len = made_extent(23) - MADE_BLOCK5 + m->target.layout.bitmap_offset;
        made_forget(m);
        made(m, 1u << 23);
        made_end(m);
    }
}

/* An element in the middle of extent 4 that leads to extent 6: those on both sides of it are
 * doubted. */
static void an_element_that_is_wrong(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        made_leaf(m, made_base_of(4) + 0x8000, 6);
        made(m, 3u << 4);
        made_end(m);
    }
}

static enum jh_status same_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_reader *under = arg;
    return under->read(under->arg, addr, dst, len, got);
}

static bool no_more(void *arg, unsigned times) {
    (void)arg, (void)times;
    return false;
}

/* Then there is room for more. */
static void of_a_process(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jh_reader under = m->target.heap.reader;
    struct jt_index index;
    m->target.heap.reader = (struct jh_reader){.read = same_read, .retry = no_more, .arg = &under};
    assert_true(jt_index_make(&m->target, &index));
    assert_int_equal(index.index.count, EXTENTS);
    assert_true(index.index.room > EXTENTS + 60);
    jt_index_free(&index);
    made_end(m);
}

/* So many are parked that the index is on huge pages. */
static void parked_by_the_million(void **state) {
    (void)state;
    enum { MANY = 300000 };
    struct made *m = start(JH_5_3_0);
    struct jt_caches *all = &m->p.base->caches;
    (void)jt_caches(&m->target);
    free(all->parked); /* what was found, if anything */
    free(all->by_address);
    all->parked = calloc(MANY, sizeof *all->parked);
    all->by_address = calloc(MANY, sizeof *all->by_address);
    assert_non_null(all->parked);
    assert_non_null(all->by_address);
    all->parked_count = MANY;
    for (uint32_t i = 0; i < MANY; i++) { /* the last one first */
        all->parked[i].addr = made_base_of(0) + 16 * (uint64_t)(MANY - 1 - i);
        all->by_address[i] = MANY - 1 - i;
    }
    struct jt_index index;
    assert_true(jt_index_make(&m->target, &index));
    assert_int_equal((uintptr_t)index.memory % (2u << 20), 0);
    assert_int_equal(jh_index_parked(&index.index, 0, made_base_of(0) + 16 * 70), 70);
    assert_int_equal(jh_index_parked(&index.index, 0, made_base_of(0) + 8), JH_INDEX_NONE);
    jt_index_free(&index);
    for (unsigned nth = 1; nth <= 3; nth++) {
        fail_memory(nth);
        assert_false(jt_index_make(&m->target, &index));
        assert_true(fail_memory_came());
        assert_true(m->target.memory_ran_out);
        m->target.memory_ran_out = false;
    }
    fail_memory(0);
    made_end(m);
}

static void unsupported(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jt_index index;
    m->target.layout.bitmap_offset = UINT16_MAX;
    assert_false(jt_index_make(&m->target, &index));
    assert_false(m->target.memory_ran_out);
    made_end(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(a_slab_that_is_wrong),
        cmocka_unit_test(an_element_that_is_wrong),
        cmocka_unit_test(of_a_process),
        cmocka_unit_test(parked_by_the_million),
        cmocka_unit_test(unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
