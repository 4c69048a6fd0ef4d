/* seeds_pure.c - makes seeds as targets/fuzz_STAGE.c reads them: payload, then tail. */
#include "seeds_pure.h"

#include <stdio.h>

#include "builds.h"
#include "seeds_input.h"

#define KINDS_MAX 64 /* kinds of seeds of one row */

/* ---- payloads, from a place of the heap; false: the place has none for this stage ------------ */

typedef bool take_fn(struct seed_input *in);

static bool take_leaf(struct seed_input *in) {
    const struct jh_layout *l = &in->image->layout;
    const uint8_t *bytes = heap_image_at(in->image, in->place->addr, l->leaf_size);
    struct jh_leaf leaf;
    if (!bytes) {
        return false;
    }
    jh_leaf_decode(l, bytes, &leaf);
    in->kind = leaf.state_bits << 2 | (uint32_t)leaf.slab << 1 | leaf.is_head;
    seed_add(in, bytes, l->leaf_size);
    return true;
}

static const uint8_t *take_structure(struct seed_input *in, struct jh_extent *e) {
    const uint8_t *bytes = seed_extent_at(in->image, in->place->addr, e);
    if (bytes) {
        in->kind = e->state_bits << 3 | (uint32_t)e->slab << 2 | (uint32_t)e->guarded << 1 | e->pai;
    }
    return bytes;
}

static bool take_extent(struct seed_input *in) {
    struct jh_extent e;
    const uint8_t *bytes = take_structure(in, &e);
    if (bytes) {
        seed_add(in, bytes, in->image->layout.extent_head);
    }
    return bytes;
}

/* The bytes of the bitmap that tell which regions are free; 0: the extent is no slab. */
static size_t bitmap_size(const struct jh_layout *l, const struct jh_extent *e) {
    size_t word_bits = 8U * l->build.pointer_size;
    return jh_extent_is_slab(e) && e->szind < l->sc_nbins
               ? (l->bin[e->szind].nregs + word_bits - 1) / word_bits * l->build.pointer_size
               : 0;
}

static bool take_slab(struct seed_input *in) {
    const uint8_t is_slab = 1, is_allocated = 2;
    struct jh_extent e;
    const uint8_t *bytes = take_structure(in, &e);
    size_t size = bytes ? bitmap_size(&in->image->layout, &e) : 0;
    if (!size) {
        return false;
    }
    in->kind = (uint32_t)size;
    seed_add(in, bytes + in->image->layout.bitmap_offset, size);
    seed_add_number(in, e.addr + e.size / 3, 8);
    seed_add_number(in, e.base, 8);
    seed_add_number(in, e.szind, 1);
    seed_add_number(in, is_slab | is_allocated, 1);
    return true;
}

static bool take_size(struct seed_input *in) {
    struct jh_extent e;
    if (!take_structure(in, &e)) {
        return false;
    }
    seed_add_number(in, e.allocated ? e.usize : e.size, 8);
    seed_add_number(in, in->image->layout.build.lg_page, 1);
    seed_add_number(in, e.szind, 1);
    return true;
}

/* The block of 2 MiB around the structure, handed out up to its second line, and its arena. */
static void seed_add_arena(struct seed_input *in) {
    const struct jh_layout *l = &in->image->layout;
    uint64_t size = UINT64_C(1) << 21, at = in->place->addr & ~(size - 1);
    uint64_t used = in->place->addr - at + 64;
    struct jh_extent e = {.at = 0};
    (void)take_structure(in, &e);
    seed_add_number(in, size - used, 8); /* a block: from its last number */
    seed_add_number(in, at + used, 8);
    seed_add_number(in, size, 8);
    seed_add_number(in, at, 8);
    seed_add_number(in, 1, 8); /* a sound block: what is changed of it, and its numbers in pages */
    seed_add_number(in, used - 1, 4);
    seed_add_number(in, (size >> l->build.lg_page) - 1, 3);
    seed_add_number(in, at >> l->build.lg_page, 4);
    seed_add_number(in, e.sn + 100, 3); /* the arena: its next serial number */
    seed_add_number(in, e.arena_ind, 2);
    seed_add_number(in, 3, 1);
    seed_add_number(in, 5, 5); /* pages */
    seed_add_number(in, 0, 2); /* the block's serial number */
}

/* It and the next ones of the heap, as many as there is room for. */
static bool take_structures(struct seed_input *in) {
    const struct heap_place *end = in->image->place + in->image->first[HEAP_PLACE_EXTENT + 1];
    const struct heap_place *place = in->place;
    if (!take_extent(in)) {
        return false;
    }
    for (unsigned i = 1; i < 8 && place + i < end; i++) {
        struct jh_extent e;
        const uint8_t *bytes = seed_extent_at(in->image, place[i].addr, &e);
        if (bytes) {
            seed_add(in, bytes, in->image->layout.extent_head);
        }
    }
    seed_add_arena(in);
    return true;
}

static bool take_address(struct seed_input *in) {
    struct jh_extent e;
    if (!take_structure(in, &e)) {
        return false;
    }
    seed_add_number(in, e.addr, 8);
    return true;
}

