/* Cores of either class and byte order: segments, notes, and what absurd notes cost. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_file.h"
#include "open/inside.h"

#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

static char path[64];

static const struct kind {
    uint16_t machine;
    uint8_t words;
    bool little_endian;
    const char *name;
} kinds[] = {{EM_X86_64, 8, true, "x86_64"},  {EM_386, 4, true, "i386"},
             {EM_S390, 8, false, "s390x"},    {EM_PPC, 4, false, "powerpc"},
             {EM_ARM, 4, true, "armhf"},      {EM_68K, 4, false, "unknown"},
             {EM_X86_64, 4, true, "x32"},     {EM_PPC64, 8, false, "ppc64"},
             {EM_PPC64, 4, false, "unknown"}, {EM_S390, 8, true, "unknown"}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static struct core_file core;

static void start(const struct kind *k) {
    static const char text[] = "some bytes of the target";
    core_start(&core, k->machine, k->words, k->little_endian);
    core_load(&core, 0x10000, text, sizeof text);
    core.load[0].memsz = 4096;
}

static struct jt_target *opened_with_exe(const char *exe) {
    struct jt_target *target;
    struct jt_options options = {.target = path, .exe = exe};
    core_save(&core, path);
    enum jt_status status = jt_open(&options, &target);
    assert_non_null(target);
    assert_int_equal(target->status, status);
    return target;
}

static struct jt_target *opened(void) {
    return opened_with_exe(NULL);
}

#define PAIRS_MAX 8

static void add_pairs(const uint64_t (*pair)[2], unsigned n) {
    uint8_t desc[PAIRS_MAX * 16];
    unsigned w = core.words;
    assert_true(n <= PAIRS_MAX);
    for (unsigned i = 0; i < 2 * n; i++) {
        core_put(&core, desc + i * w, pair[i / 2][i & 1], w);
    }
    core_note(&core, NT_AUXV, desc, (size_t)2 * n * w);
}

static void add_auxv(void) {
    static const uint64_t pair[][2] = {{AT_PHDR, 0x1040}, {AT_PHNUM, 7},     {AT_ENTRY, 0x1234},
                                       {AT_PAGESZ, 4096}, {AT_EXECFN, 0x42}, {AT_NULL, 0}};
    add_pairs(pair, sizeof pair / sizeof pair[0]);
}

/* pr_pid stands behind four bytes, a long, and two ids of 2 or 4 bytes. */
static void add_process(size_t size, size_t at) {
    uint8_t desc[136] = {0};
    core_put(&core, desc + at, 4711, 4);
    core_note(&core, NT_PRPSINFO, desc, size);
}

static void add_files(uint64_t count) {
    uint8_t desc[256] = {0};
    unsigned w = core.words;
    static const char name[] = "/nowhere/a\0/nowhere/b";
    const uint64_t row[] = {count, 4096, 0x20000, 0x21000, 0, 0x21000, 0x22000, 1};
    for (unsigned i = 0; i < 8; i++) {
        core_put(&core, desc + i * w, row[i], w);
    }
    memcpy(desc + (size_t)8 * w, name, sizeof name);
    core_note(&core, NT_FILE, desc, (size_t)8 * w + sizeof name);
}

static void reads_every_kind(void **state) {
    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        uint8_t byte[8];
        size_t got;
        start(k);
        add_auxv();
        add_process(k->words == 8 ? 136
                    : i == 3      ? 128
                                  : 124,
                    k->words == 8 ? 24
                    : i == 3      ? 16
                                  : 12);
        add_files(2);
        struct jt_target *t = opened();
        const struct jt_private *p = t->priv;
        assert_int_equal(t->status, JT_NO_JEMALLOC);
        assert_int_equal(p->words, k->words);
        assert_int_equal(p->little_endian, k->little_endian);
        assert_string_equal(jt_machine_name(t), k->name);
        assert_int_equal(t->pid, 4711);
        assert_int_equal(p->phdr, 0x1040);
        assert_int_equal(p->phnum, 7);
        assert_int_equal(p->entry, 0x1234);
        assert_int_equal(p->page_size, 4096);
        assert_int_equal(p->execfn, 0x42);
        assert_int_equal(p->mappings, 2);
        assert_int_equal(p->mapping[1].start, 0x21000);
        assert_int_equal(p->mapping[1].offset, 4096);
        assert_string_equal(p->mapping[1].path, "/nowhere/b");
        assert_int_equal(t->heap.reader.read(t->heap.reader.arg, 0x10005, byte, 5, &got), JH_OK);
        assert_memory_equal(byte, "bytes", 5);
        assert_true(jt_mapped(t, 0x10fff));
        jt_close(t);
    }
}

