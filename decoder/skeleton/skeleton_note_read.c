/* skeleton_note_read.c - reads the notes of a skeleton. They may be hostile, so every value is
 * checked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "learn/json_read.h"
#include "skeleton/inside.h"

/* NULL when the key is missing or of another kind. */
static const struct json_value *child(const struct json_value *object, const char *key,
                                      enum json_kind kind) {
    const struct json_value *value = json_member(object, key);
    return value == NULL || value->kind != kind ? NULL : value;
}

static const char *text_of(const struct json_value *object, const char *key) {
    const struct json_value *value = child(object, key, JSON_TEXT);
    return value == NULL ? NULL : value->text;
}

static bool address_of(const struct json_value *object, const char *key, uint64_t *out) {
    const char *text = text_of(object, key);
    return text != NULL && jt_number(text, out);
}

static bool number_of(const struct json_value *object, const char *key, uint64_t *out) {
    const struct json_value *value = child(object, key, JSON_INT);
    if (value == NULL || value->text[0] == '-' || value->wide) {
        return false;
    }
    *out = value->number;
    return true;
}

static bool flag_of(const struct json_value *object, const char *key) {
    const struct json_value *value = child(object, key, JSON_BOOL);
    return value != NULL && value->number != 0;
}

static bool copy_text(const struct json_value *object, const char *key, char *out, size_t size) {
    const char *text = text_of(object, key);
    if (text == NULL || strlen(text) >= size) {
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_sources(struct jt_target *target, const struct json_value *top) {
    const struct json_value *from = child(top, "learnt_from", JSON_OBJECT);
    for (unsigned part = 0; part < JT_PARTS; part++) {
        const char *word = text_of(from, jt_part_name(part));
        unsigned source = JT_UNKNOWN;
        while (word != NULL && source <= JT_DEFAULT && strcmp(word, jt_source_name(source)) != 0) {
            source++;
        }
        if (word == NULL || source > JT_DEFAULT) {
            return false;
        }
        target->source[part] = source;
    }
    return true;
}

static bool read_variables(struct jt_target *target, const struct json_value *top) {
    struct jt_private *p = target->priv;
    const struct json_value *all = child(top, "variables", JSON_OBJECT);
    if (all == NULL) {
        return false;
    }
    const struct json_value *key = all + 1;
    for (uint32_t i = 0; i < all->count; i++, key = json_next(key + 1)) {
        const char *name = key->text;
        struct jt_variable v = {"", 0, 0};
        if (strlen(name) >= sizeof v.name || p->source->variables == JT_VARIABLES_MAX ||
            !address_of(key + 1, "addr", &v.addr) || !number_of(key + 1, "size", &v.size)) {
            return false;
        }
        memcpy(v.name, name, strlen(name) + 1);
        p->source->variable[p->source->variables++] = v;
    }
    return true;
}

static bool read_blocks(struct jt_target *target, bool complete) {
    const struct jt_text *note = &target->priv->note[JT_NOTE_BLOCKS];
    for (size_t at = 0; at + JT_BLOCK_BYTES <= note->size; at += JT_BLOCK_BYTES) {
        const uint8_t *bytes = (const uint8_t *)note->bytes + at;
        uint64_t start = jt_number_at(target, bytes, 8), end = jt_number_at(target, bytes + 8, 8);
        if (start >= end || !jt_metadata_add(target, start, end - start, end - start)) {
            return false;
        }
    }
    jt_metadata_done(target, complete && note->bytes != NULL);
    return note->size % JT_BLOCK_BYTES == 0;
}

static int nibble(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_build_id(const char *text, struct jt_build_id *out) {
    size_t size = text == NULL ? 0 : strlen(text) / 2;
    out->size = 0;
    if (text == NULL || strlen(text) % 2 != 0 || size > JT_BUILD_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->bytes[i] = (uint8_t)(16 * high + low);
    }
    out->size = size;
    return true;
}

/* Reads a range, an array of two addresses. False: it is none. */
static bool read_range(const struct json_value *pair, struct jt_range *out) {
    return pair->kind == JSON_ARRAY && pair->count == 2 && pair[1].kind == JSON_TEXT &&
           pair[2].kind == JSON_TEXT && jt_number(pair[1].text, &out->start) &&
           jt_number(pair[2].text, &out->end) && out->start < out->end;
}

/* Reads the ranges of a module. Without them the module is one range from its start to its end. */
static bool read_ranges(struct jt_target *target, struct jt_module *m,
                        const struct json_value *row) {
    const struct json_value *all = child(row, "ranges", JSON_ARRAY);
    struct jt_range one = {m->start, m->end};
    struct jt_ranges set = {NULL, 0, 0, false};
    bool ok = json_member(row, "ranges") == NULL || all != NULL;
    const struct json_value *pair = all == NULL ? NULL : all + 1;
    if (all == NULL) {
        jt_ranges_add(&set, m->start, m->end - m->start);
    }
    for (uint32_t i = 0; ok && pair != NULL && i < all->count; i++, pair = json_next(pair)) {
        ok = read_range(pair, &one);
        jt_ranges_add(&set, one.start, one.end - one.start);
    }
    target->memory_ran_out |= set.lost;
    if (ok) {
        jt_module_add_ranges(target, m, set.range, set.count);
    }
    jt_ranges_free(&set);
    return ok && !target->memory_ran_out;
}

static bool read_module(struct jt_target *target, const struct json_value *row) {
    const char *path = text_of(row, "path"), *file = text_of(row, "file");
    unsigned state = 0;
    if (path == NULL || file == NULL) {
        return false;
    }
    while (state <= JT_FILE_DIFFERS && strcmp(file, jt_file_word[state]) != 0) {
        state++;
    }
    struct jt_module *m = jt_module_add(target, path);
    if (m == NULL || state > JT_FILE_DIFFERS || !address_of(row, "start", &m->start) ||
        !address_of(row, "end", &m->end) || !read_ranges(target, m, row) ||
        !read_build_id(text_of(row, "build_id"), &m->memory_id)) {
        return false;
    }
    m->state = state;
    m->main = flag_of(row, "main");
    return true;
}

static bool read_modules(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = child(top, "modules", JSON_ARRAY);
    if (all == NULL || all->count > JT_MODULES_MAX) {
        return false;
    }
    const struct json_value *row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (!read_module(target, row)) {
            return false;
        }
    }
    row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (flag_of(row, "jemalloc")) {
            target->jemalloc = &target->module[i]; /* the array does not move any more */
        }
    }
    return true;
}

static const struct jt_module *module_of_path(const struct jt_target *target, const char *path) {
    for (size_t i = 0; path != NULL && i < target->modules; i++) {
        if (strcmp(target->module[i].path, path) == 0) {
            return &target->module[i];
        }
    }
    return NULL;
}

static bool read_other(struct jt_target *target, const struct json_value *row) {
    const struct jt_module *m = module_of_path(target, text_of(row, "module"));
    struct jt_root other;
    if (m == NULL || !address_of(row, "root", &other.addr) ||
        !copy_text(row, "version", other.version, sizeof other.version) ||
        !copy_text(row, "symbol", other.symbol, sizeof other.symbol)) {
        return false;
    }
    jt_root_add(target, m, other.addr, other.symbol);
    memcpy(target->root[target->roots - 1].version, other.version, sizeof other.version);
    return true;
}

/* Reads the heaps of the process that the skeleton does not have. Skeletons of an older jeheap do
 * not name them. */
static bool read_others(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = child(top, "other_heaps", JSON_ARRAY);
    target->priv->learnt->roots_hidden = flag_of(top, "heaps_unknown");
    if (all == NULL || all->count >= JT_ROOTS_LISTED) {
        return json_member(top, "other_heaps") == NULL;
    }
    const struct json_value *row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (!read_other(target, row)) {
            return false;
        }
    }
    return true;
}

