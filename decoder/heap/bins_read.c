/* bins_read.c - the bins of an arena, all shards: what they count, the slab that they take from,
 * and where the heap and the list of their other slabs begin. numbers_bins.c says where a bin is.
 */
#include "heap/counters.h"
#include "heap/numbers.h"

/* Where things are in bin_s. */
struct form {
    uint64_t slabcur, heap;
};

static bool offset_in(const struct jh_layout *l, const char *path, uint64_t *out) {
    struct jh_member m;
    bool good = jh_struct_member(l, jt_bin_struct(l), path, &m, NULL) == JH_OK;
    *out = good ? m.offset : 0;
    return good;
}

static bool learn(const struct jh_layout *l, struct form *out) {
    return offset_in(l, "slabcur", &out->slabcur) &&
           (offset_in(l, "slabs_nonfull.root", &out->heap) ||
            offset_in(l, "slabs_nonfull", &out->heap));
}

static void take_counters(const struct jt_counters *c, uint64_t at, uint32_t bin,
                          struct jt_recorded *out) {
    static const struct {
        enum jt_bin_counter counter;
        enum jh_counter kind;
    } row[] = {{JT_BIN_CURREGS, JH_COUNT_REGIONS},
               {JT_BIN_CURSLABS, JH_COUNT_SLABS},
               {JT_BIN_NONFULL, JH_COUNT_NONFULL}};
    const struct jt_bins_form *f = &jt_numbers_form(c->target)->bins;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint64_t place = at + f->offset[row[i].counter], value;
        unsigned size = f->bytes[row[i].counter];
        if (size != 0 && jt_read_number(c->target, place, size, &value)) {
            jt_recorded_set(out, c->counting.first[row[i].kind] + bin, place, value);
        }
    }
}

/* It must be a slab of the bin, as the walk has given it. */
static void check_slabcur(const struct jt_counters *c, uint32_t arena, uint32_t bin, uint64_t at,
                          uint64_t slab) {
    const struct jt_node *node = jt_node_at(c, slab);
    if (node == NULL || !node->slab || node->set != bin || node->arena != arena) {
        jt_check_say(c->check, at, slab, "bin.slabcur");
    }
}

static bool take_bin(struct jt_counters *c, uint32_t arena, const struct form *f, uint64_t at,
                     uint32_t bin, struct jt_recorded *out) {
    uint64_t slab, first;
    if (!jt_read_word(c->target, at + f->slabcur, &slab) ||
        !jt_read_word(c->target, at + f->heap, &first)) {
        return false;
    }
    out->slabcur[bin] = slab;
    if (slab != 0 && c->sound) {
        check_slabcur(c, arena, bin, at + f->slabcur, slab);
    }
    jt_list_of_bin(c, arena, bin, at, slab);
    return first == 0 || jt_head_add(c, arena, bin, at + f->heap, first);
}

void jt_bins_read(struct jt_counters *c, uint32_t arena, bool stats, struct jt_recorded *out) {
    const struct jh_layout *l = &c->target->layout;
    const struct jt_arena *a = &c->target->priv->base->arenas.arena[arena];
    bool shards = jh_family(l->build.version)->bin_shards;
    struct form f;
    if (!learn(l, &f) || (shards && !a->known.shards_known)) {
        c->headed[arena] = false;
        return;
    }
    for (uint32_t szind = 0; szind < l->sc_nbins; szind++) {
        uint32_t count = c->counting.bin[szind + 1] - c->counting.bin[szind];
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bin = c->counting.bin[szind] + i;
            uint64_t at = jt_bin_at(c->target, a, szind, i);
            bool known = at != 0 && take_bin(c, arena, &f, at, bin, out);
            if (known && stats) {
                take_counters(c, at, bin, out);
            }
            c->headed[arena] &= known;
        }
    }
}
