/* dwarf.c - jemalloc's own types, from the compilation unit that defines the root.
 *
 * A big program has thousands of compilation units. Those named after jemalloc's files are tried
 * first. When none of them defines the root (jemalloc may be compiled as part of another file), all
 * units are tried. */
#include <dwarf.h>
#include <stddef.h>
#include <string.h>

#include "files/inside.h"

#define DEPTH_MAX 8    /* structs without a name that are nested in one another */
#define IMPORTS_MAX 64 /* units that a unit imports, also by way of other units */

/* ---- the unit ------------------------------------------------------------------------------- */

static bool defines_root(Dwarf_Die *die, const struct jt_root_symbol *root) {
    Dwarf_Attribute attr;
    Dwarf_Op *op;
    size_t count, prefix;
    bool emap;
    if (dwarf_tag(die) != DW_TAG_variable || dwarf_attr(die, DW_AT_location, &attr) == NULL) {
        return false;
    }
    const char *name = dwarf_diename(die); /* this follows DW_AT_specification */
    if (name == NULL || !jt_root_name_is(name, &prefix, &emap) ||
        dwarf_getlocation(&attr, &op, &count) != 0 || count != 1) {
        return false;
    }
    if (op->atom != DW_OP_addr) { /* split DWARF has an index here: only the name is compared */
        return true;
    }
    return op->number == root->addr - root->module->bias;
}

static bool unit_has_root(Dwarf_Die *unit, const struct jt_root_symbol *root) {
    Dwarf_Die die;
    for (int end = dwarf_child(unit, &die); end == 0; end = dwarf_siblingof(&die, &die)) {
        if (defines_root(&die, root)) {
            return true;
        }
    }
    return false;
}

/* Is the unit named after the file of jemalloc that defines the root? */
static bool is_likely_unit(Dwarf_Die *unit, const struct jt_root_symbol *root) {
    const char *name = dwarf_diename(unit), *file = root->emap ? "arena.c" : "extent.c";
    size_t len = name == NULL ? 0 : strlen(name), n = strlen(file);
    return len >= n && strcmp(name + len - n, file) == 0;
}

/* Are the types of the unit in another file, .dwo or .dwp? */
static bool is_split(Dwarf_Die *unit, uint8_t type) {
    return type == DW_UT_skeleton || dwarf_hasattr(unit, DW_AT_GNU_dwo_name) ||
           dwarf_hasattr(unit, DW_AT_dwo_name);
}

