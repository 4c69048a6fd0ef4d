/* arena_check.h - what arena_check.c, arena_scan.c, arena_avail.c and arena_whole.c share. */
#ifndef JEHEAP_TARGET_ARENA_CHECK_H
#define JEHEAP_TARGET_ARENA_CHECK_H

#include "heap/inside.h"

/* A structure that looks as if it were in use, and that no element of the tree leads to. */
struct jt_lost {
    uint64_t at, base;
    uint32_t arena;
    bool active;
    bool found; /* it is not lost, or that cannot be told */
};

/* An unused extent's place in its ring. */
struct jt_link {
    uint64_t at, next, prev;
    bool seen;  /* the tree leads to it */
    bool apart; /* the next one does not lead back */
};

struct jt_check {
    struct jt_target *target;
    jt_fault_fn *fault;
    void *arg;
    struct jt_block *block; /* sorted, what overlaps cut off */
    size_t blocks, last;    /* the one that was looked into last */
    uint64_t *first;        /* of each block: its first slot */
    uint64_t slots;         /* all blocks' room for structures, extent_align bytes each */
    uint64_t *seen, *avail; /* a bit for each slot */
    struct jt_ranges covered;
    struct jt_ranges
        *keep; /* gets what is read of single structures and words; NULL: nobody asks */
    struct jt_lost *lost;
    struct jt_link *link;
    size_t losts, links;
    bool again;       /* lost ones are looked at once more */
    size_t base_next; /* of the ranges of jemalloc's own memory: the first that ends behind the
                         extent at hand */
    bool doubtful;    /* not all extents were given, or not as they are */
    struct jt_counters *counters; /* NULL: nobody asks for them */
};

#define JT_SLOT_NONE UINT64_MAX

/* The slot of an address, and its block in check->last; JT_SLOT_NONE: in no block. */
uint64_t jt_check_slot(struct jt_check *check, uint64_t at);
void jt_check_say(const struct jt_check *check, uint64_t at, uint64_t seen, const char *rule);
void jt_check_say_of(const struct jt_check *check, uint64_t at, uint64_t seen, uint64_t expected,
                     const char *rule);
/* block_check.c: serial numbers of the blocks, and what blocks must not share. */
void jt_blocks_check(struct jt_check *check);
/* A block's own extent is kept. */
void jt_blocks_keep(struct jt_target *target, struct jt_ranges *keep);

/* guard_check.c */
void jt_guard_check(const struct jt_check *check, const struct jh_extent *extent);

static inline bool jt_bit(const uint64_t *bits, uint64_t i) {
    return bits[i / 64] >> i % 64 & 1;
}

static inline void jt_bit_set(uint64_t *bits, uint64_t i) {
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* arena_avail.c: a word that is kept, too. */
bool jt_check_word(const struct jt_check *check, uint64_t at, uint64_t *out);

/* arena_scan.c: all blocks once, for lost and link. */
void jt_check_scan(struct jt_check *check);
/* arena_avail.c: marks in avail what waits to be used in this arena; false: cannot be told. */
bool jt_check_avail(struct jt_check *check, const struct jt_arena *arena);
/* arena_whole.c: the links that the scan has found, and the structures that nothing leads to. */
void jt_check_links(struct jt_check *check);
void jt_check_lost(struct jt_check *check);

#endif
