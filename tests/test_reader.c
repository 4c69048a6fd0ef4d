/* reader: images of segments, and the few functions that every byte comes through. */
#include "test.h"
#include "spy.h"

static const uint8_t bytes[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* 0x1000..0x1010, 0x1010..0x1018 right behind it, a gap, 0x2000..0x2008. */
static const struct jh_segment segments[] = {
    {0x1000, bytes, 16}, {0x1010, bytes + 32, 8}, {0x2000, bytes, 8}};

static struct jh_reader open_image(struct jh_image *image) {
    struct jh_reader reader;
    *image = (struct jh_image){.segment = segments, .count = COUNT(segments)};
    assert_int_equal(jh_image_reader(image, &reader, NULL), JH_OK);
    return reader;
}

static void refuses(const struct jh_segment *segment, size_t count, const char *rule) {
    struct jh_image image = {.segment = segment, .count = count};
    struct jh_reader reader;
    struct jh_fault fault;
    MARK(reader);
    assert_int_equal(jh_image_reader(&image, &reader, &fault), JH_BAD_ARG);
    FAULT_IS(fault, JH_BAD_ARG, JH_STAGE_READER, rule);
    UNTOUCHED(reader);
    assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_BAD_ARG);
}

static void images_that_are_not_sorted_and_disjoint_are_refused(void **state) {
    (void)state;
    refuses((struct jh_segment[]){{0x2000, bytes, 8}, {0x1000, bytes, 8}}, 2,
            "reader.segments-unsorted");
    refuses((struct jh_segment[]){{0x1000, bytes, 9}, {0x1008, bytes, 8}}, 2,
            "reader.segments-overlap");
    refuses((struct jh_segment[]){{0x1000, bytes, 8}, {0x1000, bytes, 8}}, 2,
            "reader.segments-overlap");
    refuses((struct jh_segment[]){{UINT64_MAX - 6, bytes, 8}}, 1, "reader.segment-wraps");
}

static void images_at_the_edges_are_accepted(void **state) {
    (void)state;
    const struct jh_segment edge[] = {{0, bytes, 8}, {0x10, bytes, 0}, {UINT64_MAX - 7, bytes, 8}};
    struct jh_image image = {.segment = edge, .count = COUNT(edge)};
    struct jh_reader reader;
    uint8_t got[8];
    assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, UINT64_MAX - 7, got, 8, NULL), JH_OK);
    assert_memory_equal(got, bytes, 8);
    assert_int_equal(jh_read(&reader, 0, got, 8, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, 0x10, got, 1, NULL), JH_ABSENT);
    image.count = 0;
    assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, 0, got, 1, NULL), JH_ABSENT);
}

static void a_read_within_and_across_segments(void **state) {
    (void)state;
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    uint8_t got[24];
    struct jh_fault fault;
    MARK(fault);
    assert_int_equal(jh_read(&reader, 0x1004, got, 4, &fault), JH_OK);
    assert_memory_equal(got, bytes + 4, 4);
    assert_int_equal(jh_read(&reader, 0x1000, got, 24, &fault), JH_OK);
    assert_memory_equal(got, bytes, 16);
    assert_memory_equal(got + 16, bytes + 32, 8);
    MARK(got);
    assert_int_equal(jh_read(&reader, 0x1008, got, 12, &fault), JH_OK);
    assert_memory_equal(got + 8, bytes + 32, 4);
    assert_true(is_marked(got + 12, 12)); /* no more of the second segment than was asked for */
    UNTOUCHED(fault);
}

