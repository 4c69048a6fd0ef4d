/* Arenas, their blocks and what lies in these: sound, and broken in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "made_heap.h"
#include "open/inside.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_2_1, JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

struct said {
    size_t count;
    struct jh_fault first;
};

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    assert_int_equal(status, JH_CORRUPT);
    assert_int_equal(fault->stage, JH_STAGE_ARENA);
    if (said->count++ == 0) {
        said->first = *fault;
    }
}

static void limit(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct said *said = arg;
    assert_int_equal(status, JH_LIMIT);
    said->count++;
    said->first = *fault;
}

static struct said ask(struct jt_target *target, bool whole, unsigned extents) {
    struct said said = {0, {0}};
    struct jt_check *c = jt_check_start(target, say, &said);
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    unsigned count = 0;
    assert_non_null(c);
    jh_walk_start(&walk, &target->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            count++;
            jt_check_extent(c, &e);
        }
    }
    jt_check_end(c, whole);
    assert_int_equal(count, extents);
    return said;
}

static char path[64], again[64];

static struct jt_target *opened(const char *file) {
    struct jt_target *t;
    struct jt_options options = {.target = file};
    if (jt_open(&options, &t) != JT_OK) {
        fail_msg("%s", t->error);
    }
    return t;
}

static void write_skeleton(struct jt_target *target, const char *file) {
    struct jt_skeleton s = {.fault = NULL};
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    if (jt_skeleton_write(target, f, &s) != JT_OK) {
        fail_msg("%s", target->error);
    }
    assert_int_equal(fclose(f), 0);
}

static struct jt_target *skeleton_of(struct made *m) {
    m->p.machine = EM_386;
    write_skeleton(&m->target, path);
    return opened(path);
}

static void same_bytes(const char *a, const char *b) {
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    int c;
    assert_true(x != NULL && y != NULL);
    while ((c = getc(x)) != EOF) {
        assert_int_equal(c, getc(y));
    }
    assert_int_equal(getc(y), EOF);
    (void)fclose(x);
    (void)fclose(y);
}

/* Of a core its skeleton says the same, and a skeleton of that is the same file. */
static struct said check(struct made *m, bool whole, unsigned extents) {
    struct said said = ask(&m->target, whole, extents), its;
    if (m->target.kind != JT_CORE || m->target.heap.reader.arg != &m->p.image) {
        return said;
    }
    struct jt_target *t = skeleton_of(m);
    its = ask(t, whole, extents);
    assert_int_equal(its.count, said.count);
    if (said.count != 0) {
        assert_string_equal(its.first.rule, said.first.rule);
        assert_int_equal(its.first.addr, said.first.addr);
        assert_int_equal(its.first.seen, said.first.seen);
    }
    assert_int_equal(jt_metadata_bytes(t), jt_metadata_bytes(&m->target));
    write_skeleton(t, again);
    same_bytes(path, again);
    jt_close(t);
    jt_ranges_free(&m->p.base->written);
    return said;
}

/* Found by symbols and without: the same, and nothing is wrong. */
static void sound_heaps(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2 * VERSIONS; i++) {
        struct made *m = made_start(versions[i / 2]);
        if (i % 2 == 0) {
            made_variables(m);
        }
        m->target.kind = i % 2 == 0 ? JT_CORE : JT_PROCESS;
        struct said said = check(m, true, 24);
        if (said.count != 0) {
            fail_msg("%s: %s", jh_version_name(versions[i / 2]), said.first.rule);
        }
        assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
        assert_int_equal(jt_metadata_inferred(&m->target), i % 2);
        assert_int_equal(jt_is_metadata(&m->target, MADE_BLOCK5 + 8), JT_YES);
        assert_int_equal(jt_is_metadata(&m->target, MADE_HEAP), JT_NO);
        assert_int_equal(m->p.base->arenas.count, 2);
        assert_int_equal(m->p.base->arenas.arena[1].known.ind, 5);
        assert_int_equal(m->p.base->arenas.arena[1].known.sn_next, 100);
        made_end(m);
    }
}

/* Locks are longer there, so all that stands behind one is elsewhere. */
static void debug_builds_without_symbols(void **state) {
    (void)state;
    for (unsigned i = 0; i < VERSIONS; i++) {
        struct made *m = made_debug(versions[i]);
        struct said said = check(m, true, 24);
        if (said.count != 0) {
            fail_msg("%s: %s", jh_version_name(versions[i]), said.first.rule);
        }
        assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
        assert_int_equal(m->p.base->arenas.arena[1].known.sn_next, 0); /* not known */
        made_end(m);
    }
}

/* Where nothing else has told that it is none, they tell that it is one, and all its places are
 * known. */
