/* layout_read.c - a layout from JSON, as layout_write.c makes it.
 *
 * Geometry and size classes follow from the build parameters and are compared, not believed: a file
 * that contradicts itself is a mistake somebody wants to hear of. What may differ from a release
 * (bit fields, offsets, states, bins, pad) is taken. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "learn/json_read.h"
#include "learn/layout_json.h"

#define TEXT_MAX (256u << 10) /* bytes; a layout takes 18 KiB */

struct in {
    char *error;
    bool failed;
};

/* The first mistake is the one that is told. */
static JT_PRINTF(2, 3) void say_bad(struct in *in, const char *text, ...) {
    va_list args;
    if (in->failed) {
        return;
    }
    in->failed = true;
    va_start(args, text);
    if (in->error != NULL) {
        vsnprintf(in->error, JT_TEXT_MAX, text, args);
    }
    va_end(args);
}

static const struct json_value *child(struct in *in, const struct json_value *object,
                                      const char *key, enum json_kind kind, bool required) {
    const struct json_value *value = json_member(object, key);
    if (value == NULL && required) {
        say_bad(in, "\"%s\" is missing", key);
    }
    if (value == NULL || value->kind == kind) {
        return value;
    }
    say_bad(in, "\"%s\" should be a %s", key, json_kind_name(kind));
    return NULL;
}

/* A whole number, not negative, at most most; out is untouched when the key is not there. */
static void read_number(struct in *in, const struct json_value *object, const char *key,
                        bool required, uint64_t most, uint64_t *out) {
    const struct json_value *value = child(in, object, key, JSON_INT, required);
    if (value == NULL) {
        return;
    }
    if (value->text[0] == '-' || value->wide || value->number > most) {
        say_bad(in, "\"%s\" is %.*s, and may be 0 to %" PRIu64, key,
                value->len < 40 ? (int)value->len : 40, value->text, most);
    } else {
        *out = value->number;
    }
}

static uint8_t take8(struct in *in, const struct json_value *object, const char *key, bool required,
                     uint8_t otherwise) {
    uint64_t value = otherwise;
    read_number(in, object, key, required, UINT8_MAX, &value);
    return (uint8_t)value;
}

static uint16_t take16(struct in *in, const struct json_value *object, const char *key,
                       uint16_t otherwise) {
    uint64_t value = otherwise;
    read_number(in, object, key, false, UINT16_MAX, &value);
    return (uint16_t)value;
}

static bool take_bool(struct in *in, const struct json_value *object, const char *key,
                      bool otherwise) {
    const struct json_value *value = child(in, object, key, JSON_BOOL, false);
    return value == NULL ? otherwise : value->number != 0;
}

static void take_build(struct in *in, const struct json_value *top, struct jh_build *b) {
    enum jh_version version = JH_5_3_0;
    const struct json_value *name = child(in, top, "version", JSON_TEXT, true);
    if (name != NULL && jh_version_parse(name->text, &version) != JH_OK) {
        say_bad(in, "\"version\" is \"%.40s\", which is not known", name->text);
    }
    jh_build_init(b, version);
    b->lg_vaddr = take8(in, top, "lg_vaddr", true, 0);
    b->lg_page = take8(in, top, "lg_page", true, 0);
    b->lg_quantum = take8(in, top, "lg_quantum", true, 0);
    b->pointer_size = take8(in, top, "pointer_size", false, b->pointer_size);
    b->pthread_mutex_size = take8(in, top, "pthread_mutex_size", false, b->pthread_mutex_size);
    b->u64_align = take8(in, top, "u64_align", false, b->u64_align);
    b->little_endian = take_bool(in, top, "little_endian", b->little_endian);
    b->aarch64 = take_bool(in, top, "aarch64", b->aarch64);
    b->debug = take_bool(in, top, "debug", b->debug);
    b->prof = take_bool(in, top, "prof", b->prof);
    b->stats = take_bool(in, top, "stats", b->stats);
    b->cache_oblivious = take_bool(in, top, "cache_oblivious", b->cache_oblivious);
    uint8_t maxregs = take8(in, top, "sc_lg_slab_maxregs", false, 0);
    if (maxregs != 0 && maxregs + 3 != b->lg_page) {
        b->lg_slab_maxregs = maxregs;
    }
}

