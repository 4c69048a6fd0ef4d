#include "image.h"

#include <stdlib.h>
#include <string.h>

#define EXTENTS_BYTES 65536
#define BLOCK_STEP (UINT64_C(1) << 22) /* between the starts of two blocks, at least */

/* rtree_levels[] as a compiler expands it. */
static const struct geometry {
    uint8_t lg_vaddr, lg_page, height, bits[3], shift[3];
} geometries[] = {
    {48, 12, 2, {18, 18, 0}, {30, 12, 0}},   {48, 14, 2, {17, 17, 0}, {31, 14, 0}},
    {48, 16, 2, {16, 16, 0}, {32, 16, 0}},   {57, 12, 3, {15, 15, 15}, {42, 27, 12}},
    {57, 14, 3, {14, 14, 15}, {43, 29, 14}}, {57, 16, 3, {13, 14, 14}, {44, 30, 16}},
};

static const struct geometry *geometry(const struct image *image) {
    const struct jh_build *build = &image->layout.build;
    for (size_t i = 0; i < sizeof(geometries) / sizeof(geometries[0]); i++) {
        if (geometries[i].lg_vaddr == build->lg_vaddr && geometries[i].lg_page == build->lg_page) {
            return &geometries[i];
        }
    }
    abort();
}

static uint64_t page_size(const struct image *image) {
    return UINT64_C(1) << image->layout.build.lg_page;
}

