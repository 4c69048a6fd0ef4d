/* index.c - the index of a whole heap, with the rules that one extent alone can be asked of. */
#include "heap/index.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "heap/inside.h"

enum { BATCH = 64 };

#define HUGE_PAGE ((size_t)2 << 20)

struct filler {
    struct jt_target *target;
    struct jh_index *index;
    struct jh_walk walk;
    struct jh_extent extent[BATCH]; /* that are yet to be added */
    bool sound[BATCH];
    struct jh_slab slab[BATCH];
    enum jh_status status[BATCH];
    size_t count;
};

/* A process that runs may have more by the time of the second walk. */
static uint64_t count_extents(struct filler *f) {
    struct jh_extent e;
    enum jh_status status;
    uint64_t count = 0;
    jh_walk_start(&f->walk, &f->target->heap);
    while ((status = jh_walk_next(&f->walk, &e, NULL)) != JH_END) {
        count += status == JH_OK;
    }
    return f->target->heap.reader.retry != NULL ? count + count / 4 + 64 : count;
}

static bool is_sound(struct filler *f, size_t i) {
    const struct jh_extent *e = &f->extent[i];
    struct jh_fault fault; /* not said: who asks for it is told */
    bool slab = jh_extent_is_slab(e);
    return (!slab || (f->status[i] == JH_OK &&
                      jh_slab_check(&f->target->layout, e, &f->slab[i], NULL) == JH_OK)) &&
           jt_check_one(f->target, e, &fault) == JH_OK;
}

static void add_batch(struct filler *f) {
    jh_slab_read_many(&f->target->heap, f->extent, f->count, f->slab, f->status);
    for (size_t i = 0; i < f->count; i++) {
        jh_index_add(f->index, &f->extent[i], f->sound[i] && is_sound(f, i));
    }
    f->count = 0;
}

/* What the walk says of anything is not far from the extent that it gave last, or the next. */
static void fill(struct filler *f) {
    struct jh_extent e;
    enum jh_status status;
    bool wrong = false;
    jh_walk_start(&f->walk, &f->target->heap);
    while ((status = jh_walk_next(&f->walk, &e, NULL)) != JH_END) {
        if (status != JH_OK) {
            add_batch(f);
            jh_index_doubt(f->index);
            wrong = true;
            continue;
        }
        f->extent[f->count] = e;
        f->sound[f->count++] = !wrong;
        wrong = false;
        if (f->count == BATCH) {
            add_batch(f);
        }
    }
    add_batch(f);
    jh_index_end(f->index);
}

/* Parked regions by address, as the index wants them. */
static uint64_t *sorted(const struct jt_caches *all) {
    uint64_t *addr = malloc((all->parked_count + 1) * sizeof *addr);
    for (size_t i = 0; addr != NULL && i < all->parked_count; i++) {
        addr[i] = all->parked[all->by_address[i]].addr;
    }
    return addr;
}

/* On huge pages, where there are: every address is looked for somewhere else. */
static void *memory_for(uint64_t bytes) {
    void *memory;
    size_t size = (size_t)(bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if (bytes < HUGE_PAGE) {
        return malloc(bytes);
    }
    memory = aligned_alloc(HUGE_PAGE, size);
    if (memory != NULL) {
        (void)madvise(memory, size, MADV_HUGEPAGE);
    }
    return memory;
}

static bool make(struct filler *f, struct jt_index *out) {
    const struct jt_caches *all = jt_caches(f->target);
    uint64_t extents = count_extents(f), *parked = sorted(all);
    out->memory = memory_for(jh_index_bytes(extents, all->parked_count));
    bool made = parked != NULL && out->memory != NULL &&
                jh_index_start(&out->index, &f->target->layout, out->memory, extents, parked,
                               all->parked_count) == JH_OK;
    f->target->memory_ran_out |= parked == NULL || out->memory == NULL;
    free(parked);
    if (!made) {
        free(out->memory);
        return false;
    }
    fill(f);
    /* whoever asks about many addresses comes to each structure again and again */
    f->target->priv->stays = 2 * out->index.count * f->target->layout.extent_size;
    return true;
}

bool jt_index_make(struct jt_target *target, struct jt_index *out) {
    struct filler *f = calloc(1, sizeof *f);
    if (f == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    f->target = target;
    f->index = &out->index;
    bool made = make(f, out);
    free(f);
    return made;
}

void jt_index_free(struct jt_index *index) {
    free(index->memory);
}
