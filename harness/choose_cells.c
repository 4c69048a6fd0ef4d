#include "choose_cells.h"

#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "make_cell.h"
#include "nearest_name.h"

static bool wanted(const struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0) {
            return true;
        }
    }
    return names->count == 0;
}

static int check_names(const struct names *names, struct json_object *array, const char *kind) {
    for (size_t i = 0; i < names->count; i++) {
        struct nearest like = nearest_start(names->name[i]);
        for (size_t k = 0; k < json_object_array_length(array); k++) {
            nearest_try(&like, matrix_text(json_object_array_get_idx(array, k), "name"));
        }
        if (!matrix_named(array, names->name[i])) {
            return unknown_name(kind, names->name[i], like.best, "list");
        }
    }
    return EXIT_DONE;
}

int choose_check(const struct arguments *a, const struct matrix *matrix) {
    int wrong = check_names(&a->pins, matrix->pins, "pin");
    return wrong ? wrong : check_names(&a->configs, matrix->configs, "config");
}

/* Is the config only a machine? The constants command takes these: other configs would repeat them.
 */
static bool machine_config(struct json_object *config) {
    const char *name = matrix_text(config, "name");
    return strcmp(name, "default") == 0 || strcmp(matrix_text(config, "machine"), name) == 0;
}

static bool config_chosen(const struct arguments *a, struct json_object *config,
                          struct json_object *pin) {
    const char *name = matrix_text(config, "name");
    if (a->configs.count) {
        return wanted(&a->configs, name);
    }
    if (a->run.constants) {
        return machine_config(config);
    }
    if (a->emits) {
        const char *of = matrix_text(pin, "name");
        return a->all || emit_by_default(of, name) || (a->vectors && vectors_by_default(of, name));
    }
    /* a program that must be fetched is a default cell only when its pin is named */
    bool far = pin && *matrix_text(pin, "program") && !a->pins.count;
    return a->all || (strcmp(name, matrix_usual(pin)) == 0 && !far) ||
           matrix_usual_too(config, pin);
}

/* Is the cell chosen? Cells that make no sense are not, unless both names are given: then the cell
 * is skipped with a reason. */
static bool cell_chosen(const struct arguments *a, struct json_object *config,
                        struct json_object *pin) {
    bool named = a->pins.count && a->configs.count;
    return config_chosen(a, config, pin) && wanted(&a->pins, matrix_text(pin, "name")) &&
           (named || matrix_applies(pin, config));
}

struct cell_list choose(const struct arguments *a, const struct matrix *matrix) {
    struct cell_list list = {0};
    size_t configs = json_object_array_length(matrix->configs);
    size_t pins = json_object_array_length(matrix->pins);
    list.cell = calloc(configs * pins + 1, sizeof(*list.cell));
    for (size_t i = 0; list.cell && i < configs; i++) {
        struct json_object *entry = json_object_array_get_idx(matrix->configs, i);
        const char *config = matrix_text(entry, "name");
        if (a->source && config_chosen(a, entry, NULL) && matrix_applies(NULL, entry)) {
            list.cell[list.count++] = (struct cell){"source", config, a->source};
        }
        for (size_t p = 0; p < pins && !a->source; p++) {
            struct json_object *pin = json_object_array_get_idx(matrix->pins, p);
            if (cell_chosen(a, entry, pin)) {
                list.cell[list.count++] = (struct cell){matrix_text(pin, "name"), config, NULL};
            }
        }
    }
    return list;
}
