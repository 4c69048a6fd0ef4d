/* machine.c - the machine that the target ran on: width and byte order of its words, and what
 * follows from that for its C library and jemalloc's configure script.
 *
 * A machine that is not listed is read by its ELF class and byte order. The list only tells which
 * parameters to try first; the heap decides. */
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "image/inside.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

/* The machine's number in ELF, and its name in jeheap.h. */
static const struct machine {
    uint16_t machine; /* e_machine */
    uint8_t words;    /* pointer size in bytes */
    bool little_endian;
    const char *name;
} machines[] = {
    {EM_X86_64, 8, true, "x86_64"},
    {EM_X86_64, 4, true, "x32"},
    {EM_386, 4, true, "i386"},
    {EM_AARCH64, 8, true, "aarch64"},
    {EM_ARM, 4, true, "armhf"},
    {EM_S390, 8, false, "s390x"},
    {EM_PPC64, 8, true, "ppc64le"},
    {EM_PPC64, 8, false, "ppc64"},
    {EM_PPC, 4, false, "powerpc"},
    {EM_RISCV, 8, true, "riscv64"},
    {EM_MIPS, 8, true, "mips64el"},
    {EM_SPARCV9, 8, false, "sparc64"},
    {EM_LOONGARCH, 8, true, "loongarch64"},
};

const char *jt_machine_name(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (machines[i].machine == p->machine && machines[i].words == p->words &&
            machines[i].little_endian == p->little_endian) {
            return machines[i].name;
        }
    }
    return "unknown";
}

bool jt_machine_take(struct jt_target *target, const uint8_t *header, size_t size) {
    struct jt_private *p = target->priv;
    if (size < EI_NIDENT + 4 || memcmp(header, ELFMAG, SELFMAG) != 0 ||
        (header[EI_CLASS] != ELFCLASS32 && header[EI_CLASS] != ELFCLASS64) ||
        (header[EI_DATA] != ELFDATA2LSB && header[EI_DATA] != ELFDATA2MSB)) {
        return false;
    }
    p->words = header[EI_CLASS] == ELFCLASS32 ? 4 : 8;
    p->little_endian = header[EI_DATA] == ELFDATA2LSB;
    p->freebsd = header[EI_OSABI] == ELFOSABI_FREEBSD;
    p->machine = (uint16_t)jt_number_at(target, header + 18, 2);
    return true;
}

bool jt_machine_is(const struct jt_target *target, Elf *elf) {
    const struct jt_private *p = target->priv;
    GElf_Ehdr header;
    if (p->machine == EM_NONE) {
        return true; /* not known */
    }
    return gelf_getehdr(elf, &header) != NULL && header.e_machine == p->machine &&
           (header.e_ident[EI_CLASS] == ELFCLASS32) == (p->words == 4) &&
           (header.e_ident[EI_DATA] == ELFDATA2LSB) == p->little_endian;
}

void jt_machine_build(const struct jt_target *target, enum jh_version version,
                      struct jh_build *build) {
    const struct jt_private *p = target->priv;
    jh_build_init(build, version);
    if (jh_build_machine(build, jt_machine_name(target)) != JH_OK) {
        build->pointer_size = p->words;
        build->little_endian = p->little_endian;
        build->lg_vaddr = p->words == 4 ? 32 : 64;
        build->pthread_mutex_size = p->words == 4 ? 24 : 40;
    }
    if (p->freebsd) { /* a pointer, and jemalloc keeps one more beside it (JEMALLOC_MUTEX_INIT_CB)
                       */
        build->pthread_mutex_size = (uint8_t)(2 * p->words);
    }
}

const uint8_t jt_lg_page[JT_LG_PAGES] = {12, 16, 14, 13, 15};

size_t jt_machine_vaddrs(const struct jt_target *target, uint8_t out[JT_LG_VADDRS]) {
    static const uint8_t any[] = {48, 57, 64};
    struct jh_build build;
    size_t count = 1;
    jt_machine_build(target, JH_5_3_0, &build);
    out[0] = build.lg_vaddr;
    for (size_t i = 0; i < sizeof any && build.pointer_size == 8; i++) {
        if (any[i] != out[0]) {
            out[count++] = any[i];
        }
    }
    return count;
}

uint64_t jt_number_at(const struct jt_target *target, const uint8_t *bytes, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | bytes[target->priv->little_endian ? size - 1 - i : i];
    }
    return value;
}

void jt_number_put(const struct jt_target *target, uint8_t *bytes, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        bytes[target->priv->little_endian ? i : size - 1 - i] = (uint8_t)(value >> 8 * i);
    }
}

bool jt_read_number(const struct jt_target *target, uint64_t addr, unsigned size, uint64_t *out) {
    uint8_t bytes[8];
    if (size > sizeof bytes || jh_read(&target->heap.reader, addr, bytes, size, NULL) != JH_OK) {
        return false;
    }
    *out = jt_number_at(target, bytes, size);
    return true;
}

bool jt_read_word(const struct jt_target *target, uint64_t addr, uint64_t *out) {
    return jt_read_number(target, addr, target->priv->words, out);
}

bool jt_retry(const struct jt_target *target, unsigned *times) {
    const struct jh_reader *r = &target->heap.reader;
    return r->retry != NULL && r->retry(r->arg, (*times)++);
}
