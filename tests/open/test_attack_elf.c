/* Programs whose symbols and debug information lie: each is refused, or not used, within a second
 * and 64 MiB, and the answer says so. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dwarf.h>
#include <zlib.h>

#include "made_elf.h"
#include "open/inside.h"

#define MIB (1u << 20)
#define BASE 0x400000u
#define ROOT 0x10000u /* in the file's terms */
#define ROOT_SIZE ((8u << 18) + 120)
#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

/* ---- what the attacks have in common --------------------------------------------------------- */

static void symbols(struct made_elf *f) {
    static const struct made_symbol root = {"je_arena_emap_global", ROOT, ROOT_SIZE};
    made_symbols(f, SHT_SYMTAB, &root, 1);
}

enum { UNIT = 1, VARIABLE, STRUCT, MEMBER, ARRAY, REFERRING, HEAVY };

struct dwarf {
    struct made_elf file;
    struct attack_bytes abbrev, info;
};

/* A unit that defines the root; what it says beside that is the attack. */
static void start(struct dwarf *d) {
    memset(d, 0, sizeof *d);
    symbols(&d->file);
    made_abbreviation(
        &d->abbrev, UNIT, DW_TAG_compile_unit, true,
        (const uint16_t[]){DW_AT_name, DW_FORM_string, DW_AT_macros, DW_FORM_sec_offset, 0});
    made_abbreviation(
        &d->abbrev, VARIABLE, DW_TAG_variable, false,
        (const uint16_t[]){DW_AT_name, DW_FORM_string, DW_AT_location, DW_FORM_exprloc, 0});
    made_abbreviation(
        &d->abbrev, STRUCT, DW_TAG_structure_type, true,
        (const uint16_t[]){DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data4, 0});
    made_abbreviation(&d->abbrev, MEMBER, DW_TAG_member, false,
                      (const uint16_t[]){DW_AT_type, DW_FORM_ref4, 0});
    made_abbreviation(&d->abbrev, ARRAY, DW_TAG_typedef, false,
                      (const uint16_t[]){DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4, 0});
    made_abbreviation(&d->abbrev, REFERRING, DW_TAG_variable, false,
                      (const uint16_t[]){DW_AT_abstract_origin, DW_FORM_ref4, DW_AT_location,
                                         DW_FORM_exprloc, 0});
    attack_number(&d->info, 0, 4); /* its length, at the end */
    attack_number(&d->info, 5, 2);
    attack_number(&d->info, DW_UT_compile, 1);
    attack_number(&d->info, 8, 1);
    attack_number(&d->info, 0, 4);
    made_leb(&d->info, UNIT);
    made_text(&d->info, "arena.c");
    attack_number(&d->info, 0, 4);
}

static void location(struct attack_bytes *b) {
    made_leb(b, 9);
    attack_number(b, DW_OP_addr, 1);
    attack_number(b, ROOT, 8);
}

static void root(struct dwarf *d) {
    made_leb(&d->info, VARIABLE);
    made_text(&d->info, "je_arena_emap_global");
    location(&d->info);
}

/* A core that has the program at BASE, and zeroes where its root is. */
static struct attack_bytes core_of(void) {
    static const char path[] = "/bin/program";
    static const uint8_t page[4096];
    struct attack_bytes b = {0};
    Elf64_Ehdr h = attack_elf_header(ET_CORE, 2);
    Elf64_Phdr ph[2] = {
        {.p_type = PT_LOAD,
         .p_vaddr = BASE + ROOT,
         .p_offset = 512,
         .p_filesz = 4096,
         .p_memsz = ROOT_SIZE},
        {.p_type = PT_NOTE, .p_offset = sizeof h + sizeof ph, .p_filesz = 20 + 40 + sizeof path}};
    const uint64_t row[] = {1, 4096, BASE, BASE + 0x1000, 0};
    attack_add(&b, &h, sizeof h);
    attack_add(&b, ph, sizeof ph);
    attack_number(&b, 5, 4);
    attack_number(&b, 40 + sizeof path, 4);
    attack_number(&b, NT_FILE, 4);
    attack_add(&b, "CORE\0\0\0", 8);
    attack_add(&b, row, sizeof row);
    attack_add(&b, path, sizeof path);
    attack_fill(&b, 512, "", 1);
    attack_add(&b, page, sizeof page);
    return b;
}

