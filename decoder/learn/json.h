/* json.h - a small streaming JSON writer. It writes commas where they belong, and gathers a
 * top-level value until it is complete or the buffer is full. */
#ifndef JEHEAP_TARGET_JSON_H
#define JEHEAP_TARGET_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "learn/digits.h"

struct json {
    FILE *file;
    bool comma; /* a comma belongs before the next key or value */
    unsigned depth;
    size_t used;
    char room[1024];
};

/* open and close: '{' '}' or '[' ']'. key is NULL inside an array and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_line(struct json *j); /* ends a top-level value */

void json_text(struct json *j, const char *key, const char *text); /* NULL: null */

/* ---- values of a line that there are millions of ---------------------------------------------
 * Inline, so that a key, which is nearly always a literal, is copied as one. */

void json_flush(struct json *j);

/* Behind the key, with room for len bytes more. */
static inline char *json_key(struct json *j, const char *key, size_t len) {
    size_t key_len = key ? strlen(key) : 0;
    if (sizeof(j->room) - j->used < key_len + len + 4) {
        json_flush(j);
    }
    char *at = j->room + j->used;
    *at = ',';
    at += j->comma;
    j->comma = true;
    if (key) {
        *at++ = '"';
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its end is counted */
        memcpy(at, key, key_len);
        at += key_len;
        *at++ = '"';
        *at++ = ':';
    }
    return at;
}

static inline void json_end(struct json *j, const char *end) {
    j->used = (size_t)(end - j->room); /* all are inside an object */
}

static inline void json_address(struct json *j, const char *key, uint64_t value) { /* "0x..." */
    char *at = json_key(j, key, DIGITS_ROOM + 2);
    *at++ = '"';
    at = digits_put_address(at, value);
    *at++ = '"';
    json_end(j, at);
}

static inline void json_number(struct json *j, const char *key, uint64_t value) {
    json_end(j, digits_put_decimal(json_key(j, key, DIGITS_ROOM), value));
}

static inline void json_signed(struct json *j, const char *key, int64_t value) {
    char *at = json_key(j, key, DIGITS_ROOM + 1);
    *at = '-';
    at += value < 0;
    json_end(j, digits_put_decimal(at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value));
}

/* A short word of this program's, which nothing in is escaped. */
static inline void json_plain(struct json *j, const char *key, const char *word, bool quoted) {
    size_t len = strlen(word);
    char *at = json_key(j, key, len + 2);
    *at = '"';
    at += quoted;
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its end is counted */
    memcpy(at, word, len);
    at += len;
    *at = '"';
    json_end(j, at + quoted);
}

static inline void json_word(struct json *j, const char *key, const char *word) {
    json_plain(j, key, word, true);
}

static inline void json_bool(struct json *j, const char *key, bool value) {
    json_plain(j, key, value ? "true" : "false", false);
}

static inline void json_null(struct json *j, const char *key) {
    json_plain(j, key, "null", false);
}

#endif
