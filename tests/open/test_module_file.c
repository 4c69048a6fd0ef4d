/* Files of modules: which one --exe is for, and what speaks against a file. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_file.h"
#include "open/inside.h"

#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif
#define AT 0x10000 /* where its bytes want to be */
#define MANY 130   /* more headers than are looked at */

static struct elf {
    Elf64_Ehdr header;
    Elf64_Phdr ph[MANY];
    struct {
        Elf64_Nhdr header;
        char owner[4];
        uint8_t id[20];
    } note;
    Elf64_Shdr section[2];
    Elf64_Dyn dynamic[2];
} elf;

static char core_path[64], elf_path[64];
static struct core_file core;

/* A library that loads all of itself once. */
static void start(void) {
    core_start(&core, EM_X86_64, 8, true);
    memset(&elf, 0, sizeof elf);
    elf.header = (Elf64_Ehdr){.e_type = ET_DYN,
                              .e_machine = EM_X86_64,
                              .e_version = EV_CURRENT,
                              .e_ehsize = sizeof elf.header,
                              .e_phoff = offsetof(struct elf, ph),
                              .e_phnum = 3,
                              .e_phentsize = sizeof elf.ph[0]};
    memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
    elf.header.e_ident[EI_CLASS] = ELFCLASS64;
    elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.header.e_ident[EI_VERSION] = EV_CURRENT;
    elf.ph[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_vaddr = AT, .p_filesz = sizeof elf, .p_memsz = sizeof elf};
}

static void build_id(void) {
    size_t at = offsetof(struct elf, note);
    elf.ph[1] = (Elf64_Phdr){.p_type = PT_NOTE,
                             .p_offset = at,
                             .p_vaddr = AT + at,
                             .p_filesz = sizeof elf.note,
                             .p_memsz = sizeof elf.note};
    elf.note.header = (Elf64_Nhdr){4, sizeof elf.note.id, NT_GNU_BUILD_ID};
    memcpy(elf.note.owner, "GNU", 4);
    memset(elf.note.id, 7, sizeof elf.note.id);
}

static void dynamic(Elf64_Sxword tag, Elf64_Xword value) {
    elf.header.e_shoff = offsetof(struct elf, section);
    elf.header.e_shnum = 2;
    elf.header.e_shentsize = sizeof elf.section[0];
    elf.section[1] = (Elf64_Shdr){.sh_type = SHT_DYNAMIC,
                                  .sh_offset = offsetof(struct elf, dynamic),
                                  .sh_size = sizeof elf.dynamic,
                                  .sh_entsize = sizeof elf.dynamic[0]};
    elf.dynamic[0].d_tag = tag;
    elf.dynamic[0].d_un.d_val = value;
}

