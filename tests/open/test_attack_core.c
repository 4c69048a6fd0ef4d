/* Cores that were made to take long, or to take much: each within a time and a memory. Inputs of
 * 1 MiB have a second and 64 MiB; those of a million segments ten times what was measured. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attack.h"
#include "open/inside.h"

#define MIB (1u << 20)
#define MILLION 1000000u
#ifndef NT_FILE
#define NT_FILE 0x46494c45
#endif

static void header(struct attack_bytes *b, size_t count) {
    Elf64_Ehdr h = attack_elf_header(ET_CORE, count);
    Elf64_Shdr more = {.sh_info = (Elf64_Word)count};
    if (count >= PN_XNUM) { /* the first section says how many */
        h.e_shoff = sizeof h;
        h.e_shnum = 1;
        h.e_shentsize = sizeof more;
        h.e_phoff = sizeof h + sizeof more;
    }
    attack_add(b, &h, sizeof h);
    if (count >= PN_XNUM) {
        attack_add(b, &more, sizeof more);
    }
}

static void program_header(struct attack_bytes *b, uint32_t type, uint64_t addr, uint64_t offset,
                           uint64_t filesz, uint64_t memsz) {
    Elf64_Phdr ph = {
        .p_type = type, .p_vaddr = addr, .p_offset = offset, .p_filesz = filesz, .p_memsz = memsz};
    attack_add(b, &ph, sizeof ph);
}

static void run_with(const char *layout, const char *name, struct attack_bytes *core, unsigned ms,
                     unsigned mib, const char *sentence) {
    struct attack_cost cost;
    attack(core, NULL, layout, &cost);
    attack_bounded(name, &cost, ms, mib);
    if (strstr(cost.error, sentence) == NULL && strstr(cost.warning, sentence) == NULL) {
        fail_msg("%s: not \"%s\": %s / %s", name, sentence, cost.error, cost.warning);
    }
    free(core->at);
}

static void run(const char *name, struct attack_bytes *core, unsigned ms, unsigned mib,
                const char *sentence) {
    run_with(NULL, name, core, ms, mib, sentence);
}

/* ---- segments ------------------------------------------------------------------------------- */

/* addr = from + step * i modulo 2^64; every segment has len bytes at the file's start. */
static void million(const char *name, uint64_t from, uint64_t step, uint64_t len, uint64_t memsz,
                    const char *sentence) {
    struct attack_bytes b = {0};
    header(&b, MILLION);
    for (uint64_t i = 0; i < MILLION; i++) {
        program_header(&b, PT_LOAD, from + step * i, 0, len, memsz);
    }
    run(name, &b, 10000, 256, sentence);
}

static void a_million_segments(void **state) {
    (void)state;
    million("all overlap", 0x10000, 1, 0x100000, 0x100000, "jemalloc");
    million("descending", UINT64_C(1) << 40, -UINT64_C(4096), 4096, 4096, "jemalloc");
    million("scattered", 0, UINT64_C(0x9e3779b97f4a7000), 4096, 4096, "jemalloc");
    million("empty", 0x10000, 4096, 0, 0, "core without memory");
    million("all the same", 0x10000, 0, 4096, 4096, "jemalloc");
    million("wrapping", UINT64_MAX - MILLION, 1, 4096, UINT64_MAX / 2, "left out");
}

/* 18000 segments that all have the same half of the file: 9 GiB out of 1 MiB. */
static void segments_of_the_same_bytes(void **state) {
    static const char *const text[] = {"5.3.0-0-g0", "5", "5.5",
                                       "\x00\x01\x00\x00\x00\x00\x00\x00"};
    (void)state;
    for (size_t t = 0; t < sizeof text / sizeof text[0]; t++) {
        struct attack_bytes b = {0};
        size_t count = MIB / 2 / sizeof(Elf64_Phdr);
        header(&b, count);
        for (size_t i = 0; i < count; i++) {
            program_header(&b, PT_LOAD, i << 20, MIB / 2, MIB / 2, MIB / 2);
        }
        attack_fill(&b, MIB, text[t], t == 3 ? 8 : strlen(text[t]) + (t == 0));
        run("the same bytes", &b, 1000, 64, t == 0 ? "" : "no program is known");
    }
}

