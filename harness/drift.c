#include "drift.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache_bend.h"
#include "layout_bend.h"
#include "list_bend.h"
#include "matrix.h"
#include "number_bend.h"

/* The first level: jh_layout_check() refuses the bent layout, so nothing is decoded with it. */
static const char *const levels[] = {"check", "constants", "functions", "heap", "api"};
enum { LEVEL_COUNT = sizeof(levels) / sizeof(levels[0]), FIRST_HEAP_LEVEL = 3 };

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value;
}

/* ---- one cell ------------------------------------------------------------------------------- */

static bool notices(struct comparison *c, unsigned level, const struct jh_layout *bent,
                    struct jt_target *target) {
    c->stop = false;
    switch (level) {
    case 0:
        return jh_layout_check(bent, NULL) != JH_OK;
    case 1:
        compare_constants(c, bent);
        break;
    case 2:
        compare_functions(c, bent);
        break;
    case 3:
        c->level = LEVEL_HEAP;
        compare_heap(c, target);
        break;
    default:
        c->level = LEVEL_API;
        compare_api(c, target);
    }
    return c->stop;
}

static struct json_object *try_bend(struct comparison *c, const struct bend *bend,
                                    struct jt_target *target) {
    struct json_object *result = json_object_new_object(), *noticed = json_object_new_array();
    struct jh_heap sound = target->heap;
    target->heap.layout = &bend->layout;
    target->heap.rtree_root += bend->layout.root_offset - target->layout.root_offset;
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        if (notices(c, i, &bend->layout, target)) {
            json_object_array_add(noticed, json_object_new_string(levels[i]));
            if (i == 0) {
                break;
            }
        }
    }
    target->heap = sound;
    json_object_object_add(result, "bend", json_object_new_string(bend->name));
    json_object_object_add(result, "noticed", noticed);
    json_object_object_add(result, "proof",
                           bend->proof ? json_object_new_string(bend->proof) : NULL);
    return result;
}

/* What one level noticed; NULL: it did not. */
static void add_result(struct json_object *results, const char *name, const char *level,
                       const char *proof) {
    struct json_object *result = json_object_new_object(), *noticed = json_object_new_array();
    if (level) {
        json_object_array_add(noticed, json_object_new_string(level));
    }
    json_object_object_add(result, "bend", json_object_new_string(name));
    json_object_object_add(result, "noticed", noticed);
    json_object_object_add(result, "proof", proof ? json_object_new_string(proof) : NULL);
    json_object_array_add(results, result);
}

/* Compares the caches with a bent form of caches. */
static void add_cache_bends(struct json_object *results, struct comparison *c,
                            const struct comparison *sound, struct jt_target *target) {
    struct cache_bend bend;
    struct jh_cache_form form;
    for (size_t i = 0; cache_bend_make(&target->layout, i, &bend); i++) {
        *c = (struct comparison){.truth = sound->truth,
                                 .first_only = true,
                                 .storage = sound->storage,
                                 .level = LEVEL_HEAP};
        compare_caches_with(c, target, &bend.form);
        add_result(results, bend.name, c->stop ? levels[FIRST_HEAP_LEVEL] : NULL, bend.proof);
    }
    if (jh_cache_form(&target->layout, &form, NULL) == JH_OK) {
        jt_caches_again(target, &form, false);
    }
}

/* Does the bent form read the same numbers of every arena? Then nothing can show it here: many
 * numbers are 0, and so is what stands beside them. */
static bool reads_the_same(struct jt_target *target, const struct jt_numbers_form *bent,
                           const struct jt_numbers_form *sound) {
    struct jt_numbers_form *form = &target->priv->base->numbers;
    struct jt_numbers *of = calloc(2, sizeof(*of));
    const struct jt_arenas *all = jt_arenas(target);
    bool same = of != NULL && all->count != 0;
    for (size_t i = 0; same && i < all->count; i++) {
        *form = *bent;
        jt_numbers(target, &all->arena[i], &of[0]);
        *form = *sound;
        jt_numbers(target, &all->arena[i], &of[1]);
        same = of[0].known == of[1].known && of[0].bins_known == of[1].bins_known &&
               of[0].large_known == of[1].large_known &&
               memcmp(of[0].value, of[1].value, sizeof(of[0].value)) == 0 &&
               memcmp(of[0].bin, of[1].bin, sizeof(of[0].bin)) == 0 &&
               memcmp(of[0].large, of[1].large, sizeof(of[0].large)) == 0;
    }
    free(of);
    return same;
}

