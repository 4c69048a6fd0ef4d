/* Target functions: jh_leaf_decode, jh_leaf_encode, jh_extent_decode, jh_slab_free,
 * jh_rtree_subkey, jh_rtree_leafkey, jh_index2size, jh_size2index, jh_lg_floor; and the test's own
 * fuzz_write_extent.
 *
 * Relation: each function answers what jemalloc's own inline function answers, compiled from the
 * headers of each jemalloc in the cache (oracles.cmake). Two bytes of the tail choose the oracle
 * and the function. The layouts are made from the constants in those headers, so they are compared
 * too.
 */
#include "oracle.h"
#include "write_extent.h"

#define ORACLES_MAX 64

static struct jh_layout layouts[ORACLES_MAX];

static void layout_of(const struct oracle *o, struct jh_layout *out) {
    struct jh_build build;
    enum jh_version version;
    FUZZ_CHECK(jh_version_parse(o->version, &version) == JH_OK);
    jh_build_init(&build, version);
    build.lg_vaddr = o->lg_vaddr;
    build.lg_page = o->lg_page;
    build.lg_quantum = o->lg_quantum;
    build.lg_slab_maxregs = version < JH_5_3_0 ? 0 : o->lg_slab_maxregs;
    build.debug = o->debug;
    build.prof = o->prof;
    build.stats = o->stats;
    build.cache_oblivious = o->cache_oblivious;
    FUZZ_CHECK(jh_layout_make(&build, out, NULL) == JH_OK);
    FUZZ_CHECK(out->leaf_size == o->leaf_size && out->extent_size == o->extent_size);
    FUZZ_CHECK(out->sc_nsizes == o->nsizes && out->sc_nbins == o->nbins);
    FUZZ_CHECK(out->sc_lg_slab_maxregs == o->lg_slab_maxregs);
}

/* Makes the layouts of all oracles at the first call. Returns their number. */
static size_t prepared(void) {
    static size_t count = SIZE_MAX;
    if (count == SIZE_MAX) {
        for (count = 0; oracles[count] && count < ORACLES_MAX; count++) {
            layout_of(oracles[count], &layouts[count]);
        }
    }
    return count;
}

static void check_leaf(const struct oracle *o, const struct jh_layout *l, const uint8_t *bytes) {
    struct jh_leaf ours, theirs = {.extent = 0};
    uint8_t ours_again[JH_LEAF_BYTES_MAX] = {0}, theirs_again[JH_LEAF_BYTES_MAX] = {0};
    jh_leaf_decode(l, bytes, &ours);
    o->leaf_get(bytes, &theirs);
    FUZZ_CHECK(ours.extent == theirs.extent && ours.szind == theirs.szind);
    FUZZ_CHECK(ours.slab == theirs.slab && ours.is_head == theirs.is_head);
    FUZZ_CHECK(ours.state_bits == theirs.state_bits);
    jh_leaf_encode(l, &ours, ours_again);
    o->leaf_set(&theirs, theirs_again);
    FUZZ_CHECK(memcmp(ours_again, theirs_again, l->leaf_size) == 0);
}

static void check_extent(const struct oracle *o, const struct jh_layout *l, const uint8_t *bytes) {
    struct jh_extent ours, theirs = {.at = 0};
    uint8_t ours_again[JH_EXTENT_HEAD_MAX], theirs_again[JH_EXTENT_HEAD_MAX] = {0};
    jh_extent_decode(l, 0, bytes, &ours);
    o->extent_get(bytes, &theirs);
    FUZZ_CHECK(ours.addr == theirs.addr && ours.base == theirs.base && ours.size == theirs.size);
    FUZZ_CHECK(ours.bsize == theirs.bsize && ours.esn == theirs.esn && ours.bits == theirs.bits);
    FUZZ_CHECK(ours.sn == theirs.sn && ours.ps == theirs.ps);
    FUZZ_CHECK(ours.arena_ind == theirs.arena_ind && ours.szind == theirs.szind);
    FUZZ_CHECK(ours.nfree == theirs.nfree && ours.bin_shard == theirs.bin_shard);
    FUZZ_CHECK(ours.state_bits == theirs.state_bits && ours.slab == theirs.slab);
    FUZZ_CHECK(ours.committed == theirs.committed && ours.dumpable == theirs.dumpable);
    FUZZ_CHECK(ours.pai == theirs.pai && ours.zeroed == theirs.zeroed);
    FUZZ_CHECK(ours.guarded == theirs.guarded && ours.is_head == theirs.is_head);
    FUZZ_CHECK(ours.pinned == theirs.pinned);
    size_t head = fuzz_write_extent(&l->build, &ours, ours_again);
    o->extent_set(&theirs, theirs_again);
    FUZZ_CHECK(memcmp(ours_again, theirs_again, head) == 0);
}

static void check_region(const struct oracle *o, const struct jh_layout *l, const uint8_t *bytes,
                         uint32_t region) {
    static struct jh_slab slab;
    memcpy(slab.bitmap, bytes, JH_EXTENT_HEAD_MAX);
    region %= 8 * JH_EXTENT_HEAD_MAX;
    FUZZ_CHECK(jh_slab_free(l, &slab, region) == o->region_free(slab.bitmap, region));
}

static void check_numbers(const struct oracle *o, const struct jh_layout *l, uint64_t x,
                          uint32_t index) {
    for (unsigned level = 0; level < l->rtree_height; level++) {
        FUZZ_CHECK(jh_rtree_subkey(l, x, level) == o->subkey(x, level));
    }
    FUZZ_CHECK(jh_rtree_leafkey(l, x) == o->leafkey(x));
    index %= l->sc_nsizes;
    FUZZ_CHECK(jh_index2size(l, index) == o->index2size(index));
    if (x) {
        FUZZ_CHECK(jh_size2index(l, x) == o->size2index(x));
        FUZZ_CHECK(jh_lg_floor(x) == o->lg_floor(x));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    uint64_t bytes[JH_EXTENT_HEAD_MAX / 8], x; /* aligned as bitmap_t is */
    size_t count = prepared();
    if (!count) {
        (void)jh_lg_floor(size + 1); /* engines give up when no instrumented code runs */
        return 0;
    }
    size_t which = fuzz_byte(&in) % count;
    bool numbers = fuzz_byte(&in) & 1;
    uint32_t index = (uint32_t)fuzz_take(&in, 2);
    fuzz_bytes(&in, bytes, sizeof(bytes));
    memcpy(&x, bytes, sizeof(x));
    const uint8_t *p = (const uint8_t *)bytes;
    if (numbers) {
        check_numbers(oracles[which], &layouts[which], x, index);
        check_region(oracles[which], &layouts[which], p, index);
    } else {
        check_leaf(oracles[which], &layouts[which], p);
        check_extent(oracles[which], &layouts[which], p);
    }
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    size_t count = prepared();
    fprintf(stderr, "%zu of jemalloc's builds are oracles\n", count);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "    %s\n", oracles[i]->name);
    }
    return 0;
}
