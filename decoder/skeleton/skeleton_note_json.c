/* skeleton_note_json.c - values of the note of JSON, which may be hostile. */
#include "skeleton/skeleton_note_json.h"

#include <string.h>

const struct json_value *jt_note_member(const struct json_value *object, const char *key,
                                        enum json_kind kind) {
    const struct json_value *value = json_member(object, key);
    return value == NULL || value->kind != kind ? NULL : value;
}

const char *jt_note_text(const struct json_value *object, const char *key) {
    const struct json_value *value = jt_note_member(object, key, JSON_TEXT);
    return value == NULL ? NULL : value->text;
}

bool jt_note_address(const struct json_value *object, const char *key, uint64_t *out) {
    const char *text = jt_note_text(object, key);
    return text != NULL && jt_number(text, out);
}

bool jt_note_number(const struct json_value *object, const char *key, uint64_t *out) {
    const struct json_value *value = jt_note_member(object, key, JSON_INT);
    if (value == NULL || value->text[0] == '-' || value->wide) {
        return false;
    }
    *out = value->number;
    return true;
}

bool jt_note_flag(const struct json_value *object, const char *key) {
    const struct json_value *value = jt_note_member(object, key, JSON_BOOL);
    return value != NULL && value->number != 0;
}

bool jt_note_copy_text(const struct json_value *object, const char *key, char *out, size_t size) {
    const char *text = jt_note_text(object, key);
    if (text == NULL || strlen(text) >= size) {
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}
