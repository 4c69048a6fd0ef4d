#include "mixed_heap.h"

#include <stdlib.h>

static void put_extent(struct mixed_heap *mixed, unsigned which, struct image_extent e) {
    uint64_t base = e.addr & ~(mixed->page - 1);
    mixed->extent[which] = (struct mixed_extent){image_put(&mixed->image, &e), base, e.size};
}

static void build_probes(struct mixed_heap *mixed) {
    uint64_t *probe = mixed->probe;
    for (unsigned i = 0; i < MIXED_EXTENTS; i++) {
        uint64_t base = mixed->extent[i].base, size = mixed->extent[i].size;
        const uint64_t at[10] = {base - 1,
                                 base,
                                 base + 1,
                                 base + mixed->page,
                                 base + size / 2,
                                 base + size / 4 + 123,
                                 base + size - mixed->page,
                                 base + size - 1,
                                 base + size,
                                 base + size + mixed->page};
        for (unsigned k = 0; k < 10; k++) {
            *probe++ = at[k];
        }
    }
    *probe++ = 0x40000;
    *probe++ = 0x7effffffffff;
    *probe = 0;
}

void mixed_heap_start(struct mixed_heap *mixed, enum jh_version version, uint8_t lg_vaddr,
                      uint8_t lg_page) {
    const uint64_t slab = 0x7e1234560000, border = 0x7e1500000000, huge = 0x7e2000000000;
    const uint32_t large = 36U + 4U * (lg_page - 12U); /* four pages: the smallest large class */
    struct jh_build build;
    jh_build_init(&build, version);
    build.lg_vaddr = lg_vaddr;
    build.lg_page = lg_page;
    image_start(&mixed->image, &build, IMAGE_METADATA);
    uint64_t p = mixed->page = UINT64_C(1) << lg_page;
    put_extent(mixed, 0, (struct image_extent){0x100000000000, 0xc0000000000 + p, 232, 3, 0, 0, 0});
    put_extent(mixed, 1, (struct image_extent){slab, 3 * p, 3, 0, true, 0, 0});
    put_extent(mixed, 2, (struct image_extent){slab + 3 * p, 16 * p, 232, 1, 0, 0, 0});
    put_extent(mixed, 3, (struct image_extent){slab + 25 * p + 320, 5 * p, large, 0, 0, 0, 0});
    put_extent(mixed, 4, (struct image_extent){border - 2 * p, 5 * p, 232, 2, 0, 0, 0});
    put_extent(mixed, 5, (struct image_extent){huge + 7 * p, 0x300000000 + p, 232, 1, 0, 0, 0});
    put_extent(mixed, 6, (struct image_extent){huge + 0x300000000 + 8 * p, p, 0, 0, true, 0, 0});
    build_probes(mixed);
}

void mixed_heap_end(struct mixed_heap *mixed) {
    image_end(&mixed->image);
}

uint64_t mixed_heap_owner(const struct mixed_heap *mixed, uint64_t addr) {
    for (unsigned i = 0; i < MIXED_EXTENTS; i++) {
        if (addr >= mixed->extent[i].base && addr < mixed->extent[i].base + mixed->extent[i].size) {
            return mixed->extent[i].at;
        }
    }
    return 0;
}

uint64_t mixed_heap_before(const struct mixed_heap *mixed, uint64_t addr) {
    uint64_t at = 0;
    for (unsigned i = 0; i < MIXED_EXTENTS; i++) {
        if (mixed->extent[i].base + mixed->extent[i].size <= addr) {
            at = mixed->extent[i].at;
        }
    }
    return at;
}

uint64_t mixed_heap_after(const struct mixed_heap *mixed, uint64_t addr) {
    uint64_t at = 0;
    for (unsigned i = MIXED_EXTENTS; i-- > 0;) {
        if (mixed->extent[i].base > addr) {
            at = mixed->extent[i].at;
        }
    }
    return at;
}

bool mixed_heap_nth(struct mixed_heap *mixed, unsigned n) {
    static const struct {
        enum jh_version version;
        uint8_t lg_vaddr, lg_page;
    } builds[] = {{JH_5_3_0, 48, 12}, {JH_5_3_0, 48, 14}, {JH_5_3_0, 48, 16}, {JH_5_3_0, 57, 12},
                  {JH_5_3_0, 57, 14}, {JH_5_3_0, 57, 16}, {JH_5_0_1, 48, 12}, {JH_5_0_1, 57, 12},
                  {JH_5_2_1, 48, 12}, {JH_5_2_1, 57, 16}, {JH_DEV, 48, 12},   {JH_DEV, 57, 12}};
    if (n >= sizeof(builds) / sizeof(builds[0])) {
        return false;
    }
    mixed_heap_start(mixed, builds[n].version, builds[n].lg_vaddr, builds[n].lg_page);
    return true;
}
