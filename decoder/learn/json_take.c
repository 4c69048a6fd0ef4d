/* json_take.c - members of a JSON object that are taken if they have the right type and range. */
#include "learn/json_take.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void json_mistake(struct json_input *in, const char *text, ...) {
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

const struct json_value *json_child(struct json_input *in, const struct json_value *object,
                                    const char *key, enum json_kind kind, bool required) {
    const struct json_value *value = json_member(object, key);
    if (value == NULL && required) {
        json_mistake(in, "\"%s\" is missing", key);
    }
    if (value == NULL || value->kind == kind) {
        return value;
    }
    json_mistake(in, "\"%s\" should be a %s", key, json_kind_name(kind));
    return NULL;
}

void json_take_number(struct json_input *in, const struct json_value *object, const char *key,
                      bool required, uint64_t most, uint64_t *out) {
    const struct json_value *value = json_child(in, object, key, JSON_INT, required);
    if (value == NULL) {
        return;
    }
    if (value->text[0] == '-' || value->wide || value->number > most) {
        json_mistake(in, "\"%s\" is %.*s, and may be 0 to %" PRIu64, key,
                     value->len < 40 ? (int)value->len : 40, value->text, most);
    } else {
        *out = value->number;
    }
}

uint8_t json_take_u8(struct json_input *in, const struct json_value *object, const char *key,
                     bool required, uint8_t otherwise) {
    uint64_t value = otherwise;
    json_take_number(in, object, key, required, UINT8_MAX, &value);
    return (uint8_t)value;
}

uint16_t json_take_u16(struct json_input *in, const struct json_value *object, const char *key,
                       uint16_t otherwise) {
    uint64_t value = otherwise;
    json_take_number(in, object, key, false, UINT16_MAX, &value);
    return (uint16_t)value;
}

bool json_take_bool(struct json_input *in, const struct json_value *object, const char *key,
                    bool otherwise) {
    const struct json_value *value = json_child(in, object, key, JSON_BOOL, false);
    return value == NULL ? otherwise : value->number != 0;
}
