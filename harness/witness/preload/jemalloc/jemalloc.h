/* What the witness in somebody else's program asks of a jemalloc that it has no header of: a
 * library as distributions ship it, without a prefix. The same in all of 5.x. */
#ifndef PRELOAD_JEMALLOC_H
#define PRELOAD_JEMALLOC_H

#include <stddef.h>

#define je_mallctl mallctl
#define je_mallctlnametomib mallctlnametomib
#define je_mallctlbymib mallctlbymib
#define je_sallocx sallocx
#define je_nallocx nallocx
#define je_malloc_usable_size malloc_usable_size

int mallctl(const char *name, void *old, size_t *old_size, void *value, size_t value_size);
int mallctlnametomib(const char *name, size_t *mib, size_t *depth);
int mallctlbymib(const size_t *mib, size_t depth, void *old, size_t *old_size, void *value,
                 size_t value_size);
size_t sallocx(const void *memory, int flags);
size_t nallocx(size_t size, int flags);
size_t malloc_usable_size(void *memory);

#define MALLOCX_ALIGN(alignment) ((int)__builtin_ctzll(alignment))

#endif
