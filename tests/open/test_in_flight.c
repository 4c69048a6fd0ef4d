/* Marks of operations in flight, in the made heap: each lock, purging, and what threads have in
 * hand; near what is broken, elsewhere, and where it cannot be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                           JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0], REGISTERS = 17, PC = 12, SP = 15 };

#define TEXT MADE_MODULE                 /* jemalloc's functions: 2 KiB */
#define STACK (MADE_MODULE + 0xb000u)    /* of the thread */
#define ELSEWHERE (MADE_MODULE + 0xf00u) /* code that is no function of jemalloc's */
#define BINS (MADE_MODULE + 0xa000u)     /* of 5.2, behind pointers */

/* Extent 1 is arena 0's, 17 is arena 5's. */
static struct jt_judged judge(struct made *m, const char *rule, unsigned i) {
    struct jh_fault fault = {JH_CORRUPT, JH_STAGE_ARENA, made_extent(i), 0, rule, 0, 0, 0, false};
    m->p.base->hands.locks.done = false; /* of a heap that a test has changed meanwhile */
    return jt_judge(&m->target, &fault, false);
}

static void is(struct made *m, const char *rule, unsigned i, enum jt_severity severity,
               uint32_t mark) {
    struct jt_judged j = judge(m, rule, i);
    assert_int_equal(j.severity, severity);
    assert_int_equal(j.mark, mark);
}

static uint8_t reg[REGISTERS * 4];
static struct jt_thread thread;
static struct jt_module module;
static struct jt_range text;

static void put(struct made *m, unsigned word, uint64_t value) {
    jt_number_put(&m->target, reg + (size_t)4 * word, value, 4);
}

/* A heap of which the arenas are known, and one thread, which executes something else. */
static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
    m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
    m->p.source->variables = 2;
    memcpy(m->target.root_name, "root", 5);
    m->p.machine = EM_386;
    text = (struct jt_range){TEXT, TEXT + 0x800};
    module = (struct jt_module){.range = &text, .ranges = 1};
    m->target.jemalloc = &module;
    jt_ranges_add(&m->p.code, TEXT, 0x800);
    jt_ranges_add(&m->p.code, ELSEWHERE, 0x100);
    jt_ranges_merge(&m->p.code);
    memset(reg, 0, sizeof reg);
    put(m, PC, ELSEWHERE);
    put(m, SP, STACK);
    thread = (struct jt_thread){.id = 7};
    jt_thread_registers(&m->target, reg, sizeof reg, &thread);
    m->p.thread = &thread;
    m->p.threads = 1;
    if (version == JH_5_2_1) {
        uint64_t bins = made_offset(m, "arena_s", "bins");
        for (unsigned i = 0; i < m->target.layout.sc_nbins; i++) {
            made_word(m, MADE_BLOCK + MADE_ARENA + bins + 4 * i, BINS);
            made_word(m, MADE_BLOCK5 + MADE_ARENA + bins + 4 * i, BINS);
        }
    }
    jt_metadata_find(&m->target);
    return m;
}

/* Look at the threads anew. */
static void again(struct made *m) {
    jt_hands_free(&m->target);
    jt_thread_registers(&m->target, reg, sizeof reg, &thread);
}

