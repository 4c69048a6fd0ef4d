/* json_read.c - parses JSON exactly as RFC 8259 has it, except that \u0000 in a text is refused. */
#include "learn/json_read.h"

#include <stdlib.h>
#include <string.h>

/* at is in a copy of the text that ends in a 0. No rule of the grammar accepts a 0, so nothing
 * behind it is read. */
struct parser {
    char *at;
    struct json_value *value;
    size_t values;
    unsigned depth;
};

static bool parse_value(struct parser *p);

static void skip_space(struct parser *p) {
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t') {
        p->at++;
    }
}

static bool accept_char(struct parser *p, char c) {
    skip_space(p);
    if (*p->at != c) {
        return false;
    }
    p->at++;
    return true;
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- texts, decoded where they stand: they do not get longer -------------------------------- */

/* The code unit of \uXXXX; negative: there is no such escape. */
static int32_t code_unit(const char *at) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int32_t code = 0;
    if (at[0] != '\\' || at[1] != 'u') {
        return -1;
    }
    for (unsigned i = 2; i < 6; i++) {
        const char *found = at[i] ? strchr(digits, at[i]) : NULL;
        if (!found) {
            return -1;
        }
        code = code << 4 | (int32_t)((found - digits) & 15);
    }
    return code;
}

static char *put_utf8(char *to, uint32_t code) {
    static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)(first[more] | code >> 6 * more);
    while (more-- > 0) {
        *to++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    }
    return to;
}

/* Decodes an escape to to, and gives the end of what was written. Half a surrogate pair becomes
 * U+FFFD. NULL: it is no escape. */
static char *parse_escape(struct parser *p, char *to) {
    static const char letter[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    const char *found = p->at[1] ? strchr(letter, p->at[1]) : NULL;
    if (found) {
        *to = meaning[found - letter];
        p->at += 2;
        return to + 1;
    }
    int32_t code = code_unit(p->at);
    if (code <= 0) {
        return NULL;
    }
    p->at += 6;
    if (code >= 0xd800 && code < 0xe000) {
        int32_t low = code < 0xdc00 ? code_unit(p->at) : -1;
        bool pair = low >= 0xdc00 && low < 0xe000;
        p->at += pair ? 6 : 0;
        code = pair ? 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff)) : 0xfffd;
    }
    return put_utf8(to, (uint32_t)code);
}

static bool parse_text(struct parser *p, struct json_value *v) {
    char *to = ++p->at;
    v->kind = JSON_TEXT;
    v->text = to;
    while (*p->at != '"') {
        if ((unsigned char)*p->at < ' ') {
            return false;
        }
        if (*p->at != '\\') {
            *to++ = *p->at++;
        } else if (!(to = parse_escape(p, to))) {
            return false;
        }
    }
    p->at++;
    *to = 0;
    v->len = (uint32_t)(to - v->text);
    return true;
}

/* ---- other values --------------------------------------------------------------------------- */

static bool parse_digits(struct parser *p) {
    if (!digit(*p->at)) {
        return false;
    }
    while (digit(*p->at)) {
        p->at++;
    }
    return true;
}

static bool parse_whole(struct parser *p, struct json_value *v) {
    if (!digit(*p->at) || (*p->at == '0' && digit(p->at[1]))) {
        return false;
    }
    for (; digit(*p->at); p->at++) {
        unsigned d = (unsigned)(*p->at - '0');
        v->wide |= v->number > (UINT64_MAX - d) / 10;
        v->number = v->number * 10 + d;
    }
    return true;
}

static bool parse_number(struct parser *p, struct json_value *v) {
    v->kind = JSON_INT;
    p->at += *p->at == '-';
    if (!parse_whole(p, v)) {
        return false;
    }
    if (*p->at == '.') {
        v->kind = JSON_REAL;
        p->at++;
        if (!parse_digits(p)) {
            return false;
        }
    }
    if (*p->at != 'e' && *p->at != 'E') {
        return true;
    }
    v->kind = JSON_REAL;
    p->at++;
    p->at += *p->at == '+' || *p->at == '-';
    return parse_digits(p);
}

