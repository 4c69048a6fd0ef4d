/* truth.h - reads the truth, the file that a witness wrote (witness/TRUTH.md). */
#ifndef JEHEAP_TRUTH_H
#define JEHEAP_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys whose values are numbers. */
enum truth_key {
    KEY_AT,
    KEY_ADDR,
    KEY_BASE,
    KEY_SIZE,
    KEY_BSIZE,
    KEY_ESN,
    KEY_BITS,
    KEY_SN,
    KEY_PS,
    KEY_USIZE,
    KEY_ARENA_IND,
    KEY_SLAB,
    KEY_COMMITTED,
    KEY_DUMPABLE,
    KEY_PAI,
    KEY_ZEROED,
    KEY_GUARDED,
    KEY_STATE,
    KEY_SZIND,
    KEY_NFREE,
    KEY_BIN_SHARD,
    KEY_IS_HEAD,
    KEY_PINNED,
    KEY_PAGE,
    KEY_EXTENT,
    KEY_NREGS,
    KEY_INDEX,
    KEY_REG_SIZE,
    KEY_SLAB_SIZE,
    KEY_N_SHARDS,
    KEY_REQUEST,
    KEY_ALIGN,
    KEY_USABLE,
    KEY_SALLOCX,
    KEY_NALLOCX,
    KEY_ARENA,
    KEY_BIN,
    KEY_CURREGS,
    KEY_CURSLABS,
    KEY_VALUE,
    KEY_CACHE,
    KEY_NCACHED,
    KEY_NCACHED_MAX,
    KEY_AUTOMATIC,
    KEY_BYTES,
    KEY_THREAD,
    KEY_POINTER,
    KEY_RESULT, /* functions: results and arguments by position */
    KEY_RESULT1,
    KEY_ARG0,
    KEY_ARG1,
    KEY_ARG2,
    KEY_ARG3,
    KEY_ARG4,
    KEYS
};

const char *truth_key_name(enum truth_key key);

/* Kinds of records; truth.c has the keys of each. */
enum truth_kind {
    TRUTH_CONSTANT,
    TRUTH_FUNCTION,
    TRUTH_BIN,
    TRUTH_EXTENT,
    TRUTH_BASE,
    TRUTH_ARENA,
    TRUTH_SHARD,
    TRUTH_LEAF,
    TRUTH_SLAB,
    TRUTH_CACHE,
    TRUTH_CACHE_BIN,
    TRUTH_CACHED,
    TRUTH_ALLOCATION,
    TRUTH_QUERY,
    TRUTH_MALLCTL,
    TRUTH_STAT,
    TRUTH_ADDRESS,
    TRUTH_KINDS
};

#define TRUTH_VALUES_MAX 24

struct truth_record {
    const char *text; /* the value of name=, kind= or held=; NULL: the record has none */
    uint64_t has;     /* bit KEY_x: the key is there */
    uint64_t value[TRUTH_VALUES_MAX]; /* in the order of the kind's keys */
};

struct truth_list {
    struct truth_record *record;
    size_t count, room;
};

struct truth {
    struct truth_list list[TRUTH_KINDS]; /* sorted: extents by base, leaves by page, slabs by
                                            extent, cached by addr */
    char *bytes;                         /* the file; the texts point into it */
    char version[128];
};

/* Reads the file. False: it is not complete and sound; error (of error_size bytes) has a sentence.
 */
bool truth_load(const char *path, struct truth *out, char *error, size_t error_size);
void truth_free(struct truth *truth);

bool truth_has(const struct truth_record *record, enum truth_key key);
/* The value of a key; 0: the record does not have it. */
uint64_t truth_get(enum truth_kind kind, const struct truth_record *record, enum truth_key key);
/* The value of the constant with this name. False: the truth does not have it. */
bool truth_constant(const struct truth *truth, const char *name, uint64_t *value);

#endif
