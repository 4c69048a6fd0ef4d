/* Files in a folder as if it were the root. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "open/inside.h"

/* ---- a folder ------------------------------------------------------------------------------- */

static char folder[64], root[96], text[256];

static const char *in(const char *where, const char *name) {
    snprintf(text, sizeof text, "%s%s", where, name);
    return text;
}

static void copy_of_this(const char *to) {
    char bytes[4096];
    FILE *from = fopen("/proc/self/exe", "rb"), *file = fopen(to, "wb");
    size_t n;
    assert_true(from != NULL && file != NULL);
    while ((n = fread(bytes, 1, sizeof bytes, from)) != 0) {
        assert_int_equal(fwrite(bytes, 1, n, file), n);
    }
    assert_int_equal(fclose(file), 0);
    (void)fclose(from);
}

static int make(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/jeheap-sysroot-%d", (int)getpid());
    snprintf(root, sizeof root, "%s/root", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkdir(root, 0700), 0);
    copy_of_this(in(folder, "/outside"));
    copy_of_this(in(root, "/file"));
    assert_int_equal(mkdir(in(root, "/dir"), 0700), 0);
    assert_int_equal(symlink("/file", in(root, "/absolute")), 0);
    assert_int_equal(symlink("../../../../../../file", in(root, "/dir/up")), 0);
    assert_int_equal(symlink("file", in(root, "/relative")), 0);
    assert_int_equal(symlink("../outside", in(root, "/out")), 0);
    assert_int_equal(symlink("nothing", in(root, "/broken")), 0);
    assert_int_equal(symlink("circle", in(root, "/circle")), 0);
    assert_int_equal(symlink("dir", in(root, "/link")), 0);
    assert_int_equal(symlink("/dir/../dir/../file", in(root, "/long")), 0);
    return 0;
}

static int unmake(void **state) {
    static const char *const name[] = {"/file",   "/absolute", "/dir/up", "/relative", "/out",
                                       "/broken", "/circle",   "/link",   "/long",     "/dir"};
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        (void)remove(in(root, name[i]));
    }
    (void)remove(in(folder, "/outside"));
    (void)remove(root);
    return remove(folder);
}

/* ---- a target ------------------------------------------------------------------------------- */

static struct jt_private priv;
static struct jt_layers layers;
static struct jt_target target;

static void start(const char *where) {
    memset(&priv, 0, sizeof priv);
    memset(&layers, 0, sizeof layers);
    memset(&target, 0, sizeof target);
    jt_layers_join(&priv, &layers);
    target.priv = &priv;
    elf_version(EV_CURRENT);
    layers.source.files = &jt_files_here;
    jt_sysroot_start(&target, where);
}

/* Is there an ELF file of that name in the folder? */
static bool opens(const char *where, const char *name) {
    bool ran_out = false;
    struct jt_elf *elf = jt_elf_open(layers.source.files, in(where, name), &ran_out);
    bool opened = elf != NULL;
    assert_false(ran_out);
    jt_elf_close(elf);
    return opened;
}

static void end(void) {
    jt_sysroot_end(&target);
    assert_ptr_equal(layers.source.files, &jt_files_here);
    assert_null(layers.source.sysroot);
}

static void links_stay_inside(void **state) {
    (void)state;
    start(root);
    assert_true(opens(root, "/file"));
    assert_true(opens(root, "/absolute"));
    assert_true(opens(root, "/dir/up"));
    assert_true(opens(root, "/relative"));
    assert_true(opens(root, "/link/../file"));
    assert_true(opens(root, "/link/up"));
    assert_true(opens(root, "/dir/./.././../file"));
    assert_false(opens(root, "/x"));
    assert_false(opens(root, "/link/.file"));
    assert_false(opens(root, "/link/..file"));
    assert_false(opens(root, "/out"));
    assert_false(opens(root, "/broken"));
    assert_false(opens(root, "/dir"));
    assert_false(opens(root, "/circle"));
    assert_true(opens(folder, "/outside")); /* as --exe names it */
    assert_false(opens(root, "file"));
    end();
}

static void other_forms_of_the_folder(void **state) {
    char with_slash[128];
    (void)state;
    snprintf(with_slash, sizeof with_slash, "%s/", root);
    start(with_slash);
    assert_true(opens(root, "//absolute"));
    assert_true(opens(root, "/absolute"));
    end();
    start("/");
    assert_true(opens(root, "/file"));
    assert_true(opens(root, "/relative"));
    assert_false(opens(root, "/absolute"));
    end();
    start("/nowhere/at/all");
    assert_false(opens("/nowhere/at/all", "/file"));
    end();
}

/* Paths of a core, and what links add to them, are as long as they like. */
static void long_names(void **state) {
    static char name[3 * PATH_MAX], much[2 * PATH_MAX];
    bool ran_out = false;
    (void)state;
    start(root);
    memset(much, '/', sizeof much);
    for (size_t len = PATH_MAX - 100; len < PATH_MAX + 100; len += 7) {
        snprintf(name, sizeof name, "%s/%.*s", root, (int)len, much);
        assert_null(jt_elf_open(layers.source.files, name, &ran_out));
    }
    memset(much, 'x', sizeof much);
    snprintf(name, sizeof name, "%s/%.*s", root, PATH_MAX - 10, much);
    assert_null(jt_elf_open(layers.source.files, name, &ran_out));
    memset(much, '/', sizeof much);
    snprintf(name, sizeof name, "%s/long/%.*s", root, PATH_MAX - 8, much);
    assert_null(jt_elf_open(layers.source.files, name, &ran_out));
    end();
    much[sizeof much - 1] = 0;
    start(much);
    assert_null(jt_elf_open(layers.source.files, much, &ran_out));
    end();
}

/* A process has its files in /proc; bytes are in no folder. */
static void others_than_cores(void **state) {
    (void)state;
    static const struct jt_files none = {NULL, NULL};
    start(root);
    layers.source.files = &jt_files_here;
    target.kind = JT_PROCESS;
    jt_sysroot_start(&target, root);
    assert_ptr_equal(layers.source.files, &jt_files_here);
    layers.source.files = &none;
    target.kind = JT_CORE;
    jt_sysroot_start(&target, root);
    assert_ptr_equal(layers.source.files, &none);
    jt_sysroot_end(&target);
    assert_ptr_equal(layers.source.files, &none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_stay_inside),
        cmocka_unit_test(other_forms_of_the_folder),
        cmocka_unit_test(long_names),
        cmocka_unit_test(others_than_cores),
    };
    return cmocka_run_group_tests(tests, make, unmake) != 0;
}
