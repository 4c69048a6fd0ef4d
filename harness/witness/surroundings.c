/* surroundings: what real programs have around their heap, and what a reader has stumbled over:
 * address space that is reserved and never used, the program's own file mapped a second time far
 * away from the first, memory that is in no core. */
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <jemalloc/jemalloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* 32 MiB of text in front of what jemalloc keeps in .data and .bss, when compiled so. */
#ifdef WITNESS_TEXT
__asm__(".pushsection .text\n.fill 0x2000000, 1, 0x90\n.popsection");
#endif

static void *map(size_t size, int protection, int flags, int fd, off_t offset) {
    void *memory = mmap(NULL, size, protection, flags, fd, offset);
    if (memory == MAP_FAILED) {
        die("mmap: %s.", strerror(errno));
    }
    return memory;
}

/* MariaDB reserves as much for a buffer pool that may grow. */
static void reserve(void) {
    map((size_t)8 << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Code, as V8 maps it again beside what it makes itself; and all of the file, as it is mapped to
 * look up names of functions. The heap grows between these and the program. */
static void map_again(void) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        die("/proc/self/exe: %s.", strerror(errno));
    }
    map(1 << 20, PROT_READ, MAP_PRIVATE, fd, 0);
    map(1 << 19, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 1 << 16);
    close(fd);
}

/* ---- memory that is in no core --------------------------------------------------------------- */

static void *hook_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
                        bool *zero, bool *commit, unsigned arena) {
    (void)hooks, (void)arena;
    size_t room = size + alignment;
    if (new_addr != NULL) {
        return NULL; /* in place of another: jemalloc asks again for any place */
    }
    char *memory = map(room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory += (alignment - (uintptr_t)memory % alignment) % alignment;
    if (madvise(memory, size, MADV_DONTDUMP) != 0) {
        die("madvise: %s.", strerror(errno));
    }
    *zero = *commit = true;
    return memory;
}

static bool hook_split(extent_hooks_t *hooks, void *addr, size_t size, size_t a, size_t b,
                       bool committed, unsigned arena) {
    (void)hooks, (void)addr, (void)size, (void)a, (void)b, (void)committed, (void)arena;
    return false;
}

static bool hook_merge(extent_hooks_t *hooks, void *a, size_t a_size, void *b, size_t b_size,
                       bool committed, unsigned arena) {
    (void)hooks, (void)a, (void)a_size, (void)b, (void)b_size, (void)committed, (void)arena;
    return false;
}

/* A cache in an arena of its own: what it holds and jemalloc's own structures for it. It is mapped
 * last, so that it has the lowest addresses, and its extents are the first of a walk. */
static void leave_out(void) {
    static extent_hooks_t hooks = {.alloc = hook_alloc, .split = hook_split, .merge = hook_merge};
    extent_hooks_t *own = &hooks;
    unsigned arena;
    size_t got = sizeof(arena);
    if (je_mallctl("arenas.create", &arena, &got, &own, sizeof(own)) != 0) {
        die("arenas.create fails.");
    }
    for (size_t i = 0; i < 3000; i++) {
        need(je_mallocx(64 + i % 9000, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE));
    }
}

bool surroundings_make(const char *name, enum surroundings when) {
    static const struct {
        const char *name;
        enum surroundings when;
        void (*make)(void);
    } known[] = {{"reserved", SURROUNDINGS_BEFORE, reserve},
                 {"file", SURROUNDINGS_BEFORE, map_again},
                 {"left-out", SURROUNDINGS_AFTER, leave_out}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i].name) == 0) {
            if (known[i].when == when) {
                known[i].make();
            }
            return true;
        }
    }
    return false;
}
