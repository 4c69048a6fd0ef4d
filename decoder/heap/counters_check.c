/* counters_check.c - what an arena counts of its extents, held against those that the walk has
 * given: what is in use, unused extents by state and page class, large allocations by size class,
 * slabs and their regions by bin. An extent that the tree has lost, and one that was given back
 * twice, is noticed here though every structure is sound. */
#include "heap/counters.h"

#include <stdlib.h>

static const char *const rules[JH_COUNTERS] = {
    [JH_COUNT_ACTIVE] = "arena.nactive",      [JH_COUNT_PAGES] = "arena.npages",
    [JH_COUNT_EXTENTS] = "arena.nextents",    [JH_COUNT_BYTES] = "arena.nbytes",
    [JH_COUNT_LARGE] = "arena.large-count",   [JH_COUNT_LARGE_BYTES] = "arena.large-bytes",
    [JH_COUNT_REGIONS] = "bin.curregs",       [JH_COUNT_SLABS] = "bin.curslabs",
    [JH_COUNT_NONFULL] = "bin.nonfull-slabs",
};

static void free_counters(struct jt_counters *c) {
    for (size_t i = 0; c->walked != NULL && i < c->arenas; i++) {
        free(c->walked[i]);
    }
    free(c->walked);
    free(c->headed);
    free(c->memory);
    free(c->node);
    free(c->head);
    free(c->ring);
    free(c->list);
    free(c);
}

struct jt_counters *jt_counters_start(struct jt_check *check) {
    struct jt_target *target = check->target;
    struct jt_counters *c = calloc(1, sizeof *c);
    if (c == NULL) {
        target->memory_ran_out = true;
        return NULL;
    }
    c->target = target;
    c->check = check;
    c->arenas = target->priv->base->arenas.count;
    c->walked = calloc(c->arenas, sizeof *c->walked);
    c->headed = calloc(c->arenas, sizeof *c->headed);
    c->memory = malloc(JT_ARENA_BYTES);
    bool good = c->walked != NULL && c->headed != NULL && c->memory != NULL;
    target->memory_ran_out |= !good;
    if (!good || jh_counting_make(&target->layout, &c->counting, NULL) != JH_OK) {
        free_counters(c);
        return NULL;
    }
    return c;
}

/* A structure with another arena's number is that rule's. */
void jt_counters_extent(struct jt_counters *c, uint32_t arena, const struct jh_extent *e) {
    if (c == NULL || e->arena_ind != c->target->priv->base->arenas.arena[arena].known.ind) {
        return;
    }
    if (c->walked[arena] == NULL) {
        c->walked[arena] = calloc(c->counting.first[JH_COUNTERS], sizeof **c->walked);
        if (c->walked[arena] == NULL) {
            c->target->memory_ran_out = c->incomplete = true;
            return;
        }
    }
    jh_count(&c->counting, e, c->walked[arena]);
}

/* The slab that a bin is taking regions from is in no heap. */
static void without_slabcur(struct jt_counters *c, uint64_t *walked,
                            const struct jt_recorded *recorded) {
    uint32_t first = c->counting.first[JH_COUNT_NONFULL];
    for (uint32_t bin = 0; bin < c->counting.bin[c->target->layout.sc_nbins]; bin++) {
        struct jt_node *slab =
            recorded->slabcur[bin] ? jt_node_at(c, recorded->slabcur[bin]) : NULL;
        if (slab != NULL && slab->member) {
            slab->member = false;
            walked[first + bin] -= walked[first + bin] != 0;
        }
    }
}

/* Bytes of the smallest large class are not known where some of it are samples (5.3.1 on). */
static bool is_known(const struct jt_counters *c, const uint64_t *walked, uint32_t kind,
                     uint32_t index) {
    return kind != JH_COUNT_LARGE_BYTES || index != c->counting.first[kind] ||
           walked[c->counting.first[JH_COUNT_SAMPLED]] == 0;
}

static void compare(struct jt_counters *c, const uint64_t *walked,
                    const struct jt_recorded *recorded) {
    uint32_t kind = 0;
    for (uint32_t i = 0; i < c->counting.first[JH_COUNT_SAMPLED]; i++) {
        while (i >= c->counting.first[kind + 1]) {
            kind++;
        }
        if (recorded->at[i] != 0 && recorded->value[i] != walked[i] &&
            is_known(c, walked, kind, i)) {
            jt_check_say_of(c->check, recorded->at[i], recorded->value[i], walked[i], rules[kind]);
        }
    }
}

void jt_counters_end(struct jt_counters *c, bool sound) {
    struct jt_recorded recorded;
    if (c == NULL) {
        return;
    }
    bool good = jt_recorded_make(&c->counting, &recorded);
    c->target->memory_ran_out |= !good;
    c->sound = sound && !c->incomplete;
    for (uint32_t i = 0; good && i < c->arenas; i++) {
        uint64_t *walked = c->walked[i] != NULL
                               ? c->walked[i]
                               : calloc(c->counting.first[JH_COUNTERS], sizeof *walked);
        c->walked[i] = walked;
        if (walked == NULL) {
            c->target->memory_ran_out = true;
            good = false;
            break;
        }
        jt_recorded_read(c, i, &recorded);
        jt_lists_read(c, i);
        without_slabcur(c, walked, &recorded);
        if (c->sound) {
            compare(c, walked, &recorded);
        }
        if (i != 0) { /* one row is enough for those that are done with */
            free(walked);
            c->walked[i] = NULL;
        }
    }
    if (good && c->sound) {
        jt_nodes_check(c);
        jt_lists_check(c);
    }
    jt_recorded_free(&recorded);
    free_counters(c);
}
