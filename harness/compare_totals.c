/* totals: extents by state and large allocations by class, as jemalloc counts them. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENAS_MAX = 4096, CLASSES_MAX = 512 };

struct totals {
    uint64_t pages;
    uint64_t extents[JH_STATE_UNKNOWN + 1], bytes[JH_STATE_UNKNOWN + 1];
    uint64_t large[CLASSES_MAX];
};

static void count(const struct jh_heap *heap, struct totals *totals) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    enum jh_status status = JH_OK;
    if (!walk) {
        abort();
    }
    for (jh_walk_start(walk, heap); status != JH_END;) {
        status = jh_walk_next(walk, &e, NULL);
        if (status != JH_OK) {
            continue;
        }
        struct totals *t = &totals[e.arena_ind % ARENAS_MAX];
        t->extents[e.state]++;
        t->bytes[e.state] += e.size;
        t->pages += e.state == JH_ACTIVE ? e.size >> heap->layout->build.lg_page : 0;
        if (e.allocated && !jh_extent_is_slab(&e)) {
            t->large[e.szind % CLASSES_MAX]++;
        }
    }
    free(walk);
}

/* False: this is no total. */
static bool value_of(const struct totals *totals, const struct jh_layout *l, const char *name,
                     uint64_t *seen) {
    static const struct {
        const char *word;
        enum jh_state state;
        bool bytes;
    } sums[] = {{"ndirty", JH_DIRTY, false},       {"nmuzzy", JH_MUZZY, false},
                {"nretained", JH_RETAINED, false}, {"dirty_bytes", JH_DIRTY, true},
                {"muzzy_bytes", JH_MUZZY, true},   {"retained_bytes", JH_RETAINED, true}};
    unsigned arena, index;
    char word[32];
    if (sscanf(name, "stats.arenas.%u.lextents.%u.%31s", &arena, &index, word) == 3) {
        *seen = totals[arena % ARENAS_MAX].large[(l->sc_nbins + index) % CLASSES_MAX];
        return true;
    }
    if (sscanf(name, "stats.arenas.%u.extents.*.%31s", &arena, word) == 2) {
        const struct totals *t = &totals[arena % ARENAS_MAX];
        for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
            if (strcmp(word, sums[i].word) == 0) {
                *seen = sums[i].bytes ? t->bytes[sums[i].state] : t->extents[sums[i].state];
                return true;
            }
        }
    }
    if (sscanf(name, "stats.arenas.%u.%31s", &arena, word) == 2 && strcmp(word, "pactive") == 0) {
        *seen = totals[arena % ARENAS_MAX].pages;
        return true;
    }
    return false;
}

void compare_totals(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_MALLCTL];
    struct totals *totals = calloc(ARENAS_MAX, sizeof(*totals));
    if (!totals) {
        abort();
    }
    count(heap, totals);
    for (size_t i = 0; i < list->count; i++) {
        uint64_t seen;
        if (value_of(totals, heap->layout, list->record[i].text, &seen)) {
            compare_number(c, list->record[i].text, 0, list->record[i].value[0], seen);
        }
    }
    free(totals);
}