#define READ "!" /* debug information was read to its end, whatever was in it */

static void run_file(const char *name, struct made_elf *f, unsigned ms, const char *sentence) {
    struct attack_bytes core = core_of(), elf = made_build(f);
    struct attack_cost cost;
    attack(&core, &elf, NULL, &cost);
    attack_bounded(name, &cost, ms, 64);
    if (strcmp(sentence, READ) == 0
            ? strstr(cost.warning, "is not used") != NULL
            : strstr(cost.error, sentence) == NULL && strstr(cost.warning, sentence) == NULL) {
        fail_msg("%s: not \"%s\": %s / %s", name, sentence, cost.error, cost.warning);
    }
    free(core.at);
    free(elf.at);
}

/* length: what the unit claims; 0: the truth. */
static void run(const char *name, struct dwarf *d, const struct attack_bytes *macro,
                uint32_t length, const char *sentence) {
    uint32_t len = length != 0 ? length : (uint32_t)d->info.len - 4;
    attack_number(&d->abbrev, 0, 1);
    for (unsigned i = 0; i < 4; i++) {
        d->info.at[i] = (uint8_t)(len >> 8 * i);
    }
    made_add(&d->file, ".debug_abbrev", SHT_PROGBITS)->bytes = d->abbrev;
    made_add(&d->file, ".debug_info", SHT_PROGBITS)->bytes = d->info;
    if (macro != NULL) {
        made_add(&d->file, ".debug_macro", SHT_PROGBITS)->bytes = *macro;
    }
    run_file(name, &d->file, 1000, sentence);
}

/* ---- units, types, references ---------------------------------------------------------------- */

static void lengths(void **state) {
    static const uint32_t length[] = {1, 7, 12, 0x10000, 0xffffffef, 0xffffffff, 0x7fffffff};
    (void)state;
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        struct dwarf d;
        start(&d);
        root(&d);
        run("a unit's length", &d, NULL, length[i], "");
    }
}

static void circles(void **state) {
    struct dwarf d;
    (void)state;
    start(&d); /* the variable is its own origin */
    uint32_t here = (uint32_t)d.info.len;
    made_leb(&d.info, REFERRING);
    attack_number(&d.info, here, 4);
    location(&d.info);
    run("its own abstract origin", &d, NULL, 0, "");

    start(&d); /* an unnamed member of a struct is that struct */
    root(&d);
    here = (uint32_t)d.info.len;
    made_leb(&d.info, STRUCT);
    made_text(&d.info, "edata_s");
    attack_number(&d.info, 128, 4);
    for (unsigned i = 0; i < 5; i++) { /* 5^8 if depth alone were bounded */
        made_leb(&d.info, MEMBER);
        attack_number(&d.info, here, 4);
    }
    attack_number(&d.info, 0, 1);
    run("a struct in itself", &d, NULL, 0, "");

    start(&d);
    root(&d);
    here = (uint32_t)d.info.len;
    made_leb(&d.info, STRUCT);
    made_text(&d.info, "edata_s");
    attack_number(&d.info, 128, 4);
    for (unsigned i = 0; i < 100000; i++) {
        made_leb(&d.info, MEMBER);
        attack_number(&d.info, here, 4);
    }
    attack_number(&d.info, 0, 1);
    run("100000 times in itself", &d, NULL, 0, "takes too long");

    start(&d);
    root(&d);
    here = (uint32_t)d.info.len;
    made_leb(&d.info, ARRAY);
    made_text(&d.info, "pthread_mutex_t");
    attack_number(&d.info, here, 4);
    run("a type of itself", &d, NULL, 0, "");
}

