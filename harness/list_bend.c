/* list_bend.c - bends each place of lists and of links, up and down by the size of a word. */
#include "list_bend.h"

#include <stdio.h>

enum { STEP = 8, OTHERS = 5, PLACES = OTHERS + 2 * JH_UNUSED_STATES };

static uint32_t *place_of(struct jt_arena_form *f, size_t i, const char **name) {
    static const char *const names[PLACES] = {
        "ring",          "heap",     "active", "large",         "full",          "dirty",
        "muzzy",         "retained", "pinned", "guarded_dirty", "guarded_muzzy", "guarded_retained",
        "guarded_pinned"};
    uint32_t *const other[OTHERS] = {&f->ring, &f->heap, &f->active, &f->large, &f->full};
    *name = names[i];
    return i < OTHERS ? other[i] : &f->unused[i - OTHERS];
}

bool list_bend_make(const struct jt_arena_form *sound, size_t index, struct list_bend *out) {
    for (size_t i = 0; i < 2 * PLACES; i++) {
        int delta = i % 2 == 0 ? STEP : -STEP;
        const char *name;
        out->form = *sound;
        uint32_t *at = place_of(&out->form, i / 2, &name);
        if (*at == JT_DWARF_UNKNOWN || (delta < 0 && *at < STEP) || index-- != 0) {
            continue;
        }
        *at += (uint32_t)delta;
        snprintf(out->name, sizeof(out->name), "list.%s%+d", name, delta);
        out->proof = i / 2 < OTHERS + 3
                         ? NULL
                         : "no workload has pinned extents, or guarded ones of that state: the "
                           "list is empty, and what is beside it is 0";
        return true;
    }
    return false;
}
