/* Debug information that a compiler does not write: what is taken from it, and what is passed by.
 */
#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dwarf.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "made_elf.h"
#include "open/inside.h"

#define ROOT 0x10000u
#define NO_MACROS UINT32_MAX
enum { PLAIN = 1, ARRAY, NOWHERE = 0x7fffffff }; /* types: no element is there */

/* ---- a unit by its elements ------------------------------------------------------------------ */

struct made {
    struct made_elf file;
    struct attack_bytes abbrev, info;
    unsigned codes;
};

struct attr {
    uint16_t name, form;
    uint64_t value;
    const char *text;
};

#define NAME(text)                                                                                 \
    { DW_AT_name, DW_FORM_string, 0, text }
#define DATA(name, value)                                                                          \
    { name, DW_FORM_data4, value, NULL }
#define TYPE(at)                                                                                   \
    { DW_AT_type, DW_FORM_ref4, at, NULL }
#define DIE(m, tag, children, ...)                                                                 \
    die(m, tag, children, (const struct attr[]){__VA_ARGS__, {0, 0, 0, NULL}})

static void value(struct attack_bytes *b, const struct attr *a) {
    switch (a->form) {
    case DW_FORM_string:
        made_text(b, a->text);
        break;
    case DW_FORM_exprloc: /* these bytes, or so many times DW_OP_addr */
        if (a->text != NULL) {
            made_leb(b, a->value);
            attack_add(b, a->text, a->value);
            break;
        }
        made_leb(b, 9 * a->value);
        for (uint64_t i = 0; i < a->value; i++) {
            attack_number(b, DW_OP_addr, 1);
            attack_number(b, ROOT, 8);
        }
        break;
    case DW_FORM_flag_present:
        break;
    default:
        attack_number(b, a->value, 4);
    }
}

/* An element with an abbreviation of its own; gives where it is in its unit. */
static uint32_t die(struct made *m, unsigned tag, bool children, const struct attr *attr) {
    uint16_t pairs[16] = {0};
    uint32_t at = (uint32_t)m->info.len;
    made_leb(&m->info, ++m->codes);
    for (size_t i = 0; attr[i].name != 0; i++) {
        pairs[2 * i] = attr[i].name;
        pairs[2 * i + 1] = attr[i].form;
        value(&m->info, &attr[i]);
    }
    made_abbreviation(&m->abbrev, m->codes, tag, children, pairs);
    return at;
}

static void end(struct made *m) {
    attack_number(&m->info, 0, 1);
}

static struct made unit(unsigned type, uint32_t macros) {
    struct made m;
    memset(&m, 0, sizeof m);
    attack_number(&m.info, 0, 4); /* its length, at the end */
    attack_number(&m.info, 5, 2);
    attack_number(&m.info, type, 1);
    attack_number(&m.info, 8, 1);
    attack_number(&m.info, 0, 4);
    unsigned tag = type == DW_UT_compile ? DW_TAG_compile_unit : DW_TAG_partial_unit;
    if (macros == NO_MACROS) {
        DIE(&m, tag, true, NAME("arena.c"));
    } else {
        DIE(&m, tag, true, NAME("arena.c"), {DW_AT_macros, DW_FORM_sec_offset, macros, NULL});
    }
    return m;
}

static void variable(struct made *m, uint64_t operations) {
    DIE(m, DW_TAG_variable, false, NAME("je_arena_emap_global"),
        {DW_AT_location, DW_FORM_exprloc, operations, NULL});
}

/* A unit that has the root. */
static struct made with_root(uint32_t macros) {
    struct made m = unit(DW_UT_compile, macros);
    variable(&m, 1);
    return m;
}

static struct jt_elf *elf; /* what was read lives as long as it */
static struct jt_module module;
static const struct jt_root_symbol root = {
    .module = &module, .prefix = "je_", .emap = true, .addr = ROOT};

static void built(struct made *m) {
    for (unsigned i = 0; i < 4; i++) {
        m->info.at[i] = (uint8_t)((m->info.len - 4) >> 8 * i);
    }
    attack_number(&m->abbrev, 0, 1);
    made_add(&m->file, ".debug_abbrev", SHT_PROGBITS)->bytes = m->abbrev;
    made_add(&m->file, ".debug_info", SHT_PROGBITS)->bytes = m->info;
    struct attack_bytes file = made_build(&m->file);
    elf = jt_elf_bytes(file.at, file.len);
    assert_non_null(elf);
    free(file.at);
    module = (struct jt_module){.elf = elf, .has_debug_info = true, .file = "made"};
}

