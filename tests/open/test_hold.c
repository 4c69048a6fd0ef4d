/* Holding a process still, one with threads of all kinds, and finding their thread pointers. */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "blank_target.h"
#include "fail_memory.h"
#include "open/inside.h"

#define SELF 16 /* the second pointer of a thread's data to itself */
#define DEEP (UINT64_C(9) << 20)
#define PAGE 4096

static struct jt_private priv;
static struct jt_layers layers;
static struct jt_target target;
static pid_t child;
static int said[2]; /* the child writes one byte for each thread that is where it should be */
static int told[2]; /* a byte for the child: its first thread ends */
static uint8_t *page[2];

/* ---- the process ------------------------------------------------------------------------------
 */

/* Its stack pointer is more than 8 MiB below the end of its stack. */
static void *deep(void *arg) {
    uint8_t below[DEEP];
    below[0] = 'd';
    (void)!write(said[1], below, 1);
    for (;;) {
        pause();
    }
    return arg;
}

static void *busy(void *arg) {
    (void)!write(said[1], "b", 1);
    for (volatile unsigned i = 0;; i++) {
    }
    return arg;
}

/* A page with none behind it. */
static uint8_t *last_page(void) {
    uint8_t *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED && mprotect(at + PAGE, PAGE, PROT_NONE) == 0);
    return at;
}

static void point(uint8_t *at, const uint8_t *to) {
    memcpy(at, &to, sizeof to);
}

/* Its first thread ends when it is told to. */
static void be_the_child(void) {
    pthread_attr_t attr;
    pthread_t thread;
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 2 * DEEP);
    if (pthread_create(&thread, &attr, deep, NULL) != 0 ||
        pthread_create(&thread, NULL, busy, NULL) != 0) {
        _exit(1);
    }
    (void)!read(told[0], &byte, 1);
    syscall(SYS_exit, 0);
}

/* Then nothing can be read of it by its number, though the others go on. */
static bool first_has_ended(void) {
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    text[jt_read_file(path, text, sizeof text - 1)] = 0;
    const char *state = strrchr(text, ')');
    return state != NULL && state[2] == 'Z';
}

static int start_child(void **state) {
    char byte[2];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        page[i] = last_page();
    }
    point(page[0] + PAGE - 8, page[0] + PAGE - 8); /* the second pointer cannot be read */
    point(page[1] + PAGE - 8 - SELF, page[1] + PAGE - 8 - SELF);
    point(page[1] + PAGE - 8, page[1] + PAGE - 8 - SELF); /* the number cannot be read */
    if (pipe(said) != 0 || pipe(told) != 0 || (child = fork()) < 0) {
        return 1;
    }
    if (child == 0) {
        be_the_child();
    }
    for (unsigned threads = 0; threads < 2; threads++) { /* each says that it is there */
        if (read(said[0], byte, 1) != 1) {
            return 1;
        }
    }
    return 0;
}

static int end_child(void **state) {
    (void)state;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        munmap(page[i], 2 * PAGE);
    }
    return 0;
}

/* ---- the target ------------------------------------------------------------------------------ */

static enum jt_status open_child(void) {
    char text[16];
    blank_target(&target, &priv, &layers);
    priv.mem_fd = -1;
    snprintf(text, sizeof text, "%d", (int)child);
    enum jt_status status = jt_process_open(&target, text);
    priv.machine = EM_X86_64;
    return status;
}

static void close_child(void) {
    jt_process_close(&target);
    for (size_t i = 0; i < priv.mappings; i++) {
        free(priv.mapping[i].path);
    }
    free(priv.mapping);
    free(priv.mapped);
    free(priv.thread);
    jt_ranges_free(&priv.code);
    jt_ranges_free(&priv.writable);
    jt_ranges_free(&priv.readable);
}

static bool is_traced(void) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    text[jt_read_file(path, text, sizeof text - 1)] = 0;
    return strstr(text, "\nTracerPid:\t0\n") == NULL;
}

/* ---- what the kernel answers ------------------------------------------------------------------
 */

/* The first `fails` calls fail with `error`; 0: nothing has happened yet. */
static struct {
    int request; /* of ptrace; 0: calls of waitpid */
    unsigned fails;
    int error;
} kernel;

/* Is it this call's turn? */
static bool happens(int request) {
    bool now = kernel.fails != 0 && kernel.request == request;
    kernel.fails -= now;
    errno = now ? kernel.error : errno;
    return now;
}

static bool first_ends_when_interrupted;

long __real_ptrace(int request, pid_t pid, void *addr, void *data);
pid_t __real_waitpid(pid_t pid, int *status, int options);

