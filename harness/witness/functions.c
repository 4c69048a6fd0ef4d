/* functions: what the build's own inline functions answer, on edge cases and on random input. */
#include "family.h"
#include "witness.h"

#include <string.h>

#define ROUNDS 2000
#define LEAF_WORDS 2

struct bench {
    struct truth *truth;
    struct dice dice;
};

static void fact(struct bench *bench, const char *name, const uint64_t *args, size_t count,
                 uint64_t result) {
    truth_word(bench->truth, "function");
    truth_text(bench->truth, "name", name);
    truth_list(bench->truth, "args", args, count);
    truth_hex(bench->truth, "result", result);
    truth_end(bench->truth);
}

static void fact1(struct bench *bench, const char *name, uint64_t arg, uint64_t result) {
    fact(bench, name, &arg, 1, result);
}

static void fact2(struct bench *bench, const char *name, uint64_t a, uint64_t b, uint64_t result) {
    uint64_t args[2] = {a, b};
    fact(bench, name, args, 2, result);
}

/* Words that are most likely to be got wrong: single bits, runs of ones, and their neighbours. */
#define EDGES (64 * 5)

static uint64_t edge(unsigned index) {
    uint64_t bit = UINT64_C(1) << (index / 5);
    const uint64_t word[5] = {bit, bit - 1, ~bit, ~(bit - 1), bit | 1};
    return word[index % 5];
}

static uint64_t word(struct bench *bench, unsigned round) {
    return round < EDGES ? edge(round) : dice_roll(&bench->dice);
}

/* ---- tree ------------------------------------------------------------------------------------ */

static void tree(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        uintptr_t key = (uintptr_t)word(bench, i);
        for (unsigned level = 0; level < RTREE_HEIGHT; level++) {
            fact2(bench, "subkey", key, level, rtree_subkey(key, level));
        }
        fact1(bench, "leafkey", key, rtree_leafkey(key));
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void logarithms(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        size_t x = (size_t)(i < EDGES ? edge(i) : dice_bits(&bench->dice, 8 * sizeof(size_t)));
        if (x == 0) {
            continue;
        }
        fact1(bench, "lg_floor", x, lg_floor(x));
#ifdef FAM_LG_CEIL
        fact1(bench, "lg_ceil", x, FAM_LG_CEIL(x));
#endif
    }
}

static void size_to_index(struct bench *bench, size_t size) {
    if (size > 0 || FAM_SIZE_OF_ZERO) {
        fact1(bench, "size2index", size, sz_size2index(size));
    }
}

/* The table instead of sz_index2size(), which since 5.3.1 asserts on large classes. */
static void size_classes(struct bench *bench) {
    for (unsigned index = 0; index < SC_NSIZES; index++) {
        size_t size = sz_index2size_tab[index];
        fact1(bench, "index2size", index, size);
        size_to_index(bench, size - 1);
        size_to_index(bench, size);
        size_to_index(bench, size + 1);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_to_index(bench, dice_below(&bench->dice, SC_LARGE_MAXCLASS) + 1);
        size_to_index(bench, dice_bits(&bench->dice, 8 * sizeof(size_t) - 1));
    }
    size_to_index(bench, 0);
    size_to_index(bench, SIZE_MAX);
}

static void bases(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        uintptr_t addr = (uintptr_t)word(bench, i);
        uintptr_t alignment = (uintptr_t)1 << dice_below(&bench->dice, 21);
        fact2(bench, "addr2base", addr, alignment,
              (uintptr_t)ALIGNMENT_ADDR2BASE((void *)addr, alignment));
    }
}

/* ---- leaves ---------------------------------------------------------------------------------- */

/* The bytes of an element in the order of memory, eight by eight, the first one lowest: so that a
 * comparer on another machine has the bytes, whatever this one's word size and byte order. */
static size_t leaf_words(const rtree_leaf_elm_t *elm, uint64_t *out) {
    const unsigned char *bytes = (const unsigned char *)elm;
    memset(out, 0, LEAF_WORDS * sizeof(*out));
    for (size_t i = 0; i < sizeof(*elm); i++) {
        out[i / 8] |= (uint64_t)bytes[i] << (i % 8 * 8);
    }
    return FAM_LEAF_COMPACT ? 1 : LEAF_WORDS;
}

static void leaf_facts(struct bench *bench, rtree_leaf_elm_t *elm) {
    uint64_t args[LEAF_WORDS];
    size_t count = leaf_words(elm, args);
    struct fam_leaf leaf;
    fam_leaf_read(elm, &leaf);
    fact(bench, "leaf_extent", args, count, (uintptr_t)leaf.extent);
    fact(bench, "leaf_szind", args, count, leaf.szind);
    fact(bench, "leaf_slab", args, count, leaf.slab);
    if (FAM_LEAF_STATE) {
        fact(bench, "leaf_is_head", args, count, leaf.is_head);
        fact(bench, "leaf_state", args, count, leaf.state);
    }
}

