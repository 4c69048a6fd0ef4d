/* process.c - a reader for a running process, and one for this very process.
 *
 * process_vm_readv() does many small reads in one call. Where a sandbox or a kernel without it
 * refuses that, /proc/PID/mem is read. This process's own memory is an image of its readable
 * mappings, so that it can be lent, and a wild address is absent instead of a crash. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "image/inside.h"

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif

static ssize_t read_vm(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    struct iovec local = {dst, len}, remote = {(void *)(uintptr_t)addr, len};
    return process_vm_readv(target->pid, &local, 1, &remote, 1, 0);
}

static ssize_t read_mem(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    if (target->priv->mem_fd < 0) {
        errno = EPERM;
        return -1;
    }
    if (addr > (uint64_t)INT64_MAX) {
        errno = EFAULT; /* off_t is signed; these addresses belong to the kernel */
        return -1;
    }
    return pread(target->priv->mem_fd, dst, len, (off_t)addr);
}

static ssize_t read_some(const struct jt_target *target, uint64_t addr, void *dst, size_t len) {
    if (!target->priv->without_vm) {
        ssize_t n = read_vm(target, addr, dst, len);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM)) {
            return n;
        }
        target->priv->without_vm = true;
    }
    return read_mem(target, addr, dst, len);
}

static enum jh_status process_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct jt_target *target = arg;
    *got = 0;
    while (*got < len) {
        ssize_t n = read_some(target, addr + *got, (uint8_t *)dst + *got, len - *got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EFAULT || errno == EIO || errno == EINVAL)) {
            return JH_ABSENT;
        }
        /* /proc/PID/mem reads as empty when the process is gone, even before its parent knows */
        target->ended |= n == 0 || errno == ESRCH;
        if (n <= 0) {
            return JH_READ_FAILED;
        }
        *got +=
            (size_t)n; /* fewer bytes than asked for: the next call tells whether a hole follows */
    }
    return JH_OK;
}

/* Reads count spans in one call. Returns how many were read; the next one stopped the call. */
static size_t gather_some(const struct jt_target *target, struct jh_span *span, size_t count) {
    struct iovec local[IOV_MAX], remote[IOV_MAX];
    for (size_t i = 0; i < count; i++) {
        local[i] = (struct iovec){span[i].dst, span[i].len};
        remote[i] = (struct iovec){(void *)(uintptr_t)span[i].addr, span[i].len};
    }
    ssize_t n = process_vm_readv(target->pid, local, count, remote, count, 0);
    size_t left = n < 0 ? 0 : (size_t)n, done = 0;
    if (n < 0) {
        return 0;
    }
    while (done < count && span[done].len <= left) {
        span[done].got = span[done].len;
        left -= span[done].len;
        done++;
    }
    return done;
}

static enum jh_status process_gather(void *arg, struct jh_span *span, size_t count) {
    struct jt_target *target = arg;
    enum jh_status worst = JH_OK;
    for (size_t at = 0; at < count;) {
        size_t some = count - at < IOV_MAX ? count - at : IOV_MAX;
        if (!target->priv->without_vm) {
            at += gather_some(target, span + at, some);
        }
        if (at >= count) {
            break;
        }
        /* read that one alone, to learn why it failed and how much of it can be read */
        enum jh_status status =
            process_read(target, span[at].addr, span[at].dst, span[at].len, &span[at].got);
        if (status == JH_READ_FAILED) {
            worst = status;
        }
        at++;
    }
    return worst;
}

/* The next readable address, by the mappings at the time when the process was opened. The kernel
 * can be asked only page by page, and a damaged rtree may lead to terabytes of unmapped addresses.
 */
static uint64_t process_next(void *arg, uint64_t addr) {
    const struct jt_ranges *readable = &((const struct jt_target *)arg)->priv->readable;
    return jt_ranges_next(readable->range, readable->count, addr);
}

/* The first retry comes at once, because most changes are over by then. A thread that was suspended
 * in the middle of a change takes longer: all contradictions together may wait for a limited time,
 * since damaged memory, or a stopped process, stays as it is. */
static bool process_retry(void *arg, unsigned times) {
    enum { TIMES = 9, WAITS_MAX = 600 }; /* milliseconds */
    struct jt_private *p = ((const struct jt_target *)arg)->priv;
    unsigned wait = times == 0 ? 0 : 1u << (times - 1);
    if (times == TIMES || p->waited + wait > WAITS_MAX) {
        return false;
    }
    p->waited += wait;
    nanosleep(&(struct timespec){.tv_nsec = wait * 1000000L}, NULL);
    return true;
}

static bool find_readable(struct jt_private *p) {
    for (size_t i = 0; i < p->mappings; i++) {
        if (p->mapping[i].readable) {
            jt_ranges_add(&p->readable, p->mapping[i].start,
                          p->mapping[i].end - p->mapping[i].start);
        }
    }
    jt_ranges_merge(&p->readable);
    return !p->readable.lost;
}

