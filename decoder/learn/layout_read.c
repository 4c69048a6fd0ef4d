/* layout_read.c - reads a layout from JSON, as layout_write.c writes it.
 *
 * Geometry and size classes follow from the build parameters: the numbers in the file are compared
 * with that, and a difference is an error. Numbers that may differ from a release (bit fields,
 * offsets, states, bins, pad) are taken from the file. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "learn/json_take.h"
#include "learn/layout_json.h"

#define TEXT_MAX (256u << 10) /* bytes; a layout takes 18 KiB */

static void take_build(struct json_input *in, const struct json_value *top, struct jh_build *b) {
    enum jh_version version = JH_5_3_0;
    const struct json_value *name = json_child(in, top, "version", JSON_TEXT, true);
    if (name != NULL && jh_version_parse(name->text, &version) != JH_OK) {
        json_mistake(in, "\"version\" is \"%.40s\", which is not known", name->text);
    }
    jh_build_init(b, version);
    b->lg_vaddr = json_take_u8(in, top, "lg_vaddr", true, 0);
    b->lg_page = json_take_u8(in, top, "lg_page", true, 0);
    b->lg_quantum = json_take_u8(in, top, "lg_quantum", true, 0);
    b->pointer_size = json_take_u8(in, top, "pointer_size", false, b->pointer_size);
    b->pthread_mutex_size =
        json_take_u8(in, top, "pthread_mutex_size", false, b->pthread_mutex_size);
    b->u64_align = json_take_u8(in, top, "u64_align", false, b->u64_align);
    b->little_endian = json_take_bool(in, top, "little_endian", b->little_endian);
    b->aarch64 = json_take_bool(in, top, "aarch64", b->aarch64);
    b->debug = json_take_bool(in, top, "debug", b->debug);
    b->prof = json_take_bool(in, top, "prof", b->prof);
    b->stats = json_take_bool(in, top, "stats", b->stats);
    b->cache_oblivious = json_take_bool(in, top, "cache_oblivious", b->cache_oblivious);
    uint8_t maxregs = json_take_u8(in, top, "sc_lg_slab_maxregs", false, 0);
    if (maxregs != 0 && maxregs + 3 != b->lg_page) {
        b->lg_slab_maxregs = maxregs;
    }
}

static void take_field(struct json_input *in, const struct json_value *fields, const char *name,
                       struct jh_field *out) {
    static const char *const key[] = {"offset", "word", "shift", "width"};
    const struct json_value *field = json_child(in, fields, name, JSON_OBJECT, false);
    *out = (struct jh_field){0, 0, 0, 0};
    if (field == NULL) {
        return;
    }
    uint64_t value[4] = {0, 0, 0, 0};
    for (unsigned i = 0; i < 4; i++) {
        json_take_number(in, field, key[i], true, i == 0 ? 4096 : 64, &value[i]);
    }
    *out = (struct jh_field){(uint16_t)value[0], (uint8_t)value[1], (uint8_t)value[2],
                             (uint8_t)value[3]};
}

typedef const char *name_fn(unsigned index);
static const char *leaf_name(unsigned i) {
    return jh_leaf_field_name((enum jh_leaf_field)i);
}
static const char *extent_name(unsigned i) {
    return jh_extent_field_name((enum jh_extent_field)i);
}

