/* fail_alloc - to be preloaded: the FAIL_ALLOC-th allocation of the program fails, and that one
 * alone. Libraries' allocations count as well. Says so on stderr when it has happened, and at the
 * end how many blocks were not given back. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *block);

static unsigned long *left; /* 0: none is to fail any more; one count for all processes */
static long live;           /* blocks, from the start on */
static pid_t program;

__attribute__((constructor)) static void start(void) {
    const char *text = getenv("FAIL_ALLOC");
    left = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (left == MAP_FAILED) {
        _exit(99);
    }
    *left = text ? strtoul(text, NULL, 10) : 0;
    program = getpid();
}

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        _exit(99);
    }
}

__attribute__((destructor)) static void end(void) {
    char text[64];
    snprintf(text, sizeof(text), "fail_alloc: %ld live\n", live);
    if (getpid() == program) {
        say(text);
    }
}

static int fails(void) {
    if (!left || *left == 0 || --*left != 0) {
        return 0;
    }
    say("fail_alloc: now\n");
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block) {
    live += block != NULL;
    return block;
}

void *malloc(size_t size) {
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size) {
    void *block = fails() ? NULL : __libc_realloc(old, size);
    return old ? block : counted(block);
}

void free(void *block) {
    live -= block != NULL;
    __libc_free(block);
}
