/* size classes: the numbers of sc.h and size_classes.h, typed in. */
#include "test.h"

static struct jh_layout layout_of(uint8_t lg_page, uint8_t lg_quantum) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, JH_5_3_0);
    build.lg_page = lg_page;
    build.lg_quantum = lg_quantum;
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static void logarithms(void **state) {
    (void)state;
    static const struct {
        uint64_t x;
        unsigned floor, ceil;
    } cases[] = {
        {1, 0, 0},           {2, 1, 1},   {3, 1, 2},   {4, 2, 2},   {5, 2, 3},
        {232, 7, 8},         {235, 7, 8}, {256, 8, 8}, {257, 8, 9}, {UINT64_C(1) << 63, 63, 63},
        {UINT64_MAX, 63, 64}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(jh_lg_floor(cases[i].x), cases[i].floor);
        assert_int_equal(jh_lg_ceil(cases[i].x), cases[i].ceil);
    }
}

static void base_of_an_address(void **state) {
    (void)state;
    assert_int_equal(jh_addr2base(0x12345, 0x1000), 0x12000);
    assert_int_equal(jh_addr2base(0x12000, 0x1000), 0x12000);
    assert_int_equal(jh_addr2base(0x12fff, 0x1000), 0x12000);
    assert_int_equal(jh_addr2base(0x12345, 1), 0x12345);
    assert_int_equal(jh_addr2base(UINT64_MAX, 0x10000), UINT64_C(0xffffffffffff0000));
}

static void numbers_of_classes(void **state) {
    (void)state;
    static const struct {
        uint8_t page, quantum;
        uint16_t nsizes, nbins, npsizes, ntiny, large_min_kib;
    } cases[] = {{12, 4, 232, 36, 199, 1, 16},
                 {12, 3, 235, 39, 199, 0, 16},
                 {14, 4, 232, 44, 191, 1, 64},
                 {16, 4, 232, 52, 183, 1, 256}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jh_layout layout = layout_of(cases[i].page, cases[i].quantum);
        assert_int_equal(layout.sc_nsizes, cases[i].nsizes);
        assert_int_equal(layout.sc_nbins, cases[i].nbins);
        assert_int_equal(layout.sc_npsizes, cases[i].npsizes);
        assert_int_equal(layout.sc_ntiny, cases[i].ntiny);
        assert_int_equal(jh_index2size(&layout, cases[i].nbins), cases[i].large_min_kib * 1024);
    }
}

struct class_size {
    uint32_t index;
    uint64_t size;
};

static void sizes_are(uint8_t lg_page, uint8_t lg_quantum, const struct class_size *class,
                      size_t count) {
    struct jh_layout layout = layout_of(lg_page, lg_quantum);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(jh_index2size(&layout, class[i].index), class[i].size);
        assert_int_equal(jh_size2index(&layout, class[i].size), class[i].index);
    }
}

static void sizes_with_quantum_16(void **state) {
    (void)state;
    static const struct class_size class[] = {{0, 8},
                                              {1, 16},
                                              {2, 32},
                                              {3, 48},
                                              {4, 64},
                                              {5, 80},
                                              {8, 128},
                                              {9, 160},
                                              {12, 256},
                                              {28, 4096},
                                              {35, 14336},
                                              {36, 16384},
                                              {46, 98304},
                                              {47, 114688},
                                              {48, 131072},
                                              {230, UINT64_C(0x6000000000000000)},
                                              {231, UINT64_C(0x7000000000000000)}};
    sizes_are(12, 4, class, COUNT(class));
    sizes_are(14, 4, class, COUNT(class));
    sizes_are(16, 4, class, COUNT(class));
}

static void sizes_with_quantum_8(void **state) {
    (void)state;
    static const struct class_size class[] = {{0, 8},       {1, 16},
                                              {2, 24},      {3, 32},
                                              {4, 40},      {5, 48},
                                              {7, 64},      {8, 80},
                                              {12, 160},    {38, 14336},
                                              {39, 16384},  {50, 114688},
                                              {51, 131072}, {234, UINT64_C(0x7000000000000000)}};
    sizes_are(12, 3, class, COUNT(class));
}

