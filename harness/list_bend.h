/* list_bend.h - bends of where lists and heaps of extents begin, and of the links in extents. */
#ifndef JEHEAP_LIST_BEND_H
#define JEHEAP_LIST_BEND_H

#include "heap/inside.h"

struct list_bend {
    char name[64];     /* "list.full+8" */
    const char *proof; /* why nothing can show this bend; NULL: something can */
    struct jt_arena_form form;
};

/* Makes the bend with this index, from 0 up. False: there are no more. */
bool list_bend_make(const struct jt_arena_form *sound, size_t index, struct list_bend *out);

#endif
