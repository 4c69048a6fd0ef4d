/* fail_call - to be preloaded: what the system answers is bent, or something happens at that
 * moment.
 *
 * FAIL_CALL names the calls: process_vm_readv, pread, read, write, mmap, open, pipe2, fork,
 * waitpid, rename, fflush, clock_gettime (which cannot fail). FAIL_AT=N is the call that is bent,
 * the first in main() is 1 (a build that counts coverage opens its file before); FAIL_EVERY=N bends
 * each Nth from there on. FAIL_TO is the name of what happens:
 *
 *   EINTR EIO ENOMEM ...  that error
 *   short                 half of it, at least one byte
 *   leave, unmap          a signal to the process FAIL_PID that small_heap.c heeds so; returns when
 *                         it has
 *   end                   SIGTERM to the parent, which then has to end this process
 *   cut                   the file FAIL_FILE is cut to FAIL_SIZE bytes (open it before: needs no
 *                         right then)
 *
 * Says so on stderr. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct error {
    const char *name;
    int number;
} errors[] = {{"EINTR", EINTR},   {"EIO", EIO},       {"ENOMEM", ENOMEM}, {"EPERM", EPERM},
              {"EFAULT", EFAULT}, {"ENOSYS", ENOSYS}, {"ESRCH", ESRCH},   {"EMFILE", EMFILE}};

static const char *call, *to;
static unsigned long at, every, seen;
static pid_t victim;
static off_t size;
static int file = -1;
static int in_main, saying;
static int (*real_main)(int, char **, char **);

static unsigned long number(const char *name) {
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAIL_FILE");
    file = path ? open(path, O_RDWR | O_CLOEXEC) : -1; /* before anything is bent */
    at = number("FAIL_AT");
    every = number("FAIL_EVERY");
    victim = (pid_t)number("FAIL_PID");
    size = (off_t)number("FAIL_SIZE");
    to = getenv("FAIL_TO");
    call = to ? getenv("FAIL_CALL") : NULL;
}

static int counted_main(int arguments, char **argument, char **environment) {
    in_main = 1;
    return real_main(arguments, argument, environment);
}

/* The C library's start of a program. */
int __libc_start_main(int (*main)(int, char **, char **), int arguments, char **argument,
                      int (*init)(int, char **, char **), void (*fini)(void), void (*rtld)(void),
                      void *stack) {
    int (*real)(int (*)(int, char **, char **), int, char **, int (*)(int, char **, char **),
                void (*)(void), void (*)(void), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return real(counted_main, arguments, argument, init, fini, rtld, stack);
}

static void say(void) {
    static const char said[] = "fail_call: now\n";
    saying = 1;
    if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
        _exit(99);
    }
    saying = 0;
}

/* Is it this call's turn? */
static int turn(const char *name) {
    if (!in_main || !call || strcmp(call, name) != 0) {
        return 0;
    }
    seen++;
    return seen == at || (every != 0 && seen > at && (seen - at) % every == 0);
}

/* Is it gone, or named as small_heap.c is when its memory is gone, or as what it has executed? The
 * C library opens and reads here without the functions below. */
static int has_heeded(void) {
    char path[64], stat[128] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)victim);
    FILE *f = fopen(path, "re");
    int read_it = f && fgets(stat, sizeof(stat), f);
    if (f) {
        (void)fclose(f);
    }
    return !read_it || strstr(stat, ") Z") || strstr(stat, ") X") || strstr(stat, "(unmapped)") ||
           strstr(stat, "(sleep)");
}

/* How long that takes is up to the machine: any time would be too short for a busy one. After ten
 * seconds it never happens. */
static void send(pid_t pid, int signal, int (*is_done)(void)) {
    const struct timespec moment = {0, 1000000};
    kill(pid, signal);
    for (int i = 0; !is_done(); i++) {
        if (i == 10000) {
            _exit(99);
        }
        nanosleep(&moment, NULL);
    }
}

static int never(void) {
    return 0;
}

static void happen(void) {
    if (strcmp(to, "leave") == 0 || strcmp(to, "unmap") == 0) {
        send(victim, strcmp(to, "leave") == 0 ? SIGUSR1 : SIGUSR2, has_heeded);
    }
    if (strcmp(to, "end") == 0) {
        send(getppid(), SIGTERM, never);
    }
    if (strcmp(to, "cut") == 0 && ftruncate(file, size) != 0) {
        _exit(99);
    }
}

/* -1 and errno when the call is to fail. */
static int bent(const char *name, size_t *len) {
    if (!turn(name)) {
        return 0;
    }
    say();
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(to, errors[i].name) == 0) {
            errno = errors[i].number;
            return -1;
        }
    }
    if (strcmp(to, "short") == 0 && len && *len > 1) {
        *len /= 2;
    }
    happen();
    return 0;
}

ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals,
                         const struct iovec *remote, unsigned long remotes, unsigned long flags) {
    static ssize_t (*real)(pid_t, const struct iovec *, unsigned long, const struct iovec *,
                           unsigned long, unsigned long);
    size_t some = remotes;
    struct iovec half;
    if (bent("process_vm_readv", &some) != 0) {
        return -1;
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "process_vm_readv");
    }
    if (remotes == 1 && to && strcmp(to, "short") == 0 && seen == at && remote->iov_len > 1) {
        half = (struct iovec){remote->iov_base, remote->iov_len / 2};
        remote = &half;
    }
    return real(pid, local, locals, remote, some, flags);
}

ssize_t pread(int fd, void *dst, size_t len, off_t offset) {
    static ssize_t (*real)(int, void *, size_t, off_t);
    if (bent("pread", &len) != 0) {
        return -1;
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "pread");
    }
    return real(fd, dst, len, offset);
}

ssize_t read(int fd, void *dst, size_t len) {
    static ssize_t (*real)(int, void *, size_t);
    if (bent("read", &len) != 0) {
        return -1;
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    }
    return real(fd, dst, len);
}

void *mmap(void *addr, size_t len, int protection, int flags, int fd, off_t offset) {
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (fd >= 0 && bent("mmap", NULL) != 0) {
        return MAP_FAILED;
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "mmap");
    }
    return real(addr, len, protection, flags, fd, offset);
}

int open(const char *path, int flags, ...) {
    static int (*real)(const char *, int, ...);
    va_list args;
    va_start(args, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
    va_end(args);
    if (bent("open", NULL) != 0) {
        return -1;
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    }
    return real(path, flags, mode);
}

ssize_t write(int fd, const void *src, size_t len) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    }
    if (!saying && bent("write", &len) != 0) {
        return -1;
    }
    return real(fd, src, len);
}

int pipe2(int fd[2], int flags) {
    static int (*real)(int *, int);
    if (bent("pipe2", NULL) != 0) {
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "pipe2");
    return real(fd, flags);
}

pid_t fork(void) {
    static pid_t (*real)(void);
    if (bent("fork", NULL) != 0) {
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    return real();
}

pid_t waitpid(pid_t pid, int *status, int options) {
    static pid_t (*real)(pid_t, int *, int);
    if (bent("waitpid", NULL) != 0) {
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "waitpid");
    return real(pid, status, options);
}

int rename(const char *from, const char *to_name) {
    static int (*real)(const char *, const char *);
    if (bent("rename", NULL) != 0) {
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    return real(from, to_name);
}

int fflush(FILE *f) {
    static int (*real)(FILE *);
    if (bent("fflush", NULL) != 0) {
        return EOF;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "fflush");
    return real(f);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    (void)bent("clock_gettime", NULL);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    return real(clock, time);
}
