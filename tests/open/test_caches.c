/* Caches of the made heap, through the lists of its two arenas: sound, broken in one place, absent,
 * and when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fail_memory.h"
#include "made_heap.h"

static const enum jh_version versions[] = {JH_5_0_0, JH_5_1_0, JH_5_2_1,
                                           JH_5_3_0, JH_5_3_1, JH_DEV};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

/* In the module, where the made heap has nothing: what the rings are made of, the caches, the
 * stacks of their bins, jemalloc's table of capacities and the variable that leads to it. Three
 * caches: two of arena 0, one of arena 5. */
enum { CACHES = 3, MAX = 20 };
#define DESCRIPTOR(i) (MADE_MODULE + 0x8000u + 0x100u * (i))
#define CACHE(i) (MADE_MODULE + 0x9000u + 0x1000u * (i))
#define STACK(i) (MADE_MODULE + 0xc000u + 0x400u * (i)) /* the end of one of bin SZIND */
#define TABLE (MADE_MODULE + 0xe000u)
#define VARIABLE (MADE_MODULE + 0xf000u)
#define SZIND 3u

static struct jh_cache_form form;

static uint64_t element(unsigned i) {
    return form.bins == JH_CACHE_NONE ? CACHE(i) : DESCRIPTOR(i);
}

static void link_to(struct made *m, unsigned i, unsigned next) {
    made_word(m, element(i) + form.link, element(next));
    made_word(m, element(next) + form.link + 4, element(i));
}

static void half(struct made *m, uint64_t at, uint64_t value) {
    jt_number_put(&m->target, made_at(m, at), value, 2);
}

static uint64_t bin(const struct made *m, unsigned i, uint32_t szind) {
    return jh_cache_bin_at(&m->target.layout, &form, CACHE(i), szind);
}

/* With count regions of the cache's own extent, the first of them on top. */
static void fill(struct made *m, unsigned i, uint32_t szind, uint64_t end, uint32_t count) {
    uint64_t at = bin(m, i, szind);
    if (form.cursor) {
        made_word(m, at + form.top, end - 4 * count);
        half(m, at + form.empty, end & 0xffff);
        half(m, at + form.full, (end - 4 * MAX) & 0xffff);
        half(m, at + form.low_water, end & 0xffff);
    } else {
        made_word(m, at + form.top, end);
        made_word(m, at + form.ncached, count);
        made_word(m, at + form.low_water, 0);
    }
    if (form.ncached_max != 0) {
        half(m, at + form.ncached_max, MAX);
    }
    for (uint32_t k = 0; k < count; k++) {
        made_word(m, end - 4 * (count - k), made_base_of(10 * i + 1) + 64 * k);
    }
}

static void symbols(struct made *m) {
    m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
    m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
    m->p.source->variable[2] = (struct jt_variable){"tcache_bin_info", VARIABLE, 4};
    m->p.source->variables = 3;
    memcpy(m->target.root_name, "root", 5);
}

static void put_table(struct made *m) {
    unsigned stride = m->target.layout.build.version < JH_5_3_0 ? 4 : 2;
    made_word(m, VARIABLE, TABLE);
    for (uint32_t i = 0; i < form.slots; i++) {
        jt_number_put(&m->target, made_at(m, TABLE + stride * i), MAX, stride);
    }
}

/* Cache i has i + 1 regions of a small class, and one of the first large one. */
static struct made *start(enum jh_version version) {
    struct made *m = made_start(version);
    assert_int_equal(jh_cache_form(&m->target.layout, &form, NULL), JH_OK);
    symbols(m);
    put_table(m);
    for (unsigned i = 0; i < CACHES; i++) {
        if (form.bins != JH_CACHE_NONE) {
            made_word(m, DESCRIPTOR(i) + form.bins, CACHE(i) + form.small);
        }
        fill(m, i, SZIND, STACK(i) + 0x100, i + 1);
        fill(m, i, m->target.layout.sc_nbins, STACK(i) + 0x200, 1);
    }
    link_to(m, 0, 1);
    link_to(m, 1, 0);
    link_to(m, 2, 2);
    made_word(m, MADE_BLOCK + MADE_ARENA + form.list, element(0));
    made_word(m, MADE_BLOCK5 + MADE_ARENA + form.list, element(2));
    return m;
}

