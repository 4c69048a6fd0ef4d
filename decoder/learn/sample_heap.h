/* sample_heap.h - samples: leaf elements from all over an rtree, on which a layout is tried. */
#ifndef JEHEAP_TARGET_LAYOUT_SAMPLE_H
#define JEHEAP_TARGET_LAYOUT_SAMPLE_H

#include "learn/inside.h"

struct jt_sample {
    uint64_t page;         /* the element's key in the rtree */
    uint32_t subtree;      /* counts the elements of the root that were followed, from 0 on */
    struct jh_leaf leaf;   /* the element, decoded */
    struct jh_fault fault; /* rule not NULL: why there is no element here */
};

/* The numbers that samples depend on. Layouts with equal forms share their samples. */
struct jt_form {
    uint64_t root;
    enum jt_effort effort;
    struct jh_rtree_level level[JH_RTREE_HEIGHT_MAX];
    struct jh_field leaf[JH_LEAF_FIELDS];
    uint8_t height, leaf_size, low_bits, sign_extend, lg_page;
};

struct jt_samples {
    struct jt_form form;
    uint64_t elements; /* elements in use in the leaf nodes that were read */
    size_t count;
    struct jt_sample sample[];
};

/* Takes samples, in the order of addresses. They belong to the target, until the next call. NULL:
 * memory ran out. */
const struct jt_samples *jt_samples_take(struct jt_target *target, const struct jh_reader *reader,
                                         const struct jh_layout *layout, uint64_t root,
                                         enum jt_effort effort);

/* layout_fit.c: a reader of the target that does not ask the kernel for unmapped addresses. */
struct jh_reader jt_fit_reader(struct jt_target *target);
/* The address of a page as the program has it, from the key of the rtree. */
uint64_t jt_page_address(const struct jh_layout *layout, uint64_t page);

#endif