static void longer_than_the_file(void **state) {
    static const uint64_t size[] = {MIB, UINT64_MAX, INT64_MAX, 0x100000000};
    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct attack_bytes b = {0};
        header(&b, 2);
        program_header(&b, PT_LOAD, 0x1000, 4096, size[i], size[i]);
        program_header(&b, PT_LOAD, 0x1000, size[i], size[i], 4096);
        attack_fill(&b, MIB, "x", 1);
        run("p_filesz > file", &b, 1000, 64, "");
    }
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* A core of one page and notes, which count headers name. */
static void notes(const char *name, const struct attack_bytes *note, size_t count,
                  const char *sentence) {
    struct attack_bytes b = {0};
    size_t at = sizeof(Elf64_Ehdr) + (count + 1) * sizeof(Elf64_Phdr);
    header(&b, count + 1);
    program_header(&b, PT_LOAD, 0x1000, 0, 64, 4096);
    for (size_t i = 0; i < count; i++) {
        program_header(&b, PT_NOTE, 0, at, note->len, 0);
    }
    attack_add(&b, note->at, note->len);
    run(name, &b, 1000, 64, sentence);
    free(note->at);
}

static void note(struct attack_bytes *b, uint32_t name, uint32_t desc, uint32_t type) {
    attack_number(b, name, 4);
    attack_number(b, desc, 4);
    attack_number(b, type, 4);
    attack_add(b, "CORE\0\0\0", 8);
}

