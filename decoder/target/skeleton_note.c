/* skeleton_note.c - what a skeleton tells of its target: a layout, as layout_write.c writes it, the
 * blocks of the base allocators as pairs of numbers, and all the rest as JSON. Anybody may have
 * made them, so nothing in them is believed unseen. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton.h"

const char *const jt_file_word[4] = {"same", "unproven", "missing", "differs"};

static json_object *number(uint64_t value) {
    return json_object_new_uint64(value);
}

/* As everywhere in JSON, addresses are strings. */
static json_object *address(uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return json_object_new_string(text);
}

static json_object *sources(const struct jt_target *target) {
    json_object *o = json_object_new_object();
    for (unsigned i = 0; i < JT_PARTS; i++)
        json_object_object_add(o, jt_part_name(i),
                               json_object_new_string(jt_source_name(target->source[i])));
    return o;
}

static json_object *variables(struct jt_target *target) {
    json_object *o = json_object_new_object();
    const char *name;
    uint64_t addr, size;
    for (size_t i = 0; (name = jt_skeleton_variable(i)) != NULL; i++) {
        if (!jt_symbol(target, name, &addr, &size))
            continue;
        json_object *v = json_object_new_object();
        json_object_object_add(v, "addr", address(addr));
        json_object_object_add(v, "size", number(size));
        json_object_object_add(o, name, v);
    }
    return o;
}

static json_object *module(const struct jt_module *m, bool jemalloc) {
    json_object *o = json_object_new_object();
    char id[2 * JT_BUILD_ID_MAX + 1];
    jt_build_id_text(m->memory_id.size != 0 ? &m->memory_id : &m->file_id, id);
    json_object_object_add(o, "path", json_object_new_string(m->path));
    json_object_object_add(o, "build_id", json_object_new_string(id));
    json_object_object_add(o, "start", address(m->start));
    json_object_object_add(o, "end", address(m->end));
    json_object_object_add(o, "file", json_object_new_string(jt_file_word[m->state]));
    json_object_object_add(o, "main", json_object_new_boolean(m->main));
    json_object_object_add(o, "jemalloc", json_object_new_boolean(jemalloc));
    return o;
}

static json_object *modules(const struct jt_target *target) {
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < target->modules; i++)
        json_object_array_add(array,
                              module(&target->module[i], &target->module[i] == target->jemalloc));
    return array;
}

/* Those about the core file are not true of the skeleton. */
static json_object *warnings(const struct jt_target *target) {
    json_object *array = json_object_new_array();
    for (size_t i = target->priv->file_warnings; i < target->warnings; i++)
        json_object_array_add(array, json_object_new_string(target->warning[i]));
    return array;
}

static char *about(struct jt_target *target, size_t *size) {
    json_object *o = json_object_new_object();
    if (o == NULL)
        return NULL;
    json_object_object_add(o, "skeleton", number(JT_SKELETON_FORMAT));
    json_object_object_add(o, "pid", number((uint64_t)target->pid));
    json_object_object_add(o, "version", json_object_new_string(target->version_string));
    json_object_object_add(o, "root", address(target->heap.rtree_root));
    json_object_object_add(o, "root_symbol", json_object_new_string(target->root_name));
    json_object_object_add(o, "prefix", json_object_new_string(target->prefix));
    json_object_object_add(o, "learnt_from", sources(target));
    json_object_object_add(o, "bytes_truncated", number(target->bytes_truncated));
    json_object_object_add(o, "variables", variables(target));
    json_object_object_add(o, "blocks_complete",
                           json_object_new_boolean(target->priv->metadata_complete));
    json_object_object_add(o, "modules", modules(target));
    json_object_object_add(o, "warnings", warnings(target));
    const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, size);
    char *copy = text == NULL ? NULL : strdup(text);
    json_object_put(o);
    return copy;
}

static char *layout(const struct jt_target *target, size_t *size) {
    char *text = NULL;
    FILE *file = open_memstream(&text, size);
    if (file == NULL)
        return NULL;
    jt_layout_write(&target->layout, file);
    bool bad = ferror(file) != 0;
    if (fclose(file) == 0 && !bad)
        return text;
    free(text);
    return NULL;
}

static char *blocks(const struct jt_target *target, size_t *size) {
    const struct jt_private *p = target->priv;
    *size = p->blocks * JT_BLOCK_BYTES;
    uint8_t *bytes = malloc(*size + 1);
    for (size_t i = 0; bytes != NULL && i < p->blocks; i++) {
        jt_number_put(target, bytes + i * JT_BLOCK_BYTES, p->block[i].start, 8);
        jt_number_put(target, bytes + i * JT_BLOCK_BYTES + 8, p->block[i].end, 8);
    }
    return (char *)bytes;
}

char *jt_skeleton_note(struct jt_target *target, unsigned type, size_t *size) {
    return type == JT_NOTE_ABOUT    ? about(target, size)
           : type == JT_NOTE_LAYOUT ? layout(target, size)
                                    : blocks(target, size);
}
