/* progress.c - reports progress of long work to the caller, who may end it. Pages of a large core
 * are given back to the kernel while it is read, so that it does not fill the memory. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "image/inside.h"

#define EVERY 64                    /* reads between two reports */
#define LARGE (UINT64_C(64) << 20)  /* a core with fewer bytes on the disk may stay in memory */
#define BEHIND (UINT64_C(16) << 20) /* bytes that are read before pages are given back */
#define PAGE 4096
#define FAULT (64u << 10) /* bytes of a file that one fault maps, at most */

bool jt_go_on(struct jt_target *target, const char *doing, uint64_t done, uint64_t all) {
    struct jt_private *p = target->priv;
    if (!p->given_up && p->watch != NULL) {
        p->doing = doing;
        p->given_up = !p->watch(p->watch_arg, doing, done, all);
    }
    return !p->given_up;
}

/* What is read again and again is in memory once. Faults of any kind are counted, so that there is
 * less of the core than this. */
static bool is_much(struct jt_private *p) {
    struct rusage usage = {.ru_minflt = 0};
    (void)getrusage(RUSAGE_SELF, &usage);
    uint64_t faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    bool much = (faults - p->faults) * FAULT >= BEHIND + p->stays;
    p->faults = much ? faults : p->faults;
    return much;
}

void jt_give_back(struct jt_target *target, uint64_t bytes) {
    struct jt_private *p = target->priv;
    p->behind += bytes;
    if (p->behind < BEHIND || !p->core_mapped) {
        return;
    }
    p->behind = 0;
    if (is_much(p)) {
        (void)madvise((void *)(uintptr_t)p->core, p->core_size, MADV_DONTNEED);
    }
}

/* ---- a reader that reports progress, in front of the target's reader ------------------------ */

static bool count_bytes(struct jt_target *target, uint64_t bytes) {
    struct jt_private *p = target->priv;
    p->read += bytes;
    jt_give_back(target, bytes > PAGE ? bytes : PAGE);
    if (--p->until == 0) {
        p->until = EVERY;
        return jt_go_on(target, p->opened ? "reading the heap" : "looking for the heap", p->read,
                        0);
    }
    return !p->given_up;
}

static enum jh_status watch_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct jt_target *target = arg;
    const struct jh_reader *inner = &target->priv->inner;
    *got = 0;
    return count_bytes(target, len) ? inner->read(inner->arg, addr, dst, len, got) : JH_LIMIT;
}

static const void *watch_lend(void *arg, uint64_t addr, size_t len) {
    struct jt_target *target = arg;
    const struct jh_reader *inner = &target->priv->inner;
    return count_bytes(target, len) ? inner->lend(inner->arg, addr, len) : NULL;
}

static enum jh_status watch_gather(void *arg, struct jh_span *span, size_t count) {
    struct jt_target *target = arg;
    const struct jh_reader *inner = &target->priv->inner;
    return count_bytes(target, count * PAGE) ? inner->gather(inner->arg, span, count) : JH_LIMIT;
}

static uint64_t watch_next(void *arg, uint64_t addr) {
    const struct jh_reader *inner = &((const struct jt_target *)arg)->priv->inner;
    return inner->next(inner->arg, addr);
}

static uint64_t watch_nonzero(void *arg, uint64_t addr) {
    const struct jh_reader *inner = &((const struct jt_target *)arg)->priv->inner;
    return inner->nonzero(inner->arg, addr);
}

static bool watch_retry(void *arg, unsigned times) {
    const struct jt_private *p = ((const struct jt_target *)arg)->priv;
    return !p->given_up && p->inner.retry(p->inner.arg, times);
}

void jt_watch_reader(struct jt_target *target) {
    struct jt_private *p = target->priv;
    if (p->watch == NULL && (!p->core_mapped || jt_core_bytes(target) < LARGE)) {
        return;
    }
    p->inner = target->heap.reader;
    p->until = 1;
    target->heap.reader =
        (struct jh_reader){.read = watch_read,
                           .lend = p->inner.lend != NULL ? watch_lend : NULL,
                           .gather = p->inner.gather != NULL ? watch_gather : NULL,
                           .next = watch_next,
                           .nonzero = p->inner.nonzero != NULL ? watch_nonzero : NULL,
                           .retry = p->inner.retry != NULL ? watch_retry : NULL,
                           .arg = target};
}
