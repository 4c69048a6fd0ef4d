/* fail_memory.h - one allocation of a program fails. Of what is linked to fail_memory.c and with
 * FAIL_MEMORY (CMakeLists.txt) alone: libraries' allocations do not count. */
#ifndef TESTS_FAIL_MEMORY_H
#define TESTS_FAIL_MEMORY_H

#include <stdbool.h>

/* From now on the nth allocation fails, the first is 1; 0: none. */
void fail_memory(unsigned nth);
/* Did it? */
bool fail_memory_came(void);

#endif
