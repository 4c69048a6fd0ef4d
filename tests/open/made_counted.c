#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "made_counted.h"

enum { NFREE = 3 };

#define AUTOMATIC (MADE_MODULE + 0x3100)
#define BINS 0x50000u /* in the block of each arena: 5.2's bins, behind pointers */

const enum jh_version counted_version[COUNTED_VERSIONS] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                                           JH_5_3_0, JH_5_3_1, JH_DEV};

uint64_t counted_arena(unsigned arena) {
    return (arena == 0 ? MADE_BLOCK : MADE_BLOCK5) + MADE_ARENA;
}

/* ---- where counters are ---------------------------------------------------------------------- */

static uint64_t either(struct made *m, const char *path, const char *old) {
    uint64_t offset = made_offset(m, "arena_s", path);
    return offset != UINT32_MAX ? offset : made_offset(m, "arena_s", old);
}

uint64_t counted_nactive(struct made *m, unsigned arena) {
    return counted_arena(arena) + either(m, "pa_shard.nactive", "nactive");
}

uint64_t counted_npages(struct made *m, unsigned arena) {
    return counted_arena(arena) +
           either(m, "pa_shard.pac.ecache_dirty.eset.npages", "extents_dirty.npages");
}

static uint32_t dirty_class(const struct made *m) {
    static struct jh_counting c;
    assert_int_equal(jh_counting_make(&m->target.layout, &c, NULL), JH_OK);
    return jh_page_class(&c, 0x4000);
}

/* An element of an array of words, or of structs. */
static uint64_t element(struct made *m, unsigned arena, const char *array, const char *member,
                        uint32_t index) {
    struct jh_member a;
    char path[96];
    if (jh_struct_member(&m->target.layout, "arena_s", array, &a, NULL) != JH_OK) {
        return 0;
    }
    snprintf(path, sizeof path, "%s%s%s", array, member ? "." : "", member ? member : "");
    return counted_arena(arena) + made_offset(m, "arena_s", path) + a.size * index;
}

uint64_t counted_nextents(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.nextents", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bin_stats", "nextents",
                        dirty_class(m));
}

uint64_t counted_nbytes(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.nbytes", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bin_stats", "nbytes",
                        dirty_class(m));
}

uint64_t counted_dirty_heap(struct made *m, unsigned arena) {
    uint64_t at = element(m, arena, "extents_dirty.heaps", NULL, dirty_class(m));
    return at ? at
              : element(m, arena, "pa_shard.pac.ecache_dirty.eset.bins", "heap.root",
                        dirty_class(m));
}

uint64_t counted_nmalloc(struct made *m, unsigned arena) {
    return element(m, arena, "stats.lstats", "nmalloc", 0);
}

uint64_t counted_active_bytes(struct made *m, unsigned arena) {
    return made_offset(m, "arena_s", "stats.lstats.active_bytes") == UINT32_MAX
               ? 0
               : element(m, arena, "stats.lstats", "active_bytes", 0);
}

/* The bin of class 0. */
static const char *bin_type(struct made *m) {
    return made_offset(m, "bin_s", "slabcur") != UINT32_MAX ? "bin_s" : "arena_bin_s";
}

static uint64_t bin_at(struct made *m, unsigned arena) {
    enum jh_version version = m->target.layout.build.version;
    if (version == JH_5_2_1) {
        return counted_arena(arena) - MADE_ARENA + BINS;
    }
    return counted_arena(arena) + either(m, "bins", "all_bins");
}

uint64_t counted_in_bin(struct made *m, unsigned arena, const char *path) {
    uint64_t offset = made_offset(m, bin_type(m), path);
    return offset == UINT32_MAX ? 0 : bin_at(m, arena) + offset;
}

uint64_t counted_slab_heap(struct made *m, unsigned arena) {
    uint64_t at = counted_in_bin(m, arena, "slabs_nonfull.root");
    return at ? at : counted_in_bin(m, arena, "slabs_nonfull");
}

uint64_t counted_lru(struct made *m, unsigned arena) {
    return counted_arena(arena) +
           either(m, "pa_shard.pac.ecache_dirty.eset.lru", "extents_dirty.lru");
}

uint64_t counted_large_list(struct made *m, unsigned arena) {
    return counted_arena(arena) + made_offset(m, "arena_s", "large");
}

/* ---- a heap that counts ---------------------------------------------------------------------- */

static void links(struct made *m, unsigned i, uint64_t prev, uint64_t next, uint64_t child) {
    uint64_t at = made_extent(i) + m->p.base->form.heap;
    made_word(m, at, prev);
    made_word(m, at + 4, next);
    made_word(m, at + 8, child);
}

/* A slab of class 0, one page. */
static void slab(struct made *m, unsigned i, unsigned nfree) {
    made_field(m, i, JH_EXTENT_SZIND, 0);
    made_field(m, i, JH_EXTENT_SLAB, 1);
    made_field(m, i, JH_EXTENT_NFREE, nfree);
    made_field(m, i, JH_EXTENT_BSIZE, m->target.layout.bin[0].slab_size | (i / 8 == 1));
    made_lose(m, i);
    made_leaf(m, made_base_of(i), i);
    uint64_t index = jh_rtree_subkey(&m->target.layout, made_base_of(i), 1);
    struct jh_leaf leaf;
    uint8_t *element = made_at(m, MADE_LEAF + index * m->target.layout.leaf_size);
    jh_leaf_decode(&m->target.layout, element, &leaf);
    leaf.slab = true;
    jh_leaf_encode(&m->target.layout, &leaf, element);
}

