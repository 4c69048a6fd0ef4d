#include "read_answer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool answer_number(struct json_object *o, uint64_t *out) {
    if (json_object_is_type(o, json_type_int)) {
        *out = json_object_get_uint64(o);
        return json_object_get_int64(o) >= 0;
    }
    if (json_object_is_type(o, json_type_double)) {
        double d = json_object_get_double(o);
        *out = d >= 0 && d < 18446744073709551616.0 ? (uint64_t)d : 0;
        return (double)*out == d;
    }
    const char *text = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 16);
    return strncmp(text, "0x", 2) == 0 && text[2] && !*end && errno == 0;
}

/* json-c takes the text up to a 0 for a word or a key. */
static bool has_zero(const char *line, size_t len) {
    return memchr(line, 0, len) || strstr(line, "\\u0000");
}

/* json-c makes the highest number of one that does not fit. */
static bool numbers_fit(const char *line) {
    static const char highest[] = "18446744073709551615";
    bool in_text = false;
    for (const char *at = line; *at; at++) {
        size_t digits = in_text ? 0 : strspn(at, "0123456789");
        if (digits && (at == line || at[-1] != '.') &&
            (digits > strlen(highest) ||
             (digits == strlen(highest) && strncmp(at, highest, digits) > 0))) {
            return false;
        }
        at += digits ? digits - 1 : 0;
        in_text ^= *at == '"';
        at += in_text && *at == '\\' && at[1];
    }
    return true;
}

static struct json_object *parse(const char *line, size_t len) {
    struct json_tokener *tokener = json_tokener_new();
    if (!tokener || len > INT_MAX - 1) {
        abort(); /* DECODER_LINE_MAX is less */
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT); /* nothing behind it */
    struct json_object *o = json_tokener_parse_ex(tokener, line, (int)len + 1);
    json_tokener_free(tokener);
    return o;
}

struct json_object *answer_read(const char *line, size_t len, uint64_t id, const char **what) {
    bool good = !has_zero(line, len) && numbers_fit(line);
    struct json_object *o = good ? parse(line, len) : NULL, *of = NULL;
    uint64_t seen = 0;
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        *what = "the line is no JSON object";
        return NULL;
    }
    if (!json_object_object_get_ex(o, "id", &of) || !answer_number(of, &seen) || seen != id) {
        json_object_put(o);
        *what = "the answer is to another question";
        return NULL;
    }
    return o;
}
