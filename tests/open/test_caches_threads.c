/* Caches of the made heap that no list leads to: two are in front of their threads' pointers, one
 * is explicit. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_caches.h"

/* In front of a thread pointer: the cache, and the rest of it where that is apart. */
enum { THREADS = 2, DISTANCE = 0xf00 };
#define POINTER(i) (MADE_CACHE(i) + DISTANCE)
#define SLOW(i) (MADE_CACHE(i) + 0xc00u)
#define TCACHES (MADE_MODULE + 0xd000u) /* the variables, and behind them the table */
#define ELEMENT(i) (TCACHES + 0x100u + 4u * (i))

static struct jt_thread threads[THREADS];

static void word_of(struct made *m, unsigned i, uint32_t offset, uint64_t value) {
    made_word(m, (made_form.slow == JH_CACHE_NONE ? MADE_CACHE(i) : SLOW(i)) + offset, value);
}

static uint64_t arena_of(unsigned i) {
    return (i == 2 ? MADE_BLOCK5 : MADE_BLOCK) + MADE_ARENA;
}

static void start_threads(struct made *m) {
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct jt_thread){.id = (int)(100 + i), .tls = POINTER(i)};
    }
    m->p.thread = threads;
    m->p.threads = THREADS;
}

static void explicit_ones(struct made *m) {
    m->p.source->variable[3] = (struct jt_variable){"tcaches", TCACHES, 4};
    m->p.source->variable[4] = (struct jt_variable){"tcaches_past", TCACHES + 4, 4};
    m->p.source->variables = 5;
    made_word(m, TCACHES, ELEMENT(0));
    made_word(m, TCACHES + 4, 4);
    made_word(m, ELEMENT(0), ELEMENT(3)); /* free; the next one */
    made_word(m, ELEMENT(1), MADE_CACHE(2));
    made_word(m, ELEMENT(2), 1); /* it is to be made anew when it is used (5.x, arena.reset) */
}

/* As a build without statistics has them. */
static struct made *start(enum jh_version version) {
    struct made *m = made_caches(version);
    made_word(m, MADE_BLOCK + MADE_ARENA + made_form.list, 0);
    made_word(m, MADE_BLOCK5 + MADE_ARENA + made_form.list, 0);
    for (unsigned i = 0; i < MADE_CACHES; i++) {
        word_of(m, i, made_form.arena, arena_of(i));
        if (made_form.slow != JH_CACHE_NONE) {
            made_word(m, MADE_CACHE(i) + made_form.slow, SLOW(i));
            made_word(m, SLOW(i) + made_form.back, MADE_CACHE(i));
        }
    }
    start_threads(m);
    explicit_ones(m);
    return m;
}

/* So many, for this reason. */
static void found(struct made *m, enum jt_caches_why why, size_t count) {
    const struct jt_caches *all = jt_caches(&m->target);
    assert_int_equal(all->why, why);
    assert_int_equal(all->count, count);
    assert_true(all->inferred);
    made_end(m);
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void in_threads(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        const struct jt_caches *all = jt_caches(&m->target);
        for (unsigned i = 0; i < MADE_CACHES; i++) {
            assert_int_equal(all->cache[i].at, MADE_CACHE(i));
            assert_int_equal(all->cache[i].arena_ind, i == 2 ? 5 : 0);
            assert_int_equal(all->cache[i].count, i + 2);
        }
        assert_int_equal(all->parked_count, 9);
        assert_non_null(jt_parked_at(&m->target, made_base_of(11) + 64));
        found(m, JT_CACHES_COMPLETE, MADE_CACHES);
    }
}

/* The way of a build without lists, in one that has them. */
static void both_ways(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        made_word(m, MADE_BLOCK + MADE_ARENA + made_form.list, made_element(0));
        assert_int_equal(jt_caches(&m->target)->count, 2); /* those of one arena */
        assert_false(jt_caches(&m->target)->inferred);
        jt_caches_again(&m->target, &made_form, true);
        found(m, JT_CACHES_COMPLETE, MADE_CACHES);
    }
}

/* The second thread has none yet, and the explicit one is not in use. */
static void idle(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        bool rest = made_form.slow != JH_CACHE_NONE;
        made_word(m, MADE_CACHE(1) + (rest ? made_form.slow : made_form.arena), 0);
        word_of(m, 2, made_form.arena, 0);
        found(m, JT_CACHES_COMPLETE, 1);
    }
}

/* How far they are is learnt from the second thread: the first has none. */
static void the_first_has_none(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        word_of(m, 0, made_form.arena, 0);
        threads[0].tls = POINTER(1) + 0x100000; /* its storage is not there */
        found(m, JT_CACHES_THREADS, 2);
    }
}

/* In front of the caches is what looks like one up to its bins. */
static void alike(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        uint64_t at = MADE_CACHE(0) - 0x40;
        made_word(m, at, made_form.slow == JH_CACHE_NONE ? arena_of(0) : SLOW(0));
        made_word(m, MADE_CACHE(0) - 0x80, SLOW(0));
        found(m, JT_CACHES_COMPLETE, MADE_CACHES);
    }
}

