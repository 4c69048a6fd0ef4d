#include "scorecard.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_object *card_member(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &value)
               ? value
               : NULL;
}

const char *card_word(struct json_object *o, const char *key) {
    struct json_object *value = card_member(o, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

unsigned long long card_count(struct json_object *counts, enum mark mark) {
    return json_object_get_uint64(card_member(counts, mark_name(mark)));
}

bool card_bad(struct json_object *counts) {
    return card_count(counts, MARK_WRONG) || card_count(counts, MARK_CRASHED) ||
           card_count(counts, MARK_TIMEOUT);
}

void card_join(struct json_object *texts, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; texts && i < json_object_array_length(texts) && used + 2 < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 json_object_get_string(json_object_array_get_idx(texts, i)));
    }
}

static struct json_object *counts_new(void) {
    struct json_object *o = json_object_new_object();
    for (unsigned i = 0; i < MARKS; i++) {
        json_object_object_add(o, mark_name(i), json_object_new_uint64(0));
    }
    return o;
}

static void add_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

/* The counts of that name, made when there are none yet. */
static struct json_object *counts_of(struct json_object *all, const char *name) {
    struct json_object *counts = card_member(all, name);
    if (!counts) {
        counts = counts_new();
        json_object_object_add(all, name, counts);
    }
    return counts;
}

static void count(struct json_object *counts, enum mark mark) {
    json_object_set_uint64(card_member(counts, mark_name(mark)), card_count(counts, mark) + 1);
}

struct json_object *card_start(const char *decoder) {
    struct json_object *card = json_object_new_object();
    json_object_object_add(card, "schema", json_object_new_int(1));
    add_text(card, "decoder", decoder);
    json_object_object_add(card, "totals", counts_new());
    json_object_object_add(card, "kinds", json_object_new_object());
    json_object_object_add(card, "flags", json_object_new_object());
    json_object_object_add(card, "files", json_object_new_array());
    json_object_object_add(card, "tests", json_object_new_array());
    return card;
}

void card_file(struct json_object *card, const char *path, struct json_object *file) {
    struct json_object *entry = json_object_new_object(), *counts = counts_new();
    const char *slash = strrchr(path, '/');
    add_text(entry, "file", slash ? slash + 1 : path);
    add_text(entry, "kind", card_word(file, "kind"));
    add_text(entry, "family", card_word(file, "family"));
    json_object_object_add(entry, "notes", json_object_get(card_member(file, "notes")));
    json_object_object_foreach(counts, key, value) {
        json_object_object_add(entry, key, json_object_get(value));
    }
    json_object_put(counts);
    json_object_array_add(card_member(card, "files"), entry);
}

static void count_flags(struct json_object *card, struct json_object *file,
                        struct json_object *test, enum mark mark) {
    struct json_object *flags = card_member(test, "flags");
    for (size_t i = 0; flags && i < json_object_array_length(flags); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(flags, i));
        struct json_object *counts = counts_of(card_member(card, "flags"), name);
        struct json_object *note = card_member(card_member(file, "notes"), name);
        count(counts, mark);
        if (!card_member(counts, "note")) {
            add_text(counts, "note", card_word(note, "note"));
            add_text(counts, "link", card_word(note, "link"));
        }
    }
}

void card_add(struct json_object *card, struct json_object *test, const struct verdict *verdict) {
    struct json_object *files = card_member(card, "files"), *entry = json_object_new_object();
    struct json_object *file =
        json_object_array_get_idx(files, json_object_array_length(files) - 1);
    const char *kind = card_word(file, "kind");
    count(card_member(card, "totals"), verdict->mark);
    count(counts_of(card_member(card, "kinds"), kind), verdict->mark);
    count(file, verdict->mark);
    count_flags(card, file, test, verdict->mark);
    add_text(entry, "file", card_word(file, "file"));
    json_object_object_add(entry, "id", json_object_get(card_member(test, "id")));
    add_text(entry, "kind", kind);
    add_text(entry, "family", card_word(file, "family"));
    json_object_object_add(entry, "flags", json_object_get(card_member(test, "flags")));
    add_text(entry, "comment", card_word(test, "comment"));
    add_text(entry, "mark", mark_name(verdict->mark));
    add_text(entry, "why", verdict->why);
    json_object_array_add(card_member(card, "tests"), entry);
}

/* ---- what explains it ------------------------------------------------------------------------ */

