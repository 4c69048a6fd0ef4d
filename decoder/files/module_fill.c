/* module_fill.c - adds read-only pages of files to a core: kernels leave them out of cores. */
#include <gelf.h>
#include <stdlib.h>

#include "files/inside.h"

struct fill {
    struct jh_segment *segment;
    size_t count;
};

static bool add_segment(struct fill *fill, struct jh_segment segment) {
    struct jh_segment *grown = jt_grow(fill->segment, fill->count, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    fill->segment = grown;
    grown[fill->count++] = segment;
    return true;
}

/* Adds the segments of the file that are not writable. The process may have changed the others. */
static bool take_module(struct fill *fill, const struct jt_module *module) {
    size_t size, count;
    const char *bytes = elf_rawfile(module->elf->elf, &size);
    if (bytes == NULL || elf_getphdrnum(module->elf->elf, &count) != 0) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (gelf_getphdr(module->elf->elf, (int)i, &ph) == NULL || ph.p_type != PT_LOAD ||
            (ph.p_flags & PF_W) != 0 || ph.p_offset > size || ph.p_filesz > size - ph.p_offset) {
            continue;
        }
        if (!add_segment(fill,
                         (struct jh_segment){module->bias + ph.p_vaddr,
                                             (const uint8_t *)bytes + ph.p_offset, ph.p_filesz})) {
            return false;
        }
    }
    return true;
}

enum jt_status jt_modules_fill(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct fill fill = {NULL, 0};
    bool ok = true;
    size_t count;
    for (size_t i = 0; ok && i < target->modules; i++) {
        if (target->module[i].state == JT_FILE_SAME) {
            ok = take_module(&fill, &target->module[i]);
            p->lent += target->module[i].elf->mapped;
        }
    }
    fill.count = jt_segments_normalise(fill.segment, fill.count);
    struct jh_segment *all =
        ok ? jt_segments_fill(p->segment, p->segments, fill.segment, fill.count, &count) : NULL;
    free(fill.segment);
    if (all == NULL) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    free(p->segment);
    p->segment = all;
    p->segments = count;
    return jt_image_start(target);
}
