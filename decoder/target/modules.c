/* modules.c - the ELF files that the target has mapped, and whether the ones found here are them.
 *
 * A file is used only when nothing speaks against it: symbols and types of another build give
 * answers that look right and are not. No network is asked. */
#include <inttypes.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

static bool read_target(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    return jh_read(&target->heap.reader, addr, dst, len, NULL) == JH_OK;
}

/* The GNU build-id among notes that lie in memory. */
static bool id_in_notes(const uint8_t *note, size_t size, struct jt_build_id *out) {
    for (size_t at = 0; at + 12 <= size;) {
        uint32_t head[3]; /* name size, description size, type */
        memcpy(head, note + at, sizeof head);
        if (head[0] > size || head[1] > size)
            return false;
        size_t desc = at + 12 + ((head[0] + 3u) & ~(size_t)3);
        size_t next = desc + ((head[1] + 3u) & ~(size_t)3);
        if (next > size)
            return false;
        if (head[2] == NT_GNU_BUILD_ID && head[0] == 4 && memcmp(note + at + 12, "GNU", 4) == 0 &&
            head[1] <= JT_BUILD_ID_MAX) {
            out->size = head[1];
            memcpy(out->bytes, note + desc, out->size);
            return out->size != 0;
        }
        at = next;
    }
    return false;
}

/* From the target's own memory: kernels keep the first page of every ELF file in a core. */
static void memory_id(const struct jt_target *target, struct jt_module *module) {
    Elf64_Ehdr header;
    uint64_t first = 0;
    if (!read_target(target, module->start, &header, sizeof header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(Elf64_Phdr))
        return;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < header.e_phnum && i < 128; i++) {
            Elf64_Phdr ph;
            uint8_t note[4096];
            if (!read_target(target, module->start + header.e_phoff + i * sizeof ph, &ph,
                             sizeof ph))
                return;
            if (pass == 0 && ph.p_type == PT_LOAD && ph.p_offset == 0)
                first = ph.p_vaddr;
            if (pass == 1 && ph.p_type == PT_NOTE && ph.p_filesz <= sizeof note &&
                read_target(target, module->start - first + ph.p_vaddr, note, ph.p_filesz) &&
                id_in_notes(note, ph.p_filesz, &module->memory_id))
                return;
        }
}

/* address - p_vaddr: from the mapping of the file's start, else (no NT_FILE) from the entry. */
static void find_bias(const struct jt_target *target, struct jt_module *module) {
    size_t count = 0;
    GElf_Ehdr header;
    if (gelf_getehdr(module->elf->elf, &header) == NULL ||
        elf_getphdrnum(module->elf->elf, &count) != 0)
        return;
    if (module->start == 0 && header.e_type == ET_DYN)
        module->bias = target->priv->entry - header.e_entry;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(module->elf->elf, (int)i, &ph) == NULL || ph.p_type != PT_LOAD)
            continue;
        if (module->start != 0 && ph.p_offset == 0)
            module->bias = module->start - ph.p_vaddr;
        uint64_t end = module->bias + ph.p_vaddr + ph.p_memsz;
        if (end > module->end)
            module->end = end; /* .bss lies behind the file's mappings */
    }
    if (module->start == 0)
        module->start = module->bias;
}

