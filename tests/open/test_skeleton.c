/* Skeletons of hand-made heaps: the same answers from every version and geometry, a header of every
 * class and byte order, and what does not go well. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "attack.h"
#include "image_core.h"
#include "open/inside.h"
#include "spy.h"
#include "mixed_heap.h"

static char path[64], skeleton[64], again[64];
static struct core_file core;
static struct mixed_heap mixed;

static struct jt_target *opened(const char *file, const char *layout, uint64_t root) {
    struct jt_target *target;
    struct jt_options options = {
        .target = file, .layout = layout, .root = root, .root_given = root != 0};
    enum jt_status status = jt_open(&options, &target);
    assert_non_null(target);
    if (status != JT_OK) {
        fail_msg("%s: %s", file, target->error);
    }
    return target;
}

static void made(struct jt_target *target, const char *file, struct jt_skeleton *out) {
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    *out = (struct jt_skeleton){.fault = NULL};
    if (jt_skeleton_write(target, f, out) != JT_OK) {
        fail_msg("%s", target->error);
    }
    assert_int_equal(ftell(f), out->size);
    assert_int_equal(fclose(f), 0);
}

static bool file_has(const char *file, const char *text) {
    static char bytes[8 << 20];
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* A core of the mixed heap, with a page of the program's own. */
static struct jt_target *mixed_core(char name[128]) {
    static const char own[4096] = "what nobody else is to see";
    const struct image *image = &mixed.image;
    core_start(&core, EM_X86_64, 8, true);
    core_load(&core, mixed.extent[0].base & ~UINT64_C(4095), own, sizeof own);
    core_load_image(&core, image);
    core_save(&core, path);
    assert_true(file_has(path, "nobody else"));
    jt_layout_name(&image->layout.build, name, 128);
    return opened(path, name, image->heap.rtree_root);
}

static void same_locations(struct jt_target *a, struct jt_target *b) {
    for (size_t i = 0; i < MIXED_PROBES; i++) {
        struct jh_location x, y;
        memset(&x, 0, sizeof x);
        memset(&y, 0, sizeof y);
        enum jh_status status = jh_locate(&a->heap, mixed.probe[i], &x, NULL);
        assert_int_equal(jh_locate(&b->heap, mixed.probe[i], &y, NULL), status);
        assert_memory_equal(&x, &y, sizeof x);
        assert_int_equal(jt_mapped(a, mixed.probe[i]), jt_mapped(b, mixed.probe[i]));
    }
}

static void same_walk(struct jt_target *a, struct jt_target *b) {
    static struct jh_walk x, y;
    struct jh_extent e, f;
    struct jh_fault wrong, other;
    enum jh_status status = JH_OK;
    jh_walk_start(&x, &a->heap);
    jh_walk_start(&y, &b->heap);
    while (status != JH_END) {
        memset(&e, 0, sizeof e);
        memset(&f, 0, sizeof f);
        status = jh_walk_next(&x, &e, &wrong);
        assert_int_equal(jh_walk_next(&y, &f, &other), status);
        assert_memory_equal(&e, &f, sizeof e);
        if (status != JH_OK && status != JH_END) {
            assert_string_equal(wrong.rule, other.rule);
            assert_int_equal(wrong.addr, other.addr);
            assert_int_equal(wrong.seen, other.seen);
        }
    }
}

static void same_answers(struct jt_target *from, struct jt_target *t) {
    assert_string_equal(t->layout_name, from->layout_name);
    assert_memory_equal(t->source, from->source, sizeof t->source);
    assert_int_equal(t->heap.rtree_root, from->heap.rtree_root);
    same_locations(from, t);
    same_walk(from, t);
}

static void every_geometry(void **state) {
    (void)state;
    for (unsigned n = 0; mixed_heap_nth(&mixed, n); n++) {
        char name[128];
        struct jt_skeleton s, twice;
        struct jt_target *from = mixed_core(name);
        made(from, skeleton, &s);
        assert_true(s.extents == MIXED_EXTENTS && s.kept != 0 && s.zeroes < s.kept);
        assert_int_equal(s.left_out, 0);
        assert_false(file_has(skeleton, "nobody else"));
        struct jt_target *t = opened(skeleton, NULL, 0);
        same_answers(from, t);
        made(t, again, &twice);
        assert_int_equal(twice.size, s.size);
        jt_close(from);
        jt_close(t);
        mixed_heap_end(&mixed);
    }
}

/* What is absent stays absent, with the same words. */
static void holes_stay(void **state) {
    char name[128];
    struct jt_skeleton s;
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    image_hole(&mixed.image, mixed.extent[2].at, 64);
    image_hole(&mixed.image, mixed.extent[5].at + mixed.image.layout.extent_head, 8);
    uint64_t last = mixed.extent[6].at + mixed.image.layout.extent_size;
    image_hole(&mixed.image, last - 8, 8); /* nothing that is kept is behind it */
    uint64_t slot = image_leaf_slot(&mixed.image, mixed.extent[4].base);
    image_hole(&mixed.image, slot & ~UINT64_C(4095), 4096);
    const struct jh_layout *l = &mixed.image.layout;
    uint64_t root = (uint64_t)l->rtree_node_size << l->rtree_level[0].bits;
    image_hole(&mixed.image, mixed.image.heap.rtree_root + root - 32, 32); /* the last elements */
    struct jt_target *from = mixed_core(name);
    made(from, skeleton, &s);
    struct jt_target *t = opened(skeleton, NULL, 0);
    same_answers(from, t);
    jt_close(from);
    jt_close(t);
    mixed_heap_end(&mixed);
}

static struct attack_bytes bytes_of(const char *file) {
    char part[4096];
    struct attack_bytes b = {0};
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) != 0;) {
        attack_add(&b, part, n);
    }
    fclose(f);
    return b;
}

static void same_file(const char *a, const char *b) {
    struct attack_bytes x = bytes_of(a), y = bytes_of(b);
    assert_true(x.len == y.len && memcmp(x.at, y.at, x.len) == 0);
    free(x.at);
    free(y.at);
}

/* Elements that point into an extent's memory: that memory is left out, and every question has the
 * same answer but for the value that was seen there. */