static struct jt_dwarf taken(struct made *m) {
    struct jt_dwarf d;
    built(m);
    jt_dwarf_read(&root, &d);
    return d;
}

static void done(struct jt_dwarf *d) {
    jt_dwarf_free(d);
    jt_elf_close(elf);
}

/* ---- the unit ---------------------------------------------------------------------------------
 */

static void only_the_roots_unit(void **state) {
    (void)state;
    struct made m = unit(DW_UT_compile, NO_MACROS);
    variable(&m, 0);                                              /* optimised away */
    variable(&m, 2);                                              /* not one place */
    DIE(&m, DW_TAG_variable, false, NAME("je_arena_emap_global"), /* a list, and there is none */
        {DW_AT_location, DW_FORM_sec_offset, 1000, NULL});
    struct jt_dwarf d = taken(&m);
    assert_false(d.found);
    done(&d);

    m = unit(DW_UT_partial, NO_MACROS);
    variable(&m, 1);
    d = taken(&m);
    assert_false(d.found);
    done(&d);

    module = (struct jt_module){.elf = NULL};
    jt_dwarf_read(&root, &d);
    assert_false(d.found);
    assert_int_equal(d.e_bits, JT_DWARF_UNKNOWN);
}

/* ---- types ------------------------------------------------------------------------------------
 */

static void members(void **state) {
    struct made m = with_root(NO_MACROS);
    (void)state;
    DIE(&m, DW_TAG_structure_type, true, NAME("base_s"), DATA(DW_AT_byte_size, 64));
    DIE(&m, DW_TAG_member, false, NAME("je_blocks"), DATA(DW_AT_data_member_location, 24));
    end(&m);
    uint32_t inner = DIE(&m, DW_TAG_structure_type, true, DATA(DW_AT_byte_size, 16));
    DIE(&m, DW_TAG_member, false, NAME("base"), DATA(DW_AT_data_member_location, 8));
    end(&m);
    DIE(&m, DW_TAG_structure_type, true, NAME("arena_s"), DATA(DW_AT_byte_size, 64));
    DIE(&m, DW_TAG_member, false, DATA(DW_AT_data_member_location, 32), TYPE(inner));
    DIE(&m, DW_TAG_member, false, NAME("xx_base"), DATA(DW_AT_data_member_location, 8));
    DIE(&m, DW_TAG_member, false, NAME("je_bas"), DATA(DW_AT_data_member_location, 8));
    DIE(&m, DW_TAG_member, false, DATA(DW_AT_data_member_location, 8)); /* nothing to look into */
    DIE(&m, DW_TAG_member, false, TYPE(NOWHERE));
    end(&m);
    DIE(&m, DW_TAG_structure_type, true, NAME("base_block_s"));
    DIE(&m, DW_TAG_member, false, NAME("size")); /* is where the struct begins */
    DIE(&m, DW_TAG_member, false, NAME("next"), DATA(DW_AT_data_member_location, 8));
    end(&m);
    struct jt_dwarf d = taken(&m);
    assert_true(d.found);
    assert_int_equal(d.base_blocks, 24);
    assert_int_equal(d.arena_base, 40);
    assert_int_equal(d.block_size, 0);
    assert_int_equal(d.block_next, 8);
    done(&d);
}

