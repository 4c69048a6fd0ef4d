/* layout_dwarf.c - what debug information says about the layout, and where that is news.
 *
 * The formulas know the releases; a patched jemalloc is known to its own debug information only. */
#include <inttypes.h>
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

/* The quoted text of JEMALLOC_VERSION. */
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

/* ---- differences ---------------------------------------------------------------------------- */

static void add_difference(struct jt_told *told, struct jt_difference difference) {
    if (told->differences < JT_DIFFERENCES_MAX) {
        told->difference[told->differences++] = difference;
    }
}

static void warn_of(struct jt_target *target, const char *version, const struct jt_difference *d) {
    switch (d->kind) {
    case JT_NUMBER:
        jt_warn(target,
                "debug information says %s is %u, where jemalloc %s has %u; debug information is "
                "used",
                d->what, d->seen, version, d->made);
        break;
    case JT_BITS:
        jt_warn(target,
                "debug information says that %s is bits %u:%u of e_bits, where jemalloc %s has "
                "%u:%u; debug information is used",
                d->what, d->told.shift, d->told.width, version, d->was.shift, d->was.width);
        break;
    case JT_NO_BITS:
        jt_warn(target,
                "debug information has no macro of %s and other fields where jemalloc %s has it, "
                "bits %u:%u of e_bits; it is left out",
                d->what, version, d->was.shift, d->was.width);
        break;
    case JT_STATES:
        jt_warn(target,
                "debug information numbers the extent states otherwise than jemalloc %s; debug "
                "information is used",
                version);
        break;
    case JT_LEAVES:
        jt_warn(target, "debug information says that leaves are %s, the layout that they are not",
                d->what);
        break;
    }
}

void jt_told_take(struct jt_target *target, enum jh_version version, const struct jt_told *told) {
    enum jt_source *source = target->source;
    source[JT_PART_OFFSETS] = told->offsets ? JT_DWARF : source[JT_PART_OFFSETS];
    source[JT_PART_FIELDS] = told->fields ? JT_DWARF : source[JT_PART_FIELDS];
    source[JT_PART_LEAF] = told->leaf ? JT_DWARF : source[JT_PART_LEAF];
    for (size_t i = 0; i < told->differences; i++) {
        warn_of(target, jh_version_name(version), &told->difference[i]);
    }
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

/* Which bits of e_bits the field has: shift and width, or the mask where there is no width: 5.0 has
 * none, and no later release has one of sn. False: not told, which says nothing of the field. */
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
            return false; /* it has holes */
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
    add_difference(
        out, (struct jt_difference){
                 .kind = JT_BITS, .what = jh_extent_field_name(index), .told = *told, .was = *f});
    *f = *told;
}

/* A field that no macro tells of is as released, unless another one has its bits. */
static void drop_field(struct jt_told *out, enum jh_extent_field index, uint64_t taken,
                       struct jh_layout *layout) {
    struct jh_field *f = &layout->extent[index];
    if (f->offset != layout->extent[JH_EXTENT_BITS].offset || (jh_field_mask(*f) & taken) == 0) {
        return; /* sn may be a word of its own */
    }
    add_difference(out, (struct jt_difference){
                            .kind = JT_NO_BITS, .what = jh_extent_field_name(index), .was = *f});
    f->width = 0;
}

