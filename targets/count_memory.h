/* count_memory.h - counts the memory that the code under test allocates. It is linked with
 * --wrap=malloc and the like. */
#ifndef JEHEAP_FUZZ_COUNT_MEMORY_H
#define JEHEAP_FUZZ_COUNT_MEMORY_H

#include "fuzz.h"

void fuzz_memory_start(void);
/* Checks that at no time since the start more was allocated than 1 MiB and 64 bytes for each byte
 * of the input. */
void fuzz_memory_check(size_t size);

#endif
