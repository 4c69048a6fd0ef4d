/* ELF files that a target names: what is found in them, and what in those that contradict
 * themselves. */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "made_elf.h"
#include "open/inside.h"

#define VERSION "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"

static struct jt_elf *opened(const struct attack_bytes *file) {
    struct jt_elf *elf = jt_elf_bytes(file->at, file->len);
    assert_non_null(elf);
    return elf;
}

static struct jt_elf *finished(struct made_elf *f) {
    struct attack_bytes file = made_build(f);
    struct jt_elf *elf = opened(&file);
    free(file.at);
    return elf;
}

static void add_text(struct made_elf *f, const char *name, const char *text) {
    made_text(&made_add(f, name, SHT_PROGBITS)->bytes, text);
}

static void add_id(struct made_elf *f, size_t size) {
    struct attack_bytes *b = &made_add(f, ".note.gnu.build-id", SHT_NOTE)->bytes;
    attack_number(b, 4, 4);
    attack_number(b, size, 4);
    attack_number(b, NT_GNU_BUILD_ID, 4);
    attack_add(b, "GNU", 4);
    attack_fill(b, 16 + size, "\xab", 1);
    attack_fill(b, (16 + size + 3) / 4 * 4, "", 1);
}

static struct jt_build_id id_of(const struct jt_elf *elf) {
    struct jt_build_id id;
    jt_elf_build_id(elf, &id);
    return id;
}

/* ---- jemalloc's functions ---------------------------------------------------------------------
 */

/* A table of functions: the file of a source of jemalloc, a local one of it and a local one of
 * another file; a call; one with a prefix; one without a name; one that is elsewhere. */
static void add_functions(struct made_elf *f) {
    static const struct {
        const char *name;
        unsigned bind, type, section;
        uint64_t value;
    } row[] = {{"arena.c", STB_LOCAL, STT_FILE, SHN_ABS, 0},
               {"arena_init", STB_LOCAL, STT_FUNC, 1, 0x1000},
               {"main.c", STB_LOCAL, STT_FILE, SHN_ABS, 0},
               {"helper", STB_LOCAL, STT_FUNC, 1, 0x2000},
               {"malloc", STB_GLOBAL, STT_FUNC, 1, 0x3000},
               {"xje_bin_init", STB_GLOBAL, STT_FUNC, 1, 0x4000},
               {NULL, STB_GLOBAL, STT_FUNC, 1, 0x5000},
               {"free", STB_GLOBAL, STT_FUNC, SHN_UNDEF, 0x6000}};
    struct made_section *s = made_add(f, ".symtab", SHT_SYMTAB);
    struct attack_bytes names = {0};
    s->entsize = sizeof(Elf64_Sym);
    s->link = f->sections + 1;
    attack_number(&names, 0, 1);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const Elf64_Sym sym = {.st_name = row[i].name ? (Elf64_Word)names.len : UINT32_MAX,
                               .st_info = (unsigned char)ELF64_ST_INFO(row[i].bind, row[i].type),
                               .st_shndx = (Elf64_Half)row[i].section,
                               .st_value = row[i].value,
                               .st_size = 16};
        attack_add(&s->bytes, &sym, sizeof sym);
        made_text(&names, row[i].name ? row[i].name : "");
    }
    made_add(f, ".strtab", SHT_STRTAB)->bytes = names;
}

static void assert_functions(struct jt_module *module, const char *prefix, size_t count,
                             const uint64_t *at) {
    struct jt_target target = {.jemalloc = module};
    struct jt_ranges code = {NULL, 0, 0, false}, out = {NULL, 0, 0, false};
    snprintf(target.prefix, sizeof target.prefix, "%s", prefix);
    assert_int_equal(jt_jemalloc_text(&target, &code, &out), count != 0);
    assert_int_equal(out.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(out.range[i].start, 0x10000 + at[i]);
        assert_int_equal(out.range[i].end, 0x10000 + at[i] + 16);
    }
    jt_ranges_free(&out);
}

/* Of the program's file, and of its file of debug information when that has the table. */
static void functions_of_jemalloc(void **state) {
    static const uint64_t at[] = {0x1000, 0x3000, 0x4000};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made_elf f = {.sections = 0}, none = {.sections = 0};
        add_functions(&f);
        add_text(&none, ".debug_info", "");
        struct jt_module module = {.main = true, .bias = 0x10000};
        module.elf = finished(i == 0 ? &f : &none);
        module.elf->debug = finished(i == 0 ? &none : &f);
        assert_functions(&module, "", 2, at); /* every name begins with that */
        assert_functions(&module, "xje_", 3, at);
        jt_elf_close(module.elf);
    }
}

