/* fail_alloc - to be preloaded: the FAIL_ALLOC-th allocation of the program fails, and that one
 * alone. Libraries' allocations count as well. Says so on stderr when it has happened. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long left; /* 0: none is to fail any more */

__attribute__((constructor)) static void start(void) {
    const char *text = getenv("FAIL_ALLOC");
    left = text ? strtoul(text, NULL, 10) : 0;
}

static int fails(void) {
    static const char said[] = "fail_alloc: now\n";
    if (left == 0 || --left != 0) {
        return 0;
    }
    if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
        _exit(99);
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    return fails() ? NULL : __libc_realloc(old, size);
}
