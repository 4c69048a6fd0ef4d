/* diagnose_root.c - no root was found, or several: says why, and what the user can do about it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "learn/inside.h"

/* Fails when several modules have a version string; the sentence names the last two. Then no
 * version tells which heap is meant. JT_OK: at most one has. */
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

enum jt_status jt_several_roots(struct jt_target *target, size_t first, size_t count, size_t used) {
    char list[JT_TEXT_MAX / 2] = "";
    size_t len = 0;
    bool apart = true; /* each root is in a module of its own */
    for (size_t i = first; i < first + count; i++) {
        const struct jt_root *root = &target->root[i];
        apart &= i == first || root[-1].module != root->module;
        if (len + 1000 < sizeof list) { /* what remains holds the addresses of all others */
            len += (size_t)snprintf(
                list + len, sizeof list - len, "%s0x%" PRIx64 " (%.64s in %.200s)",
                i == first ? "" : ", ", root->addr,
                root->symbol[0] != 0 ? root->symbol : "found by looking", root->module->path);
        } else {
            len += (size_t)snprintf(list + len, sizeof list - len, ", 0x%" PRIx64, root->addr);
        }
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "there are %zu jemallocs, %zu of them in use; choose one with %s--root ADDR: %s",
                   count, used, apart ? "--in MODULE or " : "", list);
}

/* The module that has a jemalloc without symbols: that of --in, or the first one with a version
 * string. */
static const struct jt_module *without_symbols(const struct jt_target *target, const char *in) {
    char version[128];
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        if (in != NULL ? jt_module_named(m, in) : jt_version_among_constants(m, version)) {
            return m;
        }
    }
    return NULL;
}

/* Says how to get the symbols of the module's build, which its build-id identifies. */
static const char *symbols_of(const struct jt_module *m, char *out, size_t size) {
    char id[2 * JT_BUILD_ID_MAX + 1] = "";
    if (m != NULL) {
        jt_build_id_text(m->memory_id.size != 0 ? &m->memory_id : &m->file_id, id);
    }
    if (id[0] == 0) {
        return "give the same program with its symbols with --exe, or --root ADDR";
    }
    snprintf(out, size,
             "give the file with its symbols with --exe (%.200s has build-id %s: debuginfod-find "
             "debuginfo %s may get it), or --root ADDR",
             m->path, id, id);
    return out;
}

/* Fails: a limit ended the search for a root, so it is not known whether there is one. */
static enum jt_status search_ended(struct jt_target *target, const struct jt_search *search) {
    const struct jt_module *m = jt_module_at(target, search->limit_at);
    char text[JT_TEXT_MAX];
    return jt_fail(
        target, JT_NO_JEMALLOC,
        "root.search-limit at 0x%" PRIx64 "%s%.200s: no symbols, and the search for a root "
        "ended there after %" PRIu64 " KiB of variables; %s%s",
        search->limit_at, m != NULL ? " in " : "", m != NULL ? m->path : "", search->looked / 1024,
        search->in == NULL && target->modules > 1
            ? "say which module has jemalloc with --in MODULE, or "
            : "",
        symbols_of(without_symbols(target, search->in), text, sizeof text));
}

/* Has the module a jemalloc: a root in the target's list, or a version string? */
static bool has_jemalloc(const struct jt_target *target, const struct jt_module *m) {
    char version[128];
    bool has = jt_version_among_constants(m, version);
    for (size_t i = 0; i < target->roots; i++) {
        has |= target->root[i].module == m;
    }
    return has;
}

enum jt_status jt_not_in(struct jt_target *target, const char *in, const char *why) {
    char list[JT_NESTED_MAX] = "";
    size_t len = 0, count = 0;
    for (size_t i = 0; i < target->modules; i++) {
        const char *path = target->module[i].path;
        if (has_jemalloc(target, &target->module[i]) && len + 300 < sizeof list) {
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%.250s",
                                    count++ == 0 ? "" : ", ", path);
        }
    }
    return jt_fail(target, JT_NO_JEMALLOC, "--in %.200s: %s; %s %s", in, why,
                   count == 0 ? "none of its modules" : list, count > 1 ? "have one" : "has one");
}

/* Are the files of all modules of that name here, and none of them has a jemalloc? */
static bool none_in(const struct jt_target *target, const char *in) {
    bool none = in != NULL;
    for (size_t i = 0; in != NULL && i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        none &= !jt_module_named(m, in) || (m->state < JT_FILE_MISSING && !has_jemalloc(target, m));
    }
    return none;
}

/* What the user can do without the file. With --layout a search for the root was made already. */
static const char *or_layout(const char *layout) {
    return layout != NULL ? "or --root ADDR: no root was found by looking that fits --layout"
                          : "or say which jemalloc it has with --layout (5.3.0, ...), then the "
                            "root is looked for";
}

