/* index: what it answers is what the stages before it answer, and a naive look at what is parked.
 */
#include <stdlib.h>

#include "builds.h"
#include "mixed_heap.h"
#include "spy.h"
#include "test.h"

#define A UINT64_C(0x7e1234560000)
#define PAGE UINT64_C(0x1000)

struct book {
    struct jh_index index;
    void *memory;
};

static void start(struct book *b, const struct jh_layout *layout, uint64_t extents,
                  const uint64_t *parked, uint64_t count) {
    uint64_t bytes = jh_index_bytes(extents, count);
    assert_true(bytes <= 32 * extents + 8 * count + 64);
    b->memory = malloc(bytes); /* with the sanitizers: and not a byte more */
    assert_non_null(b->memory);
    assert_int_equal(jh_index_start(&b->index, layout, b->memory, extents, parked, count), JH_OK);
}

static void end(struct book *b) {
    free(b->memory);
}

static void fill(struct book *b, const struct jh_heap *heap, uint64_t extents,
                 const uint64_t *parked, uint64_t count) {
    static struct jh_walk walk;
    start(b, heap->layout, extents, parked, count);
    jh_index_fill(&b->index, heap, &walk);
}

/* ---- the same as jh_locate() ------------------------------------------------------------------
 */

static void same(const struct jh_found *f, const struct jh_location *l) {
    assert_int_equal(f->owned, l->owned);
    assert_int_equal(f->why, l->why);
    assert_int_equal(f->extent, l->extent.at);
    if (l->extent.at) {
        assert_int_equal(f->szind, l->extent.szind & 255);
    }
    if (l->owned) {
        assert_int_equal(f->use, l->use);
        assert_int_equal(f->start, l->start);
        assert_int_equal(f->size, l->size);
        assert_int_equal(f->region_index, l->region_index);
    }
}

static void same_at(const struct book *b, const struct jh_heap *heap, const uint64_t *addr,
                    size_t count) {
    struct jh_found one, many[MIXED_PROBES], with[MIXED_PROBES];
    struct jh_index_more more[MIXED_PROBES];
    enum jh_status status[MIXED_PROBES], status_with[MIXED_PROBES];
    struct jh_location l;
    jh_index_find_many(&b->index, heap, addr, count, many, NULL, status);
    jh_index_find_many(&b->index, heap, addr, count, with, more, status_with);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(jh_locate(heap, addr[i], &l, NULL), JH_OK);
        assert_int_equal(jh_index_find(&b->index, heap, addr[i], &one, NULL), JH_OK);
        assert_int_equal(status[i], JH_OK);
        assert_int_equal(status_with[i], JH_OK);
        same(&one, &l);
        same(&many[i], &l);
        same(&with[i], &l);
        assert_int_equal(one.which, many[i].which);
        assert_int_equal(one.which, with[i].which);
        if (l.extent.at && with[i].which != JH_INDEX_NONE) {
            assert_memory_equal(&more[i].extent.addr, &l.extent.addr, sizeof(uint64_t));
            assert_int_equal(more[i].extent.bits, l.extent.bits);
            assert_int_equal(more[i].extent.usize, l.extent.usize);
        }
    }
}

/* Every version, page and width; lent and copied; with a plan and without. */
static void mixed_heaps(void **state) {
    (void)state;
    static struct mixed_heap m;
    for (unsigned n = 0; mixed_heap_nth(&m, n); n++) {
        struct book b;
        struct spy spy = {.under = m.image.heap.reader};
        struct jh_heap copied = m.image.heap;
        copied.reader = spy_gather(&spy);
        fill(&b, &m.image.heap, MIXED_EXTENTS, NULL, 0);
        assert_int_equal(b.index.count, MIXED_EXTENTS);
        same_at(&b, &m.image.heap, m.probe, MIXED_PROBES);
        same_at(&b, &copied, m.probe, MIXED_PROBES);
        m.image.heap.plan = NULL;
        same_at(&b, &m.image.heap, m.probe, MIXED_PROBES);
        end(&b);
        mixed_heap_end(&m);
    }
}

