#include "run_vectors.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kept_folders.h"
#include "make_image.h"
#include "read_answer.h"
#include "scorecard.h"
#include "vector_file.h"

/* After so many bad ends one after the other no more is tried of a file, and after so many files
 * given up of any. */
enum { ENDS_MAX = 8, FILES_MAX = 3 };

struct run {
    const struct vectors_options *options;
    struct decoder decoder;
    struct json_object *card;
    char dir[64];     /* for images */
    char image[128];  /* the one that is unpacked */
    unsigned ends;    /* of the decoder, without an answer in between */
    unsigned givenup; /* files, one after the other */
    uint64_t id;      /* of the question */
    bool refuses;     /* the layout of this group */
    bool cannot;      /* the decoder cannot be started */
    char why[500];
};

/* ---- a question ------------------------------------------------------------------------------ */

static struct verdict verdict_of(enum mark mark, const char *why) {
    struct verdict v = {.mark = mark};
    snprintf(v.why, sizeof(v.why), "%s", why);
    return v;
}

static struct verdict bad_end(struct run *r, enum reply reply) {
    r->ends++;
    r->cannot |= reply == REPLY_NOT_RUN;
    return verdict_of(reply == REPLY_CRASHED || reply == REPLY_NOT_RUN ? MARK_CRASHED
                      : reply == REPLY_TIMEOUT                         ? MARK_TIMEOUT
                                                                       : MARK_WRONG,
                      r->decoder.why);
}

/* A line that is no answer to this question: it is not known what the next ones are answers to, so
 * the decoder is started anew. */
static struct verdict no_answer(struct run *r, const char *what, const char *line) {
    struct verdict v = {.mark = MARK_WRONG};
    snprintf(v.why, sizeof(v.why), "%s: %.200s", what, line);
    decoder_stop(&r->decoder);
    r->ends++;
    return v;
}

/* right: an answer that is to be judged, in *answer. */
static struct verdict ask(struct run *r, struct json_object *question,
                          struct json_object **answer) {
    const char *line = NULL;
    *answer = NULL;
    json_object_object_add(question, "id", json_object_new_uint64(++r->id));
    enum reply reply =
        decoder_ask(&r->decoder,
                    json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE),
                    &line);
    if (reply != REPLY_LINE) {
        return bad_end(r, reply);
    }
    const char *what;
    *answer = answer_read(line, r->decoder.taken - 1, r->id, &what);
    if (!*answer) {
        return no_answer(r, what, line);
    }
    return verdict_of(MARK_RIGHT, "");
}

/* ---- a group --------------------------------------------------------------------------------- */

static bool fetch_image(struct run *r, const char *path, struct json_object *group) {
    const char *name = asked_text(group, "image");
    size_t size;
    if (!*name) {
        r->image[0] = '\0';
        return true;
    }
    char *packed =
        vector_part(path, name, asked_text(group, "image_sha256"), &size, r->why, sizeof(r->why));
    if (!packed) {
        return false;
    }
    snprintf(r->image, sizeof(r->image), "%s/image.%llu.core", r->dir,
             (unsigned long long)r->id); /* another name: decoders keep what they have open */
    bool good = image_unpack(packed, size, r->image, r->why, sizeof(r->why));
    free(packed);
    return good;
}

/* The layout question; a decoder that was started anew gets it again. */
static struct verdict give_layout(struct run *r, struct json_object *layout) {
    struct json_object *question = json_object_new_object(), *answer;
    put_text(question, "question", "layout");
    json_object_object_add(question, "layout", json_object_get(layout));
    struct verdict v = ask(r, question, &answer);
    if (v.mark == MARK_RIGHT && strcmp(asked_text(answer, "error"), "unsupported") == 0) {
        char why[300];
        snprintf(why, sizeof(why), "unsupported layout: %.250s", asked_text(answer, "why"));
        v = verdict_of(MARK_UNSUPPORTED, why);
        r->refuses = true;
        r->ends = 0;
    } else if (v.mark == MARK_RIGHT && !json_object_get_boolean(asked(answer, "ok"))) {
        v = verdict_of(MARK_WRONG, "the layout question was not answered with ok");
    }
    json_object_put(question);
    json_object_put(answer);
    return v;
}

static struct json_object *whole_question(const struct run *r, struct json_object *group,
                                          struct json_object *test) {
    struct json_object *question = NULL;
    json_object_deep_copy(asked(test, "question"), &question, NULL);
    if (*r->image) {
        put_text(question, "image", r->image);
        json_object_object_add(question, "root", json_object_get(asked(group, "root")));
    }
    return question;
}

