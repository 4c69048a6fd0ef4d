/* cache: what the thread caches hold, read through jemalloc's own structures. */
#include "family.h"
#include "witness.h"

void *cache_of_this_thread(void) {
    return tsd_tcachep_get(tsd_fetch());
}

void *cache_of_id(unsigned id) {
    return tcaches[id].tcache;
}

void cache_write(struct truth *truth, void *cache) {
    for (unsigned szind = 0; szind < fam_cache_bins(); szind++) {
        const fam_cache_bin *bin = fam_cache_bin_of(cache, szind);
        size_t count = fam_cached(bin);
        for (size_t i = 0; i < count; i++) {
            truth_word(truth, "cached");
            truth_hex(truth, "addr", (uintptr_t)fam_cached_item(bin, i));
            truth_hex(truth, "szind", szind);
            truth_end(truth);
        }
    }
}
