/* layout_verify.c - the last question before a layout is used: is this heap of that kind? */
#include <inttypes.h>

#include "private.h"

/* A wrong geometry can see an empty heap where there is none. Does another one see more? */
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

static enum jt_status nothing_seen(struct jt_target *target, bool absent) {
    struct jh_build other;
    char name[128];
    if (!absent && others_fit(target, &other)) {
        jt_layout_name(&other, name, sizeof name);
        return jt_fail(target, JT_NO_LAYOUT,
                       "layout %s finds nothing at the root 0x%" PRIx64 ", but %s does; pass "
                       "--layout %s",
                       target->layout_name, target->heap.rtree_root, name, name);
    }
    jt_warn(target, absent ? "what the root points at is absent, so the layout could not be tried"
                           : "the heap is empty, so the layout could not be tried");
    return JT_OK;
}

/* The layout must decode this very heap before anything is said about it. */
enum jt_status jt_layout_verify(struct jt_target *target, bool unverified) {
    struct jt_fit fit;
    jt_layout_fit(target, &target->layout, target->heap.rtree_root, JT_FIT_LOOK, &fit);
    target->verified = fit.sound;
    if (jt_fits(&fit)) {
        if (fit.unsound != 0) {
            jt_warn(target,
                    "of the first %" PRIu64 " extents %" PRIu64 " are unsound (%s at 0x%" PRIx64
                    "): the heap is damaged, or was caught in the middle of a change",
                    fit.sound + fit.unsound, fit.unsound, fit.fault.rule, fit.fault.addr);
        }
        return JT_OK;
    }
    if (fit.unsound == 0) {
        return nothing_seen(target, fit.absent != 0);
    }
    if (unverified) {
        jt_warn(target, "layout %s does not fit this heap (%s at 0x%" PRIx64 ")",
                target->layout_name, fit.fault.rule, fit.fault.addr);
        return JT_OK;
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "layout %s does not fit this heap: %s at 0x%" PRIx64 " (seen 0x%" PRIx64
                   "); the layout, the root 0x%" PRIx64 " or the heap is wrong",
                   target->layout_name, fit.fault.rule, fit.fault.addr, fit.fault.seen,
                   target->heap.rtree_root);
}
