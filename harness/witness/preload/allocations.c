/* allocations: stands between the program and jemalloc, keeps the books of all that is allocated,
 * and lets nobody in any more once the heap has to stay as it is. */
#include "allocations.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the gate -------------------------------------------------------------------------------- */

/* jemalloc up to 5.1 calls its own public functions, which are these: not the program's calls. */
static __thread unsigned depth __attribute__((tls_model("initial-exec")));
static atomic_bool shut;
static atomic_uint inside; /* threads that came in and have not gone */
static __thread bool may_pass __attribute__((tls_model("initial-exec")));

static void come(void) {
    enum { MICRO = 20000 };
    if (depth++ > 0 || may_pass) {
        return;
    }
    for (atomic_fetch_add(&inside, 1); atomic_load(&shut); atomic_fetch_add(&inside, 1)) {
        atomic_fetch_sub(&inside, 1);
        while (atomic_load(&shut)) {
            usleep(MICRO);
        }
    }
}

static void go(void) {
    if (--depth == 0 && !may_pass) {
        atomic_fetch_sub(&inside, 1);
    }
}

void allocations_hold(void) {
    may_pass = true;
    atomic_store(&shut, true);
    while (atomic_load(&inside) != 0) {
        usleep(1000);
    }
}

/* ---- books: a hash table of live allocations, open, with marks where one was removed -------- */

#define SLOTS ((size_t)1 << 21)
#define REMOVED ((uintptr_t)1)

static struct {
    uintptr_t addr;
    size_t request, align;
} slot[SLOTS];

static atomic_flag busy = ATOMIC_FLAG_INIT;
static size_t live;
static unsigned long calls; /* of the allocator, all in all */

static void lock(void) {
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
    }
}

static void unlock(void) {
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static size_t slot_of(uintptr_t addr) {
    return (size_t)(addr >> 3) * 0x9e3779b97f4a7c15u >> 43;
}

static void *enter(void *memory, size_t request, size_t align) {
    if (depth > 1) {
        return memory;
    }
    lock();
    calls++;
    if (memory != NULL && live < SLOTS / 2) {
        size_t i = slot_of((uintptr_t)memory);
        while (slot[i].addr > REMOVED) {
            i = (i + 1) % SLOTS;
        }
        slot[i].addr = (uintptr_t)memory;
        slot[i].request = request;
        slot[i].align = align;
        live++;
    }
    unlock();
    return memory;
}

static void leave(void *memory) {
    if (depth > 1) {
        return;
    }
    lock();
    calls++;
    size_t i = slot_of((uintptr_t)memory);
    for (size_t n = 0; n < SLOTS && slot[i].addr != 0; n++, i = (i + 1) % SLOTS) {
        if (slot[i].addr == (uintptr_t)memory) {
            slot[i].addr = REMOVED;
            live--;
            break;
        }
    }
    unlock();
}

unsigned long allocations_calls(size_t *now_live) {
    lock();
    unsigned long count = calls;
    *now_live = live;
    unlock();
    return count;
}

size_t allocations_take(struct allocation *out, size_t room) {
    size_t count = 0;
    lock();
    for (size_t i = 0; i < SLOTS && count < room; i++) {
        if (slot[i].addr > REMOVED) {
            out[count++] =
                (struct allocation){(void *)slot[i].addr, slot[i].request, slot[i].align};
        }
    }
    unlock();
    return count;
}

/* ---- between the program and jemalloc ------------------------------------------------------- */

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        die("watch: there is no %s behind this.\n", name);
    }
    return function;
}

static void *done(void *memory) {
    go();
    return memory;
}

#define NEXT(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (real == NULL) {                                                                            \
        real = (__typeof__(&name))next(#name);                                                     \
    }

void *malloc(size_t size) {
    NEXT(malloc)
    come();
    return done(enter(real(size), size, 0));
}

void *calloc(size_t count, size_t size) {
    NEXT(calloc)
    come();
    return done(enter(real(count, size), count * size, 0));
}

void free(void *memory) {
    NEXT(free)
    if (memory != NULL) {
        come();
        leave(memory);
        real(memory);
        go();
    }
}

/* The old place is left before anybody else can be given it. */
void *realloc(void *memory, size_t size) {
    NEXT(realloc)
    come();
    if (memory != NULL) {
        leave(memory);
    }
    return done(enter(real(memory, size), size, 0));
}

/* operator delete and delete[] of a given size: from 5.2.0 on jemalloc has ones that do not come by
 * free(), while operator new of 5.2 still comes by malloc(). */
void _ZdlPvm(void *memory, size_t size);
void _ZdaPvm(void *memory, size_t size);

void _ZdlPvm(void *memory, size_t size) {
    NEXT(_ZdlPvm)
    come();
    leave(memory);
    real(memory, size);
    go();
}

void _ZdaPvm(void *memory, size_t size) {
    NEXT(_ZdaPvm)
    come();
    leave(memory);
    real(memory, size);
    go();
}

int posix_memalign(void **out, size_t align, size_t size) {
    NEXT(posix_memalign)
    come();
    int error = real(out, align, size);
    if (error == 0) {
        enter(*out, size, align);
    }
    go();
    return error;
}

void *aligned_alloc(size_t align, size_t size) {
    NEXT(aligned_alloc)
    come();
    return done(enter(real(align, size), size, align));
}

void *memalign(size_t align, size_t size);

void *memalign(size_t align, size_t size) {
    NEXT(memalign)
    come();
    return done(enter(real(align, size), size, align));
}
