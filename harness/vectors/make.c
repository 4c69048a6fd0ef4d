/* make: files, groups and tests. What jeheap answers is a vector's answer only after the cell was
 * compared with jemalloc's own truth (make_cell.c). */
#include "make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"
#include "judge.h"
#include "vector_file.h"

void make_fail(struct maker *m, const char *what) {
    if (!m->failed) {
        snprintf(m->why, m->why_size, "%s: %.400s", m->kind ? m->kind : "vectors", what);
    }
    m->failed = true;
}

void flags_add(struct flags *flags, const char *name) {
    if (flags->count == MAKE_FLAGS_MAX || !flag_named(name)) {
        abort();
    }
    flags->name[flags->count++] = name;
}

bool make_wants(struct maker *m, unsigned max, const char *sort) {
    size_t i = 0;
    while (i < m->kinds && strcmp(m->seen[i].text, sort) != 0) {
        i++;
    }
    if (i == MAKE_KINDS_MAX) {
        return false;
    }
    if (i == m->kinds) {
        snprintf(m->seen[i].text, sizeof(m->seen[i].text), "%s", sort);
        m->seen[i].count = 0;
        m->kinds++;
    }
    return m->seen[i].count++ < max;
}

/* ---- questions ------------------------------------------------------------------------------- */

struct json_object *make_question(const char *name) {
    struct json_object *question = json_object_new_object();
    put_text(question, "question", name);
    return question;
}

void make_hex(struct json_object *question, const char *key, const uint8_t *bytes, size_t len) {
    char text[2 * 2048 + 1] = "";
    for (size_t i = 0; i < len && i < 2048; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    put_text(question, key, text);
}

static struct json_object *flags_json(struct maker *m, const struct flags *flags) {
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < flags->count; i++) {
        json_object_array_add(array, json_object_new_string(flags->name[i]));
        if (!json_object_object_get_ex(m->notes, flags->name[i], NULL)) {
            json_object_object_add(m->notes, flags->name[i], flag_json(flag_named(flags->name[i])));
        }
    }
    return array;
}

/* What a decoder is asked: with the image's path and root, where it has one. */
static struct json_object *whole_question(const struct maker *m, struct json_object *question) {
    struct json_object *whole = NULL;
    json_object_deep_copy(question, &whole, NULL);
    if (*m->image.path) {
        put_text(whole, "image", m->answerer.path);
        put_address(whole, "root", m->root);
    }
    return whole;
}

/* Keys that would only repeat the question or other vectors. */
static void shorten(const char *kind, struct json_object *answer) {
    static const char *const kept[] = {"extent", "addr", "size", "state"};
    struct json_object *list = NULL, *extent = NULL;
    json_object_object_del(answer, "id");
    if (strcmp(kind, "find") == 0 && json_object_object_get_ex(answer, "extent", &extent) &&
        extent) {
        struct json_object *brief = json_object_new_object();
        put_text(brief, "extent", asked_text(extent, "extent"));
        json_object_object_add(answer, "extent", brief);
    }
    if (strcmp(kind, "check") == 0) {
        json_object_object_del(answer, "partial");
    }
    json_object_object_get_ex(answer, "extents", &list);
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *all = json_object_array_get_idx(list, i);
        struct json_object *brief = json_object_new_object();
        for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++) {
            json_object_object_add(brief, kept[k], json_object_get(asked(all, kept[k])));
        }
        json_object_array_put_idx(list, i, brief);
    }
}

static bool as_wanted(struct maker *m, const char *result, const char *wanted,
                      const char *comment) {
    if (!wanted || strcmp(result, wanted) == 0) {
        return true;
    }
    char text[300];
    snprintf(text, sizeof(text), "%s: jeheap answers %s, not %s", comment, result, wanted);
    make_fail(m, text);
    return false;
}

/* Both ends of an extent have the same element. */
static bool asked_before(struct maker *m, struct json_object *question) {
    for (size_t i = 0; i < json_object_array_length(m->tests); i++) {
        struct json_object *test = json_object_array_get_idx(m->tests, i);
        if (json_object_equal(asked(test, "question"), question)) {
            return true;
        }
    }
    return false;
}

