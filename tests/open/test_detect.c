/* Which layout a heap has, told by the heap itself: a version string, a root, and nothing else. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "image_core.h"
#include "open/inside.h"
#include "mixed_heap.h"

static char path[64], version[128];
static struct core_file core;

static const char *version_of(enum jh_version v) {
    if (v == JH_DEV) {
        snprintf(version, sizeof version, "x 5.3.1-47-g295e48944b200b595a72902a81e1ed8cad6a3866");
    } else {
        snprintf(version, sizeof version, "x %s-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c",
                 jh_version_name(v));
    }
    memset(version, 0, 2); /* as it stands among other strings */
    return version;
}

static void save(const struct image *image, const char *text) {
    core_start(&core, EM_X86_64, 8, true);
    core_load(&core, 0x1000, text, sizeof version);
    core_load_image(&core, image);
    core_save(&core, path);
}

static struct jt_target *opened(const struct image *image, const char *layout) {
    struct jt_options options = {
        .target = path, .layout = layout, .root = image->heap.rtree_root, .root_given = true};
    return core_open(&options);
}

static bool warned_of(const struct jt_target *t, const char *text) {
    bool said = false;
    for (size_t i = 0; i < t->warnings; i++) {
        said |= strstr(t->warning[i], text) != NULL;
    }
    return said;
}

static void finds_every_geometry(void **state) {
    static struct mixed_heap s;
    (void)state;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        const struct jh_build *b = &s.image.layout.build;
        save(&s.image, version_of(b->version));
        struct jt_target *t = opened(&s.image, NULL);
        if (t->status != JT_OK) {
            fail_msg("%s lg_vaddr=%u lg_page=%u: %s", version + 2, b->lg_vaddr, b->lg_page,
                     t->error);
        }
        assert_int_equal(t->layout.build.version, b->version);
        assert_int_equal(t->layout.build.lg_vaddr, b->lg_vaddr);
        assert_int_equal(t->layout.build.lg_page, b->lg_page);
        assert_int_equal(t->source[JT_PART_VERSION], JT_VERSION_STRING);
        assert_int_equal(t->source[JT_PART_LG_PAGE], JT_INFERRED);
        assert_int_equal(t->verified, MIXED_EXTENTS);
        jt_close(t);
        mixed_heap_end(&s);
    }
}

/* What a jemalloc says that was built without knowing its version, and nothing at all. */
static const char *const unsaid[] = {"\0\0000.0.0-0-g0000000000000000000000000000000000000000",
                                     "\0\0000.0.0-0-g000000missing_version_try_git_fetch_tags", ""};

static void save_unsaid(const struct image *image, unsigned which) {
    memset(version, 0, sizeof version);
    memcpy(version, unsaid[which], which == 2 ? 1 : 52);
    save(image, version);
}

static uint64_t digest(struct jt_target *t, const struct image *image,
                       const struct jh_layout *layout) {
    struct jt_fit fit;
    jt_layout_fit(t, layout, image->heap.rtree_root, JT_FIT_SEARCH, &fit);
    assert_int_equal(fit.sound, MIXED_EXTENTS);
    return fit.digest;
}

/* The heap tells, as far as the answers depend on it. */
static void versions_that_are_not_said(void **state) {
    static struct mixed_heap s;
    (void)state;
    for (unsigned n = 0; mixed_heap_nth(&s, n); n++) {
        const struct jh_build *b = &s.image.layout.build;
        save_unsaid(&s.image, n % 3);
        struct jt_target *t = opened(&s.image, NULL);
        if (t->status != JT_OK) {
            fail_msg("%s lg_vaddr=%u lg_page=%u: %s", jh_version_name(b->version), b->lg_vaddr,
                     b->lg_page, t->error);
        }
        assert_string_equal(t->version_string, n % 3 == 2 ? "" : unsaid[n % 3] + 2);
        assert_true(warned_of(t, "jemalloc does not say its version"));
        assert_int_equal(t->layout.build.lg_vaddr, b->lg_vaddr);
        assert_int_equal(t->layout.build.lg_page, b->lg_page);
        assert_true(t->source[JT_PART_VERSION] == JT_INFERRED ||
                    t->source[JT_PART_VERSION] == JT_DEFAULT);
        assert_true(digest(t, &s.image, &t->layout) == digest(t, &s.image, &s.image.layout));
        jt_close(t);
        mixed_heap_end(&s);
    }
}

#define SERIALS 20 /* slabs, of which each has a serial number of its own */

