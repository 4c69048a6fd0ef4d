/* The blocks of jemalloc's base allocators: lists that end, and lists that never do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cost.h"
#include "open/inside.h"

#define START UINT64_C(0x7f0000000000)
#define BASE START          /* base_t: the list's first block at 8 */
#define B0 (START + 64)     /* the variables */
#define ARENAS (START + 80) /* of one arena */
#define BLOCKS 40 /* at START + 4096 * (1 + n): base_block_t, its size and the next block */
#define END (START + UINT64_C(4096) * (1 + BLOCKS))

struct heap {
    uint64_t word[(1 + BLOCKS) * 512];
    struct jh_segment segment;
    struct jt_private p;
    struct jt_layers layers;
    struct jt_target target;
};

static uint64_t block_at(unsigned n) {
    return START + UINT64_C(4096) * (1 + n);
}

static void put(struct heap *h, uint64_t at, uint64_t value) {
    h->word[(at - START) / 8] = value;
}

static void variable(struct heap *h, const char *name, uint64_t addr, uint64_t size) {
    struct jt_variable *v = &h->p.source->variable[h->p.source->variables++];
    *v = (struct jt_variable){.addr = addr, .size = size};
    memcpy(v->name, name, strlen(name) + 1);
}

/* So many blocks in a list; the next of the last is block `after`, or none when it is BLOCKS. */
static struct heap *start(unsigned blocks, unsigned after) {
    struct heap *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->segment = (struct jh_segment){START, (const uint8_t *)h->word, sizeof h->word};
    h->p.image = (struct jh_image){.segment = &h->segment, .count = 1};
    h->p.words = 8;
    h->p.little_endian = true;
    h->p.note[JT_NOTE_ABOUT].bytes = ""; /* variables come by name, as in a skeleton */
    jt_layers_join(&h->p, &h->layers);
    h->p.base->base_blocks = 8;
    h->p.base->block_size = 0;
    h->p.base->block_next = 8;
    h->p.base->arena_base = 0;
    h->target.priv = &h->p;
    h->target.heap.layout = &h->target.layout;
    assert_int_equal(jh_image_reader(&h->p.image, &h->target.heap.reader, NULL), JH_OK);
    variable(h, "b0", B0, 8);
    variable(h, "arenas", ARENAS, 8);
    put(h, B0, BASE);
    put(h, BASE + 8, block_at(0));
    for (unsigned n = 0; n < blocks; n++) {
        put(h, block_at(n), 4096);
        put(h, block_at(n) + 8, block_at(n + 1));
    }
    put(h, block_at(blocks - 1) + 8, after < BLOCKS ? block_at(after) : 0);
    return h;
}

/* Seen at other addresses as well. */
static void also_at(struct heap *h, struct jh_segment both[2], uint64_t addr) {
    both[addr > START] = (struct jh_segment){addr, (const uint8_t *)h->word, sizeof h->word};
    both[addr < START] = h->segment;
    h->p.image = (struct jh_image){.segment = both, .count = 2};
    assert_int_equal(jh_image_reader(&h->p.image, &h->target.heap.reader, NULL), JH_OK);
}

static void end(struct heap *h) {
    free(h->p.base->block);
    free(h->p.base->arenas.arena);
    free(h->p.base->range);
    free(h);
}

/* Nothing tells where an arena's base stands: it is looked for. */
static void arenas_of_another_build(void **state) {
    (void)state;
    static const uint64_t arena[] = {START + 128, START + 4096 * BLOCKS, BASE};
    for (unsigned i = 0; i < 3; i++) { /* without such a pointer; cut off; with one, at 64 */
        struct heap *h = start(5, BLOCKS);
        h->p.base->arena_base = JT_DWARF_UNKNOWN;
        put(h, ARENAS, arena[i]);
        assert_int_equal(jt_is_metadata(&h->target, block_at(2)), JT_YES);
        assert_int_equal(jt_is_metadata(&h->target, block_at(5)), i < 2 ? JT_CANNOT_TELL : JT_NO);
        end(h);
    }
}

/* The pointers to the arenas are absent, or an arena is; where an arena's base stands is known, or
 * to be learnt from them. */
static void arenas_that_are_absent(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct heap *h = start(5, BLOCKS);
        h->p.base->arena_base = i & 1 ? JT_DWARF_UNKNOWN : 0;
        if (i & 2) {
            h->p.source->variable[1].addr = 0x1000;
        } else {
            put(h, ARENAS, 0x1000);
        }
        assert_int_equal(jt_is_metadata(&h->target, block_at(2)), JT_YES);
        assert_int_equal(jt_is_metadata(&h->target, block_at(5)), JT_CANNOT_TELL);
        end(h);
    }
}

