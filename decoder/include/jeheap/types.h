/* types.h - the structs, enums and constants of jeheap.h, in the order of the stages.
 *
 * They stand apart so that jeheap.h, which includes them, is short enough to be read as the manual.
 * What needs no call, as a file that only keeps results does, may include this one alone. */
#ifndef JEHEAP_TYPES_H
#define JEHEAP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- outcome: what every call returns, and where to look when it is not JH_OK --------------- */

/* The numbers are part of the interface: never reused, never renumbered. */
enum jh_status {
    JH_OK = 0,
    JH_END = 1,          /* an iterator has no more */
    JH_ABSENT = 10,      /* the bytes are not there: unmapped, or left out of the core */
    JH_READ_FAILED = 11, /* the reader could not tell (an OS error) */
    JH_CORRUPT = 20,     /* the bytes are there and contradict the layout */
    JH_UNSUPPORTED = 30, /* the layout does not describe this */
    JH_LIMIT = 40,       /* a budget ran out */
    JH_BAD_ARG = 50      /* the caller's fault, decided before any read */
};

enum jh_stage {
    JH_STAGE_READER,
    JH_STAGE_LAYOUT,
    JH_STAGE_RTREE,
    JH_STAGE_LEAF,
    JH_STAGE_EXTENT,
    JH_STAGE_SLAB,
    JH_STAGE_ARENA,
    JH_STAGE_CACHE
};

/* Filled on every outcome but JH_OK and JH_END. The caller owns it; NULL is allowed. */
struct jh_fault {
    enum jh_status status;
    enum jh_stage stage;
    uint64_t addr;    /* the target address that the trouble is at */
    uint64_t seen;    /* the offending value, 0 where there is none */
    const char *rule; /* static name of the broken rule: "leaf.extent-alignment" */
    /* The leaf element that led there, and the page that it is for; both 0 where none did. */
    uint64_t element, page;
    uint64_t expected; /* where the rule knows it: what would not break it */
    bool expects;      /* it does */
};

/* ---- reader: the only gate for target bytes -------------------------------------------------- */

/* Copy [addr, addr+len) to dst. *got says how many leading bytes were copied; JH_OK means all of
 * them, JH_ABSENT that byte addr+*got is not there. */
typedef enum jh_status jh_read_fn(void *arg, uint64_t addr, void *dst, size_t len, size_t *got);

/* Lend [addr, addr+len) without copying, or NULL when that cannot be done (then read is asked).
 * What was lent stays valid as long as the reader does. */
typedef const void *jh_lend_fn(void *arg, uint64_t addr, size_t len);

/* One of many small reads that are done together. */
struct jh_span {
    uint64_t addr;
    void *dst;
    size_t len;
    size_t got; /* set by the gather: leading bytes copied; < len means absent from there on */
};

/* Do all the spans, in as few calls to the operating system as it takes. */
typedef enum jh_status jh_gather_fn(void *arg, struct jh_span *span, size_t count);

/* Where bytes go on: no byte in [addr, what is returned) is there. UINT64_MAX: none up to it. The
 * same form tells where bytes are that are not known to be zero: those in [addr, what is returned)
 * are there, and zero. */
typedef uint64_t jh_next_fn(void *arg, uint64_t addr);

/* Of memory that changes while it is read: what was read contradicts itself, shall it be read
 * again? times: how often it was already. A change that was seen half-way takes a moment, for which
 * the callback may wait. */
typedef bool jh_retry_fn(void *arg, unsigned times);

/* May something have been mapped at addr in the target, whether its bytes are at hand or not? Only
 * what is certain is false. */
typedef bool jh_mapped_fn(void *arg, uint64_t addr);

struct jh_reader {
    jh_read_fn *read;
    jh_lend_fn *lend;     /* optional */
    jh_gather_fn *gather; /* optional; without it spans are read one by one */
    void *arg;
    jh_next_fn *next;     /* optional; without it what is not there is passed page by page */
    jh_retry_fn *retry;   /* optional; without it a contradiction is a fault at once */
    jh_next_fn *nonzero;  /* optional; without it zeroes are read to be seen */
    jh_mapped_fn *mapped; /* optional; without it whatever is not there is absent, and a pointer of
                             the tree to where nothing ever was is not known to be corrupt */
};

