/* cache_bin.h at each tag, and tcache_structs.h of 5.0: members one after the other, as a compiler
 * puts them. */
#include "write_cache.h"

static unsigned place(unsigned *end, unsigned size, unsigned align) {
    unsigned at = (*end + align - 1) / align * align;
    *end = at + size;
    return at;
}

struct fuzz_bin_form fuzz_bin_form(const struct jh_build *b) {
    struct fuzz_bin_form f = {0};
    unsigned end = 0, ptr = b->pointer_size, align = b->u64_align > ptr ? b->u64_align : ptr;
    if (b->version < JH_5_3_0) {
        f.low_water = place(&end, 4, 4);
        f.ncached = place(&end, 4, 4);
        (void)place(&end, 8, b->u64_align); /* tstats */
        f.top = place(&end, ptr, ptr);
    } else {
        f.top = place(&end, ptr, ptr);
        (void)place(&end, 8, b->u64_align);
        f.low_water = place(&end, 2, 2);
        f.full = place(&end, 2, 2);
        f.empty = place(&end, 2, 2);
        f.most = b->version < JH_5_3_1 ? 0 : place(&end, 2, 2);
    }
    f.size = (end + align - 1) / align * align;
    return f;
}

void fuzz_write_bin(const struct jh_build *b, const struct jh_cache_bin *bin, uint32_t low_water,
                    uint8_t bytes[FUZZ_BIN_MAX]) {
    const struct fuzz_bin_form f = fuzz_bin_form(b);
    uint64_t ptr = b->pointer_size, end = bin->items + ptr * bin->ncached;
    memset(bytes, 0, FUZZ_BIN_MAX);
    if (b->version < JH_5_3_0) {
        fuzz_store(b, bytes + f.low_water, 4, low_water);
        fuzz_store(b, bytes + f.ncached, 4, bin->ncached);
        fuzz_store(b, bytes + f.top, b->pointer_size, end);
        return;
    }
    fuzz_store(b, bytes + f.top, b->pointer_size, bin->items);
    fuzz_store(b, bytes + f.low_water, 2, end - ptr * low_water);
    fuzz_store(b, bytes + f.full, 2, end - ptr * (bin->ncached_max - bin->stashed));
    fuzz_store(b, bytes + f.empty, 2, end);
    if (f.most != 0) {
        fuzz_store(b, bytes + f.most, 2, bin->ncached_max);
    }
}
