/* json_take.h - members of a JSON object that are taken if they have the right type and range. */
#ifndef JEHEAP_LEARN_JSON_TAKE_H
#define JEHEAP_LEARN_JSON_TAKE_H

#include "image/inside.h"
#include "learn/json_read.h"

/* What is being read, and its first mistake. */
struct json_input {
    char *error; /* receives the sentence, JT_TEXT_MAX bytes; NULL: nobody wants it */
    bool failed;
};

/* Says what is wrong, unless an earlier mistake was said, and sets failed. */
void json_mistake(struct json_input *in, const char *text, ...) JT_PRINTF(2, 3);

/* The member of this name. NULL: it is missing or not of this kind; that is a mistake, unless it is
 * missing and not required. */
const struct json_value *json_child(struct json_input *in, const struct json_value *object,
                                    const char *key, enum json_kind kind, bool required);

/* A whole number from 0 to most. out is untouched when the member is missing. */
void json_take_number(struct json_input *in, const struct json_value *object, const char *key,
                      bool required, uint64_t most, uint64_t *out);

/* These give otherwise when the member is missing. */
uint8_t json_take_u8(struct json_input *in, const struct json_value *object, const char *key,
                     bool required, uint8_t otherwise);
uint16_t json_take_u16(struct json_input *in, const struct json_value *object, const char *key,
                       uint16_t otherwise);
bool json_take_bool(struct json_input *in, const struct json_value *object, const char *key,
                    bool otherwise);

#endif
