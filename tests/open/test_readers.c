/* Processes and cores without a jemalloc: what is read, what is absent, and how it is refused. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "open/inside.h"

#define PAGE 4096u

static enum jt_status open_at(const char *what, struct jt_target **out) {
    struct jt_options options = {.target = what};
    return jt_open(&options, out);
}

static void refused(const char *what, enum jt_status status, const char *part) {
    struct jt_target *target;
    assert_int_equal(open_at(what, &target), status);
    if (strstr(target->error, part) == NULL) {
        fail_msg("%s: %s", what, target->error);
    }
    jt_close(target);
}

/* ---- processes ------------------------------------------------------------------------------ */

static uint8_t *two_pages(void) {
    uint8_t *page =
        mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    assert_int_equal(munmap(page + 2 * PAGE, 2 * PAGE), 0); /* a hole behind them */
    memset(page, 'x', 2 * PAGE);
    return page;
}

static void check_reads(const struct jh_reader *r, const uint8_t *page) {
    static uint8_t dst[4 * PAGE];
    uint64_t at = (uint64_t)(uintptr_t)page;
    size_t got;
    assert_int_equal(r->read(r->arg, at + 1, dst, PAGE, &got), JH_OK);
    assert_int_equal(got, PAGE);
    assert_int_equal(dst[PAGE - 1], 'x');
    assert_int_equal(r->read(r->arg, at + PAGE, dst, 3 * PAGE, &got), JH_ABSENT);
    assert_int_equal(got, PAGE);
    static const uint64_t wild[] = {0, 8, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63};
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        assert_int_equal(r->read(r->arg, wild[i], dst, 1, &got), JH_ABSENT);
    }
}

static void check_gather(const struct jh_reader *r, const uint8_t *page) {
    enum { SPANS = 3000 };
    static struct jh_span span[SPANS];
    static uint8_t dst[SPANS];
    for (size_t i = 0; i < SPANS; i++) {
        uint64_t at = i % 5 == 2 ? 64 : (uint64_t)(uintptr_t)page + i;
        span[i] = (struct jh_span){at, &dst[i], 1, 77};
    }
    assert_int_equal(r->gather(r->arg, span, SPANS), JH_OK);
    for (size_t i = 0; i < SPANS; i++) {
        assert_int_equal(span[i].got, i % 5 == 2 ? 0 : 1);
    }
}

static void reads_a_process(void **state) {
    uint8_t *page = two_pages();
    char text[32];
    struct jt_target *target;
    (void)state;
    /* the first mapping is one that nobody may read */
    void *first = mmap((void *)0x10000, PAGE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            pause();
        }
    }
    snprintf(text, sizeof text, "%d", (int)pid);
    enum jt_status status = open_at(text, &target);
    if (target->heap.reader.read == NULL) { /* a sandbox without ptrace */
        kill(pid, SIGKILL);
        jt_close(target);
        skip();
    }
    assert_int_equal(status, JT_NO_JEMALLOC);
    for (unsigned way = 0; way < 2; way++) {
        target->priv->without_vm = way == 1;
        check_reads(&target->heap.reader, page);
        check_gather(&target->heap.reader, page);
    }
    uint8_t byte;
    size_t got;
    int mem_fd = target->priv->mem_fd; /* neither way works */
    target->priv->mem_fd = -1;
    assert_int_equal(target->heap.reader.read(target->heap.reader.arg, (uint64_t)(uintptr_t)page,
                                              &byte, 1, &got),
                     JH_READ_FAILED);
    target->priv->mem_fd = mem_fd;
    assert_true(jt_mapped(target, (uint64_t)(uintptr_t)page));
    assert_false(jt_mapped(target, (uint64_t)(uintptr_t)page + 2 * PAGE));
    assert_int_equal(jt_is_metadata(target, 64), JT_CANNOT_TELL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (unsigned way = 0; way < 2; way++) {
        target->priv->without_vm = way == 0;
        target->ended = false;
        assert_int_equal(target->heap.reader.read(target->heap.reader.arg,
                                                  (uint64_t)(uintptr_t)page, &byte, 1, &got),
                         JH_READ_FAILED);
        assert_true(target->ended);
    }
    struct jh_span span = {(uint64_t)(uintptr_t)page, &byte, 1, 0};
    assert_int_equal(target->heap.reader.gather(target->heap.reader.arg, &span, 1), JH_READ_FAILED);
    jt_close(target);
    refused(text, JT_UNREADABLE, "no such process");
    if (first != MAP_FAILED) {
        munmap(first, PAGE);
    }
    munmap(page, 2 * PAGE);
}

