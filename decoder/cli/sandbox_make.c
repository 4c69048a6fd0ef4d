/* sandbox_make - writes the seccomp filters as C, when jeheap is built.
 *
 * At run time the filters are loaded as they are: libseccomp makes wrong ones, or crashes, when
 * memory runs out. What only the run knows stands in them as a placeholder (sandbox_calls.h). */
#include "sandbox_calls.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- what is allowed ------------------------------------------------------------------------ */

/* A file that is opened to be read can do no harm; O_TRUNC cuts it even so. */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

#define FORK_FLAGS (CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD)

static const struct call {
    int number;
    unsigned steps;            /* in which; in a later one the call gets EACCES */
    struct scmp_arg_cmp where; /* op 0: any arguments */
} calls[] = {
#define ALWAYS (SANDBOX_OPENING | SANDBOX_READING)
#define CALL(name, steps, ...)                                                                     \
    {                                                                                              \
        SCMP_SYS(name), steps, {                                                                   \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    CALL(read, ALWAYS, 0),
    CALL(pread64, ALWAYS, 0),
    CALL(lseek, ALWAYS, 0),
    CALL(_llseek, ALWAYS, 0),
    CALL(close, ALWAYS, 0),
    CALL(fstat, ALWAYS, 0),
    CALL(fstat64, ALWAYS, 0),
    CALL(fstatat64, ALWAYS, 0), /* how the C library asks for fstat() */
    CALL(newfstatat, ALWAYS, 0),
    CALL(statx, ALWAYS, 0),
    CALL(fcntl, ALWAYS, 1, SCMP_CMP_EQ, F_GETFD, 0),
    CALL(fcntl, ALWAYS, 1, SCMP_CMP_EQ, F_GETFL, 0),
    CALL(fcntl64, ALWAYS, 1, SCMP_CMP_EQ, F_GETFD, 0),
    CALL(fcntl64, ALWAYS, 1, SCMP_CMP_EQ, F_GETFL, 0),
    CALL(ioctl, ALWAYS, 1, SCMP_CMP_EQ, TCGETS, 0), /* is it a terminal? */

    CALL(brk, ALWAYS, 0),
    CALL(mmap, ALWAYS, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
    CALL(mmap2, ALWAYS, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
    CALL(mprotect, ALWAYS, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
    CALL(mremap, ALWAYS, 0),
    CALL(munmap, ALWAYS, 0),
    CALL(madvise, ALWAYS, 0),
    CALL(getrusage, ALWAYS, 0),

    CALL(write, ALWAYS, 0, SCMP_CMP_EQ, STDOUT_FILENO, 0),
    CALL(write, ALWAYS, 0, SCMP_CMP_EQ, STDERR_FILENO, 0),
    CALL(writev, ALWAYS, 0, SCMP_CMP_EQ, STDOUT_FILENO, 0),
    CALL(writev, ALWAYS, 0, SCMP_CMP_EQ, STDERR_FILENO, 0),

    CALL(clock_gettime, ALWAYS, 0),
    CALL(clock_gettime64, ALWAYS, 0),
    CALL(poll, ALWAYS, 0), /* more of a list of addresses, as long as there is time */
    CALL(ppoll, ALWAYS, 0),
    CALL(ppoll_time64, ALWAYS, 0),
    CALL(clock_nanosleep, ALWAYS, 0), /* before a running process is read again */
    CALL(clock_nanosleep_time64, ALWAYS, 0),
    CALL(nanosleep, ALWAYS, 0),
    CALL(gettimeofday, ALWAYS, 0),
    CALL(time, ALWAYS, 0),
    CALL(getrandom, ALWAYS, 0), /* seeds of hash tables */
    CALL(sysinfo, ALWAYS, 0),   /* qsort() asks how much memory there is */
    CALL(futex, ALWAYS, 0),
    CALL(getpid, ALWAYS, 0),
    CALL(gettid, ALWAYS, 0),
    CALL(rt_sigprocmask, ALWAYS, 0),
    CALL(restart_syscall, ALWAYS, 0),
    CALL(exit, ALWAYS, 0),
    CALL(exit_group, ALWAYS, 0),

    CALL(open, SANDBOX_OPENING, 1, SCMP_CMP_MASKED_EQ, WRITES, O_RDONLY),
    CALL(openat, SANDBOX_OPENING, 2, SCMP_CMP_MASKED_EQ, WRITES, O_RDONLY),
    CALL(access, SANDBOX_OPENING, 0),
    CALL(faccessat, SANDBOX_OPENING, 0),
    CALL(faccessat2, SANDBOX_OPENING, 0),
    CALL(readlink, SANDBOX_OPENING, 0),
    CALL(readlinkat, SANDBOX_OPENING, 0),
    CALL(stat, SANDBOX_OPENING, 0),
    CALL(lstat, SANDBOX_OPENING, 0),
    CALL(stat64, SANDBOX_OPENING, 0),
    CALL(lstat64, SANDBOX_OPENING, 0),
    CALL(getcwd, SANDBOX_OPENING, 0),
    CALL(getdents64, SANDBOX_OPENING, 0), /* which threads there are */

    /* debug information is decoded in a process of its own, which inherits all of this */
    CALL(clone, SANDBOX_OPENING, 0, SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)FORK_FLAGS, 0),
    CALL(set_robust_list, SANDBOX_OPENING, 0),
    CALL(wait4, SANDBOX_OPENING, 0),
    CALL(pipe2, SANDBOX_OPENING, 0),
    CALL(write, SANDBOX_OPENING, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGSEGV, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGBUS, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGFPE, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGILL, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGABRT, 0),
    CALL(rt_sigaction, SANDBOX_OPENING, 0, SCMP_CMP_EQ, SIGPROF, 0),
    CALL(prctl, SANDBOX_OPENING, 0, SCMP_CMP_EQ, PR_SET_DUMPABLE, 0),
    CALL(getrlimit, SANDBOX_OPENING, 0),
    CALL(ugetrlimit, SANDBOX_OPENING, 0),
    CALL(setrlimit, SANDBOX_OPENING, 0),
    CALL(prlimit64, SANDBOX_OPENING, 0, SCMP_CMP_EQ, 0, 0), /* its own */
    CALL(setitimer, SANDBOX_OPENING, 0),

    /* the second step */
    CALL(seccomp, SANDBOX_OPENING, 0),
    CALL(landlock_create_ruleset, SANDBOX_OPENING, 0),
    CALL(landlock_restrict_self, SANDBOX_OPENING, 0),
};

static const int to_output[] = {SCMP_SYS(write),     SCMP_SYS(writev),      SCMP_SYS(pwrite64),
                                SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(fsync),
                                SCMP_SYS(fdatasync)};

#define IS(argument, value)                                                                        \
    { argument, SCMP_CMP_EQ, value, 0 }

static bool allow(scmp_filter_ctx filter, int number, unsigned count,
                  const struct scmp_arg_cmp *where) {
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, where) == 0;
}

/* Is it allowed in both steps, if with other arguments? Then what is not, is refused. */
static bool always(int number) {
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].number == number && calls[i].steps == ALWAYS) {
            return true;
        }
    }
    return false;
}

