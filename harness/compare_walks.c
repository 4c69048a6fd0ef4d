/* walks: the extents of one image of a heap against those of another, field by field. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

bool walk_take(const struct jh_heap *heap, struct walked *out, struct jh_fault *fault) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    enum jh_status status;
    bool sound = walk != NULL;
    if (!walk) {
        abort();
    }
    memset(out, 0, sizeof(*out));
    jh_walk_start(walk, heap);
    while ((status = jh_walk_next(walk, &e, fault)) != JH_END) {
        if (status != JH_OK) {
            sound = false;
            break;
        }
        if (out->count == out->room) {
            out->room = out->room ? 2 * out->room : 1024;
            out->extent = realloc(out->extent, out->room * sizeof(*out->extent));
            if (!out->extent) {
                abort();
            }
        }
        out->extent[out->count++] = e;
    }
    free(walk);
    return sound;
}

void walk_free(struct walked *walked) {
    free(walked->extent);
    memset(walked, 0, sizeof(*walked));
}

static void compare_extents(struct comparison *c, const struct jh_extent *x,
                            const struct jh_extent *y) {
    const struct {
        const char *what;
        uint64_t expected, seen;
    } field[] = {
        {"walks.at", x->at, y->at},          {"walks.addr", x->addr, y->addr},
        {"walks.size", x->size, y->size},    {"walks.bits", x->bits, y->bits},
        {"walks.sn", x->sn, y->sn},          {"walks.usize", x->usize, y->usize},
        {"walks.szind", x->szind, y->szind}, {"walks.nfree", x->nfree, y->nfree},
        {"walks.state", x->state, y->state}, {"walks.arena_ind", x->arena_ind, y->arena_ind}};
    for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
        compare_number(c, field[i].what, x->base, field[i].expected, field[i].seen);
        c->tally[c->level].fields++;
    }
    c->tally[c->level].extents++;
}

void compare_walks(struct comparison *c, const struct walked *expected,
                   const struct jh_heap *heap) {
    struct walked seen;
    struct jh_fault fault = {0};
    c->heap = heap;
    if (!walk_take(heap, &seen, &fault)) {
        compare_failed(c, "walks", fault.addr, fault.status, &fault);
    }
    compare_number(c, "walks.extents", 0, expected->count, seen.count);
    for (size_t i = 0; i < expected->count && i < seen.count; i++) {
        compare_extents(c, &expected->extent[i], &seen.extent[i]);
    }
    walk_free(&seen);
    c->heap = NULL;
}
