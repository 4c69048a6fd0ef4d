/* machine.c - what kind of machine the target ran on: width and order of its words, and what its C
 * library and jemalloc's configure script make of it.
 *
 * A machine that is not listed is read all the same: its ELF class and byte order say how. What the
 * table adds is only where to start looking; the heap decides. */
#include <string.h>
#include <unistd.h>

#include "private.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct machine {
    uint16_t machine;   /* e_machine */
    uint8_t words;      /* pointer size in bytes */
    uint8_t mutex;      /* sizeof(pthread_mutex_t), glibc */
    uint8_t lg_vaddr;   /* what jemalloc's configure takes */
    uint8_t lg_quantum; /* 4 where a long double or a vector asks for it */
    const char *name;
} machines[] = {
    {EM_X86_64, 8, 40, 48, 4, "x86_64"},
    {EM_X86_64, 4, 32, 32, 4, "x32"},
    {EM_386, 4, 24, 32, 4, "i386"},
    {EM_AARCH64, 8, 48, 48, 4, "aarch64"},
    {EM_AARCH64, 4, 32, 32, 4, "ilp32"},
    {EM_ARM, 4, 24, 32, 3, "arm"},
    {EM_S390, 8, 40, 64, 4, "s390x"},
    {EM_S390, 4, 24, 32, 3, "s390"},
    {EM_PPC64, 8, 40, 64, 4, "ppc64"},
    {EM_PPC, 4, 24, 32, 4, "ppc"},
    {EM_RISCV, 8, 40, 64, 4, "riscv64"},
    {EM_RISCV, 4, 32, 32, 4, "riscv32"},
    {EM_MIPS, 8, 40, 64, 3, "mips64"},
    {EM_MIPS, 4, 24, 32, 3, "mips"},
    {EM_SPARCV9, 8, 40, 64, 4, "sparc64"},
    {EM_SPARC, 4, 24, 32, 3, "sparc"},
    {EM_LOONGARCH, 8, 40, 64, 4, "loongarch64"},
};

static const struct machine *known(const struct jt_private *p) {
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (machines[i].machine == p->machine && machines[i].words == p->words)
            return &machines[i];
    return NULL;
}

const char *jt_machine_name(const struct jt_target *target) {
    const struct machine *m = known(target->priv);
    return m == NULL ? "unknown" : m->name;
}

bool jt_machine_take(struct jt_target *target, const uint8_t *header, size_t size) {
    struct jt_private *p = target->priv;
    if (size < EI_NIDENT + 4 || memcmp(header, ELFMAG, SELFMAG) != 0 ||
        (header[EI_CLASS] != ELFCLASS32 && header[EI_CLASS] != ELFCLASS64) ||
        (header[EI_DATA] != ELFDATA2LSB && header[EI_DATA] != ELFDATA2MSB))
        return false;
    p->words = header[EI_CLASS] == ELFCLASS32 ? 4 : 8;
    p->little_endian = header[EI_DATA] == ELFDATA2LSB;
    p->machine = (uint16_t)jt_number_at(target, header + 18, 2);
    return true;
}

bool jt_machine_is(const struct jt_target *target, Elf *elf) {
    const struct jt_private *p = target->priv;
    GElf_Ehdr header;
    if (p->machine == EM_NONE)
        return true; /* not known */
    return gelf_getehdr(elf, &header) != NULL && header.e_machine == p->machine &&
           (header.e_ident[EI_CLASS] == ELFCLASS32) == (p->words == 4) &&
           (header.e_ident[EI_DATA] == ELFDATA2LSB) == p->little_endian;
}

void jt_machine_build(const struct jt_target *target, enum jh_version version,
                      struct jh_build *build) {
    const struct jt_private *p = target->priv;
    const struct machine *m = known(p);
    jh_build_init(build, version);
    build->pointer_size = p->words;
    build->little_endian = p->little_endian;
    build->lg_vaddr = p->words == 4 ? 32 : 64;
    build->aarch64 = p->machine == EM_AARCH64 && p->words == 8;
    if (m == NULL)
        return;
    build->pthread_mutex_size = m->mutex;
    build->lg_vaddr = m->lg_vaddr;
    build->lg_quantum = m->lg_quantum;
}

const uint8_t jt_lg_page[JT_LG_PAGES] = {12, 16, 14, 13, 15};

size_t jt_machine_vaddrs(const struct jt_target *target, uint8_t out[JT_LG_VADDRS]) {
    static const uint8_t any[] = {48, 57, 64};
    struct jh_build build;
    size_t count = 1;
    jt_machine_build(target, JH_5_3_0, &build);
    out[0] = build.lg_vaddr;
    for (size_t i = 0; i < sizeof any && build.pointer_size == 8; i++)
        if (any[i] != out[0])
            out[count++] = any[i];
    return count;
}

uint64_t jt_number_at(const struct jt_target *target, const uint8_t *bytes, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[target->priv->little_endian ? size - 1 - i : i];
    return value;
}

bool jt_read_number(const struct jt_target *target, uint64_t addr, unsigned size, uint64_t *out) {
    uint8_t bytes[8];
    if (size > sizeof bytes || jh_read(&target->heap.reader, addr, bytes, size, NULL) != JH_OK)
        return false;
    *out = jt_number_at(target, bytes, size);
    return true;
}

bool jt_read_word(const struct jt_target *target, uint64_t addr, uint64_t *out) {
    return jt_read_number(target, addr, target->priv->words, out);
}
