/* caches: two threads that free regions, and an explicit cache; says which are parked where. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { COUNT = 6, HOURS = 6 };

static pthread_barrier_t barrier;

/* Half of the regions are freed into a cache that was empty, one of each class beside it. */
static void park(const char *name, size_t size, int flags) {
    void *region[COUNT];
    for (int i = 0; i < COUNT; i++) {
        region[i] = je_mallocx(size, flags);
    }
    if (flags == 0) {
        (void)je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    } else {
        unsigned number = ((unsigned)flags >> 8) - 2; /* MALLOCX_TCACHE */
        (void)je_mallctl("tcache.flush", NULL, NULL, &number, sizeof(number));
    }
    for (int i = 0; i < COUNT; i++) {
        printf("%s %s %zu %p\n", i % 2 ? "cached" : "live", name, size, region[i]);
    }
    for (int i = 1; i < COUNT; i += 2) {
        je_dallocx(region[i], flags);
    }
}

static void *second(void *arg) {
    prctl(PR_SET_NAME, "second \x1b[31m");
    printf("thread second %ld\n", syscall(SYS_gettid));
    park("second", 320, 0);
    pthread_barrier_wait(&barrier);
    pause();
    return arg;
}

int main(void) {
    static char out[1 << 16];
    pthread_t thread;
    unsigned number;
    size_t size = sizeof(number);
    setvbuf(stdout, out, _IOFBF, sizeof(out));
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    pthread_barrier_init(&barrier, NULL, 2);
    printf("thread main %ld\n", syscall(SYS_gettid));
    if (je_mallctl("tcache.create", &number, &size, NULL, 0) == 0) {
        park("explicit", 100, (int)MALLOCX_TCACHE(number));
    }
    park("main", 20480, 0); /* a large class, which is cached too */
    if (pthread_create(&thread, NULL, second, NULL) != 0) {
        return 1;
    }
    pthread_barrier_wait(&barrier);
    printf("ready\n");
    fflush(stdout);
    alarm(HOURS * 3600); /* if nobody ends it */
    for (;;) {
        pause();
    }
}
