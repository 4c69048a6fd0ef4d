/* root.c - chooses the root of the rtree that is read: that of --root, or of a symbol, or one that
 * a search in memory finds (infer_root.c). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "learn/inside.h"

/* Warns of other heaps: a library may bring its own jemalloc, with or without symbols, and the heap
 * that is read does not own what that one handed out. The warnings are marked, because a skeleton
 * leaves them out: it has only one heap. */
static void warn_of_others(struct jt_target *target, const struct jt_search *search) {
    char version[128];
    size_t from = target->warnings;
    for (size_t i = 1; i < search->count; i++) {
        const struct jt_found_root *found = &search->found[i];
        jt_warn(target,
                "0x%" PRIx64 " in %s looks like the root of another heap; --root 0x%" PRIx64
                " chooses it",
                found->root, found->module->path, found->root);
    }
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        if (jt_root_hidden(target, m, version)) {
            jt_warn(target,
                    "%s has a jemalloc of its own, %s, without symbols; what it has allocated is "
                    "in another heap, which --in %s chooses",
                    m->path, version, m->path);
        }
    }
    if (target->warnings != from) {
        target->priv->learnt->root_warnings = from;
        target->priv->learnt->root_warnings_end = target->warnings;
    }
}

/* Sets the build that the search assumes: that of --layout, or what the version string says. */
static enum jt_status choose_build(struct jt_target *target, const char *given,
                                   struct jt_search *search) {
    struct jh_layout layout;
    enum jh_version version = jt_version_likely(1);
    (void)jt_version_find(target, NULL, target->version_string);
    if (given != NULL) {
        enum jt_status status = jt_layout_parse(given, &layout, target->error);
        if (status != JT_OK) {
            return jt_fail(target, status, "--layout %s", strdupa(target->error));
        }
        search->build = layout.build;
        search->given = true;
        return JT_OK;
    }
    search->any_version = jh_version_parse(target->version_string, &version) != JH_OK;
    jt_machine_build(target, version, &search->build);
    return JT_OK;
}

/* Searches memory for roots, and adds them to the target's list. To find none is no error. */
static enum jt_status search_root(struct jt_target *target, const struct jt_options *o,
                                  struct jt_search *search) {
    search->in = o->in;
    enum jt_status status = choose_build(target, o->layout, search);
    if (status != JT_OK) {
        return status;
    }
    if (!search->given && target->version_string[0] == 0 && o->in == NULL) {
        search->versioned_only = true; /* nothing else says that there is a jemalloc */
    }
    jt_root_infer(target, search);
    for (size_t i = 0; i < search->count; i++) {
        jt_root_add(target, search->found[i].module, search->found[i].root, "");
    }
    return JT_OK;
}

static enum jt_status take_found(struct jt_target *target, struct jt_evidence *evidence,
                                 const struct jt_search *search) {
    const struct jt_found_root *found = search->found;
    char text[128] = "";
    if (search->alike > 1) {
        return jt_several_roots(target, target->priv->learnt->root_symbols, search->count,
                                search->count);
    }
    evidence->root_known = true;
    evidence->root_addr = found->root;
    target->source[JT_PART_ROOT] = JT_INFERRED;
    target->jemalloc = found->module;
    (void)jt_version_find(target, found->module, text);
    if (text[0] != 0) {
        memcpy(target->version_string, text, sizeof text);
    }
    /* damage below the root is not reported here: jt_layout_verify() does that */
    warn_of_others(target, search);
    return JT_OK;
}

static void take_root(struct jt_target *target, struct jt_evidence *evidence,
                      const struct jt_root_symbol *root) {
    evidence->root = *root;
    target->jemalloc = root->module;
    snprintf(target->root_name, sizeof target->root_name, "%s", root->name);
    snprintf(target->prefix, sizeof target->prefix, "%s", root->prefix);
    if (target->source[JT_PART_ROOT] == JT_UNKNOWN) {
        target->source[JT_PART_ROOT] = JT_SYMBOL;
    }
}

/* Moves the symbols of the modules of --in to the front, and of these the ones whose rtree is in
 * use before the others. Gives how many are in use; *wanted is the number of symbols in these
 * modules. */
static size_t sort_roots(struct jt_target *target, const char *in, size_t *wanted) {
    struct jt_root_symbol *root = target->priv->learnt->root_symbol;
    size_t used = 0;
    *wanted = 0;
    for (size_t i = 0; i < target->priv->learnt->root_symbols; i++) {
        struct jt_root_symbol this = root[i];
        if (in != NULL && !jt_module_named(this.module, in)) {
            continue;
        }
        root[i] = root[*wanted];
        root[*wanted] = this;
        if (jt_root_in_use(target, &this)) {
            root[*wanted] = root[used];
            root[used++] = this;
        }
        ++*wanted;
    }
    return used;
}

