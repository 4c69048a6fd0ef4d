#include "judge.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "read_answer.h"

const char *mark_name(enum mark mark) {
    static const char *const names[MARKS] = {"right", "wrong", "unsupported", "crashed", "timeout"};
    return names[mark];
}

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &value)
               ? value
               : NULL;
}

static const char *text_of(struct json_object *o, const char *key) {
    struct json_object *value = member(o, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static const char *shown(struct json_object *o) {
    return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
}

static struct verdict wrong(const char *where, struct json_object *expected,
                            struct json_object *seen) {
    struct verdict v = {.mark = MARK_WRONG};
    char expected_text[130], seen_text[130];
    snprintf(expected_text, sizeof(expected_text), "%s", shown(expected));
    snprintf(seen_text, sizeof(seen_text), "%s", shown(seen));
    snprintf(v.why, sizeof(v.why), "%.100s is %s, not %s", where, expected_text, seen_text);
    return v;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What this build has no field for: a decoder need not know that it has none. */
static bool nothing(struct json_object *o) {
    uint64_t value;
    return !o || (json_object_is_type(o, json_type_boolean) && !json_object_get_boolean(o)) ||
           (answer_number(o, &value) && value == 0);
}

static bool truth_value(struct json_object *o, bool *out) {
    uint64_t value = 2;
    if (json_object_is_type(o, json_type_boolean)) {
        *out = json_object_get_boolean(o);
        return true;
    }
    if (!answer_number(o, &value) || value > 1) {
        return false;
    }
    *out = value != 0;
    return true;
}

/* Who does not read thread caches may say held. Anything but unmapped memory and jemalloc's own is
 * said in words that differ. */
static bool same_word(const char *key, const char *expected, const char *seen) {
    bool handed_out = strcmp(expected, "live") == 0 || strcmp(expected, "cached") == 0;
    if (strcmp(key, "state") == 0 && handed_out && strcmp(seen, "held") == 0) {
        return true;
    }
    if (strcmp(key, "why") == 0 && strcmp(expected, "no leaf") == 0) {
        return strcmp(seen, "no leaf") == 0 || strcmp(seen, "unmapped") == 0 ||
               strcmp(seen, "metadata") == 0;
    }
    return strcmp(expected, seen) == 0;
}

static struct verdict compare(const char *key, struct json_object *expected,
                              struct json_object *seen);

static struct verdict compare_list(const char *key, struct json_object *expected,
                                   struct json_object *seen) {
    struct verdict v = {.mark = MARK_RIGHT};
    size_t count = json_object_array_length(expected);
    if (!json_object_is_type(seen, json_type_array)) {
        return wrong(key, expected, seen);
    }
    for (size_t i = 0; i < count && v.mark != MARK_WRONG; i++) {
        char place[120];
        snprintf(place, sizeof(place), "%.90s[%zu]", key, i);
        struct verdict one = compare(place, json_object_array_get_idx(expected, i),
                                     json_object_array_get_idx(seen, i));
        v = one.mark == MARK_WRONG || v.mark == MARK_RIGHT ? one : v;
    }
    if (v.mark != MARK_WRONG && json_object_array_length(seen) != count) {
        v.mark = MARK_WRONG;
        snprintf(v.why, sizeof(v.why), "%.100s has %zu elements, not %zu", key, count,
                 json_object_array_length(seen));
    }
    return v;
}

static struct verdict compare_object(const char *where, struct json_object *expected,
                                     struct json_object *seen);

static struct verdict compare(const char *key, struct json_object *expected,
                              struct json_object *seen) {
    struct verdict right = {.mark = MARK_RIGHT};
    uint64_t a, b;
    bool x, y;
    if (!expected) {
        return nothing(seen) ? right : wrong(key, expected, seen);
    }
    if (json_object_is_type(expected, json_type_object)) {
        return json_object_is_type(seen, json_type_object) ? compare_object(key, expected, seen)
                                                           : wrong(key, expected, seen);
    }
    if (json_object_is_type(expected, json_type_array)) {
        return compare_list(key, expected, seen);
    }
    if (json_object_is_type(expected, json_type_boolean)) {
        x = json_object_get_boolean(expected);
        return truth_value(seen, &y) && x == y ? right : wrong(key, expected, seen);
    }
    if (answer_number(expected, &a)) {
        return answer_number(seen, &b) && a == b ? right : wrong(key, expected, seen);
    }
    bool same = json_object_is_type(seen, json_type_string) &&
                same_word(key, json_object_get_string(expected), json_object_get_string(seen));
    return same ? right : wrong(key, expected, seen);
}

static bool is_finding(struct json_object *list, struct json_object *finding) {
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (strcmp(text_of(o, "rule"), text_of(finding, "rule")) == 0 &&
            compare("address", member(finding, "address"), member(o, "address")).mark ==
                MARK_RIGHT) {
            return true;
        }
    }
    return false;
}

/* Rules that need more than the tree and what it leads to are not judged. */
static bool judged(struct json_object *finding) {
    const char *rule = text_of(finding, "rule");
    return strncmp(rule, "arena.", 6) != 0 && strncmp(rule, "cache.", 6) != 0 &&
           strncmp(rule, "block.", 6) != 0;
}

/* In any order. */
static struct verdict compare_findings(struct json_object *expected, struct json_object *seen) {
    struct verdict right = {.mark = MARK_RIGHT};
    if (!json_object_is_type(seen, json_type_array)) {
        return wrong("findings", expected, seen);
    }
    for (size_t i = 0; i < json_object_array_length(expected); i++) {
        struct json_object *finding = json_object_array_get_idx(expected, i);
        if (!is_finding(seen, finding)) {
            return wrong("a finding", finding, NULL);
        }
    }
    for (size_t i = 0; i < json_object_array_length(seen); i++) {
        struct json_object *finding = json_object_array_get_idx(seen, i);
        if (judged(finding) && !is_finding(expected, finding)) {
            return wrong("a finding", NULL, finding);
        }
    }
    return right;
}

/* What is not said at all is not wrong. */
static struct verdict compare_member(struct json_object *seen, const char *key,
                                     struct json_object *expected) {
    struct verdict v = {.mark = MARK_UNSUPPORTED};
    if (expected && !json_object_object_get_ex(seen, key, NULL)) {
        snprintf(v.why, sizeof(v.why), "the answer has no %.90s", key);
        return v;
    }
    return strcmp(key, "findings") == 0 ? compare_findings(expected, member(seen, key))
                                        : compare(key, expected, member(seen, key));
}

static struct verdict compare_object(const char *where, struct json_object *expected,
                                     struct json_object *seen) {
    struct verdict v = {.mark = MARK_RIGHT};
    json_object_object_foreach(expected, key, value) {
        struct verdict one = compare_member(seen, key, value);
        if (one.mark > MARK_RIGHT && v.mark != MARK_WRONG &&
            (one.mark == MARK_WRONG || v.mark == MARK_RIGHT)) {
            v = one;
            if (*where) {
                snprintf(v.why, sizeof(v.why), "%.90s: %.280s", where, one.why);
            }
        }
    }
    return v;
}

/* ---- an answer ------------------------------------------------------------------------------- */

static struct verdict judge_error(struct json_object *test, struct json_object *answer,
                                  const char *result) {
    struct verdict v = {.mark = MARK_RIGHT};
    const char *error = text_of(answer, "error"), *rule = text_of(test, "rule");
    const char *said = text_of(answer, "rule");
    if (strcmp(error, result) != 0) {
        v.mark = MARK_WRONG;
        snprintf(v.why, sizeof(v.why), "it is %s, not %.300s", result,
                 *error ? error : shown(answer));
    } else if (*rule && *said && strcmp(rule, said) != 0) {
        return wrong("rule", member(test, "rule"), member(answer, "rule"));
    }
    return v;
}

struct verdict judge(struct json_object *test, struct json_object *answer) {
    struct verdict v = {.mark = MARK_UNSUPPORTED};
    const char *result = text_of(test, "result"), *error = text_of(answer, "error");
    if (strcmp(error, "unsupported") == 0 || strcmp(error, "limit") == 0) {
        snprintf(v.why, sizeof(v.why), "%s: %.300s", error, text_of(answer, "why"));
        return v;
    }
    bool either = strcmp(result, "either") == 0;
    if (!either && strcmp(result, "valid") != 0) {
        return judge_error(test, answer, result);
    }
    if (*error) {
        v.mark = either ? MARK_UNSUPPORTED : MARK_WRONG;
        snprintf(v.why, sizeof(v.why), "it is no error, not %.100s: %.200s", error,
                 text_of(answer, "why"));
        return v;
    }
    v = compare_object("", member(test, "answer"), answer);
    if (either && v.mark == MARK_WRONG) {
        v.mark = MARK_UNSUPPORTED;
    }
    return v;
}
