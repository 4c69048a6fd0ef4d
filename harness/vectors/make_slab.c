/* make_slab: bitmaps, and the bins of thread caches. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "make.h"

/* LG_BITMAP_MAXBITS, BITMAP_USE_TREE (bitmap.h). */
static bool tree_bitmap(const struct jh_layout *l) {
    unsigned classes = jh_lg_ceil(l->sc_nsizes), regions = l->sc_lg_slab_maxregs;
    unsigned bits = classes > regions ? classes : regions;
    return bits - (l->build.pointer_size == 8 ? 6U : 5U) > 3;
}

static void slab_question(struct maker *m, const struct jh_extent *e, const uint8_t *bitmap,
                          size_t len, uint64_t addr, const char *result, const char *comment) {
    const struct jh_layout *l = &m->answerer.layout;
    struct flags flags = {.count = 0};
    struct json_object *question = make_question("slab");
    put_number(question, "szind", e->szind);
    put_number(question, "nfree", e->nfree);
    put_address(question, "base", e->base);
    make_hex(question, "bytes", bitmap, len);
    if (addr) {
        put_address(question, "addr", addr);
    }
    make_layout_flags(l, &flags);
    if (tree_bitmap(l)) {
        flags_add(&flags, "TreeBitmap");
    }
    if (e->nfree) {
        flags_add(&flags, "FreeRegion");
    }
    make_test(m, question, &flags, result, comment);
}

static void bent_slab(struct maker *m, const struct jh_extent *e, const struct jh_slab *slab,
                      size_t len) {
    struct jh_extent other = *e;
    uint8_t bits[JH_BITMAP_MAX];
    unsigned word = m->answerer.layout.build.pointer_size, behind = slab->nregs % (8 * word);
    if (make_wants(m, 2, "nfree")) {
        other.nfree = e->nfree ? e->nfree - 1 : 1;
        slab_question(m, &other, slab->bitmap, len, 0, "corrupt", "nfree is not the free regions");
    }
    if (behind && make_wants(m, 2, "behind")) {
        struct jh_field last = {(uint16_t)(len - word), (uint8_t)word, (uint8_t)behind, 1};
        memcpy(bits, slab->bitmap, len);
        make_put_field(&m->answerer.layout, bits, last, 1);
        slab_question(m, e, bits, len, 0, "corrupt", "a bit behind the last region");
    }
}

static void one_slab(struct maker *m, const struct jh_extent *e) {
    const struct jh_layout *l = &m->answerer.layout;
    struct jh_slab slab;
    char sort[96];
    size_t word = l->build.pointer_size;
    snprintf(sort, sizeof(sort), "%" PRIu32 " %d %d", e->szind / 2, e->nfree == 0,
             e->nfree == l->bin[e->szind].nregs);
    if (!make_wants(m, 1, sort) ||
        jh_slab_read(&m->answerer.target->heap, e, &slab, NULL) != JH_OK) {
        return;
    }
    size_t len = (slab.nregs + 8 * word - 1) / (8 * word) * word;
    uint64_t reg = slab.reg_size, end = e->base + slab.nregs * reg;
    uint64_t addr[] = {e->base, e->base + reg - 1, e->base + (slab.nregs / 2) * reg, end - 1, end};
    slab_question(m, e, slab.bitmap, len, addr[m->id % 5], "valid", "a slab of this heap");
    bent_slab(m, e, &slab, len);
}

void make_slab(struct maker *m) {
    const struct truth_list *list = &m->truth->list[TRUTH_EXTENT];
    make_file_start(m, "slab");
    make_group(m, NULL, 0);
    for (size_t i = 0; i < list->count; i++) {
        struct jh_extent e;
        uint64_t at = truth_get(TRUTH_EXTENT, &list->record[i], KEY_AT);
        if (jh_extent_read(&m->answerer.target->heap, at, &e, NULL) == JH_OK &&
            jh_extent_is_slab(&e)) {
            one_slab(m, &e);
        }
    }
    make_file_end(m);
}

