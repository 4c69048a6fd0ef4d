/* core.c - reads an ELF core: maps the file and lends its segments without copying them.
 *
 * What a header says is believed as far as the file goes and no further. The bytes between p_filesz
 * and p_memsz were not saved, so they are absent, not zero. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/inside.h"

enum jt_status jt_image_start(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jh_fault fault;
    p->segments = jt_segments_normalise(p->segment, p->segments);
    memset(&p->image, 0, sizeof p->image);
    free(p->piece);
    p->piece = p->data.count == 0 ? NULL : jt_segments_without_holes(p, &p->image.count);
    p->image.segment = p->piece;
    if (p->piece == NULL) {
        p->image.segment = p->segment;
        p->image.count = p->segments;
    }
    if (jh_image_reader(&p->image, &target->heap.reader, &fault) != JH_OK) {
        return jt_fail(target, JT_UNREADABLE, "the segments cannot be read: %s at 0x%" PRIx64,
                       fault.rule, fault.addr);
    }
    jt_watch_reader(target);
    return JT_OK;
}

static void find_holes(struct jt_target *target) {
    enum { PIECES_MAX = 1 << 18 };
    struct jt_private *p = target->priv;
    if (!jt_data_find(target, p->core_fd, p->core_size, PIECES_MAX, &p->data) ||
        jt_ranges_bytes(p->data.range, p->data.count) == p->core_size) {
        jt_ranges_free(&p->data);
    }
}

/* O_NONBLOCK, because open() of a FIFO waits until somebody writes to it. */
static enum jt_status map_file(struct jt_target *target, const char *path) {
    struct jt_private *p = target->priv;
    struct stat *st = &p->core_was;
    p->core_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (p->core_fd < 0 || fstat(p->core_fd, st) != 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: %s", target->path, strerror(errno));
    }
    if (!S_ISREG(st->st_mode) || st->st_size == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: %s, not a core", target->path,
                       S_ISREG(st->st_mode) ? "an empty file" : "not a regular file");
    }
    p->core_size = (size_t)st->st_size;
    void *bytes = mmap(NULL, p->core_size, PROT_READ, MAP_PRIVATE, p->core_fd, 0);
    if (bytes == MAP_FAILED) {
        return jt_fail(target, JT_UNREADABLE, "%s: cannot be mapped: %s", target->path,
                       strerror(errno));
    }
    p->core = bytes;
    p->core_mapped = true;
    find_holes(target);
    return JT_OK;
}

bool jt_changed(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    const struct stat *was = &p->core_was;
    struct stat now;
    return p->core_fd >= 0 && fstat(p->core_fd, &now) == 0 &&
           (now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != was->st_mtim.tv_nsec);
}

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

static enum jt_status check_ident(struct jt_target *target, const char *path) {
    const struct jt_private *p = target->priv;
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
        return jt_fail(target, JT_UNREADABLE,
                       "%s: a broken ELF header: neither 32-bit nor 64-bit, or of no byte order",
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
                       "%s: cut off: its program headers, or their number, are not there", path);
    }
    p->mapped_count = jt_ranges_normalise(p->mapped, p->mapped_count);
    if (p->mapped_count == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: a core without memory (no PT_LOAD)", path);
    }
    return JT_OK;
}

/* Debuggers leave read-only mappings of files out of a core's memory, but its notes name them. */
static enum jt_status add_files(struct jt_target *target) {
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

void jt_core_count(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    uint64_t mapped = 0;
    target->bytes_present = 0;
    for (size_t i = 0; i < p->mapped_count; i++) {
        mapped += p->mapped[i].end - p->mapped[i].start;
    }
    for (size_t i = 0; i < p->segments; i++) {
        target->bytes_present += p->segment[i].len;
    }
    target->bytes_absent = mapped > target->bytes_present ? mapped - target->bytes_present : 0;
}

uint64_t jt_core_bytes(const struct jt_target *target) {
    const struct jt_ranges *data = &target->priv->data;
    uint64_t bytes =
        data->count == 0 ? target->priv->core_size : jt_ranges_bytes(data->range, data->count);
    if (target->kind != JT_CORE) {
        return UINT64_MAX;
    }
    return bytes + target->priv->lent;
}

uint64_t jt_core_bytes_with_zeroes(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    uint64_t zeroes = jt_is_skeleton(target) ? p->segments * JT_SKELETON_ZEROES_MAX : 0;
    return jt_core_bytes(target) + zeroes;
}

static enum jt_status read_core(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    enum jt_status status = check_ident(target, target->path);
    if (status != JT_OK) {
        return status;
    }
    Elf *elf = elf_memory((char *)(uintptr_t)p->core,
                          p->core_size); /* elf_memory() takes no const; nothing writes to it */
    GElf_Ehdr header = {.e_phnum = 0};
    status = check_header(target, elf, target->path, &header);
    if (status == JT_OK) {
        status = read_loads(target, elf, target->path, &header);
    }
    if (status == JT_OK) {
        jt_notes_read(target, elf);
        status = add_files(target);
    }
    if (status == JT_OK) {
        status = jt_image_start(target);
    }
    if (status == JT_OK && target->bytes_truncated != 0) {
        jt_warn(target,
                "%s was cut off: %" PRIu64 " bytes that its headers promise are missing; "
                "answers about them are \"absent\"",
                target->path, target->bytes_truncated);
    }
    target->priv->file_warnings = target->warnings;
    elf_end(elf);
    return status;
}

static bool name_core(struct jt_target *target, const char *name) {
    target->kind = JT_CORE;
    target->priv->core_path = strdup(name);
    target->path = target->priv->core_path;
    return target->path != NULL;
}

enum jt_status jt_core_open(struct jt_target *target, const char *path, const char *name) {
    if (!name_core(target, name)) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    enum jt_status status = map_file(target, path);
    return status == JT_OK ? read_core(target) : status;
}

enum jt_status jt_core_read(struct jt_target *target, const uint8_t *bytes, size_t size,
                            const char *name) {
    if (!name_core(target, name)) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    if (size == 0) {
        return jt_fail(target, JT_UNREADABLE, "%s: no bytes, not a core", name);
    }
    target->priv->core = bytes;
    target->priv->core_size = size;
    return read_core(target);
}

void jt_core_close(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    if (p->core_fd >= 0) {
        close(p->core_fd);
    }
    if (p->core_mapped) {
        munmap((void *)(uintptr_t)p->core, p->core_size);
    }
    free(p->core_path);
    free(p->piece);
    jt_ranges_free(&target->priv->data);
}