/* Compares what arenas count with bent places of it. */
static void add_number_bends(struct json_object *results, struct comparison *c,
                             const struct truth *truth, struct jt_target *target) {
    struct jt_numbers_form *form = &target->priv->base->numbers, sound = *jt_numbers_form(target);
    struct number_bend bend;
    for (size_t i = 0; number_bend_make(&sound, i, &bend); i++) {
        *c = (struct comparison){.truth = truth, .first_only = true, .level = LEVEL_API};
        if (bend.proof == NULL && reads_the_same(target, &bend.form, &sound)) {
            bend.proof = "every arena of this workload has the same number there";
        }
        *form = bend.form;
        compare_arenas(c, target);
        compare_counters(c, target);
        add_result(results, bend.name, c->stop ? levels[LEVEL_COUNT - 1] : NULL, bend.proof);
    }
    *form = sound;
}

/* Compares the heap with bent places of lists and links: the rules of a sound heap notice. */
static void add_list_bends(struct json_object *results, struct comparison *c,
                           const struct truth *truth, struct jt_target *target) {
    struct jt_arena_form *form = &target->priv->base->form, sound = *form;
    struct list_bend bend;
    for (size_t i = 0; list_bend_make(&sound, i, &bend); i++) {
        *c = (struct comparison){.truth = truth, .first_only = true, .level = LEVEL_HEAP};
        *form = bend.form;
        compare_heap(c, target);
        add_result(results, bend.name, c->stop ? levels[FIRST_HEAP_LEVEL] : NULL, bend.proof);
    }
    *form = sound;
}

struct json_object *drift_bends(const struct comparison *sound, struct jt_target *target) {
    const struct truth *truth = sound->truth;
    struct json_object *results = json_object_new_array();
    struct comparison *c = calloc(1, sizeof(*c));
    struct bend *bend = malloc(sizeof(*bend));
    for (size_t i = 0; c && bend && bend_make(&target->layout, i, bend); i++) {
        *c = (struct comparison){.truth = truth, .first_only = true};
        json_object_array_add(results, try_bend(c, bend, target));
    }
    if (c) {
        add_cache_bends(results, c, sound, target);
        add_number_bends(results, c, truth, target);
        add_list_bends(results, c, truth, target);
    }
    free(bend);
    free(c);
    return results;
}

/* ---- the cells of a pin --------------------------------------------------------------------- */

static bool in(struct json_object *array, const char *word) {
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), word) == 0) {
            return true;
        }
    }
    return false;
}

/* All bends of a pin by name, with the levels that noticed them in any of its cells. */
static struct json_object *merge(struct json_object *cells, const char *pin) {
    struct json_object *bends = json_object_new_object();
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        struct json_object *cell = json_object_array_get_idx(cells, i);
        struct json_object *list = member(cell, "drift");
        for (size_t k = 0; strcmp(matrix_text(cell, "pin"), pin) == 0 && list &&
                           k < json_object_array_length(list);
             k++) {
            struct json_object *one = json_object_array_get_idx(list, k);
            struct json_object *known = member(bends, matrix_text(one, "bend"));
            if (!known) {
                json_object_object_add(bends, matrix_text(one, "bend"), json_object_get(one));
                continue;
            }
            if (!*matrix_text(one, "proof")) { /* this heap could show it */
                json_object_object_del(known, "proof");
            }
            struct json_object *levels_of = member(one, "noticed");
            for (size_t l = 0; l < json_object_array_length(levels_of); l++) {
                struct json_object *level = json_object_array_get_idx(levels_of, l);
                if (!in(member(known, "noticed"), json_object_get_string(level))) {
                    json_object_array_add(member(known, "noticed"), json_object_get(level));
                }
            }
        }
    }
    return bends;
}

struct sum {
    uint64_t total, noticed, proven, by[LEVEL_COUNT];
    struct json_object *unseen, *survivors;
};

static void add_bend(struct sum *s, struct json_object *bend) {
    struct json_object *noticed = member(bend, "noticed");
    bool heap = in(noticed, "check");
    bool proven = *matrix_text(bend, "proof") != '\0', any = json_object_array_length(noticed) > 0;
    s->total += any || !proven;
    s->proven += !any && proven;
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        bool by = in(noticed, levels[i]);
        s->by[i] += by;
        heap = heap || (by && i >= FIRST_HEAP_LEVEL);
    }
    if (any && (heap || proven)) {
        s->noticed++;
    } else if (!proven) {
        json_object_array_add(s->survivors, json_object_new_string(matrix_text(bend, "bend")));
    }
    if (!heap && proven) {
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "bend", json_object_new_string(matrix_text(bend, "bend")));
        json_object_object_add(o, "proof", json_object_new_string(matrix_text(bend, "proof")));
        json_object_array_add(s->unseen, o);
    }
}