static void learnt_to_be_a_debug_build(void **state) {
    (void)state;
    for (unsigned i = 0; i < VERSIONS; i++) {
        struct made *m = made_debug(versions[i]);
        m->target.source[JT_PART_DEBUG] = JT_DEFAULT;
        struct said said = check(m, true, 24);
        if (said.count != 0) {
            fail_msg("%s: %s", jh_version_name(versions[i]), said.first.rule);
        }
        assert_true(m->target.layout.build.debug);
        assert_int_equal(m->target.source[JT_PART_DEBUG], JT_INFERRED);
        assert_non_null(strstr(m->target.layout_name, ",debug"));
        assert_int_equal(m->p.base->arenas.arena[1].known.sn_next, 100);
        made_end(m);
    }
}

/* As up to 5.0, where the system does not align what is as large as a huge page. */
static void blocks_that_start_at_a_page(void **state) {
    made_shift = 0x3000;
    sound_heaps(state);
    debug_builds_without_symbols(state);
    made_shift = 0;
}

/* Words that all look like arenas: the search ends, and says so. */
static void words_that_all_look_like_arenas(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    struct said said = {0, {0}};
    for (uint64_t at = MADE_ROOT + 0x1000; at < MADE_MODULE + sizeof m->module; at += 4) {
        made_word(m, at, MADE_BLOCK + MADE_ARENA + at % 0x8000 * 4 / 64 * 64);
    }
    m->p.base->arenas.reads = (1u << 18) - 100;
    struct jt_check *c = jt_check_start(&m->target, limit, &said);
    assert_non_null(c);
    jt_check_end(c, true);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.search-limit");
    assert_int_equal(jt_metadata_bytes(&m->target), 0);
    struct jt_target *t = skeleton_of(m);
    said.count = 0;
    jt_check_end(jt_check_start(t, limit, &said), true);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.search-limit");
    assert_int_equal(jt_metadata_bytes(t), 0);
    jt_close(t);
    made_end(m);
}

/* What a module has between its ranges is not its own, in the skeleton either. */
static void a_module_of_two_ranges(void **state) {
    (void)state;
    char name[] = "/bin/program";
    struct made *m = made_start(JH_5_3_0);
    struct jt_range range[] = {{MADE_MODULE, MADE_MODULE + 0x8000},
                               {MADE_MODULE + 0x9000, MADE_MODULE + sizeof m->module}};
    struct jt_module module = {
        .path = name, .range = range, .ranges = 2, .start = range[0].start, .end = range[1].end};
    made_variables(m);
    m->target.module = &module;
    m->target.modules = 1;
    struct jt_target *t = skeleton_of(m);
    assert_int_equal(t->modules, 1);
    assert_int_equal(t->module[0].ranges, 2);
    assert_int_equal(t->module[0].range[1].start, range[1].start);
    assert_null(jt_module_at(t, MADE_MODULE + 0x8800));
    jt_close(t);
    made_end(m);
}

/* A core whose blocks have more bytes than it: a skeleton says so as well. */
static void blocks_that_share_bytes(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    struct said said = {0, {0}};
    made_variables(m);
    m->p.core_size = MADE_SIZE / 16;
    jt_check_end(jt_check_start(&m->target, limit, &said), false); /* no walk was made */
    assert_int_equal(said.count, 1);
    write_skeleton(&m->target, path);
    struct jt_target *t = opened(path);
    said.count = 0;
    jt_check_end(jt_check_start(t, limit, &said), false);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.first.rule, "arena.search-limit");
    jt_close(t);
    made_end(m);
}

/* ---- damage --------------------------------------------------------------------------------- */

typedef void damage_fn(struct made *m);

static void other_arena(struct made *m) {
    made_field(m, 2, JH_EXTENT_ARENA, 7);
}
static void late_serial(struct made *m) {
    made_field(m, 2, JH_EXTENT_SN, 100);
}
static void foreign(struct made *m) { /* the structure has moved to what nobody handed out */
    memcpy(made_at(m, MADE_BLOCK + 0xa0000), made_at(m, made_extent(2)), 128);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t page = made_base_of(2) + (i == 0 ? 0 : 0x4000 + m->target.layout.large_pad - 4096);
        uint64_t index = jh_rtree_subkey(&m->target.layout, page, 1);
        made_word(m, MADE_LEAF + index * m->target.layout.leaf_size, MADE_BLOCK + 0xa0000);
    }
    memset(made_at(m, made_extent(2)), 0, 128);
}
static void lost_dirty(struct made *m) {
    for (uint64_t page = made_base_of(3); page < made_base_of(4); page += 4096) {
        made_leaf(m, page, 24);
    }
}
static void lost_large(struct made *m) {
    for (uint64_t page = made_base_of(10); page < made_base_of(11); page += 4096) {
        made_leaf(m, page, 24);
    }
}
static void next_elsewhere(struct made *m) {
    made_word(m, made_extent(3) + m->p.base->form.ring, made_extent(7));
}
static void next_is_none(struct made *m) {
    made_word(m, made_extent(3) + m->p.base->form.ring, made_extent(2));
}
static void next_is_far(struct made *m) {
    made_word(m, made_extent(3) + m->p.base->form.ring, 0xfffffff0);
}
static void huge_block(struct made *m) {
    made_word(m, MADE_BLOCK2 + m->p.base->block_size, 0x80000000);
}
static void small_block(struct made *m) {
    made_word(m, MADE_BLOCK5 + m->p.base->block_size, 0x1000);
}
static void block_of_0(struct made *m) {
    made_word(m, MADE_BLOCK2 + m->p.base->block_size, 0);
}
static void list_to_nowhere(struct made *m) {
    made_word(m, MADE_BLOCK2 + m->p.base->block_next, 0x41414140);
}
static void list_cut(struct made *m) {
    made_word(m, MADE_BLOCK2 + m->p.base->block_next, 0);
}
static void list_in_itself(struct made *m) {
    made_word(m, MADE_BLOCK + m->p.base->block_next, MADE_BLOCK2);
}

