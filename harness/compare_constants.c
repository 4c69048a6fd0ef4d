/* constants: the values of the build's own macros and tables. */
#include "compare.h"

#include <stdio.h>
#include <string.h>

static bool named(const char *name, size_t *index) {
    for (*index = 0; *index < jh_constant_count(); ++*index) {
        if (strcmp(jh_constant_name(*index), name) == 0) {
            return true;
        }
    }
    return false;
}

struct place {
    const char *name;
    struct jh_field field;
};

/* Offsets of members; a member that the build does not have is not in the truth either. */
static bool member(const struct jh_layout *l, const char *name, uint64_t *value) {
    const struct place place[] = {
        {"EXTENT_OFFSET_BITS", l->extent[JH_EXTENT_BITS]},
        {"EXTENT_OFFSET_ADDR", l->extent[JH_EXTENT_ADDR]},
        {"EXTENT_OFFSET_SIZE", l->extent[JH_EXTENT_SIZE]},
        {"EXTENT_OFFSET_PS", l->extent[JH_EXTENT_PS]},
        {"EXTENT_OFFSET_SN", l->extent[JH_EXTENT_SN]},
        {"LEAF_OFFSET_EXTENT", l->leaf[JH_LEAF_EXTENT]},
        {"LEAF_OFFSET_METADATA", l->leaf[JH_LEAF_STATE]},
        {"LEAF_OFFSET_SZIND", l->leaf[JH_LEAF_SZIND]},
        {"LEAF_OFFSET_SLAB", l->leaf[JH_LEAF_SLAB]},
    };
    for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
        if (strcmp(place[i].name, name) == 0) {
            *value = place[i].field.width ? place[i].field.offset : UINT64_MAX;
            return true;
        }
    }
    return false;
}

/* STATE_DIRTY: which number the layout has for that word. */
static bool state(const struct jh_layout *l, const char *name, uint64_t *value) {
    if (strncmp(name, "STATE_", 6) != 0) {
        return false;
    }
    for (*value = 0; *value < l->states; ++*value) {
        char upper[32];
        snprintf(upper, sizeof(upper), "%s", jh_state_name(l->state[*value]));
        for (char *p = upper; *p; p++) {
            *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
        }
        if (strcmp(upper, name + 6) == 0) {
            return true;
        }
    }
    *value = UINT64_MAX; /* no such state */
    return true;
}

/* The build's own flags. They are told apart from the layout's by what they change. */
static bool flag(const struct jh_layout *l, const char *name, uint64_t *value) {
    const struct {
        const char *name;
        bool set;
    } flags[] = {{"DEBUG", l->build.debug}, {"PROF", l->build.prof}, {"STATS", l->build.stats}};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].name, name) == 0) {
            *value = flags[i].set;
            return true;
        }
    }
    return false;
}

/* What older names stand for. */
static const char *struct_constant(const char *name) {
    static const char *const same[][2] = {
        {"SIZEOF_MUTEX", "SIZEOF_malloc_mutex_s"},
        {"BIN_INFO_SIZE", "SIZEOF_bin_info_s"},
        {"BIN_INFO_OFFSET_REG_SIZE", "OFFSETOF_bin_info_s.reg_size"},
        {"BIN_INFO_OFFSET_SLAB_SIZE", "OFFSETOF_bin_info_s.slab_size"},
        {"BIN_INFO_OFFSET_NREGS", "OFFSETOF_bin_info_s.nregs"},
        {"BIN_INFO_OFFSET_N_SHARDS", "OFFSETOF_bin_info_s.n_shards"},
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (strcmp(same[i][0], name) == 0) {
            return same[i][1];
        }
    }
    return name;
}

static bool starts(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

/* SIZEOF_arena_s, OFFSETOF_arena_s.base. A struct that the layout offers has to be right; one that
 * it does not offer, or only the beginning of, is passed over where nothing is claimed. */
static bool of_struct(struct comparison *c, const struct jh_layout *l, const char *name,
                      uint64_t expected) {
    char of[128];
    struct jh_member m;
    uint64_t size;
    uint32_t align;
    const char *constant = struct_constant(name);
    bool offset = starts(constant, "OFFSETOF_");
    if (!offset && !starts(constant, "SIZEOF_")) {
        return false;
    }
    snprintf(of, sizeof(of), "%s", constant + (offset ? 9 : 7));
    char *dot = strchr(of, '.');
    if (dot) {
        *dot = '\0';
    }
    bool whole = jh_struct_size(l, of, &size, &align, NULL) == JH_OK;
    if (!offset && whole) {
        compare_number(c, name, 0, expected, size);
    } else if (dot && jh_struct_member(l, of, dot + 1, &m, NULL) == JH_OK) {
        compare_number(c, name, 0, expected, m.offset);
    } else if (offset && whole) {
        compare_word(c, name, 0, "a member that jeheap knows", "unknown");
    }
    return true;
}

/* BITMAP_GROUPS_MAX is the length of the array that is in every extent. */
static bool bitmap_groups(const struct jh_layout *l, const char *name, uint64_t *value) {
    struct jh_member m;
    if (strcmp(name, "BITMAP_GROUPS_MAX") != 0) {
        return false;
    }
    bool known = jh_struct_member(l, "slab_data_s", "bitmap", &m, NULL) == JH_OK ||
                 jh_struct_member(l, "arena_slab_data_s", "bitmap", &m, NULL) == JH_OK;
    *value = known ? m.count : 0;
    return true;
}

void compare_constants(struct comparison *c, const struct jh_layout *layout) {
    c->level = LEVEL_CONSTANTS;
    const struct truth_list *list = &c->truth->list[TRUTH_CONSTANT];
    for (size_t i = 0; i < list->count && !c->stop; i++) {
        const char *name = list->record[i].text;
        uint64_t expected = list->record[i].value[0], seen = 0;
        size_t index;
        if (named(name, &index)) {
            compare_number(c, name, 0, expected, jh_constant_value(layout, index));
        } else if (member(layout, name, &seen) || state(layout, name, &seen) ||
                   flag(layout, name, &seen) || bitmap_groups(layout, name, &seen)) {
            compare_number(c, name, 0, expected, seen);
        } else if (!of_struct(c, layout, name, expected)) {
            compare_word(c, name, 0, "a constant that jeheap knows", "unknown");
        }
    }
    const struct truth_list *bins = &c->truth->list[TRUTH_BIN];
    compare_number(c, "bins", 0, bins->count, layout->sc_nbins);
    for (size_t i = 0; i < bins->count && i < layout->sc_nbins; i++) {
        const struct truth_record *r = &bins->record[i];
        const struct jh_bin *bin = &layout->bin[i];
        compare_number(c, "bin.reg_size", i, truth_get(TRUTH_BIN, r, KEY_REG_SIZE), bin->reg_size);
        compare_number(c, "bin.slab_size", i, truth_get(TRUTH_BIN, r, KEY_SLAB_SIZE),
                       bin->slab_size);
        compare_number(c, "bin.nregs", i, truth_get(TRUTH_BIN, r, KEY_NREGS), bin->nregs);
        if (truth_has(r, KEY_N_SHARDS)) {
            compare_number(c, "bin.n_shards", i, truth_get(TRUTH_BIN, r, KEY_N_SHARDS),
                           bin->n_shards);
        }
    }
}
