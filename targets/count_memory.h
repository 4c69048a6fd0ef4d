/* count_memory.h - how much memory the code under test asks for: linked with --wrap=malloc and so
 * on. */
#ifndef JEHEAP_FUZZ_COUNT_MEMORY_H
#define JEHEAP_FUZZ_COUNT_MEMORY_H

#include "fuzz.h"

void fuzz_memory_start(void);
/* No more at any time since the start than 1 MiB and 64 bytes for each byte of the input. */
void fuzz_memory_check(size_t size);

#endif