static void zeroed(struct made *m) {
    made_field(m, 3, JH_EXTENT_ZEROED, 1);
}
static void another_block(struct made *m) {
    made_field(m, 3, JH_EXTENT_BSIZE, 0x4000 | 1);
}
static uint64_t sn_of_block2(struct made *m) {
    return MADE_BLOCK2 + m->p.base->form.block_extent +
           m->target.layout.extent[JH_EXTENT_SN].offset;
}
static void block_twice(struct made *m) { /* in e_bits up to 5.2, at the end of its first word */
    struct jh_field f = m->target.layout.extent[JH_EXTENT_SN];
    uint64_t at = sn_of_block2(m), upper = at + (f.shift >= 32 ? 4 : 0);
    made_word(m, upper, made_read(m, upper) & ~(UINT32_C(1) << f.shift % 32));
    for (unsigned i = 8; i < 16; i++) {
        made_field(m, i, JH_EXTENT_BSIZE,
                   made_read(m, made_extent(i) + m->target.layout.extent[JH_EXTENT_BSIZE].offset) &
                       ~UINT64_C(1));
    }
}

static void each_damage_is_named(void **state) {
    (void)state;
    static const struct {
        const char *name;
        damage_fn *damage;
        const char *rule;
        unsigned extents;
    } row[] = {
        {"another arena", other_arena, "arena.ind", 24},
        {"a late serial number", late_serial, "arena.sn", 24},
        {"outside", foreign, "arena.outside-blocks", 24},
        {"a lost dirty one", lost_dirty, "arena.lost", 23},
        {"a lost large one", lost_large, "arena.lost-active", 23},
        {"next elsewhere", next_elsewhere, "arena.links", 24},
        {"next is none", next_is_none, "arena.links", 24},
        {"next is far", next_is_far, "arena.links", 24},
        {"a huge block", huge_block, "arena.block-size", 24},
        {"a small block", small_block, "arena.block-size", 24},
        {"a block of 0 bytes", block_of_0, "arena.block-size", 24},
        {"a list to nowhere", list_to_nowhere, "arena.block-list", 24},
        {"a list that was cut", list_cut, "arena.base-mapped", 24},
        {"a list in itself", list_in_itself, "arena.block-list", 24},
        {"a dirty one of zeroes", zeroed, "arena.unused-zeroed", 24},
        {"cut from another block", another_block, "arena.esn", 24},
        {"a block's serial number twice", block_twice, "arena.block-sn", 24},
    };
    for (unsigned i = 0; i < VERSIONS * sizeof row / sizeof row[0]; i++) {
        enum jh_version version = versions[i % VERSIONS];
        struct made *m = made_start(version);
        made_variables(m);
        /* a process may have got a block since: outside of those that are known says nothing */
        m->target.kind = i % 2 == 0 || row[i / VERSIONS].damage == foreign ? JT_CORE : JT_PROCESS;
        row[i / VERSIONS].damage(m);
        struct said said = check(m, true, row[i / VERSIONS].extents);
        if (said.count == 0 || strcmp(said.first.rule, row[i / VERSIONS].rule) != 0) {
            fail_msg("%s: %s: %s", jh_version_name(version), row[i / VERSIONS].name,
                     said.count == 0 ? "silent" : said.first.rule);
        }
        made_end(m);
    }
}

