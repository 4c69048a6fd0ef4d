#define _GNU_SOURCE /* wait4 */
#include "test.h"

#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __OPTIMIZE__
#define SLOW SANITIZED
#else
#define SLOW 1 /* for coverage, with counters */
#endif

#define SECONDS 120 /* of processor time: no bound is near it, and what goes on for ever ends */

struct shared {
    long before; /* KiB */
    _Alignas(16) unsigned char result[];
};

static unsigned ms_of(struct timeval time) {
    return (unsigned)(time.tv_sec * 1000 + time.tv_usec / 1000);
}

struct cost cost_of(void (*work)(const void *input, void *result), const void *input, void *result,
                    size_t size) {
    struct rusage usage;
    struct shared *shared = mmap(NULL, sizeof *shared + size, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    assert_ptr_not_equal(shared, MAP_FAILED);
    memcpy(shared->result, result, size);
    (void)fflush(NULL); /* once, and not by both */
    pid_t pid = fork();
    if (pid == 0) {
        (void)getrusage(RUSAGE_SELF, &usage);
        shared->before = usage.ru_maxrss;
        (void)setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
        work(input, shared->result);
        exit(0); /* not _exit(): what it covered is written down, and what it leaks is said */
    }
    assert_true(pid > 0);
    assert_int_equal(wait4(pid, &status, 0, &usage), pid);
    struct cost cost = {
        .ms = ms_of(usage.ru_utime) + ms_of(usage.ru_stime),
        .mib = (unsigned)((usage.ru_maxrss - shared->before + 1023) / 1024), /* of any process */
        .ended = WIFEXITED(status) && WEXITSTATUS(status) == 0};
    memcpy(result, shared->result, size);
    munmap(shared, sizeof *shared + size);
    return cost;
}

void cost_bounded(const char *name, const struct cost *cost, unsigned ms, unsigned mib,
                  const char *said) {
    print_message("attack: %s: %u ms of %u, %u MiB of %u: %s\n", name, cost->ms, ms, cost->mib, mib,
                  said);
    if (!cost->ended) {
        fail_msg("%s: it did not end well: %s", name, said);
    }
    if (cost->ms > (SLOW ? 10 * ms : ms)) {
        fail_msg("%s: %u ms, and %u are allowed", name, cost->ms, ms);
    }
    if (!SANITIZED && cost->mib > mib) {
        fail_msg("%s: %u MiB, and %u are allowed", name, cost->mib, mib);
    }
}
