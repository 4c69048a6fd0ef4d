/* diagnose_files.c - modules whose file is missing, is another one or was not opened: says which.
 */
#include <stdio.h>

#include "learn/inside.h"

void jt_wrong_file(const struct jt_module *m, char *out, size_t size) {
    char memory[2 * JT_BUILD_ID_MAX + 1], file[2 * JT_BUILD_ID_MAX + 1];
    jt_build_id_text(&m->memory_id, memory);
    jt_build_id_text(&m->file_id, file);
    if (memory[0] != 0 && file[0] != 0) {
        snprintf(out, size,
                 "%.110s is not the %.90s that was running: build-id %.40s, but %.40s ran", m->file,
                 m->path, file, memory);
    } else if (m->main) {
        snprintf(out, size,
                 "%.200s is not the program that was running: its entry point or its program "
                 "headers differ",
                 m->file);
    } else {
        snprintf(out, size, "%.110s is not the %.90s that was running: its program headers differ",
                 m->file, m->path);
    }
}

const char *jt_unopened_file(const struct jt_module *m, char *out, size_t size) {
    snprintf(out, size,
             "file.search-limit: %.200s was not opened: one file is opened for %d modules, and all "
             "files together have at most %d MiB of constants and code that are searched; give it "
             "with --exe if it has the jemalloc",
             m->path, JT_SAME_MAX, (int)(JT_SEARCHED_MAX >> 20));
    return out;
}

/* Is the module the one of --exe, the one with the jemalloc that is read, or, when that is not
 * known, the program? */
static bool matters(const struct jt_target *target, const struct jt_module *m) {
    return m->asked || m == target->jemalloc || (m->main && target->jemalloc == NULL);
}

void jt_warn_of_files(struct jt_target *target) {
    char text[JT_TEXT_MAX];
    for (size_t i = 0; i < target->modules; i++) {
        const struct jt_module *m = &target->module[i];
        if (!matters(target, m)) {
            continue;
        }
        if (m->state == JT_FILE_DIFFERS) {
            jt_wrong_file(m, text, sizeof text);
            jt_warn(target, "%s; it is not used", text);
        }
        if (m->unopened) {
            jt_warn(target, "%s", jt_unopened_file(m, text, sizeof text));
        } else if (m->state == JT_FILE_MISSING) {
            jt_warn(target, "%s is not here, so its symbols are not known", m->path);
        }
        if (m->state == JT_FILE_UNPROVEN && m == target->jemalloc) {
            jt_warn(
                target,
                "there is no build-id to compare %s with; it is assumed to be the file that was "
                "running",
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

const struct jt_module *jt_module_in_state(const struct jt_target *target, enum jt_file state) {
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

const struct jt_module *jt_first_unopened(const struct jt_target *target) {
    for (size_t i = 0; i < target->modules; i++) {
        if (target->module[i].unopened) {
            return &target->module[i];
        }
    }
    return NULL;
}