static void save_serials(struct image *image, enum jh_version v) {
    image_stock(image, v);
    const struct jh_field *sn = &image->layout.extent[JH_EXTENT_SN];
    for (unsigned i = 0; i < SERIALS; i++) {
        const struct image_extent slab = {0x7e1234560000 + 4096 * i, 4096, 1, 0, true, 0, 0};
        uint64_t at = image_put(image, &slab), bits;
        memcpy(&bits, image_at(image, at), sizeof bits);
        image_put8(image, at, bits | (uint64_t)i << sn->shift);
    }
    save_unsaid(image, 0);
}

/* From 5.1 on only what stands in front of the serial number differs. */
static void serial_numbers_tell(void **state) {
    static struct image image;
    (void)state;
    save_serials(&image, JH_5_1_0);
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_OK);
    assert_int_equal(t->layout.build.version, JH_5_1_0);
    assert_int_equal(t->source[JT_PART_VERSION], JT_INFERRED);
    jt_close(t);
    image_end(&image);
    save_serials(&image, JH_5_2_1); /* 5.2.0 has every second one */
    t = opened(&image, NULL);
    assert_int_equal(t->status, JT_NO_LAYOUT);
    assert_memory_equal(t->candidate[0], "5.2.1,", 6);
    assert_memory_equal(t->candidate[1], "5.2.0,", 6);
    for (size_t i = 0; i < t->candidates; i++) {
        assert_memory_equal(t->candidate[i], "5.2.", 4);
    }
    jt_close(t);
    t = opened(&image, "5.2.1");
    assert_int_equal(t->status, JT_OK);
    jt_close(t);
    image_end(&image);
}

/* One slab of 16 bytes a region, whatever the quantum. */
static void one_slab(struct image *image) {
    const struct image_extent slab = {0x7e1234560000, 4096, 1, 0, true, 0, 0};
    image_stock(image, JH_5_3_0);
    (void)image_put(image, &slab);
}

/* A heap of this extent alone. */
static void save_one(struct image *image, enum jh_version v, const struct image_extent *e) {
    image_stock(image, v);
    (void)image_put(image, e);
    save(image, version_of(v));
}

/* 40 KiB of the class 40 KiB: 36 KiB and a page of padding, or all of it. */
static void names_what_differs(void **state) {
    static struct image image;
    const struct image_extent large = {0x7e1234570000, 40960, 41, 0, false, 0, 0};
    (void)state;
    save_one(&image, JH_5_3_1, &large);
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_NO_LAYOUT);
    assert_true(t->candidates > 1);
    assert_null(strstr(t->candidate[0], "no-oblivious"));
    bool other = false;
    for (size_t i = 1; i < t->candidates; i++) {
        other |= strstr(t->candidate[i], "no-oblivious") != NULL;
    }
    assert_true(other);
    assert_non_null(strstr(t->error, t->candidate[0]));
    assert_non_null(strstr(t->error, "--layout"));
    jt_close(t);
    t = opened(&image, "5.3.1,no-oblivious"); /* the user knows */
    assert_int_equal(t->status, JT_OK);
    assert_int_equal(t->verified, 1);
    jt_close(t);
    image_end(&image);
}

/* Nothing large and active: whether such extents are padded changes no answer. */
static void says_what_does_not_matter(void **state) {
    static struct image image;
    const struct image_extent dirty = {0x7e1234570000, 8192, 232, 1, false, 0, 0};
    (void)state;
    one_slab(&image);
    (void)image_put(&image, &dirty);
    save(&image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_OK);
    assert_int_equal(t->candidates, 2);
    assert_non_null(strstr(t->candidate[1], "no-oblivious"));
    assert_int_equal(t->source[JT_PART_LARGE_PAD], JT_DEFAULT);
    assert_int_equal(t->source[JT_PART_LG_QUANTUM], JT_INFERRED);
    assert_true(warned_of(t, "the answers are the same"));
    jt_close(t);
    image_end(&image);
}

/* With room for more extents than are looked at, of which every fourth one is. */
#define MANY 1501
static void start_large(struct image *image) {
    image_stock(image, JH_5_3_1);
    image->extents = image_block(image, 1 << 18);
    image->extents_end = image->extents + (1 << 18);
}

/* Many that leave it open, and only then one that does not: 20 KiB of that class, without
 * padding. */
static void looks_further(void **state) {
    static struct image image;
    const struct image_extent decides = {0x7e123c000000, 20480, 37, 0, false, 0, 0};
    (void)state;
    start_large(&image);
    for (uint64_t i = 0; i < MANY; i++) {
        const struct image_extent open = {0x7e1234570000 + 65536 * i, 40960, 41, 0, false, 0, 0};
        (void)image_put(&image, &open);
    }
    (void)image_put(&image, &decides);
    save(&image, version_of(JH_5_3_1));
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_OK);
    assert_false(t->layout.build.cache_oblivious);
    assert_int_equal(t->layout.large_pad, 0);
    jt_close(t);
    image_end(&image);
}

