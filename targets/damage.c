/* damage.c - realistic damage: one field of a structure in the heap gets a value that a program's
 * error, a stray write or an attacker could have written. */
#include "damage.h"
#include "builds.h"

static size_t place_of(const struct heap_image *image, enum heap_place_kind kind,
                       struct dice *dice) {
    size_t from = image->first[kind], count = image->first[kind + 1] - from;
    return count ? from + dice_below(dice, count) : dice_below(dice, image->places);
}

/* An address in the heap, next to it, or anywhere. */
static uint64_t some_address(const struct heap_image *image, uint64_t self, struct dice *dice) {
    const struct heap_region *r = &image->region[dice_below(dice, image->regions)];
    switch (dice_below(dice, 9)) {
    case 0:
        return 0;
    case 1:
        return self;
    case 2:
        return image->root;
    case 3:
        return r->addr; /* a node, for the large ones */
    case 4:
        return r->addr + dice_below(dice, (size_t)r->len);
    case 5:
        return image->place[dice_below(dice, image->places)].addr + 1 + dice_below(dice, 127);
    case 6:
        return image->place[dice_below(dice, image->places)].page;
    case 7:
        return self ^ UINT64_C(1) << dice_below(dice, 64);
    default:
        return image->place[place_of(image, HEAP_PLACE_EXTENT, dice)].addr;
    }
}

static uint64_t some_number(uint64_t old, unsigned width, struct dice *dice) {
    switch (dice_below(dice, 7)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return old + 1;
    case 3:
        return old - 1;
    case 4:
        return UINT64_C(1) << (width ? width - 1 : 0); /* 2^63 of a whole word */
    case 5:
        return old ^ UINT64_C(1) << dice_below(dice, width ? width : 1);
    default:
        return dice_next(dice);
    }
}

/* ---- by kind --------------------------------------------------------------------------------- */

static void damage_child(struct damage *d, const struct heap_image *image,
                         const struct heap_place *p, struct dice *dice) {
    const struct jh_layout *l = &image->layout;
    d->patch.len = l->rtree_node_size;
    fuzz_store(&l->build, d->room, l->rtree_node_size, some_address(image, p->addr, dice));
    if (dice_below(dice, 2)) { /* the damage goes to a nearby element, which may be empty */
        d->patch.offset = (int16_t)((int)(dice_below(dice, 64) - 32) * (int)l->rtree_node_size);
    }
}

static void damage_leaf(struct damage *d, const struct heap_image *image,
                        const struct heap_place *p, struct dice *dice) {
    const struct jh_layout *l = &image->layout;
    const uint8_t *bytes = heap_image_at(image, p->addr, l->leaf_size);
    struct jh_leaf leaf = {0};
    if (bytes) {
        jh_leaf_decode(l, bytes, &leaf);
    }
    switch (dice_below(dice, 8)) {
    case 0:
        leaf.szind = (uint32_t)some_number(leaf.szind, 8, dice);
        break;
    case 1:
        leaf.szind = l->sc_nsizes; /* as jemalloc leaves elements of freed extents behind */
        leaf.slab = false;
        leaf.state_bits = 0;
        break;
    case 2:
        leaf.slab = !leaf.slab;
        break;
    case 3:
        leaf.state_bits = (uint32_t)dice_below(dice, 8);
        break;
    default:
        leaf.extent = some_address(image, leaf.extent, dice);
    }
    jh_leaf_encode(l, &leaf, d->room);
    d->patch.len = l->leaf_size;
    if (dice_below(dice, 2)) { /* the damage goes to the element of a nearby page */
        d->patch.offset = (int16_t)((int)(dice_below(dice, 16) - 8) * (int)l->leaf_size);
    }
}

/* A wrong value for a field. Addresses and sizes get values that are likely to confuse a reader. */
static uint64_t field_value(const struct heap_image *image, unsigned which, uint64_t old,
                            struct jh_field field, struct dice *dice) {
    uint64_t page = UINT64_C(1) << image->layout.build.lg_page;
    if (which == JH_EXTENT_ADDR && dice_below(dice, 4)) {
        switch (dice_below(dice, 3)) {
        case 0:
            return some_address(image, old, dice);
        case 1:
            return old ^ UINT64_C(1) << (63 - dice_below(dice, 16)); /* not canonical */
        default:
            return old + page * (dice_below(dice, 9) - 4);
        }
    }
    if (which == JH_EXTENT_BSIZE && dice_below(dice, 2)) {
        return old + page * (dice_below(dice, 9) - 4);
    }
    return some_number(old, field.width, dice);
}