static const struct jt_caches *all_of(struct made *m) {
    const struct jt_caches *all = jt_caches(&m->target);
    assert_ptr_equal(jt_caches(&m->target), all);
    assert_int_equal(all->why == JT_CACHES_COMPLETE, jt_caches_why_text(all->why) == NULL);
    for (size_t i = 1; i < all->parked_count; i++) {
        assert_true(all->parked[all->by_address[i - 1]].addr <=
                    all->parked[all->by_address[i]].addr);
    }
    return all;
}

static void incomplete(struct made *m, enum jt_caches_why why, enum jh_status status,
                       const char *rule, uint64_t at) {
    const struct jt_caches *all = all_of(m);
    assert_int_equal(all->why, why);
    assert_int_equal(all->faults, 1);
    assert_int_equal(all->fault[0].status, status);
    assert_string_equal(all->fault[0].rule, rule);
    assert_int_equal(all->fault[0].addr, at);
    made_end(m);
}

/* ---- sound ------------------------------------------------------------------------------------
 */

static void two_rings(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        const struct jt_caches *all = all_of(m);
        size_t seen = 0;
        assert_int_equal(all->why, JT_CACHES_COMPLETE);
        assert_int_equal(all->faults, 0);
        assert_int_equal(all->count, CACHES);
        assert_int_equal(all->bins, 2 * CACHES);
        for (unsigned i = 0; i < CACHES; i++) {
            const struct jt_cache *c = &all->cache[i];
            uint64_t small = jh_index2size(&m->target.layout, SZIND);
            assert_int_equal(c->at, CACHE(i));
            assert_int_equal(c->arena_ind, i == 2 ? 5 : 0);
            assert_int_equal(c->count, i + 2);
            assert_int_equal(c->bytes, (i + 1) * small + 16384);
            assert_int_equal(c->bins, 2);
            const struct jt_cache_bin *b = &all->bin[c->first];
            assert_int_equal(b->known.szind, SZIND);
            assert_int_equal(b->known.at, bin(m, i, SZIND));
            assert_int_equal(b->known.ncached, i + 1);
            assert_int_equal(b->known.ncached_max, MAX);
            assert_int_equal(b->cache, i);
            assert_int_equal(b->parked, i + 1);
            assert_int_equal(b->first, seen);
            assert_int_equal(b[1].known.szind, m->target.layout.sc_nbins);
            seen += i + 2;
        }
        assert_int_equal(all->parked_count, seen);
        made_end(m);
    }
}

static void regions(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        const struct jt_caches *all = all_of(m);
        for (unsigned i = 0; i < CACHES; i++) {
            for (unsigned k = 0; k <= i; k++) {
                const struct jt_parked *p =
                    jt_parked_at(&m->target, made_base_of(10 * i + 1) + 64 * k);
                assert_non_null(p);
                assert_int_equal(all->bin[p->bin].cache, i);
                assert_false(p->stashed);
            }
        }
        assert_null(jt_parked_at(&m->target, 0));
        assert_null(jt_parked_at(&m->target, made_base_of(1) + 1));
        assert_null(jt_parked_at(&m->target, UINT32_MAX));
        made_end(m);
    }
}

/* More than are read at once. */
static struct made *full_stack(void) {
    struct made *m = start(JH_5_2_1);
    uint64_t at = bin(m, 2, SZIND);
    made_word(m, VARIABLE, MADE_ROOT); /* a table of nothing: capacities are not known */
    made_word(m, at + form.top, MADE_BLOCK2 + 0x110000);
    made_word(m, at + form.ncached, 1300);
    for (unsigned i = 0; i < 1300; i++) {
        made_word(m, MADE_BLOCK2 + 0x110000 - 4 * (1300 - i), 0x60000000 - 64 * i);
    }
    return m;
}

static void a_full_stack(void **state) {
    (void)state;
    struct made *m = full_stack();
    const struct jt_caches *all = all_of(m);
    assert_int_equal(all->why, JT_CACHES_COMPLETE);
    assert_int_equal(all->bin[4].parked, 1300);
    assert_int_equal(all->bin[4].known.ncached_max, 0);
    for (unsigned i = 0; i < 1300; i++) {
        assert_int_equal(all->parked[all->bin[4].first + i].addr, 0x60000000 - 64 * i);
    }
    made_end(m);
}

