/* The lists of unused extents, full slabs and large allocations, of the made heap: sound, then with
 * each link and each beginning changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_counted.h"

enum { NEXT, PREV, FOREIGN = 100, NOBODY, NARROW = 0x20000 };

static uint64_t link_at(struct made *m, unsigned i, unsigned which) {
    const struct jt_arena_form *f = &m->p.base->form;
    return made_extent(i) + (i % 2 == 0 ? f->active : f->ring) + 4 * which;
}

static uint64_t address(unsigned to) {
    return to == FOREIGN ? 0x41414140 : to == NOBODY ? 0 : made_extent(to);
}

static void expect(struct made *m, const char *what, unsigned row, const char *rule, uint64_t at,
                   uint64_t seen) {
    struct counted_said said = counted_ask(m);
    if (said.count != 1 || strcmp(said.first.rule, rule) != 0 || said.first.addr != at ||
        said.first.seen != seen) {
        fail_msg("%s: %s, row %u: %zu, %s at 0x%lx: 0x%lx", what,
                 jh_version_name(m->target.layout.build.version), row, said.count,
                 said.count ? said.first.rule : "none", (unsigned long)said.first.addr,
                 (unsigned long)said.first.seen);
    }
}

static void links(struct made *m, unsigned i, unsigned next, unsigned prev) {
    made_word(m, link_at(m, i, NEXT), address(next));
    made_word(m, link_at(m, i, PREV), address(prev));
}

/* ---- links of full slabs and of large allocations ---------------------------------------------
 */

/* Each alone: extent, link, where it leads then; who says so, and which link. */
static void each_link(void **state) {
    (void)state;
    static const struct {
        unsigned extent, link, to, says, seen;
        const char *rule;
    } row[] = {
        {18, NEXT, FOREIGN, 18, FOREIGN, "bin.slabs-full"},
        {18, NEXT, NOBODY, 18, NOBODY, "bin.slabs-full"},
        {18, NEXT, 20, 18, 20, "bin.slabs-full"}, /* large */
        {18, NEXT, 2, 18, 2, "bin.slabs-full"},   /* another arena's, with free regions */
        {18, NEXT, 18, 18, 18, "bin.slabs-full"}, /* as what was put into it twice */
        {16, NEXT, 17, 16, 17, "bin.slabs-full"}, /* dirty */
        {16, PREV, FOREIGN, 18, 16, "bin.slabs-full"},
        {18, PREV, 16 + NARROW, 16, 18, "bin.slabs-full"},
        {20, NEXT, FOREIGN, 20, FOREIGN, "arena.large-list"},
        {20, NEXT, 6, 20, 6, "arena.large-list"},
        {20, NEXT, 16, 20, 16, "arena.large-list"},
        {22, NEXT, NOBODY, 22, NOBODY, "arena.large-list"},
        {22, PREV, NOBODY, 20, 22, "arena.large-list"},
    };
    for (unsigned i = 0; i < COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i % COUNTED_VERSIONS]);
        unsigned r = i / COUNTED_VERSIONS, to = row[r].to;
        m->target.kind = r % 2 == 0 ? JT_CORE : JT_PROCESS;
        made_word(m, link_at(m, row[r].extent, row[r].link),
                  to > NARROW ? address(to - NARROW) + 4 : address(to));
        expect(m, "link", r, row[r].rule, made_extent(row[r].says), address(row[r].seen));
        made_end(m);
    }
}

/* Rings that are whole, and not of all: one of them is said. */
static void rings_apart(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        links(m, 16, 16, 16);
        links(m, 18, 18, 18);
        expect(m, "slabs", 0, "bin.slabs-full", made_extent(16), made_extent(16));
        made_end(m);
        m = counted_start(counted_version[v]);
        links(m, 20, 20, 20);
        links(m, 22, 22, 22);
        expect(m, "large", 1, "arena.large-list", made_extent(22), made_extent(22));
        made_end(m);
        m = counted_start(counted_version[v]); /* 17, 19 apart from 21, 23: the list has 19 */
        links(m, 17, 19, 19);
        links(m, 19, 17, 17);
        links(m, 21, 23, 23);
        links(m, 23, 21, 21);
        expect(m, "dirty", 2, "arena.lru", made_extent(21), made_extent(23));
        made_end(m);
    }
}

/* One ring of dirty extents of two arenas leads back everywhere. */
static void rings_of_two_arenas(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        links(m, 15, 17, 13);
        links(m, 17, 19, 15);
        links(m, 23, 1, 21);
        links(m, 1, 3, 23);
        struct counted_said said = counted_ask(m);
        assert_int_equal(said.count, 2); /* each arena's */
        assert_string_equal(said.first.rule, "arena.lru");
        assert_int_equal(said.first.addr, made_extent(15));
        assert_int_equal(said.first.seen, made_extent(17));
        made_end(m);
    }
}

/* Where the next unused extent does not lead back is said once. */
static void unused_that_do_not_lead_back(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        made_word(m, link_at(m, 21, PREV), made_extent(17));
        expect(m, "dirty", v, "arena.links", made_extent(19), made_extent(21));
        made_end(m);
    }
}

/* ---- where lists begin ------------------------------------------------------------------------
 */

