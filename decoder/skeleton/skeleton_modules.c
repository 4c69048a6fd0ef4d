/* skeleton_modules.c - reads the modules, and the heaps that a skeleton does not have, from its
 * note of JSON. */
#include <string.h>

#include "skeleton/skeleton_note_json.h"

static int nibble(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_build_id(const char *text, struct jt_build_id *out) {
    size_t size = text == NULL ? 0 : strlen(text) / 2;
    out->size = 0;
    if (text == NULL || strlen(text) % 2 != 0 || size > JT_BUILD_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->bytes[i] = (uint8_t)(16 * high + low);
    }
    out->size = size;
    return true;
}

/* Reads a range, an array of two addresses. False: it is none. */
static bool read_range(const struct json_value *pair, struct jt_range *out) {
    return pair->kind == JSON_ARRAY && pair->count == 2 && pair[1].kind == JSON_TEXT &&
           pair[2].kind == JSON_TEXT && jt_number(pair[1].text, &out->start) &&
           jt_number(pair[2].text, &out->end) && out->start < out->end;
}

/* Reads the ranges of a module. Without them the module is one range from its start to its end. */
static bool read_ranges(struct jt_target *target, struct jt_module *m,
                        const struct json_value *row) {
    const struct json_value *all = jt_note_member(row, "ranges", JSON_ARRAY);
    struct jt_range one = {m->start, m->end};
    struct jt_ranges set = {NULL, 0, 0, false};
    bool ok = json_member(row, "ranges") == NULL || all != NULL;
    const struct json_value *pair = all == NULL ? NULL : all + 1;
    if (all == NULL) {
        jt_ranges_add(&set, m->start, m->end - m->start);
    }
    for (uint32_t i = 0; ok && pair != NULL && i < all->count; i++, pair = json_next(pair)) {
        ok = read_range(pair, &one);
        jt_ranges_add(&set, one.start, one.end - one.start);
    }
    target->memory_ran_out |= set.lost;
    if (ok) {
        jt_module_add_ranges(target, m, set.range, set.count);
    }
    jt_ranges_free(&set);
    return ok && !target->memory_ran_out;
}

static bool read_module(struct jt_target *target, const struct json_value *row) {
    const char *path = jt_note_text(row, "path"), *file = jt_note_text(row, "file");
    unsigned state = 0;
    if (path == NULL || file == NULL) {
        return false;
    }
    while (state <= JT_FILE_DIFFERS && strcmp(file, jt_file_word[state]) != 0) {
        state++;
    }
    struct jt_module *m = jt_module_add(target, path);
    if (m == NULL || state > JT_FILE_DIFFERS || !jt_note_address(row, "start", &m->start) ||
        !jt_note_address(row, "end", &m->end) || !read_ranges(target, m, row) ||
        !read_build_id(jt_note_text(row, "build_id"), &m->memory_id)) {
        return false;
    }
    m->state = state;
    m->main = jt_note_flag(row, "main");
    return true;
}

bool jt_modules_note_read(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = jt_note_member(top, "modules", JSON_ARRAY);
    if (all == NULL || all->count > JT_MODULES_MAX) {
        return false;
    }
    const struct json_value *row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (!read_module(target, row)) {
            return false;
        }
    }
    row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (jt_note_flag(row, "jemalloc")) {
            target->jemalloc = &target->module[i]; /* the array does not move any more */
        }
    }
    return true;
}

static const struct jt_module *module_of_path(const struct jt_target *target, const char *path) {
    for (size_t i = 0; path != NULL && i < target->modules; i++) {
        if (strcmp(target->module[i].path, path) == 0) {
            return &target->module[i];
        }
    }
    return NULL;
}

static bool read_other(struct jt_target *target, const struct json_value *row) {
    const struct jt_module *m = module_of_path(target, jt_note_text(row, "module"));
    struct jt_root other;
    if (m == NULL || !jt_note_address(row, "root", &other.addr) ||
        !jt_note_copy_text(row, "version", other.version, sizeof other.version) ||
        !jt_note_copy_text(row, "symbol", other.symbol, sizeof other.symbol)) {
        return false;
    }
    jt_root_add(target, m, other.addr, other.symbol);
    memcpy(target->root[target->roots - 1].version, other.version, sizeof other.version);
    return true;
}

/* Reads the heaps of the process that the skeleton does not have. Skeletons of an older jeheap do
 * not name them. */
bool jt_other_heaps_note_read(struct jt_target *target, const struct json_value *top) {
    const struct json_value *all = jt_note_member(top, "other_heaps", JSON_ARRAY);
    target->priv->learnt->roots_hidden = jt_note_flag(top, "heaps_unknown");
    if (all == NULL || all->count >= JT_ROOTS_LISTED) {
        return json_member(top, "other_heaps") == NULL;
    }
    const struct json_value *row = all + 1;
    for (uint32_t i = 0; i < all->count; i++, row = json_next(row)) {
        if (!read_other(target, row)) {
            return false;
        }
    }
    return true;
}
