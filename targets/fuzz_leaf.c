/* Target functions: jh_leaf_decode, jh_leaf_encode.
 *
 * Relations: decoding, writing and decoding again gives the same; writing gives the bytes that were
 * decoded, except for bits of no field and, in a pointer, the bits that repeat its sign; a pointer
 * has no bits of other fields, and is canonical where the build extends its sign; bits of no field
 * are reported. */
#include "builds.h"

static bool same(const struct jh_leaf *a, const struct jh_leaf *b) {
    return a->extent == b->extent && a->szind == b->szind && a->state_bits == b->state_bits &&
           a->slab == b->slab && a->is_head == b->is_head;
}

static void check_pointer(const struct jh_layout *l, uint64_t extent) {
    if (l->leaf_form != JH_LEAF_COMPACT) {
        FUZZ_CHECK(l->build.pointer_size == 8 || extent >> 32 == 0);
        return;
    }
    enum jh_version version = l->build.version;
    bool extends = !l->build.aarch64 || version < JH_5_1_0; /* 5.0 has no rule for aarch64 */
    FUZZ_CHECK((extent & (version < JH_5_3_0 ? 1 : 0x7f)) == 0);
    uint64_t top = extent >> (l->build.lg_vaddr - 1);
    uint64_t all = UINT64_MAX >> (l->build.lg_vaddr - 1);
    FUZZ_CHECK(extends ? top == 0 || top == all : top >> 1 == 0);
}

/* The bits of an element that belong to a field, by jemalloc's struct instead of the layout. */
static void meaning(const struct jh_layout *l, uint8_t *mask) {
    unsigned ptr = l->build.pointer_size;
    bool packed = l->build.version >= JH_5_3_0;
    memset(mask, 0, JH_LEAF_BYTES_MAX);
    if (l->leaf_form == JH_LEAF_COMPACT) {
        fuzz_store(&l->build, mask, ptr, packed ? ~UINT64_C(0x60) : UINT64_MAX);
        return;
    }
    memset(mask, 0xff, ptr + 4U); /* the pointer, and le_szind or le_metadata */
    mask[ptr + 4] = !packed;      /* le_slab */
}

/* The bits of no field in the compact form of 5.3: two between the state and the pointer. */
static void check_unused(const struct jh_layout *l, const struct jh_leaf *leaf,
                         const uint8_t *bytes) {
    bool some = l->leaf_form == JH_LEAF_COMPACT && l->build.version >= JH_5_3_0;
    uint64_t word = fuzz_load(&l->build, bytes, l->build.pointer_size);
    FUZZ_CHECK(leaf->unused == (some ? word & 0x60 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *layout = fuzz_layout(&in);
    struct jh_leaf leaf, again;
    uint8_t room[JH_LEAF_BYTES_MAX], written[JH_LEAF_BYTES_MAX], mask[JH_LEAF_BYTES_MAX];
    uint8_t *bytes = room + sizeof(room) - layout->leaf_size; /* nothing behind it is readable */
    fuzz_bytes(&in, bytes, layout->leaf_size);
    jh_leaf_decode(layout, bytes, &leaf);
    check_pointer(layout, leaf.extent);
    check_unused(layout, &leaf, bytes);
    jh_leaf_encode(layout, &leaf, written);
    jh_leaf_decode(layout, written, &again);
    FUZZ_CHECK(same(&leaf, &again));
    meaning(layout, mask);
    for (size_t i = 0; i < layout->leaf_size; i++) {
        FUZZ_CHECK((written[i] & mask[i]) == written[i] && written[i] == (bytes[i] & mask[i]));
    }
    return 0;
}