static void numbers_are_the_targets(void **state) {
    static const uint8_t byte[] = {1, 2, 3, 4, 5, 6, 7, 8};
    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        uint64_t word;
        start(&kinds[i]);
        core_load(&core, 0x30000, byte, sizeof byte);
        struct jt_target *t = opened();
        assert_true(jt_read_word(t, 0x30000, &word));
        assert_int_equal(word, kinds[i].words == 8
                                   ? (kinds[i].little_endian ? UINT64_C(0x0807060504030201)
                                                             : UINT64_C(0x0102030405060708))
                                   : (kinds[i].little_endian ? 0x04030201 : 0x01020304));
        assert_true(jt_read_number(t, 0x30000, 2, &word));
        assert_int_equal(word, kinds[i].little_endian ? 0x0201 : 0x0102);
        assert_false(jt_read_number(t, 0x30000, 9, &word));
        assert_false(jt_read_word(t, 0x30008, &word));
        jt_close(t);
    }
}

/* The stock build of a machine is one that a layout can be made for. */
static void machines_have_a_build(void **state) {
    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        struct jh_build build;
        struct jh_layout layout;
        uint8_t vaddr[JT_LG_VADDRS];
        start(&kinds[i]);
        struct jt_target *t = opened();
        jt_machine_build(t, JH_5_3_0, &build);
        assert_int_equal(build.pointer_size, kinds[i].words);
        assert_int_equal(build.little_endian, kinds[i].little_endian);
        assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
        assert_int_equal(jt_machine_vaddrs(t, vaddr), kinds[i].words == 8 ? 3 : 1);
        assert_int_equal(vaddr[0], build.lg_vaddr);
        jt_close(t);
    }
}

static void headers_that_are_no_machines(void **state) {
    uint8_t header[20] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, [18] = EM_X86_64};
    struct jt_private p = {.words = 4};
    struct jt_target t = {.priv = &p};
    (void)state;
    assert_false(jt_machine_take(&t, header, 0));
    assert_false(jt_machine_take(&t, header, 19));
    for (unsigned at = 0; at < 6; at++) {
        header[at] ^= 0x20;
        assert_false(jt_machine_take(&t, header, 20));
        header[at] ^= 0x20;
    }
    assert_int_equal(p.words, 4);
    assert_int_equal(p.machine, EM_NONE);
    assert_true(jt_machine_take(&t, header, 20));
    assert_int_equal(p.words, 8);
    assert_int_equal(p.machine, EM_X86_64);
}

/* ---- ELF files in memory ----------------------------------------------------------------------
 */

static uint8_t image[4096];

static void put(size_t at, uint64_t value, unsigned size) {
    core_put(&core, image + at, value, size);
}

