/* busy_stops: eight threads that never rest: small and large allocations, realloc(), frees of what
 * other threads made, threads that end and are made anew, pages that are given back. To be stopped
 * at any moment.
 *
 *   busy_stops [twice|large|flush]   with a double free, of memory that nobody touches again
 *
 * Prints the address of that, and "ready"; on stderr a letter for each SIGRTMIN that it gets. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, SLOTS = 2048, LIFE = 40000 };

static _Atomic(void *) slot[SLOTS]; /* whoever comes takes what is there */

static uint64_t next(uint64_t *x) {
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return *x >> 20;
}

static size_t size_of(uint64_t x) {
    size_t lg = x % 16 == 0 ? 14 + (x >> 8) % 7 : 3 + (x >> 8) % 11;
    return ((size_t)1 << lg) + (x >> 16) % ((size_t)1 << lg);
}

static void *work(void *arg) {
    uint64_t x = (uint64_t)(uintptr_t)arg * 0x9e3779b97f4a7c15u + 1;
    for (unsigned i = 0; i < LIFE; i++) {
        uint64_t r = next(&x);
        void *old = atomic_exchange(&slot[r % SLOTS], NULL);
        if (old != NULL && r >> 11 & 1) {
            void *grown = je_realloc(old, size_of(r >> 12));
            old = atomic_exchange(&slot[next(&x) % SLOTS], grown);
        } else if (old == NULL || r >> 12 & 1) {
            void *made = je_malloc(size_of(r >> 13));
            je_free(old);
            old = atomic_exchange(&slot[next(&x) % SLOTS], made);
        }
        je_free(old);
    }
    pthread_t heir; /* goes on in its place */
    if (pthread_create(&heir, NULL, work, (void *)(uintptr_t)x) == 0) {
        pthread_detach(heir);
    }
    return NULL;
}

/* Slabs and extents of its own, which no other thread reaches: the address stays where it is. */
static void *volatile kept[4];

static uintptr_t planted(const char *how) {
    size_t size = strcmp(how, "large") == 0 ? 20000 : 320;
    if (*how == 0) {
        return 0;
    }
    for (unsigned i = 0; i < 4; i++) {
        kept[i] = je_malloc(size);
    }
    je_free(kept[0]);
    if (strcmp(how, "flush") == 0) {
        je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    } else {
        je_free(kept[1]);
    }
    je_free(kept[0]);
    return (uintptr_t)kept[0];
}

/* A letter for each signal that arrives: none of SIGRTMIN's is merged with another. */
static void arrived(int number) {
    (void)number;
    if (write(STDERR_FILENO, "x", 1) != 1) {
        _exit(1);
    }
}

int main(int argc, char **argv) {
    ssize_t decay = 20; /* milliseconds */
    unsigned arena;
    size_t size = sizeof arena;
    je_mallctl("arenas.dirty_decay_ms", NULL, NULL, &decay, sizeof decay);
    je_mallctl("arenas.muzzy_decay_ms", NULL, NULL, &decay, sizeof decay);
    if (argc > 1) { /* in an arena that no other thread uses */
        je_mallctl("arenas.create", &arena, &size, NULL, 0);
        je_mallctl("thread.arena", NULL, NULL, &arena, sizeof arena);
    }
    struct sigaction action = {.sa_handler = arrived, .sa_flags = SA_RESTART};
    sigaction(SIGRTMIN, &action, NULL);
    uintptr_t at = planted(argc > 1 ? argv[1] : "");
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, (void *)i);
    }
    printf("at 0x%lx\nready\n", (unsigned long)at);
    fflush(stdout);
    alarm(3600); /* if nobody ends it */
    for (;;) {
        pause();
    }
}