static void sizes_between_classes(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(12, 4);
    assert_int_equal(jh_size2index(&layout, 0), 0);
    assert_int_equal(jh_size2index(&layout, 1), 0);
    assert_int_equal(jh_size2index(&layout, 9), 1);
    assert_int_equal(jh_size2index(&layout, 17), 2);
    assert_int_equal(jh_size2index(&layout, 14337), 36);
    assert_int_equal(jh_size2index(&layout, 100000), 47);
    assert_int_equal(jh_size2index(&layout, UINT64_C(0x7000000000000001)), 232);
    assert_int_equal(jh_size2index(&layout, UINT64_MAX), 232);
    assert_int_equal(jh_index2size(&layout, 232), 0);
    assert_int_equal(jh_index2size(&layout, 255), 0);
    assert_int_equal(jh_index2size(&layout, UINT32_MAX), 0);
}

/* Each class is larger than the one before it, and by no more than a quarter above the first. */
static void classes_rise(void **state) {
    (void)state;
    for (uint8_t quantum = 3; quantum <= 4; quantum++) {
        struct jh_layout layout = layout_of(12, quantum);
        for (uint32_t i = 1; i < layout.sc_nsizes; i++) {
            uint64_t before = jh_index2size(&layout, i - 1), size = jh_index2size(&layout, i);
            assert_true(size > before);
            assert_int_equal(jh_size2index(&layout, before + 1), i);
            assert_true(size <= 128 || (size - before) * 4 <= before);
        }
    }
}

static void slabs_of_4k_pages(void **state) {
    (void)state;
    static const struct jh_bin bins[] = {
        {8, 4096, 512, 1},  {16, 4096, 256, 1},   {32, 4096, 128, 1},   {48, 12288, 256, 1},
        {64, 4096, 64, 1},  {80, 20480, 256, 1},  {96, 12288, 128, 1},  {112, 28672, 256, 1},
        {128, 4096, 32, 1}, {160, 20480, 128, 1}, {192, 12288, 64, 1},  {224, 28672, 128, 1},
        {256, 4096, 16, 1}, {320, 20480, 64, 1},  {384, 12288, 32, 1},  {448, 28672, 64, 1},
        {512, 4096, 8, 1},  {640, 20480, 32, 1},  {768, 12288, 16, 1},  {896, 28672, 32, 1},
        {1024, 4096, 4, 1}, {1280, 20480, 16, 1}, {1536, 12288, 8, 1},  {1792, 28672, 16, 1},
        {2048, 4096, 2, 1}, {2560, 20480, 8, 1},  {3072, 12288, 4, 1},  {3584, 28672, 8, 1},
        {4096, 4096, 1, 1}, {5120, 20480, 4, 1},  {6144, 12288, 2, 1},  {7168, 28672, 4, 1},
        {8192, 8192, 1, 1}, {10240, 20480, 2, 1}, {12288, 12288, 1, 1}, {14336, 28672, 2, 1},
    };
    struct jh_layout layout = layout_of(12, 4);
    assert_int_equal(COUNT(bins), 36);
    for (size_t i = 0; i < COUNT(bins); i++) {
        assert_int_equal(layout.bin[i].reg_size, bins[i].reg_size);
        assert_int_equal(layout.bin[i].slab_size, bins[i].slab_size);
        assert_int_equal(layout.bin[i].nregs, bins[i].nregs);
        assert_int_equal(layout.bin[i].n_shards, 1);
    }
}

static void slabs_of_larger_pages(void **state) {
    (void)state;
    struct jh_layout layout = layout_of(16, 4);
    assert_int_equal(layout.bin[0].nregs, 8192);
    assert_int_equal(layout.bin[3].slab_size, 3 * 65536);
    assert_int_equal(layout.bin[3].nregs, 4096);
    assert_int_equal(layout.bin[51].reg_size, 229376);
    assert_int_equal(layout.bin[51].slab_size, 458752);
    assert_int_equal(layout.bin[51].nregs, 2);
    layout = layout_of(14, 4);
    assert_int_equal(layout.bin[0].nregs, 2048);
    assert_int_equal(layout.bin[43].reg_size, 57344);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms),
        cmocka_unit_test(base_of_an_address),
        cmocka_unit_test(numbers_of_classes),
        cmocka_unit_test(sizes_with_quantum_16),
        cmocka_unit_test(sizes_with_quantum_8),
        cmocka_unit_test(sizes_between_classes),
        cmocka_unit_test(classes_rise),
        cmocka_unit_test(slabs_of_4k_pages),
        cmocka_unit_test(slabs_of_larger_pages),
    };
    return cmocka_run_group_tests_name("size_class", tests, NULL, NULL) != 0;
}
