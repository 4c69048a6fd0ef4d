/* seeds of single stages: each is taken apart as its target does, and says what the heap says that
 * it was made from. */
#include "test.h"
#include "builds.h"
#include "heap_images.h"
#include "seeds_pure.h"

static enum jh_status read_image(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const uint8_t *bytes = heap_image_at(arg, addr, len);
    *got = bytes ? len : 0;
    if (bytes) {
        memcpy(dst, bytes, len);
    }
    return bytes ? JH_OK : JH_ABSENT;
}

/* The tail's choice is the image's layout. */
static void layout_is(const struct heap_image *image, const struct jh_layout *layout) {
    assert_memory_equal(layout->bin, image->layout.bin, sizeof(layout->bin));
    for (size_t i = 0; i < jh_constant_count(); i++) {
        assert_int_equal(jh_constant_value(layout, i), jh_constant_value(&image->layout, i));
    }
    assert_int_equal(layout->build.little_endian, image->layout.build.little_endian);
    assert_int_equal(layout->build.aarch64, image->layout.build.aarch64);
}

/* A place of this kind has these bytes; NULL: none. From one on. */
static const struct heap_place *place_of(const struct heap_image *image, enum heap_place_kind kind,
                                         const uint8_t *bytes, size_t len) {
    for (size_t i = image->first[kind]; i < image->first[kind + 1]; i++) {
        const uint8_t *there = heap_image_at(image, image->place[i].addr, len);
        if (there && memcmp(there, bytes, len) == 0) {
            return &image->place[i];
        }
    }
    return NULL;
}

/* Allocated, of this base; 0: none is. */
static uint64_t extent_of(const struct jh_heap *heap, uint64_t base, struct jh_extent *e) {
    assert_int_equal(jh_lookup(heap, base, e, NULL), JH_OK);
    return e->at && e->base == base ? e->at : 0;
}

static void check_leaf(const struct heap_image *image, struct fuzz_input *in) {
    const struct jh_layout *layout = fuzz_layout(in);
    struct jh_leaf leaf;
    layout_is(image, layout);
    assert_int_equal(in->size, layout->leaf_size);
    assert_non_null(place_of(image, HEAP_PLACE_LEAF, in->data, in->size));
    jh_leaf_decode(layout, in->data, &leaf);
    assert_non_null(heap_image_at(image, leaf.extent, 1));
}

static void check_extent(const struct heap_image *image, struct fuzz_input *in) {
    const struct jh_layout *layout = fuzz_layout(in);
    uint64_t at = fuzz_take(in, 2);
    struct jh_extent e;
    layout_is(image, layout);
    assert_int_equal(in->size, layout->extent_head);
    const struct heap_place *place = place_of(image, HEAP_PLACE_EXTENT, in->data, in->size);
    assert_non_null(place);
    assert_int_equal(place->addr >> 6 & 0xffff, at);
    jh_extent_decode(layout, at << 6, in->data, &e);
    assert_int_equal(jh_extent_check(layout, &e, NULL), JH_OK);
}

/* What the structure says of its bitmap holds of the bytes. */
static void check_slab(const struct heap_image *image, struct fuzz_input *in) {
    const struct jh_heap heap = {.reader = {.read = read_image, .arg = (void *)(uintptr_t)image},
                                 .layout = &image->layout,
                                 .rtree_root = image->root};
    struct jh_extent e;
    struct jh_slab slab;
    layout_is(image, fuzz_layout(in));
    assert_int_equal(fuzz_byte(in), 3);
    uint8_t szind = fuzz_byte(in);
    uint64_t base = fuzz_take(in, 8), addr = fuzz_take(in, 8);
    assert_int_not_equal(extent_of(&heap, base, &e), 0);
    assert_int_equal(e.szind, szind);
    assert_true(addr >= base && addr - base < e.size);
    assert_true(in->size <= sizeof(slab.bitmap));
    assert_int_equal(jh_slab_read(&heap, &e, &slab, NULL), JH_OK);
    assert_memory_equal(in->data, slab.bitmap, in->size);
    memcpy(slab.bitmap, in->data, in->size);
    memset(slab.bitmap + in->size, 0xff, sizeof(slab.bitmap) - in->size);
    for (uint32_t i = 0; i < slab.nregs; i++) {
        e.nfree -= jh_slab_free(&image->layout, &slab, i);
    }
    assert_int_equal(e.nfree, 0);
}