long __wrap_ptrace(int request, pid_t pid, void *addr, void *data) {
    if (first_ends_when_interrupted && request == PTRACE_INTERRUPT && pid == child) {
        (void)!write(told[1], "e", 1);
        while (!first_has_ended()) {
            usleep(1000);
        }
    }
    return happens(request) ? -1 : __real_ptrace(request, pid, addr, data);
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options) {
    return !happens(0) ? __real_waitpid(pid, status, options) : kernel.error != 0 ? -1 : 0;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void all_threads(void **state) {
    (void)state;
    assert_int_equal(open_child(), JT_OK);
    assert_int_equal(jt_hold(&target), JT_OK);
    assert_true(jt_is_still(&target));
    assert_int_equal(priv.threads, 3);
    for (size_t i = 0; i < priv.threads; i++) {
        assert_true(priv.thread[i].stack != 0 && priv.thread[i].pc != 0);
    }
    jt_release(&target);
    assert_false(jt_is_still(&target) || is_traced());
    close_child();
}

#if defined(__x86_64__) && defined(__LP64__)
/* The registers have them; here they are found without. What has no stack pointer is found as well.
 */
static void thread_pointers(void **state) {
    uint64_t tls[3] = {0};
    (void)state;
    assert_int_equal(open_child(), JT_OK);
    assert_int_equal(jt_hold(&target), JT_OK);
    for (size_t i = 0; i < priv.threads; i++) {
        tls[i] = priv.thread[i].tls;
        priv.thread[i].tls = 0;
    }
    priv.thread[0].stack = 0;
    priv.words = 4; /* other machines have other places for them */
    jt_threads_locate(&target);
    priv.words = 8;
    priv.machine = EM_AARCH64;
    jt_threads_locate(&target);
    priv.machine = EM_X86_64;
    for (size_t i = 0; i < priv.threads; i++) {
        assert_int_equal(priv.thread[i].tls, 0);
    }
    jt_threads_locate(&target);
    for (size_t i = 0; i < priv.threads; i++) {
        assert_int_equal(priv.thread[i].tls, tls[i]);
    }
    priv.thread[0].tls = 0; /* nobody has that number: then all memory is searched */
    priv.thread[0].id = -1;
    jt_threads_locate(&target);
    assert_int_equal(priv.thread[0].tls, 0);
    close_child();
}
#endif

static void without_memory(void **state) {
    unsigned nth = 0, refused = 0;
    bool came;
    (void)state;
    do {
        assert_int_equal(open_child(), JT_OK);
        fail_memory(++nth);
        enum jt_status status = jt_hold(&target);
        came = fail_memory_came();
        fail_memory(0);
        if (status != JT_OK) {
            assert_non_null(strstr(target.error, "out of memory"));
            assert_false(jt_is_still(&target));
            refused++;
        }
        assert_int_equal(came, status != JT_OK || target.memory_ran_out);
        close_child();
        assert_false(is_traced());
    } while (came);
    assert_true(nth > 5 && refused > 2);
}

static void interrupted(void **state) {
    (void)state;
    kernel.request = 0;
    kernel.fails = 3;
    kernel.error = EINTR;
    assert_int_equal(open_child(), JT_OK);
    assert_int_equal(jt_hold(&target), JT_OK);
    assert_int_equal(kernel.fails, 0);
    assert_int_equal(priv.threads, 3);
    for (size_t i = 0; i < priv.threads; i++) {
        assert_non_null(priv.thread[i].reg);
    }
    close_child();
}

/* A thread that has ended meanwhile, as the kernel says of it in three ways. */
static void a_thread_that_ends(void **state) {
    static const int request[] = {PTRACE_SEIZE, 0, PTRACE_GETREGSET};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        unsigned known = 0;
        kernel.request = request[k];
        kernel.fails = 1;
        kernel.error = request[k] == 0 ? ECHILD : ESRCH;
        assert_int_equal(open_child(), JT_OK);
        assert_int_equal(jt_hold(&target), JT_OK);
        assert_int_equal(kernel.fails, 0);
        for (size_t i = 0; i < priv.threads; i++) {
            known += priv.thread[i].reg != NULL;
        }
        assert_int_equal(known, request[k] == PTRACE_GETREGSET ? 2 : 3);
        close_child();
        if (request[k] == 0) { /* in truth it is there */
            assert_int_equal(__real_ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
        }
        assert_false(is_traced());
    }
}

/* Its first thread stays when it has ended, and nobody can hold it or wait for it. */
static void the_first_thread_ends(void **state) {
    (void)state;
    assert_int_equal(open_child(), JT_OK);
    first_ends_when_interrupted = true;
    assert_int_equal(jt_hold(&target), JT_UNREADABLE);
    first_ends_when_interrupted = false;
    assert_non_null(strstr(target.error, "only its first thread has ended"));
    assert_int_equal(jt_hold(&target), JT_UNREADABLE);
    assert_non_null(strstr(target.error, "only its first thread has ended"));
    assert_false(jt_is_still(&target));
    close_child();
}

/* One that looks at itself is not held, and a process whose number is free has no threads. */
static void who_cannot_be_held(void **state) {
    struct jt_options options = {.still = true};
    struct jt_target *self = NULL;
    char text[16];
    (void)state;
    snprintf(text, sizeof text, "%d", (int)getpid());
    options.target = text;
    (void)!jt_open(&options, &self); /* it may have a jemalloc or not */
    assert_non_null(self);
    assert_false(jt_is_still(self));
    jt_close(self);
    blank_target(&target, &priv, &layers);
    priv.mem_fd = -1;
    target.pid = INT32_MAX;
    assert_int_equal(jt_hold(&target), JT_UNREADABLE);
    assert_non_null(strstr(target.error, "process 2147483647: "));
    close_child();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads),
#if defined(__x86_64__) && defined(__LP64__)
        cmocka_unit_test(thread_pointers),
#endif
        cmocka_unit_test(without_memory),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(a_thread_that_ends),
        cmocka_unit_test(who_cannot_be_held),
        cmocka_unit_test(the_first_thread_ends), /* the last one */
    };
    return cmocka_run_group_tests(tests, start_child, end_child);
}