static bool find_unit(Dwarf *dwarf, const struct jt_root_symbol *root, Dwarf_Die *out,
                      bool *split) {
    for (unsigned pass = 0; pass < 2; pass++) {
        Dwarf_CU *cu = NULL;
        uint8_t type;
        while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, out, NULL) == 0) {
            *split |= is_split(out, type);
            if (type == DW_UT_compile && is_likely_unit(out, root) == (pass == 0) &&
                unit_has_root(out, root)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- members -------------------------------------------------------------------------------- */

static const struct wanted {
    const char *type, *member; /* member NULL: the size of the type */
    size_t into;               /* offset of the field in struct jt_dwarf */
} wanted[] = {
#define WANT(type, member, field)                                                                  \
    { type, member, offsetof(struct jt_dwarf, field) }
    WANT("edata_s", NULL, extent_size),
    WANT("edata_s", "e_bits", e_bits),
    WANT("edata_s", "e_addr", e_addr),
    WANT("edata_s", "e_size_esn", e_size_esn),
    WANT("edata_s", "e_bsize", e_bsize),
    WANT("edata_s", "e_ps", e_ps),
    WANT("edata_s", "e_sn", e_sn),
    WANT("edata_s", "e_slab_data", e_slab_data),
    WANT("extent_s", NULL, extent_size),
    WANT("extent_s", "e_bits", e_bits),
    WANT("extent_s", "e_addr", e_addr),
    WANT("extent_s", "e_size_esn", e_size_esn),
    WANT("extent_s", "e_bsize", e_bsize),
    WANT("extent_s", "e_slab_data", e_slab_data),
    WANT("rtree_leaf_elm_s", NULL, leaf_size),
    WANT("rtree_leaf_elm_s", "le_bits", le_bits),
    WANT("rtree_leaf_elm_s", "le_extent", le_extent),
    WANT("rtree_leaf_elm_s", "le_edata", le_extent),
    WANT("rtree_leaf_elm_s", "le_szind", le_szind),
    WANT("rtree_leaf_elm_s", "le_slab", le_slab),
    WANT("rtree_leaf_elm_s", "le_metadata", le_metadata),
    WANT("rtree_s", "root", rtree_root),
    WANT("emap_s", "rtree", emap_rtree),
    WANT("bin_info_s", NULL, bin_info_size),
    WANT("bin_info_s", "reg_size", reg_size),
    WANT("bin_info_s", "slab_size", slab_size),
    WANT("bin_info_s", "nregs", nregs),
    WANT("bin_info_s", "n_shards", n_shards),
    WANT("arena_bin_info_s", NULL, bin_info_size),
    WANT("arena_bin_info_s", "reg_size", reg_size),
    WANT("arena_bin_info_s", "slab_size", slab_size),
    WANT("arena_bin_info_s", "nregs", nregs),
    WANT("base_s", "blocks", base_blocks),
    WANT("base_block_s", "size", block_size),
    WANT("base_block_s", "next", block_next),
    WANT("arena_s", "base", arena_base),
#undef WANT
};

/* Is name that of the member? jemalloc puts a prefix before its private symbols by macros, which
 * also rename members of the same name: "je_blocks" is the member blocks. */
static bool member_is(const char *name, const char *member, const char *prefix) {
    size_t n = strlen(prefix);
    return strcmp(name, member) == 0 ||
           (strncmp(name, prefix, n) == 0 && strcmp(name + n, member) == 0);
}

static void take_member(const char *type, const char *name, uint32_t offset, const char *prefix,
                        struct jt_dwarf *out) {
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (wanted[i].member != NULL && strcmp(wanted[i].type, type) == 0 &&
            member_is(name, wanted[i].member, prefix)) {
            memcpy((char *)out + wanted[i].into, &offset, sizeof offset);
        }
    }
}

/* The value of an attribute, or otherwise when there is none below JT_DWARF_UNKNOWN. */
static uint32_t number_of(Dwarf_Die *die, unsigned name, uint32_t otherwise) {
    Dwarf_Attribute attr;
    Dwarf_Word value;
    if (dwarf_attr_integrate(die, name, &attr) == NULL || dwarf_formudata(&attr, &value) != 0 ||
        value >= JT_DWARF_UNKNOWN) {
        return otherwise;
    }
    return (uint32_t)value;
}

/* The offset of a member: a number; in DWARF 2 an expression that adds the number; 0 without the
 * attribute. */
static uint32_t offset_of(Dwarf_Die *member) {
    Dwarf_Attribute attr;
    Dwarf_Op *op;
    size_t ops;
    uint32_t offset = number_of(member, DW_AT_data_member_location, JT_DWARF_UNKNOWN);
    if (offset != JT_DWARF_UNKNOWN) {
        return offset;
    }
    if (dwarf_attr(member, DW_AT_data_member_location, &attr) == NULL) {
        return 0;
    }
    bool adds = dwarf_getlocation(&attr, &op, &ops) == 0 && ops == 1 &&
                op->atom == DW_OP_plus_uconst && op->number < JT_DWARF_UNKNOWN;
    return adds ? (uint32_t)op->number : JT_DWARF_UNKNOWN;
}

/* Takes the offsets of members, also of those in unnamed unions and structs inside. */
static void take_members(Dwarf_Die *type, const char *name, uint32_t base, const char *prefix,
                         unsigned depth, struct jt_dwarf *out) {
    Dwarf_Die member, inner;
    Dwarf_Attribute attr;
    int end = depth > DEPTH_MAX ? -1 : dwarf_child(type, &member);
    for (; end == 0; end = dwarf_siblingof(&member, &member)) {
        if (dwarf_tag(&member) != DW_TAG_member) {
            continue;
        }
        uint32_t offset = offset_of(&member);
        if (offset == JT_DWARF_UNKNOWN) {
            continue; /* then the offsets of members inside this one are unknown, too */
        }
        offset += base;
        const char *text = dwarf_diename(&member);
        if (text != NULL) {
            take_member(name, text, offset, prefix, out);
        } else if (dwarf_attr(&member, DW_AT_type, &attr) != NULL &&
                   dwarf_formref_die(&attr, &inner) != NULL) {
            take_members(&inner, name, offset, prefix, depth + 1, out);
        }
    }
}

static void take_size(Dwarf_Die *type, const char *name, struct jt_dwarf *out) {
    uint32_t size = number_of(type, DW_AT_byte_size, JT_DWARF_UNKNOWN);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (wanted[i].member == NULL && strcmp(wanted[i].type, name) == 0) {
            memcpy((char *)out + wanted[i].into, &size, sizeof size);
        }
    }
}

