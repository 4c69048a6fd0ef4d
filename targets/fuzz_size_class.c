/* Target functions: jh_index2size, jh_size2index, jh_lg_floor, jh_lg_ceil, jh_addr2base.
 *
 * Relations: the classes are those that a loop over the groups gives (sc.c: sc_data_init), in the
 * same order; jh_index2size and jh_size2index are inverse on them; a size belongs to the smallest
 * class that holds it; logarithms and bases are what counting gives. */
#include "builds.h"

/* The sizes of all classes in order: tiny ones; multiples of the quantum up to 4; then four steps
 * to each doubling. Returns the number of classes below 2^(bits - 1). */
static uint32_t classes(const struct jh_layout *l, unsigned bits, uint64_t *out) {
    uint64_t quantum = UINT64_C(1) << l->build.lg_quantum, size = 8, step = quantum;
    uint32_t count = 0;
    while (size < quantum) {
        out[count++] = size;
        size *= 2;
    }
    for (uint32_t regular = 1; size >> (bits - 1) == 0; regular++) {
        out[count++] = size;
        step = regular > 4 && regular % 4 == 0 ? 2 * step : step; /* the next doubling */
        size += step;
    }
    return count;
}

static void check_index(const struct jh_layout *l, const uint64_t *size, uint32_t count,
                        uint32_t index) {
    FUZZ_CHECK(jh_index2size(l, index) == (index < count ? size[index] : 0));
    if (index < count) {
        FUZZ_CHECK(jh_size2index(l, size[index]) == index);
        FUZZ_CHECK(jh_size2index(l, size[index] + 1) == index + 1);
        FUZZ_CHECK(jh_size2index(l, size[index] - 1) == index);
    }
}

static void check_logarithms(uint64_t x) {
    unsigned floor = 63;
    while (!(x >> floor & 1)) {
        floor--;
    }
    FUZZ_CHECK(jh_lg_floor(x) == floor);
    FUZZ_CHECK(jh_lg_ceil(x) == floor + (x != UINT64_C(1) << floor));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *layout = fuzz_layout(&in);
    unsigned bits = 8U * layout->build.pointer_size;
    uint64_t sizes[256], want = 0;
    uint32_t index = fuzz_byte(&in);
    uint64_t alignment = UINT64_C(1) << fuzz_byte(&in) % bits;
    fuzz_bytes(&in, &want, sizeof(want));
    uint32_t count = classes(layout, bits, sizes), smallest = 0;
    FUZZ_CHECK(count == layout->sc_nsizes);
    check_index(layout, sizes, count, index);
    while (smallest < count && sizes[smallest] < want) {
        smallest++;
    }
    FUZZ_CHECK(jh_size2index(layout, want) == smallest);
    if (want) {
        check_logarithms(want);
    }
    FUZZ_CHECK(jh_addr2base(want, alignment) == want - want % alignment);
    return 0;
}
