/* skeleton_note_read.c - reads the notes of a skeleton. Every value is checked: a note may be
 * hostile. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton/skeleton_note_json.h"

static bool read_sources(struct jt_target *target, const struct json_value *top) {
    const struct json_value *from = jt_note_member(top, "learnt_from", JSON_OBJECT);
    for (unsigned part = 0; part < JT_PARTS; part++) {
        const char *word = jt_note_text(from, jt_part_name(part));
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
    const struct json_value *all = jt_note_member(top, "variables", JSON_OBJECT);
    if (all == NULL) {
        return false;
    }
    const struct json_value *key = all + 1;
    for (uint32_t i = 0; i < all->count; i++, key = json_next(key + 1)) {
        const char *name = key->text;
        struct jt_variable v = {"", 0, 0};
        if (strlen(name) >= sizeof v.name || p->source->variables == JT_VARIABLES_MAX ||
            !jt_note_address(key + 1, "addr", &v.addr) ||
            !jt_note_number(key + 1, "size", &v.size)) {
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

static bool read_warnings(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = jt_note_member(top, "warnings", JSON_ARRAY);
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
    const struct json_value *all = jt_note_member(top, "broken", JSON_OBJECT);
    if (json_member(top, "bytes_left_out") == NULL) {
        return true; /* nothing was left out */
    }
    if (!jt_note_number(top, "bytes_left_out", &target->priv->skeleton->bytes) || all == NULL) {
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
    if (!jt_note_number(top, "bytes_truncated", &bytes) ||
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
    if (!jt_note_number(top, "pid", &pid) || pid > INT32_MAX) {
        return "pid";
    }
    target->pid = (int)pid;
    target->priv->map_complete =
        jt_note_flag(top, "map_complete"); /* an older jeheap did not write it */
    if (!read_truncated(target, top)) {
        return "bytes_truncated";
    }
    if (!jt_note_copy_text(top, "version", target->version_string, sizeof target->version_string)) {
        return "version";
    }
    if (!jt_note_copy_text(top, "root_symbol", target->root_name, sizeof target->root_name)) {
        return "root_symbol";
    }
    if (!jt_note_copy_text(top, "prefix", target->prefix, sizeof target->prefix)) {
        return "prefix";
    }
    return !jt_note_address(top, "root", root)                          ? "root"
           : !read_left_out(target, top)                                ? "broken"
           : !read_sources(target, top)                                 ? "learnt_from"
           : !read_variables(target, top)                               ? "variables"
           : !read_blocks(target, jt_note_flag(top, "blocks_complete")) ? "blocks"
           : !jt_arenas_note_read(target)                               ? "arenas"
           : !jt_places_note_read(target)                               ? "places"
           : !jt_modules_note_read(target, top)                         ? "modules"
           : !jt_other_heaps_note_read(target, top)                     ? "other_heaps"
           : !read_warnings(target, top)                                ? "warnings"
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
        bad = jt_note_number(top, "skeleton", &format) ? NULL : "skeleton";
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
