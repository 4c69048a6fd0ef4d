#include "statistics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"

static struct json_object *find(const char *said) {
    static const char start[] = "{\"jemalloc\"";
    FILE *file = fopen(said, "r");
    struct json_object *found = NULL;
    char *line = NULL;
    size_t room = 0;
    while (file && !found && getline(&line, &room, file) > 0) {
        char *at = strstr(line, start);
        found = at ? json_tokener_parse(at) : NULL;
    }
    free(line);
    if (file) {
        fclose(file);
    }
    return found;
}

static void write_number(FILE *out, const char *name, uint64_t value) {
    fprintf(out, "mallctl name=%s value=0x%" PRIx64 "\n", name, value);
}

/* Writes a record for each class, such as arenas.bin.3.size. */
static void write_rows(FILE *out, struct json_object *arenas, const char *kind,
                       const char *const keys[]) {
    struct json_object *rows = NULL;
    json_object_object_get_ex(arenas, kind, &rows);
    for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
        for (size_t k = 0; keys[k]; k++) {
            char name[80];
            snprintf(name, sizeof(name), "arenas.%s.%zu.%s", kind, i, keys[k]);
            write_number(out, name, matrix_number(json_object_array_get_idx(rows, i), keys[k]));
        }
    }
}

static void write_facts(FILE *out, struct json_object *jemalloc) {
    static const char *const plain[] = {"page", "quantum", "nbins", "nlextents"};
    static const char *const bin[] = {"size", "nregs", "slab_size", "nshards", NULL};
    static const char *const lextent[] = {"size", NULL};
    struct json_object *arenas = NULL;
    json_object_object_get_ex(jemalloc, "arenas", &arenas);
    fprintf(out, "truth 1\nmeta version=%s\n", matrix_text(jemalloc, "version"));
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        char name[80];
        snprintf(name, sizeof(name), "arenas.%s", plain[i]);
        write_number(out, name, matrix_number(arenas, plain[i]));
    }
    write_rows(out, arenas, "bin", bin);
    write_rows(out, arenas, "lextent", lextent);
    fprintf(out, "end\n");
}

bool statistics_truth(const char *said, const char *path, char *error, size_t error_size) {
    struct json_object *all = find(said), *jemalloc = NULL;
    FILE *out =
        all && json_object_object_get_ex(all, "jemalloc", &jemalloc) ? fopen(path, "w") : NULL;
    if (out) {
        write_facts(out, jemalloc);
    }
    bool written = out && fclose(out) == 0;
    if (!written) {
        snprintf(error, error_size, "the program printed no statistics of its jemalloc: see %s",
                 said);
    }
    json_object_put(all);
    return written;
}