static void each_beginning(void **state) {
    (void)state;
    static const struct {
        unsigned arena, to;
        const char *rule;
        unsigned says; /* 0: the word itself */
    } row[] = {
        {5, FOREIGN, "bin.slabs-full", 0},
        {5, NOBODY, "bin.slabs-full", 16},
        {5, 20, "bin.slabs-full", 0},
        {0, 2, "bin.slabs-full", 0},
        {5, FOREIGN, "arena.large-list", 0},
        {5, NOBODY, "arena.large-list", 20},
        {5, 18, "arena.large-list", 0},
        {0, 6, "arena.large-list", 0},
        {5, FOREIGN, "arena.lru", 0},
        {5, NOBODY, "arena.lru", 17},
        {5, 3, "arena.lru", 0},
        {0, 6, "arena.lru", 0},
    };
    for (unsigned i = 0; i < COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i % COUNTED_VERSIONS]);
        unsigned r = i / COUNTED_VERSIONS, says = row[r].says, arena = row[r].arena;
        uint64_t at = r < 4   ? counted_in_bin(m, arena, "slabs_full")
                      : r < 8 ? counted_large_list(m, arena)
                              : counted_lru(m, arena);
        m->target.kind = r % 2 == 0 ? JT_CORE : JT_PROCESS;
        made_word(m, at, address(row[r].to));
        expect(m, "beginning", r, row[r].rule, says ? made_extent(says) : at,
               says ? made_read(m, link_at(m, says, NEXT)) : address(row[r].to));
        made_end(m);
    }
}

/* The slab that a bin takes from is in no list, full or not. */
static void slabcur_is_in_no_list(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        made_word(m, counted_in_bin(m, 5, "slabcur"), made_extent(16));
        expect(m, "slabcur", v, "bin.slabs-full", made_extent(18), made_extent(16));
        links(m, 16, FOREIGN, FOREIGN);
        links(m, 18, 18, 18);
        assert_int_equal(counted_ask(m).count, 0);
        made_end(m);
    }
}

/* Where it cannot be told who made the arena, an empty list may be one that it does not keep. */
static void arenas_of_nobody_knows(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        m->p.source->variables--;
        made_word(m, counted_in_bin(m, 5, "slabs_full"), 0);
        made_word(m, counted_large_list(m, 5), 0);
        assert_int_equal(counted_ask(m).count, 0);
        made_word(m, counted_in_bin(m, 5, "slabs_full"), made_extent(20));
        expect(m, "nobody", v, "bin.slabs-full", counted_in_bin(m, 5, "slabs_full"),
               made_extent(20));
        made_end(m);
    }
}

/* ---- a process that runs ----------------------------------------------------------------------
 */

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
static void leads_back(struct made *m) {
    links(m, 16, 18, 18);
}
static void begins_elsewhere(struct made *m) {
    made_word(m, counted_in_bin(m, 5, "slabs_full"), made_extent(16));
}
static void next_has_free_regions(struct made *m) {
    made_field(m, 16, JH_EXTENT_NFREE, 1);
}
static void next_is_large(struct made *m) {
    made_field(m, 16, JH_EXTENT_SLAB, 0);
}
static void structures_are_gone(struct made *m) {
    m->segment[3].len = MADE_EXTENTS;
    made_forget(m);
}
static void block_is_gone(struct made *m) {
    m->segment[3].len = 0;
    made_forget(m);
}
static void second_is_gone(struct made *m) {
    m->segment[3].len = MADE_EXTENTS + 128 + m->p.base->form.active + 4;
    made_forget(m);
}
static void structure_ends(struct made *m) {
    m->segment[3].len = MADE_EXTENTS + 2 * 128 + m->p.base->form.active;
    made_forget(m);
}

/* The list leads to 18, and 18 to 16, whose prev is wrong. */
static void what_changes_is_not_said(void **state) {
    (void)state;
    static const struct {
        change_fn *change;
        size_t said;
    } row[] = {{stays, 1},         {leads_back, 0},     {begins_elsewhere, 0},
               {next_is_large, 0}, {block_is_gone, 0},  {next_has_free_regions, 0},
               {stays, 1},         {second_is_gone, 0}, {structures_are_gone, 0},
               {structure_ends, 0}};
    for (unsigned i = 0; i < COUNTED_VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = counted_start(counted_version[i % COUNTED_VERSIONS]);
        unsigned r = i / COUNTED_VERSIONS;
        m->target.kind = JT_PROCESS;
        m->target.heap.reader.retry = retry;
        change = row[r].change;
        made_word(m, link_at(m, 16, PREV), made_extent(22));
        struct counted_said said = counted_ask(m);
        if (said.count != row[r].said) {
            fail_msg("%s: row %u: %zu", jh_version_name(m->target.layout.build.version), r,
                     said.count);
        }
        made_end(m);
    }
}

/* What leads to no structure at all stays wrong. */
static void nowhere_and_it_stays(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        m->target.kind = JT_PROCESS;
        m->target.heap.reader.retry = retry;
        change = stays;
        made_word(m, link_at(m, 16, NEXT), 0x41414140);
        assert_true(counted_ask(m).count >= 1);
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link),
        cmocka_unit_test(rings_apart),
        cmocka_unit_test(rings_of_two_arenas),
        cmocka_unit_test(unused_that_do_not_lead_back),
        cmocka_unit_test(each_beginning),
        cmocka_unit_test(slabcur_is_in_no_list),
        cmocka_unit_test(arenas_of_nobody_knows),
        cmocka_unit_test(what_changes_is_not_said),
        cmocka_unit_test(nowhere_and_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