/* A description may say of bins that their slabs have a rest, which no region is in. */
static void slab_with_a_rest(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    image_stock(&image, JH_5_3_0);
    image.layout.bin[1].nregs = 200; /* of 16 bytes: 3200 of the page */
    image_plan(&image);
    image_put(&image, &(struct image_extent){.addr = A, .size = PAGE, .szind = 1, .slab = true});
    struct spy spy = {.under = image.heap.reader};
    struct jh_heap copied = image.heap;
    copied.reader = spy_gather(&spy);
    const uint64_t at[] = {A + 3184, A + 3199, A + 3200, A + PAGE - 1, A + PAGE};
    fill(&b, &image.heap, 1, NULL, 0);
    same_at(&b, &image.heap, at, COUNT(at));
    same_at(&b, &copied, at, COUNT(at));
    struct jh_found f;
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 3200, &f, NULL), JH_OK);
    assert_false(f.owned);
    assert_int_equal(f.why, JH_WHY_BEYOND);
    end(&b);
    image_end(&image);
}

/* ---- extents of any size, anywhere ------------------------------------------------------------
 */

/* Every word is the same. */
static enum jh_status read_word(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    (void)addr;
    memset(dst, *(const int *)arg, len);
    *got = len;
    return JH_OK;
}

static uint64_t next_random(void) {
    static uint64_t x = 20260601;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

enum { MANY = 5000 };

static struct jh_extent made[MANY];

/* Runs of neighbours, gaps of a page, and now and then one of terabytes. */
static void make_extents(void) {
    uint64_t at = 0x500000000000;
    for (size_t i = 0; i < MANY; i++) {
        uint64_t r = next_random(), pages = 1 + (r % 8 == 0 ? (r >> 8) % 100000 : (r >> 8) % 4);
        at += r % 5 ? 0 : PAGE << (r >> 32) % (i % 500 == 0 ? 32 : 6);
        made[i] = (struct jh_extent){.at = 0x7f0000000000 + 128 * i,
                                     .addr = at + (r % 3 ? 64 * (r % 60) : 0),
                                     .base = at,
                                     .size = pages * PAGE,
                                     .szind = 39,
                                     .state = r % 7 ? JH_ACTIVE : JH_DIRTY,
                                     .allocated = r % 7 != 0};
        at += pages * PAGE;
    }
}

static const struct jh_extent *owner(uint64_t addr) {
    for (size_t i = 0; i < MANY; i++) {
        if (addr - made[i].base < made[i].size) {
            return &made[i];
        }
    }
    return NULL;
}

static void anywhere(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    int word = 0;
    image_stock(&image, JH_5_3_0);
    image.heap.reader = (struct jh_reader){.read = read_word, .arg = &word};
    make_extents();
    start(&b, &image.layout, MANY, NULL, 0);
    for (size_t i = 0; i < MANY; i++) {
        jh_index_add(&b.index, &made[i], true);
    }
    jh_index_end(&b.index);
    for (size_t i = 0; i < 20000; i++) {
        struct jh_found f;
        uint64_t r = next_random(), from = made[r % MANY].base;
        uint64_t addr = from + (r >> 16) % 5 * PAGE - PAGE + (r >> 32) % PAGE;
        const struct jh_extent *e = owner(addr);
        assert_int_equal(jh_index_find(&b.index, &image.heap, addr, &f, NULL), JH_OK);
        assert_int_equal(f.extent, e ? e->at : 0);
        if (e) {
            assert_int_equal(f.which, e - made);
        } else { /* between the two */
            assert_true(f.which == MANY || addr < made[f.which].base);
            assert_true(f.which == 0 || addr > made[f.which - 1].base);
        }
    }
    end(&b);
    image_end(&image);
}

/* 32 blocks of 1 GiB take no more of anything than 32 of a page. */
static void large_blocks(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    enum { BLOCKS = 32 };
    uint64_t gib = UINT64_C(1) << 30, size = gib + PAGE;
    struct spy spy = {.fail_addr = 0};
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < BLOCKS; i++) {
        image_put(&image,
                  &(struct image_extent){.addr = A + i * size, .size = size, .szind = 36 + 4 * 16});
    }
    fill(&b, &image.heap, BLOCKS, NULL, 0);
    assert_int_equal(b.index.count, BLOCKS);
    assert_false(b.index.doubt);
    spy.under = image.heap.reader;
    image.heap.reader = spy_gather(&spy);
    for (uint64_t i = 0; i < 10000; i++) {
        struct jh_found f;
        uint64_t addr = A + next_random() % (BLOCKS * size);
        assert_int_equal(jh_index_find(&b.index, &image.heap, addr, &f, NULL), JH_OK);
        assert_int_equal(f.which, (addr - A) / size);
        assert_int_equal(f.owned, (addr - A) % size < gib);
    }
    assert_int_equal(spy.reads + spy.gathers, 0);
    end(&b);
    image_end(&image);
}