static void damage_takes_nothing_along(void **state) {
    char name[128];
    struct jt_skeleton s;
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    uint64_t own = mixed.extent[0].base & ~UINT64_C(4095), at = own + (UINT64_C(1) << 30);
    for (unsigned i = 0; i < 3; i++) {
        struct image_leaf leaf = {own + 128 * (i % 2), i > 0 ? 40 : mixed.image.layout.sc_nsizes, 0,
                                  false, false};
        image_leaf(&mixed.image, at + 4096 * i, &leaf);
    }
    struct jt_target *from = mixed_core(name);
    made(from, skeleton, &s);
    assert_int_equal(s.left_out, 2 * mixed.image.layout.extent_head);
    assert_false(file_has(skeleton, "nobody else"));
    struct jt_target *t = opened(skeleton, NULL, 0);
    assert_int_equal(t->priv->skeleton->brokens, 2);
    for (unsigned i = 0; i < 3; i++) {
        struct jh_location l;
        struct jh_fault was, is;
        enum jh_status status = jh_locate(&from->heap, at + 4096 * i, &l, &was);
        assert_true(i == 0 || status == JH_CORRUPT); /* the first may be left behind */
        assert_int_equal(jh_locate(&t->heap, at + 4096 * i, &l, &is), status);
        if (status == JH_CORRUPT) {
            assert_string_equal(is.rule, was.rule);
            assert_int_equal(is.addr, was.addr);
            assert_int_equal(is.seen, 0);
        }
    }
    uint64_t left_out = s.left_out;
    made(t, again, &s);
    assert_int_equal(s.left_out, left_out);
    same_file(skeleton, again);
    jt_close(from);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* Headers of both classes and byte orders, from an empty heap. */
static void every_machine(void **state) {
    static const struct {
        uint16_t machine;
        uint8_t words;
        bool little_endian;
        const char *layout;
    } row[] = {{EM_X86_64, 8, true, "5.3.0,machine=x86_64"},
               {EM_386, 4, true, "5.3.0,machine=i386"},
               {EM_S390, 8, false, "5.3.0,machine=s390x"},
               {EM_PPC, 4, false, "5.2.1,machine=powerpc"}};
    static const uint8_t root[4 << 20];
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct jt_skeleton s;
        core_start(&core, row[i].machine, row[i].words, row[i].little_endian);
        core_load(&core, 0x10000000, root, sizeof root);
        core.load[0].memsz += 12345;
        core_save(&core, path);
        struct jt_target *from = opened(path, row[i].layout, 0x10000000);
        made(from, skeleton, &s);
        assert_int_equal(s.zeroes, s.kept);
        struct jt_target *t = opened(skeleton, NULL, 0);
        assert_int_equal(t->priv->machine, row[i].machine);
        assert_string_equal(t->layout_name, from->layout_name);
        assert_int_equal(t->warnings, from->warnings);
        assert_string_equal(t->warning[0], from->warning[0]);
        assert_int_equal(t->priv->mapped_count, 1);
        assert_memory_equal(t->priv->mapped, from->priv->mapped, sizeof *t->priv->mapped);
        jt_close(from);
        jt_close(t);
    }
}

struct left {
    unsigned reads;
    enum jh_status then;
};

static enum jh_status no_more(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct left *left = arg;
    (void)addr;
    *got = 0;
    if (left->reads == 0) {
        return left->then;
    }
    left->reads--;
    memset(dst, 0, len);
    *got = len;
    return JH_OK;
}

/* A disk that is full, a process or a budget that ends in the first or the second pass: no
 * skeleton. */
static void says_what_went_wrong(void **state) {
    char name[128];
    struct jt_skeleton s = {.fault = NULL};
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    FILE *full = fopen("/dev/full", "wb");
    assert_non_null(full);
    assert_int_equal(jt_skeleton_write(t, full, &s), JT_INCOMPLETE);
    assert_non_null(strstr(t->error, "No space left"));
    fclose(full);
    static const struct {
        struct left left;
        const char *part;
    } row[] = {{{0, JH_READ_FAILED}, "to the end"},
               {{33, JH_READ_FAILED}, "while it was read"}, /* the root is read in 32 pieces */
               {{0, JH_LIMIT}, "the budget ran out before all of the heap was read"},
               {{33, JH_LIMIT}, "the budget ran out before all of the heap was written"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct left left = row[i].left;
        FILE *file = fopen("/dev/null", "wb");
        t->heap.reader = (struct jh_reader){.read = no_more, .arg = &left};
        assert_int_equal(jt_skeleton_write(t, file, &s), JT_INCOMPLETE);
        assert_non_null(strstr(t->error, row[i].part));
        fclose(file);
    }
    assert_int_equal(jt_exit_status(JT_INCOMPLETE), 4);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* A process that ends when all but the last has been read. */
struct ending {
    struct jh_reader real;
    unsigned reads, last;
};

static enum jh_status ends(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct ending *e = arg;
    *got = 0;
    return ++e->reads > e->last ? JH_READ_FAILED : e->real.read(e->real.arg, addr, dst, len, got);
}

static void ends_at_the_end(void **state) {
    char name[128];
    struct jt_skeleton s = {.fault = NULL};
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    struct ending e = {t->heap.reader, 0, UINT32_MAX};
    t->heap.reader = (struct jh_reader){.read = ends, .arg = &e};
    FILE *file = fopen("/dev/null", "wb");
    (void)jt_caches(t); /* they are looked for once, as arenas are, not for each skeleton */
    e.reads = 0;
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_OK);
    e.last = e.reads - 1;
    e.reads = 0;
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_INCOMPLETE);
    assert_non_null(strstr(t->error, "while it was read"));
    fclose(file);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* A reader that fetches many at once fails at that. */
static void ends_in_a_gather(void **state) {
    char name[128];
    struct jt_skeleton s = {.fault = NULL};
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    struct spy spy = {.under = t->heap.reader, .gather_fails = true};
    FILE *file = fopen("/dev/null", "wb");
    t->heap.reader = spy_gather(&spy);
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_OK);
    assert_true(spy.gathers != 0 && s.extents == MIXED_EXTENTS); /* each was asked for alone */
    fclose(file);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* Bytes that several segments of a core lead to are written for each of them: not without end. */
static void segments_that_share_bytes(void **state) {
    char name[128];
    struct jt_skeleton s = {.fault = NULL};
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    FILE *file = fopen("/dev/null", "wb");
    size_t size = t->priv->core_size;
    t->priv->core_size = 1024; /* as if it were all that segments lead to */
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_UNREADABLE);
    assert_non_null(strstr(t->error, "share their bytes"));
    assert_non_null(strstr(t->error, "1024 bytes"));
    t->priv->core_size = size;
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_OK);
    fclose(file);
    jt_close(t);
    mixed_heap_end(&mixed);
}

