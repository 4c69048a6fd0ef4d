/* json.h - a small streaming JSON writer. It writes commas where they belong, and gathers a
 * top-level value until it is complete or the buffer is full. */
#ifndef JEHEAP_TARGET_JSON_H
#define JEHEAP_TARGET_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

void json_text(struct json *j, const char *key, const char *text);  /* NULL: null */
void json_address(struct json *j, const char *key, uint64_t value); /* "0x..." */
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