/* No entries of that size, no names, no bytes; and more entries than there are. */
static void functions_in_tables_that_lie(void **state) {
    static const uint64_t at[] = {0x1000, 0x3000, 0x4000};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct made_elf f = {.sections = 0};
        add_functions(&f);
        struct attack_bytes file = made_build(&f);
        const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)file.at;
        Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(file.at + h->e_shoff);
        sh[1].sh_entsize = i == 0 ? 0 : i == 3 ? 8 : sh[1].sh_entsize;
        sh[1].sh_link = i == 1 ? 0 : sh[1].sh_link;
        sh[1].sh_offset = i == 2 ? UINT32_MAX : sh[1].sh_offset;
        struct jt_module module = {.main = true, .bias = 0x10000, .elf = opened(&file)};
        assert_functions(&module, "xje_", i == 3 ? 3 : 0, at);
        jt_elf_close(module.elf);
        free(file.at);
    }
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void what_is_no_file(void **state) {
    char name[64];
    (void)state;
    assert_null(jt_elf_bytes(ELFMAG, 4));
    assert_null(jt_elf_bytes(ELFMAG, SIZE_MAX)); /* no room for zeroes behind it */
    assert_null(jt_elf_bytes(ELFMAG, SIZE_MAX / 2));
    assert_null(jt_files_here.open(NULL, "/nowhere/file"));
    assert_null(jt_files_here.open(NULL, "/"));
    assert_null(jt_files_here.open(NULL, "/dev/zero"));
    snprintf(name, sizeof name, "/tmp/jeheap-none-%d", (int)getpid());
    int empty = open(name, O_CREAT | O_WRONLY, 0600);
    assert_true(empty >= 0);
    close(empty);
    assert_null(jt_files_here.open(NULL, name));
    unlink(name);
    assert_int_equal(mkfifo(name, 0600), 0);
    int watch = inotify_init1(IN_NONBLOCK);
    char event[sizeof(struct inotify_event) + NAME_MAX + 1];
    assert_true(inotify_add_watch(watch, name, IN_OPEN) >= 0);
    assert_null(jt_files_here.open(NULL, name));       /* and nobody waited */
    assert_true(read(watch, event, sizeof event) < 0); /* it was not even opened */
    close(watch);
    unlink(name);
}

static void build_ids(void **state) {
    static const size_t size[][2] = {{0, 0}, {1, 1}, {20, 20}, {64, 64}, {65, 0}, {4000, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct made_elf f = {.sections = 0};
        add_id(&f, size[i][0]);
        struct jt_elf *elf = finished(&f);
        struct jt_build_id id = id_of(elf);
        assert_int_equal(id.size, size[i][1]);
        assert_true(id.size == 0 || id.bytes[id.size - 1] == 0xab);
        jt_elf_close(elf);
    }
}

/* Headers that say more than the file has. */
static void what_is_not_in_the_file(void **state) {
    (void)state;
    struct made_elf f = {.sections = 0};
    add_id(&f, 20);
    struct attack_bytes file = made_build(&f);
    Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)file.at;
    Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(file.at + h->e_phoff);
    ph->p_type = PT_NOTE;
    ph->p_filesz = UINT64_C(1) << 40;
    struct jt_elf *elf = opened(&file);
    assert_int_equal(id_of(elf).size, 0);
    jt_elf_close(elf);
    Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(file.at + h->e_shoff);
    sh[1].sh_name = 1u << 30;
    elf = opened(&file);
    assert_null(jt_section(elf->elf, ".note.gnu.build-id"));
    jt_elf_close(elf);
    free(file.at);
}

static void debug_information_by_its_section(void **state) {
    static const char *const name[] = {".debug_info", ".zdebug_info", ".debug_infos", "debug_info"};
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct made_elf f = {.sections = 0};
        add_text(&f, name[i % 4], "");
        struct attack_bytes file = made_build(&f);
        if (i > 3) { /* which section has the names says one that is not there */
            Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)file.at;
            h->e_shstrndx = SHN_XINDEX;
            h->e_shoff = file.len;
        }
        struct jt_elf *elf = opened(&file);
        assert_int_equal(jt_elf_has_debug_info(elf), i < 2);
        assert_int_equal(jt_section(elf->elf, name[i % 4]) != NULL, i < 4);
        jt_elf_close(elf);
        free(file.at);
    }
}

