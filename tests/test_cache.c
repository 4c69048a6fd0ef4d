/* cache: where caches are, and the two forms of their bins. */
#include "builds.h"
#include "spy.h"
#include "test.h"

static struct jh_layout layout_of(enum jh_version version, const char *machine) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_build_machine(&build, machine), JH_OK);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static struct jh_cache_form form_of(const struct jh_layout *layout) {
    struct jh_cache_form form;
    assert_int_equal(jh_cache_form(layout, &form, NULL), JH_OK);
    return form;
}

/* ---- where things are ------------------------------------------------------------------------ */

/* As debug information of real builds has them. */
static void forms(void **state) {
    (void)state;
    static const struct {
        enum jh_version version;
        uint32_t list, link, bins, small, large, slots;
        bool cursor, in_bin;
    } row[] = {
        {JH_5_0_0, 7000, 880, JH_CACHE_NONE, 16, 944, 232, false, false},
        {JH_5_0_1, 7000, 880, JH_CACHE_NONE, 16, 944, 232, false, false},
        {JH_5_1_0, 7016, 0, 16, 16, 976, 232, false, false},
        {JH_5_2_0, 7032, 0, 16, 16, 1000, 232, false, false},
        {JH_5_2_1, 10192, 0, 16, 16, 1000, 232, false, false},
        {JH_5_3_0, 10400, 0, 16, 8, 8 + 36 * 24, 73, true, false},
        {JH_5_3_1, 11984, 0, 16, 8, 8 + 36 * 24, 41, true, true},
        {JH_DEV, 12048, 0, 16, 8, 8 + 36 * 24, 41, true, true},
    };
    assert_int_equal(COUNT(row), JH_VERSIONS);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct jh_layout l = layout_of(row[i].version, "x86_64");
        struct jh_cache_form f = form_of(&l);
        assert_int_equal(f.list, row[i].list);
        assert_int_equal(f.link, row[i].link);
        assert_int_equal(f.bins, row[i].bins);
        assert_int_equal(f.small, row[i].small);
        assert_int_equal(f.large, row[i].large);
        assert_int_equal(f.slots, row[i].slots);
        assert_int_equal(f.bin_size, 24);
        assert_int_equal(f.cursor, row[i].cursor);
        assert_int_equal(f.top, row[i].cursor ? 0 : 16);
        assert_int_equal(f.ncached, row[i].cursor ? 0 : 4);
        assert_int_equal(f.low_water, row[i].cursor ? 16 : 0);
        assert_int_equal(f.full, row[i].cursor ? 18 : 0);
        assert_int_equal(f.empty, row[i].cursor ? 20 : 0);
        assert_int_equal(f.ncached_max, row[i].in_bin ? 22 : 0);
        assert_int_equal(jh_cache_bin_at(&l, &f, 0x1000, 0), 0x1000 + row[i].small);
        assert_int_equal(jh_cache_bin_at(&l, &f, 0x1000, 35), 0x1000 + row[i].small + 35 * 24);
        assert_int_equal(jh_cache_bin_at(&l, &f, 0x1000, 36), 0x1000 + row[i].large);
        assert_int_equal(jh_cache_bin_at(&l, &f, 0x1000, 40), 0x1000 + row[i].large + 4 * 24);
    }
}

/* Whatever a build is made of, its bins fit into what is set aside for them. */
static void layers(void **state) {
    (void)state;
    const struct jh_layout *l;
    for (size_t i = 0; (l = fuzz_layout_nth(i)) != NULL; i++) {
        struct jh_cache_form f = form_of(l);
        assert_in_range(f.slots, l->sc_nbins + 1, JH_CACHE_BINS_MAX);
        assert_in_range(f.bin_size, 16, JH_CACHE_BIN_MAX);
        assert_in_range(f.large, f.small + f.bin_size * l->sc_nbins, UINT16_MAX);
    }
}

/* ---- bins -------------------------------------------------------------------------------------
 */

struct bin {
    struct jh_layout layout;
    struct jh_cache_form form;
    unsigned word;
    uint8_t bytes[JH_CACHE_BIN_MAX];
};

static struct bin bin_of(enum jh_version version, const char *machine) {
    struct bin b = {.layout = layout_of(version, machine)};
    b.form = form_of(&b.layout);
    b.word = b.layout.build.pointer_size;
    return b;
}

