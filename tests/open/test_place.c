/* What an address is that is not jemalloc's: mappings, sections, symbols and threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "blank_target.h"
#include "fail_memory.h"
#include "made_elf.h"
#include "open/inside.h"

#define BIAS UINT64_C(0x10000)

static struct jt_private priv;
static struct jt_layers layers;
static struct jt_target target;

static int start(void **state) {
    (void)state;
    blank_target(&target, &priv, &layers);
    priv.machine = EM_X86_64;
    priv.base->done = true;
    target.heap.layout = &target.layout;
    target.kind = JT_PROCESS;
    return 0;
}

/* ---- sections and symbols ------------------------------------------------------------------- */

enum { TEXT = 0x100, DATA = 0x180, END = 0x200 }; /* where sections are; the file is longer */

/* .text and .data, and a table of symbols of which the types are given too. */
static struct made_elf made(uint32_t table, const struct made_symbol *symbol, size_t count) {
    struct made_elf f = {.sections = 0};
    static const char *const name[] = {".comment", ".text", ".data"};
    for (unsigned i = 0; i < 3; i++) {
        struct made_section *s = made_add(&f, name[i], SHT_PROGBITS);
        s->flags = i == 0 ? 0 : SHF_ALLOC;
        attack_fill(&s->bytes, 0x80, "", 1);
    }
    if (table != 0) {
        made_symbols(&f, table, symbol, count);
    }
    return f;
}

static struct jt_elf *opened(struct made_elf *f, void (*bend)(Elf64_Ehdr *, Elf64_Shdr *)) {
    struct attack_bytes b = made_build(f);
    Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)b.at;
    Elf64_Shdr *sh = (Elf64_Shdr *)(void *)(b.at + h->e_shoff);
    sh[2].sh_addr = TEXT;
    sh[3].sh_addr = DATA;
    if (bend != NULL) {
        bend(h, sh);
    }
    struct jt_elf *elf = jt_elf_bytes(b.at, b.len);
    assert_non_null(elf);
    free(b.at);
    return elf;
}

static struct jt_place nearest(struct jt_elf *elf, uint64_t vaddr) {
    struct jt_module m = {.elf = elf, .bias = BIAS};
    struct jt_place place = {.what = JT_IN_NOTHING};
    assert_true(jt_nearest(&target, &m, BIAS + vaddr, &place));
    return place;
}

static void is(struct jt_elf *elf, uint64_t vaddr, const char *section, const char *symbol) {
    struct jt_place place = nearest(elf, vaddr);
    assert_string_equal(place.section, section);
    assert_string_equal(place.symbol, symbol);
}

static const struct made_symbol symbols[] = {
    {"larger", TEXT + 16, 32}, {"b", TEXT + 32, 8},  {"a", TEXT + 32, 8}, {"last", TEXT + 64, 8},
    {"small", TEXT + 16, 8},   {"unnamed", DATA, 8}, {"hidden", DATA, 8}};
enum { SYMBOLS = sizeof symbols / sizeof symbols[0] };

static void the_nearest_symbol_of_the_same_section(void **state) {
    (void)state;
    struct made_elf f = made(SHT_SYMTAB, symbols, SYMBOLS);
    Elf64_Sym *sym = (Elf64_Sym *)(void *)f.section[4].bytes.at;
    sym[2].st_info = sym[3].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    sym[4].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
    sym[6].st_name = 0x10000;
    sym[7].st_shndx = SHN_UNDEF;
    struct jt_elf *elf = opened(&f, NULL);
    is(elf, TEXT, ".text", "");
    is(elf, TEXT + 20, ".text", "larger");
    is(elf, TEXT + 33, ".text", "b");
    is(elf, TEXT + 127, ".text", "last");
    is(elf, DATA + 8, ".data", ""); /* what is in front is in another section */
    is(elf, END, "", "last");
    assert_int_equal(nearest(elf, TEXT + 68).symbol_offset, 4);
    struct jt_module m = {.elf = elf};
    struct jt_place place = {.what = JT_IN_NOTHING};
    assert_false(jt_nearest(&target, &m, 1 << 20, &place));
    jt_elf_close(elf);
}

