#include "attack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "private.h"

#ifdef __OPTIMIZE__
#define SLOW SANITIZED
#else
#define SLOW 1 /* for coverage, with counters */
#endif

/* ---- bytes ---------------------------------------------------------------------------------- */

void attack_add(struct attack_bytes *bytes, const void *what, size_t len) {
    while (bytes->room - bytes->len < len) {
        bytes->room = bytes->room == 0 ? 4096 : 2 * bytes->room;
        bytes->at = realloc(bytes->at, bytes->room);
        if (bytes->at == NULL) {
            abort();
        }
    }
    if (len != 0) {
        memcpy(bytes->at + bytes->len, what, len);
    }
    bytes->len += len;
}

void attack_number(struct attack_bytes *bytes, uint64_t value, unsigned size) {
    uint8_t byte[8];
    for (unsigned i = 0; i < size; i++) {
        byte[i] = (uint8_t)(value >> 8 * i);
    }
    attack_add(bytes, byte, size);
}

void attack_fill(struct attack_bytes *bytes, size_t until, const void *what, size_t len) {
    while (bytes->len + len <= until) {
        attack_add(bytes, what, len);
    }
}

Elf64_Ehdr attack_elf_header(Elf64_Half type, size_t program_headers) {
    Elf64_Ehdr h = {.e_type = type,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_ehsize = sizeof h,
                    .e_phoff = sizeof h,
                    .e_phnum = program_headers < PN_XNUM ? (Elf64_Half)program_headers : PN_XNUM,
                    .e_phentsize = sizeof(Elf64_Phdr)};
    memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    return h;
}

/* ---- one run -------------------------------------------------------------------------------- */

static struct jt_elf *open_file(void *arg, const char *name) {
    const struct attack_bytes *elf = arg;
    (void)name;
    return elf == NULL ? NULL : jt_elf_bytes(elf->at, elf->len);
}

/* A copy that nothing follows: reading behind its end is a crash. */
static const uint8_t *alone(const struct attack_bytes *bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (bytes->len + page - 1) / page * page;
    uint8_t *at =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + size, page, PROT_NONE) != 0) {
        abort();
    }
    at += size - bytes->len;
    return memcpy(at, bytes->at, bytes->len);
}

static void open_core(const uint8_t *core, size_t size, const struct attack_bytes *elf,
                      struct attack_cost *cost) {
    struct jt_options options = {.target = "core"};
    struct jt_bytes bytes = {core, size, {open_file, (void *)(uintptr_t)elf}};
    struct jt_target *target;
    cost->status = (int)jt_open_bytes(&options, &bytes, &target);
    if (target == NULL) {
        return;
    }
    (void)jt_metadata_bytes(target);
    cost->proper = (cost->status == JT_OK) == (target->error[0] == 0);
    snprintf(cost->error, sizeof cost->error, "%s", target->error);
    for (size_t i = 0; i < target->warnings; i++) {
        if (cost->warning[0] == 0 || strstr(target->warning[i], "debug information") != NULL) {
            snprintf(cost->warning, sizeof cost->warning, "%s", target->warning[i]);
        }
    }
    jt_close(target);
}

static unsigned ms_of(struct timeval time) {
    return (unsigned)(time.tv_sec * 1000 + time.tv_usec / 1000);
}

void attack(const struct attack_bytes *core, const struct attack_bytes *elf,
            struct attack_cost *cost) {
    struct rusage before, after;
    struct attack_cost *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    assert_ptr_not_equal(shared, MAP_FAILED);
    pid_t pid = fork();
    if (pid == 0) {
        const uint8_t *bytes = alone(core);
        (void)getrusage(RUSAGE_SELF, &before);
        shared->mib = (unsigned)(before.ru_maxrss / 1024);
        open_core(bytes, core->len, elf, shared);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(wait4(pid, &status, 0, &after), pid);
    *cost = *shared;
    munmap(shared, sizeof *shared);
    cost->mib = (unsigned)(after.ru_maxrss / 1024) - cost->mib; /* the most of any process */
    cost->ms = ms_of(after.ru_utime) + ms_of(after.ru_stime);
    cost->proper = cost->proper && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void attack_bounded(const char *name, const struct attack_cost *cost, unsigned ms, unsigned mib) {
    bool warned = strstr(cost->warning, "debug information") != NULL;
    print_message("attack: %s: %u ms of %u, %u MiB of %u: %s\n", name, cost->ms, ms, cost->mib, mib,
                  warned ? cost->warning : cost->error);
    if (!cost->proper) {
        fail_msg("%s: it did not end well: %s", name, cost->error);
    }
    if (cost->ms > (SLOW ? 10 * ms : ms)) {
        fail_msg("%s: %u ms, and %u are allowed", name, cost->ms, ms);
    }
    if (!SANITIZED && cost->mib > mib) {
        fail_msg("%s: %u MiB, and %u are allowed", name, cost->mib, mib);
    }
}
