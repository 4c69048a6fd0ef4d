/* sandbox.h - what jeheap gives up before it reads bytes that somebody else made.
 *
 * Two steps. From sandbox_start() on nothing can be executed, connected to, opened for writing,
 * traced or signalled: ELF and DWARF are parsed behind it. After sandbox_tighten() no file can be
 * opened at all, and no process made. A system call that is not needed ends the program by SIGSYS,
 * with a sentence. */
#ifndef JEHEAP_CLI_SANDBOX_H
#define JEHEAP_CLI_SANDBOX_H

#include <stdbool.h>

struct sandbox {
    int pid;    /* the process that is read, 0: a core. Landlock would forbid reading processes */
    bool holds; /* it is held still (--stop), and let go */
    int other;  /* a second one, likewise */
    int output; /* a file that is written beside stdout and stderr, open already; -1: none */
};

/* What could not be had, as a part of a sentence; NULL when all is on. Never an error: an old
 * kernel must not keep anybody from reading a core. */
const char *sandbox_start(const struct sandbox *sandbox);
const char *sandbox_tighten(const struct sandbox *sandbox);

/* What this build has of it, for --version. */
const char *sandbox_parts(void);

/* ---- sandbox_calls.c: system calls, by seccomp ---------------------------------------------- */

enum sandbox_step { SANDBOX_OPENING = 1, SANDBOX_READING = 2 };

const char *sandbox_calls(const struct sandbox *sandbox, enum sandbox_step step);

#endif
