/* roots.c - all roots of a target: a program and each of its libraries may bring their own
 * jemalloc, and each has its own rtree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/inside.h"

static bool is_listed(const struct jt_target *target, uint64_t addr) {
    bool listed = false;
    for (size_t i = 0; i < target->roots; i++) {
        listed |= target->root[i].addr == addr;
    }
    return listed;
}

void jt_root_add(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                 const char *symbol) {
    if (is_listed(target, addr)) {
        return;
    }
    struct jt_root *root = &target->root[target->roots++];
    *root = (struct jt_root){.module = module, .addr = addr};
    snprintf(root->symbol, sizeof root->symbol, "%s", symbol);
}

void jt_root_choose(struct jt_target *target) {
    jt_root_add(target, target->jemalloc, target->heap.rtree_root, target->root_name);
    for (size_t i = 0; i < target->roots; i++) {
        target->root[i].chosen = target->root[i].addr == target->heap.rtree_root;
    }
}

bool jt_module_named(const struct jt_module *module, const char *name) {
    const char *gone = strstr(module->path, " (deleted)");
    size_t len = gone != NULL ? (size_t)(gone - module->path) : strlen(module->path);
    size_t size = strlen(name);
    const char *end = module->path + len, *slash = memrchr(module->path, '/', len);
    const char *file = slash != NULL ? slash + 1 : module->path;
    const char *so = memmem(file, (size_t)(end - file), ".so", 3);
    bool tail = size != 0 && size <= len && memcmp(end - size, name, size) == 0 &&
                (size == len || name[0] == '/' || end[-(ptrdiff_t)size - 1] == '/');
    return tail || (so != NULL && (size_t)(so - file) == size && memcmp(file, name, size) == 0);
}

bool jt_root_hidden(const struct jt_target *target, const struct jt_module *m, char version[128]) {
    bool known = m == target->jemalloc;
    for (size_t i = 0; i < target->roots; i++) {
        known |= target->root[i].module == m;
    }
    return !known && jt_version_among_constants(m, version);
}

size_t jt_roots(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct jt_search search = {.any_version = true, .versioned_only = true};
    char version[128];
    if (p->learnt->roots_done || jt_is_skeleton(target)) {
        return target->roots;
    }
    jt_machine_build(target, jt_version_likely(1), &search.build);
    jt_root_infer(target, &search);
    for (size_t i = 0; i < search.count; i++) {
        jt_root_add(target, search.found[i].module, search.found[i].root, "");
    }
    for (size_t i = 0; i < target->modules; i++) {
        p->learnt->roots_hidden |= jt_root_hidden(target, &target->module[i], version);
    }
    p->learnt->roots_done = true;
    return target->roots;
}

bool jt_root_unknown(struct jt_target *target) {
    (void)jt_roots(target);
    return target->priv->learnt->roots_hidden;
}

static const struct jt_root_symbol *symbol_of(const struct jt_target *target,
                                              const struct jt_root *root) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->learnt->root_symbols; i++) {
        if (jt_root_array(target, &p->learnt->root_symbol[i]) == root->addr) {
            return &p->learnt->root_symbol[i];
        }
    }
    return NULL;
}

static void learn_view(struct jt_target *view, const struct jt_root *root) {
    const struct jt_options options = {.target = "", .limits = view->heap.limits};
    const struct jt_root_symbol *symbol = symbol_of(view, root);
    struct jt_evidence evidence = {
        .options = &options, .root_known = true, .root_addr = root->addr};
    view->jemalloc = root->module;
    if (symbol != NULL) {
        evidence.root = *symbol;
        evidence.root_known = false;
        snprintf(view->root_name, sizeof view->root_name, "%s", symbol->name);
        snprintf(view->prefix, sizeof view->prefix, "%s", symbol->prefix);
    }
    view->source[JT_PART_ROOT] = symbol != NULL ? JT_SYMBOL : JT_INFERRED;
    jt_dwarf_init(&evidence.dwarf); /* not read: the sandbox, set up by now, does not allow that */
    view->status = jt_layout_learn(view, &evidence);
}

static bool new_view(struct jt_target *target, struct jt_root *root) {
    root->view = calloc(1, sizeof *root->view);
    if (root->view == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    *root->view = (struct jt_target){.kind = target->kind,
                                     .pid = target->pid,
                                     .path = target->path,
                                     .module = target->module,
                                     .modules = target->modules,
                                     .bytes_present = target->bytes_present,
                                     .heap = target->heap,
                                     .priv = target->priv};
    learn_view(root->view, root);
    target->memory_ran_out |= root->view->memory_ran_out;
    return true;
}

struct jt_target *jt_root_view(struct jt_target *target, size_t root) {
    struct jt_root *r = &target->root[root];
    if (r->chosen || jt_is_skeleton(target)) {
        return r->chosen ? target : NULL;
    }
    if (r->view == NULL && !new_view(target, r)) {
        return NULL;
    }
    return r->view->status == JT_OK ? r->view : NULL;
}

bool jt_root_empty(struct jt_target *target, size_t number) {
    const struct jt_target *view = jt_root_view(target, number);
    struct jh_walk walk;
    struct jh_extent e;
    if (view == NULL) {
        return false;
    }
    jh_walk_start(&walk, &view->heap);
    return jh_walk_next(&walk, &e, NULL) == JH_END;
}

void jt_roots_close(struct jt_target *target) {
    for (size_t i = 0; i < target->roots; i++) {
        struct jt_target *view = target->root[i].view;
        for (size_t k = 0; view != NULL && k < view->warnings; k++) {
            free(view->warning[k]);
        }
        free(view == NULL ? NULL : view->warning);
        free(view);
    }
}
