/* layout_read.c - a layout from JSON, as layout_write.c makes it.
 *
 * Geometry and size classes follow from the build parameters and are compared, not believed: a file
 * that contradicts itself is a mistake somebody wants to hear of. What may differ from a release
 * (bit fields, offsets, states, bins, pad) is taken. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>

#include "layout_json.h"

#define TEXT_MAX                                                                                   \
    (256u << 10) /* bytes; a layout takes 18 KiB, and what is parsed takes 100 times more */

struct in {
    char *error;
    bool failed;
};

/* The first mistake is the one that is told. */
static JT_PRINTF(2, 3) void bad(struct in *in, const char *text, ...) {
    va_list args;
    if (in->failed)
        return;
    in->failed = true;
    va_start(args, text);
    if (in->error != NULL)
        vsnprintf(in->error, JT_TEXT_MAX, text, args);
    va_end(args);
}

static json_object *child(struct in *in, json_object *object, const char *key, json_type type,
                          bool required) {
    json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, &value)) {
        if (required)
            bad(in, "\"%s\" is missing", key);
        return NULL;
    }
    if (json_object_is_type(value, type))
        return value;
    bad(in, "\"%s\" should be a %s", key, json_type_to_name(type));
    return NULL;
}

/* A whole number, not negative, at most most; out is untouched when the key is not there. */
static void take(struct in *in, json_object *object, const char *key, bool required, uint64_t most,
                 uint64_t *out) {
    json_object *value = child(in, object, key, json_type_int, required);
    if (value == NULL)
        return;
    uint64_t number = json_object_get_uint64(value);
    bool negative = json_object_get_int64(value) < 0; /* saturates, so large ones stay positive */
    if (negative || number > most)
        bad(in, "\"%s\" is %s, and may be 0 to %" PRIu64, key, json_object_get_string(value), most);
    else
        *out = number;
}

static uint8_t take8(struct in *in, json_object *object, const char *key, bool required,
                     uint8_t otherwise) {
    uint64_t value = otherwise;
    take(in, object, key, required, UINT8_MAX, &value);
    return (uint8_t)value;
}

static uint16_t take16(struct in *in, json_object *object, const char *key, uint16_t otherwise) {
    uint64_t value = otherwise;
    take(in, object, key, false, UINT16_MAX, &value);
    return (uint16_t)value;
}

static bool take_bool(struct in *in, json_object *object, const char *key, bool otherwise) {
    json_object *value = child(in, object, key, json_type_boolean, false);
    return value == NULL ? otherwise : json_object_get_boolean(value) != 0;
}

static void take_build(struct in *in, json_object *top, struct jh_build *b) {
    enum jh_version version = JH_5_3_0;
    json_object *name = child(in, top, "version", json_type_string, true);
    if (name != NULL && jh_version_parse(json_object_get_string(name), &version) != JH_OK)
        bad(in, "\"version\" is \"%.40s\", which is not known", json_object_get_string(name));
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
    if (maxregs != 0 && maxregs + 3 != b->lg_page)
        b->lg_slab_maxregs = maxregs;
}

