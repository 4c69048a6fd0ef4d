/* modules.c - the ELF files that the target has mapped, and whether the ones found here are them.
 *
 * A file is used only when nothing speaks against it: symbols and types of another build give
 * answers that look right and are not. No network is asked. */
#include <errno.h>
#include <inttypes.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define SAME_MAX 4 /* modules that one file is opened for: dlmopen() loads one again */

static bool read_target(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    return jh_read(&target->heap.reader, addr, dst, len, NULL) == JH_OK;
}

/* address - p_vaddr: from the mapping of the file's start, else (no NT_FILE) from where the program
 * starts and its headers are. False when the program's file says otherwise: it is another one. */
static bool find_bias(const struct jt_target *target, struct jt_module *module) {
    const struct jt_private *p = target->priv;
    size_t count = 0;
    uint64_t first = UINT64_MAX;
    bool based = false;
    GElf_Ehdr header;
    if (gelf_getehdr(module->elf->elf, &header) == NULL ||
        elf_getphdrnum(module->elf->elf, &count) != 0) {
        return false;
    }
    if (module->start == 0 && header.e_type == ET_DYN) {
        module->bias = p->entry - header.e_entry;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(module->elf->elf, (int)i, &ph) == NULL || ph.p_type != PT_LOAD) {
            continue;
        }
        if (module->start != 0 && ph.p_offset == 0 && !based) {
            module->bias = module->start - ph.p_vaddr;
            based = true; /* files of debug information alone have all their parts at 0 */
        }
        if (ph.p_vaddr < first) {
            first = ph.p_vaddr;
        }
        uint64_t end = module->bias + ph.p_vaddr + ph.p_memsz;
        if (end > module->end) {
            module->end = end; /* .bss lies behind the file's mappings */
        }
    }
    bool loads = first != UINT64_MAX; /* what loads nothing was no program */
    if (module->start == 0 && loads) {
        module->start = module->bias + first;
    }
    return !module->main ||
           (loads && (p->entry == 0 || p->entry == module->bias + header.e_entry) &&
            (p->phnum == 0 || p->phnum == count));
}