static void end(struct made *m) {
    jt_hands_free(&m->target);
    m->p.thread = NULL;
    m->p.threads = 0;
    m->target.jemalloc = NULL;
    jt_ranges_free(&m->p.code);
    made_end(m);
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static void rows(void **state) {
    (void)state;
    assert_int_equal(jt_excuses("cache.parked-twice"), JT_MARK_CACHE);
    assert_int_equal(jt_excuses("extent.szind"), 0);
    assert_int_equal(jt_excuses("extent"), 0);
    for (unsigned i = 0; i < JT_MARKS; i++) {
        assert_true(*jt_mark_words((enum jt_mark)(1u << i)) != 0);
    }
    assert_string_equal(jt_mark_words((enum jt_mark)(1u << JT_MARKS)), "");
    assert_string_equal(jt_mark_words((enum jt_mark)0), "");
}

/* Nothing is known of one moment. */
static void a_target_that_moves(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jh_fault fault = {JH_CORRUPT, JH_STAGE_ARENA, made_extent(1), 0, "arena.links", 0, 0,
                             0,          false};
    assert_int_equal(jt_judge(&m->target, &fault, true).severity, JT_CORRUPT); /* looked at again */
    assert_int_equal(jt_judge(&m->target, &fault, true).mark, 0);
    fault.rule = "arena.nactive";
    assert_int_equal(jt_judge(&m->target, &fault, true).severity, JT_TRANSIENT);
    fault.rule = "cache.parked-free";
    assert_int_equal(jt_judge(&m->target, &fault, true).severity, JT_TRANSIENT);
    fault.rule = "extent.szind";
    assert_int_equal(jt_judge(&m->target, &fault, true).severity, JT_CORRUPT);
    end(m);
}

/* ---- locks -------------------------------------------------------------------------------------
 */

/* The lock at that place of arena 0: held, in glibc's word or in musl's. */
static void lock(struct made *m, uint64_t mutex, const char *rule, uint32_t mark) {
    uint64_t at = mutex + made_offset(m, "malloc_mutex_s", "lock");
    for (unsigned word = 0; word < 2; word++) {
        made_word(m, at + 4 * word, 1);
        is(m, rule, 1, JT_TRANSIENT, mark);
        is(m, rule, 17, JT_CORRUPT, 0);
        made_word(m, at + 4 * word, 0x41414141); /* text is over it */
        is(m, rule, 1, JT_CORRUPT, 0);
        made_word(m, at + 4 * word, 0);
    }
    made_word(m, at, 1);
    made_word(m, at + 4, 1); /* nor is there recursion */
    is(m, rule, 1, JT_CORRUPT, 0);
    made_word(m, at, 0);
    made_word(m, at + 4, 0);
    is(m, rule, 1, JT_CORRUPT, 0);
}

static void locks(void **state) {
    (void)state;
    static const char *const path[] = {"extents_dirty.mtx",     "extents_retained.mtx",
                                       "extent_grow_mtx",       "pa_shard.pac.ecache_muzzy.mtx",
                                       "pa_shard.pac.grow_mtx", "pa_shard.hpa_shard.mtx"};
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        struct jh_member at;
        for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
            if (jh_struct_member(&m->target.layout, "arena_s", path[i], &at, NULL) == JH_OK) {
                lock(m, MADE_BLOCK + MADE_ARENA + at.offset, "arena.links", JT_MARK_PAGES);
            }
        }
        lock(m, m->p.base->arenas.arena[0].base + made_offset(m, "base_s", "mtx"),
             "arena.base-mapped", JT_MARK_BASE);
        end(m);
    }
}

static void purging(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        bool old = versions[v] < JH_5_3_0;
        uint64_t at = MADE_BLOCK + MADE_ARENA +
                      made_offset(m, "arena_s",
                                  old ? "decay_muzzy.purging" : "pa_shard.pac.decay_muzzy.purging");
        *made_at(m, at) = 1;
        is(m, "leaf.state", 1, JT_TRANSIENT, JT_MARK_PURGE);
        is(m, "leaf.state", 17, JT_CORRUPT, 0);
        *made_at(m, at) = 'A'; /* it is a bool */
        is(m, "leaf.state", 1, JT_CORRUPT, 0);
        end(m);
    }
}

/* Of the class of the slab, and of no other. */
static void lock_of_a_bin(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        bool old = versions[v] < JH_5_1_0;
        const char *type = old ? "arena_bin_s" : "bin_s";
        uint64_t size = 0, at = BINS, szind = 3;
        uint32_t align;
        made_field(m, 1, JH_EXTENT_SZIND, szind);
        made_field(m, 1, JH_EXTENT_SLAB, 1);
        made_field(m, 1, JH_EXTENT_STATE, 0);
        made_field(m, 1, JH_EXTENT_BSIZE, m->target.layout.bin[szind].slab_size);
        if (versions[v] != JH_5_2_1) {
            assert_int_equal(jh_struct_size(&m->target.layout, type, &size, &align, NULL), JH_OK);
            at = MADE_BLOCK + MADE_ARENA + szind * size +
                 made_offset(m, "arena_s", versions[v] < JH_5_3_1 ? "bins" : "all_bins");
        }
        at += made_offset(m, type, "lock") + made_offset(m, "malloc_mutex_s", "lock");
        made_word(m, at, 2);
        is(m, "slab.nfree", 1, JT_TRANSIENT, JT_MARK_BIN);
        if (versions[v] != JH_5_2_1) {
            made_word(m, at, 0);
            made_word(m, at + size, 2);
            is(m, "slab.nfree", 1, JT_CORRUPT, 0);
        }
        end(m);
    }
}

/* ---- threads -----------------------------------------------------------------------------------
 */