/* What the program has where a damaged list leads is in no note of a skeleton: two words. */
static void a_list_into_the_programs_memory(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    uint64_t at = made_base_of(2) + 0x1000;
    uint8_t *own = m->heap + (at - MADE_HEAP);
    made_variables(m);
    made_word(m, MADE_BLOCK2 + m->p.base->block_next, at);
    jt_number_put(&m->target, own + m->p.base->block_size, 0x12345, 4);
    jt_number_put(&m->target, own + m->p.base->block_next, 0x6543210, 4);
    struct said said = ask(&m->target, true, 24);
    struct jt_target *t = skeleton_of(m);
    struct said its = ask(t, true, 24);
    assert_int_equal(its.count, said.count);
    assert_string_equal(said.first.rule, "arena.block-size");
    assert_string_equal(its.first.rule, said.first.rule);
    assert_int_equal(its.first.addr, at);
    assert_int_equal(said.first.seen, 0x12345);
    assert_int_equal(its.first.seen, 0);
    for (size_t i = 0; i < t->priv->base->arenas.faults; i++) {
        assert_int_not_equal(t->priv->base->arenas.fault[i].seen, 0x6543210);
    }
    assert_int_equal(t->priv->base->blocks, 2);
    write_skeleton(t, again);
    same_bytes(path, again);
    jt_close(t);
    made_end(m);
}

/* Of an arena that a skeleton keeps it has the bytes; not of one that lies where the program has
 * memory, or whose base does. */
static void an_arena_in_the_programs_memory(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct made *m = made_start(JH_5_3_0);
        uint64_t at = made_base_of(2) + 0x1000;
        uint8_t byte;
        made_variables(m);
        assert_true(jt_arenas(&m->target)->count > 1);
        struct jt_arena *a = &m->p.base->arenas.arena[1];
        a->at = i == 1 ? at : a->at;
        a->base = i == 2 ? at : a->base;
        struct jt_target *t = skeleton_of(m);
        const struct jt_arena *kept = &jt_arenas(t)->arena[1];
        assert_int_equal(kept->at, i == 0 ? a->at : 0);
        assert_int_equal(kept->base, i == 0 ? a->base : 0);
        assert_int_equal(jh_read(&t->heap.reader, a->at, &byte, 1, NULL),
                         i == 0 ? JH_OK : JH_ABSENT);
        assert_int_equal(jh_read(&t->heap.reader, at, &byte, 1, NULL), JH_ABSENT);
        jt_close(t);
        made_end(m);
    }
}

/* The heap of those that wait to be used, and one that nothing leads to. */
static uint64_t head_of(const struct made *m, unsigned arena) {
    return m->p.base->form.avail != JT_DWARF_UNKNOWN
               ? MADE_BLOCK + MADE_ARENA + m->p.base->form.avail + (uint64_t)arena * 2 * MADE_SIZE
               : MADE_BLOCK + MADE_ARENA + 0x30000 + (uint64_t)arena * 2 * MADE_SIZE;
}

static void phn(struct made *m, unsigned i, uint64_t next, uint64_t lchild) {
    made_word(m, made_extent(i) + m->p.base->form.heap + 4, next);
    made_word(m, made_extent(i) + m->p.base->form.heap + 8, lchild);
}

static void structures_that_wait_are_not_lost(void **state) {
    (void)state;
    for (unsigned i = 0; i < VERSIONS; i++) {
        struct made *m = made_start(versions[i]);
        made_variables(m);
        for (unsigned e = 10; e < 16; e += 2) { /* large ones: they are in no ring */
            for (uint64_t page = made_base_of(e); page < made_base_of(e + 1); page += 4096) {
                made_leaf(m, page, 24);
            }
        }
        made_word(m, head_of(m, 0), made_extent(10));
        phn(m, 10, made_extent(12), made_extent(14));
        phn(m, 12, 0, 0);
        phn(m, 14, 0, 0);
        assert_int_equal(check(m, true, 21).count, 0);
        phn(m, 10, made_extent(12), 0);
        assert_int_equal(check(m, true, 21).count, 1);  /* 14 */
        assert_int_equal(check(m, false, 21).count, 0); /* part of the tree was absent */
        phn(m, 12, made_extent(10), 0);                 /* a heap in itself: nothing can be told */
        assert_int_equal(check(m, true, 21).count, 0);
        phn(m, 12, 0x41414180, 0); /* and one that leads out of the blocks */
        assert_int_equal(check(m, true, 21).count, 0);
        phn(m, 12, made_extent(14) + 4, 0);
        assert_int_equal(check(m, true, 21).count, 0);
        made_end(m);
    }
}

/* Those that the allocator of huge pages keeps, in a ring. Where nothing leads to it, nothing can
 * be told. */
