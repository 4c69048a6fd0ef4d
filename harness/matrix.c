#include "matrix.h"

#include <stdio.h>
#include <string.h>

static struct json_object *load(const char *dir, const char *file, const char *array,
                                struct json_object **out) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    struct json_object *object = json_object_from_file(path);
    if (!object) {
        fprintf(stderr, "jeconform: %s", json_util_get_last_err());
        return NULL;
    }
    if (!json_object_object_get_ex(object, array, out) ||
        !json_object_is_type(*out, json_type_array)) {
        fprintf(stderr, "jeconform: %s has no array \"%s\"\n", path, array);
        json_object_put(object);
        return NULL;
    }
    return object;
}

bool matrix_load(const char *harness_dir, struct matrix *out) {
    memset(out, 0, sizeof(*out));
    out->pins_file = load(harness_dir, "pins.json", "pins", &out->pins);
    out->configs_file = load(harness_dir, "configs.json", "configs", &out->configs);
    return out->pins_file && out->configs_file;
}

void matrix_free(struct matrix *matrix) {
    json_object_put(matrix->pins_file);
    json_object_put(matrix->configs_file);
}

const char *matrix_text(struct json_object *object, const char *key) {
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) && value ? json_object_get_string(value)
                                                                   : "";
}

uint64_t matrix_number(struct json_object *object, const char *key) {
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_uint64(value) : 0;
}

struct json_object *matrix_named(struct json_object *array, const char *name) {
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *entry = json_object_array_get_idx(array, i);
        if (strcmp(matrix_text(entry, "name"), name) == 0) {
            return entry;
        }
    }
    return NULL;
}

bool matrix_applies(struct json_object *pin, struct json_object *config) {
    const char *of = matrix_text(config, "of");
    bool library = pin && *matrix_text(pin, "library"),
         program = pin && *matrix_text(pin, "program");
    struct json_object *preload = NULL;
    if (*of || program) {
        return strcmp(of, library ? "library" : program ? "program" : "none") == 0;
    }
    return !library || json_object_object_get_ex(config, "preload", &preload);
}

const char *matrix_usual(struct json_object *pin) {
    const char *config = pin ? matrix_text(pin, "config") : "";
    return *config ? config : "default";
}

bool matrix_usual_too(struct json_object *config, struct json_object *pin) {
    struct json_object *pins = NULL;
    json_object_object_get_ex(config, "usual_for", &pins);
    for (size_t i = 0; pin && pins && i < json_object_array_length(pins); i++) {
        struct json_object *name = json_object_array_get_idx(pins, i);
        if (strcmp(json_object_get_string(name), matrix_text(pin, "name")) == 0) {
            return true;
        }
    }
    return false;
}

bool matrix_plain(const char *word) {
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "/._+,=:@%-")] == '\0';
}
