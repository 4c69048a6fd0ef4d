#include "cli.h"

static bool spend(struct budget *b, uint64_t reads) {
    if (b->reads_left < reads) {
        b->out = true;
    } else {
        b->reads_left -= reads;
    }
    return !b->out;
}

static enum jh_status budget_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct budget *b = arg;
    *got = 0;
    return spend(b, 1) ? b->inner.read(b->inner.arg, addr, dst, len, got) : JH_LIMIT;
}

static const void *budget_lend(void *arg, uint64_t addr, size_t len) {
    struct budget *b = arg;
    const void *lent = b->out ? NULL : b->inner.lend(b->inner.arg, addr, len);
    return lent && spend(b, 1) ? lent : NULL;
}

static enum jh_status budget_gather(void *arg, struct jh_span *span, size_t count) {
    struct budget *b = arg;
    return spend(b, count) ? b->inner.gather(b->inner.arg, span, count) : JH_LIMIT;
}

/* Every target has it, and nothing is read for it. */
static uint64_t budget_next(void *arg, uint64_t addr) {
    const struct budget *b = arg;
    return b->inner.next(b->inner.arg, addr);
}

static uint64_t budget_nonzero(void *arg, uint64_t addr) {
    const struct budget *b = arg;
    return b->inner.nonzero(b->inner.arg, addr);
}

static bool budget_retry(void *arg, unsigned times) {
    const struct budget *b = arg;
    return b->inner.retry(b->inner.arg, times);
}

static bool budget_mapped(void *arg, uint64_t addr) {
    const struct budget *b = arg;
    return b->inner.mapped(b->inner.arg, addr);
}

void budget_start(struct budget *budget, struct jh_heap *heap, uint64_t max_reads) {
    *budget = (struct budget){.inner = heap->reader, .reads_left = max_reads};
    heap->reader = (struct jh_reader){.read = budget_read,
                                      .lend = budget->inner.lend ? budget_lend : NULL,
                                      .gather = budget->inner.gather ? budget_gather : NULL,
                                      .next = budget_next,
                                      .nonzero = budget->inner.nonzero ? budget_nonzero : NULL,
                                      .retry = budget->inner.retry ? budget_retry : NULL,
                                      .mapped = budget_mapped,
                                      .arg = budget};
}
