/* capture.c - captures a heap with a reader that records which bytes are read. */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "open/inside.h"

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

static bool write_image(struct recorder *r, const struct jt_target *target, FILE *file,
                        const struct heap_variable *variable, size_t variables, char *why,
                        size_t why_size) {
    join(r);
    if (!heap_image_write(file, &target->layout.build, target->heap.rtree_root, r->range, r->count,
                          &r->inner, variable, variables)) {
        snprintf(why, why_size, "the image could not be written");
        return false;
    }
    return true;
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
        good = write_image(&r, target, file, NULL, 0, why, why_size);
    }
    free(r.range);
    return good;
}

/* ---- what check reads ------------------------------------------------------------------------ */

/* jemalloc's variables that lead there. */
static const char *const names[] = {"b0",           "arenas",       "manual_arena_base",
                                    "narenas_auto", "disabled_bin", "tcache_bin_info",
                                    "tcaches",      "tcaches_past", "background_thread_info"};

#define NAMES (sizeof(names) / sizeof(names[0]))

static size_t variables_of(struct jt_target *target, struct heap_variable out[NAMES]) {
    size_t count = 0;
    for (size_t i = 0; i < NAMES; i++) {
        struct heap_variable *v = &out[count];
        memset(v, 0, sizeof(*v));
        memcpy(v->name, names[i], strlen(names[i]));
        count += jt_symbol(target, names[i], &v->addr, &v->size);
    }
    return count;
}

static void count_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    (void)status, (void)fault;
    ++*(size_t *)arg;
}

/* All rules, and all locks. False: one is broken, or memory ran out. */
static bool check_all(struct jt_target *target) {
    struct jh_walk *walk = malloc(sizeof(*walk));
    size_t faults = 0;
    struct jt_check *check = jt_check_start(target, count_fault, &faults);
    struct jh_extent e;
    enum jh_status status;
    struct jt_lock_marks marks;
    if (!walk || !check) {
        free(walk);
        return false;
    }
    jt_check_counters(check);
    jh_walk_start(walk, &target->heap);
    while ((status = jh_walk_next(walk, &e, NULL)) != JH_END) {
        faults += status != JH_OK;
        if (status == JH_OK) {
            jt_check_extent(check, &e);
        }
    }
    jt_check_end(check, true);
    faults += !jt_parked_check(target, count_fault, &faults);
    const struct jt_arenas *all = jt_arenas(target);
    for (size_t i = 0; i < all->count; i++) {
        jt_lock_marks(target, &all->arena[i], UINT32_MAX, &marks);
        faults += marks.set != 0;
    }
    free(walk);
    return faults == 0;
}

bool capture_checked(struct jt_target *target, FILE *file, char *why, size_t why_size) {
    struct heap_variable variable[NAMES];
    size_t variables = variables_of(target, variable);
    struct jh_reader inner = target->heap.reader;
    struct recorder r = {.inner = inner};
    size_t extents;
    target->heap.reader = (struct jh_reader){.read = recording_read, .arg = &r};
    bool good = touch(&r, &target->heap, &extents) && check_all(target);
    target->heap.reader = inner;
    if (!good) {
        snprintf(why, why_size, "its heap breaks a rule");
    } else {
        good = write_image(&r, target, file, variable, variables, why, why_size);
    }
    free(r.range);
    return good;
}
