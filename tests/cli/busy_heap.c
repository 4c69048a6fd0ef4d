/* busy_heap: eight threads that allocate and free without a pause, small and large. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 8, KEPT = 512 };

static void *work(void *arg) {
    void *kept[KEPT] = {NULL};
    for (uint64_t x = (uint64_t)(uintptr_t)arg + 1;;) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        size_t i = (x >> 33) % KEPT, lg = (x >> 45) % 18;
        je_free(kept[i]);
        kept[i] = je_malloc(((size_t)1 << lg) + (x >> 50) % ((size_t)1 << lg));
    }
    return NULL;
}

int main(void) {
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, (void *)i);
    }
    printf("ready\n");
    fflush(stdout);
    alarm(600); /* if nobody ends it */
    pause();
}
