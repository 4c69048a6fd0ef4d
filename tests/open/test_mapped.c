/* What may have been mapped where: a core's headers and its list of files tell, or do not. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_file.h"
#include "open/inside.h"

static char path[] = "/tmp/jeheap-mapped.XXXXXX";
static struct core_file core;

static void start(uint16_t machine) {
    static const char text[] = "some bytes of the target";
    core_start(&core, machine, 8, true);
    core_load(&core, 0x10000, text, sizeof text);
    core.load[0].memsz = 0x2000;
}

/* Which of the addresses may have been mapped: a string of y and n. */
static void may_be(const char *wanted, const uint64_t *addr) {
    struct jt_target *target;
    struct jt_options options = {.target = path};
    core_save(&core, path);
    assert_int_equal(jt_open(&options, &target), JT_NO_JEMALLOC);
    const struct jh_reader *r = &target->heap.reader;
    for (size_t i = 0; wanted[i] != 0; i++) {
        assert_int_equal(r->mapped(r->arg, addr[i]), wanted[i] == 'y');
    }
    jt_close(target);
}

static const uint64_t addr[] = {0x10000, 0x11fff, 0x12000, 0x7ffff0000000, 0x100, 1ull << 60};

/* Each file has a header as well: as the kernel writes it. */
static void all_is_named(void **state) {
    (void)state;
    start(EM_X86_64);
    core_note_file(&core, 0x10000, 0x11000, "/usr/bin/program");
    may_be("yynnnn", addr);
}

/* The file is in the list only, so something else may be in neither. */
static void debuggers_leave_out(void **state) {
    (void)state;
    start(EM_X86_64);
    core_note_file(&core, 0x50000, 0x51000, "/usr/lib/library.so");
    may_be("yyyynn", addr);
}

static void no_list_of_files(void **state) {
    (void)state;
    start(EM_AARCH64);
    may_be("yyyynn", addr);
    start(EM_S390); /* whose programs may have all addresses */
    core.little_endian = false;
    may_be("yyyyny", addr);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_named),
        cmocka_unit_test(debuggers_leave_out),
        cmocka_unit_test(no_list_of_files),
    };
    int fd = mkstemp(path);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed != 0;
}
