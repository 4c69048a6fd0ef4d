/* skeleton.h - skeletons: small cores with the memory that decoding needs, and none of the
 * program's data. */
#ifndef JEHEAP_SKELETON_H
#define JEHEAP_SKELETON_H

#include "heap/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero it, and set fault and arg to receive the faults of the walk. All counts but extents are
 * bytes. */
struct jt_skeleton {
    jt_fault_fn *fault; /* NULL: faults are not wanted */
    void *arg;
    /* Without arenas and options: what they count and how they are set is not known of it. Its
     * process is 1. The rest is the same in two runs of a program that are placed alike. */
    bool decoding_only;
    uint64_t extents;  /* the number of extents that the walk gave */
    uint64_t kept;     /* memory of the target that is kept: nodes, extents, tables */
    uint64_t zeroes;   /* kept memory that is zero, which the file stores only once */
    uint64_t left_out; /* memory that the rtree points at, and that is not jemalloc's own */
    uint64_t size;     /* the length of the file */
};

/* Writes an ELF core with the metadata of the target's heap only; SKELETON.md describes it.
 * jt_open() opens it like any core, and answers are the same. The same target gives the same bytes.
 * file is empty and can be sought in. Not JT_OK: the file is useless, and target->error says why.
 * JT_INCOMPLETE: a budget ran out, the process ended, or the disk is full. */
JH_MUST_USE enum jt_status jt_skeleton_write(struct jt_target *target, FILE *file,
                                             struct jt_skeleton *out);

#ifdef __cplusplus
}
#endif
#endif
