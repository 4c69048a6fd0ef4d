/* layout_macros.c - what the macros of debug information (-g3) tell: the parameters of the build,
 * and the bit fields of e_bits. */
#include <string.h>

#include "learn/inside.h"

/* ---- build parameters ----------------------------------------------------------------------- */

static bool read_constant(struct jt_dwarf *dwarf, const char *name, uint64_t most, uint64_t *out) {
    return dwarf->macros != NULL && jt_macros_value(dwarf->macros, name, out) && *out <= most;
}

static void take_u8(struct jt_target *target, struct jt_dwarf *dwarf, const char *name,
                    enum jt_part part, uint8_t *out) {
    uint64_t value;
    if (!read_constant(dwarf, name, 64, &value)) {
        return;
    }
    *out = (uint8_t)value;
    target->source[part] = JT_DWARF;
}

/* Takes the version from the quoted text of JEMALLOC_VERSION. */
static void take_version(struct jt_target *target, struct jt_dwarf *dwarf, struct jh_build *build) {
    const char *text = jt_macros_text(dwarf->macros, "JEMALLOC_VERSION");
    const char *start = text == NULL ? NULL : strchr(text, '"');
    const char *end = start == NULL ? NULL : strchr(start + 1, '"');
    size_t len = end == NULL ? 0 : (size_t)(end - start - 1);
    if (len == 0 || len >= sizeof target->version_string) {
        return;
    }
    memcpy(target->version_string, start + 1, len);
    target->version_string[len] = 0;
    if (jh_version_parse(target->version_string, &build->version) == JH_OK) {
        target->source[JT_PART_VERSION] = JT_DWARF;
    }
}

void jt_build_from_macros(struct jt_target *target, struct jt_dwarf *dwarf,
                          struct jh_build *build) {
    uint64_t value;
    if (dwarf->mutex_size <= UINT8_MAX) {
        build->pthread_mutex_size = (uint8_t)dwarf->mutex_size;
    }
    if (dwarf->macros == NULL) {
        return;
    }
    take_version(target, dwarf, build);
    take_u8(target, dwarf, "LG_VADDR", JT_PART_LG_VADDR, &build->lg_vaddr);
    take_u8(target, dwarf, "LG_PAGE", JT_PART_LG_PAGE, &build->lg_page);
    take_u8(target, dwarf, "LG_QUANTUM", JT_PART_LG_QUANTUM, &build->lg_quantum);
    if (read_constant(dwarf, "SC_LG_SLAB_MAXREGS", 32, &value) ||
        read_constant(dwarf, "LG_SLAB_MAXREGS", 32, &value)) {
        build->lg_slab_maxregs = value + 3 == build->lg_page ? 0 : (uint8_t)value;
    }
    build->debug = jt_macros_text(dwarf->macros, "JEMALLOC_DEBUG") != NULL;
    target->source[JT_PART_DEBUG] = JT_DWARF;
    build->cache_oblivious = jt_macros_text(dwarf->macros, "JEMALLOC_CACHE_OBLIVIOUS") != NULL;
    target->source[JT_PART_LARGE_PAD] = JT_DWARF;
    build->stats = jt_macros_text(dwarf->macros, "JEMALLOC_STATS") != NULL;
    build->prof = jt_macros_text(dwarf->macros, "JEMALLOC_PROF") != NULL;
}

/* ---- bit fields ----------------------------------------------------------------------------- */

static const char *const macro_name[JH_EXTENT_BITS] = {
    [JH_EXTENT_ARENA] = "ARENA",
    [JH_EXTENT_SLAB] = "SLAB",
    [JH_EXTENT_COMMITTED] = "COMMITTED",
    [JH_EXTENT_DUMPABLE] = "DUMPABLE",
    [JH_EXTENT_PAI] = "PAI",
    [JH_EXTENT_ZEROED] = "ZEROED",
    [JH_EXTENT_GUARDED] = "GUARDED",
    [JH_EXTENT_STATE] = "STATE",
    [JH_EXTENT_SZIND] = "SZIND",
    [JH_EXTENT_NFREE] = "NFREE",
    [JH_EXTENT_BIN_SHARD] = "BINSHARD",
    [JH_EXTENT_IS_HEAD] = "IS_HEAD",
    [JH_EXTENT_PINNED] = "PINNED",
    [JH_EXTENT_SN] = "SN",
};