static void structures_of_huge_pages(void **state) {
    (void)state;
    for (unsigned i = 2; i < VERSIONS; i++) {
        struct made *m = made_start(versions[i]);
        const uint64_t arena = MADE_BLOCK + MADE_ARENA;
        bool known = m->p.base->form.huge_list != JT_DWARF_UNKNOWN;
        made_variables(m);
        lost_large(m);
        *made_at(m, arena + m->p.base->form.huge_used) = 1;
        assert_int_equal(check(m, true, 23).count, known ? 1 : 0);
        if (known) {
            made_word(m, arena + m->p.base->form.huge_list, made_extent(10));
            made_link(m, 10, 10, 10);
            assert_int_equal(check(m, true, 23).count, 0);
            made_link(m, 10, 2, 2); /* what is in a ring is in no other */
            made_link(m, 2, 2, 2);
            assert_int_equal(check(m, true, 23).count, 0);
        }
        made_end(m);
    }
}

/* Parts of a block are absent, or cannot be read: the rest is looked at. */
static enum jh_status fails(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct made *m = arg;
    struct jh_reader image;
    if (addr >= MADE_BLOCK5 + 0x88000 && addr < MADE_BLOCK5 + MADE_SIZE) {
        *got = 0;
        return JH_READ_FAILED;
    }
    assert_int_equal(jh_image_reader(&m->p.image, &image, NULL), JH_OK);
    return image.read(image.arg, addr, dst, len, got);
}

static void blocks_that_lack_bytes(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct made *m = made_start(JH_5_3_0);
        made_variables(m);
        lost_dirty(m);
        m->segment[3].len = 0x88000; /* less than is handed out */
        made_forget(m);
        if (i == 1) {
            m->target.heap.reader.next = NULL;
        } else if (i == 2) {
            m->target.heap.reader = (struct jh_reader){.read = fails, .arg = m};
        }
        struct said said = check(m, true, 23);
        assert_int_equal(said.count, 1);
        assert_string_equal(said.first.rule, "arena.lost");
        made_end(m);
    }
}

/* The last bytes of the image are those of a block: nothing is behind them. */
static void a_block_that_is_cut_off_at_the_end(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    made_variables(m);
    m->p.image.count = 4;        /* no heap behind it */
    m->segment[3].len = 0x88000; /* less than is handed out */
    made_forget(m);
    assert_int_equal(check(m, true, 24).count, 0);
    made_end(m);
}

/* What looks like an extent, of memory that none can have. */
static void what_cannot_be_an_extent(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct made *m = made_start(JH_5_3_0);
        made_variables(m);
        lost_large(m);
        if (i == 0) {
            m->mapped[2].start = made_base_of(10) + 4096;
        } else if (i == 1) {
            m->mapped[2].end = made_base_of(10) + 4096;
        } else if (i == 2) { /* jemalloc's own */
            made_field(m, 10, JH_EXTENT_ADDR, MADE_BLOCK + 0x100000);
        } else { /* another one has it */
            made_field(m, 10, JH_EXTENT_ADDR, made_base_of(12));
        }
        assert_int_equal(check(m, true, 23).count, 0);
        made_end(m);
    }
}

/* ---- without symbols ------------------------------------------------------------------------ */

static void no_slot(struct made *m) {
    memset(made_at(m, MADE_ROOT), 0, 4096);
}
static void node_of_nowhere(struct made *m) {
    made_word(m, MADE_ROOT + 4 * jh_rtree_subkey(&m->target.layout, MADE_HEAP, 0), 0x30000000);
}
static void node_far_from_blocks(struct made *m) { /* of which the headers are gone */
    memset(made_at(m, MADE_BLOCK2), 0, 256);
    m->mapped[1].start = 0x10000;
    m->mapped[0].end = m->mapped[1].start; /* sorted is enough */
    m->mapped[0].start = m->mapped[0].end - 8;
    memset(made_at(m, MADE_BLOCK), 0, 256);
}
static void list_never_ends(struct made *m) {
    made_word(m, MADE_BLOCK + m->p.base->block_next, MADE_BLOCK2);
}
static void list_leaves_the_image(struct made *m) {
    made_word(m, MADE_BLOCK + m->p.base->block_next, 0x30000000);
}
static void base_of_another(struct made *m) {
    made_word(m, made_read(m, MADE_B0), 9);
}
static void no_array(struct made *m) {
    made_word(m, MADE_ARRAY, 0);
}
static void array_of_others(struct made *m) {
    made_word(m, MADE_ARRAY + 4, MADE_BLOCK + MADE_ARENA);
}

static void arenas_that_are_not_found(void **state) {
    (void)state;
    static damage_fn *const damage[] = {
        no_slot,         node_of_nowhere,       node_far_from_blocks,
        list_never_ends, list_leaves_the_image, base_of_another,
        no_array,        array_of_others};
    for (unsigned i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct made *m = made_start(JH_5_3_0);
        damage[i](m);
        assert_int_equal(jt_metadata_bytes(&m->target), 0);
        assert_int_equal(jt_is_metadata(&m->target, MADE_ROOT), JT_YES);
        made_end(m);
    }
}

