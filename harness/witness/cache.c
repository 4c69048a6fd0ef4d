/* cache: what the thread caches hold, read through jemalloc's own structures. */
#include "family.h"
#include "witness.h"

#include <sys/syscall.h>
#include <unistd.h>

void *cache_of_this_thread(void) {
    return tsd_tcachep_get(tsd_fetch());
}

struct owner owner_of_this_thread(void) {
    struct owner owner = {(int)syscall(SYS_gettid), 0};
#ifdef __aarch64__
    owner.pointer = (uintptr_t)__builtin_thread_pointer();
#endif
    return owner;
}

void *cache_of_id(unsigned id) {
    return tcaches[id].tcache;
}

static void bin_lines(struct truth *truth, void *cache, unsigned szind) {
    const fam_cache_bin *bin = fam_cache_bin_of(cache, szind);
    size_t count = fam_cached(bin);
    if (!fam_cache_bin_used(bin) || fam_cached_max(bin, szind) == 0) {
        return; /* 5.3 gives bins of small classes above tcache_max no room: pages of 16 KiB */
    }
    truth_word(truth, "cache_bin");
    truth_hex(truth, "cache", (uintptr_t)cache);
    truth_hex(truth, "szind", szind);
    truth_hex(truth, "ncached", count);
    truth_hex(truth, "ncached_max", fam_cached_max(bin, szind));
    truth_end(truth);
    for (size_t i = 0; i < count; i++) {
        truth_word(truth, "cached");
        truth_hex(truth, "cache", (uintptr_t)cache);
        truth_hex(truth, "addr", (uintptr_t)fam_cached_item(bin, i));
        truth_hex(truth, "szind", szind);
        truth_end(truth);
    }
}

void cache_write(struct truth *truth, void *cache, struct owner owner) {
    truth_word(truth, "cache");
    truth_hex(truth, "at", (uintptr_t)cache);
    truth_hex(truth, "arena_ind", arena_ind_get(fam_cache_arena(cache)));
    if (owner.thread != 0) {
        truth_hex(truth, "thread", (uint64_t)owner.thread);
    }
    if (owner.pointer != 0) {
        truth_hex(truth, "pointer", owner.pointer);
    }
    truth_end(truth);
    for (unsigned szind = 0; szind < fam_cache_bins(); szind++) {
        bin_lines(truth, cache, szind);
    }
}