/* Runs of bytes already in memory: a test image, an mmap-ed core, one's own process. */
struct jh_segment {
    uint64_t addr;
    const uint8_t *bytes; /* NULL: zeroes, as in a hole of a sparse file */
    uint64_t len;
};

#define JH_IMAGE_WINDOWS 256
#define JH_RTREE_HEIGHT_MAX 3 /* levels of a tree */

/* A segment that was found. Up to JH_WINDOW_BYTES from any of the span bytes behind addr can be
 * lent without another look. */
#define JH_WINDOW_BYTES 64
struct jh_window {
    uint64_t addr, span;
    const uint8_t *bytes;
    const struct jh_segment *segment; /* NULL: none yet */
};

/* Fill segment and count, zero the rest. The windows remember which segment an address was last
 * found in, so an image belongs to one thread at a time. */
struct jh_image {
    const struct jh_segment *segment; /* sorted by addr, not overlapping, not wrapping */
    size_t count;
    struct jh_window window[JH_IMAGE_WINDOWS];
    struct jh_window node[JH_RTREE_HEIGHT_MAX]; /* where a node of each level was last */
};

/* ---- layout: one jemalloc build, as data ----------------------------------------------------- */

/* The families that differ. What depends on one is a column: struct jh_family, and the rows of
 * structs. */
enum jh_version {
    JH_5_0_0,
    JH_5_0_1,
    JH_5_1_0,
    JH_5_2_0,
    JH_5_2_1,
    JH_5_3_0,
    JH_5_3_1,
    JH_DEV, /* 295e48944b20 (2026-05-18), 5.3.1 + 47 commits */
    JH_VERSIONS
};

/* One version, as data: jh_family() gives it. */
struct jh_family {
    const char *name; /* "5.3.0" */
    /* Commits after the release that this is are laid out as that one; 0: as none that is known. */
    enum jh_version later;
    uint8_t likely; /* 1: the one to take first where two explain a heap equally well */

    /* the tree */
    const char *root_symbol; /* the variable that has the root, without prefix */
    uint8_t leaf_low_bits;   /* compact leaf: low bits that are not the pointer's */
    bool leaf_packed;        /* wide leaf: one metadata word; state and is_head are in the leaf */
    bool leaf_left_behind;   /* san_bump.c leaves elements behind */
    bool leaf_aarch64_rule;  /* aarch64: top bits zeroed, not sign extended */
    bool emap;               /* the root is in an emap_t */

    /* extent structures */
    const struct jh_bits_row *bits; /* private: e_bits */
    const struct jh_states_row *states;
    uint8_t extent;       /* private: the struct */
    uint8_t extent_align; /* every extent's address is a multiple of it */
    bool large_by_size;   /* opt.disable_large_size_classes, on by default */
    bool slab_left_over;  /* an unused extent keeps the slab bit that it had */

    /* bins */
    const char *bin_info; /* the variable that has them, without prefix */
    bool bin_shards;      /* bin_info_t has n_shards */
    bool slab_sizes;      /* opt.slab_sizes: slabs may have other sizes at run time */

    /* configure */
    bool lg_vaddr;           /* --with-lg-vaddr */
    bool lg_slab_maxregs;    /* --with-lg-slab-maxregs */
    bool tcache_by_page;     /* the largest class of thread caches depends on the page: not 8 MiB */
    uint8_t aarch64_lg_page; /* that configure takes for aarch64-linux; 0: the machine's */
};

/* What a build was configured with. jh_build_init() gives the stock x86_64 Linux build. */
struct jh_build {
    enum jh_version version;
    uint8_t pointer_size;       /* bytes: 4 or 8 */
    uint8_t lg_vaddr;           /* LG_VADDR: 32 to all bits of a pointer; most often 48, 57, 64 */
    uint8_t lg_page;            /* LG_PAGE: 12..16 */
    uint8_t lg_quantum;         /* LG_QUANTUM: 3 or 4 */
    uint8_t lg_slab_maxregs;    /* SC_LG_SLAB_MAXREGS; 0: the default, LG_PAGE - 3 */
    uint8_t pthread_mutex_size; /* bytes: 40 on x86_64 glibc, 48 on aarch64 glibc */
    uint8_t u64_align;          /* of a uint64_t in a struct, bytes: 4 on i386, else 8 */
    bool little_endian;
    bool aarch64; /* 5.1.0 and later zero the leaf's top bits there instead of sign extending */
    bool debug;   /* --enable-debug */
    bool prof;    /* --enable-prof */
    bool stats;   /* not --disable-stats */
    bool cache_oblivious;
};