/* Structures of the heap, the number of the first one's arena, and a block around it. */
static void check_arena(const struct heap_image *image, struct fuzz_input *in) {
    size_t head = image->layout.extent_head;
    struct jh_extent e;
    struct jh_block block;
    const uint64_t block_size = UINT64_C(1) << 21;
    layout_is(image, fuzz_layout(in));
    assert_int_equal(fuzz_take(in, 2), 0);
    assert_int_equal(fuzz_take(in, 5), 5);
    assert_int_equal(fuzz_byte(in), 3);
    uint64_t ind = fuzz_take(in, 2), next = fuzz_take(in, 3);
    assert_true(fuzz_take(in, 4) > 0); /* a sound block: its page and its last one */
    assert_true(fuzz_take(in, 3) > 0);
    assert_true(fuzz_take(in, 4) < block_size);
    assert_int_equal(fuzz_take(in, 8), 1);
    block.at = fuzz_take(in, 8);
    block.size = fuzz_take(in, 8);
    block.unused = fuzz_take(in, 8);
    block.unused_size = fuzz_take(in, 8);
    assert_int_equal(block.size, block_size);
    assert_int_equal(jh_block_check(&image->layout, &block, NULL), JH_OK);
    assert_true(in->size >= head && in->size % head == 0);
    for (size_t i = 0; i < in->size; i += head) {
        assert_non_null(place_of(image, HEAP_PLACE_EXTENT, in->data + i, head));
    }
    jh_extent_decode(&image->layout, block.unused, in->data, &e);
    assert_int_equal(e.arena_ind, ind);
    assert_int_equal(e.sn + 100, next);
}

static void check_size(const struct heap_image *image, struct fuzz_input *in) {
    const struct jh_layout *layout = fuzz_layout(in);
    uint64_t want = 0;
    layout_is(image, layout);
    uint32_t szind = fuzz_byte(in);
    assert_int_equal(fuzz_byte(in), layout->build.lg_page);
    assert_int_equal(in->size, sizeof(want));
    fuzz_bytes(in, &want, sizeof(want));
    assert_true(want > 0 && szind <= layout->sc_nsizes);
}

static void check_layout(const struct heap_image *image, struct fuzz_input *in) {
    struct jh_build build;
    struct jh_layout layout;
    fuzz_build(in, &build);
    assert_int_equal(jh_layout_make(&build, &layout, NULL), JH_OK);
    layout_is(image, &layout);
    assert_int_equal(in->size, 0);
}

/* The steps are extents of the heap, in their order. */
static void check_rtree(const struct heap_image *image, struct fuzz_input *in) {
    const struct jh_heap heap = {.reader = {.read = read_image, .arg = (void *)(uintptr_t)image},
                                 .layout = &image->layout,
                                 .rtree_root = image->root};
    const struct jh_layout *layout = fuzz_layout(in);
    uint8_t lg_page = layout->build.lg_page;
    struct jh_extent e;
    layout_is(image, layout);
    assert_int_equal(fuzz_byte(in), 1);
    uint64_t low = fuzz_take(in, 4), addr = fuzz_take(in, 8), before = addr;
    assert_int_equal(low, addr & UINT32_MAX);
    while (in->size) {
        assert_int_equal(fuzz_byte(in), 0); /* add an extent */
        uint8_t what = fuzz_byte(in);
        uint64_t pages = fuzz_take(in, 2) + 1, page = fuzz_take(in, 3);
        uint64_t base = (addr & ~(uint64_t)INT32_MAX) + (page << lg_page);
        assert_int_not_equal(extent_of(&heap, base, &e), 0);
        assert_true(base >= before);
        before = base;
        assert_true((what & 3) == e.state_bits);
        assert_int_equal((what & 4) != 0, jh_extent_is_slab(&e));
        assert_true(!(what & 4) || what >> 3 == e.szind);
        assert_true(pages << lg_page == e.size || pages == 0x10000);
    }
}