static bool bits_macro(struct jt_dwarf *dwarf, const char *name, const char *what, uint64_t *out) {
    char text[64];
    snprintf(text, sizeof text, "EDATA_BITS_%s_%s", name, what);
    if (read_constant(dwarf, text, UINT64_MAX, out)) {
        return true;
    }
    snprintf(text, sizeof text, "EXTENT_BITS_%s_%s", name, what);
    return read_constant(dwarf, text, UINT64_MAX, out);
}

/* The bits of a field of e_bits, from the macros of shift and width, or from that of the mask: 5.0
 * has no widths, and later releases have none for sn. False: no macro tells. */
static bool told_bits(struct jt_dwarf *dwarf, const char *name, struct jh_field *out) {
    uint64_t shift, width, mask;
    if (bits_macro(dwarf, name, "SHIFT", &shift) && bits_macro(dwarf, name, "WIDTH", &width)) {
        if (shift > 63 || width > 64 - shift) {
            return false;
        }
    } else if (bits_macro(dwarf, name, "MASK", &mask) && mask != 0) {
        shift = jh_lg_floor(mask & (0 - mask));
        width = jh_lg_floor(mask) + 1 - shift;
        if (mask >> shift != UINT64_MAX >> (64 - width)) {
            return false; /* the bits of the mask are not adjacent */
        }
    } else {
        return false;
    }
    out->shift = (uint8_t)shift;
    out->width = (uint8_t)width;
    return true;
}

static void take_field(struct jt_told *out, enum jh_extent_field index, const struct jh_field *told,
                       struct jh_layout *layout) {
    struct jh_field *f = &layout->extent[index];
    if (f->width == told->width && (f->width == 0 || f->shift == told->shift)) {
        return;
    }
    jt_told_add(
        out, (struct jt_difference){
                 .kind = JT_BITS, .what = jh_extent_field_name(index), .told = *told, .was = *f});
    *f = *told;
}

/* Leaves out a field without a macro when its bits belong to another field; else it stays as the
 * formulas have it. */
static void drop_field(struct jt_told *out, enum jh_extent_field index, uint64_t taken,
                       struct jh_layout *layout) {
    struct jh_field *f = &layout->extent[index];
    if (f->offset != layout->extent[JH_EXTENT_BITS].offset || (jh_field_mask(*f) & taken) == 0) {
        return; /* a field outside of e_bits, as sn may be, or bits that nobody else has */
    }
    jt_told_add(out, (struct jt_difference){
                         .kind = JT_NO_BITS, .what = jh_extent_field_name(index), .was = *f});
    f->width = 0;
}

void jt_fields_from_macros(struct jt_dwarf *dwarf, struct jh_layout *layout, struct jt_told *out) {
    const struct jh_field *word = &layout->extent[JH_EXTENT_BITS];
    bool told[JH_EXTENT_BITS];
    uint64_t taken = 0;
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) {
        struct jh_field field = {word->offset, word->word, 0, 0};
        told[i] = told_bits(dwarf, macro_name[i], &field);
        if (told[i]) {
            take_field(out, (enum jh_extent_field)i, &field, layout);
            taken |= jh_field_mask(field);
        }
    }
    for (unsigned i = 0; i < JH_EXTENT_BITS; i++) {
        if (!told[i]) {
            drop_field(out, (enum jh_extent_field)i, taken, layout);
        }
    }
    out->fields = taken != 0;
}
