/* module_file.c - the file of a module, and whether it is the one that was running.
 *
 * A file is used only when nothing contradicts that: symbols and types of another build give wrong
 * answers that look right. Files are not looked for on the network. */
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "files/inside.h"

/* The addresses of the module if this is its file. */
struct place {
    uint64_t head, bias;
    struct jt_range load[JT_PHDRS_MAX];
    size_t loads;
    bool same; /* the program headers in memory do not contradict the file */
};

static size_t headers_of(Elf *elf, struct jt_phdr out[JT_PHDRS_MAX], size_t *all) {
    size_t count = 0;
    *all = 0;
    (void)elf_getphdrnum(elf, all);
    for (size_t i = 0; i < *all && count < JT_PHDRS_MAX; i++) {
        GElf_Phdr ph = {.p_type = PT_NULL};
        (void)gelf_getphdr(elf, (int)i, &ph);
        out[count++] = (struct jt_phdr){ph.p_type,  ph.p_flags,  ph.p_offset,
                                        ph.p_vaddr, ph.p_filesz, ph.p_memsz};
    }
    return count;
}

static uint64_t lowest(const struct jt_phdr *ph, size_t count) {
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && ph[i].vaddr < first) {
            first = ph[i].vaddr;
        }
    }
    return first;
}

/* Do the program headers load the same addresses as those in memory? Yes also when memory has none.
 * Offsets and sizes in the file are not compared: those of a separate debug file differ. */
static bool headers_agree(const struct jt_target *target, uint64_t head, const struct jt_phdr *ph,
                          size_t count) {
    struct jt_phdr memory[JT_PHDRS_MAX];
    size_t there = jt_memory_phdrs(target, head, memory), k = 0;
    for (size_t i = 0; i < there; i++) {
        if (memory[i].type != PT_LOAD) {
            continue;
        }
        while (k < count && ph[k].type != PT_LOAD) {
            k++;
        }
        if (k == count || ph[k].vaddr != memory[i].vaddr || ph[k].memsz != memory[i].memsz) {
            return false;
        }
        k++;
    }
    return true;
}

/* The bias (address - p_vaddr) comes from the mapping of the file's start. A core without NT_FILE
 * does not tell that; then it comes from the address at which the program starts. */
static struct place place_of(const struct jt_target *target, const struct jt_module *module,
                             Elf *elf) {
    const struct jt_private *p = target->priv;
    struct jt_phdr ph[JT_PHDRS_MAX];
    size_t all, count = headers_of(elf, ph, &all);
    uint64_t first = lowest(ph, count);
    GElf_Ehdr header;
    struct place at = {.head = module->head, .bias = module->bias};
    if (gelf_getehdr(elf, &header) == NULL) {
        return at;
    }
    if (module->head != 0) {
        (void)jt_module_bias(module->head, ph, count, &at.bias);
    } else {
        at.bias = header.e_type == ET_DYN ? p->entry - header.e_entry : 0;
        at.head = first != UINT64_MAX ? at.bias + first : 0;
    }
    at.loads = jt_module_loads(target, at.bias, ph, count, at.load);
    at.same = headers_agree(target, at.head, ph, count);
    if (module->main) { /* a file without PT_LOAD is no program */
        at.same &= first != UINT64_MAX && (p->phnum == 0 || p->phnum == all) &&
                   (p->entry == 0 || p->entry == at.bias + header.e_entry);
    }
    return at;
}

