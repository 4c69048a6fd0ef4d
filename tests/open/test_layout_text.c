/* Layouts as names and as JSON: there and back, and every mistake by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "open/inside.h"

static char *to_json(const struct jh_layout *layout, size_t *len) {
    char *text = NULL;
    FILE *file = open_memstream(&text, len);
    assert_non_null(file);
    jt_layout_write(layout, file);
    fclose(file);
    return text;
}

static void same_fields(const struct jh_field *a, const struct jh_field *b, unsigned count) {
    for (unsigned i = 0; i < count; i++) { /* one by one: they have padding */
        assert_int_equal(a[i].offset, b[i].offset);
        assert_int_equal(a[i].word, b[i].word);
        assert_int_equal(a[i].shift, b[i].shift);
        assert_int_equal(a[i].width, b[i].width);
    }
}

static void same(const struct jh_layout *a, const struct jh_layout *b) {
    same_fields(a->extent, b->extent, JH_EXTENT_FIELDS);
    same_fields(a->leaf, b->leaf, JH_LEAF_FIELDS);
    assert_memory_equal(a->state, b->state, sizeof a->state);
    for (unsigned i = 0; i < a->sc_nbins; i++) {
        assert_int_equal(a->bin[i].reg_size, b->bin[i].reg_size);
        assert_int_equal(a->bin[i].slab_size, b->bin[i].slab_size);
        assert_int_equal(a->bin[i].nregs, b->bin[i].nregs);
        assert_int_equal(a->bin[i].n_shards, b->bin[i].n_shards);
    }
    for (size_t i = 0; i < jh_constant_count(); i++) {
        assert_int_equal(jh_constant_value(a, i), jh_constant_value(b, i));
    }
    assert_int_equal(a->states, b->states);
    assert_int_equal(a->leaf_form, b->leaf_form);
    assert_int_equal(a->leaf_low_bits, b->leaf_low_bits);
    assert_int_equal(a->leaf_sign_extend, b->leaf_sign_extend);
    assert_int_equal(a->extent_head, b->extent_head);
    assert_int_equal(a->large_by_size, b->large_by_size);
    assert_string_equal(a->root_symbol, b->root_symbol);
    assert_int_equal(a->build.debug, b->build.debug);
    assert_int_equal(a->build.cache_oblivious, b->build.cache_oblivious);
    assert_int_equal(a->build.aarch64, b->build.aarch64);
}

static const char *const names[] = {
    "5.0.0",
    "5.0.1",
    "5.1.0",
    "5.2.0",
    "5.2.1",
    "5.3.0",
    "5.3.1",
    "dev",
    "5.3.0,lg_vaddr=57",
    "5.2.1,lg_page=16,lg_vaddr=57",
    "5.1.0,lg_quantum=3",
    "5.3.1,debug",
    "5.3.0,no-oblivious",
    "5.3.0,lg_slab_maxregs=12",
    "dev,aarch64,mutex=48,lg_page=14",
    "5.2.1,prof,no-stats",
    "5.3.1,machine=i386",
    "5.0.0,machine=i386,lg_page=14,debug",
    "5.3.0,machine=s390x",
    "5.1.0,machine=powerpc,no-stats",
    "5.3.1,machine=aarch64,lg_vaddr=39",
};

static void names_and_json_come_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct jh_layout first, second;
        char error[JT_TEXT_MAX] = "", name[128];
        size_t len;
        assert_int_equal(jt_layout_parse(names[i], &first, error), JT_OK);
        jt_layout_name(&first.build, name, sizeof name);
        assert_int_equal(jt_layout_parse(name, &second, error), JT_OK);
        same(&first, &second);
        char *json = to_json(&first, &len);
        enum jt_status status = jt_layout_read(json, len, &second, error);
        if (status != JT_OK) {
            fail_msg("%s: %s", names[i], error);
        }
        same(&first, &second);
        free(json);
    }
}

static void changed_parts_come_back(void **state) {
    struct jh_layout first, second;
    char error[JT_TEXT_MAX];
    size_t len;
    (void)state;
    assert_int_equal(jt_layout_parse("5.3.0", &first, error), JT_OK);
    first.extent[JH_EXTENT_NFREE].shift = 30;
    first.extent[JH_EXTENT_PINNED] = (struct jh_field){0, 8, 50, 1};
    first.bin[3].n_shards = 4;
    first.bin[4].n_shards = 0; /* not known */
    first.large_pad = 0;
    first.root_offset = 184;
    first.state[4] = JH_STATE_UNKNOWN;
    char *json = to_json(&first, &len);
    if (jt_layout_read(json, len, &second, error) != JT_OK) {
        fail_msg("%s", error);
    }
    same(&first, &second);
    assert_int_equal(second.root_offset, 184);
    free(json);
}

