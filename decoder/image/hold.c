/* hold.c - holds all threads of a process still by ptrace, while its memory is read.
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT leave no signal behind, and the kernel lets go of everything
 * when the tracer ends, however it ends. A process that was stopped before is stopped afterwards. A
 * thread that was about to get a signal is stopped at that point, and gets it when it is let go. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "image/inside.h"

#define PATIENCE (INT64_C(2000000000)) /* nanoseconds, for a thread that the kernel keeps */
#define PAUSE 20000                    /* nanoseconds between two looks at it */

struct jt_stopped {
    int id, signal; /* signal: what it was about to get; 0: nothing */
    bool stopped, gone;
};

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- why not ----------------------------------------------------------------------------------
 */

/* A line of /proc/PID/task/ID/status, behind its name; 0 in text: there is none. */
static void status_line(const struct jt_target *target, int id, const char *name, char text[64]) {
    char path[64], all[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", target->pid, id);
    all[jt_read_file(path, all, sizeof all - 1)] = 0;
    const char *line = strstr(all, name), *at = line == NULL ? "" : line + strlen(name);
    snprintf(text, 64, "%.*s", (int)strcspn(at, "\n"), at);
}

/* A thread that has ended, and that nobody has waited for, is no more. */
static bool is_gone(const struct jt_target *target, int id) {
    char state[64];
    status_line(target, id, "\nState:\t", state);
    return strchr("ZX", *state) != NULL; /* or 0: there is no such line */
}

static enum jt_status refused(struct jt_target *target, int id, int error) {
    char tracer[64];
    status_line(target, id, "\nTracerPid:\t", tracer);
    if (strtol(tracer, NULL, 10) > 0) {
        return jt_fail(target, JT_UNREADABLE,
                       "process %d cannot be held still: process %s traces it already, a debugger "
                       "or strace, and there can be one; end that, or do without --stop",
                       target->pid, tracer);
    }
    return jt_fail(target, JT_UNREADABLE,
                   "process %d cannot be held still (ptrace: %s); it takes the same user and "
                   "a permissive /proc/sys/kernel/yama/ptrace_scope, or CAP_SYS_PTRACE, and a "
                   "container whose seccomp filter lets ptrace through; or do without --stop",
                   target->pid, strerror(error));
}

/* ---- holding ----------------------------------------------------------------------------------
 */

/* New threads get higher numbers, mostly. */
static bool is_still(const struct jt_private *p, int id) {
    size_t i = id > p->stopped_last ? 0 : p->stopped_count;
    while (i > 0 && p->stopped[i - 1].id != id) {
        i--;
    }
    return i > 0;
}

static enum jt_status hold_one(struct jt_target *target, int id) {
    struct jt_private *p = target->priv;
    struct jt_stopped *grown = jt_grow(p->stopped, p->stopped_count, sizeof *grown);
    if (grown == NULL) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    p->stopped = grown;
    if (ptrace(PTRACE_SEIZE, id, NULL, NULL) != 0) {
        int error = errno;
        return error == ESRCH || is_gone(target, id) ? JT_OK : refused(target, id, error);
    }
    grown[p->stopped_count++] = (struct jt_stopped){.id = id};
    p->stopped_last = id > p->stopped_last ? id : p->stopped_last;
    (void)ptrace(PTRACE_INTERRUPT, id, NULL, NULL); /* that it has ended is seen while waiting */
    return JT_OK;
}

/* Those that are not stopped yet. A process may have thousands of threads, but it is the first look
 * that finds them. */
static enum jt_status hold_more(struct jt_target *target) {
    char folder[64];
    uint64_t id;
    enum jt_status status = JT_OK;
    snprintf(folder, sizeof folder, "/proc/%d/task", target->pid);
    DIR *all = opendir(folder);
    if (all == NULL) {
        return jt_fail(target, JT_UNREADABLE, "process %d: %s", target->pid, strerror(errno));
    }
    for (const struct dirent *e = readdir(all); e != NULL && status == JT_OK; e = readdir(all)) {
        if (jt_number(e->d_name, &id) && !is_still(target->priv, (int)id)) {
            status = hold_one(target, (int)id);
        }
    }
    closedir(all);
    return status;
}

static void take_status(struct jt_stopped *thread, int status) {
    thread->gone = !WIFSTOPPED(status);
    thread->stopped = WIFSTOPPED(status);
    thread->signal = status >> 16 == 0 ? WSTOPSIG(status) : 0; /* of one that is stopped */
}

/* Until it is stopped. False: not by then; a thread that waits in the kernel for a disk cannot be.
 */
static bool wait_for(const struct jt_target *target, struct jt_stopped *thread, int64_t end) {
    int status;
    unsigned looks = 0;
    while (!thread->stopped && !thread->gone) {
        pid_t got = waitpid(thread->id, &status, __WALL | WNOHANG);
        if (got == thread->id) {
            take_status(thread, status);
        } else if ((got < 0 && errno != EINTR) ||
                   (++looks % 64 == 0 && is_gone(target, thread->id))) {
            thread->gone = true; /* nobody can wait for the first thread when others go on */
        } else if (now() > end) {
            return false;
        } else {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
        }
    }
    return true;
}

/* A thread that is not stopped yet may make another one. When all that there are were so before the
 * look, there are no more. */
static enum jt_status hold_all(struct jt_target *target) {
    struct jt_private *p = target->priv;
    enum jt_status status = hold_more(target);
    for (size_t done = 0; status == JT_OK && done < p->stopped_count;) {
        struct jt_stopped *thread = &p->stopped[done++];
        if (!wait_for(target, thread, now() + PATIENCE)) {
            return jt_fail(target, JT_UNREADABLE,
                           "process %d cannot be held still: its thread %d waits in the kernel, "
                           "where nothing stops it; try again, or do without --stop",
                           target->pid, thread->id);
        }
        if (done == p->stopped_count) {
            status = hold_more(target);
        }
    }
    return status;
}

/* ---- what they were doing ----------------------------------------------------------------------
 */

/* What is in another set of registers (jt_thread_form.note). */
static void read_pointer(const struct jt_target *target, struct jt_thread *thread) {
    uint8_t bytes[64];
    struct iovec io = {bytes, sizeof bytes};
    const uintptr_t note = jt_thread_form(target)->note;
    if (note != 0 && ptrace(PTRACE_GETREGSET, thread->id, (void *)note, &io) == 0) {
        jt_thread_pointer(target, bytes, io.iov_len, thread);
    }
}

/* The kernel refuses those of a thread that is not stopped. */
static void read_registers(struct jt_target *target) {
    struct jt_private *p = target->priv;
    free(p->still_reg);
    p->still_reg = malloc((p->threads + 1) * JT_REGISTERS_MAX);
    target->memory_ran_out |= p->still_reg == NULL;
    for (size_t i = 0; i < p->threads && p->still_reg != NULL; i++) {
        struct iovec io = {p->still_reg + i * JT_REGISTERS_MAX, JT_REGISTERS_MAX};
        if (ptrace(PTRACE_GETREGSET, p->thread[i].id, (void *)(uintptr_t)NT_PRSTATUS, &io) == 0) {
            jt_thread_registers(target, io.iov_base, io.iov_len, &p->thread[i]);
            read_pointer(target, &p->thread[i]);
        }
    }
}

enum jt_status jt_hold(struct jt_target *target) {
    struct jt_private *p = target->priv;
    p->still_since = now();
    enum jt_status status = hold_all(target);
    if (status == JT_OK) {
        p->is_still = true;
        status = jt_process_again(target);
    }
    if (status != JT_OK) {
        jt_release(target);
        return status;
    }
    target->heap.reader.retry =
        NULL;       /* nothing changes any more: what contradicts itself stays so */
    p->threads = 0; /* some have ended meanwhile, others are new */
    jt_threads_read(target);
    read_registers(target);
    return JT_OK;
}

bool jt_is_still(const struct jt_target *target) {
    return target->priv->is_still;
}

/* ---- letting go --------------------------------------------------------------------------------
 */

uint64_t jt_still_ns(const struct jt_target *target) {
    const struct jt_private *p = target->priv;
    return p->is_still ? (uint64_t)(now() - p->still_since) : p->still_ns;
}

/* A thread that was told to stop, and did not do so yet, cannot be let go. */
void jt_release(struct jt_target *target) {
    struct jt_private *p = target->priv;
    uint64_t ns = jt_still_ns(target);
    int64_t end = now() + PATIENCE;
    for (size_t i = 0; i < p->stopped_count; i++) {
        if (wait_for(target, &p->stopped[i], end) && p->stopped[i].stopped) {
            (void)ptrace(PTRACE_DETACH, p->stopped[i].id, NULL,
                         (void *)(uintptr_t)p->stopped[i].signal);
        }
    }
    p->still_ns = ns;
    p->is_still = false;
    p->stopped_count = 0; /* the registers stay for who asks */
}