static bool same_id(const struct jt_build_id *a, const struct jt_build_id *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void use_file(struct jt_target *target, struct jt_module *module, struct jt_elf *elf,
                     const struct place *at) {
    module->elf = elf;
    module->head = at->head;
    module->bias = at->bias;
    jt_module_add_ranges(target, module, at->load, at->loads);
    const char *root = target->priv->source->sysroot;
    if (root == NULL || module->asked) {
        jt_elf_find_debug(elf, target->priv->source->files, "", module->file, &module->file_id);
    }
    if (elf->debug == NULL) { /* look beside the path in the target as well */
        jt_elf_find_debug(elf, target->priv->source->files, root != NULL ? root : "", module->path,
                          &module->file_id);
    }
    target->memory_ran_out |= elf->memory_ran_out;
}

/* Is this the file of module m, under whatever name? */
static bool is_same_file(const struct jt_module *m, const struct jt_module *module,
                         const struct jt_elf *elf) {
    return elf->id.inode != 0 ? memcmp(&m->elf->id, &elf->id, sizeof elf->id) == 0
                              : strcmp(m->path, module->path) == 0;
}

static bool opened_enough(const struct jt_target *target, const struct jt_module *module,
                          const struct jt_elf *elf) {
    unsigned same = 0;
    for (const struct jt_module *m = target->module; m != module; m++) {
        same += m->elf != NULL && is_same_file(m, module, elf);
    }
    return same >= JT_SAME_MAX;
}

/* Bytes in which version strings are looked for: of segments that are loaded and not writable. */
static uint64_t bytes_to_search(Elf *elf) {
    struct jt_phdr ph[JT_PHDRS_MAX];
    size_t all, count = headers_of(elf, ph, &all), size = 0;
    uint64_t bytes = 0;
    (void)elf_rawfile(elf, &size);
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && (ph[i].flags & PF_W) == 0) {
            bytes += ph[i].filesz < size - bytes ? ph[i].filesz : size - bytes;
        }
    }
    return bytes;
}

/* Is the file below both limits of file.search-limit? The file of --exe always is. */
static bool may_open(struct jt_target *target, struct jt_module *module, const struct jt_elf *elf) {
    uint64_t *searched = &target->priv->source->searched, bytes = bytes_to_search(elf->elf);
    module->unopened = !module->asked &&
                       (opened_enough(target, module, elf) || *searched + bytes > JT_SEARCHED_MAX);
    *searched += module->unopened ? 0 : bytes;
    return !module->unopened;
}

bool jt_module_try(struct jt_target *target, struct jt_module *module, const char *file) {
    const struct jt_files *files = target->priv->source->files;
    char *name = strdup(file);
    struct jt_elf *elf = name == NULL ? NULL : jt_elf_open(files, file, &target->memory_ran_out);
    target->memory_ran_out |= name == NULL;
    if (elf == NULL || !jt_machine_is(target, elf->elf) || !may_open(target, module, elf)) {
        jt_elf_close(elf);
        free(name);
        return false;
    }
    free(module->file);
    module->file = name;
    jt_elf_build_id(elf, &module->file_id);
    struct place at = place_of(target, module, elf->elf);
    if (module->memory_id.size == 0) {
        jt_memory_build_id(target, at.head, &module->memory_id);
    }
    bool both = module->memory_id.size != 0 && module->file_id.size != 0;
    bool same = both ? same_id(&module->memory_id, &module->file_id) : at.same;
    module->state = !same ? JT_FILE_DIFFERS : both ? JT_FILE_SAME : JT_FILE_UNPROVEN;
    if (same) {
        use_file(target, module, elf, &at);
    } else {
        jt_elf_close(elf);
    }
    return true;
}

/* ---- which file ----------------------------------------------------------------------------- */

/* The length of a path without " (deleted)", which the kernel appends when the file was removed. A
 * new file may have this path. */
static size_t length_without_deleted(const char *path) {
    static const char gone[] = " (deleted)";
    size_t len = strlen(path), end = sizeof gone - 1;
    return len > end && strcmp(path + len - end, gone) == 0 ? len - end : len;
}

/* Opens a file through /proc that is the mapped one for certain, so it is proven without a
 * build-id.
 */
static bool try_mapped(struct jt_target *target, struct jt_module *module, const char *file) {
    bool opened = jt_module_try(target, module, file);
    if (opened && module->state == JT_FILE_UNPROVEN) {
        module->state = JT_FILE_SAME;
    }
    return opened;
}

/* Opens the file of a process's module. /proc/PID/map_files comes first: it leads to files that
 * were deleted, and to those of other mount namespaces. */
static bool try_process(struct jt_target *target, struct jt_module *module) {
    const struct jt_mapping *m = target->priv->mapping;
    char name[PATH_MAX + 64];
    while (m->start != module->head) {
        m++;
    }
    snprintf(name, sizeof name, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, target->pid, m->start,
             m->end);
    if (try_mapped(target, module, name)) {
        return true;
    }
    snprintf(name, sizeof name, "/proc/%d/exe", target->pid);
    if (module->main && try_mapped(target, module, name)) {
        return true;
    }
    snprintf(name, sizeof name, "/proc/%d/root%.*s", target->pid,
             (int)length_without_deleted(module->path), module->path);
    return jt_module_try(target, module, name);
}

