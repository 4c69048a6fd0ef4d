/* progress.c - how far long work is, on a terminal, and --timeout. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "options.h"

enum { SECOND = 1000000000, MILLISECOND = 1000000, SHOWN_EVERY = SECOND / 5 };

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- the line ------------------------------------------------------------------------------- */

static bool line_is_there;

void progress_clear(void) {
    if (line_is_there) {
        line_is_there = false;
        fputs("\r\033[K", stderr);
    }
}

/* Binary units, as all sizes are: bytes, or nothing that is known to be the whole. */
static void show_line(int64_t seconds, const char *doing, uint64_t done, uint64_t all) {
    fprintf(stderr, "\r\033[Kjeheap: %s, %" PRIi64 " s, %" PRIu64 " ", doing, seconds, done >> 20);
    if (all) {
        fprintf(stderr, "of %" PRIu64 " ", all >> 20);
    }
    fputs("MiB", stderr);
    line_is_there = true;
}

/* ---- looks at the clock --------------------------------------------------------------------- */

/* Rows of an answer that go to a terminal show by themselves how far it is. */
static bool may_show(const struct cli *cli) {
    const struct command *c = cli->args->command;
    bool at_the_end = c->run == command_info || c->run == command_skeleton;
    return cli->progress.terminal && (!cli->opened || at_the_end || !isatty(STDOUT_FILENO));
}

static bool look_at_clock(void *arg, const char *doing, uint64_t done, uint64_t all) {
    struct cli *cli = arg;
    struct progress *p = &cli->progress;
    int64_t t = now();
    if (p->deadline && t >= p->deadline) {
        return false;
    }
    if (t - p->start >= SECOND && t - p->shown >= SHOWN_EVERY && may_show(cli)) {
        p->shown = t;
        show_line((t - p->start) / SECOND, doing, done, all);
    }
    return true;
}

/* ---- the time that there is ----------------------------------------------------------------- */

void progress_begin(struct arguments *args) {
    args->start = now();
}

static int64_t deadline(const struct arguments *args) {
    return args->timeout ? args->start + (int64_t)args->timeout * SECOND : 0;
}

int progress_left(const struct arguments *args) {
    int64_t left = args->timeout ? deadline(args) - now() : 0;
    return !args->timeout ? -1 : left <= 0 ? 0 : (int)(left / MILLISECOND) + 1;
}

void progress_start(struct cli *cli, struct jt_options *options) {
    const struct arguments *a = cli->args;
    bool terminal = !a->quiet && isatty(STDERR_FILENO);
    if (!terminal && !a->timeout) {
        return; /* nobody looks at the clock */
    }
    cli->progress =
        (struct progress){.terminal = terminal, .start = a->start, .deadline = deadline(a)};
    options->watch = look_at_clock;
    options->watch_arg = cli;
}
