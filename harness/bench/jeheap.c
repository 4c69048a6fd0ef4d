/* jeheap: the decoder on this very process. Its memory is an image of what /proc/self/maps says. */
#include "bench.h"

#include "jeheap/jeheap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define BATCH 256 /* addresses that are given to jh_lookup_many() at a time */

static struct jh_layout layout;
static struct jh_segment *segment;
static struct jh_image image;
static struct jh_heap heap;
static struct jh_plan plan;
static struct jh_walk walk;

static void ok(enum jh_status status, const struct jh_fault *fault, const char *what) {
    if (status != JH_OK) {
        die("%s: %s, %s at %#" PRIx64, what, jh_status_name(status), fault->rule, fault->addr);
    }
}

/* ---- this process ---------------------------------------------------------------------------- */

static void add_segment(uint64_t from, uint64_t to) {
    if (image.count && segment[image.count - 1].addr + segment[image.count - 1].len == from) {
        segment[image.count - 1].len += to - from;
        return;
    }
    segment = need(realloc(segment, (image.count + 1) * sizeof(segment[0])));
    segment[image.count++] = (struct jh_segment){from, (const uint8_t *)(uintptr_t)from, to - from};
}

/* The kernel's own pages, [vvar] and its kin, are no memory to be read. */
static void read_maps(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) {
        die("/proc/self/maps cannot be read.");
    }
    char line[512];
    image.count = 0;
    while (fgets(line, sizeof(line), maps)) {
        uint64_t from, to;
        char mode;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %c", &from, &to, &mode) == 3 && mode == 'r' &&
            strstr(line, "[v") == NULL) {
            add_segment(from, to);
        }
    }
    fclose(maps);
    image.segment = segment;
}

void jeheap_attach(uint64_t root_symbol) {
    struct jh_fault fault = {0};
    struct jh_build build;
    jh_build_init(&build, JH_5_3_0);
    ok(jh_layout_make(&build, &layout, &fault), &fault, "layout");
    ok(jh_plan_make(&layout, &plan, &fault), &fault, "plan");
    heap.plan = &plan;
    read_maps();
    ok(jh_image_reader(&image, &heap.reader, &fault), &fault, "reader");
    heap.layout = &layout;
    heap.rtree_root = root_symbol + layout.root_offset;
}

size_t jeheap_extent_head(void) {
    return layout.extent_head;
}

/* ---- the questions --------------------------------------------------------------------------- */

static inline struct seen seen_of(const struct jh_extent *e) {
    return (struct seen){.addr = e->addr,
                         .size = e->size,
                         .sn = e->sn,
                         .arena_ind = e->arena_ind,
                         .szind = e->szind,
                         .nfree = e->nfree,
                         .state = e->state_bits,
                         .slab = e->slab};
}

/* What is not in it is a field of its e_bits. */
static inline uint32_t field(const struct jh_brief *e, struct jh_field f, uint64_t mask) {
    return (uint32_t)((e->bits & mask) >> f.shift);
}

struct parts {
    struct jh_field arena, nfree, state;
    uint64_t arena_mask, nfree_mask, state_mask;
};

static struct parts parts_of(const struct jh_field *f) {
    return (struct parts){f[JH_EXTENT_ARENA],
                          f[JH_EXTENT_NFREE],
                          f[JH_EXTENT_STATE],
                          jh_field_mask(f[JH_EXTENT_ARENA]),
                          jh_field_mask(f[JH_EXTENT_NFREE]),
                          jh_field_mask(f[JH_EXTENT_STATE])};
}

static inline uint64_t brief_sum(const struct jh_brief *e, const struct parts *p) {
    return seen_sum((struct seen){.addr = e->addr,
                                  .size = e->size,
                                  .arena_ind = field(e, p->arena, p->arena_mask),
                                  .szind = e->szind,
                                  .nfree = field(e, p->nfree, p->nfree_mask),
                                  .state = field(e, p->state, p->state_mask),
                                  .slab = e->slab});
}

uint64_t jeheap_lookup(const uint64_t *addr, size_t count) {
    struct parts p = parts_of(layout.extent);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct jh_brief e;
        if (jh_lookup_brief(&heap, addr[i], &e, NULL) == JH_OK) {
            sum += brief_sum(&e, &p);
        }
    }
    return sum;
}

