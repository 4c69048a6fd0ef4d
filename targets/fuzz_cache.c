/* Target functions: jh_cache_form, jh_cache_bin_at, jh_cache_bin_decode, jh_cache_bin_read.
 *
 * Relations: a bin that is written by jemalloc's rules (write_cache.c) is decoded to what was
 * written; bytes of any value are refused or give what a naive look at them gives, never more items
 * than fit, and none outside of the stack; a bin that is read is the same, at its address, or
 * absent; no two bins of a cache share a byte. */
#include "write_cache.h"

#define SAME(a, b)                                                                                 \
    FUZZ_CHECK((a).used == (b).used && (a).ncached == (b).ncached &&                               \
               (a).ncached_max == (b).ncached_max && (a).stashed == (b).stashed &&                 \
               (a).items == (b).items && (a).stash == (b).stash)

#define FORMS_MAX 256

/* The form of caches of each layout is made once, because it takes a hundred rows of structs. */
static const struct jh_cache_form *form_of(const struct jh_layout *l) {
    static struct jh_cache_form form[FORMS_MAX];
    size_t i = (size_t)(l - fuzz_layout_nth(0));
    FUZZ_CHECK(i < FORMS_MAX);
    if (form[i].bin_size == 0) {
        FUZZ_CHECK(jh_cache_form(l, &form[i], NULL) == JH_OK);
    }
    return &form[i];
}

static void check_form(const struct jh_layout *l, const struct jh_cache_form *f) {
    const struct fuzz_bin_form x = fuzz_bin_form(&l->build);
    FUZZ_CHECK(f->bin_size == x.size && f->top == x.top && f->low_water == x.low_water);
    FUZZ_CHECK(f->cursor == (l->build.version >= JH_5_3_0) && f->ncached_max == x.most);
    FUZZ_CHECK(f->full == x.full && f->empty == x.empty && f->ncached == x.ncached);
    FUZZ_CHECK(f->slots >= l->sc_nbins && f->slots <= l->sc_nsizes);
    FUZZ_CHECK(f->bin_size <= JH_CACHE_BIN_MAX && f->slots <= JH_CACHE_BINS_MAX);
}

/* Bins of small classes are adjacent, and those of large classes follow them. */
static void check_place(const struct jh_layout *l, const struct jh_cache_form *f, uint64_t cache,
                        uint32_t szind) {
    uint64_t at = jh_cache_bin_at(l, f, cache, szind);
    uint64_t next = jh_cache_bin_at(l, f, cache, szind + 1);
    FUZZ_CHECK(at - cache < UINT32_MAX && next - cache >= at - cache + f->bin_size);
    FUZZ_CHECK(next - at == f->bin_size || szind + 1 == l->sc_nbins);
}

/* ---- bins that are written, then decoded ---------------------------------------------------- */

static void check_written(const struct jh_layout *l, const struct jh_cache_form *f,
                          struct fuzz_input *in) {
    uint8_t bytes[FUZZ_BIN_MAX];
    struct jh_cache_bin bin = {.used = true}, seen;
    uint64_t word = l->build.pointer_size, last = UINT64_MAX >> (64 - 8 * word);
    bin.ncached_max = 1 + (uint32_t)fuzz_take(in, 2) % (65535 / (uint32_t)word);
    bin.ncached = (uint32_t)fuzz_take(in, 2) % (bin.ncached_max + 1);
    uint32_t low_water = (uint32_t)fuzz_take(in, 2) % (bin.ncached + 1);
    bin.stashed = f->cursor ? (uint32_t)fuzz_take(in, 2) % (bin.ncached_max - bin.ncached + 1) : 0;
    bin.items = (fuzz_take(in, 8) & last / 2) | 0x10000;
    uint64_t end = bin.items + word * bin.ncached;
    bin.stash = f->cursor ? end - word * bin.ncached_max : 0;
    fuzz_write_bin(&l->build, &bin, low_water, bytes);
    FUZZ_CHECK(jh_cache_bin_decode(l, f, bytes, bin.ncached_max, &seen, NULL) == JH_OK);
    SAME(bin, seen);
}

/* ---- bytes of any value --------------------------------------------------------------------- */

/* The distance down from one address to another, of which only the low 16 bits are known. */
static uint32_t down(uint64_t from, uint64_t to) {
    return (uint32_t)((0x10000 + from % 0x10000 - to % 0x10000) % 0x10000);
}