/* A device may do something when it is read. */
static void check_device(const struct jh_reader *r, const uint8_t *device) {
    uint8_t byte;
    size_t got;
    assert_int_equal(r->read(r->arg, (uint64_t)(uintptr_t)device, &byte, 1, &got), JH_ABSENT);
}

static void reads_itself(void **state) {
    uint8_t *page = two_pages();
    char text[32];
    struct jt_target *target;
    (void)state;
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    uint8_t *device = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(device, MAP_FAILED);
    close(fd);
    snprintf(text, sizeof text, "%d", (int)getpid());
    assert_int_equal(open_at(text, &target), JT_NO_JEMALLOC);
    assert_int_equal(target->kind, JT_SELF);
    assert_string_equal(target->version_string, ""); /* jeheap has no jemalloc's in it */
    check_reads(&target->heap.reader, page);
    assert_ptr_equal(
        target->heap.reader.lend(target->heap.reader.arg, (uint64_t)(uintptr_t)page, 5), page);
    check_device(&target->heap.reader, device);
    jt_close(target);
    munmap(device, PAGE);
    munmap(page, 2 * PAGE);
}

static void numbers_that_are_no_process(void **state) {
    (void)state;
    refused("0", JT_UNREADABLE, "not a process id");
    refused("2147483647", JT_UNREADABLE, "no such process");
    refused("2147483648", JT_UNREADABLE, "not a process id");
    refused("18446744073709551616", JT_UNREADABLE, "not a process id");
    refused("", JT_UNREADABLE, "No such file"); /* a name, and no file's */
}

/* ---- cores ---------------------------------------------------------------------------------- */

struct core {
    Elf64_Ehdr header;
    Elf64_Phdr ph[3];
    uint8_t bytes[256];
};

static struct core sound(void) {
    struct core c = {.header = {.e_type = ET_CORE,
                                .e_machine = EM_X86_64,
                                .e_version = EV_CURRENT,
                                .e_ehsize = sizeof(Elf64_Ehdr),
                                .e_phentsize = sizeof(Elf64_Phdr),
                                .e_phoff = offsetof(struct core, ph),
                                .e_phnum = 3}};
    memcpy(c.header.e_ident, ELFMAG, SELFMAG);
    c.header.e_ident[EI_CLASS] = ELFCLASS64;
    c.header.e_ident[EI_DATA] = ELFDATA2LSB;
    c.header.e_ident[EI_VERSION] = EV_CURRENT;
    uint64_t at = offsetof(struct core, bytes);
    c.ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                           .p_vaddr = 0x20000,
                           .p_offset = at + 128,
                           .p_filesz = 128,
                           .p_memsz = 512};
    c.ph[1] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_vaddr = 0x10000, .p_offset = at, .p_filesz = 128, .p_memsz = 128};
    memset(c.bytes, 'a', 128);
    memset(c.bytes + 128, 'b', 128);
    return c;
}

static char path[64];

static const char *saved(const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return path;
}