static void no_entries(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[4].sh_entsize = 0;
}
static void short_entries(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[4].sh_entsize = 8; /* so that there seem to be more */
}
static void beyond_the_file(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[4].sh_size = UINT64_C(1) << 40;
}
static void no_names(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[4].sh_link = 0;
}
static void no_section_names(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)sh;
    h->e_shstrndx = 0;
}
static void no_sections(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)sh;
    h->e_shoff = h->e_shnum = 0;
    h->e_shstrndx = SHN_XINDEX;
}
static void a_name_beyond(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[2].sh_name = 0x10000;
}
static void thread_local(Elf64_Ehdr *h, Elf64_Shdr *sh) {
    (void)h;
    sh[2].sh_flags |= SHF_TLS;
}

static void tables_that_say_less(void **state) {
    (void)state;
    static const struct {
        void (*bend)(Elf64_Ehdr *, Elf64_Shdr *);
        const char *section, *symbol;
    } row[] = {{no_entries, ".text", ""},        {short_entries, ".text", "larger"},
               {beyond_the_file, ".text", ""},   {no_names, ".text", ""},
               {no_section_names, "", "larger"}, {no_sections, "", ""},
               {a_name_beyond, "", "larger"},    {thread_local, "", "larger"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made_elf f = made(SHT_SYMTAB, symbols, SYMBOLS);
        struct jt_elf *elf = opened(&f, row[i].bend);
        is(elf, TEXT + 20, row[i].section, row[i].symbol);
        jt_elf_close(elf);
    }
}

/* Its own table, that of its debug file, what it exports. */
static void whose_table(void **state) {
    (void)state;
    static const struct made_symbol exported = {"exported", TEXT, 8}, own = {"own", TEXT, 8};
    for (unsigned i = 0; i < 4; i++) {
        struct made_elf f = made(i == 3 ? 0 : SHT_DYNSYM, &exported, 1);
        struct made_elf d = made(i == 1 ? SHT_SYMTAB : 0, &own, 1);
        struct jt_elf *elf = opened(&f, NULL);
        struct jt_elf *debug = opened(&d, NULL);
        elf->debug = i == 0 ? NULL : debug;
        is(elf, TEXT + 1, ".text", i == 3 ? "" : i == 1 ? "own" : "exported");
        elf->debug = NULL;
        jt_elf_close(debug);
        jt_elf_close(elf);
    }
}

static void no_memory_for_symbols(void **state) {
    (void)state;
    struct made_elf f = made(SHT_SYMTAB, symbols, SYMBOLS);
    struct jt_elf *elf = opened(&f, NULL);
    fail_memory(1);
    is(elf, TEXT + 20, ".text", "");
    fail_memory(0);
    assert_true(target.memory_ran_out);
    is(elf, TEXT + 20, ".text", "larger");
    jt_elf_close(elf);
}

/* ---- mappings ------------------------------------------------------------------------------- */

static struct jt_place place(uint64_t addr) {
    struct jt_place out;
    jt_place_find(&target, addr, &out);
    return out;
}

static void headers_of_a_core(void **state) {
    (void)state;
    static const uint32_t flags[] = {PF_R | PF_W, PF_X, 0};
    struct attack_bytes core = {0};
    Elf64_Ehdr h = attack_elf_header(ET_CORE, 4);
    attack_add(&core, &h, sizeof h);
    for (unsigned i = 0; i < 4; i++) {
        const Elf64_Phdr ph = {.p_type = i == 3 ? PT_NOTE : PT_LOAD,
                               .p_flags = i == 3 ? 0 : flags[i],
                               .p_vaddr = i == 3 ? 0 : 0x1000 * (i + 1),
                               .p_memsz = 0x1000};
        attack_add(&core, &ph, sizeof ph);
    }
    target.kind = JT_CORE;
    priv.core = core.at;
    priv.core_size = core.len;
    assert_string_equal(place(0x1000).permissions, "rw-");
    assert_string_equal(place(0x2fff).permissions, "--x");
    assert_string_equal(place(0x3000).permissions, "---");
    assert_int_equal(place(0x3000).what, JT_IN_ANONYMOUS);
    assert_int_equal(place(0x4000).what, JT_IN_NOTHING);
    free(core.at);
}

/* A module's own memory has its name, or its file says so. */
static void paths(void **state) {
    (void)state;
    static char vdso[] = "[vdso]", file[] = "/other", path[] = "/module";
    struct jt_mapping mapping[] = {{.start = 0x1000, .end = 0x2000, .mode = "r-xp", .path = vdso},
                                   {.start = 0x2000, .end = 0x3000, .mode = "r--p", .path = file},
                                   {.start = 0x3000, .end = 0x4000, .mode = "rw-p", .path = path}};
    struct jt_range mapped = {0x1000, 0x5000}, range = {0x2000, 0x5000};
    struct jt_module module = {
        .path = path, .range = &range, .ranges = 1, .start = 0x2000, .end = 0x5000};
    priv.mapping = mapping;
    priv.mappings = 3;
    priv.mapped = &mapped;
    priv.mapped_count = 1;
    target.module = &module;
    target.modules = 1;
    assert_int_equal(place(0x1000).what, JT_IN_KERNEL);
    assert_int_equal(place(0x2000).what, JT_IN_FILE);
    assert_int_equal(place(0x3000).what, JT_IN_MODULE);
    assert_int_equal(place(0x4000).what, JT_IN_MODULE); /* of a file that nothing names */
    struct made_elf f = made(SHT_SYMTAB, symbols, SYMBOLS);
    module.elf = opened(&f, NULL);
    module.bias = 0x4000;
    assert_int_equal(place(0x3000).what, JT_IN_FILE); /* not loaded by that file */
    assert_int_equal(place(0x4000 + TEXT).what, JT_IN_MODULE);
    jt_elf_close(module.elf);
}

/* ---- threads -------------------------------------------------------------------------------- */

static void notes_of_threads(void **state) {
    (void)state;
    static const struct {
        uint16_t machine;
        uint8_t words;
        size_t size, threads;
        uint64_t stack, tls;
    } row[] = {{EM_X86_64, 8, 336, 1, 131, 133},
               {EM_X86_64, 4, 336, 0, 0, 0},
               {EM_X86_64, 8, 112 + 8 * 26, 0, 0, 0},
               {EM_X86_64, 8, 111, 0, 0, 0},
               {EM_386, 4, 144, 1, 87, 0},
               {EM_NONE, 8, 336, 0, 0, 0}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint8_t note[336] = {0};
        start(NULL);
        priv.machine = row[i].machine;
        priv.words = row[i].words;
        for (size_t word = 0; word < sizeof note / row[i].words; word++) {
            note[word * row[i].words] = (uint8_t)(word + 98);
        }
        jt_thread_note(&target, note, row[i].size);
        assert_int_equal(priv.threads, row[i].threads);
        if (row[i].threads != 0) {
            assert_int_equal(priv.thread->stack, (row[i].words == 8 ? 112 : 72) / row[i].words +
                                                     98 + (row[i].words == 8 ? 19 : 15));
            assert_int_equal(priv.thread->tls != 0, row[i].tls != 0);
        }
        free(priv.thread);
    }
}

/* FreeBSD's have the same type, and everything elsewhere. */
static void notes_of_freebsds_threads(void **state) {
    (void)state;
    static const struct {
        uint16_t machine;
        uint8_t words;
        size_t size, threads, id, stack;
    } row[] = {{EM_X86_64, 8, 224, 1, 40, 208},
               {EM_X86_64, 8, 215, 0, 0, 0},
               {EM_386, 4, 104, 1, 24, 92},
               {EM_AARCH64, 8, 320, 1, 40, 296},
               {EM_RISCV, 8, 320, 0, 0, 0}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint8_t note[320], name[24] = "worker";
        for (size_t at = 0; at < sizeof note; at++) {
            note[at] = (uint8_t)(at % row[i].words == 0 ? at / row[i].words : 0);
        }
        start(NULL);
        priv.machine = row[i].machine;
        priv.words = row[i].words;
        jt_note_freebsd(&target, 7, name, sizeof name); /* of no thread */
        jt_note_freebsd(&target, 1, note, row[i].size);
        jt_note_freebsd(&target, 7, name, sizeof name);
        assert_int_equal(priv.threads, row[i].threads);
        if (row[i].threads != 0) {
            assert_int_equal(priv.thread->id, row[i].id / row[i].words);
            assert_int_equal(priv.thread->stack, row[i].stack / row[i].words);
            assert_int_equal(priv.thread->tls, 0);
            assert_string_equal(priv.thread->name, "worker");
        }
        memset(name, 'x', sizeof name);
        jt_note_freebsd(&target, 7, name, sizeof name); /* without an end */
        uint8_t much[64] = {0};
        memset(much, 'y', 40);
        jt_note_freebsd(&target, 7, much, sizeof much); /* longer than any */
        assert_true(row[i].threads == 0 || strcmp(priv.thread->name, "worker") == 0);
        free(priv.thread);
    }
}

static void threads_of_this_process(void **state) {
    (void)state;
    target.pid = getpid();
    jt_threads_read(&target);
    assert_int_equal(priv.threads, 1);
    assert_int_equal(priv.thread->id, getpid());
    assert_true(priv.thread->stack != 0);
    pid_t child = fork();
    if (child == 0) {
        for (;;) { /* no system call, from which its stack would be known */
        }
    }
    target.pid = child;
    do { /* at first it is in the one that made it */
        priv.threads = 1;
        jt_threads_read(&target);
        assert_int_equal(priv.threads, 2);
    } while (priv.thread[1].stack != 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    target.pid = getpid();
    priv.threads = 65536;
    jt_threads_read(&target);
    assert_int_equal(priv.threads, 65536);
    target.pid = 0x7fffffff;
    jt_threads_read(&target);
    free(priv.thread);
    priv.thread = NULL;
    priv.threads = 0;
    target.pid = getpid();
    fail_memory(1);
    jt_threads_read(&target);
    fail_memory(0);
    assert_int_equal(priv.threads, 0);
    assert_true(target.memory_ran_out);
}

static int stack_at(uint64_t addr) {
    bool tls;
    const struct jt_thread *t =
        jt_thread_at(&target, addr, (struct jt_range){0x10000, 0x20000}, &tls);
    assert_false(tls);
    return t == NULL ? 0 : t->id;
}

/* The pointer nearest below the address; below all of them, the nearest above. */
static void stacks_in_one_mapping(void **state) {
    (void)state;
    struct jt_thread thread[] = {{.id = 3, .stack = 0x13000}, {.id = 1, .stack = 0x11000},
                                 {.id = 2, .stack = 0x12000}, {.id = 4, .stack = 0x14000},
                                 {.id = 5, .stack = 0x30000}, {.id = 6, .stack = 0x1000}};
    target.kind = JT_CORE;
    priv.thread = thread;
    priv.threads = 6;
    assert_int_equal(stack_at(0x10800), 1);
    assert_int_equal(stack_at(0x11000), 1);
    assert_int_equal(stack_at(0x12800), 2);
    assert_int_equal(stack_at(0x13800), 3);
    assert_int_equal(stack_at(0x1f000), 4);
}

/* x86_64's C library has two pointers to a thread's data in it, and the thread's number. */
static void storage_of_a_thread(void **state) {
    (void)state;
    static uint64_t word[512];
    struct jh_segment segment = {0x10000, (const uint8_t *)word, sizeof word};
    struct jt_thread thread[] = {{.id = 7}, {.id = 8}};
    const struct jt_range mapping = {0x10000, 0x10000 + sizeof word};
    bool tls;
    priv.thread = thread;
    priv.threads = 2;
    priv.image = (struct jh_image){.segment = &segment, .count = 1};
    assert_int_equal(jh_image_reader(&priv.image, &target.heap.reader, NULL), JH_OK);
    word[16] = word[18] = 0x10000 + 16 * 8;
    word[16 + 90] = 8;
    assert_ptr_equal(jt_thread_at(&target, 0x10000 + 17 * 8, mapping, &tls), &thread[1]);
    assert_true(tls);
    priv.words = 4; /* those of others are not known */
    assert_null(jt_thread_at(&target, 0x10000 + 17 * 8, mapping, &tls));
    priv.words = 8;
    priv.machine = EM_AARCH64;
    assert_null(jt_thread_at(&target, 0x10000 + 17 * 8, mapping, &tls));
    priv.machine = EM_X86_64;
    memset(word, 0, sizeof word); /* the number is not there any more */
    word[500] = word[502] = 0x10000 + 500 * 8;
    assert_null(jt_thread_at(&target, 0x10000 + 501 * 8, mapping, &tls));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_nearest_symbol_of_the_same_section, start),
        cmocka_unit_test_setup(tables_that_say_less, start),
        cmocka_unit_test_setup(whose_table, start),
        cmocka_unit_test_setup(no_memory_for_symbols, start),
        cmocka_unit_test_setup(headers_of_a_core, start),
        cmocka_unit_test_setup(paths, start),
        cmocka_unit_test_setup(notes_of_threads, start),
        cmocka_unit_test_setup(notes_of_freebsds_threads, start),
        cmocka_unit_test_setup(threads_of_this_process, start),
        cmocka_unit_test_setup(stacks_in_one_mapping, start),
        cmocka_unit_test_setup(storage_of_a_thread, start),
    };
    elf_version(EV_CURRENT);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