/* The storage of one lies in front of another's, as near as small stacks put it. */
static void the_first_is_above(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        threads[0].tls = POINTER(1);
        threads[1].tls = POINTER(0);
        found(m, JT_CACHES_COMPLETE, MADE_CACHES);
        m = start(made_versions[v]);
        threads[0].tls = POINTER(1);
        threads[1].tls = POINTER(0);
        word_of(m, 1, made_form.arena, 0); /* it has none */
        found(m, JT_CACHES_COMPLETE, 2);
    }
}

/* Two threads with one thread pointer have one cache. */
static void one_pointer(void **state) {
    static struct jt_thread more[THREADS + 1];
    (void)state;
    struct made *m = start(JH_5_3_0);
    memcpy(more, threads, sizeof threads);
    more[THREADS] = (struct jt_thread){.id = 102, .tls = POINTER(0)};
    m->p.thread = more;
    m->p.threads = THREADS + 1;
    assert_int_equal(jt_caches(&m->target)->parked_count, 9);
    found(m, JT_CACHES_COMPLETE, MADE_CACHES);
}

/* ---- not all of them ------------------------------------------------------------------------- */

static void unknown_pointers(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    threads[0].tls = 0; /* the registers of one are not known */
    found(m, JT_CACHES_THREADS, 2);
    m = start(JH_5_3_0);
    threads[0].tls = threads[1].tls = 0;
    found(m, JT_CACHES_NO_LIST, 1);
    m = start(JH_5_3_0);
    m->p.threads = 0;
    found(m, JT_CACHES_NO_LIST, 1);
}

/* The pointers are in the C library's data, which is in the module. */
static void pointers_in_memory(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        m->p.machine = EM_386;
        m->p.segment = m->segment;
        m->p.segments = 5;
        for (unsigned i = 0; i < THREADS; i++) {
            made_word(m, POINTER(i), POINTER(i));
            made_word(m, POINTER(i) + 8, POINTER(i));
            made_word(m, POINTER(i) + 104, 100 + i);
            threads[i].tls = 0;
            threads[i].stack = MADE_CACHE(0);
        }
        found(m, JT_CACHES_COMPLETE, MADE_CACHES);
    }
}

/* Where a thread pointer leads are zeroes, and nothing that points to itself. */
static void damaged_pointer(void **state) {
    (void)state;
    for (unsigned is = 0; is < 2; is++) {
        struct made *m = start(JH_5_3_0);
        uint64_t at = POINTER(1) + 0x2000;
        m->p.machine = EM_386;
        threads[1].tls = at;
        made_word(m, at - DISTANCE + made_form.slow, 0);
        made_word(m, at, is ? at : 0);
        found(m, is ? JT_CACHES_COMPLETE : JT_CACHES_THREADS, 2);
    }
}

/* So many threads that not all memory above their stacks is searched. */
static void too_many_threads(void **state) {
    static struct jt_thread many[300];
    struct made *m = start(JH_5_3_0);
    struct jh_segment large = {0x60000000, NULL, UINT64_C(16) << 20};
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        many[i].stack = 0x60000000;
    }
    m->p.machine = EM_386;
    m->p.segment = &large;
    m->p.segments = 1;
    m->p.thread = many;
    m->p.threads = 300;
    found(m, JT_CACHES_LIMIT, 1);
}

/* Arm's are in a register only. */
static void needs_hold(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct made *m = start(JH_5_3_0);
        threads[0].tls = threads[1].tls = 0;
        m->target.kind = i == 0 ? JT_CORE : JT_PROCESS;
        m->p.is_still = i == 1;
        (void)jt_arenas(&m->target);
        m->p.machine = i == 2 ? EM_RISCV : EM_AARCH64;
        m->p.words = 8;
        enum jt_caches_why why = jt_caches(&m->target)->why;
        assert_int_equal(why == JT_CACHES_NOT_HELD, i == 3);
        m->p.words = 4;
        made_end(m);
    }
    assert_non_null(strstr(jt_caches_why_text(JT_CACHES_NOT_HELD), "(--stop)"));
}