static void take_rule(void *arg, enum jh_status status, const struct jh_fault *fault) {
    *(const char **)arg = fault->rule;
    assert_int_equal(status, JH_LIMIT);
}

/* Of the reader a budget ends the skeleton; of the tree it ends the walk, which is said. */
static void budgets_of_the_tree(void **state) {
    char name[128];
    const char *rule = "none";
    struct jt_skeleton s = {.fault = take_rule, .arg = (void *)&rule};
    (void)state;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    FILE *file = fopen("/dev/null", "wb");
    t->heap.limits.max_extents = 2;
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_OK);
    assert_string_equal(rule, "extent.max-extents");
    assert_int_equal(s.extents, 2);
    fclose(file);
    jt_close(t);
    mixed_heap_end(&mixed);
}

static void endless_names_are_refused(void **state) {
    static char long_name[4096];
    char name[128];
    struct jt_skeleton s = {.fault = NULL};
    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *t = mixed_core(name);
    for (unsigned i = 0; i < 300; i++) {
        assert_non_null(jt_module_add(t, long_name));
    }
    FILE *file = fopen("/dev/null", "wb");
    assert_int_equal(jt_skeleton_write(t, file, &s), JT_UNREADABLE);
    assert_non_null(strstr(t->error, "too long for a skeleton"));
    fclose(file);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* ---- notes that somebody else wrote ---------------------------------------------------------- */

/* The skeleton's notes in a core of this machine; in the first of them one text is another. */
static void with_notes(const struct jt_text *note, uint16_t machine, const char *old,
                       const char *now) {
    static char about[1 << 17];
    const char *at = memmem(note[JT_NOTE_ABOUT].bytes, note[JT_NOTE_ABOUT].size, old, strlen(old));
    assert_non_null(at);
    int front = (int)(at - note[JT_NOTE_ABOUT].bytes), skip = front + (int)strlen(old);
    int len = snprintf(about, sizeof about, "%.*s%s%.*s", front, note[JT_NOTE_ABOUT].bytes, now,
                       (int)note[JT_NOTE_ABOUT].size - skip, note[JT_NOTE_ABOUT].bytes + skip);
    core_start(&core, machine, machine == EM_386 ? 4 : 8, machine != EM_S390);
    core_load(&core, 0x10000, about, 16);
    core_note_of(&core, JT_NOTE_OWNER, JT_NOTE_ABOUT, about, (size_t)len);
    for (unsigned type = JT_NOTE_LAYOUT; type <= JT_NOTES; type++) {
        if (note[type].bytes != NULL) {
            core_note_of(&core, JT_NOTE_OWNER, type, note[type].bytes, note[type].size);
        }
    }
    core_save(&core, again);
}

static void refused(const char *part) {
    struct jt_target *t;
    struct jt_options options = {.target = again};
    assert_int_equal(jt_open(&options, &t), JT_UNREADABLE);
    if (strstr(t->error, part) == NULL) {
        fail_msg("%s, not %s", t->error, part);
    }
    jt_close(t);
}

/* The mixed heap's skeleton and its notes. */
static struct jt_target *notes_of_mixed(struct jt_text note[JT_NOTES + 1]) {
    char name[128];
    struct jt_skeleton s;
    mixed_heap_start(&mixed, JH_5_3_0, 48, 12);
    struct jt_target *from = mixed_core(name);
    made(from, skeleton, &s);
    jt_close(from);
    struct jt_target *t = opened(skeleton, NULL, 0);
    memcpy(note, t->priv->note, (JT_NOTES + 1) * sizeof *note);
    return t;
}

static void notes_of_another(void **state) {
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    with_notes(note, EM_386, "\"warnings\"", "\"warnings\"");
    refused("another word size or byte order than its ELF header");
    with_notes(note, EM_S390, "\"warnings\"", "\"warnings\"");
    refused("another word size or byte order than its ELF header");
    note[JT_NOTE_LAYOUT].bytes = NULL;
    with_notes(note, EM_X86_64, "\"warnings\"", "\"warnings\"");
    refused("a skeleton without a layout");
    jt_close(t);
    mixed_heap_end(&mixed);
}

#define X31 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X63 X31 "x" X31
#define X127 X63 "x" X63
#define V(name) "\"" name "\":{\"addr\":\"0x5\",\"size\":8}"
#define V8(p)                                                                                      \
    V(p "1")                                                                                       \
    "," V(p "2") "," V(p "3") "," V(p "4") "," V(p "5") "," V(p "6") "," V(p "7") "," V(p "8")
#define V64(p)                                                                                     \
    V8(p "1")                                                                                      \
    "," V8(p "2") "," V8(p "3") "," V8(p "4") "," V8(p "5") "," V8(p "6") "," V8(p "7") "," V8(    \
        p "8")
#define VARIABLES "\"variables\":{}"
#define MODULES "\"modules\":[]"
#define M(id)                                                                                      \
    "\"modules\":[{\"path\":\"/"                                                                   \
    "x\",\"file\":\"same\",\"start\":\"1\",\"end\":\"2\",\"build_id\":" id "}]"
#define R(ranges)                                                                                  \
    "\"modules\":[{\"path\":\"/"                                                                   \
    "x\",\"file\":\"same\",\"start\":\"1\",\"end\":\"2\",\"build_id\":\"\",\"ranges\":" ranges     \
    "}]"
#define H(path, root, version, symbol)                                                             \
    M("\"\"")                                                                                      \
    ",\"heaps_unknown\":true,\"other_heaps\":[{\"module\":\"" path "\",\"root\":\"" root           \
    "\",\"version\":\"" version "\",\"symbol\":\"" symbol "\"}]"
#define N7 "7,7,7,7,7,7,7"
#define N49 N7 "," N7 "," N7 "," N7 "," N7 "," N7 "," N7
#define X47                                                                                        \
    X31 "x"                                                                                        \
        "xxxxxxxxxxxxxxx"
#define L(bytes, broken) "\"bytes_left_out\":" bytes ",\"broken\":" broken "," VARIABLES
#define ID32 "00112233445566778899aabbccddeeff"

static void broken_notes(void **state) {
    static const struct {
        const char *old, *now, *part; /* part NULL: it is sound */
    } row[] = {
        {"\"skeleton\":1", "\"skeleton\":18446744073709551616", "skeleton"},
        {"\"pid\":0", "\"pid\":2147483647", NULL},
        {"\"pid\":0", "\"pid\":2147483648", "pid"},
        {"\"pid\":0", "\"pid\":-1", "pid"},
        {"\"version\":\"\"", "\"version\":\"" X127 "\"", NULL},
        {"\"version\":\"\"", "\"version\":\"" X127 "x\"", "version"},
        {"\"root_symbol\":\"\"", "\"root_symbol\":\"" X127 "x\"", "root_symbol"},
        {"\"prefix\":\"\"", "\"prefix\":\"" X63 "\"", NULL},
        {"\"prefix\":\"\"", "\"prefix\":\"" X63 "x\"", "prefix"},
        {"\"root\":\"0x", "\"root\":\"x", "root"},
        {"_truncated\":0", "_truncated\":-1", "bytes_truncated"},
        {VARIABLES, "\"variables\":{" V(X63) "}", NULL},
        {VARIABLES, "\"variables\":{" V(X63 "x") "}", "variables"},
        {VARIABLES, "\"variables\":{" V64("a") "," V64("b") "}", NULL},
        {VARIABLES, "\"variables\":{" V64("a") "," V64("b") "," V("c") "}", "variables"},
        {VARIABLES, "\"variables\":{\"b0\":{\"addr\":5,\"size\":8}}", "variables"},
        {VARIABLES, "\"variables\":{\"b0\":{\"addr\":\"5\"}}", "variables"},
        {MODULES, M("\"09af\""), NULL},
        {MODULES, R("[[\"1\",\"2\"],[\"4\",\"0x5\"]]"), NULL},
        {MODULES, R("[]"), NULL},
        {MODULES, R("{}"), "modules"},
        {MODULES, R("[\"1\",\"2\"]"), "modules"},
        {MODULES, R("[[\"1\"]]"), "modules"},
        {MODULES, R("[[1,\"2\"]]"), "modules"},
        {MODULES, R("[[\"1\",2]]"), "modules"},
        {MODULES, R("[[\"x\",\"2\"]]"), "modules"},
        {MODULES, R("[[\"1\",\"x\"]]"), "modules"},
        {MODULES, R("[[\"2\",\"2\"]]"), "modules"},
        {VARIABLES, L("8", "{\"0x10\":\"extent.size\"}"), NULL},
        {VARIABLES, L("8", "{\"0x10\":\"" X47 "\",\"8\":\"" X47 "\"}"), NULL},
        {VARIABLES, L("8", "{\"0x10\":\"" X47 "x\"}"), "broken"},
        {VARIABLES, L("8", "{\"0x10\":\"\"}"), "broken"},
        {VARIABLES, L("8", "{\"0x10\":\"a b\"}"), "broken"},
        {VARIABLES, L("8", "{\"0x10\":5}"), "broken"},
        {VARIABLES, L("8", "{\"here\":\"extent.size\"}"), "broken"},
        {VARIABLES, L("8", "[]"), "broken"},
        {VARIABLES, L("-8", "{}"), "broken"},
        {MODULES, M("null"), "modules"},
        {MODULES, M("\"09a\""), "modules"},
        {MODULES, M("\"0g\""), "modules"},
        {MODULES, M("\"g0\""), "modules"},
        {MODULES, M("\"0A\""), "modules"},
        {MODULES, M("\"0/\""), "modules"},
        {MODULES, M("\"" ID32 ID32 ID32 ID32 "\""), NULL},
        {MODULES, M("\"" ID32 ID32 ID32 ID32 "00\""), "modules"},
        {MODULES ",\"other_heaps\":[]", H("/x", "0x5", "5.3.0", "s"), NULL},
        {MODULES ",\"other_heaps\":[]", H("/x", "0x5", X127, X127), NULL},
        {MODULES ",\"other_heaps\":[]", M("\"\""), NULL},
        {MODULES ",\"other_heaps\":[]", H("/y", "0x5", "5.3.0", "s"), "other_heaps"},
        {MODULES ",\"other_heaps\":[]", H("/x", "x", "5.3.0", "s"), "other_heaps"},
        {MODULES ",\"other_heaps\":[]", H("/x", "0x5", X127 "x", "s"), "other_heaps"},
        {MODULES ",\"other_heaps\":[]", H("/x", "0x5", "5.3.0", X127 "x"), "other_heaps"},
        {"\"other_heaps\":[]", "\"other_heaps\":[{}]", "other_heaps"},
        {"\"other_heaps\":[]", "\"other_heaps\":{}", "other_heaps"},
        {"\"other_heaps\":[]", "\"other_heaps\":[" N49 "]", "other_heaps"},
        {"\"warnings\":[]", "\"warnings\":[7]", "warnings"},
    };
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char part[64];
        with_notes(note, EM_X86_64, row[i].old, row[i].now);
        if (row[i].part == NULL) {
            jt_close(opened(again, NULL, 0));
        } else {
            snprintf(part, sizeof part, "broken note (\"%s\")", row[i].part);
            refused(part);
        }
    }
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* A block, two arenas, a fault and a structure; then what is wrong in one word. */
enum { ARENAS_WORDS = 3 + 2 * 4 + 2 + 9 + 1 };

/* One cache with a bin of two regions, and a fault; one word of it is something else. */
#define CACHES_WORDS (5 + 9 + 6 + 4 + 9)

static void caches_that_lie(void **state) {
    static const struct {
        unsigned word;
        uint64_t value;
        unsigned words; /* 0: all */
        bool sound;
    } row[] = {{0, 6, 0, true},
               {0, 6, 4, false},
               {0, JT_CACHES_WHYS, 0, false},
               {1, UINT64_MAX, 0, false},
               {2, 2, 0, false},
               {4, 17, 0, false},
               {6, UINT64_C(1) << 32, 0, false}, /* its arena, its thread, its bins */
               {8, UINT64_C(1) << 31, 0, false},
               {13, 0, 0, false},
               {13, 2, 0, false},
               {13, 1000, 0, false},
               {15, 1000, 0, false}, /* a size class; numbers of regions */
               {16, UINT64_C(1) << 32, 0, false},
               {17, UINT64_C(1) << 32, 0, false},
               {18, UINT64_C(1) << 32, 0, false},
               {19, 1, 0, false},
               {19, 3, 0, false},
               {24, JH_END, 0, false},
               {24, JH_ABSENT, 0, true},
               {27, 0, 0, false}}; /* no name */
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint64_t words[CACHES_WORDS] = {6, 1, 1, 2, 1, 0x1000, 5, 0, 77};
        memcpy(&words[9], "name", 5);
        words[13] = 1;
        words[14] = 0x1008;
        words[15] = 3;
        words[16] = 2;
        words[17] = 20;
        words[19] = 2;
        words[20] = 0x2000;
        words[22] = 0x1fff;
        words[23] = 1;
        words[24] = JH_CORRUPT;
        memcpy(&words[27], "cache.count", 12);
        words[row[i].word] = row[i].value;
        note[JT_NOTE_CACHES] =
            (struct jt_text){(const char *)words, 8 * (row[i].words ? row[i].words : CACHES_WORDS)};
        with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
        if (!row[i].sound) {
            refused("broken note (\"caches\")");
            continue;
        }
        struct jt_target *sound = opened(again, NULL, 0);
        const struct jt_caches *all = jt_caches_owned(sound);
        assert_int_equal(all->why, 6);
        assert_int_equal(all->cache[0].thread, 77);
        assert_string_equal(all->cache[0].thread_name, "name");
        assert_int_equal(all->cache[0].count, 2);
        assert_true(jt_parked_at(sound, 0x1fff)->stashed);
        assert_false(jt_parked_at(sound, 0x2000)->stashed);
        assert_int_equal(all->faults, 1);
        jt_close(sound);
    }
    note[JT_NOTE_CACHES].bytes = NULL; /* as older ones */
    with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
    struct jt_target *old = opened(again, NULL, 0);
    assert_int_equal(jt_caches(old)->why, JT_CACHES_OLD_SKELETON);
    jt_close(old);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* Where two arenas are. One that has not as many places as there are arenas is broken; an older
 * jeheap wrote none, and what arenas count is not known then. */
static void places_that_lie(void **state) {
    uint64_t arena[] = {2, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0}, place[] = {0x1000040, 0x1000080, 0, 0, 9};
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    note[JT_NOTE_BLOCKS] = (struct jt_text){NULL, 0};
    note[JT_NOTE_ARENAS] = (struct jt_text){(const char *)arena, sizeof arena};
    for (unsigned words = 0; words <= 5; words++) {
        note[JT_NOTE_PLACES] = (struct jt_text){(const char *)place, 8 * words};
        with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
        if (words != 4) {
            refused("broken note (\"places\")");
            continue;
        }
        struct jt_target *sound = opened(again, NULL, 0);
        assert_int_equal(jt_arenas(sound)->arena[0].at, 0x1000040);
        assert_int_equal(jt_arenas(sound)->arena[0].base, 0x1000080);
        assert_int_equal(jt_arenas(sound)->arena[1].at, 0);
        assert_null(strstr(sound->warning[0], "older jeheap"));
        jt_close(sound);
    }
    note[JT_NOTE_PLACES] = (struct jt_text){NULL, 0};
    with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
    struct jt_target *older = opened(again, NULL, 0);
    assert_non_null(strstr(older->warning[0], "a skeleton of an older jeheap"));
    assert_int_equal(jt_arenas(older)->arena[0].at, 0);
    jt_close(older);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* A thread inside jemalloc with two words, and one with none. */
static void threads_that_lie(void **state) {
    static const struct {
        unsigned word;
        uint64_t value;
        unsigned words; /* 0: all */
        bool sound;
    } row[] = {{0, 5, 0, true},           {0, 5, 1, false},
               {0, 5, 9, false},          {1, 1, 0, false}, /* more is there than it says */
               {1, 3, 0, false},                            /* and less */
               {1, UINT64_MAX, 0, false}, {2, UINT64_C(1) << 31, 0, false},
               {4, 9, 0, false},          {4, UINT64_MAX, 0, false},
               {6, 0x1000, 0, false}}; /* not sorted */
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint64_t words[] = {5, 2, 77, 0x7000, 2, 0x2000, 0x3000, 78, 0, 0};
        size_t bytes = row[i].words ? 8 * (size_t)row[i].words : sizeof words;
        words[row[i].word] = row[i].value;
        note[JT_NOTE_HANDS] = (struct jt_text){(const char *)words, bytes};
        with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
        if (!row[i].sound) {
            refused("broken note (\"threads\")");
            continue;
        }
        struct jt_target *sound = opened(again, NULL, 0);
        const struct jt_hands *hands = jt_hands(sound);
        assert_true(hands->known && hands->text_known && !hands->blind);
        assert_int_equal(hands->count, 2);
        assert_int_equal(jt_hands_have(hands, 0x3000, 0x3001), 77);
        assert_int_equal(jt_hands_have(hands, 0x2001, 0x3000), 0);
        assert_int_equal(jt_hands_storage(hands, 0x7008), 77);
        jt_close(sound);
    }
    note[JT_NOTE_HANDS] = (struct jt_text){NULL, 0}; /* as older ones */
    with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
    struct jt_target *older = opened(again, NULL, 0);
    assert_false(jt_hands(older)->known);
    jt_close(older);
    jt_close(t);
    mixed_heap_end(&mixed);
}

static void arenas_that_lie(void **state) {
    static const uint8_t block[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 32, 1, 0, 0, 0, 0};
    static const struct {
        unsigned word;
        uint64_t value;
        unsigned words; /* 0: all */
        bool sound;
    } row[] = {{0, 2, 0, true},
               {0, 2, 2, false},
               {0, UINT64_MAX, 0, false},
               {0, 1, 0, false},
               {1, 2, 0, false},
               {2, 2, 0, false},
               {2, 1, ARENAS_WORDS - 1, false},
               {3, UINT64_C(1) << 32, 0, false},
               {11, 0xffffff, 0, false}, /* what the block has handed out ends before it begins */
               {12, 2, 0, false},
               {13, JH_ABSENT, 0, true},
               {13, JH_LIMIT, 0, true},
               {16, 0, 0, false}, /* no name */
               {16, 0x2020202020202020, 0, false},
               {21, 0x6161616161616161, 0, false}}; /* one that does not end */
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint64_t words[ARENAS_WORDS] = {[0] = 2, [1] = 1, [2] = 1, [3] = 0, [7] = 5};
        words[11] = 0x1100000;
        words[12] = 1;
        words[13] = JH_CORRUPT;
        memcpy(&words[16], "arena.block-size", 16);
        words[22] = 0x1000040;
        words[row[i].word] = row[i].value;
        memset(&words[18], row[i].word == 21 ? 'a' : 0, 24);
        note[JT_NOTE_BLOCKS] = (struct jt_text){(const char *)block, sizeof block};
        note[JT_NOTE_ARENAS] =
            (struct jt_text){(const char *)words, 8 * (row[i].words ? row[i].words : ARENAS_WORDS)};
        note[JT_NOTE_PLACES] = (struct jt_text){NULL, 0}; /* as of an older jeheap */
        with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
        if (!row[i].sound) {
            refused("broken note (\"arenas\")");
            continue;
        }
        struct jt_target *sound = opened(again, NULL, 0);
        assert_int_equal(sound->priv->base->arenas.count, 2);
        assert_int_equal(sound->priv->base->arenas.arena[1].known.ind, 5);
        assert_int_equal(sound->priv->base->block[0].used, 0x1100000);
        assert_string_equal(sound->priv->base->arenas.fault[0].rule, "arena.block-size");
        assert_int_equal(sound->priv->base->written.range[0].start, 0x1000040);
        jt_close(sound);
    }
    static uint64_t many[3 + 9 * (JT_ARENA_FAULTS + 1) + JT_WRITTEN_MAX + 1];
    for (unsigned i = 1; i <= 2; i++) { /* faults, structures: one too many */
        memset(many, 0, sizeof many);
        many[i] = i == 1 ? JT_ARENA_FAULTS + 1 : JT_WRITTEN_MAX + 1;
        note[JT_NOTE_ARENAS] =
            (struct jt_text){(const char *)many, 8 * (3 + many[i] * (i == 1 ? 9 : 1))};
        with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
        refused("broken note (\"arenas\")");
    }
    note[JT_NOTE_ARENAS].bytes = NULL; /* as older ones */
    with_notes(note, EM_X86_64, VARIABLES, VARIABLES);
    struct jt_target *old = opened(again, NULL, 0);
    assert_int_equal(old->priv->base->arenas.count, 0);
    assert_int_equal(old->priv->base->blocks, 1);
    jt_close(old);
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* As many extents that were left out as there may be, with as many rules. */
static void verdicts_without_number(void **state) {
    static const struct {
        unsigned verdicts, rules;
        bool sound;
    } row[] = {{JT_VERDICTS_MAX, JT_VERDICT_RULES, true},
               {JT_VERDICTS_MAX + 1, JT_VERDICT_RULES, false},
               {JT_VERDICTS_MAX, JT_VERDICT_RULES + 1, false}};
    struct jt_text note[JT_NOTES + 1];
    static char text[1 << 16];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        size_t len = (size_t)sprintf(text, "\"bytes_left_out\":1,\"broken\":{");
        for (unsigned k = row[i].verdicts; k-- > 0;) {
            len += (size_t)sprintf(text + len, "\"0x%x\":\"r%u\"%s", 16 * k, k % row[i].rules,
                                   k == 0 ? "}," VARIABLES : ",");
        }
        with_notes(note, EM_X86_64, VARIABLES, text);
        if (row[i].sound) {
            struct jt_target *all = opened(again, NULL, 0);
            assert_int_equal(all->heap.verdicts, row[i].verdicts);
            for (size_t k = 1; k < all->heap.verdicts; k++) {
                assert_true(all->heap.verdict[k - 1].at < all->heap.verdict[k].at);
            }
            jt_close(all);
        } else {
            refused("broken note (\"broken\")");
        }
    }
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* As many as a target may have, and one more. */
static void modules_without_number(void **state) {
    static char text[1 << 17];
    static const char one[] = "{\"path\":\"\",\"file\":\"same\",\"start\":\"0\",\"end\":\"0\","
                              "\"build_id\":\"\"}";
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (unsigned count = JT_MODULES_MAX; count <= JT_MODULES_MAX + 1; count++) {
        size_t len = (size_t)sprintf(text, "\"modules\":[");
        for (unsigned i = 0; i < count; i++) {
            len += (size_t)sprintf(text + len, "%s%s", i == 0 ? "" : ",", one);
        }
        sprintf(text + len, "]");
        with_notes(note, EM_X86_64, MODULES, text);
        if (count > JT_MODULES_MAX) {
            refused("broken note (\"modules\")");
            continue;
        }
        struct jt_target *all = opened(again, NULL, 0);
        assert_int_equal(all->modules, count);
        jt_close(all);
    }
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* What the skeleton itself has lost counts as well. */
static void truncated_twice(void **state) {
    static const struct {
        const char *bytes;
        bool sound;
    } row[] = {{"18446744073709551515", true}, {"18446744073709551516", false}};
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < 2; i++) {
        char text[64];
        snprintf(text, sizeof text, "\"bytes_truncated\":%s", row[i].bytes);
        with_notes(note, EM_X86_64, "\"bytes_truncated\":0", text);
        core.load[0].memsz = core.load[0].promised = core.load[0].len + 100;
        core_save(&core, again);
        if (!row[i].sound) {
            refused("broken note (\"bytes_truncated\")");
            continue;
        }
        struct jt_target *cut = opened(again, NULL, 0);
        assert_int_equal(cut->bytes_truncated, UINT64_MAX);
        jt_close(cut);
    }
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* Base blocks of another: sound, empty, backwards, half of one, none though it says that these are
 * all. */
static void blocks_of_another(void **state) {
    static const struct {
        uint64_t start, end;
        size_t size;
        bool there, sound;
        enum jt_answer inside, outside;
    } row[] = {{0x1000, 0x2000, 16, true, true, JT_YES, JT_NO},
               {0x1000, 0x1000, 16, true, false, JT_NO, JT_NO},
               {0x2000, 0x1000, 16, true, false, JT_NO, JT_NO},
               {0x1000, 0x2000, 15, true, false, JT_NO, JT_NO},
               {0, 0, 0, true, true, JT_NO, JT_NO},
               {0, 0, 0, false, true, JT_CANNOT_TELL, JT_CANNOT_TELL}};
    struct jt_text note[JT_NOTES + 1];
    (void)state;
    struct jt_target *t = notes_of_mixed(note);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint8_t bytes[16];
        core_start(&core, EM_X86_64, 8, true);
        core_put(&core, bytes, row[i].start, 8);
        core_put(&core, bytes + 8, row[i].end, 8);
        note[JT_NOTE_BLOCKS] =
            (struct jt_text){row[i].there ? (const char *)bytes : NULL, row[i].size};
        with_notes(note, EM_X86_64, "_complete\":false", "_complete\":true");
        if (!row[i].sound) {
            refused("broken note (\"blocks\")");
            continue;
        }
        struct jt_target *other = opened(again, NULL, 0);
        assert_int_equal(jt_is_metadata(other, 0x1800), row[i].inside);
        assert_int_equal(jt_is_metadata(other, 0x2000), row[i].outside);
        jt_close(other);
    }
    jt_close(t);
    mixed_heap_end(&mixed);
}

/* ---- a skeleton of a skeleton ---------------------------------------------------------------- */

#define FAR UINT64_C(0x500000000000)

static void saved(const struct attack_bytes *b, const char *file) {
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b->at, 1, b->len, f), b->len);
    assert_int_equal(fclose(f), 0);
}