static void list_symbols(struct jt_target *target) {
    for (size_t i = 0; i < target->priv->learnt->root_symbols; i++) {
        const struct jt_root_symbol *s = &target->priv->learnt->root_symbol[i];
        jt_root_add(target, s->module, jt_root_array(target, s), s->name);
    }
}

/* Chooses among several jemallocs in one process (a library may bring its own) the one in use.
 * Fails when more than one is in use, or several and none of them. */
static enum jt_status choose_root(struct jt_target *target, struct jt_evidence *evidence,
                                  size_t used, size_t wanted) {
    struct jt_root_symbol *root = target->priv->learnt->root_symbol;
    if (used > 1 || (used == 0 && wanted > 1)) {
        return jt_several_roots(target, 0, used > 1 ? used : wanted, used);
    }
    if (used == 0 && !target->ended) {
        uint8_t byte;
        bool there =
            jh_read(&target->heap.reader, jt_root_array(target, &root[0]), &byte, 1, NULL) == JH_OK;
        jt_warn(target,
                there ? "%s is all zero: jemalloc has not been used yet"
                      : "%s is absent: its bytes are not in this core",
                root[0].name);
    }
    take_root(target, evidence, &root[0]);
    warn_of_others(target, &(struct jt_search){.count = 0});
    return JT_OK;
}

static enum jt_status choose_any(struct jt_target *target, struct jt_evidence *evidence) {
    const struct jt_options *o = evidence->options;
    size_t wanted, used = sort_roots(target, o->in, &wanted);
    struct jt_search search = {.versioned_only = wanted != 0};
    list_symbols(target);
    if (used != 0) {
        return choose_root(target, evidence, used, wanted);
    }
    enum jt_status status = search_root(target, o, &search);
    if (status != JT_OK) {
        return status;
    }
    if (search.count != 0) {
        return take_found(target, evidence, &search);
    }
    return wanted != 0 ? choose_root(target, evidence, 0, wanted)
                       : jt_no_root(target, o->layout, target->version_string[0] != 0, &search);
}

bool jt_root_is_in_no_module(const struct jt_target *target) {
    return target->source[JT_PART_ROOT] == JT_GIVEN && target->modules != 0 &&
           jt_module_at(target, target->heap.rtree_root) == NULL;
}

enum jt_status jt_root_given(struct jt_target *target, struct jt_evidence *evidence) {
    uint64_t root = evidence->options->root;
    if (!jt_mapped(target, root)) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "--root 0x%" PRIx64 ": nothing is mapped there in this target", root);
    }
    evidence->root_known = true;
    evidence->root_addr = root;
    target->source[JT_PART_ROOT] = JT_GIVEN;
    return JT_OK;
}

/* Takes the root of --root. When --in names another module, the address counts, with a warning. */
static enum jt_status take_given(struct jt_target *target, struct jt_evidence *evidence) {
    const struct jt_options *o = evidence->options;
    enum jt_status status = jt_root_given(target, evidence);
    if (status != JT_OK) {
        return status;
    }
    target->jemalloc = jt_module_at(target, o->root);
    list_symbols(target);
    for (size_t i = 0; i < target->priv->learnt->root_symbols; i++) {
        const struct jt_root_symbol *root = &target->priv->learnt->root_symbol[i];
        if (o->root >= root->addr && o->root < root->addr + root->size) {
            take_root(target, evidence, root);
        }
    }
    if (o->in != NULL && (target->jemalloc == NULL || !jt_module_named(target->jemalloc, o->in))) {
        jt_warn(target, "--root 0x%" PRIx64 " is used, but is not in the module of --in %s",
                o->root, o->in);
    }
    return JT_OK;
}

/* Fails when --in names no module of the target. */
static enum jt_status module_known(struct jt_target *target, const char *in) {
    for (size_t i = 0; i < target->modules; i++) {
        if (in == NULL || jt_module_named(&target->module[i], in)) {
            return JT_OK;
        }
    }
    if (in == NULL) {
        return JT_OK;
    }
    list_symbols(target);
    return jt_not_in(target, in, "no module of this target has that name");
}

enum jt_status jt_root_find(struct jt_target *target, struct jt_evidence *evidence) {
    errno = 0;
    target->priv->learnt->root_symbols = jt_roots_find(target, target->priv->learnt->root_symbol);
    jt_note_memory(target);
    if (evidence->options->root_given) {
        return take_given(target, evidence);
    }
    enum jt_status status = module_known(target, evidence->options->in);
    return status == JT_OK ? choose_any(target, evidence) : status;
}
