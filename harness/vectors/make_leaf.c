/* make_leaf: leaf elements and structures of extents, of the heap and bent. */
#include <stdio.h>
#include <string.h>

#include "make.h"

void make_put_field(const struct jh_layout *l, uint8_t *bytes, struct jh_field field,
                    uint64_t value) {
    for (unsigned i = 0; field.width && i < field.width; i++) {
        unsigned bit = field.shift + i, byte = bit / 8;
        uint8_t *at =
            bytes + field.offset + (l->build.little_endian ? byte : field.word - 1U - byte);
        uint8_t mask = (uint8_t)(1U << bit % 8);
        *at = (uint8_t)(value >> i & 1 ? *at | mask : *at & ~mask);
    }
}

static const char *sort_of(const struct flags *flags, uint32_t state, bool slab, char out[96]) {
    size_t used = (size_t)snprintf(out, 96, "%u %d", state, slab);
    for (size_t i = 0; i < flags->count && used < 90; i++) {
        used += (size_t)snprintf(out + used, 96 - used, " %.5s", flags->name[i]);
    }
    return out;
}

static void states_flags(const struct jh_layout *l, uint32_t state, struct flags *flags) {
    if (state > 3) {
        flags_add(flags, "StateAboveThree");
        if (l->build.version == JH_DEV) {
            flags_add(flags, "DevStates");
        }
    }
}

/* ---- leaf ------------------------------------------------------------------------------------ */

static void leaf_flags(const struct jh_layout *l, const struct jh_leaf *leaf, uint64_t extent,
                       struct flags *flags) {
    bool compact = l->leaf_form == JH_LEAF_COMPACT;
    make_layout_flags(l, flags);
    if (!compact) {
        flags_add(flags, l->leaf_form == JH_LEAF_WIDE ? "WideLeaf" : "PackedWideLeaf");
    }
    if (compact && leaf->slab) {
        flags_add(flags, "SlabBit");
    }
    if (compact && (leaf->state_bits || leaf->is_head)) {
        flags_add(flags, "StateInPointer");
    }
    if (leaf->is_head) {
        flags_add(flags, "IsHead");
    }
    if (compact && l->leaf_low_bits == 1 && extent % 128) {
        flags_add(flags, "Alignment64");
    }
    if (!extent) {
        flags_add(flags, "EmptyEncodings");
    }
    if (extent && extent >> (l->build.lg_vaddr - 1) && compact) {
        flags_add(flags, "HighHalf");
    }
    states_flags(l, leaf->state_bits, flags);
}

static void one_leaf(struct maker *m, const uint8_t *bytes, const char *comment, unsigned max) {
    const struct jh_layout *l = &m->answerer.layout;
    struct flags flags = {.count = 0};
    struct jh_leaf leaf;
    char sort[96];
    jh_leaf_decode(l, bytes, &leaf);
    leaf_flags(l, &leaf, leaf.extent, &flags);
    if (!max || make_wants(m, max, sort_of(&flags, leaf.state_bits, leaf.slab, sort))) {
        struct json_object *question = make_question("leaf");
        make_hex(question, "bytes", bytes, l->leaf_size);
        make_test(m, question, &flags, "valid", comment);
    }
}

/* As rtree_leaf_elm_write would have made it: jeconform compares the encoding with the build's. */
static void encoded(struct maker *m, const struct jh_leaf *leaf, const char *comment) {
    uint8_t bytes[JH_LEAF_BYTES_MAX];
    jh_leaf_encode(&m->answerer.layout, leaf, bytes);
    one_leaf(m, bytes, comment, 0);
}

static void made_leaves(struct maker *m, uint64_t extent) {
    const struct jh_layout *l = &m->answerer.layout;
    struct jh_leaf leaf = {.extent = 0};
    encoded(m, &leaf, "never used");
    leaf.szind = l->sc_nsizes;
    encoded(m, &leaf, "cleared");
    leaf.extent = extent;
    for (uint32_t state = 0; l->leaf[JH_LEAF_STATE].width && state < l->states; state++) {
        for (unsigned head = 0; head < 2; head++) {
            leaf.state_bits = state;
            leaf.is_head = head;
            encoded(m, &leaf, "each state");
        }
    }
    leaf = (struct jh_leaf){.szind = l->sc_nbins};
    leaf.extent = ~(UINT64_C(1) << (l->build.lg_vaddr - 1)) + 1;
    if (l->leaf_form == JH_LEAF_COMPACT && l->leaf_sign_extend) {
        leaf.extent += 0x1000;
        encoded(m, &leaf, "a structure in the upper half of the addresses");
    }
}

void make_leaf(struct maker *m) {
    const struct jh_heap *heap = &m->answerer.target->heap;
    const struct truth_list *list = &m->truth->list[TRUTH_LEAF];
    make_file_start(m, "leaf");
    make_group(m, NULL, 0);
    for (size_t i = 0; i < list->count; i++) {
        struct jh_leaf_bytes found;
        uint64_t page = truth_get(TRUTH_LEAF, &list->record[i], KEY_PAGE);
        if (jh_rtree_lookup(heap, page, &found, NULL) == JH_OK) {
            one_leaf(m, found.bytes, "an element of this heap", 3);
        }
    }
    if (list->count) {
        made_leaves(m, truth_get(TRUTH_LEAF, &list->record[0], KEY_EXTENT));
    }
    make_file_end(m);
}

/* ---- extent ---------------------------------------------------------------------------------- */

