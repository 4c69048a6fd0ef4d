/* mapped.c - says whether something may have been mapped at an address, with or without its bytes.
 *
 * A process says what is mapped, and a kernel's core names every mapping, with bytes or without. A
 * debugger's core leaves mappings out: read-only ones of files, which then only the list of files
 * names, and memory marked MADV_DONTDUMP, which nothing names. */
#include <elf.h>
#include <stddef.h>

#include "image/inside.h"

bool jt_mapped(const struct jt_target *target, uint64_t addr) {
    return jt_ranges_hold(target->priv->mapped, target->priv->mapped_count, addr);
}

/* Called with the argument that an image reader has. */
static const struct jt_private *private_of(const struct jh_image *image) {
    return (const struct jt_private *)(const void *)((const char *)image -
                                                     offsetof(struct jt_private, image));
}

/* The first page is never mapped, and the upper half belongs to the kernel. */
static bool is_nobodys(const struct jt_private *p, uint64_t addr) {
    bool halves = p->machine == EM_X86_64 || p->machine == EM_AARCH64;
    return addr < 4096 || (halves && addr >> 56 != 0);
}

static bool may_be_mapped(const struct jt_private *p, uint64_t addr) {
    return p->map_complete ? jt_ranges_hold(p->mapped, p->mapped_count, addr)
                           : !is_nobodys(p, addr);
}

bool jt_may_be_mapped(const struct jt_target *target, uint64_t addr) {
    return may_be_mapped(target->priv, addr);
}

static bool in_image(void *arg, uint64_t addr) {
    return may_be_mapped(private_of(arg), addr);
}

static bool in_target(void *arg, uint64_t addr) {
    return may_be_mapped(((const struct jt_target *)arg)->priv, addr);
}

/* Has the core a header for each mapping of a file? If so, its writer left out no mapping. */
static bool names_all(const struct jt_private *p) {
    size_t named = 0;
    for (size_t i = 0; i < p->mappings; i++) {
        named += jt_ranges_hold(p->load, p->load_count, p->mapping[i].start);
    }
    return named == p->mappings && named != 0;
}

void jt_mapped_start(struct jt_target *target) {
    struct jt_private *p = target->priv;
    p->map_complete = target->kind != JT_CORE || names_all(p);
    target->heap.reader.mapped = target->heap.reader.arg == target ? in_target : in_image;
}
