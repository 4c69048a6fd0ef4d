/* arguments.h - the command line of jeconform. */
#ifndef JEHEAP_ARGUMENTS_H
#define JEHEAP_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cell.h"
#include "report.h"

enum { EXIT_DONE, EXIT_WRONG, EXIT_USAGE, EXIT_UNREADABLE };

enum { NAMES_MAX = 64 };

struct names {
    const char *name[NAMES_MAX];
    size_t count;
};

struct arguments {
    const char *command, *file; /* file: of the command report */
    char line[4400];            /* all of it */
    struct names pins, configs;
    const char *source;
    struct report_files reports;
    const char *seeds, *images;
    struct run_options run;
    unsigned jobs;
    bool all, json, quiet, color, fetch;
    bool emits; /* then other cells are usual */
};

/* False when the program has nothing more to do; *status is its exit status then. */
bool arguments_parse(int argc, char **argv, struct arguments *out, int *status);

/* "jeconform: WHAT WHICH; see jeconform --help", and EXIT_USAGE. */
int wrong_usage(const char *what, const char *which);
/* "jeconform: there is no KIND NAME; did you mean LIKE? see jeconform HELP", and EXIT_USAGE. like
 * may be NULL. */
int unknown_name(const char *kind, const char *name, const char *like, const char *help);

#endif