static void damage_field(struct damage *d, const struct heap_image *image, const uint8_t *head,
                         struct dice *dice) {
    const struct jh_layout *l = &image->layout;
    /* fields that decide what kind of extent it is */
    static const unsigned telling[] = {JH_EXTENT_ADDR, JH_EXTENT_BSIZE, JH_EXTENT_STATE,
                                       JH_EXTENT_SZIND, JH_EXTENT_SLAB};
    unsigned which = telling[dice_below(dice, sizeof(telling) / sizeof(telling[0]))];
    while (dice_below(dice, 2) || !l->extent[which].width) {
        which = (unsigned)dice_below(dice, JH_EXTENT_FIELDS);
    }
    struct jh_field field = l->extent[which];
    uint64_t word = fuzz_load(&l->build, head + field.offset, field.word),
             mask = jh_field_mask(field);
    uint64_t old = (word & mask) >> field.shift;
    uint64_t value = field_value(image, which, old, field, dice);
    fuzz_store(&l->build, d->room, field.word, (word & ~mask) | (value << field.shift & mask));
    d->patch.offset = (int16_t)field.offset;
    d->patch.len = field.word;
}

static void damage_extent(struct damage *d, const struct heap_image *image,
                          const struct heap_place *p, struct dice *dice) {
    const struct jh_layout *l = &image->layout;
    const uint8_t *head = heap_image_at(image, p->addr, l->extent_head);
    unsigned word = l->build.pointer_size;
    size_t words = l->extent_size / word;
    switch (dice_below(dice, 6)) {
    case 0: /* a link, a bitmap's word, or what else is in the structure */
        d->patch.offset = (int16_t)(dice_below(dice, words) * word);
        d->patch.len = word;
        fuzz_store(&l->build, d->room, word, some_address(image, p->addr, dice));
        break;
    case 1:
        d->patch.offset = (int16_t)(l->bitmap_offset + dice_below(dice, 8) * word);
        d->patch.len = word;
        fuzz_store(&l->build, d->room, word, some_number(0, 8 * word, dice));
        break;
    default:
        if (head) {
            damage_field(d, image, head, dice);
        }
    }
}

/* A counter, a lock, a link, an item of a cache: the word there, or one near it. */
static void damage_own(struct damage *d, const struct heap_image *image, const struct heap_place *p,
                       struct dice *dice) {
    static const unsigned widths[] = {2, 4, 8, 8};
    const struct jh_build *b = &image->layout.build;
    unsigned width = widths[dice_below(dice, sizeof(widths) / sizeof(widths[0]))];
    size_t words = dice_below(dice, 2) ? 4 : 512;
    uint64_t offset = dice_below(dice, words) * width;
    const uint8_t *there = heap_image_at(image, p->addr + offset, width);
    uint64_t old = there ? fuzz_load(b, there, width) : 0;
    uint64_t value = width < b->pointer_size || dice_below(dice, 2)
                         ? some_number(old, 8 * width, dice)
                         : some_address(image, old, dice);
    d->patch.offset = (int16_t)offset;
    d->patch.len = width;
    fuzz_store(b, d->room, width, value);
}

void damage_make(struct damage *d, const struct heap_image *image, struct dice *dice) {
    static const enum heap_place_kind often[] = {
        HEAP_PLACE_LEAF,   HEAP_PLACE_LEAF,   HEAP_PLACE_LEAF,  HEAP_PLACE_EXTENT,
        HEAP_PLACE_EXTENT, HEAP_PLACE_EXTENT, HEAP_PLACE_CHILD, HEAP_PLACE_USER};
    enum heap_place_kind kind = often[dice_below(dice, sizeof(often) / sizeof(often[0]))];
    kind = image->variables && dice_below(dice, 2) ? HEAP_PLACE_OWN : kind;
    size_t place = place_of(image, kind, dice);
    const struct heap_place *p = &image->place[place];
    memset(d->room, 0, sizeof(d->room));
    d->patch = (struct heap_patch){(uint16_t)place, 0, 8, d->room};
    switch (p->kind) {
    case HEAP_PLACE_CHILD:
        damage_child(d, image, p, dice);
        break;
    case HEAP_PLACE_LEAF:
        damage_leaf(d, image, p, dice);
        break;
    case HEAP_PLACE_EXTENT:
        damage_extent(d, image, p, dice);
        break;
    case HEAP_PLACE_OWN:
        damage_own(d, image, p, dice);
        break;
    default:
        fuzz_store(&image->layout.build, d->room, 8, some_address(image, p->addr, dice));
        d->patch.offset = (int16_t)(dice_below(dice, 512) * 8);
    }
}
