/* list.h - the pins and configs, and what can be had on this machine. */
#ifndef JEHEAP_LIST_H
#define JEHEAP_LIST_H

#include "matrix.h"

/* Prints them, as text or one JSON object a line. fetch: what is not here yet is fetched, which may
 * take minutes. The exit status of the program. */
int list_plan(const struct matrix *matrix, bool json, bool fetch);

#endif
