/* grow: a program that grows when SIGUSR1 comes: regions of 320 bytes, one large allocation more
 * and another one less. Prints both addresses. */
#include <jemalloc/jemalloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { COUNT = 1000 };

static void *kept[2 * COUNT], *volatile large[2];
static volatile sig_atomic_t more;

static void ask(int number) {
    (void)number;
    more = 1;
}

static void fill(int from, int to) {
    for (int i = from; i < to; i++) {
        kept[i] = je_malloc(320);
    }
}

int main(void) {
    signal(SIGUSR1, ask);
    fill(0, COUNT);
    large[0] = je_malloc(2 << 20);
    printf("gone %p\nready\n", large[0]);
    fflush(stdout);
    while (!more) {
        usleep(10000);
    }
    fill(COUNT, 2 * COUNT);
    large[1] = je_malloc(3 << 20);
    je_free(large[0]);
    printf("new %p\ngrown\n", large[1]);
    fflush(stdout);
    for (;;) {
        pause();
    }
}
