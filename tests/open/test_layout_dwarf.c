/* Debug information against the formulas: what of a patched jemalloc it changes, and what it may
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

static struct jt_target target;

static struct jh_layout stock(enum jh_version version) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    memset(&target, 0, sizeof target);
    return layout;
}

static void end(void) {
    while (target.warnings != 0) {
        free(target.warning[--target.warnings]);
    }
    free(target.warning);
}

/* What debug information says of a jemalloc that is as released. */
static struct jt_dwarf released(const struct jh_layout *l) {
    struct jt_dwarf d;
    jt_dwarf_init(&d);
    d.found = true;
    d.extent_size = l->extent_size;
    d.e_bits = l->extent[JH_EXTENT_BITS].offset;
    d.e_addr = l->extent[JH_EXTENT_ADDR].offset;
    d.e_size_esn = l->extent[JH_EXTENT_BSIZE].offset;
    d.e_ps = l->extent[JH_EXTENT_PS].offset;
    d.e_sn = l->extent[JH_EXTENT_SN].offset;
    d.e_slab_data = l->bitmap_offset;
    d.leaf_size = l->leaf_size;
    d.le_bits = 0;
    d.rtree_root = l->root_offset;
    d.emap_rtree = 0;
    return d;
}

static size_t told_by(const struct jt_dwarf *d, struct jh_layout *is) {
    static struct jt_told told;
    jt_layout_from_dwarf(d, is, &told);
    return told.differences;
}

/* As for the layout that is chosen. */
static size_t take(const struct jt_dwarf *d, struct jh_layout *is) {
    static struct jt_told told;
    jt_layout_from_dwarf(d, is, &told);
    jt_told_take(&target, is->build.version, &told);
    return told.differences;
}

static bool warned_of(const char *text) {
    bool found = false;
    for (size_t i = 0; i < target.warnings; i++) {
        found |= strstr(target.warning[i], text) != NULL;
    }
    return found;
}

static void nothing_new(void **state) {
    (void)state;
    struct jh_layout is = stock(JH_5_3_0), was = is;
    struct jt_dwarf d = released(&is);
    take(&d, &is);
    assert_memory_equal(&is, &was, sizeof is);
    assert_int_equal(target.warnings, 0);
    assert_int_equal(target.source[JT_PART_OFFSETS], JT_DWARF);
    jt_dwarf_init(&d);
    take(&d, &is); /* none was found */
    assert_memory_equal(&is, &was, sizeof is);
    end();
}

/* Sixteen bytes more in front of everything, and of the root. */
static void members_that_moved(void **state) {
    (void)state;
    struct jh_layout is = stock(JH_5_3_0), was = is;
    struct jt_dwarf d = released(&is);
    uint32_t *const moved[] = {&d.extent_size, &d.e_bits, &d.e_addr,      &d.e_size_esn,
                               &d.e_ps,        &d.e_sn,   &d.e_slab_data, &d.emap_rtree};
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        *moved[i] += 16;
    }
    for (unsigned again = 0; again < 2; again++) { /* differences count, whether they are said */
        is = was;
        assert_int_equal(told_by(&d, &is), 8);
        assert_int_equal(target.warnings, 0);
    }
    is = was;
    assert_int_equal(take(&d, &is), 8);
    assert_int_equal(target.warnings, 8);
    assert_true(warned_of("the offset of e_bits is 16, where jemalloc 5.3.0 has 0"));
    assert_true(warned_of("the offset of the root's array"));
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        assert_int_equal(is.extent[i].offset, was.extent[i].offset + (is.extent[i].width ? 16 : 0));
    }
    assert_int_equal(is.extent_size, was.extent_size + 16);
    assert_int_equal(is.extent_head, was.extent_head + 16);
    assert_int_equal(is.bitmap_offset, was.bitmap_offset + 16);
    assert_int_equal(is.root_offset, was.root_offset + 16);
    end();
}

