/* json_read.h - JSON that anybody may have written.
 *
 * json-c (0.16) crashes or loses values when memory runs out in its parser, and does not say so.
 * This takes all its memory at once, before it parses: what is parsed is whole, or there is
 * nothing. */
#ifndef JEHEAP_TARGET_JSON_READ_H
#define JEHEAP_TARGET_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_REAL, /* with a fraction or an exponent; nothing of ours is one */
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT
};

/* One of an array, in the order of the text: behind an array or object stands what is in it, of an
 * object each key, which is a text, and then its value. */
struct json_value {
    enum json_kind kind;
    uint32_t span;    /* values up to the next one beside it: this one and all inside */
    uint32_t count;   /* elements or members */
    uint32_t len;     /* bytes of text */
    const char *text; /* UTF-8 if the file is; ends in 0 and has none inside. Of other kinds: as it
                         was written, len bytes */
    uint64_t number;  /* without its sign; 1 for true */
    bool wide;        /* the number is larger than can be told */
};

#define JSON_DEPTH 32 /* arrays and objects inside each other */

/* The whole text is one value and white space; free() what is returned. NULL: *wrong is the byte
 * that is no JSON, or JSON_NO_MEMORY. 40 bytes of memory for each value. */
struct json_value *json_read(const char *bytes, size_t len, size_t *wrong);
#define JSON_NO_MEMORY SIZE_MAX

const char *json_kind_name(enum json_kind kind); /* "int", "string", "object", ... */

/* The next element, or member's key, beside this one. */
const struct json_value *json_next(const struct json_value *value);

/* Of two members with the same key the last one counts. NULL when there is none, or no object. */
const struct json_value *json_member(const struct json_value *object, const char *key);

#endif
