/* small: a program with a small jemalloc heap that holds still. Cores of it are small too. */
#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { COUNT = 400, LARGE = 100000, SECONDS = 900 };

static void *kept[COUNT];

int main(void) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    for (int i = 0; i < COUNT; i++) {
        kept[i] = je_malloc((size_t)i * 13 + 1);
    }
    void *large = je_mallocx(LARGE, MALLOCX_TCACHE_NONE);
    printf("first %p\nlarge %p\nusable %zu\nstack %p\ncode %p\nready\n", kept[0], large,
           je_malloc_usable_size(large), (void *)&large, (void *)main);
    fflush(stdout);
    alarm(SECONDS); /* never left behind */
    pause();
    return 0;
}
