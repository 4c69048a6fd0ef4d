#include "compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *level_name(enum level level) {
    static const char *const name[LEVELS] = {"constants", "functions", "heap", "api", "offline"};
    return name[level];
}

/* Counts a mismatch; NULL when enough of them are kept. */
static struct mismatch *keep(struct comparison *c, const char *what, uint64_t where) {
    c->tally[c->level].mismatches++;
    c->stop = c->first_only;
    if (c->kept_count == MISMATCHES_KEPT || c->first_only) {
        return NULL;
    }
    struct mismatch *m = &c->kept[c->kept_count++];
    m->level = c->level;
    snprintf(m->what, sizeof(m->what), "%s", what);
    snprintf(m->where, sizeof(m->where), "0x%" PRIx64, where);
    m->words[0] = '\0';
    if (c->heap) {
        compare_words(c, where, m->words, sizeof(m->words));
    }
    return m;
}

void compare_number(struct comparison *c, const char *what, uint64_t where, uint64_t expected,
                    uint64_t seen) {
    c->tally[c->level].compared++;
    if (expected == seen) {
        return;
    }
    struct mismatch *m = keep(c, what, where);
    if (m) {
        snprintf(m->expected, sizeof(m->expected), "0x%" PRIx64, expected);
        snprintf(m->seen, sizeof(m->seen), "0x%" PRIx64, seen);
    }
}

void compare_word(struct comparison *c, const char *what, uint64_t where, const char *expected,
                  const char *seen) {
    c->tally[c->level].compared++;
    if (strcmp(expected, seen) == 0) {
        return;
    }
    struct mismatch *m = keep(c, what, where);
    if (m) {
        snprintf(m->expected, sizeof(m->expected), "%s", expected);
        snprintf(m->seen, sizeof(m->seen), "%s", seen);
    }
}

void compare_failed(struct comparison *c, const char *what, uint64_t where, enum jh_status status,
                    const struct jh_fault *fault) {
    c->tally[c->level].compared++;
    if (c->lacks && status == JH_ABSENT) {
        c->absent++;
        return;
    }
    struct mismatch *m = keep(c, what, where);
    if (m) {
        snprintf(m->expected, sizeof(m->expected), "ok");
        snprintf(m->seen, sizeof(m->seen), "%s: %s at 0x%" PRIx64 ", value 0x%" PRIx64,
                 jh_status_name(status), fault->rule ? fault->rule : "?", fault->addr, fault->seen);
    }
}

static void add_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

struct json_object *mismatch_json(const struct mismatch *m, const char *command) {
    struct json_object *o = json_object_new_object();
    add_text(o, "level", level_name(m->level));
    add_text(o, "what", m->what);
    add_text(o, "where", m->where);
    add_text(o, "expected", m->expected);
    add_text(o, "seen", m->seen);
    add_text(o, "words", m->words);
    add_text(o, "command", command);
    return o;
}