static bool allow_calls(scmp_filter_ctx filter, enum sandbox_step step) {
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(calls) / sizeof(calls[0]); i++) {
        const struct call *c = &calls[i];
        bool now = (c->steps & step) != 0;
        if (!now && always(c->number)) {
            continue;
        }
        ok = seccomp_rule_add_array(filter, now ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES),
                                    c->number, c->where.op != 0, &c->where) == 0;
    }
    return ok;
}

/* Holding a process still and letting it go; before memory is decoded it is held already. */
static bool allow_ptrace(scmp_filter_ctx filter, enum sandbox_step step) {
    static const scmp_datum_t request[] = {SANDBOX_DETACH, SANDBOX_SEIZE, SANDBOX_INTERRUPT,
                                           SANDBOX_REGISTERS};
    size_t count = step == SANDBOX_OPENING ? sizeof(request) / sizeof(request[0]) : 1;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const struct scmp_arg_cmp is[] = {IS(0, request[i])};
        ok = allow(filter, SCMP_SYS(ptrace), 1, is);
    }
    return ok;
}

/* Calls of which an argument is known at run time. */
static bool allow_with_placeholders(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp output[] = {IS(0, SANDBOX_OUTPUT)};
    const struct scmp_arg_cmp target[] = {IS(0, SANDBOX_TARGET)};
    const struct scmp_arg_cmp other[] = {IS(0, SANDBOX_OTHER)};
    /* An assertion in a library, or the C library's word on a broken heap, ends as everywhere. */
    const struct scmp_arg_cmp own_abort[] = {IS(0, SANDBOX_SELF), IS(2, SIGABRT)};
    bool ok = allow(filter, SCMP_SYS(process_vm_readv), 1, target) &&
              allow(filter, SCMP_SYS(process_vm_readv), 1, other) &&
              allow(filter, SCMP_SYS(tgkill), 2, own_abort);
    for (size_t i = 0; ok && i < sizeof(to_output) / sizeof(to_output[0]); i++) {
        ok = allow(filter, to_output[i], 1, output);
    }
    return ok;
}

/* ---- as C ----------------------------------------------------------------------------------- */

/* A placeholder may only be compared with: replaced anywhere else it would mean something else. */
static bool sound(const struct sock_filter *op) {
    bool placeholder = op->k >= SANDBOX_TARGET && op->k <= SANDBOX_SELF;
    return !placeholder || op->code == (BPF_JMP | BPF_JEQ | BPF_K);
}

static bool print(scmp_filter_ctx filter, const char *name) {
    FILE *file = tmpfile();
    struct sock_filter op;
    bool ok =
        file && seccomp_export_bpf(filter, fileno(file)) == 0 && fseek(file, 0, SEEK_SET) == 0;
    printf("static const struct sock_filter %s[] = {\n", name);
    while (ok && fread(&op, sizeof(op), 1, file) == 1) {
        ok = sound(&op);
        printf("    {0x%02x, %u, %u, 0x%08x},\n", op.code, op.jt, op.jf, op.k);
    }
    printf("};\n");
    if (file) {
        fclose(file);
    }
    return ok;
}

static bool make(const char *name, enum sandbox_step step) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    bool ok = filter &&
              seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
              allow_calls(filter, step) && allow_ptrace(filter, step) &&
              allow_with_placeholders(filter) && print(filter, name);
    seccomp_release(filter);
    return ok;
}

int main(void) {
    printf("/* Made by sandbox_make. */\n#include <linux/filter.h>\n\n");
    bool ok = make("opening", SANDBOX_OPENING) && make("reading", SANDBOX_READING);
    if (!ok) {
        fprintf(stderr, "sandbox_make: libseccomp makes no filter\n");
    }
    return !ok || fflush(stdout) != 0;
}
