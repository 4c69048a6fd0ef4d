#include "grid.h"

#include <string.h>

#include "matrix.h"
#include "report.h"

static const char *text_at(struct json_object *names, size_t i) {
    return json_object_get_string(json_object_array_get_idx(names, i));
}

static bool among(struct json_object *names, const char *name) {
    for (size_t i = 0; i < json_object_array_length(names); i++) {
        if (strcmp(text_at(names, i), name) == 0) {
            return true;
        }
    }
    return false;
}

struct json_object *grid_names(struct json_object *cells, const char *key) {
    struct json_object *names = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        const char *name = matrix_text(json_object_array_get_idx(cells, i), key);
        if (!among(names, name)) {
            json_object_array_add(names, json_object_new_string(name));
        }
    }
    return names;
}

struct json_object *grid_cell(struct json_object *cells, const char *pin, const char *config) {
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        struct json_object *cell = json_object_array_get_idx(cells, i);
        if (strcmp(matrix_text(cell, "pin"), pin) == 0 &&
            strcmp(matrix_text(cell, "config"), config) == 0) {
            return cell;
        }
    }
    return NULL;
}

static int widest(struct json_object *names) {
    size_t width = 0;
    for (size_t i = 0; i < json_object_array_length(names); i++) {
        size_t length = strlen(text_at(names, i));
        width = length > width ? length : width;
    }
    return (int)width;
}

/* The length of a heading's first line. Headings have two lines, such as "redis-" above "7.0", so
 * that a dozen pins fit on a terminal. */
static int upper_length(const char *pin) {
    const char *dash = strchr(pin, '-');
    return dash ? (int)(dash - pin) + 1 : 0;
}

/* The width of the narrowest column; words in the table are not longer. */
enum { COLUMN_MIN = 5 };

static int column(const char *pin) {
    int upper = upper_length(pin), lower = (int)strlen(pin) - upper;
    int length = upper > lower ? upper : lower;
    return length > COLUMN_MIN ? length : COLUMN_MIN;
}

static void print_heading(struct json_object *pins, int first, bool lower, FILE *file) {
    bool any = lower;
    for (size_t i = 0; i < json_object_array_length(pins); i++) {
        any = any || upper_length(text_at(pins, i));
    }
    if (!any) {
        return;
    }
    fprintf(file, "%-*s", first, "");
    for (size_t i = 0; i < json_object_array_length(pins); i++) {
        const char *pin = text_at(pins, i);
        int upper = upper_length(pin), all = (int)strlen(pin);
        fprintf(file, " %*.*s", column(pin), lower ? all : upper, pin + (lower ? upper : 0));
    }
    fputc('\n', file);
}

static void print_row(struct json_object *cells, struct json_object *pins, const char *config,
                      grid_word_fn *word, bool color, FILE *file) {
    for (size_t i = 0; i < json_object_array_length(pins); i++) {
        const char *pin = text_at(pins, i);
        struct json_object *cell = grid_cell(cells, pin, config);
        char text[16] = "";
        if (cell) {
            word(cell, text, sizeof(text));
        }
        const char *paint = report_paint(color && cell, cell ? matrix_text(cell, "status") : "");
        fprintf(file, " %s%*s%s", paint, column(pin), text, *paint ? "\033[0m" : "");
    }
    fputc('\n', file);
}

void grid_print(struct json_object *cells, grid_word_fn *word, bool color, FILE *file) {
    struct json_object *pins = grid_names(cells, "pin"), *configs = grid_names(cells, "config");
    int first = widest(configs);
    print_heading(pins, first, false, file);
    print_heading(pins, first, true, file);
    for (size_t i = 0; i < json_object_array_length(configs); i++) {
        fprintf(file, "%-*s", first, text_at(configs, i));
        print_row(cells, pins, text_at(configs, i), word, color, file);
    }
    json_object_put(configs);
    json_object_put(pins);
}