/* DWARF 2 says by an expression where a member is. One that says something else leaves it out. */
static void members_by_expressions(void **state) {
    struct made m = with_root(NO_MACROS);
    (void)state;
    DIE(&m, DW_TAG_structure_type, true, NAME("edata_s"));
    DIE(&m, DW_TAG_member, false, NAME("e_addr"),
        {DW_AT_data_member_location, DW_FORM_exprloc, 2, "\x23\x18"}); /* DW_OP_plus_uconst 24 */
    DIE(&m, DW_TAG_member, false, NAME("e_sn"),
        {DW_AT_data_member_location, DW_FORM_exprloc, 2, "\x10\x18"}); /* DW_OP_constu 24 */
    DIE(&m, DW_TAG_member, false, NAME("e_slab_data"),
        {DW_AT_data_member_location, DW_FORM_exprloc, 6,
         "\x23\xff\xff\xff\xff\x0f"}); /* 2^32 - 1 */
    DIE(&m, DW_TAG_member, false, NAME("e_ps"),
        {DW_AT_data_member_location, DW_FORM_exprloc, 2, NULL}); /* two of them */
    DIE(&m, DW_TAG_member, false, NAME("e_bsize"),
        {DW_AT_data_member_location, DW_FORM_string, 0, "8"});
    DIE(&m, DW_TAG_member, false, NAME("e_bits"), DATA(DW_AT_data_member_location, 8));
    end(&m);
    struct jt_dwarf d = taken(&m);
    assert_int_equal(d.e_addr, 24);
    assert_int_equal(d.e_sn, JT_DWARF_UNKNOWN);
    assert_int_equal(d.e_slab_data, JT_DWARF_UNKNOWN);
    assert_int_equal(d.e_ps, JT_DWARF_UNKNOWN);
    assert_int_equal(d.e_bsize, JT_DWARF_UNKNOWN);
    assert_int_equal(d.e_bits, 8);
    done(&d);
}

static void sizes(void **state) {
    struct made m = with_root(NO_MACROS);
    (void)state;
    DIE(&m, DW_TAG_structure_type, false, NAME("edata_s"), DATA(DW_AT_byte_size, 128));
    DIE(&m, DW_TAG_structure_type, false, NAME("edata_s"),
        {DW_AT_declaration, DW_FORM_flag_present, 0, NULL}); /* says nothing */
    DIE(&m, DW_TAG_structure_type, false, NAME("bin_info_s"),
        {DW_AT_byte_size, DW_FORM_string, 0, "40"});
    DIE(&m, DW_TAG_structure_type, false, NAME("rtree_leaf_elm_s"),
        DATA(DW_AT_byte_size, UINT32_MAX - 1));
    struct jt_dwarf d = taken(&m);
    assert_int_equal(d.extent_size, 128);
    assert_int_equal(d.bin_info_size, JT_DWARF_UNKNOWN);
    assert_int_equal(d.leaf_size, UINT32_MAX - 1);
    done(&d);

    m = with_root(NO_MACROS); /* does not fit */
    DIE(&m, DW_TAG_structure_type, false, NAME("edata_s"),
        {DW_AT_byte_size, DW_FORM_udata, 0, NULL});
    m.info.len -= 4;
    made_leb(&m.info, UINT64_C(0x100000080));
    d = taken(&m);
    assert_int_equal(d.extent_size, JT_DWARF_UNKNOWN);
    done(&d);
}

/* How many elements the root has, when this member is in front of it. */
static uint32_t elements(struct attr *first, uint8_t bound, uint32_t last) {
    struct made m = with_root(NO_MACROS);
    uint32_t plain = DIE(&m, DW_TAG_base_type, false, NAME("int"));
    uint32_t array[2];
    for (unsigned i = 0; i < 2; i++) {
        array[i] = DIE(&m, DW_TAG_array_type, true, {0, 0, 0, NULL});
        DIE(&m, DW_TAG_subrange_type, false, DATA(i == 0 ? DW_AT_upper_bound : bound, i * last));
        end(&m);
    }
    DIE(&m, DW_TAG_structure_type, true, NAME("rtree_s"), DATA(DW_AT_byte_size, 4096));
    for (struct attr *a = first; a->name != 0; a++) {
        a->value = a->value == PLAIN ? plain : a->value == ARRAY ? array[0] : a->value;
    }
    die(&m, DW_TAG_member, false, first);
    if (last != 0) {
        DIE(&m, DW_TAG_member, false, NAME("root"), TYPE(array[1]));
    }
    end(&m);
    struct jt_dwarf d = taken(&m);
    assert_true(d.found);
    done(&d);
    return d.root_elements;
}

