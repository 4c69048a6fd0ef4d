#include "cell_work.h"

#include <stdio.h>
#include <string.h>

#include "matrix.h"

void work_path(const struct work *w, const char *name, char *out, size_t size) {
    snprintf(out, size, "%s/%s", w->dir, name);
}

static bool has_any(const struct work *w, const char *key) {
    struct json_object *array;
    return json_object_object_get_ex(w->build, key, &array) && json_object_array_length(array) > 0;
}

bool work_emulated(const struct work *w) {
    return has_any(w, "emulator");
}

bool work_outsider(const struct work *w) {
    return has_any(w, "preload");
}

bool work_bare(const struct work *w) {
    struct json_object *flags;
    json_object_object_get_ex(w->build, "witness_flags", &flags);
    for (size_t i = 0; i < json_object_array_length(flags); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(flags, i)), "-s") == 0) {
            return true;
        }
    }
    return false;
}

struct jt_target *work_open(struct work *w, const struct jt_options *options, const char *what) {
    struct jt_target *out = NULL;
    enum jt_status status = jt_open(options, &out);
    if (out && status == JT_OK) {
        return out;
    }
    snprintf(w->why, sizeof(w->why), "%s cannot be opened: %.400s", what,
             out ? out->error : "out of memory");
    jt_close(out);
    return NULL;
}

const char *work_program(const struct work *w) {
    return work_emulated(w) ? matrix_text(w->build, "witness") : NULL;
}

bool work_unchanged(struct work *w) {
    if (!witness_unchanged(&w->witness)) {
        snprintf(w->why, sizeof(w->why), "the witness's heap changed while it was read");
        return false;
    }
    return true;
}
