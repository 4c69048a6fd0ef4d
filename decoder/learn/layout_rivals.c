/* layout_rivals.c - the heap decodes with more than one layout: they are tried on more of the heap,
 * and named to the user. */
#include <string.h>

#include "learn/layout_candidate.h"

static bool same_build(const struct jh_build *a, const struct jh_build *b) {
    char x[128], y[128];
    jt_layout_name(a, x, sizeof x);
    jt_layout_name(b, y, sizeof y);
    return strcmp(x, y) == 0;
}

bool jt_candidate_rivals(const struct jt_candidate *c, const struct jt_candidate *best) {
    if (c == best || same_build(&c->build, &best->build)) {
        return false;
    }
    if (!jt_fits(&c->fit) || c->bins != best->bins || c->unlike > best->unlike) {
        return false;
    }
    if (jt_candidate_compare(c, best) == 0) {
        return true;
    }
    return jt_candidate_faults(c) == 0 && 2 * c->fit.sound >= best->fit.sound;
}

/* Do both candidates give the user the same answers? Then they differ in a number that nothing in
 * this heap depends on. */
static bool same_answers(const struct jt_candidate *a, const struct jt_candidate *b) {
    return a->fit.digest == b->fit.digest && a->build.lg_page == b->build.lg_page &&
           a->build.lg_vaddr == b->build.lg_vaddr;
}

static void name_candidate(struct jt_target *target, const struct jt_candidate *c) {
    if (target->candidates < JT_CANDIDATES_MAX) {
        jt_layout_name(&c->build, target->candidate[target->candidates++],
                       sizeof target->candidate[0]);
    }
}

static void name_rivals(struct jt_target *target, const struct jt_candidates *all,
                        const struct jt_candidate *best, bool same) {
    for (size_t i = 0; i < all->count; i++) {
        const struct jt_candidate *c = &all->c[i];
        if (jt_candidate_rivals(c, best) && same_answers(c, best) == same) {
            name_candidate(target, c);
        }
    }
}

/* Is c a rival that may be excluded by more of the heap? Also one that has given the same answers
 * so far, if it has another version (an extent of a size between size classes may decide) or
 * another cache_oblivious (a large extent with an offset in its pad may). */
static bool undecided(const struct jt_candidate *c, const struct jt_candidate *best) {
    return jt_candidate_rivals(c, best) &&
           (!same_answers(c, best) || c->build.version != best->build.version ||
            c->build.cache_oblivious != best->build.cache_oblivious);
}

/* The first extents may be all of one kind, which says little. */
struct jt_candidate *jt_candidates_look_again(struct jt_target *target,
                                              struct jt_evidence *evidence,
                                              struct jt_candidates *all,
                                              struct jt_candidate *best) {
    bool any = false;
    struct jt_candidate *now = best;
    struct jh_layout layout;
    for (size_t i = 0; i < all->count; i++) {
        all->c[i].again = &all->c[i] == best || jt_candidate_rivals(&all->c[i], best);
        any |= undecided(&all->c[i], best);
    }
    if (!any) {
        return best;
    }
    for (size_t i = 0; i < all->count; i++) {
        struct jt_candidate *c = &all->c[i];
        if (c->again && jt_candidate_make(evidence, c, &layout, NULL, NULL)) {
            jt_candidate_fit(target, evidence, c, &layout, JT_FIT_SEARCH);
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        if (all->c[i].again && jt_candidate_compare(&all->c[i], now) < 0) {
            now = &all->c[i];
        }
    }
    return now;
}

enum jt_status jt_candidates_judge(struct jt_target *target, const struct jt_candidates *all,
                                   const struct jt_candidate *best) {
    name_candidate(target, best);
    name_rivals(target, all, best, false); /* first those that differ: the sentence names one */
    bool differ = target->candidates > 1;
    name_rivals(target, all, best, true);
    if (differ) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: the heap decodes as soundly with %zu layouts, and they do not "
                       "say the same: %s and %s; choose with --layout",
                       jt_version_text(target), target->candidates, target->candidate[0],
                       target->candidate[1]);
    }
    if (target->candidates > 1) {
        jt_warn(target,
                "the heap decodes as soundly with layout %s; the answers are the same, and none "
                "of the extents that were tried tells which of them it is",
                target->candidate[1]);
    }
    return JT_OK;
}