static void take_field(struct in *in, json_object *fields, const char *name, struct jh_field *out) {
    static const char *const key[] = {"offset", "word", "shift", "width"};
    json_object *field = child(in, fields, name, json_type_object, false);
    *out = (struct jh_field){0, 0, 0, 0};
    if (field == NULL)
        return;
    uint64_t value[4] = {0, 0, 0, 0};
    for (unsigned i = 0; i < 4; i++)
        take(in, field, key[i], true, i == 0 ? 4096 : 64, &value[i]);
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

static void take_fields(struct in *in, json_object *part, name_fn *name, struct jh_field *out,
                        unsigned count) {
    json_object *fields = child(in, part, "fields", json_type_object, true);
    if (fields == NULL)
        return;
    json_object_object_foreach(fields, key, unused) {
        unsigned i = 0;
        (void)unused;
        while (i < count && strcmp(name(i), key) != 0)
            i++;
        if (i == count)
            bad(in, "\"%.60s\" is not a field's name", key);
    }
    for (unsigned i = 0; i < count; i++)
        take_field(in, fields, name(i), &out[i]);
}

static void take_leaf(struct in *in, json_object *top, struct jh_layout *l) {
    json_object *leaf = child(in, top, "leaf", json_type_object, false);
    if (leaf == NULL)
        return;
    json_object *form = child(in, leaf, "form", json_type_string, false);
    if (form != NULL && strcmp(json_object_get_string(form), jt_leaf_form_name[l->leaf_form]) != 0)
        bad(in, "\"form\" of the leaf contradicts lg_vaddr");
    l->leaf_size = take8(in, leaf, "size", false, l->leaf_size);
    l->leaf_low_bits = take8(in, leaf, "low_bits", false, l->leaf_low_bits);
    l->leaf_sign_extend = take_bool(in, leaf, "sign_extend", l->leaf_sign_extend);
    take_fields(in, leaf, leaf_name, l->leaf, JH_LEAF_FIELDS);
}

static void take_states(struct in *in, json_object *top, struct jh_layout *l) {
    json_object *states = child(in, top, "states", json_type_array, false);
    if (states == NULL)
        return;
    size_t count = json_object_array_length(states);
    if (count == 0 || count > JH_STATES_MAX) {
        bad(in, "\"states\" has %zu names, and may have 1 to %d", count, JH_STATES_MAX);
        return;
    }
    l->states = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(states, i));
        unsigned s = 0;
        while (s < JH_STATE_UNKNOWN &&
               (name == NULL || strcmp(jh_state_name((enum jh_state)s), name) != 0))
            s++;
        if (s == JH_STATE_UNKNOWN && (name == NULL || strcmp(name, "unknown") != 0))
            bad(in, "\"states\": \"%.40s\" is none", name == NULL ? "null" : name);
        l->state[i] = (enum jh_state)s;
    }
}

/* No build is without these. */
static const enum jh_extent_field needed[] = {
    JH_EXTENT_ARENA, JH_EXTENT_SLAB, JH_EXTENT_STATE, JH_EXTENT_SZIND,
    JH_EXTENT_NFREE, JH_EXTENT_BITS, JH_EXTENT_ADDR,  JH_EXTENT_SIZE,
};

static void take_extent(struct in *in, json_object *top, struct jh_layout *l) {
    json_object *extent = child(in, top, "extent", json_type_object, false);
    if (extent == NULL)
        return;
    l->extent_size = take16(in, extent, "size", l->extent_size);
    l->extent_align = take16(in, extent, "align", l->extent_align);
    l->extent_head = take16(in, extent, "head", l->extent_head);
    l->bitmap_offset = take16(in, extent, "bitmap_offset", l->bitmap_offset);
    take_fields(in, extent, extent_name, l->extent, JH_EXTENT_FIELDS);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (l->extent[needed[i]].width == 0)
            bad(in, "\"%s\" of the extent is missing", jh_extent_field_name(needed[i]));
}

static void take_root(struct in *in, json_object *top, struct jh_layout *l) {
    json_object *root = child(in, top, "root", json_type_object, false);
    uint64_t offset = l->root_offset;
    if (root == NULL)
        return;
    take(in, root, "offset", false, UINT32_MAX, &offset);
    l->root_offset = (uint32_t)offset;
    json_object *symbol = child(in, root, "symbol", json_type_string, false);
    if (symbol != NULL && strcmp(json_object_get_string(symbol), l->root_symbol) != 0)
        bad(in, "\"symbol\" of the root is \"%s\" in jemalloc %s", l->root_symbol,
            jh_version_name(l->build.version));
}