static void put(struct bin *b, unsigned at, unsigned size, uint64_t value) {
    fuzz_store(&b->layout.build, b->bytes + at, size, value);
}

/* With ncached regions, in a stack of so many that ends there; stashed of them are set aside. */
static void put_cursor(struct bin *b, uint64_t end, uint32_t ncached, uint32_t max,
                       uint32_t stashed) {
    uint64_t word = b->word;
    put(b, b->form.top, b->word, end - word * ncached);
    put(b, b->form.empty, 2, (uint16_t)end);
    put(b, b->form.full, 2, (uint16_t)(end - word * (max - stashed)));
    put(b, b->form.low_water, 2, (uint16_t)end);
    if (b->form.ncached_max != 0) {
        put(b, b->form.ncached_max, 2, max);
    }
}

static void put_count(struct bin *b, uint64_t avail, uint32_t ncached, uint32_t low_water) {
    put(b, b->form.top, b->word, avail);
    put(b, b->form.ncached, 4, ncached);
    put(b, b->form.low_water, 4, low_water);
}

static struct jh_cache_bin decoded(const struct bin *b, uint32_t capacity) {
    struct jh_cache_bin out;
    assert_int_equal(jh_cache_bin_decode(&b->layout, &b->form, b->bytes, capacity, &out, NULL),
                     JH_OK);
    return out;
}

static void corrupt(const struct bin *b, uint32_t capacity, const char *rule, uint64_t seen) {
    struct jh_cache_bin out;
    struct jh_fault fault;
    MARK(out);
    assert_int_equal(jh_cache_bin_decode(&b->layout, &b->form, b->bytes, capacity, &out, &fault),
                     JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_CACHE, rule);
    assert_int_equal(fault.seen, seen);
    UNTOUCHED(out);
    assert_int_equal(jh_cache_bin_decode(&b->layout, &b->form, b->bytes, capacity, &out, NULL),
                     JH_CORRUPT);
}

static const char *const machines[] = {"x86_64", "i386", "s390x"};

/* In the middle of an address space, and where the low bits of the stack's addresses wrap. */
static void cursors(void **state) {
    (void)state;
    static const enum jh_version versions[] = {JH_5_3_0, JH_5_3_1, JH_DEV};
    static const uint64_t ends[] = {0x40004000, 0x40010020, 0x40010000};
    for (size_t i = 0; i < COUNT(versions) * COUNT(machines) * COUNT(ends); i++) {
        struct bin b = bin_of(versions[i % 3], machines[i / 3 % 3]);
        uint64_t end = ends[i / 9];
        put_cursor(&b, end, 5, 20, 0);
        for (uint32_t capacity = 0; capacity <= 20; capacity += 20) {
            struct jh_cache_bin bin = decoded(&b, capacity);
            assert_true(bin.used);
            assert_int_equal(bin.ncached, 5);
            assert_int_equal(bin.ncached_max, 20);
            assert_int_equal(bin.items, end - 5 * (uint64_t)b.word);
            assert_int_equal(bin.stashed, 0);
        }
    }
}

/* Regions that a build with detection of use after free holds back are at the far end. */
static void stashed(void **state) {
    (void)state;
    for (enum jh_version v = JH_5_3_0; v <= JH_5_3_1; v++) {
        struct bin b = bin_of(v, "x86_64");
        put_cursor(&b, 0x40010020, 5, 20, 3);
        struct jh_cache_bin bin = decoded(&b, 20);
        assert_int_equal(bin.ncached, 5);
        assert_int_equal(bin.ncached_max, 20);
        assert_int_equal(bin.stashed, 3);
        assert_int_equal(bin.stash, 0x40010020 - 20 * 8);
        put_cursor(&b, 0x40010020, 0, 20, 20); /* all of them: as a bin that is disabled */
        bin = decoded(&b, 20);
        assert_int_equal(bin.stashed, 20);
        assert_int_equal(bin.stash, 0x40010020 - 20 * 8);
        assert_false(decoded(&b, 0).used);
    }
}

