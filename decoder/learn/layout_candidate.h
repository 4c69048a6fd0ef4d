/* layout_candidate.h - what layout_candidate.c, layout_rivals.c and layout_choose.c agree on. */
#ifndef JEHEAP_TARGET_LAYOUT_CANDIDATE_H
#define JEHEAP_TARGET_LAYOUT_CANDIDATE_H

#include "learn/inside.h"

struct jt_candidate {
    struct jh_build build;
    struct jt_fit fit;
    bool bins, pad;
    size_t unlike; /* how many differences debug information has */
    bool blind;    /* a glance was enough */
    bool tried;    /* this time */
    bool again;    /* a rival, or what has rivals: asked once more */
};

#define JT_BUILDS_MAX (4 * JT_LG_VADDRS * JT_LG_PAGES) /* of a version */

struct jt_candidates {
    size_t count;
    struct jt_candidate c[JH_VERSIONS * JT_BUILDS_MAX];
};

/* ---- layout_candidate.c --------------------------------------------------------------------- */

/* All that nothing speaks against. Without any, fault says what jeheap does not describe. */
void jt_candidates_list(const struct jt_target *target, const struct jt_evidence *evidence,
                        struct jt_candidates *out, struct jh_fault *fault);
/* The layout of that build with what the evidence says of it, and how many differences debug
 * information has (told: which; NULL allowed). Pure. False when no such build is described. */
bool jt_candidate_make(const struct jt_evidence *evidence, struct jt_candidate *c,
                       struct jh_layout *layout, struct jt_told *told, struct jh_fault *fault);
/* How the heap decodes with that, and with bins as the slabs have them where nothing else tells. */
void jt_candidate_fit(struct jt_target *target, const struct jt_evidence *evidence,
                      struct jt_candidate *c, struct jh_layout *layout, enum jt_effort effort);
bool jt_candidate_sees(const struct jt_candidate *c);
uint64_t jt_candidate_faults(const struct jt_candidate *c);
/* Negative when a explains the target better than b. */
int jt_candidate_compare(const struct jt_candidate *a, const struct jt_candidate *b);

/* ---- layout_rivals.c ------------------------------------------------------------------------ */

/* Does it explain the heap as well as the best does, or without any fault of its own? */
bool jt_candidate_rivals(const struct jt_candidate *c, const struct jt_candidate *best);
/* The best of the rivals, as more of the heap tells; best when it has none. */
struct jt_candidate *jt_candidates_look_again(struct jt_target *target,
                                              struct jt_evidence *evidence,
                                              struct jt_candidates *all, struct jt_candidate *best);
/* Names all of them in the target; an error when they do not say the same. */
enum jt_status jt_candidates_judge(struct jt_target *target, const struct jt_candidates *all,
                                   const struct jt_candidate *best);

#endif