/* The same of versions: all decode slabs alike, and only then comes a size that 5.3.0 has not. */
static void versions_look_further(void **state) {
    static struct image image;
    const struct image_extent pad = {0x7e1238000000, 45056, 41, 0, false, 0, 0},
                              between = {0x7e1238010000, 40960, 41, 0, false, 0, 0};
    (void)state;
    start_large(&image);
    for (uint64_t i = 0; i < MANY; i++) {
        const struct image_extent slab = {0x7e1234570000 + 4096 * i, 4096, 1, 0, true, 0, 0};
        (void)image_put(&image, &slab);
    }
    (void)image_put(&image, &pad);
    (void)image_put(&image, &between);
    save_unsaid(&image, 1);
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_OK);
    assert_int_equal(t->layout.build.version, JH_5_3_1);
    for (size_t i = 0; i < t->candidates; i++) {
        assert_null(strstr(t->candidate[i], "5.3.0"));
    }
    jt_close(t);
    image_end(&image);
}

/* ---- what else is known ---------------------------------------------------------------------- */

/* Again, from this. */
static enum jt_status learnt_with(struct jt_target *t, struct jt_evidence *evidence,
                                  const struct jt_options *options) {
    evidence->options = options;
    evidence->root_known = true;
    evidence->root_addr = t->heap.rtree_root;
    memset(t->source, 0, sizeof t->source);
    t->candidates = 0;
    enum jt_status status = jt_layout_learn(t, evidence);
    jt_dwarf_free(&evidence->dwarf);
    return status;
}

static enum jt_status learnt(struct jt_target *t, struct jt_evidence *evidence) {
    static const struct jt_options options = {.target = path};
    return learnt_with(t, evidence, &options);
}

static struct jt_evidence nothing(void) {
    struct jt_evidence evidence = {.options = NULL};
    jt_dwarf_init(&evidence.dwarf);
    return evidence;
}

/* A symbol of so many bytes, as this layout's tree has. */
static struct jt_root_symbol symbol(const struct jt_target *t, const struct jt_module *module,
                                    uint32_t offset) {
    const struct jh_layout *l = &t->layout;
    return (struct jt_root_symbol){
        .module = module,
        .emap = true,
        .addr = t->heap.rtree_root - offset,
        .size = offset + ((uint64_t)l->rtree_node_size << l->rtree_level[0].bits)};
}

static void contradictions_are_said(void **state) {
    static const char page[] = "LG_PAGE 40";
    static const struct jt_module module = {.path = NULL};
    static struct mixed_heap s;
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&s.image, NULL);
    assert_int_equal(t->status, JT_OK);

    struct jt_evidence evidence = nothing();
    char *own = malloc(sizeof page);
    evidence.dwarf.macros = jt_macros_unpack(memcpy(own, page, sizeof page), sizeof page);
    assert_int_equal(learnt(t, &evidence), JT_NO_LAYOUT);
    assert_non_null(strstr(t->error, "such a build is not described (layout.lg-page, 40"));

    evidence = nothing();
    evidence.dwarf.root_elements = 1u << 15; /* of 57 bits */
    assert_int_equal(learnt(t, &evidence), JT_NO_LAYOUT);

    evidence = nothing();
    evidence.root = symbol(t, &module, 120);
    evidence.root.emap = false; /* the name of 5.2 */
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_true(warned_of(t, "but that version has no symbol"));
    assert_int_equal(t->source[JT_PART_LG_VADDR], JT_SYMBOL);
    assert_false(t->layout.build.debug);

    evidence = nothing();
    evidence.root = symbol(t, &module, 192); /* with what --enable-debug puts in front */
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_true(t->layout.build.debug);
    assert_int_equal(t->source[JT_PART_DEBUG], JT_SYMBOL);
    jt_close(t);
    mixed_heap_end(&s);
}