static void a_register(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    put(m, 1, made_extent(1));
    again(m);
    is(m, "leaf.szind", 1, JT_CORRUPT, 0); /* it is not inside jemalloc */
    put(m, PC, TEXT + 4);
    again(m);
    is(m, "leaf.szind", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    assert_int_equal(judge(m, "leaf.szind", 1).thread, 7);
    is(m, "leaf.szind", 17, JT_CORRUPT, 0);
    is(m, "extent.unused-addr", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    is(m, "extent.unused-addr", 17, JT_CORRUPT, 0);
    put(m, 1, made_base_of(1)); /* its memory is as good, and what lies in the structure too */
    again(m);
    is(m, "leaf.szind", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    put(m, 1, made_extent(1) + 8);
    again(m);
    is(m, "leaf.szind", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    end(m);
}

/* It was not stopped: what it does may be what is wrong. So may what it has locked. */
static void a_crash(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    uint64_t lock = MADE_BLOCK + MADE_ARENA +
                    made_offset(m, "arena_s", "pa_shard.pac.ecache_dirty.mtx") +
                    made_offset(m, "malloc_mutex_s", "lock");
    thread.crashed = true;
    put(m, PC, TEXT + 4);
    put(m, 1, made_extent(1));
    again(m);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, JT_MARK_EXTENT);
    assert_string_equal(judge(m, "leaf.szind", 1).doubt, "a thread crashed there");
    is(m, "leaf.szind", 17, JT_CORRUPT, 0);
    made_word(m, lock, 1);
    is(m, "arena.npages", 1, JT_SUSPICIOUS, JT_MARK_PAGES);
    put(m, PC, ELSEWHERE); /* it crashed elsewhere, and another thread has the lock */
    again(m);
    is(m, "arena.npages", 1, JT_TRANSIENT, JT_MARK_PAGES);
    thread.crashed = false;
    end(m);
}

/* What jemalloc has called is executed; how far up its frames go. */
static void a_stack(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    made_word(m, STACK + 4 * 20, made_extent(1));
    made_word(m, STACK + 4 * 30, TEXT + 0x100);
    again(m);
    is(m, "leaf.szind", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    made_word(m, STACK + 4 * 30, 0);
    made_word(m, STACK + 4 * 33, TEXT + 0x100); /* too far for it to be what called */
    again(m);
    is(m, "leaf.szind", 1, JT_CORRUPT, 0);
    put(m, PC, TEXT);
    again(m);
    is(m, "leaf.szind", 1, JT_TRANSIENT, JT_MARK_EXTENT);
    made_word(m, STACK + 4 * 20, 0);
    made_word(m, STACK + 4 * 40, made_extent(1)); /* above jemalloc's frames */
    again(m);
    is(m, "leaf.szind", 1, JT_CORRUPT, 0);
    end(m);
}

/* Of the arena's own memory; of that of another one it excuses nothing, nor does what a background
 * thread sleeps with. */
static void something_of_the_arena(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    put(m, PC, TEXT + 4);
    put(m, 1, MADE_BLOCK + MADE_ARENA);
    again(m);
    is(m, "arena.large-count", 1, JT_TRANSIENT, JT_MARK_INSIDE);
    is(m, "arena.large-count", 17, JT_CORRUPT, 0);
    m->p.source->variable[2] = (struct jt_variable){"background_thread_info", BINS, 4};
    m->p.source->variables = 3;
    made_word(m, BINS, MADE_BLOCK + MADE_ARENA - 8);
    again(m);
    is(m, "arena.large-count", 1, JT_CORRUPT, 0);
    end(m);
}

/* Where jemalloc's functions are not known, an address on the stack may be an old one. */
static void without_text(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    m->target.jemalloc = NULL;
    made_word(m, STACK + 4 * 200, made_extent(1));
    again(m);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, JT_MARK_EXTENT);
    made_word(m, STACK + 4 * 200, 0);
    again(m);
    is(m, "leaf.szind", 1, JT_CORRUPT, 0);
    m->target.jemalloc = &module; /* in a program whose file is not at hand */
    module.main = true;
    made_word(m, STACK + 4 * 200, made_extent(1));
    again(m);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, JT_MARK_EXTENT);
    end(m);
}

static void what_cannot_be_told(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    thread.reg = NULL; /* inside, and its registers are not known */
    thread.regs = 0;
    thread.pc = TEXT;
    jt_hands_free(&m->target);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, 0);
    thread.pc = 0;
    jt_hands_free(&m->target);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, 0);
    m->p.threads = 0;
    jt_hands_free(&m->target);
    is(m, "leaf.szind", 1, JT_SUSPICIOUS, 0);
    is(m, "extent.szind", 1, JT_CORRUPT, 0);
    end(m);
}

/* Where the memory of a lock is not there, who is inside may hold it; nobody does when nobody is.
 */
