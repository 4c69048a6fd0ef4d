/* What arenas count and link, of the made heap: sound, then with each number and link changed. */
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

static const enum jh_version versions[] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                           JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0], NFREE = 3 };

#define BINS 0x50000u /* in the block of each arena: 5.2's bins, behind pointers */

static uint64_t arena_at(unsigned arena) {
    return (arena == 0 ? MADE_BLOCK : MADE_BLOCK5) + MADE_ARENA;
}

/* ---- where counters are ---------------------------------------------------------------------- */

static uint64_t either(struct made *m, const char *path, const char *old) {
    uint64_t offset = made_offset(m, "arena_s", path);
    return offset != UINT32_MAX ? offset : made_offset(m, "arena_s", old);
}

static uint64_t nactive(struct made *m, unsigned arena) {
    return arena_at(arena) + either(m, "pa_shard.nactive", "nactive");
}

static uint64_t npages(struct made *m, unsigned arena) {
    return arena_at(arena) +
           either(m, "pa_shard.pac.ecache_dirty.eset.npages", "extents_dirty.npages");
}

static uint32_t dirty_class(const struct made *m) {
    static struct jh_counting c;
    assert_int_equal(jh_counting_make(&m->target.layout, &c, NULL), JH_OK);
    return jh_page_class(&c, 0x4000);
}

/* An element of an array of words, or of structs. */
static uint64_t element(struct made *m, unsigned arena, const char *array, const char *member,
                        uint32_t index) {
    struct jh_member a;
    char path[96];
    if (jh_struct_member(&m->target.layout, "arena_s", array, &a, NULL) != JH_OK) {
        return 0;
    }
    snprintf(path, sizeof path, "%s%s%s", array, member ? "." : "", member ? member : "");
    return arena_at(arena) + made_offset(m, "arena_s", path) + a.size * index;
}

static uint64_t nextents(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.nextents", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bin_stats", "nextents",
                        dirty_class(m));
}

static uint64_t nbytes(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.nbytes", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bin_stats", "nbytes",
                        dirty_class(m));
}

static uint64_t dirty_heap(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.heaps", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bins", "heap.root",
                        dirty_class(m));
}

static uint64_t nmalloc(struct made *m, unsigned arena) {
    return element(m, arena, "stats.lstats", "nmalloc", 0);
}

static uint64_t active_bytes(struct made *m, unsigned arena) {
    return made_offset(m, "arena_s", "stats.lstats.active_bytes") == UINT32_MAX
               ? 0
               : element(m, arena, "stats.lstats", "active_bytes", 0);
}

/* The bin of class 0. */
static const char *bin_type(struct made *m) {
    return made_offset(m, "bin_s", "slabcur") != UINT32_MAX ? "bin_s" : "arena_bin_s";
}

static uint64_t bin_at(struct made *m, unsigned arena) {
    enum jh_version version = m->target.layout.build.version;
    if (version == JH_5_2_1) {
        return arena_at(arena) - MADE_ARENA + BINS;
    }
    return arena_at(arena) + either(m, "bins", "all_bins");
}

static uint64_t in_bin(struct made *m, unsigned arena, const char *path) {
    uint64_t offset = made_offset(m, bin_type(m), path);
    return offset == UINT32_MAX ? 0 : bin_at(m, arena) + offset;
}

static uint64_t slab_heap(struct made *m, unsigned arena) {
    uint64_t at = in_bin(m, arena, "slabs_nonfull.root");
    return at ? at : in_bin(m, arena, "slabs_nonfull");
}

/* ---- a heap that counts ---------------------------------------------------------------------- */

static void links(struct made *m, unsigned i, uint64_t prev, uint64_t next, uint64_t child) {
    uint64_t at = made_extent(i) + m->p.base->form.heap;
    made_word(m, at, prev);
    made_word(m, at + 4, next);
    made_word(m, at + 8, child);
}

/* A slab of class 0, one page, with free regions. */
static void slab(struct made *m, unsigned i) {
    made_field(m, i, JH_EXTENT_SZIND, 0);
    made_field(m, i, JH_EXTENT_SLAB, 1);
    made_field(m, i, JH_EXTENT_NFREE, NFREE);
    made_field(m, i, JH_EXTENT_BSIZE, m->target.layout.bin[0].slab_size | (i / 8 == 1));
    made_lose(m, i);
    made_leaf(m, made_base_of(i), i);
    uint64_t index = jh_rtree_subkey(&m->target.layout, made_base_of(i), 1);
    struct jh_leaf leaf;
    uint8_t *element = made_at(m, MADE_LEAF + index * m->target.layout.leaf_size);
    jh_leaf_decode(&m->target.layout, element, &leaf);
    leaf.slab = true;
    jh_leaf_encode(&m->target.layout, &leaf, element);
}

