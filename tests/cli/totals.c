/* totals: a program with a heap of known totals: several threads that fill their caches, arenas of
 * its own, large allocations. Prints jemalloc's own counters, one a line, then holds still. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 3, COUNT = 2000, LARGE = 40, HOURS = 6 };

static void *kept[THREADS + 1][COUNT + LARGE];
static pthread_barrier_t filled;

/* Sizes of all small classes and beyond; every third is freed, so that caches and slabs have some.
 */
static void fill(unsigned number) {
    void **mine = kept[number];
    for (unsigned i = 0; i < COUNT; i++) {
        mine[i] = je_malloc(1 + (i * 37u + number * 101u) % 14000u);
    }
    for (unsigned i = 0; i < LARGE; i++) {
        mine[COUNT + i] = je_malloc(16000u + i * 9000u);
    }
    for (unsigned i = number; i < COUNT + LARGE; i += 3) {
        je_free(mine[i]);
        mine[i] = NULL;
    }
}

static void *run(void *number) {
    fill((unsigned)(uintptr_t)number);
    pthread_barrier_wait(&filled);
    for (;;) {
        sleep(HOURS * 3600);
    }
    return NULL;
}

static void print(const char *name, const char *key) {
    size_t value, size = sizeof value;
    if (je_mallctl(key, &value, &size, NULL, 0) == 0) {
        printf("%s %zu\n", name, value);
    }
}

/* Of all arenas and size classes together. */
static void print_nonfull(void) {
    size_t value, all = 0, size = sizeof value;
    char key[64];
    for (unsigned i = 0;; i++) {
        snprintf(key, sizeof key, "stats.arenas.4096.bins.%u.nonfull_slabs", i);
        if (je_mallctl(key, &value, &size, NULL, 0) != 0) {
            break;
        }
        all += value;
    }
    printf("nonfull_slabs %zu\n", all);
}

/* Letters: instead of all that what malloc_stats_print prints; it holds still in the middle of it,
 * where jemalloc's own buffer is still there. */
static void take_printed(void *file, const char *text) {
    static int depth, begun;
    fputs(text, file);
    for (const char *c = text; *c != 0; c++) {
        depth += (*c == '{') - (*c == '}');
        begun |= *c == '{';
    }
    if (begun && depth == 0) {
        fclose(file);
        puts("ready");
        fflush(stdout);
        for (;;) {
            pause();
        }
    }
}

int main(int argc, char **argv) {
    pthread_t thread;
    uint64_t epoch = 1;
    unsigned arena;
    size_t size = sizeof arena;
    pthread_barrier_init(&filled, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&thread, NULL, run, (void *)(i + 1)) != 0) {
            return 1;
        }
    }
    fill(0);
    if (je_mallctl("arenas.create", &arena, &size, NULL, 0) != 0) {
        return 1;
    }
    void *own = je_mallocx(1 << 20, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
    printf("largest %p\n", own);
    pthread_barrier_wait(&filled);
    sleep(1); /* nobody is in jemalloc any more */
    if (argc > 2) {
        FILE *file = fopen(argv[2], "w");
        if (file != NULL) {
            je_malloc_stats_print(take_printed, file, argv[1]);
        }
        return 1;
    }
    fflush(stdout); /* its buffer is there by now, whoever allocates it */
    je_mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    print("allocated", "stats.allocated");
    print("active", "stats.active");
    print("metadata", "stats.metadata");
    print("mapped", "stats.mapped");
    print("retained", "stats.retained");
    print("tcache_bytes", "stats.arenas.4096.tcache_bytes");
    print_nonfull();
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
