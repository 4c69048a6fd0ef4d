/* dwarf_process.c - debug information is decoded in a process of its own.
 *
 * libdw is made for files that compilers write. A hostile file can make it read and write outside
 * of its memory, or keep it busy for ever. Then the child process ends, and the parent warns. The
 * child may open no files, and the file's size bounds its time and memory. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/inside.h"

/* Reading 127 MiB of .debug_info takes 0.1 s, the 5433 macros of one of jemalloc's files 4 ms. */
#define TIME_MS 500
#define TIME_MS_PER_MIB 20
#define MEMORY (32u << 20)
#define MEMORY_PER_BYTE 8
#define TEXT_MAX (16u << 20) /* bytes of the texts of all macros */
#define NO_MEMORY 1          /* exit status: libdw exits with it when memory runs out */

/* The answer through the pipe: this struct, then the texts of the macros, each with its 0. */
struct message {
    struct jt_dwarf dwarf;
    uint64_t text;
};

static bool write_all(int fd, const void *bytes, size_t size) {
    for (const char *at = bytes; size != 0;) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static size_t read_all(int fd, void *bytes, size_t size) {
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, (char *)bytes + got, size - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    return got;
}

/* ---- the child process ---------------------------------------------------------------------- */

/* Private memory that this process has already, in bytes. */
static rlim_t memory_now(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    if (file == NULL) {
        return 0;
    }
    int found = fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages);
    fclose(file);
    return found == 1 ? (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) : 0;
}

static void limit_memory(rlim_t most) {
    struct rlimit old;
    if (getrlimit(RLIMIT_DATA, &old) == 0 && most < old.rlim_cur) {
        (void)setrlimit(RLIMIT_DATA, &(struct rlimit){most, most});
    }
}

static void limit_process(size_t size) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF};
    long ms = TIME_MS + TIME_MS_PER_MIB * (long)(size >> 20);
    struct itimerval time = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        (void)signal(fatal[i], SIG_DFL);
    }
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_DUMPABLE, 0); /* a crash is expected here: it shall write no core */
    limit_memory(memory_now() + MEMORY + MEMORY_PER_BYTE * (rlim_t)size);
    (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
    (void)setitimer(ITIMER_PROF, &time, NULL);
}

static size_t mapped_by(const struct jt_elf *elf) {
    return elf == NULL ? 0 : elf->mapped + (elf->alt == NULL ? 0 : elf->alt->mapped);
}

static void write_answer(const struct jt_root_symbol *root, int fd) {
    struct message m;
    size_t text = 0;
    const struct jt_elf *elf = root->module->elf;
    limit_process(mapped_by(elf) + mapped_by(elf->debug));
    errno = 0;
    jt_dwarf_read(root, &m.dwarf);
    if (errno == ENOMEM) {
        _exit(NO_MEMORY);
    }
    char *texts = m.dwarf.macros == NULL ? NULL : jt_macros_pack(m.dwarf.macros, TEXT_MAX, &text);
    if (m.dwarf.macros != NULL && texts == NULL) {
        _exit(NO_MEMORY);
    }
    m.text = text;
    bool ok = write_all(fd, &m, sizeof m) && write_all(fd, texts, text);
    _exit(ok ? 0 : NO_MEMORY + 1); /* exit() would write the parent's buffered output again */
}

/* ---- the parent ----------------------------------------------------------------------------- */

static bool receive_answer(int fd, struct jt_dwarf *out) {
    struct message m;
    if (read_all(fd, &m, sizeof m) != sizeof m || m.text > TEXT_MAX) {
        return false;
    }
    m.dwarf.macros = NULL;
    if (m.text != 0) {
        char *texts = malloc((size_t)m.text);
        if (texts != NULL && read_all(fd, texts, (size_t)m.text) == m.text) {
            m.dwarf.macros = jt_macros_unpack(texts, (size_t)m.text);
        } else {
            free(texts);
        }
        if (m.dwarf.macros == NULL) {
            return false;
        }
    }
    *out = m.dwarf;
    return true;
}

static const char *reason(int status) {
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGPROF ? "takes too long" : "crashes: it is damaged";
    }
    return WEXITSTATUS(status) == NO_MEMORY ? "takes too much memory" : "fails";
}

/* Warns of debug information that exists and cannot be used. */
static void warn_of_unread(struct jt_target *target, const struct jt_root_symbol *root,
                           const struct jt_dwarf *d) {
    const struct jt_elf *elf = jt_elf_with_dwarf(root->module->elf);
    struct jt_build_id id;
    const char *alt = jt_elf_altlink(elf, &id), *file = root->module->path;
    if (d->found && d->macros != NULL) {
        return;
    }
    if (alt != NULL && elf->alt == NULL) {
        jt_warn(target, "the debug information of %s is partly in %s (dwz), which is not here",
                file, alt);
    } else if (!d->found && jt_elf_has_zstd(elf)) {
        jt_warn(target,
                "the debug information of %s is compressed with zstd, which elfutils cannot unpack "
                "here; it is not used",
                file);
    } else if (!d->found && d->split) {
        jt_warn(target, "the debug information of %s is in .dwo or .dwp files, which are not read",
                file);
    }
}

void jt_dwarf_read_in_process(struct jt_target *target, const struct jt_root_symbol *root,
                              struct jt_dwarf *out) {
    int fd[2], status = 0;
    jt_dwarf_init(out);
    if (root->module == NULL || !root->module->has_debug_info) {
        return;
    }
    if (pipe2(fd, O_CLOEXEC) != 0) {
        jt_warn(target, "debug information is not used: a pipe cannot be made: %s",
                strerror(errno));
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[0]);
        write_answer(root, fd[1]);
    }
    int error = errno;
    close(fd[1]);
    errno = 0;
    bool taken = pid > 0 && receive_answer(fd[0], out);
    jt_note_memory(target);
    close(fd[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        ;
    }
    if (pid < 0) {
        jt_warn(target,
                "debug information is not used: a process to read it in cannot be started: %s",
                strerror(error));
    } else if (!taken) {
        jt_warn(target, "the debug information of %s is not used: reading it %s",
                root->module->file, reason(status));
    } else {
        warn_of_unread(target, root, out);
    }
}
