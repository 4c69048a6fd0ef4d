#include "spy.h"

static bool touches(const struct spy *spy, uint64_t addr, size_t len) {
    return addr < spy->fail_addr + spy->fail_len && spy->fail_addr < addr + len;
}

static enum jh_status read_under(struct spy *spy, uint64_t addr, void *dst, size_t len,
                                 size_t *got) {
    if (touches(spy, addr, len) || (spy->fail_nth && spy->reads == spy->fail_nth)) {
        *got = 0;
        return spy->fail;
    }
    return spy->under.read(spy->under.arg, addr, dst, len, got);
}

static enum jh_status count_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct spy *spy = arg;
    spy->reads++;
    return read_under(spy, addr, dst, len, got);
}

static enum jh_status count_gather(void *arg, struct jh_span *span, size_t count) {
    struct spy *spy = arg;
    spy->gathers++;
    if (spy->gather_fails) {
        return JH_READ_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        span[i].got = 0;
        if (spy->gather_forgets) {
            continue;
        }
        (void)read_under(spy, span[i].addr, span[i].dst, span[i].len, &span[i].got);
    }
    return JH_OK;
}

struct jh_reader spy_read(struct spy *spy) {
    return (struct jh_reader){.read = count_read, .arg = spy};
}

struct jh_reader spy_gather(struct spy *spy) {
    return (struct jh_reader){.read = count_read, .gather = count_gather, .arg = spy};
}
