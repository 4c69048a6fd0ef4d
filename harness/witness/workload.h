/* The workload: what the witness did to the heap, by its own books. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "witness.h"

#include <pthread.h>

#define WORKLOAD_THREADS_MAX 64
#define WORKLOAD_ARENAS 3
#define WORKLOAD_MORE_ARENAS_MAX 3000
#define WORKLOAD_CLASSES_MAX 512
#define WORKLOAD_LARGEST ((size_t)16 << 20)

/* What arenas 0, 1 and 2 of the workload are for: their free pages stay dirty, become muzzy, are
 * purged. The automatic arenas do as they are configured, and so do these with configured_decay. */
enum { ARENA_DIRTY, ARENA_MUZZY, ARENA_PURGED };

struct allocation {
    void *addr;
    size_t request, align; /* align 0: none was asked for */
};

struct worker {
    struct workload *load;
    unsigned index;
    struct dice dice;
    pthread_t thread;
    struct allocation *live;
    size_t count, capacity;
    size_t fixed;     /* the first so many are not changed any more */
    uintptr_t *freed; /* addresses that were given back at some time */
    size_t freed_count;
    unsigned tcache; /* an explicit one of its own */
    void *cache;     /* the thread's automatic one (cache_of_this_thread) */
    struct owner owner;
};

struct workload {
    uint64_t seed;
    unsigned threads;
    size_t allocations;   /* at least so many are live at the end */
    unsigned more_arenas; /* made besides these, every third of them destroyed again */
    bool configured_decay;
    unsigned arena[WORKLOAD_ARENAS];
    size_t class_size[WORKLOAD_CLASSES_MAX]; /* up to 16 MiB */
    unsigned classes, small_classes;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned turn;   /* whose turn it is: round * threads + index */
    unsigned parked; /* threads that are done and will not touch the heap again */
    struct worker worker[WORKLOAD_THREADS_MAX];
};

/* What each thread does in each round, and what it needs of mallctl (NAME gives an unsigned). */
typedef void round_fn(struct worker *worker);
extern round_fn *const workload_rounds[];
extern const unsigned workload_round_count;
unsigned workload_control(const char *name);
void workload_destroy(unsigned arena);
void workload_purge(struct workload *load);

/* Run it. On return all threads are parked and alive. */
void workload_run(struct workload *load);

size_t workload_live(const struct workload *load);

#endif
