/* misuse: a program that gives memory back wrongly, once, in the way that its argument names.
 * Prints the address, then holds still. */
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept[8],
    *volatile others[8]; /* what is freed twice is no mistake to a compiler then */

static uintptr_t twice(size_t size) {
    kept[0] = je_malloc(size);
    kept[1] = je_malloc(size);
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

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < 8; i++) {
        others[i] = je_malloc(1000 + 4000 * i);
    }
    uintptr_t at = strcmp(how, "twice") == 0    ? twice(320)
                   : strcmp(how, "large") == 0  ? twice(20000)
                   : strcmp(how, "flush") == 0  ? after_a_flush()
                   : strcmp(how, "middle") == 0 ? into_the_middle()
                   : strcmp(how, "size") == 0   ? wrong_size()
                                                : 0;
    printf("at 0x%lx\nready\n", (unsigned long)at);
    fflush(stdout);
    for (;;) {
        pause();
    }
}
