/* make_damage: some words of a heap, changed in a process that stands still. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"

static bool poke(const struct jt_target *target, uint64_t at, const uint8_t *bytes, size_t len) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/mem", target->pid);
    int fd = target->kind == JT_PROCESS ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    bool good = fd >= 0 && pwrite(fd, bytes, len, (off_t)at) == (ssize_t)len;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static void bend(struct jt_target *target, struct damage *damage, uint64_t addr, const char *what,
                 uint64_t at, const uint8_t *after, size_t len) {
    struct bent *b = &damage->bent[damage->count];
    if (damage->count < sizeof(damage->bent) / sizeof(damage->bent[0]) &&
        jh_read(&target->heap.reader, at, b->before, len, NULL) == JH_OK &&
        poke(target, at, after, len)) {
        b->addr = addr, b->what = what, b->at = at, b->len = len;
        damage->count++;
    }
}

static void bend_field(struct jt_target *target, struct damage *damage, const struct jh_extent *e,
                       const char *what, enum jh_extent_field field, uint64_t value) {
    struct jh_field f = target->layout.extent[field];
    uint8_t head[JH_EXTENT_HEAD_MAX];
    if (jh_read(&target->heap.reader, e->at, head, target->layout.extent_head, NULL) == JH_OK) {
        make_put_field(&target->layout, head, f, value);
        bend(target, damage, e->base, what, e->at + f.offset, head + f.offset, f.word);
    }
}

static void bend_leaf(struct jt_target *target, struct damage *damage, const struct jh_extent *e) {
    struct jh_field f = target->layout.leaf[JH_LEAF_SZIND];
    struct jh_leaf_bytes leaf;
    if (jh_rtree_lookup(&target->heap, e->base, &leaf, NULL) == JH_OK && leaf.at) {
        make_put_field(&target->layout, leaf.bytes, f, e->szind + 1);
        bend(target, damage, e->base, "the leaf element has another size class", leaf.at + f.offset,
             leaf.bytes + f.offset, f.word);
    }
}

/* The n-th slab, large allocation and unused extent, so that each bend has one of its own. */
static void bend_extent(struct jt_target *target, struct damage *damage, const struct jh_extent *e,
                        unsigned count[3]) {
    const struct jh_layout *l = &target->layout;
    if (jh_extent_is_slab(e) && e->nfree + 1 < l->bin[e->szind].nregs) {
        unsigned n = count[0]++;
        if (n == 1) {
            bend_field(target, damage, e, "one more free region than the bitmap has",
                       JH_EXTENT_NFREE, e->nfree + 1);
        } else if (n == 3) {
            bend_leaf(target, damage, e);
        } else if (n == 5) {
            bend_field(target, damage, e, "a slab of a large size class", JH_EXTENT_SZIND,
                       l->sc_nbins + 3U);
        }
    } else if (e->allocated && !jh_extent_is_slab(e) && count[1]++ == 2) {
        bend_field(target, damage, e, "an extent without a size", JH_EXTENT_SIZE, 0);
    } else if (!e->allocated && e->state != JH_ACTIVE && count[2]++ == 1) {
        bend_field(target, damage, e, "an unused extent with a size class", JH_EXTENT_SZIND, 1);
    }
}

void damage_do(struct jt_target *target, struct damage *damage) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent *list = calloc(100000, sizeof(*list));
    unsigned count[3] = {0, 0, 0};
    size_t extents = 0;
    memset(damage, 0, sizeof(*damage));
    if (walk && list) {
        jh_walk_start(walk, &target->heap);
        while (extents < 100000 && jh_walk_next(walk, &list[extents], NULL) == JH_OK) {
            extents++;
        }
        for (size_t i = 0; i < extents; i++) {
            bend_extent(target, damage, &list[i], count);
        }
    }
    free(walk);
    free(list);
}

void damage_park_twice(struct jt_target *target, struct damage *damage) {
    const struct jt_caches *all = jt_caches(target);
    uint8_t item[8];
    size_t word = target->layout.build.pointer_size;
    memset(damage, 0, sizeof(*damage));
    for (size_t i = 0; i < all->bins && !damage->count; i++) {
        const struct jh_cache_bin *bin = &all->bin[i].known;
        if (bin->ncached > 1 &&
            jh_read(&target->heap.reader, bin->items, item, word, NULL) == JH_OK) {
            bend(target, damage, 0, "parked twice", bin->items + word, item, word);
        }
    }
}

void damage_undo(struct jt_target *target, const struct damage *damage) {
    for (size_t i = damage->count; i-- > 0;) {
        (void)poke(target, damage->bent[i].at, damage->bent[i].before, damage->bent[i].len);
    }
}