/* Extents 0, 2, 4 are slabs: 0 is slabcur, 2 leads to 4. */
static void bins(struct made *m) {
    const struct jh_layout *l = &m->target.layout;
    for (unsigned i = 0; i < 6; i += 2) {
        slab(m, i);
    }
    made_word(m, in_bin(m, 0, "slabcur"), made_extent(0));
    made_word(m, slab_heap(m, 0), made_extent(2));
    links(m, 0, 0x41414141, 0x41414141, 0x41414141); /* left over from when it was in the heap */
    links(m, 2, 0, 0, made_extent(4));
    links(m, 4, made_extent(2), 0, 0);
    made_word(m, in_bin(m, 0, "stats.curregs"), 3 * (l->bin[0].nregs - NFREE));
    made_word(m, in_bin(m, 0, "stats.curslabs"), 3);
    if (in_bin(m, 0, "stats.nonfull_slabs")) {
        made_word(m, in_bin(m, 0, "stats.nonfull_slabs"), 2);
    }
}

/* Dirty ones in a heap: the first has a child, which has a sibling, which has one... */
static void counted(struct made *m, unsigned arena, unsigned from, unsigned to) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t large = 0, pages = 0;
    made_word(m, dirty_heap(m, arena), made_extent(from + 1));
    for (unsigned i = from; i < to; i++) {
        struct jh_extent e;
        jh_extent_decode(l, made_extent(i), made_at(m, made_extent(i)), &e);
        large += e.allocated && !e.slab;
        pages += e.allocated ? e.size / 4096 : 0;
        if (i % 2 == 1) {
            uint64_t next = i + 2 < to ? made_extent(i + 2) : 0;
            links(m, i, i == from + 1 ? 0 : made_extent(i - 2), i == from + 1 ? 0 : next,
                  i == from + 1 ? next : 0);
        }
    }
    made_word(m, nactive(m, arena), pages);
    made_word(m, npages(m, arena), 4 * (to - from) / 2);
    if (nextents(m, arena)) {
        made_word(m, nextents(m, arena), (to - from) / 2);
        made_word(m, nbytes(m, arena), 0x4000 * (to - from) / 2);
    }
    made_word(m, nmalloc(m, arena), large + 7);
    made_word(m, nmalloc(m, arena) + 8, 7); /* ndalloc */
    if (active_bytes(m, arena)) {
        made_word(m, active_bytes(m, arena), large * jh_index2size(l, l->sc_nbins));
    }
}

static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    const struct jh_layout *l = &m->target.layout;
    uint64_t size = 0;
    uint32_t align;
    made_variables(m);
    m->target.source[JT_PART_BINS] = JT_MEMORY;
    assert_int_equal(jh_struct_size(l, bin_type(m), &size, &align, NULL), JH_OK);
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        for (unsigned arena = 0; arena <= 5 && version == JH_5_2_1; arena += 5) {
            made_word(m, arena_at(arena) + made_offset(m, "arena_s", "bins") + UINT64_C(4) * i,
                      bin_at(m, arena) + size * i);
        }
    }
    bins(m);
    counted(m, 0, 0, 16);
    counted(m, 5, 16, 24);
    return m;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct said {
    size_t count;
    struct jh_fault first;
};

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    assert_int_equal(status, JH_CORRUPT);
    if (said->count++ == 0) {
        said->first = *fault;
    }
}

static struct said ask(struct made *m) {
    struct said said = {0, {0}};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    if (c == NULL) {
        return said;
    }
    jt_check_counters(c);
    jh_walk_start(&walk, &m->target.heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            jt_check_extent(c, &e);
        } else {
            jt_check_doubt(c);
        }
    }
    jt_check_end(c, true);
    return said;
}

static void sound_heaps(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        struct said said = ask(m);
        if (said.count != 0) {
            fail_msg("%s: %s at 0x%lx: 0x%lx", jh_version_name(versions[v]), said.first.rule,
                     (unsigned long)said.first.addr, (unsigned long)said.first.seen);
        }
        made_end(m);
    }
}

/* ---- each number ----------------------------------------------------------------------------- */

typedef uint64_t at_fn(struct made *m, unsigned arena);