/* ---- parked -----------------------------------------------------------------------------------
 */

static void parked(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    uint64_t cached[] = {A + 16, A + 96, A + 4 * PAGE + 64, A + 9 * PAGE};
    image_stock(&image, JH_5_3_0);
    uint64_t slab = image_put(
        &image,
        &(struct image_extent){.addr = A, .size = PAGE, .szind = 1, .slab = true, .nfree = 1});
    image_put(&image,
              &(struct image_extent){.addr = A + 4 * PAGE + 64, .size = 5 * PAGE, .szind = 36});
    image_free_region(&image, slab, 6); /* parked, and free: a double free */
    fill(&b, &image.heap, 2, cached, COUNT(cached));
    for (unsigned retries = 0; retries < 2; retries++) {
        struct jh_found f[7];
        enum jh_status status[7];
        const uint64_t at[7] = {A + 16,   A + 40,           A + 97,          A + 5 * PAGE,
                                A + PAGE, A + 4 * PAGE + 1, A + 9 * PAGE - 1};
        jh_index_find_many(&b.index, &image.heap, at, 7, f, NULL, status);
        assert_int_equal(f[0].parked, 0);
        assert_int_equal(f[1].parked, JH_INDEX_NONE);
        assert_int_equal(f[2].parked, JH_INDEX_NONE);
        assert_int_equal(f[2].use, JH_USE_FREE);
        assert_int_equal(f[3].parked, 2);
        assert_int_equal(f[4].parked, JH_INDEX_NONE);
        assert_int_equal(f[5].why, JH_WHY_BEFORE); /* of its extent, and no part of it */
        assert_int_equal(f[5].parked, JH_INDEX_NONE);
        assert_int_equal(f[6].why, JH_WHY_BEYOND);
        assert_int_equal(f[6].parked, JH_INDEX_NONE);
        image.heap.reader.lend = NULL; /* the other way */
    }
    end(&b);
    image_end(&image);
}

/* Of an extent by its number: what begins there is parked, and nothing beside it. */
static void parked_there(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    uint64_t cached[] = {A + 16, A + PAGE};
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < 3; i++) {
        image_put(&image, &(struct image_extent){
                              .addr = A + i * PAGE, .size = PAGE, .szind = 1, .slab = true});
    }
    fill(&b, &image.heap, 3, cached, COUNT(cached));
    assert_int_equal(jh_index_parked(&b.index, 0, A + 16), 0);
    assert_int_equal(jh_index_parked(&b.index, 0, A + 32), JH_INDEX_NONE);
    assert_int_equal(jh_index_parked(&b.index, 1, A + PAGE), 1);
    assert_int_equal(jh_index_parked(&b.index, 2, A + 2 * PAGE), JH_INDEX_NONE);
    end(&b);
    image_end(&image);
}

/* Regions beside one, as the bitmap has them; what lies outside the slab is none. */
static void neighbours(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    static const struct {
        uint32_t region;
        bool before, after;
    } expected[] = {{0, false, false}, {1, false, true},   {3, true, false},
                    {4, false, false}, {254, false, true}, {255, false, false}};
    enum { PROBES = COUNT(expected) };
    uint64_t at[PROBES];
    struct jh_found f[PROBES];
    struct jh_index_more more[PROBES];
    enum jh_status status[PROBES];
    image_stock(&image, JH_5_3_0);
    uint64_t slab = image_put(
        &image,
        &(struct image_extent){.addr = A, .size = PAGE, .szind = 1, .slab = true, .nfree = 2});
    image_free_region(&image, slab, 2);
    image_free_region(&image, slab, 255);
    fill(&b, &image.heap, 1, NULL, 0);
    for (size_t i = 0; i < PROBES; i++) {
        at[i] = A + 16 * expected[i].region;
    }
    jh_index_find_many(&b.index, &image.heap, at, PROBES, f, more, status);
    for (size_t i = 0; i < PROBES; i++) {
        assert_int_equal(status[i], JH_OK);
        assert_int_equal(f[i].region_index, expected[i].region);
        assert_int_equal(more[i].free_before, expected[i].before);
        assert_int_equal(more[i].free_after, expected[i].after);
    }
    end(&b);
    image_end(&image);
}

/* ---- what is not vouched for ------------------------------------------------------------------
 */

