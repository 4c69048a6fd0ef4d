/* pipe.h - a core that comes from a pipe. */
#ifndef JEHEAP_CLI_PIPE_H
#define JEHEAP_CLI_PIPE_H

#include "cli.h"

#define PIPE_LIMIT (UINT64_C(16) << 30)

/* Copies the target into a file that has no name, if it is a pipe, and reads that instead. An exit
 * status other than 0: that was said. */
int pipe_copy(struct arguments *args);

#endif