static bool read_warnings(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = child(top, "warnings", JSON_ARRAY);
    if (all == NULL) {
        return false;
    }
    const struct json_value *row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (row->kind != JSON_TEXT) {
            return false;
        }
        jt_warn(target, "%s", row->text);
    }
    return true;
}

/* Reads the verdicts on extents that the skeleton does not have. */
static bool read_left_out(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = child(top, "broken", JSON_OBJECT);
    if (json_member(top, "bytes_left_out") == NULL) {
        return true; /* nothing was left out */
    }
    if (!number_of(top, "bytes_left_out", &target->priv->skeleton->bytes) || all == NULL) {
        return false;
    }
    const struct json_value *key = all + 1;
    for (uint32_t i = 0; i < all->count; i++, key = json_next(key + 1)) {
        uint64_t at;
        if (key[1].kind != JSON_TEXT || !jt_number(key->text, &at) ||
            !jt_verdict_add(target, at, key[1].text)) {
            return false;
        }
    }
    jt_verdicts_sort(target);
    target->heap.verdict = target->priv->skeleton->broken;
    target->heap.verdicts = target->priv->skeleton->brokens;
    return true;
}

/* Reads how many bytes the original core lacked because it was cut off, and warns. The warning
 * counts as one about the file, so it is not written to a skeleton of this skeleton, which warns
 * itself. */