/* Every element of one byte has 100000 attributes of none. */
static void heavy(void **state) {
    struct dwarf d;
    (void)state;
    start(&d);
    made_leb(&d.abbrev, HEAVY);
    made_leb(&d.abbrev, DW_TAG_variable);
    attack_number(&d.abbrev, 0, 1);
    for (unsigned i = 0; i < 100000; i++) {
        made_leb(&d.abbrev, DW_AT_external);
        made_leb(&d.abbrev, DW_FORM_flag_present);
    }
    attack_number(&d.abbrev, 0, 2);
    for (unsigned i = 0; i < MIB / 2; i++) {
        made_leb(&d.info, HEAVY);
    }
    run("heavy elements", &d, NULL, 0, "takes too long");
}

/* ---- macros ---------------------------------------------------------------------------------- */

static void define(struct attack_bytes *b, const char *what) {
    attack_number(b, DW_MACRO_define, 1);
    made_leb(b, 1);
    made_text(b, what);
}

static void macro_unit(struct attack_bytes *b, unsigned flags) {
    attack_number(b, 5, 2);
    attack_number(b, flags, 1);
}

static void with_macros(const char *name, const struct attack_bytes *macro, const char *sentence) {
    struct dwarf d;
    start(&d);
    root(&d);
    run(name, &d, macro, 0, sentence);
}

static void macros(void **state) {
    struct attack_bytes m = {0};
    char line[128];
    (void)state;
    macro_unit(&m, 0);
    define(&m, "LG_VADDR LG_VADDR");
    define(&m, "LG_PAGE (LG_QUANTUM)");
    define(&m, "LG_QUANTUM LG_PAGE + LG_PAGE");
    attack_number(&m, 0, 1);
    with_macros("macros of themselves", &m, READ);

    m = (struct attack_bytes){0};
    macro_unit(&m, 0);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(line, sizeof line, "%s%u A%u + A%u", i == 0 ? "LG_VADDR A1 + A1\0A" : "A", i,
                 i + 1, i + 1);
        define(&m, line);
    }
    define(&m, "A1 (A2 + A2)");
    attack_number(&m, 0, 1);
    with_macros("2^60 terms", &m, READ);

    m = (struct attack_bytes){0};
    macro_unit(&m, 0);
    attack_number(&m, DW_MACRO_define, 1);
    made_leb(&m, 1);
    attack_add(&m, "LG_VADDR B", 10);
    for (unsigned i = 0; i < 80000; i++) {
        attack_add(&m, "+B", 2);
    }
    attack_number(&m, 0, 1);
    attack_number(&m, DW_MACRO_define, 1);
    made_leb(&m, 1);
    attack_add(&m, "B ", 2);
    attack_fill(&m, MIB / 2, " ", 1);
    attack_add(&m, "1", 2);
    attack_number(&m, 0, 1);
    with_macros("a macro of blanks", &m, READ);

    m = (struct attack_bytes){0};
    macro_unit(&m, 0);
    attack_fill(&m, MIB, "\1\1A 1", 6);
    attack_number(&m, 0, 1);
    with_macros("170000 macros", &m, READ);
}

static void macro_imports(void **state) {
    struct attack_bytes m = {0};
    (void)state;
    macro_unit(&m, 0);
    attack_number(&m, DW_MACRO_import, 1);
    attack_number(&m, 0, 4);
    attack_number(&m, 0, 1);
    with_macros("a unit that imports itself", &m, READ);

    m = (struct attack_bytes){0};
    macro_unit(&m, 0);
    for (unsigned i = 0; i < 20000; i++) {
        attack_number(&m, DW_MACRO_import, 1);
        attack_number(&m, 3 + 20000 * 5 + 1, 4);
    }
    attack_number(&m, 0, 1);
    macro_unit(&m, 0);
    attack_fill(&m, MIB, "\1\1A 1", 6);
    attack_number(&m, 0, 1);
    with_macros("20000 imports of 150000", &m, READ);

    for (unsigned len = 1; len < 4; len++) { /* a header and nothing behind it */
        m = (struct attack_bytes){0};
        attack_add(&m, "\5\0\0", len);
        with_macros("a cut macro unit", &m, READ);
    }
    for (unsigned opcode = 0; opcode < 256; opcode += 255) {
        m = (struct attack_bytes){0};
        macro_unit(&m, 4);
        attack_number(&m, 255, 1); /* operands of opcodes, all of them this one */
        for (unsigned i = 0; i < 255; i++) {
            attack_number(&m, opcode, 1);
            attack_number(&m, 0, 1);
        }
        attack_fill(&m, 1024, "", 1);
        with_macros("operands of opcode 0", &m, READ);
    }
}