static void allocated_flags(const struct jh_layout *l, const struct jh_extent *e,
                            struct flags *flags) {
    bool slab = jh_extent_is_slab(e);
    if (!e->allocated && e->state == JH_ACTIVE) {
        flags_add(flags, "ActiveNotAllocated");
    }
    if (e->allocated && !slab && e->szind < l->sc_nbins) {
        flags_add(flags, "PromotedSample");
    } else if (e->allocated && !slab && e->usize != jh_index2size(l, e->szind)) {
        flags_add(flags, "UsableBySize");
    }
    if (e->addr != e->base) {
        flags_add(flags, "ShiftedAddress");
    }
    if (!e->allocated && e->slab) {
        flags_add(flags, "StaleSlabBit");
    }
}

static void extent_flags(const struct jh_layout *l, const struct jh_extent *e,
                         struct flags *flags) {
    make_layout_flags(l, flags);
    allocated_flags(l, e, flags);
    if (e->is_head && l->extent[JH_EXTENT_IS_HEAD].width) {
        flags_add(flags, "IsHead");
    }
    if (e->guarded) {
        flags_add(flags, "Guarded");
    }
    if (l->build.lg_page > 12) {
        flags_add(flags, "NfreeWidth");
    }
    if (l->build.version == JH_5_0_0 || l->build.version == JH_5_0_1) {
        flags_add(flags, "MasksWithoutWidths");
    }
    states_flags(l, e->state_bits, flags);
}

static void one_extent(struct maker *m, uint64_t at, const uint8_t *bytes, const char *result,
                       const char *comment, unsigned max) {
    const struct jh_layout *l = &m->answerer.layout;
    struct flags flags = {.count = 0};
    struct jh_extent e;
    char sort[96];
    jh_extent_decode(l, at, bytes, &e);
    extent_flags(l, &e, &flags);
    if (!max || make_wants(m, max, sort_of(&flags, e.state_bits, e.slab, sort))) {
        struct json_object *question = make_question("extent");
        put_address(question, "at", at);
        make_hex(question, "bytes", bytes, l->extent_head);
        make_test(m, question, &flags, result, comment);
    }
}

/* A sound structure with one field that cannot be. */
static void bent_extents(struct maker *m, uint64_t at, const uint8_t *bytes, bool slab) {
    const struct jh_layout *l = &m->answerer.layout;
    const struct {
        const char *comment;
        enum jh_extent_field field;
        uint64_t value;
        bool of_slab;
    } bend[] = {
        {"no size", JH_EXTENT_SIZE, 0, false},
        {"a size of more than there are addresses", JH_EXTENT_SIZE, UINT64_MAX, false},
        {"a size class behind the last", JH_EXTENT_SZIND, l->sc_nsizes + 1U, false},
        {"more free regions than the slab has", JH_EXTENT_NFREE, UINT64_MAX, true},
        {"a slab of a large size class", JH_EXTENT_SZIND, l->sc_nbins + 2U, true},
    };
    for (size_t i = 0; i < sizeof(bend) / sizeof(bend[0]); i++) {
        uint8_t copy[JH_EXTENT_HEAD_MAX];
        memcpy(copy, bytes, l->extent_head);
        make_put_field(l, copy, l->extent[bend[i].field], bend[i].value);
        if (bend[i].of_slab == slab && l->extent[bend[i].field].width) {
            one_extent(m, at, copy, "corrupt", bend[i].comment, 0);
        }
    }
    one_extent(m, at + 8, bytes, "corrupt", "a structure at an address that is not aligned", 0);
}

/* Each number that the state's bits can have. */
static void states_of(struct maker *m, uint64_t at, const uint8_t *bytes) {
    const struct jh_layout *l = &m->answerer.layout;
    struct jh_field state = l->extent[JH_EXTENT_STATE];
    for (uint32_t i = 0; i < 1U << state.width; i++) {
        uint8_t copy[JH_EXTENT_HEAD_MAX];
        memcpy(copy, bytes, l->extent_head);
        make_put_field(l, copy, state, i);
        one_extent(m, at, copy, NULL, "each state", 0);
    }
}

struct first {
    bool slab, large, unused;
};

static void bend_first(struct maker *m, uint64_t at, const uint8_t *bytes, struct first *first) {
    struct jh_extent e;
    jh_extent_decode(&m->answerer.layout, at, bytes, &e);
    bool slab = jh_extent_is_slab(&e), unused = !e.allocated && e.state != JH_ACTIVE;
    bool *done = slab ? &first->slab : unused ? &first->unused : &first->large;
    if (*done || (!slab && !unused && !e.allocated)) {
        return;
    }
    *done = true;
    if (unused) {
        states_of(m, at, bytes);
    } else {
        bent_extents(m, at, bytes, slab);
    }
}

void make_extent(struct maker *m) {
    const struct jh_heap *heap = &m->answerer.target->heap;
    const struct truth_list *list = &m->truth->list[TRUTH_EXTENT];
    struct first first = {false, false, false};
    make_file_start(m, "extent");
    make_group(m, NULL, 0);
    for (size_t i = 0; i < list->count; i++) {
        uint8_t bytes[JH_EXTENT_HEAD_MAX];
        uint64_t at = truth_get(TRUTH_EXTENT, &list->record[i], KEY_AT);
        if (jh_read(&heap->reader, at, bytes, heap->layout->extent_head, NULL) == JH_OK) {
            one_extent(m, at, bytes, "valid", "an extent of this heap", 2);
            bend_first(m, at, bytes, &first);
        }
    }
    make_file_end(m);
}