static void note_of(struct attack_bytes *b, unsigned type, const void *desc, size_t len) {
    attack_number(b, sizeof JT_NOTE_OWNER, 4);
    attack_number(b, len, 4);
    attack_number(b, type, 4);
    attack_add(b, JT_NOTE_OWNER "\0", 8);
    attack_add(b, desc, len);
    attack_add(b, "\0\0\0", (4 - len % 4) % 4);
}

/* Its notes are as long as they may be: modules whose names are long, and blocks, the last first,
 * of which each lies in the last but one as well. */
static void long_notes(struct attack_bytes *b, const struct jt_text *note, unsigned blocks) {
    struct attack_bytes about = {0}, list = {0};
    const char *old = note[JT_NOTE_ABOUT].bytes,
               *at = memmem(old, note[JT_NOTE_ABOUT].size, MODULES, strlen(MODULES));
    assert_non_null(at);
    attack_add(&about, old, (size_t)(at - old));
    for (unsigned i = 0; i < 1000; i++) {
        char name[1000], row[1100];
        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = 0;
        int len = snprintf(row, sizeof row,
                           "%s{\"path\":\"%s\",\"file\":\"same\",\"start\":\"0\","
                           "\"end\":\"0\",\"build_id\":\"\"}",
                           i == 0 ? "\"modules\":[" : ",", name + 50);
        attack_add(&about, row, (size_t)len);
    }
    attack_add(&about, "]", 1);
    at += strlen(MODULES);
    attack_add(&about, at, note[JT_NOTE_ABOUT].size - (size_t)(at - old));
    assert_true(about.len < JT_ABOUT_MAX);
    for (unsigned i = blocks; i-- > 0;) {
        attack_number(&list, FAR + UINT64_C(8192) * i, 8);
        attack_number(&list, FAR + UINT64_C(8192) * (i + 2), 8);
    }
    note_of(b, JT_NOTE_ABOUT, about.at, about.len);
    note_of(b, JT_NOTE_LAYOUT, note[JT_NOTE_LAYOUT].bytes, note[JT_NOTE_LAYOUT].size);
    note_of(b, JT_NOTE_BLOCKS, list.at, list.len);
    free(about.at);
    free(list.at);
}

