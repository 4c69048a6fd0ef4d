/* capture.c - captures a heap with a reader that records which bytes are read. */
#include "capture.h"

#include <stdlib.h>

#define NEAR 512 /* ranges that are not further apart become one region */

struct recorder {
    struct jh_reader inner;
    struct heap_range *range;
    size_t count, room;
};

static void record(struct recorder *r, uint64_t addr, uint64_t len) {
    struct heap_range *last = r->count ? &r->range[r->count - 1] : NULL;
    if (last && last->addr + last->len == addr) {
        last->len += len;
        return;
    }
    if (!r->range || r->count == r->room) {
        r->room = r->room ? 2 * r->room : 1024;
        r->range = realloc(r->range, r->room * sizeof(*r->range));
        if (!r->range) {
            abort();
        }
    }
    r->range[r->count++] = (struct heap_range){addr, len};
}

static enum jh_status recording_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct recorder *r = arg;
    enum jh_status status = r->inner.read(r->inner.arg, addr, dst, len, got);
    if (*got) {
        record(r, addr, *got);
    }
    return status;
}

static int by_address(const void *a, const void *b) {
    const struct heap_range *p = a, *q = b;
    return p->addr < q->addr ? -1 : p->addr > q->addr;
}

/* Sorts the ranges, and joins those that overlap or are near. */
static void join(struct recorder *r) {
    size_t kept = 0;
    qsort(r->range, r->count, sizeof(*r->range), by_address);
    for (size_t i = 0; i < r->count; i++) {
        struct heap_range *last = kept ? &r->range[kept - 1] : NULL;
        uint64_t end = r->range[i].addr + r->range[i].len;
        if (last && r->range[i].addr <= last->addr + last->len + NEAR) {
            last->len = end > last->addr + last->len ? end - last->addr : last->len;
        } else {
            r->range[kept++] = r->range[i];
        }
    }
    r->count = kept;
}

/* Walks the whole heap. The rest of each extent structure is not read, but recorded: it has links.
 */
static bool touch(struct recorder *r, const struct jh_heap *heap, size_t *extents) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    struct jh_extent e;
    struct jh_slab slab;
    enum jh_status status;
    bool sound = walk != NULL;
    if (!walk) {
        return false;
    }
    *extents = 0;
    jh_walk_start(walk, heap);
    while (sound && (status = jh_walk_next(walk, &e, NULL)) != JH_END) {
        sound = status == JH_OK;
        if (sound) {
            record(r, e.at, heap->layout->extent_size);
            sound = !jh_extent_is_slab(&e) || jh_slab_read(heap, &e, &slab, NULL) == JH_OK;
            ++*extents;
        }
    }
    free(walk);
    return sound;
}

bool capture_heap(const struct jt_target *target, FILE *file, size_t *extents, char *why,
                  size_t why_size) {
    struct recorder r = {.inner = target->heap.reader};
    struct jh_heap heap = target->heap;
    heap.reader = (struct jh_reader){.read = recording_read, .arg = &r};
    bool good = touch(&r, &heap, extents);
    if (!good) {
        snprintf(why, why_size, "its heap is not sound");
    } else {
        join(&r);
        good = heap_image_write(file, &target->layout.build, heap.rtree_root, r.range, r.count,
                                &r.inner);
        if (!good) {
            snprintf(why, why_size, "the image could not be written");
        }
    }
    free(r.range);
    return good;
}
