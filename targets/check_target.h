/* check_target.h - a target over a checked image (heap_image.h), as the outer layers open one: the
 * arenas, bins and caches are found in its memory. */
#ifndef JEHEAP_CHECK_TARGET_H
#define JEHEAP_CHECK_TARGET_H

#include "heap_view.h"
#include "open/inside.h"

/* heap: the view's image, with any reader. sparse: that reader knows where the image is zero, as
 * that of a file with holes does. jt_close() ends it. */
struct jt_target *check_target_open(const struct heap_view *view, const struct jh_heap *heap,
                                    bool sparse);

#define CHECK_THREAD 7 /* the number of its only thread */
#define CHECK_WORDS 4

/* Where the thread is: outside of jemalloc, or in it with these addresses in its registers and a
 * stack at that address. What was judged before is forgotten. */
void check_target_outside(struct jt_target *target);
void check_target_inside(struct jt_target *target, const uint64_t word[CHECK_WORDS],
                         uint64_t stack);
/* Of no thread anything is known. */
void check_target_unknown(struct jt_target *target);

struct check_finding {
    enum jh_status status;
    struct jh_fault fault;
};

#define CHECK_FINDINGS 32

/* Everything that check asks, or one part of it. */
enum check_part { CHECK_ALL, CHECK_EXTENTS, CHECK_PARKED };

struct check_run {
    struct check_finding finding[CHECK_FINDINGS]; /* the first ones */
    size_t count;                                 /* of all */
    uint64_t digest;                              /* of all, in their order */
    bool whole;                                   /* nothing was absent, and no limit was reached */
};
void check_target_run(struct jt_target *target, enum check_part part, struct check_run *out);

#endif
