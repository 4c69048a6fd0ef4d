/* Target functions: jh_slab_read, jh_slab_read_many, jh_slab_check, jh_slab_free, jh_slab_region.
 *
 * Relations: the free regions and their number are those of counting bits in the bytes of the
 * target's words; an address is in region i exactly when it is i regions behind the slab's start;
 * an extent that is no slab is refused; with an incomplete bitmap the answer is absent and outputs
 * are untouched; many slabs in one call answer as single ones; nfree and the bits behind the last
 * region are compared with the bitmap. */
#include "builds.h"

#define AT UINT64_C(0x10000) /* the extent's address */

/* A bit of an array of the target's words, found byte by byte. */
static bool naive_bit(const struct jh_layout *l, const uint8_t *bytes, uint32_t index) {
    unsigned word = l->build.pointer_size;
    uint32_t byte = index / 8;
    if (!l->build.little_endian) {
        byte = byte / word * word + (word - 1 - byte % word);
    }
    return bytes[byte] >> index % 8 & 1;
}

/* Checks the number of free regions, and a dozen regions one by one: from first on, and the last.
 */
static void check_bits(const struct jh_layout *l, const struct jh_slab *slab, const uint8_t *bytes,
                       uint32_t first) {
    uint32_t free = 0;
    for (uint32_t i = 0; i < slab->nregs; i++) {
        free += naive_bit(l, bytes, i);
    }
    FUZZ_CHECK(slab->nfree == free);
    for (uint32_t i = 0; i < 12; i++) {
        uint32_t index = i ? (first + i * i * i) % slab->nregs : slab->nregs - 1;
        FUZZ_CHECK(jh_slab_free(l, slab, index) == naive_bit(l, bytes, index));
    }
}

/* Checks a slab with the nfree that fits the bitmap, and with another one. */
static void check_sound(const struct jh_layout *l, struct jh_extent e, const struct jh_slab *slab,
                        const uint8_t *bytes, size_t len) {
    struct jh_fault fault = {.rule = ""};
    bool behind = false;
    for (uint32_t i = slab->nregs; i < 8 * len; i++) {
        behind = behind || naive_bit(l, bytes, i);
    }
    e.nfree = slab->nfree;
    FUZZ_CHECK(jh_slab_check(l, &e, slab, &fault) == (behind ? JH_CORRUPT : JH_OK));
    FUZZ_CHECK(!behind || strcmp(fault.rule, "slab.unused-bits") == 0);
    e.nfree++;
    FUZZ_CHECK(jh_slab_check(l, &e, slab, &fault) == JH_CORRUPT);
    FUZZ_CHECK(strcmp(fault.rule, "slab.nfree") == 0 && fault.seen == slab->nfree);
}

static void check_many(const struct jh_heap *heap, const struct jh_extent *e, enum jh_status one,
                       const struct jh_slab *slab) {
    static struct jh_slab out[2];
    const struct jh_extent twice[2] = {*e, *e};
    enum jh_status status[2];
    jh_slab_read_many(heap, twice, 2, out, status);
    for (size_t i = 0; i < 2; i++) {
        FUZZ_CHECK(status[i] == one);
        FUZZ_CHECK(one != JH_OK || (out[i].nfree == slab->nfree && out[i].nregs == slab->nregs &&
                                    out[i].base == slab->base));
    }
}

static void check_region(const struct jh_layout *l, const struct jh_extent *e, uint64_t addr) {
    const struct jh_bin *bin = &l->bin[e->szind];
    uint32_t region = jh_slab_region(l, e, addr);
    bool inside = addr >= e->base && addr - e->base < bin->slab_size;
    FUZZ_CHECK(region <= bin->nregs && (region < bin->nregs) == inside);
    if (inside) {
        uint64_t start = e->base + region * bin->reg_size;
        FUZZ_CHECK(start <= addr && addr - start < bin->reg_size);
    }
}

static void check_regions(const struct jh_layout *l, const struct jh_extent *e, uint64_t addr) {
    const struct jh_bin *bin = &l->bin[e->szind];
    const uint64_t edge[] = {addr,
                             e->base + addr % (2 * bin->slab_size),
                             e->base,
                             e->base - 1,
                             e->base + bin->reg_size - 1,
                             e->base + bin->reg_size,
                             e->base + bin->slab_size - 1,
                             e->base + bin->slab_size};
    for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
        check_region(l, e, edge[i]);
    }
}

/* A reader that has image->len bytes of the bitmap. */
static enum jh_status read_bitmap(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_segment *image = arg;
    uint64_t offset = addr - image->addr;
    uint64_t there = offset < image->len ? image->len - offset : 0;
    *got = len < there ? len : (size_t)there;
    memcpy(dst, image->bytes + (offset < image->len ? offset : 0), *got);
    return *got == len ? JH_OK : JH_ABSENT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct jh_slab slab;
    struct fuzz_input in = {data, size};
    const struct jh_layout *l = fuzz_layout(&in);
    uint8_t flags = fuzz_byte(&in), szind = fuzz_byte(&in);
    uint64_t base = fuzz_take(&in, 8) & ~((UINT64_C(1) << l->build.lg_page) - 1);
    uint64_t addr = fuzz_take(&in, 8);
    struct jh_extent e = {.at = AT, .szind = szind, .slab = flags & 1, .allocated = flags & 2};
    e.szind %= flags & 4 ? 256U : l->sc_nbins;
    bool is_slab = e.slab && e.allocated && e.szind < l->sc_nbins;
    e.size = is_slab ? l->bin[e.szind].slab_size : 0;
    e.base = e.addr = base > UINT64_MAX - 2 * e.size ? 0 : base;
    struct jh_segment image = {AT + l->bitmap_offset, in.data, in.size};
    struct jh_heap heap = {.reader = {.read = read_bitmap, .arg = &image}, .layout = l};
    struct jh_fault fault = {.status = JH_OK};
    slab.nregs = 0;
    enum jh_status status = jh_slab_read(&heap, &e, &slab, &fault);
    check_many(&heap, &e, status, &slab);
    if (!is_slab) {
        FUZZ_CHECK(status == JH_UNSUPPORTED && slab.nregs == 0);
        return 0;
    }
    const struct jh_bin *bin = &l->bin[e.szind];
    unsigned word_bits = 8U * l->build.pointer_size;
    size_t bytes = (bin->nregs + word_bits - 1) / word_bits * l->build.pointer_size;
    FUZZ_CHECK(status == (bytes <= in.size ? JH_OK : JH_ABSENT) && fault.status == status);
    FUZZ_CHECK(slab.nregs == (status == JH_OK ? bin->nregs : 0));
    if (status == JH_OK) {
        FUZZ_CHECK(slab.base == e.base && slab.reg_size == bin->reg_size);
        check_bits(l, &slab, in.data, (uint32_t)(addr % bin->nregs));
        check_sound(l, e, &slab, in.data, bytes);
    }
    check_regions(l, &e, addr);
    return 0;
}
