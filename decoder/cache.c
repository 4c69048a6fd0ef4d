/* cache: the bins of thread caches. A bin is a stack of pointers to regions that are parked; it
 * grows down. Up to 5.2 a bin counts them (ncached) from the end of its stack (avail); from 5.3 on
 * it has the address of the last one (stack_head) and the low 16 bits of both ends of the stack.
 *
 * Sources, at each tag: include/jemalloc/internal/{cache_bin,tcache_structs,tcache_types}.h,
 * src/{tcache,cache_bin}.c. */
#include "internal.h"

#define ENDS_MAX (1U << 16) /* bytes between two ends whose low 16 bits are known */

static enum jh_status corrupt(struct jh_fault *fault, uint64_t seen, const char *rule) {
    return jh_fail(fault, JH_CORRUPT, JH_STAGE_CACHE, 0, seen, rule);
}

/* ---- where things are ------------------------------------------------------------------------ */

/* The first of the two names that this build has; false when it has neither. */
static bool either(const struct jh_layout *l, const char *type, const char *one, const char *other,
                   struct jh_member *out) {
    return jh_struct_member(l, type, one, out, NULL) == JH_OK ||
           jh_struct_member(l, type, other, out, NULL) == JH_OK;
}

static uint32_t offset_of(const struct jh_layout *l, const char *type, const char *one,
                          const char *other) {
    struct jh_member m = {.offset = 0};
    (void)either(l, type, one, other, &m);
    return (uint32_t)m.offset;
}

static uint16_t in_bin(const struct jh_layout *l, const char *name) {
    struct jh_member m;
    return either(l, "cache_bin_s", name, name, &m) || either(l, "tcache_bin_s", name, name, &m)
               ? (uint16_t)m.offset
               : 0;
}

static void make_bin(const struct jh_layout *l, struct jh_cache_form *out) {
    struct jh_member m;
    uint64_t size = 0;
    uint32_t align;
    if (jh_struct_size(l, "cache_bin_s", &size, &align, NULL) != JH_OK) {
        (void)!jh_struct_size(l, "tcache_bin_s", &size, &align, NULL); /* what 5.0 calls it */
    }
    out->bin_size = (uint16_t)size;
    out->cursor = jh_struct_member(l, "cache_bin_s", "stack_head", &m, NULL) == JH_OK;
    out->top = in_bin(l, out->cursor ? "stack_head" : "avail");
    out->low_water = in_bin(l, out->cursor ? "low_bits_low_water" : "low_water");
    out->ncached = in_bin(l, "ncached");
    out->full = in_bin(l, "low_bits_full");
    out->empty = in_bin(l, "low_bits_empty");
    out->ncached_max = in_bin(l, "bin_info");
}

enum jh_status jh_cache_form(const struct jh_layout *layout, struct jh_cache_form *out,
                             struct jh_fault *fault) {
    const char *descriptor = "cache_bin_array_descriptor_s", *cache = "tcache_s";
    struct jh_cache_form form = {.slots = layout->sc_nsizes};
    struct jh_member m;
    if (!either(layout, "arena_s", "cache_bin_array_descriptor_ql", "tcache_ql", &m)) {
        return jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_CACHE, 0, 0, "cache.form");
    }
    form.list = (uint32_t)m.offset;
    make_bin(layout, &form);
    if (jh_struct_member(layout, cache, "bins", &m, NULL) == JH_OK) {
        form.small = (uint32_t)m.offset;
        form.large = form.small + form.bin_size * layout->sc_nbins;
        form.slots = (uint32_t)m.count;
    } else {
        form.small = offset_of(layout, cache, "bins_small", "tbins_small");
        form.large = offset_of(layout, cache, "bins_large", "tbins_large");
    }
    form.slow = JH_CACHE_NONE;
    form.arena = offset_of(layout, cache, "arena", "arena");
    if (jh_struct_member(layout, cache, "tcache_slow", &m, NULL) == JH_OK) {
        form.slow = (uint32_t)m.offset;
        form.back = offset_of(layout, "tcache_slow_s", "tcache", "tcache");
        form.arena = offset_of(layout, "tcache_slow_s", "arena", "arena");
    }
    if (either(layout, descriptor, "bins", "bins_small", &m)) {
        form.bins = (uint32_t)m.offset;
        form.link = offset_of(layout, descriptor, "link", "link");
    } else { /* the ring is made of the caches themselves */
        form.bins = JH_CACHE_NONE;
        form.link = offset_of(layout, cache, "link", "link");
    }
    *out = form;
    return JH_OK;
}

uint64_t jh_cache_bin_at(const struct jh_layout *layout, const struct jh_cache_form *form,
                         uint64_t cache, uint32_t szind) {
    uint32_t first = szind < layout->sc_nbins ? 0 : layout->sc_nbins;
    return cache + (first ? form->large : form->small) + (uint64_t)form->bin_size * (szind - first);
}