/* Debug information leaves one layout only, and nobody insists on it: the heap contradicts it. */
static void one_layout_that_does_not_fit(void **state) {
    static const char *const known[] = {
        "JEMALLOC_VERSION \"5.3.0-0-g0\"\0LG_VADDR 48\0LG_PAGE 12\0LG_QUANTUM 4\0"
        "JEMALLOC_CACHE_OBLIVIOUS ",
        "JEMALLOC_VERSION \"5.3.0-0-g0\"\0LG_VADDR 57\0LG_PAGE 12\0LG_QUANTUM 4\0"
        "JEMALLOC_CACHE_OBLIVIOUS "};
    static struct image image;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        one_slab(&image);
        if (i == 0) {
            memset(image_at(&image, image.extents - 128), 0, 128);
        }
        save(&image, version_of(JH_5_3_0));
        struct jt_target *t = opened(&image, "5.3.0");
        struct jt_evidence evidence = nothing();
        char *own = malloc(108);
        size_t size = strlen("JEMALLOC_VERSION \"5.3.0-0-g0\" LG_VADDR 48 LG_PAGE 12 "
                             "LG_QUANTUM 4 JEMALLOC_CACHE_OBLIVIOUS ") +
                      1;
        assert_non_null(own);
        evidence.dwarf.macros = jt_macros_unpack(memcpy(own, known[i], size), size);
        assert_non_null(evidence.dwarf.macros);
        assert_int_equal(learnt(t, &evidence), JT_NO_LAYOUT);
        if (strstr(t->error, i == 0 ? "to use it anyway give --layout 5.3.0,lg_vaddr=48"
                                    : "pass --layout 5.3.0,lg_vaddr=48") == NULL) {
            fail_msg("%u: %s", i, t->error);
        }
        jt_close(t);
        image_end(&image);
    }
}

/* In front of the root's array there is a mutex, and less than a page of it. */
static void symbols_of_other_sizes(void **state) {
    static const struct {
        uint32_t before, offset;
    } row[] = {{0, 120}, {8, 8}, {4088, 4088}, {4096, 120}};
    static const struct jt_module module = {.path = NULL};
    static struct mixed_heap s;
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&s.image, NULL);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct jt_evidence evidence = nothing();
        evidence.root = symbol(t, &module, row[i].before);
        assert_int_equal(learnt(t, &evidence), JT_OK);
        assert_int_equal(t->layout.root_offset, row[i].offset);
    }
    struct jt_options options = {.target = path, .layout = "5.3.0,lg_page=16"};
    struct jt_evidence evidence = nothing(); /* a layout of another tree is taken all the same */
    evidence.root = symbol(t, &module, 120);
    assert_int_equal(learnt_with(t, &evidence, &options), JT_OK);
    assert_true(warned_of(t, "is used, but its root has 524408 bytes"));
    jt_close(t);
    mixed_heap_end(&s);
}

/* Without a heap nothing tells. */
static void no_version_and_no_heap(void **state) {
    static struct image image;
    (void)state;
    image_stock(&image, JH_5_3_0);
    for (unsigned i = 0; i < 3; i++) {
        save_unsaid(&image, i);
        struct jt_target *t = opened(&image, NULL);
        assert_int_equal(t->status, JT_NO_LAYOUT);
        assert_non_null(strstr(t->error, "not which version"));
        assert_non_null(strstr(t->error, "--layout 5.3.0"));
        jt_close(t);
    }
    memset(version, 0, sizeof version); /* one that is cut off says as little as none */
    memcpy(version + sizeof version - 20, unsaid[1] + 2, 20);
    save(&image, version);
    struct jt_target *t = opened(&image, NULL);
    assert_string_equal(t->version_string, "");
    assert_non_null(strstr(t->error, "(--root), but not which version: (no version string)"));
    strcpy(t->root_name, "je_arena_emap_global");
    t->heap.rtree_root = image.heap.rtree_root;
    struct jt_evidence evidence = nothing();
    assert_int_equal(learnt(t, &evidence), JT_NO_LAYOUT);
    assert_non_null(strstr(t->error, "(je_arena_emap_global), but not which version"));
    jt_close(t);
    image_end(&image);
}

/* What has no version string may have symbols and debug information: the tree's name is that of
 * 5.3 and later, and dev has a state more. */
static void names_tell_the_version(void **state) {
    static const struct jt_module module = {.path = NULL};
    static const enum jh_state states[] = {JH_ACTIVE, JH_DIRTY,      JH_MUZZY,  JH_RETAINED,
                                           JH_PINNED, JH_TRANSITION, JH_MERGING};
    static struct mixed_heap s;
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save_unsaid(&s.image, 2);
    struct jt_target *t = opened(&s.image, NULL);
    assert_int_equal(t->layout.build.version, JH_5_3_1); /* the first of those that do */
    struct jt_evidence evidence = nothing();
    evidence.dwarf.found = true;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        evidence.dwarf.state[i] = states[i];
    }
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_int_equal(t->layout.build.version, JH_DEV);
    assert_int_equal(t->source[JT_PART_VERSION], JT_INFERRED); /* the others contradict */
    evidence = nothing(); /* also where no more warnings are kept */
    evidence.dwarf.found = true;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        evidence.dwarf.state[i] = states[i];
    }
    for (unsigned i = 0; i < 100; i++) {
        jt_warn(t, "%u", i);
    }
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_int_equal(t->layout.build.version, JH_DEV);
    evidence = nothing();
    evidence.root = symbol(t, &module, 120);
    evidence.root.emap = false; /* it is an older one's */
    assert_int_equal(learnt(t, &evidence), JT_NO_LAYOUT);
    jt_close(t);
    mixed_heap_end(&s);
}

