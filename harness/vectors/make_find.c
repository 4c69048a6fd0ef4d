/* make_find: addresses, all extents, all findings: of an image. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "make.h"

/* ---- find ------------------------------------------------------------------------------------ */

static void large_flags(const struct jh_layout *l, uint64_t addr, const struct jh_extent *e,
                        struct flags *flags) {
    uint64_t page = UINT64_C(1) << l->build.lg_page, at = (addr - e->base) / page * page;
    if (at && at + page < e->size) {
        flags_add(flags, "InteriorPage");
    } else if (at) {
        flags_add(flags, "LastPage");
    }
    if (e->allocated && e->szind < l->sc_nbins) {
        flags_add(flags, "PromotedSample");
    } else if (e->allocated && e->usize != jh_index2size(l, e->szind)) {
        flags_add(flags, "UsableBySize");
    }
}

static void leaf_flags(const struct jh_heap *heap, uint64_t addr, const struct jh_extent *e,
                       struct flags *flags) {
    struct jh_leaf_bytes found;
    struct jh_leaf leaf;
    if (jh_rtree_lookup(heap, addr, &found, NULL) == JH_OK) {
        jh_leaf_decode(heap->layout, found.bytes, &leaf);
        bool stale = leaf.szind != e->szind || leaf.slab != e->slab;
        if (leaf.extent && stale) {
            flags_add(flags, "StaleLeaf");
        }
    }
}

static void use_flags(struct maker *m, const struct jh_location *l, struct flags *flags) {
    switch (l->use) {
    case JH_USE_HELD:
        if (jt_parked_at(m->answerer.target, l->start)) {
            flags_add(flags, "Cached");
        }
        break;
    case JH_USE_FREE:
        flags_add(flags, "FreeRegion");
        break;
    case JH_USE_UNALLOCATED:
        flags_add(flags, "ActiveNotAllocated");
        break;
    default:
        flags_add(flags, "Unused");
    }
}

static void find_flags(struct maker *m, uint64_t addr, const struct jh_location *l,
                       struct flags *flags) {
    const struct jh_heap *heap = &m->answerer.target->heap;
    make_layout_flags(heap->layout, flags);
    if (heap->layout->rtree_height == 3 && l->extent.at) {
        flags_add(flags, "ThreeLevels");
    }
    if (l->owned) {
        use_flags(m, l, flags);
    } else if (l->why == JH_WHY_BEYOND || l->why == JH_WHY_BEFORE) {
        flags_add(flags, "BeyondUsable");
    } else {
        bool metadata = jt_is_metadata(m->answerer.target, addr) == JT_YES;
        flags_add(flags, metadata ? "Metadata" : "NotOwned");
    }
    if (l->extent.at && !jh_extent_is_slab(&l->extent)) {
        large_flags(heap->layout, addr, &l->extent, flags);
        leaf_flags(heap, addr, &l->extent, flags);
    }
    if (l->extent.guarded && l->extent.at) {
        flags_add(flags, "Guarded");
    }
}

static void find_one(struct maker *m, uint64_t addr, unsigned max, const char *result,
                     const char *comment) {
    struct flags flags = {.count = 0};
    struct jh_location l;
    char sort[96] = "";
    if (jh_locate(&m->answerer.target->heap, addr, &l, NULL) == JH_OK) {
        find_flags(m, addr, &l, &flags);
        snprintf(sort, sizeof(sort), "%d %d", l.owned ? (int)l.use : 100 + (int)l.why,
                 l.owned && jh_extent_is_slab(&l.extent));
    } else if (m->answerer.target->heap.layout->rtree_height == 3) {
        flags_add(&flags, "ThreeLevels");
    }
    for (size_t i = 0; i < flags.count; i++) {
        size_t used = strlen(sort);
        snprintf(sort + used, sizeof(sort) - used, " %.6s", flags.name[i]);
    }
    if (!max || make_wants(m, max, sort)) {
        struct json_object *question = make_question("find");
        put_address(question, "addr", addr);
        make_test(m, question, &flags, result, comment);
    }
}