static void save(void) {
    FILE *file = fopen(elf_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(&elf, sizeof elf, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static struct jt_target *opened(const char *exe) {
    struct jt_target *target;
    struct jt_options options = {.target = core_path, .exe = exe};
    core_save(&core, core_path);
    enum jt_status status = jt_open(&options, &target);
    assert_non_null(target);
    assert_int_equal(target->status, status);
    return target;
}

/* The module's memory is that of elf as it is now. */
static void map(const char *name) {
    static const uint64_t piece[2][3] = {{0x30000, 0x32000, 0}, {0x32000, 0x33000, 2}};
    static struct elf was;
    was = elf;
    core_load(&core, 0x30000, &was, sizeof was);
    core.load[core.loads - 1].flags = PF_X;
    core_note_pieces(&core, piece, 2, name);
}

/* Headers are compared where no build-id is; beyond the 128th none is looked at. */
static void headers_that_are_others(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        start();
        if (i == 3) {
            build_id();
        }
        if (i == 1) { /* one more piece was running */
            elf.ph[1] = elf.ph[0];
            elf.ph[1].p_vaddr += sizeof elf;
        }
        map(elf_path);
        elf.ph[1].p_type = PT_NULL; /* the file has no build-id, whatever ran */
        elf.header.e_phnum = i == 2 ? MANY : 3;
        save();
        struct jt_target *t = opened(NULL);
        assert_int_equal(t->modules, 1);
        assert_int_equal(t->module[0].state, i == 1 ? JT_FILE_DIFFERS : JT_FILE_UNPROVEN);
        assert_int_equal(t->module[0].memory_id.size, i == 3 ? 20 : 0);
        jt_close(t);
    }
}

/* What is linked statically and can be moved looks like a library, but for one flag. */
static void programs_that_look_like_libraries(void **state) {
    static const struct {
        Elf64_Sxword tag;
        Elf64_Xword value;
        bool program;
    } row[] = {{DT_FLAGS_1, DF_1_PIE, true}, {DT_FLAGS_1, 1, false}, {DT_DEBUG, 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        start();
        map("/nowhere/a.so");
        dynamic(row[i].tag, row[i].value);
        save();
        struct jt_target *t = opened(elf_path);
        bool refused = false;
        for (size_t k = 0; k < t->warnings; k++) {
            refused |= strstr(t->warning[k], "it is a library, and no module") != NULL &&
                       strstr(t->warning[k], "has its name") != NULL;
        }
        assert_int_equal(refused, !row[i].program);
        jt_close(t);
    }
}

/* By its name, which may have no folder. */
static void libraries_by_their_names(void **state) {
    char path[128];
    (void)state;
    const char *own = strrchr(elf_path, '/') + 1;
    for (size_t i = 0; i < 3; i++) {
        start();
        snprintf(path, sizeof path, "/nowhere/%s", own);
        path[strlen(path) - 1] = i == 1 ? 'x' : 'f'; /* ".elf" */
        map(path);
        save();
        assert_int_equal(chdir("/tmp"), 0);
        struct jt_target *t = opened(i == 2 ? own : elf_path);
        assert_int_equal(t->modules, 1);
        assert_int_equal(t->module[0].asked, i != 1);
        assert_int_equal(t->module[0].elf != NULL, i != 1);
        jt_close(t);
    }
}

/* Names that no file has: too long to be one, or of none that is here. */
static void names_that_are_too_long(void **state) {
    static char name[3 * 4096];
    (void)state;
    start();
    memset(name, '/', sizeof name - 1);
    map(name);
    struct jt_target *t = opened(NULL);
    assert_int_equal(t->modules, 1);
    assert_int_equal(t->module[0].state, JT_FILE_MISSING);
    jt_close(t);
}

/* Parts that the file does not have; nothing of them is in memory. */
static void parts_that_are_not_in_the_file(void **state) {
    (void)state;
    start();
    build_id();
    elf.header.e_phnum = 5;
    elf.ph[2] = elf.ph[3] = elf.ph[4] = elf.ph[0];
    elf.ph[2].p_offset = UINT64_C(1) << 40;
    elf.ph[3].p_filesz = UINT64_C(1) << 40;
    elf.ph[4].p_flags = PF_W;
    for (unsigned i = 2; i < 5; i++) {
        elf.ph[i].p_vaddr += 0x10000 * i;
        elf.ph[i].p_offset += 8;
    }
    map(elf_path);
    save();
    struct jt_target *t = opened(NULL);
    assert_int_equal(t->modules, 1);
    assert_int_equal(t->module[0].memory_id.size, 20);
    assert_int_equal(t->module[0].file_id.size, 20);
    assert_int_equal(t->module[0].state, JT_FILE_SAME);
    assert_int_equal(t->priv->segments, 1);
    jt_close(t);
}

/* Memory of no file lies between a file's pieces. */
static void what_lies_between(void **state) {
    static const uint64_t piece[2][3] = {{0x30000, 0x32000, 0}, {0x36000, 0x37000, 2}};
    (void)state;
    start();
    elf.ph[0].p_memsz = 0x2000;
    elf.ph[1] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_offset = 0x2000, .p_vaddr = AT + 0x6000, .p_memsz = 0x1000};
    save();
    core_load(&core, 0x30000, &elf, sizeof elf);
    core_note_pieces(&core, &piece[0], 1, elf_path);
    core_note_file(&core, 0x33000, 0x34000, "anonymous");
    core_note_pieces(&core, &piece[1], 1, elf_path);
    struct jt_target *t = opened(NULL);
    assert_int_equal(t->modules, 1);
    assert_null(jt_module_at(t, 0x33000));
    assert_ptr_equal(jt_module_at(t, 0x36000), &t->module[0]);
    jt_close(t);
}

/* Nothing tells where the program was loaded, but it is where it wants to be, as its build-id says.
 */
static void a_program_that_stayed(void **state) {
    (void)state;
    start();
    build_id();
    elf.ph[2].p_type = PT_INTERP;
    save();
    core_load(&core, AT, &elf, sizeof elf);
    core_note_file(&core, 0x70000, 0x71000, "/nowhere/other");
    struct jt_target *t = opened(elf_path);
    const struct jt_module *main = &t->module[t->modules - 1];
    assert_true(main->main && main->elf != NULL);
    assert_int_equal(main->state, JT_FILE_SAME);
    jt_close(t);
}

/* Two files of a jemalloc, of which nothing proves that they are the right ones. */
static void files_that_nothing_proves(void **state) {
    static const char version[] = "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c";
    (void)state;
    start();
    memcpy(&elf.ph[10], version, sizeof version);
    save();
    map(elf_path);
    core_note_file(&core, 0x50000, 0x51000, elf_path);
    core_load(&core, 0x50000, "", 0);
    core.load[core.loads - 1].memsz = 0x1000;
    core.load[core.loads - 1].flags = PF_X;
    struct jt_target *t = opened(NULL);
    assert_int_equal(t->modules, 2);
    (void)jt_modules_doubt(t);
    assert_int_equal(t->module[0].state, JT_FILE_DIFFERS);
    assert_int_equal(t->module[1].state, JT_FILE_DIFFERS);
    assert_null(jt_modules_doubt(t));
    jt_close(t);
}

/* An owner of as many letters. */
static void notes_of_nobody(void **state) {
    uint8_t desc[64] = {0};
    (void)state;
    start();
    core_load(&core, 0x30000, "x", 1);
    core_note_of(&core, "FreeBSX", 8, desc, sizeof desc);
    core_note(&core, NT_PRPSINFO, desc, sizeof desc); /* cut off */
    struct jt_target *t = opened(NULL);
    assert_int_equal(t->pid, 0);
    jt_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_that_are_others),
        cmocka_unit_test(programs_that_look_like_libraries),
        cmocka_unit_test(libraries_by_their_names),
        cmocka_unit_test(names_that_are_too_long),
        cmocka_unit_test(parts_that_are_not_in_the_file),
        cmocka_unit_test(what_lies_between),
        cmocka_unit_test(a_program_that_stayed),
        cmocka_unit_test(files_that_nothing_proves),
        cmocka_unit_test(notes_of_nobody),
    };
    snprintf(core_path, sizeof core_path, "/tmp/jeheap-module-%d.core", (int)getpid());
    snprintf(elf_path, sizeof elf_path, "/tmp/jeheap-module-%d.elf", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(core_path);
    (void)unlink(elf_path);
    return failed != 0;
}
