/* rounds: the kinds of things that programs do to an allocator, one after the other. Each thread
 * does each of them once (workload.c says when), through the public API and nothing else. */
#include "workload.h"

#include <jemalloc/jemalloc.h>
#include <stdlib.h>
#include <string.h>

#define FREED_MAX 500 /* addresses that each thread keeps of what it freed */
#define TOUCHED 16    /* bytes written to an allocation: too few to make a large one resident */
#define SPANS 24      /* large blocks that each thread takes from each arena */
#define SMALL_ENOUGH 16384
#define CROWDED 1000     /* allocations that a large heap has at least */
#define CACHED_MAX 32768 /* opt.lg_tcache_max's default: no larger class is cached */

/* ---- books ----------------------------------------------------------------------------------- */

static void remember(struct worker *worker, void *addr, size_t request, size_t align) {
    if (addr == NULL) {
        die("jemalloc has no memory for %zu bytes aligned to %zu.", request, align);
    }
    if (worker->count == worker->capacity) {
        worker->capacity = worker->capacity == 0 ? 4096 : worker->capacity * 2;
        worker->live = need(realloc(worker->live, worker->capacity * sizeof(worker->live[0])));
    }
    memset(addr, 0xa5, request < TOUCHED ? request : TOUCHED);
    worker->live[worker->count++] = (struct allocation){addr, request, align};
}

static int align_flag(size_t align) {
    return align == 0 ? 0 : MALLOCX_ALIGN(align);
}

static void give_back(struct worker *worker, struct allocation block) {
    if (worker->freed_count < FREED_MAX) {
        worker->freed[worker->freed_count++] = (uintptr_t)block.addr;
    }
    switch (dice_below(&worker->dice, 8)) {
    case 0:
        je_dallocx(block.addr, MALLOCX_TCACHE_NONE);
        return;
    case 1:
        je_dallocx(block.addr, MALLOCX_TCACHE(worker->tcache));
        return;
    case 2:
        if (block.request > 0) {
            je_sdallocx(block.addr, block.request, align_flag(block.align));
            return;
        }
        break;
    }
    je_free(block.addr);
}

/* One of owner's blocks that may be freed: not the ones of every class and alignment. */
static size_t loose(struct worker *worker, const struct worker *owner) {
    return owner->fixed + dice_below(&worker->dice, owner->count - owner->fixed);
}

