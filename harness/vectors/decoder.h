/* decoder.h - a decoder under test: a process that is not trusted.
 *
 * It runs in a process group of its own, with a limit of memory, without network and without
 * privileges it did not have; each question has a time limit. What goes wrong is a reply. */
#ifndef JEHEAP_DECODER_H
#define JEHEAP_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct decoder_limits {
    unsigned seconds; /* for an answer */
    unsigned mib;     /* of address space */
};

enum { DECODER_LINE_MAX = 16 << 20 }; /* bytes of an answer */

enum reply {
    REPLY_LINE,
    REPLY_CRASHED,  /* it ended, whatever its exit status */
    REPLY_TIMEOUT,  /* no whole line in time */
    REPLY_TOO_LONG, /* DECODER_LINE_MAX bytes, and no end of the line */
    REPLY_NOT_RUN   /* it cannot be started at all */
};

struct decoder {
    const char *command; /* for the shell */
    struct decoder_limits limits;
    pid_t pid;                /* 0: it does not run */
    int to, from, said;       /* its input and output; the file that its stderr goes to */
    char *line;               /* what came, and perhaps more */
    size_t used, room, taken; /* taken: of the last answer */
    bool answered;            /* at least once since it was started */
    char why[400];
};

/* Zero it, set command and limits; decoder_stop() it. */
enum reply decoder_ask(struct decoder *d, const char *question, const char **line);
void decoder_stop(struct decoder *d);

#endif
