/* json_read.h - a parser of JSON that may be hostile.
 *
 * json-c (0.16) crashes or loses values when memory runs out in its parser, and does not say so.
 * This parser allocates all its memory before it starts: the result is complete, or NULL. */
#ifndef JEHEAP_TARGET_JSON_READ_H
#define JEHEAP_TARGET_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_REAL, /* with a fraction or an exponent; jeheap's files have none */
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT
};

/* A parsed value. All values are one array in the order of the text: an array or object is followed
 * by what is in it, and in an object each key, which is a text, by its value. */
struct json_value {
    enum json_kind kind;
    uint32_t span;    /* values of this one and all inside it: where the next one beside it is */
    uint32_t count;   /* elements or members */
    uint32_t len;     /* bytes of text */
    const char *text; /* of a text: ends in 0, which it does not have inside; UTF-8 if the file is.
                         Of other kinds: the len bytes of the file */
    uint64_t number;  /* without its sign; 1 for true */
    bool wide;        /* the number is larger than number can hold */
};

#define JSON_DEPTH 32 /* arrays and objects inside each other */

/* Parses a text that consists of one value and white space; the result is to be freed. NULL: *wrong
 * is the offset at which it stops being JSON, or JSON_NO_MEMORY. Takes 40 bytes of memory for each
 * value. */
struct json_value *json_read(const char *bytes, size_t len, size_t *wrong);
#define JSON_NO_MEMORY SIZE_MAX

const char *json_kind_name(enum json_kind kind); /* "int", "string", "object", ... */

/* The next element, or member's key, beside this one. */
const struct json_value *json_next(const struct json_value *value);

/* The value of the member with this key, the last one when there are several; NULL: there is none,
 * or object is NULL or no object. */
const struct json_value *json_member(const struct json_value *object, const char *key);

#endif