static void take_field(struct in *in, const struct json_value *fields, const char *name,
                       struct jh_field *out) {
    static const char *const key[] = {"offset", "word", "shift", "width"};
    const struct json_value *field = child(in, fields, name, JSON_OBJECT, false);
    *out = (struct jh_field){0, 0, 0, 0};
    if (field == NULL) {
        return;
    }
    uint64_t value[4] = {0, 0, 0, 0};
    for (unsigned i = 0; i < 4; i++) {
        read_number(in, field, key[i], true, i == 0 ? 4096 : 64, &value[i]);
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

static void take_fields(struct in *in, const struct json_value *part, name_fn *name,
                        struct jh_field *out, unsigned count) {
    const struct json_value *fields = child(in, part, "fields", JSON_OBJECT, true);
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
            say_bad(in, "\"%.60s\" is not a field's name", key->text);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        take_field(in, fields, name(i), &out[i]);
    }
}

static void take_leaf(struct in *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *leaf = child(in, top, "leaf", JSON_OBJECT, false);
    if (leaf == NULL) {
        return;
    }
    const struct json_value *form = child(in, leaf, "form", JSON_TEXT, false);
    if (form != NULL && strcmp(form->text, jt_leaf_form_name[l->leaf_form]) != 0) {
        say_bad(in, "\"form\" of the leaf contradicts lg_vaddr");
    }
    l->leaf_size = take8(in, leaf, "size", false, l->leaf_size);
    l->leaf_low_bits = take8(in, leaf, "low_bits", false, l->leaf_low_bits);
    l->leaf_sign_extend = take_bool(in, leaf, "sign_extend", l->leaf_sign_extend);
    take_fields(in, leaf, leaf_name, l->leaf, JH_LEAF_FIELDS);
}

static void take_states(struct in *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *states = child(in, top, "states", JSON_ARRAY, false);
    if (states == NULL) {
        return;
    }
    uint32_t count = states->count;
    if (count == 0 || count > JH_STATES_MAX) {
        say_bad(in, "\"states\" has %" PRIu32 " names, and may have 1 to %d", count, JH_STATES_MAX);
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
            say_bad(in, "\"states\": \"%.40s\" is none", name == NULL ? "null" : name);
        }
        l->state[i] = (enum jh_state)s;
    }
}

/* No build is without these. */
static const enum jh_extent_field needed[] = {
    JH_EXTENT_ARENA, JH_EXTENT_SLAB, JH_EXTENT_STATE, JH_EXTENT_SZIND,
    JH_EXTENT_NFREE, JH_EXTENT_BITS, JH_EXTENT_ADDR,  JH_EXTENT_SIZE,
};

static void take_extent(struct in *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *extent = child(in, top, "extent", JSON_OBJECT, false);
    if (extent == NULL) {
        return;
    }
    l->extent_size = take16(in, extent, "size", l->extent_size);
    l->extent_align = take16(in, extent, "align", l->extent_align);
    l->extent_head = take16(in, extent, "head", l->extent_head);
    l->bitmap_offset = take16(in, extent, "bitmap_offset", l->bitmap_offset);
    take_fields(in, extent, extent_name, l->extent, JH_EXTENT_FIELDS);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (l->extent[needed[i]].width == 0) {
            say_bad(in, "\"%s\" of the extent is missing", jh_extent_field_name(needed[i]));
        }
    }
}

static void take_root(struct in *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *root = child(in, top, "root", JSON_OBJECT, false);
    uint64_t offset = l->root_offset;
    if (root == NULL) {
        return;
    }
    read_number(in, root, "offset", false, UINT32_MAX, &offset);
    l->root_offset = (uint32_t)offset;
    const struct json_value *symbol = child(in, root, "symbol", JSON_TEXT, false);
    if (symbol != NULL && strcmp(symbol->text, l->root_symbol) != 0) {
        say_bad(in, "\"symbol\" of the root is \"%s\" in jemalloc %s", l->root_symbol,
                jh_version_name(l->build.version));
    }
}

