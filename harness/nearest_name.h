/* nearest_name.h - which of some names the user may have meant. */
#ifndef JEHEAP_NEAREST_NAME_H
#define JEHEAP_NEAREST_NAME_H

#include <stddef.h>

struct nearest {
    const char *name, *best; /* best: NULL when none is like it */
    size_t edits;            /* that make the name of best */
};

struct nearest nearest_start(const char *name);
void nearest_try(struct nearest *nearest, const char *other);

#endif