/* ---- program headers --------------------------------------------------------------------------
 */

/* With a version in its last bytes. */
static struct attack_bytes with_version(void) {
    struct made_elf f = {.sections = 0};
    add_id(&f, 20);
    struct attack_bytes b = made_build(&f);
    attack_fill(&b, 8192, "", 1);
    attack_add(&b, VERSION, sizeof VERSION);
    attack_fill(&b, 8192 + 64, "", 1);
    return b;
}

static bool has_version(const struct attack_bytes *file) {
    struct jt_module module = {.elf = opened(file)};
    bool found = jt_version_in(&module);
    jt_elf_close(module.elf);
    return found;
}

/* Segments of the file, in a table at its end. */
static void add_table(struct attack_bytes *file, const uint64_t (*segment)[2], size_t count) {
    size_t at = file->len;
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr ph = {.p_type = PT_LOAD,
                               .p_flags = PF_R,
                               .p_vaddr = segment[i][0],
                               .p_offset = segment[i][0],
                               .p_filesz = segment[i][1],
                               .p_memsz = segment[i][1]};
        attack_add(file, &ph, sizeof ph);
    }
    Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)file->at;
    h->e_phoff = at;
    h->e_phnum = (Elf64_Half)count;
}

/* Segments are looked at until as much was looked at as the file has. */
static void segments_of_the_same_bytes(void **state) {
    static const uint64_t all[][2] = {{4096, 4096}, {4096, 4096 + 64}};
    static const uint64_t again[][2] = {{0, 8192}, {0, 8192 + 64}};
    static const uint64_t behind[][2] = {{8192, UINT64_MAX}, {UINT64_MAX, 64}};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct attack_bytes file = with_version();
        add_table(&file, i == 0 ? all : i == 1 ? again : behind, 2);
        assert_int_equal(has_version(&file), i == 0);
        free(file.at);
    }
}

/* What of the module is in the target's memory, when its file is the same. */
static size_t filled(const struct attack_bytes *file) {
    static uint8_t page[64];
    struct jt_module module = {.elf = opened(file), .state = JT_FILE_SAME, .bias = 0x400000};
    struct jt_private p = {.segment = calloc(1, sizeof *p.segment), .segments = 1};
    struct jt_target target = {.module = &module, .modules = 1, .priv = &p};
    assert_non_null(p.segment);
    p.segment[0] = (struct jh_segment){0x1000, page, sizeof page};
    assert_int_equal(jt_modules_fill(&target), JT_OK);
    size_t count = p.segments;
    free(p.segment);
    jt_elf_close(module.elf);
    return count;
}

/* A table that is not there, or not all of it: nothing of it is used. Sections may still be. */
static void headers_that_are_not_there(void **state) {
    static const uint64_t segment[][2] = {{4096, 4096 + 64}};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct attack_bytes file = with_version();
        add_table(&file, segment, 1);
        Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)file.at;
        h->e_phnum = i == 1 ? 1000 : 1;
        h->e_phoff = i == 2 ? file.len + 1000 : h->e_phoff;
        assert_int_equal(has_version(&file), i == 0);
        assert_int_equal(filled(&file), i == 0 ? 2 : 1);
        struct jt_elf *elf = opened(&file);
        assert_int_equal(id_of(elf).size, i == 2 ? 0 : 20);
        struct jt_private priv = {.words = 8};
        struct jt_module module = {.elf = elf};
        struct jt_target target = {.priv = &priv, .module = &module, .modules = 1};
        struct jt_ranges code = {NULL, 0, 0, false};
        jt_code(&target, &code);
        assert_int_equal(code.count, 0);
        jt_elf_close(elf);
        free(file.at);
    }
}

/* ---- separate debug information ---------------------------------------------------------------
 */

struct place {
    size_t id;       /* of the file that is found: so many bytes of 0xab */
    char asked[512]; /* the names, each with a blank */
};