/* Opens the file named by the first len bytes of the module's path, below --sysroot. */
static void try_named(struct jt_target *target, struct jt_module *module, size_t len) {
    const char *root = target->priv->source->sysroot;
    char name[2 * PATH_MAX];
    int n = snprintf(name, sizeof name, "%s%.*s", root != NULL ? root : "", (int)len, module->path);
    if ((size_t)n < sizeof name) {
        (void)jt_module_try(target, module, name);
    }
}

/* Opens the file of the module's path, also without " (deleted)": a new file may be there. */
static void try_path(struct jt_target *target, struct jt_module *module) {
    size_t len = length_without_deleted(module->path);
    if (module->path[0] != '/') {
        return; /* an ELF file that was found in memory has no path */
    }
    try_named(target, module, strlen(module->path));
    if (module->elf == NULL && module->path[len] != 0) {
        try_named(target, module, len);
    }
}

/* Is the file a shared object that is not also a program (no PT_INTERP, no DF_1_PIE)? */
static bool is_library(Elf *elf) {
    struct jt_phdr ph[JT_PHDRS_MAX];
    size_t all, count = headers_of(elf, ph, &all);
    GElf_Ehdr header;
    bool library = gelf_getehdr(elf, &header) != NULL && header.e_type == ET_DYN;
    for (size_t i = 0; i < count; i++) {
        library &= ph[i].type != PT_INTERP;
    }
    for (Elf_Scn *scn = NULL; library && (scn = elf_nextscn(elf, scn)) != NULL;) {
        GElf_Shdr sh;
        Elf_Data *data;
        GElf_Dyn dyn;
        bool dynamic = gelf_getshdr(scn, &sh) != NULL && sh.sh_type == SHT_DYNAMIC;
        data = dynamic ? elf_getdata(scn, NULL) : NULL;
        for (int i = 0; data != NULL && gelf_getdyn(data, i, &dyn) != NULL; i++) {
            library &= dyn.d_tag != DT_FLAGS_1 || (dyn.d_un.d_val & DF_1_PIE) == 0;
        }
    }
    return library;
}

static bool same_name(const char *a, const char *path) {
    const char *slash = strrchr(a, '/'), *name = slash != NULL ? slash + 1 : a;
    size_t len = length_without_deleted(path), n = strlen(name);
    return n < len && path[len - n - 1] == '/' && memcmp(path + len - n, name, n) == 0;
}

size_t jt_module_of_exe(struct jt_target *target, const char *exe) {
    const struct jt_files *files = target->priv->source->files;
    struct jt_build_id id = {.size = 0};
    size_t program = JT_NO_MODULE, named = JT_NO_MODULE;
    bool library = false;
    if (exe == NULL) {
        return JT_NO_MODULE;
    }
    struct jt_elf *elf = jt_elf_open(files, exe, &target->memory_ran_out);
    if (elf != NULL) {
        jt_elf_build_id(elf, &id);
        library = is_library(elf->elf);
        jt_elf_close(elf);
    }
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        if (id.size != 0 && same_id(&id, &m->memory_id)) {
            return i;
        }
        program = m->main ? i : program;
        named = !m->main && named == JT_NO_MODULE && same_name(exe, m->path) ? i : named;
    }
    if (!library) {
        return program;
    }
    if (named == JT_NO_MODULE) {
        char hex[2 * JT_BUILD_ID_MAX + 1];
        jt_build_id_text(&id, hex);
        jt_warn(target,
                "--exe %s is not used: it is a library, and no module of this target has its %s%s",
                exe, id.size != 0 ? "build-id " : "name", hex);
    }
    return named == JT_NO_MODULE ? JT_NOT_WANTED : named;
}

void jt_module_open(struct jt_target *target, struct jt_module *module, const char *exe) {
    module->asked = exe != NULL;
    if (exe != NULL && jt_module_try(target, module, exe)) {
        return;
    }
    if (target->kind == JT_CORE || !try_process(target, module)) {
        try_path(target, module);
    }
}