static void take_bins(struct in *in, json_object *top, struct jh_layout *l) {
    json_object *classes = child(in, top, "size_classes", json_type_array, false);
    if (classes == NULL)
        return;
    if (json_object_array_length(classes) != l->sc_nsizes) {
        bad(in, "\"size_classes\" has %zu entries, and should have %u",
            json_object_array_length(classes), l->sc_nsizes);
        return;
    }
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        json_object *row = json_object_array_get_idx(classes, i);
        uint64_t nregs = l->bin[i].nregs, shards = l->bin[i].n_shards;
        take(in, row, "size", true, UINT64_MAX, &l->bin[i].reg_size);
        take(in, row, "slab_size", false, UINT64_MAX, &l->bin[i].slab_size);
        take(in, row, "nregs", false, UINT32_MAX, &nregs);
        take(in, row, "n_shards", false, UINT32_MAX, &shards);
        l->bin[i].nregs = (uint32_t)nregs;
        l->bin[i].n_shards = (uint32_t)shards;
        if (l->bin[i].reg_size != jh_index2size(l, i))
            bad(in, "\"size_classes\": size %" PRIu64 " of class %u should be %" PRIu64,
                l->bin[i].reg_size, i, jh_index2size(l, i));
    }
}

static void compare_constants(struct in *in, json_object *top, const struct jh_layout *l) {
    for (size_t i = 0; i < jh_constant_count(); i++) {
        char key[64];
        uint64_t should = jh_constant_value(l, i), is = should;
        jt_constant_key(i, key);
        if (!jt_constant_is_flat(i))
            continue;
        take(in, top, key, false, UINT64_MAX, &is);
        if (is != should)
            bad(in, "\"%s\" is %" PRIu64 ", and all the rest says %" PRIu64, key, is, should);
    }
}

static void take_top(struct in *in, json_object *top, struct jh_layout *l) {
    struct jh_build build;
    struct jh_fault fault;
    if (!json_object_is_type(top, json_type_object)) {
        bad(in, "not a JSON object");
        return;
    }
    take_build(in, top, &build);
    if (in->failed)
        return;
    if (jh_layout_make(&build, l, &fault) != JH_OK) {
        bad(in, "no such build is described: %s (%" PRIu64 ")", fault.rule, fault.seen);
        return;
    }
    take_leaf(in, top, l);
    take_extent(in, top, l);
    take_states(in, top, l);
    take_root(in, top, l);
    take_bins(in, top, l);
    take(in, top, "large_pad", false, UINT64_MAX, &l->large_pad);
    l->large_by_size = take_bool(in, top, "large_by_size", l->large_by_size);
    compare_constants(in, top, l);
    if (!in->failed && jh_layout_check(l, &fault) != JH_OK)
        bad(in, "not a sound layout: %s", fault.rule);
}

enum jt_status jt_layout_read(const char *text, size_t len, struct jh_layout *out,
                              char error[JT_TEXT_MAX]) {
    struct in in = {error, false};
    struct jh_layout layout;
    if (len > TEXT_MAX)
        bad(&in, "%zu bytes are no layout: it has %u at most", len, TEXT_MAX);
    errno = 0;
    json_tokener *parser = in.failed ? NULL : json_tokener_new();
    json_object *top = parser == NULL ? NULL : json_tokener_parse_ex(parser, text, (int)len);
    if (errno == ENOMEM) { /* with an object that lacks something, as like as not */
        bad(&in, "out of memory");
    } else if (top == NULL) {
        bad(&in, "not JSON, at byte %zu", parser == NULL ? 0 : json_tokener_get_parse_end(parser));
    } else {
        take_top(&in, top, &layout);
    }
    bool no_memory = errno == ENOMEM;
    json_object_put(top);
    if (parser != NULL)
        json_tokener_free(parser);
    if (in.failed)
        return no_memory ? JT_UNREADABLE : JT_USAGE;
    *out = layout;
    return JT_OK;
}