static void root_elements(void **state) {
    static struct attr strange[][3] = {
        {TYPE(ARRAY), {0}},            /* of no name */
        {NAME("mutex"), TYPE(ARRAY)},  /* of another */
        {NAME("root"), {0}},           /* of no type */
        {NAME("root"), TYPE(NOWHERE)}, /* of one that is not there */
        {NAME("root"), TYPE(PLAIN)},   /* of one that is no array */
    };
    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        assert_int_equal(elements(strange[i], DW_AT_upper_bound, 511), 512);
        assert_int_equal(elements(strange[i], DW_AT_count, 512), 512);
        assert_int_equal(elements(strange[i], DW_AT_count, 0), JT_DWARF_UNKNOWN);
    }
}

static void states(void **state) {
    struct made m = with_root(NO_MACROS);
    (void)state;
    DIE(&m, DW_TAG_enumeration_type, true, NAME("extent_state_e"));
    DIE(&m, DW_TAG_enumerator, false, NAME("extent_state_active"), DATA(DW_AT_const_value, 1));
    DIE(&m, DW_TAG_enumerator, false, DATA(DW_AT_const_value, 2));
    DIE(&m, DW_TAG_constant, false, NAME("extent_state_dirty"), DATA(DW_AT_const_value, 3));
    DIE(&m, DW_TAG_enumerator, false, NAME("extent_state_muzzy"), DATA(DW_AT_const_value, 7));
    DIE(&m, DW_TAG_enumerator, false, NAME("extent_state_retained"), DATA(DW_AT_const_value, 8));
    DIE(&m, DW_TAG_enumerator, false, NAME("extent_state_merging")); /* no number */
    end(&m);
    struct jt_dwarf d = taken(&m);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(d.state[i], i == 1 ? JH_ACTIVE : i == 7 ? JH_MUZZY : JT_DWARF_UNKNOWN);
    }
    done(&d);
}