/* ---- sections -------------------------------------------------------------------------------- */

static void absurd_sizes(void **state) {
    static const uint64_t size[] = {UINT64_MAX, INT64_MAX, MIB, 0x100000000, 23};
    static const uint64_t entry[] = {0, 1, 24, UINT64_MAX};
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct made_elf f = {.sections = 0};
        symbols(&f);
        f.section[1].size = size[i % 5];
        f.section[1].entsize = entry[i / 5];
        run_file("a symbol table's size", &f, 1000, "");
        f = (struct made_elf){.sections = 0};
        symbols(&f);
        f.section[2].size = size[i % 5];
        f.section[1].link = (uint32_t)entry[i / 5];
        run_file("a string table's size", &f, 1000, "");
    }
}

/* 43000 symbols of one name of a MiB. */
static void long_names(void **state) {
    struct made_elf f = {.sections = 0};
    (void)state;
    symbols(&f);
    Elf64_Sym sym = {.st_name = 1,
                     .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                     .st_shndx = 1,
                     .st_size = ROOT_SIZE};
    attack_fill(&f.section[1].bytes, MIB, &sym, sizeof sym);
    f.section[2].bytes.len = 1;
    attack_fill(&f.section[2].bytes, MIB, "x", 1);
    attack_number(&f.section[2].bytes, 0, 1);
    run_file("long names", &f, 100, "");
}

/* 256 MiB of zeroes in a quarter of one: where it is unpacked, that ends it. */
static void pack(struct attack_bytes *out) {
    static uint8_t zeroes[MIB], packed[4 * MIB];
    z_stream z = {.next_out = packed, .avail_out = sizeof packed};
    Elf64_Chdr ch = {
        .ch_type = ELFCOMPRESS_ZLIB, .ch_size = UINT64_C(256) << 20, .ch_addralign = 1};
    assert_int_equal(deflateInit(&z, 1), Z_OK);
    for (unsigned n = 0; n < 256; n++) {
        z.next_in = zeroes;
        z.avail_in = sizeof zeroes;
        assert_int_equal(deflate(&z, n == 255 ? Z_FINISH : Z_NO_FLUSH), n == 255);
    }
    attack_add(out, &ch, sizeof ch);
    attack_add(out, packed, z.total_out);
    deflateEnd(&z);
}

static void bombs(void **state) {
    static const char *const name[] = {".debug_info", ".strtab", ".symtab", ".debug_str"};
    struct attack_bytes bomb = {0};
    (void)state;
    pack(&bomb);
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        struct dwarf d;
        start(&d);
        root(&d);
        struct made_section *s = i == 1   ? &d.file.section[2]
                                 : i == 2 ? &d.file.section[1]
                                          : made_add(&d.file, name[i], SHT_PROGBITS);
        s->bytes.len = 0;
        attack_add(&s->bytes, bomb.at, bomb.len);
        s->flags = SHF_COMPRESSED;
        run(name[i], &d, NULL, 0, "");
    }
    free(bomb.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),       cmocka_unit_test(circles),
        cmocka_unit_test(heavy),         cmocka_unit_test(macros),
        cmocka_unit_test(macro_imports), cmocka_unit_test(absurd_sizes),
        cmocka_unit_test(long_names),    cmocka_unit_test(bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