static void locks_that_are_absent(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        uint64_t at = m->p.base->arenas.arena[0].at;
        for (unsigned inside = 0; inside < 2; inside++) {
            const enum jt_severity unknown = inside ? JT_SUSPICIOUS : JT_CORRUPT;
            put(m, PC, inside ? TEXT + 4 : ELSEWHERE);
            again(m);
            m->p.base->arenas.arena[0].at = 0x1000;
            is(m, "arena.links", 1, unknown, 0); /* a lock */
            is(m, "leaf.state", 1, unknown, 0);  /* the flag of a purge */
            is(m, "slab.nfree", 1, unknown, 0);  /* a bin */
            m->p.base->arenas.arena[0].at = 0;   /* nothing led to it */
            is(m, "arena.links", 1, unknown, 0);
            m->p.base->arenas.arena[0].at = at;
            is(m, "arena.links", 1, JT_CORRUPT, 0);
            is(m, "slab.nfree", 17, JT_CORRUPT, 0);
        }
        end(m);
    }
}

/* Sound heaps break it, too. */
static void never_sure(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    is(m, "arena.block-sn", 1, JT_SUSPICIOUS, 0);
    end(m);
}

/* Of which arena it is cannot be told: who has something of any arena may have counted it, and not
 * who is inside with nothing of an arena. Where no arena is known, who is inside may have. */
static void of_no_arena(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jh_fault fault = {.status = JH_CORRUPT, .addr = 0x30000000};
    fault.rule = "arena.large-count";
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_CORRUPT);
    put(m, PC, TEXT + 4);
    put(m, 1, 0x41414140);
    again(m);
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_CORRUPT);
    size_t blocks = m->p.base->blocks;
    m->p.base->blocks = 0;
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_SUSPICIOUS);
    assert_int_equal(jt_judge(&m->target, &fault, false).thread, 0);
    fault.rule = "arena.links"; /* who breaks it has a lock, or the extent, in hand */
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_CORRUPT);
    fault.rule = "arena.large-count";
    m->p.base->blocks = blocks;
    put(m, 1, MADE_BLOCK5 + MADE_ARENA);
    again(m);
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_TRANSIENT);
    assert_int_equal(jt_judge(&m->target, &fault, false).thread, 7);
    end(m);
}

/* Then a lock of any arena may be it. By a page of an extent it is known of which arena it is. */
static void a_lock_of_any_arena(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jh_fault fault = {.status = JH_CORRUPT, .addr = 0x30000000, .rule = "arena.links"};
    uint64_t lock = made_offset(m, "arena_s", "pa_shard.pac.ecache_dirty.mtx") +
                    made_offset(m, "malloc_mutex_s", "lock");
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_CORRUPT);
    made_word(m, MADE_BLOCK5 + MADE_ARENA + lock, 1);
    m->p.base->hands.locks.done = false;
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_TRANSIENT);
    fault.addr = made_base_of(1);
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_CORRUPT);
    fault.addr = made_base_of(17);
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_TRANSIENT);
    made_field(m, 17, JH_EXTENT_ARENA, 7); /* which there is not */
    assert_int_equal(jt_judge(&m->target, &fault, false).severity, JT_TRANSIENT);
    end(m);
}

/* Then it is not known what threads have in hand. */
static void starved(void **state) {
    (void)state;
    unsigned nth = 1;
    for (bool came = true; came; nth++) {
        struct made *m = start(JH_5_3_0);
        put(m, PC, TEXT + 4);
        put(m, 1, made_extent(1));
        again(m);
        fail_memory(nth);
        const struct jt_hands *hands = jt_hands(&m->target);
        came = fail_memory_came();
        fail_memory(0);
        assert_int_equal(m->target.memory_ran_out, came);
        assert_true(!came || !hands->known || !hands->text_known);
        is(m, "leaf.szind", 1, came ? JT_SUSPICIOUS : JT_TRANSIENT,
           came && !hands->known ? 0 : JT_MARK_EXTENT);
        end(m);
    }
    assert_in_range(nth, 3, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(locks),
        cmocka_unit_test(a_target_that_moves),
        cmocka_unit_test(purging),
        cmocka_unit_test(lock_of_a_bin),
        cmocka_unit_test(a_register),
        cmocka_unit_test(a_crash),
        cmocka_unit_test(a_stack),
        cmocka_unit_test(something_of_the_arena),
        cmocka_unit_test(without_text),
        cmocka_unit_test(what_cannot_be_told),
        cmocka_unit_test(locks_that_are_absent),
        cmocka_unit_test(never_sure),
        cmocka_unit_test(of_no_arena),
        cmocka_unit_test(a_lock_of_any_arena),
        cmocka_unit_test(starved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
