/* sandbox_calls.c - loads the filters that sandbox_make has made. */
#include "sandbox_calls.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_filters.h"

/* ---- what happens to all others ------------------------------------------------------------- */

/* Returning from a signal takes a system call that is not in the table either, and the signal is
 * blocked by then: that one ends the program, by SIGSYS. */
static void refused(int number, siginfo_t *info, void *context) {
    char text[160];
    (void)number;
    (void)context;
    if (info->si_syscall == SYS_tgkill) {
        return; /* abort() in a process that was forked; who calls it says why */
    }
    int length = snprintf(text, sizeof(text),
                          "jeheap: sandbox: system call %d was refused; either this is a mistake "
                          "of jeheap's or the file attacks it (--no-sandbox does without)\n",
                          info->si_syscall);
    if (length > 0 && write(STDERR_FILENO, text, (size_t)length) < 0) {
        return;
    }
}

static bool say_what_is_refused(void) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = refused;
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGSYS, &action, NULL) == 0;
}

/* ---- loading -------------------------------------------------------------------------------- */

/* What no request of ptrace() is. */
#define NO_REQUEST 0xffffffffu

static unsigned in_place_of(const struct sandbox *sandbox, unsigned k) {
    switch (k) {
    case SANDBOX_TARGET:
        return (unsigned)sandbox->pid;
    case SANDBOX_OTHER:
        return (unsigned)sandbox->other;
    case SANDBOX_OUTPUT:
        return (unsigned)sandbox->output;
    case SANDBOX_SELF:
        return (unsigned)getpid();
    case SANDBOX_SEIZE:
        return sandbox->holds ? PTRACE_SEIZE : NO_REQUEST;
    case SANDBOX_INTERRUPT:
        return sandbox->holds ? PTRACE_INTERRUPT : NO_REQUEST;
    case SANDBOX_REGISTERS:
        return sandbox->holds ? PTRACE_GETREGSET : NO_REQUEST;
    case SANDBOX_DETACH:
        return sandbox->holds ? PTRACE_DETACH : NO_REQUEST;
    default:
        return k;
    }
}

static bool load(const struct sandbox *sandbox, const struct sock_filter *filter, size_t count) {
    enum { FILTER = 1 }; /* SECCOMP_SET_MODE_FILTER */
    struct sock_filter op[BPF_MAXINSNS];
    struct sock_fprog program = {(unsigned short)count, op};
    for (size_t i = 0; i < count; i++) {
        op[i] = filter[i];
        op[i].k = in_place_of(sandbox, filter[i].k);
    }
    return syscall(SYS_seccomp, FILTER, 0, &program) == 0;
}

const char *sandbox_calls(const struct sandbox *sandbox, enum sandbox_step step) {
    bool loaded =
        step == SANDBOX_OPENING
            ? say_what_is_refused() && load(sandbox, opening, sizeof(opening) / sizeof(opening[0]))
            : load(sandbox, reading, sizeof(reading) / sizeof(reading[0]));
    return loaded ? NULL : "this kernel has no seccomp filters";
}
