/* heap_image.c - the memory of a heap image, and the places in it. */
#include "heap_image.h"

#include <stdlib.h>
#include <string.h>

#include "heap_private.h"
#include "reference.h"

#define GRAIN 8    /* bytes that are zero or not, together */
#define PIECE 4096 /* and so many, most often */
#define USER_PAGES 4
#define USER_BYTES 4096
#define OWN_PLACES_MAX 60000 /* inputs name a place by two bytes */

uint16_t heap_image_id(const char *name) {
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (; *name; name++) {
        hash = (hash ^ (uint8_t)*name) * 16777619U;
    }
    return (uint16_t)(hash ^ hash >> 16);
}

/* Room for one more in an array that grows by doubling. */
static void *grown(void *array, size_t count, size_t size) {
    if (count & (count - 1)) {
        return array;
    }
    void *more = realloc(array, (count ? 2 * count : 1) * size);
    if (!more) {
        abort();
    }
    return more;
}

struct heap_image *heap_image_new(const char *name) {
    struct heap_image *image = calloc(1, sizeof(*image));
    if (!image) {
        abort();
    }
    image->name = name;
    return image;
}

void heap_image_free(struct heap_image *image) {
    for (size_t i = 0; i < image->regions; i++) {
        free(image->region[i].bytes);
    }
    free(image->region);
    free(image->run);
    free(image->place);
    free(image->variable);
    free(image);
}

void heap_image_add_region(struct heap_image *image, uint64_t addr, uint64_t len) {
    uint8_t *bytes = calloc(1, (size_t)len);
    image->region = grown(image->region, image->regions, sizeof(*image->region));
    size_t i = image->regions++;
    for (; i > 0 && image->region[i - 1].addr > addr; i--) {
        image->region[i] = image->region[i - 1];
    }
    image->region[i] = (struct heap_region){addr, len, bytes};
    if (!bytes || (i && addr - image->region[i - 1].addr < image->region[i - 1].len)) {
        abort();
    }
}