/* ---- cache ----------------------------------------------------------------------------------- */

static void cache_question(struct maker *m, const uint8_t *bytes, size_t len, uint32_t szind,
                           uint32_t capacity, const char *trap, const char *result,
                           const char *comment) {
    struct flags flags = {.count = 0};
    struct json_object *question = make_question("cache");
    put_number(question, "szind", szind);
    put_number(question, "capacity", capacity);
    make_hex(question, "bytes", bytes, len);
    make_layout_flags(&m->answerer.layout, &flags);
    if (trap) {
        flags_add(&flags, trap);
    }
    make_test(m, question, &flags, result, comment);
}

static uint64_t load(const struct jh_layout *l, const uint8_t *at, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[l->build.little_endian ? i : size - 1 - i] << (8 * i);
    }
    return value;
}

/* Two pointers at the far end of the stack become stash; more are cached than fit. */
static void bent_bins(struct maker *m, const struct jh_cache_form *f, const uint8_t *bytes,
                      const struct jh_cache_bin *bin, uint32_t capacity) {
    const struct jh_layout *l = &m->answerer.layout;
    uint8_t copy[JH_CACHE_BIN_MAX];
    uint8_t word = l->build.pointer_size;
    bool room = bin->ncached_max > bin->ncached + 2 && bin->ncached;
    memcpy(copy, bytes, f->bin_size);
    if (f->cursor && room && make_wants(m, 3, "stashed")) {
        struct jh_field full = {f->full, 2, 0, 16};
        make_put_field(l, copy, full, load(l, copy + f->full, 2) + 2U * word);
        cache_question(m, copy, f->bin_size, bin->szind, bin->ncached_max, "Stashed", "valid",
                       "a bin that two regions are held back in");
        memcpy(copy, bytes, f->bin_size);
    }
    if (room && capacity && make_wants(m, 3, "count")) {
        struct jh_field top = {f->top, word, 0, (uint8_t)(8 * word)};
        struct jh_field count = {f->ncached, 4, 0, 32};
        if (f->cursor) {
            make_put_field(l, copy, top, load(l, copy + f->top, word) - 8U * word * capacity);
        } else {
            make_put_field(l, copy, count, capacity + 1);
        }
        cache_question(m, copy, f->bin_size, bin->szind, capacity, NULL, "corrupt",
                       "more regions than there is room for");
    }
}

static void one_bin(struct maker *m, const struct jh_cache_form *f,
                    const struct jh_cache_bin *bin) {
    uint8_t bytes[JH_CACHE_BIN_MAX];
    char sort[96];
    uint32_t capacity = f->ncached_max ? 0 : bin->ncached_max;
    snprintf(sort, sizeof(sort), "%d %d %d", bin->ncached == 0, bin->stashed == 0,
             bin->szind < m->answerer.layout.sc_nbins);
    if (jh_read(&m->live->heap.reader, bin->at, bytes, f->bin_size, NULL) != JH_OK) {
        return;
    }
    if (make_wants(m, 6, sort)) {
        cache_question(m, bytes, f->bin_size, bin->szind, capacity,
                       bin->stashed   ? "Stashed"
                       : bin->ncached ? NULL
                                      : "EmptyBin",
                       "valid", "a bin of this heap");
    }
    bent_bins(m, f, bytes, bin, bin->ncached_max);
}

void make_cache(struct maker *m) {
    const struct jt_caches *all = jt_caches(m->live);
    struct jh_cache_form form;
    make_file_start(m, "cache");
    make_group(m, NULL, 0);
    if (jh_cache_form(&m->answerer.layout, &form, NULL) == JH_OK) {
        for (size_t i = 0; i < all->bins; i++) {
            one_bin(m, &form, &all->bin[i].known);
        }
    }
    make_file_end(m);
}