/* An arena's base is absent. */
static void bases_that_are_absent(void **state) {
    (void)state;
    struct heap *h = start(5, BLOCKS);
    put(h, ARENAS, START + 128);
    put(h, START + 128, 0x1000);
    assert_int_equal(jt_is_metadata(&h->target, block_at(2)), JT_YES);
    assert_int_equal(jt_is_metadata(&h->target, block_at(5)), JT_CANNOT_TELL);
    end(h);
}

/* An array that is longer than any jemalloc's counts to its 4096th arena. */
static void more_arenas_than_there_may_be(void **state) {
    enum { MOST = 4096 };
    const uint64_t arenas = block_at(10), arena = block_at(20), base = arena + 64;
    (void)state;
    for (unsigned beyond = 0; beyond < 2; beyond++) {
        struct heap *h = start(2, BLOCKS);
        h->p.source->variable[1] = (struct jt_variable){"arenas", arenas, (MOST + 1) * 8};
        put(h, arenas + 8 * (MOST - 1 + beyond), arena);
        put(h, arena, base);
        put(h, base + 8, block_at(30));
        put(h, block_at(30), 4096);
        assert_int_equal(jt_metadata_bytes(&h->target), beyond ? 2 * 4096 : 3 * 4096);
        assert_int_equal(jt_is_metadata(&h->target, block_at(30)), beyond ? JT_NO : JT_YES);
        end(h);
    }
}

enum { MOST = 1 << 20 }; /* blocks, of all bases */

/* A list of blocks of 16 bytes, all behind one another; the last leads to block `after`, or to
 * none. */
struct far {
    uint64_t *list;
    struct jh_segment both[2];
};

static uint64_t far_at(uint64_t n) {
    return UINT64_C(0x7e0000000000) + 16 * n;
}

static struct heap *start_far(struct far *f, uint64_t blocks, uint64_t after) {
    struct heap *h = start(1, BLOCKS);
    f->list = calloc(blocks, 16);
    assert_non_null(f->list);
    for (uint64_t n = 0; n < blocks; n++) {
        f->list[2 * n] = 16;
        f->list[2 * n + 1] = n + 1 < blocks ? far_at(n + 1) : after < blocks ? far_at(after) : 0;
    }
    f->both[0] = (struct jh_segment){far_at(0), (const uint8_t *)f->list, blocks * 16};
    f->both[1] = h->segment;
    h->p.image = (struct jh_image){.segment = f->both, .count = 2};
    assert_int_equal(jh_image_reader(&h->p.image, &h->target.heap.reader, NULL), JH_OK);
    put(h, BASE + 8, far_at(0));
    return h;
}

static void more_blocks_than_there_may_be(void **state) {
    (void)state;
    for (uint64_t blocks = MOST; blocks <= MOST + 1; blocks++) {
        struct far f;
        struct heap *h = start_far(&f, blocks, blocks);
        assert_int_equal(jt_is_metadata(&h->target, block_at(0)),
                         blocks == MOST ? JT_NO : JT_CANNOT_TELL);
        assert_int_equal(h->p.base->blocks, MOST);
        free(f.list);
        end(h);
    }
}

struct seen {
    size_t blocks;
    enum jt_answer answer;
};

static void ask(const void *input, void *result) {
    struct heap *h = *(struct heap *const *)input;
    struct seen *seen = result;
    seen->answer = jt_is_metadata(&h->target, block_at(BLOCKS));
    seen->blocks = h->p.base->blocks;
}

/* Ends soon: with no more blocks than that, and what is not in them cannot be told. */
static void ends_soon(const char *name, struct heap *h, size_t most) {
    struct seen seen = {0, JT_YES};
    char said[40];
    struct cost cost = cost_of(ask, &h, &seen, sizeof seen);
    snprintf(said, sizeof said, "%zu blocks", seen.blocks);
    cost_bounded(name, &cost, 1000, 128, said);
    assert_int_equal(seen.answer, JT_CANNOT_TELL);
    assert_true(seen.blocks <= most);
}

static void rings_that_never_close(void **state) {
    static const struct {
        const char *name;
        uint64_t blocks, after;
        size_t most;
    } row[] = {{"a list of one block, that leads to itself", 1, 0, 3},
               {"a ring of 300000 blocks", 300000, 0, 900000},
               {"a ring behind 300000 blocks", 300001, 300000, 900000},
               {"a ring of a million blocks", MOST, 0, MOST}};
    struct far f;
    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct heap *h = start_far(&f, row[i].blocks, row[i].after);
        ends_soon(row[i].name, h, row[i].most);
        free(f.list);
        end(h);
    }
}

/* Each of 4096 arenas has the same ring, which takes nearly three times its length to notice. */
static void a_ring_in_every_arena(void **state) {
    enum { ARENA_COUNT = 4096, LENGTH = 2048 };
    const uint64_t arenas = block_at(10), arena = block_at(30), base = arena + 64;
    struct far f;
    (void)state;
    struct heap *h = start_far(&f, LENGTH, 1025);
    h->p.source->variable[1] = (struct jt_variable){"arenas", arenas, (uint64_t)ARENA_COUNT * 8};
    for (unsigned i = 0; i < ARENA_COUNT; i++) {
        put(h, arenas + UINT64_C(8) * i, arena);
    }
    put(h, arena, base);
    put(h, base + 8, far_at(0));
    ends_soon("the same ring in 4096 arenas", h, MOST);
    free(f.list);
    end(h);
}

