/* live.c - starts the witness of a cell, and compares its process and its core with its truth. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_shows.h"
#include "statistics.h"
#include "cell_work.h"

/* Compares the layout that was found with the one that jeheap makes from the build parameters
 * alone.
 */
static void compare_layouts(struct comparison *c, const struct jh_layout *found) {
    struct jh_layout made;
    struct jh_fault fault = {0};
    compare_constants(c, found);
    enum jh_status status = jh_layout_make(&found->build, &made, &fault);
    if (status != JH_OK) {
        compare_failed(c, "layout_make", 0, status, &fault);
        return;
    }
    for (unsigned i = 0; i < made.sc_nbins; i++) {
        made.bin[i].n_shards = found->bin[i].n_shards; /* an option of the run */
    }
    compare_constants(c, &made);
    compare_functions(c, &made);
    compare_functions(c, found);
}

/* Takes the extents of the process, which core and skeleton must have as well. False: there are too
 * few for the heap of a real program. */
static void take_extents(struct work *w, struct jt_target *t) {
    enum { LEAST = 100 };
    struct jh_fault fault = {0};
    struct comparison *c = w->comparison;
    if (!walk_take(&t->heap, &w->live, &fault)) {
        compare_failed(c, "walks", fault.addr, fault.status, &fault);
    }
    compare_number(c, "walks.enough", w->live.count, true, w->live.count >= LEAST);
}

/* Compares the stopped process; in an emulator, the core that the witness writes of itself. */
static bool compare_process(struct work *w) {
    char target[128];
    snprintf(target, sizeof(target), "%d", (int)w->witness.pid);
    if (work_emulated(w)) {
        work_path(w, "core.own", target, sizeof(target));
        if (!witness_own_core(&w->witness, target, w->why, sizeof(w->why))) {
            return false;
        }
    }
    const struct jt_options options = {.target = target, .exe = work_program(w), .threads = true};
    struct jt_target *t = work_open(w, &options, "the witness's process");
    if (!t) {
        return false;
    }
    struct comparison *c = w->comparison;
    snprintf(w->layout, sizeof(w->layout), "%s", t->layout_name);
    if (!work_outsider(w) && !work_bare(w)) {
        compare_layouts(c, &t->layout);
    }
    if (!work_outsider(w)) {
        c->level = LEVEL_HEAP;
        compare_heap(c, t);
    }
    c->level = LEVEL_API;
    compare_api(c, t);
    if (work_outsider(w)) {
        take_extents(w, t);
    }
    bool made = true;
    if (*matrix_text(w->build, "live_skeleton")) {
        char path[128];
        work_path(w, "skeleton.live", path, sizeof(path));
        c->level = LEVEL_OFFLINE;
        made = skeleton_make(c, t, path, w->why, sizeof(w->why));
    }
    jt_close(t);
    return made;
}

static bool witnessed(struct work *w) {
    char path[128], error[256];
    work_path(w, "truth", path, sizeof(path));
    if (!witness_start(w->build, w->dir, w->options->seed, &w->witness, w->why, sizeof(w->why))) {
        return false;
    }
    if (*matrix_text(w->build, "statistics")) {
        char said[128];
        work_path(w, WITNESS_LOG, said, sizeof(said));
        if (!statistics_truth(said, path, w->why, sizeof(w->why))) {
            return false;
        }
    }
    if (!truth_load(path, &w->truth, error, sizeof(error))) {
        snprintf(w->why, sizeof(w->why), "%s", error);
        return false;
    }
    w->comparison->truth = &w->truth;
    w->comparison->storage = !work_emulated(w); /* its own core has no registers */
    return true;
}

static bool enough(struct work *w) {
    const struct truth_list *list = w->truth.list;
    size_t inside = !work_outsider(w);
    size_t allocations = inside ? 20000 : strtoul(matrix_text(w->build, "least"), NULL, 10);
    struct {
        const char *what;
        size_t count, least;
    } need[] = {{"extents", list[TRUTH_EXTENT].count, 1000 * inside},
                {"allocations", list[TRUTH_ALLOCATION].count, allocations},
                {"constants", list[TRUTH_CONSTANT].count, 40 * inside},
                {"functions", list[TRUTH_FUNCTION].count, 1000 * inside},
                {"slabs", list[TRUTH_SLAB].count, 100 * inside}};
    for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++) {
        if (need[i].count < need[i].least) {
            snprintf(w->why, sizeof(w->why), "the witness wrote down %zu %s; %zu are the least",
                     need[i].count, need[i].what, need[i].least);
            return false;
        }
    }
    struct json_object *promises = NULL;
    json_object_object_get_ex(w->build, "shows", &promises);
    return shows_all(&w->truth, promises, w->why, sizeof(w->why));
}

/* Compares once. *changed: a real program has changed its heap meanwhile, so compare again. */
static bool compare_once(struct work *w, bool *changed) {
    *changed = false;
    if (!witnessed(w) || !enough(w)) {
        return false;
    }
    bool compared = compare_process(w) && offline_compare(w);
    *changed = w->witness.pid > 0 && !work_unchanged(w);
    return compared && !*changed;
}

static void forget(struct work *w) {
    witness_stop(&w->witness);
    truth_free(&w->truth);
    walk_free(&w->live);
    memset(w->comparison, 0, sizeof(*w->comparison));
}

bool compare_all_levels(struct work *w) {
    enum { LOOKS = 3 };
    uint64_t mismatches = 0;
    bool changed = true, looked = false;
    for (unsigned i = 0; i < LOOKS && changed; i++) {
        looked = compare_once(w, &changed);
        if (changed && work_outsider(w) && i + 1 < LOOKS) {
            forget(w);
        } else {
            break;
        }
    }
    if (!looked) {
        return false;
    }
    for (unsigned i = 0; i < LEVELS; i++) {
        mismatches += w->comparison->tally[i].mismatches;
    }
    if (mismatches) {
        snprintf(w->why, sizeof(w->why), "%" PRIu64 " mismatches", mismatches);
    }
    return mismatches == 0;
}
