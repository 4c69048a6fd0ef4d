/* layout_fit.c - does the heap decode with this layout? A few hundred extents answer that. */
#include <string.h>

#include "private.h"

/* Steps count findings too, so that a wrong layout is given up early. */
static const struct {
    uint64_t nodes, extents, steps;
} efforts[] = {
    [JT_FIT_GLANCE] = {8, 256, 256},
    [JT_FIT_LOOK] = {64, 256, 1024},
    [JT_FIT_SEARCH] = {4096, 65536, 131072},
};

static void weigh(struct jt_fit *fit, bool likely) {
    fit->likely += likely;
    fit->unlikely += !likely;
}

/* Unused extents have no size class, and a slab's bin has so many shards. */
static void fit_kind(const struct jh_layout *layout, const struct jh_extent *e,
                     struct jt_fit *fit) {
    if (e->state == JH_DIRTY || e->state == JH_MUZZY || e->state == JH_RETAINED) {
        weigh(fit, e->szind == layout->sc_nsizes);
    }
    if (jh_extent_is_slab(e)) {
        weigh(fit, e->bin_shard < layout->bin[e->szind].n_shards);
    }
}

/* Large extents: does the size belong to the size class? */
static void fit_size(const struct jh_layout *layout, const struct jh_extent *e,
                     struct jt_fit *fit) {
    if (!e->allocated || e->slab || e->szind < layout->sc_nbins) {
        return;
    }
    uint64_t most = jh_index2size(layout, e->szind);
    uint64_t least = layout->large_by_size ? jh_index2size(layout, e->szind - 1) + 1 : most;
    uint64_t size = e->size - layout->large_pad; /* both are of whole pages, and the pad of one */
    bool shifted = e->addr != e->base;           /* into the padding, which must be there then */
    weigh(fit, size >= least && size <= most && (!shifted || layout->large_pad != 0));
}

/* A wrong layout asks for very much that is nowhere; what was mapped a moment ago is known without
 * asking the kernel for each piece. */
static enum jh_status read_mapped(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jt_target *target = arg;
    *got = 0;
    return jt_mapped(target, addr)
               ? target->heap.reader.read(target->heap.reader.arg, addr, dst, len, got)
               : JH_ABSENT;
}

static uint64_t next_mapped(void *arg, uint64_t addr) {
    const struct jt_target *target = arg;
    return target->heap.reader.next(target->heap.reader.arg, addr);
}

static struct jh_reader reader_of(struct jt_target *target) {
    struct jh_reader reader = target->heap.reader;
    if (target->kind == JT_PROCESS) {
        reader = (struct jh_reader){.read = read_mapped, .arg = target, .next = next_mapped};
    }
    return reader;
}

static void mix(uint64_t *digest, uint64_t value) {
    *digest = (*digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *digest ^= *digest >> 29;
}

static void fit_digest(const struct jh_layout *layout, const struct jh_extent *e,
                       struct jt_fit *fit) {
    const uint64_t said[] = {e->at,        e->addr,    e->size,  e->usize,
                             e->arena_ind, e->szind,   e->nfree, (uint64_t)e->state,
                             e->sn,        e->is_head, e->slab,  e->allocated};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        mix(&fit->digest, said[i]);
    }
    if (jh_extent_is_slab(e)) {
        mix(&fit->digest, layout->bin[e->szind].reg_size);
    }
}

void jt_layout_fit(struct jt_target *target, const struct jh_layout *layout, uint64_t root,
                   enum jt_effort effort, struct jt_fit *out) {
    uint64_t extents = efforts[effort].extents, steps = efforts[effort].steps;
    struct jh_heap heap = {reader_of(target),
                           layout,
                           root,
                           {.max_nodes = efforts[effort].nodes,
                            .max_node_bytes = target->heap.limits.max_node_bytes,
                            .max_extents = 2 * steps}};
    struct jh_walk walk;
    struct jh_extent extent;
    struct jh_fault fault;
    memset(out, 0, sizeof *out);
    jh_walk_start(&walk, &heap);
    for (uint64_t i = 0; i < steps && out->sound < extents; i++) {
        enum jh_status status = jh_walk_next(&walk, &extent, &fault);
        if (status == JH_END || status == JH_LIMIT) {
            return;
        }
        if (status == JH_OK) {
            status = jh_extent_check(layout, &extent, &fault);
        }
        if (status == JH_OK) {
            out->sound++;
            fit_kind(layout, &extent, out);
            fit_size(layout, &extent, out);
            fit_digest(layout, &extent, out);
            out->serials |= extent.sn;
            continue;
        }
        if (out->unsound + out->absent == 0) {
            out->fault = fault;
        }
        if (status == JH_ABSENT) {
            out->absent++;
        } else {
            out->unsound++;
        }
    }
}

bool jt_fits(const struct jt_fit *fit) {
    return fit->sound != 0 && fit->sound >= fit->unsound;
}
