/* Small steps of opening a target, when memory runs out and when the numbers are absurd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blank_target.h"
#include "fail_memory.h"
#include "open/inside.h"

static struct jt_private priv;
static struct jt_layers layers;
static struct jt_target target;

static int start(void **state) {
    (void)state;
    blank_target(&target, &priv, &layers);
    return 0;
}

static void a_core_that_cannot_be_named(void **state) {
    (void)state;
    fail_memory(1);
    assert_int_equal(jt_core_read(&target, (const uint8_t *)"", 0, "bytes"), JT_UNREADABLE);
    fail_memory(0);
    assert_string_equal(target.error, "out of memory");
    assert_int_equal(jt_core_read(&target, (const uint8_t *)"", 0, "bytes"), JT_UNREADABLE);
    assert_string_equal(target.error, "bytes: no bytes, not a core");
    jt_core_close(&target);
}

static void mappings_of_freebsd(void **state) {
    (void)state;
    uint8_t note[4 + 136 + 8] = {0};
    jt_number_put(&target, note + 4, 144, 4);
    jt_number_put(&target, note + 4 + 16, 4096, 8);
    note[4 + 136] = '/';
    for (unsigned nth = 1; nth <= 2; nth++) {
        target.memory_ran_out = false;
        fail_memory(nth);
        jt_note_freebsd(&target, 10, note, sizeof note);
        fail_memory(0);
        assert_true(target.memory_ran_out);
        assert_int_equal(priv.mappings, 0);
    }
    jt_note_freebsd(&target, 10, note, sizeof note);
    assert_int_equal(priv.mappings, 1);
    free(priv.mapping[0].path);
    free(priv.mapping);
}

static void process_ids_of_freebsd(void **state) {
    (void)state;
    uint8_t note[4 + 8 + 8 * 8 + 4] = {0};
    jt_number_put(&target, note + sizeof note - 4, 0x7fffffff, 4);
    jt_note_freebsd(&target, 8, note, sizeof note);
    assert_int_equal(target.pid, 0x7fffffff);
    jt_number_put(&target, note + sizeof note - 4, 0x80000000, 4);
    jt_note_freebsd(&target, 8, note, sizeof note);
    assert_int_equal(target.pid, 0);
}

/* What the auxiliary vector says of pages is believed when it is a size of pages. */
static void sizes_of_pages(void **state) {
    (void)state;
    static const uint64_t size[][2] = {{0, 4096},      {4096, 4096}, {16384, 16384},
                                       {65536, 65536}, {5000, 4096}, {1 << 17, 4096}};
    const struct jt_phdr ph = {.type = 1, .vaddr = 0x20000, .memsz = 1};
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct jt_range load[JT_PHDRS_MAX];
        priv.page_size = size[i][0];
        assert_int_equal(jt_module_loads(&target, 0, &ph, 1, load), 1);
        assert_int_equal(load[0].end - load[0].start, size[i][1]);
    }
}

static void until_where_there_is_something(void **state) {
    (void)state;
    static const struct jt_range range[] = {{10, 20}, {30, 40}};
    assert_int_equal(jt_ranges_until(range, 2, 12), 20);
    assert_int_equal(jt_ranges_until(range, 2, 25), 25);
    assert_int_equal(jt_ranges_until(range, 2, 40), 40);
}