static void reads_a_core(void **state) {
    struct core c = sound();
    struct jt_target *target;
    uint8_t dst[512];
    size_t got;
    (void)state;
    (void)open_at(saved(&c, sizeof c), &target);
    const struct jh_reader *r = &target->heap.reader;
    assert_int_equal(target->status, JT_NO_JEMALLOC);
    assert_int_equal(r->read(r->arg, 0x10000, dst, 128, &got), JH_OK);
    assert_int_equal(dst[127], 'a');
    assert_int_equal(r->read(r->arg, 0x20000, dst, 512, &got), JH_ABSENT); /* not zeroes */
    assert_int_equal(got, 128);
    assert_true(jt_mapped(target, 0x20000 + 511));
    assert_false(jt_mapped(target, 0x20000 + 512));
    assert_int_equal(target->bytes_present, 256);
    assert_int_equal(target->bytes_absent, 384);
    jt_close(target);
}

/* Nodes take at most twice what there is, or what the caller says. What several segments lead to is
 * there once. */
static void bytes_of_nodes(void **state) {
    struct core c = sound();
    struct jt_target *target;
    struct jt_options options = {.target = saved(&c, sizeof c)};
    (void)state;
    assert_int_equal(jt_open(&options, &target), JT_NO_JEMALLOC);
    assert_int_equal(target->heap.limits.max_node_bytes, 2 * 256);
    jt_close(target);
    options.limits.max_node_bytes = 4096;
    assert_int_equal(jt_open(&options, &target), JT_NO_JEMALLOC);
    assert_int_equal(target->heap.limits.max_node_bytes, 4096);
    jt_close(target);
    for (size_t i = 0; i < 2; i++) {
        c.ph[i].p_offset = 0;
        c.ph[i].p_filesz = c.ph[i].p_memsz = sizeof c;
    }
    options = (struct jt_options){.target = saved(&c, sizeof c)};
    assert_int_equal(jt_open(&options, &target), JT_NO_JEMALLOC);
    assert_int_equal(target->bytes_present, 2 * sizeof c);
    assert_int_equal(target->heap.limits.max_node_bytes, 2 * sizeof c);
    jt_close(target);
}

static void clips_a_cut_core(void **state) {
    struct core c = sound();
    struct jt_target *target;
    (void)state;
    (void)open_at(saved(&c, sizeof c - 100), &target);
    assert_int_equal(target->bytes_truncated, 100);
    assert_int_equal(target->bytes_present, 156);
    assert_true(target->warnings != 0 && strstr(target->warning[0], "100 bytes") != NULL);
    jt_close(target);
    for (size_t size = 0; size < sizeof c; size++) { /* anything but a crash */
        (void)open_at(saved(&c, size), &target);
        assert_int_equal(jt_exit_status(target->status), 3);
        jt_close(target);
    }
}

/* A segment that would run over the last address has its bytes up to there. */
static void cuts_what_wraps(void **state) {
    struct core c = sound();
    struct jt_target *target;
    uint8_t dst[128];
    size_t got;
    (void)state;
    c.ph[0].p_vaddr = UINT64_MAX - 100;
    (void)open_at(saved(&c, sizeof c), &target);
    const struct jh_reader *r = &target->heap.reader;
    assert_int_equal(r->read(r->arg, UINT64_MAX - 100, dst, 100, &got), JH_OK);
    assert_int_equal(dst[99], 'b');
    assert_int_equal(target->bytes_present, 228);
    assert_int_equal(target->bytes_absent, 0);
    assert_int_equal(target->bytes_truncated, 0);
    assert_true(target->warnings != 0 && strstr(target->warning[0], "left out") != NULL);
    jt_close(target);
}

static void refuses_what_is_none(void **state) {
    struct core c = sound();
    (void)state;
    refused("/nowhere/core", JT_UNREADABLE, "No such file");
    refused("/", JT_UNREADABLE, "not a regular file");
    refused(saved("", 0), JT_UNREADABLE, "empty");
    refused(saved("hello, world, this is text", 26), JT_UNREADABLE, "not an ELF");
    c.header.e_type = ET_EXEC;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "--exe");
    c = sound();
    c.header.e_ident[EI_CLASS] = ELFCLASSNONE;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "ELF header");
    c = sound();
    c.header.e_ident[EI_DATA] = ELFDATANONE;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "ELF header");
    c = sound();
    c.header.e_ident[EI_DATA] = ELFDATA2MSB; /* the rest stays as it was */
    refused(saved(&c, sizeof c), JT_UNREADABLE, "core");
    c = sound();
    c.header.e_ident[EI_VERSION] = 9;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "ELF header");
    c = sound();
    c.header.e_phnum = 0;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "without memory");
}

