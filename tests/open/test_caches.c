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
#include "made_caches.h"

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
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        const struct jt_caches *all = all_of(m);
        size_t seen = 0;
        assert_int_equal(all->why, JT_CACHES_COMPLETE);
        assert_int_equal(all->faults, 0);
        assert_int_equal(all->count, MADE_CACHES);
        assert_int_equal(all->bins, 2 * MADE_CACHES);
        for (unsigned i = 0; i < MADE_CACHES; i++) {
            const struct jt_cache *c = &all->cache[i];
            uint64_t small = jh_index2size(&m->target.layout, MADE_SZIND);
            assert_int_equal(c->at, MADE_CACHE(i));
            assert_int_equal(c->arena_ind, i == 2 ? 5 : 0);
            assert_int_equal(c->count, i + 2);
            assert_int_equal(c->bytes, (i + 1) * small + 16384);
            assert_int_equal(c->bins, 2);
            const struct jt_cache_bin *b = &all->bin[c->first];
            assert_int_equal(b->known.szind, MADE_SZIND);
            assert_int_equal(b->known.at, made_bin(m, i, MADE_SZIND));
            assert_int_equal(b->known.ncached, i + 1);
            assert_int_equal(b->known.ncached_max, MADE_CAPACITY);
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
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        const struct jt_caches *all = all_of(m);
        for (unsigned i = 0; i < MADE_CACHES; i++) {
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
    struct made *m = made_caches(JH_5_2_1);
    uint64_t at = made_bin(m, 2, MADE_SZIND);
    made_word(m, MADE_VARIABLE, MADE_ROOT); /* a table of nothing: capacities are not known */
    made_word(m, at + made_form.top, MADE_BLOCK2 + 0x110000);
    made_word(m, at + made_form.ncached, 1300);
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
    struct made *m = made_caches(JH_5_3_0);
    uint64_t end = MADE_STACK(2);
    const struct jt_parked *p;
    made_half(m, made_bin(m, 2, MADE_SZIND) + made_form.full,
              (end - 4 * (MADE_CAPACITY - 2)) & 0xffff);
    made_word(m, end - 4 * MADE_CAPACITY, 0x61000000);
    made_word(m, end - 4 * (MADE_CAPACITY - 1), 0x61000040);
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
    struct made *m = made_caches(JH_5_3_1);
    made_word(m, MADE_STACK(2) - 4, made_base_of(1));
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
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        bool cursor = made_form.cursor;
        m->p.source->variables = 2; /* it was stripped: only bins with both ends tell */
        assert_int_equal(capacity(m), cursor ? MADE_CAPACITY : 0);
        m = made_caches(made_versions[v]);
        m->p.source->variable[2].addr = 0x1000; /* absent */
        assert_int_equal(capacity(m), cursor ? MADE_CAPACITY : 0);
        m = made_caches(made_versions[v]);
        made_word(m, MADE_VARIABLE, 0x1000);
        assert_int_equal(capacity(m), cursor ? MADE_CAPACITY : 0);
    }
    struct made *m = made_caches(JH_5_2_1);
    for (uint32_t i = 0; i < made_form.slots; i++) {
        made_word(m, MADE_TABLE + 4 * i,
                  i == MADE_SZIND ? 0x10000 : MADE_CAPACITY); /* behind its end is anything */
    }
    assert_int_equal(capacity(m), 0);
}

/* ---- not all of them --------------------------------------------------------------------------
 */

static void no_list(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        made_word(m, MADE_BLOCK + MADE_ARENA + made_form.list, 0);
        assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE); /* one has a list: so all would */
        assert_int_equal(all_of(m)->count, 1);
        made_end(m);
        m = made_caches(made_versions[v]);
        made_word(m, MADE_BLOCK + MADE_ARENA + made_form.list, 0);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + made_form.list, 0);
        assert_int_equal(all_of(m)->why, JT_CACHES_NO_LIST);
        assert_null(jt_parked_at(&m->target, made_base_of(1)));
        made_end(m);
    }
}

static void arenas(void **state) {
    (void)state;
    struct made *m = made_caches(JH_5_3_0);
    m->p.base->base_blocks = JT_DWARF_UNKNOWN;
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    made_end(m);
    m = made_caches(JH_5_3_0);
    made_word(m, MADE_ARRAY + 4 * 7, 0x1000); /* one more, which is not there */
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    assert_int_equal(all_of(m)->count, MADE_CACHES);
    made_end(m);
    m = made_caches(JH_5_3_0);
    jt_metadata_find(&m->target);
    m->p.base->arenas.arena[0].at = 0;
    assert_int_equal(all_of(m)->why, JT_CACHES_NO_ARENAS);
    assert_int_equal(all_of(m)->count, 1);
    made_end(m);
}

