/* evidence.h - what is known of a target before any layout is tried.
 *
 * Collected once: by root.c (the root), files/dwarf_process.c (debug information),
 * layout_dwarf.c and layout_source.c (build parameters, version) and evidence.c (jemalloc's
 * variables). From then on it is only read: layouts are made of it without another look at the
 * target. */
#ifndef JEHEAP_LEARN_EVIDENCE_H
#define JEHEAP_LEARN_EVIDENCE_H

#include "files/inside.h"

#define JT_BIN_INFO_MAX 256 /* bytes of a bin_info_t, at most: none has more than 56 */
#define JT_BIN_TABLES 2     /* names that jemalloc has had for them */

/* Values of jemalloc's own variables, as the target has them in memory. */
struct jt_variables {
    struct jt_bin_table {
        const char *name; /* of the variable; NULL: it is not there, or too large for what it is */
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
    struct jh_build build; /* as far as target->source says that its parts are known */
    bool oblivious_known;  /* build.cache_oblivious is what debug information says */
    struct jt_variables variables;
};

void jt_variables_read(struct jt_target *target, struct jt_variables *out);

/* What these tell of a layout, written into it. False when they do not tell, or nothing sound; then
 * nothing is changed. */
bool jt_bins_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);
bool jt_pad_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);
bool jt_by_size_from_variables(const struct jt_evidence *evidence, struct jh_layout *layout);

/* ---- layout_dwarf.c: what debug information tells otherwise than the formulas -----------------
 */

enum jt_difference_kind {
    JT_NUMBER,  /* what is seen, where the version has made */
    JT_BITS,    /* of a field of e_bits */
    JT_NO_BITS, /* a field that no macro tells of, and whose bits others have: it is left out */
    JT_STATES,  /* their numbers */
    JT_LEAVES   /* compact ones where the version has wide ones, or the other way */
};

struct jt_difference {
    enum jt_difference_kind kind;
    const char *what; /* "the offset of e_addr", "szind" */
    uint32_t seen, made;
    struct jh_field told, was; /* JT_BITS, JT_NO_BITS */
};

#define JT_DIFFERENCES_MAX 64 /* fields of e_bits twice, ten numbers, states, leaves */

struct jt_told {
    bool offsets, fields, leaf; /* debug information tells of these parts, whatever it says */
    size_t differences;
    struct jt_difference difference[JT_DIFFERENCES_MAX];
};

/* Overwrites in the layout what debug information knows better. Pure. */
void jt_layout_from_dwarf(const struct jt_dwarf *dwarf, struct jh_layout *layout,
                          struct jt_told *out);
/* A warning for each difference of the layout that was chosen, and where its parts are known from.
 */
void jt_told_take(struct jt_target *target, enum jh_version version, const struct jt_told *told);

#endif
