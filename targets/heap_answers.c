/* heap_answers.c - relations that hold for each single answer, whatever the memory has and whether
 * it changes. */
#include "heap_checks.h"

#include "rules.h"

#define MARKED 0xa5

static void mark(void *out, size_t size) {
    memset(out, MARKED, size);
}

static bool is_marked(const void *out, size_t size) {
    const uint8_t *byte = out;
    return byte[0] == MARKED && memcmp(byte, byte + 1, size - 1) == 0;
}

static enum jh_status outcome(enum jh_status status, const struct jh_fault *fault, const void *out,
                              size_t size) {
    if (status != JH_OK) {
        fuzz_check_fault(status, fault);
        FUZZ_CHECK(is_marked(out, size));
    }
    return status;
}

static void check_extent(const struct jh_heap *heap, const struct jh_extent *e) {
    FUZZ_CHECK(!e->at || jh_extent_check(heap->layout, e, NULL) == JH_OK);
}

static void check_extent_of(const struct jh_heap *heap, uint64_t addr, const struct jh_extent *e) {
    check_extent(heap, e);
    FUZZ_CHECK(!e->at || addr - e->base < e->size);
}

enum jh_status heap_answers_lookup(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                                   struct jh_fault *fault) {
    mark(out, sizeof(*out));
    enum jh_status status = outcome(jh_lookup(heap, addr, out, fault), fault, out, sizeof(*out));
    if (status == JH_OK) {
        check_extent_of(heap, addr, out);
    }
    return status;
}

void heap_answers_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                       struct jh_extent *out, enum jh_status *status) {
    mark(out, count * sizeof(*out));
    jh_lookup_many(heap, addr, count, out, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] == JH_OK) {
            check_extent_of(heap, addr[i], &out[i]);
        } else {
            FUZZ_CHECK(is_marked(&out[i], sizeof(out[i])));
        }
    }
}

typedef enum jh_status ask_fn(const struct jh_heap *heap, uint64_t addr, struct jh_extent *out,
                              struct jh_fault *fault);

static enum jh_status neighbour(ask_fn *ask, const struct jh_heap *heap, uint64_t addr,
                                struct jh_extent *out) {
    struct jh_fault fault;
    mark(out, sizeof(*out));
    enum jh_status status = outcome(ask(heap, addr, out, &fault), &fault, out, sizeof(*out));
    if (status == JH_OK) {
        check_extent(heap, out);
    }
    return status;
}

enum jh_status heap_answers_before(const struct jh_heap *heap, uint64_t addr,
                                   struct jh_extent *out) {
    return neighbour(jh_before, heap, addr, out);
}

enum jh_status heap_answers_after(const struct jh_heap *heap, uint64_t addr,
                                  struct jh_extent *out) {
    return neighbour(jh_after, heap, addr, out);
}

enum jh_status heap_answers_locate(const struct jh_heap *heap, uint64_t addr,
                                   struct jh_location *out) {
    struct jh_fault fault;
    mark(out, sizeof(*out));
    enum jh_status status = outcome(jh_locate(heap, addr, out, &fault), &fault, out, sizeof(*out));
    if (status == JH_OK && out->owned) {
        const struct jh_extent *e = &out->extent;
        check_extent_of(heap, addr, e);
        FUZZ_CHECK(e->at && out->offset < out->size && out->start + out->offset == addr);
        FUZZ_CHECK(out->start >= e->base && out->start - e->base <= e->size);
    }
    return status;
}

enum jh_status heap_answers_slab(const struct jh_heap *heap, const struct jh_extent *e,
                                 uint64_t addr, struct jh_slab *out) {
    struct jh_fault fault;
    mark(out, sizeof(*out));
    enum jh_status status = outcome(jh_slab_read(heap, e, out, &fault), &fault, out, sizeof(*out));
    FUZZ_CHECK(jh_extent_is_slab(e) ? status == JH_OK || status == JH_ABSENT
                                    : status == JH_UNSUPPORTED);
    if (status == JH_OK) {
        FUZZ_CHECK(out->nfree <= out->nregs && jh_slab_region(heap->layout, e, addr) <= out->nregs);
    }
    return status;
}
