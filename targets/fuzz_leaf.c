/* Target functions: jh_leaf_decode, jh_leaf_encode.
 *
 * Relations: what is decoded, written and decoded again is the same; what is written has only the
 * bits that fields have, and keeps each of them; a pointer has none of the bits that are not its
 * own, and is canonical where the build extends its sign. */
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
    FUZZ_CHECK((extent & ((UINT64_C(1) << l->leaf_low_bits) - 1)) == 0);
    uint64_t top = extent >> (l->build.lg_vaddr - 1);
    uint64_t all = UINT64_MAX >> (l->build.lg_vaddr - 1);
    FUZZ_CHECK(l->leaf_sign_extend ? top == 0 || top == all : extent >> l->build.lg_vaddr == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct jh_layout layout;
    struct jh_leaf leaf, again;
    uint8_t bytes[JH_LEAF_BYTES_MAX], once[JH_LEAF_BYTES_MAX], twice[JH_LEAF_BYTES_MAX];
    fuzz_layout(&in, &layout);
    fuzz_bytes(&in, bytes, sizeof(bytes));
    jh_leaf_decode(&layout, bytes, &leaf);
    check_pointer(&layout, leaf.extent);
    jh_leaf_encode(&layout, &leaf, once);
    jh_leaf_decode(&layout, once, &again);
    FUZZ_CHECK(same(&leaf, &again));
    jh_leaf_encode(&layout, &again, twice);
    FUZZ_CHECK(memcmp(once, twice, layout.leaf_size) == 0);
    return 0;
}
