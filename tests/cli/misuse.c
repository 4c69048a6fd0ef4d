/* misuse: a program that gives memory back wrongly, once, in the way that its argument names.
 * Prints the address, then holds still. */
#include <fcntl.h>
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *volatile kept[8],
    *volatile others[8]; /* what is freed twice is no mistake to a compiler then */

static uintptr_t twice(size_t size) {
    kept[0] = je_malloc(size);
    kept[1] = je_malloc(size);
    memset(kept[0], 'A', size);
    je_free(kept[0]);
    je_free(kept[1]);
    je_free(kept[0]);
    return (uintptr_t)kept[0];
}

static uintptr_t after_a_flush(void) {
    kept[0] = je_malloc(320);
    kept[1] = je_malloc(320); /* the slab stays */
    je_free(kept[0]);
    je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    je_free(kept[0]);
    return (uintptr_t)kept[0];
}

static uintptr_t into_the_middle(void) {
    kept[0] = je_malloc(640);
    kept[0] = (char *)kept[0] + 64;
    je_free(kept[0]);
    return (uintptr_t)kept[0];
}

static uintptr_t wrong_size(void) {
    kept[0] = je_malloc(1000);
    je_sdallocx(kept[0], 100, 0);
    return (uintptr_t)kept[0];
}

static void flush(void) {
    je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
}

/* Four of them; the second is given back, and its neighbours stay. */
static void *second_of_four(size_t size) {
    for (size_t i = 0; i < 4; i++) {
        kept[i] = je_malloc(size);
    }
    je_free(kept[1]);
    return kept[1];
}

/* Larger than what any cache takes. */
static uintptr_t large_at_once(void) {
    void *p = second_of_four(200000);
    je_free(p);
    return (uintptr_t)p;
}

static uintptr_t large_out_of_a_cache(void) {
    void *p = second_of_four(20000);
    flush();
    je_free(p);
    flush();
    return (uintptr_t)p;
}

static uintptr_t large_in_a_cache(void) {
    void *p = second_of_four(20000);
    flush();
    je_free(p);
    return (uintptr_t)p;
}

/* The slab stays: three more are in use. */
static uintptr_t flushed_twice(void) {
    void *p = second_of_four(320);
    flush();
    je_free(p);
    flush();
    return (uintptr_t)p;
}

static uintptr_t small_size_of_a_large_one(void) {
    kept[0] = je_malloc(20000);
    je_sdallocx(kept[0], 100, 0);
    return (uintptr_t)kept[0];
}

static void *free_and_wait(void *p) {
    je_free(je_malloc(64)); /* a thread that only frees has no cache */
    je_free(p);
    kept[7] = p;
    for (;;) {
        pause();
    }
}

static uintptr_t two_threads(void) {
    pthread_t thread;
    kept[0] = je_malloc(320);
    if (pthread_create(&thread, NULL, free_and_wait, kept[0]) != 0) {
        abort();
    }
    while (kept[7] == NULL) {
        usleep(1000);
    }
    je_free(kept[0]);
    return (uintptr_t)kept[0];
}

/* Text over the word of the cache's stack that says where the region is: the only one of jemalloc's
 * memory that has its address. */
static uintptr_t cache_stack(void) {
    static char piece[1 << 16];
    unsigned long from, to;
    char line[512], may[8];
    int mem = open("/proc/self/mem", O_RDWR);
    FILE *maps = fopen("/proc/self/maps", "r");
    kept[1] = je_malloc(320);
    kept[0] = je_malloc(320); /* the extent's structure has the address of the first one */
    je_free(kept[0]);
    while (maps && fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, may) != 3 || strncmp(may, "rw", 2) != 0 ||
            strchr(line, '/') || strchr(line, '[')) {
            continue;
        }
        for (; from < to; from += sizeof(piece)) {
            ssize_t got = pread(mem, piece, sizeof(piece), (off_t)from);
            for (ssize_t i = 0; i + 8 <= got; i += 8) {
                if (memcmp(piece + i, (const void *)&kept[0], 8) == 0 &&
                    (void *)(from + (unsigned long)i) != &kept[0]) {
                    memcpy((void *)(from + (unsigned long)i), "AAAAAAAA", 8);
                }
            }
        }
    }
    return 0x4141414141414141;
}

/* Nothing of jemalloc's own memory changes. */
static uintptr_t contents(void) {
    kept[0] = je_malloc(320);
    kept[1] = je_malloc(320);
    memset(kept[0], 'A', 640);
    kept[2] = je_malloc(200000);
    kept[3] = je_malloc(200000);
    memset(kept[2], 'A', 210000);
    je_free(kept[0]);
    memset(kept[0], 'A', 320);
    return (uintptr_t)kept[0];
}

/* The first page of its own that nobody may touch is opened, behind memory that may be written. */
static uintptr_t guard_page(void) {
    char line[512], mode[8];
    unsigned long start, end, before = 0, at = 0;
    for (size_t i = 0; i < 8; i++) {
        kept[i] = je_malloc(20000 + 4096 * i);
    }
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && at == 0 && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3) {
            continue;
        }
        at = mode[0] == '-' && start == before && end - start == 4096 ? start : 0;
        before = mode[1] == 'w' ? end : 0;
    }
    if (at != 0) {
        mprotect((void *)at, 4096, PROT_READ | PROT_WRITE);
    }
    return at;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < 8; i++) {
        others[i] = je_malloc(1000 + 4000 * i);
    }
    uintptr_t at = strcmp(how, "twice") == 0      ? twice(320)
                   : strcmp(how, "crash") == 0    ? twice(320)
                   : strcmp(how, "large") == 0    ? twice(20000)
                   : strcmp(how, "flush") == 0    ? after_a_flush()
                   : strcmp(how, "middle") == 0   ? into_the_middle()
                   : strcmp(how, "size") == 0     ? wrong_size()
                   : strcmp(how, "at-once") == 0  ? large_at_once()
                   : strcmp(how, "out") == 0      ? large_out_of_a_cache()
                   : strcmp(how, "in") == 0       ? large_in_a_cache()
                   : strcmp(how, "flushed") == 0  ? flushed_twice()
                   : strcmp(how, "sized") == 0    ? small_size_of_a_large_one()
                   : strcmp(how, "threads") == 0  ? two_threads()
                   : strcmp(how, "stack") == 0    ? cache_stack()
                   : strcmp(how, "contents") == 0 ? contents()
                   : strcmp(how, "guard") == 0    ? guard_page()
                                                  : 0;
    printf("at 0x%lx\nready\n", (unsigned long)at);
    fflush(stdout);
    if (strcmp(how, "crash") == 0) {
        je_free((void *)0x123456789000);
    }
    for (;;) {
        pause();
    }
}
