/* decoder: questions go in, lines come out, each before its time is over. */
#include "decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- start and end --------------------------------------------------------------------------- */

static void become(const struct decoder *d, int input, int output) {
    signal(SIGPIPE, SIG_DFL);
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(d->said, STDERR_FILENO) >= 0 && confine(d->limits.mib)) {
        execl("/bin/sh", "sh", "-c", d->command, (char *)NULL);
    }
    _exit(126);
}

static bool start(struct decoder *d) {
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    d->said = memfd_create("stderr", MFD_CLOEXEC);
    if (d->said < 0 || pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        snprintf(d->why, sizeof(d->why), "no pipe for it: %s", strerror(errno));
        return false;
    }
    d->pid = fork();
    if (d->pid == 0) {
        setpgid(0, 0);
        become(d, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    d->to = to[1];
    d->from = from[0];
    d->used = d->taken = 0;
    d->answered = false;
    if (d->pid < 0) {
        snprintf(d->why, sizeof(d->why), "no process for it: %s", strerror(errno));
        d->pid = 0;
        return false;
    }
    setpgid(d->pid, d->pid); /* whichever of both is first */
    fcntl(d->to, F_SETFL, O_NONBLOCK);
    return true;
}

/* The end of its process, by itself within that time or by force; its status as of waitpid(). */
static int end(struct decoder *d, unsigned patience_ms) {
    const struct timespec moment = {0, 1000000};
    int status = 0;
    close(d->to);
    for (unsigned i = 0; i < patience_ms && waitpid(d->pid, &status, WNOHANG) == 0; i++) {
        nanosleep(&moment, NULL);
        status = -1;
    }
    kill(-d->pid, SIGKILL); /* and whatever it has started */
    if (status == -1 || patience_ms == 0) {
        while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(d->from);
    d->pid = 0;
    return status;
}

void decoder_stop(struct decoder *d) {
    enum { MOMENT = 500 };
    if (d->pid) {
        (void)end(d, MOMENT);
        close(d->said);
    }
    free(d->line);
    d->line = NULL;
    d->room = 0;
}

/* ---- what went wrong ------------------------------------------------------------------------- */

/* The last line that it said on its standard error. */
static const char *last_words(const struct decoder *d, char out[160]) {
    char text[4096];
    off_t size = lseek(d->said, 0, SEEK_END);
    off_t from = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
    ssize_t got = pread(d->said, text, sizeof(text) - 1, from);
    text[got > 0 ? got : 0] = '\0';
    for (size_t n = strlen(text); n && (text[n - 1] == '\n' || text[n - 1] == ' '); n--) {
        text[n - 1] = '\0';
    }
    const char *line = strrchr(text, '\n');
    snprintf(out, 160, "%.150s", line ? line + 1 : text);
    return out;
}

static enum reply crashed(struct decoder *d) {
    enum { MOMENT = 200, NOT_FOUND = 127, NOT_STARTED = 126, SHELL_SIGNAL = 128 };
    bool partial = d->used > 0, first = !d->answered;
    char words[160];
    int status = end(d, MOMENT);
    const char *said = last_words(d, words);
    int code = WIFSIGNALED(status) ? SHELL_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    snprintf(d->why, sizeof(d->why), "it ended with %s %d%s%s%s",
             code > SHELL_SIGNAL ? "signal" : "exit status",
             code > SHELL_SIGNAL ? code - SHELL_SIGNAL : code,
             partial ? " in the middle of a line" : "", *said ? ": " : "", said);
    close(d->said);
    bool never = WIFEXITED(status) &&
                 (WEXITSTATUS(status) == NOT_FOUND || WEXITSTATUS(status) == NOT_STARTED);
    return first && never ? REPLY_NOT_RUN : REPLY_CRASHED;
}

/* Has it ended, though somebody else has its output open still? */
static bool ended(const struct decoder *d) {
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)d->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == d->pid;
}

static enum reply give_up(struct decoder *d, enum reply reply) {
    if (reply == REPLY_TIMEOUT && ended(d)) {
        return crashed(d);
    }
    if (reply == REPLY_TIMEOUT) {
        snprintf(d->why, sizeof(d->why), "%s within %u s",
                 d->used ? "half a line and not its end" : "no answer", d->limits.seconds);
    } else {
        snprintf(d->why, sizeof(d->why), "an answer of more than %d bytes", DECODER_LINE_MAX);
    }
    (void)end(d, 0);
    close(d->said);
    return reply;
}

/* ---- a question ------------------------------------------------------------------------------ */

static bool wait_for(int fd, short events, double until) {
    double left = until - now();
    struct pollfd p = {.fd = fd, .events = events};
    return left > 0 && poll(&p, 1, (int)(left * 1000) + 1) > 0;
}

/* False: its time is over. What it does not read because it has ended is noticed when it is read
 * from. */
static bool put(struct decoder *d, const char *text, double until) {
    size_t len = strlen(text), done = 0;
    while (done < len) {
        ssize_t n = write(d->to, text + done, len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (errno == EPIPE) {
            return true;
        } else if (!wait_for(d->to, POLLOUT, until)) {
            return false;
        }
    }
    return true;
}

static void make_room(struct decoder *d) {
    enum { LEAST = 1 << 16 };
    if (d->room - d->used < LEAST) {
        d->room = d->room ? 2 * d->room : 4 * LEAST;
        d->line = realloc(d->line, d->room);
        if (!d->line) {
            abort();
        }
    }
}

static enum reply take(struct decoder *d, double until, const char **line) {
    size_t looked = 0;
    for (;;) {
        char *end_of_line =
            d->used > looked ? memchr(d->line + looked, '\n', d->used - looked) : NULL;
        if (end_of_line) {
            *end_of_line = '\0';
            d->taken = (size_t)(end_of_line + 1 - d->line);
            *line = d->line;
            d->answered = true;
            return REPLY_LINE;
        }
        looked = d->used;
        if (d->used >= DECODER_LINE_MAX) {
            return give_up(d, REPLY_TOO_LONG);
        }
        if (!wait_for(d->from, POLLIN, until)) {
            return give_up(d, REPLY_TIMEOUT);
        }
        make_room(d);
        ssize_t n = read(d->from, d->line + d->used, d->room - d->used - 1);
        if (n <= 0) {
            return crashed(d);
        }
        d->used += (size_t)n;
    }
}

enum reply decoder_ask(struct decoder *d, const char *question, const char **line) {
    double until = now() + d->limits.seconds;
    signal(SIGPIPE, SIG_IGN);
    if (!d->pid && !start(d)) {
        return REPLY_NOT_RUN;
    }
    if (d->taken) {
        memmove(d->line, d->line + d->taken, d->used - d->taken);
        d->used -= d->taken;
        d->taken = 0;
    }
    if (!put(d, question, until) || !put(d, "\n", until)) {
        return give_up(d, REPLY_TIMEOUT);
    }
    return take(d, until, line);
}
