/* Debug information in the form that a family of jemalloc has it in: its names of structs and
 * macros, and the way in which the macros give bits, with nothing behind them. A pin whose sources
 * cannot be had is guarded by it all the same. Compiled once for each FAMILY, in jeheap's order of
 * versions: 0 is 5.0.0. Written as on 64 bits with a mutex of 40 bytes, whatever compiles it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LG_VADDR 48
#define LG_PAGE 12
#define LG_QUANTUM 4
#define JEMALLOC_CACHE_OBLIVIOUS
#define JEMALLOC_STATS
#define MALLOCX_ARENA_BITS 12

#if FAMILY == 0
#define JEMALLOC_VERSION "5.0.0-0-g84f6c2cae0fb1399377ef6aea9368444c4987cc6"
#elif FAMILY == 1
#define JEMALLOC_VERSION "5.0.1-0-g896ed3a8b3f41998d4fb4d625d30ac63ef2d51fb"
#elif FAMILY == 2
#define JEMALLOC_VERSION "5.1.0-0-g61efbda7098de6fe64c362d309824864308c36d4"
#elif FAMILY == 3
#define JEMALLOC_VERSION "5.2.0-0-gb0b3e49a54ec29e32636f4577d9d5a896d67fd20"
#elif FAMILY == 4
#define JEMALLOC_VERSION "5.2.1-0-gea6b3e973b477b8061e0076bb257dbd7f3faa756"
#elif FAMILY == 5
#define JEMALLOC_VERSION "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"
#elif FAMILY == 6
#define JEMALLOC_VERSION "5.3.1-0-g0"
#else
#define JEMALLOC_VERSION "5.3.1-47-g295e48944b20"
#endif

/* ---- sizes: numbers, then expressions ------------------------------------------------------- */

#if FAMILY < 3
#define LG_SLAB_MAXREGS (LG_PAGE - 3)
#define LG_CEIL_NSIZES 8
#define W_SZIND LG_CEIL_NSIZES
#else
#define LG_FLOOR_1(x) 0
#define LG_FLOOR_2(x) (x < (1ULL << 1) ? LG_FLOOR_1(x) : 1 + LG_FLOOR_1(x >> 1))
#define LG_FLOOR_4(x) (x < (1ULL << 2) ? LG_FLOOR_2(x) : 2 + LG_FLOOR_2(x >> 2))
#define LG_FLOOR(x) (x < (1ULL << 4) ? LG_FLOOR_4((x)) : 4 + LG_FLOOR_4((x >> 4)))
#define LG_CEIL(x) (LG_FLOOR(x) + (((x) & ((x)-1)) == 0 ? 0 : 1))
#define SC_NSIZES (1 + 4 + 4 * (62 - 6 + 1) - 1)
#define SC_LG_SLAB_MAXREGS (LG_PAGE - 3)
#define LG_SLAB_MAXREGS SC_LG_SLAB_MAXREGS
#endif

/* ---- e_bits: 5.0 says shifts and masks, 5.1 and 5.2 widths too but of sn, 5.3 has no sn ------ */

#define MASK(CURRENT_FIELD_WIDTH, CURRENT_FIELD_SHIFT)                                             \
    ((((((uint64_t)0x1U) << (CURRENT_FIELD_WIDTH)) - 1)) << (CURRENT_FIELD_SHIFT))

#if FAMILY < 2
#define EXTENT_BITS_ARENA_SHIFT 0
#define EXTENT_BITS_ARENA_MASK                                                                     \
    (((uint64_t)(1U << MALLOCX_ARENA_BITS) - 1) << EXTENT_BITS_ARENA_SHIFT)
#define EXTENT_BITS_SLAB_SHIFT MALLOCX_ARENA_BITS
#define EXTENT_BITS_SLAB_MASK ((uint64_t)0x1U << EXTENT_BITS_SLAB_SHIFT)
#define EXTENT_BITS_COMMITTED_SHIFT (MALLOCX_ARENA_BITS + 1)
#define EXTENT_BITS_COMMITTED_MASK ((uint64_t)0x1U << EXTENT_BITS_COMMITTED_SHIFT)
#define EXTENT_BITS_ZEROED_SHIFT (MALLOCX_ARENA_BITS + 2)
#define EXTENT_BITS_ZEROED_MASK ((uint64_t)0x1U << EXTENT_BITS_ZEROED_SHIFT)
#define EXTENT_BITS_STATE_SHIFT (MALLOCX_ARENA_BITS + 3)
#define EXTENT_BITS_STATE_MASK ((uint64_t)0x3U << EXTENT_BITS_STATE_SHIFT)
#define EXTENT_BITS_SZIND_SHIFT (MALLOCX_ARENA_BITS + 5)
#define EXTENT_BITS_SZIND_MASK (((uint64_t)(1U << LG_CEIL_NSIZES) - 1) << EXTENT_BITS_SZIND_SHIFT)
#define EXTENT_BITS_NFREE_SHIFT (MALLOCX_ARENA_BITS + 5 + LG_CEIL_NSIZES)
#define EXTENT_BITS_NFREE_MASK                                                                     \
    ((uint64_t)((1U << (LG_SLAB_MAXREGS + 1)) - 1) << EXTENT_BITS_NFREE_SHIFT)
