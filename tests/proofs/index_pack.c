/* jh_index_pack and what takes it apart; jh_index_search: the last extent of four, anywhere, that
 * begins at or below an address, from any that does.
 *
 * sources: index_find.c
 * options: --unwind 6
 * mutant: index.h: (uint64_t)(szind & 255) << 4 => (uint64_t)(szind & 255) << 5
 * mutant: index.h: return e->size & ~INDEX_LOW; => return e->size & ~(INDEX_LOW >> 1);
 * mutant: index.h: (unsigned)e->size & 15 => (unsigned)e->size & 7
 * mutant: index_find.c: index->extent[middle]) <= addr => index->extent[middle]) < addr
 * mutant: index_find.c: low = from, high = index->count; => low = from, high = index->count - 1; */
#include "proof.h"

#include "index.h"

enum { EXTENTS = 4 };

static void pack(void) {
    uint64_t size, at;
    uint32_t szind;
    unsigned use;
    ASSUME(size % 4096 == 0 && at % 64 == 0 && szind < 256 && use <= INDEX_UNSURE);
    struct jh_index_extent e = {0, at | INDEX_PARKED, jh_index_pack(size, szind, use)};
    PROVE(jh_index_size(&e) == size && jh_index_szind(&e) == szind && jh_index_use(&e) == use);
    PROVE(jh_index_at(&e) == at);
    e.size |= INDEX_UNSURE;
    PROVE(jh_index_use(&e) == INDEX_UNSURE && jh_index_size(&e) == size);
}

int main(void) {
    struct jh_index_extent extent[EXTENTS];
    struct jh_index index;
    uint64_t addr, from;
    index.extent = extent;
    ASSUME(index.count >= 1 && index.count <= EXTENTS && from < index.count);
    for (unsigned i = 0; i + 1 < EXTENTS; i++) {
        ASSUME(i + 1 >= index.count ||
               jh_index_base(&index, &extent[i]) < jh_index_base(&index, &extent[i + 1]));
    }
    ASSUME(jh_index_base(&index, &extent[from]) <= addr);
    uint64_t last = jh_index_search(&index, addr, from);
    PROVE(last >= from && last < index.count);
    PROVE(jh_index_base(&index, &extent[last]) <= addr);
    PROVE(last + 1 == index.count || jh_index_base(&index, &extent[last + 1]) > addr);
    REACHES(last == 3 && from == 0);
    pack();
    return 0;
}
