/* place.c - says what is at an address that is not jemalloc's: module, thread, mapping. */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "open/inside.h"

const char *jt_what_name(enum jt_what what) {
    static const char *const name[] = {"unmapped", "metadata", "module", "stack",    "tls",
                                       "heap",     "kernel",   "file",   "anonymous"};
    return name[what];
}

/* ---- the mapping ---------------------------------------------------------------------------- */

static bool take_mapping(const struct jt_mapping *m, struct jt_place *out) {
    out->start = m->start;
    out->end = m->end;
    out->path = m->path;
    snprintf(out->permissions, sizeof out->permissions, "%s", m->mode);
    return true;
}

/* Finds the mapping in a process's maps or in a core's list of files. */
static bool find_mapping(const struct jt_private *p, uint64_t addr, struct jt_place *out) {
    size_t low = 0, high = p->mappings;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct jt_mapping *m = &p->mapping[middle];
        if (addr >= m->start && addr < m->end) {
            return take_mapping(m, out);
        }
        if (m->end <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* A core's program headers add the permissions, and mappings of no file. */
static bool find_header(struct jt_target *target, uint64_t addr, struct jt_place *out) {
    const struct jt_private *p = target->priv;
    size_t count = 0;
    errno = 0;
    Elf *elf = elf_memory((char *)(uintptr_t)p->core,
                          p->core_size); /* elf_memory() takes no const; nothing writes to it */
    bool found = false;
    (void)elf_getphdrnum(elf, &count);
    for (size_t i = 0; !found && i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(elf, (int)i, &ph) == NULL || ph.p_type != PT_LOAD ||
            addr - ph.p_vaddr >= ph.p_memsz) {
            continue;
        }
        found = true;
        if (out->path == NULL) {
            out->start = ph.p_vaddr;
            out->end = ph.p_vaddr + ph.p_memsz;
            out->path = "";
        }
        snprintf(out->permissions, sizeof out->permissions, "%c%c%c",
                 (ph.p_flags & PF_R) != 0 ? 'r' : '-', (ph.p_flags & PF_W) != 0 ? 'w' : '-',
                 (ph.p_flags & PF_X) != 0 ? 'x' : '-');
    }
    jt_note_memory(target);
    elf_end(elf);
    return found;
}

/* ---- the place ------------------------------------------------------------------------------ */

static enum jt_what by_path(const char *path) {
    return strcmp(path, "[heap]") == 0       ? JT_IN_HEAP
           : strncmp(path, "[stack", 6) == 0 ? JT_IN_STACK
           : strncmp(path, "[v", 2) == 0     ? JT_IN_KERNEL
           : path[0] == '/'                  ? JT_IN_FILE
                                             : JT_IN_ANONYMOUS;
}

static bool find_module(struct jt_target *target, uint64_t addr, struct jt_place *out) {
    const struct jt_module *m = jt_module_at(target, addr);
    bool known = m != NULL && m->elf != NULL;
    if (m == NULL || (known && !jt_nearest(target, m, addr, out))) {
        return false;
    }
    /* without the module's file only a mapping with its name is its own for sure */
    if (!known && out->path != NULL && strcmp(out->path, m->path) != 0) {
        return false;
    }
    out->module = m;
    return true;
}

void jt_place_find(struct jt_target *target, uint64_t addr, struct jt_place *out) {
    const struct jt_private *p = target->priv;
    bool tls = false;
    memset(out, 0, sizeof *out);
    bool named = !jt_is_skeleton(target) && find_mapping(p, addr, out);
    if (target->kind == JT_CORE && !jt_is_skeleton(target)) {
        named |= find_header(target, addr, out);
        if (named && p->vdso >= out->start && p->vdso < out->end) { /* a core has no name for it */
            out->path = "[vdso]";
        }
    }
    if (!named && !jt_mapped(target, addr)) {
        out->what = JT_IN_NOTHING;
    } else if (jt_is_metadata(target, addr) == JT_YES) {
        out->what = JT_IN_METADATA;
    } else if (find_module(target, addr, out)) {
        out->what = JT_IN_MODULE;
    } else {
        out->what = by_path(named ? out->path : "");
        if (out->what == JT_IN_STACK || out->what == JT_IN_ANONYMOUS) {
            out->thread = jt_thread_at(target, addr, (struct jt_range){out->start, out->end}, &tls);
        }
        out->what = out->thread == NULL ? out->what : tls ? JT_IN_TLS : JT_IN_STACK;
    }
}
