/* root_scan.h - what the files that look for a root without symbols share: infer_root.c,
 * root_words.c, root_try.c and root_memory.c. */
#ifndef JEHEAP_TARGET_ROOT_SCAN_H
#define JEHEAP_TARGET_ROOT_SCAN_H

#include "learn/inside.h"

#define JT_ROOT_BITS_MAX 18                        /* root[] has at most 2^18 elements */
#define JT_ROOT_BYTES_MAX (8u << JT_ROOT_BITS_MAX) /* bytes of root[] */
#define JT_SCAN_WINDOW (16u << 20) /* bytes of memory whose words are kept at once */
#define JT_SCAN_PAGE 4096
#define JT_SCAN_ZEROES 4096
#define JT_SCAN_STEPS_MAX (1u << 25) /* bounds the time for a hostile image, all geometries */

/* A word of memory that is not zero. */
struct jt_found_word {
    uint64_t at, value;
    size_t strange; /* words up to this one, itself included, that cannot point at a node */
};

struct jt_scan {
    struct jt_target *target;
    struct jt_search *search; /* receives the roots */
    const struct jt_module *module;
    struct jh_build build;      /* of the module */
    bool any_version;           /* every version is tried, not only that of build */
    bool damaged;               /* also look for roots that have strange words */
    struct jh_layout layout;    /* with the geometry that is being tried */
    struct jt_range range;      /* the memory that is being searched */
    uint64_t from, to;          /* the part of range whose words are in word */
    struct jt_found_word *word; /* the words that are not zero */
    size_t words, room;         /* their number, and how many fit */
    uint64_t in_use[(1u << JT_ROOT_BITS_MAX) / 64]; /* a bit for each element of root[] that may be
                                                       in use, as its addresses are mapped */
    size_t indexes;                                 /* bits that are set in in_use */
    uint64_t steps, pages;                          /* spent, for all modules */
    uint64_t zero[JT_SCAN_ZEROES];                  /* addresses + 1 of pages that are all zero */
    uint64_t left;                                  /* bytes that may still be searched */
    bool exhausted;                                 /* root.search-limit: a budget is spent */
};

/* ---- root_memory.c: where a root can be -------------------------------------------------------
 */

/* The writable memory of a module: .data and .bss. */
void jt_module_writable(const struct jt_target *target, const struct jt_module *module,
                        struct jt_ranges *out);

/* ---- root_words.c: what looks like a root ---------------------------------------------------- */

/* Collects the words from s->from to end, or to where s->word is full; s->to is where it stopped.
 */
void jt_scan_collect(struct jt_scan *s, uint64_t end);
/* Tries all roots among these words, with the geometry of s->layout. */
void jt_scan_words(struct jt_scan *s);
/* Can the value point at a node or at an extent's structure? Those are in writable memory that
 * jemalloc has mapped for itself, and aligned to cache lines. */
bool jt_scan_is_node(const struct jt_scan *s, uint64_t value);
/* Notes that a budget is spent, so that memory from this address on is not searched. */
void jt_scan_limit(struct jt_scan *s, uint64_t at);

/* ---- root_try.c: does a root decode? --------------------------------------------------------- */

/* The index of the element of root[] that points at the node: a sound extent below the node tells.
 * False: no extent is sound. */
bool jt_scan_index_of(struct jt_scan *s, uint64_t node, uint64_t *index);
/* For qsort(), of struct jt_found_root: clean roots first, then those with the most extents. */
int jt_found_better(const void *a, const void *b);
/* Adds the root to the search if an extent below it is sound. */
void jt_scan_try(struct jt_scan *s, uint64_t root);

#endif