/* Extents that are too small for pages of more than 4 KiB. */
static void debug_information_rules_pages_out(void **state) {
    static struct image image;
    static struct mixed_heap s;
    (void)state;
    image_stock(&image, JH_5_3_0);
    save(&image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&image, NULL); /* nothing in it tells */
    assert_int_equal(t->layout.build.lg_page, 12);
    struct jt_evidence evidence = nothing();
    evidence.dwarf.found = true;
    evidence.dwarf.extent_size = 128; /* no room for the bits of more than 512 regions */
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_int_equal(t->layout.build.lg_page, 12);
    jt_close(t);
    image_end(&image);
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, version_of(JH_5_3_0));
    t = opened(&s.image, NULL);
    evidence = nothing();
    evidence.dwarf.found = true;
    evidence.dwarf.extent_size = 128;
    assert_int_equal(learnt(t, &evidence), JT_OK);
    assert_int_equal(t->layout.build.lg_page, 12);
    assert_int_equal(t->verified, MIXED_EXTENTS);
    jt_close(t);
    mixed_heap_end(&s);
}

/* bin_infos of 8 bytes' quantum: two sizes and two ints each. */
static size_t put_bins(uint8_t *at) {
    struct jh_layout layout;
    size_t len = 0;
    assert_int_equal(jt_layout_parse("5.3.0,lg_quantum=3", &layout, NULL), JT_OK);
    for (unsigned i = 0; i < layout.sc_nbins; i++, len += 24) {
        core_put(&core, at + len, layout.bin[i].reg_size, 8);
        core_put(&core, at + len + 8, layout.bin[i].slab_size, 8);
        core_put(&core, at + len + 16, layout.bin[i].nregs, 4);
        core_put(&core, at + len + 20, layout.bin[i].n_shards, 4);
    }
    return len;
}

/* What an empty heap does not tell, or one of a slab that any quantum has, jemalloc's own tables
 * do. */
static void bins_tell_the_quantum(void **state) {
    static struct image image;
    static uint8_t bins[4096];
    (void)state;
    for (unsigned slabs = 0; slabs < 2; slabs++) {
        if (slabs == 0) {
            image_stock(&image, JH_5_3_0);
        } else {
            one_slab(&image);
        }
        save(&image, version_of(JH_5_3_0));
        size_t len = put_bins(bins);
        core_load(&core, 0x200000, bins, len);
        core_save(&core, path);
        struct jt_target *t = opened(&image, NULL);
        assert_int_equal(t->status, JT_OK);
        assert_int_equal(warned_of(t, "the heap is empty"), slabs == 0);
        assert_int_equal(t->layout.build.lg_quantum, 4);
        t->priv->note[JT_NOTE_ABOUT].bytes = ""; /* variables come by name, as in a skeleton */
        t->priv->source->variable[t->priv->source->variables++] =
            (struct jt_variable){"bin_infos", 0x200000, len};
        struct jt_evidence evidence = nothing();
        assert_int_equal(learnt(t, &evidence), JT_OK);
        assert_int_equal(t->layout.build.lg_quantum, 3);
        assert_int_equal(t->source[JT_PART_BINS], JT_MEMORY);
        for (size_t i = 0; i < t->candidates; i++) { /* that table goes with no other */
            assert_non_null(strstr(t->candidate[i], "lg_quantum=3"));
        }
        jt_close(t);
        image_end(&image);
    }
}

/* Of two quanta without a fault the one that explains more: 16 KiB and their padding, which with
 * the other one are of a small class. Neither is chosen. */
static void more_is_better(void **state) {
    static struct image image;
    const struct image_extent large = {0x7e1234570000, 20480, 36, 0, false, 0, 0};
    (void)state;
    save_one(&image, JH_5_3_0, &large);
    core.machine = EM_MIPS; /* whose first guess is a quantum of 8 */
    core_save(&core, path);
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_NO_LAYOUT);
    assert_int_equal(t->candidates, 3);
    assert_non_null(strstr(t->candidate[0], "lg_quantum=4"));
    assert_non_null(strstr(t->candidate[1], "lg_quantum=3"));
    jt_close(t);
    image_end(&image);
}

