/* Arenas when memory runs out and when bytes cannot be read: of a sound heap nothing is said,
 * whatever it is that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_heap.h"

/* A reader of which one read fails, among those that would bring something. */
struct shaky {
    struct jh_reader under;
    enum { WHOLLY, HALF, BROKEN, MODES } mode;
    unsigned nth, reads;
    bool on;
};

static enum jh_status shaky_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct shaky *s = arg;
    enum jh_status status = s->under.read(s->under.arg, addr, dst, len, got);
    if (!s->on || *got == 0 || ++s->reads != s->nth) {
        return status;
    }
    *got = s->mode == HALF ? *got / 2 : 0;
    return s->mode == BROKEN ? JH_READ_FAILED : JH_ABSENT;
}

static uint64_t shaky_next(void *arg, uint64_t addr) {
    struct shaky *s = arg;
    return s->under.next(s->under.arg, addr);
}

static void shaky_start(struct shaky *s, struct made *m) {
    struct jh_reader *r = &m->target.heap.reader;
    s->under = *r;
    *r = (struct jh_reader){.read = shaky_read, .next = shaky_next, .arg = s};
}

/* ---- heaps ---------------------------------------------------------------------------------- */

static const enum jh_version versions[] = {JH_5_0_0, JH_5_2_1, JH_5_3_0, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

/* Some large ones wait to be used, in the arena's heap of them, and one with the allocator of huge
 * pages. The tree does not lead to them. */
static void some_wait(struct made *m) {
    static const unsigned waits[] = {10, 12, 14, 2};
    uint64_t arena = MADE_BLOCK + MADE_ARENA, at = m->p.base->form.heap;
    bool huge = m->p.base->form.huge_used != JT_DWARF_UNKNOWN;
    uint64_t head = m->p.base->form.avail != JT_DWARF_UNKNOWN ? m->p.base->form.avail : 0x30000;
    for (unsigned i = 0; i < (huge && m->p.base->form.huge_list != JT_DWARF_UNKNOWN ? 4 : 3); i++) {
        uint64_t page = made_base_of(waits[i]);
        for (; page < made_base_of(waits[i] + 1); page += 4096) {
            made_leaf(m, page, 24);
        }
        made_word(m, made_extent(waits[i]) + at + 4, 0);
        made_word(m, made_extent(waits[i]) + at + 8, 0);
    }
    made_word(m, arena + head, made_extent(10));
    made_word(m, made_extent(10) + at + 4, made_extent(12));
    made_word(m, made_extent(10) + at + 8, made_extent(14));
    if (huge) {
        *made_at(m, arena + m->p.base->form.huge_used) =
            m->p.base->form.huge_list != JT_DWARF_UNKNOWN;
    }
    if (huge && m->p.base->form.huge_list != JT_DWARF_UNKNOWN) {
        made_word(m, arena + m->p.base->form.huge_list, made_extent(2));
        made_link(m, 2, 2, 2);
    }
}

/* Number i of the sound heaps: each version, with symbols and without, as a core and as a process.
 */
static struct made *sound(unsigned i) {
    struct made *m = made_start(versions[i / 4 % VERSIONS]);
    m->target.kind = i % 4 < 2 ? JT_CORE : JT_PROCESS;
    if (i % 2 == 0) {
        m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
        m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
        m->p.source->variables = 2;
        memcpy(m->target.root_name, "root", 5);
    }
    some_wait(m);
    return m;
}
enum { HEAPS = 4 * VERSIONS };

/* ---- what is said --------------------------------------------------------------------------- */

struct said {
    unsigned count;
    struct jh_fault first;
};

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    if (status == JH_CORRUPT && said->count++ == 0) {
        said->first = *fault;
    }
}

static void nothing_is_said(const struct made *m, const struct said *said, unsigned nth) {
    if (said->count != 0) {
        fail_msg("%s, number %u: %s at 0x%x", jh_version_name(m->target.layout.build.version), nth,
                 said->first.rule, (unsigned)said->first.addr);
    }
}

static void walk(struct made *m, struct jt_check *c) {
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    jh_walk_start(&walk, &m->target.heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        assert_int_equal(status, JH_OK);
        jt_check_extent(c, &e);
    }
}

static void reads_that_fail(void **state) {
    (void)state;
    for (unsigned i = 0; i < HEAPS; i++) {
        bool failed = true;
        for (unsigned nth = 1; failed; nth++) {
            struct made *m = sound(i);
            struct shaky s = {.mode = (nth + i) % MODES, .nth = nth, .on = true};
            struct said said = {0, {0}};
            shaky_start(&s, m);
            struct jt_check *c = jt_check_start(&m->target, say, &said);
            assert_non_null(c);
            s.on = false; /* what a walk says then is no concern of arenas */
            walk(m, c);
            s.on = true;
            jt_check_end(c, true);
            nothing_is_said(m, &said, nth);
            failed = s.reads >= nth;
            made_end(m);
        }
    }
}

static void memory_that_runs_out(void **state) {
    (void)state;
    for (unsigned i = 0; i < HEAPS; i++) {
        bool failed = true;
        for (unsigned nth = 1; failed; nth++) {
            struct made *m = sound(i);
            struct said said = {0, {0}};
            fail_memory(nth);
            struct jt_check *c = jt_check_start(&m->target, say, &said);
            if (c != NULL) {
                walk(m, c);
                jt_check_end(c, true);
            }
            failed = fail_memory_came();
            fail_memory(0);
            nothing_is_said(m, &said, nth);
            if (m->target.memory_ran_out != failed) {
                fail_msg("heap %u, allocation %u of %d: memory_ran_out is %d", i, nth, failed,
                         m->target.memory_ran_out);
            }
            made_end(m);
        }
    }
}

static unsigned faults_of(struct made *m) {
    struct said said = {0, {0}};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    assert_non_null(c);
    walk(m, c);
    jt_check_end(c, true);
    return said.count;
}

/* Blocks that overlap, one that ends in the middle of a structure, and a form that is not known. */
static void blocks_that_are_none(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct made *m = sound(8); /* 5.3.0, a core */
        struct jh_extent e;
        struct jh_fault fault;
        assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
        if (i == 0) { /* then no block has the second one's extents */
            m->p.base->block[0].start = m->p.base->block[1].start + 64;
            m->p.base->block[0].used = m->p.base->block[1].start + 128;
            assert_true(faults_of(m) > 0);
        } else if (i == 1) {
            m->p.base->block[1].used = m->p.base->block[1].start + MADE_EXTENTS + 7 * 128 + 100;
            assert_int_equal(faults_of(m), 0);
        } else if (i == 2) {
            made_word(m, made_extent(3) + m->p.base->form.ring, made_extent(7));
            assert_int_equal(faults_of(m), 1);
            m->p.base->form.known = false;
            assert_int_equal(faults_of(m), 0);
        } else {
            made_field(m, 4, JH_EXTENT_ARENA, 7);
            assert_int_equal(jh_extent_read(&m->target.heap, made_extent(4), &e, NULL), JH_OK);
            assert_int_equal(jt_check_one(&m->target, &e, &fault), JH_CORRUPT);
            m->p.base->arenas.count = 0;
            assert_int_equal(faults_of(m), 0);
            assert_int_equal(jt_check_one(&m->target, &e, &fault), JH_OK);
        }
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_that_fail),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(blocks_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