/* A build whose lists are not described: one of its three offsets is missing. Its number is none,
 * even where memory is. */
static void lists_that_are_not_known(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct heap *h = start(5, BLOCKS);
        struct jh_segment both[2];
        also_at(h, both, START + JT_DWARF_UNKNOWN);
        put(h, BASE, block_at(0));
        *(i == 0   ? &h->p.base->base_blocks
          : i == 1 ? &h->p.base->block_size
                   : &h->p.base->block_next) = JT_DWARF_UNKNOWN;
        assert_int_equal(jt_is_metadata(&h->target, block_at(2)), JT_CANNOT_TELL);
        assert_int_equal(h->p.base->blocks, 0);
        end(h);
    }
}

/* jemalloc was not started. Its first base is not at address 0, though memory is there. */
static void no_first_base(void **state) {
    (void)state;
    struct heap *h = start(5, BLOCKS);
    struct jh_segment both[2];
    also_at(h, both, 0);
    put(h, B0, 0);
    assert_int_equal(jt_is_metadata(&h->target, block_at(2)), JT_CANNOT_TELL);
    assert_int_equal(h->p.base->blocks, 0);
    end(h);
}

/* The option of newer versions that keeps large classes as they were. */
static void large_classes_by_an_option(void **state) {
    (void)state;
    for (unsigned flag = 0; flag < 2; flag++) {
        struct heap *h = start(5, BLOCKS);
        variable(h, "opt_disable_large_size_classes", START + 96, 1);
        h->word[96 / 8] = flag;
        h->target.layout.large_by_size = true;
        struct jt_evidence evidence;
        jt_variables_read(&h->target, &evidence.variables);
        (void)jt_by_size_from_variables(&evidence, &h->target.layout);
        assert_int_equal(h->target.layout.large_by_size, flag);
        end(h);
    }
}

static void a_list_that_ends(void **state) {
    (void)state;
    struct heap *h = start(5, BLOCKS);
    assert_int_equal(jt_metadata_bytes(&h->target), 5 * 4096);
    assert_int_equal(jt_is_metadata(&h->target, block_at(4) + 4095), JT_YES);
    assert_int_equal(jt_is_metadata(&h->target, block_at(5)), JT_NO);
    assert_int_equal(h->p.base->blocks, 5);
    end(h);
}

/* Of every length, with every number of blocks before it: what is known stays known, what is not in
 * it cannot be told, and no more than three times around is read. */
static void rings(void **state) {
    (void)state;
    for (unsigned blocks = 1; blocks < BLOCKS; blocks++) {
        for (unsigned after = 0; after < blocks; after++) {
            struct heap *h = start(blocks, after);
            assert_int_equal(jt_is_metadata(&h->target, block_at(blocks - 1)), JT_YES);
            assert_int_equal(jt_is_metadata(&h->target, block_at(BLOCKS)), JT_CANNOT_TELL);
            assert_int_equal(jt_metadata_bytes(&h->target), 0);
            assert_true(h->p.base->blocks <= 3 * blocks);
            end(h);
        }
    }
}

/* A block that has no size, passes the end of addresses, is not there, or of which only the size
 * is. */
static void broken_blocks(void **state) {
    static const uint64_t size[] = {0, UINT64_MAX}, at[] = {0x1000, END - 8};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct heap *h = start(3, BLOCKS);
        put(h, END - 8, 4096);
        if (i < 2) {
            put(h, block_at(2), size[i]);
        } else {
            put(h, block_at(1) + 8, at[i - 2]);
        }
        assert_int_equal(jt_is_metadata(&h->target, block_at(1)), JT_YES);
        assert_int_equal(jt_is_metadata(&h->target, block_at(9)), JT_CANNOT_TELL);
        assert_int_equal(h->p.base->blocks, 2);
        end(h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_that_ends),
        cmocka_unit_test(rings),
        cmocka_unit_test(broken_blocks),
        cmocka_unit_test(arenas_of_another_build),
        cmocka_unit_test(lists_that_are_not_known),
        cmocka_unit_test(no_first_base),
        cmocka_unit_test(arenas_that_are_absent),
        cmocka_unit_test(bases_that_are_absent),
        cmocka_unit_test(more_arenas_than_there_may_be),
        cmocka_unit_test(more_blocks_than_there_may_be),
        cmocka_unit_test(large_classes_by_an_option),
        cmocka_unit_test(rings_that_never_close),
        cmocka_unit_test(a_ring_in_every_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
