/* cache_bend.h - bends of a form of caches: copies of a sound one in which one offset is wrong. */
#ifndef JEHEAP_CACHE_BEND_H
#define JEHEAP_CACHE_BEND_H

#include "jeheap/jeheap.h"

struct cache_bend {
    char name[96]; /* "cache.link+8" */
    struct jh_cache_form form;
    const char *proof; /* why no heap can show this bend; NULL: some can */
};

/* Makes the bend with this index, from 0 up. False: there are no more. */
bool cache_bend_make(const struct jh_layout *layout, size_t index, struct cache_bend *out);

#endif