/* ---- a bin ----------------------------------------------------------------------------------- */

/* From stack_head to the end of the stack: the low bits of addresses wrap. */
static enum jh_status decode_cursor(const struct jh_layout *l, const struct jh_cache_form *f,
                                    const uint8_t *bytes, uint32_t capacity, struct jh_cache_bin *b,
                                    struct jh_fault *fault) {
    const unsigned word = l->build.pointer_size;
    uint64_t head = jh_load(l, bytes + f->top, word);
    uint16_t empty = (uint16_t)jh_load(l, bytes + f->empty, 2);
    uint16_t full = (uint16_t)jh_load(l, bytes + f->full, 2);
    uint16_t low_water = (uint16_t)jh_load(l, bytes + f->low_water, 2);
    uint32_t held = (uint16_t)(empty - head), room = (uint16_t)(empty - full);
    /* Both ends of a disabled bin are one place. Those of a bin that is all stash are as well: the
     * table tells them apart, where there is one, or the place that disabled bins have in common.
     */
    bool apart = capacity != 0 || (f->disabled != 0 && head != f->disabled);
    b->used = head != 0 && (room != 0 || apart);
    if (!b->used) {
        return held == 0 || head == 0 ? JH_OK : corrupt(fault, held, "cache.count");
    }
    capacity = f->ncached_max ? (uint32_t)jh_load(l, bytes + f->ncached_max, 2) : capacity;
    b->ncached_max = capacity ? capacity : room / word;
    if (room % word || b->ncached_max >= ENDS_MAX / word || room / word > b->ncached_max) {
        return corrupt(fault, room, "cache.capacity");
    }
    if (held > room || held % word || (uint16_t)(empty - low_water) > room) {
        return corrupt(fault, held / word, "cache.count");
    }
    b->ncached = held / word;
    b->items = head;
    b->stashed = b->ncached_max - room / word;
    b->stash = head + held - (uint64_t)word * b->ncached_max;
    return JH_OK;
}

static enum jh_status decode_count(const struct jh_layout *l, const struct jh_cache_form *f,
                                   const uint8_t *bytes, uint32_t capacity, struct jh_cache_bin *b,
                                   struct jh_fault *fault) {
    const unsigned word = l->build.pointer_size;
    uint64_t avail = jh_load(l, bytes + f->top, word);
    uint32_t ncached = (uint32_t)jh_load(l, bytes + f->ncached, 4);
    uint32_t low_water = (uint32_t)jh_load(l, bytes + f->low_water, 4);
    uint32_t most = capacity ? capacity : ENDS_MAX; /* far more than any option makes */
    b->used = avail != 0;
    b->ncached_max = capacity;
    if (!b->used) {
        return JH_OK;
    }
    if (ncached == UINT32_MAX) { /* -1: of an empty bin, in the middle of taking from it */
        ncached = 0;
    }
    if (ncached > most || (low_water != UINT32_MAX && low_water > most)) {
        return corrupt(fault, ncached, "cache.count");
    }
    b->ncached = ncached;
    b->items = avail - (uint64_t)word * ncached;
    return JH_OK;
}

enum jh_status jh_cache_bin_decode(const struct jh_layout *layout, const struct jh_cache_form *form,
                                   const uint8_t *bytes, uint32_t capacity,
                                   struct jh_cache_bin *out, struct jh_fault *fault) {
    struct jh_cache_bin b = {.at = 0};
    enum jh_status status = form->cursor ? decode_cursor(layout, form, bytes, capacity, &b, fault)
                                         : decode_count(layout, form, bytes, capacity, &b, fault);
    if (status == JH_OK) {
        *out = b;
    }
    return status;
}

enum jh_status jh_cache_bin_read(const struct jh_heap *heap, const struct jh_cache_form *form,
                                 uint64_t cache, uint32_t szind, uint32_t capacity,
                                 struct jh_cache_bin *out, struct jh_fault *fault) {
    uint8_t buf[JH_CACHE_BIN_MAX];
    const uint8_t *bytes;
    uint64_t at = jh_cache_bin_at(heap->layout, form, cache, szind);
    enum jh_status status = jh_fetch(&heap->reader, at, form->bin_size, buf, &bytes, fault);
    struct jh_fault own;
    if (status != JH_OK) {
        return status;
    }
    status = jh_cache_bin_decode(heap->layout, form, bytes, capacity, out, &own);
    if (status != JH_OK) {
        return jh_fail(fault, status, JH_STAGE_CACHE, at, own.seen, own.rule);
    }
    out->at = at;
    out->szind = szind;
    return JH_OK;
}
