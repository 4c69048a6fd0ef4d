/* functions: the build's own inline functions, asked with edge and random arguments. */
#include "compare.h"

#include <string.h>

typedef uint64_t function(const struct jh_layout *layout, uint64_t a, uint64_t b);

static uint64_t subkey(const struct jh_layout *layout, uint64_t key, uint64_t level) {
    return jh_rtree_subkey(layout, key, (unsigned)level);
}

static uint64_t leafkey(const struct jh_layout *layout, uint64_t key, uint64_t b) {
    (void)b;
    return jh_rtree_leafkey(layout, key);
}

static uint64_t lg_floor(const struct jh_layout *layout, uint64_t x, uint64_t b) {
    (void)layout, (void)b;
    return jh_lg_floor(x);
}

static uint64_t lg_ceil(const struct jh_layout *layout, uint64_t x, uint64_t b) {
    (void)layout, (void)b;
    return jh_lg_ceil(x);
}

static uint64_t index2size(const struct jh_layout *layout, uint64_t index, uint64_t b) {
    (void)b;
    return jh_index2size(layout, (uint32_t)index);
}

static uint64_t size2index(const struct jh_layout *layout, uint64_t size, uint64_t b) {
    (void)b;
    return jh_size2index(layout, size);
}

static uint64_t addr2base(const struct jh_layout *layout, uint64_t addr, uint64_t alignment) {
    (void)layout;
    return jh_addr2base(addr, alignment);
}

/* The words of a leaf element as they stand in memory of this little-endian host. */
static struct jh_leaf leaf(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    uint64_t words[2] = {a, b};
    uint8_t bytes[sizeof(words)];
    struct jh_leaf out;
    memcpy(bytes, words, sizeof(bytes));
    jh_leaf_decode(layout, bytes, &out);
    return out;
}

static uint64_t leaf_extent(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    return leaf(layout, a, b).extent;
}

static uint64_t leaf_szind(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    return leaf(layout, a, b).szind;
}

static uint64_t leaf_slab(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    return leaf(layout, a, b).slab;
}

static uint64_t leaf_is_head(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    return leaf(layout, a, b).is_head;
}

static uint64_t leaf_state(const struct jh_layout *layout, uint64_t a, uint64_t b) {
    return leaf(layout, a, b).state_bits;
}

static const struct {
    const char *name;
    function *call;
} functions[] = {
    {"subkey", subkey},       {"leafkey", leafkey},         {"lg_floor", lg_floor},
    {"lg_ceil", lg_ceil},     {"index2size", index2size},   {"size2index", size2index},
    {"addr2base", addr2base}, {"leaf_extent", leaf_extent}, {"leaf_szind", leaf_szind},
    {"leaf_slab", leaf_slab}, {"leaf_state", leaf_state},   {"leaf_is_head", leaf_is_head},
};

/* extent_<field>: that field of an e_bits word. */
static bool extent_field(const struct jh_layout *layout, const char *name, uint64_t bits,
                         uint64_t *seen) {
    if (strncmp(name, "extent_", 7) != 0) {
        return false;
    }
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) {
        if (strcmp(jh_extent_field_name(i), name + 7) == 0) {
            struct jh_field f = layout->extent[i];
            *seen = (bits & jh_field_mask(f)) >> (f.width ? f.shift : 0);
            return true;
        }
    }
    return false;
}

/* leaf_encode(extent, szind, slab, is_head, state): an element of one or two words. */
static void compare_encode(struct comparison *c, const struct jh_layout *layout,
                           const struct truth_record *r) {
    struct jh_leaf in = {.extent = truth_get(TRUTH_FUNCTION, r, KEY_ARG0),
                         .szind = (uint32_t)truth_get(TRUTH_FUNCTION, r, KEY_ARG1),
                         .slab = truth_get(TRUTH_FUNCTION, r, KEY_ARG2) != 0,
                         .is_head = truth_get(TRUTH_FUNCTION, r, KEY_ARG3) != 0,
                         .state_bits = (uint32_t)truth_get(TRUTH_FUNCTION, r, KEY_ARG4)};
    uint8_t bytes[JH_LEAF_BYTES_MAX] = {0};
    uint64_t words[2];
    jh_leaf_encode(layout, &in, bytes);
    memcpy(words, bytes, sizeof(words));
    compare_number(c, "leaf_encode", in.extent, truth_get(TRUTH_FUNCTION, r, KEY_RESULT), words[0]);
    compare_number(c, "leaf_encode.1", in.extent, truth_get(TRUTH_FUNCTION, r, KEY_RESULT1),
                   words[1]);
}

static bool call(const struct jh_layout *layout, const char *name, uint64_t a, uint64_t b,
                 uint64_t *seen) {
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i].name, name) == 0) {
            *seen = functions[i].call(layout, a, b);
            return true;
        }
    }
    return extent_field(layout, name, a, seen);
}

void compare_functions(struct comparison *c, const struct jh_layout *layout) {
    c->level = LEVEL_FUNCTIONS;
    const struct truth_list *list = &c->truth->list[TRUTH_FUNCTION];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t a = truth_get(TRUTH_FUNCTION, r, KEY_ARG0);
        uint64_t b = truth_get(TRUTH_FUNCTION, r, KEY_ARG1), seen = 0;
        if (strcmp(r->text, "leaf_encode") == 0) {
            compare_encode(c, layout, r);
        } else if (call(layout, r->text, a, b, &seen)) {
            compare_number(c, r->text, a, truth_get(TRUTH_FUNCTION, r, KEY_RESULT), seen);
        } else {
            compare_word(c, r->text, a, "a function that jeheap knows", "unknown");
        }
    }
}
