/* skeleton_keep.c - finds the memory of a target that a skeleton keeps.
 *
 * A walk over the whole heap reads through a reader that records the addresses (skeleton_watch.c).
 * A damaged rtree may make the walk read the program's memory: only memory of jemalloc's own is
 * kept. The same goes for memory that the rules of arenas read (skeleton_arenas.c), and for arenas
 * and variables themselves (skeleton_own.c). */
#include <string.h>

#include "skeleton/inside.h"

/* ---- what is kept --------------------------------------------------------------------------- */

/* The extents of the walk: at has the first byte of each structure, handed_out the memory of the
 * extents, which is the program's, guards what at has of those whose guard page is open. */
struct walked {
    struct jt_ranges at, handed_out, guards;
};

/* Keeps the nodes of the rtree, and extent structures as a whole, with slab bitmap and links. */
static enum jt_status keep_tree(struct jt_target *target, struct jt_ranges *keep,
                                struct walked *walked, struct jt_skeleton *out) {
    struct jh_walk walk;
    struct jt_watching watching;
    struct jh_heap heap = jt_watched(target, &watching, keep);
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = JH_OK;
    for (jh_walk_start(&walk, &heap); status != JH_END;) {
        status = jh_walk_next(&walk, &e, &fault);
        if (status == JH_OK) {
            out->extents++;
            jt_ranges_add(keep, e.at, target->layout.extent_size);
            jt_ranges_add(&walked->at, e.at, 1);
            jt_ranges_add(&walked->handed_out, e.base, e.size);
            if (jt_guard_is_open(target, &e)) {
                jt_ranges_add(&walked->guards, e.at, 1);
            }
        } else if (status != JH_END && out->fault != NULL) {
            out->fault(out->arg, status, &fault);
        }
        if (status == JH_READ_FAILED ||
            (status == JH_LIMIT && strncmp(fault.rule, "reader", 6) == 0)) {
            return jt_fail(target, JT_INCOMPLETE,
                           status == JH_LIMIT ? "the budget ran out before all of the heap was read"
                                              : "the target could not be read to the end");
        }
    }
    return JT_OK;
}

/* Keeps the header of each base block, which has an extent structure. */
static void keep_blocks(struct jt_target *target, struct jt_ranges *keep) {
    const struct jt_private *p = target->priv;
    uint64_t size;
    uint32_t align;
    if (jh_struct_size(&target->layout, "base_block_s", &size, &align, NULL) != JH_OK) {
        return;
    }
    for (size_t i = 0; i < p->base->blocks; i++) {
        jt_ranges_add(keep, p->base->block[i].start, size);
    }
}

static void add_modules(const struct jt_target *target, struct jt_ranges *set) {
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        for (size_t k = 0; k < m->ranges; k++) {
            jt_ranges_add(set, m->range[k].start, m->range[k].end - m->range[k].start);
        }
    }
    jt_ranges_merge(set);
}

/* Removes from keep what is not jemalloc's own memory. Nodes and extent structures are always in
 * base blocks. When these are not known (no symbols), memory of extents and of modules is removed.
 */
static void cut_foreign(struct jt_target *target, struct jt_ranges *keep,
                        const struct jt_ranges *handed_out) {
    const struct jt_private *p = target->priv;
    struct jt_ranges modules = {NULL, 0, 0, false};
    if (p->base->complete) {
        jt_ranges_cut(keep, p->base->range, p->base->ranges, true);
    } else {
        add_modules(target, &modules);
        jt_ranges_cut(keep, modules.range, modules.count, false);
        keep->lost |= modules.lost;
        jt_ranges_free(&modules);
    }
    jt_ranges_cut(keep, handed_out->range, handed_out->count, false);
}

/* The memory of root[] that the walk has read. root[] is in a variable, not in a base block. */
static struct jt_ranges root_of(const struct jt_target *target, const struct jt_ranges *seen) {
    const struct jh_layout *l = &target->layout;
    struct jt_ranges root = {NULL, 0, 0, false};
    jt_ranges_add(&root, target->heap.rtree_root,
                  (uint64_t)l->rtree_node_size << l->rtree_level[0].bits);
    jt_ranges_cut(&root, seen->range, seen->count, true);
    return root;
}

static void note_left_out(struct jt_target *target, const struct jt_ranges *keep,
                          struct jt_skeleton *out) {
    out->left_out += target->priv->skeleton->bytes;
    target->priv->skeleton->bytes_now = out->left_out;
    if (out->left_out != 0) {
        jt_verdicts_find(target, keep);
    }
}

/* Reads the thread caches. Fails when the target's budget ran out or a read failed; a limit of the
 * caches themselves (cache.limit) is no failure. */
static enum jt_status read_caches(struct jt_target *target) {
    const struct jt_caches *all = jt_caches(target);
    for (size_t i = 0; i < all->faults; i++) {
        const struct jh_fault *f = &all->fault[i];
        if ((f->status == JH_LIMIT || f->status == JH_READ_FAILED) &&
            strcmp(f->rule, "cache.limit") != 0) {
            return jt_skeleton_stopped(target, f->status);
        }
    }
    return JT_OK;
}

enum jt_status jt_skeleton_keep(struct jt_target *target, struct jt_ranges *keep,
                                struct jt_skeleton *out) {
    struct walked walked = {.at = {.lost = false}};
    struct jt_ranges *handed_out = &walked.handed_out;
    enum jt_status status = keep_tree(target, keep, &walked, out);
    jt_metadata_find(target); /* right after the walk: a running process may add base blocks */
    jt_ranges_merge(handed_out);
    if (status == JT_OK) {
        jt_arenas_keep(target, &walked.at, handed_out, keep);
    }
    jt_ranges_merge(keep);
    struct jt_ranges root = root_of(target, keep);
    jt_ranges_cut(keep, root.range, root.count, false);
    out->left_out = jt_ranges_bytes(keep->range, keep->count);
    cut_foreign(target, keep, handed_out);
    out->left_out -= jt_ranges_bytes(keep->range, keep->count);
    for (size_t i = 0; i < root.count; i++) {
        jt_ranges_add(keep, root.range[i].start, root.range[i].end - root.range[i].start);
    }
    keep_blocks(target, keep);
    jt_own_arenas_keep(target, handed_out, keep);
    jt_variables_keep(target, handed_out, keep);
    jt_ranges_merge(keep);
    note_left_out(target, keep, out);
    jt_verdicts_guards(target, &walked.guards);
    bool lost = keep->lost || root.lost || handed_out->lost || walked.at.lost || walked.guards.lost;
    jt_ranges_free(&walked.guards);
    jt_ranges_free(&root);
    jt_ranges_free(handed_out);
    jt_ranges_free(&walked.at);
    if (status == JT_OK && lost) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    return status == JT_OK ? read_caches(target) : status;
}