/* Headers of this width, with a note of a build-id of so many bytes. */
static void put_image(uint8_t words, size_t id) {
    bool wide = words == 8;
    size_t table = wide ? 64 : 52, entry = wide ? 56 : 32, note = 512;
    const uint64_t vaddr[] = {0x400000, 0x400000 + note};
    memset(image, 0, sizeof image);
    memcpy(image, (const uint8_t[]){ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3}, SELFMAG);
    image[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
    put(wide ? 32 : 28, table, words);
    put(wide ? 54 : 42, entry, 2);
    put(wide ? 56 : 44, 2, 2);
    for (unsigned i = 0; i < 2; i++) {
        size_t at = table + i * entry;
        put(at, i == 0 ? PT_LOAD : PT_NOTE, 4);
        put(at + words, i * note, words);
        put(at + 2u * words, vaddr[i], words);
        put(at + 4u * words, 16 + (id + 3) / 4 * 4, words);
    }
    put(note, 4, 4);
    put(note + 4, id, 4);
    put(note + 8, NT_GNU_BUILD_ID, 4);
    memcpy(image + note + 12, "GNU", 4);
    memset(image + note + 16, 0xab, id);
}

/* Of the target's width, with a build-id that is no longer than they are. */
static void build_ids_in_memory(void **state) {
    static const size_t size[][2] = {{20, 20}, {0, 0}, {1, 1}, {64, 64}, {65, 0}};
    (void)state;
    for (unsigned i = 0; i < 5 * KINDS; i++) {
        const struct kind *k = &kinds[i / 5];
        for (unsigned other = 0; other < 2; other++) {
            struct jt_build_id id = {.size = 99};
            start(k);
            put_image(other ? 12 - k->words : k->words, size[i % 5][0]);
            core_load(&core, 0x50000, image, sizeof image);
            struct jt_target *t = opened();
            jt_memory_build_id(t, 0x50000, &id);
            assert_int_equal(id.size, other ? 0 : size[i % 5][1]);
            assert_true(id.size == 0 || id.bytes[id.size - 1] == 0xab);
            jt_close(t);
        }
    }
}

/* Counts and sizes that promise more than there is. */
static void bears_absurd_notes(void **state) {
    static const uint64_t absurd[] = {0, 1, 3, 1000, UINT32_MAX, UINT64_MAX, UINT64_MAX / 24};
    (void)state;
    for (unsigned i = 0; i < KINDS * (sizeof absurd / sizeof absurd[0]); i++) {
        start(&kinds[i % KINDS]);
        add_files(absurd[i / KINDS]);
        struct jt_target *t = opened();
        assert_true(t->priv->mappings <= 2);
        jt_close(t);
    }
    for (size_t cut = 0; cut < 400; cut++) { /* the last note ends anywhere */
        start(&kinds[cut % KINDS]);
        add_auxv();
        add_files(2);
        core.note_len -= cut < core.note_len ? cut : 0;
        jt_close(opened());
    }
    for (unsigned at = 0; at < 12; at++) { /* sizes in the note's own header */
        for (unsigned i = 0; i < KINDS; i++) {
            start(&kinds[i]);
            add_files(2);
            core.note[at] = 0xff;
            jt_close(opened());
        }
    }
}

/* Ten thousand headers that name the same notes are not ten thousand notes. */
static void notes_are_read_once(void **state) {
    (void)state;
    start(&kinds[2]);
    for (unsigned i = 0; i < 30; i++) {
        add_files(2);
    }
    core.note_segments = 10000;
    struct jt_target *t = opened();
    assert_true(t->priv->mappings < 20000); /* not 600000 */
    jt_close(t);
}

static char own[4096]; /* this program: a file to be found */

/* A library of another machine under the name that the core gives is not taken for the target's. */
static void files_of_other_machines_are_none(void **state) {
    (void)state;
    start(&kinds[2]);
    core_note_file(&core, 0x20000, 0x21000, own);
    struct jt_target *t = opened();
    assert_int_equal(t->modules, 1);
    assert_null(t->module[0].elf);
    assert_int_equal(t->module[0].state, JT_FILE_MISSING);
    jt_close(t);
}

static struct kind own_kind(void) {
    struct kind k = {EM_X86_64, 8, true, ""};
#ifdef __aarch64__
    k.machine = EM_AARCH64;
#endif
    return k;
}

/* Nor is a program that only the width or the byte order tells from the target's. Where there is no
 * such machine it is the core that is wrong, and not the file. */
static void programs_of_other_machines(void **state) {
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct kind k = own_kind();
        bool none = i == 2 || i == 3 || (i == 1 && k.machine == EM_AARCH64);
        k.words = i == 1 ? 4 : k.words;
        k.little_endian = i != 2 && i != 4;
        k.machine = i >= 3 ? EM_S390 : k.machine;
        start(&k);
        struct jt_target *t = opened_with_exe(own);
        assert_int_equal(t->status, i == 0 ? JT_NO_JEMALLOC : none ? JT_UNREADABLE : JT_USAGE);
        assert_int_equal(strstr(t->error, "not an ELF file for this machine") != NULL,
                         (i == 1 || i == 4) && !none);
        assert_int_equal(strstr(t->error, "names a machine that is not known") != NULL, none);
        jt_close(t);
    }
}

/* ---- where the program was loaded ------------------------------------------------------------ */

/* One AT_ value and the end. */
static void add_aux(uint64_t type, uint64_t value) {
    const uint64_t pair[][2] = {{type, value}, {AT_NULL, 0}};
    add_pairs(pair, 2);
}