static void mistakes_are_named(void **state) {
    static const struct {
        const char *json, *part;
    } mistake[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"[]", "object"},
        {"{}", "\"version\" is missing"},
        {"{\"version\":5}", "\"version\" should be a string"},
        {"{\"version\":\"4.5.0\"}", "4.5.0"},
        {"{\"version\":\"5.3.0\"}", "\"lg_vaddr\" is missing"},
        {"{\"version\":\"5.3.0\",\"lg_vaddr\":300}", "\"lg_vaddr\" is 300"},
        {"{\"version\":\"5.3.0\",\"lg_vaddr\":-1}", "\"lg_vaddr\" is -1"},
        {"{\"version\":\"5.3.0\",\"lg_vaddr\":30,\"lg_page\":12,\"lg_quantum\":4}", "layout."},
#define STOCK "{\"version\":\"5.3.0\",\"lg_vaddr\":48,\"lg_page\":12,\"lg_quantum\":4,"
        {STOCK "\"rtree_nhib\":17}", "\"rtree_nhib\" is 17"},
        {STOCK "\"states\":[\"busy\"]}", "busy"},
        {STOCK "\"states\":[]}", "\"states\""},
        {STOCK "\"states\":[\"active\",\"active\",\"active\",\"active\",\"active\",\"active\","
               "\"active\",\"active\",\"active\"]}",
         "\"states\" has 9 names"},
        {STOCK "\"leaf\":{}}", "\"fields\" is missing"},
        {STOCK "\"leaf\":{\"fields\":{\"sleb\":{}}}}", "sleb"},
        {STOCK "\"extent\":{\"fields\":{\"slab\":{\"offset\":0}}}}", "\"word\" is missing"},
        {STOCK "\"extent\":{\"fields\":{}}}", "\"arena_ind\" of the extent"},
        {STOCK
         "\"extent\":{\"fields\":{\"slab\":{\"offset\":0,\"word\":8,\"shift\":64,\"width\":1}}}}",
         "\"arena_ind\" of the extent"},
        {STOCK "\"size_classes\":[]}", "\"size_classes\" has 0"},
        {STOCK "\"root\":{\"symbol\":\"x\"}}", "symbol"},
        {STOCK "\"large_pad\":1e3}", "\"large_pad\" should be a int"},
        {STOCK "\"large_pad\":99999999}", "layout."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mistake / sizeof mistake[0]; i++) {
        struct jh_layout layout;
        char error[JT_TEXT_MAX] = "";
        enum jt_status status =
            jt_layout_read(mistake[i].json, strlen(mistake[i].json), &layout, error);
        if (status != JT_USAGE || strstr(error, mistake[i].part) == NULL) {
            fail_msg("%s: %d, %s", mistake[i].json, status, error);
        }
    }
}

static void endless_files_are_refused(void **state) {
    static char text[2 << 20];
    struct jh_layout layout;
    char error[JT_TEXT_MAX] = "";
    (void)state;
    memset(text, ' ', sizeof text);
    assert_int_equal(jt_layout_read(text, sizeof text, &layout, error), JT_USAGE);
    assert_non_null(strstr(error, "too long for a layout"));
}

/* One byte less is read, and refused for what is in it. */
static void long_files_are_refused(void **state) {
    static const struct {
        size_t size;
        const char *part;
    } row[] = {{1 << 20, "too long"}, {(1 << 20) - 1, "bytes, and may have"}};
    static char blank[1 << 20];
    (void)state;
    memset(blank, ' ', sizeof blank);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct jh_layout layout;
        char path[64], error[JT_TEXT_MAX] = "";
        snprintf(path, sizeof path, "/tmp/jeheap-layout-%d.json", (int)getpid());
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(blank, 1, row[i].size, file), row[i].size);
        assert_int_equal(fclose(file), 0);
        enum jt_status status = jt_layout_parse(path, &layout, error);
        unlink(path);
        if (status != JT_USAGE || strstr(error, row[i].part) == NULL) {
            fail_msg("%zu bytes: %d, %s", row[i].size, status, error);
        }
    }
}

static void bad_names_are_refused(void **state) {
    static const char *const bad[] = {"",
                                      "5",
                                      "5.4.0",
                                      "5.3.0,",
                                      "5.3.0,x",
                                      "5.3.0,lg_page=",
                                      "5.3.0,lg_page=99",
                                      "5.3.0,lg_page=0x1000",
                                      "no/such.json",
                                      "5.2.1,lg_slab_maxregs=12",
                                      "5.3.0,lg_page=-1"};
    struct jh_layout layout;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[JT_TEXT_MAX] = "";
        bool fine = strcmp(bad[i], "5.3.0,") == 0; /* an empty parameter is none */
        assert_int_equal(jt_layout_parse(bad[i], &layout, error), fine ? JT_OK : JT_USAGE);
        assert_true(fine || error[0] != 0);
        if (!fine) {
            assert_int_equal(jt_layout_parse(bad[i], &layout, NULL), JT_USAGE);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_json_come_back), cmocka_unit_test(changed_parts_come_back),
        cmocka_unit_test(mistakes_are_named),       cmocka_unit_test(endless_files_are_refused),
        cmocka_unit_test(long_files_are_refused),   cmocka_unit_test(bad_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
