#include "totals.h"

#include <inttypes.h>
#include <jemalloc/jemalloc.h>

#define EXTENT_CLASSES_MAX 400

static bool size_of(const char *name, uint64_t *value) {
    size_t wide, got = sizeof(wide);
    if (je_mallctl(name, &wide, &got, NULL, 0) != 0) {
        return false;
    }
    *value = wide;
    return true;
}

static uint64_t number_of(const char *name) {
    unsigned value;
    size_t got = sizeof(value);
    return je_mallctl(name, &value, &got, NULL, 0) == 0 ? value : 0;
}

static bool initialised(unsigned arena) {
    char name[80];
    bool value;
    size_t got = sizeof(value);
    snprintf(name, sizeof(name), "arena.%u.initialized", arena);
    return je_mallctl(name, &value, &got, NULL, 0) == 0 && value;
}

static void line(struct truth *truth, const char *name, uint64_t value) {
    truth_word(truth, "mallctl");
    truth_text(truth, "name", name);
    truth_hex(truth, "value", value);
    truth_end(truth);
}

static void one(struct truth *truth, const char *name) {
    uint64_t value;
    if (size_of(name, &value)) {
        line(truth, name, value);
    }
}

/* Since 5.2.0. By size there are some two hundred, nearly all of them 0. */
static void sum(struct truth *truth, unsigned arena, const char *what) {
    char name[96];
    uint64_t value, total = 0;
    bool any = false;
    for (unsigned i = 0; i < EXTENT_CLASSES_MAX; i++) {
        snprintf(name, sizeof(name), "stats.arenas.%u.extents.%u.%s", arena, i, what);
        if (!size_of(name, &value)) {
            break;
        }
        any = true;
        total += value;
    }
    if (any) {
        snprintf(name, sizeof(name), "stats.arenas.%u.extents.*.%s", arena, what);
        line(truth, name, total);
    }
}

static void arena_lines(struct truth *truth, unsigned arena, uint64_t large) {
    static const char *const sums[] = {"ndirty",      "nmuzzy",      "nretained",
                                       "dirty_bytes", "muzzy_bytes", "retained_bytes"};
    char name[80];
    snprintf(name, sizeof(name), "stats.arenas.%u.pactive", arena);
    one(truth, name);
    for (unsigned i = 0; i < large; i++) {
        snprintf(name, sizeof(name), "stats.arenas.%u.lextents.%u.curlextents", arena, i);
        one(truth, name);
    }
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        sum(truth, arena, sums[i]);
    }
}

void totals_write(struct truth *truth) {
    uint64_t arenas = number_of("arenas.narenas"), large = number_of("arenas.nlextents");
    for (unsigned arena = 0; arena < arenas; arena++) {
        if (initialised(arena)) {
            arena_lines(truth, arena, large);
        }
    }
}
