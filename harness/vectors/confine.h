/* confine.h - what a decoder under test may not do. */
#ifndef JEHEAP_CONFINE_H
#define JEHEAP_CONFINE_H

#include <stdbool.h>

/* In the process that is to become it: address space, no core, no large files, no network, no new
 * privileges, and it ends with its parent. False: some of it cannot be had, said on stderr. */
bool confine(unsigned mib);

#endif