uint8_t *heap_image_at(const struct heap_image *image, uint64_t addr, uint64_t len) {
    size_t low = 0, high = image->regions;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct heap_region *r = &image->region[middle];
        uint64_t offset = addr - r->addr;
        if (addr >= r->addr && offset < r->len) {
            return r->len - offset >= len ? r->bytes + offset : NULL;
        }
        if (addr < r->addr) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

void heap_image_add_run(struct heap_image *image, uint64_t addr, uint64_t len) {
    struct heap_range *last = image->runs ? &image->run[image->runs - 1] : NULL;
    if (last && last->addr + last->len == addr &&
        heap_image_at(image, last->addr, last->len + len)) {
        last->len += len;
        return;
    }
    image->run = grown(image->run, image->runs, sizeof(*image->run));
    image->run[image->runs++] = (struct heap_range){addr, len};
}

void heap_image_add_variable(struct heap_image *image, const struct heap_variable *variable) {
    image->variable = grown(image->variable, image->variables, sizeof(*image->variable));
    image->variable[image->variables++] = *variable;
}

/* ---- places ---------------------------------------------------------------------------------- */

static void add_place(struct heap_image *image, enum heap_place_kind kind, uint64_t addr,
                      uint64_t page) {
    image->place = grown(image->place, image->places, sizeof(*image->place));
    image->place[image->places++] = (struct heap_place){kind, addr, page};
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool note_element(void *arg, const struct reference_element *e) {
    struct heap_image *image = arg;
    if (e->level + 1U < image->layout.rtree_height) {
        add_place(image, HEAP_PLACE_CHILD, e->at, e->page);
        return true;
    }
    add_place(image, HEAP_PLACE_LEAF, e->at, e->page);
    add_place(image, HEAP_PLACE_EXTENT, e->value, e->page);
    return true;
}

static int by_kind_and_address(const void *a, const void *b) {
    const struct heap_place *p = a, *q = b;
    if (p->kind != q->kind) {
        return p->kind < q->kind ? -1 : 1;
    }
    return p->addr < q->addr ? -1 : p->addr > q->addr;
}

static void sort_places(struct heap_image *image) {
    size_t kept = 0;
    qsort(image->place, image->places, sizeof(*image->place), by_kind_and_address);
    for (size_t i = 0; i < image->places; i++) {
        if (!kept || by_kind_and_address(&image->place[kept - 1], &image->place[i]) != 0) {
            image->place[kept++] = image->place[i];
        }
    }
    image->places = kept;
    for (size_t kind = 0, i = 0; kind <= HEAP_PLACES; kind++) {
        while (i < kept && (size_t)image->place[i].kind < kind) {
            i++;
        }
        image->first[kind] = i;
    }
}

/* The first page of some extents that the program was given: nothing there is anybody's business,
 * so that it is filled with whatever looks like a pointer. */
static void add_user_pages(struct heap_image *image) {
    size_t from = image->first[HEAP_PLACE_EXTENT], to = image->first[HEAP_PLACE_EXTENT + 1];
    size_t added = 0;
    for (size_t i = from; i < to && added < USER_PAGES; i += 1 + (to - from) / USER_PAGES) {
        uint8_t *head = heap_image_at(image, image->place[i].addr, image->layout.extent_head);
        struct jh_extent e;
        if (!head) {
            continue;
        }
        jh_extent_decode(&image->layout, image->place[i].addr, head, &e);
        if (!e.allocated || heap_image_at(image, e.base, 1)) {
            continue;
        }
        heap_image_add_region(image, e.base, USER_BYTES);
        uint8_t *bytes = heap_image_at(image, e.base, USER_BYTES);
        for (size_t b = 0; b < USER_BYTES; b += 8) {
            memcpy(bytes + b, &image->place[b % image->places].addr, 8);
        }
        add_place(image, HEAP_PLACE_USER, e.base, e.base);
        added++;
    }
}

/* What is not zero and no element or structure of the tree: each run of it, and each page of a long
 * one. */
static void add_own_places(struct heap_image *image) {
    size_t next = 0, end = image->first[HEAP_PLACE_USER];
    uint64_t *known = malloc((end + 1) * sizeof(*known));
    if (!known) {
        abort();
    }
    for (size_t i = 0; i < end; i++) {
        known[i] = image->place[i].addr;
    }
    qsort(known, end, sizeof(*known), by_value);
    for (size_t r = 0; r < image->runs && image->places < OWN_PLACES_MAX; r++) {
        const struct heap_range *run = &image->run[r];
        while (next < end && known[next] < run->addr) {
            next++;
        }
        bool of_tree = next < end && known[next] - run->addr < run->len;
        for (uint64_t at = 0; at < run->len && !of_tree; at += PIECE) {
            add_place(image, HEAP_PLACE_OWN, run->addr + at, run->addr + at);
        }
    }
    free(known);
}

static void add_user_runs(struct heap_image *image) {
    for (size_t i = image->first[HEAP_PLACE_USER]; i < image->first[HEAP_PLACE_USER + 1]; i++) {
        image->run = grown(image->run, image->runs, sizeof(*image->run));
        size_t r = image->runs++;
        for (; r > 0 && image->run[r - 1].addr > image->place[i].addr; r--) {
            image->run[r] = image->run[r - 1];
        }
        image->run[r] = (struct heap_range){image->place[i].addr, USER_BYTES};
    }
}

void heap_image_finish(struct heap_image *image) {
    if (jh_plan_make(&image->layout, &image->plan, NULL) != JH_OK) {
        abort();
    }
    struct reference reference = {.image = image, .max_nodes = 4096};
    (void)reference_elements(&reference, note_element, image);
    sort_places(image);
    add_user_pages(image);
    sort_places(image);
    if (image->variables) {
        add_own_places(image);
        sort_places(image);
    }
    add_user_runs(image);
    if (image->first[HEAP_PLACE_EXTENT] == image->first[HEAP_PLACE_EXTENT + 1]) {
        abort(); /* a heap without extents is none */
    }
}

/* ---- heaps that are made by hand ------------------------------------------------------------- */

/* A node's zeroes stay pages that nobody has touched. */
static void copy_runs(struct heap_image *image, const struct jh_segment *from, uint8_t *to) {
    static const uint8_t zero[PIECE];
    for (uint64_t at = 0, size; at < from->len; at += size) {
        size_t piece = at % PIECE ? GRAIN : PIECE; /* the whole of it, or the next grain */
        size_t len = from->len - at < piece ? (size_t)(from->len - at) : piece;
        size = len;
        if (memcmp(from->bytes + at, zero, len) == 0) {
            continue;
        }
        size = len < GRAIN ? len : GRAIN;
        if (memcmp(from->bytes + at, zero, (size_t)size) != 0) {
            memcpy(to + at, from->bytes + at, (size_t)size);
            heap_image_add_run(image, from->addr + at, size);
        }
    }
}

struct heap_image *heap_image_adopt(const char *name, const struct jh_layout *layout, uint64_t root,
                                    const struct jh_segment *segment, size_t count) {
    struct heap_image *image = heap_image_new(name);
    image->layout = *layout;
    image->root = root;
    for (size_t i = 0; i < count; i++) {
        heap_image_add_region(image, segment[i].addr, segment[i].len);
        copy_runs(image, &segment[i], heap_image_at(image, segment[i].addr, segment[i].len));
    }
    heap_image_finish(image);
    return image;
}
