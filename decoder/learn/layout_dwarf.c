/* layout_dwarf.c - what debug information says about the layout, and where it differs from the
 * formulas of the version.
 *
 * The formulas know the releases. A patched jemalloc is known from its own debug information only.
 */
#include <string.h>

#include "learn/inside.h"

/* ---- differences ---------------------------------------------------------------------------- */

void jt_told_add(struct jt_told *told, struct jt_difference difference) {
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
                d->what, d->seen, version, d->formula);
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
        jt_warn(target,
                "debug information says that leaf elements are %s, where jemalloc %s has the other "
                "form; that form is used",
                d->what, version);
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

/* ---- states --------------------------------------------------------------------------------- */

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
    jt_told_add(out, (struct jt_difference){.kind = JT_STATES});
    layout->states = count;
    for (uint8_t i = 0; i < count; i++) {
        layout->state[i] =
            dwarf->state[i] == JT_DWARF_UNKNOWN ? JH_STATE_UNKNOWN : (enum jh_state)dwarf->state[i];
    }
}

/* ---- offsets -------------------------------------------------------------------------------- */

static bool differs(struct jt_told *out, const char *what, uint32_t seen, uint32_t formula,
                    uint32_t most) {
    if (seen == JT_DWARF_UNKNOWN || seen == formula || seen > most) {
        return false;
    }
    jt_told_add(out, (struct jt_difference){
                         .kind = JT_NUMBER, .what = what, .seen = seen, .formula = formula});
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
        jt_told_add(
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
    struct jt_dwarf d = *dwarf; /* a copy, because evaluating a macro writes to it */
    out->differences = 0;
    out->offsets = out->fields = out->leaf = false;
    if (!d.found) {
        return;
    }
    take_extent(out, &d, layout);
    take_leaf(out, &d, layout);
    take_root(out, &d, layout);
    out->offsets = d.e_bits != JT_DWARF_UNKNOWN;
    jt_fields_from_macros(&d, layout, out);
    take_states(out, &d, layout);
}