static struct verdict one_test(struct run *r, struct json_object *group, struct json_object *layout,
                               struct json_object *test, bool *has_layout) {
    struct verdict v = verdict_of(MARK_RIGHT, "");
    struct json_object *answer;
    if (!r->decoder.pid) {
        *has_layout = false;
    }
    if (!*has_layout) {
        v = give_layout(r, layout);
        *has_layout = v.mark == MARK_RIGHT;
    }
    if (v.mark != MARK_RIGHT) {
        return v;
    }
    struct json_object *question = whole_question(r, group, test);
    v = ask(r, question, &answer);
    if (v.mark == MARK_RIGHT) {
        v = judge(test, answer);
        r->ends = 0;
    }
    json_object_put(question);
    json_object_put(answer);
    return v;
}

static bool one_group(struct run *r, const char *path, struct json_object *group) {
    struct json_object *tests = asked(group, "tests");
    struct verdict last = verdict_of(MARK_RIGHT, "");
    size_t size;
    bool has_layout = false;
    char *text = vector_part(path, asked_text(group, "layout"), asked_text(group, "layout_sha256"),
                             &size, r->why, sizeof(r->why));
    struct json_object *layout = text ? json_tokener_parse(text) : NULL;
    free(text);
    if (!layout || !fetch_image(r, path, group)) {
        json_object_put(layout);
        return false;
    }
    r->refuses = false;
    for (size_t i = 0; i < json_object_array_length(tests) && !r->cannot; i++) {
        struct json_object *test = json_object_array_get_idx(tests, i);
        if (r->ends < ENDS_MAX && r->givenup < FILES_MAX && !r->refuses) {
            last = one_test(r, group, layout, test, &has_layout);
        }
        card_add(r->card, test, &last);
    }
    if (*r->image) {
        unlink(r->image);
    }
    json_object_put(layout);
    return !r->cannot;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool one_file(struct run *r, const char *path) {
    struct json_object *file = vector_load(path, r->why, sizeof(r->why));
    bool good = file != NULL;
    if (good) {
        struct json_object *groups = asked(file, "groups");
        card_file(r->card, path, file);
        r->ends = 0;
        for (size_t i = 0; good && i < json_object_array_length(groups); i++) {
            good = one_group(r, path, json_object_array_get_idx(groups, i));
        }
        r->givenup = r->ends >= ENDS_MAX ? r->givenup + 1 : r->givenup < FILES_MAX ? 0 : FILES_MAX;
    }
    json_object_put(file);
    return good;
}

static void say_progress(const struct run *r, size_t done, size_t all) {
    if (!r->options->quiet && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[Kjeconform: [%zu/%zu]%s", done, all, done == all ? "\r\033[K" : "");
    }
}

static void say_end(const struct run *r, bool good) {
    if (r->cannot) {
        fprintf(stderr, "jeconform: the decoder '%s' cannot be run: %s\n", r->options->decoder,
                r->decoder.why);
    } else if (!good) {
        fprintf(stderr, "jeconform: %s\n", r->why);
    } else if (r->givenup >= FILES_MAX) {
        fprintf(stderr,
                "jeconform: the decoder was not started any more after it had ended badly %d times "
                "in each of %d files: all that follows counts as its last answer\n",
                ENDS_MAX, FILES_MAX);
    }
}

enum vectors_status vectors_run(const char *const *path, size_t count,
                                const struct vectors_options *options, struct json_object **card) {
    struct run *r = calloc(1, sizeof(*r));
    bool good = true;
    if (!r) {
        abort();
    }
    r->options = options;
    r->decoder.command = options->decoder;
    r->decoder.limits = options->limits;
    r->card = card_start(options->decoder);
    snprintf(r->dir, sizeof(r->dir), "/tmp/jeconform.XXXXXX");
    if (!mkdtemp(r->dir)) {
        abort();
    }
    for (size_t i = 0; good && i < count; i++) {
        good = one_file(r, path[i]);
        say_progress(r, i + 1, count);
    }
    decoder_stop(&r->decoder);
    card_end(r->card);
    say_end(r, good);
    kept_remove(r->dir);
    *card = r->card;
    free(r);
    return good ? VECTORS_DONE : VECTORS_UNREADABLE;
}

static int is_vector(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

char **vectors_list(const char *folder, size_t *count) {
    struct dirent **entry = NULL;
    int found = scandir(folder, &entry, is_vector, by_name);
    char **list = calloc(found > 0 ? (size_t)found + 1 : 1, sizeof(*list));
    *count = 0;
    for (int i = 0; list && i < found; i++) {
        if (asprintf(&list[*count], "%s/%s", folder, entry[i]->d_name) > 0) {
            ++*count;
        }
        free(entry[i]);
    }
    free(entry);
    return list;
}
