/* matrix.h - pins.json and configs.json, and the cells that are made of them. */
#ifndef JEHEAP_MATRIX_H
#define JEHEAP_MATRIX_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct matrix {
    struct json_object *pins_file, *configs_file;
    struct json_object *pins, *configs; /* arrays, in the files' order */
};

struct cell {
    const char *pin, *config;
    const char *source; /* --source DIR: then pin is "source" */
};

/* False and a sentence on stderr. */
bool matrix_load(const char *harness_dir, struct matrix *out);
void matrix_free(struct matrix *matrix);

/* The entry of that name in an array of objects, or NULL. */
struct json_object *matrix_named(struct json_object *array, const char *name);
/* Is there such a cell at all? A pin that is built (or NULL: a tree of the user's) takes every
 * config but those of one kind of pin, "of"; a library as it is shipped takes those that preload
 * one. */
bool matrix_applies(struct json_object *pin, struct json_object *config);
/* The config that a pin (NULL: a tree of the user's) is tried with when none is named. */
const char *matrix_usual(struct json_object *pin);
/* Is the pin among those that the config itself wants to be tried with then? */
bool matrix_usual_too(struct json_object *config, struct json_object *pin);
/* A member's text; "" when there is none. */
const char *matrix_text(struct json_object *object, const char *key);
/* A member's number; 0 when there is none. */
uint64_t matrix_number(struct json_object *object, const char *key);
/* Is it a word that a shell takes as it is? */
bool matrix_plain(const char *word);

#endif