static void leaves_that_differ(void **state) {
    (void)state;
    struct jh_layout is = stock(JH_5_3_0);
    struct jt_dwarf d = released(&is);
    d.leaf_size = 16;
    take(&d, &is);
    assert_int_equal(is.leaf_size, 16);
    assert_true(warned_of("the size of a leaf element is 16"));
    d.le_bits = JT_DWARF_UNKNOWN; /* then it has members of its own: another form */
    take(&d, &is);
    assert_true(warned_of("leaf elements are wide"));
    assert_int_equal(is.leaf_form, JH_LEAF_COMPACT);
    end();

    struct jh_build build; /* of 32 bits, which has no compact ones */
    jh_build_init(&build, JH_5_3_0);
    assert_int_equal(jh_build_machine(&build, "i386"), JH_OK);
    memset(&target, 0, sizeof target);
    assert_int_equal(jh_layout_make(&build, &is, NULL), JH_OK);
    d = released(&is);
    take(&d, &is);
    assert_true(warned_of("leaf elements are compact"));
    assert_int_not_equal(is.leaf_form, JH_LEAF_COMPACT);
    end();
}

/* What is too large for any layout is not believed, nor cut to what fits. */
static void numbers_that_are_too_large(void **state) {
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct jh_layout is = stock(JH_5_3_0), was = is;
        struct jt_dwarf d = released(&is);
        uint32_t *const number[] = {&d.e_bits, &d.e_addr, &d.extent_size, &d.rtree_root};
        *number[i % 4] = i < 4 ? UINT16_MAX + 1u : UINT32_MAX - 1;
        take(&d, &is);
        assert_memory_equal(&is, &was, sizeof is);
        assert_int_equal(target.warnings, 0);
        end();
    }
    struct jh_layout is = stock(JH_5_3_0);
    struct jt_dwarf d = released(&is);
    d.leaf_size = 255;
    d.extent_size = UINT16_MAX;
    take(&d, &is);
    assert_int_equal(is.leaf_size, 255);
    assert_int_equal(is.extent_size, UINT16_MAX);
    d.leaf_size = 256 + 8; /* would be 8 in a byte */
    take(&d, &is);
    assert_int_equal(is.leaf_size, 255);
    assert_false(warned_of("264"));
    end();
}

static struct jt_macros *macros(const char *texts, size_t size) {
    char *own = malloc(size);
    assert_non_null(own);
    memcpy(own, texts, size);
    struct jt_macros *m = jt_macros_unpack(own, size);
    assert_non_null(m);
    return m;
}
#define MACROS(text) macros(text, sizeof(text))

/* A wider arena index moves all that follows; a field that does not fit into the word is not
 * believed. */
static void bits_that_moved(void **state) {
    (void)state;
    struct jh_layout is = stock(JH_5_3_0);
    struct jt_dwarf d = released(&is);
    d.macros = MACROS("EDATA_BITS_ARENA_WIDTH 13\0EDATA_BITS_ARENA_SHIFT 0\0"
                      "EDATA_BITS_SLAB_WIDTH 1\0EDATA_BITS_SLAB_SHIFT 13\0"
                      "EDATA_BITS_SZIND_WIDTH 60\0EDATA_BITS_SZIND_SHIFT 20");
    struct jh_field szind = is.extent[JH_EXTENT_SZIND];
    take(&d, &is);
    assert_int_equal(is.extent[JH_EXTENT_ARENA].width, 13);
    assert_int_equal(is.extent[JH_EXTENT_SLAB].shift, 13);
    assert_int_equal(is.extent[JH_EXTENT_PAI].width, 1);       /* of which there is no word */
    assert_int_equal(is.extent[JH_EXTENT_COMMITTED].width, 0); /* nor of it, where slab is now */
    assert_true(warned_of("no macro of committed and other fields where jemalloc 5.3.0 has it, "
                          "bits 13:1 of e_bits"));
    assert_memory_equal(&is.extent[JH_EXTENT_SZIND], &szind, sizeof szind);
    assert_true(warned_of("slab is bits 13:1 of e_bits, where jemalloc 5.3.0 has 12:1"));
    jt_dwarf_free(&d);
    end();
}

