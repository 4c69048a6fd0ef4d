/* running_process.c - a process that runs while it is read. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { STATUS_MAX = 4096 };

/* What stands behind it; NULL: nothing does. */
static const char *line_of(int proc_fd, const char *before, char text[STATUS_MAX]) {
    ssize_t got = pread(proc_fd, text, STATUS_MAX - 1, 0);
    text[got > 0 ? got : 0] = 0;
    const char *at = strstr(text, before);
    return at ? at + strlen(before) : NULL;
}

/* R, S, T...; 0 when it is not to be known. */
static char state_of(int proc_fd) {
    static const char before[] = "\nState:\t";
    char text[STATUS_MAX];
    const char *at = line_of(proc_fd, before, text);
    return at ? *at : 0;
}

bool running_bytes(int proc_fd, const char *line, uint64_t *out) {
    char text[STATUS_MAX];
    const char *at = line_of(proc_fd, line, text);
    *out = at ? strtoull(at, NULL, 10) * 1024 : 0;
    return at != NULL;
}

uint64_t running_resident(const struct cli *cli) {
    uint64_t bytes;
    running_bytes(cli->proc_fd, "\nVmRSS:", &bytes);
    return bytes;
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

bool running_moves(const struct cli *cli) {
    return cli_process(cli->args) != 0 && !cli->still && !is_stopped(cli->proc_state);
}

static const char *doubt_of(const struct cli *cli) {
    return cli->severity[JT_CORRUPT]  ? "what is called corrupt may be a change seen half-way"
           : cli->target->root_missed ? "its root may have been missed in the middle of a change"
                                      : NULL;
}

/* Of a process that was not stopped all the time, what contradicts itself may be what changed
 * between two reads. */
void running_say(const struct cli *cli) {
    const struct jt_target *t = cli->target;
    const char *doubt = doubt_of(cli);
    if (!doubt || cli->still || t->kind != JT_PROCESS || (cli->opened && cli->args->quiet)) {
        return;
    }
    char now = state_of(cli->proc_fd);
    if (is_stopped(now) && is_stopped(cli->proc_state)) {
        return;
    }
    cli_say("the process %s running: %s; hold it still (--stop) or run again",
            now && cli->proc_state ? "was" : "may have been", doubt);
}

/* ---- held still -------------------------------------------------------------------------------
 */

bool hold_start(struct cli *cli) {
    if (!cli->args->stop) {
        return true;
    }
    enum jt_status status = jt_is_still(cli->target) ? JT_OK : jt_hold(cli->target);
    cli->still = status == JT_OK;
    if (!cli->still) {
        cli_say("%s", cli->target->error);
        cli->status = jt_exit_status(status);
    }
    return cli->still;
}

void hold_end(struct cli *cli) {
    if (!cli->target || !jt_is_still(cli->target)) {
        return;
    }
    jt_release(cli->target);
    if (!cli->args->quiet) {
        uint64_t us = jt_still_ns(cli->target) / 1000;
        progress_clear();
        cli_say("process %d was held still for %" PRIu64 ".%03" PRIu64 " ms", cli->target->pid,
                us / 1000, us % 1000);
    }
}

void hold_json(struct cli *cli) {
    if (cli->still) {
        json_number(&cli->json, "held_us", jt_still_ns(cli->target) / 1000);
    } else {
        json_null(&cli->json, "held_us");
    }
}