static void mutexes(void **state) {
    static const uint32_t size[][2] = {
        {0, JT_DWARF_UNKNOWN}, {1, 1}, {255, 255}, {256, JT_DWARF_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct made m = with_root(NO_MACROS);
        uint32_t type = DIE(&m, DW_TAG_base_type, false, DATA(DW_AT_byte_size, size[i][0]));
        uint32_t other = DIE(&m, DW_TAG_base_type, false, DATA(DW_AT_byte_size, 77));
        DIE(&m, DW_TAG_typedef, false, NAME("pthread_mutex_t"), TYPE(type));
        DIE(&m, DW_TAG_typedef, false, TYPE(other));
        DIE(&m, DW_TAG_typedef, false, NAME("pthread_mutex"), TYPE(other));
        struct jt_dwarf d = taken(&m);
        assert_int_equal(d.mutex_size, size[i][1]);
        done(&d);
    }
}

/* ---- macros -----------------------------------------------------------------------------------
 */

static void macro(struct attack_bytes *b, unsigned opcode, const char *text) {
    attack_number(b, opcode, 1);
    made_leb(b, 1);
    made_text(b, text);
}

static void import(struct attack_bytes *b, uint64_t offset) {
    attack_number(b, DW_MACRO_import, 1);
    attack_number(b, offset, 4);
}

static struct attack_bytes macro_unit(unsigned flags) {
    struct attack_bytes b = {0};
    attack_number(&b, 5, 2);
    attack_number(&b, flags, 1);
    return b;
}

/* With this section; NULL: without one. */
static struct jt_dwarf with_macros(const struct attack_bytes *section, uint32_t offset) {
    struct made m = with_root(offset);
    if (section != NULL) {
        made_add(&m.file, ".debug_macro", SHT_PROGBITS)->bytes = *section;
    }
    struct jt_dwarf d = taken(&m);
    assert_true(d.found);
    return d;
}

static void macros_are_taken(void **state) {
    struct attack_bytes b = macro_unit(0);
    uint64_t number;
    (void)state;
    macro(&b, DW_MACRO_define, "LG_PAGE 14");
    macro(&b, DW_MACRO_define, "LG_VADDR 48");
    macro(&b, DW_MACRO_undef, "LG_VADDR");
    macro(&b, DW_MACRO_define, "TWICE(x) (2 * (x))");
    macro(&b, DW_MACRO_define, "FOUR TWICE(2)");
    macro(&b, DW_MACRO_define, "PLUS(LG_PAGE) + 1");
    attack_number(&b, DW_MACRO_define_strp, 1); /* there are no strings */
    made_leb(&b, 1);
    attack_number(&b, 0, 4);
    attack_number(&b, 0, 1);
    struct jt_dwarf d = with_macros(&b, 0);
    assert_non_null(d.macros);
    assert_true(jt_macros_value(d.macros, "LG_PAGE", &number));
    assert_int_equal(number, 14);
    assert_null(jt_macros_text(d.macros, "LG_VADDR"));
    assert_false(jt_macros_value(d.macros, "LG_VADDR", &number));
    assert_false(jt_macros_value(d.macros, "NOT_THERE", &number));
    assert_string_equal(jt_macros_text(d.macros, "TWICE"), "(x) (2 * (x))");
    assert_false(jt_macros_value(d.macros, "TWICE", &number)); /* is no number, nor is PLUS */
    assert_false(jt_macros_value(d.macros, "PLUS", &number));
    assert_true(jt_macros_value(d.macros, "FOUR", &number));
    assert_int_equal(number, 4);
    assert_int_equal(jt_macros_count(d.macros), 4);
    done(&d);
}

/* A unit has macros behind its header, or it has none. */
static void macros_that_are_not_there(void **state) {
    struct attack_bytes b = {0};
    (void)state;
    struct jt_dwarf d = with_macros(NULL, 0);
    assert_null(d.macros);
    done(&d);
    d = with_macros(&b, 0); /* empty */
    assert_null(d.macros);
    done(&d);
    for (unsigned i = 0; i < 3; i++) { /* one that ends there, and one behind it */
        b = macro_unit(0);
        macro(&b, DW_MACRO_define, "LG_PAGE 14");
        attack_number(&b, 0, 1);
        uint32_t offset = i == 0 ? 0 : (uint32_t)b.len + i - 1;
        d = with_macros(&b, offset);
        assert_int_equal(d.macros != NULL, i == 0);
        done(&d);
    }
    for (unsigned end = 0; end < 2; end++) { /* .debug_line's offset may take 8 bytes */
        b = macro_unit(2);
        attack_number(&b, 0, 4);
        macro(&b, DW_MACRO_define, "A");
        attack_fill(&b, 11 + end, "", 1);
        d = with_macros(&b, 0);
        assert_int_equal(d.macros != NULL, end);
        done(&d);
    }
}

/* The imported unit stands in front. */
static struct jt_dwarf imported(const char *text, unsigned defines, unsigned imports,
                                unsigned empty) {
    struct attack_bytes b = macro_unit(0);
    for (unsigned i = 0; i < defines; i++) {
        macro(&b, DW_MACRO_define, text);
    }
    attack_number(&b, 0, 1);
    uint32_t none = (uint32_t)b.len, at = none + 4;
    attack_add(&b, "\5\0\0", 4);
    attack_add(&b, "\5\0\0", 3);
    macro(&b, DW_MACRO_define, "OWN 1");
    import(&b, UINT32_MAX); /* behind the section, and in its last bytes */
    import(&b, at + 3 + 8 + 10 + 5 * (empty + imports) - 1);
    for (unsigned i = 0; i < empty; i++) {
        import(&b, none);
    }
    for (unsigned i = 0; i < imports; i++) {
        import(&b, 0);
    }
    attack_number(&b, 0, 1);
    return with_macros(&b, at);
}

static void imports(void **state) {
    (void)state;
    for (unsigned too_many = 0; too_many < 2; too_many++) {
        struct jt_dwarf d = imported("THEIRS 2", 1, 1, 9999 + too_many);
        assert_non_null(d.macros);
        assert_non_null(jt_macros_text(d.macros, "OWN"));
        assert_int_equal(jt_macros_text(d.macros, "THEIRS") != NULL, !too_many);
        done(&d);
    }
}

/* Each time counts. */
static void too_many_macros(void **state) {
    (void)state;
    struct jt_dwarf d = imported("A 1", 2000, 500, 0);
    assert_non_null(d.macros);
    done(&d);
    d = imported("A 1", 2000, 530, 0);
    assert_null(d.macros);
    done(&d);
}

/* ---- read by another process ------------------------------------------------------------------
 */

/* As a parent may leave it to us: then children end without anybody being told how. */
static void ignored_children(void **state) {
    struct jt_target target = {.warnings = 0};
    struct made m = with_root(NO_MACROS);
    struct jt_dwarf d;
    (void)state;
    DIE(&m, DW_TAG_structure_type, false, NAME("edata_s"), DATA(DW_AT_byte_size, 128));
    built(&m);
    assert_ptr_not_equal(signal(SIGCHLD, SIG_IGN), SIG_ERR);
    jt_dwarf_read_in_process(&target, &root, &d);
    assert_ptr_not_equal(signal(SIGCHLD, SIG_DFL), SIG_ERR);
    assert_int_equal(target.warnings, 0);
    assert_int_equal(d.extent_size, 128);
    done(&d);
}

/* In a process that may not have so much: no more is taken because of debug information. */
static void a_limit_of_ours(void **state) {
    int status = 0;
    (void)state;
    if (SANITIZED) {
        skip();
    }
    struct attack_bytes b = macro_unit(0);
    for (unsigned i = 0; i < 100000; i++) {
        char text[32];
        snprintf(text, sizeof text, "A%u 1", i);
        macro(&b, DW_MACRO_define, text);
    }
    attack_number(&b, 0, 1);
    struct made m = with_root(0);
    made_add(&m.file, ".debug_macro", SHT_PROGBITS)->bytes = b;
    built(&m);
    for (unsigned limited = 0; limited < 2; limited++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct jt_target target = {.warnings = 0};
            struct jt_dwarf d;
            struct rlimit limit;
            (void)getrlimit(RLIMIT_DATA, &limit);
            limit.rlim_cur = limited ? 1u << 20 : limit.rlim_cur;
            (void)setrlimit(RLIMIT_DATA, &limit);
            jt_dwarf_read_in_process(&target, &root, &d);
            _exit(target.warnings == 0                                         ? 0
                  : strstr(target.warning[0], "takes too much memory") != NULL ? 1
                                                                               : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), limited);
    }
    jt_elf_close(elf);
}