/* Free a block of owner's, which need not be the thread that frees it. */
static void drop(struct worker *worker, struct worker *owner, size_t index) {
    struct allocation block = owner->live[index];
    owner->live[index] = owner->live[--owner->count];
    give_back(worker, block);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void settle(struct worker *worker) {
    worker->freed = need(calloc(FREED_MAX, sizeof(worker->freed[0])));
    worker->tcache = workload_control("tcache.create");
    if (worker->index % 2 == 1) { /* every other thread lives in an arena that was made by hand */
        unsigned arena = worker->load->arena[worker->index / 2 % WORKLOAD_ARENAS];
        /* not with opt.percpu_arena, and that is fine */
        (void)je_mallctl("thread.arena", NULL, NULL, &arena, sizeof(arena));
    }
}

/* Every class and its neighbours: the small ones in every thread, the large ones dealt out. */
static void every_class(struct worker *worker) {
    struct workload *load = worker->load;
    remember(worker, je_malloc(0), 0, 0);
    for (unsigned i = 0; i < load->classes; i++) {
        if (i >= load->small_classes && i % load->threads != worker->index) {
            continue;
        }
        for (int delta = -1; delta <= 1; delta++) {
            size_t size = load->class_size[i] + (size_t)delta;
            remember(worker, je_malloc(size), size, 0);
        }
    }
}

/* Above opt.oversize_threshold: these go to the huge arena, 5.2.0 and later. */
static void huge(struct worker *worker) {
    size_t size = ((size_t)8 << 20) + worker->index * ((size_t)1 << 20) + 4096;
    remember(worker, je_malloc(size), size, 0);
}

static void aligned(struct worker *worker) {
    for (size_t align = 1; align <= (size_t)1 << 20; align <<= 1) {
        const size_t size[4] = {1, align, align + align / 2 + 1, align * 3};
        for (unsigned i = 0; i < 4; i++) {
            size_t request = size[i] < (size_t)2 << 20 ? size[i] : align;
            int flags = MALLOCX_ALIGN(align) | (i % 2 ? MALLOCX_ZERO : 0);
            remember(worker, je_mallocx(request, flags), request, align);
        }
    }
}

/* Mostly small ones. With pages of 64 KiB the small classes reach 224 KiB: few of those, for debug
 * builds fill all memory that they hand out. */
static size_t small_size(struct worker *worker) {
    struct workload *load = worker->load;
    size_t class = load->class_size[dice_below(&worker->dice, load->small_classes)];
    unsigned odds = class <= SMALL_ENOUGH ? 3 : 1;
    if (dice_below(&worker->dice, 10) < odds) {
        return class - dice_below(&worker->dice, class / 8 + 1);
    }
    return 1 + dice_below(&worker->dice, (size_t)8 << dice_below(&worker->dice, 9));
}

static void allocate_small(struct worker *worker) {
    struct workload *load = worker->load;
    size_t size = small_size(worker);
    unsigned arena = load->arena[dice_below(&worker->dice, WORKLOAD_ARENAS)];
    size_t align = (size_t)16 << dice_below(&worker->dice, 5);
    switch (dice_below(&worker->dice, 16)) {
    case 0:
        remember(worker, je_calloc(1, size), size, 0);
        break;
    case 1:
        remember(worker, je_mallocx(size, MALLOCX_ALIGN(align)), size, align);
        break;
    case 2:
        remember(worker, je_mallocx(size, MALLOCX_TCACHE(worker->tcache)), size, 0);
        break;
    case 3:
    case 4:
        remember(worker, je_mallocx(size, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE), size, 0);
        break;
    default:
        remember(worker, je_malloc(size), size, 0);
    }
}

static size_t share(const struct worker *worker) {
    return worker->load->allocations / worker->load->threads + 1;
}

/* More than is wanted in the end: a third of it goes again. */
static void mass(struct worker *worker) {
    worker->fixed = worker->count;
    for (size_t i = share(worker) * 3 / 2; i > 0; i--) {
        allocate_small(worker);
    }
}

/* In place where jemalloc can. What it answers says which request the block now stands for. */
static void resize_in_place(struct allocation *block, size_t size) {
    if (je_xallocx(block->addr, size, 0, 0) == je_nallocx(size, 0)) {
        block->request = size;
    }
}

static void resize(struct worker *worker, struct allocation *block) {
    const size_t sizes[4] = {block->request / 2 + 1, block->request * 2, block->request + 4096,
                             small_size(worker)};
    size_t size = sizes[dice_below(&worker->dice, 4)];
    void *moved;
    switch (dice_below(&worker->dice, 3)) {
    case 0:
        resize_in_place(block, size);
        return;
    case 1:
        moved = je_realloc(block->addr, size);
        break;
    default:
        moved = je_rallocx(block->addr, size, 0);
    }
    *block = (struct allocation){need(moved), size, 0};
}

static void reallocate(struct worker *worker) {
    for (size_t i = worker->fixed; i < worker->count; i++) {
        struct allocation *block = &worker->live[i];
        if (block->align == 0 && block->request < WORKLOAD_LARGEST / 4 &&
            dice_below(&worker->dice, 10) == 0) {
            resize(worker, block);
        }
    }
}

/* Some here and some there leaves slabs partly used, a whole run of neighbours empties them. */
static void thin_out(struct worker *worker) {
    size_t keep = worker->fixed + share(worker);
    size_t run = (worker->count - keep) / 2;
    size_t from = worker->fixed + dice_below(&worker->dice, worker->count - run - worker->fixed);
    for (size_t i = from + run; i > from; i--) {
        drop(worker, worker, i - 1);
    }
    while (worker->count > keep) {
        drop(worker, worker, loose(worker, worker));
    }
}

static void span(struct worker *worker, int flags, bool keep) {
    size_t size = ((size_t)16 << 10) << dice_below(&worker->dice, 7);
    size += dice_below(&worker->dice, size);
    remember(worker, je_mallocx(size, flags), size, 0);
    if (!keep) {
        drop(worker, worker, worker->count - 1);
    }
}

/* Large blocks with gaps between them, in every arena: the gaps are dirty, muzzy or retained. */
static void spans(struct worker *worker) {
    struct workload *load = worker->load;
    size_t first = worker->count;
    for (unsigned i = 0; i < SPANS * (WORKLOAD_ARENAS + 1); i++) {
        unsigned at = i % (WORKLOAD_ARENAS + 1);
        int flags = at < WORKLOAD_ARENAS ? MALLOCX_ARENA(load->arena[at]) | MALLOCX_TCACHE_NONE : 0;
        span(worker, flags, true);
    }
    for (size_t i = worker->count; i > first; i--) {
        if (dice_below(&worker->dice, 2) == 0) {
            je_dallocx(worker->live[i - 1].addr, MALLOCX_TCACHE_NONE);
            worker->live[i - 1] = worker->live[--worker->count];
        }
    }
    workload_purge(load);
}

/* A few that were retained are used again, and a few more become dirty after the purge. */
static void recycle(struct worker *worker) {
    unsigned arena = worker->load->arena[ARENA_PURGED];
    for (unsigned i = 0; i < 8; i++) {
        span(worker, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE, i % 2 == 0);
    }
}

/* Each with a slab and a large block. A destroyed arena's index is given to the next one that is
 * made, so that first all are made. */
static void more_arenas(struct worker *worker) {
    struct workload *load = worker->load;
    if (worker->index != 0 || load->more_arenas == 0) {
        return;
    }
    unsigned *arena = need(calloc(load->more_arenas, sizeof(arena[0])));
    for (unsigned i = 0; i < load->more_arenas; i++) {
        int flags = MALLOCX_TCACHE_NONE;
        arena[i] = workload_control("arenas.create");
        flags |= MALLOCX_ARENA(arena[i]);
        if (i % 3 == 1) {
            need(je_mallocx(100, flags));
            continue;
        }
        remember(worker, je_mallocx(100, flags), 100, 0);
        remember(worker, je_mallocx(100000, flags), 100000, 0);
    }
    for (unsigned i = 1; i < load->more_arenas; i += 3) {
        workload_destroy(arena[i]);
    }
    free(arena);
}

/* Blocks of the thread before: they go back to an arena that is not this thread's. */
static void free_foreign(struct worker *worker) {
    struct workload *load = worker->load;
    struct worker *other = &load->worker[(worker->index + 1) % load->threads];
    for (unsigned i = 0; i < 100 && other->count > other->fixed; i++) {
        drop(worker, other, loose(worker, other));
    }
}

/* More extents in one arena than half of what a serial number of an extent counts to (e_size_esn
 * has as many bits for it as a page has bytes). With larger pages that would take too much memory,
 * and a heap of few allocations is to be a small one. */
static void crowd(struct worker *worker) {
    struct workload *load = worker->load;
    size_t size = load->class_size[workload_control("arenas.nbins")]; /* four pages */
    size_t page = size / 4;
    if (load->allocations < CROWDED) {
        return;
    }
    for (size_t i = 0; worker->index == 0 && page <= 4096 && i < page / 2 + page / 8; i++) {
        remember(worker, je_mallocx(size, MALLOCX_ARENA(load->arena[0]) | MALLOCX_TCACHE_NONE),
                 size, 0);
    }
}

/* Make up for what others freed, so that the promised number is live. */
static void refill(struct worker *worker) {
    while (worker->count < worker->fixed + share(worker)) {
        allocate_small(worker);
    }
}

/* Last of all: leave something in both caches, in small and in large classes. */
static void fill_caches(struct worker *worker) {
    struct workload *load = worker->load;
    int own = MALLOCX_TCACHE(worker->tcache);
    for (unsigned i = 0; i < load->classes; i++) {
        size_t size = load->class_size[i];
        if (size > CACHED_MAX || dice_below(&worker->dice, 3) == 0) {
            continue;
        }
        void *block[8];
        for (unsigned n = 0; n < 8; n++) {
            block[n] = need(je_mallocx(size, n % 2 ? own : 0));
        }
        for (unsigned n = 0; n < 8; n++) {
            je_dallocx(block[n], n % 2 ? own : 0);
        }
    }
}

round_fn *const workload_rounds[] = {settle,      every_class, huge,        aligned,      mass,
                                     reallocate,  thin_out,    spans,       free_foreign, recycle,
                                     more_arenas, crowd,       fill_caches, refill};

const unsigned workload_round_count = sizeof(workload_rounds) / sizeof(workload_rounds[0]);
