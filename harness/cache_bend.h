/* cache_bend.h - a sound form of caches with one offset in it made wrong. */
#ifndef JEHEAP_CACHE_BEND_H
#define JEHEAP_CACHE_BEND_H

#include "jeheap/jeheap.h"

struct cache_bend {
    char name[96]; /* "cache.link+8" */
    struct jh_cache_form form;
    const char *proof; /* as of a bend of a layout: NULL, or why no heap can show it */
};

/* The bend of this index, from 0 up; false behind the last one. */
bool cache_bend_make(const struct jh_layout *layout, size_t index, struct cache_bend *out);

#endif
