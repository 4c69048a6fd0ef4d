/* skeleton_open.c - opens a skeleton: root and layout come from its notes instead of the program's
 * file.
 *
 * The notes may be hostile: the layout is checked and tried on the heap, like that of --layout. */
#include <inttypes.h>
#include <string.h>

#include "skeleton/inside.h"

static enum jt_status take_layout(struct jt_target *target, const struct jt_evidence *evidence) {
    const struct jt_private *p = target->priv;
    const struct jt_text *note = &p->note[JT_NOTE_LAYOUT];
    char error[JT_TEXT_MAX];
    const struct jh_build *build = &target->layout.build;
    if (note->bytes == NULL) {
        return jt_fail(target, JT_UNREADABLE, "%s: a skeleton without a layout; give --layout",
                       target->path);
    }
    if (jt_layout_read(note->bytes, note->size, &target->layout, error) != JT_OK) {
        return jt_fail(target, JT_UNREADABLE, "%s: a skeleton with a broken layout: %.*s",
                       target->path, JT_NESTED_MAX, error);
    }
    if (build->pointer_size != p->words || build->little_endian != p->little_endian) {
        return jt_fail(
            target, JT_UNREADABLE,
            "%s: a skeleton whose layout has another word size or byte order than its ELF "
            "header",
            target->path);
    }
    jt_layout_name(build, target->layout_name, sizeof target->layout_name);
    target->heap.layout = &target->layout;
    target->heap.rtree_root = evidence->root_addr;
    return jt_layout_verify(target, evidence->options);
}

/* How many shards bins have is a value of run time: a layout that is given by its name has it not.
 * The skeleton's own layout has it, which is used where it has the same size classes. */
static void take_shards(struct jt_target *target) {
    const struct jt_text *note = &target->priv->note[JT_NOTE_LAYOUT];
    char error[JT_TEXT_MAX];
    struct jh_layout own, *l = &target->layout;
    if (l->bin[0].n_shards != 0 || note->bytes == NULL ||
        jt_layout_read(note->bytes, note->size, &own, error) != JT_OK) {
        return;
    }
    bool same = own.sc_nbins == l->sc_nbins;
    for (uint32_t i = 0; same && i < own.sc_nbins; i++) {
        same = own.bin[i].reg_size == l->bin[i].reg_size;
    }
    for (uint32_t i = 0; same && i < own.sc_nbins; i++) {
        l->bin[i].n_shards = own.bin[i].n_shards;
    }
}

/* Fails when --in names another module than the one whose heap the skeleton has. */
static enum jt_status check_module(struct jt_target *target, const struct jt_options *options) {
    const struct jt_module *m = target->jemalloc;
    if (options->in == NULL || (m != NULL && jt_module_named(m, options->in))) {
        return JT_OK;
    }
    if (m == NULL || options->root_given) {
        jt_warn(target, "--in %s is not used: a skeleton has one heap", options->in);
        return JT_OK;
    }
    return jt_fail(
        target, JT_NO_JEMALLOC,
        "--in %.200s: a skeleton has one heap, and this skeleton has that of %.200s; make "
        "a skeleton of the other heap with --in",
        options->in, m->path);
}

static enum jt_status learn_all(struct jt_target *target, struct jt_evidence *evidence) {
    if (evidence->options->exe != NULL) {
        jt_warn(target, "--exe %s is not used: a skeleton does not need its program",
                evidence->options->exe);
    }
    enum jt_status status = jt_skeleton_notes_read(target, &evidence->root_addr);
    if (status != JT_OK) {
        return status;
    }
    evidence->root_known = true;
    status = check_module(target, evidence->options);
    if (status == JT_OK && evidence->options->root_given) {
        status = jt_root_given(target, evidence);
    }
    if (status != JT_OK || evidence->options->layout == NULL) {
        return status != JT_OK ? status : take_layout(target, evidence);
    }
    jt_dwarf_read(&evidence->root, &evidence->dwarf); /* without a module: all fields unknown */
    status = jt_layout_learn(target, evidence);
    jt_dwarf_free(&evidence->dwarf);
    if (status == JT_OK) {
        take_shards(target);
    }
    return status;
}

enum jt_status jt_skeleton_open(struct jt_target *target, struct jt_evidence *evidence) {
    enum jt_status status = learn_all(target, evidence);
    if (status == JT_OK) {
        jt_arena_form_learn(target);
        const char *broken = !jt_caches_note_read(target)  ? "caches"
                             : !jt_hands_note_read(target) ? "threads"
                                                           : NULL;
        if (broken != NULL) {
            return target->memory_ran_out ? jt_fail(target, JT_UNREADABLE, "out of memory")
                                          : jt_fail(target, JT_UNREADABLE,
                                                    "%s: a skeleton with a broken note (\"%s\")",
                                                    target->path, broken);
        }
        for (size_t i = 0; i < target->priv->base->arenas.count; i++) {
            target->priv->base->arenas.arena[i].known.shards_known =
                target->layout.bin[0].n_shards != 0;
        }
    }
    return status;
}