static void put(uint8_t *at, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get8(const uint8_t *at) {
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void reopen(struct image *image) {
    if (jh_image_reader(&image->bytes, &image->heap.reader, NULL) != JH_OK) {
        abort();
    }
}

uint64_t image_block(struct image *image, size_t len) {
    uint64_t addr = image->next;
    uint8_t *bytes = calloc(1, len);
    if (!bytes || image->blocks == IMAGE_BLOCKS || image->bytes.count == IMAGE_SEGMENTS) {
        abort();
    }
    image->block[image->blocks++] = (struct image_block){addr, bytes, len};
    image->segment[image->bytes.count++] = (struct jh_segment){addr, bytes, len};
    image->next += (len / BLOCK_STEP + 1) * BLOCK_STEP;
    reopen(image);
    return addr;
}

uint8_t *image_at(struct image *image, uint64_t addr) {
    for (size_t i = 0; i < image->blocks; i++) {
        if (addr - image->block[i].addr < image->block[i].len) {
            return image->block[i].bytes + (addr - image->block[i].addr);
        }
    }
    abort();
}

void image_put8(struct image *image, uint64_t addr, uint64_t value) {
    put(image_at(image, addr), value, 8);
}

void image_hole(struct image *image, uint64_t addr, size_t len) {
    size_t i = 0;
    while (addr - image->segment[i].addr >= image->segment[i].len) {
        i++;
    }
    struct jh_segment whole = image->segment[i];
    uint64_t before = addr - whole.addr;
    if (image->bytes.count == IMAGE_SEGMENTS || whole.len - before < len) {
        abort();
    }
    memmove(&image->segment[i + 1], &image->segment[i],
            (image->bytes.count - i) * sizeof(image->segment[0]));
    image->bytes.count++;
    image->segment[i].len = before;
    image->segment[i + 1] =
        (struct jh_segment){addr + len, whole.bytes + before + len, whole.len - before - len};
    reopen(image);
}

/* ---- nodes and leaf elements ----------------------------------------------------------------- */

unsigned image_height(const struct image *image) {
    return geometry(image)->height;
}

static unsigned element_size(const struct image *image, unsigned level) {
    return image->layout.build.lg_vaddr == 57 && level == 2 ? 16 : 8;
}

static uint64_t node_new(struct image *image, unsigned level) {
    return image_block(image, (size_t)element_size(image, level) << geometry(image)->bits[level]);
}

uint64_t image_slot(struct image *image, uint64_t page, unsigned level) {
    const struct geometry *g = geometry(image);
    uint64_t node = image->heap.rtree_root;
    for (unsigned l = 0;; l++) {
        uint64_t index = page >> g->shift[l] & ((UINT64_C(1) << g->bits[l]) - 1);
        uint64_t slot = node + index * element_size(image, l);
        if (l == level) {
            return slot;
        }
        node = get8(image_at(image, slot));
        if (!node) {
            node = node_new(image, l + 1);
            image_put8(image, slot, node);
        }
    }
}

uint64_t image_leaf_slot(struct image *image, uint64_t page) {
    return image_slot(image, page, image_height(image) - 1);
}

/* 5.3 put is_head and the state beside the slab bit, in both forms. */
void image_encode_leaf(const struct jh_build *build, const struct image_leaf *leaf, uint8_t *out) {
    bool packed = build->version >= JH_5_3_0;
    uint32_t low = leaf->slab;
    if (packed) {
        low |= (uint32_t)leaf->is_head << 1 | (uint32_t)leaf->state << 2;
    }
    if (build->lg_vaddr == 48) {
        put(out, (uint64_t)leaf->szind << 48 | (leaf->extent & 0xffffffffffff) | low, 8);
    } else if (packed) {
        put(out, leaf->extent, 8);
        put(out + 8, leaf->szind << 5 | low, 4);
    } else {
        put(out, leaf->extent, 8);
        put(out + 8, leaf->szind, 4);
        put(out + 12, leaf->slab, 1);
    }
}

void image_leaf(struct image *image, uint64_t page, const struct image_leaf *leaf) {
    uint64_t slot = image_leaf_slot(image, page);
    image_encode_leaf(&image->layout.build, leaf, image_at(image, slot));
}

/* ---- extents --------------------------------------------------------------------------------- */

struct shifts {
    uint8_t state, szind, nfree;
};

static struct shifts shifts(enum jh_version version) {
    return version < JH_5_1_0   ? (struct shifts){15, 17, 25}
           : version < JH_5_3_0 ? (struct shifts){16, 18, 26}
                                : (struct shifts){17, 20, 28};
}

/* sizeof(edata_t) rounded up to 128. */
static uint64_t extent_step(const struct image *image) {
    unsigned lg_page = image->layout.build.lg_page;
    return lg_page == 12 ? 128 : lg_page == 14 ? 384 : 1152;
}

uint64_t image_extent(struct image *image, const struct image_extent *e) {
    struct shifts s = shifts(image->layout.build.version);
    uint64_t at = image->extents;
    image->extents += extent_step(image);
    if (image->extents > image->extents_end) {
        abort();
    }
    uint64_t bits = (uint64_t)e->arena | (uint64_t)e->slab << 12 | UINT64_C(1) << 13 |
                    (uint64_t)e->state << s.state | (uint64_t)e->szind << s.szind |
                    (uint64_t)e->nfree << s.nfree;
    image_put8(image, at, bits);
    image_put8(image, at + 8, e->addr);
    image_put8(image, at + 16, e->size);
    return at;
}

uint64_t image_put(struct image *image, const struct image_extent *e) {
    uint64_t at = image_extent(image, e), page = page_size(image);
    uint64_t first = e->addr & ~(page - 1), last = first + (e->size - page);
    struct image_leaf leaf = {at, e->szind, e->state, e->slab, false};
    image_leaf(image, first, &leaf);
    image_leaf(image, last, &leaf);
    if (e->slab && e->state == 0) {
        for (uint64_t p = first; p < last; p += page) {
            image_leaf(image, p, &leaf);
        }
    }
    return at;
}

void image_free_region(struct image *image, uint64_t extent, uint32_t index) {
    *image_at(image, extent + 64 + index / 8) |= (uint8_t)(1U << (index % 8));
}

/* ---- the whole ------------------------------------------------------------------------------- */

void image_start(struct image *image, const struct jh_build *build, uint64_t metadata) {
    memset(image, 0, sizeof(*image));
    if (jh_layout_make(build, &image->layout, NULL) != JH_OK) {
        abort();
    }
    image->bytes.segment = image->segment;
    image->heap.layout = &image->layout;
    image_plan(image);
    image->next = metadata;
    image->heap.rtree_root = node_new(image, 0);
    image->extents = image_block(image, EXTENTS_BYTES);
    image->extents_end = image->extents + EXTENTS_BYTES;
}

void image_plan(struct image *image) {
    if (jh_plan_make(&image->layout, &image->plan, NULL) != JH_OK) {
        abort();
    }
    image->heap.plan = &image->plan;
}

void image_stock(struct image *image, enum jh_version version) {
    struct jh_build build;
    jh_build_init(&build, version);
    image_start(image, &build, IMAGE_METADATA);
}

void image_end(struct image *image) {
    for (size_t i = 0; i < image->blocks; i++) {
        free(image->block[i].bytes);
    }
}