/* An arena whose memory is left out of the core, all or a part of it: the others are found. */
static void absent_arena(struct made *m) {
    made_word(m, MADE_ARRAY + 6 * 4, MADE_BLOCK5 + MADE_SIZE + MADE_ARENA);
}
static void absent_base(struct made *m) {
    memcpy(made_at(m, MADE_BLOCK + 0xb0000), made_at(m, MADE_BLOCK5 + MADE_ARENA), 0x8000);
    made_word(m, MADE_ARRAY + 6 * 4, MADE_BLOCK + 0xb0000);
    made_word(m, MADE_BLOCK + 0xb0000 + m->p.base->form.arena_base, MADE_BLOCK5 + MADE_SIZE + 0x40);
}
static void absent_block(struct made *m) {
    uint64_t base = made_read(m, MADE_BLOCK5 + MADE_ARENA + m->p.base->form.arena_base);
    memcpy(made_at(m, MADE_BLOCK + 0xc0000), made_at(m, base), 0x1000);
    made_word(m, MADE_BLOCK + 0xc0000, 6);
    made_word(m, MADE_BLOCK + 0xc0000 + m->p.base->base_blocks, MADE_BLOCK5 + MADE_SIZE);
    absent_base(m);
    made_word(m, MADE_BLOCK + 0xb0000 + m->p.base->form.arena_base, MADE_BLOCK + 0xc0000);
}

static void an_arena_that_is_absent(void **state) {
    (void)state;
    static damage_fn *const lacks[] = {absent_arena, absent_base, absent_block};
    for (unsigned i = 0; i < 3 * sizeof lacks / sizeof lacks[0]; i++) {
        struct made *m = made_start(JH_5_3_0);
        lacks[i / 3](m);
        m->mapped[1].end += i % 3 == 0 ? MADE_SIZE : 0;
        m->p.map_complete = i % 3 != 1; /* a debugger's core does not name what it leaves out */
        assert_int_equal(jt_is_metadata(&m->target, MADE_BLOCK + 8), JT_YES);
        assert_int_equal(jt_is_metadata(&m->target, MADE_BLOCK5 + 8),
                         i % 3 != 2 ? JT_YES : JT_CANNOT_TELL);
        assert_int_equal(jt_is_metadata(&m->target, MADE_HEAP), JT_CANNOT_TELL);
        made_end(m);
    }
}

/* The module ends behind the arenas that there are. */
static void an_array_that_is_cut_off(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    m->segment[0].len = 0x5000;
    made_forget(m);
    assert_int_equal(jt_metadata_bytes(&m->target), 3 * MADE_SIZE);
    made_end(m);
}

/* Fresh memory, as up to 5.2 it is before the tree leads to it. */
static void a_new_extent_is_not_lost(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2 * VERSIONS; i++) {
        struct made *m = made_start(versions[i / 2]);
        made_variables(m);
        lost_large(m);
        memset(m->heap + (made_base_of(10) - MADE_HEAP), 0, 4096 - i % 2);
        bool old = m->target.layout.leaf[JH_LEAF_STATE].width == 0;
        assert_int_equal(check(m, true, 23).count, old && i % 2 == 0 ? 0 : 1);
        m->p.image.count = 4; /* what is in it is absent */
        made_forget(m);
        free(m->p.base->block);
        free(m->p.base->range);
        free(m->p.base->arenas.arena);
        m->p.base->block = NULL, m->p.base->range = NULL, m->p.base->arenas.arena = NULL;
        m->p.base->blocks = m->p.base->arenas.count = 0;
        m->p.base->done = false;
        assert_int_equal(check(m, true, 23).count, old ? 0 : 1);
        made_end(m);
    }
}

/* Only the memory tells that these are not new, and a skeleton does not have it: it brings as many
 * addresses as it may. */
static void more_lost_ones_than_a_skeleton_brings(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_2_1);
    made_variables(m);
    lost_large(m);
    for (unsigned i = 8; i < 512; i++) { /* of arena 0, in both of its blocks */
        memcpy(made_at(m, made_extent(0) + 128 * i), made_at(m, made_extent(10)), 128);
        memcpy(made_at(m, made_extent(8) + 128 * i), made_at(m, made_extent(10)), 128);
    }
    for (unsigned i = 8; i < 64; i++) { /* and of arena 5 */
        uint64_t at = made_extent(16) + 128 * i,
                 word = m->target.layout.extent[JH_EXTENT_ARENA].offset;
        memcpy(made_at(m, at), made_at(m, made_extent(10)), 128);
        memcpy(made_at(m, at + word), made_at(m, made_extent(16) + word), 8);
    }
    struct said said = ask(&m->target, true, 23);
    assert_true(said.count > JT_WRITTEN_MAX);
    struct jt_target *t = skeleton_of(m);
    assert_int_equal(ask(t, true, 23).count, JT_WRITTEN_MAX);
    write_skeleton(t, again);
    same_bytes(path, again);
    jt_close(t);
    made_end(m);
}

