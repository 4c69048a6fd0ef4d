/* The root without any symbol: found in a module's variables, or nothing at all is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "image.h"
#include "private.h"

enum { MODULES = 9 };

#define ROOT ((size_t)8 << 18) /* bytes, of 48 bits and 4 KiB */
#define SLAB UINT64_C(0x7e1234560000)
#define FILLED UINT64_C(0x600000000000) /* modules of which every page has a word */
#define FILLED_LEN (UINT64_C(16) << 20)

static struct {
    struct image image;
    uint64_t second; /* room for another root */
    uint64_t extent[32];
    struct jt_range mapped[64];
    struct jt_module module[MODULES];
    struct jt_private p;
    struct jt_target target;
} heap;

static void map(uint64_t start, uint64_t end) {
    heap.mapped[heap.p.mapped_count++] = (struct jt_range){start, end};
}

static void put_slab(unsigned i) {
    uint64_t page = UINT64_C(1) << heap.image.layout.build.lg_page;
    const struct image_extent slab = {SLAB + 2 * page * i, page, 1, 0, true, 0, 0};
    heap.extent[i] = image_put(&heap.image, &slab);
}

/* Eight slabs of regions of 16 bytes; the module has room for two roots. */
static void start_build(const struct jh_build *build) {
    memset(&heap, 0, sizeof heap);
    image_start(&heap.image, build, IMAGE_METADATA);
    heap.second = image_block(&heap.image, ROOT);
    for (unsigned i = 0; i < 8; i++) {
        put_slab(i);
    }
    heap.p.mapped = heap.mapped;
    heap.p.words = 8;
    heap.p.little_endian = true;
    heap.p.machine = EM_X86_64;
    heap.target = (struct jt_target){.priv = &heap.p,
                                     .heap = heap.image.heap,
                                     .module = heap.module,
                                     .modules = 1,
                                     .bytes_present = UINT64_C(64) << 20};
    heap.module[0].start = heap.image.heap.rtree_root;
    heap.module[0].end = heap.second + ROOT;
}

static void start(void) {
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    start_build(&build);
}

static struct jt_search search;

/* What the headers say of the mappings: all of the image can be written to. */
static void look(bool any_version) {
    map(SLAB, SLAB + (UINT64_C(2) << 30)); /* all that is handed out */
    for (size_t i = 0; i < heap.image.bytes.count; i++) {
        const struct jh_segment *s = &heap.image.segment[i];
        map(s->addr, s->addr + s->len);
        jt_ranges_add(&heap.p.writable, s->addr, s->len);
    }
    for (size_t i = 0; i < heap.target.modules; i++) {
        const struct jt_module *m = &heap.module[i];
        if (m->start >= FILLED && m->start < SLAB) {
            map(m->start, m->end);
            jt_ranges_add(&heap.p.writable, m->start, m->end - m->start);
        }
    }
    heap.p.mapped_count = jt_ranges_normalise(heap.mapped, heap.p.mapped_count);
    search = (struct jt_search){.build = heap.image.layout.build, .any_version = any_version};
    heap.target.kind = JT_PROCESS;
    jt_root_infer(&heap.target, &search);
    jt_ranges_free(&heap.p.writable);
}

/* The root that is better than all others; 0: there is none. */
static uint64_t found(void) {
    look(false);
    return search.alike == 1 ? search.found[0].root : 0;
}

static uint64_t index_of(uint64_t addr) {
    return addr >> 30;
}

/* A root that has the same elements. */
static void copy_root(void) {
    memcpy(image_at(&heap.image, heap.second), image_at(&heap.image, heap.image.heap.rtree_root),
           ROOT);
}

static void one_root(void **state) {
    (void)state;
    start();
    assert_int_equal(found(), heap.image.heap.rtree_root);
    image_end(&heap.image);
}

/* Each explains the heap as well as the other one: neither is chosen. */
static void two_roots(void **state) {
    (void)state;
    start();
    copy_root();
    assert_int_equal(found(), 0);
    image_end(&heap.image);
}

/* In front or behind: another one that has less of the heap. */
static void a_root_with_less(void **state) {
    (void)state;
    for (unsigned less = 0; less < 2; less++) {
        const struct image_extent far = {SLAB + (UINT64_C(1) << 30), 4096, 1, 0, true, 0, 0};
        start();
        (void)image_put(&heap.image, &far);
        copy_root();
        uint64_t first = heap.image.heap.rtree_root;
        image_put8(&heap.image, (less == 0 ? first : heap.second) + 8 * index_of(far.addr), 0);
        assert_int_equal(found(), less == 0 ? heap.second : first);
        image_end(&heap.image);
    }
}

/* One extent in sixteen may be unsound, as in a process that runs; more is damage, which does not
 * hide the root. */
static void damage(void **state) {
    (void)state;
    for (unsigned extents = 8; extents <= 18; extents += 10) {
        start();
        for (unsigned i = 8; i < extents; i++) {
            put_slab(i);
        }
        image_put8(&heap.image, heap.extent[3] + 16, 0); /* its size */
        assert_int_equal(found(), heap.image.heap.rtree_root);
        assert_int_equal(search.found[0].clean, extents == 18);
        assert_int_equal(search.found[0].unsound, 1);
        assert_string_equal(search.found[0].fault.rule, "extent.size");
        image_end(&heap.image);
    }
}

/* Where the module starts is anybody's word: a root does not begin in front of it, though the rest
 * of that page was looked at. */
