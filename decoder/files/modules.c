/* modules.c - the ELF files that the target has mapped. */
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/inside.h"

static bool read_target(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    return jh_read(&target->heap.reader, addr, dst, len, NULL) == JH_OK;
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

/* Does an ELF file begin at this address? Yes also when a core does not have the page. */
static bool may_be_elf(const struct jt_target *target, uint64_t addr) {
    uint8_t magic[SELFMAG];
    if (!read_target(target, addr, magic, sizeof magic)) {
        return target->kind == JT_CORE;
    }
    return memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool is_file(const struct jt_mapping *m) {
    bool device = strncmp(m->path, "/dev/", 5) == 0 && strncmp(m->path, "/dev/shm/", 9) != 0;
    return m->path[0] == '/' && !device;
}

/* The last mapping of the module whose first mapping this is. The mappings of a module are in the
 * order of the file, and below the end that its program headers tell. Memory without a file may lie
 * between them: code that a program has moved to larger pages. */
static size_t last_of_file(const struct jt_private *p, size_t first, uint64_t end) {
    size_t last = first;
    for (size_t i = first + 1; i < p->mappings && p->mapping[i].start < end; i++) {
        const struct jt_mapping *m = &p->mapping[i];
        if (m->path[0] != '/') {
            continue;
        }
        if (m->offset < p->mapping[last].offset || m->offset == 0 ||
            strcmp(m->path, p->mapping[first].path) != 0) {
            break;
        }
        last = i;
    }
    return last;
}

/* Were these mappings made by a loader? Programs also map ELF files to read them, even their own,
 * and symbols have no addresses in such a mapping. A loaded file has code. Debuggers leave code out
 * of a core: then one of the mappings is in no segment of the core. */
static bool may_be_loaded(const struct jt_target *target, size_t loads, size_t first, size_t last) {
    const struct jt_private *p = target->priv;
    if (loads > 1 && last == first) {
        return false; /* one mapping of a file that is loaded in several */
    }
    const struct jt_range all = {p->mapping[first].start, p->mapping[last].end};
    if (p->code.count == 0 || jt_ranges_touch(p->code.range, p->code.count, all)) {
        return true; /* also when it is not known what is code */
    }
    bool left_out = false;
    for (size_t i = first; i <= last; i++) {
        left_out |= !jt_ranges_hold(p->load, p->load_count, p->mapping[i].start);
    }
    return target->kind == JT_CORE && last != first && left_out;
}

/* What the program headers in memory load. */
struct headers {
    uint64_t bias;
    struct jt_range load[JT_PHDRS_MAX];
    size_t loads; /* 0: they cannot be read */
};

static struct headers headers_at(const struct jt_target *target, uint64_t start) {
    struct jt_phdr ph[JT_PHDRS_MAX];
    struct headers h = {.bias = 0};
    size_t count = jt_memory_phdrs(target, start, ph);
    if (jt_module_bias(start, ph, count, &h.bias)) {
        h.loads = jt_module_loads(target, h.bias, ph, count, h.load);
    }
    return h;
}

static uint64_t end_of(const struct headers *h) {
    uint64_t end = h->loads == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < h->loads; i++) {
        end = h->load[i].end > end ? h->load[i].end : end;
    }
    return end;
}

static void place_module(struct jt_target *target, struct jt_module *module,
                         const struct headers *h, size_t first, size_t last) {
    const struct jt_private *p = target->priv;
    module->head = p->mapping[first].start;
    module->bias = h->bias;
    struct jt_ranges all = {NULL, 0, 0, false};
    for (size_t i = 0; i < h->loads; i++) {
        jt_ranges_add(&all, h->load[i].start, h->load[i].end - h->load[i].start);
    }
    for (size_t i = first; i <= last; i++) {
        const struct jt_mapping *m = &p->mapping[i];
        if (m->path[0] == '/') {
            jt_ranges_add(&all, m->start, m->end - m->start);
        }
    }
    target->memory_ran_out |= all.lost;
    jt_module_add_ranges(target, module, all.range, all.count);
    jt_ranges_free(&all);
    module->main = jt_module_holds(module, p->entry);
    jt_memory_build_id(target, module->head, &module->memory_id);
}

static bool modules_from_mappings(struct jt_target *target) {
    struct jt_private *p = target->priv;
    jt_ranges_merge(&p->code);
    for (size_t i = 0, last; i < p->mappings; i = last + 1) {
        const struct jt_mapping *m = &p->mapping[i];
        last = i;
        if (!is_file(m) || m->offset != 0) {
            continue;
        }
        struct headers h = headers_at(target, m->start);
        last = last_of_file(p, i, end_of(&h));
        if (!may_be_loaded(target, h.loads, i, last) || !may_be_elf(target, m->start)) {
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
        place_module(target, module, &h, i, last);
    }
    return !p->code.lost && !target->memory_ran_out;
}

/* ---- a core that names no files ------------------------------------------------------------- */

/* Adds a module for each ELF file that begins at the start of a segment. */
static bool modules_from_memory(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    char name[64];
    for (size_t i = 0; i < p->segments && target->modules < JT_MODULES_MAX; i++) {
        uint64_t start = p->segment[i].addr;
        struct headers h = headers_at(target, start);
        if (h.loads == 0) {
            continue;
        }
        snprintf(name, sizeof name, "[ELF file at 0x%" PRIx64 "]", start);
        struct jt_module *module = jt_module_add(target, name);
        if (module == NULL) { /* no memory for a module from memory */
            return false;
        }
        module->head = start;
        module->bias = h.bias;
        jt_module_add_ranges(target, module, h.load, h.loads);
        module->main = jt_module_holds(module, p->entry);
        jt_memory_build_id(target, start, &module->memory_id);
    }
    return !target->memory_ran_out;
}

/* The path by which the program was started (AT_EXECFN). */
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

/* Adds the program's module, of --exe or of the path by which it was started. */
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
    if (module == NULL) { /* no memory for the program's module */
        return false;
    }
    module->main = true;
    module->asked = exe != NULL;
    (void)jt_module_try(target, module, exe != NULL ? exe : name);
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

/* The file of --exe is no ELF file for the core's machine. When the core's header names an unknown
 * machine, the core may be at fault as well. */
static enum jt_status refuse_exe(struct jt_target *target, const char *exe) {
    const struct jt_private *p = target->priv;
    const char *machine = jt_machine_name(target);
    if (strcmp(machine, "unknown") != 0) {
        return jt_fail(target, JT_USAGE, "--exe %s: not an ELF file for this machine (%s)", exe,
                       machine);
    }
    return jt_fail(
        target, JT_UNREADABLE,
        "the header of the core names a machine that is not known (e_machine %u, %u bits): "
        "it is damaged, or %s is not its program",
        (unsigned)p->machine, 8 * (unsigned)p->words, exe);
}

enum jt_status jt_modules_open(struct jt_target *target, const char *exe) {
    bool unnamed = target->kind == JT_CORE && target->priv->mappings == 0;
    bool ok = unnamed ? modules_from_memory(target) : modules_from_mappings(target);
    size_t own = ok ? jt_module_of_exe(target, exe) : JT_NO_MODULE;
    if (exe != NULL && access(exe, R_OK) != 0) {
        return jt_fail(target, JT_USAGE, "--exe %s: there is no such file, or it may not be read",
                       exe);
    }
    exe = own == JT_NOT_WANTED ? NULL : exe;
    for (size_t i = 0; ok && i < target->modules; i++) {
        jt_module_open(target, &target->module[i], i == own ? exe : NULL);
    }
    if (ok && own >= JT_NOT_WANTED && (unnamed || exe != NULL)) {
        ok = module_from_name(target, exe);
    }
    if (!ok) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    for (size_t i = 0; i < target->modules; i++) {
        struct jt_module *m = &target->module[i];
        if (m->asked && m->file == NULL) {
            return refuse_exe(target, exe);
        }
        if (m->elf != NULL) {
            m->has_debug_info = jt_elf_has_debug_info(m->elf);
        }
    }
    return JT_OK;
}

const struct jt_module *jt_modules_doubt(struct jt_target *target) {
    const struct jt_module *first = NULL;
    for (size_t i = 0; i < target->modules; i++) {
        struct jt_module *m = &target->module[i];
        if (m->state == JT_FILE_UNPROVEN && (m == target->jemalloc || jt_version_in(m))) {
            jt_elf_close(m->elf);
            m->elf = NULL;
            m->has_debug_info = false;
            m->state = JT_FILE_DIFFERS;
            first = first == NULL ? m : first;
        }
    }
    return first;
}

void jt_modules_close(struct jt_target *target) {
    for (size_t i = 0; i < target->modules; i++) {
        jt_elf_close(target->module[i].elf);
        free(target->module[i].path);
        free(target->module[i].file);
        free(target->module[i].range);
    }
    free(target->module);
}