static bool same_id(const struct jt_build_id *a, const struct jt_build_id *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Open one file for the module; false when it is not there or no ELF file of this machine. */
static bool try_file(struct jt_target *target, struct jt_module *module, const char *file) {
    const struct jt_files *files = target->priv->files;
    errno = 0;
    struct jt_elf *elf = files->open(files->arg, file);
    jt_note_memory(target);
    if (elf == NULL) {
        return false;
    }
    if (!jt_machine_is(target, elf->elf)) {
        jt_elf_close(elf);
        return false;
    }
    jt_elf_build_id(elf, &module->file_id);
    free(module->file);
    module->file = strdup(file);
    target->memory_ran_out |= module->file == NULL;
    module->elf = elf;
    bool same = find_bias(target, module);
    if (module->memory_id.size == 0) {
        jt_memory_build_id(target, module->start, &module->memory_id);
    }
    bool both = module->memory_id.size != 0 && module->file_id.size != 0;
    if (both) {
        same = same_id(&module->memory_id, &module->file_id);
    }
    module->state = !same ? JT_FILE_DIFFERS : both ? JT_FILE_SAME : JT_FILE_UNPROVEN;
    if (same) {
        jt_elf_find_debug(elf, files, file, &module->file_id);
        if (elf->debug == NULL) { /* beside the file as the target names it */
            jt_elf_find_debug(elf, files, module->path, &module->file_id);
        }
        return true;
    }
    jt_elf_close(elf);
    module->elf = NULL;
    return true;
}

/* A process: the mapping itself first, which also finds deleted files and other mount namespaces.
 */
static bool try_process(struct jt_target *target, struct jt_module *module) {
    const struct jt_mapping *m = target->priv->mapping;
    char name[PATH_MAX + 64];
    while (m->start != module->start) {
        m++;
    }
    snprintf(name, sizeof name, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, target->pid, m->start,
             m->end);
    if (try_file(target, module, name)) {
        return true;
    }
    snprintf(name, sizeof name, "/proc/%d/exe", target->pid);
    if (module->main && try_file(target, module, name)) {
        return true;
    }
    const char *gone = strstr(module->path, " (deleted)"); /* and perhaps installed again */
    size_t len = gone != NULL ? (size_t)(gone - module->path) : strlen(module->path);
    snprintf(name, sizeof name, "/proc/%d/root%.*s", target->pid, (int)len, module->path);
    return try_file(target, module, name);
}

struct jt_module *jt_module_add(struct jt_target *target, const char *path) {
    struct jt_module *grown = jt_grow(target->module, target->modules, sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    target->module = grown;
    grown += target->modules;
    memset(grown, 0, sizeof *grown);
    grown->state = JT_FILE_MISSING;
    grown->path = strdup(path);
    if (grown->path == NULL) {
        return NULL;
    }
    target->modules++;
    return grown;
}

/* Does ELF start here? Unknown counts as yes: the page may be left out of the core. */
static bool may_be_elf(const struct jt_target *target, uint64_t addr) {
    uint8_t magic[SELFMAG];
    if (!read_target(target, addr, magic, sizeof magic)) {
        return target->kind == JT_CORE;
    }
    return memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool opened_enough(const struct jt_target *target, const struct jt_module *module) {
    unsigned same = 0;
    for (const struct jt_module *m = target->module; m != module; m++) {
        same += m->elf != NULL && strcmp(m->path, module->path) == 0;
    }
    return same >= SAME_MAX;
}

#define NO_MODULE SIZE_MAX

/* --exe FILE is for the module that has its build-id, else for the program. Gives its number. */
static size_t module_of_exe(struct jt_target *target, const char *exe) {
    const struct jt_files *files = target->priv->files;
    struct jt_build_id id = {.size = 0};
    size_t program = NO_MODULE;
    if (exe == NULL) {
        return NO_MODULE;
    }
    errno = 0;
    struct jt_elf *elf = files->open(files->arg, exe);
    jt_note_memory(target);
    if (elf != NULL) {
        jt_elf_build_id(elf, &id);
        jt_elf_close(elf);
    }
    for (size_t i = 0; i < target->modules; i++) {
        if (id.size != 0 && same_id(&id, &target->module[i].memory_id)) {
            return i;
        }
        program = target->module[i].main ? i : program;
    }
    return program;
}

/* The file that belongs to the module, by its own path, or by --exe. */
static void open_file(struct jt_target *target, struct jt_module *module, const char *exe) {
    if (opened_enough(target, module)) {
        return;
    }
    if (exe != NULL && try_file(target, module, exe)) {
        return;
    }
    if (target->kind != JT_CORE && try_process(target, module)) {
        return;
    }
    (void)try_file(target, module, module->path);
}

static bool is_file(const struct jt_mapping *m) {
    bool device = strncmp(m->path, "/dev/", 5) == 0 && strncmp(m->path, "/dev/shm/", 9) != 0;
    return m->path[0] == '/' && !device;
}

/* The last mapping of those that belong to the one that has a file's start. Memory of no file may
 * lie between them: code that a program has moved to larger pages. */
static size_t last_of_file(const struct jt_private *p, size_t first) {
    size_t last = first;
    for (size_t i = first + 1; i < p->mappings; i++) {
        const struct jt_mapping *m = &p->mapping[i];
        if (m->path[0] != '/') {
            continue;
        }
        if (m->offset == 0 || strcmp(m->path, p->mapping[first].path) != 0) {
            break;
        }
        last = i;
    }
    return last;
}

/* What was loaded has code. Programs map ELF files to read them as well, their own among them, and
 * addresses in such a mapping are not those of symbols. Debuggers leave code out of a core, which
 * is then the piece of the file that no header names. */
static bool may_be_loaded(const struct jt_target *target, size_t first, size_t last) {
    const struct jt_private *p = target->priv;
    const struct jt_range all = {p->mapping[first].start, p->mapping[last].end};
    if (p->code.count == 0 || jt_ranges_touch(p->code.range, p->code.count, all)) {
        return true; /* or nothing is known */
    }
    bool left_out = false;
    for (size_t i = first; i <= last; i++) {
        left_out |= !jt_ranges_hold(p->load, p->load_count, p->mapping[i].start);
    }
    return target->kind == JT_CORE && last != first && left_out;
}

static bool modules_from_mappings(struct jt_target *target) {
    struct jt_private *p = target->priv;
    jt_ranges_merge(&p->code);
    for (size_t i = 0, last; i < p->mappings; i = last + 1) {
        const struct jt_mapping *m = &p->mapping[i];
        bool starts = is_file(m) && m->offset == 0;
        last = starts ? last_of_file(p, i) : i;
        if (!starts || !may_be_loaded(target, i, last) || !may_be_elf(target, m->start)) {
            continue;
        }
        if (target->modules == JT_MODULES_MAX) {
            jt_warn(target, "more than %d files are mapped; those from %s on are not looked at",
                    JT_MODULES_MAX, m->path);
            break;
        }
        struct jt_module *module = jt_module_add(target, m->path);
        if (module == NULL) {
            return false;
        }
        module->start = m->start;
        module->end = p->mapping[last].end;
        module->main = p->entry >= module->start && p->entry < module->end;
        jt_memory_build_id(target, module->start, &module->memory_id);
    }
    return !p->code.lost;
}

/* ---- a core that names no files ------------------------------------------------------------- */

/* ELF files that can be seen in memory, by their own headers. */
static bool modules_from_memory(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    struct jt_phdr ph[JT_PHDRS_MAX];
    char name[64];
    for (size_t i = 0; i < p->segments && target->modules < JT_MODULES_MAX; i++) {
        uint64_t start = p->segment[i].addr, first = UINT64_MAX, end = 0;
        size_t count = jt_memory_phdrs(target, start, ph);
        for (size_t k = 0; k < count; k++) {
            if (ph[k].type == PT_LOAD) {
                first = ph[k].vaddr < first ? ph[k].vaddr : first;
                end = ph[k].vaddr + ph[k].memsz > end ? ph[k].vaddr + ph[k].memsz : end;
            }
        }
        if (end <= first || end - first > UINT64_MAX - start) {
            continue;
        }
        snprintf(name, sizeof name, "[ELF file at 0x%" PRIx64 "]", start);
        struct jt_module *module = jt_module_add(target, name);
        if (module == NULL) { /* an ELF file that is seen in memory */
            return false;
        }
        module->start = start;
        module->end = start + (end - first);
        module->main = p->entry >= module->start && p->entry < module->end;
        jt_memory_build_id(target, start, &module->memory_id);
    }
    return true;
}

/* What the program was called by, which need not be where it is now. */
static bool program_name(const struct jt_target *target, char *out, size_t size) {
    for (size_t i = 0; i + 1 < size; i++) {
        if (!read_target(target, target->priv->execfn + i, out + i, 1)) {
            return false;
        }
        if (out[i] == 0) {
            return out[0] == '/';
        }
    }
    return false;
}

/* The program, by --exe or by the name that the kernel gave it. */
static bool module_from_name(struct jt_target *target, const char *exe) {
    struct jt_module *module = NULL;
    char name[PATH_MAX];
    if (exe == NULL && (target->priv->execfn == 0 || !program_name(target, name, sizeof name))) {
        return true;
    }
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].main) {
            module = &target->module[i];
        }
    }
    if (module == NULL) {
        module = jt_module_add(target, exe != NULL ? exe : name);
    }
    if (module == NULL) { /* the program */
        return false;
    }
    module->main = true;
    (void)try_file(target, module, exe != NULL ? exe : name);
    GElf_Ehdr header;
    if (module->elf != NULL && target->priv->entry == 0 && module->memory_id.size == 0 &&
        gelf_getehdr(module->elf->elf, &header) != NULL && header.e_type == ET_DYN) {
        jt_warn(target, "the core does not tell where %s was loaded; its symbols are not used",
                module->file);
        jt_elf_close(module->elf);
        module->elf = NULL;
        module->state = JT_FILE_MISSING;
    }
    return true;
}

