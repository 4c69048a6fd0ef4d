/* input.h - addresses from standard input or from a file. */
#ifndef JEHEAP_CLI_INPUT_H
#define JEHEAP_CLI_INPUT_H

#include "cli.h"

#define INPUT_ROOM 65536

struct input {
    struct cli *cli;
    const char *name;
    size_t at, len; /* of text: what has been taken, and all there is */
    uint64_t lines, bad;
    bool ended, out_of_time;
    bool too_long;             /* in the middle of a line that is longer than the buffer */
    char text[INPUT_ROOM + 1]; /* and a 0 */
};

/* Is it "-" or "@FILE"? */
bool input_is_list(const char *operand);

/* Opens args->addresses, if there is one. An exit status other than 0: that was said. */
int input_open(struct arguments *args);

void input_start(struct input *in, struct cli *cli);

/* The next addresses, as many as are at hand; 0: there are no more. A line that is none is said,
 * with its number. */
size_t input_next(struct input *in, uint64_t *addr, size_t room);

#endif