/* Says why no module has a symbol of a root, and what the user can do. */
static enum jt_status why_no_root(struct jt_target *target, const char *layout, bool version,
                                  const struct jt_search *search) {
    const struct jt_module *m = jt_module_in_state(target, JT_FILE_DIFFERS);
    char text[JT_TEXT_MAX], old[128];
    if (search->limit_at == 0 && none_in(target, search->in)) {
        return jt_not_in(target, search->in,
                         "there is no jemalloc in it (no symbols, no "
                         "version string, no root found by looking)");
    }
    if (m != NULL) {
        jt_wrong_file(m, text, sizeof text);
        return jt_fail(target, JT_WRONG_FILE, "%s; %s", text,
                       layout != NULL
                           ? "no root was found by looking that fits --layout: give the right file "
                             "with --exe or --sysroot, or --root ADDR"
                       : m->main ? "give the right one with --exe or --sysroot, or say which "
                                   "jemalloc it has with --layout (5.3.0, ...)"
                                 : "jemalloc may be in it: give the right one with --exe or "
                                   "--sysroot, or say which it has with --layout (5.3.0, ...)");
    }
    if (layout != NULL && search->limit_at != 0) { /* the search needed no file */
        return search_ended(target, search);
    }
    m = jt_first_unopened(target);
    if (m != NULL) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "no module that was opened has jemalloc's symbols; %s",
                       jt_unopened_file(m, text, sizeof text));
    }
    m = jt_module_in_state(target, JT_FILE_MISSING);
    if (m != NULL && !m->main) {
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "%.200s is not here, and no other module has jemalloc's symbols; put it there or "
            "give it with --exe or --sysroot, %s",
            m->path, or_layout(layout));
    }
    if (m != NULL && m->file != NULL) {
        return jt_fail(target, JT_NO_JEMALLOC,
                       "the core does not tell where %.200s was loaded, so its symbols have no "
                       "addresses; give --layout and --root",
                       m->file);
    }
    if (m != NULL) {
        jt_build_id_text(&m->memory_id, text);
        return jt_fail(target, JT_NO_JEMALLOC,
                       "the program of this target, %.200s%s%s, is not here, and no library has "
                       "jemalloc's symbols; give the program with --exe or --sysroot, %s",
                       m->path, text[0] == 0 ? "" : ", build-id ", text, or_layout(layout));
    }
    if (search->limit_at != 0) {
        return search_ended(target, search);
    }
    target->root_missed = layout != NULL || version || search->in != NULL;
    if (layout != NULL) {
        return jt_fail(
            target, JT_NO_JEMALLOC,
            "no symbols, and no root was found by looking that fits --layout %.200s%s%s; "
            "give --root ADDR, or another --layout",
            layout, target->version_string[0] == 0 ? "" : ": this is jemalloc ",
            target->version_string);
    }
    if (version || search->in != NULL) {
        m = without_symbols(target, search->in);
        memcpy(old, target->version_string, sizeof old);
        if (search->in != NULL) {
            (void)jt_version_among_constants(m, old); /* other modules may have another version */
        }
        return jt_fail(target, JT_NO_JEMALLOC,
                       "jemalloc %s is there, but its symbols were stripped, and its root was not "
                       "found by looking; %s",
                       old, symbols_of(m, text, sizeof text));
    }
    if (several_versions(target) != JT_OK) {
        return target->status;
    }
    for (size_t i = 0; i < target->modules; i++) {
        if (jt_version_old(&target->module[i], old)) {
            return jt_fail(
                target, JT_NO_JEMALLOC,
                "%.200s has jemalloc %s, whose heap is another one: jeheap reads 5.0.0 and "
                "later; run the program with a jemalloc 5 (LD_PRELOAD) to look at it",
                target->module[i].path, old);
        }
    }
    return jt_fail(target, JT_NO_JEMALLOC,
                   target->modules == 0
                       ? "no program is known for this core, so no jemalloc; give it with --exe, "
                         "or --root ADDR and --layout NAME"
                       : "none of its modules has a jemalloc 5.x (no symbol that ends in "
                         "extents_rtree or arena_emap_global, no version string)");
}

enum jt_status jt_no_root(struct jt_target *target, const char *layout, bool version,
                          const struct jt_search *search) {
    enum jt_status status = why_no_root(target, layout, version, search);
    if (target->bytes_truncated == 0) {
        return status;
    }
    return jt_fail(target, status,
                   "%.300s was cut off: %" PRIu64 " bytes are missing, which may be jemalloc's "
                   "variables or the list of files; take the core again (ulimit -c unlimited, and "
                   "room on the disk). As it is: %s",
                   target->path, target->bytes_truncated, strdupa(target->error));
}
