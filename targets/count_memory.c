#include "count_memory.h"

#include <malloc.h>

#define EACH 64
#define ANY (1U << 20)

/* The linker's names: calls of malloc() come here, __real_malloc() is the C library's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);
char *__wrap_strdup(const char *text);

static int64_t now, peak; /* bytes; negative when memory is freed that was allocated elsewhere */

static void *counted(void *block) {
    now += block ? (int64_t)malloc_usable_size(block) : 0;
    peak = now > peak ? now : peak;
    return block;
}

void *__wrap_malloc(size_t size) {
    return counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size) {
    int64_t was = old ? (int64_t)malloc_usable_size(old) : 0;
    void *block = __real_realloc(old, size);
    now -= block ? was : 0;
    return counted(block);
}

void __wrap_free(void *old) {
    now -= old ? (int64_t)malloc_usable_size(old) : 0;
    __real_free(old);
}

char *__wrap_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void fuzz_memory_start(void) {
    now = peak = 0;
}

void fuzz_memory_check(size_t size) {
    FUZZ_CHECK(peak <= ANY + EACH * (int64_t)size);
}
