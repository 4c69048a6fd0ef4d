/* open.c - from a process id or a path to a heap that can be asked. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

bool jt_is_process(const char *target) {
    return target[0] != 0 && target[strspn(target, "0123456789")] == 0;
}

static const struct jt_module *main_module(const struct jt_target *target) {
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].main) {
            return &target->module[i];
        }
    }
    return NULL;
}

static void wrong_file(const struct jt_module *m, char *out, size_t size) {
    char memory[2 * JT_BUILD_ID_MAX + 1], file[2 * JT_BUILD_ID_MAX + 1];
    jt_build_id_text(&m->memory_id, memory);
    jt_build_id_text(&m->file_id, file);
    if (memory[0] == 0 || file[0] == 0) {
        snprintf(out, size,
                 "%.200s is not the program that was running: it starts elsewhere, or has other "
                 "headers",
                 m->file);
        return;
    }
    snprintf(out, size, "%.200s is not the %.120s that was running: build-id %.40s, but %.40s ran",
             m->file, m->path, file, memory);
}

static void warn_of_files(struct jt_target *target) {
    char text[JT_TEXT_MAX];
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        if (m->state == JT_FILE_DIFFERS) {
            wrong_file(m, text, sizeof text);
            jt_warn(target, "%s; it is not used", text);
        }
        if (m->state == JT_FILE_MISSING && (m->main || target->jemalloc == NULL)) {
            jt_warn(target, "%s is not here, so its symbols are not known", m->path);
        }
        if (m->state == JT_FILE_UNPROVEN && m == target->jemalloc) {
            jt_warn(target,
                    "there is no build-id to compare %s with; it is taken to be what was running",
                    m->file);
        }
    }
}

static const struct jt_module *module_in(const struct jt_target *target, enum jt_file state) {
    const struct jt_module *main = main_module(target);
    if (main != NULL && main->state == state) {
        return main;
    }
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].state == state) {
            return &target->module[i];
        }
    }
    return NULL;
}

/* Where versions differ, none of them says which heap is meant. Two are named. */
static enum jt_status several_versions(struct jt_target *target) {
    struct {
        const char *path;
        char version[128];
    } one = {"", ""}, two = {"", ""};
    size_t count = 0;
    for (size_t i = 0; i < target->modules; i++) {
        char version[128];
        if (jt_version_among_constants(&target->module[i], version)) {
            one = two;
            two.path = target->module[i].path;
            memcpy(two.version, version, sizeof version);
            count++;
        }
    }
    return count < 2 ? JT_OK
                     : jt_fail(target, JT_NO_JEMALLOC,
                               "choose a jemalloc with --layout and --root: there are %zu, all "
                               "without symbols, as %.40s in %.100s and %.40s in %.100s",
                               count, one.version, one.path, two.version, two.path);
}

/* No symbol anywhere: why, and what can be done about it. */
static enum jt_status why_no_root(struct jt_target *target, const char *layout, bool version) {
    const struct jt_module *m = module_in(target, JT_FILE_DIFFERS);
    char text[JT_TEXT_MAX];
    if (m != NULL) {
        wrong_file(m, text, sizeof text);
        return jt_fail(target, JT_WRONG_FILE, "%s; %s", text,
                       m->main ? "give the right one with --exe"
                               : "jemalloc may be in it, and is in no other module");
    }
    m = module_in(target, JT_FILE_MISSING);
    if (m != NULL && !m->main) {
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "%s is not here, and no other module has jemalloc's symbols; put it there or "
            "give it with --exe, or say which jemalloc it has with --layout (5.3.0, ...)",
            m->path);
    }
    if (m != NULL && m->file != NULL) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "the core does not tell where %s was loaded, so its symbols have no "
                       "addresses; give --layout and --root",
                       m->file);
    }
    if (m != NULL) {
        jt_build_id_text(&m->memory_id, text);
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "the program of this target, %s%s%s, is not here, and no library has "
            "jemalloc's symbols; give the program with --exe, or say which jemalloc it has "
            "with --layout (5.3.0, ...), then the root is looked for",
            m->path, text[0] == 0 ? "" : ", build-id ", text);
    }
    if (layout != NULL) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "no symbols, and no root was found by looking that fits --layout %s%s%s; "
                       "give --root ADDR, or another --layout",
                       layout, target->version_string[0] == 0 ? "" : ": this is jemalloc ",
                       target->version_string);
    }
    if (version) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "jemalloc %s is there, but its symbols were stripped, and its root was not "
                       "found by looking; give an unstripped program with --exe, or --root ADDR",
                       target->version_string);
    }
    if (several_versions(target) != JT_OK) {
        return target->status;
    }
    return jt_fail(target, JT_NO_JEMALLOC,
                   target->modules == 0
                       ? "no program is known for this core, so no jemalloc; give it with --exe, "
                         "or --root ADDR and --layout NAME"
                       : "none of its modules has a jemalloc 5.x (no symbol that ends in "
                         "extents_rtree or arena_emap_global, no version string)");
}

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

static enum jt_status no_root(struct jt_target *target, const char *layout, bool version) {
    enum jt_status status = why_no_root(target, layout, version);
    if (target->bytes_truncated == 0) {
        return status;
    }
    return jt_fail(target, status,
                   "%s was cut off: %" PRIu64 " bytes are missing, which may be jemalloc's "
                   "variables or the list of files; take the core again (ulimit -c unlimited, and "
                   "room on the disk). As it is: %s",
                   target->path, target->bytes_truncated, strdupa(target->error));
}