static void a_read_of_what_is_not_there_says_where(void **state) {
    (void)state;
    static const struct {
        uint64_t addr, missing;
        size_t len;
    } cases[] = {{0x500, 0x500, 1},    {0xfff, 0xfff, 2},    {0x1010, 0x1018, 9},
                 {0x1000, 0x1018, 32}, {0x1018, 0x1018, 1},  {0x2007, 0x2008, 2},
                 {0x2008, 0x2008, 8},  {0x1fff, 0x1fff, 32}, {UINT64_MAX, UINT64_MAX, 1}};
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t got[32];
        struct jh_fault fault;
        assert_int_equal(jh_read(&reader, cases[i].addr, got, cases[i].len, &fault), JH_ABSENT);
        FAULT_IS(fault, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
        assert_int_equal(fault.addr, cases[i].missing);
        assert_int_equal(fault.seen, cases[i].len);
        assert_int_equal(jh_read(&reader, cases[i].addr, got, cases[i].len, NULL), JH_ABSENT);
    }
}

static void what_goes_on_is_found(void **state) {
    (void)state;
    static const uint64_t cases[][2] = {{0, 0x1000},      {0xfff, 0x1000},  {0x1000, 0x1000},
                                        {0x100f, 0x100f}, {0x1010, 0x1010}, {0x1017, 0x1017},
                                        {0x1018, 0x2000}, {0x2007, 0x2007}, {0x2008, UINT64_MAX}};
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(reader.next(reader.arg, cases[i][0]), cases[i][1]);
    }
}

static void a_read_past_the_last_address_is_absent(void **state) {
    (void)state;
    const struct jh_segment ends[] = {{0, bytes, 16}, {UINT64_MAX - 7, bytes, 8}};
    struct jh_image image = {.segment = ends, .count = 2};
    struct jh_reader reader;
    struct jh_fault fault;
    uint8_t got[16];
    assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, UINT64_MAX - 7, got, 9, &fault), JH_ABSENT);
    FAULT_IS(fault, JH_ABSENT, JH_STAGE_READER, "reader.wrap");
    assert_int_equal(jh_read(&reader, UINT64_MAX, got, 16, &fault), JH_ABSENT);
}

static void partial_reads_say_how_much_there_was(void **state) {
    (void)state;
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    uint8_t dst[64];
    size_t got = 99;
    assert_int_equal(reader.read(reader.arg, 0x1008, dst, 64, &got), JH_ABSENT);
    assert_int_equal(got, 16);
    assert_memory_equal(dst, bytes + 8, 8);
    assert_int_equal(reader.read(reader.arg, 0x3000, dst, 64, &got), JH_ABSENT);
    assert_int_equal(got, 0);
}

static void lent_bytes_are_the_segments_own(void **state) {
    (void)state;
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    assert_ptr_equal(reader.lend(reader.arg, 0x1000, 16), bytes);
    assert_ptr_equal(reader.lend(reader.arg, 0x1012, 6), bytes + 34);
    assert_null(reader.lend(reader.arg, 0x1008, 9)); /* across two segments */
    assert_null(reader.lend(reader.arg, 0x2000, 9));
    assert_null(reader.lend(reader.arg, 0xfff, 2));
    assert_null(reader.lend(reader.arg, 0x1018, 1));
    assert_null(reader.lend(reader.arg, 0x2001, SIZE_MAX));
}

static void a_failing_callback_is_not_absence(void **state) {
    (void)state;
    struct jh_image image;
    struct spy spy = {
        .under = open_image(&image), .fail_addr = 0x1008, .fail_len = 4, .fail = JH_READ_FAILED};
    struct jh_reader reader = spy_read(&spy);
    struct jh_fault fault;
    uint8_t got[16];
    assert_int_equal(jh_read(&reader, 0x1000, got, 16, &fault), JH_READ_FAILED);
    FAULT_IS(fault, JH_READ_FAILED, JH_STAGE_READER, "reader.failed");
    spy.fail = JH_LIMIT;
    assert_int_equal(jh_read(&reader, 0x1000, got, 16, &fault), JH_LIMIT);
    FAULT_IS(fault, JH_LIMIT, JH_STAGE_READER, "reader.budget");
}