/* The mixed heap's skeleton with those notes instead of its own, and a segment for each block: of
 * bytes of its own, or all of the file's first page. */
static void hostile(unsigned blocks, bool share) {
    static const uint8_t own[256] = "a block";
    struct jt_text note[JT_NOTES + 1];
    struct jt_target *t = notes_of_mixed(note);
    struct attack_bytes b = bytes_of(skeleton);
    Elf64_Ehdr h;
    Elf64_Phdr ph = {.p_type = PT_NOTE, .p_offset = b.len};
    long_notes(&b, note, blocks);
    ph.p_filesz = b.len - ph.p_offset;
    memcpy(&h, b.at, sizeof h);
    uint64_t old = h.e_phoff + sizeof ph, loads = h.e_phnum - 1U; /* its first are the notes */
    h.e_phoff = b.len;
    h.e_phnum = (Elf64_Half)(h.e_phnum + blocks);
    uint64_t data = b.len + h.e_phnum * sizeof ph;
    memcpy(b.at, &h, sizeof h);
    attack_add(&b, &ph, sizeof ph);
    for (uint64_t i = 0; i < loads; i++) {
        memcpy(&ph, b.at + old + i * sizeof ph, sizeof ph);
        attack_add(&b, &ph, sizeof ph);
    }
    for (unsigned i = 0; i < blocks; i++) {
        ph = (Elf64_Phdr){.p_type = PT_LOAD,
                          .p_vaddr = FAR + UINT64_C(8192) * i,
                          .p_offset = share ? 0 : data + i * sizeof own,
                          .p_filesz = sizeof own,
                          .p_memsz = 4096};
        attack_add(&b, &ph, sizeof ph);
    }
    for (unsigned i = 0; !share && i < blocks; i++) {
        attack_add(&b, own, sizeof own);
    }
    saved(&b, path);
    jt_close(t);
    mixed_heap_end(&mixed);
    free(b.at);
}

