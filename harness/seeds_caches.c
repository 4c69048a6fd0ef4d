/* seeds_caches.c - makes seeds as targets/fuzz_cache.c reads them: payload, then tail. */
#include "seeds_caches.h"

#include <string.h>

#include "builds.h"

struct kinds {
    bool seen[16];
    size_t count;
};

/* The kind of a bin: how full it is, and whether its class is small or large. */
static unsigned kind_of(const struct jt_target *target, const struct jh_cache_bin *bin) {
    unsigned full = bin->ncached == 0 ? 0 : bin->ncached < bin->ncached_max ? 1 : 2;
    bool large = bin->szind >= target->layout.sc_nbins;
    return full + (bin->stashed ? 4 : 0) + (large ? 8 : 0);
}

static bool put_bin(const struct jt_target *target, const struct jh_cache_form *form,
                    uint64_t cache, const struct jh_cache_bin *bin, size_t number, seed_put_fn *put,
                    void *arg) {
    const struct jh_layout *l = &target->layout;
    /* the bin; 16 bytes with numbers of a bin to be written, 0; the tail: size class, address of
     * the cache, capacity, layout */
    uint8_t bytes[JH_CACHE_BIN_MAX + 16 + 11 + FUZZ_LAYOUT_BYTES] = {0};
    uint8_t *tail = bytes + form->bin_size + 16;
    char what[32];
    if (jh_read(&target->heap.reader, bin->at, bytes, form->bin_size, NULL) != JH_OK) {
        return true; /* without its bytes there is no seed of this bin */
    }
    tail[0] = (uint8_t)bin->szind;
    for (unsigned i = 0; i < 8; i++) {
        tail[1 + i] = (uint8_t)(cache >> 8 * i);
    }
    tail[9] = (uint8_t)bin->ncached_max;
    tail[10] = (uint8_t)(bin->ncached_max >> 8);
    snprintf(what, sizeof(what), "%zu", number);
    return !fuzz_layout_bytes(&l->build, tail + 11) ||
           put(arg, "cache", what, bytes, form->bin_size + 16U + 11U + FUZZ_LAYOUT_BYTES);
}

bool seeds_caches(struct jt_target *target, seed_put_fn *put, void *arg) {
    const struct jt_caches *all = jt_caches(target);
    struct jh_cache_form form;
    struct kinds kinds = {.count = 0};
    bool good = jh_cache_form(&target->layout, &form, NULL) == JH_OK;
    for (size_t i = 0; good && i < all->bins; i++) {
        const struct jh_cache_bin *bin = &all->bin[i].known;
        unsigned kind = kind_of(target, bin);
        if (!kinds.seen[kind]) {
            kinds.seen[kind] = true;
            good = put_bin(target, &form, all->cache[all->bin[i].cache].at, bin, kinds.count++, put,
                           arg);
        }
    }
    return good;
}
