/* jh_leaf_decode: the three forms, against what jemalloc's own macros say (rtree.h: the compact
 * element of all versions, the members of 5.0 to 5.2, the metadata word of 5.3); and jh_leaf_encode
 * gives every element that a jemalloc can have written back.
 *
 * sources: leaf.c word.c reader.c
 * options: --unwind 17
 * mutant: leaf.c: (uint32_t)field(layout, bytes, first, JH_LEAF_SZIND) => 0
 * mutant: leaf.c: put_field(layout, bytes, layout->leaf[JH_LEAF_IS_HEAD], leaf->is_head); =>
 * mutant: internal.h: at >> ((field.width - 1) & 63)) => at >> (field.width & 63)) */
#include "proof.h"

static struct jh_layout layout;
static uint8_t bytes[16];
static uint64_t word;     /* le_bits, le_edata, le_extent */
static uint32_t metadata; /* le_metadata, le_szind */

static void store(uint8_t *at, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        at[layout.build.little_endian ? i : size - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

static struct jh_field at(unsigned offset, unsigned size, unsigned shift, unsigned width) {
    return (struct jh_field){(uint16_t)offset, (uint8_t)size, (uint8_t)shift, (uint8_t)width};
}

static void give_back(const struct jh_leaf *leaf, unsigned size) {
    uint8_t again[16];
    unsigned i;
    jh_leaf_encode(&layout, leaf, again);
    ASSUME(i < size);
    PROVE(again[i] == bytes[i]);
}

/* RTREE_LEAF_COMPACT; packed: with state and is_head, as since 5.3. */
static void compact(bool packed, bool sign) {
    unsigned nhib = 64U - layout.build.lg_vaddr, low = packed ? 7 : 1;
    ASSUME(nhib >= 8);
    ASSUME(layout.build.pointer_size == 8); /* one word; with 4 bytes there is no room in it */
    layout.leaf_low_bits = (uint8_t)low;
    layout.leaf_sign_extend = sign;
    layout.leaf_size = 8;
    layout.leaf[JH_LEAF_EXTENT] = at(0, 8, 0, layout.build.lg_vaddr);
    layout.leaf[JH_LEAF_SZIND] = at(0, 8, layout.build.lg_vaddr, nhib);
    layout.leaf[JH_LEAF_SLAB] = at(0, 8, 0, 1);
    layout.leaf[JH_LEAF_IS_HEAD] = packed ? at(0, 8, 1, 1) : at(0, 0, 0, 0);
    layout.leaf[JH_LEAF_STATE] = packed ? at(0, 8, 2, 3) : at(0, 0, 0, 0);
    store(bytes, word, 8);
    struct jh_leaf leaf;
    jh_leaf_decode(&layout, bytes, &leaf);
    uint64_t flags = packed ? 127 : 1;
    PROVE(leaf.extent == (sign ? (uint64_t)((int64_t)(word << nhib) >> nhib) & ~flags
                               : (word << nhib >> nhib) & ~flags));
    PROVE(leaf.szind == word >> layout.build.lg_vaddr);
    PROVE(leaf.slab == (word % 2 == 1));
    PROVE(leaf.is_head == (packed && word / 2 % 2 == 1));
    PROVE(leaf.state_bits == (packed ? word / 4 % 8 : 0));
    REACHES(leaf.extent == 0xffffffffffffff80 && sign);
    ASSUME(!packed || word / 32 % 4 == 0); /* bits 5 and 6 are nobody's */
    give_back(&leaf, 8);
}

static void wide(bool packed) {
    unsigned ptr = layout.build.pointer_size;
    uint8_t slab;
    ASSUME(slab <= 1);
    layout.leaf_low_bits = 0;
    layout.leaf_sign_extend = false;
    layout.leaf_size = (uint8_t)(packed || ptr == 8 ? 2 * ptr : 3 * ptr);
    layout.leaf[JH_LEAF_EXTENT] = at(0, ptr, 0, 8 * ptr);
    layout.leaf[JH_LEAF_SZIND] = packed ? at(ptr, 4, 5, 27) : at(ptr, 4, 0, 32);
    layout.leaf[JH_LEAF_SLAB] = packed ? at(ptr, 4, 0, 1) : at(ptr + 4, 1, 0, 1);
    layout.leaf[JH_LEAF_IS_HEAD] = packed ? at(ptr, 4, 1, 1) : at(0, 0, 0, 0);
    layout.leaf[JH_LEAF_STATE] = packed ? at(ptr, 4, 2, 3) : at(0, 0, 0, 0);
    store(bytes, word, ptr);
    store(bytes + ptr, metadata, 4);
    if (!packed) {
        bytes[ptr + 4] = slab;
    }
    struct jh_leaf leaf;
    jh_leaf_decode(&layout, bytes, &leaf);
    PROVE(leaf.extent == (ptr == 4 ? (uint32_t)word : word));
    PROVE(leaf.szind == (packed ? metadata / 32 : metadata));
    PROVE(leaf.slab == (packed ? metadata % 2 : slab));
    PROVE(leaf.is_head == (packed && metadata / 2 % 2));
    PROVE(leaf.state_bits == (packed ? metadata / 4 % 8 : 0));
    REACHES(leaf.szind == 235 && ptr == 4);
    give_back(&leaf, packed ? ptr + 4 : ptr + 5);
}

int main(void) {
    struct jh_layout any;
    uint64_t any_word;
    uint32_t any_metadata;
    unsigned form;
    bool sign;
    layout = any;
    word = any_word;
    metadata = any_metadata;
    ASSUME(build_is_sound(&layout));
    if (form == 0) {
        compact(false, sign);
    } else if (form == 1) {
        compact(true, sign);
    } else {
        wide(form == 2);
    }
    return 0;
}