static struct jt_elf *find(void *arg, const char *name) {
    struct place *p = arg;
    struct made_elf f = {.sections = 0};
    size_t len = strlen(p->asked);
    snprintf(p->asked + len, sizeof p->asked - len, "%s ", name);
    if (p->id == 0) {
        return NULL;
    }
    add_text(&f, ".debug_info", "");
    add_id(&f, p->id == 99 ? 0 : p->id);
    return finished(&f);
}

/* Of a file that names this one, or none. */
static struct jt_elf *separate(const char *link, const char *file, size_t id, struct place *p,
                               bool own) {
    struct jt_build_id wanted = {.size = id};
    struct made_elf f = {.sections = 0};
    memset(wanted.bytes, 0xab, sizeof wanted.bytes);
    if (link != NULL) {
        struct attack_bytes *b = &made_add(&f, ".gnu_debuglink", SHT_PROGBITS)->bytes;
        made_text(b, link);
        attack_fill(b, (b->len + 3) / 4 * 4 + 4, "", 1);
    }
    if (own) {
        add_text(&f, ".debug_info", "");
    }
    struct jt_elf *elf = finished(&f);
    p->asked[0] = 0;
    jt_elf_find_debug(elf, &(const struct jt_files){find, p}, "", file, &wanted);
    return elf;
}

static void debug_links(void **state) {
    static char far[PATH_MAX + 100];
    memset(far, 'x', sizeof far - 1);
    far[0] = far[sizeof far - 10] = '/';
    const struct {
        const char *link, *file, *asked;
        size_t id;
    } row[] = {
        {NULL, "/bin/a", "", 0},
        {NULL, "/bin/a", "", 1},
        {NULL, "/bin/a", "/usr/lib/debug/.build-id/ab/abab.debug ", 3},
        {"a.debug", "/bin/a", "/bin/a.debug /bin/.debug/a.debug /usr/lib/debug/bin/a.debug ", 0},
        {"a.debug", "a", "a.debug .debug/a.debug /usr/lib/debuga.debug ", 0},
        {"", "a", ".debug/ /usr/lib/debug ", 0},
        {"../a.debug", "/bin/a", "", 0}, /* leads elsewhere */
        {"a.debug", far, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct place p = {.id = 0};
        struct jt_elf *elf = separate(row[i].link, row[i].file, row[i].id, &p, false);
        assert_string_equal(p.asked, row[i].asked);
        assert_null(elf->debug);
        assert_false(jt_elf_has_debug_info(elf));
        jt_elf_close(elf);
    }
}

/* The file that is found counts only when its build-id is this one. */
static void debug_files_of_others(void **state) {
    static const size_t id[][3] = {{20, 20, 1}, {20, 19, 0}, {20, 21, 0}, {0, 20, 0}, {0, 99, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof id / sizeof id[0]; i++) {
        struct place p = {.id = id[i][1]};
        struct jt_elf *elf = separate("a.debug", "/bin/a", id[i][0], &p, false);
        assert_int_equal(elf->debug != NULL, id[i][2]);
        assert_int_equal(jt_elf_has_debug_info(elf), id[i][2]);
        jt_elf_close(elf);
    }
}

/* A file without symbols, which another one has: debug information of its own comes first. */
static void own_debug_information(void **state) {
    (void)state;
    for (unsigned own = 0; own < 2; own++) {
        struct place p = {.id = 20};
        struct jt_elf *elf = separate("a.debug", "/bin/a", 20, &p, own);
        assert_non_null(elf->debug);
        Dwarf *dwarf = jt_elf_dwarf(elf);
        assert_non_null(dwarf);
        assert_ptr_equal(dwarf_getelf(dwarf), own ? elf->elf : elf->debug->elf);
        jt_elf_close(elf);
    }
}

/* ---- symbols ----------------------------------------------------------------------------------
 */

#define ROOT_SIZE 4096

static struct jt_module module_of(const struct made_symbol *symbol, size_t count) {
    struct made_elf f = {.sections = 0};
    made_symbols(&f, SHT_SYMTAB, symbol, count);
    return (struct jt_module){.elf = finished(&f), .bias = 0x400000};
}

static size_t roots_of(const struct made_symbol *symbol, size_t count,
                       struct jt_root_symbol out[JT_ROOTS_MAX]) {
    struct jt_module module = module_of(symbol, count);
    struct jt_target target = {.module = &module, .modules = 1};
    size_t found = jt_roots_find(&target, out);
    jt_elf_close(module.elf);
    return found;
}

static void constants_of_no_bytes(void **state) {
    char text[128];
    (void)state;
    struct made_elf f = {.sections = 0};
    (void)made_add(&f, ".rodata", SHT_NOBITS);
    struct jt_module module = {.elf = finished(&f)};
    assert_false(jt_version_old(&module, text));
    assert_false(jt_version_unknown(VERSION));
    assert_true(jt_version_unknown("5.9.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"));
    jt_elf_close(module.elf);
}

/* In a table whose entries have no size; and in that of the file itself, as the one beside it has
 * none. */
static void tables_of_symbols(void **state) {
    static const struct made_symbol symbol = {"extents_rtree", 0x1000, ROOT_SIZE};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made_elf f = {.sections = 0}, none = {.sections = 0};
        struct jt_root_symbol root[JT_ROOTS_MAX];
        made_symbols(&f, i == 0 ? SHT_SYMTAB : SHT_DYNSYM, &symbol, 1);
        if (i == 1) {
            add_text(&none, ".debug_info", "");
        }
        struct attack_bytes file = made_build(&f);
        Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)file.at;
        Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(file.at + h->e_shoff);
        sh[1].sh_entsize = i == 0 ? 0 : sh[1].sh_entsize;
        struct jt_module module = {.elf = opened(&file)};
        module.elf->debug = i == 0 ? NULL : finished(&none);
        struct jt_target target = {.module = &module, .modules = 1};
        assert_int_equal(jt_roots_find(&target, root), i);
        jt_elf_close(module.elf);
        free(file.at);
    }
}

