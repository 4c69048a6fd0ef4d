/* read_answer.h - a line that a foreign decoder printed: is it an answer to this question? */
#ifndef JEHEAP_READ_ANSWER_H
#define JEHEAP_READ_ANSWER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The JSON object of a line of that many bytes, which a 0 follows, when its key "id" is that
 * number. NULL, and in what the reason: it is no JSON, or more than one object, or nested deeper
 * than 32 levels; it has the character U+0000, which would end words too early; a number in it does
 * not fit in 64 bits; it answers another question. Where a key comes twice the last one counts. */
struct json_object *answer_read(const char *line, size_t len, uint64_t id, const char **what);

/* A number that is not negative, also one in hexadecimal text ("0x1f"), or one that a language
 * without integers wrote as 12.0. False: it is none, or has more than 64 bits. */
bool answer_number(struct json_object *o, uint64_t *out);

#endif