static enum jh_status read_short(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    (void)arg, (void)addr;
    memset(dst, 0, len / 2);
    *got = len / 2;
    return JH_OK;
}

static void a_short_read_that_says_ok_is_absent(void **state) {
    (void)state;
    struct jh_reader reader = {.read = read_short};
    struct jh_fault fault;
    uint8_t got[16];
    assert_int_equal(jh_read(&reader, 0x1000, got, 16, &fault), JH_ABSENT);
    FAULT_IS(fault, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    assert_int_equal(fault.addr, 0x1008);
}

/* None is asked for, and none is missing: not even behind the last address. */
static void a_read_of_nothing(void **state) {
    (void)state;
    struct jh_image image;
    struct jh_reader reader = open_image(&image);
    uint8_t got[1];
    MARK(got);
    assert_int_equal(jh_read(&reader, 0x1000, got, 0, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, 0x500, got, 0, NULL), JH_OK);
    assert_int_equal(jh_read(&reader, UINT64_MAX, got, 0, NULL), JH_OK);
    UNTOUCHED(got);
}

/* A hole of a sparse file is there, and zero. */
static void zeroes(void **state) {
    (void)state;
    const struct jh_segment segment[] = {
        {0x1000, bytes + 1, 8}, {0x1008, NULL, 0x100}, {0x1108, bytes + 1, 8}, {0x2000, NULL, 8}};
    static const uint8_t zero[0x100];
    struct jh_image image = {.segment = segment, .count = COUNT(segment)};
    struct jh_reader r;
    uint8_t got[0x110];
    assert_int_equal(jh_image_reader(&image, &r, NULL), JH_OK);
    MARK(got);
    assert_int_equal(jh_read(&r, 0x1000, got, sizeof(got), NULL), JH_OK);
    assert_memory_equal(got, bytes + 1, 8);
    assert_memory_equal(got + 8, zero, 0x100);
    assert_memory_equal(got + 0x108, bytes + 1, 8);
    assert_null(r.lend(r.arg, 0x1010, 8));
    assert_non_null(r.lend(r.arg, 0x1108, 8));
    static const uint64_t nonzero[][2] = {{0x1000, 0x1000}, {0x1008, 0x1108}, {0x1107, 0x1108},
                                          {0x1108, 0x1108}, {0x1110, 0x1110}, {0x2007, 0x2008}};
    for (size_t i = 0; i < COUNT(nonzero); i++) {
        assert_int_equal(r.nonzero(r.arg, nonzero[i][0]), nonzero[i][1]);
    }
}

/* Far more segments than windows, looked up forwards, backwards and in strides. */
static void every_segment_is_found(void **state) {
    (void)state;
    enum { N = 1000 };
    static struct jh_segment many[N];
    static uint8_t number[N];
    for (size_t i = 0; i < N; i++) {
        number[i] = (uint8_t)(i * 7);
        many[i] = (struct jh_segment){0x100000 + i * 0x1234, &number[i], 1};
    }
    struct jh_image image = {.segment = many, .count = N};
    struct jh_reader reader;
    assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_OK);
    for (size_t i = 0; i < (size_t)5 * N; i++) {
        size_t which = i * 617 % N;
        uint8_t got = 0;
        assert_int_equal(jh_read(&reader, many[which].addr, &got, 1, NULL), JH_OK);
        assert_int_equal(got, number[which]);
        assert_int_equal(jh_read(&reader, many[which].addr + 1, &got, 1, NULL), JH_ABSENT);
    }
}

/* Blocks of metadata are often a power of two apart: none makes another one be searched for again.
 */