/* A shift or a width that is outside of the word leaves the field as released. */
static void bits_that_are_nowhere(void **state) {
    static const char *const number[] = {"64", "65", "256", "0xffffffffffffffff"};
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        struct jh_layout is = stock(JH_5_3_0), was = is;
        struct jt_dwarf d = released(&is);
        char text[128];
        int len = snprintf(text, sizeof text,
                           "EDATA_BITS_ARENA_SHIFT 0 EDATA_BITS_ARENA_WIDTH 12 "
                           "EDATA_BITS_SLAB_%s %s%s",
                           i < 8 ? "SHIFT" : "WIDTH", number[i % 4],
                           i < 4   ? ""
                           : i < 8 ? " EDATA_BITS_SLAB_WIDTH 1"
                                   : " EDATA_BITS_SLAB_SHIFT 12");
        for (char *at = text; (at = strstr(at, " E")) != NULL;) {
            *at = 0; /* ends a macro */
            at++;
        }
        d.macros = macros(text, (size_t)len + 1);
        take(&d, &is);
        assert_memory_equal(&is.extent[JH_EXTENT_SLAB], &was.extent[JH_EXTENT_SLAB],
                            sizeof(struct jh_field));
        assert_false(warned_of("slab is bits"));
        assert_memory_equal(&is, &was, sizeof is); /* nor does what is not told change anything */
        jt_dwarf_free(&d);
        end();
    }
}