/* Since 5.3.1 the bin itself says what it may hold, disabled or not: its place tells them apart. */
static void all_stashed(void **state) {
    struct bin b = bin_of(JH_5_3_1, "x86_64");
    (void)state;
    put_cursor(&b, 0x40010020, 0, 20, 20);
    put(&b, b.form.ncached_max, 2, 20);
    assert_false(decoded(&b, 0).used); /* it may be a disabled one */
    b.form.disabled = 0x500000;
    assert_true(decoded(&b, 0).used);
    assert_int_equal(decoded(&b, 0).stashed, 20);
    b.form.disabled = 0x40010020;
    assert_false(decoded(&b, 0).used);
}

static void no_bin(void **state) {
    (void)state;
    for (enum jh_version v = 0; v < JH_VERSIONS; v++) {
        struct bin b = bin_of(v, "x86_64");
        struct jh_cache_bin bin = decoded(&b, 0); /* never initialised */
        assert_false(bin.used);
        assert_int_equal(bin.ncached, 0);
        if (b.form.cursor) {
            put(&b, b.form.empty, 2, 8); /* so it says nothing, whatever is left there */
            assert_false(decoded(&b, 0).used);
            put_cursor(&b, 0x40010020, 0, 0, 0); /* disabled: 5.3.1 keeps what it would hold */
            put(&b, b.form.ncached_max, b.form.ncached_max ? 2 : 0, 200);
            assert_false(decoded(&b, 0).used);
        }
    }
}

