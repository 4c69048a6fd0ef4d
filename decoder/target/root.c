/* root.c - which tree is read: the root that is given, or a symbol's, or one that is found by
 * looking for it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

/* A library may bring its own jemalloc, and have no symbols of it: what that one gave is not owned
 * by the heap that is read. */
static void warn_of_others(struct jt_target *target, const struct jt_root_symbol *root,
                           size_t count) {
    char version[128];
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        bool known = m == target->jemalloc;
        for (size_t k = 0; k < count; k++) {
            known |= root[k].module == m;
        }
        if (!known && jt_version_among_constants(m, version)) {
            jt_warn(
                target,
                "%s has a jemalloc of its own, %s, without symbols; what it has allocated is in "
                "another heap, which --root ADDR chooses",
                m->path, version);
        }
    }
}

/* What is known of the build: the layout that is given, or what the version string says. any: it
 * is no version that is known. *known is false when there is nothing to go by. */
static enum jt_status what_build(struct jt_target *target, const char *given,
                                 struct jh_build *build, bool *any, bool *known) {
    struct jh_layout layout;
    enum jh_version version = jt_version_order[0];
    (void)jt_version_find(target, NULL, target->version_string);
    if (given != NULL) {
        enum jt_status status = jt_layout_parse(given, &layout, target->error);
        if (status != JT_OK) {
            return jt_fail(target, status, "--layout %s", strdupa(target->error));
        }
        *build = layout.build;
        *known = true;
        return JT_OK;
    }
    *known = target->version_string[0] != 0;
    *any = jh_version_parse(target->version_string, &version) != JH_OK;
    jt_machine_build(target, version, build);
    return JT_OK;
}

/* Without symbols: the version string names the module, the heap itself the root. */
static enum jt_status infer_root(struct jt_target *target, struct jt_learn *learn) {
    struct jh_build build;
    uint64_t root[2];
    bool any = false, known = false;
    enum jt_status status = what_build(target, learn->options->layout, &build, &any, &known);
    if (status != JT_OK) {
        return status;
    }
    size_t roots = known ? jt_root_infer(target, &build, any, root) : 0;
    if (roots > 1) {
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "no symbols, and two roots were found by looking for one; choose with --root "
            "0x%" PRIx64 " or --root 0x%" PRIx64,
            root[0], root[1]);
    }
    if (roots == 0) {
        return jt_no_root(target, learn->options->layout, known);
    }
    learn->root_known = true;
    learn->root_addr = root[0];
    target->source[JT_PART_ROOT] = JT_INFERRED;
    target->jemalloc = jt_module_at(target, learn->root_addr);
    jt_warn(target, "no symbols: the root 0x%" PRIx64 " was found by looking for it",
            learn->root_addr);
    if (root[1] != 0) {
        jt_warn(target, "0x%" PRIx64 " looks like the root of another heap; --root chooses it",
                root[1]);
    }
    warn_of_others(target, NULL, 0);
    return JT_OK;
}

static void take_root(struct jt_target *target, struct jt_learn *learn,
                      const struct jt_root_symbol *root) {
    learn->root = *root;
    target->jemalloc = root->module;
    snprintf(target->root_name, sizeof target->root_name, "%s", root->name);
    snprintf(target->prefix, sizeof target->prefix, "%s", root->prefix);
    if (target->source[JT_PART_ROOT] == JT_UNKNOWN) {
        target->source[JT_PART_ROOT] = JT_SYMBOL;
    }
}

/* Several jemallocs in one process happen: a library brings its own. The one in use counts. */
static enum jt_status choose_root(struct jt_target *target, struct jt_learn *learn,
                                  struct jt_root_symbol *root, size_t count) {
    size_t used = 0; /* they come first */
    for (size_t i = 0; i < count; i++) {
        if (jt_root_in_use(target, &root[i])) {
            struct jt_root_symbol in_use = root[i];
            root[i] = root[used];
            root[used++] = in_use;
        }
    }
    if (used > 1 || (used == 0 && count > 1)) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "there are %zu jemallocs, %zu of them in use; choose with --root 0x%" PRIx64
                       " (%.64s in %.100s), --root 0x%" PRIx64 " (%.64s in %.100s)%s",
                       count, used, jt_root_array(target, &root[0]), root[0].name,
                       root[0].module->path, jt_root_array(target, &root[1]), root[1].name,
                       root[1].module->path, (used != 0 ? used : count) > 2 ? ", ..." : "");
    }
    if (used == 0 && !target->ended) {
        jt_warn(target, "%s is all zero: jemalloc was not started, or the bytes are absent",
                root[0].name);
    }
    take_root(target, learn, &root[0]);
    warn_of_others(target, root, count);
    return JT_OK;
}

enum jt_status jt_root_given(struct jt_target *target, struct jt_learn *learn) {
    uint64_t root = learn->options->root;
    if (!jt_mapped(target, root)) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "--root 0x%" PRIx64 ": nothing is mapped there in this target", root);
    }
    learn->root_known = true;
    learn->root_addr = root;
    target->source[JT_PART_ROOT] = JT_GIVEN;
    return JT_OK;
}

enum jt_status jt_root_find(struct jt_target *target, struct jt_learn *learn) {
    const struct jt_options *o = learn->options;
    struct jt_root_symbol root[JT_ROOTS_MAX];
    errno = 0;
    size_t count = jt_roots_find(target, root);
    jt_note_memory(target);
    if (!o->root_given) {
        return count == 0 ? infer_root(target, learn) : choose_root(target, learn, root, count);
    }
    enum jt_status status = jt_root_given(target, learn);
    if (status != JT_OK) {
        return status;
    }
    target->jemalloc = jt_module_at(target, o->root);
    for (size_t i = 0; i < count; i++) {
        if (o->root >= root[i].addr && o->root < root[i].addr + root[i].size) {
            take_root(target, learn, &root[i]);
        }
    }
    return JT_OK;
}
