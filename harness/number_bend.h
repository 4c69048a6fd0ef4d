/* number_bend.h - bends of where the numbers of arenas stand: in arena_t, base_t and bins. */
#ifndef JEHEAP_NUMBER_BEND_H
#define JEHEAP_NUMBER_BEND_H

#include "heap/inside.h"

struct number_bend {
    char name[64];     /* "number.place3+8" */
    const char *proof; /* why nothing can show this bend; NULL: something can */
    struct jt_numbers_form form;
};

/* Makes the bend with this index, from 0 up. False: there are no more. */
bool number_bend_make(const struct jt_numbers_form *sound, size_t index, struct number_bend *out);

#endif
