/* public API: what any program can ask jemalloc, and what the workload knows it allocated. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* nallocx(): the usable size that a request of no special alignment gets. */
static uint64_t usable_for(const struct jh_layout *layout, uint64_t request) {
    uint32_t szind = jh_size2index(layout, request ? request : 1);
    uint64_t page = UINT64_C(1) << layout->build.lg_page;
    if (layout->large_by_size && szind >= layout->sc_nbins) {
        return jh_addr2base(request + page - 1, page);
    }
    return jh_index2size(layout, szind);
}

static void compare_allocation(struct comparison *c, const struct jh_heap *heap,
                               const struct truth_record *r) {
    uint64_t addr = truth_get(TRUTH_ALLOCATION, r, KEY_ADDR);
    struct jh_location l = {0};
    struct jh_fault fault;
    enum jh_status status = jh_locate(heap, addr, &l, &fault);
    if (status != JH_OK) {
        compare_failed(c, "allocation", addr, status, &fault);
        return;
    }
    compare_word(c, "allocation", addr, "held", l.owned ? jh_use_name(l.use) : "not owned");
    compare_number(c, "allocation.start", addr, addr, l.start);
    const struct {
        enum truth_key key;
        uint64_t seen;
    } field[] = {{KEY_USABLE, l.size}, {KEY_SALLOCX, l.size}, {KEY_ARENA, l.extent.arena_ind}};
    for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
        if (truth_has(r, field[i].key)) {
            char what[64];
            snprintf(what, sizeof(what), "allocation.%s", truth_key_name(field[i].key));
            compare_number(c, what, addr, truth_get(TRUTH_ALLOCATION, r, field[i].key),
                           field[i].seen);
        }
    }
    uint64_t request = truth_get(TRUTH_ALLOCATION, r, KEY_REQUEST);
    if (truth_has(r, KEY_NALLOCX) && truth_get(TRUTH_ALLOCATION, r, KEY_ALIGN) <= 1) {
        compare_number(c, "nallocx", request, truth_get(TRUTH_ALLOCATION, r, KEY_NALLOCX),
                       usable_for(heap->layout, request));
    }
    compare_number(c, "allocation.fits", addr, true, l.size >= request);
}

/* experimental.utilization.query: the extent's free and all regions, and its size. */
static void compare_query(struct comparison *c, const struct jh_heap *heap,
                          const struct truth_record *r) {
    uint64_t addr = truth_get(TRUTH_QUERY, r, KEY_ADDR);
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status = jh_lookup(heap, addr, &e, &fault);
    if (status != JH_OK) {
        compare_failed(c, "query", addr, status, &fault);
        return;
    }
    bool slab = jh_extent_is_slab(&e);
    compare_number(c, "query.size", addr, truth_get(TRUTH_QUERY, r, KEY_SIZE), e.size);
    compare_number(c, "query.nregs", addr, truth_get(TRUTH_QUERY, r, KEY_NREGS),
                   slab ? heap->layout->bin[e.szind].nregs : 1);
    compare_number(c, "query.nfree", addr, truth_get(TRUTH_QUERY, r, KEY_NFREE),
                   slab ? e.nfree : 0);
}

static bool bin_value(const struct jh_layout *l, const char *name, uint64_t *seen) {
    unsigned index;
    char what[32];
    if (sscanf(name, "arenas.bin.%u.%31s", &index, what) != 2 || index >= l->sc_nbins) {
        return false;
    }
    const struct jh_bin *bin = &l->bin[index];
    if (strcmp(what, "size") == 0) {
        *seen = bin->reg_size;
    } else if (strcmp(what, "slab_size") == 0) {
        *seen = bin->slab_size;
    } else if (strcmp(what, "nregs") == 0) {
        *seen = bin->nregs;
    } else if (strcmp(what, "nshards") == 0) {
        *seen = bin->n_shards;
    } else {
        return false;
    }
    return true;
}

static bool mallctl_value(const struct jh_layout *l, const char *name, uint64_t *seen) {
    unsigned index;
    if (strcmp(name, "arenas.nbins") == 0) {
        *seen = l->sc_nbins;
    } else if (strcmp(name, "arenas.nlextents") == 0) {
        *seen = (uint64_t)l->sc_nsizes - l->sc_nbins;
    } else if (strcmp(name, "arenas.page") == 0) {
        *seen = UINT64_C(1) << l->build.lg_page;
    } else if (strcmp(name, "arenas.quantum") == 0) {
        *seen = UINT64_C(1) << l->build.lg_quantum;
    } else if (sscanf(name, "arenas.lextent.%u.size", &index) == 1) {
        *seen = jh_index2size(l, l->sc_nbins + index);
    } else {
        return bin_value(l, name, seen);
    }
    return true;
}

static void compare_mallctl(struct comparison *c, const struct jh_layout *layout) {
    const struct truth_list *list = &c->truth->list[TRUTH_MALLCTL];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const char *name = list->record[i].text;
        uint64_t seen = 0;
        if (mallctl_value(layout, name, &seen)) {
            compare_number(c, name, 0, list->record[i].value[0], seen);
        }
    }
}

struct count {
    uint64_t regs, slabs;
};

enum { ARENAS_MAX = 4096 };

/* Held regions and slabs of every arena and bin, from the walk. */
static void count_slabs(const struct jh_heap *heap, struct count *count) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    enum jh_status status = JH_OK;
    if (!walk) {
        return;
    }
    for (jh_walk_start(walk, heap); status != JH_END;) {
        status = jh_walk_next(walk, &e, NULL);
        if (status == JH_OK && jh_extent_is_slab(&e)) {
            struct count *at = &count[(e.arena_ind % ARENAS_MAX) * JH_BINS_MAX + e.szind];
            at->slabs++;
            at->regs += heap->layout->bin[e.szind].nregs - e.nfree;
        }
    }
    free(walk);
}

static void compare_stats(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_STAT];
    struct count *count = calloc((size_t)ARENAS_MAX * JH_BINS_MAX, sizeof(*count));
    if (!count) {
        return;
    }
    count_slabs(heap, count);
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t arena = truth_get(TRUTH_STAT, r, KEY_ARENA),
                 bin = truth_get(TRUTH_STAT, r, KEY_BIN);
        const struct count *at = &count[(arena % ARENAS_MAX) * JH_BINS_MAX + bin % JH_BINS_MAX];
        uint64_t where = arena << 8 | bin;
        compare_number(c, "stats.curregs", where, truth_get(TRUTH_STAT, r, KEY_CURREGS), at->regs);
        compare_number(c, "stats.curslabs", where, truth_get(TRUTH_STAT, r, KEY_CURSLABS),
                       at->slabs);
    }
    free(count);
}

void compare_api(struct comparison *c, struct jt_target *target) {
    const struct jh_heap *heap = &target->heap;
    const struct truth_list *allocations = &c->truth->list[TRUTH_ALLOCATION];
    const struct truth_list *queries = &c->truth->list[TRUTH_QUERY];
    c->heap = heap;
    for (size_t i = 0; i < allocations->count && !c->stop; i++) {
        compare_allocation(c, heap, &allocations->record[i]);
    }
    for (size_t i = 0; i < queries->count && !c->stop; i++) {
        compare_query(c, heap, &queries->record[i]);
    }
    compare_mallctl(c, heap->layout);
    compare_stats(c, heap);
    compare_totals(c, target);
    c->heap = NULL;
}
