/* jh_extent_decode: for every layout and every extent, each field the bits that the layout names;
 * nothing behind extent_head is read; base, size and usable size follow from them.
 *
 * sources: extent.c size_class.c word.c reader.c
 * slow: minutes
 * options: --unwind 21
 * mutant: extent.c: f[JH_EXTENT_NFREE]) => f[JH_EXTENT_SZIND])
 * mutant: extent.c: out->state_bits < layout->states => out->state_bits <= layout->states
 * mutant: extent.c: << layout->build.lg_page => << layout->build.lg_vaddr
 * mutant: extent.c: large_by_size && szind >= => large_by_size && szind >
 * mutant: internal.h: bytes + field.offset, field.word => bytes + field.offset + 1, field.word */
#include "proof.h"

static bool is(const struct jh_layout *l, const uint8_t *bytes, enum jh_extent_field field,
               uint64_t value, unsigned bit) {
    return bit_of(value, bit) == field_bit(l, bytes, l->extent[field], bit);
}

/* A flag of jemalloc's is one bit; of a wider one every bit counts. */
static bool flag(const struct jh_layout *l, const uint8_t *bytes, enum jh_extent_field field,
                 bool value, unsigned bit) {
    struct jh_field f = l->extent[field];
    return f.width > 1 ? value || !field_bit(l, bytes, f, bit) : value == field_bit(l, bytes, f, 0);
}

int main(void) {
    struct jh_layout layout;
    struct jh_extent e;
    uint64_t at;
    unsigned bit;
    ASSUME(build_is_sound(&layout) && extent_is_sound(&layout) && sizes_are_sound(&layout));
    ASSUME(bit < 64);
    const struct jh_layout *l = &layout;
    const uint8_t *bytes = any_bytes(layout.extent_head);
    jh_extent_decode(&layout, at, bytes, &e);
    PROVE(e.at == at);
    PROVE(is(l, bytes, JH_EXTENT_BITS, e.bits, bit));
    PROVE(is(l, bytes, JH_EXTENT_ARENA, e.arena_ind, bit));
    PROVE(is(l, bytes, JH_EXTENT_SZIND, e.szind, bit));
    PROVE(is(l, bytes, JH_EXTENT_NFREE, e.nfree, bit));
    PROVE(is(l, bytes, JH_EXTENT_BIN_SHARD, e.bin_shard, bit));
    PROVE(is(l, bytes, JH_EXTENT_STATE, e.state_bits, bit));
    PROVE(is(l, bytes, JH_EXTENT_SN, e.sn, bit));
    PROVE(is(l, bytes, JH_EXTENT_PS, e.ps, bit));
    PROVE(is(l, bytes, JH_EXTENT_ADDR, e.addr, bit));
    PROVE(is(l, bytes, JH_EXTENT_BSIZE, e.bsize, bit));
    PROVE(is(l, bytes, JH_EXTENT_ESN, e.esn, bit));
    PROVE(flag(l, bytes, JH_EXTENT_SLAB, e.slab, bit));
    PROVE(flag(l, bytes, JH_EXTENT_COMMITTED, e.committed, bit));
    PROVE(flag(l, bytes, JH_EXTENT_DUMPABLE, e.dumpable, bit));
    PROVE(flag(l, bytes, JH_EXTENT_PAI, e.pai, bit));
    PROVE(flag(l, bytes, JH_EXTENT_ZEROED, e.zeroed, bit));
    PROVE(flag(l, bytes, JH_EXTENT_GUARDED, e.guarded, bit));
    PROVE(flag(l, bytes, JH_EXTENT_IS_HEAD, e.is_head, bit));
    PROVE(flag(l, bytes, JH_EXTENT_PINNED, e.pinned, bit));

    unsigned page = layout.build.lg_page;
    PROVE(bit_of(e.base, bit) == (bit >= page && bit_of(e.addr, bit)));
    PROVE(bit < page ? !bit_of(e.size, bit)
                     : is(l, bytes, JH_EXTENT_SIZE, e.size >> page, bit - page));
    PROVE(e.state == (e.state_bits < l->states ? l->state[e.state_bits] : JH_STATE_UNKNOWN));
    PROVE(e.allocated == (e.state == JH_ACTIVE && e.szind < l->sc_nsizes));
    bool by_size = l->large_by_size && e.szind >= l->sc_nbins;
    PROVE(e.allocated || e.usize == 0);
    PROVE(!e.allocated || by_size || e.usize == jh_index2size(l, e.szind));
    PROVE(!e.allocated || !by_size ||
          e.usize == (e.size < l->large_pad ? 0 : e.size - l->large_pad));
    REACHES(e.allocated && e.slab && layout.build.pointer_size == 4 && !layout.build.little_endian);
    REACHES(by_size && e.allocated && e.usize == 4096 && layout.large_pad == 4096);
    return 0;
}
