/* compare.h - the decoder against a witness's truth, level by level. */
#ifndef JEHEAP_COMPARE_H
#define JEHEAP_COMPARE_H

#include <json-c/json.h>

#include "expected_answer.h"
#include "jeheap/jeheap.h"
#include "open/open.h"
#include "truth.h"

enum level { LEVEL_CONSTANTS, LEVEL_FUNCTIONS, LEVEL_HEAP, LEVEL_API, LEVEL_OFFLINE, LEVELS };

const char *level_name(enum level level);

/* What was compared in a level; extents and what follows are of LEVEL_HEAP and LEVEL_OFFLINE. */
struct tally {
    uint64_t compared, mismatches;
    uint64_t extents, fields, lookups, regions, cached;
    uint64_t in_storage; /* cached ones in caches that threads' storage led to */
};

struct mismatch {
    enum level level;
    char what[64], where[96], expected[160], seen[160];
    char words[400]; /* the raw words behind it (compare_words.c); "" where there are none */
};

#define MISMATCHES_KEPT 100

struct comparison {
    const struct truth *truth;
    enum level level;           /* the one that is being compared */
    const struct jh_heap *heap; /* that is being compared; NULL for constants and functions */
    uint64_t metadata_bytes;    /* of the heap that was compared last; 0: of none */
    uint64_t extent_at;         /* the extent structure at hand; 0: by the address */
    bool first_only; /* stop at the first mismatch: drift asks no more than whether there is one */
    bool stop;       /* there was one */
    bool lacks;      /* the image lacks some of the memory: absent is no mismatch there */
    uint64_t absent; /* how often it was the answer */
    bool storage;    /* it is known where threads have their storage on this machine */
    bool threads;    /* the target at hand has threads */
    bool no_blocks;  /* it is a skeleton that was made without symbols, which lead to jemalloc's
                        blocks */
    struct tally tally[LEVELS];
    struct mismatch kept[MISMATCHES_KEPT];
    size_t kept_count;
};

/* {"level","what","where","expected","seen","words","command"}; command repeats the cell. */
struct json_object *mismatch_json(const struct mismatch *mismatch, const char *command);

/* Leaf element and extent behind an address, as "leaf 0x...: 0x...; extent 0x...: 0x... 0x...". */
void compare_words(const struct comparison *c, uint64_t where, char *out, size_t size);

/* One comparison of one value. where is the address (or index) that it is about. */
void compare_number(struct comparison *c, const char *what, uint64_t where, uint64_t expected,
                    uint64_t seen);
void compare_word(struct comparison *c, const char *what, uint64_t where, const char *expected,
                  const char *seen);
/* What should have worked did not: status and fault. */
void compare_failed(struct comparison *c, const char *what, uint64_t where, enum jh_status status,
                    const struct jh_fault *fault);

void compare_constants(struct comparison *c, const struct jh_layout *layout);
void compare_functions(struct comparison *c, const struct jh_layout *layout);
/* Both into the level that is set: heap or api for a process, offline for a core. */
void compare_heap(struct comparison *c, struct jt_target *target);
void compare_api(struct comparison *c, struct jt_target *target);

/* Thread caches and explicit ones: part of the heap. */
void compare_caches(struct comparison *c, struct jt_target *target);
/* The same alone, with this form of them, which drift bends. */
void compare_caches_with(struct comparison *c, struct jt_target *target,
                         const struct jh_cache_form *form);

/* Totals of the heap, its arenas and size classes: where the truth has jemalloc's own. */
void compare_totals(struct comparison *c, struct jt_target *target);

/* The table of arenas, their blocks and bins: part of the heap. */
void compare_arenas(struct comparison *c, struct jt_target *target);
/* What arenas count, where the truth has jemalloc's own answers. */
void compare_counters(struct comparison *c, struct jt_target *target);

/* All extents that a walk gives, to compare another image's with; false and the fault at the first
 * that is not sound. */
struct walked {
    struct jh_extent *extent;
    size_t count, room;
};
bool walk_take(const struct jh_heap *heap, struct walked *out, struct jh_fault *fault);
void walk_free(struct walked *walked);
void compare_walks(struct comparison *c, const struct walked *expected, const struct jh_heap *heap);

/* The skeleton of a target, into a file; false and a sentence in why. */
bool skeleton_make(struct comparison *c, struct jt_target *from, const char *path, char *why,
                   size_t why_size);
/* Nothing of what the program was given may be in a skeleton. */
void compare_private(struct comparison *c, const struct jh_heap *heap);
/* The skeleton of a skeleton is the same file. */
void compare_again(struct comparison *c, const char *skeleton, const char *again);

#endif
