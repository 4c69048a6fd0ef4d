/* What arenas count and link, of the made heap: sound, then with each number and link changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_counted.h"

static void sound_heaps(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        struct counted_said said = counted_ask(m);
        if (said.count != 0) {
            fail_msg("%s: %s at 0x%lx: 0x%lx", jh_version_name(counted_version[v]), said.first.rule,
                     (unsigned long)said.first.addr, (unsigned long)said.first.seen);
        }
        made_end(m);
    }
}

/* ---- each number ----------------------------------------------------------------------------- */

typedef uint64_t at_fn(struct made *m, unsigned arena);

static uint64_t curregs(struct made *m, unsigned arena) {
    return counted_in_bin(m, arena, "stats.curregs");
}
static uint64_t curslabs(struct made *m, unsigned arena) {
    return counted_in_bin(m, arena, "stats.curslabs");
}
static uint64_t nonfull(struct made *m, unsigned arena) {
    return counted_in_bin(m, arena, "stats.nonfull_slabs");
}

/* One more, in either arena: that counter's rule, its address, both values, and no other. */
static void each_counter(void **state) {
    (void)state;
    static const struct {
        at_fn *at;
        const char *rule;
    } row[] = {{counted_nactive, "arena.nactive"},
               {counted_npages, "arena.npages"},
               {counted_nextents, "arena.nextents"},
               {counted_nbytes, "arena.nbytes"},
               {counted_nmalloc, "arena.large-count"},
               {counted_active_bytes, "arena.large-bytes"},
               {curregs, "bin.curregs"},
               {curslabs, "bin.curslabs"},
               {nonfull, "bin.nonfull-slabs"}};
    for (unsigned i = 0; i < 2 * COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i / 2 % COUNTED_VERSIONS]);
        unsigned arena = i % 2 == 0 ? 0 : 5, r = i / 2 / COUNTED_VERSIONS;
        uint64_t at = row[r].at(m, arena);
        if (at != 0) {
            uint64_t was = made_read(m, at), less = row[r].at == counted_nmalloc ? 7 : 0;
            made_word(m, at, was + 1);
            struct counted_said said = counted_ask(m);
            assert_int_equal(said.count, 1);
            assert_string_equal(said.first.rule, row[r].rule);
            assert_int_equal(said.first.addr, at);
            assert_int_equal(said.first.seen, was + 1 - less);
            assert_true(said.first.expects);
            assert_int_equal(said.first.expected, was - less);
        }
        made_end(m);
    }
}

/* ---- each link ------------------------------------------------------------------------------- */

enum { PREV, NEXT, CHILD };

static uint64_t link_at(struct made *m, unsigned i, unsigned which) {
    return made_extent(i) + m->p.base->form.heap + 4 * which;
}

/* Extent, link, where it leads then; rule, and how many say so. */
static void each_link(void **state) {
    (void)state;
    static const struct {
        unsigned extent, link, to; /* to 100: nowhere at all; 0: to nobody */
        const char *rule;
        unsigned count;
    } row[] = {
        {2, CHILD, 100, "bin.heap", 2}, /* 2, and 4, to which nothing leads any more */
        {2, CHILD, 0, "bin.heap", 1},
        {4, PREV, 100, "bin.heap", 2},
        {4, NEXT, 6, "bin.heap", 1},
        {4, NEXT, 7, "bin.heap", 1}, /* large; dirty */
        {4, CHILD, 2, "bin.heap", 1},
        {1, CHILD, 100, "arena.heap", 2},
        {3, NEXT, 17, "arena.heap", 2},
        {3, CHILD, 2, "arena.heap", 1}, /* another arena's; a slab */
        {15, NEXT, 3, "arena.heap", 1},
        {15, PREV, 11, "arena.heap", 2},
        {15, NEXT, 15, "arena.heap", 1}, /* as what was put into the heap twice */
    };
    for (unsigned i = 0; i < COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i % COUNTED_VERSIONS]);
        unsigned r = i / COUNTED_VERSIONS, to = row[r].to;
        m->target.kind = r % 2 == 0 ? JT_CORE : JT_PROCESS;
        made_word(m, link_at(m, row[r].extent, row[r].link),
                  to == 100 ? 0x41414140
                  : to == 0 ? 0
                            : made_extent(to));
        struct counted_said said = counted_ask(m);
        if (said.count != row[r].count || strcmp(said.first.rule, row[r].rule) != 0) {
            fail_msg("%s: row %u: %zu, %s", jh_version_name(counted_version[i % COUNTED_VERSIONS]),
                     r, said.count, said.count ? said.first.rule : "none");
        }
        made_end(m);
    }
}

/* ---- a process that runs --------------------------------------------------------------------- */

typedef void change_fn(struct made *m);

static change_fn *change;

static bool retry(void *arg, unsigned times) {
    struct made *m = (struct made *)(void *)((char *)arg - offsetof(struct made, p.image));
    if (times == 0) {
        change(m);
    }
    return times < 2;
}