static bool parse_word(struct parser *p, struct json_value *v) {
    static const struct {
        const char *text;
        enum json_kind kind;
        uint64_t number;
    } words[] = {{"null", JSON_NULL, 0}, {"false", JSON_BOOL, 0}, {"true", JSON_BOOL, 1}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].text);
        if (strncmp(p->at, words[i].text, len) == 0) {
            v->kind = words[i].kind;
            v->number = words[i].number;
            p->at += len;
            return true;
        }
    }
    return parse_number(p, v);
}

static bool parse_member(struct parser *p, struct json_value *v) {
    bool object = *p->at == '{';
    char close = object ? '}' : ']';
    v->kind = object ? JSON_OBJECT : JSON_ARRAY;
    p->at++;
    if (accept_char(p, close)) {
        return true;
    }
    do {
        skip_space(p);
        if (object && (*p->at != '"' || !parse_value(p) || !accept_char(p, ':'))) {
            return false;
        }
        if (!parse_value(p)) {
            return false;
        }
        v->count++;
    } while (accept_char(p, ','));
    return accept_char(p, close);
}

static bool parse_value(struct parser *p) {
    struct json_value *v = &p->value[p->values++];
    skip_space(p);
    *v = (struct json_value){.text = p->at};
    if (*p->at == '"') {
        v->span = 1;
        return parse_text(p, v);
    }
    bool nested = *p->at == '{' || *p->at == '[';
    if (nested && p->depth == JSON_DEPTH) {
        return false;
    }
    p->depth += nested;
    bool ok = nested ? parse_member(p, v) : parse_word(p, v);
    p->depth -= nested;
    v->len = (uint32_t)(p->at - v->text);
    v->span = (uint32_t)(&p->value[p->values] - v);
    return ok;
}

/* An upper bound of the number of values: before each but the first stands one of these characters.
 */
static size_t values_at_most(const char *text, size_t len) {
    static const uint8_t begins[UINT8_MAX + 1] = {[','] = 1, [':'] = 1, ['['] = 1, ['{'] = 1};
    size_t count = 1;
    for (size_t i = 0; i < len; i++) {
        count += begins[(unsigned char)text[i]];
    }
    return count;
}

struct json_value *json_read(const char *bytes, size_t len, size_t *wrong) {
    *wrong = JSON_NO_MEMORY;
    if (len >= UINT32_MAX) { /* struct json_value counts in 32 bits */
        return NULL;
    }
    size_t most = values_at_most(bytes, len);
    struct json_value *values = malloc(most * sizeof(*values) + len + 1);
    if (!values) {
        return NULL;
    }
    char *copy = (char *)(values + most);
    memcpy(copy, bytes, len);
    copy[len] = 0;
    struct parser p = {copy, values, 0, 0};
    bool ok = parse_value(&p);
    if (ok) {
        skip_space(&p);
    }
    *wrong = (size_t)(p.at - copy);
    if (ok && *wrong == len) {
        return values;
    }
    free(values);
    return NULL;
}

/* ---- looking -------------------------------------------------------------------------------- */

const char *json_kind_name(enum json_kind kind) {
    static const char *const name[] = {"null",   "boolean", "int",   "double",
                                       "string", "array",   "object"};
    return name[kind];
}

const struct json_value *json_next(const struct json_value *value) {
    return value + value->span;
}

const struct json_value *json_member(const struct json_value *object, const char *key) {
    const struct json_value *found = NULL, *at = object ? object + 1 : NULL;
    for (uint32_t i = 0; object && object->kind == JSON_OBJECT && i < object->count; i++) {
        found = strcmp(at->text, key) == 0 ? at + 1 : found;
        at = json_next(at + 1);
    }
    return found;
}