/* A bit field: byte offset of its word, word size in bytes, shift and width in bits.
 * Width 0: this build has no such field. */
struct jh_field {
    uint16_t offset;
    uint8_t word;
    uint8_t shift;
    uint8_t width;
};

enum jh_leaf_field {
    JH_LEAF_EXTENT,
    JH_LEAF_SZIND,
    JH_LEAF_SLAB,
    JH_LEAF_IS_HEAD,
    JH_LEAF_STATE,
    JH_LEAF_FIELDS
};

enum jh_extent_field {
    /* bit fields of e_bits, in the order in which jemalloc 5.3 lays them out */
    JH_EXTENT_ARENA,
    JH_EXTENT_SLAB,
    JH_EXTENT_COMMITTED,
    JH_EXTENT_DUMPABLE,
    JH_EXTENT_PAI,
    JH_EXTENT_ZEROED,
    JH_EXTENT_GUARDED,
    JH_EXTENT_STATE,
    JH_EXTENT_SZIND,
    JH_EXTENT_NFREE,
    JH_EXTENT_BIN_SHARD,
    JH_EXTENT_IS_HEAD,
    JH_EXTENT_PINNED,
    JH_EXTENT_SN, /* in e_bits up to 5.2.1, a word of its own since 5.3.0 */
    /* whole words and parts of them */
    JH_EXTENT_BITS,
    JH_EXTENT_ADDR,
    JH_EXTENT_SIZE, /* in pages: the upper bits of e_size_esn */
    JH_EXTENT_ESN,  /* the lower ones */
    JH_EXTENT_BSIZE,
    JH_EXTENT_PS,
    JH_EXTENT_FIELDS
};

enum jh_leaf_form {
    JH_LEAF_COMPACT,    /* one word: pointer, flags below it, szind above it */
    JH_LEAF_WIDE,       /* extent, szind and slab as members of their own (5.0 to 5.2) */
    JH_LEAF_WIDE_PACKED /* edata and one metadata word (5.3 and later) */
};

/* What an extent is used for. The names are jemalloc's; the numbers in e_bits differ by version
 * and are translated by the layout. */
enum jh_state {
    JH_ACTIVE,
    JH_DIRTY,
    JH_MUZZY,
    JH_RETAINED,
    JH_TRANSITION,
    JH_MERGING,
    JH_PINNED,
    JH_STATE_UNKNOWN /* a number that this version has no name for */
};

struct jh_rtree_level {
    uint8_t bits;    /* key bits that this level uses */
    uint8_t cumbits; /* bits used by this level and all before it, RTREE_NHIB included */
};

/* bin_info_t: what the slabs of a small size class look like. */
struct jh_bin {
    uint64_t reg_size;  /* bytes */
    uint64_t slab_size; /* bytes, a multiple of the page */
    uint32_t nregs;
    uint32_t n_shards; /* 0: not known */
};

#define JH_STATES_MAX 8
#define JH_BINS_MAX 64
#define JH_EXTENT_HEAD_MAX 64 /* bytes of an extent before its slab bitmap, at most */
#define JH_BITMAP_MAX 1024    /* bytes of a slab's region bits: 8192 regions */
#define JH_LEAF_BYTES_MAX 16

/* Constants bear jemalloc's own names, lower case. Made by jh_layout_make(); a layout source that
 * knows better (DWARF, memory) may overwrite parts of it and then calls jh_layout_check(). */
struct jh_layout {
    struct jh_build build;

    /* rtree.h */
    uint8_t lg_sizeof_ptr, malloc_arena_bits; /* LG_SIZEOF_PTR, MALLOCX_ARENA_BITS */
    uint8_t rtree_nhib, rtree_nlib, rtree_nsb, rtree_height;
    struct jh_rtree_level rtree_level[JH_RTREE_HEIGHT_MAX];
    uint8_t rtree_node_size; /* bytes of an inner element: one pointer */

