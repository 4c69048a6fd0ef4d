#include "attack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "open/inside.h"

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

/* A copy of the core that nothing follows: reading behind its end is a crash. */
struct alone {
    const uint8_t *core;
    size_t len;
    uint8_t *map;
    size_t mapped;
    const struct attack_bytes *elf;
    const char *layout;
};

static struct alone alone(const struct attack_bytes *core, const struct attack_bytes *elf) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (core->len + page - 1) / page * page;
    uint8_t *at =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + size, page, PROT_NONE) != 0) {
        abort();
    }
    uint8_t *copy = at + size - core->len;
    memcpy(copy, core->at, core->len);
    return (struct alone){copy, core->len, at, size + page, elf, NULL};
}

static void open_core(const void *input, void *result) {
    const struct alone *a = input;
    struct attack_cost *cost = result;
    struct jt_options options = {.target = "core", .layout = a->layout};
    struct jt_bytes bytes = {a->core, a->len, {open_file, (void *)(uintptr_t)a->elf}};
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

void attack(const struct attack_bytes *core, const struct attack_bytes *elf, const char *layout,
            struct attack_cost *cost) {
    struct alone a = alone(core, elf);
    a.layout = layout;
    *cost = (struct attack_cost){.status = 0};
    cost->cost = cost_of(open_core, &a, cost, sizeof *cost);
    cost->cost.ended &= cost->proper;
    munmap(a.map, a.mapped);
}

void attack_bounded(const char *name, const struct attack_cost *cost, unsigned ms, unsigned mib) {
    bool warned = strstr(cost->warning, "debug information") != NULL;
    cost_bounded(name, &cost->cost, ms, mib, warned ? cost->warning : cost->error);
}
