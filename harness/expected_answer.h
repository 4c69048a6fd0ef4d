/* expected_answer.h - the answer that jeheap must give for an address, from a witness's truth
 * alone, in the simplest way and without decoder/. */
#ifndef JEHEAP_EXPECTED_ANSWER_H
#define JEHEAP_EXPECTED_ANSWER_H

#include "truth.h"

struct expected {
    const char *why;                   /* jeheap's word when not owned, else NULL */
    const char *use;                   /* jeheap's word when owned */
    const struct truth_record *extent; /* NULL: none covers the address */
    uint64_t start, size, region_index;
};

/* The extent record that covers addr, or NULL. */
const struct truth_record *expect_extent(const struct truth *truth, uint64_t addr);
struct expected expect(const struct truth *truth, uint64_t addr);

/* The slab record of an extent, or NULL. */
const struct truth_record *expect_slab(const struct truth *truth, uint64_t extent);
/* Is this region handed out? */
bool expect_held(const struct truth_record *slab, uint64_t index);

#endif