static void stashed(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    uint64_t end = STACK(2) + 0x100;
    const struct jt_parked *p;
    half(m, bin(m, 2, SZIND) + form.full, (end - 4 * (MAX - 2)) & 0xffff);
    made_word(m, end - 4 * MAX, 0x61000000);
    made_word(m, end - 4 * (MAX - 1), 0x61000040);
    assert_int_equal(all_of(m)->cache[2].count, 6);
    p = jt_parked_at(&m->target, 0x61000040);
    assert_non_null(p);
    assert_true(p->stashed);
    assert_int_equal(all_of(m)->bin[p->bin].known.stashed, 2);
    made_end(m);
}

/* Two caches have the same region: the first one is given. */
static void twice(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_1);
    made_word(m, STACK(2) + 0x100 - 4, made_base_of(1));
    const struct jt_parked *p = jt_parked_at(&m->target, made_base_of(1));
    assert_non_null(p);
    assert_int_equal(all_of(m)->bin[p->bin].cache, 0);
    made_end(m);
}

/* ---- capacities -------------------------------------------------------------------------------
 */

static uint32_t capacity(struct made *m) {
    uint32_t max = all_of(m)->bin[0].known.ncached_max;
    made_end(m);
    return max;
}

static void capacities(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        bool cursor = form.cursor;
        m->p.source->variables = 2; /* it was stripped: only bins with both ends tell */
        assert_int_equal(capacity(m), cursor ? MAX : 0);
        m = start(versions[v]);
        m->p.source->variable[2].addr = 0x1000; /* absent */
        assert_int_equal(capacity(m), cursor ? MAX : 0);
        m = start(versions[v]);
        made_word(m, VARIABLE, 0x1000);
        assert_int_equal(capacity(m), cursor ? MAX : 0);
    }
    struct made *m = start(JH_5_2_1);
    for (uint32_t i = 0; i < form.slots; i++) {
        made_word(m, TABLE + 4 * i, i == SZIND ? 0x10000 : MAX); /* behind its end is anything */
    }
    assert_int_equal(capacity(m), 0);
}

/* ---- not all of them --------------------------------------------------------------------------
 */

static void no_list(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        made_word(m, MADE_BLOCK + MADE_ARENA + form.list, 0);
        assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE); /* one has a list: so all would */
        assert_int_equal(all_of(m)->count, 1);
        made_end(m);
        m = start(versions[v]);
        made_word(m, MADE_BLOCK + MADE_ARENA + form.list, 0);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + form.list, 0);
        assert_int_equal(all_of(m)->why, JT_CACHES_NO_LIST);
        assert_null(jt_parked_at(&m->target, made_base_of(1)));
        made_end(m);
    }
}

static void arenas(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    m->p.base->base_blocks = JT_DWARF_UNKNOWN;
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    made_end(m);
    m = start(JH_5_3_0);
    made_word(m, MADE_ARRAY + 4 * 7, 0x1000); /* one more, which is not there */
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    assert_int_equal(all_of(m)->count, CACHES);
    made_end(m);
    m = start(JH_5_3_0);
    jt_metadata_find(&m->target);
    m->p.base->arenas.arena[0].at = 0;
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    assert_int_equal(all_of(m)->count, 1);
    made_end(m);
}

static void another_heap(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    struct jt_target view = m->target;
    assert_int_equal(jt_caches(&view)->why, JT_CACHES_OTHER_HEAP);
    assert_null(jt_parked_at(&view, made_base_of(1)));
    made_end(m);
}

/* ---- broken -----------------------------------------------------------------------------------
 */

static void broken_rings(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        made_word(m, element(0) + form.link + 4, element(2)); /* it does not lead back */
        assert_int_equal(all_of(m)->count, 2); /* its first one, and the other arena's */
        incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list", element(0) + form.link);
        m = start(versions[v]);
        link_to(m, 1, 1); /* it comes back to itself, and never to the first one */
        incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list", element(1) + form.link);
    }
}

