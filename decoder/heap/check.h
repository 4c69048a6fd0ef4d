/* check.h - jemalloc's own memory, and the rules that need it. */
#ifndef JEHEAP_CHECK_H
#define JEHEAP_CHECK_H

#include "image/target.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- jemalloc's own memory ------------------------------------------------------------------- */

enum jt_answer { JT_NO, JT_YES, JT_CANNOT_TELL };

/* Is the address inside jemalloc's own memory: extent structures, rtree nodes, arenas? Those are
 * the blocks of its base allocators. Without symbols they are looked for. */
enum jt_answer jt_is_metadata(struct jt_target *target, uint64_t addr);

/* Does an extent of the tree cover the address? Where that cannot be told, none does. */
bool jt_in_extent(const struct jt_target *target, uint64_t addr);

/* Bytes in all those blocks together; 0 when they are not known. Were they found without a symbol
 * that leads to them? */
uint64_t jt_metadata_bytes(struct jt_target *target);
bool jt_metadata_inferred(struct jt_target *target);

/* Those blocks, sorted and disjoint; how many. */
size_t jt_metadata_ranges(struct jt_target *target, const struct jt_range **out);

/* The number of the arena in whose blocks the address is; UINT64_MAX: in none that is known. */
uint64_t jt_metadata_arena(struct jt_target *target, uint64_t addr);

typedef void jt_fault_fn(void *arg, enum jh_status status, const struct jh_fault *fault);

/* ---- rules that more than one extent, or jemalloc's own memory, are needed for --------------- */

/* Asked beside a walk over the whole heap: each extent that it gives, in its order, and then what
 * no element of the tree leads to. NULL: memory ran out, which target->memory_ran_out says. What is
 * broken is given to fault. Where arenas are not known (jt_metadata_bytes() is 0) and where bytes
 * are absent nothing is said. */
struct jt_check;
struct jt_check *jt_check_start(struct jt_target *target, jt_fault_fn *fault, void *arg);
/* Right behind the start, for who wants to know all: what the arenas count and link is held against
 * the extents as well. */
void jt_check_counters(struct jt_check *check);
void jt_check_extent(struct jt_check *check, const struct jh_extent *extent);
/* An extent is missing: what contradicts is said of it already, and not of the counters too. */
void jt_check_doubt(struct jt_check *check);
/* whole: nothing of the tree was absent or left out. Counters are compared where nothing of it was
 * corrupt either. Frees it. */
void jt_check_end(struct jt_check *check, bool whole);
/* What one extent alone can be asked of that: JH_CORRUPT and the fault. */
JH_MUST_USE enum jh_status jt_check_one(struct jt_target *target, const struct jh_extent *extent,
                                        struct jh_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