static bool has_flag(struct json_object *test, const char *name) {
    struct json_object *flags = card_member(test, "flags");
    for (size_t i = 0; flags && i < json_object_array_length(flags); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(flags, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

bool card_test_bad(struct json_object *test) {
    const char *mark = card_word(test, "mark");
    return strcmp(mark, "right") != 0 && strcmp(mark, "unsupported") != 0;
}

/* Wrong tests with that flag that no chosen flag explains yet; marks them when it is chosen. */
static size_t unexplained(struct json_object *tests, const char *flag, bool *explained,
                          bool choose) {
    size_t found = 0;
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (!explained[i] && card_test_bad(test) && has_flag(test, flag)) {
            found++;
            explained[i] = choose;
        }
    }
    return found;
}

/* Of the flags that are left the one whose tests are wrong most often, among equals the one that
 * explains more; NULL: none explains anything, or it is right more often than wrong. */
static const char *best_flag(struct json_object *card, bool *explained) {
    struct json_object *tests = card_member(card, "tests");
    const char *best = NULL;
    double best_share = 0;
    size_t best_count = 0;
    json_object_object_foreach(card_member(card, "flags"), name, counts) {
        double right = (double)card_count(counts, MARK_RIGHT), bad = 0;
        for (unsigned i = 0; i < MARKS; i++) {
            bad += i == MARK_RIGHT || i == MARK_UNSUPPORTED ? 0 : (double)card_count(counts, i);
        }
        double share = bad > 0 ? bad / (bad + right) : 0;
        size_t count_now = share >= 0.5 ? unexplained(tests, name, explained, false) : 0;
        if (count_now && (share > best_share || (share == best_share && count_now > best_count))) {
            best = name, best_share = share, best_count = count_now;
        }
    }
    return best;
}

void card_end(struct json_object *card) {
    struct json_object *files = card_member(card, "files"), *tests = card_member(card, "tests");
    bool *explained = calloc(json_object_array_length(tests) + 1, sizeof(*explained));
    const char *flag;
    for (size_t i = 0; i < json_object_array_length(files); i++) {
        json_object_object_del(json_object_array_get_idx(files, i), "notes");
    }
    json_object_object_foreach(card_member(card, "flags"), name, counts) {
        (void)name;
        json_object_object_add(counts, "broken", json_object_new_boolean(false));
    }
    while (explained && (flag = best_flag(card, explained)) != NULL) {
        (void)unexplained(tests, flag, explained, true);
        json_object_object_add(card_member(card_member(card, "flags"), flag), "broken",
                               json_object_new_boolean(true));
    }
    free(explained);
}

bool card_failed(struct json_object *card) {
    return card_bad(card_member(card, "totals"));
}

bool card_answered(struct json_object *card) {
    struct json_object *totals = card_member(card, "totals");
    return card_count(totals, MARK_RIGHT) || card_bad(totals);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void row(const char *name, struct json_object *counts, bool color) {
    const char *paint = !color ? "" : card_bad(counts) ? "\033[31m" : "\033[32m";
    printf("%s%-20s%s", paint, name, color ? "\033[0m" : "");
    for (unsigned i = 0; i < MARKS; i++) {
        printf(" %11llu", card_count(counts, i));
    }
    printf("\n");
}

static void heading(const char *what) {
    printf("%-20s", what);
    for (unsigned i = 0; i < MARKS; i++) {
        printf(" %11s", mark_name(i));
    }
    printf("\n");
}

/* The first test of that flag that is wrong. */
static void example(struct json_object *card, const char *flag) {
    struct json_object *tests = card_member(card, "tests");
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (card_test_bad(test) && has_flag(test, flag)) {
            printf("    %s, test %llu: %s\n", card_word(test, "file"),
                   (unsigned long long)json_object_get_uint64(card_member(test, "id")),
                   card_word(test, "why"));
            return;
        }
    }
}

static void text_flags(struct json_object *card, bool color) {
    bool any = false;
    json_object_object_foreach(card_member(card, "flags"), name, counts) {
        if (card_bad(counts)) {
            if (!any) {
                printf("\n");
                heading("flags");
            }
            any = true;
            row(name, counts, color);
        }
    }
}

static void text_broken(struct json_object *card) {
    bool any = false;
    json_object_object_foreach(card_member(card, "flags"), name, counts) {
        if (json_object_get_boolean(card_member(counts, "broken"))) {
            printf("%s%s: %s\n", any ? "" : "\nThis explains what is wrong:\n", name,
                   card_word(counts, "note"));
            example(card, name);
            any = true;
        }
    }
}

/* The commonest reason; a tool that is missing is one. */
static void text_unsupported(struct json_object *card) {
    struct json_object *tests = card_member(card, "tests");
    unsigned long long count_of_all = card_count(card_member(card, "totals"), MARK_UNSUPPORTED);
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (strcmp(card_word(test, "mark"), "unsupported") == 0) {
            printf("\n%llu unsupported, the first of them because of: %s\n", count_of_all,
                   card_word(test, "why"));
            return;
        }
    }
}

void card_text(struct json_object *card, bool color) {
    heading("kind");
    json_object_object_foreach(card_member(card, "kinds"), name, counts) {
        row(name, counts, color);
    }
    row("all", card_member(card, "totals"), color);
    text_flags(card, color);
    text_broken(card);
    text_unsupported(card);
}

void card_lines(struct json_object *card) {
    struct json_object *tests = card_member(card, "tests"), *last = json_object_new_object();
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (strcmp(card_word(test, "mark"), "right") != 0) {
            puts(json_object_to_json_string_ext(test, JSON_C_TO_STRING_PLAIN));
        }
    }
    json_object_object_foreach(card_member(card, "totals"), key, value) {
        json_object_object_add(last, key, json_object_get(value));
    }
    json_object_object_add(last, "flags", json_object_get(card_member(card, "flags")));
    puts(json_object_to_json_string_ext(last, JSON_C_TO_STRING_PLAIN));
    json_object_put(last);
}