    /* where the root is: symbol + offset is the address of root[0] */
    const char *root_symbol; /* without the private prefix: "arena_emap_global" */
    uint32_t root_offset;

    /* leaf */
    enum jh_leaf_form leaf_form;
    uint8_t leaf_size;     /* bytes */
    uint8_t leaf_low_bits; /* low pointer bits that are not the pointer's: 1 or 7 */
    bool leaf_sign_extend; /* compact only */
    /* An element may be left behind: 5.3's bump regions of guarded extents are unmapped without
     * being taken out of the tree (san_bump.c), and their structures are used again elsewhere. Such
     * an element says active, of no size class, and its extent does not cover its page. */
    bool leaf_left_behind;
    struct jh_field leaf[JH_LEAF_FIELDS];

    /* extent_t, edata_t */
    uint16_t extent_size, extent_align; /* sizeof; alignment that every extent's address has */
    uint16_t extent_head;               /* bytes that hold every field */
    uint16_t bitmap_offset;
    struct jh_field extent[JH_EXTENT_FIELDS];
    uint8_t states;
    enum jh_state state[JH_STATES_MAX]; /* state number in e_bits -> meaning */

    /* sc.h, size_classes.h */
    uint8_t sc_lg_tiny_min, sc_ntiny, sc_lg_ngroup, sc_ngroup, sc_npseudo, sc_ptr_bits;
    uint8_t sc_lg_base_max, sc_lg_first_regular_base, sc_lg_slab_maxregs;
    uint16_t sc_nregular, sc_nsizes, sc_nbins, sc_npsizes;

    /* Usable size of a large allocation: extent size - large_pad where large_by_size (5.3.1 and
     * later), else that of its size class. */
    uint64_t large_pad; /* sz_large_pad, bytes */
    bool large_by_size;

    struct jh_bin bin[JH_BINS_MAX]; /* sc_nbins of them */
};

/* ---- plan: a layout made ready for speed ------------------------------------------------------
 */

/* Part of a word: (word >> shift) & mask, of the word at this offset. An absent field has mask 0
 * and the offset of one that is there. */
struct jh_plan_part {
    uint64_t mask;
    uint16_t offset;
    uint8_t word, shift;
};

/* What a sound extent with this szind is: a slab where the class is a small one, else none. */
struct jh_plan_class {
    uint64_t mask, bits;  /* what e_bits has under the mask */
    uint64_t least, span; /* its size is at least the one and at most the sum, in bytes */
    uint64_t usize;       /* usable bytes: this, and the size where they follow from it */
    uint64_t by_size;     /* all bits then, else none */
    uint64_t nfree;       /* regions that may be free at most, at their place in e_bits */
    uint64_t bases;       /* so many bases, from address 1 on, are none that any such size wraps */
    uint32_t addr_low;    /* bits of its address that are zero */
    bool slab, allocated;
};

#define JH_PLAN_CLASSES 256

/* Made by jh_plan_make(), and of no use to anyone but the lookups and walks of a heap that has it.
 */
struct jh_plan {
    const struct jh_layout
        *layout;    /* that it was made from: a layout that changes needs a new one */
    bool wide;      /* 64 bits, little endian: each word is eight bytes as they lie */
    uint8_t leaves; /* the level of leaf nodes */
    uint8_t states; /* bit number N: an extent of no class can have state N */
    uint8_t level_shift[JH_RTREE_HEIGHT_MAX];
    bool usual; /* a plan of most builds: jh_plan_is_usual() */
    uint64_t level_mask[JH_RTREE_HEIGHT_MAX];
    uint64_t lower_half; /* all addresses up to this one are canonical */
    uint64_t leaf_mask,
        leaf_other; /* of a leaf element: its extent's address; bits that then are 0 */
    uint64_t leaf_unused;
    struct jh_plan_part leaf[JH_LEAF_FIELDS];
    uint64_t at_low, page_mask, address_mask;
    struct jh_plan_part part[JH_EXTENT_FIELDS];
    uint64_t in_place[JH_EXTENT_FIELDS]; /* masks of the fields of a word that is not shifted */
    enum jh_state state[JH_STATES_MAX];
    struct jh_plan_class of[JH_PLAN_CLASSES]; /* by szind; no extent is of those without a class */
};