static void check_bent(const struct heap_image *image, struct fuzz_input *in) {
    layout_is(image, fuzz_layout(in));
    assert_int_equal(fuzz_take(in, 4), UINT32_C(3) << 24); /* one damage, of no bit */
    assert_int_equal(fuzz_take(in, 8), 0x10000);
    assert_non_null(place_of(image, HEAP_PLACE_EXTENT, in->data, in->size));
}

static void check_oracle(const struct heap_image *image, struct fuzz_input *in) {
    (void)fuzz_byte(in); /* any of them */
    bool numbers = fuzz_byte(in);
    (void)fuzz_take(in, 2);
    assert_true(image->layout.build.pointer_size == 8 && image->layout.build.little_endian);
    assert_true(in->size >= 8);
    assert_true(numbers || place_of(image, HEAP_PLACE_LEAF, in->data, in->size) ||
                place_of(image, HEAP_PLACE_EXTENT, in->data, in->size));
}

static const struct {
    const char *stage;
    void (*check)(const struct heap_image *image, struct fuzz_input *in);
} stages[] = {{"layout", check_layout},   {"rtree", check_rtree}, {"leaf", check_leaf},
              {"extent", check_extent},   {"arena", check_arena}, {"slab", check_slab},
              {"size_class", check_size}, {"bent", check_bent},   {"oracle", check_oracle}};

struct made {
    const struct heap_image *image;
    unsigned count[COUNT(stages)];
    char last[64];
};

static bool check_one(void *arg, const char *stage, const char *what, const uint8_t *bytes,
                      size_t len) {
    struct made *made = arg;
    struct fuzz_input in = {bytes, len};
    char name[64];
    size_t i = 0;
    snprintf(name, sizeof(name), "%s-%s", stage, what);
    assert_string_not_equal(name, made->last);
    memcpy(made->last, name, sizeof(name));
    while (strcmp(stages[i].stage, stage) != 0) {
        i++;
        assert_true(i < COUNT(stages));
    }
    made->count[i]++;
    stages[i].check(made->image, &in);
    return true;
}

static void every_image_has_all(void **state) {
    (void)state;
    for (size_t i = 0; i < heap_images_count(); i++) {
        const struct heap_image *image = heap_images_nth(i);
        const struct jh_build *build = &image->layout.build;
        struct made made = {.image = image};
        assert_true(seeds_pure(image, check_one, &made));
        for (size_t s = 0; s < COUNT(stages); s++) {
            bool none = strcmp(stages[s].stage, "oracle") == 0 &&
                        (build->pointer_size != 8 || !build->little_endian);
            if ((made.count[s] == 0) != none) {
                fail_msg("%s: %u seeds of %s", image->name, made.count[s], stages[s].stage);
            }
        }
    }
}

static bool refuse(void *arg, const char *stage, const char *what, const uint8_t *bytes,
                   size_t len) {
    (void)stage, (void)what, (void)bytes, (void)len;
    ++*(unsigned *)arg;
    return false;
}

static void ends_when_told(void **state) {
    (void)state;
    unsigned count = 0;
    assert_false(seeds_pure(heap_images_nth(0), refuse, &count));
    assert_int_equal(count, 1);
}

static void nothing_for_other_builds(void **state) {
    (void)state;
    struct heap_image other = *heap_images_nth(0);
    unsigned count = 0;
    other.layout.build.lg_page = 13;
    assert_false(seeds_pure_can(&other.layout.build));
    assert_true(seeds_pure(&other, refuse, &count));
    assert_int_equal(count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_image_has_all),
        cmocka_unit_test(ends_when_told),
        cmocka_unit_test(nothing_for_other_builds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
