/* list.h - `jeconform list`: the pins and configs, and which of them can be built on this machine.
 */
#ifndef JEHEAP_LIST_H
#define JEHEAP_LIST_H

#include "matrix.h"

/* Prints the list, as text or as one JSON object a line. fetch: sources that are not here are
 * fetched, which may take minutes. Gives the exit status of the program. */
int list_plan(const struct matrix *matrix, bool json, bool fetch);

#endif
