/* skeleton_watch.c - a reader that records what is read through it: so a skeleton has the bytes
 * that the decoder reads, whatever the version of jemalloc. */
#include "skeleton/inside.h"

static enum jh_status watch_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jt_watching *w = arg;
    enum jh_status status = w->inner.read(w->inner.arg, addr, dst, len, got);
    jt_ranges_add(w->seen, addr, *got);
    return status;
}

static const void *watch_lend(void *arg, uint64_t addr, size_t len) {
    const struct jt_watching *w = arg;
    const void *lent = w->inner.lend(w->inner.arg, addr, len);
    if (lent != NULL) {
        jt_ranges_add(w->seen, addr, len);
    }
    return lent;
}

static enum jh_status watch_gather(void *arg, struct jh_span *span, size_t count) {
    const struct jt_watching *w = arg;
    enum jh_status status = w->inner.gather(w->inner.arg, span, count);
    for (size_t i = 0; status == JH_OK && i < count; i++) {
        jt_ranges_add(w->seen, span[i].addr, span[i].got);
    }
    return status;
}

static uint64_t watch_next(void *arg, uint64_t addr) {
    const struct jt_watching *w = arg;
    return w->inner.next(w->inner.arg, addr);
}

static bool watch_retry(void *arg, unsigned times) {
    const struct jt_watching *w = arg;
    return w->inner.retry(w->inner.arg, times);
}

static bool watch_mapped(void *arg, uint64_t addr) {
    const struct jt_watching *w = arg;
    return w->inner.mapped(w->inner.arg, addr);
}

struct jh_heap jt_watched(const struct jt_target *target, struct jt_watching *w,
                          struct jt_ranges *seen) {
    struct jh_heap heap = target->heap;
    *w = (struct jt_watching){heap.reader, seen};
    heap.reader = (struct jh_reader){.read = watch_read,
                                     .lend = heap.reader.lend != NULL ? watch_lend : NULL,
                                     .gather = heap.reader.gather != NULL ? watch_gather : NULL,
                                     .next = heap.reader.next != NULL ? watch_next : NULL,
                                     .retry = heap.reader.retry != NULL ? watch_retry : NULL,
                                     .mapped = heap.reader.mapped != NULL ? watch_mapped : NULL,
                                     .arg = w};
    return heap;
}
