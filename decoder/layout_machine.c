/* layout: what a machine makes of a build, by the machine's name. */
#include "jeheap/jeheap.h"

#include <string.h>

/* Widths and orders are those of the ABI that Linux distributions use, pthread_mutex_t is glibc's.
 * LG_VADDR is what configure.ac says (on x86_64 it asks the processor: 48 or 57), LG_QUANTUM what
 * quantum.h says, LG_PAGE 12 unless the machine has no such pages. */
static const struct machine {
    const char *name;
    uint8_t pointer_size, u64_align, mutex, lg_vaddr, lg_page, lg_quantum;
    bool little_endian, aarch64;
} machines[] = {
    {"x86_64", 8, 8, 40, 48, 12, 4, true, false},
    {"x32", 4, 8, 32, 32, 12, 4, true, false},
    {"i386", 4, 4, 24, 32, 12, 4, true, false},
    {"aarch64", 8, 8, 48, 48, 12, 4, true, true},
    {"armhf", 4, 8, 24, 32, 12, 3, true, false},
    {"s390x", 8, 8, 40, 64, 12, 4, false, false},
    {"ppc64le", 8, 8, 40, 64, 12, 4, true, false},
    {"ppc64", 8, 8, 40, 64, 12, 4, false, false},
    {"powerpc", 4, 8, 24, 32, 12, 4, false, false},
    {"riscv64", 8, 8, 40, 64, 12, 4, true, false},
    {"mips64el", 8, 8, 40, 64, 12, 3, true, false},
    {"sparc64", 8, 8, 40, 64, 13, 4, false, false},
    {"loongarch64", 8, 8, 40, 64, 14, 4, true, false},
};

const char *jh_machine_name(size_t index) {
    return index < sizeof(machines) / sizeof(machines[0]) ? machines[index].name : NULL;
}

enum jh_status jh_build_machine(struct jh_build *build, const char *machine) {
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        const struct machine *m = &machines[i];
        if (strcmp(m->name, machine) != 0) {
            continue;
        }
        build->pointer_size = m->pointer_size;
        build->u64_align = m->u64_align;
        build->pthread_mutex_size = m->mutex;
        build->lg_vaddr = m->lg_vaddr;
        build->lg_page = m->lg_page;
        build->lg_quantum = m->lg_quantum;
        build->little_endian = m->little_endian;
        build->aarch64 = m->aarch64;
        uint8_t page = jh_family(build->version)->aarch64_lg_page;
        if (m->aarch64 && page) {
            build->lg_page = page;
        }
        return JH_OK;
    }
    return JH_UNSUPPORTED;
}