static void lying_notes(void **state) {
    static const uint32_t size[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
    (void)state;
    for (size_t i = 0; i < 36; i++) {
        struct attack_bytes n = {0};
        note(&n, size[i / 6], size[i % 6], NT_FILE);
        notes("lengths", &n, 1, "");
    }
    struct attack_bytes tiny = {0};
    attack_fill(&tiny, MIB / 2, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    notes("tiny notes, named often", &tiny, MIB / 2 / sizeof(Elf64_Phdr), "");
}

/* A skeleton's first note: a MiB of it is read, and its format is one that is not known. */
static void long_skeleton(void **state) {
    static const char json[] = "{\"skeleton\":2}";
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct attack_bytes n = {0};
        attack_number(&n, 7, 4);
        attack_number(&n, MIB + more, 4);
        attack_number(&n, 1, 4);
        attack_add(&n, "JEHEAP\0", 8);
        attack_add(&n, json, sizeof json - 1);
        attack_fill(&n, 20 + MIB + more, " ", 1);
        notes("a long skeleton's note", &n, 1,
              more == 0 ? "a skeleton of format 2" : "a skeleton with a broken note (\"JSON\")");
    }
}

/* Rows of an NT_FILE note: claimed and real ones. */
static void files(const char *name, uint64_t claimed, size_t rows, const char *path) {
    struct attack_bytes n = {0};
    size_t len = 16 + rows * (24 + strlen(path) + 1);
    note(&n, 5, (uint32_t)len, NT_FILE);
    attack_number(&n, claimed, 8);
    attack_number(&n, UINT64_MAX, 8);
    for (size_t i = 0; i < rows; i++) {
        attack_number(&n, i << 12, 8);
        attack_number(&n, (i + 1) << 12, 8);
        attack_number(&n, i & 1, 8);
    }
    for (size_t i = 0; i < rows; i++) {
        attack_add(&n, path, strlen(path) + 1);
    }
    notes(name, &n, 1, "");
}

static void mapped_files(void **state) {
    (void)state;
    files("count is huge", UINT64_MAX, 10, "/bin/program");
    files("count is negative", UINT64_MAX / 24 + 2, 10, "/bin/program");
    files("40000 without a name", 40000, 40000, "");
    files("26000 of a file", 26000, 26000, "/bin/program");
}

/* The program's name, and nothing that ends it. */
static void endless_name(void **state) {
    struct attack_bytes b = {0}, n = {0};
    (void)state;
    note(&n, 5, 16, NT_AUXV);
    attack_number(&n, AT_EXECFN, 8);
    attack_number(&n, 0x10000, 8);
    header(&b, 2);
    program_header(&b, PT_LOAD, 0x10000, 4096, MIB - 4096, MIB - 4096);
    program_header(&b, PT_NOTE, 0, 176, n.len, 0);
    attack_add(&b, n.at, n.len);
    attack_fill(&b, MIB, "/", 1);
    run("an endless name", &b, 1000, 64, "no program is known");
    free(n.at);
}

/* ---- version strings, and roots ------------------------------------------------------------- */

/* Mapped as the file of a program, so that its memory is looked through for a root; and so much
 * else is mapped that thousands of elements may be in use. */
static void program_of(const char *name, uint64_t start, const void *what, size_t len,
                       const char *layout, const char *sentence) {
    struct attack_bytes b = {0}, n = {0};
    static const char path[] = "/bin/program";
    note(&n, 5, 40 + sizeof path, NT_FILE);
    const uint64_t row[] = {1, 4096, start, start + MIB - 8192, 0};
    for (size_t i = 0; i < 5; i++) {
        attack_number(&n, row[i], 8);
    }
    attack_add(&n, path, sizeof path);
    header(&b, 4);
    program_header(&b, PT_LOAD, start, 4096, MIB - 8192, 8 * MIB); /* a root fits in */
    program_header(&b, PT_LOAD, 0x1000, MIB - 4096, 4096, 4096);
    program_header(&b, PT_LOAD, 0x10000, 0, 0, UINT64_C(1) << 42);
    program_header(&b, PT_NOTE, 0, 64 + 4 * 56, n.len, 0);
    attack_add(&b, n.at, n.len);
    attack_fill(&b, 4096, "", 1);
    attack_add(&b, ELFMAG "\0\0\0", 8); /* what does not begin so is no program */
    attack_fill(&b, MIB - 4096, what, len);
    attack_add(&b, "5.3.0-0-g0", 11);
    attack_fill(&b, MIB, "", 1);
    run_with(layout, name, &b, 1000, 64, sentence);
    free(n.at);
}

static void versions_and_roots(void **state) {
    static const uint64_t start = 0x7f0000000000;
    static const char none[] = "no root was found by looking that fits --layout";
    uint64_t same = 0x20000, some[64] = {0};
    (void)state;
    program_of("the same version", start, "5.3.0-0-g0", 11, NULL, "");
    program_of("two versions", start, "5.3.0-0-g0\0005.2.1-0-g1", 22, NULL, "");
    program_of("fives", start, "5", 1, NULL, "");
    program_of("nearly versions", start, "5.3.0-0-g", 9, NULL, "");
    program_of("every word a node", start, &same, 8, "5.3.0", "root.search-limit at 0x7f");
    for (unsigned i = 0; i < 64; i += 8) {
        some[i] = start + 64 * i;
    }
    program_of("every eighth word a node", start, some, sizeof some, "5.3.0", none);
    static uint64_t cluster[(MIB - 8192) / 8 - 1];
    for (unsigned i = 0; i < 8192; i += 2) { /* a root may begin at each word in front of them */
        cluster[i] = same;
    }
    program_of("4096 nodes in a row", start, cluster, sizeof cluster, "5.3.0",
               "root.search-limit at 0x7f");
    program_of("at the end of all addresses", UINT64_MAX - MIB + 4096, &same, 8, "5.3.0", none);
    program_of("at its very end", UINT64_MAX - MIB + 8192, &same, 8, "5.3.0", none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_segments),   cmocka_unit_test(segments_of_the_same_bytes),
        cmocka_unit_test(longer_than_the_file), cmocka_unit_test(lying_notes),
        cmocka_unit_test(mapped_files),         cmocka_unit_test(endless_name),
        cmocka_unit_test(versions_and_roots),   cmocka_unit_test(long_skeleton),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
