/* sandbox_calls.h - what sandbox_make leaves open in the filters, and sandbox_calls.c puts in. */
#ifndef JEHEAP_CLI_SANDBOX_CALLS_H
#define JEHEAP_CLI_SANDBOX_CALLS_H

#include "sandbox.h"

enum sandbox_placeholder {
    SANDBOX_TARGET = 0x7a5aff01, /* process ids */
    SANDBOX_OTHER,
    SANDBOX_OUTPUT, /* a file descriptor */
    SANDBOX_SEIZE,  /* requests of ptrace(), which nobody makes without --stop */
    SANDBOX_INTERRUPT,
    SANDBOX_REGISTERS,
    SANDBOX_DETACH,
    SANDBOX_SELF
};

#endif