/* Names have room for eight. */
static void names_as_many_as_there_is_room_for(void **state) {
    static struct image image;
    const struct image_extent large = {0x7e1234570000, 40960, 41, 0, false, 0, 0};
    (void)state;
    save_one(&image, JH_5_3_1, &large);
    struct jt_target *t = opened(&image, NULL);
    struct jt_evidence evidence = nothing();
    assert_true(t->status == JT_NO_LAYOUT && t->candidates > 1);
    evidence.options = &(struct jt_options){.target = path};
    evidence.root_known = true;
    evidence.root_addr = image.heap.rtree_root;
    memset(t->source, 0, sizeof t->source);
    t->candidates = JT_CANDIDATES_MAX - 1; /* one is left */
    assert_int_equal(jt_layout_learn(t, &evidence), JT_NO_LAYOUT);
    assert_int_equal(t->candidates, JT_CANDIDATES_MAX);
    assert_null(strstr(t->candidate[JT_CANDIDATES_MAX - 1], "no-oblivious")); /* the best */
    jt_close(t);
    image_end(&image);
}

/* Does the size of a large extent belong to its class? */
static void sizes_of_large_ones(void **state) {
    static const struct {
        enum jh_version version;
        bool oblivious;
        struct image_extent e;
        bool fits;
    } row[] = {
        {JH_5_3_0, true, {0x7e1234570000, 45056, 41, 0, false, 0, 0}, true},
        {JH_5_3_0, true, {0x7e1234570140, 45056, 41, 0, false, 0, 0}, true},
        {JH_5_3_0, true, {0x7e1234570000, 40960, 41, 0, false, 0, 0}, false},
        {JH_5_3_0, false, {0x7e1234570000, 40960, 41, 0, false, 0, 0}, true},
        {JH_5_3_1, true, {0x7e1234570000, 36864, 41, 0, false, 0, 0}, false},
        {JH_5_3_1, true, {0x7e1234570000, 40960, 41, 0, false, 0, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        static struct image image;
        struct jh_build build;
        struct jt_fit fit;
        jh_build_init(&build, row[i].version);
        build.cache_oblivious = row[i].oblivious;
        image_start(&image, &build, IMAGE_METADATA);
        (void)image_put(&image, &row[i].e);
        struct jt_layers layers = {.base = {.blocks = 0}};
        struct jt_private none = {.mapped_count = 0};
        jt_layers_join(&none, &layers);
        struct jt_target t = {.heap = image.heap, .priv = &none};
        jt_layout_fit(&t, &image.layout, image.heap.rtree_root, JT_FIT_LOOK, &fit);
        jt_samples_free(&t);
        assert_true(fit.sound == 1 && fit.unsound + fit.absent == 0);
        if (fit.likely != row[i].fits || fit.unlikely == row[i].fits) {
            fail_msg("row %zu: %u likely, %u unlikely", i, (unsigned)fit.likely,
                     (unsigned)fit.unlikely);
        }
        image_end(&image);
    }
}

/* Who gives a layout gets it, and is told. */
static void given_layouts_are_taken(void **state) {
    static struct mixed_heap s;
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, version_of(JH_5_3_0));
    struct jt_options options = {.target = path,
                                 .layout = "5.3.0,lg_page=16",
                                 .root = s.image.heap.rtree_root,
                                 .root_given = true};
    struct jt_target *t = core_open(&options);
    assert_int_equal(t->status, JT_OK);
    assert_true(warned_of(t, "does not fit this heap"));
    assert_int_equal(t->layout.build.lg_page, 16);
    jt_close(t);
    options.layout = NULL; /* the best of those that do not fit, not one that sees nothing */
    save(&s.image, version_of(JH_5_2_1));
    t = core_open(&options);
    assert_int_equal(t->status, JT_OK);
    assert_true(warned_of(t, "does not fit this heap"));
    assert_int_equal(t->layout.build.version, JH_5_2_1);
    jt_close(t);
    options.layout = "nonsense"; /* without a root, too */
    options.root_given = false;
    t = core_open(&options);
    assert_int_equal(t->status, JT_USAGE);
    assert_non_null(strstr(t->error, "--layout"));
    jt_close(t);
    mixed_heap_end(&s);
}

/* All that there is of the heap is a broken extent, where only 48 bits have an element. */
static void damage_is_seen(void **state) {
    static struct image image;
    (void)state;
    image_stock(&image, JH_5_3_0);
    uint64_t node = image_block(&image, 4096);
    image_put8(&image, image.heap.rtree_root + 8 * 200000, node);
    image_put8(&image, node, node + 1024); /* zeroes */
    save(&image, version_of(JH_5_3_0));
    core.machine = EM_RISCV; /* whose first guess is 64 bits */
    core_save(&core, path);
    struct jt_target *t = opened(&image, NULL);
    assert_int_equal(t->status, JT_NO_LAYOUT);
    assert_non_null(strstr(t->error, "no layout that was tried (extent.addr"));
    assert_non_null(strstr(t->error, "--layout 5.3.0,lg_vaddr=48,"));
    jt_close(t);
    t = opened(&image, "5.3.0");
    assert_int_equal(t->status, JT_OK);
    assert_true(warned_of(t, "0 of 1 extents decode soundly with it (extent.addr"));
    jt_close(t);
    image_end(&image);
}

/* Broken extents, of which 57 bits have an element for one, and for nothing that is sound. */
static void damage_does_not_decide(void **state) {
    static struct image image;
    (void)state;
    one_slab(&image);
    for (uint64_t i = 1; i < 8; i++) {
        const struct image_extent slab = {0x7e1234560000 + 4096 * i, 4096, 1, 0, true, 0, 0};
        (void)image_put(&image, &slab);
    }
    uint64_t node = image_block(&image, 4096), leaf = image_block(&image, 4096);
    uint64_t other = image_block(&image, 4096);
    image_put8(&image, image.heap.rtree_root + 8 * 100, node);
    image_put8(&image, node, leaf); /* a leaf of 57 bits */
    image_put8(&image, leaf, leaf + 1024);
    image_put8(&image, image.heap.rtree_root + 8 * 200000, other);
    for (uint64_t i = 0; i < 5; i++) {
        image_put8(&image, other + 8 * i, other + 1024 + 128 * i);
    }
    save(&image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&image, NULL);
    assert_string_equal(t->error, "");
    assert_int_equal(t->layout.build.lg_vaddr, 48);
    assert_int_equal(t->verified, 8);
    jt_close(t);
    image_end(&image);
}

static void refuses(const struct image *image, const char *layout, const char *part) {
    struct jt_target *t = opened(image, layout);
    if (t->status != JT_NO_LAYOUT || strstr(t->error, part) == NULL) {
        fail_msg("%s, not %s: %s", t->layout_name, part, t->error);
    }
    jt_close(t);
}

/* A version that is too new, and a user who knows one that it is like. */
static void a_version_that_is_like_it(void **state) {
    static char unknown[sizeof version] = "\0\0005.4.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c";
    static struct mixed_heap s;
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, unknown);
    struct jt_target *t = opened(&s.image, "5.3.0");
    assert_int_equal(t->status, JT_OK);
    assert_false(warned_of(t, "is used, but"));
    assert_string_equal(t->version_string, unknown + 2);
    jt_close(t);
    save(&s.image, version_of(JH_5_3_1));
    t = opened(&s.image, "5.3.0");
    assert_true(warned_of(t, "is used, but the target says that it is jemalloc 5.3.1"));
    jt_close(t);
    mixed_heap_end(&s);
}

