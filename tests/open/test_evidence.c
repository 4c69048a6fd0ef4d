/* What jemalloc wrote down at run time, when it is sound, and when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

#define BINS 0x10000u
#define STRIDE_MAX 264u
#define PAD 0x1000000u
#define FLAG 0x2000000u

static uint8_t bins[JH_BINS_MAX * STRIDE_MAX], pad[8], flag[1];
static uint32_t stride = 128; /* bytes of a bin */
static struct jh_segment segment[3];
static struct jt_private priv;
static struct jt_layers layers;
static struct jt_target target;
static struct jh_layout layout;
static struct jt_dwarf dwarf;

static struct jt_variable *variable(const char *name) {
    for (size_t i = 0; i < priv.source->variables; i++) {
        if (strcmp(priv.source->variable[i].name, name) == 0) {
            return &priv.source->variable[i];
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

static void add(const char *name, uint64_t addr, uint64_t size) {
    struct jt_variable *v = &priv.source->variable[priv.source->variables++];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->addr = addr;
    v->size = size;
}

/* bin_info_t: reg_size, slab_size, nregs and n_shards, as this layout has them. */
static uint8_t *bin(uint32_t index) {
    return bins + (size_t)index * stride;
}

static void put(uint8_t *at, uint64_t value, unsigned size) {
    jt_number_put(&target, at, value, size);
}

/* A target that names its variables, as a skeleton does; of either width and byte order. */
static void start(enum jh_version version, const char *machine) {
    struct jh_build build;
    jh_build_init(&build, version);
    assert_int_equal(jh_build_machine(&build, machine), JH_OK);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    memset(&priv, 0, sizeof priv);
    memset(&layers, 0, sizeof layers);
    jt_layers_join(&priv, &layers);
    priv.words = build.pointer_size;
    priv.little_endian = build.little_endian;
    priv.note[JT_NOTE_ABOUT].bytes = "";
    segment[0] = (struct jh_segment){BINS, bins, sizeof bins};
    segment[1] = (struct jh_segment){PAD, pad, sizeof pad};
    segment[2] = (struct jh_segment){FLAG, flag, sizeof flag};
    priv.segment = segment;
    priv.segments = 3;
    memset(&target, 0, sizeof target);
    target.priv = &priv;
    assert_int_equal(jt_image_start(&target), JT_OK);
    jt_dwarf_init(&dwarf);
    add(version < JH_5_1_0 ? "arena_bin_info" : "bin_infos", BINS, layout.sc_nbins * stride);
    add("sz_large_pad", PAD, priv.words);
    add("opt_disable_large_size_classes", FLAG, 1);
    memset(bins, 0, sizeof bins);
    for (uint32_t i = 0; i < layout.sc_nbins; i++) {
        unsigned w = priv.words;
        put(bin(i), layout.bin[i].reg_size, w);
        put(bin(i) + w, layout.bin[i].slab_size, w);
        put(bin(i) + 2 * w, layout.bin[i].nregs, 4);
        put(bin(i) + 2 * w + 4, 3, 4);
    }
}

static const struct jt_evidence *known(void) {
    static struct jt_evidence evidence;
    evidence.dwarf = dwarf;
    jt_variables_read(&target, &evidence.variables);
    return &evidence;
}

static bool bins_are_taken(void) {
    struct jh_layout was = layout;
    bool taken = jt_bins_from_variables(known(), &layout);
    if (!taken) { /* all of them, or none */
        assert_memory_equal(&was, &layout, sizeof was);
    }
    return taken;
}

static const char *const machine[] = {"x86_64", "i386", "s390x", "powerpc"};

static void sound_bins(void **state) {
    static const enum jh_version version[] = {JH_5_0_0, JH_5_1_0, JH_5_2_0, JH_5_3_0};
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        start(version[i / 4], machine[i % 4]);
        uint32_t last = layout.sc_nbins - 1u;
        uint64_t page = UINT64_C(1) << layout.build.lg_page, twice = 2 * layout.bin[last].slab_size;
        assert_int_equal(twice % page, 0);
        put(bin(last) + priv.words, twice, priv.words); /* as slab_sizes makes it */
        put(bin(last) + 2 * priv.words, twice / layout.bin[last].reg_size, 4);
        assert_true(bins_are_taken());
        assert_int_equal(layout.bin[last].slab_size, twice);
        assert_int_equal(layout.bin[last].n_shards, version[i / 4] >= JH_5_2_0 ? 3 : 1);
    }
}

/* Debug information says that a number stands where the table has ended. */
static void bins_that_end_early(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        start(JH_5_3_0, machine[0]);
        layout.sc_nbins = 1;
        variable("bin_infos")->size = stride;
        assert_true(bins_are_taken());
        dwarf.slab_size = i == 0 ? stride : i == 1 ? 200 : JT_DWARF_UNKNOWN;
        dwarf.nregs = i == 2 ? stride : JT_DWARF_UNKNOWN;
        dwarf.n_shards = i == 3 ? stride : JT_DWARF_UNKNOWN;
        assert_false(bins_are_taken());
    }
}

/* A version has one name for them. */
static void bins_of_two_names(void **state) {
    static const enum jh_version version[] = {JH_5_0_0, JH_5_3_0};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        start(version[i], machine[0]);
        add(i == 0 ? "bin_infos" : "arena_bin_info", BINS + stride, layout.sc_nbins * stride);
        assert_true(bins_are_taken());
    }
}