/* The next one is in a block that the image does not have. */
static void a_link_to_what_is_absent(void **state) {
    (void)state;
    struct made *m = made_start(JH_5_3_0);
    made_variables(m);
    m->mapped[1].end += MADE_SIZE;
    made_word(m, made_extent(3) + m->p.base->form.ring, MADE_BLOCK5 + MADE_SIZE + 0x1000);
    made_word(m, made_extent(1) + m->p.base->form.ring, made_extent(5));
    made_word(m, made_extent(5) + m->p.base->form.ring + 4, made_extent(1));
    assert_int_equal(check(m, true, 24).count, 1); /* there is no such block */
    m->p.base->complete = false;
    assert_int_equal(check(m, true, 24).count, 0);
    m->mapped[1].end -= MADE_SIZE;
    assert_int_equal(check(m, true, 24).count, 1);
    m->p.map_complete = false; /* a debugger's core does not name what it leaves out */
    assert_int_equal(check(m, true, 24).count, 0);
    made_end(m);
}

/* In a debugger's core, which does not name what it leaves out: absent, as long as the base counts
 * more than was found; corrupt, when all is found. */
static void a_block_list_to_what_is_absent(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made *m = made_start(JH_5_3_0);
        uint64_t block = i == 0 ? MADE_BLOCK2 : MADE_BLOCK;
        made_variables(m);
        made_word(m, block + m->p.base->block_next, 0x41414140);
        m->p.map_complete = false;
        assert_int_equal(jt_metadata_bytes(&m->target), 0);
        assert_int_equal(m->p.base->arenas.faults, 1);
        const struct jh_fault *fault = &m->p.base->arenas.fault[0];
        assert_int_equal(fault->status, i == 0 ? JH_ABSENT : JH_CORRUPT);
        assert_string_equal(fault->rule, "arena.block-list");
        assert_int_equal(fault->addr, block);
        assert_int_equal(fault->seen, 0x41414140);
        made_end(m);
    }
}

static void one_extent_alone(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct made *m = made_start(JH_5_3_0);
        struct jh_extent e;
        struct jh_fault fault;
        made_variables(m);
        if (i == 1) {
            foreign(m); /* still in a block, behind what was handed out */
        } else if (i == 2) {
            other_arena(m);
        } else if (i == 3) {
            m->p.base->base_blocks = JT_DWARF_UNKNOWN;
            other_arena(m);
        }
        uint64_t at = i == 1 ? MADE_BLOCK + 0xa0000 : made_extent(2);
        assert_int_equal(jh_extent_read(&m->target.heap, at, &e, NULL), JH_OK);
        enum jh_status status = jt_check_one(&m->target, &e, &fault);
        assert_int_equal(status, i == 1 || i == 2 ? JH_CORRUPT : JH_OK);
        if (status != JH_OK) {
            assert_string_equal(fault.rule, i == 1 ? "arena.outside-blocks" : "arena.ind");
        }
        m->target.kind = JT_PROCESS; /* a new block? its header says that it is one */
        assert_int_equal(jt_check_one(&m->target, &e, &fault), i == 2 ? JH_CORRUPT : JH_OK);
        made_end(m);
    }
}

/* ---- memory that changes while it is read ---------------------------------------------------- */

/* The heap as it was in front of the damage: that it is again after so many looks. */
static struct changing {
    struct made *m, *sound;
    unsigned mended_at, asked;
} changing;

static bool retry(void *arg, unsigned times) {
    struct changing *c = &changing;
    (void)arg;
    c->asked++;
    if (times + 1 == c->mended_at) {
        memcpy(c->m->module, c->sound->module, sizeof c->m->module);
        memcpy(c->m->block, c->sound->block, sizeof c->m->block);
    }
    return times < 4;
}

static void new_block_is_not_counted(struct made *m) {
    uint64_t base = made_read(m, MADE_B0);
    made_word(m, base + m->p.base->form.base_mapped, MADE_SIZE);
}
static void block_half_written(struct made *m) {
    uint64_t e = MADE_BLOCK2 + m->p.base->form.block_extent;
    uint64_t at = e + m->target.layout.extent[JH_EXTENT_ADDR].offset;
    made_word(m, at, made_read(m, at) + 128);
}

