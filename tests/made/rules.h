/* rules.h - what holds of any heap: every rule that walks, lookups and regions may name in a fault,
 * and with which status; what a walk and a lookup say of the same extent. ci/rules holds the list
 * against the sources of the decoder. */
#ifndef JEHEAP_FUZZ_RULES_H
#define JEHEAP_FUZZ_RULES_H

#include "fuzz.h"

/* abort() unless the fault is one that this status can have: rule, stage, status. */
void fuzz_check_fault(enum jh_status status, const struct jh_fault *fault);

/* Does the leaf element of this page, one of an extent that a walk gave, name the extent? Whatever
 * else is broken, the first page's does, for the walk has seen it; and where it does, lookup finds
 * the extent: else abort(). */
bool fuzz_page_names(const struct jh_heap *heap, const struct jh_extent *e, uint64_t page);

/* Where the extent ends, as a walk counts it: nothing is behind the top of addresses. */
static inline uint64_t fuzz_end_of(const struct jh_extent *e) {
    return e->base + (e->size - 1) == UINT64_MAX ? UINT64_MAX : e->base + e->size;
}

/* From where on a walk gives what comes behind it. Over what may be left behind others may have
 * been registered since (5.3: jh_layout.leaf_left_behind). */
static inline uint64_t fuzz_next_from(const struct jh_layout *l, const struct jh_extent *e) {
    bool behind = l->build.version >= JH_5_3_0 && e->state == JH_ACTIVE && !e->allocated;
    return behind ? e->base + 1 : fuzz_end_of(e);
}

#endif