static void many_roots(void **state) {
    struct made_symbol symbol[JT_ROOTS_MAX + 4];
    struct jt_root_symbol root[JT_ROOTS_MAX];
    (void)state;
    for (size_t i = 0; i < JT_ROOTS_MAX + 4; i++) {
        symbol[i] = (struct made_symbol){"je_arena_emap_global", 0x1000 * i, ROOT_SIZE};
    }
    assert_int_equal(roots_of(symbol, JT_ROOTS_MAX - 1, root), JT_ROOTS_MAX - 1);
    assert_int_equal(roots_of(symbol, JT_ROOTS_MAX + 4, root), JT_ROOTS_MAX);
    assert_int_equal(root[15].addr, 0x400000 + 0x1000 * 15);
}

static void sizes_of_roots(void **state) {
    static const uint64_t size[][2] = {{0, 0},        {1023, 0},           {1024, 1},
                                       {8u << 20, 1}, {(8u << 20) + 1, 0}, {UINT64_MAX, 0}};
    struct jt_root_symbol root[JT_ROOTS_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        const struct made_symbol symbol = {"extents_rtree", 0x1000, size[i][0]};
        assert_int_equal(roots_of(&symbol, 1, root), size[i][1]);
    }
}

/* A prefix of 63 letters, a name of 127: what is longer is nobody's. */
static void long_names_of_roots(void **state) {
    struct jt_root_symbol root[JT_ROOTS_MAX];
    char name[256];
    (void)state;
    for (unsigned prefix = 63; prefix < 65; prefix++) {
        memset(name, 'p', prefix);
        memcpy(name + prefix, "extents_rtree", sizeof "extents_rtree");
        const struct made_symbol symbol = {name, 0x1000, ROOT_SIZE};
        assert_int_equal(roots_of(&symbol, 1, root), prefix == 63);
        assert_int_equal(strlen(root[0].prefix), 63);
    }
    for (unsigned len = 127; len < 129; len++) {
        memset(name, '0', sizeof name);
        memcpy(name, "je_extents_rtree.lto_priv.", 26);
        name[len] = 0;
        const struct made_symbol symbol = {name, 0x1000, ROOT_SIZE};
        assert_int_equal(roots_of(&symbol, 1, root), len == 127);
        assert_int_equal(strlen(root[0].name), 127);
    }
}