/* A contradiction that is over at the next look, or at a later one, is none; one that stays is. */
static void what_changes_is_looked_at_again(void **state) {
    (void)state;
    static const struct {
        const char *name;
        damage_fn *damage;
        unsigned extents;
    } row[] = {{"another arena", other_arena, 24},
               {"a late serial number", late_serial, 24},
               {"next elsewhere", next_elsewhere, 24},
               {"next is far", next_is_far, 24},
               {"a lost dirty one", lost_dirty, 23},
               {"a lost large one", lost_large, 23},
               {"a block that is not counted yet", new_block_is_not_counted, 24},
               {"a block in the middle of a change", block_half_written, 24}};
    for (unsigned i = 0; i < 3 * VERSIONS * sizeof row / sizeof row[0]; i++) {
        unsigned at = i % 3, r = i / 3 / VERSIONS; /* never, at once, later */
        enum jh_version version = versions[i / 3 % VERSIONS];
        struct made *m = made_start(version);
        made_variables(m);
        changing = (struct changing){.m = m, .sound = malloc(sizeof *m), .mended_at = 2 * at};
        assert_non_null(changing.sound);
        memcpy(changing.sound, m, sizeof *m);
        m->target.kind = JT_PROCESS;
        m->target.heap.reader.retry = retry;
        row[r].damage(m);
        size_t count = check(m, true, row[r].extents).count;
        if ((count == 0) != (at != 0) || changing.asked < (at == 0 ? 4 : 2 * at)) {
            fail_msg("%s: %s, mended at look %u: %zu, %u looks", jh_version_name(version),
                     row[r].name, 2 * at, count, changing.asked);
        }
        free(changing.sound);
        made_end(m);
    }
}

static bool never_again(void *arg, unsigned times) {
    (void)arg, (void)times;
    return false;
}

/* The page behind a guarded extent is open, is that of one that is not guarded, is another one, or
 * the target changes; a process whose mappings say more. */
static void guard_pages(void **state) {
    enum { CLOSED, OPEN, IN_FRONT, NOT_GUARDED, RUNS, STANDS, READ_ONLY, HOWS };
    (void)state;
    for (unsigned how = CLOSED; how < HOWS; how++) {
        struct made *m = made_start(JH_5_3_0);
        struct jh_extent e;
        made_variables(m);
        assert_int_equal(jh_extent_read(&m->target.heap, made_extent(3), &e, NULL), JH_OK);
        uint64_t page = how == IN_FRONT ? e.base - 4096 : e.base + e.size;
        bool changes = how == RUNS || how == STANDS;
        made_field(m, 3, JH_EXTENT_GUARDED, how != NOT_GUARDED);
        m->target.kind = changes || how == READ_ONLY ? JT_PROCESS : JT_CORE;
        m->target.heap.reader.retry = changes ? never_again : NULL;
        m->p.stands = how == STANDS;
        if (how != CLOSED) {
            jt_ranges_add(how == READ_ONLY ? &m->p.readable : &m->p.writable, page, 4096);
        }
        bool open = how == OPEN || how == STANDS || how == READ_ONLY;
        jt_metadata_find(&m->target);
        m->p.note[JT_NOTE_ABOUT].bytes =
            NULL; /* variables were had as of a skeleton, which it is not */
        struct said said = ask(&m->target, true, 24);
        assert_int_equal(said.count, open);
        if (open) {
            assert_string_equal(said.first.rule, "arena.guard-page");
            assert_int_equal(said.first.addr, e.at);
            assert_int_equal(said.first.seen, page);
        }
        jt_ranges_free(&m->p.writable);
        jt_ranges_free(&m->p.readable);
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_heaps),
        cmocka_unit_test(debug_builds_without_symbols),
        cmocka_unit_test(learnt_to_be_a_debug_build),
        cmocka_unit_test(blocks_that_start_at_a_page),
        cmocka_unit_test(words_that_all_look_like_arenas),
        cmocka_unit_test(each_damage_is_named),
        cmocka_unit_test(a_list_into_the_programs_memory),
        cmocka_unit_test(an_arena_in_the_programs_memory),
        cmocka_unit_test(a_new_extent_is_not_lost),
        cmocka_unit_test(more_lost_ones_than_a_skeleton_brings),
        cmocka_unit_test(a_link_to_what_is_absent),
        cmocka_unit_test(a_block_list_to_what_is_absent),
        cmocka_unit_test(structures_of_huge_pages),
        cmocka_unit_test(blocks_that_lack_bytes),
        cmocka_unit_test(what_cannot_be_an_extent),
        cmocka_unit_test(arenas_that_are_not_found),
        cmocka_unit_test(an_arena_that_is_absent),
        cmocka_unit_test(an_array_that_is_cut_off),
        cmocka_unit_test(a_module_of_two_ranges),
        cmocka_unit_test(blocks_that_share_bytes),
        cmocka_unit_test(one_extent_alone),
        cmocka_unit_test(a_block_that_is_cut_off_at_the_end),
        cmocka_unit_test(what_changes_is_looked_at_again),
        cmocka_unit_test(structures_that_wait_are_not_lost),
        cmocka_unit_test(guard_pages),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-arenas-%d", (int)getpid());
    snprintf(again, sizeof again, "/tmp/jeheap-arenas-again-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    (void)unlink(again);
    return failed != 0;
}
