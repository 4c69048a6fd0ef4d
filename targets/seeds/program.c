/* A program with the names, types and macros of a jemalloc 5.3.0 that a debugger would see, and
 * none of its code: a small file to try symbols and debug information with. */
typedef unsigned long word;
typedef struct {
    char bytes[40];
} pthread_mutex_t;

#ifndef JEMALLOC_VERSION
#define JEMALLOC_VERSION "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"
#endif
#define JEMALLOC_STATS
#define JEMALLOC_CACHE_OBLIVIOUS
#define LG_VADDR 48
#define X 1
#undef X
#define LG_PAGE 12
#define LG_QUANTUM 4
#define SC_LG_SLAB_MAXREGS (LG_PAGE - 3)
#define EDATA_BITS_ARENA_WIDTH 12
#define EDATA_BITS_ARENA_SHIFT 0
#define AFTER(WIDTH, SHIFT) ((WIDTH) + (SHIFT))
#define EDATA_BITS_SLAB_WIDTH 1
#define EDATA_BITS_SLAB_SHIFT AFTER(EDATA_BITS_ARENA_WIDTH, EDATA_BITS_ARENA_SHIFT)
#define EDATA_BITS_COMMITTED_WIDTH 1
#define EDATA_BITS_COMMITTED_SHIFT AFTER(EDATA_BITS_SLAB_WIDTH, EDATA_BITS_SLAB_SHIFT)
#define EDATA_BITS_PAI_WIDTH 1
#define EDATA_BITS_PAI_SHIFT AFTER(EDATA_BITS_COMMITTED_WIDTH, EDATA_BITS_COMMITTED_SHIFT)
#define EDATA_BITS_ZEROED_WIDTH 1
#define EDATA_BITS_ZEROED_SHIFT AFTER(EDATA_BITS_PAI_WIDTH, EDATA_BITS_PAI_SHIFT)
#define EDATA_BITS_GUARDED_WIDTH 1
#define EDATA_BITS_GUARDED_SHIFT AFTER(EDATA_BITS_ZEROED_WIDTH, EDATA_BITS_ZEROED_SHIFT)
#define EDATA_BITS_STATE_WIDTH 3
#define EDATA_BITS_STATE_SHIFT AFTER(EDATA_BITS_GUARDED_WIDTH, EDATA_BITS_GUARDED_SHIFT)
#define SC_NSIZES (1u << 7 | 0x68)
#define LG_CEIL(x) ((x) <= 256 ? 8 : 9)
#define EDATA_BITS_SZIND_WIDTH LG_CEIL(SC_NSIZES)
#define EDATA_BITS_SZIND_SHIFT AFTER(EDATA_BITS_STATE_WIDTH, EDATA_BITS_STATE_SHIFT)
#define EDATA_BITS_NFREE_WIDTH (SC_LG_SLAB_MAXREGS + 1)
#define EDATA_BITS_NFREE_SHIFT AFTER(EDATA_BITS_SZIND_WIDTH, EDATA_BITS_SZIND_SHIFT)
#define EDATA_BITS_BINSHARD_WIDTH 6
#define EDATA_BITS_BINSHARD_SHIFT AFTER(EDATA_BITS_NFREE_WIDTH, EDATA_BITS_NFREE_SHIFT)
#define EDATA_BITS_IS_HEAD_WIDTH 1
#define EDATA_BITS_IS_HEAD_SHIFT AFTER(EDATA_BITS_BINSHARD_WIDTH, EDATA_BITS_BINSHARD_SHIFT)

enum extent_state_e {
    extent_state_active,
    extent_state_dirty,
    extent_state_muzzy,
    extent_state_retained,
    extent_state_transition,
    extent_state_merging
};

struct edata_s {
    word e_bits;
    void *e_addr;
    union {
        word e_size_esn, e_bsize;
    };
    void *e_ps;
    word e_sn;
    void *link[3];
    char e_slab_data[64];
};
struct rtree_leaf_elm_s {
    word le_bits;
};
struct rtree_node_elm_s {
    void *child;
};
struct rtree_s {
    void *base;
    char init_lock[112];
    struct rtree_node_elm_s root[1u << 18];
};
struct emap_s {
    struct rtree_s rtree;
};
struct base_block_s {
    word size;
    struct base_block_s *next;
    struct edata_s edata;
};
struct base_s {
    char before[160];
    struct base_block_s *blocks;
};
struct arena_s {
    char before[64];
    struct base_s *base;
};
struct bin_info_s {
    word reg_size, slab_size;
    unsigned nregs, n_shards;
    word bitmap_info[2];
};

struct emap_s je_arena_emap_global;
struct base_s *b0;
struct arena_s *arenas[8];
struct edata_s edata;
struct rtree_leaf_elm_s leaf;
struct bin_info_s info;
enum extent_state_e state;
pthread_mutex_t mutex;
const char je_malloc_version[] = JEMALLOC_VERSION;

void _start(void) {
    for (;;)
        ;
}