static void take_fields(struct jt_told *out, struct jt_dwarf *dwarf, struct jh_layout *layout) {
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

static void take_states(struct jt_told *out, const struct jt_dwarf *dwarf,
                        struct jh_layout *layout) {
    bool differs = false;
    uint8_t count = 0;
    for (uint8_t i = 0; i < JH_STATES_MAX; i++) {
        if (dwarf->state[i] == JT_DWARF_UNKNOWN) {
            continue;
        }
        count = (uint8_t)(i + 1);
        differs |= layout->state[i] != (enum jh_state)dwarf->state[i];
    }
    if (count == 0 || (!differs && count == layout->states)) {
        return;
    }
    add_difference(out, (struct jt_difference){.kind = JT_STATES});
    layout->states = count;
    for (uint8_t i = 0; i < count; i++) {
        layout->state[i] =
            dwarf->state[i] == JT_DWARF_UNKNOWN ? JH_STATE_UNKNOWN : (enum jh_state)dwarf->state[i];
    }
}

/* ---- offsets -------------------------------------------------------------------------------- */

static bool differs(struct jt_told *out, const char *what, uint32_t seen, uint32_t made,
                    uint32_t most) {
    if (seen == JT_DWARF_UNKNOWN || seen == made || seen > most) {
        return false;
    }
    add_difference(
        out, (struct jt_difference){.kind = JT_NUMBER, .what = what, .seen = seen, .made = made});
    return true;
}

static void take_offset(struct jt_told *out, struct jh_layout *layout, enum jh_extent_field field,
                        const char *what, uint32_t seen) {
    struct jh_field *f = &layout->extent[field];
    if (f->width != 0 && differs(out, what, seen, f->offset, UINT16_MAX)) {
        f->offset = (uint16_t)seen;
    }
}

static void take_extent(struct jt_told *out, const struct jt_dwarf *d, struct jh_layout *l) {
    take_offset(out, l, JH_EXTENT_BITS, "the offset of e_bits", d->e_bits);
    take_offset(out, l, JH_EXTENT_ADDR, "the offset of e_addr", d->e_addr);
    take_offset(out, l, JH_EXTENT_BSIZE, "the offset of e_size_esn", d->e_size_esn);
    take_offset(out, l, JH_EXTENT_PS, "the offset of e_ps", d->e_ps);
    if (d->e_sn != JT_DWARF_UNKNOWN) {
        take_offset(out, l, JH_EXTENT_SN, "the offset of e_sn", d->e_sn);
    }
    l->extent[JH_EXTENT_SIZE].offset = l->extent[JH_EXTENT_BSIZE].offset;
    l->extent[JH_EXTENT_ESN].offset = l->extent[JH_EXTENT_BSIZE].offset;
    if (differs(out, "the offset of the slab bitmap", d->e_slab_data, l->bitmap_offset,
                UINT16_MAX)) {
        l->bitmap_offset = (uint16_t)d->e_slab_data;
    }
    if (differs(out, "the size of an extent", d->extent_size, l->extent_size, UINT16_MAX)) {
        l->extent_size = (uint16_t)d->extent_size;
    }
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        struct jh_field *f = &l->extent[i];
        if (i < JH_EXTENT_SN && f->width != 0) {
            f->offset = l->extent[JH_EXTENT_BITS].offset;
        }
        if (f->width != 0 && f->offset + f->word > l->extent_head) {
            l->extent_head = (uint16_t)(f->offset + f->word);
        }
    }
}

static void take_leaf(struct jt_told *out, const struct jt_dwarf *d, struct jh_layout *l) {
    bool compact = d->le_bits != JT_DWARF_UNKNOWN;
    if (d->leaf_size == JT_DWARF_UNKNOWN) {
        return;
    }
    if (compact != (l->leaf_form == JH_LEAF_COMPACT)) {
        add_difference(
            out, (struct jt_difference){.kind = JT_LEAVES, .what = compact ? "compact" : "wide"});
        return;
    }
    if (differs(out, "the size of a leaf element", d->leaf_size, l->leaf_size, UINT8_MAX)) {
        l->leaf_size = (uint8_t)d->leaf_size;
    }
    out->leaf = true;
}

static void take_root(struct jt_told *out, const struct jt_dwarf *d, struct jh_layout *l) {
    uint32_t offset = d->rtree_root;
    if (offset != JT_DWARF_UNKNOWN && d->emap_rtree != JT_DWARF_UNKNOWN) {
        offset += d->emap_rtree;
    }
    if (differs(out, "the offset of the root's array", offset, l->root_offset, UINT16_MAX)) {
        l->root_offset = offset;
    }
}

void jt_layout_from_dwarf(const struct jt_dwarf *dwarf, struct jh_layout *layout,
                          struct jt_told *out) {
    struct jt_dwarf d = *dwarf; /* evaluating a macro needs a place that can be written */
    out->differences = 0;
    out->offsets = out->fields = out->leaf = false;
    if (!d.found) {
        return;
    }
    take_extent(out, &d, layout);
    take_leaf(out, &d, layout);
    take_root(out, &d, layout);
    out->offsets = d.e_bits != JT_DWARF_UNKNOWN;
    take_fields(out, &d, layout);
    take_states(out, &d, layout);
}
