/* evidence.h - what is known of a target before any layout is tried.
 *
 * It is collected once, by root.c (the root), files/dwarf_process.c (debug information),
 * layout_macros.c and layout_source.c (build parameters, version) and evidence.c (jemalloc's
 * variables). After that it is only read: candidates are made from it without reading the target.
 */
#ifndef JEHEAP_LEARN_EVIDENCE_H
#define JEHEAP_LEARN_EVIDENCE_H

#include "files/inside.h"

/* BIN_SHARDS_MAX of bin_types.h, 5.2.0 and later: a bin_shard has 6 bits. */
#define JT_SHARDS_MAX 64

#define JT_BIN_INFO_MAX 256 /* bytes of a bin_info_t; no version has more than 56 */
#define JT_BIN_TABLES 2     /* names that jemalloc's versions have for the table of bins */

/* Values of jemalloc's own variables, as the target has them in memory. */
struct jt_variables {
    struct jt_bin_table {
        const char *name; /* of the variable; NULL: it was not found, or is too large */
        size_t size;
        uint8_t bytes[JH_BINS_MAX * JT_BIN_INFO_MAX];
    } bins[JT_BIN_TABLES];
    bool pad_known, by_size_known;
    uint64_t pad; /* sz_large_pad */
    bool by_size; /* opt_disable_large_size_classes */
};

struct jt_evidence {
    const struct jt_options *options; /* what the user says */
    struct jt_root_symbol root;       /* module NULL: no symbol */
    bool root_known;                  /* root_addr is root[0], whatever the layout */
    uint64_t root_addr;
    struct jt_dwarf dwarf;
    struct jh_build build; /* target->source says which of its fields are known */
    bool oblivious_known;  /* build.cache_oblivious comes from debug information */
    struct jt_variables variables;
};

void jt_variables_read(struct jt_target *target, struct jt_variables *out);

/* Each writes what the variables tell into the layout. False: they do not tell it, or the values
 * are not sound; then the layout is unchanged. */
bool jt_bins_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);
/* The same of one table. What debug information does not tell stands where jemalloc has it. */
bool jt_bins_from_table(const struct jt_bin_table *table, const struct jt_dwarf *dwarf,
                        struct jh_layout *layout);
bool jt_pad_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);
bool jt_by_size_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);

/* ---- layout_dwarf.c: where debug information differs from the formulas of the version -------- */

enum jt_difference_kind {
    JT_NUMBER,  /* an offset or a size */
    JT_BITS,    /* the bits of a field of e_bits */
    JT_NO_BITS, /* a field without a macro, whose bits belong to another field: it is left out */
    JT_STATES,  /* the numbers of the extent states */
    JT_LEAVES   /* compact leaf elements where the formulas have wide ones, or the other way */
};

struct jt_difference {
    enum jt_difference_kind kind;
    const char *what;          /* "the offset of e_addr", "szind" */
    uint32_t seen, formula;    /* of JT_NUMBER: in debug information, by the formulas */
    struct jh_field told, was; /* of JT_BITS and JT_NO_BITS: the same */
};

#define JT_DIFFERENCES_MAX 64 /* fields of e_bits twice, ten numbers, states, leaves */

/* What debug information told of a layout. */
struct jt_told {
    bool offsets, fields,
        leaf; /* it tells these parts of the layout, with or without differences */
    size_t differences;
    struct jt_difference difference[JT_DIFFERENCES_MAX];
};

/* Overwrites in the layout what debug information tells. Pure. */
void jt_layout_from_dwarf(const struct jt_dwarf *dwarf, struct jh_layout *layout,
                          struct jt_told *out);
void jt_told_add(struct jt_told *told, struct jt_difference difference);
/* layout_macros.c: the same for the bit fields of e_bits. dwarf is not const, because evaluating a
 * macro writes to it. */
void jt_fields_from_macros(struct jt_dwarf *dwarf, struct jh_layout *layout, struct jt_told *out);
/* Warns of each difference of the chosen layout, and sets the sources of the parts that debug
 * information told. */
void jt_told_take(struct jt_target *target, enum jh_version version, const struct jt_told *told);

#endif
