/* arguments.h - the command line of jeconform. */
#ifndef JEHEAP_ARGUMENTS_H
#define JEHEAP_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cell.h"
#include "report.h"

enum { EXIT_DONE, EXIT_WRONG, EXIT_USAGE, EXIT_UNREADABLE };

enum { NAMES_MAX = 1024 };

struct names {
    const char *name[NAMES_MAX];
    size_t count;
};

struct arguments {
    const char *command, *file; /* file: the argument of `jeconform report` */
    char line[4400];            /* the whole command line */
    struct names pins, configs;
    const char *source;
    struct report_files reports;
    const char *seeds, *images, *vectors;
    const char *decoder, *markdown;
    unsigned decoder_seconds, decoder_mib; /* 0: the usual limits */
    struct names files;
    struct run_options run;
    unsigned jobs;
    bool all, json, quiet, color, fetch;
    bool emits; /* the command is emit, which has its own default cells */
};

/* Parses the command line. False: the program has nothing more to do, and *status is its exit
 * status.
 */
bool arguments_parse(int argc, char **argv, struct arguments *out, int *status);

/* Prints "jeconform: WHAT WHICH; see jeconform --help", and returns EXIT_USAGE. */
int wrong_usage(const char *what, const char *which);
/* Prints "jeconform: there is no KIND NAME; did you mean LIKE? see jeconform HELP", and returns
 * EXIT_USAGE. like may be NULL. */
int unknown_name(const char *kind, const char *name, const char *like, const char *help);

#endif
