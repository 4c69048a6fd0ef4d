/* huge_blocks: 32 live blocks of 1 GiB that nobody touches, beside a few small ones.
 *
 * Prints the address of each block, and "ready". */
#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <unistd.h>

enum { BLOCKS = 32 };

int main(void) {
    const size_t size = (size_t)1 << 30;
    for (unsigned i = 0; i < BLOCKS; i++) {
        void *block = je_malloc(size);
        if (block == NULL) {
            return 1;
        }
        printf("block 0x%lx\n", (unsigned long)block);
        (void)je_malloc(100 * i);
    }
    printf("ready\n");
    fflush(stdout);
    alarm(3600); /* if nobody ends it */
    for (;;) {
        pause();
    }
}