static void starts_inside_a_page(void **state) {
    (void)state;
    for (unsigned inside = 0; inside < 2; inside++) {
        start();
        uint64_t element = heap.image.heap.rtree_root + 8 * index_of(SLAB);
        heap.module[0].start = inside ? element + 8 : heap.image.heap.rtree_root;
        assert_int_equal(found(), inside ? 0 : heap.image.heap.rtree_root);
        image_end(&heap.image);
    }
}

/* What the user has said of the build does not go with pages of 64 KiB: they are passed over. */
static void geometries_that_are_no_build(void **state) {
    struct jh_build build;
    (void)state;
    jh_build_init(&build, JH_5_3_0);
    build.lg_page = 14; /* tried behind them */
    build.lg_slab_maxregs = 12;
    start_build(&build);
    assert_int_equal(found(), heap.image.heap.rtree_root);
    image_end(&heap.image);
}

static size_t ones = 1; /* bytes of each page that are not zero */

/* A word in each page, or more of them, and behind that the image. */
static enum jh_status filled(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_reader *under = arg;
    if (addr - FILLED >= 32 * FILLED_LEN) {
        return under->read(under->arg, addr, dst, len, got);
    }
    memset(dst, 0, len);
    memset(dst, 1, ones < len ? ones : len);
    *got = len;
    return JH_OK;
}

static void start_filled(struct jh_reader *under) {
    start();
    *under = heap.target.heap.reader;
    heap.target.heap.reader = (struct jh_reader){.read = filled, .arg = under};
}

static struct jt_module filled_module(unsigned i) {
    uint64_t start = FILLED + 2 * FILLED_LEN * i;
    return (struct jt_module){.start = start, .end = start + FILLED_LEN};
}

/* 128 MiB that are not zero are looked at, and no more: it is said where that ended. */
static void pages_without_number(void **state) {
    (void)state;
    for (unsigned last = 7; last < MODULES; last++) {
        struct jh_reader under;
        start_filled(&under);
        heap.module[last] = heap.module[0];
        for (unsigned i = 0; i < last; i++) {
            heap.module[i] = filled_module(i);
        }
        heap.target.modules = last + 1;
        assert_int_equal(found(), last == 7 ? heap.image.heap.rtree_root : 0);
        assert_int_equal(search.limit_at, last == 7 ? 0 : heap.image.heap.rtree_root);
        assert_in_range(search.looked, last * FILLED_LEN, last * FILLED_LEN + 4 * ROOT);
        image_end(&heap.image);
    }
}

/* A process maps more after its memory was counted: there is room for what was counted. */
static void more_than_was_counted(void **state) {
    (void)state;
    struct jh_reader under;
    start_filled(&under);
    heap.target.bytes_present = 4096;
    heap.module[0] = filled_module(0);
    ones = 4096;
    assert_int_equal(found(), 0);
    assert_int_equal(search.limit_at, FILLED + 3 * UINT64_C(4096));
    ones = 1;
    image_end(&heap.image);
}

/* A program may reserve more than any table has room for: 8 TiB, and all that 47 bits address. */
static void huge_reservations(void **state) {
    (void)state;
    for (unsigned all = 0; all < 2; all++) {
        start();
        map(all ? 0x10000 : UINT64_C(0x600000000000), UINT64_C(0x680000000000));
        if (all) {
            map(UINT64_C(0x680000000000), UINT64_C(1) << 47);
        }
        assert_int_equal(found(), heap.image.heap.rtree_root);
        assert_int_equal(search.limit_at, 0);
        image_end(&heap.image);
    }
}

/* A library of very much text: only what can be written to is looked at. */
static void far_behind_the_start(void **state) {
    (void)state;
    start();
    heap.module[0].start -= UINT64_C(1) << 30;
    map(heap.module[0].start, heap.image.heap.rtree_root);
    assert_int_equal(found(), heap.image.heap.rtree_root);
    image_end(&heap.image);
}

/* A stray word in front of what the heap uses: by what is beneath the others it is found. */
static void stray_words(void **state) {
    (void)state;
    for (unsigned stray = 1; stray <= 2048; stray += 2047) {
        start();
        for (unsigned i = 0; i < stray; i++) {
            image_put8(&heap.image, heap.image.heap.rtree_root + 8 * (100 + i), 0x41);
        }
        assert_int_equal(found(), stray == 1 ? heap.image.heap.rtree_root : 0);
        image_end(&heap.image);
    }
}

/* The first 300 structures of 480. */
static void damage_in_front(void **state) {
    (void)state;
    start();
    for (unsigned i = 8; i < 480; i++) {
        uint64_t page = UINT64_C(1) << heap.image.layout.build.lg_page;
        const struct image_extent slab = {SLAB + 2 * page * i, page, 1, 0, true, 0, 0};
        uint64_t extent = image_put(&heap.image, &slab);
        if (i < 300) {
            image_put8(&heap.image, extent + 16, 0);
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        image_put8(&heap.image, heap.extent[i] + 16, 0);
    }
    assert_int_equal(found(), heap.image.heap.rtree_root);
    assert_false(search.found[0].clean);
    image_end(&heap.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_root),
        cmocka_unit_test(two_roots),
        cmocka_unit_test(a_root_with_less),
        cmocka_unit_test(damage),
        cmocka_unit_test(starts_inside_a_page),
        cmocka_unit_test(geometries_that_are_no_build),
        cmocka_unit_test(pages_without_number),
        cmocka_unit_test(more_than_was_counted),
        cmocka_unit_test(huge_reservations),
        cmocka_unit_test(far_behind_the_start),
        cmocka_unit_test(stray_words),
        cmocka_unit_test(damage_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