/* ---- structs: jemalloc's own, as far as a decoder reads them -------------------------------- */

struct jh_member {
    const char *name;
    const char *type; /* the struct that it is, or is an array of; NULL for anything else */
    uint64_t offset;
    uint64_t size;  /* bytes of one */
    uint64_t count; /* of an array; 0: its length is not part of the struct */
};

/* ---- heap: what every later stage needs ----------------------------------------------------- */

/* Budgets of one walk or one lookup; 0 means the default, which no sound heap reaches. */
struct jh_limits {
    uint64_t max_nodes; /* rtree nodes a walk may enter (default 64 Ki) */
    /* Bytes of nodes that a walk may look at (default: no bound). Nodes of a sound tree are apart
     * from one another, so there are not more than bytes of memory; what is looked at again and
     * again through several parents is told by this. */
    uint64_t max_node_bytes;
    uint64_t max_extents; /* extents a walk may read (default 1 Gi) */
    uint64_t max_passed;  /* tree elements that one lookup may pass over on its way to the first
                             page of a large extent (default 64 Mi); one whose extent is
                             read, as some that are left behind are, counts as 64 */
};

/* What is known of an extent structure whose bytes were left out of an image on purpose, because
 * they are not jemalloc's. */
struct jh_verdict {
    uint64_t at;      /* its address */
    const char *rule; /* of jh_extent_check(), that it breaks; lives as long as the heap */
};

struct jh_heap { /* the caller owns all of it */
    struct jh_reader reader;
    const struct jh_layout *layout;
    uint64_t rtree_root; /* address of root[0] */
    struct jh_limits limits;
    const struct jh_verdict *verdict; /* optional; sorted by address. jh_extent_read() says them */
    size_t verdicts;
    const struct jh_plan
        *plan; /* optional, of the layout: the same answers, several times faster */
};

/* ---- rtree: address -> leaf bytes ----------------------------------------------------------- */

struct jh_leaf_bytes {
    uint64_t page; /* the page that the leaf element speaks of */
    uint64_t at;   /* address of the element; 0 when a node on the way is not there */
    uint8_t bytes[JH_LEAF_BYTES_MAX];
};

/* ---- leaf: leaf bytes -> which extent (pure) ------------------------------------------------ */

/* Take only the extent from it: the rest is reported as it stands and may be stale, the truth is
 * in the extent. Where it cannot be stale jh_leaf_check() holds it against the extent. */
struct jh_leaf {
    uint64_t extent; /* address of the extent_t / edata_t; 0: none */
    uint32_t szind;
    uint32_t state_bits; /* 0 before 5.3 */
    bool slab, is_head;
    uint8_t unused; /* bits of a compact element between its state and its pointer: 0 */
};

/* ---- extent: extent_t / edata_t bytes -> extent (read, then pure) --------------------------- */

struct jh_extent {
    uint64_t at;    /* address of the extent structure itself */
    uint64_t addr;  /* e_addr: the allocation's address, which cache-oblivious builds shift */
    uint64_t base;  /* addr at its page's start */
    uint64_t size;  /* bytes, whole pages */
    uint64_t bsize; /* e_bsize: the same word, as base extents use it */
    uint64_t bits;  /* e_bits */
    uint64_t sn, ps;
    uint64_t usize; /* bytes that the application may use; 0 when not allocated */
    uint32_t esn, arena_ind, szind, nfree, bin_shard, state_bits;
    enum jh_state state;
    bool slab;      /* as stored: stale unless allocated */
    bool allocated; /* active and of a size class: HPA's cache keeps active extents of none */
    bool committed, dumpable, pai, zeroed, guarded, is_head, pinned;
};

/* The same in brief: what is asked most often. All else in e_bits is a field of the layout. */
struct jh_brief {
    uint64_t at, addr, size, bits; /* as in struct jh_extent */
    uint32_t szind;
    enum jh_state state;
    bool slab, allocated;
};

/* ---- walk: every extent once ---------------------------------------------------------------- */

#define JH_WALK_BATCH 64
#define JH_WALK_SCRATCH 65536 /* bytes */
#define JH_WALK_NODES 256     /* of the tree that are remembered */

