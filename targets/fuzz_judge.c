/* Target functions: answer_read, judge.
 *
 * The input is a line with a test of a vector file, and the line that a decoder printed, whatever
 * it is. Relations: what is read is an object with its id; a verdict that is not right has a
 * sentence; the answer that the test has is right, also with other numbers' forms, more keys, and
 * findings in another order; that answer with one value changed or left out is never right, and
 * not with a number of more than 64 bits either. */
#include "fuzz.h"
#include "judge.h"
#include "read_answer.h"

#define ID 7
#define DEEP 8

static struct json_object *of(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    return json_object_object_get_ex(o, key, &value) ? value : NULL;
}

static const char *text_of(struct json_object *o, const char *key) {
    struct json_object *value = of(o, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* ---- tests as they are made ------------------------------------------------------------------ */

static bool sound_value(struct json_object *o, unsigned depth);

static bool sound_members(struct json_object *o, unsigned depth) {
    json_object_object_foreach(o, key, value) {
        if (!*key || !sound_value(value, depth)) {
            return false;
        }
    }
    return true;
}

/* Objects, lists, words, numbers that are not negative, truth values and null. */
static bool sound_value(struct json_object *o, unsigned depth) {
    enum json_type type = json_object_get_type(o);
    if (depth == DEEP || type == json_type_double) {
        return false;
    }
    if (type == json_type_array) {
        bool sound = true;
        for (size_t i = 0; i < json_object_array_length(o) && sound; i++) {
            sound = sound_value(json_object_array_get_idx(o, i), depth + 1);
        }
        return sound;
    }
    return type == json_type_object ? sound_members(o, depth + 1)
           : type == json_type_int  ? json_object_get_int64(o) >= 0
                                    : true;
}

/* Each finding once, and judged. */
static bool sound_findings(struct json_object *list) {
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *rule = json_object_is_type(one, json_type_object) ? text_of(one, "rule") : "";
        if (!*rule || strncmp(rule, "arena.", 6) == 0 || strncmp(rule, "cache.", 6) == 0 ||
            strncmp(rule, "block.", 6) == 0 || !*text_of(one, "address") ||
            json_object_object_length(one) != 2) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(rule, text_of(json_object_array_get_idx(list, j), "rule")) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool sound_test(struct json_object *test) {
    struct json_object *answer = of(test, "answer"), *findings = NULL;
    if (!json_object_is_type(answer, json_type_object) ||
        strcmp(text_of(test, "result"), "valid") != 0 || json_object_object_length(answer) == 0 ||
        !sound_value(answer, 0) || of(answer, "error") || of(answer, "id")) {
        return false;
    }
    return !json_object_object_get_ex(answer, "findings", &findings) ||
           (json_object_is_type(findings, json_type_array) && sound_findings(findings));
}

/* ---- answers that are right ------------------------------------------------------------------ */

/* What a decoder would print: through text, as the runner reads it. */
static enum mark mark_of(struct json_object *test, struct json_object *answer) {
    const char *what = "";
    json_object_object_add(answer, "id", json_object_new_int(ID));
    size_t len;
    const char *line = json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, &len);
    struct json_object *read = answer_read(line, len, ID, &what);
    FUZZ_CHECK(read || strstr(line, "\\u0000"));
    enum mark mark = read ? judge(test, read).mark : MARKS;
    json_object_put(read);
    json_object_object_del(answer, "id");
    return mark;
}

static struct json_object *in_hex(uint64_t value, const char *before) {
    char text[40];
    snprintf(text, sizeof(text), "0x%s%016llx", before, (unsigned long long)value);
    return json_object_new_string(text);
}

/* Numbers as hexadecimal text, members in the other order, one more. */
static struct json_object *otherwise(struct json_object *o) {
    struct json_object *copy = json_object_new_object();
    const char *keys[64];
    size_t count = 0;
    json_object_object_foreach(o, key, value) {
        if (count < sizeof(keys) / sizeof(keys[0])) {
            keys[count++] = key;
        } else {
            json_object_object_add(copy, key, json_object_get(value));
        }
    }
    while (count-- > 0) {
        struct json_object *old = of(o, keys[count]);
        json_object_object_add(copy, keys[count],
                               json_object_is_type(old, json_type_int)
                                   ? in_hex(json_object_get_uint64(old), "")
                                   : json_object_get(old));
    }
    json_object_object_add(copy, "more", json_object_new_string("than was asked"));
    struct json_object *findings = of(copy, "findings");
    if (findings) {
        struct json_object *turned = json_object_new_array();
        for (size_t i = json_object_array_length(findings); i-- > 0;) {
            json_object_array_add(turned, json_object_get(json_object_array_get_idx(findings, i)));
        }
        json_object_object_add(copy, "findings", turned);
    }
    return copy;
}

static void check_right(struct json_object *test) {
    struct json_object *answer = of(test, "answer"), *other = otherwise(answer);
    bool zero = strstr(json_object_to_json_string(answer), "\\u0000") != NULL;
    FUZZ_CHECK(zero || mark_of(test, answer) == MARK_RIGHT);
    FUZZ_CHECK(zero || mark_of(test, other) == MARK_RIGHT);
    json_object_put(other);
}

/* ---- answers that are wrong ------------------------------------------------------------------ */

/* Another value of the same kind; "more" has more than 64 bits. */
static struct json_object *changed_text(const char *text, bool more) {
    char *end, out[80];
    unsigned long long value = strtoull(text, &end, 16);
    if (strncmp(text, "0x", 2) == 0 && text[2] && !*end && strlen(text) <= 18) {
        return in_hex(value + !more, more ? "1" : "");
    }
    snprintf(out, sizeof(out), "%.40s, or not", text);
    return json_object_new_string(out);
}

static struct json_object *changed(struct json_object *o, bool more, struct fuzz_input *in);

static struct json_object *changed_list(struct json_object *o, bool more, struct fuzz_input *in) {
    struct json_object *list = json_object_new_array();
    size_t count = json_object_array_length(o), which = count ? fuzz_byte(in) % (count + 1) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(o, i);
        json_object_array_add(list, i == which ? changed(one, more, in) : json_object_get(one));
    }
    if (which == count) {
        json_object_array_add(list, json_object_new_string("one more"));
    }
    return list;
}

static struct json_object *changed_object(struct json_object *o, bool more, struct fuzz_input *in) {
    struct json_object *copy = json_object_new_object();
    int count = json_object_object_length(o), which = count ? fuzz_byte(in) % count : 0, i = 0;
    bool drop = fuzz_byte(in) % 4 == 0;
    json_object_object_foreach(o, key, value) {
        if (i++ != which) {
            json_object_object_add(copy, key, json_object_get(value));
        } else if (!drop || !value) {
            json_object_object_add(copy, key, changed(value, more, in));
        }
    }
    return count ? copy : (json_object_put(copy), json_object_new_string("no object"));
}

static struct json_object *changed(struct json_object *o, bool more, struct fuzz_input *in) {
    switch (json_object_get_type(o)) {
    case json_type_boolean:
        return json_object_new_boolean(!json_object_get_boolean(o));
    case json_type_int:
        return in_hex(json_object_get_uint64(o) + !more, more ? "1" : "");
    case json_type_string:
        return changed_text(json_object_get_string(o), more);
    case json_type_array:
        return changed_list(o, more, in);
    case json_type_object:
        return changed_object(o, more, in);
    default: /* null */
        return json_object_new_string("something");
    }
}

static void check_wrong(struct json_object *test, struct fuzz_input *in) {
    bool more = fuzz_byte(in) % 2;
    struct json_object *answer = changed(of(test, "answer"), more, in);
    FUZZ_CHECK(mark_of(test, answer) != MARK_RIGHT);
    json_object_put(answer);
}

/* The highest number there is, in text and as a number, and one that does not fit. */
static void check_highest(void) {
    static const char *const right[] = {"\"0xffffffffffffffff\"", "18446744073709551615"};
    static const char *const wrong[] = {"\"0x1ffffffffffffffff\"", "18446744073709551616", "-1",
                                        "1.8446744073709552e19", "1e999"};
    struct json_object *test =
        json_tokener_parse("{\"result\":\"valid\",\"answer\":{\"n\":\"0xffffffffffffffff\"}}");
    for (unsigned i = 0; i < 7; i++) {
        char line[100];
        const char *what;
        snprintf(line, sizeof(line), "{\"id\":7,\"n\":%s}", i < 2 ? right[i] : wrong[i - 2]);
        struct json_object *answer = answer_read(line, strlen(line), ID, &what);
        FUZZ_CHECK((answer && judge(test, answer).mark == MARK_RIGHT) == (i < 2));
        json_object_put(answer);
    }
    json_object_put(test);
}

/* ---- the input ------------------------------------------------------------------------------- */

/* A copy with a 0 behind it, as the runner has lines. */
static char *line_of(const uint8_t *data, size_t size) {
    char *line = malloc(size + 1);
    if (!line) {
        abort();
    }
    if (size) {
        memcpy(line, data, size);
    }
    line[size] = '\0';
    return line;
}

static void check_verdict(const struct verdict *v) {
    FUZZ_CHECK(v->mark == MARK_RIGHT || v->mark == MARK_WRONG || v->mark == MARK_UNSUPPORTED);
    FUZZ_CHECK((v->mark == MARK_RIGHT) == !v->why[0]);
}

/* Whatever was printed: the same line with something behind it is no answer. */
static struct json_object *check_read(const char *line, size_t size) {
    const char *what = NULL;
    struct json_object *answer = answer_read(line, size, ID, &what);
    uint64_t id;
    FUZZ_CHECK(answer || what);
    if (answer) {
        char *longer = malloc(size + 2);
        FUZZ_CHECK(longer && answer_number(of(answer, "id"), &id) && id == ID);
        memcpy(longer, line, size);
        memcpy(longer + size, "}", 2);
        FUZZ_CHECK(!answer_read(longer, size + 1, ID, &what));
        FUZZ_CHECK(!answer_read(line, size, ID + 1, &what));
        free(longer);
    }
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - data) : size, rest = end ? size - first - 1 : 0;
    char *text = line_of(data, first), *line = line_of(data + size - rest, rest);
    struct fuzz_input in = {.data = data, .size = size};
    struct json_object *test = json_tokener_parse(text), *answer = check_read(line, rest);
    check_highest();
    if (json_object_is_type(test, json_type_object)) {
        bool errs = strcmp(text_of(test, "result"), "corrupt") == 0;
        if (answer && (errs || json_object_is_type(of(test, "answer"), json_type_object))) {
            struct verdict v = judge(test, answer);
            check_verdict(&v);
        }
        if (sound_test(test)) {
            check_right(test);
            check_wrong(test, &in);
        }
    }
    json_object_put(test);
    json_object_put(answer);
    free(text);
    free(line);
    return 0;
}