#define EXTENT_BITS_SN_SHIFT (MALLOCX_ARENA_BITS + 5 + LG_CEIL_NSIZES + (LG_SLAB_MAXREGS + 1))
#define EXTENT_BITS_SN_MASK (UINT64_MAX << EXTENT_BITS_SN_SHIFT)
#elif FAMILY < 5
#define EXTENT_BITS_ARENA_WIDTH MALLOCX_ARENA_BITS
#define EXTENT_BITS_ARENA_SHIFT 0
#define EXTENT_BITS_ARENA_MASK MASK(EXTENT_BITS_ARENA_WIDTH, EXTENT_BITS_ARENA_SHIFT)
#define EXTENT_BITS_SLAB_WIDTH 1
#define EXTENT_BITS_SLAB_SHIFT (EXTENT_BITS_ARENA_WIDTH + EXTENT_BITS_ARENA_SHIFT)
#define EXTENT_BITS_COMMITTED_WIDTH 1
#define EXTENT_BITS_COMMITTED_SHIFT (EXTENT_BITS_SLAB_WIDTH + EXTENT_BITS_SLAB_SHIFT)
#define EXTENT_BITS_DUMPABLE_WIDTH 1
#define EXTENT_BITS_DUMPABLE_SHIFT (EXTENT_BITS_COMMITTED_WIDTH + EXTENT_BITS_COMMITTED_SHIFT)
#define EXTENT_BITS_ZEROED_WIDTH 1
#define EXTENT_BITS_ZEROED_SHIFT (EXTENT_BITS_DUMPABLE_WIDTH + EXTENT_BITS_DUMPABLE_SHIFT)
#define EXTENT_BITS_STATE_WIDTH 2
#define EXTENT_BITS_STATE_SHIFT (EXTENT_BITS_ZEROED_WIDTH + EXTENT_BITS_ZEROED_SHIFT)
#if FAMILY < 3
#define EXTENT_BITS_SZIND_WIDTH LG_CEIL_NSIZES
#else
#define EXTENT_BITS_SZIND_WIDTH LG_CEIL(SC_NSIZES)
#endif
#define EXTENT_BITS_SZIND_SHIFT (EXTENT_BITS_STATE_WIDTH + EXTENT_BITS_STATE_SHIFT)
#define EXTENT_BITS_NFREE_WIDTH (LG_SLAB_MAXREGS + 1)
#define EXTENT_BITS_NFREE_SHIFT (EXTENT_BITS_SZIND_WIDTH + EXTENT_BITS_SZIND_SHIFT)
#define EXTENT_BITS_NFREE_MASK MASK(EXTENT_BITS_NFREE_WIDTH, EXTENT_BITS_NFREE_SHIFT)
#if FAMILY == 2
#define EXTENT_BITS_SN_SHIFT (EXTENT_BITS_NFREE_WIDTH + EXTENT_BITS_NFREE_SHIFT)
#else
#define EXTENT_BITS_BINSHARD_WIDTH 6
#define EXTENT_BITS_BINSHARD_SHIFT (EXTENT_BITS_NFREE_WIDTH + EXTENT_BITS_NFREE_SHIFT)
#if FAMILY == 3
#define EXTENT_BITS_SN_SHIFT (EXTENT_BITS_BINSHARD_WIDTH + EXTENT_BITS_BINSHARD_SHIFT)
#else
#define EXTENT_BITS_IS_HEAD_WIDTH 1
#define EXTENT_BITS_IS_HEAD_SHIFT (EXTENT_BITS_BINSHARD_WIDTH + EXTENT_BITS_BINSHARD_SHIFT)
#define EXTENT_BITS_SN_SHIFT (EXTENT_BITS_IS_HEAD_WIDTH + EXTENT_BITS_IS_HEAD_SHIFT)
#endif
#endif
#define EXTENT_BITS_SN_MASK (UINT64_MAX << EXTENT_BITS_SN_SHIFT)
#else
#define EDATA_BITS_ARENA_WIDTH MALLOCX_ARENA_BITS
#define EDATA_BITS_ARENA_SHIFT 0
#define EDATA_BITS_ARENA_MASK MASK(EDATA_BITS_ARENA_WIDTH, EDATA_BITS_ARENA_SHIFT)
#define EDATA_BITS_SLAB_WIDTH 1
#define EDATA_BITS_SLAB_SHIFT (EDATA_BITS_ARENA_WIDTH + EDATA_BITS_ARENA_SHIFT)
#define EDATA_BITS_COMMITTED_WIDTH 1
#define EDATA_BITS_COMMITTED_SHIFT (EDATA_BITS_SLAB_WIDTH + EDATA_BITS_SLAB_SHIFT)
#define EDATA_BITS_PAI_WIDTH 1
#define EDATA_BITS_PAI_SHIFT (EDATA_BITS_COMMITTED_WIDTH + EDATA_BITS_COMMITTED_SHIFT)
#define EDATA_BITS_ZEROED_WIDTH 1
#define EDATA_BITS_ZEROED_SHIFT (EDATA_BITS_PAI_WIDTH + EDATA_BITS_PAI_SHIFT)
#define EDATA_BITS_GUARDED_WIDTH 1
#define EDATA_BITS_GUARDED_SHIFT (EDATA_BITS_ZEROED_WIDTH + EDATA_BITS_ZEROED_SHIFT)
#define EDATA_BITS_STATE_WIDTH 3
#define EDATA_BITS_STATE_SHIFT (EDATA_BITS_GUARDED_WIDTH + EDATA_BITS_GUARDED_SHIFT)
#define EDATA_BITS_SZIND_WIDTH LG_CEIL(SC_NSIZES)
#define EDATA_BITS_SZIND_SHIFT (EDATA_BITS_STATE_WIDTH + EDATA_BITS_STATE_SHIFT)
#define EDATA_BITS_NFREE_WIDTH (SC_LG_SLAB_MAXREGS + 1)
#define EDATA_BITS_NFREE_SHIFT (EDATA_BITS_SZIND_WIDTH + EDATA_BITS_SZIND_SHIFT)
#define EDATA_BITS_BINSHARD_WIDTH 6
#define EDATA_BITS_BINSHARD_SHIFT (EDATA_BITS_NFREE_WIDTH + EDATA_BITS_NFREE_SHIFT)
#define EDATA_BITS_IS_HEAD_WIDTH 1
#define EDATA_BITS_IS_HEAD_SHIFT (EDATA_BITS_BINSHARD_WIDTH + EDATA_BITS_BINSHARD_SHIFT)
#if FAMILY == 7
#define EDATA_BITS_PINNED_WIDTH 1
#define EDATA_BITS_PINNED_SHIFT (EDATA_BITS_IS_HEAD_WIDTH + EDATA_BITS_IS_HEAD_SHIFT)
#endif
#endif