uint64_t jeheap_lookup_many(const uint64_t *addr, size_t count) {
    static struct jh_brief e[BATCH];
    static enum jh_status status[BATCH];
    struct parts p = parts_of(layout.extent);
    uint64_t sum = 0;
    for (size_t done = 0; done < count; done += BATCH) {
        size_t part = count - done < BATCH ? count - done : BATCH;
        jh_lookup_brief_many(&heap, addr + done, part, e, status);
        for (size_t i = 0; i < part; i++) {
            sum += status[i] == JH_OK ? brief_sum(&e[i], &p) : 0;
        }
    }
    return sum;
}

uint64_t jeheap_lookup_all(const uint64_t *addr, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct jh_extent e;
        if (jh_lookup(&heap, addr[i], &e, NULL) == JH_OK) {
            sum += seen_sum(seen_of(&e));
        }
    }
    return sum;
}

uint64_t jeheap_lookup_all_many(const uint64_t *addr, size_t count) {
    static struct jh_extent e[BATCH];
    static enum jh_status status[BATCH];
    uint64_t sum = 0;
    for (size_t done = 0; done < count; done += BATCH) {
        size_t part = count - done < BATCH ? count - done : BATCH;
        jh_lookup_many(&heap, addr + done, part, e, status);
        for (size_t i = 0; i < part; i++) {
            sum += status[i] == JH_OK ? seen_sum(seen_of(&e[i])) : 0;
        }
    }
    return sum;
}

struct seen jeheap_one(uint64_t addr) {
    struct jh_extent e = {0};
    struct jh_fault fault = {0};
    ok(jh_lookup(&heap, addr, &e, &fault), &fault, "lookup");
    return seen_of(&e);
}

uint64_t jeheap_walk(size_t *extents) {
    struct jh_extent e;
    struct jh_fault fault = {0};
    uint64_t sum = 0;
    enum jh_status status;
    *extents = 0;
    jh_walk_start(&walk, &heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) == JH_OK) {
        sum += seen_sum(seen_of(&e));
        ++*extents;
    }
    if (status != JH_END) {
        ok(status, &fault, "walk");
    }
    return sum;
}

/* ---- the index ------------------------------------------------------------------------------- */

static struct jh_index book;

double jeheap_index(size_t extents) {
    static void *memory;
    uint64_t bytes = jh_index_bytes(extents, 0);
    free(memory);
    memory = need(aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE));
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    ok(jh_index_start(&book, &layout, memory, extents, NULL, 0), NULL, "index");
    jh_index_fill(&book, &heap, &walk);
    if (book.doubt || book.count != extents) {
        die("The index has %zu of %zu extents.", (size_t)book.count, extents);
    }
    return (double)bytes / (double)extents;
}

static inline uint64_t found_sum(const struct jh_found *f) {
    return f->start + 3 * f->size + 7 * (uint64_t)f->use + 9 * (uint64_t)f->szind + f->extent;
}

uint64_t jeheap_index_one_by_one(const uint64_t *addr, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct jh_found f;
        if (jh_index_find(&book, &heap, addr[i], &f, NULL) == JH_OK && f.owned) {
            sum += found_sum(&f);
        }
    }
    return sum;
}

uint64_t jeheap_index_many(const uint64_t *addr, size_t count) {
    static struct jh_found f[BATCH];
    static enum jh_status status[BATCH];
    uint64_t sum = 0;
    for (size_t done = 0; done < count; done += BATCH) {
        size_t part = count - done < BATCH ? count - done : BATCH;
        jh_index_find_many(&book, &heap, addr + done, part, f, NULL, status);
        for (size_t i = 0; i < part; i++) {
            sum += status[i] == JH_OK && f[i].owned ? found_sum(&f[i]) : 0;
        }
    }
    return sum;
}

uint64_t jeheap_index_extent(uint64_t addr) {
    struct jh_found f;
    struct jh_location l;
    struct jh_fault fault = {0};
    ok(jh_index_find(&book, &heap, addr, &f, &fault), &fault, "index");
    ok(jh_locate(&heap, addr, &l, &fault), &fault, "locate");
    if (f.owned != l.owned || f.extent != l.extent.at || f.why != l.why ||
        (f.owned && (f.use != l.use || f.start != l.start || f.size != l.size))) {
        die("%#" PRIx64 ": the index and jh_locate() differ.", addr);
    }
    return f.extent;
}