static void take_fields(struct json_input *in, const struct json_value *part, name_fn *name,
                        struct jh_field *out, unsigned count) {
    const struct json_value *fields = json_child(in, part, "fields", JSON_OBJECT, true);
    if (fields == NULL) {
        return;
    }
    const struct json_value *key = fields + 1;
    for (uint32_t member = 0; member < fields->count; member++, key = json_next(key + 1)) {
        unsigned i = 0;
        while (i < count && strcmp(name(i), key->text) != 0) {
            i++;
        }
        if (i == count) {
            json_mistake(in, "\"%.60s\" is not a field's name", key->text);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        take_field(in, fields, name(i), &out[i]);
    }
}

static void take_leaf(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *leaf = json_child(in, top, "leaf", JSON_OBJECT, false);
    if (leaf == NULL) {
        return;
    }
    const struct json_value *form = json_child(in, leaf, "form", JSON_TEXT, false);
    if (form != NULL && strcmp(form->text, jt_leaf_form_name[l->leaf_form]) != 0) {
        json_mistake(in, "\"form\" of the leaf contradicts lg_vaddr");
    }
    l->leaf_size = json_take_u8(in, leaf, "size", false, l->leaf_size);
    l->leaf_low_bits = json_take_u8(in, leaf, "low_bits", false, l->leaf_low_bits);
    l->leaf_sign_extend = json_take_bool(in, leaf, "sign_extend", l->leaf_sign_extend);
    take_fields(in, leaf, leaf_name, l->leaf, JH_LEAF_FIELDS);
}

static void take_states(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *states = json_child(in, top, "states", JSON_ARRAY, false);
    if (states == NULL) {
        return;
    }
    uint32_t count = states->count;
    if (count == 0 || count > JH_STATES_MAX) {
        json_mistake(in, "\"states\" has %" PRIu32 " names, and may have 1 to %d", count,
                     JH_STATES_MAX);
        return;
    }
    l->states = (uint8_t)count;
    const struct json_value *state = states + 1;
    for (size_t i = 0; i < count; i++, state = json_next(state)) {
        const char *name = state->kind == JSON_TEXT ? state->text : NULL;
        unsigned s = 0;
        while (s < JH_STATE_UNKNOWN &&
               (name == NULL || strcmp(jh_state_name((enum jh_state)s), name) != 0)) {
            s++;
        }
        if (s == JH_STATE_UNKNOWN && (name == NULL || strcmp(name, "unknown") != 0)) {
            json_mistake(in, "\"states\": \"%.40s\" is not the name of a state",
                         name == NULL ? "null" : name);
        }
        l->state[i] = (enum jh_state)s;
    }
}

/* Fields that every build has. */
static const enum jh_extent_field needed[] = {
    JH_EXTENT_ARENA, JH_EXTENT_SLAB, JH_EXTENT_STATE, JH_EXTENT_SZIND,
    JH_EXTENT_NFREE, JH_EXTENT_BITS, JH_EXTENT_ADDR,  JH_EXTENT_SIZE,
};

static void take_extent(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *extent = json_child(in, top, "extent", JSON_OBJECT, false);
    if (extent == NULL) {
        return;
    }
    l->extent_size = json_take_u16(in, extent, "size", l->extent_size);
    l->extent_align = json_take_u16(in, extent, "align", l->extent_align);
    l->extent_head = json_take_u16(in, extent, "head", l->extent_head);
    l->bitmap_offset = json_take_u16(in, extent, "bitmap_offset", l->bitmap_offset);
    take_fields(in, extent, extent_name, l->extent, JH_EXTENT_FIELDS);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (l->extent[needed[i]].width == 0) {
            json_mistake(in, "\"%s\" of the extent is missing", jh_extent_field_name(needed[i]));
        }
    }
}

static void take_root(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *root = json_child(in, top, "root", JSON_OBJECT, false);
    uint64_t offset = l->root_offset;
    if (root == NULL) {
        return;
    }
    json_take_number(in, root, "offset", false, UINT32_MAX, &offset);
    l->root_offset = (uint32_t)offset;
    const struct json_value *symbol = json_child(in, root, "symbol", JSON_TEXT, false);
    if (symbol != NULL && strcmp(symbol->text, l->root_symbol) != 0) {
        json_mistake(in, "\"symbol\" of the root is \"%s\" in jemalloc %s", l->root_symbol,
                     jh_version_name(l->build.version));
    }
}