/* A mask says both, where there is no width. What says neither says nothing. */
static void bits_by_their_masks(void **state) {
    static const struct {
        const char *macros;
        unsigned shift, width; /* of slab */
    } row[] = {
        {"EDATA_BITS_SLAB_MASK 0x3000", 12, 2},
        {"EDATA_BITS_SLAB_MASK (UINT64_MAX << 40)", 40, 24},
        {"EDATA_BITS_SLAB_MASK UINT64_MAX", 0, 64},
        {"EDATA_BITS_SLAB_SHIFT 40 EDATA_BITS_SLAB_MASK ((uint64_t)7 << 40)", 40, 3},
        {"EDATA_BITS_SLAB_SHIFT 40 EDATA_BITS_SLAB_WIDTH 3 EDATA_BITS_SLAB_MASK 1", 40, 3},
        {"EDATA_BITS_SLAB_SHIFT 40", 12, 1},
        {"EDATA_BITS_DUMPABLE_SHIFT 5 EDATA_BITS_DUMPABLE_WIDTH 0", 12, 1}, /* it has none */
        {"EDATA_BITS_SLAB_WIDTH 5", 12, 1},
        {"EDATA_BITS_SLAB_MASK 0", 12, 1},
        {"EDATA_BITS_SLAB_MASK 0x5000", 12, 1}, /* it has a hole */
        {"EDATA_BITS_SLAB_MASK NOT_THERE", 12, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct jh_layout is = stock(JH_5_3_0);
        struct jt_dwarf d = released(&is);
        char text[128];
        int len = snprintf(text, sizeof text, "%s", row[i].macros);
        for (char *at = text; (at = strstr(at, " E")) != NULL;) {
            *at++ = 0;
        }
        d.macros = macros(text, (size_t)len + 1);
        take(&d, &is);
        assert_int_equal(is.extent[JH_EXTENT_SLAB].shift, row[i].shift);
        assert_int_equal(is.extent[JH_EXTENT_SLAB].width, row[i].width);
        jt_dwarf_free(&d);
        end();
    }
}

static void states_of_another_order(void **state) {
    (void)state;
    struct jh_layout is = stock(JH_5_3_0);
    struct jt_dwarf d = released(&is);
    d.state[0] = JH_DIRTY;
    d.state[2] = JH_ACTIVE;
    take(&d, &is);
    assert_int_equal(is.states, 3);
    assert_int_equal(is.state[0], JH_DIRTY);
    assert_int_equal(is.state[1], JH_STATE_UNKNOWN);
    assert_int_equal(is.state[2], JH_ACTIVE);
    assert_true(warned_of("numbers the extent states otherwise"));
    end();

    is = stock(JH_5_2_1); /* one more than it has */
    uint8_t states = is.states;
    assert_true(states < JH_STATES_MAX);
    d = released(&is);
    for (uint8_t i = 0; i < states; i++) {
        d.state[i] = is.state[i];
    }
    take(&d, &is);
    assert_false(warned_of("states"));
    d.state[states] = JH_PINNED;
    take(&d, &is);
    assert_int_equal(is.states, states + 1);
    assert_int_equal(is.state[states], JH_PINNED);
    assert_true(warned_of("numbers the extent states otherwise"));
    end();
}

static void builds_from_macros(void **state) {
    struct jh_build build;
    (void)state;
    (void)stock(JH_5_3_0);
    jh_build_init(&build, JH_5_3_0);
    struct jt_dwarf d = {.mutex_size = 48};
    d.macros = MACROS("JEMALLOC_VERSION \"\"\0LG_PAGE 14\0LG_VADDR 100\0JEMALLOC_DEBUG ");
    jt_build_from_macros(&target, &d, &build);
    assert_int_equal(build.version, JH_5_3_0); /* an empty version says nothing */
    assert_int_equal(target.source[JT_PART_VERSION], JT_UNKNOWN);
    assert_int_equal(build.lg_page, 14);
    assert_int_equal(build.lg_vaddr, 48); /* no width of addresses */
    assert_int_equal(target.source[JT_PART_LG_VADDR], JT_UNKNOWN);
    assert_int_equal(build.pthread_mutex_size, 48);
    assert_true(build.debug);
    assert_false(build.stats);
    jt_dwarf_free(&d);
    end();
}

static struct jh_build built_from(const char *texts, size_t size) {
    struct jh_build build;
    struct jt_dwarf d;
    (void)stock(JH_5_3_0);
    jh_build_init(&build, JH_5_3_0);
    jt_dwarf_init(&d);
    d.macros = macros(texts, size);
    jt_build_from_macros(&target, &d, &build);
    jt_dwarf_free(&d);
    end();
    return build;
}
#define BUILT(text) built_from(text, sizeof(text))

/* As many regions as a page has of 8 bytes: what a build has that says nothing. */
static void regions_of_a_slab(void **state) {
    (void)state;
    assert_int_equal(BUILT("LG_PAGE 12\0SC_LG_SLAB_MAXREGS 9").lg_slab_maxregs, 0);
    assert_int_equal(BUILT("LG_PAGE 12\0SC_LG_SLAB_MAXREGS 11").lg_slab_maxregs, 11);
    assert_int_equal(BUILT("LG_PAGE 12\0LG_SLAB_MAXREGS 32").lg_slab_maxregs, 32);
    assert_int_equal(BUILT("LG_PAGE 12\0LG_SLAB_MAXREGS 33").lg_slab_maxregs, 0);
    assert_int_equal(BUILT("LG_PAGE 64\0LG_VADDR 64").lg_page, 64); /* such a build is refused */
}

/* One that is not known is kept for the sentence that says so. */
static void versions_by_macros(void **state) {
    char text[200];
    (void)state;
    for (unsigned len = 127; len < 129; len++) {
        int size = snprintf(text, sizeof text, "JEMALLOC_VERSION \"%0*d\"", (int)len, 5);
        assert_int_equal(built_from(text, (size_t)size + 1).version, JH_5_3_0);
        assert_int_equal(strlen(target.version_string), len == 127 ? 127 : 0);
        assert_int_equal(target.source[JT_PART_VERSION], JT_UNKNOWN);
    }
    assert_int_equal(BUILT("JEMALLOC_VERSION \"5.2.1-0-g0\"").version, JH_5_2_1);
    assert_int_equal(target.source[JT_PART_VERSION], JT_DWARF);
    assert_int_equal(BUILT("JEMALLOC_VERSION \"5.2.1-0-g0").version, JH_5_3_0); /* no end */
    assert_int_equal(BUILT("JEMALLOC_VERSION 5.2.1-0-g0").version, JH_5_3_0);
}

/* What goes from one process to the other: all that is defined, or nothing. */
static void macros_are_packed(void **state) {
    size_t size;
    (void)state;
    struct jt_macros *m = MACROS("A 1\0LONG(x) ((x) + 1)");
    char *text = jt_macros_pack(m, 1000, &size);
    assert_non_null(text);
    assert_int_equal(size, sizeof "A 1\0LONG(x) ((x) + 1)");
    free(text);
    assert_null(jt_macros_pack(m, 3, &size));
    assert_int_equal(size, 0);
    assert_null(jt_macros_unpack(NULL, 0));
    text = malloc(3);
    assert_non_null(text);
    assert_null(jt_macros_unpack(memcpy(text, "A 1", 3), 3)); /* it does not end */
    jt_macros_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_new),         cmocka_unit_test(members_that_moved),
        cmocka_unit_test(leaves_that_differ),  cmocka_unit_test(numbers_that_are_too_large),
        cmocka_unit_test(bits_that_moved),     cmocka_unit_test(bits_that_are_nowhere),
        cmocka_unit_test(bits_by_their_masks), cmocka_unit_test(states_of_another_order),
        cmocka_unit_test(builds_from_macros),  cmocka_unit_test(regions_of_a_slab),
        cmocka_unit_test(versions_by_macros),  cmocka_unit_test(macros_are_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