/* Commits after a release: it and the two after it are tried, on a heap that tells. */
static void versions_in_between(void **state) {
    static const struct {
        const char *text;
        enum jh_version heap;
        bool taken;
    } row[] = {
        {"\0\0005.3.0-196-ga25b9b8ba91881964be3083db349991bbbbf1661", JH_DEV, true},
        {"\0\0005.3.0-196-ga25b9b8ba91881964be3083db349991bbbbf1661", JH_5_3_0, true},
        {"\0\0005.2.1-500-ga25b9b8ba91881964be3083db349991bbbbf1661", JH_5_3_0, true},
        {"\0\0005.0.1-10-ga25b9b8ba91881964be3083db349991bbbbf16610", JH_5_3_0, false},
        {"\0\0005.3.2-196-ga25b9b8ba91881964be3083db349991bbbbf1661", JH_5_3_0, false},
    };
    static const char *const none[] = {"",           "5.3.0",      "5.3.0-",
                                       "5.3.0-x-g1", "5.3.0-19-1", "5.3.9-1-g1"};
    static struct mixed_heap s;
    enum jh_version release;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(jt_version_between(none[i], &release));
    }
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mixed_heap_start(&s, row[i].heap, 48, 12);
        memset(version, 0, sizeof version);
        memcpy(version, row[i].text, 52);
        save(&s.image, version);
        struct jt_target *t = opened(&s.image, NULL);
        if ((t->status == JT_OK) != row[i].taken) {
            fail_msg("row %zu: %s", i, t->error);
        }
        assert_int_equal(warned_of(t, "is between known versions; it is read as"), row[i].taken);
        assert_true(!row[i].taken || t->verified == MIXED_EXTENTS);
        jt_close(t);
        mixed_heap_end(&s);
    }
}

/* The program, as long as nobody knows where jemalloc is; not each library. */
static void files_that_are_missing(void **state) {
    static struct mixed_heap s;
    uint8_t entry[16];
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, version_of(JH_5_3_0));
    core_note_file(&core, 0x30000, 0x31000, "/nowhere/lib.so");
    core_note_file(&core, 0x32000, 0x33000, "/nowhere/program");
    core_put(&core, entry, AT_ENTRY, 8);
    core_put(&core, entry + 8, 0x32800, 8);
    core_note(&core, NT_AUXV, entry, sizeof entry);
    core_save(&core, path);
    struct jt_target *t = opened(&s.image, "5.3.0");
    assert_int_equal(t->status, JT_OK);
    assert_true(warned_of(t, "/nowhere/program is not here"));
    assert_false(warned_of(t, "/nowhere/lib.so"));
    jt_close(t);
    mixed_heap_end(&s);
}