static bool same_id(const struct jt_build_id *a, const struct jt_build_id *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Open one file for the module; false when it is not there or no ELF file. */
static bool try_file(const struct jt_target *target, struct jt_module *module, const char *file) {
    struct jt_elf *elf = jt_elf_open(file);
    if (elf == NULL)
        return false;
    jt_elf_build_id(elf, &module->file_id);
    free(module->file);
    module->file = strdup(file);
    if (module->memory_id.size != 0 && module->file_id.size != 0 &&
        !same_id(&module->memory_id, &module->file_id)) {
        module->state = JT_FILE_DIFFERS;
        jt_elf_close(elf);
        return true;
    }
    module->state =
        module->memory_id.size != 0 && module->file_id.size != 0 ? JT_FILE_SAME : JT_FILE_UNPROVEN;
    module->elf = elf;
    jt_elf_find_debug(elf, file, &module->file_id);
    find_bias(target, module);
    return true;
}

/* A process: the mapping itself first, which also finds deleted files and other mount namespaces.
 */
static bool try_process(const struct jt_target *target, struct jt_module *module,
                        const struct jt_mapping *mapping) {
    char name[PATH_MAX + 64];
    snprintf(name, sizeof name, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, target->pid,
             mapping->start, mapping->end);
    if (try_file(target, module, name))
        return true;
    snprintf(name, sizeof name, "/proc/%d/root%s", target->pid, module->path);
    if (try_file(target, module, name))
        return true;
    snprintf(name, sizeof name, "/proc/%d/exe", target->pid);
    return module->main && try_file(target, module, name);
}

static struct jt_module *add_module(struct jt_target *target, const char *path) {
    struct jt_module *grown = jt_grow(target->module, target->modules, sizeof *grown);
    if (grown == NULL)
        return NULL;
    target->module = grown;
    grown += target->modules;
    memset(grown, 0, sizeof *grown);
    grown->state = JT_FILE_MISSING;
    grown->path = strdup(path);
    if (grown->path == NULL)
        return NULL;
    target->modules++;
    return grown;
}

/* Does ELF start here? Unknown counts as yes: the page may be left out of the core. */
static bool may_be_elf(const struct jt_target *target, uint64_t addr) {
    uint8_t magic[SELFMAG];
    if (!read_target(target, addr, magic, sizeof magic))
        return target->kind == JT_CORE;
    return memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The file that belongs to the module, by its own path, or by --exe. */
static void open_file(struct jt_target *target, struct jt_module *module,
                      const struct jt_mapping *mapping, const char *exe) {
    uint64_t entry = target->priv->entry;
    module->main = entry >= module->start && entry < module->end;
    memory_id(target, module);
    if (exe != NULL && module->main && try_file(target, module, exe))
        return;
    if (target->kind != JT_CORE && try_process(target, module, mapping))
        return;
    if (module->path[0] == '/')
        (void)try_file(target, module, module->path);
}

static bool modules_from_mappings(struct jt_target *target, const char *exe) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->mappings;) {
        const struct jt_mapping *m = &p->mapping[i];
        size_t next = i + 1;
        while (next < p->mappings && p->mapping[next].offset != 0 &&
               strcmp(p->mapping[next].path, m->path) == 0)
            next++;
        bool file = m->path[0] == '/' && strncmp(m->path, "/dev/", 5) != 0;
        if (file && m->offset == 0 && may_be_elf(target, m->start)) {
            struct jt_module *module = add_module(target, m->path);
            if (module == NULL)
                return false;
            module->start = m->start;
            module->end = p->mapping[next - 1].end;
            open_file(target, module, m, exe);
        }
        i = next;
    }
    return true;
}

/* A core that names no files: --exe is all there is to go by. */
static bool module_from_exe(struct jt_target *target, const char *exe) {
    struct jt_module *module = add_module(target, exe);
    if (module == NULL)
        return false;
    module->main = true;
    (void)try_file(target, module, exe);
    GElf_Ehdr header;
    if (module->elf != NULL && target->priv->entry == 0 &&
        gelf_getehdr(module->elf->elf, &header) != NULL && header.e_type == ET_DYN) {
        jt_warn(target, "the core does not tell where %s was loaded; its symbols are not used",
                exe);
        jt_elf_close(module->elf);
        module->elf = NULL;
        module->state = JT_FILE_MISSING;
    }
    return true;
}

enum jt_status jt_modules_open(struct jt_target *target, const char *exe) {
    bool ok = modules_from_mappings(target, exe), has_main = false;
    if (exe != NULL && access(exe, R_OK) != 0)
        return jt_fail(target, JT_USAGE, "--exe %s: there is no such file, or it may not be read",
                       exe);
    for (size_t i = 0; i < target->modules; i++)
        has_main |= target->module[i].main;
    if (ok && exe != NULL && !has_main)
        ok = module_from_exe(target, exe);
    if (!ok)
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    for (size_t i = 0; i < target->modules; i++) {
        struct jt_module *m = &target->module[i];
        if (exe != NULL && m->main && m->file == NULL)
            return jt_fail(target, JT_USAGE, "--exe %s: not a 64-bit ELF file", exe);
        if (m->elf != NULL)
            m->has_debug_info = jt_elf_has_debug_info(m->elf);
    }
    return JT_OK;
}

void jt_modules_close(struct jt_target *target) {
    for (size_t i = 0; i < target->modules; i++) {
        jt_elf_close(target->module[i].elf);
        free(target->module[i].path);
        free(target->module[i].file);
    }
    free(target->module);
}

const struct jt_module *jt_module_at(const struct jt_target *target, uint64_t addr) {
    for (size_t i = 0; i < target->modules; i++)
        if (addr >= target->module[i].start && addr < target->module[i].end)
            return &target->module[i];
    return NULL;
}
