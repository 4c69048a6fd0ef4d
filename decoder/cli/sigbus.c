/* sigbus.c - files that get shorter while they are mapped.
 *
 * The kernel says so with SIGBUS, at the instruction that reads what is gone. Only decoding reads
 * mapped bytes and only printing uses stdio, so that jumping away leaves whole lines behind. */
#include "cli.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>

static sigjmp_buf behind;

static void jump_back(int number) {
    (void)number;
    siglongjmp(behind, 1);
}

bool sigbus_guard(void (*work)(struct cli *), struct cli *cli) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = jump_back;
    action.sa_flags = SA_NODEFER; /* nothing returns from it */
    sigaction(SIGBUS, &action, NULL);
    if (sigsetjmp(behind, 0) != 0) {
        return false;
    }
    work(cli);
    return true;
}
