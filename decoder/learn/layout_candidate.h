/* layout_candidate.h - candidates: what layout_candidate.c, layout_rivals.c and layout_choose.c
 * share. */
#ifndef JEHEAP_TARGET_LAYOUT_CANDIDATE_H
#define JEHEAP_TARGET_LAYOUT_CANDIDATE_H

#include "learn/inside.h"

struct jt_candidate {
    struct jh_build build;
    struct jt_fit fit;
    bool bins, pad; /* jemalloc's variables tell the bins, the large pad */
    size_t unlike;  /* differences between debug information and the formulas */
    bool blind;     /* JT_FIT_GLANCE found nothing sound: it is not tried again */
    bool tried;     /* in the current round */
    bool again;     /* the best one or a rival: tried again on more of the heap */
};

#define JT_BUILDS_MAX (4 * JT_LG_VADDRS * JT_LG_PAGES) /* builds of a version that are tried */

struct jt_candidates {
    size_t count;
    struct jt_candidate c[JH_VERSIONS * JT_BUILDS_MAX];
};

/* ---- layout_candidate.c --------------------------------------------------------------------- */

/* Lists all candidates that the evidence does not contradict. When there is none, fault says what
 * jeheap does not describe. */
void jt_candidates_list(const struct jt_target *target, const struct jt_evidence *evidence,
                        struct jt_candidates *out, struct jh_fault *fault);
/* Makes the candidate's layout from its build and the evidence; told (NULL allowed) receives the
 * differences that debug information has. Pure. False: no such build is described. */
bool jt_candidate_make(const struct jt_evidence *evidence, struct jt_candidate *c,
                       struct jh_layout *layout, struct jt_told *told, struct jh_fault *fault);
/* Tries the layout on the heap, with the numbers of bins from slabs when no variable tells them. */
void jt_candidate_fit(struct jt_target *target, const struct jt_evidence *evidence,
                      struct jt_candidate *c, struct jh_layout *layout, enum jt_effort effort);
/* Has it found any extents, sound or not? */
bool jt_candidate_sees(const struct jt_candidate *c);
/* The number of things in the heap that it does not explain. */
uint64_t jt_candidate_faults(const struct jt_candidate *c);
/* Negative when a explains the target better than b. */
int jt_candidate_compare(const struct jt_candidate *a, const struct jt_candidate *b);

/* ---- layout_rivals.c ------------------------------------------------------------------------ */

/* Is c a rival: does it explain the heap as well as the best, or at least half of it without a
 * fault? */
bool jt_candidate_rivals(const struct jt_candidate *c, const struct jt_candidate *best);
/* Tries best and its rivals on more of the heap. Gives the best of them. */
struct jt_candidate *jt_candidates_look_again(struct jt_target *target,
                                              struct jt_evidence *evidence,
                                              struct jt_candidates *all, struct jt_candidate *best);
/* Lists best and its rivals in target->candidate. Fails when their answers differ. */
enum jt_status jt_candidates_judge(struct jt_target *target, const struct jt_candidates *all,
                                   const struct jt_candidate *best);

#endif