/* Takes the number of elements of root[]: the last index of the array's type + 1. */
static void take_root_elements(Dwarf_Die *type, struct jt_dwarf *out) {
    Dwarf_Die member, array, range;
    Dwarf_Attribute attr;
    for (int end = dwarf_child(type, &member); end == 0; end = dwarf_siblingof(&member, &member)) {
        const char *name = dwarf_diename(&member);
        if (name == NULL || strcmp(name, "root") != 0 ||
            dwarf_attr(&member, DW_AT_type, &attr) == NULL ||
            dwarf_formref_die(&attr, &array) == NULL || dwarf_child(&array, &range) != 0) {
            continue;
        }
        uint32_t last = number_of(&range, DW_AT_upper_bound, 0);
        out->root_elements =
            last == 0 ? number_of(&range, DW_AT_count, JT_DWARF_UNKNOWN) : last + 1;
        return;
    }
}

/* ---- states --------------------------------------------------------------------------------- */

static void take_state(const char *name, uint64_t number, struct jt_dwarf *out) {
    static const char head[] = "extent_state_";
    if (number >= sizeof out->state / sizeof out->state[0] ||
        strncmp(name, head, sizeof head - 1) != 0) {
        return;
    }
    for (int state = 0; state < JH_STATE_UNKNOWN; state++) {
        if (strcmp(name + sizeof head - 1, jh_state_name((enum jh_state)state)) == 0) {
            out->state[number] = (uint32_t)state;
        }
    }
}

static void take_states(Dwarf_Die *type, struct jt_dwarf *out) {
    Dwarf_Die die;
    for (int end = dwarf_child(type, &die); end == 0; end = dwarf_siblingof(&die, &die)) {
        const char *name = dwarf_diename(&die);
        if (dwarf_tag(&die) == DW_TAG_enumerator && name != NULL) {
            take_state(name, number_of(&die, DW_AT_const_value, JT_DWARF_UNKNOWN), out);
        }
    }
}

/* Takes sizeof(pthread_mutex_t). */
static void take_mutex(Dwarf_Die *die, struct jt_dwarf *out) {
    Dwarf_Word size;
    if (dwarf_aggregate_size(die, &size) == 0 && size != 0 && size < 256) {
        out->mutex_size = (uint32_t)size;
    }
}

/* ---- all types of the unit ------------------------------------------------------------------ */

static void take_types(Dwarf_Die *unit, const char *prefix, unsigned *imports,
                       struct jt_dwarf *out);

/* Takes the types of an imported unit. dwz moves types that several units have into a unit of its
 * own, maybe in another file, which all of them import. */
static void take_import(Dwarf_Die *die, const char *prefix, unsigned *imports,
                        struct jt_dwarf *out) {
    Dwarf_Attribute attr;
    Dwarf_Die unit;
    if (*imports < IMPORTS_MAX && dwarf_attr(die, DW_AT_import, &attr) != NULL &&
        dwarf_formref_die(&attr, &unit) != NULL) {
        ++*imports;
        take_types(&unit, prefix, imports, out);
    }
}

static void take_types(Dwarf_Die *unit, const char *prefix, unsigned *imports,
                       struct jt_dwarf *out) {
    Dwarf_Die die;
    for (int end = dwarf_child(unit, &die); end == 0; end = dwarf_siblingof(&die, &die)) {
        const char *name = dwarf_diename(&die);
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_enumeration_type) {
            take_states(&die, out);
        }
        if (tag == DW_TAG_imported_unit) {
            take_import(&die, prefix, imports, out);
        }
        if (tag == DW_TAG_typedef && name != NULL && strcmp(name, "pthread_mutex_t") == 0) {
            take_mutex(&die, out);
        }
        if (tag != DW_TAG_structure_type || name == NULL ||
            dwarf_hasattr(&die, DW_AT_declaration)) {
            continue;
        }
        take_size(&die, name, out);
        take_members(&die, name, 0, prefix, 0, out);
        if (strcmp(name, "rtree_s") == 0) {
            take_root_elements(&die, out);
        }
    }
}

void jt_dwarf_init(struct jt_dwarf *out) {
    memset(out, 0xff, sizeof *out); /* JT_DWARF_UNKNOWN everywhere */
    out->found = out->split = false;
    out->macros = NULL;
}

void jt_dwarf_read(const struct jt_root_symbol *root, struct jt_dwarf *out) {
    Dwarf_Die unit;
    jt_dwarf_init(out);
    Dwarf *dwarf =
        root->module == NULL || root->module->elf == NULL ? NULL : jt_elf_dwarf(root->module->elf);
    unsigned imports = 0;
    if (dwarf == NULL || !find_unit(dwarf, root, &unit, &out->split)) {
        return;
    }
    out->found = true;
    take_types(&unit, root->prefix, &imports, out);
    out->macros = jt_macros_read(&unit);
}

void jt_dwarf_free(struct jt_dwarf *dwarf) {
    jt_macros_free(dwarf->macros);
    dwarf->macros = NULL;
}