static void absent(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        uint64_t end = STACK(0) + 0x100;
        made_word(m, element(1) + form.link, 0x1000);
        incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent",
                   0x1000 + form.link + 4);
        m = start(versions[v]);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + form.list, 0x1000);
        incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent", 0x1000 + form.link);
        m = start(versions[v]);
        made_word(m, bin(m, 0, SZIND) + form.top,
                  form.cursor ? 0x10000000 + end % 0x10000 - 4 : 0x10000000);
        assert_int_equal(all_of(m)->bin[0].known.ncached, 1);
        assert_int_equal(all_of(m)->bin[0].parked, 0);
        incomplete(m, JT_CACHES_ABSENT, JH_ABSENT, "reader.bytes-absent",
                   form.cursor ? 0x10000000 + end % 0x10000 - 4 : 0x10000000 - 4);
        if (form.bins != JH_CACHE_NONE) {
            m = start(versions[v]);
            made_word(m, DESCRIPTOR(2) + form.bins, 0x1000);
            assert_int_equal(all_of(m)->count, CACHES);
            assert_int_equal(all_of(m)->faults, 2); /* small bins and large ones */
            m->p.base->caches.faults = 1;
            incomplete(m, JT_CACHES_ABSENT, JH_ABSENT, "reader.bytes-absent", 0x1000);
            m = start(versions[v]);
            made_word(m, MADE_BLOCK5 + MADE_ARENA + form.list, 0);
            m->segment[0].len = DESCRIPTOR(0) + form.bins - MADE_MODULE;
            incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent",
                       DESCRIPTOR(0) + form.bins);
        }
    }
}

static void absent_heads(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    jt_metadata_find(&m->target);
    m->p.base->arenas.arena[1].at = 0x1000;
    incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent", 0x1000 + form.list);
}

static void broken_bins(void **state) {
    (void)state;
    for (unsigned v = 0; v < VERSIONS; v++) {
        struct made *m = start(versions[v]);
        fill(m, 1, SZIND, STACK(1) + 0x100, MAX + 1);
        assert_int_equal(all_of(m)->cache[1].count, 1); /* the others are there */
        assert_int_equal(all_of(m)->bins, 2 * CACHES - 1);
        incomplete(m, JT_CACHES_CORRUPT, JH_CORRUPT, "cache.count", bin(m, 1, SZIND));
    }
}

/* Only the first ones are kept. */
static void many_faults(void **state) {
    (void)state;
    struct made *m = start(JH_5_2_1);
    for (uint32_t i = 0; i < m->target.layout.sc_nbins; i++) {
        fill(m, 0, i, STACK(0) + 0x100, MAX + 1);
    }
    assert_int_equal(all_of(m)->faults, JT_CACHE_FAULTS);
    made_end(m);
}

/* ---- memory that changes ----------------------------------------------------------------------
 */

struct changing {
    struct jh_reader under;
    struct made *m;
    void (*mend)(struct made *m);
    unsigned retries;
};

static enum jh_status changing_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct changing *c = arg;
    return c->under.read(c->under.arg, addr, dst, len, got);
}

static bool changing_retry(void *arg, unsigned times) {
    struct changing *c = arg;
    c->retries++;
    if (times == 1) {
        c->mend(c->m);
    }
    return times < 2;
}

static void change(struct made *m, struct changing *c, void (*mend)(struct made *m)) {
    *c = (struct changing){m->target.heap.reader, m, mend, 0};
    m->target.heap.reader =
        (struct jh_reader){.read = changing_read, .retry = changing_retry, .arg = c};
}

static void mend_bin(struct made *m) {
    fill(m, 1, SZIND, STACK(1) + 0x100, 2);
}

static void mend_ring(struct made *m) {
    link_to(m, 1, 0);
}

static void mend_nothing(struct made *m) {
    (void)m;
}

static void changes(void **state) {
    (void)state;
    struct changing c;
    struct made *m = start(JH_5_3_0);
    fill(m, 1, SZIND, STACK(1) + 0x100, MAX + 1);
    change(m, &c, mend_bin);
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    assert_int_equal(all_of(m)->cache[1].count, 3);
    assert_int_equal(c.retries, 2);
    made_end(m);
    m = start(JH_5_3_0);
    made_word(m, element(0) + form.link + 4, element(2));
    change(m, &c, mend_ring);
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    assert_int_equal(c.retries, 2);
    made_end(m);
    m = start(JH_5_3_0);
    fill(m, 1, SZIND, STACK(1) + 0x100, MAX + 1);
    change(m, &c, mend_nothing);
    incomplete(m, JT_CACHES_CORRUPT, JH_CORRUPT, "cache.count", bin(m, 1, SZIND));
}