static void once_more(const void *input, void *result) {
    const char *const *file = input;
    struct jt_skeleton s = {.fault = NULL};
    struct jt_options options = {.target = file[0]};
    struct jt_target *t;
    FILE *f = fopen(file[1], "wb");
    if (f == NULL || jt_open(&options, &t) != JT_OK) {
        abort();
    }
    *(uint64_t *)result = jt_skeleton_write(t, f, &s) == JT_OK ? s.size : 0;
    jt_close(t);
    fclose(f);
}

/* What several segments lead to would be written for each of them. */
static void of_segments_that_share_bytes(void **state) {
    const char *file[] = {path, again};
    uint64_t size = 1;
    (void)state;
    hostile(50000, true);
    struct cost cost = cost_of(once_more, file, &size, sizeof size);
    cost_bounded("segments that share a page", &cost, 1000, 128, "refused");
    assert_int_equal(size, 0);
}

/* Again and again: it is what it was, and takes no longer. */
static void of_a_hostile_skeleton(void **state) {
    char text[64];
    uint64_t size, first = 0;
    (void)state;
    hostile(50000, false);
    for (unsigned i = 0; i < 5; i++) {
        const char *file[] = {i == 0 ? path : i % 2 ? again : skeleton, i % 2 ? skeleton : again};
        size = 0;
        struct cost cost = cost_of(once_more, file, &size, sizeof size);
        snprintf(text, sizeof text, "%llu bytes", (unsigned long long)size);
        cost_bounded("a skeleton of a skeleton, five times", &cost, 1000, 128, text);
        assert_true(size != 0 && (i == 0 || size == first));
        first = size;
    }
    struct attack_bytes a = bytes_of(skeleton), b = bytes_of(again);
    assert_true(a.len == size && b.len == size && memcmp(a.at, b.at, size) == 0);
    free(a.at);
    free(b.at);
}