/* A parameter of the user's that not every page size goes with: those others are passed over. */
static void geometries_that_are_no_build(void **state) {
    static struct image image;
    (void)state;
    image_stock(&image, JH_5_3_0);
    save(&image, version_of(JH_5_3_0));
    struct jt_target *t = opened(&image, "5.3.0,lg_slab_maxregs=12");
    assert_int_equal(t->status, JT_OK);
    assert_true(warned_of(t, "the heap is empty"));
    jt_close(t);
    image_end(&image);
}

/* Where there is one width of addresses only, nothing has to tell it. */
static void words_of_32_bits(void **state) {
    static const uint8_t root[4 << 20];
    struct jt_options options = {.target = path, .root = 0x10000000, .root_given = true};
    (void)state;
    core_start(&core, EM_386, 4, true);
    core_load(&core, 0x1000, version_of(JH_5_3_0), sizeof version);
    core_load(&core, 0x10000000, root, sizeof root);
    core_save(&core, path);
    struct jt_target *t = core_open(&options);
    assert_int_equal(t->status, JT_OK);
    assert_int_equal(t->layout.build.lg_vaddr, 32);
    assert_int_equal(t->source[JT_PART_LG_VADDR], JT_DEFAULT);
    assert_int_equal(t->source[JT_PART_LG_PAGE], JT_INFERRED);
    jt_close(t);
}

/* A heap of which nothing is here is no damaged one. */
static void absent_is_not_damage(void **state) {
    static struct image image;
    (void)state;
    image_stock(&image, JH_5_3_0);
    image_put8(&image, image.heap.rtree_root + 8 * 200000, UINT64_C(0x7e1234560000));
    save(&image, version_of(JH_5_3_0));
    refuses(&image, NULL,
            "what its root points at is absent (rtree.node-absent at 0x7e1234560000)");
    struct jt_target *t = opened(&image, "5.3.0");
    assert_int_equal(t->status, JT_OK);
    assert_true(
        warned_of(t, "what the root points at is absent, so the layout could not be tried"));
    jt_close(t);
    image_end(&image);
}

static void guesses_nothing(void **state) {
    static struct mixed_heap s;
    static char unknown[sizeof version] = "\0\0005.4.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c";
    (void)state;
    mixed_heap_start(&s, JH_5_3_0, 48, 12);
    save(&s.image, unknown);
    refuses(&s.image, NULL, "5.4.0");
    refuses(&s.image, NULL, "its heap decodes as that of dev: to read it so give --layout dev");
    save(&s.image, version_of(JH_5_3_0));
    refuses(&s.image, "5.3.0,machine=s390x", "big-endian");
    refuses(&s.image, "5.3.0,machine=i386", "32-bit");
    core.machine = EM_S390;
    core.little_endian = false;
    core_save(&core, path);
    refuses(&s.image, "5.3.0",
            "64-bit little-endian machines, the target is 64-bit and big-endian");
    mixed_heap_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_geometry),
        cmocka_unit_test(versions_that_are_not_said),
        cmocka_unit_test(serial_numbers_tell),
        cmocka_unit_test(no_version_and_no_heap),
        cmocka_unit_test(names_what_differs),
        cmocka_unit_test(says_what_does_not_matter),
        cmocka_unit_test(looks_further),
        cmocka_unit_test(versions_look_further),
        cmocka_unit_test(contradictions_are_said),
        cmocka_unit_test(given_layouts_are_taken),
        cmocka_unit_test(guesses_nothing),
        cmocka_unit_test(absent_is_not_damage),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(damage_does_not_decide),
        cmocka_unit_test(one_layout_that_does_not_fit),
        cmocka_unit_test(symbols_of_other_sizes),
        cmocka_unit_test(names_tell_the_version),
        cmocka_unit_test(debug_information_rules_pages_out),
        cmocka_unit_test(bins_tell_the_quantum),
        cmocka_unit_test(more_is_better),
        cmocka_unit_test(names_as_many_as_there_is_room_for),
        cmocka_unit_test(sizes_of_large_ones),
        cmocka_unit_test(a_version_that_is_like_it),
        cmocka_unit_test(versions_in_between),
        cmocka_unit_test(files_that_are_missing),
        cmocka_unit_test(geometries_that_are_no_build),
        cmocka_unit_test(words_of_32_bits),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-detect-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