static void take_bins(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *classes = json_child(in, top, "size_classes", JSON_ARRAY, false);
    if (classes == NULL) {
        return;
    }
    if (classes->count != l->sc_nsizes) {
        json_mistake(in, "\"size_classes\" has %" PRIu32 " entries, and should have %u",
                     classes->count, l->sc_nsizes);
        return;
    }
    const struct json_value *row = classes + 1;
    for (uint32_t i = 0; i < l->sc_nbins; i++, row = json_next(row)) {
        uint64_t nregs = l->bin[i].nregs, shards = l->bin[i].n_shards;
        json_take_number(in, row, "size", true, UINT64_MAX, &l->bin[i].reg_size);
        json_take_number(in, row, "slab_size", false, UINT64_MAX, &l->bin[i].slab_size);
        json_take_number(in, row, "nregs", false, UINT32_MAX, &nregs);
        const struct json_value *n = json_member(row, "n_shards");
        if (n != NULL && n->kind == JSON_NULL) {
            shards = 0; /* not known */
        } else {
            json_take_number(in, row, "n_shards", false, JT_SHARDS_MAX, &shards);
        }
        l->bin[i].nregs = (uint32_t)nregs;
        l->bin[i].n_shards = (uint32_t)shards;
        if (l->bin[i].reg_size != jh_index2size(l, i)) {
            json_mistake(in, "\"size_classes\": size %" PRIu64 " of class %u should be %" PRIu64,
                         l->bin[i].reg_size, i, jh_index2size(l, i));
        }
    }
}

static void compare_constants(struct json_input *in, const struct json_value *top,
                              const struct jh_layout *l) {
    for (size_t i = 0; i < jh_constant_count(); i++) {
        char key[64];
        uint64_t should = jh_constant_value(l, i), is = should;
        jt_constant_key(i, key);
        if (!jt_constant_is_flat(i)) {
            continue;
        }
        json_take_number(in, top, key, false, UINT64_MAX, &is);
        if (is != should) {
            json_mistake(in, "\"%s\" is %" PRIu64 ", but %" PRIu64 " follows from the rest", key,
                         is, should);
        }
    }
}

static void take_top(struct json_input *in, const struct json_value *top, struct jh_layout *l) {
    struct jh_build build;
    struct jh_fault fault;
    if (top->kind != JSON_OBJECT) {
        json_mistake(in, "not a JSON object");
        return;
    }
    take_build(in, top, &build);
    if (in->failed) {
        return;
    }
    if (jh_layout_make(&build, l, &fault) != JH_OK) {
        json_mistake(in, "no such build is described: %s (%" PRIu64 ")", fault.rule, fault.seen);
        return;
    }
    take_leaf(in, top, l);
    take_extent(in, top, l);
    take_states(in, top, l);
    take_root(in, top, l);
    take_bins(in, top, l);
    json_take_number(in, top, "large_pad", false, UINT64_MAX, &l->large_pad);
    l->large_by_size = json_take_bool(in, top, "large_by_size", l->large_by_size);
    if (!in->failed && jh_layout_check(l, &fault) != JH_OK) {
        json_mistake(in, "not a sound layout: %s", fault.rule);
    }
    if (!in->failed) { /* constants of a layout that is not sound cannot be computed */
        compare_constants(in, top, l);
    }
}

enum jt_status jt_layout_read(const char *text, size_t len, struct jh_layout *out,
                              char error[JT_TEXT_MAX]) {
    struct json_input in = {error, false};
    struct jh_layout layout;
    if (len > TEXT_MAX) {
        json_mistake(&in, "too long for a layout: %zu bytes, and may have %u", len, TEXT_MAX);
    }
    size_t wrong = 0;
    struct json_value *top = in.failed ? NULL : json_read(text, len, &wrong);
    if (top != NULL) {
        take_top(&in, top, &layout);
    } else if (wrong == JSON_NO_MEMORY) {
        json_mistake(&in, "out of memory");
    } else {
        json_mistake(&in, "not JSON, at byte %zu", wrong);
    }
    free(top);
    if (in.failed) {
        return wrong == JSON_NO_MEMORY ? JT_UNREADABLE : JT_USAGE;
    }
    *out = layout;
    return JT_OK;
}
