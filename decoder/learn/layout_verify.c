/* layout_verify.c - tries the layout on the heap before it is used. */
#include <inttypes.h>
#include <stdarg.h>

#include "learn/inside.h"

/* Does another geometry find extents? With a wrong one, a heap may look empty. */
static bool others_fit(struct jt_target *target, struct jh_build *out) {
    uint8_t vaddr[JT_LG_VADDRS];
    size_t vaddrs = jt_machine_vaddrs(target, vaddr);
    for (size_t i = 0; i < vaddrs * JT_LG_PAGES; i++) {
        struct jh_layout layout;
        struct jt_fit fit;
        *out = target->layout.build;
        out->lg_vaddr = vaddr[i % vaddrs];
        out->lg_page = jt_lg_page[i / vaddrs];
        if (jh_layout_make(out, &layout, NULL) != JH_OK) {
            continue;
        }
        jt_layout_fit(target, &layout, target->heap.rtree_root, JT_FIT_LOOK, &fit);
        if (jt_fits(&fit)) {
            return true;
        }
    }
    return false;
}

/* The sentence is an error, or a warning when the user insists on the layout. */
static JT_PRINTF(3, 4) enum jt_status
    contradicted(struct jt_target *target, bool insists, const char *text, ...) {
    char line[JT_TEXT_MAX];
    va_list args;
    va_start(args, text);
    vsnprintf(line, sizeof line, text, args);
    va_end(args);
    if (!insists) {
        return jt_fail(target, JT_NO_LAYOUT, "%s", line);
    }
    jt_warn(target, "%s", line);
    return JT_OK;
}

static enum jt_status nothing_seen(struct jt_target *target, bool absent, bool insists) {
    struct jh_build other;
    char name[128];
    if (!absent && others_fit(target, &other)) {
        jt_layout_name(&other, name, sizeof name);
        return contradicted(target, insists,
                            "layout %s finds nothing at the root 0x%" PRIx64
                            ", but %s does; pass --layout %s",
                            target->layout_name, target->heap.rtree_root, name, name);
    }
    if (!absent &&
        jt_root_is_in_no_module(target)) { /* zeroes decode as an rtree without extents */
        return contradicted(target, insists,
                            "--root 0x%" PRIx64 ": nothing decodes there, all that is looked at is "
                            "zero; without --root the root is looked for%s%s",
                            target->heap.rtree_root,
                            insists ? "" : "; to use it anyway give --layout ",
                            insists ? "" : target->layout_name);
    }
    jt_warn(target, absent ? "what the root points at is absent, so the layout could not be tried"
                           : "the heap is empty, so the layout could not be tried");
    return JT_OK;
}

bool jt_insists(const struct jt_options *options, const struct jt_fit *fit) {
    return options->layout != NULL || (options->root_given && fit->sound != 0);
}

enum jt_status jt_layout_verify(struct jt_target *target, const struct jt_options *options) {
    struct jt_fit fit;
    jt_layout_fit(target, &target->layout, target->heap.rtree_root, JT_FIT_LOOK, &fit);
    bool insists = jt_insists(options, &fit);
    target->verified = fit.sound;
    target->tried = fit.sound + fit.unsound;
    if (jt_fits(&fit)) {
        if (fit.unsound != 0) {
            target->damage =
                jt_warn(target,
                        "%" PRIu64 " of %" PRIu64
                        " extents that the layout was tried on are unsound (%s at 0x%" PRIx64
                        "): the heap is damaged, or was caught in the middle of a change",
                        fit.unsound, target->tried, fit.fault.rule, fit.fault.addr);
        }
        return JT_OK;
    }
    if (fit.unsound == 0) {
        return nothing_seen(target, fit.absent != 0, insists);
    }
    return contradicted(target, insists,
                        "layout %s does not fit this heap: %" PRIu64 " of %" PRIu64
                        " extents decode soundly with it (%s at 0x%" PRIx64 ", seen 0x%" PRIx64
                        "); the layout, the root 0x%" PRIx64 " or the heap is wrong%s%s",
                        target->layout_name, fit.sound, target->tried, fit.fault.rule,
                        fit.fault.addr, fit.fault.seen, target->heap.rtree_root,
                        insists ? "" : "; to use it anyway give --layout ",
                        insists ? "" : target->layout_name);
}