/* The table of segments, or how many they are, is behind the end of the file. */
static void cut_inside_its_headers(void **state) {
    const char *const sentence = "program headers, or their number, are missing";
    struct core c = sound();
    (void)state;
    for (size_t size = sizeof c.header + 1; size < offsetof(struct core, bytes); size++) {
        refused(saved(&c, size), JT_UNREADABLE, sentence);
    }
    c.header.e_phnum = 500;
    refused(saved(&c, sizeof c), JT_UNREADABLE, sentence);
    c.header.e_phnum = PN_XNUM; /* the first section says how many, at the end of a core */
    c.header.e_shoff = sizeof c + 4096;
    c.header.e_shnum = 1;
    c.header.e_shentsize = sizeof(Elf64_Shdr);
    refused(saved(&c, sizeof c), JT_UNREADABLE, sentence);
    c = sound();
    c.header.e_phoff = sizeof c + 1;
    refused(saved(&c, sizeof c), JT_UNREADABLE, "broken program headers");
}

/* A core is another one when its size or its time is. */
static void written_to_meanwhile(void **state) {
    struct core c = sound();
    struct jt_target *target;
    struct stat was;
    (void)state;
    (void)open_at(saved(&c, sizeof c), &target);
    assert_int_equal(stat(path, &was), 0);
    const struct timespec at = was.st_mtim;
    const struct {
        struct timespec time;
        size_t size;
        bool changed;
    } row[] = {
        {at, sizeof c, false},
        {at, sizeof c + 1, true},
        {{at.tv_sec + 1, at.tv_nsec}, sizeof c, true},
        {{at.tv_sec, at.tv_nsec == 0 ? 1 : at.tv_nsec - 1}, sizeof c, true},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const struct timespec times[2] = {row[i].time, row[i].time};
        assert_int_equal(truncate(path, (off_t)row[i].size), 0);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_int_equal(jt_changed(target), row[i].changed);
    }
    jt_close(target);
}

static void no_target_is_refused(void **state) {
    (void)state;
    refused(NULL, JT_USAGE, "no target");
    assert_null(jt_elf_bytes("", 0));
}

static void bears_absurd_segments(void **state) {
    static const uint64_t absurd[] = {0,         1,      0xffff, UINT64_MAX, UINT64_MAX - PAGE,
                                      INT64_MAX, 0x10000};
    enum { VALUES = sizeof absurd / sizeof absurd[0] };
    struct jt_target *target;
    (void)state;
    for (unsigned i = 0; i < VALUES * VALUES * 4; i++) {
        struct core c = sound();
        uint64_t *member[] = {&c.ph[0].p_vaddr, &c.ph[0].p_offset, &c.ph[0].p_filesz,
                              &c.ph[0].p_memsz};
        *member[i & 3] = absurd[i / 4 % VALUES];
        *member[(i + 1) & 3] = absurd[i / 4 / VALUES];
        (void)open_at(saved(&c, sizeof c), &target);
        assert_int_equal(jt_exit_status(target->status), 3);
        jt_close(target);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_process),
        cmocka_unit_test(reads_itself),
        cmocka_unit_test(reads_a_core),
        cmocka_unit_test(clips_a_cut_core),
        cmocka_unit_test(cuts_what_wraps),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(bears_absurd_segments),
        cmocka_unit_test(no_target_is_refused),
        cmocka_unit_test(cut_inside_its_headers),
        cmocka_unit_test(written_to_meanwhile),
        cmocka_unit_test(numbers_that_are_no_process),
        cmocka_unit_test(bytes_of_nodes),
    };
    snprintf(path, sizeof path, "/tmp/jeheap-core-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
