/* skeleton.h - cores that have all that decoding takes, and nothing of the program's. */
#ifndef JEHEAP_SKELETON_H
#define JEHEAP_SKELETON_H

#include "heap/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero it, and set fault and arg where the walk's faults are wanted. All counts are bytes. */
struct jt_skeleton {
    jt_fault_fn *fault; /* NULL: nobody wants to know */
    void *arg;
    uint64_t extents;  /* how many the walk gave */
    uint64_t kept;     /* of the target's memory: tree nodes, extents, tables */
    uint64_t zeroes;   /* of these, zero, and so not stored one by one */
    uint64_t left_out; /* the tree points at them, and they are not jemalloc's own */
    uint64_t size;     /* of the file */
};

/* Write an ELF core with the metadata of the target's heap only; SKELETON.md says what is in it.
 * jt_open() takes it like any core, and every question has the same answer. The same target gives
 * the same bytes. file is empty and can be sought in. Not JT_OK: what was written is worth
 * nothing, and target->error says why; JT_INCOMPLETE: a budget ran out, the process ended, the disk
 * is full. */
JH_MUST_USE enum jt_status jt_skeleton_write(struct jt_target *target, FILE *file,
                                             struct jt_skeleton *out);

#ifdef __cplusplus
}
#endif
#endif