/* A walk under way. The caller gives it room; what is in it is the walk's own business. */
struct jh_walk {
    const struct jh_heap *heap;
    struct jh_node {
        uint64_t at;    /* address */
        uint64_t page;  /* the first page that it covers */
        uint64_t index; /* the next element to look at */
        uint64_t paid;  /* elements in front of this one are off the budget of bytes */
    } node[JH_RTREE_HEIGHT_MAX];
    unsigned level;
    uint64_t nodes_left, bytes_left, extents_left;
    struct jh_node_seen {
        uint64_t at, size;
    } seen[JH_WALK_NODES]; /* the root, then those entered last: one that meets them is a fault */
    size_t seen_next;
    uint64_t last_extent;       /* of the leaf element that was seen last */
    uint64_t last_word;         /* that element as it lies, where it is one of eight bytes */
    uint64_t last_at, last_end; /* the extent that was given last, and where it ends */
    uint64_t last_page;         /* its last one */
    bool last_slab;             /* it is one */
    bool last_behind;           /* its element may be one that was left behind */
    struct jh_pending {
        uint64_t page;
        uint64_t second_page, last_page, elements; /* all those that name the same extent */
        struct jh_leaf leaf;                       /* of the first one */
        bool same_state, same_class;               /* the others say the same */
        bool second_behind;                        /* the second may have been left behind */
        bool leaf_done;                            /* nothing more to say of its elements */
        bool anew;                                 /* the first one was read once more */
        const uint8_t *head;                       /* the extent's bytes; NULL: absent */
    } pending[JH_WALK_BATCH];
    size_t pending_count, pending_next;
    bool full;          /* the element at hand does not belong to the batch */
    const uint8_t *run; /* elements at hand of the node at this level, from its index on */
    size_t run_len;     /* bytes */
    uint8_t heads[JH_WALK_BATCH * JH_EXTENT_HEAD_MAX];
    uint8_t scratch[JH_WALK_SCRATCH];
};

/* ---- slab: extent -> its regions (pure but for the read) ------------------------------------ */

/* The bitmap cannot tell an application's object from one parked in a thread cache: HELD is both.
 */
struct jh_slab {
    uint64_t base, reg_size;
    uint32_t nregs, nfree;         /* nfree counted in the bitmap */
    uint8_t bitmap[JH_BITMAP_MAX]; /* level 0 as it stands in the target: a set bit is free */
};

/* ---- arena: jemalloc's own memory, and what an arena's extents must be (pure) ---------------- */

/* base_block_t: memory that a base allocator got at once. Arenas, tree nodes and the structures of
 * extents lie in such blocks, those of an arena's extents in the blocks of the arena's own base. */
struct jh_block {
    uint64_t at, size;            /* as its header says */
    uint64_t unused, unused_size; /* its end, which was not handed out: e_addr, e_bsize */
};

struct jh_arena {
    uint32_t ind;      /* its number */
    bool shards_known; /* layout->bin[].n_shards is what the target has */
    uint64_t sn_next;  /* extent_sn_next; 0: not known */
};

/* ---- cache: regions that are parked in a thread cache ---------------------------------------- */

#define JH_CACHE_NONE UINT32_MAX

/* Where a cache (tcache_t) keeps what, in bytes: jh_cache_form() makes it from the layout. */
struct jh_cache_form {
    uint32_t list;      /* in arena_t: the pointer to the ring of caches */
    uint32_t link;      /* in what the ring is made of: its two pointers */
    uint32_t bins;      /* in that: the pointer to a cache's bins; JH_CACHE_NONE: it is the cache */
    uint32_t slow;      /* in the cache: the pointer to the rest of it (tcache_slow_t), which has
                           one back; JH_CACHE_NONE: the cache is all of it */
    uint32_t back;      /* in that rest */
    uint32_t arena;     /* in the rest, or in the cache: the arena that it is associated with */
    uint32_t small;     /* in the cache: its first bin */
    uint32_t large;     /* the first bin of a large class */
    uint32_t slots;     /* bins that there is room for, by size class */
    uint16_t bin_size;  /* of cache_bin_t, also called tcache_bin_t */
    bool cursor;        /* a bin has stack_head and low bits of addresses; else ncached and avail */
    uint16_t top;       /* in a bin: stack_head, avail */
    uint16_t low_water; /* low_bits_low_water, low_water */
    uint16_t ncached;   /* without a cursor */
    uint16_t full, empty; /* low_bits_full, low_bits_empty */
    uint16_t ncached_max; /* in the bin itself (5.3.1 on); 0: in tcache_bin_info */
    uint64_t disabled;    /* 5.3.1 on: stack_head of all bins that are disabled, the address of
                             disabled_bin; 0: not known. jh_cache_form() leaves it 0 */
};

