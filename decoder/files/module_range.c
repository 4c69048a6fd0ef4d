/* module_range.c - the addresses of a module, as a set of ranges.
 *
 * A loader maps what the program headers name. Other memory may lie between these ranges, and a
 * program may map its own file again elsewhere. So the program headers tell which addresses belong
 * to the module: the headers in memory, or those in the file. Without either the mappings tell. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "files/inside.h"

void jt_module_add_ranges(struct jt_target *target, struct jt_module *module,
                          const struct jt_range *more, size_t count) {
    struct jt_range *all = malloc((module->ranges + count + 1) * sizeof *all);
    if (all == NULL) {
        target->memory_ran_out = true;
        return;
    }
    for (size_t i = 0; i < module->ranges; i++) {
        all[i] = module->range[i];
    }
    for (size_t i = 0; i < count; i++) {
        all[module->ranges + i] = more[i];
    }
    free(module->range);
    module->range = all;
    module->ranges = jt_ranges_normalise(all, module->ranges + count);
    if (module->ranges != 0) {
        module->start = all[0].start;
        module->end = all[module->ranges - 1].end;
    }
}

/* The size of a page - 1: loaders map whole pages. */
static uint64_t page_mask(const struct jt_target *target) {
    uint64_t page = target->priv->page_size;
    bool sound = page >= 4096 && page <= 1 << 16 && (page & (page - 1)) == 0;
    return (sound ? page : 4096) - 1;
}

size_t jt_module_loads(const struct jt_target *target, uint64_t bias, const struct jt_phdr *ph,
                       size_t count, struct jt_range out[JT_PHDRS_MAX]) {
    uint64_t mask = page_mask(target);
    size_t ranges = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t start = bias + ph[i].vaddr, end = start + ph[i].memsz;
        if (ph[i].type != PT_LOAD || end <= start) {
            continue;
        }
        end = end > UINT64_MAX - mask ? end : (end + mask) & ~mask;
        out[ranges++] = (struct jt_range){start & ~mask, end};
    }
    return ranges;
}

bool jt_module_bias(uint64_t start, const struct jt_phdr *ph, size_t count, uint64_t *out) {
    for (size_t i = 0; i < count; i++) {
        if (ph[i].type == PT_LOAD && ph[i].offset == 0) {
            *out = start - ph[i].vaddr;
            return true; /* the first: in a separate debug file all headers have offset 0 */
        }
    }
    return false;
}

bool jt_module_holds(const struct jt_module *module, uint64_t addr) {
    return jt_ranges_hold(module->range, module->ranges, addr);
}

const struct jt_module *jt_module_at(const struct jt_target *target, uint64_t addr) {
    for (size_t i = 0; i < target->modules; i++) {
        if (jt_module_holds(&target->module[i], addr)) {
            return &target->module[i];
        }
    }
    return NULL;
}
