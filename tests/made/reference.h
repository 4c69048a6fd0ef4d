/* reference.h - a second reader of the tree, as simple as it can be: it goes from element to
 * element and knows nothing of batches, runs and budgets of elements. It may look at the image's
 * runs, so that the zeroes of a node cost it nothing. What a leaf element and an extent structure
 * say is decoded by the library's pure functions, which have targets of their own. */
#ifndef JEHEAP_REFERENCE_H
#define JEHEAP_REFERENCE_H

#include "heap_image.h"

#define REFERENCE_CHANGED_MAX 64

/* The image as it is now: with what was changed beside its runs, and without what was left out. */
struct reference {
    const struct heap_image *image;
    struct heap_range changed[REFERENCE_CHANGED_MAX];
    size_t changes;
    struct heap_range hole[2];
    size_t holes;
    uint64_t max_nodes;
};

/* An element that is not empty. */
struct reference_element {
    unsigned level;
    uint64_t at;    /* its address */
    uint64_t page;  /* the first page that it speaks of, as a key: not sign-extended */
    uint64_t value; /* the child, or the extent */
};

/* False ends it. */
typedef bool reference_fn(void *arg, const struct reference_element *element);

/* How an answer is to be taken. */
enum reference_status {
    REFERENCE_KNOWN,
    REFERENCE_CORRUPT,
    REFERENCE_ABSENT,
    REFERENCE_OPEN /* something is not there that may or may not be looked at, or it is too much */
};

enum reference_end {
    REFERENCE_ALL,
    REFERENCE_SOME, /* as far as the first node that is not all there, or to where fn ended it */
    REFERENCE_NODES /* max_nodes of them were entered, and there is one more */
};

struct reference_result {
    enum reference_end end;
    size_t extents;
    uint64_t repeated;     /* children that were not entered, for what they are */
    uint64_t contradicted; /* extents of a walk of which their leaf element says other things */
    bool torn;             /* another page's element does, is missing, or should not be */
};

/* All elements, a node's before those of its children; nodes are entered as walks enter them: not
 * one that shares bytes with the root or with one of the latest that were entered. */
struct reference_result reference_elements(const struct reference *reference, reference_fn *fn,
                                           void *arg);

/* The addresses of the extents that a walk must give, in its order; at most max of them. */
struct reference_result reference_walk(const struct reference *reference, uint64_t *at, size_t max);

/* The address of the extent that owns addr; 0: none does. */
enum reference_status reference_lookup(const struct reference *reference, uint64_t addr,
                                       uint64_t *at);

#endif