/* ---- what is elsewhere ------------------------------------------------------------------------
 */

#define IMPORTED 12 /* where a unit's own element is */

static char warning[JT_TEXT_MAX];

/* As a target reads it: what comes, and the one thing that is said of it. */
static struct jt_dwarf read_apart(void) {
    struct jt_target target = {.warnings = 0};
    struct jt_dwarf d;
    module.path = (char *)(uintptr_t) "/bin/made";
    jt_dwarf_read_in_process(&target, &root, &d);
    assert_in_range(target.warnings, 0, 1);
    snprintf(warning, sizeof warning, "%s", target.warnings != 0 ? target.warning[0] : "");
    if (target.warnings != 0) {
        free(target.warning[0]);
    }
    free(target.warning);
    return d;
}

static void structure(struct made *m, const char *name, uint32_t size) {
    DIE(m, DW_TAG_structure_type, false, NAME(name), DATA(DW_AT_byte_size, size));
}

/* What dwz makes of types that several files have: a unit in another file, which they import, and
 * macros there. */
static struct made shared_file(uint8_t id) {
    struct made m = unit(DW_UT_partial, NO_MACROS);
    struct attack_bytes b = macro_unit(0);
    structure(&m, "edata_s", 136);
    macro(&b, DW_MACRO_define, "LG_PAGE 14");
    attack_number(&b, 0, 1);
    made_add(&m.file, ".debug_macro", SHT_PROGBITS)->bytes = b;
    made_text(&made_add(&m.file, ".debug_str", SHT_PROGBITS)->bytes, "LG_VADDR 57");
    struct attack_bytes *note = &made_add(&m.file, ".note.gnu.build-id", SHT_NOTE)->bytes;
    attack_number(note, 4, 4);
    attack_number(note, 4, 4);
    attack_number(note, NT_GNU_BUILD_ID, 4);
    attack_add(note, "GNU", 4);
    attack_fill(note, note->len + 4, &id, 1);
    return m;
}

static struct attack_bytes shared; /* the file's bytes */
static const char *shared_path;    /* where it is; NULL: anywhere */

static struct jt_elf *open_shared(void *arg, const char *name) {
    (void)arg;
    return shared_path != NULL && strcmp(name, shared_path) == 0
               ? jt_elf_bytes(shared.at, shared.len)
               : NULL;
}

