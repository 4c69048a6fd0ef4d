/* inside.h - what the files of heap/ share with each other and with the layers above. */
#ifndef JEHEAP_HEAP_INSIDE_H
#define JEHEAP_HEAP_INSIDE_H

#include "heap/arenas.h"
#include "heap/caches.h"
#include "heap/check.h"
#include "heap/numbers.h"
#include "heap/in_flight.h"
#include "learn/inside.h"

/* ---- marks of operations in flight ----------------------------------------------------------- */

/* A thread inside jemalloc. */
struct jt_hand {
    int thread;
    bool crashed;   /* there: it was not stopped, so it may be what it does that is wrong */
    uint64_t tls;   /* its thread pointer; 0: not known */
    uint64_t *word; /* that are in registers and on its stack, sorted */
    size_t words;
};

struct jt_lock_marks {
    uint32_t set, unknown; /* marks that are there, and whose memory is absent */
};

/* Locks that were looked at last: faults come in rows, and nothing changes while they are judged.
 */
struct jt_lock_looks {
    bool done;
    const struct jt_arena *arena;
    uint32_t szind;
    struct jt_lock_marks marks;
};

struct jt_hands {
    bool done, known; /* known: of every thread it is known where it is */
    bool blind;       /* the registers of one that is inside are not known */
    bool text_known;
    struct jt_ranges text; /* jemalloc's functions */
    struct jt_ranges code; /* all that is executable */
    struct jt_hand *hand;
    size_t count;
    size_t all; /* words of all of them */
    struct jt_lock_looks locks;
};

/* ---- numbers.c: where they stand, once somebody has asked ----------------------------------- */

struct jt_place_of {
    uint32_t at, other; /* in arena_t or base_t; other 0: nothing is added */
    uint8_t size;       /* bytes; 0: this version has none */
    bool base, always, is_signed;
};

struct jt_bins_form {
    uint64_t at, size;     /* of the array in arena_t; bytes of a bin, 0: not known */
    bool behind, pointers; /* it stands behind arena_t; it has pointers to bins */
    uint32_t offset[JT_BIN_COUNTERS], known;
    uint8_t bytes[JT_BIN_COUNTERS]; /* 0: this version does not count it */
};

/* A number of each page size class, in arena_t. */
struct jt_series {
    uint32_t at, other, stride, count; /* other 0: nothing is added */
    uint8_t size;                      /* bytes of a number; 0: this version has none */
};

#define JT_HEAPS 11 /* counters_read.c has the table */

struct jt_numbers_form {
    bool learnt;
    struct jt_series heap[JT_HEAPS]; /* where heaps of unused extents begin; size 0: it has none */
    struct jt_series unused[JH_UNUSED_STATES][JT_UNUSED_COUNTERS];
    struct jt_bins_form bins;
    struct jt_place_of place[JT_COUNTERS];
    uint32_t large_at, large_size, large[JT_LARGE_COUNTERS], large_known;
};

struct jt_arena_kinds { /* arena_kind.c: by the numbers of arenas */
    bool done;
    uint32_t automatic, made; /* all below are automatic; all from there on are not */
};

const struct jt_numbers_form *jt_numbers_form(struct jt_target *target);
/* numbers_unused.c: its part */
void jt_unused_learn(const struct jh_layout *layout, struct jt_numbers_form *form);
/* counters_read.c: its part */
void jt_heaps_learn(const struct jh_layout *layout, struct jt_numbers_form *form);
/* numbers_bins.c: its part, and what belongs to bins of jt_numbers() */
void jt_bins_learn(const struct jh_layout *layout, struct jt_bins_form *f);
void jt_numbers_bins(struct jt_target *target, const struct jt_arena *arena,
                     struct jt_numbers *out);

/* ---- the room's part of the target ----------------------------------------------------------- */

struct jt_base {            /* of the base allocators */
    struct jt_block *block; /* as they come */
    size_t blocks;
    struct jt_range *range; /* the same, merged */
    size_t ranges;
    bool done, complete;
    uint32_t base_blocks, arena_base, block_size, block_next; /* offsets */
    struct jt_arenas arenas;
    struct jt_arena_form form;
    const struct jt_target *of; /* whose they are: not those of its other heaps */
    struct jt_numbers_form numbers;
    struct jt_arena_kinds kinds;
    struct jt_caches caches;
    bool caches_done, owners_done;
    struct jt_hands hands;
    struct jt_ranges written; /* of a skeleton: structures that no element of the tree leads to, of
                                 memory that it does not have, and that was not all zero */
};

/* ---- lock_marks.c, thread_marks.c ------------------------------------------------------------ */

#define JT_MARKS_OF_LOCKS                                                                          \
    (JT_MARK_BIN | JT_MARK_PAGES | JT_MARK_AVAIL | JT_MARK_BASE | JT_MARK_CACHES | JT_MARK_LARGE | \
     JT_MARK_PURGE)

/* Of the arena and of its bins of that class; of all bins when szind is no class of a bin. */
void jt_lock_marks(struct jt_target *target, const struct jt_arena *arena, uint32_t szind,
                   struct jt_lock_marks *out);

/* The threads that are inside jemalloc; looked for once. */
const struct jt_hands *jt_hands(struct jt_target *target);
void jt_hands_free(struct jt_target *target);
/* The number of a thread that has a word from there to before end in hand; 0: none has. */
int jt_hands_have(const struct jt_hands *hands, uint64_t from, uint64_t end);
/* Is the address in its thread-local storage? False where that is not known. */
bool jt_hand_stores(const struct jt_hand *hand, uint64_t addr);
/* The number of one whose thread-local storage the address is in. */
int jt_hands_storage(const struct jt_hands *hands, uint64_t addr);

/* ---- metadata.c ----------------------------------------------------------------------------- */

/* Offsets as this version has them, or as debug information says. */
void jt_metadata_learn(struct jt_target *target, const struct jt_dwarf *dwarf);
/* Look for the blocks, if nobody has yet. */
void jt_metadata_find(struct jt_target *target);
/* One more of them, of the arena that came last; false when memory ran out. */
bool jt_metadata_add(struct jt_target *target, uint64_t at, uint64_t size, uint64_t used);
/* That was all of them; complete: and there are no others. */
void jt_metadata_done(struct jt_target *target, bool complete);

/* ---- guard_check.c --------------------------------------------------------------------------- */

#define JT_GUARD_RULE "arena.guard-page"
/* May the page behind a guarded extent be touched? Read-only pages of cores do not count: a
 * debugger says of what may not be touched that it may be read. False where that is not known. */
bool jt_guard_is_open(const struct jt_target *target, const struct jh_extent *extent);

/* ---- caches.c ------------------------------------------------------------------------------- */

/* Makes by_address, once all regions are known. */
void jt_caches_sort(struct jt_target *target);
void jt_caches_free(struct jt_target *target);
/* The first in by_address whose region is at addr or behind it. */
size_t jt_parked_from(const struct jt_caches *all, uint64_t addr);
/* The first reason stays. */
void jt_caches_incomplete(struct jt_caches *all, enum jt_caches_why why);

#endif
