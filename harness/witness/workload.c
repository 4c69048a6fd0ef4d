/* workload: a heap with something of everything.
 *
 * The threads take turns, so that a seed gives the same calls in the same order every time (their
 * addresses differ, by ASLR), and none of them ends before the witness does. */
#include "workload.h"

#include <jemalloc/jemalloc.h>
#include <string.h>

/* ---- mallctl --------------------------------------------------------------------------------- */

static void control(const char *name, void *old, size_t old_size, void *new, size_t new_size) {
    size_t got = old_size;
    int error = je_mallctl(name, old, old == NULL ? NULL : &got, new, new_size);
    if (error != 0) {
        die("mallctl %s: %s.", name, strerror(error));
    }
}

unsigned workload_control(const char *name) {
    unsigned value;
    control(name, &value, sizeof(value), NULL, 0);
    return value;
}

static size_t control_size(const char *form, unsigned index) {
    char name[64];
    size_t value;
    snprintf(name, sizeof(name), form, index);
    control(name, &value, sizeof(value), NULL, 0);
    return value;
}

static void set_decay(const struct workload *load, unsigned arena, const char *kind,
                      ssize_t milliseconds) {
    char name[64];
    if (load->configured_decay) {
        return;
    }
    snprintf(name, sizeof(name), "arena.%u.%s_decay_ms", arena, kind);
    control(name, NULL, 0, &milliseconds, sizeof(milliseconds));
}

/* What is freed here stays dirty until workload_purge(), and what is muzzy by then stays so. */
static void make_arenas(struct workload *load) {
    for (unsigned i = 0; i < WORKLOAD_ARENAS; i++) {
        load->arena[i] = workload_control("arenas.create");
        set_decay(load, load->arena[i], "dirty", -1);
        set_decay(load, load->arena[i], "muzzy", -1);
    }
}

/* Changing dirty_decay_ms to 0 makes all dirty pages muzzy, arena.<i>.purge makes them retained. A
 * dirty_decay_ms that is 0 when pages are freed would not do: those go past muzzy (arena.c,
 * arena_handle_deferred_work in 5.3, arena_extents_dirty_dalloc before). */
void workload_purge(struct workload *load) {
    char name[64];
    set_decay(load, load->arena[ARENA_MUZZY], "dirty", 0);
    set_decay(load, load->arena[ARENA_MUZZY], "dirty", -1);
    snprintf(name, sizeof(name), "arena.%u.purge", load->arena[ARENA_PURGED]);
    control(name, NULL, 0, NULL, 0);
}

/* All that is allocated in it goes with it, and its place in the arena table is empty. */
void workload_destroy(unsigned arena) {
    char name[64];
    snprintf(name, sizeof(name), "arena.%u.destroy", arena);
    control(name, NULL, 0, NULL, 0);
}

static void list_classes(struct workload *load) {
    unsigned small = workload_control("arenas.nbins");
    unsigned large = workload_control("arenas.nlextents");
    for (unsigned i = 0; i < small + large && load->classes < WORKLOAD_CLASSES_MAX; i++) {
        size_t size = i < small ? control_size("arenas.bin.%u.size", i)
                                : control_size("arenas.lextent.%u.size", i - small);
        if (size <= WORKLOAD_LARGEST) {
            load->class_size[load->classes++] = size;
        }
    }
    load->small_classes = small;
}

/* ---- threads --------------------------------------------------------------------------------- */

static void wait_for_turn(struct worker *worker, unsigned round) {
    struct workload *load = worker->load;
    pthread_mutex_lock(&load->mutex);
    while (load->turn != round * load->threads + worker->index) {
        pthread_cond_wait(&load->changed, &load->mutex);
    }
    pthread_mutex_unlock(&load->mutex);
}

static void end_turn(struct workload *load) {
    pthread_mutex_lock(&load->mutex);
    load->turn++;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->mutex);
}

/* A thread that ended would flush its cache. */
static _Noreturn void park(struct workload *load) {
    pthread_mutex_lock(&load->mutex);
    load->parked++;
    pthread_cond_broadcast(&load->changed);
    for (;;) {
        pthread_cond_wait(&load->changed, &load->mutex);
    }
}

static void *work(void *arg) {
    struct worker *worker = arg;
    struct workload *load = worker->load;
    for (unsigned round = 0; round < workload_round_count; round++) {
        wait_for_turn(worker, round);
        workload_rounds[round](worker);
        end_turn(load);
    }
    worker->cache = cache_of_this_thread();
    worker->owner = owner_of_this_thread();
    park(load);
}

static void start(struct workload *load, unsigned index) {
    struct worker *worker = &load->worker[index];
    worker->load = load;
    worker->index = index;
    worker->dice.state = load->seed * 0x10001 + index;
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        die("Cannot start thread %u.", index);
    }
}

void workload_run(struct workload *load) {
    pthread_mutex_init(&load->mutex, NULL);
    pthread_cond_init(&load->changed, NULL);
    make_arenas(load);
    list_classes(load);
    for (unsigned i = 0; i < load->threads; i++) {
        start(load, i);
    }
    pthread_mutex_lock(&load->mutex);
    while (load->parked < load->threads) {
        pthread_cond_wait(&load->changed, &load->mutex);
    }
    pthread_mutex_unlock(&load->mutex);
}

size_t workload_live(const struct workload *load) {
    size_t live = 0;
    for (unsigned i = 0; i < load->threads; i++) {
        live += load->worker[i].count;
    }
    return live;
}
