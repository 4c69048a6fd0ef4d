/* The raw words behind a mismatch: the leaf element of the page, and the extent, as they stand in
 * the target. A person who doubts a decoder can decode them with jemalloc's headers beside. */
#include "compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *at;
    size_t room;
};

static void put(struct text *t, const char *label, uint64_t value) {
    int used = snprintf(t->at, t->room, "%s0x%" PRIx64, label, value);
    size_t step = used < 0 ? 0 : (size_t)used < t->room ? (size_t)used : t->room - 1;
    t->at += step;
    t->room -= step;
}

/* Words of the target's pointer size; e_bits of a 32-bit target is two of them. */
static void put_words(struct text *t, const struct jh_layout *l, const char *label, uint64_t at,
                      const uint8_t *bytes, size_t size) {
    unsigned word = l->build.pointer_size;
    put(t, label, at);
    for (size_t i = 0; i + word <= size; i += word) {
        uint64_t value = 0;
        for (unsigned k = 0; k < word; k++) {
            unsigned shift = 8 * (l->build.little_endian ? k : word - 1 - k);
            value |= (uint64_t)bytes[i + k] << shift;
        }
        put(t, i ? " " : ": ", value);
    }
}

/* The extent that a mismatch is about: the one at hand, or as the witness says, or the leaf. */
static uint64_t extent_about(const struct comparison *c, uint64_t where, uint64_t in_leaf) {
    const struct truth_record *r = expect_extent(c->truth, where);
    if (c->extent_at) {
        return c->extent_at;
    }
    if (expect_slab(c->truth, where)) {
        return where; /* its place is the extent's */
    }
    return r ? truth_get(TRUTH_EXTENT, r, KEY_AT) : in_leaf;
}

void compare_words(const struct comparison *c, uint64_t where, char *out, size_t size) {
    const struct jh_layout *l = c->heap->layout;
    struct text t = {out, size};
    struct jh_leaf_bytes leaf;
    struct jh_leaf decoded = {0};
    uint8_t bytes[JH_EXTENT_HEAD_MAX];
    *out = '\0';
    if (jh_rtree_lookup(c->heap, where, &leaf, NULL) == JH_OK && leaf.at) {
        put_words(&t, l, "leaf ", leaf.at, leaf.bytes, l->leaf_size);
        jh_leaf_decode(l, leaf.bytes, &decoded);
    }
    uint64_t at = extent_about(c, where, decoded.extent);
    if (at && jh_read(&c->heap->reader, at, bytes, l->extent_head, NULL) == JH_OK) {
        put_words(&t, l, *out ? "; extent " : "extent ", at, bytes, l->extent_head);
    }
}
