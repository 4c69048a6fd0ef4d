#include "combinations.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 5, AXES = 8 };

/* Address bits: processors have 48 or 57, configure gives 32 at least and 64 at most; with 52 there
 * are compact leaves in two or three levels, depending on the page. Slab regions: 9 is the default
 * with 4 KiB pages and too few with larger ones, 13 is the maximum. */
static const struct axis {
    size_t into; /* offset in struct jh_build */
    uint8_t value[VALUES_MAX], count;
    bool wide;    /* with pointers of 4 bytes there is only the first value */
    bool maxregs; /* there is only the first value without configure --with-lg-slab-maxregs */
} axes[AXES] = {
    {offsetof(struct jh_build, lg_page), {12, 13, 14, 15, 16}, 5, false, false},
    {offsetof(struct jh_build, lg_quantum), {4, 3}, 2, false, false},
    {offsetof(struct jh_build, lg_vaddr), {32, 48, 52, 57, 64}, 5, true, false},
    {offsetof(struct jh_build, lg_slab_maxregs), {0, 9, 12, 13}, 4, false, true},
    {offsetof(struct jh_build, debug), {false, true}, 2, false, false},
    {offsetof(struct jh_build, prof), {false, true}, 2, false, false},
    {offsetof(struct jh_build, stats), {true, false}, 2, false, false},
    {offsetof(struct jh_build, cache_oblivious), {true, false}, 2, false, false},
};

static unsigned values(const struct jh_build *build, unsigned axis) {
    const struct axis *a = &axes[axis];
    bool all = (!a->maxregs || jh_family(build->version)->lg_slab_maxregs) &&
               (!a->wide || build->pointer_size == 8);
    return all ? a->count : 1;
}

static void set(struct jh_build *build, unsigned axis, unsigned value) {
    memcpy((char *)build + axes[axis].into, &axes[axis].value[value], 1); /* uint8_t or bool */
}

static unsigned value_of(const struct jh_build *build, unsigned axis) {
    unsigned value = 0;
    while (memcmp((const char *)build + axes[axis].into, &axes[axis].value[value], 1) != 0) {
        value++;
    }
    return value;
}

struct combinations combine_all(const struct jh_build *build) {
    struct combinations all = {NULL, 1};
    for (unsigned axis = 0; axis < AXES; axis++) {
        all.count *= values(build, axis);
    }
    all.build = calloc(all.count, sizeof(*all.build));
    if (!all.build) {
        abort();
    }
    for (size_t i = 0; i < all.count; i++) {
        size_t rest = i;
        all.build[i] = *build;
        for (unsigned axis = AXES; axis-- > 0; rest /= values(build, axis)) {
            set(&all.build[i], axis, (unsigned)(rest % values(build, axis)));
        }
    }
    return all;
}

/* ---- selection ------------------------------------------------------------------------------ */

/* met[a][b][c][value of a][value of b][value of c], for axes a < b < c. */
struct triples {
    bool met[AXES][AXES][AXES][VALUES_MAX][VALUES_MAX][VALUES_MAX];
};

/* The number of triples of a combination that no earlier one has; with mark they count as met. */
static unsigned meet(struct triples *t, const struct jh_build *build, bool mark) {
    unsigned value[AXES], fresh = 0;
    for (unsigned a = 0; a < AXES; a++) {
        value[a] = value_of(build, a);
    }
    for (unsigned a = 0; a < AXES; a++) {
        for (unsigned b = a + 1; b < AXES; b++) {
            for (unsigned c = b + 1; c < AXES; c++) {
                bool *met = &t->met[a][b][c][value[a]][value[b]][value[c]];
                fresh += !*met;
                *met = *met || mark;
            }
        }
    }
    return fresh;
}

static const struct jh_build *freshest(struct triples *t, const struct combinations *all) {
    const struct jh_build *best = NULL;
    unsigned most = 0;
    for (size_t i = 0; i < all->count; i++) {
        unsigned fresh = meet(t, &all->build[i], false);
        if (fresh > most) {
            most = fresh;
            best = &all->build[i];
        }
    }
    return best;
}

static int by_script(const void *a, const void *b) {
    const struct jh_build *x = a, *y = b;
    return x->lg_page != y->lg_page ? x->lg_page - y->lg_page : x->lg_quantum - y->lg_quantum;
}

struct combinations combine_triples(const struct jh_build *build) {
    struct combinations all = combine_all(build), some = {0};
    struct triples *t = calloc(1, sizeof(*t));
    const struct jh_build *next;
    some.build = calloc(all.count, sizeof(*some.build));
    if (!t || !some.build) {
        abort();
    }
    while ((next = freshest(t, &all)) != NULL) {
        meet(t, next, true);
        some.build[some.count++] = *next;
    }
    /* combinations with the same size_classes.h become neighbours, so that it is made once */
    qsort(some.build, some.count, sizeof(*some.build), by_script);
    free(t);
    combine_free(&all);
    return some;
}

void combine_free(struct combinations *combinations) {
    free(combinations->build);
    *combinations = (struct combinations){0};
}
