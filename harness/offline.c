/* offline.c - compares the heap in a core: with debug information, with symbols only, without both;
 * and in a skeleton of the core, without the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"
#include "matrix.h"
#include "cell_work.h"
#include "thread_notes.h"

/* Makes a core: by gdb, by the emulator if it can, or by the witness itself. The last also when the
 * program has reserved very much memory, which gdb would write for an hour. */
static bool make_core(struct work *w, char *core, size_t size) {
    bool own = strcmp(matrix_text(w->build, "core"), "witness") == 0;
    if (!work_emulated(w) && own) {
        work_path(w, "core", core, size);
        return witness_own_core(&w->witness, core, w->why, sizeof(w->why));
    }
    if (!work_emulated(w)) {
        work_path(w, "core", core, size);
        return witness_core(&w->witness, core, w->why, sizeof(w->why));
    }
    if (strcmp(matrix_text(w->build, "core"), "qemu") != 0) {
        work_path(w, "core.own", core, size);
        return true;
    }
    work_path(w, "core", core, size);
    uint32_t note = (uint32_t)strtoul(matrix_text(w->build, "thread_note"), NULL, 0);
    return work_unchanged(w) && witness_last_core(&w->witness, core, w->why, sizeof(w->why)) &&
           (note == 0 || thread_notes_add(core, &w->truth, note, w->why, sizeof(w->why)));
}

/* Compares a core or skeleton twice: with the layout that jeheap finds, and with the one that is
 * made from the build parameters. The first time a skeleton is made of it as well. */
static bool compare_image(struct work *w, const char *path, bool core, const char *skeleton) {
    const char *exe = core ? work_program(w) : NULL;
    const char *const layout[] = {NULL, w->layout};
    w->comparison->no_blocks = !core && work_bare(w);
    bool made = true;
    for (size_t i = 0; made && i < 2; i++) {
        const struct jt_options options = {.target = path, .exe = exe, .layout = layout[i]};
        struct jt_target *t = work_open(w, &options, path);
        if (!t) {
            return false;
        }
        w->comparison->level = LEVEL_OFFLINE;
        if (work_outsider(w)) {
            compare_api(w->comparison, t);
            compare_walks(w->comparison, &w->live, &t->heap);
        } else {
            compare_heap(w->comparison, t);
            compare_totals(w->comparison, t);
        }
        if (w->options->drift && core && !layout[i]) {
            w->drift = drift_bends(w->comparison, t);
        }
        if (!core) {
            compare_private(w->comparison, &t->heap);
        }
        if (i == 0) {
            made = skeleton_make(w->comparison, t, skeleton, w->why, sizeof(w->why));
        }
        jt_close(t);
    }
    return made;
}

/* ---- stripped ------------------------------------------------------------------------------- */

/* Removes debug information, or all symbols, with the strip of elfutils, which knows the files of
 * every machine. */
static bool strip(struct work *w, const char *option, const char *from, const char *to) {
    char log[128];
    work_path(w, "strip.log", log, sizeof(log));
    const char *const argv[] = {"eu-strip", "-o", to, from, option, NULL};
    if (run_logged(argv, log) == 0) {
        return true;
    }
    snprintf(w->why, sizeof(w->why), "the witness cannot be stripped (eu-strip): see %s", log);
    return false;
}

static bool compare_stripped(struct work *w, const char *core, const char *name,
                             const char *option) {
    const char *witness = matrix_text(w->build, "witness");
    char exe[128];
    work_path(w, name, exe, sizeof(exe));
    if (!strip(w, option, witness, exe)) {
        return false;
    }
    const struct jt_options options = {.target = core, .exe = exe};
    struct jt_target *t = work_open(w, &options, name);
    if (!t) {
        return false;
    }
    compare_heap(w->comparison, t);
    compare_totals(w->comparison, t);
    jt_close(t);
    return true;
}

/* Compares with a stripped program. Not done for a witness in a real program, whose jemalloc is
 * stripped already, nor for one without symbols. */
static bool compare_all_stripped(struct work *w, const char *core) {
    return work_outsider(w) || work_bare(w) ||
           (compare_stripped(w, core, "witness.symbols", "-g") &&
            compare_stripped(w, core, "witness.stripped", NULL));
}

/* ---- all ------------------------------------------------------------------------------------ */

/* Compares the skeleton that live.c made of the process, if it made one. */
static bool compare_live_skeleton(struct work *w) {
    char skeleton[128], again[128];
    if (!*matrix_text(w->build, "live_skeleton")) {
        return true;
    }
    bool lacks = w->comparison->lacks;
    work_path(w, "skeleton.live", skeleton, sizeof(skeleton));
    work_path(w, "skeleton.live.again", again, sizeof(again));
    w->comparison->lacks = false; /* a process has all its memory */
    bool compared = compare_image(w, skeleton, false, again);
    w->comparison->lacks = lacks;
    return compared;
}

static bool compare_offline(struct work *w) {
    char core[128], skeleton[128], again[128];
    work_path(w, "skeleton", skeleton, sizeof(skeleton));
    work_path(w, "skeleton.again", again, sizeof(again));
    if (!compare_live_skeleton(w) || !make_core(w, core, sizeof(core)) ||
        !compare_image(w, core, true, skeleton) || !compare_image(w, skeleton, false, again) ||
        !compare_all_stripped(w, core)) {
        return false;
    }
    compare_again(w->comparison, skeleton, again);
    return true;
}

bool offline_compare(struct work *w) {
    struct comparison *c = w->comparison;
    c->storage |= *matrix_text(w->build, "thread_storage") != '\0';
    c->lacks = *matrix_text(w->build, "core_lacks") != '\0';
    bool compared = compare_offline(w);
    if (compared && c->lacks && !c->absent) {
        snprintf(w->why, sizeof(w->why), "the core was to lack extents, and lacks none");
        compared = false;
    }
    c->lacks = false;
    return compared;
}