enum jt_status jt_modules_open(struct jt_target *target, const char *exe) {
    bool ok = modules_from_mappings(target), has_main = false;
    size_t own = ok ? module_of_exe(target, exe) : NO_MODULE;
    for (size_t i = 0; ok && i < target->modules; i++) {
        open_file(target, &target->module[i], i == own ? exe : NULL);
    }
    if (ok && target->kind == JT_CORE && target->priv->mappings == 0) {
        ok = modules_from_memory(target) && module_from_name(target, exe);
    }
    if (exe != NULL && access(exe, R_OK) != 0) {
        return jt_fail(target, JT_USAGE, "--exe %s: there is no such file, or it may not be read",
                       exe);
    }
    for (size_t i = 0; i < target->modules; i++) {
        has_main |= target->module[i].main;
    }
    if (ok && exe != NULL && own == NO_MODULE && !has_main) {
        ok = module_from_name(target, exe);
    }
    if (!ok) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    for (size_t i = 0; i < target->modules; i++) {
        struct jt_module *m = &target->module[i];
        if (exe != NULL && (own == NO_MODULE ? m->main : i == own) && m->file == NULL) {
            return jt_fail(target, JT_USAGE, "--exe %s: not an ELF file for this machine (%s)", exe,
                           jt_machine_name(target));
        }
        if (m->elf != NULL) {
            m->has_debug_info = jt_elf_has_debug_info(m->elf);
        }
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
    for (size_t i = 0; i < target->modules; i++) {
        if (addr >= target->module[i].start && addr < target->module[i].end) {
            return &target->module[i];
        }
    }
    return NULL;
}