/* Extents 0, 2, 4 are slabs: 0 is slabcur, 2 leads to 4. */
static void bins(struct made *m) {
    const struct jh_layout *l = &m->target.layout;
    for (unsigned i = 0; i < 6; i += 2) {
        slab(m, i, NFREE);
    }
    made_word(m, counted_in_bin(m, 0, "slabcur"), made_extent(0));
    made_word(m, counted_slab_heap(m, 0), made_extent(2));
    links(m, 0, 0x41414141, 0x41414141, 0x41414141); /* left over from when it was in the heap */
    links(m, 2, 0, 0, made_extent(4));
    links(m, 4, made_extent(2), 0, 0);
    made_word(m, counted_in_bin(m, 0, "stats.curregs"), 3 * (l->bin[0].nregs - NFREE));
    made_word(m, counted_in_bin(m, 0, "stats.curslabs"), 3);
    if (counted_in_bin(m, 0, "stats.nonfull_slabs")) {
        made_word(m, counted_in_bin(m, 0, "stats.nonfull_slabs"), 2);
    }
}

/* Those of arena 5 are full: it was made by the program, so they and large ones are in lists. */
static void lists(struct made *m) {
    slab(m, 16, 0);
    slab(m, 18, 0);
    made_word(m, counted_in_bin(m, 5, "slabs_full"), made_extent(18));
    made_word(m, counted_large_list(m, 5), made_extent(20));
    for (unsigned i = 16; i < 24; i += 2) { /* 16 and 18, 20 and 22 */
        uint64_t at = made_extent(i) + m->p.base->form.active;
        made_word(m, at, made_extent(i ^ 2));
        made_word(m, at + 4, made_extent(i ^ 2));
    }
    made_word(m, counted_in_bin(m, 5, "stats.curregs"), 2 * m->target.layout.bin[0].nregs);
    made_word(m, counted_in_bin(m, 5, "stats.curslabs"), 2);
}

/* Dirty ones in a list, and in a heap: the first has a child, which has a sibling, which has one...
 */
static void counted(struct made *m, unsigned arena, unsigned from, unsigned to) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t large = 0, pages = 0;
    made_word(m, counted_dirty_heap(m, arena), made_extent(from + 1));
    for (unsigned i = from; i < to; i++) {
        struct jh_extent e;
        jh_extent_decode(l, made_extent(i), made_at(m, made_extent(i)), &e);
        large += e.allocated && !e.slab;
        pages += e.allocated ? e.size / 4096 : 0;
        if (i % 2 == 1) {
            unsigned count = to - from;
            made_link(m, i, from + (i - from + 2) % count, from + (i - from + count - 2) % count);
            uint64_t next = i + 2 < to ? made_extent(i + 2) : 0;
            links(m, i, i == from + 1 ? 0 : made_extent(i - 2), i == from + 1 ? 0 : next,
                  i == from + 1 ? next : 0);
        }
    }
    made_word(m, counted_lru(m, arena), made_extent(from + 3));
    made_word(m, counted_nactive(m, arena), pages);
    made_word(m, counted_npages(m, arena), 4 * (to - from) / 2);
    if (counted_nextents(m, arena)) {
        made_word(m, counted_nextents(m, arena), (to - from) / 2);
        made_word(m, counted_nbytes(m, arena), 0x4000 * (to - from) / 2);
    }
    made_word(m, counted_nmalloc(m, arena), large + 7);
    made_word(m, counted_nmalloc(m, arena) + 8, 7); /* ndalloc */
    if (counted_active_bytes(m, arena)) {
        made_word(m, counted_active_bytes(m, arena), large * jh_index2size(l, l->sc_nbins));
    }
}

struct made *counted_start(enum jh_version version) {
    struct made *m = made_start(version);
    const struct jh_layout *l = &m->target.layout;
    uint64_t size = 0;
    uint32_t align;
    made_variables(m);
    m->p.source->variable[m->p.source->variables++] =
        (struct jt_variable){"narenas_auto", AUTOMATIC, 4};
    made_word(m, AUTOMATIC, 5);
    m->target.source[JT_PART_BINS] = JT_MEMORY;
    assert_int_equal(jh_struct_size(l, bin_type(m), &size, &align, NULL), JH_OK);
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        for (unsigned arena = 0; arena <= 5 && version == JH_5_2_1; arena += 5) {
            made_word(m, counted_arena(arena) + made_offset(m, "arena_s", "bins") + UINT64_C(4) * i,
                      bin_at(m, arena) + size * i);
        }
    }
    bins(m);
    lists(m);
    counted(m, 0, 0, 16);
    counted(m, 5, 16, 24);
    return m;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void say(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct counted_said *said = arg;
    assert_int_equal(status, JH_CORRUPT);
    if (said->count++ == 0) {
        said->first = *fault;
    }
}

struct counted_said counted_ask(struct made *m) {
    struct counted_said said = {0, {0}};
    struct jt_check *c = jt_check_start(&m->target, say, &said);
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    if (c == NULL) {
        return said;
    }
    jt_check_counters(c);
    jh_walk_start(&walk, &m->target.heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            jt_check_extent(c, &e);
        } else {
            jt_check_doubt(c);
        }
    }
    jt_check_end(c, true);
    return said;
}