/* Takes bytes of memory for fuzz_bent, beginning with the place. */
static bool take_bytes(struct seed_input *in) {
    struct jh_extent e;
    const uint8_t *bytes = take_structure(in, &e);
    size_t size = in->image->layout.extent_size;
    if (!bytes) {
        return false;
    }
    seed_add(in, bytes, size < JH_BITMAP_MAX ? size : JH_BITMAP_MAX);
    seed_add_number(in, 0x10000, 8);
    return true;
}

static bool take_nothing(struct seed_input *in) {
    in->kind = 0;
    return true;
}

/* Takes a tree for fuzz_rtree; its kind is that of its first element. */
static bool take_tree(struct seed_input *in) {
    if (!take_leaf(in)) {
        return false;
    }
    in->len = 0;
    return seed_add_tree(in);
}

/* ---- tails ----------------------------------------------------------------------------------- */

/* Adds the tail. False: an input of the target cannot describe this build. */
typedef bool finish_fn(struct seed_input *in);

static bool end_layout(struct seed_input *in) {
    bool good = fuzz_layout_bytes(&in->image->layout.build, in->bytes + in->len);
    in->len += FUZZ_LAYOUT_BYTES;
    return good;
}

static bool end_build(struct seed_input *in) {
    bool good = fuzz_build_bytes(&in->image->layout.build, in->bytes + in->len);
    in->len += FUZZ_BUILD_BYTES;
    return good;
}

/* Adds one bend that changes no bit: the layout stays sound. */
static bool end_bent(struct seed_input *in) {
    seed_add_number(in, 0, 3);
    seed_add_number(in, 3, 1);
    return end_layout(in);
}

static bool end_extent(struct seed_input *in) {
    seed_add_number(in, in->place->addr >> 6, 2);
    return end_layout(in);
}

/* Adds the number of an oracle, another one for each heap and kind, because it depends on the cache
 * which oracles there are. They are compiled for this machine, so other word sizes and byte orders
 * have no seeds. */
static bool end_oracle(struct seed_input *in, bool numbers) {
    seed_add_number(in, in->kind, 2);
    seed_add_number(in, numbers, 1);
    seed_add_number(in, heap_image_id(in->image->name) + in->kind, 1);
    return in->image->layout.build.pointer_size == 8 && in->image->layout.build.little_endian;
}

static bool end_oracle_bytes(struct seed_input *in) {
    return end_oracle(in, false);
}

static bool end_oracle_numbers(struct seed_input *in) {
    return end_oracle(in, true);
}

/* ---- the seeds of all stages ----------------------------------------------------------------- */

static const struct row {
    const char *stage, *what;
    enum heap_place_kind place;
    take_fn *take;
    finish_fn *finish;
} rows[] = {
    {"layout", "", HEAP_PLACE_EXTENT, take_nothing, end_build},
    {"rtree", "", HEAP_PLACE_LEAF, take_tree, end_layout},
    {"leaf", "", HEAP_PLACE_LEAF, take_leaf, end_layout},
    {"extent", "", HEAP_PLACE_EXTENT, take_extent, end_extent},
    {"slab", "", HEAP_PLACE_EXTENT, take_slab, end_layout},
    {"arena", "", HEAP_PLACE_EXTENT, take_structures, end_layout},
    {"size_class", "", HEAP_PLACE_EXTENT, take_size, end_layout},
    {"bent", "", HEAP_PLACE_EXTENT, take_bytes, end_bent},
    {"oracle", "leaf-", HEAP_PLACE_LEAF, take_leaf, end_oracle_bytes},
    {"oracle", "extent-", HEAP_PLACE_EXTENT, take_extent, end_oracle_bytes},
    {"oracle", "number-", HEAP_PLACE_EXTENT, take_address, end_oracle_numbers},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool seen(const uint32_t *kind, size_t kinds, uint32_t one) {
    size_t i = 0;
    while (i < kinds && kind[i] != one) {
        i++;
    }
    return i < kinds;
}

static bool put_row(const struct heap_image *image, const struct row *row, seed_put_fn *put,
                    void *arg) {
    uint32_t kind[KINDS_MAX];
    size_t kinds = 0;
    bool good = true;
    for (size_t i = image->first[row->place];
         good && i < image->first[row->place + 1] && kinds < KINDS_MAX; i++) {
        struct seed_input in = {.image = image, .place = &image->place[i]};
        char what[32];
        if (row->take(&in) && !seen(kind, kinds, in.kind) && row->finish(&in)) {
            snprintf(what, sizeof(what), "%s%zu", row->what, kinds);
            kind[kinds++] = in.kind;
            good = put(arg, row->stage, what, in.bytes, in.len);
        }
    }
    return good;
}

bool seeds_pure(const struct heap_image *image, seed_put_fn *put, void *arg) {
    bool good = true;
    for (size_t i = 0; good && seeds_pure_can(&image->layout.build) && i < ROWS; i++) {
        good = put_row(image, &rows[i], put, arg);
    }
    return good;
}

bool seeds_pure_can(const struct jh_build *build) {
    uint8_t layout[FUZZ_LAYOUT_BYTES];
    return fuzz_layout_bytes(build, layout);
}