/* ---- a small skeleton of a large tree -------------------------------------------------------- */

#define NODE (UINT64_C(1) << 21) /* bytes of each node of 5.3 with 48 bits */
#define PAGE UINT64_C(4096)
#define ZEROES UINT64_C(65536)
#define CHILD UINT64_C(0x600000000000) /* and another one, right behind it */

/* A segment for each piece of a node; all lead to the same piece of the file. */
static void node_of(struct attack_bytes *headers, uint64_t addr, uint64_t offset, uint64_t len) {
    for (uint64_t at = 0; at < NODE; at += len) {
        Elf64_Phdr ph = {.p_type = PT_LOAD,
                         .p_vaddr = addr + at,
                         .p_offset = offset,
                         .p_filesz = len,
                         .p_memsz = len};
        attack_add(headers, &ph, sizeof ph);
    }
}

/* All pages of the root name leaf nodes by turns, two or more; they are of zeroes, or name extents
 * that are not there. More zeroes elsewhere make a larger tree believable. */
static void large_tree(bool leaves_are_zero, unsigned nodes_elsewhere) {
    uint64_t root[PAGE / 8], leaf[PAGE / 8];
    struct jt_text note[JT_NOTES + 1];
    struct jt_target *t = notes_of_mixed(note);
    struct attack_bytes b = {0}, headers = {0}, notes = {0};
    for (size_t i = 0; i < PAGE / 8; i++) {
        root[i] = CHILD + i % (2 + nodes_elsewhere) * NODE;
        leaf[i] = UINT64_C(0x1000000) + 128 * i;
    }
    for (unsigned type = JT_NOTE_ABOUT; type <= JT_NOTES; type++) {
        note_of(&notes, type, note[type].bytes, note[type].size);
    }
    unsigned nodes = 2 + nodes_elsewhere;
    uint64_t piece = leaves_are_zero ? ZEROES : PAGE;
    size_t loads = nodes * NODE / piece + NODE / PAGE;
    uint64_t pages = sizeof(Elf64_Ehdr) + (loads + 1) * sizeof(Elf64_Phdr);
    Elf64_Phdr ph = {
        .p_type = PT_NOTE, .p_offset = pages + 2 * PAGE + ZEROES, .p_filesz = notes.len};
    Elf64_Ehdr h = attack_elf_header(ET_CORE, loads + 1);
    attack_add(&headers, &ph, sizeof ph);
    node_of(&headers, t->heap.rtree_root, pages, PAGE);
    for (unsigned i = 0; i < nodes; i++) {
        node_of(&headers, CHILD + i * NODE, pages + (leaves_are_zero ? 2 * PAGE : PAGE), piece);
    }
    attack_add(&b, &h, sizeof h);
    attack_add(&b, headers.at, headers.len);
    attack_add(&b, root, sizeof root);
    attack_add(&b, leaf, sizeof leaf);
    attack_fill(&b, b.len + ZEROES, "", 1);
    attack_add(&b, notes.at, notes.len);
    saved(&b, path);
    jt_close(t);
    mixed_heap_end(&mixed);
    free(headers.at);
    free(notes.at);
    free(b.at);
}