static void another_heap(void **state) {
    (void)state;
    struct made *m = made_caches(JH_5_3_0);
    struct jt_target view = m->target;
    assert_int_equal(jt_caches(&view)->why, JT_CACHES_OTHER_HEAP);
    assert_null(jt_parked_at(&view, made_base_of(1)));
    made_end(m);
}

/* ---- broken -----------------------------------------------------------------------------------
 */

static void broken_rings(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        made_word(m, made_element(0) + made_form.link + 4,
                  made_element(2));            /* it does not lead back */
        assert_int_equal(all_of(m)->count, 2); /* its first one, and the other arena's */
        incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list",
                   made_element(0) + made_form.link);
        m = made_caches(made_versions[v]);
        made_ring(m, 1, 1); /* it comes back to itself, and never to the first one */
        incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list",
                   made_element(1) + made_form.link);
    }
}

static void absent(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        uint64_t end = MADE_STACK(0);
        made_word(m, made_element(1) + made_form.link, 0x1000);
        incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent",
                   0x1000 + made_form.link + 4);
        m = made_caches(made_versions[v]);
        made_word(m, MADE_BLOCK5 + MADE_ARENA + made_form.list, 0x1000);
        incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent",
                   0x1000 + made_form.link);
        m = made_caches(made_versions[v]);
        made_word(m, made_bin(m, 0, MADE_SZIND) + made_form.top,
                  made_form.cursor ? 0x10000000 + end % 0x10000 - 4 : 0x10000000);
        assert_int_equal(all_of(m)->bin[0].known.ncached, 1);
        assert_int_equal(all_of(m)->bin[0].parked, 0);
        incomplete(m, JT_CACHES_ABSENT, JH_ABSENT, "reader.bytes-absent",
                   made_form.cursor ? 0x10000000 + end % 0x10000 - 4 : 0x10000000 - 4);
        if (made_form.bins != JH_CACHE_NONE) {
            m = made_caches(made_versions[v]);
            made_word(m, MADE_DESCRIPTOR(2) + made_form.bins, 0x1000);
            assert_int_equal(all_of(m)->count, MADE_CACHES);
            assert_int_equal(all_of(m)->faults, 2); /* small bins and large ones */
            m->p.base->caches.faults = 1;
            incomplete(m, JT_CACHES_ABSENT, JH_ABSENT, "reader.bytes-absent", 0x1000);
            m = made_caches(made_versions[v]);
            made_word(m, MADE_BLOCK5 + MADE_ARENA + made_form.list, 0);
            m->segment[0].len = MADE_DESCRIPTOR(0) + made_form.bins - MADE_MODULE;
            incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent",
                       MADE_DESCRIPTOR(0) + made_form.bins);
        }
    }
}

static void absent_heads(void **state) {
    (void)state;
    struct made *m = made_caches(JH_5_3_0);
    jt_metadata_find(&m->target);
    m->p.base->arenas.arena[1].at = 0x1000;
    incomplete(m, JT_CACHES_LIST_ABSENT, JH_ABSENT, "reader.bytes-absent", 0x1000 + made_form.list);
}

static void broken_bins(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        made_fill(m, 1, MADE_SZIND, MADE_STACK(1), MADE_CAPACITY + 1);
        assert_int_equal(all_of(m)->cache[1].count, 1); /* the others are there */
        assert_int_equal(all_of(m)->bins, 2 * MADE_CACHES - 1);
        incomplete(m, JT_CACHES_CORRUPT, JH_CORRUPT, "cache.count", made_bin(m, 1, MADE_SZIND));
    }
}

