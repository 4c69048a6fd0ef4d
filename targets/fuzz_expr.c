/* Target functions: jt_eval, jt_layout_parse, jt_layout_name.
 *
 * The first line of an input is an expression, each other line defines a macro: "NAME text",
 * "NAME(x) text". Relations: evaluating twice gives the same; (E), - -E and 1 ? E : 0 have the
 * value of E; !!E is 1 exactly when E is not 0; the number of macros that are looked up is bounded.
 * The first line is tried as the name of a layout as well: when it is accepted, the layout's name
 * names the same layout. */
#include "fuzz.h"
#include "open/inside.h"

#define LOOKUPS_MAX 1000000 /* macros that an expression may look up: STEPS_MAX in expr.c */

struct text {
    char *macros;
    unsigned lookups;
};

static const char *find(void *arg, const char *name, size_t len) {
    struct text *t = arg;
    FUZZ_CHECK(++t->lookups <= LOOKUPS_MAX);
    for (char *line = t->macros; line; line = strchr(line, 0) + 1) {
        if (strncmp(line, name, len) == 0 && (line[len] == ' ' || line[len] == '(')) {
            return line + len;
        }
        if (line[0] == 0) {
            break;
        }
    }
    return NULL;
}

static bool value(struct text *t, const char *before, const char *expression, const char *behind,
                  uint64_t *out) {
    size_t len = strlen(before) + strlen(expression) + strlen(behind) + 1;
    char *all = malloc(len);
    if (!all) {
        abort();
    }
    snprintf(all, len, "%s%s%s", before, expression, behind);
    t->lookups = 0;
    bool is = jt_eval(all, find, t, out);
    free(all);
    return is;
}

/* A copy of the input in which each line ends in a 0. An empty line ends the text. */
static char *lines(const uint8_t *data, size_t size) {
    char *text = calloc(1, size + 2);
    if (!text) {
        abort();
    }
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)(data[i] == '\n' || data[i] == 0 ? 0 : data[i]);
    }
    return text;
}

/* A name that ends in ".json" would be read as a file. */
static void check_name(const char *text) {
    struct jh_layout layout;
    char error[JT_TEXT_MAX] = "", name[128], again[128];
    size_t len = strlen(text);
    if (len > 5 && strcmp(text + len - 5, ".json") == 0) {
        return;
    }
    if (jt_layout_parse(text, &layout, error) != JT_OK) {
        FUZZ_CHECK(error[0]);
        return;
    }
    jt_layout_name(&layout.build, name, sizeof(name));
    FUZZ_CHECK(jt_layout_parse(name, &layout, error) == JT_OK);
    jt_layout_name(&layout.build, again, sizeof(again));
    FUZZ_CHECK(strcmp(name, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t once, again;
    char *text = lines(data, size);
    size_t first = strlen(text);
    struct text t = {first < size ? text + first + 1 : NULL, 0};
    bool is = value(&t, "", text, "", &once);
    FUZZ_CHECK(value(&t, "", text, "", &again) == is && (!is || once == again));
    /* these expressions are nested deeper by one or two, which may exceed the limit */
    if (is && value(&t, "(", text, ")", &again)) {
        FUZZ_CHECK(once == again);
    }
    if (is && value(&t, "~~(", text, ")", &again)) {
        FUZZ_CHECK(once == again);
    }
    if (is && value(&t, "!!(", text, ")", &again)) {
        FUZZ_CHECK(again == (once != 0));
    }
    if (is && value(&t, "1 ? (", text, ") : (1/0)", &again)) {
        FUZZ_CHECK((uint32_t)once == (uint32_t)again);
    }
    check_name(text);
    free(text);
    return 0;
}
