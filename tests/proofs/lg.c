/* jh_lg_floor, jh_lg_ceil, jh_addr2base: for every number; an alignment is any power of two.
 *
 * sources: size_class.c
 * options: --unwind 65
 * mutant: size_class.c: x & (x - 1) ? lg + 1 : lg => lg + 1
 * mutant: size_class.c: while (x >>= 1) => while (x >>= 2)
 * mutant: size_class.c: addr & (~alignment + 1) => addr & ~alignment */
#include "proof.h"

int main(void) {
    uint64_t x, addr;
    unsigned lg;
    ASSUME(x != 0 && lg < 64);
    unsigned floor = jh_lg_floor(x), ceil = jh_lg_ceil(x);
    PROVE(floor < 64 && UINT64_C(1) << floor <= x && (floor == 63 || x < UINT64_C(2) << floor));
    PROVE(ceil == 64 ? x > UINT64_C(1) << 63 : x <= UINT64_C(1) << ceil);
    PROVE(ceil == 0 ? x == 1 : x > UINT64_C(1) << (ceil - 1));
    uint64_t alignment = UINT64_C(1) << lg, base = jh_addr2base(addr, alignment);
    PROVE(base == addr - addr % alignment);
    PROVE(jh_aligned(base, alignment) && jh_aligned(addr, alignment) == (addr == base));
    REACHES(ceil == 64);
    REACHES(lg == 63 && base);
    return 0;
}