/* Only the first ones are kept. */
static void many_faults(void **state) {
    (void)state;
    struct made *m = made_caches(JH_5_2_1);
    for (uint32_t i = 0; i < m->target.layout.sc_nbins; i++) {
        made_fill(m, 0, i, MADE_STACK(0), MADE_CAPACITY + 1);
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
    made_fill(m, 1, MADE_SZIND, MADE_STACK(1), 2);
}

static void mend_ring(struct made *m) {
    made_ring(m, 1, 0);
}

static void mend_nothing(struct made *m) {
    (void)m;
}

static void changes(void **state) {
    (void)state;
    struct changing c;
    struct made *m = made_caches(JH_5_3_0);
    made_fill(m, 1, MADE_SZIND, MADE_STACK(1), MADE_CAPACITY + 1);
    change(m, &c, mend_bin);
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    assert_int_equal(all_of(m)->cache[1].count, 3);
    assert_int_equal(c.retries, 2);
    made_end(m);
    m = made_caches(JH_5_3_0);
    made_word(m, made_element(0) + made_form.link + 4, made_element(2));
    change(m, &c, mend_ring);
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    assert_int_equal(c.retries, 2);
    made_end(m);
    m = made_caches(JH_5_3_0);
    made_fill(m, 1, MADE_SZIND, MADE_STACK(1), MADE_CAPACITY + 1);
    change(m, &c, mend_nothing);
    incomplete(m, JT_CACHES_CORRUPT, JH_CORRUPT, "cache.count", made_bin(m, 1, MADE_SZIND));
}

/* One that leaves the list behind the back of who reads it points at itself. */
static enum jh_status leaving_read(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    struct changing *c = arg;
    enum jh_status status = c->under.read(c->under.arg, addr, dst, len, got);
    if (addr == made_element(1) + made_form.link + 4) {
        made_ring(c->m, 1, 1);
    }
    return status;
}

static void one_leaves(void **state) {
    (void)state;
    struct changing c;
    struct made *m = made_caches(JH_5_3_0);
    change(m, &c, mend_nothing);
    m->target.heap.reader.read = leaving_read;
    assert_int_equal(all_of(m)->count, 2);
    incomplete(m, JT_CACHES_LIST_CORRUPT, JH_CORRUPT, "cache.list",
               made_element(1) + made_form.link);
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
        struct made *m = made_caches(JH_5_3_0);
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
    struct made *m = made_caches(JH_5_3_0);
    m->p.core_size = 4 * 6;
    assert_int_equal(all_of(m)->parked_count, 6);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", MADE_CACHE(2));
    m = full_stack();
    m->p.core_size = 4 * 100;
    assert_int_equal(all_of(m)->parked_count, 100);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", MADE_CACHE(2));
    m = made_caches(JH_5_3_0);
    m->p.core_size = 4 * 5; /* as large as the list of two */
    assert_int_equal(all_of(m)->count, 2);
    incomplete(m, JT_CACHES_LIMIT, JH_LIMIT, "cache.limit", made_element(2));
    m = made_caches(JH_5_3_0);
    m->p.core_size = 4 * 9;
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    made_end(m);
    m = made_caches(JH_5_3_0);
    m->p.core_size = 0;
    m->target.kind = JT_PROCESS; /* it has no file */
    assert_int_equal(all_of(m)->why, JT_CACHES_COMPLETE);
    made_end(m);
}

static void starved(void **state) {
    (void)state;
    unsigned nth = 1;
    for (bool came = true; came; nth++) {
        struct made *m = made_caches(JH_5_3_0);
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

static void count_faults(void *arg, enum jh_status status, const struct jh_fault *fault) {
    (void)fault;
    assert_int_equal(status, JH_CORRUPT);
    ++*(unsigned *)arg;
}

/* The bitmap of the slab that cache 2's regions are in is not there: that is no fault, and said. */
static void parked_in_what_is_absent(void **state) {
    (void)state;
    for (unsigned v = 0; v < MADE_VERSIONS; v++) {
        struct made *m = made_caches(made_versions[v]);
        const struct jh_layout *l = &m->target.layout;
        unsigned faults[2] = {0, 0};
        made_lose(m, 21);
        made_field(m, 21, JH_EXTENT_SZIND, MADE_SZIND);
        made_field(m, 21, JH_EXTENT_SLAB, 1);
        made_field(m, 21, JH_EXTENT_STATE, 0);
        made_field(m, 21, JH_EXTENT_NFREE, 0);
        made_field(m, 21, JH_EXTENT_BSIZE, l->bin[MADE_SZIND].slab_size);
        for (uint64_t at = 0; at < l->bin[MADE_SZIND].slab_size; at += 4096) {
            made_leaf(m, made_base_of(21) + at, 21);
        }
        (void)jt_caches(&m->target);
        assert_true(jt_parked_check(&m->target, count_faults, &faults[0]));
        m->segment[3].len = made_extent(21) - MADE_BLOCK5 + l->bitmap_offset;
        made_forget(m);
        assert_false(jt_parked_check(&m->target, count_faults, &faults[1]));
        assert_in_range(faults[1], 1, faults[0]); /* those of the other caches' */
        made_end(m);
    }
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
        cmocka_unit_test(parked_in_what_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
