/* skeleton_note.c - makes the notes of a skeleton: the layout, as layout_write.c writes it; the
 * base blocks as pairs of numbers; arenas (skeleton_arenas.c) and where they are
 * (skeleton_places.c); thread caches (skeleton_caches.c); all the rest as JSON.
 * skeleton_note_read.c reads them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "learn/json.h"
#include "image/memory_file.h"
#include "skeleton/inside.h"

const char *const jt_file_word[4] = {"same", "unproven", "missing", "differs"};

static void sources(struct json *j, const struct jt_target *target) {
    json_open(j, "learnt_from", '{');
    for (unsigned i = 0; i < JT_PARTS; i++) {
        json_text(j, jt_part_name(i), jt_source_name(target->source[i]));
    }
    json_close(j, '}');
}

static void variable(void *arg, const struct jt_skeleton_variable *v) {
    struct json *j = arg;
    json_open(j, v->name, '{');
    json_address(j, "addr", v->addr);
    json_number(j, "size", v->size);
    json_close(j, '}');
}

static void variables(struct json *j, struct jt_target *target) {
    json_open(j, "variables", '{');
    jt_skeleton_variables(target, variable, j);
    json_close(j, '}');
}

static void ranges(struct json *j, const struct jt_module *m) {
    json_open(j, "ranges", '[');
    for (size_t i = 0; i < m->ranges; i++) {
        json_open(j, NULL, '[');
        json_address(j, NULL, m->range[i].start);
        json_address(j, NULL, m->range[i].end);
        json_close(j, ']');
    }
    json_close(j, ']');
}

static void module(struct json *j, const struct jt_module *m, bool jemalloc) {
    char id[2 * JT_BUILD_ID_MAX + 1];
    jt_build_id_text(m->memory_id.size != 0 ? &m->memory_id : &m->file_id, id);
    json_open(j, NULL, '{');
    json_text(j, "path", m->path);
    json_text(j, "build_id", id);
    json_address(j, "start", m->start);
    json_address(j, "end", m->end);
    if (m->ranges > 1) {
        ranges(j, m);
    }
    json_text(j, "file", jt_file_word[m->state]);
    json_bool(j, "main", m->main);
    json_bool(j, "jemalloc", jemalloc);
    json_close(j, '}');
}

static void modules(struct json *j, const struct jt_target *target) {
    json_open(j, "modules", '[');
    for (size_t i = 0; i < target->modules; i++) {
        module(j, &target->module[i], &target->module[i] == target->jemalloc);
    }
    json_close(j, ']');
}

/* Names the heaps of the process that the skeleton does not have. */
static void other_heaps(struct json *j, struct jt_target *target) {
    size_t roots = jt_roots(target);
    if (jt_root_unknown(target)) {
        json_bool(j, "heaps_unknown", true);
    }
    json_open(j, "other_heaps", '[');
    for (size_t i = 0; i < roots; i++) {
        struct jt_root *root = &target->root[i];
        if (root->chosen || jt_root_empty(target, i)) {
            continue;
        }
        if (!jt_is_skeleton(target)) {
            (void)jt_version_among_constants(root->module, root->version);
        }
        json_open(j, NULL, '{');
        json_text(j, "module", root->module->path);
        json_text(j, "version", root->version);
        json_address(j, "root", root->addr);
        json_text(j, "symbol", root->symbol);
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* Writes the warnings, except those about the core's file and about other heaps, which the skeleton
 * does not have. */
static void warnings(struct json *j, const struct jt_target *target) {
    json_open(j, "warnings", '[');
    for (size_t i = target->priv->file_warnings; i < target->warnings; i++) {
        if (i < target->priv->learnt->root_warnings ||
            i >= target->priv->learnt->root_warnings_end) {
            json_text(j, NULL, target->warning[i]);
        }
    }
    json_close(j, ']');
}

/* Written only for a damaged heap, which has memory that is left out. */
static void left_out(struct json *j, const struct jt_private *p) {
    json_number(j, "bytes_left_out", p->skeleton->bytes_now);
    json_open(j, "broken", '{');
    for (size_t i = 0; i < p->skeleton->brokens; i++) {
        char at[32];
        snprintf(at, sizeof at, "0x%" PRIx64, p->skeleton->broken[i].at);
        json_text(j, at, p->skeleton->broken[i].rule);
    }
    json_close(j, '}');
}

static void about(struct jt_target *target, FILE *file) {
    struct json json = {.file = file}, *j = &json;
    json_open(j, NULL, '{');
    json_number(j, "skeleton", JT_SKELETON_FORMAT);
    json_number(j, "pid", target->priv->skeleton->decoding_only ? 1 : (uint64_t)target->pid);
    json_text(j, "version", target->version_string);
    json_address(j, "root", target->heap.rtree_root);
    json_text(j, "root_symbol", target->root_name);
    json_text(j, "prefix", target->prefix);
    sources(j, target);
    json_number(j, "bytes_truncated", target->bytes_truncated);
    if (target->priv->skeleton->bytes_now != 0 || target->priv->skeleton->brokens != 0) {
        left_out(j, target->priv);
    }
    variables(j, target);
    json_bool(j, "blocks_complete", target->priv->base->complete);
    json_bool(j, "map_complete", target->priv->map_complete);
    modules(j, target);
    other_heaps(j, target);
    warnings(j, target);
    json_close(j, '}');
}

static void blocks(const struct jt_target *target, FILE *file) {
    const struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->base->blocks; i++) {
        uint8_t bytes[JT_BLOCK_BYTES];
        jt_number_put(target, bytes, p->base->block[i].start, 8);
        jt_number_put(target, bytes + 8, p->base->block[i].end, 8);
        fwrite(bytes, 1, sizeof bytes, file);
    }
}

char *jt_skeleton_note(struct jt_target *target, unsigned type, size_t *size) {
    struct jt_memory_file m;
    bool good = true;
    if (!jt_memory_open(&m)) {
        return NULL;
    }
    if (type == JT_NOTE_ABOUT) {
        about(target, m.file);
    } else if (type == JT_NOTE_LAYOUT) {
        jt_layout_write(&target->layout, m.file);
    } else if (type == JT_NOTE_ARENAS) {
        jt_arenas_note(target, m.file);
    } else if (type == JT_NOTE_CACHES) {
        jt_caches_note(target, m.file);
    } else if (type == JT_NOTE_PLACES) {
        jt_places_note(target, m.file);
    } else if (type == JT_NOTE_HANDS) {
        good = jt_hands_note(target, m.file);
    } else {
        blocks(target, m.file);
    }
    char *bytes = jt_memory_close(&m, size);
    if (!good) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}
