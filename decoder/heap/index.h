/* index.h - an index of a target's heap, for who asks about very many addresses. */
#ifndef JEHEAP_HEAP_INDEX_H
#define JEHEAP_HEAP_INDEX_H

#include "heap/caches.h"

#ifdef __cplusplus
extern "C" {
#endif

struct jt_index {
    struct jh_index index; /* its parked regions are those of jt_caches(), by address */
    void *memory;
};

/* By two walks, of which the first one counts: 32 bytes an extent, 8 a parked region. An extent is
 * vouched for when no rule is broken by it alone: by its structure, its elements, its bitmap, where
 * its structure lies. Nothing is said of others; who asks about them is told what is wrong. False:
 * memory ran out, or the layout is none that an index is made of; there is nothing to be freed
 * then. */
bool jt_index_make(struct jt_target *target, struct jt_index *out);
void jt_index_free(struct jt_index *index);

#ifdef __cplusplus
}
#endif
#endif
