/* layout_bend.h - bends: copies of a sound layout in which one number is wrong. */
#ifndef JEHEAP_LAYOUT_BEND_H
#define JEHEAP_LAYOUT_BEND_H

#include "jeheap/jeheap.h"

struct bend {
    char name[96]; /* "extent.szind.shift+1" */
    struct jh_layout layout;
    const char *proof; /* why no heap can show this bend; NULL: some can */
};

/* Makes the bend with this index, from 0 up. False: there are no more. Bends that change nothing (a
 * swap of two equal states) are left out. The same layout always has the same bends. */
bool bend_make(const struct jh_layout *sound, size_t index, struct bend *out);

#endif