static void take_bins(struct in *in, const struct json_value *top, struct jh_layout *l) {
    const struct json_value *classes = child(in, top, "size_classes", JSON_ARRAY, false);
    if (classes == NULL) {
        return;
    }
    if (classes->count != l->sc_nsizes) {
        say_bad(in, "\"size_classes\" has %" PRIu32 " entries, and should have %u", classes->count,
                l->sc_nsizes);
        return;
    }
    const struct json_value *row = classes + 1;
    for (uint32_t i = 0; i < l->sc_nbins; i++, row = json_next(row)) {
        uint64_t nregs = l->bin[i].nregs, shards = l->bin[i].n_shards;
        read_number(in, row, "size", true, UINT64_MAX, &l->bin[i].reg_size);
        read_number(in, row, "slab_size", false, UINT64_MAX, &l->bin[i].slab_size);
        read_number(in, row, "nregs", false, UINT32_MAX, &nregs);
        read_number(in, row, "n_shards", false, UINT32_MAX, &shards);
        l->bin[i].nregs = (uint32_t)nregs;
        l->bin[i].n_shards = (uint32_t)shards;
        if (l->bin[i].reg_size != jh_index2size(l, i)) {
            say_bad(in, "\"size_classes\": size %" PRIu64 " of class %u should be %" PRIu64,
                    l->bin[i].reg_size, i, jh_index2size(l, i));
        }
    }
}

static void compare_constants(struct in *in, const struct json_value *top,
                              const struct jh_layout *l) {
    for (size_t i = 0; i < jh_constant_count(); i++) {
        char key[64];
        uint64_t should = jh_constant_value(l, i), is = should;
        jt_constant_key(i, key);
        if (!jt_constant_is_flat(i)) {
            continue;
        }
        read_number(in, top, key, false, UINT64_MAX, &is);
        if (is != should) {
            say_bad(in, "\"%s\" is %" PRIu64 ", and all the rest says %" PRIu64, key, is, should);
        }
    }
}

static void take_top(struct in *in, const struct json_value *top, struct jh_layout *l) {
    struct jh_build build;
    struct jh_fault fault;
    if (top->kind != JSON_OBJECT) {
        say_bad(in, "not a JSON object");
        return;
    }
    take_build(in, top, &build);
    if (in->failed) {
        return;
    }
    if (jh_layout_make(&build, l, &fault) != JH_OK) {
        say_bad(in, "no such build is described: %s (%" PRIu64 ")", fault.rule, fault.seen);
        return;
    }
    take_leaf(in, top, l);
    take_extent(in, top, l);
    take_states(in, top, l);
    take_root(in, top, l);
    take_bins(in, top, l);
    read_number(in, top, "large_pad", false, UINT64_MAX, &l->large_pad);
    l->large_by_size = take_bool(in, top, "large_by_size", l->large_by_size);
    if (!in->failed && jh_layout_check(l, &fault) != JH_OK) {
        say_bad(in, "not a sound layout: %s", fault.rule);
    }
    if (!in->failed) { /* a mask of a field that is not sound has no meaning */
        compare_constants(in, top, l);
    }
}

enum jt_status jt_layout_read(const char *text, size_t len, struct jh_layout *out,
                              char error[JT_TEXT_MAX]) {
    struct in in = {error, false};
    struct jh_layout layout;
    if (len > TEXT_MAX) {
        say_bad(&in, "%zu bytes are no layout: it has %u at most", len, TEXT_MAX);
    }
    size_t wrong = 0;
    struct json_value *top = in.failed ? NULL : json_read(text, len, &wrong);
    if (top != NULL) {
        take_top(&in, top, &layout);
    } else if (wrong == JSON_NO_MEMORY) {
        say_bad(&in, "out of memory");
    } else {
        say_bad(&in, "not JSON, at byte %zu", wrong);
    }
    free(top);
    if (in.failed) {
        return wrong == JSON_NO_MEMORY ? JT_UNREADABLE : JT_USAGE;
    }
    *out = layout;
    return JT_OK;
}