static void stays(struct made *m) {
    (void)m;
}
static void is_mended(struct made *m) {
    made_word(m, link_at(m, 2, CHILD), made_extent(4));
}
static void leads_on(struct made *m) {
    made_word(m, link_at(m, 2, NEXT), made_extent(4));
}
static void is_led_to(struct made *m) {
    made_word(m, link_at(m, 2, PREV), made_extent(4));
}
static void is_full(struct made *m) {
    made_field(m, 2, JH_EXTENT_NFREE, 0);
}
static void is_of_another_class(struct made *m) {
    made_field(m, 2, JH_EXTENT_SZIND, 1);
}
static void is_gone(struct made *m) {
    m->segment[1].len = MADE_EXTENTS;
    made_forget(m);
}

/* Nobody is led to by extent 2: that is wrong, if it stays so. */
static void what_changes_is_not_said(void **state) {
    (void)state;
    static const struct {
        change_fn *change;
        size_t said;
    } row[] = {{stays, 1},   {is_mended, 0},           {leads_on, 0}, {is_led_to, 0},
               {is_full, 0}, {is_of_another_class, 0}, {is_gone, 0}};
    for (unsigned i = 0; i < COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i % COUNTED_VERSIONS]);
        unsigned r = i / COUNTED_VERSIONS;
        m->target.kind = JT_PROCESS;
        m->target.heap.reader.retry = retry;
        change = row[r].change;
        made_word(m, link_at(m, 2, CHILD), 0);
        struct counted_said said = counted_ask(m);
        if (said.count != row[r].said) {
            fail_msg("%s: row %u: %zu, %s", jh_version_name(m->target.layout.build.version), r,
                     said.count, said.count ? said.first.rule : "none");
        }
        made_end(m);
    }
}

/* Where heaps begin, and the slab that the bin takes from. */
static void each_beginning(void **state) {
    (void)state;
    for (unsigned i = 0; i < 6 * COUNTED_VERSIONS; i++) {
        struct made *m = counted_start(counted_version[i / 6]);
        static const char *const rule[] = {"bin.slabcur", "bin.slabcur", "bin.heap",
                                           "bin.heap",    "arena.heap",  "arena.heap"};
        uint64_t at = i % 6 < 2   ? counted_in_bin(m, 0, "slabcur")
                      : i % 6 < 4 ? counted_slab_heap(m, 0)
                                  : counted_dirty_heap(m, 0);
        uint64_t to = i % 2 == 0 ? made_extent(6) : MADE_BLOCK + MADE_EXTENTS + 0x4000;
        made_word(m, at, to);
        struct counted_said said = counted_ask(m);
        assert_true(said.count >= 1);
        assert_string_equal(said.first.rule, rule[i % 6]);
        assert_int_equal(said.first.addr, at);
        assert_int_equal(said.first.seen, to);
        made_end(m);
    }
}

/* ---- where nothing can be told ----------------------------------------------------------------
 */

static void what_is_not_known_is_not_said(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]); /* no statistics */
        made_word(m, counted_nmalloc(m, 0), 1000);
        made_word(m, curregs(m, 0), 1000);
        m->target.layout.build.stats = false;
        assert_int_equal(counted_ask(m).count, 0);
        m->target.layout.build.stats = true;
        assert_int_equal(counted_ask(m).count, 2);
        made_lose(m, 6); /* lost, and nothing more is said of what does not add up then */
        struct counted_said said = counted_ask(m);
        assert_int_equal(said.count, 1);
        assert_string_equal(said.first.rule, "arena.lost-active");
        made_end(m);
    }
}

/* Bins whose shards are not known: where they are is not known, and no slab's place is. */
static void unknown_shards(void **state) {
    (void)state;
    struct made *m = counted_start(JH_5_3_0);
    jt_shards_forget(&m->target.layout);
    made_word(m, curregs(m, 0), 1000);
    made_word(m, link_at(m, 2, CHILD), 0x41414140);
    assert_int_equal(counted_ask(m).count, 0);
    made_end(m);
}

static void memory_that_runs_out(void **state) {
    (void)state;
    struct made *m = counted_start(JH_5_3_0);
    jt_metadata_find(&m->target);
    bool failed = true;
    for (unsigned nth = 1; failed; nth++) {
        m->target.memory_ran_out = false;
        fail_memory(nth);
        struct counted_said said = counted_ask(m);
        failed = fail_memory_came();
        fail_memory(0);
        assert_int_equal(m->target.memory_ran_out, failed);
        if (said.count != 0) {
            fail_msg("number %u: %s", nth, said.first.rule);
        }
    }
    made_end(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_heaps),    cmocka_unit_test(each_counter),
        cmocka_unit_test(each_link),      cmocka_unit_test(what_changes_is_not_said),
        cmocka_unit_test(each_beginning), cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(unknown_shards), cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
