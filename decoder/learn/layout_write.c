/* layout_write.c - writes a layout as one JSON object, which layout_read.c reads. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "learn/layout_json.h"

const char *const jt_leaf_form_name[3] = {"compact", "wide", "wide-packed"};

static void write_bool(FILE *f, const char *key, bool value) {
    fprintf(f, "\"%s\":%s,", key, value ? "true" : "false");
}

static void write_build(FILE *f, const struct jh_build *b) {
    fprintf(f, "\"version\":\"%s\",\"pointer_size\":%u,\"u64_align\":%u,\"pthread_mutex_size\":%u,",
            jh_version_name(b->version), b->pointer_size, b->u64_align, b->pthread_mutex_size);
    write_bool(f, "little_endian", b->little_endian);
    write_bool(f, "aarch64", b->aarch64);
    write_bool(f, "debug", b->debug);
    write_bool(f, "prof", b->prof);
    write_bool(f, "stats", b->stats);
    write_bool(f, "cache_oblivious", b->cache_oblivious);
}

void jt_constant_key(size_t index, char out[64]) {
    const char *name = jh_constant_name(index);
    size_t i = 0;
    for (; name[i] != 0 && i < 63; i++) {
        out[i] = (char)tolower((unsigned char)name[i]);
    }
    out[i] = 0;
}

/* Constants of bit fields are left out: "extent" has the fields. */
bool jt_constant_is_flat(size_t index) {
    return strncmp(jh_constant_name(index), "EXTENT_BITS_", 12) != 0;
}

static void write_constants(FILE *f, const struct jh_layout *l) {
    for (size_t i = 0; i < jh_constant_count(); i++) {
        char key[64];
        if (!jt_constant_is_flat(i)) {
            continue;
        }
        jt_constant_key(i, key);
        fprintf(f, "\"%s\":%" PRIu64 ",", key, jh_constant_value(l, i));
    }
    fputs("\"rtree_levels\":[", f);
    for (unsigned i = 0; i < l->rtree_height; i++) {
        fprintf(f, "%s{\"bits\":%u,\"cumbits\":%u}", i == 0 ? "" : ",", l->rtree_level[i].bits,
                l->rtree_level[i].cumbits);
    }
    fputs("],", f);
}

static void write_field(FILE *f, const char *name, struct jh_field field, bool *first) {
    if (field.width == 0) {
        return;
    }
    fprintf(f, "%s\"%s\":{\"offset\":%u,\"word\":%u,\"shift\":%u,\"width\":%u}", *first ? "" : ",",
            name, field.offset, field.word, field.shift, field.width);
    *first = false;
}

static void write_leaf(FILE *f, const struct jh_layout *l) {
    bool first = true;
    fprintf(f, "\"leaf\":{\"form\":\"%s\",\"size\":%u,\"align\":%u,\"low_bits\":%u,",
            jt_leaf_form_name[l->leaf_form], l->leaf_size, l->build.pointer_size, l->leaf_low_bits);
    write_bool(f, "sign_extend", l->leaf_sign_extend);
    fputs("\"fields\":{", f);
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        write_field(f, jh_leaf_field_name((enum jh_leaf_field)i), l->leaf[i], &first);
    }
    fputs("}},", f);
}

static void write_extent(FILE *f, const struct jh_layout *l) {
    bool first = true;
    fprintf(f, "\"extent\":{\"size\":%u,\"align\":%u,\"head\":%u,\"bitmap_offset\":%u,",
            l->extent_size, l->extent_align, l->extent_head, l->bitmap_offset);
    fputs("\"fields\":{", f);
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        write_field(f, jh_extent_field_name((enum jh_extent_field)i), l->extent[i], &first);
    }
    fputs("}},\"states\":[", f);
    for (unsigned i = 0; i < l->states; i++) {
        fprintf(f, "%s\"%s\"", i == 0 ? "" : ",", jh_state_name(l->state[i]));
    }
    fputs("],", f);
}

static void write_size_classes(FILE *f, const struct jh_layout *l) {
    write_bool(f, "large_by_size", l->large_by_size);
    fputs("\"size_classes\":[", f);
    for (uint32_t i = 0; i < l->sc_nsizes; i++) {
        fprintf(f, "%s{\"size\":%" PRIu64, i == 0 ? "" : ",", jh_index2size(l, i));
        if (i < l->sc_nbins) {
            fprintf(f, ",\"slab_size\":%" PRIu64 ",\"nregs\":%u,\"n_shards\":", l->bin[i].slab_size,
                    l->bin[i].nregs);
            fprintf(f, l->bin[i].n_shards != 0 ? "%u" : "null", l->bin[i].n_shards);
        }
        fputc('}', f);
    }
    fputs("],", f);
}

static void write_members(FILE *f, const struct jh_layout *l, const char *name) {
    struct jh_member member;
    for (size_t i = 0; jh_struct_nth(l, name, i, &member) == JH_OK; i++) {
        fprintf(f, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", member.name, member.offset);
    }
}

/* Writes structs as the formulas of the build have them. Differences that debug information told
 * are in "extent" and "root". */
static void write_structs(FILE *f, const struct jh_layout *l) {
    const char *name;
    fputs("\"structs\":{", f);
    for (size_t i = 0; (name = jh_struct_name(l, i)) != NULL; i++) {
        uint64_t size;
        uint32_t align;
        fprintf(f, "%s\"%s\":{", i == 0 ? "" : ",", name);
        if (jh_struct_size(l, name, &size, &align, NULL) != JH_OK) {
            fputs("\"size\":null,\"align\":null,", f); /* only its first members are known */
        } else {
            fprintf(f, "\"size\":%" PRIu64 ",\"align\":%u,", size, align);
        }
        fputs("\"members\":{", f);
        write_members(f, l, name);
        fputs("}}", f);
    }
    fputc('}', f);
}

void jt_layout_write(const struct jh_layout *layout, FILE *file) {
    fputc('{', file);
    write_build(file, &layout->build);
    write_constants(file, layout);
    write_leaf(file, layout);
    write_extent(file, layout);
    fprintf(file, "\"root\":{\"symbol\":\"%s\",\"offset\":%u},", layout->root_symbol,
            layout->root_offset);
    write_size_classes(file, layout);
    write_structs(file, layout);
    fputc('}', file);
}
