/* matrix.h - reads pins.json and configs.json, and tells which cells they make. */
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
    const char *source; /* DIR of --source; the pin is "source" then */
};

/* Reads both files. False: that failed, and a sentence was printed on stderr. */
bool matrix_load(const char *harness_dir, struct matrix *out);
void matrix_free(struct matrix *matrix);

/* The object with this "name" in an array, or NULL. */
struct json_object *matrix_named(struct json_object *array, const char *name);
/* Do pin and config make a cell? A pin that is built (or NULL: a --source tree) takes every config
 * without "of", which names the kind of pin that a config is for. A library as it is shipped takes
 * the configs that preload a library. */
bool matrix_applies(struct json_object *pin, struct json_object *config);
/* The default config of a pin (NULL: of a --source tree), for command lines that name none. */
const char *matrix_usual(struct json_object *pin);
/* Does the config name the pin among those that it is tried with by default? */
bool matrix_usual_too(struct json_object *config, struct json_object *pin);
/* A member's text; "" when there is none. */
const char *matrix_text(struct json_object *object, const char *key);
/* A member's number; 0 when there is none. */
uint64_t matrix_number(struct json_object *object, const char *key);
/* Does a shell take the word without quotes? */
bool matrix_plain(const char *word);

#endif
