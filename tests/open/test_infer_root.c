/* The root without any symbol: found in a module's variables, or nothing at all is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "image.h"
#include "learn/root_scan.h"
#include "open/inside.h"

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
    struct jt_layers layers;
    struct jt_target target;
    bool core;
} heap;

static void map_in(struct jt_range *mapped, uint64_t start, uint64_t end) {
    mapped[heap.p.mapped_count++] = (struct jt_range){start, end};
}

static void map(uint64_t start, uint64_t end) {
    map_in(heap.p.mapped, start, end);
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
    jt_layers_join(&heap.p, &heap.layers);
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
    heap.p.mapped_count = jt_ranges_normalise(heap.p.mapped, heap.p.mapped_count);
    search = (struct jt_search){.build = heap.image.layout.build, .any_version = any_version};
    heap.target.kind = heap.core ? JT_CORE : JT_PROCESS;
    jt_root_infer(&heap.target, &search);
    jt_samples_free(&heap.target);
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
        image_end(&heap.image);
    }
}

/* Where the module starts is anybody's word: a root does not begin in front of it, though the rest
 * of that page was looked at. */
static void starts_inside_a_page(void **state) {
    (void)state;
    for (unsigned inside = 0; inside < 3; inside++) {
        start();
        uint64_t element = heap.image.heap.rtree_root + 8 * index_of(SLAB);
        heap.module[0].start =
            inside ? element + 8 - 80 * (inside - 1) : heap.image.heap.rtree_root;
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

/* As much of its heap, and some of that is damaged. */
static void a_root_with_damage(void **state) {
    (void)state;
    start();
    for (unsigned i = 0; i < 4; i++) {
        const struct image_extent far = {
            SLAB + (UINT64_C(1) << 30) + 8192 * i, 4096, 1, 0, true, 0, 0};
        image_put8(&heap.image, image_put(&heap.image, &far) + 16, 0);
    }
    copy_root();
    uint64_t first = heap.image.heap.rtree_root;
    image_put8(&heap.image, first + 8 * (index_of(SLAB) + 1), 0);
    assert_int_equal(found(), first);
    assert_int_equal(search.count, 2);
    assert_true(search.found[0].clean && !search.found[1].clean);
    image_end(&heap.image);
}

static void more_roots_than_are_listed(void **state) {
    (void)state;
    start();
    for (unsigned i = 0; i < JT_ROOTS_MAX; i++) {
        copy_root();
        heap.second = image_block(&heap.image, ROOT);
    }
    heap.module[0].end = heap.second;
    assert_int_equal(found(), 0);
    assert_int_equal(search.count, JT_ROOTS_MAX);
    assert_int_equal(search.alike, JT_ROOTS_MAX);
    image_end(&heap.image);
}

/* Of two quanta the first that is tried finds something, and the other one all. */
static void another_quantum(void **state) {
    struct jh_build build;
    (void)state;
    jh_build_init(&build, JH_5_3_0);
    build.lg_quantum = 3;
    start_build(&build);
    for (unsigned i = 0; i < 8; i++) {
        const struct image_extent slab = {
            SLAB + (UINT64_C(1) << 20) * (i + 1), 12288, 2, 0, true, 0, 0};
        (void)image_put(&heap.image, &slab);
    }
    heap.image.layout.build.lg_quantum = 4;
    assert_int_equal(found(), heap.image.heap.rtree_root);
    assert_true(search.found[0].clean);
    image_end(&heap.image);
}

/* Memory that is full takes several pieces; each root is whole in one of them. */
static void several_pieces(void **state) {
    struct jh_reader under;
    (void)state;
    start_filled(&under);
    heap.target.bytes_present = UINT64_C(4) << 20;
    heap.module[1] = heap.module[0];
    heap.module[0] = filled_module(0);
    heap.module[0].end = heap.module[0].start + (UINT64_C(6) << 20);
    heap.target.modules = 2;
    ones = 4096;
    assert_int_equal(found(), heap.image.heap.rtree_root);
    assert_int_equal(search.limit_at, 0);
    ones = 1;
    image_end(&heap.image);
}

/* What is found although not all was looked at may not be all. */
static void a_root_and_a_limit(void **state) {
    struct jh_reader under;
    (void)state;
    start_filled(&under);
    for (unsigned i = 1; i < MODULES; i++) {
        heap.module[i] = filled_module(i);
    }
    heap.target.modules = MODULES;
    assert_int_equal(found(), heap.image.heap.rtree_root);
    assert_int_equal(heap.target.warnings, 1);
    assert_non_null(strstr(heap.target.warning[0], "root.search-limit at 0x"));
    free(heap.target.warning[0]);
    free(heap.target.warning);
    image_end(&heap.image);
}

/* Of a core no more is looked at than it has, whatever its headers say that is mapped. */
static void a_core_of_nothing(void **state) {
    (void)state;
    start();
    heap.module[0] = filled_module(0);
    heap.module[0].end += FILLED_LEN;
    heap.core = true;
    assert_int_equal(found(), 0);
    assert_int_equal(search.limit_at, heap.module[0].start + FILLED_LEN);
    image_end(&heap.image);
}

/* So many mappings that marking their elements takes all the time that there is. */
static void mappings_without_number(void **state) {
    enum { COUNT = 1 << 14 };
    struct jt_range *many = calloc(COUNT + 64, sizeof *many);
    (void)state;
    start();
    memcpy(many, heap.mapped, sizeof heap.mapped);
    heap.p.mapped = many;
    for (uint64_t i = 0; i < COUNT; i++) {
        map_in(many, (2 * i + 8) << 48, (2 * i + 9) << 48);
    }
    assert_int_equal(found(), 0);
    assert_int_not_equal(search.limit_at, 0);
    image_end(&heap.image);
    free(many);
}

/* A pointer to a node so low in memory that no root is in front of it. */
static enum jh_status low(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_reader *under = arg;
    if (addr < 0x1000 || addr >= 0x2000) {
        return under->read(under->arg, addr, dst, len, got);
    }
    memset(dst, 0, len);
    if (addr == 0x1000 && len == 4096) {
        uint64_t element = heap.image.heap.rtree_root + 8 * index_of(SLAB);
        memcpy((uint8_t *)dst + 0x800, image_at(&heap.image, element), 8);
    }
    *got = len;
    return JH_OK;
}

static void an_element_alone(void **state) {
    struct jh_reader under;
    (void)state;
    start();
    under = heap.target.heap.reader;
    heap.target.heap.reader = (struct jh_reader){.read = low, .arg = &under};
    heap.module[0] = (struct jt_module){.start = 0x1000, .end = 0x2000};
    map(0x1000, 0x2000);
    jt_ranges_add(&heap.p.writable, 0x1000, 0x1000);
    assert_int_equal(found(), 0);
    image_end(&heap.image);
}

/* Words that another place of the root would explain, and an extent says where it is. */
static void two_places(void **state) {
    (void)state;
    for (unsigned front = 0; front < 2; front++) {
        start();
        uint64_t root = heap.image.heap.rtree_root, other = index_of(SLAB) - 192;
        uint64_t node = root + 8 * index_of(SLAB), far = 131000;
        map(root, root + ROOT + 4096);
        jt_ranges_add(&heap.p.writable, root, ROOT + 4096);
        map(other << 30, (other << 30) + 4096);
        map(far << 30, (far << 30) + 4096);
        memcpy(image_at(&heap.image, root + 8 * (front ? other - 300 : far + 192)),
               image_at(&heap.image, node), 8);
        assert_int_equal(found(), root);
        image_end(&heap.image);
    }
}

/* An element, and in front of it too few zeroes for a root of what is beneath it. */
static void an_element_with_words_in_front(void **state) {
    (void)state;
    start();
    uint64_t root = heap.image.heap.rtree_root, third = image_block(&heap.image, 2 * ROOT);
    heap.module[0].end = third + 2 * ROOT;
    map(UINT64_C(10) << 30, (UINT64_C(10) << 30) + 4096);
    image_put8(&heap.image, third + 8 * 1000, 0x41);
    memcpy(image_at(&heap.image, third + 8 * 1050),
           image_at(&heap.image, root + 8 * index_of(SLAB)), 8);
    assert_int_equal(found(), root);
    assert_int_equal(search.count, 1);
    image_end(&heap.image);
}

/* The search of damaged roots has an end, too. */
static void all_steps_are_taken(void **state) {
    (void)state;
    start();
    struct jt_scan *s = calloc(1, sizeof *s);
    struct jt_found_word word = {.at = heap.second, .value = heap.second};
    assert_non_null(s);
    search = (struct jt_search){.count = 0};
    *s = (struct jt_scan){.target = &heap.target,
                          .search = &search,
                          .layout = heap.image.layout,
                          .damaged = true,
                          .steps = JT_SCAN_STEPS_MAX,
                          .word = &word,
                          .words = 1};
    jt_scan_words(s);
    assert_true(s->exhausted);
    assert_int_equal(search.limit_at, word.at);
    free(s);
    image_end(&heap.image);
}

static void memory_that_runs_out(void **state) {
    (void)state;
    bool came = true;
    for (unsigned nth = 1; came; nth++) {
        start();
        fail_memory(nth);
        look(false);
        came = fail_memory_came();
        fail_memory(0);
        assert_true(!came || heap.target.memory_ran_out || heap.p.writable.lost);
        image_end(&heap.image);
    }
    start();
    heap.target.roots = 1;
    fail_memory(1);
    assert_null(jt_root_view(&heap.target, 0));
    fail_memory(0);
    assert_true(heap.target.memory_ran_out);
    image_end(&heap.image);
}

static void module_names(void **state) {
    static const struct {
        const char *path, *name;
        bool named;
    } cases[] = {
        {"/lib/libjemalloc.so.2", "libjemalloc.so.2", true},
        {"/lib/libjemalloc.so.2", "lib/libjemalloc.so.2", true},
        {"/lib/libjemalloc.so.2", "/libjemalloc.so.2", true},
        {"/lib/libjemalloc.so.2", "/lib/libjemalloc.so.2", true},
        {"/lib/libjemalloc.so.2", "libjemalloc", true},
        {"/lib/libjemalloc.so.2", "jemalloc.so.2", false},
        {"/lib/libjemalloc.so.2", "libjemallo_", false},
        {"/lib/libjemalloc.so.2", "xlibjemalloc", false},
        {"/lib/libjemalloc.so.2", "", false},
        {"/lib/libjemalloc.so.2", "/usr/lib/libjemalloc.so.2", false},
        {"/lib/libgone.so (deleted)", "libgone.so", true},
        {"[vdso]", "[vdso]", true},
        {"[vdso]", "vdso", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s", cases[i].path);
        const struct jt_module m = {.path = path};
        assert_int_equal(jt_module_named(&m, cases[i].name), cases[i].named);
    }
}

/* What is given lies in a variable of a module, or in what may be the program's. */
static void roots_that_are_given(void **state) {
    (void)state;
    start();
    struct jt_target *t = &heap.target;
    struct jt_range range = {heap.module[0].start, heap.module[0].start + 4096};
    heap.module[0].range = &range;
    heap.module[0].ranges = 1;
    t->heap.rtree_root = range.start;
    assert_false(jt_root_is_in_no_module(t));
    t->source[JT_PART_ROOT] = JT_GIVEN;
    assert_false(jt_root_is_in_no_module(t));
    t->heap.rtree_root = range.end;
    assert_true(jt_root_is_in_no_module(t));
    image_end(&heap.image);
}

/* One sentence for one cause, with the option that helps. */
static void why_there_is_none(void **state) {
    char program[] = "/bin/program", library[] = "/lib/libx.so";
    struct jt_search s = {.limit_at = 0x5000, .looked = 8192};
    (void)state;
    start();
    struct jt_target *t = &heap.target;
    heap.module[0].path = program;
    heap.module[0].file_id = (struct jt_build_id){2, {0xab, 0xcd}};
    (void)jt_no_root(t, NULL, true, &s);
    assert_non_null(strstr(t->error, "root.search-limit at 0x5000: no symbols"));
    assert_non_null(strstr(t->error, "after 8 KiB of variables; give the same program"));
    (void)jt_no_root(t, "5.3.0", false, &s);
    assert_non_null(strstr(t->error, "root.search-limit at 0x5000: no symbols"));
    struct jt_range range = {heap.module[0].start, heap.module[0].start + 4096};
    s.limit_at = range.start;
    heap.module[0].range = &range;
    heap.module[0].ranges = 1;
    heap.module[1].path = library;
    t->modules = 2;
    (void)jt_no_root(t, NULL, true, &s);
    assert_non_null(strstr(t->error, " in /bin/program: no symbols"));
    assert_non_null(strstr(t->error, "say which module has jemalloc with --in MODULE, or"));
    assert_false(t->root_missed);
    s.in = "program";
    (void)jt_no_root(t, NULL, true, &s);
    assert_null(strstr(t->error, "--in MODULE"));
    assert_non_null(strstr(t->error, "debuginfod-find debuginfo abcd may get it"));
    heap.module[0].memory_id = (struct jt_build_id){1, {0xef}};
    (void)jt_no_root(t, NULL, true, &s);
    assert_non_null(strstr(t->error, "debuginfod-find debuginfo ef may"));
    s = (struct jt_search){.in = NULL};
    (void)jt_no_root(t, "5.3.0", true, &s);
    assert_non_null(strstr(t->error, "that fits --layout 5.3.0; give"));
    assert_true(t->root_missed);
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
        cmocka_unit_test(a_root_with_damage),
        cmocka_unit_test(more_roots_than_are_listed),
        cmocka_unit_test(another_quantum),
        cmocka_unit_test(several_pieces),
        cmocka_unit_test(a_root_and_a_limit),
        cmocka_unit_test(a_core_of_nothing),
        cmocka_unit_test(mappings_without_number),
        cmocka_unit_test(an_element_alone),
        cmocka_unit_test(two_places),
        cmocka_unit_test(an_element_with_words_in_front),
        cmocka_unit_test(all_steps_are_taken),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(module_names),
        cmocka_unit_test(roots_that_are_given),
        cmocka_unit_test(why_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