/* Where the second thread's cache has to be is something else. */
static void strange(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = start(made_versions[v]);
        word_of(m, 1, made_form.arena, arena_of(0) + 0x40); /* no arena */
        found(m, JT_CACHES_THREADS, 2);
        m = start(made_versions[v]);
        made_fill(m, 1, m->target.layout.sc_nbins, MADE_STACK(1) + 4 * MADE_CAPACITY + 4, 1);
        found(m, JT_CACHES_THREADS, 2); /* between its stacks is a word */
        m = start(made_versions[v]);
        made_fill(m, 1, MADE_SZIND, MADE_STACK(1), MADE_CAPACITY + 1);
        found(m, JT_CACHES_THREADS, 2); /* a bin is corrupt */
        m = start(made_versions[v]);
        made_fill(m, 1, MADE_SZIND + 1, MADE_STACK(1) + 4 * MADE_CAPACITY, 1);
        found(m, JT_CACHES_THREADS, 2); /* two bins have one stack */
        if (made_form.slow != JH_CACHE_NONE) {
            m = start(made_versions[v]);
            made_word(m, SLOW(1) + made_form.back, MADE_CACHE(0));
            found(m, JT_CACHES_THREADS, 2); /* its rest is another's */
            m = start(made_versions[v]);
            made_word(m, MADE_CACHE(1) + made_form.slow, 0x1000);
            found(m, JT_CACHES_THREADS, 2); /* absent */
        }
    }
}

/* Without capacities a stack may be as large as jemalloc makes the largest, and no larger. */
static void stacks_of_unknown_size(void **state) {
    (void)state;
    for (unsigned far = 0; far < 2; far++) {
        struct made *m = start(JH_5_2_1);
        uint64_t end = MADE_BLOCK2 + 0x1000 + 0x40000 * (1 + far);
        m->p.source->variable[2].addr = 0x1000;
        made_fill(m, 0, MADE_SZIND, MADE_BLOCK2 + 0x1000, 1);
        made_fill(m, 0, m->target.layout.sc_nbins, end, 1);
        made_fill(m, 1, MADE_SZIND, MADE_BLOCK2 + 0x1000, 1);
        made_fill(m, 1, m->target.layout.sc_nbins, end, 1);
        found(m, far ? JT_CACHES_NO_LIST : JT_CACHES_COMPLETE, far ? 1 : 3);
    }
}

static void explicit_unknown(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    m->p.source->variables = 3; /* stripped */
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    m->p.source->variables = 4;
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    m->p.source->variable[3].addr = 0x1000; /* absent */
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    m->p.source->variable[4].addr = 0x1000;
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    made_word(m, TCACHES + 4, 4097); /* more than jemalloc makes */
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    made_word(m, TCACHES, 0x1000);
    found(m, JT_CACHES_EXPLICIT, 2);
    m = start(JH_5_3_0);
    made_word(m, ELEMENT(2), 0x20000000); /* neither free nor there */
    found(m, JT_CACHES_EXPLICIT, 3);
    m = start(JH_5_3_0);
    word_of(m, 2, made_form.arena, arena_of(0) + 0x40);
    found(m, JT_CACHES_EXPLICIT, 2);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* All reads from the nth on fail. */
struct spent {
    struct jh_reader under;
    unsigned left;
};

static enum jh_status spent_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct spent *s = arg;
    if (s->left == 0) {
        *got = 0;
        return JH_LIMIT;
    }
    s->left--;
    return s->under.read(s->under.arg, addr, dst, len, got);
}

/* Wherever the budget ends, that is the reason. */
static void a_budget(void **state) {
    (void)state;
    unsigned left = 0;
    for (bool enough = false; !enough; left++) {
        struct made *m = start(JH_5_3_0);
        struct spent s = {m->target.heap.reader, left};
        m->target.heap.reader = (struct jh_reader){.read = spent_read, .arg = &s};
        const struct jt_caches *all = jt_caches(&m->target);
        enough = all->why == JT_CACHES_COMPLETE;
        assert_true(enough || all->why == JT_CACHES_LIMIT);
        assert_int_equal(all->faults, !enough);
        assert_true(enough || all->fault[0].status == JH_LIMIT);
        made_end(m);
    }
    assert_in_range(left, 100, 1000);
}

static void starved(void **state) {
    (void)state;
    unsigned nth = 1;
    for (bool came = true; came; nth++) {
        struct made *m = start(JH_5_3_0);
        jt_metadata_find(&m->target);
        fail_memory(nth);
        const struct jt_caches *all = jt_caches(&m->target);
        came = fail_memory_came();
        fail_memory(0);
        assert_int_equal(all->why, came ? JT_CACHES_NO_MEMORY : JT_CACHES_COMPLETE);
        made_end(m);
    }
    assert_in_range(nth, 5, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_threads),
        cmocka_unit_test(both_ways),
        cmocka_unit_test(idle),
        cmocka_unit_test(the_first_has_none),
        cmocka_unit_test(alike),
        cmocka_unit_test(the_first_is_above),
        cmocka_unit_test(one_pointer),
        cmocka_unit_test(unknown_pointers),
        cmocka_unit_test(pointers_in_memory),
        cmocka_unit_test(damaged_pointer),
        cmocka_unit_test(too_many_threads),
        cmocka_unit_test(needs_hold),
        cmocka_unit_test(strange),
        cmocka_unit_test(stacks_of_unknown_size),
        cmocka_unit_test(explicit_unknown),
        cmocka_unit_test(a_budget),
        cmocka_unit_test(starved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
