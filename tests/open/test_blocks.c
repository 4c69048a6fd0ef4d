/* Blocks of jemalloc's own memory that share bytes with one another, or with an extent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_counted.h"

static void expect(struct made *m, uint64_t at, uint64_t seen) {
    struct counted_said said = counted_ask(m);
    if (said.count != 1 || strcmp(said.first.rule, "arena.block-overlap") != 0 ||
        said.first.addr != at || said.first.seen != seen) {
        fail_msg("%s: %zu, %s at 0x%lx: 0x%lx", jh_version_name(m->target.layout.build.version),
                 said.count, said.count ? said.first.rule : "none", (unsigned long)said.first.addr,
                 (unsigned long)said.first.seen);
    }
    made_end(m);
}

/* ---- two blocks -------------------------------------------------------------------------------
 */

static void add(struct made *m, uint64_t at, uint64_t more) {
    made_word(m, at, made_read(m, at) + more);
}

/* The newer block of arena 0 reaches into arena 5's, by all that is said of its size. */
static void blocks_that_share_bytes(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = counted_start(counted_version[v]);
        uint64_t base = (MADE_BLOCK + m->p.base->form.block_bytes + 63) & ~UINT64_C(63);
        uint64_t more = MADE_SIZE / 2;
        add(m, MADE_BLOCK2 + m->p.base->block_size, more);
        add(m,
            MADE_BLOCK2 + m->p.base->form.block_extent +
                m->target.layout.extent[JH_EXTENT_BSIZE].offset,
            more);
        add(m, base + m->p.base->form.base_mapped, more);
        expect(m, MADE_BLOCK5, MADE_BLOCK5 + more);
    }
}

/* ---- a block and an extent --------------------------------------------------------------------
 */

/* The page's element leads to extent 23, in a leaf that may be new. */
static void set_element(struct made *m, uint64_t page) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t slot = MADE_ROOT + 4 * jh_rtree_subkey(l, page, 0);
    if (made_read(m, slot) == 0) {
        made_word(m, slot, MADE_BLOCK2 + 0x20000 + (page >> 22 & 1) * 0x4000);
    }
    struct jh_leaf leaf = {.extent = made_extent(23), .szind = l->sc_nsizes};
    leaf.state_bits = l->leaf[JH_LEAF_STATE].width != 0 ? 1 : 0;
    jh_leaf_encode(l, &leaf,
                   made_at(m, made_read(m, slot) + jh_rtree_subkey(l, page, 1) * l->leaf_size));
}

static struct made *moved(enum jh_version version, uint64_t to) {
    struct made *m = counted_start(version);
    made_lose(m, 23);
    made_field(m, 23, JH_EXTENT_ADDR, to);
    set_element(m, to);
    set_element(m, to + 0x3000);
    return m;
}

static void an_extent_in_a_block(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        uint64_t inside = MADE_BLOCK5 + 0x100000, in_front = MADE_BLOCK - 0x1000;
        struct made *m = moved(counted_version[v], inside);
        expect(m, made_extent(23), inside);
        m = moved(counted_version[v], in_front);
        expect(m, made_extent(23), MADE_BLOCK);
        m = moved(counted_version[v], MADE_BLOCK5 + MADE_SIZE - 0x1000);
        expect(m, made_extent(23), MADE_BLOCK5 + MADE_SIZE - 0x1000);
    }
}

/* What ends where a block begins, or begins where it ends, is beside it. */
static void extents_beside_blocks(void **state) {
    (void)state;
    for (unsigned v = 0; v < COUNTED_VERSIONS; v++) {
        struct made *m = moved(counted_version[v], MADE_BLOCK - 0x4000);
        assert_int_equal(counted_ask(m).count, 0);
        made_end(m);
        m = moved(counted_version[v], MADE_BLOCK5 + MADE_SIZE);
        assert_int_equal(counted_ask(m).count, 0);
        made_end(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_that_share_bytes),
        cmocka_unit_test(an_extent_in_a_block),
        cmocka_unit_test(extents_beside_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