static void altlink(struct made *m, const char *name, uint8_t id, unsigned bytes) {
    struct attack_bytes *b = &made_add(&m->file, ".gnu_debugaltlink", SHT_PROGBITS)->bytes;
    attack_add(b, name, strlen(name) + 1);
    for (unsigned i = 0; i < bytes; i++) {
        attack_number(b, id, 1);
    }
}

static struct made importing(const char *name, uint8_t id, unsigned bytes) {
    struct made m = with_root(0);
    struct attack_bytes b = macro_unit(0);
    DIE(&m, DW_TAG_imported_unit, false, {DW_AT_import, DW_FORM_GNU_ref_alt, IMPORTED, NULL});
    attack_number(&b, DW_MACRO_import_sup, 1);
    attack_number(&b, 0, 4);
    attack_number(&b, DW_MACRO_define_sup, 1);
    made_leb(&b, 1);
    attack_number(&b, 0, 4);
    attack_number(&b, 0, 1);
    made_add(&m.file, ".debug_macro", SHT_PROGBITS)->bytes = b;
    altlink(&m, name, id, bytes);
    return m;
}

static void built_beside(struct made *m) {
    static const struct jt_files files = {open_shared, NULL};
    const struct jt_build_id none = {.size = 0};
    built(m);
    jt_elf_find_debug(elf, &files, "", "/bin/made", &none);
    jt_elf_find_debug(elf, &files, "", "/bin/made", &none); /* once is enough */
}

static void what_several_files_share(void **state) {
    static const struct {
        const char *name, *path;
        uint8_t id;
        unsigned bytes;
        bool found;
    } row[] = {
        {"common.debug", "/bin/common.debug", 7, 4, true},
        {"/lib/common.debug", "/lib/common.debug", 7, 4, true},
        {"common.debug", "/usr/lib/debug/.build-id/07/070707.debug", 7, 4, true},
        {"common.debug", "/bin/common.debug", 8, 4, false}, /* it is another one */
        {"common.debug", NULL, 7, 4, false},
    };
    (void)state;
    struct made other = shared_file(7);
    built(&other);
    jt_elf_close(elf);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint64_t number = 0;
        other = shared_file(7);
        built(&other);
        shared.at = elf->bytes;
        shared.len = elf->mapped;
        struct jt_elf *kept = elf;
        shared_path = row[i].path;
        struct made m = importing(row[i].name, row[i].id, row[i].bytes);
        built_beside(&m);
        struct jt_dwarf d = read_apart();
        assert_int_equal(d.extent_size, row[i].found ? 136 : JT_DWARF_UNKNOWN);
        assert_int_equal(d.macros != NULL, row[i].found);
        if (row[i].found) {
            assert_string_equal(warning, "");
            assert_true(jt_macros_value(d.macros, "LG_PAGE", &number));
            assert_int_equal(number, 14);
            assert_true(jt_macros_value(d.macros, "LG_VADDR", &number));
            assert_int_equal(number, 57);
        } else {
            assert_string_equal(warning, "the debug information of /bin/made is partly in "
                                         "common.debug (dwz), which is not here");
        }
        done(&d);
        jt_elf_close(kept);
    }
    struct jt_build_id id; /* names that do not end, and no build-id, or too long a one */
    for (unsigned bytes = 0; bytes < 66; bytes += 65) {
        struct made m = importing("common.debug", 7, bytes);
        built_beside(&m);
        assert_null(jt_elf_altlink(elf, &id));
        jt_elf_close(elf);
    }
}

/* It is here, and has no macros either. */
static void a_shared_file_without_macros(void **state) {
    (void)state;
    struct made other = shared_file(7);
    built(&other);
    shared.at = elf->bytes;
    shared.len = elf->mapped;
    struct jt_elf *kept = elf;
    shared_path = "/bin/common.debug";
    struct made m = with_root(NO_MACROS);
    altlink(&m, "common.debug", 7, 4);
    built_beside(&m);
    assert_non_null(elf->alt);
    struct jt_dwarf d = read_apart();
    assert_true(d.found && d.macros == NULL);
    assert_string_equal(warning, "");
    done(&d);
    jt_elf_close(kept);
}

