/* ranges.h - sets of addresses, and runs of bytes. */
#ifndef JEHEAP_IMAGE_RANGES_H
#define JEHEAP_IMAGE_RANGES_H

#include "image/target.h"

/* ---- segments.c: runs of bytes, sorted and disjoint ----------------------------------------- */

/* Sorts segments; drops empty ones and those that wrap; cuts overlaps (the segment with the lower
 * address keeps its bytes). Returns how many are left. */
size_t jt_segments_normalise(struct jh_segment *segment, size_t count);

/* Fills the gaps between the segments with bytes of extra (both normalised). Gives a new array;
 * NULL: memory ran out. */
struct jh_segment *jt_segments_fill(const struct jh_segment *segment, size_t count,
                                    const struct jh_segment *extra, size_t extras, size_t *out);

/* ---- ranges.c: sets of addresses ------------------------------------------------------------ */

/* Sorts ranges and merges those that touch. Returns how many are left. */
size_t jt_ranges_normalise(struct jt_range *range, size_t count);
bool jt_ranges_hold(const struct jt_range *range, size_t count, uint64_t addr);
/* The end of the range that has the address; the address itself when none has it. */
uint64_t jt_ranges_until(const struct jt_range *range, size_t count, uint64_t addr);
/* Does a range of the set share an address with other, which is not empty? */
bool jt_ranges_touch(const struct jt_range *range, size_t count, struct jt_range other);
/* The first address at or above this one that a range has; UINT64_MAX: none. */
uint64_t jt_ranges_next(const struct jt_range *range, size_t count, uint64_t addr);
/* The index of the first range that ends behind the address; count when none does. */
size_t jt_ranges_behind(const struct jt_range *range, size_t count, uint64_t addr);

/* A set that grows. Zero it; add ranges; merge it before it is used; free it. */
struct jt_ranges {
    struct jt_range *range;
    size_t count, room; /* ranges in use, ranges allocated */
    bool lost;          /* memory ran out: ranges are missing */
};

void jt_ranges_add(struct jt_ranges *set, uint64_t start, uint64_t len); /* ignored when it wraps */
void jt_ranges_add_all(struct jt_ranges *set, const struct jt_ranges *other);
void jt_ranges_merge(struct jt_ranges *set);
void jt_ranges_free(struct jt_ranges *set);
/* Keeps the addresses that are inside the other set, or those that are outside. Both sets must be
 * merged. */
void jt_ranges_cut(struct jt_ranges *set, const struct jt_range *other, size_t count, bool inside);
uint64_t jt_ranges_bytes(const struct jt_range *range, size_t count);

#endif