/* One that leaves the list behind the back of who reads it points at itself. */
static enum jh_status leaving_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct changing *c = arg;
    enum jh_status status = c->under.read(c->under.arg, addr, dst, len, got);
    if (addr == element(1) + form.link + 4) {
        link_to(c->m, 1, 1);
    }
    return status;
}

static void one_leaves(void **state) {
    (void)state;
    struct changing c;
    struct made *m = start(JH_5_3_0);
    change(m, &c, mend_nothing);
    m->target.heap.reader.read = leaving_read;
    assert_int_equal(all_of(m)->count, 2);
    incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list", element(1) + form.link);
}

/* ---- limits -----------------------------------------------------------------------------------
 */

/* All reads from the nth on fail. */
struct spent {
    struct jh_reader under;
    unsigned left;
    enum jh_status status;
};

static enum jh_status spent_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct spent *s = arg;
    if (s->left == 0) {
        *got = 0;
        return s->status;
    }
    s->left--;
    return s->under.read(s->under.arg, addr, dst, len, got);
}

/* Wherever the budget ends: it is said by name, and nothing is read twice. */
static void reads_end(enum jh_status status) {
    unsigned left = 0;
    for (bool enough = false; !enough; left++) {
        struct made *m = start(JH_5_3_0);
        struct spent s = {m->target.heap.reader, left, status};
        m->target.heap.reader = (struct jh_reader){.read = spent_read, .arg = &s};
        const struct jt_caches *all = all_of(m);
        enough = all->why == JT_CACHES_COMPLETE;
        if (!enough) {
            assert_int_equal(all->why, JT_CACHES_LIMIT);
            assert_int_equal(all->faults, 1);
            assert_int_equal(all->fault[0].status, status);
        }
        made_end(m);
    }
    assert_in_range(left, 20, 200);
}

static void a_budget(void **state) {
    (void)state;
    reads_end(JH_LIMIT);
}

static void the_end_of_a_process(void **state) {
    (void)state;
    reads_end(JH_READ_FAILED);
}

/* A core has no more pointers than bytes. */
static void more_than_a_core_has(void **state) {
    (void)state;
    struct made *m = start(JH_5_3_0);
    m->p.core_size = 4 * 6;
    assert_int_equal(all_of(m)->parked_count, 6);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", CACHE(2));
    m = full_stack();
    m->p.core_size = 4 * 100;
    assert_int_equal(all_of(m)->parked_count, 100);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", CACHE(2));
    m = start(JH_5_3_0);
    m->p.core_size = 4 * 5; /* as large as the list of two */
    assert_int_equal(all_of(m)->count, 2);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", element(2));
    m = start(JH_5_3_0);
    m->p.core_size = 4 * 9;
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    made_end(m);
    m = start(JH_5_3_0);
    m->p.core_size = 0;
    m->target.kind = JT_PROCESS; /* it has no file */
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    made_end(m);
}

static void starved(void **state) {
    (void)state;
    unsigned nth = 1;
    for (bool came = true; came; nth++) {
        struct made *m = start(JH_5_3_0);
        jt_metadata_find(&m->target);
        fail_memory(nth);
        const struct jt_caches *all = jt_caches(&m->target);
        came = fail_memory_came();
        fail_memory(0);
        assert_int_equal(all->why, came ? JT_CACHES_NO_MEMORY : JT_CACHES_COMPLETE);
        assert_int_equal(m->target.memory_ran_out, came);
        assert_true(came || jt_parked_at(&m->target, made_base_of(1)) != NULL);
        assert_true(!came || jt_parked_at(&m->target, made_base_of(24)) == NULL);
        made_end(m);
    }
    assert_in_range(nth, 5, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_rings),
        cmocka_unit_test(regions),
        cmocka_unit_test(a_full_stack),
        cmocka_unit_test(stashed),
        cmocka_unit_test(twice),
        cmocka_unit_test(capacities),
        cmocka_unit_test(no_list),
        cmocka_unit_test(arenas),
        cmocka_unit_test(another_heap),
        cmocka_unit_test(broken_rings),
        cmocka_unit_test(absent),
        cmocka_unit_test(absent_heads),
        cmocka_unit_test(broken_bins),
        cmocka_unit_test(many_faults),
        cmocka_unit_test(changes),
        cmocka_unit_test(a_budget),
        cmocka_unit_test(one_leaves),
        cmocka_unit_test(the_end_of_a_process),
        cmocka_unit_test(more_than_a_core_has),
        cmocka_unit_test(starved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
