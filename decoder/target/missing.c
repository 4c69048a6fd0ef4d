/* missing.c - files that are not here or are others, and a jemalloc that is not found: why, and
 * what can be done about it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

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

void jt_warn_of_files(struct jt_target *target) {
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

static const struct jt_module *main_module(const struct jt_target *target) {
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].main) {
            return &target->module[i];
        }
    }
    return NULL;
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
    target->root_missed = layout != NULL || version;
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

enum jt_status jt_no_root(struct jt_target *target, const char *layout, bool version) {
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
