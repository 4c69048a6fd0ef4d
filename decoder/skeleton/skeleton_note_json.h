/* skeleton_note_json.h - values of the note of JSON in a skeleton, for the files that read it. */
#ifndef JEHEAP_SKELETON_NOTE_JSON_H
#define JEHEAP_SKELETON_NOTE_JSON_H

#include "learn/json_read.h"
#include "skeleton/inside.h"

/* The member of an object; NULL: it is missing or of another kind. */
const struct json_value *jt_note_member(const struct json_value *object, const char *key,
                                        enum json_kind kind);
const char *jt_note_text(const struct json_value *object, const char *key); /* or NULL */
/* These are false when the member is missing or not sound. */
bool jt_note_address(const struct json_value *object, const char *key, uint64_t *out);
bool jt_note_number(const struct json_value *object, const char *key, uint64_t *out);
bool jt_note_flag(const struct json_value *object, const char *key);
bool jt_note_copy_text(const struct json_value *object, const char *key, char *out, size_t size);

/* ---- skeleton_modules.c ---------------------------------------------------------------------- */

bool jt_modules_note_read(struct jt_target *target, const struct json_value *top);
bool jt_other_heaps_note_read(struct jt_target *target, const struct json_value *top);

#endif