/* In the same file, as dwz does it for one. */
static void units_that_are_imported(void **state) {
    (void)state;
    for (unsigned itself = 0; itself < 2; itself++) {
        struct made m = with_root(NO_MACROS);
        DIE(&m, DW_TAG_imported_unit, false,
            {DW_AT_import, DW_FORM_ref4, itself ? IMPORTED : NOWHERE, NULL});
        DIE(&m, DW_TAG_imported_unit, false, {0, 0, 0, NULL});
        structure(&m, "edata_s", 136);
        struct jt_dwarf d = taken(&m); /* one that imports itself has an end */
        assert_int_equal(d.extent_size, 136);
        done(&d);
    }
}

static void split_units(void **state) {
    static const uint16_t name[] = {DW_AT_dwo_name, DW_AT_producer, DW_AT_producer};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct made m;
        memset(&m, 0, sizeof m);
        attack_number(&m.info, 0, 4);
        attack_number(&m.info, 5, 2);
        attack_number(&m.info, i < 2 ? DW_UT_compile : DW_UT_skeleton, 1);
        attack_number(&m.info, 8, 1);
        attack_number(&m.info, 0, 4);
        attack_number(&m.info, 4711, i < 2 ? 0 : 8); /* the other unit's */
        DIE(&m, DW_TAG_compile_unit, true, {name[i], DW_FORM_string, 0, "arena.dwo"});
        built(&m);
        struct jt_dwarf d = read_apart();
        assert_false(d.found);
        assert_string_equal(warning, i != 1 ? "the debug information of /bin/made is in .dwo or "
                                              ".dwp files, which are not read"
                                            : "");
        done(&d);
    }
}

static void sections_that_cannot_be_unpacked(void **state) {
    (void)state;
    struct made m = with_root(NO_MACROS);
    struct made_section *s = made_add(&m.file, ".debug_macro", SHT_PROGBITS);
    s->flags = SHF_COMPRESSED;
    const Elf64_Chdr header = {.ch_type = 2, .ch_size = 100, .ch_addralign = 1};
    attack_add(&s->bytes, &header, sizeof header);
    attack_fill(&s->bytes, s->bytes.len + 100, "", 1);
    built(&m);
    assert_true(jt_elf_has_zstd(elf));
    struct jt_dwarf d = read_apart();
    assert_int_equal(strstr(warning, "compressed with zstd, which elfutils cannot") != NULL,
                     !d.found);
    done(&d);
    m = with_root(NO_MACROS);
    s = made_add(&m.file, ".debug_str", SHT_PROGBITS);
    s->flags = SHF_COMPRESSED;
    const Elf64_Chdr other = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = 100, .ch_addralign = 1};
    attack_add(&s->bytes, &other, sizeof other);
    built(&m);
    assert_false(jt_elf_has_zstd(elf));
    jt_elf_close(elf);
    struct made_elf f = {.sections = 0}; /* all of it, and it is broken */
    s = made_add(&f, ".debug_info", SHT_PROGBITS);
    s->flags = SHF_COMPRESSED;
    attack_add(&s->bytes, &header, sizeof header);
    attack_fill(&s->bytes, s->bytes.len + 100, "x", 1);
    struct attack_bytes file = made_build(&f);
    elf = jt_elf_bytes(file.at, file.len);
    free(file.at);
    module.elf = elf;
    d = read_apart();
    assert_false(d.found);
    assert_non_null(strstr(warning, "is compressed with zstd, which elfutils cannot"));
    done(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_roots_unit),
        cmocka_unit_test(members),
        cmocka_unit_test(members_by_expressions),
        cmocka_unit_test(sizes),
        cmocka_unit_test(root_elements),
        cmocka_unit_test(states),
        cmocka_unit_test(mutexes),
        cmocka_unit_test(macros_are_taken),
        cmocka_unit_test(macros_that_are_not_there),
        cmocka_unit_test(imports),
        cmocka_unit_test(too_many_macros),
        cmocka_unit_test(ignored_children),
        cmocka_unit_test(what_several_files_share),
        cmocka_unit_test(a_shared_file_without_macros),
        cmocka_unit_test(units_that_are_imported),
        cmocka_unit_test(split_units),
        cmocka_unit_test(sections_that_cannot_be_unpacked),
        cmocka_unit_test(a_limit_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
