/* output.h - the file that -o names.
 *
 * What reads a target may not create or rename files (sandbox.h). So there are two processes: one
 * writes to a new file beside the place, which was opened before; the other one waits for its end
 * and puts the file there. All of it is there or nothing. */
#ifndef JEHEAP_CLI_OUTPUT_H
#define JEHEAP_CLI_OUTPUT_H

#include "cli.h"

/* Sets args->output_fd and goes on in a process of its own. An exit status other than 0: that was
 * wrong usage, and has been said. */
int output_start(struct arguments *args);

/* What was written is worth nothing: nothing will be put in place. */
void output_spoil(const struct arguments *args);

#endif