static void less_room(void **state) {
    (void)state;
    static struct mixed_heap m;
    struct book b;
    mixed_heap_start(&m, JH_5_3_0, 48, 12);
    for (uint64_t room = 0; room < MIXED_EXTENTS; room++) {
        struct jh_index_pieces pieces;
        fill(&b, &m.image.heap, room, NULL, 0);
        assert_int_equal(b.index.count, room);
        assert_true(b.index.doubt);
        assert_true(room == 0 || jh_index_nth(&b.index, room - 1, &pieces));
        same_at(&b, &m.image.heap, m.probe, MIXED_PROBES);
        end(&b);
    }
    mixed_heap_end(&m);
}

/* One that contradicts itself is asked of the tree, and so are those beside it. */
static void corrupt(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    struct jh_found f;
    struct jh_fault fault;
    struct jh_index_pieces pieces;
    uint64_t at[4];
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < 4; i++) {
        at[i] = image_put(
            &image,
            &(struct image_extent){.addr = A + i * PAGE, .size = PAGE, .szind = 1, .slab = true});
    }
    image_put8(&image, at[1] + 8, 0); /* e_addr */
    fill(&b, &image.heap, 4, NULL, 0);
    assert_int_equal(b.index.count, 3);
    assert_true(b.index.doubt);
    MARK(f);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + PAGE, &f, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_EXTENT, "extent.addr");
    UNTOUCHED(f);
    assert_false(jh_index_nth(&b.index, 0, &pieces));
    assert_false(jh_index_nth(&b.index, 1, &pieces));
    assert_true(jh_index_nth(&b.index, 2, &pieces));
    assert_int_equal(pieces.base, A + 3 * PAGE);
    assert_int_equal(pieces.first, A + 3 * PAGE);
    assert_int_equal(pieces.last, A + 4 * PAGE - 16);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A, &f, NULL), JH_OK);
    assert_int_equal(f.which, JH_INDEX_NONE);
    assert_int_equal(f.extent, at[0]);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 3 * PAGE, &f, NULL), JH_OK);
    assert_int_equal(f.which, 2);
    end(&b);
    image_end(&image);
}

/* Out of order, over another, behind all addresses. */
static void refused(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    struct jh_index_pieces pieces;
    image_stock(&image, JH_5_3_0);
    start(&b, &image.layout, 8, NULL, 0);
    struct jh_extent e = {.at = A, .addr = A, .base = A, .size = 2 * PAGE, .state = JH_DIRTY};
    jh_index_add(&b.index, &e, true);
    jh_index_add(&b.index, &e, true);
    e.base = e.addr = A + PAGE;
    jh_index_add(&b.index, &e, true);
    e.base = e.addr = 0 - 2 * PAGE;
    jh_index_add(&b.index, &e, true);
    jh_index_end(&b.index);
    assert_int_equal(b.index.count, 2);
    assert_true(b.index.doubt);
    assert_false(jh_index_nth(&b.index, 0, &pieces));
    assert_false(jh_index_nth(&b.index, 1, &pieces));
    image.layout.bitmap_offset = 4096;
    assert_int_equal(jh_index_start(&b.index, &image.layout, b.memory, 8, NULL, 0), JH_UNSUPPORTED);
    end(&b);
    image_end(&image);
}

/* A word of the bitmap that is not there is absent. */
static void absent_bitmap(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    struct jh_found f, many;
    struct jh_fault fault;
    enum jh_status status;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(
        &image, &(struct image_extent){.addr = A, .size = PAGE, .szind = 1, .slab = true});
    fill(&b, &image.heap, 1, NULL, 0);
    image_hole(&image, at + image.layout.bitmap_offset, 8);
    for (unsigned ways = 0; ways < 2; ways++) {
        const uint64_t addr = A + 64;
        MARK(f);
        MARK(many);
        assert_int_equal(jh_index_find(&b.index, &image.heap, addr, &f, &fault), JH_ABSENT);
        jh_index_find_many(&b.index, &image.heap, &addr, 1, &many, NULL, &status);
        assert_int_equal(status, JH_ABSENT);
        UNTOUCHED(f);
        UNTOUCHED(many);
        image.heap.reader.lend = NULL;
    }
    end(&b);
    image_end(&image);
}

/* ---- memory that changes ----------------------------------------------------------------------
 */

static bool no_retry(void *arg, unsigned times) {
    (void)arg;
    (void)times;
    return false;
}

