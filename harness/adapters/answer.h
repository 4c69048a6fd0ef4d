/* answer.h - the decoder protocol (corpora/vectors/README.md), as jeheap answers it.
 *
 * The adapter asks it line by line; jeconform asks it for what a vector's answer is, which is then
 * held against jemalloc's own truth before it is written. */
#ifndef JEHEAP_ANSWER_H
#define JEHEAP_ANSWER_H

#include <json-c/json.h>
#include <stdbool.h>

#include "open/open.h"

/* What lasts from question to question. Zero it; answerer_end() it. */
struct answerer {
    bool has_layout;
    struct jh_layout layout;
    char path[4096]; /* of the image that is open */
    uint64_t root;
    struct jt_target *target; /* NULL: none is */
};

/* Never NULL; the caller puts it back. */
struct json_object *answer(struct answerer *a, struct json_object *question);
void answerer_end(struct answerer *a);

/* ---- answer_words.c: members of questions and answers ---------------------------------------- */

struct json_object *asked(struct json_object *question, const char *key); /* or NULL */
const char *asked_text(struct json_object *question, const char *key);    /* "" without it */
/* A number, or a string "0x..."; false: it is neither, or not there. */
bool asked_number(struct json_object *question, const char *key, uint64_t *out);
/* Hex to bytes; how many, at most max. False: no hex. */
bool asked_bytes(struct json_object *question, const char *key, uint8_t *out, size_t max,
                 size_t *len);

void put_number(struct json_object *o, const char *key, uint64_t value);
void put_address(struct json_object *o, const char *key, uint64_t value);
void put_bool(struct json_object *o, const char *key, bool value);
void put_text(struct json_object *o, const char *key, const char *value); /* NULL: null */
/* {"error","why","rule"}; why and rule may be NULL. */
struct json_object *answer_error(const char *error, const char *why, const char *rule);
struct json_object *answer_fault(enum jh_status status, const struct jh_fault *fault);

/* A number of a state, as jemalloc's word or "unknown(7)". */
const char *answer_state(enum jh_state state, uint32_t bits, char out[32]);
/* All that an extent's structure says. */
void put_extent(struct json_object *o, const struct jh_layout *layout, const struct jh_extent *e);

/* ---- the questions --------------------------------------------------------------------------- */

struct json_object *answer_leaf(struct answerer *a, struct json_object *question);
struct json_object *answer_extent(struct answerer *a, struct json_object *question);
struct json_object *answer_slab(struct answerer *a, struct json_object *question);
struct json_object *answer_cache(struct answerer *a, struct json_object *question);
/* answer_image.c */
struct json_object *answer_find(struct answerer *a, struct json_object *question);
struct json_object *answer_extents(struct answerer *a, struct json_object *question);
struct json_object *answer_check(struct answerer *a, struct json_object *question);

#endif