static void segments_far_apart_do_not_evict_each_other(void **state) {
    (void)state;
    static const uint8_t there[0x100];
    for (unsigned lg = 21; lg < 40; lg++) {
        struct jh_segment far[3];
        struct jh_reader reader;
        for (uint64_t i = 0; i < COUNT(far); i++) {
            far[i] = (struct jh_segment){0x7f0000000000 + (i << lg), there, sizeof(there)};
        }
        struct jh_image image = {.segment = far, .count = COUNT(far)};
        assert_int_equal(jh_image_reader(&image, &reader, NULL), JH_OK);
        for (size_t i = 0; i < COUNT(far); i++) {
            assert_ptr_equal(reader.lend(reader.arg, far[i].addr, 8), there);
        }
        size_t remembered = 0;
        for (size_t i = 0; i < JH_IMAGE_WINDOWS; i++) {
            remembered += image.window[i].segment != NULL;
        }
        assert_int_equal(remembered, COUNT(far));
    }
}

static void statuses_and_stages_have_names(void **state) {
    (void)state;
    assert_string_equal(jh_status_name(JH_OK), "ok");
    assert_string_equal(jh_status_name(JH_END), "end");
    assert_string_equal(jh_status_name(JH_ABSENT), "absent");
    assert_string_equal(jh_status_name(JH_READ_FAILED), "read failed");
    assert_string_equal(jh_status_name(JH_CORRUPT), "corrupt");
    assert_string_equal(jh_status_name(JH_UNSUPPORTED), "unsupported");
    assert_string_equal(jh_status_name(JH_LIMIT), "limit");
    assert_string_equal(jh_status_name(JH_BAD_ARG), "bad argument");
    assert_string_equal(jh_status_name((enum jh_status)(JH_BAD_ARG + 1)), "?");
    assert_string_equal(jh_stage_name(JH_STAGE_READER), "reader");
    assert_string_equal(jh_stage_name(JH_STAGE_LAYOUT), "layout");
    assert_string_equal(jh_stage_name(JH_STAGE_RTREE), "rtree");
    assert_string_equal(jh_stage_name(JH_STAGE_LEAF), "leaf");
    assert_string_equal(jh_stage_name(JH_STAGE_EXTENT), "extent");
    assert_string_equal(jh_stage_name(JH_STAGE_SLAB), "slab");
    assert_string_equal(jh_stage_name(JH_STAGE_ARENA), "arena");
    assert_string_equal(jh_stage_name(JH_STAGE_CACHE), "cache");
    assert_string_equal(jh_stage_name((enum jh_stage)(JH_STAGE_CACHE + 1)), "?");
}

static void status_numbers_are_pinned(void **state) {
    (void)state;
    assert_int_equal(JH_OK, 0);
    assert_int_equal(JH_END, 1);
    assert_int_equal(JH_ABSENT, 10);
    assert_int_equal(JH_READ_FAILED, 11);
    assert_int_equal(JH_CORRUPT, 20);
    assert_int_equal(JH_UNSUPPORTED, 30);
    assert_int_equal(JH_LIMIT, 40);
    assert_int_equal(JH_BAD_ARG, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_that_are_not_sorted_and_disjoint_are_refused),
        cmocka_unit_test(images_at_the_edges_are_accepted),
        cmocka_unit_test(a_read_within_and_across_segments),
        cmocka_unit_test(a_read_of_what_is_not_there_says_where),
        cmocka_unit_test(a_read_past_the_last_address_is_absent),
        cmocka_unit_test(partial_reads_say_how_much_there_was),
        cmocka_unit_test(lent_bytes_are_the_segments_own),
        cmocka_unit_test(a_failing_callback_is_not_absence),
        cmocka_unit_test(a_short_read_that_says_ok_is_absent),
        cmocka_unit_test(a_read_of_nothing),
        cmocka_unit_test(what_goes_on_is_found),
        cmocka_unit_test(zeroes),
        cmocka_unit_test(every_segment_is_found),
        cmocka_unit_test(segments_far_apart_do_not_evict_each_other),
        cmocka_unit_test(statuses_and_stages_have_names),
        cmocka_unit_test(status_numbers_are_pinned),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL) != 0;
}
