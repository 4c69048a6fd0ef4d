/* jh_extent_check: for every layout and any extent, decoded or not, no undefined behaviour. What it
 * accepts keeps every rule; what it refuses breaks one, and the fault names it. Allocated is what
 * has a size class, as decoding has it.
 *
 * sources: extent.c size_class.c word.c reader.c
 * options: --unwind 21
 * mutant: extent.c: if (!e->addr) => if (false)
 * mutant: extent.c: if (e->szind >= layout->sc_nbins) { => if (e->szind > layout->sc_nbins) {
 * mutant: extent.c: e->nfree > layout->bin => e->nfree >= layout->bin
 * mutant: extent.c: e->size > below => e->size >= below
 * mutant: extent.c: most + jh_page(layout) => most
 * mutant: extent.c: e->usize > e->size - => e->usize >= e->size -
 * mutant: extent.c: jh_aligned(e->addr, CACHELINE) => true
 * mutant: extent.c: if (e->szind != layout->sc_nsizes) { => if (e->szind > layout->sc_nsizes) {
 * mutant: extent.c: < e->base) => <= e->base) */
#include "proof.h"

/* The last byte is an address of this machine, and not below the first. */
static bool ends_in_memory(const struct jh_layout *l, const struct jh_extent *e) {
    uint64_t largest = l->sc_ptr_bits == 64 ? UINT64_MAX : UINT32_MAX;
    return e->base <= largest && e->size - 1 <= largest - e->base;
}

/* From where the class before its own ends, or its own alone where sizes are those of classes, to a
 * page behind; a small one, up to a page behind the smallest large one. */
static bool is_as_large(const struct jh_layout *l, const struct jh_extent *e) {
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    if (e->szind < l->sc_nbins) {
        return e->size != 0 && e->size <= jh_index2size(l, l->sc_nbins) + page;
    }
    uint64_t size = jh_index2size(l, e->szind);
    uint64_t least = l->large_by_size ? jh_index2size(l, e->szind - 1U) + 1 : size;
    return e->size >= least && e->size <= size + page;
}

/* No bit of e_bits is set behind the last of its fields; nothing is known where sn is one of them.
 */
static bool no_bits_behind(const struct jh_layout *l, const struct jh_extent *e) {
    struct jh_field last = l->extent[JH_EXTENT_PINNED].width ? l->extent[JH_EXTENT_PINNED]
                                                             : l->extent[JH_EXTENT_IS_HEAD];
    unsigned end = last.shift + last.width;
    return l->extent[JH_EXTENT_SN].offset == l->extent[JH_EXTENT_BITS].offset || end >= 64 ||
           e->bits >> end == 0;
}

int main(void) {
    struct jh_layout layout;
    struct jh_extent e;
    struct jh_fault fault;
    const struct jh_fault before = fault;
    ASSUME(build_is_sound(&layout) && extent_is_sound(&layout) && sizes_are_sound(&layout));
    ASSUME(!e.allocated || e.szind < layout.sc_nsizes);
    ASSUME(layout.sc_nbins < 1 || bin_is_sound(&layout, &layout.bin[0]));
    uint64_t space =
        layout.build.lg_vaddr == 64 ? UINT64_MAX : (UINT64_C(1) << layout.build.lg_vaddr) - 1;
    bool slab = e.allocated && e.slab;
    const struct jh_bin *bin = &layout.bin[slab && e.szind < layout.sc_nbins ? e.szind : 0];
    bool sound = e.at % layout.extent_align == 0 && e.addr != 0 && e.size != 0 && e.size <= space &&
                 ends_in_memory(&layout, &e) && e.state != JH_STATE_UNKNOWN &&
                 e.state != JH_TRANSITION && e.szind <= layout.sc_nsizes &&
                 no_bits_behind(&layout, &e) &&
                 (e.allocated || (e.szind == layout.sc_nsizes && e.addr == e.base)) &&
                 (!e.allocated || e.usize <= e.size - (e.addr - e.base)) &&
                 (!e.allocated || slab || (is_as_large(&layout, &e) && e.addr % 64 == 0)) &&
                 (!slab || (e.szind < layout.sc_nbins && e.size == bin->slab_size &&
                            e.addr == e.base && e.nfree <= bin->nregs));
    enum jh_status status = jh_extent_check(&layout, &e, &fault);
    PROVE((status == JH_OK) == sound);
    PROVE(status == JH_OK || (status == JH_CORRUPT && fault.status == status && fault.rule &&
                              fault.stage == JH_STAGE_EXTENT && fault.addr == e.at));
    PROVE(status != JH_OK || (fault.rule == before.rule && fault.seen == before.seen));
    REACHES(status == JH_OK && slab && layout.build.pointer_size == 4);
    REACHES(status == JH_OK && e.base + e.size == 0);
    REACHES(status == JH_CORRUPT && slab && e.nfree == 9000);
    return 0;
}
