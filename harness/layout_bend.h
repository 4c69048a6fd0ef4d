/* layout_bend.h - a sound layout with one number in it made wrong. */
#ifndef JEHEAP_LAYOUT_BEND_H
#define JEHEAP_LAYOUT_BEND_H

#include "jeheap/jeheap.h"

struct bend {
    char name[96]; /* "extent.szind.shift+1" */
    struct jh_layout layout;
    /* The numbers of this bend decode nothing that a heap can show; NULL: they do. */
    const char *proof;
};

/* The bend of this index, from 0 up; false behind the last one. Bends that change nothing (a swap
 * of two equal states) are left out. The same layout always has the same bends. */
bool bend_make(const struct jh_layout *sound, size_t index, struct bend *out);

#endif
