/* Which arenas of the made heap threads are given, and which the program has made: by a symbol, by
 * their lists, and where neither tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "heap/numbers.h"
#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                           JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0] };
#define LIMIT (MADE_MODULE + 0xa000u) /* a variable */

static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    made_variables(m);
    return m;
}

/* Of arenas 0, 1, 5 and 6; there are 0 and 5. */
static void are(struct made *m, enum jt_answer zero, enum jt_answer one, enum jt_answer five,
                enum jt_answer six) {
    m->p.base->kinds.done = false;
    assert_int_equal(jt_arena_is_automatic(&m->target, 0), zero);
    assert_int_equal(jt_arena_is_automatic(&m->target, 1), one);
    assert_int_equal(jt_arena_is_automatic(&m->target, 5), five);
    assert_int_equal(jt_arena_is_automatic(&m->target, 6), six);
}

static void by_a_symbol(void **state) {
    static const char *const name[] = {"manual_arena_base", "narenas_auto"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made *m = start(JH_5_3_0);
        struct jt_variable *limit = &m->p.source->variable[2];
        *limit = (struct jt_variable){.addr = LIMIT, .size = 4};
        memcpy(limit->name, name[i], strlen(name[i]) + 1);
        m->p.source->variables = 3;
        made_word(m, LIMIT, 5);
        are(m, JT_YES, JT_YES, JT_NO, JT_NO);
        made_word(m, LIMIT, 6);
        are(m, JT_YES, JT_YES, JT_YES, JT_NO);
        limit->addr = 0x1000; /* absent */
        are(m, JT_YES, JT_CANNOT_TELL, JT_CANNOT_TELL, JT_CANNOT_TELL);
        made_end(m);
    }
}

/* Only those that were made list their large allocations. */
static void by_their_lists(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        uint64_t list = made_offset(m, "arena_s", "large");
        uint64_t large =
            MADE_BLOCK5 + MADE_ARENA + made_offset(m, "arena_s", "stats.lstats.nmalloc");
        are(m, JT_YES, JT_CANNOT_TELL, JT_CANNOT_TELL, JT_CANNOT_TELL);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + list, made_extent(16));
        are(m, JT_YES, JT_CANNOT_TELL, JT_NO, JT_NO);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + list, 0);
        made_word(m, large, 1); /* it has some, and no list of them */
        are(m, JT_YES, JT_YES, JT_YES, JT_CANNOT_TELL);
        made_word(m, MADE_BLOCK + MADE_ARENA + list, made_extent(0)); /* arena 0 is never made */
        are(m, JT_YES, JT_CANNOT_TELL, JT_CANNOT_TELL, JT_CANNOT_TELL);
        made_end(m);
    }
}

/* An arena whose memory is not there tells nothing. */
static void absent(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    uint64_t list = made_offset(m, "arena_s", "large");
    made_word(m, MADE_BLOCK5 + MADE_ARENA + list, made_extent(16));
    jt_metadata_find(&m->target);
    assert_int_equal(m->p.base->arenas.arena[1].known.ind, 5);
    m->p.base->arenas.arena[1].at = 0x1000;
    are(m, JT_YES, JT_CANNOT_TELL, JT_CANNOT_TELL, JT_CANNOT_TELL);
    m->p.base->arenas.arena[1].at = 0;
    are(m, JT_YES, JT_CANNOT_TELL, JT_CANNOT_TELL, JT_CANNOT_TELL);
    made_end(m);
}

/* Whose memory a structure is in. */
static void of_a_structure(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    assert_int_equal(jt_metadata_arena(&m->target, made_extent(1)), 0);
    assert_int_equal(jt_metadata_arena(&m->target, made_extent(9)), 0);
    assert_int_equal(jt_metadata_arena(&m->target, made_extent(17)), 5);
    assert_true(jt_metadata_arena(&m->target, MADE_HEAP) == UINT64_MAX);
    made_end(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_a_symbol),
        cmocka_unit_test(by_their_lists),
        cmocka_unit_test(absent),
        cmocka_unit_test(of_a_structure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