/* Its structure is looked at again: what it says by now is what is said. */
static void changed(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    struct jh_found f;
    image_stock(&image, JH_5_3_0);
    const struct image_extent e = {.addr = A, .size = PAGE, .szind = 1, .slab = true};
    uint64_t at = image_put(&image, &e);
    image_put(&image,
              &(struct image_extent){.addr = A + PAGE, .size = PAGE, .szind = 232, .state = 1});
    fill(&b, &image.heap, 2, NULL, 0);
    image.heap.reader.retry = no_retry;
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 16, &f, NULL), JH_OK);
    assert_int_equal(f.which, 0);
    assert_int_equal(f.use, JH_USE_HELD);
    image_free_region(&image, at, 1);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 16, &f, NULL), JH_OK);
    assert_int_equal(f.which, 0);
    assert_int_equal(f.use, JH_USE_FREE);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + PAGE, &f, NULL), JH_OK);
    assert_int_equal(f.which, JH_INDEX_NONE); /* unused ones are, whatever they say */
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 9 * PAGE, &f, NULL), JH_OK);
    assert_int_equal(f.which, JH_INDEX_NONE); /* and what nothing had */
    image_put8(&image, at, 0);                /* e_bits: no slab any more */
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 16, &f, NULL), JH_OK);
    assert_int_equal(f.which, JH_INDEX_NONE);
    end(&b);
    image_end(&image);
}

/* The fields of another extent, each alone: the tree is asked. */
static void changed_in_one_field(void **state) {
    (void)state;
    static struct image image;
    static const struct image_extent now[] = {{.addr = A, .size = 5 * PAGE, .szind = 36},
                                              {.addr = A + 64, .size = 5 * PAGE, .szind = 36},
                                              {.addr = A, .size = 4 * PAGE, .szind = 36},
                                              {.addr = A, .size = 5 * PAGE, .szind = 37}};
    struct book b;
    image_stock(&image, JH_5_3_0);
    uint64_t at = image_put(&image, &now[0]);
    fill(&b, &image.heap, 1, NULL, 0);
    image.heap.reader.retry = no_retry;
    for (size_t i = 0; i < COUNT(now); i++) {
        struct jh_found f;
        struct jh_location l;
        const uint8_t *other = image_at(&image, image_extent(&image, &now[i]));
        memcpy(image_at(&image, at), other, 24); /* e_bits, e_addr, e_size_esn */
        image_leaf(&image, A, &(struct image_leaf){.extent = at, .szind = now[i].szind});
        assert_int_equal(jh_locate(&image.heap, A + PAGE, &l, NULL), JH_OK);
        assert_int_equal(jh_index_find(&b.index, &image.heap, A + PAGE, &f, NULL), JH_OK);
        assert_int_equal(f.which, i == 0 ? 0 : JH_INDEX_NONE);
        same(&f, &l);
    }
    end(&b);
    image_end(&image);
}

/* Of a structure that is gone by now, and of one that was wrong at once, the tree says so. */
static void gone_or_wrong(void **state) {
    (void)state;
    static struct image image;
    struct book b;
    struct jh_found f;
    struct jh_index_pieces pieces;
    struct jh_fault fault;
    uint64_t at[3];
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < 3; i++) {
        at[i] = image_put(&image,
                          &(struct image_extent){
                              .addr = A + 16 * i * PAGE, .size = PAGE, .szind = 1, .slab = true});
    }
    image_put8(&image, at[2] + 16, 2 * PAGE); /* e_size_esn: no slab of that class */
    fill(&b, &image.heap, 3, NULL, 0);
    assert_int_equal(b.index.count, 2);
    image_hole(&image, at[0], 8);
    image.heap.reader.retry = no_retry;
    assert_true(jh_index_nth(&b.index, 0, &pieces));
    assert_false(jh_index_nth(&b.index, 1, &pieces)); /* next to the wrong one */
    MARK(f);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 16, &f, &fault), JH_ABSENT);
    assert_int_equal(fault.addr, at[0]);
    assert_int_equal(jh_index_find(&b.index, &image.heap, A + 32 * PAGE, &f, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_EXTENT, "extent.slab-size");
    UNTOUCHED(f);
    end(&b);
    image_end(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixed_heaps),   cmocka_unit_test(anywhere),
        cmocka_unit_test(large_blocks),  cmocka_unit_test(parked),
        cmocka_unit_test(less_room),     cmocka_unit_test(corrupt),
        cmocka_unit_test(refused),       cmocka_unit_test(absent_bitmap),
        cmocka_unit_test(changed),       cmocka_unit_test(changed_in_one_field),
        cmocka_unit_test(gone_or_wrong), cmocka_unit_test(neighbours),
        cmocka_unit_test(parked_there),  cmocka_unit_test(slab_with_a_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