static void find_records(struct maker *m, enum truth_kind kind, const char *comment) {
    const struct truth_list *list = &m->truth->list[kind];
    for (size_t i = 0; i < list->count; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t addr = truth_get(kind, r, KEY_ADDR), usable = truth_get(kind, r, KEY_USABLE);
        find_one(m, addr, 2, "valid", comment);
        if (usable) {
            find_one(m, addr + usable / 2, 2, "valid", "inside an allocation");
            find_one(m, addr + usable - 1, 2, "valid", "the last byte of an allocation");
            find_one(m, addr + usable, 2, "valid", "right behind an allocation");
        }
    }
}

static void find_extents(struct maker *m) {
    const struct truth_list *list = &m->truth->list[TRUTH_EXTENT];
    for (size_t i = 0; i < list->count; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t base = truth_get(TRUTH_EXTENT, r, KEY_BASE);
        uint64_t size = truth_get(TRUTH_EXTENT, r, KEY_SIZE);
        find_one(m, base, 2, "valid", "the first byte of an extent");
        find_one(m, base + size / 2, 2, "valid", "in the middle of an extent");
        find_one(m, base + size - 1, 2, "valid", "the last byte of an extent");
    }
}

void make_find(struct maker *m) {
    find_one(m, 0, 0, "valid", "a null pointer");
    find_one(m, 1, 0, "valid", "in the first page");
    find_records(m, TRUTH_ALLOCATION, "an allocation");
    find_records(m, TRUTH_CACHED, "in a thread cache");
    find_records(m, TRUTH_ADDRESS, "an address that the program had");
    find_extents(m);
}

void make_find_bent(struct maker *m, const struct damage *damage) {
    for (size_t i = 0; i < damage->count; i++) {
        find_one(m, damage->bent[i].addr, 0, NULL, damage->bent[i].what);
    }
}

void make_find_absent(struct maker *m, uint64_t from) {
    const struct truth_list *list = &m->truth->list[TRUTH_EXTENT];
    unsigned absent = 0;
    for (size_t i = 0; i < list->count && absent < 4; i++) {
        const struct truth_record *r = &list->record[i];
        if (truth_get(TRUTH_EXTENT, r, KEY_AT) == from) {
            find_one(m, truth_get(TRUTH_EXTENT, r, KEY_BASE), 0, "absent",
                     "the extent's structure is not in the image");
            absent++;
        }
    }
    if (list->count) {
        find_one(m, truth_get(TRUTH_EXTENT, &list->record[0], KEY_BASE), 0, NULL,
                 "the first extent of the image");
    }
}

/* ---- extents, check -------------------------------------------------------------------------- */

static void whole(struct maker *m, const char *question, bool caches, const char *trap,
                  const char *result, const char *comment) {
    struct flags flags = {.count = 0};
    struct json_object *o = make_question(question);
    make_layout_flags(&m->answerer.layout, &flags);
    if (m->answerer.layout.rtree_height == 3) {
        flags_add(&flags, "ThreeLevels");
    }
    if (trap) {
        flags_add(&flags, trap);
    }
    if (caches) {
        put_bool(o, "caches", true);
    }
    make_test(m, o, &flags, result, comment);
}

void make_extents(struct maker *m) {
    whole(m, "extents", false, NULL, "valid", "every extent, by address");
}

void make_check(struct maker *m) {
    whole(m, "check", false, NULL, "valid", "nothing is wrong");
}

void make_check_bent(struct maker *m) {
    whole(m, "check", false, "Corrupt", "valid", "what is wrong with a heap that was bent");
}

void make_check_parked(struct maker *m) {
    whole(m, "check", true, "ParkedTwice", "either",
          "a region is parked twice; who does not read thread caches need not say so");
}
