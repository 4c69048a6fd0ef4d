/* What the parts of the witness share. Nothing here is jemalloc's: everything that the witness
 * needs for itself comes from the C library, so that it does not disturb the heap that it
 * describes. */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Say one sentence on stderr and end with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *need(void *memory); /* the argument, or die when it is NULL */

/* ---- truth: the file of facts (TRUTH.md), one line at a time --------------------------------- */

#define TRUTH_LINE 16384

struct truth {
    FILE *file;      /* NULL: only the digest is wanted */
    uint64_t digest; /* FNV-1a of every line since truth_start */
    size_t used;
    char line[TRUTH_LINE];
};

void truth_start(struct truth *truth, FILE *file);
void truth_word(struct truth *truth, const char *word);
void truth_hex(struct truth *truth, const char *key, uint64_t value);
void truth_text(struct truth *truth, const char *key, const char *value);
void truth_list(struct truth *truth, const char *key, const uint64_t *value, size_t count);
void truth_end(struct truth *truth);

/* ---- random numbers: splitmix64, so that a seed means the same everywhere -------------------- */

struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice) {
    uint64_t z = dice->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static inline uint64_t dice_below(struct dice *dice, uint64_t limit) {
    return dice_roll(dice) % limit;
}

/* A number of which every bit length up to that many bits is as likely: small ones matter most. */
static inline uint64_t dice_bits(struct dice *dice, unsigned bits) {
    unsigned length = (unsigned)dice_below(dice, bits + 1);
    return length == 0 ? 0 : dice_roll(dice) >> (64 - length);
}

/* ---- parts ----------------------------------------------------------------------------------- */

struct workload;

/* From the headers of the jemalloc under test, compiled in. */
void constants_write(struct truth *truth);
void constants_write_structs(struct truth *truth); /* structs.c */
void constants_write_bins(struct truth *truth);    /* the lines bin, once bins are initialised */
void functions_write(struct truth *truth, uint64_t seed);
const char *family_name(void);

/* From jemalloc's own data. The heap's lines are bin, leaf, extent, slab, cache, cache_bin
 * and cached. */
struct heap_facts;
struct heap_facts *heap_facts_new(void);
void heap_facts_heap(struct heap_facts *facts, struct truth *truth, const struct workload *load);
void heap_facts_check(const struct heap_facts *facts, const struct workload *load);
void heap_facts_addresses(const struct heap_facts *facts, struct truth *truth);
uintptr_t heap_facts_root(void);

/* The thread cache of the calling thread, and what one holds. */
void *cache_of_this_thread(void);
void *cache_of_id(unsigned id); /* one made by mallctl tcache.create */
/* Whose cache it is. */
struct owner {
    int thread;        /* its number; 0: it is an explicit one */
    uintptr_t pointer; /* the thread pointer, where an emulator's core lacks it; else 0 */
};
struct owner owner_of_this_thread(void);
void cache_write(struct truth *truth, void *cache, struct owner owner);

/* An ELF core of this process: written by itself, or by whoever runs it. */
void core_write(const char *path);
_Noreturn void core_abort(void);

/* What real programs have around their heap (surroundings.c), by its name: made if this is when it
 * has to be, before the heap or after. False: there is no such. */
enum surroundings { SURROUNDINGS_BEFORE, SURROUNDINGS_AFTER };
bool surroundings_make(const char *name, enum surroundings when);

/* From the public API only. */
void api_write(struct truth *truth, const struct workload *load);
void api_stats(struct truth *truth);
/* After an epoch write (api_stats). Lines mallctl; a * in a name is the sum over all, and a size
 * class that has no line has nothing. */
void totals_write(struct truth *truth);
void api_addresses(struct truth *truth, const struct workload *load);
bool api_text(const char *name, const char **value);

#endif
