/* root_scan.h - what the files that look for a root agree on: infer_root.c, root_words.c,
 * root_try.c and root_parts.c. */
#ifndef JEHEAP_TARGET_ROOT_SCAN_H
#define JEHEAP_TARGET_ROOT_SCAN_H

#include "learn/inside.h"

#define JT_ROOT_BITS_MAX 18                        /* of its elements' number */
#define JT_ROOT_BYTES_MAX (8u << JT_ROOT_BITS_MAX) /* of the array */
#define JT_SCAN_WINDOW (16u << 20)                 /* bytes whose words are kept at once */
#define JT_SCAN_PAGE 4096
#define JT_SCAN_ZEROES 4096
#define JT_SCAN_STEPS_MAX (1u << 25) /* of all geometries: what a hostile image costs */

struct jt_found_word {
    uint64_t at, value;
    size_t strange; /* how many words up to this one are no address of a node */
};

struct jt_scan {
    struct jt_target *target;
    struct jt_search *search; /* what is found goes there */
    const struct jt_module *module;
    struct jh_build build;      /* of the module that is looked at */
    bool any_version;           /* not just the build's */
    bool damaged;               /* roots that have words of another kind in them too */
    struct jh_layout layout;    /* of the geometry that is tried */
    struct jt_range part;       /* the piece of memory that is looked at */
    uint64_t from, to;          /* what the words are of */
    struct jt_found_word *word; /* the non-zero ones */
    size_t words, room;
    uint64_t in_use[(1u << JT_ROOT_BITS_MAX) / 64]; /* a bit for each element that may be in use */
    size_t indexes;                                 /* how many these are */
    uint64_t steps, pages;                          /* of all modules */
    uint64_t zero[JT_SCAN_ZEROES];                  /* pages that are: each address + 1 */
    uint64_t left; /* bytes that may be looked at yet, zero or not */
    bool out;      /* a budget for all is used up */
};

/* ---- root_parts.c: where a root can be ------------------------------------------------------- */

/* The writable memory of a module: .data and .bss. */
void jt_module_writable(const struct jt_target *target, const struct jt_module *module,
                        struct jt_ranges *out);

/* ---- root_words.c: what looks like a root ---------------------------------------------------- */

/* The words from s->from on, up to end or as far as there is room: s->to. */
void jt_scan_collect(struct jt_scan *s, uint64_t end);
/* All roots among these words, with the geometry of s->layout. */
void jt_scan_words(struct jt_scan *s);
/* Is the address one of a node or an extent? Those are in writable memory that jemalloc has mapped
 * for itself, and aligned to cache lines. */
bool jt_scan_is_node(const struct jt_scan *s, uint64_t value);
/* Notes that not all was looked at from here on: a budget is used up. */
void jt_scan_limit(struct jt_scan *s, uint64_t at);

/* ---- root_try.c: what decodes ---------------------------------------------------------------- */

/* Which element of root[] leads to the node, by a sound extent beneath it. */
bool jt_scan_index_of(struct jt_scan *s, uint64_t node, uint64_t *index);
/* For qsort(): clean ones first, then those that have most of the heap. */
int jt_found_better(const void *a, const void *b);
/* One that decodes is put into the search: an extent beneath it is sound. */
void jt_scan_try(struct jt_scan *s, uint64_t root);

#endif