/* A static's name that several files use says nothing; a private prefix does. */
static void names_that_are_used_twice(void **state) {
    static const struct made_symbol p = {"je_tcaches", 0x10, 8},
                                    q = {"je_tcaches.lto_priv.1", 0x20, 8},
                                    s = {"tcaches", 0x30, 8}, t = {"tcaches.lto_priv.0", 0x40, 8};
    static const struct made_symbol none = {"tcache", 0x50, 8};
    const struct {
        struct made_symbol symbol[3];
        uint64_t at; /* 0: it is not told */
    } row[] = {
        {{none, none, none}, 0}, {{p, none, none}, 0x10}, {{s, none, none}, 0x30},
        {{p, q, none}, 0},       {{s, t, none}, 0},       {{s, p, none}, 0x10},
        {{p, s, none}, 0x10},    {{s, p, t}, 0x10},       {{p, q, s}, 0},
        {{s, p, q}, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct jt_module module = module_of(row[i].symbol, 3);
        struct jt_layers layers = {.base = {.blocks = 0}};
        struct jt_private priv = {.segments = 0};
        struct jt_target target = {
            .jemalloc = &module, .prefix = "je_", .root_name = "je_extents_rtree", .priv = &priv};
        jt_layers_join(&priv, &layers);
        uint64_t addr = 0, size = 0;
        assert_int_equal(jt_symbol(&target, "tcaches", &addr, &size), row[i].at != 0);
        assert_int_equal(addr, row[i].at == 0 ? 0 : 0x400000 + row[i].at);
        assert_int_equal(size, row[i].at == 0 ? 0 : 8);
        jt_elf_close(module.elf);
    }
}

/* The smallest root there is, and one that ends in the middle of what is read at once. */
static void roots_in_use(void **state) {
    static const uint64_t size[] = {1024, 4096, 8192};
    static uint8_t bytes[8192];
    struct jh_segment segment = {0x10000, bytes, sizeof bytes};
    struct jt_private p = {.words = 4, .segment = &segment, .segments = 1};
    struct jt_target target = {.priv = &p};
    (void)state;
    assert_int_equal(jt_image_start(&target), JT_OK);
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct jt_root_symbol root = {.addr = 0x10000, .size = size[i]};
        assert_false(jt_root_in_use(&target, &root));
        bytes[size[i] - 1] = 1;
        assert_true(jt_root_in_use(&target, &root));
        bytes[size[i] - 1] = 0;
        if (size[i] < sizeof bytes) { /* behind it */
            bytes[size[i]] = 1;
            assert_false(jt_root_in_use(&target, &root));
            bytes[size[i]] = 0;
        }
    }
    struct jt_root_symbol root = {.addr = 0x10000 + 8192 - 512, .size = 1024}; /* half of it */
    bytes[8191] = 1;
    assert_false(jt_root_in_use(&target, &root));
    bytes[8191] = 0;
}

/* Where constants are; a file of debug information alone has no bytes there. */
static void a_version_among_constants(void **state) {
    static const char *const name[] = {".rodata", ".rodata", ".data"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct made_elf f = {.sections = 0};
        char version[128];
        struct made_section *s = made_add(&f, name[i], i == 1 ? SHT_NOBITS : SHT_PROGBITS);
        made_text(&s->bytes, VERSION);
        struct attack_bytes file = made_build(&f);
        struct jt_module m = {.elf = opened(&file)};
        assert_int_equal(jt_version_among_constants(&m, version), i == 0);
        assert_string_equal(version, i == 0 ? VERSION : "");
        jt_elf_close(m.elf);
        free(file.at);
    }
    struct jt_module none = {.elf = NULL};
    char version[128];
    assert_false(jt_version_among_constants(&none, version));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_among_constants),
        cmocka_unit_test(what_is_no_file),
        cmocka_unit_test(build_ids),
        cmocka_unit_test(what_is_not_in_the_file),
        cmocka_unit_test(debug_information_by_its_section),
        cmocka_unit_test(segments_of_the_same_bytes),
        cmocka_unit_test(headers_that_are_not_there),
        cmocka_unit_test(debug_links),
        cmocka_unit_test(debug_files_of_others),
        cmocka_unit_test(own_debug_information),
        cmocka_unit_test(constants_of_no_bytes),
        cmocka_unit_test(tables_of_symbols),
        cmocka_unit_test(functions_of_jemalloc),
        cmocka_unit_test(functions_in_tables_that_lie),
        cmocka_unit_test(many_roots),
        cmocka_unit_test(sizes_of_roots),
        cmocka_unit_test(long_names_of_roots),
        cmocka_unit_test(names_that_are_used_twice),
        cmocka_unit_test(roots_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