static uint64_t curregs(struct made *m, unsigned arena) {
    return in_bin(m, arena, "stats.curregs");
}
static uint64_t curslabs(struct made *m, unsigned arena) {
    return in_bin(m, arena, "stats.curslabs");
}
static uint64_t nonfull(struct made *m, unsigned arena) {
    return in_bin(m, arena, "stats.nonfull_slabs");
}

/* One more, in either arena: that counter's rule, its address, both values, and no other. */
static void each_counter(void **state) {
    (void)state;
    static const struct {
        at_fn *at;
        const char *rule;
    } row[] = {{nactive, "arena.nactive"},     {npages, "arena.npages"},
               {nextents, "arena.nextents"},   {nbytes, "arena.nbytes"},
               {nmalloc, "arena.large-count"}, {active_bytes, "arena.large-bytes"},
               {curregs, "bin.curregs"},       {curslabs, "bin.curslabs"},
               {nonfull, "bin.nonfull-slabs"}};
    for (unsigned i = 0; i < 2 * VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = start(versions[i / 2 % VERSIONS]);
        unsigned arena = i % 2 == 0 ? 0 : 5, r = i / 2 / VERSIONS;
        uint64_t at = row[r].at(m, arena);
        if (at != 0) {
            uint64_t was = made_read(m, at), less = row[r].at == nmalloc ? 7 : 0;
            made_word(m, at, was + 1);
            struct said said = ask(m);
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
    for (unsigned i = 0; i < VERSIONS * sizeof row / sizeof row[0]; i++) {
        struct made *m = start(versions[i % VERSIONS]);
        unsigned r = i / VERSIONS, to = row[r].to;
        m->target.kind = r % 2 == 0 ? JT_CORE : JT_PROCESS;
        made_word(m, link_at(m, row[r].extent, row[r].link),
                  to == 100 ? 0x41414140
                  : to == 0 ? 0
                            : made_extent(to));
        struct said said = ask(m);
        if (said.count != row[r].count || strcmp(said.first.rule, row[r].rule) != 0) {
            fail_msg("%s: row %u: %zu, %s", jh_version_name(versions[i % VERSIONS]), r, said.count,
                     said.count ? said.first.rule : "none");
        }
        made_end(m);
    }
}

/* Where heaps begin, and the slab that the bin takes from. */
static void each_beginning(void **state) {
    (void)state;
    for (unsigned i = 0; i < 6 * VERSIONS; i++) {
        struct made *m = start(versions[i / 6]);
        static const char *const rule[] = {"bin.slabcur", "bin.slabcur", "bin.heap",
                                           "bin.heap",    "arena.heap",  "arena.heap"};
        uint64_t at = i % 6 < 2   ? in_bin(m, 0, "slabcur")
                      : i % 6 < 4 ? slab_heap(m, 0)
                                  : dirty_heap(m, 0);
        uint64_t to = i % 2 == 0 ? made_extent(6) : MADE_BLOCK + MADE_EXTENTS + 0x4000;
        made_word(m, at, to);
        struct said said = ask(m);
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
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]); /* no statistics */
        made_word(m, nmalloc(m, 0), 1000);
        made_word(m, curregs(m, 0), 1000);
        m->target.layout.build.stats = false;
        assert_int_equal(ask(m).count, 0);
        m->target.layout.build.stats = true;
        assert_int_equal(ask(m).count, 2);
        made_lose(m, 6); /* lost, and nothing more is said of what does not add up then */
        struct said said = ask(m);
        assert_int_equal(said.count, 1);
        assert_string_equal(said.first.rule, "arena.lost-active");
        made_end(m);
    }
}

/* Bins whose shards are not known: where they are is not known, and no slab's place is. */
static void unknown_shards(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    m->target.source[JT_PART_BINS] = JT_INFERRED;
    made_word(m, curregs(m, 0), 1000);
    made_word(m, link_at(m, 2, CHILD), 0x41414140);
    assert_int_equal(ask(m).count, 0);
    made_end(m);
}

static void memory_that_runs_out(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    jt_metadata_find(&m->target);
    bool failed = true;
    for (unsigned nth = 1; failed; nth++) {
        m->target.memory_ran_out = false;
        fail_memory(nth);
        struct said said = ask(m);
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
        cmocka_unit_test(sound_heaps),
        cmocka_unit_test(each_counter),
        cmocka_unit_test(each_link),
        cmocka_unit_test(each_beginning),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(unknown_shards),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