static void leaf_encode(struct bench *bench, const struct fam_leaf *leaf, rtree_leaf_elm_t *elm) {
    memset(elm, 0, sizeof(*elm));
    fam_leaf_write(elm, leaf);
    const uint64_t args[5] = {(uintptr_t)leaf->extent, leaf->szind, leaf->slab, leaf->is_head,
                              leaf->state};
    uint64_t result[LEAF_WORDS];
    size_t count = leaf_words(elm, result);
    truth_word(bench->truth, "function");
    truth_text(bench->truth, "name", "leaf_encode");
    truth_list(bench->truth, "args", args, FAM_LEAF_STATE ? 5 : 3);
    truth_list(bench->truth, "result", result, count);
    truth_end(bench->truth);
}

/* Something that jemalloc might write: any aligned pointer of a process, any class, any flags. */
static struct fam_leaf random_leaf(struct bench *bench) {
    uint64_t pointer = dice_bits(&bench->dice, LG_VADDR - 1) & ~(uint64_t)(FAM_EXTENT_ALIGN - 1);
    struct fam_leaf leaf = {.extent = (const fam_extent *)(uintptr_t)pointer,
                            .szind = (szind_t)dice_below(&bench->dice, SC_NSIZES + 1),
                            .slab = dice_below(&bench->dice, 2) != 0};
    if (FAM_LEAF_STATE) {
        leaf.is_head = dice_below(&bench->dice, 2) != 0;
        leaf.state = (unsigned)dice_below(&bench->dice, FAM_LEAF_STATE_MAX + 1);
    }
    return leaf;
}

static void leaves(struct bench *bench) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct fam_leaf leaf = random_leaf(bench);
        rtree_leaf_elm_t elm;
        leaf_encode(bench, &leaf, &elm);
        leaf_facts(bench, &elm);
    }
}

#if FAM_LEAF_COMPACT
/* Any word at all. Debug builds end the process on a state that does not exist. */
static void leaf_words_decoded(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        uintptr_t bits = (uintptr_t)word(bench, i);
        unsigned state = (unsigned)(bits >> 2) & 7;
        if (config_debug && FAM_LEAF_STATE && state > FAM_LEAF_STATE_MAX) {
            continue;
        }
        rtree_leaf_elm_t elm;
        memcpy(&elm, &bits, sizeof(elm));
        leaf_facts(bench, &elm);
    }
}
#else
/* Any bytes at all, but for a bool, in which only 0 and 1 are defined (le_slab up to 5.2.1), and a
 * state, for which see above (in le_metadata it is 3 bits at 2 too). */
static void leaf_words_decoded(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        uintptr_t pointer = (uintptr_t)word(bench, i);
        unsigned rest = (unsigned)(i % 2 ? edge(i % EDGES) : dice_roll(&bench->dice));
        bool slab = dice_below(&bench->dice, 2) != 0;
        if (config_debug && FAM_LEAF_STATE && (rest >> 2 & 7) > FAM_LEAF_STATE_MAX) {
            continue;
        }
        rtree_leaf_elm_t elm;
        memset(&elm, 0, sizeof(elm));
        memcpy(&elm, &pointer, sizeof(pointer));
        memcpy((char *)&elm + sizeof(pointer), &rest, sizeof(rest));
        if (!FAM_LEAF_STATE) {
            memcpy((char *)&elm + sizeof(pointer) + sizeof(rest), &slab, sizeof(slab));
        }
        leaf_facts(bench, &elm);
    }
}
#endif

/* ---- extents --------------------------------------------------------------------------------- */

static void extent_fields(struct bench *bench) {
    for (unsigned i = 0; i < EDGES + ROUNDS; i++) {
        uint64_t bits = word(bench, i);
        for (size_t f = 0; f < FAM_FIELDS; f++) {
            char name[64];
            snprintf(name, sizeof(name), "extent_%s", fam_fields[f].key);
            fact1(bench, name, bits, fam_field_get(&fam_fields[f], bits));
        }
    }
}

void functions_write(struct truth *truth, uint64_t seed) {
    struct bench bench = {.truth = truth, .dice = {seed}};
    tree(&bench);
    logarithms(&bench);
    size_classes(&bench);
    bases(&bench);
    leaves(&bench);
    leaf_words_decoded(&bench);
    extent_fields(&bench);
}
