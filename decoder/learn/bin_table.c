/* bin_table.c - jemalloc's table of bins, where no symbol leads to it.
 *
 * bin_infos is a variable of the module that has the root (src/bin.c in 5.2.0, src/bin_info.c
 * later), filled when the program starts. It is known by what stands in it: the sizes of regions of
 * all small classes, one behind the other, each with slabs of whole pages and as many regions as
 * these have room for. */
#include <stdlib.h>
#include <string.h>

#include "learn/root_scan.h"

#define AROUND (UINT64_C(16) << 20) /* bytes on both sides of the root */
#define PAGE 4096u
#define PIECE (16 * PAGE)

struct search {
    struct jt_target *target;
    const struct jt_dwarf *dwarf;
    struct jh_layout best, own; /* with the first table that was found; to try a table on */
    uint64_t size[2];           /* of regions of the first two bins */
    size_t stride, found;       /* bytes from one to the next; tables */
    bool differ;
    struct jt_bin_table table;
    uint8_t bytes[PIECE + JH_BINS_MAX * JT_BIN_INFO_MAX];
};

static bool same_bins(const struct jh_layout *a, const struct jh_layout *b) {
    return memcmp((const char *)a->bin, (const char *)b->bin, a->sc_nbins * sizeof a->bin[0]) == 0;
}

static bool has_shards(const struct jh_layout *l) {
    bool all = true;
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        all &= l->bin[i].n_shards != 0;
    }
    return all;
}

static void try_table(struct search *s, const uint8_t *bytes) {
    memcpy(s->table.bytes, bytes, s->table.size);
    if (!jt_bins_from_table(&s->table, s->dwarf, &s->own) || !has_shards(&s->own)) {
        return;
    }
    s->differ |= s->found++ != 0 && !same_bins(&s->best, &s->own);
    s->best = s->own;
}

/* What begins in the first piece of what was read. */
static void look_at(struct search *s, size_t len) {
    const unsigned word = s->target->priv->words;
    for (size_t i = 0; i < PIECE && i + s->table.size <= len; i += word) {
        const uint8_t *at = s->bytes + i;
        if (jt_number_at(s->target, at, word) == s->size[0] &&
            jt_number_at(s->target, at + s->stride, word) == s->size[1]) {
            try_table(s, at);
        }
    }
}

/* Some pages may be absent. */
static void read_pages(const struct jt_target *target, uint64_t from, uint8_t *out, size_t len) {
    if (jh_read(&target->heap.reader, from, out, len, NULL) == JH_OK) {
        return;
    }
    for (size_t i = 0, size; i < len; i += size) {
        size = PAGE - (from + i) % PAGE < len - i ? PAGE - (from + i) % PAGE : len - i;
        if (jh_read(&target->heap.reader, from + i, out + i, size, NULL) != JH_OK) {
            memset(out + i, 0, size);
        }
    }
}

static void look_in(struct search *s, struct jt_range memory) {
    const unsigned word = s->target->priv->words;
    uint64_t from = (memory.start + word - 1) / word * word;
    for (; from < memory.end; from += PIECE) {
        uint64_t left = memory.end - from;
        size_t len = left < PIECE + s->table.size ? (size_t)left : PIECE + s->table.size;
        read_pages(s->target, from, s->bytes, len);
        if (!jt_all_zero(s->bytes, len)) {
            look_at(s, len);
        }
    }
}

/* Writable memory of the module that has the root, or whatever is mapped, around it. */
static void choose_memory(const struct jt_target *target, uint64_t root, struct jt_ranges *out) {
    const struct jt_private *p = target->priv;
    struct jt_range around = {root < AROUND ? 0 : root - AROUND, root + AROUND};
    if (target->jemalloc != NULL) {
        jt_module_writable(target, target->jemalloc, out);
    }
    if (!jt_ranges_hold(out->range, out->count, root)) {
        for (size_t i = 0; i < p->mapped_count; i++) {
            jt_ranges_add(out, p->mapped[i].start, p->mapped[i].end - p->mapped[i].start);
        }
        jt_ranges_merge(out);
    }
    jt_ranges_cut(out, &around, 1, true);
}

/* Bytes of a bin_info_t, as debug information or jemalloc's own struct has them; 0: not known. */
static size_t stride_of(const struct jh_layout *l, const struct jt_dwarf *dwarf) {
    uint64_t size = dwarf->bin_info_size;
    uint32_t align;
    if (size == JT_DWARF_UNKNOWN && jh_struct_size(l, "bin_info_s", &size, &align, NULL) != JH_OK) {
        return 0;
    }
    return size <= JT_BIN_INFO_MAX && l->sc_nbins > 1 ? (size_t)size : 0;
}

bool jt_bins_find(struct jt_target *target, const struct jt_dwarf *dwarf, uint64_t root,
                  struct jh_layout *layout) {
    struct jt_ranges memory = {NULL, 0, 0, false};
    size_t stride = stride_of(layout, dwarf);
    struct search *s = stride != 0 ? calloc(1, sizeof *s) : NULL;
    if (s == NULL) {
        target->memory_ran_out |= stride != 0;
        return false;
    }
    s->target = target;
    s->dwarf = dwarf;
    s->own = *layout;
    s->size[0] = jh_index2size(layout, 0);
    s->size[1] = jh_index2size(layout, 1);
    s->stride = stride;
    s->table.size = stride * layout->sc_nbins;
    choose_memory(target, root, &memory);
    target->memory_ran_out |= memory.lost;
    for (size_t i = 0; i < memory.count; i++) {
        look_in(s, memory.range[i]);
    }
    bool good = s->found != 0 && !s->differ;
    if (good) {
        *layout = s->best;
    }
    jt_ranges_free(&memory);
    free(s);
    return good;
}