static void counts(void **state) {
    (void)state;
    static const enum jh_version versions[] = {JH_5_0_0, JH_5_0_1, JH_5_1_0, JH_5_2_0, JH_5_2_1};
    for (size_t i = 0; i < COUNT(versions) * COUNT(machines); i++) {
        struct bin b = bin_of(versions[i % 5], machines[i / 5]);
        put_count(&b, 0x40010020, 5, 2);
        struct jh_cache_bin bin = decoded(&b, 20);
        assert_true(bin.used);
        assert_int_equal(bin.ncached, 5);
        assert_int_equal(bin.ncached_max, 20);
        assert_int_equal(bin.items, 0x40010020 - 5 * b.word);
        assert_int_equal(bin.stashed, 0);
        bin = decoded(&b, 0);
        assert_int_equal(bin.ncached, 5);
        assert_int_equal(bin.ncached_max, 0);
        put_count(&b, 0x40010020, 20, UINT32_MAX); /* low_water is -1 when it was empty */
        assert_int_equal(decoded(&b, 20).ncached, 20);
        put_count(&b, 0x40010020, UINT32_MAX, 0); /* in the middle of taking from an empty one */
        bin = decoded(&b, 20);
        assert_true(bin.used);
        assert_int_equal(bin.ncached, 0);
        assert_int_equal(bin.items, 0x40010020);
    }
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static void count_of_counts(void **state) {
    (void)state;
    struct bin b = bin_of(JH_5_2_1, "x86_64");
    put_count(&b, 0x40010020, 21, 0);
    corrupt(&b, 20, "cache.count", 21);
    assert_int_equal(decoded(&b, 0).ncached, 21);
    put_count(&b, 0x40010020, 0x10001, 0);
    corrupt(&b, 0, "cache.count", 0x10001);
    put_count(&b, 0x40010020, 3, 21);
    corrupt(&b, 20, "cache.count", 3);
    put_count(&b, 0x40010020, 3, UINT32_MAX - 1);
    corrupt(&b, 20, "cache.count", 3);
    put_count(&b, 0x40010020, UINT32_MAX - 1, 0);
    corrupt(&b, 20, "cache.count", UINT32_MAX - 1);
}

static void count_of_cursors(void **state) {
    (void)state;
    struct bin b = bin_of(JH_5_3_0, "x86_64");
    put_cursor(&b, 0x40010020, 21, 20, 0);
    corrupt(&b, 20, "cache.count", 21);
    put_cursor(&b, 0x40010020, UINT32_MAX, 20, 0); /* the head is behind the end */
    corrupt(&b, 20, "cache.count", 0xffff * 8 % 0x10000 / 8);
    put_cursor(&b, 0x40010020, 5, 20, 0);
    put(&b, b.form.top, 8, 0x40010020 - 36);
    corrupt(&b, 20, "cache.count", 4);
    put_cursor(&b, 0x40010020, 5, 20, 0);
    put(&b, b.form.low_water, 2, 0x28);
    corrupt(&b, 20, "cache.count", 5);
    put_cursor(&b, 0x40010020, 2, 0, 0); /* of a bin without room */
    corrupt(&b, 0, "cache.count", 16);
    put_cursor(&b, 0x40010020, 13, 20, 8); /* into the stash */
    corrupt(&b, 20, "cache.count", 13);
}

static void capacity(void **state) {
    (void)state;
    struct bin b = bin_of(JH_5_3_0, "x86_64"), own = bin_of(JH_5_3_1, "x86_64");
    put_cursor(&b, 0x40010020, 0, 21, 0);
    corrupt(&b, 20, "cache.capacity", 21 * 8);
    put_cursor(&b, 0x40010020, 0, 20, 0);
    put(&b, b.form.full, 2, (uint16_t)(0x20 - 20 * 8 + 4));
    corrupt(&b, 20, "cache.capacity", 20 * 8 - 4);
    put_cursor(&b, 0x40010020, 0, 20, 0);
    corrupt(&b, 8192, "cache.capacity", 20 * 8);
    assert_int_equal(decoded(&b, 8191).stashed, 8191 - 20);
    put_cursor(&own, 0x40010020, 0, 21, 0);
    put(&own, own.form.ncached_max, 2, 20);
    corrupt(&own, 0, "cache.capacity", 21 * 8);
    struct bin small = bin_of(JH_5_3_0, "i386");
    put_cursor(&small, 0x40010020, 0, 20, 0);
    corrupt(&small, 16384, "cache.capacity", 20 * 4);
    assert_int_equal(decoded(&small, 16383).stashed, 16383 - 20);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

#define CACHE UINT64_C(0x7f0000000000)

static void reading(void **state) {
    (void)state;
    struct bin b = bin_of(JH_5_3_0, "x86_64");
    uint8_t cache[8 + 41 * 24] = {0};
    struct jh_segment segment = {CACHE, cache, sizeof cache};
    struct jh_image image = {.segment = &segment, .count = 1};
    struct jh_heap heap = {.layout = &b.layout};
    struct jh_cache_bin out;
    struct jh_fault fault;
    assert_int_equal(jh_image_reader(&image, &heap.reader, NULL), JH_OK);
    put_cursor(&b, 0x40010020, 5, 20, 0);
    memcpy(cache + 8 + 40 * 24, b.bytes, 24);
    struct spy spy = {.under = heap.reader};
    for (unsigned lends = 0; lends < 2; lends++) {
        assert_int_equal(jh_cache_bin_read(&heap, &b.form, CACHE, 40, 20, &out, &fault), JH_OK);
        assert_int_equal(out.at, CACHE + 8 + 40 * 24);
        assert_int_equal(out.szind, 40);
        assert_int_equal(out.ncached, 5);
        heap.reader = spy_read(&spy);
    }
    MARK(out);
    assert_int_equal(jh_cache_bin_read(&heap, &b.form, CACHE, 41, 20, &out, &fault), JH_ABSENT);
    FAULT_IS(fault, JH_ABSENT, JH_STAGE_READER, "reader.bytes-absent");
    UNTOUCHED(out);
    assert_int_equal(jh_cache_bin_read(&heap, &b.form, CACHE, 40, 4, &out, &fault), JH_CORRUPT);
    FAULT_IS(fault, JH_CORRUPT, JH_STAGE_CACHE, "cache.capacity");
    assert_int_equal(fault.addr, CACHE + 8 + 40 * 24);
    assert_int_equal(fault.seen, 20 * 8);
    UNTOUCHED(out);
    assert_int_equal(jh_cache_bin_read(&heap, &b.form, CACHE, 40, 4, &out, NULL), JH_CORRUPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(layers),
        cmocka_unit_test(cursors),
        cmocka_unit_test(stashed),
        cmocka_unit_test(all_stashed),
        cmocka_unit_test(no_bin),
        cmocka_unit_test(counts),
        cmocka_unit_test(count_of_counts),
        cmocka_unit_test(count_of_cursors),
        cmocka_unit_test(capacity),
        cmocka_unit_test(reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
