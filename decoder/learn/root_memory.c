/* root_memory.c - the memory in which a root can be: it is a variable of jemalloc, so it is in the
 * writable memory of a module. Read-only memory, most of a large program, is not searched. */
#include <gelf.h>

#include "learn/root_scan.h"

/* Takes the writable memory from the program headers of the file. */
static void from_file(const struct jt_module *m, struct jt_ranges *out) {
    size_t count = 0;
    (void)elf_getphdrnum(m->elf->elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(m->elf->elf, (int)i, &ph) != NULL && ph.p_type == PT_LOAD &&
            (ph.p_flags & PF_W) != 0) {
            jt_ranges_add(out, m->bias + ph.p_vaddr, ph.p_memsz);
        }
    }
}

/* Takes it from the program headers in memory: the file is missing or another one. */
static void from_memory(const struct jt_target *target, const struct jt_module *m,
                        struct jt_ranges *out) {
    struct jt_phdr ph[JT_PHDRS_MAX];
    size_t count = jt_memory_phdrs(target, m->head, ph);
    uint64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && ph[i].offset == 0) {
            first = ph[i].vaddr;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && (ph[i].flags & PF_W) != 0) {
            jt_ranges_add(out, m->head - first + ph[i].vaddr, ph[i].memsz);
        }
    }
}

/* Takes the writable mappings of the module and the memory that follows without a gap: its program
 * headers cannot be read. */
static void from_mappings(const struct jt_target *target, const struct jt_module *m,
                          struct jt_ranges *out) {
    const struct jt_private *p = target->priv;
    struct jt_range whole = {m->start, m->end};
    for (size_t i = 0; i < p->mapped_count; i++) {
        if (p->mapped[i].start <= m->end && p->mapped[i].end > m->end) {
            whole.end = p->mapped[i].end;
        }
    }
    for (size_t i = 0; i < p->writable.count; i++) {
        jt_ranges_add(out, p->writable.range[i].start,
                      p->writable.range[i].end - p->writable.range[i].start);
    }
    jt_ranges_merge(out);
    jt_ranges_cut(out, &whole, 1, true);
}

void jt_module_writable(const struct jt_target *target, const struct jt_module *module,
                        struct jt_ranges *out) {
    if (module->elf != NULL) {
        from_file(module, out);
    } else {
        from_memory(target, module, out);
    }
    if (out->count == 0) {
        from_mappings(target, module, out);
    }
    jt_ranges_merge(out);
    jt_ranges_cut(out, target->priv->mapped, target->priv->mapped_count, true);
}
