/* core_headers.c - reads the ELF header and the program headers of a core.
 *
 * Headers are believed only as far as the file goes. The bytes between p_filesz and p_memsz were
 * not saved, so they are absent, not zero. */
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image/inside.h"

/* Cores are often kept compressed. Each of these programs unpacks with -d. */
static enum jt_status not_elf(struct jt_target *target, const char *path) {
    static const struct {
        const char *magic, *program;
    } packed[] = {{"\x1f\x8b", "gzip"},
                  {"\x28\xb5\x2f\xfd", "zstd"},
                  {"\xfd\x37\x7a\x58\x5a", "xz"}, /* and a 0, which would end the string */
                  {"\x04\x22\x4d\x18", "lz4"},
                  {"BZh", "bzip2"}};
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        size_t size = strlen(packed[i].magic);
        if (p->core_size >= size && memcmp(p->core, packed[i].magic, size) == 0) {
            return jt_fail(target, JT_UNREADABLE, "%s: compressed (%s); unpack it first: %s -d",
                           path, packed[i].program, packed[i].program);
        }
    }
    if (p->core_size >= 4 && memcmp(p->core, "MDMP", 4) == 0) {
        return jt_fail(target, JT_UNREADABLE,
                       "%s: a minidump, which rarely has the heap in it, and no ELF core; take a "
                       "core (gcore, or ulimit -c unlimited)",
                       path);
    }
    return jt_fail(target, JT_UNREADABLE, "%s: not an ELF file, so not a core", path);
}

enum jt_status jt_core_check_ident(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    const char *path = target->path;
    const uint8_t *e = p->core;
    if (p->core_size < EI_NIDENT || memcmp(e, ELFMAG, SELFMAG) != 0) {
        return not_elf(target, path);
    }
    if (p->core_size < (e[EI_CLASS] == ELFCLASS32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr))) {
        return jt_fail(target, JT_UNREADABLE, "%s: cut off inside the ELF header", path);
    }
    return JT_OK;
}

static enum jt_status check_header(struct jt_target *target, Elf *elf, const char *path,
                                   GElf_Ehdr *header) {
    if (!jt_machine_take(target, target->priv->core, target->priv->core_size)) {
        return jt_fail(
            target, JT_UNREADABLE,
            "%s: a broken ELF header: its class is neither 32-bit nor 64-bit, or its byte "
            "order is unknown",
            path);
    }
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, header) == NULL) {
        return jt_fail(target, JT_UNREADABLE, "%s: a broken ELF header: %s", path, elf_errmsg(-1));
    }
    if (header->e_type != ET_CORE) {
        return jt_fail(target, JT_UNREADABLE,
                       "%s: an ELF file, but not a core; give the core here and the program "
                       "with --exe",
                       path);
    }
    return JT_OK;
}

/* Adds the bytes of one PT_LOAD that are in the file, and the addresses that it maps. */
static void take_load(struct jt_target *target, const GElf_Phdr *ph) {
    struct jt_private *p = target->priv;
    uint64_t size = p->core_size, there = 0, memsz = ph->p_memsz;
    if (memsz > UINT64_MAX - ph->p_vaddr) {
        jt_warn(target,
                "the segment at 0x%" PRIx64 " runs over the end of the address space; what would "
                "be behind it is left out",
                (uint64_t)ph->p_vaddr);
        memsz = UINT64_MAX - ph->p_vaddr;
    }
    uint64_t saved = ph->p_filesz < memsz ? ph->p_filesz : memsz;
    if (ph->p_offset < size) {
        there = saved < size - ph->p_offset ? saved : size - ph->p_offset;
    }
    uint64_t lost = saved - there, most = UINT64_MAX - target->bytes_truncated;
    target->bytes_truncated += lost < most ? lost : most; /* headers may overlap, and lie */
    p->mapped[p->mapped_count++] = (struct jt_range){ph->p_vaddr, ph->p_vaddr + memsz};
    if ((ph->p_flags & PF_W) != 0) {
        jt_ranges_add(&p->writable, ph->p_vaddr, memsz);
    }
    if ((ph->p_flags & PF_X) != 0) {
        jt_ranges_add(&p->code, ph->p_vaddr, memsz);
    }
    if (there != 0) {
        p->segment[p->segments++] = (struct jh_segment){ph->p_vaddr, p->core + ph->p_offset, there};
    }
}

static enum jt_status read_loads(struct jt_target *target, Elf *elf, const char *path,
                                 const GElf_Ehdr *header) {
    struct jt_private *p = target->priv;
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: broken program headers: %s", path,
                       elf_errmsg(-1));
    }
    p->segment = calloc(count + 1, sizeof *p->segment);
    p->mapped = calloc(count + 1, sizeof *p->mapped);
    if (p->segment == NULL || p->mapped == NULL) {
        return jt_fail(target, JT_UNREADABLE, "%s: out of memory", path);
    }
    bool there = count != 0; /* libelf reads none when the file ends before the last one */
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        there = there && gelf_getphdr(elf, (int)i, &ph) != NULL;
        if (there && ph.p_type == PT_LOAD) {
            take_load(target, &ph);
        }
    }
    if (!there && header->e_phnum != 0) {
        return jt_fail(target, JT_UNREADABLE,
                       "%s: cut off: its program headers, or their number, are missing", path);
    }
    jt_ranges_merge(&p->writable);
    p->mapped_count = jt_ranges_normalise(p->mapped, p->mapped_count);
    if (p->mapped_count == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: a core without memory (no PT_LOAD)", path);
    }
    return JT_OK;
}

enum jt_status jt_core_read_headers(struct jt_target *target, Elf *elf) {
    GElf_Ehdr header = {.e_phnum = 0};
    enum jt_status status = check_header(target, elf, target->path, &header);
    return status == JT_OK ? read_loads(target, elf, target->path, &header) : status;
}

/* Debuggers leave read-only mappings of files out of a core's memory, but its notes name them. */
enum jt_status jt_core_add_files(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jt_range *all = calloc(p->mapped_count + p->mappings + 1, sizeof *all);
    if (all == NULL) {
        return jt_fail(target, JT_UNREADABLE, "%s: out of memory", target->path);
    }
    memcpy(all, p->mapped, p->mapped_count * sizeof *all);
    for (size_t i = 0; i < p->mappings; i++) {
        all[p->mapped_count + i] = (struct jt_range){p->mapping[i].start, p->mapping[i].end};
    }
    p->load = p->mapped;
    p->load_count = p->mapped_count;
    p->mapped = all;
    p->mapped_count = jt_ranges_normalise(all, p->mapped_count + p->mappings);
    return JT_OK;
}