/* One number of the last bin is another one. */
static void unsound_bins(void **state) {
    (void)state;
    for (unsigned m = 0; m < 4; m++) {
        start(JH_5_3_0, machine[m]);
        const uint32_t last = layout.sc_nbins - 1u;
        const unsigned w = priv.words;
        const uint64_t reg = layout.bin[last].reg_size, slab = layout.bin[last].slab_size,
                       page = UINT64_C(1) << layout.build.lg_page;
        const uint64_t row[][3] = {
            {reg + 1, slab, slab / reg},       {0, slab, slab / reg},       {reg, 0, 0},
            {reg, slab + reg, slab / reg + 1}, /* not whole pages */
            {reg, slab, slab / reg - 1},       {reg, slab, slab / reg + 1},
        };
        for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
            put(bin(last), row[i][0], w);
            put(bin(last) + w, row[i][1], w);
            put(bin(last) + 2 * w, row[i][2], 4);
            assert_false(bins_are_taken());
        }
        start(JH_5_3_0, machine[m]); /* more regions than bitmaps have bits */
        const uint64_t small = layout.bin[0].reg_size;
        for (unsigned more = 0; more < 2; more++) {
            uint64_t size = 8 * JH_BITMAP_MAX * small + more * page;
            put(bin(0) + w, size, w);
            put(bin(0) + 2 * w, size / small, 4);
            assert_int_equal(bins_are_taken(), !more);
        }
    }
}

static void tables_of_another_size(void **state) {
    (void)state;
    start(JH_5_3_0, "x86_64");
    struct jt_variable *v = variable("bin_infos");
    const uint64_t size[] = {0,
                             1,
                             v->size - 1,
                             v->size + 1,
                             layout.sc_nbins * 257u,
                             UINT64_MAX / layout.sc_nbins * layout.sc_nbins};
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        v->size = size[i];
        assert_false(bins_are_taken());
    }
    start(JH_5_3_0, "x86_64");
    variable("bin_infos")->addr += sizeof bins - v->size + 128; /* the end is not there */
    assert_false(bins_are_taken());
    start(JH_5_3_0, "x86_64");
    layout.sc_nbins = 0;
    assert_false(bins_are_taken());
    start(JH_5_3_0, "x86_64");
    variable("bin_infos")->name[0] = 0;
    assert_false(bins_are_taken());
}

/* No bin_info_t is so large. */
static void bins_far_apart(void **state) {
    (void)state;
    for (stride = 256; stride <= STRIDE_MAX; stride += 8) {
        start(JH_5_3_0, "x86_64");
        assert_int_equal(bins_are_taken(), stride == 256);
    }
    stride = 128;
}

/* Debug information knows better where a member is, unless that cannot be. */
static void members_by_debug_information(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        start(JH_5_3_0, "x86_64");
        dwarf.nregs = i == 0 ? 256 - 8 : i == 1 ? 257 : 64; /* the next bins, not it, there */
        if (i == 2) {
            for (uint32_t b = 0; b < layout.sc_nbins; b++) {
                put(bin(b) + 64, layout.bin[b].nregs, 4);
                put(bin(b) + 16, 0, 4);
            }
        }
        assert_int_equal(bins_are_taken(), i != 0);
    }
    start(JH_5_3_0, "x86_64");
    dwarf.bin_info_size = stride / 2;
    assert_false(bins_are_taken());
}

static bool pad_is_taken(uint64_t value) {
    put(pad, value, priv.words);
    layout.large_pad = 77;
    struct jh_layout was = layout;
    bool taken = jt_pad_from_variables(known(), &layout);
    was.large_pad = taken ? value : 77;
    assert_memory_equal(&was, &layout, sizeof was); /* nothing else, and nothing without it */
    return taken;
}

static void pads(void **state) {
    (void)state;
    for (unsigned m = 0; m < 4; m++) {
        start(JH_5_3_0, machine[m]);
        uint64_t page = UINT64_C(1) << layout.build.lg_page;
        assert_true(pad_is_taken(0));
        assert_true(pad_is_taken(page));
        assert_false(pad_is_taken(1));
        assert_false(pad_is_taken(2 * page));
        variable("sz_large_pad")->size = 12 - priv.words; /* of the other width */
        assert_false(pad_is_taken(0));
        start(JH_5_3_0, machine[m]);
        variable("sz_large_pad")->addr += sizeof pad - priv.words + 1; /* its end is not there */
        assert_false(pad_is_taken(0));
        start(JH_5_3_0, machine[m]);
        variable("sz_large_pad")->name[0] = 0;
        assert_false(pad_is_taken(0));
    }
}

/* A byte of that name, where a release has it, that says yes or no. */
static void large_size_classes(void **state) {
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        start(i == 5 ? JH_5_2_1 : JH_5_3_1, "x86_64");
        struct jh_layout was = layout;
        flag[0] = i == 1 ? 1 : i == 6 ? 2 : 0;
        variable("opt_disable_large_size_classes")->size = i == 2 ? 4 : 1;
        variable("opt_disable_large_size_classes")->addr = i == 3 ? FLAG + 1 : FLAG;
        variable("opt_disable_large_size_classes")->name[0] = i == 4 ? 0 : 'o';
        assert_int_equal(jt_by_size_from_variables(known(), &layout), i < 2);
        was.large_by_size &= i != 0;
        assert_memory_equal(&was, &layout, sizeof was);
        assert_int_equal(was.large_by_size, i != 0 && i != 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_bins),
        cmocka_unit_test(bins_that_end_early),
        cmocka_unit_test(bins_of_two_names),
        cmocka_unit_test(unsound_bins),
        cmocka_unit_test(tables_of_another_size),
        cmocka_unit_test(bins_far_apart),
        cmocka_unit_test(members_by_debug_information),
        cmocka_unit_test(pads),
        cmocka_unit_test(large_size_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