/* Without symbols: the version string names the module, the heap itself the root. */
static enum jt_status infer_root(struct jt_target *target, struct jt_learn *learn) {
    struct jh_layout layout;
    struct jh_build build;
    enum jh_version version;
    uint64_t root[2];
    bool known = learn->options->layout != NULL,
         told = jt_version_find(target, NULL, target->version_string);
    if (known) {
        enum jt_status status = jt_layout_parse(learn->options->layout, &layout, target->error);
        if (status != JT_OK) {
            return jt_fail(target, status, "--layout %s", strdupa(target->error));
        }
        build = layout.build;
    } else {
        known = told && jh_version_parse(target->version_string, &version) == JH_OK;
        if (known) {
            jt_machine_build(target, version, &build);
        }
    }
    if (!known && target->version_string[0] != 0) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: unsupported: this version is not known (5.0.0 to 5.3.1, and "
                       "dev, are)",
                       target->version_string);
    }
    size_t roots = known ? jt_root_infer(target, &build, root) : 0;
    if (roots > 1) {
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "no symbols, and two roots were found by looking for one; choose with --root "
            "0x%" PRIx64 " or --root 0x%" PRIx64,
            root[0], root[1]);
    }
    if (roots == 0) {
        return no_root(target, learn->options->layout, known);
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

static enum jt_status find_root(struct jt_target *target, struct jt_learn *learn) {
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

/* Nodes are apart from one another: a sound tree's take no more than there is. A process may grow
 * while it is read. */
#define GROWTH (UINT64_C(64) << 20)

static void limit_nodes(struct jt_target *target) {
    struct jh_limits *limits = &target->heap.limits;
    if (limits->max_node_bytes == 0 && target->bytes_present < UINT64_MAX / 2 - GROWTH) {
        limits->max_node_bytes = 2 * target->bytes_present + GROWTH;
    }
}

static enum jt_status open_memory(struct jt_target *target, const struct jt_options *options,
                                  const struct jt_bytes *bytes) {
    if (bytes != NULL) {
        return jt_core_read(target, bytes->core, bytes->size, options->target);
    }
    if (jt_is_process(options->target)) {
        return jt_process_open(target, options->target);
    }
    return jt_core_open(target, options->target);
}

static enum jt_status open_all(struct jt_target *target, const struct jt_options *options,
                               const struct jt_bytes *bytes) {
    struct jt_learn learn = {.options = options};
    if (options->target == NULL) {
        return jt_fail(target, JT_USAGE, "no target: a process id or a core file is needed");
    }
    enum jt_status status = open_memory(target, options, bytes);
    if (status == JT_OK && jt_is_skeleton(target)) {
        return jt_skeleton_open(target, &learn);
    }
    if (status == JT_OK) {
        status = jt_modules_open(target, options->exe);
    }
    if (status == JT_OK && target->kind == JT_CORE) {
        status = jt_modules_fill(target);
        jt_core_count(target);
    }
    limit_nodes(target);
    if (status == JT_OK) {
        status = find_root(target, &learn);
    }
    if (status != JT_OK) {
        return status;
    }
    warn_of_files(target);
    jt_dwarf_read_apart(target, &learn.root, &learn.dwarf);
    status = jt_layout_learn(target, &learn);
    if (status == JT_OK) {
        jt_metadata_learn(target, &learn.dwarf);
    }
    jt_dwarf_free(&learn.dwarf);
    return status;
}

static enum jt_status open_target(const struct jt_options *options, const struct jt_bytes *bytes,
                                  struct jt_target **out) {
    struct jt_target *target = calloc(1, sizeof *target);
    struct jt_private *priv = calloc(1, sizeof *priv);
    *out = NULL;
    if (target == NULL || priv == NULL) {
        free(target);
        free(priv);
        return JT_UNREADABLE;
    }
    elf_version(EV_CURRENT);
    target->priv = priv;
    priv->mem_fd = priv->core_fd = -1;
    priv->files = bytes != NULL ? &bytes->files : &jt_files_here;
    priv->words = sizeof(void *); /* until the target says otherwise */
    priv->little_endian = *(const uint8_t *)&(const uint16_t){1} == 1;
    target->heap.limits = options->limits;
    *out = target;
    enum jt_status status = open_all(target, options, bytes);
    if (target->memory_ran_out) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    if (jt_ended(target) && status != JT_OK) { /* what was concluded from that is wrong */
        return jt_fail(target, JT_UNREADABLE,
                       "process %d ended while it was looked at, or runs another program by now",
                       target->pid);
    }
    return status;
}

enum jt_status jt_open(const struct jt_options *options, struct jt_target **out) {
    return open_target(options, NULL, out);
}

enum jt_status jt_open_bytes(const struct jt_options *options, const struct jt_bytes *bytes,
                             struct jt_target **out) {
    return open_target(options, bytes, out);
}

void jt_close(struct jt_target *target) {
    if (target == NULL) {
        return;
    }
    struct jt_private *p = target->priv;
    jt_modules_close(target);
    jt_process_close(target);
    jt_core_close(target);
    for (size_t i = 0; i < target->warnings; i++) {
        free(target->warning[i]);
    }
    for (size_t i = 0; i < p->mappings; i++) {
        free(p->mapping[i].path);
    }
    free(target->warning);
    free(p->mapping);
    free(p->mapped);
    free(p->load);
    jt_ranges_free(&p->code);
    free(p->segment);
    free(p->block);
    free(p->metadata);
    free(p);
    free(target);
}

bool jt_mapped(const struct jt_target *target, uint64_t addr) {
    return jt_ranges_hold(target->priv->mapped, target->priv->mapped_count, addr);
}