static void start_own_kind(void) {
    struct kind k = own_kind();
    start(&k);
}

/* Not by the core: then symbols have no addresses. By where the program starts: then they have. */
static void programs_that_move(void **state) {
    Elf64_Ehdr header;
    (void)state;
    FILE *file = fopen(own, "rb");
    assert_non_null(file);
    assert_int_equal(fread(&header, sizeof header, 1, file), 1);
    fclose(file);
    if (header.e_type != ET_DYN || sizeof(void *) != 8) {
        skip();
    }
    start_own_kind();
    struct jt_target *t = opened_with_exe(own);
    assert_int_equal(t->status, JT_NO_JEMALLOC);
    assert_non_null(strstr(t->error, "does not tell where"));
    assert_non_null(strstr(t->warning[0], "its symbols are not used"));
    jt_close(t);
    start_own_kind();
    add_aux(AT_ENTRY, 0x7f0000000000 + header.e_entry);
    t = opened_with_exe(own);
    assert_int_equal(t->modules, 1);
    assert_true(t->module[0].main);
    assert_int_equal(t->module[0].bias, 0x7f0000000000);
    assert_int_equal(t->module[0].start, 0x7f0000000000);
    jt_close(t);
}

/* The core names files, but none that the program could be. */
static void programs_that_are_not_named(void **state) {
    (void)state;
    start_own_kind();
    add_files(2);
    struct jt_target *t = opened_with_exe(own);
    assert_string_equal(t->module[t->modules - 1].file, own);
    assert_true(t->module[t->modules - 1].main);
    jt_close(t);
}