/* Files have so many bytes already that no more are searched, but for what the user gives. */
static void files_that_are_not_searched(void **state) {
    (void)state;
    char own[] = "/proc/self/exe";
    elf_version(EV_CURRENT);
    assert_int_equal(jh_image_reader(&priv.image, &target.heap.reader, NULL), JH_OK);
    target.kind = JT_CORE;
    layers.source.files = &jt_files_here;
    layers.source.searched = JT_SEARCHED_MAX - 1;
    struct jt_module *m = jt_module_add(&target, own);
    assert_non_null(m);
    m->main = true;
    jt_module_open(&target, m, NULL);
    assert_true(m->unopened && m->elf == NULL && m->file == NULL);
    assert_int_equal(layers.source.searched, JT_SEARCHED_MAX - 1);
    jt_warn_of_files(&target);
    assert_int_equal(target.warnings, 1);
    assert_non_null(strstr(target.warning[0], "file.search-limit: /proc/self/exe was not opened"));
    for (unsigned i = 0; i < 2; i++) {
        m = jt_module_add(&target, own);
        assert_non_null(m);
        jt_module_open(&target, m, own);
        assert_true(!m->unopened && m->elf != NULL);
        assert_true(layers.source.searched > JT_SEARCHED_MAX);
    }
    m = jt_module_add(&target, own);
    jt_module_open(&target, m, NULL);
    assert_true(m->unopened);
    m->asked = true;
    m->state = JT_FILE_UNPROVEN; /* and has no jemalloc */
    jt_warn_of_files(&target);
    assert_int_equal(target.warnings, 1);
    fail_memory(1);
    assert_false(jt_module_try(&target, m, own));
    fail_memory(0);
    assert_true(target.memory_ran_out);
    for (unsigned nth = 1; nth <= 2; nth++) { /* what a core lacks is in the file */
        target.module[1].state = JT_FILE_SAME;
        fail_memory(nth);
        assert_int_equal(jt_modules_fill(&target), JT_UNREADABLE);
        fail_memory(0);
    }
    jt_modules_close(&target);
    free(target.warning[0]);
    free(target.warning);
}

static struct jt_elf *without_an_id(void *arg, const char *name) {
    struct jt_elf *elf = jt_files_here.open(arg, name);
    assert_non_null(elf);
    elf->id = (struct jt_file_id){.inode = 0};
    return elf;
}

/* What comes from no file is one by its name. */
static void files_that_are_none(void **state) {
    (void)state;
    static const struct jt_files files = {without_an_id, NULL};
    elf_version(EV_CURRENT);
    assert_int_equal(jh_image_reader(&priv.image, &target.heap.reader, NULL), JH_OK);
    target.kind = JT_CORE;
    layers.source.files = &files;
    for (unsigned i = 0; i < 6; i++) {
        struct jt_module *m =
            jt_module_add(&target, i == 4 ? "/proc/self/./exe" : "/proc/self/exe");
        assert_non_null(m);
        jt_module_open(&target, m, NULL);
        assert_int_equal(m->unopened, i == 5);
    }
    jt_modules_close(&target);
}

static void sentences(void **state) {
    (void)state;
    for (unsigned nth = 1; nth <= 2; nth++) {
        target.memory_ran_out = false;
        fail_memory(nth);
        jt_warn(&target, "it is so");
        fail_memory(0);
        assert_true(target.memory_ran_out);
        assert_int_equal(target.warnings, 0);
    }
    free(target.warning);
}

static void macros_that_are_packed(void **state) {
    (void)state;
    static const char text[] = "LG_PAGE 12";
    size_t size = 1;
    struct jt_macros *m = jt_macros_unpack(strdup(text), sizeof text);
    assert_non_null(m);
    fail_memory(1);
    assert_null(jt_macros_pack(m, 1000, &size));
    fail_memory(0);
    assert_int_equal(size, 0);
    jt_macros_free(m);
    fail_memory(2);
    assert_null(jt_macros_unpack(strdup(text), sizeof text));
    fail_memory(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_core_that_cannot_be_named, start),
        cmocka_unit_test_setup(mappings_of_freebsd, start),
        cmocka_unit_test_setup(process_ids_of_freebsd, start),
        cmocka_unit_test_setup(sizes_of_pages, start),
        cmocka_unit_test_setup(files_that_are_not_searched, start),
        cmocka_unit_test_setup(files_that_are_none, start),
        cmocka_unit_test_setup(sentences, start),
        cmocka_unit_test_setup(macros_that_are_packed, start),
        cmocka_unit_test_setup(until_where_there_is_something, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