static struct json_object *pin_report(struct json_object *cells, const char *pin) {
    struct sum s = {.unseen = json_object_new_array(), .survivors = json_object_new_array()};
    struct json_object *bends = merge(cells, pin), *o = json_object_new_object();
    struct json_object *by = json_object_new_object();
    json_object_object_foreach(bends, name, bend) {
        (void)name;
        add_bend(&s, bend);
    }
    json_object_put(bends);
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        json_object_object_add(by, levels[i], json_object_new_uint64(s.by[i]));
    }
    json_object_object_add(o, "pin", json_object_new_string(pin));
    json_object_object_add(o, "total", json_object_new_uint64(s.total));
    json_object_object_add(o, "noticed", json_object_new_uint64(s.noticed));
    json_object_object_add(o, "proven", json_object_new_uint64(s.proven));
    json_object_object_add(o, "by", by);
    json_object_object_add(o, "unseen", s.unseen);
    json_object_object_add(o, "survivors", s.survivors);
    return o;
}

struct json_object *drift_report(struct json_object *cells) {
    struct json_object *report = json_object_new_array(), *seen = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        struct json_object *cell = json_object_array_get_idx(cells, i);
        const char *pin = matrix_text(cell, "pin");
        if (strcmp(matrix_text(cell, "status"), "skip") != 0 && !in(seen, pin)) {
            json_object_array_add(seen, json_object_new_string(pin));
            json_object_array_add(report, pin_report(cells, pin));
        }
    }
    json_object_put(seen);
    return report;
}

/* ---- output --------------------------------------------------------------------------------- */

static void print_pin(struct json_object *pin) {
    struct json_object *unseen = member(pin, "unseen"), *survivors = member(pin, "survivors");
    printf("%-11s %4" PRIu64 " of %4" PRIu64 " noticed, %" PRIu64 " that nothing can show;",
           matrix_text(pin, "pin"), json_object_get_uint64(member(pin, "noticed")),
           json_object_get_uint64(member(pin, "total")),
           json_object_get_uint64(member(pin, "proven")));
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        printf(" %s %" PRIu64, levels[i],
               json_object_get_uint64(member(member(pin, "by"), levels[i])));
    }
    printf("\n");
    for (size_t i = 0; i < json_object_array_length(unseen); i++) {
        struct json_object *o = json_object_array_get_idx(unseen, i);
        printf("    no heap shows %s: %s\n", matrix_text(o, "bend"), matrix_text(o, "proof"));
    }
    for (size_t i = 0; i < json_object_array_length(survivors); i++) {
        printf("    SURVIVOR %s\n",
               json_object_get_string(json_object_array_get_idx(survivors, i)));
    }
}

/* {"noticed":N,"total":M,"survivors":["pin: bend",...]} */
static struct json_object *totals_of(struct json_object *report) {
    uint64_t noticed = 0, total = 0;
    struct json_object *totals = json_object_new_object(), *names = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(report); i++) {
        struct json_object *pin = json_object_array_get_idx(report, i);
        struct json_object *survivors = member(pin, "survivors");
        noticed += json_object_get_uint64(member(pin, "noticed"));
        total += json_object_get_uint64(member(pin, "total"));
        for (size_t k = 0; k < json_object_array_length(survivors); k++) {
            char name[192];
            snprintf(name, sizeof(name), "%s: %s", matrix_text(pin, "pin"),
                     json_object_get_string(json_object_array_get_idx(survivors, k)));
            json_object_array_add(names, json_object_new_string(name));
        }
    }
    json_object_object_add(totals, "noticed", json_object_new_uint64(noticed));
    json_object_object_add(totals, "total", json_object_new_uint64(total));
    json_object_object_add(totals, "survivors", names);
    return totals;
}

bool drift_print(struct json_object *report, bool json) {
    struct json_object *totals = totals_of(report);
    for (size_t i = 0; i < json_object_array_length(report); i++) {
        struct json_object *pin = json_object_array_get_idx(report, i);
        if (json) {
            printf("%s\n", json_object_to_json_string_ext(pin, JSON_C_TO_STRING_PLAIN));
        } else {
            print_pin(pin);
        }
    }
    uint64_t noticed = json_object_get_uint64(member(totals, "noticed"));
    uint64_t total = json_object_get_uint64(member(totals, "total"));
    if (json) {
        printf("%s\n", json_object_to_json_string_ext(totals, JSON_C_TO_STRING_PLAIN));
    } else {
        printf("\n%" PRIu64 " of %" PRIu64 " bends noticed\n", noticed, total);
    }
    json_object_put(totals);
    return noticed == total && total != 0;
}
