#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int cannot_write(const struct arguments *a, int status, const char *why) {
    cli_say("%s: %s", a->output, why);
    return status;
}

/* ---- where it may go ------------------------------------------------------------------------ */

static bool same_file(const struct stat *a, const char *path) {
    struct stat b;
    return path && stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* A file that is there is replaced, unless it is what is read, or no file but a device. Elsewhere
 * "-" is stdout: nobody who writes it means a file. */
static const char *may_not_replace(const struct arguments *a) {
    struct stat st;
    const struct jt_options *from = &a->target;
    if (strcmp(a->output, "-") == 0) {
        return "a skeleton cannot go to stdout, it takes a file; ./- is one of that name";
    }
    if (stat(a->output, &st) != 0) {
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        return S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file";
    }
    bool target = !jt_is_process(from->target) && same_file(&st, from->target);
    return target || same_file(&st, from->exe) || same_file(&st, from->layout)
               ? "is what is read; the output must be another file"
               : NULL;
}

/* The permissions that any new file would have. */
static void usual_mode(int fd) {
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

/* ---- the process that waits ----------------------------------------------------------------- */

static pid_t writer;

static void pass_on(int number) {
    kill(writer, number);
}

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* Held back while there is a file, and nobody yet who would remove it. */
static void hold_signals(sigset_t *before) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ENDS; i++) {
        sigaddset(&set, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &set, before);
}

static int wait_for_writer(const sigset_t *mask) {
    struct sigaction action;
    int status;
    memset(&action, 0, sizeof(action));
    action.sa_handler = pass_on;
    for (size_t i = 0; i < ENDS; i++) {
        sigaction(ends[i], &action, NULL);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    while (waitpid(writer, &status, 0) < 0) {
        if (errno != EINTR) {
            return EXIT_UNREADABLE;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A writer that was ended by a signal leaves a part, and one that failed an empty file. */
static int put_in_place(const struct arguments *a, const char *beside, int status) {
    struct stat st;
    if (status < 128 && fstat(a->output_fd, &st) == 0 && st.st_size > 0) {
        if (rename(beside, a->output) == 0) {
            return status;
        }
        status = cannot_write(a, EXIT_PARTIAL, strerror(errno));
    }
    unlink(beside);
    return status;
}

/* ---- both ----------------------------------------------------------------------------------- */

/* Returns in the process that writes; or when there is none, which is said. */
static int partial_file(struct arguments *a, const char *beside, const sigset_t *mask) {
    pid_t parent = getpid();
    usual_mode(a->output_fd);
    writer = fork();
    if (writer > 0) {
        _exit(put_in_place(a, beside, wait_for_writer(mask)));
    }
    if (writer < 0) {
        int error = errno;
        unlink(beside);
        return cannot_write(a, EXIT_UNREADABLE, strerror(error));
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent ? 0 : EXIT_UNREADABLE;
}

static int with_file(struct arguments *a, char *beside) {
    sigset_t mask;
    hold_signals(&mask);
    a->output_fd = mkstemp(beside);
    int status = a->output_fd < 0 ? cannot_write(a, EXIT_USAGE, strerror(errno))
                                  : partial_file(a, beside, &mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return status;
}

int output_start(struct arguments *args) {
    static const char suffix[] = ".XXXXXX";
    const char *why_not = may_not_replace(args);
    if (why_not) {
        return cannot_write(args, EXIT_USAGE, why_not);
    }
    size_t length = strlen(args->output);
    char *beside = malloc(length + sizeof(suffix));
    if (!beside) {
        return cannot_write(args, EXIT_UNREADABLE, "out of memory");
    }
    memcpy(beside, args->output, length);
    memcpy(beside + length, suffix, sizeof(suffix));
    int status = with_file(args, beside);
    free(beside);
    return status;
}

void output_spoil(const struct arguments *args) {
    if (ftruncate(args->output_fd, 0) != 0) {
        _exit(EXIT_UNREADABLE); /* nothing on disk can fail that */
    }
}
