/* Debug information in each family's own form, as a compiler writes it (dwarf_forms.c): it says
 * what the formulas say, and leads to the same bits from any of its neighbours. */
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "open/inside.h"

#define FILE_SIZE (1u << 20)

static struct jt_target target;
static struct jt_elf *elf;
static struct jt_module module;

static void no_warnings(void) {
    while (target.warnings != 0) {
        free(target.warning[--target.warnings]);
    }
    free(target.warning);
    memset(&target, 0, sizeof target);
}

/* Where the file has its root. */
static struct jt_root_symbol root_symbol(Elf *file, bool emap) {
    struct jt_root_symbol root = {.module = &module, .prefix = "je_", .emap = emap};
    Elf_Scn *section = jt_section(file, ".symtab");
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Shdr header;
    assert_non_null(gelf_getshdr(section, &header));
    for (int i = 0; (size_t)i < data->d_size / header.sh_entsize; i++) {
        GElf_Sym symbol;
        size_t prefix;
        assert_non_null(gelf_getsym(data, i, &symbol));
        const char *name = elf_strptr(file, header.sh_link, symbol.st_name);
        if (name != NULL && jt_root_name_is(name, &prefix, &root.emap)) {
            root.addr = symbol.st_value;
            root.size = symbol.st_size;
            return root;
        }
    }
    fail_msg("no root");
    return root;
}

static struct jt_dwarf form(enum jh_version version) {
    char path[512];
    struct jt_dwarf d;
    snprintf(path, sizeof path, "%s/form_%u.so", FORMS, (unsigned)version);
    char *bytes = malloc(FILE_SIZE);
    assert_non_null(bytes);
    size_t size = jt_read_file(path, bytes, FILE_SIZE);
    assert_in_range(size, 1, FILE_SIZE - 1);
    elf = jt_elf_bytes(bytes, size);
    free(bytes);
    assert_non_null(elf);
    module = (struct jt_module){.elf = elf, .has_debug_info = true, .file = "form"};
    struct jt_root_symbol root = root_symbol(elf->elf, version >= JH_5_3_0);
    memset(&target, 0, sizeof target);
    jt_dwarf_read_in_process(&target, &root, &d);
    assert_true(d.found);
    assert_non_null(d.macros);
    assert_int_equal(target.warnings, 0);
    return d;
}

static void done(struct jt_dwarf *d) {
    no_warnings();
    jt_dwarf_free(d);
    jt_elf_close(elf);
}

static struct jh_layout stock(enum jh_version version) {
    struct jh_build build;
    struct jh_layout layout;
    jh_build_init(&build, version);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    return layout;
}

static struct jt_told told;

static void says_what_the_formulas_say(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout is = stock((enum jh_version)v), was = is;
        struct jt_dwarf d = form((enum jh_version)v);
        struct jh_build build;
        jh_build_init(&build, v == JH_5_3_0 ? JH_5_0_0 : JH_5_3_0);
        jt_build_from_macros(&target, &d, &build);
        char name[128], wanted[128]; /* a build as bytes has some that mean nothing */
        jt_layout_name(&build, name, sizeof name);
        jt_layout_name(&was.build, wanted, sizeof wanted);
        assert_string_equal(name, wanted);
        jt_layout_from_dwarf(&d, &is, &told);
        jt_told_take(&target, is.build.version, &told);
        if (target.warnings != 0) {
            fail_msg("%s: %s", jh_version_name((enum jh_version)v), target.warning[0]);
        }
        assert_memory_equal(&is, &was, sizeof is);
        assert_int_equal(target.source[JT_PART_VERSION], JT_DWARF);
        assert_int_equal(target.source[JT_PART_OFFSETS], JT_DWARF);
        assert_int_equal(target.source[JT_PART_FIELDS], JT_DWARF);
        done(&d);
    }
}

/* Two families whose extents are alike but for the bits of a word: what the file says is what is
 * used, also where it has no word of a field that the other one has. */
static void leads_from_any_neighbour(void **state) {
    (void)state;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_layout own = stock((enum jh_version)v);
        struct jt_dwarf d = form((enum jh_version)v);
        for (unsigned n = 0; n < JH_VERSIONS; n++) {
            struct jh_layout is = stock((enum jh_version)n);
            if ((n >= JH_5_3_0) != (v >= JH_5_3_0)) {
                continue;
            }
            jt_layout_from_dwarf(&d, &is, &told);
            assert_int_equal(told.differences == 0, v == n || v + n == JH_5_0_0 + JH_5_0_1 ||
                                                        v + n == JH_5_3_0 + JH_5_3_1);
            assert_int_equal(jh_layout_check(&is, NULL), JH_OK);
            for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
                uint64_t mask = jh_field_mask(is.extent[i]), wanted = jh_field_mask(own.extent[i]);
                /* pinned, of which 5.3 has nothing in the same place */
                if (mask != wanted && !(i == JH_EXTENT_PINNED && wanted == 0)) {
                    fail_msg(
                        "%s by the macros of %s: %s is 0x%llx", jh_version_name((enum jh_version)n),
                        jh_version_name((enum jh_version)v),
                        jh_extent_field_name((enum jh_extent_field)i), (unsigned long long)mask);
                }
            }
        }
        done(&d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_formulas_say),
        cmocka_unit_test(leads_from_any_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