void make_test(struct maker *m, struct json_object *question, const struct flags *flags,
               const char *result, const char *comment) {
    if (asked_before(m, question)) {
        json_object_put(question);
        return;
    }
    struct json_object *whole = whole_question(m, question), *o = answer(&m->answerer, whole);
    const char *error = asked_text(o, "error");
    bool either = result && strcmp(result, "either") == 0;
    const char *was = *error ? error : "valid";
    if (m->failed || !as_wanted(m, was, either ? "valid" : result, comment)) {
        json_object_put(whole);
        json_object_put(o);
        json_object_put(question);
        return;
    }
    struct json_object *test = json_object_new_object();
    struct flags all = *flags;
    if (strcmp(was, "corrupt") == 0) {
        flags_add(&all, "Corrupt");
    } else if (strcmp(was, "absent") == 0) {
        flags_add(&all, "Absent");
    }
    put_number(test, "id", ++m->id);
    put_text(test, "comment", comment);
    json_object_object_add(test, "flags", flags_json(m, &all));
    json_object_object_add(test, "question", question);
    put_text(test, "result", either ? "either" : was);
    if (*error) {
        put_text(test, "rule", asked(o, "rule") ? asked_text(o, "rule") : NULL);
    } else {
        shorten(m->kind, o);
        json_object_object_add(test, "answer", json_object_get(o));
    }
    json_object_array_add(m->tests, test);
    json_object_put(whole);
    json_object_put(o);
}

/* ---- groups and files ------------------------------------------------------------------------ */

void make_group(struct maker *m, const struct part *image, uint64_t root) {
    struct json_object *group = json_object_new_object();
    m->image = image ? *image : (struct part){"", ""};
    m->root = root;
    put_text(group, "layout", m->layout.path);
    put_text(group, "layout_sha256", m->layout.digest);
    if (image) {
        put_text(group, "image", image->path);
        put_text(group, "image_sha256", image->digest);
        put_address(group, "root", root);
    }
    m->tests = json_object_new_array();
    json_object_object_add(group, "tests", m->tests);
    json_object_array_add(m->groups, group);
}

void make_file_start(struct maker *m, const char *kind) {
    m->kind = kind;
    m->groups = json_object_new_array();
    m->notes = json_object_new_object();
    m->id = 0;
    m->kinds = 0;
}

/* What was written is read back and asked once more, as any decoder is. */
static void check_written(struct maker *m, const char *path) {
    struct json_object *file = vector_load(path, m->why, m->why_size);
    uint64_t right = 0;
    if (!file) {
        m->failed = true;
        return;
    }
    struct json_object *groups = asked(file, "groups");
    for (size_t g = 0; g < json_object_array_length(groups); g++) {
        struct json_object *tests = asked(json_object_array_get_idx(groups, g), "tests");
        right += json_object_array_length(tests);
    }
    if (right != m->id || right == 0) {
        make_fail(m, "not all tests were written");
    }
    json_object_put(file);
}

/* The tests of the group at hand, against jeheap's answers as the file has them. */
static void check_group(struct maker *m, struct json_object *group) {
    struct json_object *tests = asked(group, "tests");
    bool same = !asked(group, "image") || strcmp(asked_text(group, "image"), m->image.path) == 0;
    for (size_t i = 0; same && !m->failed && i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        struct json_object *whole = whole_question(m, asked(test, "question"));
        struct json_object *o = answer(&m->answerer, whole);
        struct verdict v = judge(test, o);
        if (v.mark != MARK_RIGHT) {
            make_fail(m, v.why);
        }
        json_object_put(whole);
        json_object_put(o);
    }
}

void make_file_end(struct maker *m) {
    struct json_object *file = json_object_new_object();
    char path[4400], schema[64];
    size_t groups = json_object_array_length(m->groups);
    snprintf(path, sizeof(path), "%s/%s-%s.json", m->folder, m->kind, m->name);
    snprintf(schema, sizeof(schema), "schemas/%s.schema.json", m->kind);
    for (size_t g = 0; g < groups; g++) {
        check_group(m, json_object_array_get_idx(m->groups, g));
    }
    put_text(file, "schema", schema);
    put_text(file, "kind", m->kind);
    put_text(file, "family", m->family);
    put_text(file, "generator", "jeconform emit --vectors");
    json_object_object_add(file, "source", json_object_get(m->source));
    put_number(file, "tests", m->id);
    json_object_object_add(file, "notes", m->notes);
    json_object_object_add(file, "groups", m->groups);
    if (!m->failed && m->id) {
        m->failed = !vector_write(path, file, m->why, m->why_size);
        if (!m->failed) {
            check_written(m, path);
        }
        m->files++;
        m->all_tests += m->id;
    }
    json_object_put(file);
    m->kind = NULL;
}