static void walk_all(const void *input, void *result) {
    static struct jh_walk walk;
    struct jt_options options = {.target = input, .layout = "5.3.0"};
    struct jt_target *t;
    struct jh_extent e;
    struct jh_fault fault = {.rule = ""};
    if (jt_open(&options, &t) != JT_OK) {
        abort();
    }
    jh_walk_start(&walk, &t->heap);
    while (jh_walk_next(&walk, &e, &fault) != JH_END) {
    }
    snprintf(result, 64, "%s", fault.rule);
    jt_close(t);
}

static void of_a_large_tree(void **state) {
    static const struct {
        const char *name;
        bool zero;
        unsigned elsewhere;
        const char *rule;
    } row[] = {
        {"nodes of nowhere by turns", false, 0, "extent.max-extents"},
        {"nodes of zeroes by turns", true, 0, "rtree.child-repeated"},
        {"more of them than a walk remembers", true, 550, "rtree.max-node-bytes"},
    };
    char rule[64] = "";
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        large_tree(row[i].zero, row[i].elsewhere);
        struct cost cost = cost_of(walk_all, path, rule, sizeof rule);
        cost_bounded(row[i].name, &cost, 1000, 64, rule);
        assert_string_equal(rule, row[i].rule);
    }
}

static void of_the_budgets_that_are_given(void **state) {
    struct jt_text note[JT_NOTES + 1];
    struct jt_options options = {.target = skeleton,
                                 .limits = {.max_node_bytes = 1 << 22, .max_extents = 3}};
    struct jt_target *t = notes_of_mixed(note), *limited;
    (void)state;
    assert_int_equal(jt_open(&options, &limited), JT_OK);
    assert_int_equal(limited->heap.limits.max_node_bytes, 1 << 22);
    assert_int_equal(limited->heap.limits.max_extents, 3);
    jt_close(limited);
    jt_close(t);
    mixed_heap_end(&mixed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_geometry),         cmocka_unit_test(holes_stay),
        cmocka_unit_test(every_machine),          cmocka_unit_test(damage_takes_nothing_along),
        cmocka_unit_test(says_what_went_wrong),   cmocka_unit_test(ends_at_the_end),
        cmocka_unit_test(notes_of_another),       cmocka_unit_test(endless_names_are_refused),
        cmocka_unit_test(broken_notes),           cmocka_unit_test(arenas_that_lie),
        cmocka_unit_test(caches_that_lie),        cmocka_unit_test(places_that_lie),
        cmocka_unit_test(threads_that_lie),       cmocka_unit_test(verdicts_without_number),
        cmocka_unit_test(modules_without_number), cmocka_unit_test(truncated_twice),
        cmocka_unit_test(blocks_of_another),      cmocka_unit_test(ends_in_a_gather),
        cmocka_unit_test(budgets_of_the_tree),    cmocka_unit_test(segments_that_share_bytes),
        cmocka_unit_test(of_a_hostile_skeleton),  cmocka_unit_test(of_segments_that_share_bytes),
        cmocka_unit_test(of_a_large_tree),        cmocka_unit_test(of_the_budgets_that_are_given),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-from-%d", (int)getpid());
    snprintf(skeleton, sizeof skeleton, "/tmp/jeheap-skeleton-%d", (int)getpid());
    snprintf(again, sizeof again, "/tmp/jeheap-again-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    unlink(skeleton);
    unlink(again);
    return failed != 0;
}