/* The core names nothing but the program, by the name that it was called by. */
static void programs_by_their_name(void **state) {
    static const struct {
        const char *name, *error;
        size_t modules;
    } row[] = {{"/nowhere/prog", "the program of this target, /nowhere/prog, is not here", 1},
               {"prog", "no program is known", 0}, /* in a folder that nobody knows */
               {"", "no program is known", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        start_own_kind();
        add_aux(AT_EXECFN, 0x40000);
        core_load(&core, 0x40000, row[i].name, strlen(row[i].name) + 1);
        struct jt_target *t = opened();
        assert_int_equal(t->status, JT_NO_JEMALLOC);
        assert_non_null(strstr(t->error, row[i].error));
        assert_int_equal(t->modules, row[i].modules);
        if (t->modules != 0) {
            assert_string_equal(t->module[0].path, row[i].name);
            assert_int_equal(t->module[0].state, JT_FILE_MISSING);
        }
        jt_close(t);
    }
}

/* ---- ELF files of our own ---------------------------------------------------------------------
 */

#define AT 0x10000 /* where its bytes want to be */

static struct elf {
    Elf64_Ehdr header;
    Elf64_Phdr ph[2];
    struct {
        Elf64_Nhdr header;
        char owner[4];
        uint8_t id[20];
    } note;
} elf;
static char elf_path[64];

/* With a build-id of so many bytes; type ET_DYN: it may be moved. */
static void elf_start(uint16_t type, uint32_t id) {
    start_own_kind();
    memset(&elf, 0, sizeof elf);
    elf.header = (Elf64_Ehdr){.e_type = type,
                              .e_machine = core.machine,
                              .e_version = EV_CURRENT,
                              .e_ehsize = sizeof elf.header,
                              .e_phoff = offsetof(struct elf, ph),
                              .e_phnum = 2,
                              .e_phentsize = sizeof elf.ph[0]};
    memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
    elf.header.e_ident[EI_CLASS] = ELFCLASS64;
    elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.header.e_ident[EI_VERSION] = EV_CURRENT;
    size_t at = offsetof(struct elf, note), size = sizeof elf.note.header + 4 + id;
    elf.ph[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_vaddr = AT, .p_filesz = sizeof elf, .p_memsz = sizeof elf};
    elf.ph[1] = (Elf64_Phdr){.p_type = id == 0 ? PT_NULL : PT_NOTE,
                             .p_offset = at,
                             .p_vaddr = AT + at,
                             .p_filesz = size,
                             .p_memsz = size};
    elf.note.header = (Elf64_Nhdr){4, id, NT_GNU_BUILD_ID};
    memcpy(elf.note.owner, "GNU", 4);
    memset(elf.note.id, 7, sizeof elf.note.id);
}

static void elf_save(void) {
    FILE *file = fopen(elf_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(&elf, sizeof elf, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

/* A library whose build-id is another, or of another length, since. */
static void libraries_of_another_build(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static struct elf was;
        elf_start(ET_DYN, i == 1 ? 16 : 20);
        was = elf;
        elf_start(ET_DYN, 20);
        elf.note.id[19] = i == 0 ? 8 : 7;
        elf_save();
        core_load(&core, 0x30000, &was, sizeof was);
        core_note_file(&core, 0x30000, 0x31000, elf_path);
        struct jt_target *t = opened();
        assert_int_equal(t->modules, 1);
        assert_false(t->module[0].main);
        assert_int_equal(t->module[0].state, i < 2 ? JT_FILE_DIFFERS : JT_FILE_SAME);
        assert_int_equal(t->status, i < 2 ? JT_WRONG_FILE : JT_NO_JEMALLOC);
        assert_non_null(strstr(t->error, i < 2 ? "jemalloc may be in it" : "none of its modules"));
        jt_close(t);
    }
}

/* Where it starts and how many headers it has must be what the core says. */
static void programs_with_other_headers(void **state) {
    static const struct {
        uint64_t entry, phnum;
        enum jt_status status;
    } row[] = {{0x1234, 2, JT_NO_JEMALLOC}, {0x1234, 3, JT_WRONG_FILE}, {0x1238, 2, JT_WRONG_FILE}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        elf_start(ET_EXEC, 0);
        elf.header.e_entry = 0x1234;
        elf_save();
        const uint64_t pair[][2] = {{AT_ENTRY, row[i].entry}, {AT_PHNUM, row[i].phnum}};
        add_pairs(pair, 2);
        struct jt_target *t = opened_with_exe(elf_path);
        assert_int_equal(t->status, row[i].status);
        assert_int_equal(t->modules, 1);
        assert_true(t->module[0].main);
        if (row[i].status == JT_WRONG_FILE) {
            assert_non_null(strstr(t->error, "its entry point or its program headers differ"));
        } else { /* it cannot be moved */
            assert_int_equal(t->module[0].bias, 0);
            assert_int_equal(t->module[0].start, AT);
        }
        jt_close(t);
    }
}

/* What has nothing that is loaded, as an object file, is no program that was running. */
static void programs_without_memory(void **state) {
    (void)state;
    elf_start(ET_REL, 0);
    elf.ph[0].p_type = PT_NULL;
    elf_save();
    struct jt_target *t = opened_with_exe(elf_path);
    assert_int_equal(t->status, JT_WRONG_FILE);
    assert_int_equal(t->modules, 1);
    assert_int_equal(t->module[0].start, 0);
    jt_close(t);
}

/* The core does not tell where the program was loaded. One that cannot be moved is where it has to
 * be; one that its build-id proves to be there as well. */
static void programs_that_stay(void **state) {
    static const struct {
        uint16_t type;
        bool proven, used;
    } row[] = {{ET_EXEC, false, true}, {ET_DYN, true, true}, {ET_DYN, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        elf_start(row[i].type, 20);
        if (!row[i].proven) {
            elf.ph[1].p_type = PT_INTERP; /* no library */
        }
        elf_save();
        core.loads = 0;
        if (row[i].proven) {
            core_load(&core, AT, &elf, sizeof elf);
        } else {
            core_load(&core, 0x50000, "x", 1);
        }
        struct jt_target *t = opened_with_exe(elf_path);
        const struct jt_module *main = &t->module[t->modules - 1];
        assert_true(main->main != row[i].proven); /* what is seen in memory may be a library */
        assert_int_equal(main->elf != NULL, row[i].used);
        if (row[i].used) {
            assert_int_equal(main->bias, 0);
            assert_int_equal(main->state, row[i].proven ? JT_FILE_SAME : JT_FILE_UNPROVEN);
        } else {
            assert_non_null(strstr(t->warning[0], "its symbols are not used"));
        }
        jt_close(t);
    }
}

/* The program's name has no end. */
static void names_without_end(void **state) {
    static char name[16384];
    (void)state;
    memset(name, '/', sizeof name);
    start_own_kind();
    add_aux(AT_EXECFN, 0x40000);
    core_load(&core, 0x40000, name, sizeof name);
    struct jt_target *t = opened();
    assert_int_equal(t->modules, 0);
    jt_close(t);
}

/* The starts of so many files, a MiB from one another. */
static void put_starts(uint64_t (*piece)[3], size_t count) {
    for (size_t i = 0; i < count; i++) {
        piece[i][0] = 0x100000 * (i + 1);
        piece[i][1] = piece[i][0] + 0x1000;
    }
}

/* A file that is mapped again and again is opened a few times only. */
static void files_that_are_mapped_often(void **state) {
    uint64_t piece[8][3] = {{0}};
    size_t opened_files = 0;
    (void)state;
    start_own_kind();
    put_starts(piece, 8);
    core_note_pieces(&core, piece, 8, own);
    struct jt_target *t = opened();
    assert_int_equal(t->modules, 8);
    for (size_t i = 0; i < t->modules; i++) {
        opened_files += t->module[i].elf != NULL;
    }
    assert_int_equal(opened_files, 4);
    jt_close(t);
}

/* By as many names as there are modules: what counts is which file it is. */
static void a_file_of_many_names(void **state) {
    char name[8][4096 + 16];
    size_t opened_files = 0;
    (void)state;
    start_own_kind();
    for (unsigned i = 0; i < 8; i++) {
        snprintf(name[i], sizeof name[i], "/%.*s%s", (int)i, "././././.", own);
        core_note_file(&core, 0x100000 * (i + 1), 0x100000 * (i + 1) + 0x1000, name[i]);
    }
    struct jt_target *t = opened();
    assert_int_equal(t->modules, 8);
    for (size_t i = 0; i < t->modules; i++) {
        opened_files += t->module[i].elf != NULL;
        assert_int_equal(t->module[i].unopened, i >= 4);
    }
    assert_int_equal(opened_files, 4);
    assert_non_null(strstr(t->error, "file.search-limit: "));
    jt_close(t);
}

/* ---- files that were loaded, and files that were mapped to be read ----------------------------
 */

static void add_load(uint64_t addr, uint64_t memsz, uint32_t flags) {
    core_load(&core, addr, "", 0);
    core.load[core.loads - 1].memsz = memsz;
    core.load[core.loads - 1].flags = flags;
}

static void what_was_loaded_has_code(void **state) {
    static const uint64_t near[2][3] = {{0x30000, 0x31000, 0}, {0x31000, 0x33000, 1}};
    static const uint64_t far[2][3] = {{0x30000, 0x31000, 0}, {0x33000, 0x34000, 3}};
    static const struct {
        const uint64_t (*piece)[3];
        size_t pieces;
        uint64_t named; /* bytes behind the first piece that have a header, with these flags */
        uint32_t flags;
        bool told; /* some other code has a header */
        size_t loaded;
    } cases[] = {
        {near, 2, 0x2000, PF_X, true, 1}, /* a kernel's core */
        {near, 2, 0, 0, true, 1},         /* a debugger's: code is left out */
        {near, 2, 0x2000, 0, true, 0},    /* read in two pieces */
        {near, 1, 0, 0, true, 0},         /* in one */
        {near, 2, 0x2000, 0, false, 1},   /* nothing tells what is code */
        {far, 2, 0x2000, PF_X, true, 1},  /* code that was moved to memory of no file */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        elf_start(ET_DYN, 20);
        elf.ph[0].p_memsz = 0x4000;
        elf_save();
        core_load(&core, 0x30000, &elf, sizeof elf);
        core.load[core.loads - 1].memsz = 4096;
        add_load(0x31000, cases[i].named, cases[i].flags);
        add_load(0x50000, 4096, cases[i].told ? PF_X : 0);
        core_note_pieces(&core, cases[i].piece, cases[i].pieces, elf_path);
        struct jt_target *t = opened();
        assert_int_equal(t->modules, cases[i].loaded);
        jt_close(t);
    }
}

/* A core that does not tell what is code, as debuggers write them: a file that is loaded in two
 * pieces was only read where it is mapped in one. */
static void one_piece_of_two(void **state) {
    static const uint64_t piece[1][3] = {{0x30000, 0x33000, 0}};
    (void)state;
    for (unsigned loads = 1; loads <= 2; loads++) {
        elf_start(ET_DYN, 0);
        elf.ph[0].p_memsz = 0x1000;
        if (loads == 2) {
            elf.ph[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = AT + 0x1000, .p_memsz = 0x1000};
        }
        elf_save();
        core_load(&core, 0x30000, &elf, sizeof elf);
        core_note_pieces(&core, piece, 1, elf_path);
        struct jt_target *t = opened();
        assert_int_equal(t->modules, loads == 1);
        jt_close(t);
    }
}

/* A program that maps a part of its own file once more, far away: what lies between is not its own.
 * With the headers in memory, and without. */
static void modules_are_ranges(void **state) {
    static const uint64_t piece[4][3] = {{0x30000, 0x31000, 0},
                                         {0x31000, 0x33000, 1},
                                         {0x36000, 0x37000, 4},
                                         {0x7000000, 0x7001000, 1}};
    (void)state;
    for (unsigned seen = 0; seen < 2; seen++) {
        elf_start(ET_DYN, 20);
        elf.ph[0].p_memsz = 0x2000;
        elf_save();
        core_load(&core, 0x30000, &elf, seen != 0 ? sizeof elf : 0);
        core.load[core.loads - 1].memsz = 0x1000;
        add_load(0x31000, 0x2000, PF_X);
        add_load(0x36000, 0x1000, 0);
        add_load(0x1000000, 0x1000, 0);
        add_load(0x7000000, 0x1000, PF_X);
        core_note_pieces(&core, piece, 4, elf_path);
        struct jt_target *t = opened();
        assert_int_equal(t->modules, 1);
        const struct jt_module *m = &t->module[0];
        assert_true(m->start == 0x30000 && m->end == (seen != 0 ? 0x33000 : 0x37000));
        assert_int_equal(m->ranges, seen != 0 ? 1 : 2);
        assert_ptr_equal(jt_module_at(t, 0x32fff), m);
        assert_ptr_equal(jt_module_at(t, 0x36000), seen != 0 ? NULL : m);
        assert_null(jt_module_at(t, 0x33000));
        assert_null(jt_module_at(t, 0x1000000));
        assert_null(jt_module_at(t, 0x7000000));
        jt_close(t);
    }
}

/* ---- FreeBSD --------------------------------------------------------------------------------- */

/* An entry of its list of mappings, as its kernel packs them; so many bytes of it. */
static size_t put_entry(uint8_t *at, uint64_t start, uint64_t end, uint32_t may, const char *name,
                        size_t size) {
    memset(at, 0, 136);
    core_put(&core, at, size, 4);
    core_put(&core, at + 8, start, 8);
    core_put(&core, at + 16, end, 8);
    core_put(&core, at + 24, start - 0x20000, 8);
    core_put(&core, at + 56, may, 4);
    memcpy(at + 136, name, strlen(name) + 1);
    return size;
}

static struct jt_target *beast(const uint8_t *map, size_t size) {
    uint8_t process[1092] = {0}, auxv[4 + 7 * 16] = {0};
    const uint64_t pair[7][2] = {{AT_PHDR, 1},  {AT_PHNUM, 2}, {AT_PAGESZ, 4096},
                                 {AT_ENTRY, 3}, {15, 0x30000}, {AT_EXECFN, 0x40000},
                                 {AT_NULL, 0}};
    start_own_kind();
    core.system = ELFOSABI_FREEBSD;
    core_load(&core, 0x30000, "/nowhere/beast", 15);
    for (size_t i = 0; i < 14; i++) {
        core_put(&core, auxv + 4 + 8 * i, pair[i / 2][i % 2], 8);
    }
    core_put(&core, process + 4 + 72, 4711, 4);
    core_note_of(&core, "FreeBSD", 8, process, sizeof process);
    core_note_of(&core, "FreeBSD", 8, process, 79); /* cut off: nothing is taken */
    core_note_of(&core, "FreeBSD", 10, map, size);
    core_note_of(&core, "FreeBSD", 16, auxv, sizeof auxv);
    core_note_of(&core, "FreeBSD", 16, auxv, 3);
    core_note_of(&core, "FreeBSD", 99, auxv, 4);
    return opened();
}

static void cores_of_freebsd(void **state) {
    static uint8_t map[4096];
    struct jh_build build;
    size_t at = 4;
    (void)state;
    at += put_entry(map + at, 0x20000, 0x21000, 1, "/nowhere/lib.so", 152);
    at += put_entry(map + at, 0x21000, 0x23000, 5, "/nowhere/lib.so", 152);
    at += put_entry(map + at, 0x23000, 0x24000, 3, "", 144);
    at += put_entry(map + at, 0x25000, 0x25000, 3, "", 144);
    at += put_entry(map + at, 0x26000, 0x27000, 3, "12345678", 144); /* a path without end */
    size_t whole = at;
    (void)put_entry(map + at, 0x28000, 0x29000, 3, "", 4096); /* longer than the note */
    struct jt_target *t = beast(map, whole + 144);
    assert_int_equal(t->pid, 4711);
    assert_int_equal(t->priv->mappings, 3);
    assert_true(t->priv->mapping[1].readable && !t->priv->mapping[1].writable);
    assert_true(t->priv->mapping[2].writable && t->priv->mapping[2].path[0] == 0);
    assert_true(t->priv->code.count == 1 && t->priv->code.range[0].start == 0x21000);
    assert_true(t->priv->entry == 3 && t->priv->execfn == 0x30000);
    assert_int_equal(t->modules, 1);
    assert_true(t->module[0].start == 0x20000 && t->module[0].end == 0x23000);
    jt_machine_build(t, JH_5_2_1, &build);
    assert_int_equal(build.pthread_mutex_size, 16);
    jt_close(t);
    put_entry(map + whole, 0x28000, 0x29000, 3, "", 136); /* no room for a path */
    t = beast(map, whole + 144);
    assert_int_equal(t->priv->mappings, 3);
    jt_close(t);
    t = beast(map, 4 + 136);
    assert_int_equal(t->priv->mappings, 0);
    jt_close(t);
}

static void devices_are_no_files(void **state) {
    static const char *const name[] = {"/dev/zero", "/dev/shm/file", "/dev", "file"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        start_own_kind();
        core_note_file(&core, 0x20000, 0x21000, name[i]);
        struct jt_target *t = opened();
        assert_int_equal(t->modules, i == 1 || i == 2);
        jt_close(t);
    }
}

/* Only the first 1024 are looked at, which is said. */
static void more_files_than_there_may_be(void **state) {
    static uint64_t piece[JT_MODULES_MAX + 1][3];
    (void)state;
    for (size_t count = JT_MODULES_MAX; count <= JT_MODULES_MAX + 1; count++) {
        bool warned = false;
        start_own_kind();
        put_starts(piece, count);
        core_note_pieces(&core, (const uint64_t(*)[3])piece, count, "/nowhere/file");
        struct jt_target *t = opened();
        assert_int_equal(t->modules, JT_MODULES_MAX);
        for (size_t i = 0; i < t->warnings; i++) {
            warned |= strstr(t->warning[i], "more than 1024 files are mapped") != NULL;
        }
        assert_int_equal(warned, count > JT_MODULES_MAX);
        jt_close(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(numbers_are_the_targets),
        cmocka_unit_test(machines_have_a_build),
        cmocka_unit_test(bears_absurd_notes),
        cmocka_unit_test(notes_are_read_once),
        cmocka_unit_test(files_of_other_machines_are_none),
        cmocka_unit_test(programs_that_move),
        cmocka_unit_test(programs_that_are_not_named),
        cmocka_unit_test(names_without_end),
        cmocka_unit_test(a_file_of_many_names),
        cmocka_unit_test(files_that_are_mapped_often),
        cmocka_unit_test(what_was_loaded_has_code),
        cmocka_unit_test(one_piece_of_two),
        cmocka_unit_test(modules_are_ranges),
        cmocka_unit_test(cores_of_freebsd),
        cmocka_unit_test(devices_are_no_files),
        cmocka_unit_test(more_files_than_there_may_be),
        cmocka_unit_test(headers_that_are_no_machines),
        cmocka_unit_test(build_ids_in_memory),
        cmocka_unit_test(programs_of_other_machines),
        cmocka_unit_test(programs_by_their_name),
        cmocka_unit_test(libraries_of_another_build),
        cmocka_unit_test(programs_with_other_headers),
        cmocka_unit_test(programs_that_stay),
        cmocka_unit_test(programs_without_memory),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-words-%d", (int)getpid());
    snprintf(elf_path, sizeof elf_path, "/tmp/jeheap-elf-%d", (int)getpid());
    if (readlink("/proc/self/exe", own, sizeof own - 1) < 0) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    unlink(elf_path);
    return failed != 0;
}
