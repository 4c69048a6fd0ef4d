/* guard_check.c - the page behind a guarded extent must be one that nobody may touch.
 *
 * src/san.c (san_guard_pages) and src/san_bump.c since 5.3.0: mprotect() takes the page behind
 * away, and where bump allocation is off the page in front too, which no structure says. */
#include <string.h>

#include "heap/arena_check.h"

/* What a skeleton was told when it was made. */
static bool is_told(const struct jh_heap *heap, uint64_t at) {
    const struct jh_verdict *v = jt_element_at(heap->verdict, heap->verdicts, sizeof *v, at);
    return v != NULL && strcmp(v->rule, JT_GUARD_RULE) == 0;
}

bool jt_guard_is_open(const struct jt_target *target, const struct jh_extent *e) {
    const struct jt_private *p = target->priv;
    uint64_t page = e->base + e->size;
    if (!e->guarded || (target->heap.reader.retry != NULL && !p->stands)) {
        return false; /* of memory that changes the mappings are older than the extent */
    }
    return jt_is_skeleton(target) ? is_told(&target->heap, e->at)
                                  : jt_ranges_hold(p->writable.range, p->writable.count, page) ||
                                        jt_ranges_hold(p->readable.range, p->readable.count, page);
}

void jt_guard_check(const struct jt_check *c, const struct jh_extent *e) {
    if (jt_guard_is_open(c->target, e)) {
        jt_check_say(c, e->at, e->base + e->size, JT_GUARD_RULE);
    }
}
