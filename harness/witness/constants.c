/* constants: the values of the build's own macros and tables, as its headers and its compiler give
 * them. Names are those of the newest headers, whatever the version calls them (family.h). */
#include "family.h"
#include "witness.h"

const char *family_name(void) {
    return FAM_NAME;
}

static void constant(struct truth *truth, const char *name, uint64_t value) {
    truth_word(truth, "constant");
    truth_text(truth, "name", name);
    truth_hex(truth, "value", value);
    truth_end(truth);
}

static void numbers(struct truth *truth, const struct fam_number *number, size_t count) {
    for (size_t i = 0; i < count; i++) {
        constant(truth, number[i].name, number[i].value);
    }
}

#define SAME(macro)                                                                                \
    { #macro, macro }

static const struct fam_number everywhere[] = {
    SAME(LG_VADDR),
    SAME(LG_PAGE),
    SAME(LG_SIZEOF_PTR),
    SAME(LG_QUANTUM),
    SAME(MALLOCX_ARENA_BITS),
    SAME(RTREE_NHIB),
    SAME(RTREE_NLIB),
    SAME(RTREE_NSB),
    SAME(RTREE_HEIGHT),
    SAME(SC_LG_TINY_MIN),
    SAME(SC_NTINY),
    SAME(SC_LG_NGROUP),
    SAME(SC_NSIZES),
    SAME(SC_NBINS),
    SAME(SC_NPSIZES),
    SAME(SC_LG_SLAB_MAXREGS),
    SAME(BITMAP_GROUPS_MAX),
    {"RTREE_LEAF_COMPACT", FAM_LEAF_COMPACT},
    {"RTREE_NODE_SIZE", sizeof(rtree_node_elm_t)},
    {"LEAF_SIZE", sizeof(rtree_leaf_elm_t)},
    {"ROOT_OFFSET", FAM_ROOT_OFFSET},
    {"SIZEOF_MUTEX", sizeof(malloc_mutex_t)},
    {"EXTENT_SIZE", sizeof(fam_extent)},
    {"EXTENT_ALIGN", FAM_EXTENT_ALIGN},
    {"EXTENT_OFFSET_BITS", offsetof(fam_extent, e_bits)},
    {"EXTENT_OFFSET_ADDR", offsetof(fam_extent, e_addr)},
    {"EXTENT_OFFSET_SIZE", offsetof(fam_extent, e_size_esn)},
    {"EXTENT_OFFSET_BITMAP", offsetof(fam_extent, e_slab_data)},
    {"BIN_INFO_SIZE", sizeof(fam_bin)},
    {"BIN_INFO_OFFSET_REG_SIZE", offsetof(fam_bin, reg_size)},
    {"BIN_INFO_OFFSET_SLAB_SIZE", offsetof(fam_bin, slab_size)},
    {"BIN_INFO_OFFSET_NREGS", offsetof(fam_bin, nregs)},
};

/* Widths are counted in the masks: 5.0 has no _WIDTH macros, and sn never had one. */
static void field_constants(struct truth *truth, const struct fam_field *field) {
    char name[64];
    snprintf(name, sizeof(name), "EXTENT_BITS_%s_WIDTH", field->macro);
    constant(truth, name, (uint64_t)__builtin_popcountll(field->mask));
    snprintf(name, sizeof(name), "EXTENT_BITS_%s_SHIFT", field->macro);
    constant(truth, name, field->shift);
    snprintf(name, sizeof(name), "EXTENT_BITS_%s_MASK", field->macro);
    constant(truth, name, field->mask);
}

static void level_constants(struct truth *truth, unsigned level) {
    char name[64];
    snprintf(name, sizeof(name), "RTREE_LEVEL%u_BITS", level);
    constant(truth, name, rtree_levels[level].bits);
    snprintf(name, sizeof(name), "RTREE_LEVEL%u_CUMBITS", level);
    constant(truth, name, rtree_levels[level].cumbits);
}

void constants_write(struct truth *truth) {
    numbers(truth, everywhere, sizeof(everywhere) / sizeof(everywhere[0]));
    numbers(truth, fam_numbers, FAM_NUMBERS);
    for (unsigned level = 0; level < RTREE_HEIGHT; level++) {
        level_constants(truth, level);
    }
    for (size_t i = 0; i < FAM_FIELDS; i++) {
        field_constants(truth, &fam_fields[i]);
    }
    constant(truth, "LARGE_PAD", sz_large_pad); /* a variable since 5.3.0 */
    constant(truth, "DEBUG", config_debug);
    constant(truth, "PROF", config_prof);
    constant(truth, "STATS", config_stats);
    constants_write_structs(truth);
}

static void bin_line(struct truth *truth, unsigned index) {
    truth_word(truth, "bin");
    truth_hex(truth, "index", index);
    truth_hex(truth, "reg_size", FAM_BIN(index).reg_size);
    truth_hex(truth, "slab_size", FAM_BIN(index).slab_size);
    truth_hex(truth, "nregs", FAM_BIN(index).nregs);
#ifdef FAM_N_SHARDS
    truth_hex(truth, "n_shards", FAM_N_SHARDS(index));
#endif
    truth_end(truth);
}

void constants_write_bins(struct truth *truth) {
    for (unsigned i = 0; i < SC_NBINS; i++) {
        bin_line(truth, i);
    }
}