#define JH_CACHE_BIN_MAX 64   /* bytes of a bin, at most */
#define JH_CACHE_BINS_MAX 256 /* of a cache, at most: one for each size class */

/* One bin of a cache. */
struct jh_cache_bin {
    uint64_t at;          /* address of the bin */
    uint32_t szind;       /* its size class */
    bool used;            /* it was initialised, and is not disabled */
    uint32_t ncached;     /* regions that are parked in it */
    uint32_t ncached_max; /* that it may hold; 0: not known */
    uint64_t items;       /* address of ncached pointers to them */
    uint32_t stashed;     /* regions that a build with detection of use after free holds back */
    uint64_t stash;       /* address of as many pointers to them */
};

/* ---- stats: totals of extents, as jemalloc counts them -----------------------------------------
 */

/* One size class. Large classes have no free regions; each of their extents is one allocation. */
struct jh_class_stats {
    uint64_t allocated; /* regions or large allocations that are handed out, parked ones too */
    uint64_t cached;    /* of these, parked in thread caches */
    uint64_t sampled;   /* of these, small ones that profiling gave extents of their own */
    uint64_t free;      /* regions of slabs that are not handed out */
    uint64_t slabs;     /* or extents of large allocations; of samples see below */
    uint64_t empty;     /* slabs of which no region is handed out */
    uint64_t bytes;     /* of the extents */
    uint64_t usable;    /* bytes that were handed out: what the program may use of them */
};

/* Zero it, then add extents and parked regions. */
struct jh_stats {
    uint64_t extents;
    uint64_t usable;    /* bytes handed out: what the program may use of them */
    uint64_t allocated; /* the same as stats.allocated counts it: differs by the samples */
    uint64_t cached;    /* of these, bytes parked in thread caches */
    uint64_t active;    /* bytes of extents that are handed out */
    uint64_t unused;    /* bytes of active extents that nobody was given: caches of HPA and san */
    uint64_t sampled;   /* small allocations that profiling gave extents of their own */
    uint64_t sampled_large; /* of these, those that jemalloc counts as large ones: 4 pages each */
    uint64_t sampled_bytes; /* of these extents */
    uint64_t state_count[JH_STATE_UNKNOWN + 1]; /* extents by state */
    uint64_t state_bytes[JH_STATE_UNKNOWN + 1];
    struct jh_class_stats of[JH_CACHE_BINS_MAX]; /* by szind */
};

/* ---- counters: what an arena counts of its extents --------------------------------------------
 */

enum jh_counter {
    JH_COUNT_ACTIVE,      /* pages of extents that are handed out */
    JH_COUNT_PAGES,       /* pages of unused extents, by state */
    JH_COUNT_EXTENTS,     /* unused extents, by state and page class */
    JH_COUNT_BYTES,       /* bytes of these */
    JH_COUNT_LARGE,       /* large allocations, by size class */
    JH_COUNT_LARGE_BYTES, /* what may be used of them */
    JH_COUNT_REGIONS,     /* regions of slabs that are handed out, by bin */
    JH_COUNT_SLABS,       /* slabs, by bin */
    JH_COUNT_NONFULL,     /* slabs with free regions, by bin */
    JH_COUNT_SAMPLED,     /* small allocations that profiling gave extents of their own */
    JH_COUNTERS
};

#define JH_PAGE_CLASSES_MAX 256
#define JH_UNUSED_STATES 4 /* dirty, muzzy, retained, pinned */

/* Where which counter is in a row of numbers, one row for each arena. */
struct jh_counting {
    const struct jh_layout *layout;
    uint32_t first[JH_COUNTERS + 1]; /* of each kind; the last one: how many numbers there are */
    uint32_t bin[JH_BINS_MAX + 1];   /* shards of all classes before this one */
    uint32_t page_classes;           /* SC_NPSIZES */
    uint64_t page_class[JH_PAGE_CLASSES_MAX]; /* bytes */
};

