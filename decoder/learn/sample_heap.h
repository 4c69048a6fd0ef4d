/* layout_sample.h - elements from all over a tree: what a layout is tried on. */
#ifndef JEHEAP_TARGET_LAYOUT_SAMPLE_H
#define JEHEAP_TARGET_LAYOUT_SAMPLE_H

#include "learn/inside.h"

struct jt_sample {
    uint64_t page;         /* of the element; a key of the tree */
    uint32_t part;         /* of the tree: the root's elements that were followed, from 0 on */
    struct jh_leaf leaf;   /* what stands there */
    struct jh_fault fault; /* rule not NULL: there is no element, but this */
};

/* What the samples depend on. */
struct jt_form {
    uint64_t root;
    enum jt_effort effort;
    struct jh_rtree_level level[JH_RTREE_HEIGHT_MAX];
    struct jh_field leaf[JH_LEAF_FIELDS];
    uint8_t height, leaf_size, low_bits, sign_extend, lg_page;
};

struct jt_samples {
    struct jt_form form;
    uint64_t elements; /* of leaf nodes, from which they were taken */
    size_t count;
    struct jt_sample sample[];
};

/* In the order of addresses. They stay until others are taken; NULL: no memory. */
const struct jt_samples *jt_samples_take(struct jt_target *target, const struct jh_reader *reader,
                                         const struct jh_layout *layout, uint64_t root,
                                         enum jt_effort effort);

/* layout_fit.c: the target's reader, which does not ask the kernel for what is nowhere; and an
 * element's page as programs write its address. */
struct jh_reader jt_fit_reader(struct jt_target *target);
uint64_t jt_page_address(const struct jh_layout *layout, uint64_t page);

#endif