static bool read_truncated(struct jt_target *target, const struct json_value *top) {
    uint64_t bytes;
    if (!number_of(top, "bytes_truncated", &bytes) ||
        bytes > UINT64_MAX - target->bytes_truncated) {
        return false;
    }
    target->bytes_truncated += bytes;
    if (bytes != 0) {
        jt_warn(target,
                "the core that this skeleton was made of was cut off: %" PRIu64
                " bytes were missing; answers about them are \"absent\"",
                bytes);
    }
    target->priv->file_warnings = target->warnings;
    return true;
}

/* Reads the note of JSON. Gives the key of the first value that is not sound; NULL: all are. */
static const char *read_top(struct jt_target *target, const struct json_value *top,
                            uint64_t *root) {
    uint64_t pid;
    if (!number_of(top, "pid", &pid) || pid > INT32_MAX) {
        return "pid";
    }
    target->pid = (int)pid;
    target->priv->map_complete =
        flag_of(top, "map_complete"); /* an older jeheap did not write it */
    if (!read_truncated(target, top)) {
        return "bytes_truncated";
    }
    if (!copy_text(top, "version", target->version_string, sizeof target->version_string)) {
        return "version";
    }
    if (!copy_text(top, "root_symbol", target->root_name, sizeof target->root_name)) {
        return "root_symbol";
    }
    if (!copy_text(top, "prefix", target->prefix, sizeof target->prefix)) {
        return "prefix";
    }
    return !address_of(top, "root", root)                          ? "root"
           : !read_left_out(target, top)                           ? "broken"
           : !read_sources(target, top)                            ? "learnt_from"
           : !read_variables(target, top)                          ? "variables"
           : !read_blocks(target, flag_of(top, "blocks_complete")) ? "blocks"
           : !jt_arenas_note_read(target)                          ? "arenas"
           : !read_modules(target, top)                            ? "modules"
           : !read_others(target, top)                             ? "other_heaps"
           : !read_warnings(target, top)                           ? "warnings"
                                                                   : NULL;
}

enum jt_status jt_skeleton_notes_read(struct jt_target *target, uint64_t *root) {
    const struct jt_text *note = &target->priv->note[JT_NOTE_ABOUT];
    size_t wrong;
    errno = 0;
    struct json_value *top =
        note->size > JT_ABOUT_MAX ? NULL : json_read(note->bytes, note->size, &wrong);
    const char *bad = "JSON";
    uint64_t format = 0;
    if (top != NULL) {
        bad = number_of(top, "skeleton", &format) ? NULL : "skeleton";
    }
    if (bad == NULL && format == JT_SKELETON_FORMAT) {
        bad = read_top(target, top, root);
    }
    free(top);
    if (bad != NULL && errno == ENOMEM) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    if (bad != NULL) {
        return jt_fail(target, JT_UNREADABLE, "%s: a skeleton with a broken note (\"%s\")",
                       target->path, bad);
    }
    if (format != JT_SKELETON_FORMAT) {
        return jt_fail(target, JT_UNREADABLE,
                       "%s: a skeleton of format %" PRIu64 "; this jeheap reads format %d",
                       target->path, format, JT_SKELETON_FORMAT);
    }
    return JT_OK;
}
