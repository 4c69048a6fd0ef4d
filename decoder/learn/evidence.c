/* evidence.c - values that jemalloc computes at run time, from its variables: bins, the large pad,
 * an option. */
#include "learn/evidence.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static void read_bins(struct jt_target *target, const char *name, struct jt_variables *out) {
    uint64_t at, size;
    for (size_t i = 0; i < JT_BIN_TABLES; i++) {
        struct jt_bin_table *table = &out->bins[i];
        size_t got = 0;
        if (table->name != NULL && strcmp(table->name, name) == 0) {
            return; /* another version has the same name for the table */
        }
        if (table->name != NULL || !jt_symbol(target, name, &at, &size) ||
            size > sizeof table->bytes) {
            continue;
        }
        (void)target->heap.reader.read(target->heap.reader.arg, at, table->bytes, (size_t)size,
                                       &got);
        table->name = got == size ? name : NULL;
        table->size = (size_t)size;
        return;
    }
}

void jt_variables_read(struct jt_target *target, struct jt_variables *out) {
    uint64_t at, size, flag;
    out->bins[0].name = out->bins[1].name = NULL;
    out->pad_known = out->by_size_known = false;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        read_bins(target, jh_family((enum jh_version)v)->bin_info, out);
    }
    if (jt_symbol(target, "sz_large_pad", &at, &size) && size == target->priv->words) {
        out->pad_known = jt_read_word(target, at, &out->pad);
    }
    if (jt_symbol(target, "opt_disable_large_size_classes", &at, &size) && size == 1 &&
        jt_read_number(target, at, 1, &flag) && flag <= 1) {
        out->by_size_known = true;
        out->by_size = flag != 0;
    }
}

/* ---- bins ----------------------------------------------------------------------------------- */

/* Offsets in bin_info_t: two sizes, then two ints, unless debug information says otherwise. */
struct bin_offsets {
    uint32_t stride, reg_size, slab_size, nregs, n_shards;
};

static uint32_t or_else(uint32_t seen, uint32_t otherwise) {
    return seen == JT_DWARF_UNKNOWN || seen > JT_BIN_INFO_MAX ? otherwise : seen;
}

static bool number_in(const struct jt_bin_table *table, const struct jh_build *build, size_t at,
                      unsigned size, uint64_t *out) {
    if (at > table->size || table->size - at < size) {
        return false;
    }
    *out = 0;
    for (unsigned i = 0; i < size; i++) {
        *out = *out << 8 | table->bytes[at + (build->little_endian ? size - 1 - i : i)];
    }
    return true;
}

static bool take_bin(const struct jt_bin_table *table, const struct jh_layout *layout, size_t at,
                     const struct bin_offsets *o, struct jh_bin *bin) {
    const struct jh_build *b = &layout->build;
    uint64_t nregs, n_shards = bin->n_shards;
    if (!number_in(table, b, at + o->reg_size, b->pointer_size, &bin->reg_size) ||
        !number_in(table, b, at + o->slab_size, b->pointer_size, &bin->slab_size) ||
        !number_in(table, b, at + o->nregs, 4, &nregs) ||
        (jh_family(b->version)->bin_shards &&
         (!number_in(table, b, at + o->n_shards, 4, &n_shards) || n_shards > JT_SHARDS_MAX))) {
        return false;
    }
    bin->nregs = (uint32_t)nregs;
    bin->n_shards = (uint32_t)n_shards;
    return true;
}

static bool is_sound(const struct jh_layout *layout, uint32_t index, const struct jh_bin *bin) {
    uint64_t page = (uint64_t)1 << layout->build.lg_page;
    return bin->reg_size == jh_index2size(layout, index) && bin->slab_size != 0 &&
           bin->slab_size % page == 0 && bin->nregs == bin->slab_size / bin->reg_size &&
           bin->nregs <= 8 * JH_BITMAP_MAX;
}

static const struct jt_bin_table *table_of(const struct jt_variables *variables,
                                           const struct jh_layout *layout) {
    const char *name = jh_family(layout->build.version)->bin_info;
    for (size_t i = 0; i < JT_BIN_TABLES; i++) {
        const struct jt_bin_table *table = &variables->bins[i];
        if (table->name != NULL && strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

bool jt_bins_from_table(const struct jt_bin_table *table, const struct jt_dwarf *dwarf,
                        struct jh_layout *layout) {
    uint32_t word = layout->build.pointer_size;
    struct bin_offsets o = {0, or_else(dwarf->reg_size, 0), or_else(dwarf->slab_size, word),
                            or_else(dwarf->nregs, 2 * word),
                            or_else(dwarf->n_shards, 2 * word + 4)};
    struct jh_bin bin[JH_BINS_MAX];
    if (layout->sc_nbins == 0 || table->size % layout->sc_nbins != 0 ||
        table->size / layout->sc_nbins > JT_BIN_INFO_MAX) {
        return false;
    }
    o.stride = or_else(dwarf->bin_info_size, (uint32_t)(table->size / layout->sc_nbins));
    memcpy(bin, layout->bin, sizeof bin);
    for (uint32_t i = 0; i < layout->sc_nbins; i++) {
        if (!take_bin(table, layout, (size_t)i * o.stride, &o, &bin[i]) ||
            !is_sound(layout, i, &bin[i])) {
            return false;
        }
    }
    memcpy(layout->bin, bin, sizeof bin);
    return true;
}

bool jt_bins_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout) {
    const struct jt_bin_table *table = table_of(&evidence->variables, layout);
    return table != NULL && jt_bins_from_table(table, &evidence->dwarf, layout);
}

/* ---- large pad, opt_disable_large_size_classes ---------------------------------------------- */

bool jt_pad_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout) {
    const struct jt_variables *v = &evidence->variables;
    if (!v->pad_known || (v->pad != 0 && v->pad != (uint64_t)1 << layout->build.lg_page)) {
        return false;
    }
    layout->large_pad = v->pad;
    return true;
}

bool jt_by_size_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout) {
    if (!layout->large_by_size || !evidence->variables.by_size_known) {
        return false;
    }
    layout->large_by_size = evidence->variables.by_size;
    return true;
}
