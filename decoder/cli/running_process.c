/* running_process.c - a process that runs while it is read. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* R, S, T...; 0 when it is not to be known. */
static char state_of(int proc_fd) {
    static const char before[] = "\nState:\t";
    char text[256] = ""; /* it is the third line, and a name in the first one is short */
    const char *at = pread(proc_fd, text, sizeof(text) - 1, 0) > 0 ? strstr(text, before) : NULL;
    return at ? at[sizeof(before) - 1] : 0;
}

/* A core has number 0, which no process has. */
void running_watch(struct cli *cli) {
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/status", cli_process(cli->args));
    cli->proc_fd = open(name, O_RDONLY | O_CLOEXEC);
    cli->proc_state = state_of(cli->proc_fd);
}

static bool is_stopped(char state) {
    return state == 'T' || state == 't';
}

static const char *doubt_of(const struct cli *cli) {
    return cli->corrupt               ? "what is called corrupt may be a change seen half-way"
           : cli->target->root_missed ? "its root may have been missed in the middle of a change"
                                      : NULL;
}

/* Of a process that was not stopped all the time, what contradicts itself may be what changed
 * between two reads. */
void running_say(const struct cli *cli) {
    const struct jt_target *t = cli->target;
    const char *doubt = doubt_of(cli);
    if (!doubt || t->kind != JT_PROCESS || (cli->opened && cli->args->quiet)) {
        return;
    }
    char now = state_of(cli->proc_fd);
    if (is_stopped(now) && is_stopped(cli->proc_state)) {
        return;
    }
    cli_say("the process %s running: %s; stop it (kill -STOP %d) or run again",
            now && cli->proc_state ? "was" : "may have been", doubt, t->pid);
}