/* Takes the mappings of this process that are plain memory. */
static enum jt_status open_self(struct jt_target *target) {
    struct jt_private *p = target->priv;
    p->segment = calloc(p->mappings + 1, sizeof *p->segment);
    if (p->segment == NULL) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    for (size_t i = 0; i < p->mappings; i++) {
        const struct jt_mapping *m = &p->mapping[i];
        bool device = strncmp(m->path, "/dev/", 5) == 0 || strncmp(m->path, "[v", 2) == 0;
        if (!m->readable || device) {
            continue; /* reading [vvar] or device memory may fault or have side effects */
        }
        p->segment[p->segments++] =
            (struct jh_segment){m->start, (const uint8_t *)(uintptr_t)m->start, m->end - m->start};
    }
    return jt_image_start(target);
}

/* Opens /proc/PID/mem, in case process_vm_readv() is refused later, for instance when the process
 * executes another user's program: by then the sandbox lets no file be opened. */
static void open_mem(struct jt_target *target) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", target->pid);
    target->priv->mem_fd = open(name, O_RDONLY | O_CLOEXEC);
}

static enum jt_status probe_memory(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    uint8_t byte;
    size_t got;
    for (size_t i = 0; i < p->mappings; i++) { /* until one page can be read */
        if (!p->mapping[i].readable) {
            continue;
        }
        enum jh_status status = process_read(target, p->mapping[i].start, &byte, 1, &got);
        if (status == JH_OK) {
            return JT_OK;
        }
        if (status == JH_READ_FAILED) {
            break;
        }
    }
    return jt_fail(
        target, JT_UNREADABLE,
        "process %d: its memory may not be read (%s); to read it you must be the same user "
        "and have a permissive /proc/sys/kernel/yama/ptrace_scope, or have CAP_SYS_PTRACE",
        target->pid, strerror(errno));
}

static void count_bytes(struct jt_target *target) {
    const struct jt_private *p = target->priv;
    target->bytes_present = 0;
    for (size_t i = 0; i < p->mapped_count; i++) {
        target->bytes_present += p->mapped[i].end - p->mapped[i].start;
    }
}

enum jt_status jt_process_again(struct jt_target *target) {
    struct jt_private *p = target->priv;
    for (size_t i = 0; i < p->mappings; i++) {
        free(p->mapping[i].path);
    }
    p->mappings = 0;
    free(p->mapped);
    p->mapped = NULL;
    p->mapped_count = 0;
    jt_ranges_free(&p->code);
    jt_ranges_free(&p->writable);
    jt_ranges_free(&p->readable);
    enum jt_status status = jt_maps_read(target);
    if (status == JT_OK && !find_readable(p)) {
        status = jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    count_bytes(target);
    return status;
}

/* By SIGSTOP, or a debugger. */
static bool is_stopped(int pid) {
    static const char before[] = "\nState:\t";
    char name[64], text[512];
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    text[jt_read_file(name, text, sizeof text - 1)] = 0;
    const char *at = strstr(text, before);
    return at != NULL && (at[strlen(before)] == 'T' || at[strlen(before)] == 't');
}

enum jt_status jt_process_open(struct jt_target *target, const char *text) {
    uint64_t pid;
    if (!jt_number(text, &pid) || pid == 0 || pid > INT_MAX) {
        return jt_fail(target, JT_UNREADABLE, "%s: not a process id", text);
    }
    target->pid = (int)pid;
    target->kind = target->pid == getpid() ? JT_SELF : JT_PROCESS;
    target->priv->stands = is_stopped(target->pid);
    enum jt_status status = jt_maps_read(target);
    if (status != JT_OK) {
        return status;
    }
    count_bytes(target);
    if (target->kind == JT_SELF) {
        return open_self(target);
    }
    if (!find_readable(target->priv)) {
        return jt_fail(target, JT_UNREADABLE, "out of memory");
    }
    open_mem(target);
    target->heap.reader = (struct jh_reader){.read = process_read,
                                             .gather = process_gather,
                                             .arg = target,
                                             .next = process_next,
                                             .retry = process_retry};
    jt_watch_reader(target);
    return probe_memory(target);
}

/* An open /proc/PID/mem keeps belonging to the memory for which it was opened. When that memory is
 * gone, reading gives 0 bytes at every address. The process id may name another program by then. */
bool jt_ended(struct jt_target *target) {
    uint8_t byte;
    target->ended |= target->priv->mem_fd >= 0 && pread(target->priv->mem_fd, &byte, 1, 0) == 0;
    return target->ended;
}

void jt_process_close(struct jt_target *target) {
    jt_release(target);
    free(target->priv->stopped);
    free(target->priv->still_reg);
    if (target->priv->mem_fd >= 0) {
        close(target->priv->mem_fd);
    }
}