/* ---- structs -------------------------------------------------------------------------------- */

enum extent_state_e {
    extent_state_active = 0,
    extent_state_dirty = 1,
    extent_state_muzzy = 2,
    extent_state_retained = 3,
#if FAMILY == 7
    extent_state_pinned = 4,
    extent_state_transition = 5,
    extent_state_merging = 6,
#elif FAMILY > 4
    extent_state_transition = 4,
    extent_state_merging = 5,
#endif
};

struct slab_data {
    uint64_t bitmap[8];
};

#if FAMILY < 5
#define EXTENT extent_s
#define ROOT_OFFSET (FAMILY < 3 ? 104 : 112)
struct extent_s {
    uint64_t e_bits;
    void *e_addr;
    union {
        size_t e_size_esn;
        size_t e_bsize;
    };
    struct {
        struct extent_s *qre_next, *qre_prev;
    } ql_link;
    struct {
        struct extent_s *phn_prev, *phn_next, *phn_lchild;
    } ph_link;
    union {
        struct slab_data e_slab_data;
        struct {
            void *e_prof_tctx;
        };
    };
};
struct rtree_leaf_elm_s {
    struct {
        void *repr;
    } le_bits;
};
#else
#define EXTENT edata_s
#define ROOT_OFFSET 120
struct edata_s {
    uint64_t e_bits;
    void *e_addr;
    union {
        size_t e_size_esn;
        size_t e_bsize;
    };
    void *e_ps;
    uint64_t e_sn;
    union {
        struct {
            struct edata_s *qre_next, *qre_prev;
        } ql_link_active;
        struct {
            void *prev, *next, *lchild;
        } heap_link;
    };
    union {
        struct {
            struct edata_s *qre_next, *qre_prev;
        } ql_link_inactive;
        struct slab_data e_slab_data;
    };
};
struct rtree_leaf_elm_s {
    struct {
        void *repr;
    } le_bits;
};
#endif

struct rtree_s {
    char mutex[ROOT_OFFSET];
    struct {
        void *child;
    } root[1U << 18];
};
struct emap_s {
    struct rtree_s rtree;
};

#if FAMILY < 5
struct rtree_s je_extents_rtree;
#else
struct emap_s je_arena_emap_global;
#endif
struct EXTENT *je_first;
struct rtree_leaf_elm_s *je_leaf;
enum extent_state_e je_state;