/* ---- index: an address book of the heap ------------------------------------------------------ */

#define JH_INDEX_NONE UINT64_MAX

/* What the index keeps, packed; of use to nobody else. */
struct jh_index_extent {
    uint64_t addr; /* e_addr */
    uint64_t at;   /* its structure's address; low bits: something in it is parked */
    uint64_t size; /* bytes, whole pages; low bits: szind, and what it is used for */
};

/* Extents that begin in one stretch of addresses, and where in it: one number for each step. */
struct jh_index_cell {
    uint64_t low;        /* where the first of them begins */
    uint32_t slot, last; /* the first of its numbers; how many there are behind it */
    uint32_t lg_step;    /* bytes of a step */
    uint32_t unused;
};

struct jh_index_bin {         /* of a size class of slabs */
    uint64_t reg_size, limit; /* bytes: of a region, of all of them */
};

/* Made by jh_index_start(), jh_index_add() and jh_index_end(). The memory is the caller's. */
struct jh_index {
    const struct jh_layout *layout;
    struct jh_index_extent *extent; /* in the order of addresses, and one behind the last */
    uint64_t count, room;
    uint64_t first, span; /* where the first begins, and bytes from there to the last byte of all */
    struct jh_index_cell *cell;
    uint64_t cells;
    unsigned lg_cell;
    uint32_t *slot;
    uint64_t slots;
    uint64_t *parked; /* sorted */
    uint64_t parked_count;
    uint64_t page_mask; /* of an address: where its page begins */
    uint16_t bitmap_offset;
    bool wide;  /* a word is 64 bits, little endian */
    bool doubt; /* there may be more extents than these */
    struct jh_index_bin bin[JH_BINS_MAX];
};

/* ---- locate: what is at this address? The stages above, in order, once ---------------------- */

enum jh_use {
    JH_USE_HELD,        /* handed out: the application's, or parked in a thread cache */
    JH_USE_FREE,        /* a free region of a slab */
    JH_USE_UNALLOCATED, /* an active extent that nobody was given (HPA's cache, san's bump region)
                         */
    JH_USE_DIRTY,
    JH_USE_MUZZY,
    JH_USE_RETAINED,
    JH_USE_PINNED,
    JH_USE_TRANSITION,
    JH_USE_MERGING
};

enum jh_why {
    JH_WHY_OWNED,
    JH_WHY_NULL,          /* page 0: no heap has it */
    JH_WHY_NON_CANONICAL, /* the bits above LG_VADDR are not a sign extension */
    JH_WHY_NO_LEAF,       /* no extent covers it */
    JH_WHY_BEFORE,        /* in the padding in front of a large allocation */
    JH_WHY_BEYOND         /* behind the usable size */
};

struct jh_location {
    bool owned;
    enum jh_why why;         /* when not owned */
    enum jh_use use;         /* when owned */
    struct jh_extent extent; /* at is 0 when there is none */
    uint64_t start, size;    /* the region, large allocation or unused extent that addr is in */
    uint64_t offset;         /* of addr in it */
    uint32_t region_index;   /* in a slab */
};

/* What the index answers: as struct jh_location, without all that the extent says. */
struct jh_found {
    bool owned;
    enum jh_why why;       /* when not owned */
    enum jh_use use;       /* when owned */
    uint32_t szind;        /* of the extent, as e_bits has it */
    uint32_t region_index; /* in a slab */
    uint64_t start, size;  /* the region, large allocation or unused extent that addr is in */
    uint64_t extent;       /* address of its structure; 0: there is none */
    uint64_t which;        /* its number in the index, by address, or where extent is 0 that of the
                              next one; JH_INDEX_NONE: the tree was asked for this address, since
                              the index cannot vouch for an answer */
    uint64_t
        parked; /* its number among the parked ones; JH_INDEX_NONE: it is not known as parked */
};

/* An extent of the index, and addresses of the first and the last of its regions. */
struct jh_index_pieces {
    uint64_t base, size, first, last;
};

/* What else the structure of that extent says, which is read for it. */
struct jh_index_more {
    struct jh_extent extent;
    bool free_before, free_after; /* of an owned region: those beside it in its slab, if any */
};

#ifdef __cplusplus
}
#endif
#endif
