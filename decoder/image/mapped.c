/* mapped.c - may an address have been mapped, with or without its bytes in the core?
 *
 * The mappings of a process are known, and a kernel's core names every mapping, with bytes or
 * without. A debugger's core leaves mappings out: read-only ones of files, which only its list of
 * files names, and memory marked MADV_DONTDUMP, which it does not name at all. */
#include <elf.h>
#include <stddef.h>

#include "image/inside.h"

bool jt_mapped(const struct jt_target *target, uint64_t addr) {
    return jt_ranges_hold(target->priv->mapped, target->priv->mapped_count, addr);
}

/* The private part of the target that has this image. */
static const struct jt_private *private_of(const struct jh_image *image) {
    return (const struct jt_private *)(const void *)((const char *)image -
                                                     offsetof(struct jt_private, image));
}

/* Is the address one that no program has? The first page is never mapped, and on some machines the
 * upper half belongs to the kernel. */
static bool is_never_mapped(const struct jt_private *p, uint64_t addr) {
    bool halves = p->machine == EM_X86_64 || p->machine == EM_AARCH64;
    return addr < 4096 || (halves && addr >> 56 != 0);
}

static bool may_be_mapped(const struct jt_private *p, uint64_t addr) {
    return p->map_complete ? jt_ranges_hold(p->mapped, p->mapped_count, addr)
                           : !is_never_mapped(p, addr);
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
