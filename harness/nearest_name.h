/* nearest_name.h - finds the name that a user who mistyped may have meant. */
#ifndef JEHEAP_NEAREST_NAME_H
#define JEHEAP_NEAREST_NAME_H

#include <stddef.h>

struct nearest {
    const char *name, *best; /* best: the most similar name; NULL: none is similar */
    size_t edits;            /* edits that turn best into name */
};

struct nearest nearest_start(const char *name);
void nearest_try(struct nearest *nearest, const char *other);

#endif
