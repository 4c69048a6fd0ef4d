/* jh_slab_region: plain division of the offset by the region's size; nregs where that is no region.
 * For each region size that a jemalloc can have (sc.h: multiples of 8 up to 64, then four for each
 * doubling up to 3.5 pages of 64 KiB) and any number of regions: division by a variable is beyond a
 * solver.
 *
 * sources: slab.c word.c reader.c
 * slow: minutes
 * options: --unwind 9
 * each: REG_SIZE 8 16 24 32 40 48 56 64 80 96 112 128 160 192 224 256 320 384 448 512 640 768
 * each: 896 1024 1280 1536 1792 2048 2560 3072 3584 4096 5120 6144 7168 8192 10240 12288 14336
 * each: 16384 20480 24576 28672 32768 40960 49152 57344 65536 81920 98304 114688 131072 163840
 * each: 196608 229376 262144
 * mutant: slab.c: addr < extent->base || =>
 * mutant: slab.c: >= bin->nregs * => >= (bin->nregs - 1) *
 * mutant: slab.c: - extent->base) / bin->reg_size => - extent->addr) / bin->reg_size */
#include "proof.h"

int main(void) {
    struct jh_layout layout;
    struct jh_extent extent;
    uint64_t addr;
    struct jh_bin *bin = &layout.bin[0];
    ASSUME(build_is_sound(&layout) && sizes_are_sound(&layout) && bin_is_sound(&layout, bin));
    extent.szind = 0;
    bin->reg_size = REG_SIZE;
    uint64_t offset = addr - extent.base;
    uint64_t plain = offset / REG_SIZE;
    uint32_t index = jh_slab_region(&layout, &extent, addr);
    PROVE(index == (addr >= extent.base && plain < bin->nregs ? plain : bin->nregs));
    REACHES(index == 7 && bin->nregs == 8);
    return 0;
}