/* Decodes a bin in the simplest way. False: no operation of jemalloc leaves these bytes. */
static bool naive(const struct jh_build *b, const uint8_t *bytes, uint32_t capacity,
                  struct jh_cache_bin *out) {
    const struct fuzz_bin_form f = fuzz_bin_form(b);
    uint32_t word = b->pointer_size;
    uint64_t top = fuzz_load(b, bytes + f.top, word), empty = fuzz_load(b, bytes + f.empty, 2);
    if (b->version < JH_5_3_0) {
        int32_t count = (int32_t)fuzz_load(b, bytes + f.ncached, 4);
        int32_t low = (int32_t)fuzz_load(b, bytes + f.low_water, 4);
        int32_t most = capacity ? (int32_t)capacity : 65536;
        out->used = top != 0;
        out->ncached = !out->used || count < 0 ? 0 : (uint32_t)count;
        out->ncached_max = capacity;
        out->items = out->used ? top - (uint64_t)word * out->ncached : 0;
        return !out->used || (count >= -1 && count <= most && low >= -1 && low <= most);
    }
    uint32_t room = down(empty, fuzz_load(b, bytes + f.full, 2)), held = down(empty, top);
    uint32_t low = down(empty, fuzz_load(b, bytes + f.low_water, 2));
    uint32_t most = f.most ? (uint32_t)fuzz_load(b, bytes + f.most, 2) : capacity;
    most = most ? most : room / word;
    out->used = top != 0 && (room != 0 || (!f.most && capacity != 0));
    if (!out->used) {
        return top == 0 || held == 0;
    }
    out->ncached = held / word;
    out->ncached_max = most;
    out->items = top;
    out->stashed = most - room / word;
    out->stash = top + held - (uint64_t)word * most;
    return room % word == 0 && held % word == 0 && held <= room && low <= room &&
           room <= most * word && most * word < 0x10000;
}

static enum jh_status check_bytes(const struct jh_layout *l, const struct jh_cache_form *f,
                                  const uint8_t *bytes, uint32_t capacity,
                                  struct jh_cache_bin *seen) {
    struct jh_cache_bin x = {.at = 0};
    struct jh_fault fault = {.status = JH_OK};
    seen->at = 1;
    enum jh_status status = jh_cache_bin_decode(l, f, bytes, capacity, seen, &fault);
    FUZZ_CHECK((status == JH_OK) == naive(&l->build, bytes, capacity, &x));
    FUZZ_CHECK(fault.status == status && (status == JH_OK || status == JH_CORRUPT));
    if (status != JH_OK) {
        FUZZ_CHECK(seen->at == 1 && fault.rule != NULL);
        return status;
    }
    SAME(x, *seen);
    FUZZ_CHECK(seen->ncached_max == 0 || seen->ncached + seen->stashed <= seen->ncached_max);
    return status;
}

/* ---- bins that are read from memory --------------------------------------------------------- */

/* A reader that has the bytes of the bin only. */
static enum jh_status read_bin(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct jh_segment *bin = arg;
    bool here = addr == bin->addr && len <= bin->len;
    *got = here ? len : 0;
    memcpy(dst, bin->bytes, *got);
    return here ? JH_OK : JH_ABSENT;
}

static void check_read(const struct jh_layout *l, const struct jh_cache_form *f, uint64_t cache,
                       uint32_t szind, struct jh_segment *segment, uint32_t capacity,
                       enum jh_status decoded, const struct jh_cache_bin *bin) {
    struct jh_heap heap = {.reader = {.read = read_bin, .arg = segment}, .layout = l};
    struct jh_cache_bin seen = {.at = 1};
    struct jh_fault fault = {.addr = 1};
    segment->addr = jh_cache_bin_at(l, f, cache, szind);
    enum jh_status status = jh_cache_bin_read(&heap, f, cache, szind, capacity, &seen, &fault);
    FUZZ_CHECK(status == decoded);
    if (status != JH_OK) {
        FUZZ_CHECK(seen.at == 1 && fault.addr == segment->addr);
    } else {
        FUZZ_CHECK(seen.at == segment->addr && seen.szind == szind);
        SAME(seen, *bin);
    }
    segment->len = f->bin_size - 1U;
    seen.at = 1;
    FUZZ_CHECK(jh_cache_bin_read(&heap, f, cache, szind, capacity, &seen, &fault) == JH_ABSENT);
    FUZZ_CHECK(seen.at == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    const struct jh_layout *l = fuzz_layout(&in);
    const struct jh_cache_form *f = form_of(l);
    uint32_t capacity = (uint32_t)fuzz_take(&in, 2) * !f->ncached_max; /* 0: the bin has it */
    uint64_t cache = fuzz_take(&in, 8) & UINT64_MAX >> (65 - 8 * l->build.pointer_size) & ~7ULL;
    uint32_t szind = fuzz_byte(&in) % f->slots;
    uint8_t room[FUZZ_BIN_MAX];
    uint8_t *bytes = room + sizeof(room) - f->bin_size; /* nothing behind it is readable */
    struct jh_cache_bin bin;
    check_form(l, f);
    check_place(l, f, cache, szind);
    fuzz_bytes(&in, bytes, f->bin_size);
    enum jh_status status = check_bytes(l, f, bytes, capacity, &bin);
    struct jh_segment segment = {0, bytes, f->bin_size};
    check_read(l, f, cache, szind, &segment, capacity, status, &bin);
    check_written(l, f, &in);
    return 0;
}
