/* numbers_bins.c - the bins of an arena: where they are, what they count.
 *
 * Up to 5.1 arena_t has an array of them; in 5.2 an array of pointers to the shards of each; since
 * 5.3 they stand behind arena_t, all shards of a class after those of the class before (arena_boot,
 * arena_bin_offsets). */
#include <string.h>

#include "heap/numbers.h"
#include "heap/inside.h"

enum { BIN_BYTES_MAX = 512 }; /* of a bin_t of a debug build */

static const char *const bin_path[JT_BIN_COUNTERS] = {
    [JT_BIN_NMALLOC] = "stats.nmalloc",     [JT_BIN_NDALLOC] = "stats.ndalloc",
    [JT_BIN_NREQUESTS] = "stats.nrequests", [JT_BIN_CURREGS] = "stats.curregs",
    [JT_BIN_NFILLS] = "stats.nfills",       [JT_BIN_NFLUSHES] = "stats.nflushes",
    [JT_BIN_NSLABS] = "stats.nslabs",       [JT_BIN_RESLABS] = "stats.reslabs",
    [JT_BIN_CURSLABS] = "stats.curslabs",   [JT_BIN_NONFULL] = "stats.nonfull_slabs"};

static bool has(const struct jh_layout *l, const char *type, const char *path,
                struct jh_member *out) {
    return jh_struct_member(l, type, path, out, NULL) == JH_OK;
}

const char *jt_bin_struct(const struct jh_layout *layout) {
    struct jh_member m;
    return has(layout, "bin_s", "lock", &m) ? "bin_s" : "arena_bin_s";
}

void jt_bins_learn(const struct jh_layout *l, struct jt_bins_form *f) {
    struct jh_member array, m;
    uint32_t align;
    *f = (struct jt_bins_form){.size = 0};
    f->behind = has(l, "arena_s", "all_bins", &array);
    if ((!f->behind && !has(l, "arena_s", "bins", &array)) ||
        jh_struct_size(l, jt_bin_struct(l), &f->size, &align, NULL) != JH_OK ||
        f->size > BIN_BYTES_MAX) {
        f->size = 0;
        return;
    }
    f->at = array.offset;
    f->behind |= array.count == 0;
    f->pointers = has(l, "arena_s", "bins.bin_shards", &m);
    for (unsigned i = 0; i < JT_BIN_COUNTERS; i++) {
        if (has(l, jt_bin_struct(l), bin_path[i], &m) && m.size <= 8) {
            f->offset[i] = (uint32_t)m.offset;
            f->bytes[i] = (uint8_t)m.size;
            f->known |= 1u << i;
        }
    }
}

static uint32_t shards_of(const struct jt_target *target, uint32_t szind) {
    uint32_t n = target->layout.bin[szind].n_shards;
    return n < JT_SHARDS_MAX ? n : JT_SHARDS_MAX;
}

/* Are there as many as the layout says? 0 is not known. */
static bool shards_known(const struct jt_target *target) {
    bool known = true;
    for (uint32_t i = 0; i < target->layout.sc_nbins; i++) {
        known &= target->layout.bin[i].n_shards != 0;
    }
    return known;
}

uint64_t jt_bin_at(struct jt_target *target, const struct jt_arena *arena, uint32_t szind,
                   uint32_t shard) {
    const struct jt_bins_form *f = &jt_numbers_form(target)->bins;
    uint64_t array = arena->at + f->at, place = szind;
    if (arena->at == 0 || f->size == 0 || !shards_known(target)) {
        return 0;
    }
    if (f->pointers) {
        place = shard;
        if (!jt_read_word(target, array + (uint64_t)szind * target->priv->words, &array) ||
            array == 0) {
            return 0;
        }
    } else if (f->behind) {
        place = shard;
        for (uint32_t i = 0; i < szind; i++) {
            place += shards_of(target, i);
        }
    }
    return array + place * f->size;
}

static bool add_bin(struct jt_target *target, const struct jt_bins_form *f, uint64_t at,
                    uint64_t sum[JT_BIN_COUNTERS]) {
    uint8_t bytes[BIN_BYTES_MAX];
    if (at == 0 || jh_read(&target->heap.reader, at, bytes, f->size, NULL) != JH_OK) {
        return false;
    }
    for (unsigned i = 0; i < JT_BIN_COUNTERS; i++) {
        sum[i] += f->bytes[i] == 0 ? 0 : jt_number_at(target, bytes + f->offset[i], f->bytes[i]);
    }
    return true;
}

/* Of bins that are elsewhere than they were looked for. */
static bool contradict(const struct jt_target *target, const struct jt_numbers *c) {
    for (uint32_t i = 0; i < target->layout.sc_nbins; i++) {
        const uint64_t *v = c->bin[i];
        if (v[JT_BIN_CURSLABS] > UINT32_MAX ||
            v[JT_BIN_CURREGS] > v[JT_BIN_CURSLABS] * target->layout.bin[i].nregs) {
            return true;
        }
    }
    return false;
}

void jt_numbers_bins(struct jt_target *target, const struct jt_arena *arena,
                     struct jt_numbers *out) {
    const struct jt_bins_form *f = &jt_numbers_form(target)->bins;
    bool known = shards_known(target), all = known;
    for (uint32_t i = 0; all && i < target->layout.sc_nbins; i++) {
        for (uint32_t shard = 0; all && shard < shards_of(target, i); shard++) {
            all = add_bin(target, f, jt_bin_at(target, arena, i, shard), out->bin[i]);
        }
    }
    enum jt_source source = target->source[JT_PART_BINS];
    bool sure = source == JT_MEMORY || source == JT_INFERRED; /* else nobody has read the table */
    out->unread |= known && f->size != 0 && arena->at != 0 && !all;
    if (!all || (!sure && contradict(target, out))) {
        memset(out->bin, 0, sizeof out->bin);
        return;
    }
    out->bins_known = true;
    out->bin_known = f->known;
}
