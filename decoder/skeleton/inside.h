/* inside.h - what makes a skeleton and what opens it agree on; SKELETON.md describes it. */
#ifndef JEHEAP_SKELETON_INSIDE_H
#define JEHEAP_SKELETON_INSIDE_H

#include "heap/inside.h"
#include "skeleton/skeleton.h"

#define JT_SKELETON_FORMAT 1

/* ---- the room's part of the target ----------------------------------------------------------- */

#define JT_VERDICTS_MAX 1024 /* others that were left out are absent */
#define JT_VERDICT_RULES 32
#define JT_VERDICT_RULE 48 /* bytes of a rule's name */

struct jt_left_out {
    uint64_t bytes;            /* that a skeleton lacks: the tree points at them */
    uint64_t bytes_now;        /* and that one of this target does */
    struct jh_verdict *broken; /* extents among them, and what is wrong with each */
    size_t brokens;
    char rule[JT_VERDICT_RULES][JT_VERDICT_RULE];
    size_t rules;
};

/* skeleton_open.c: what its notes tell takes the place of files, symbols and debug information. */
enum jt_status jt_skeleton_open(struct jt_target *target, struct jt_evidence *evidence);

/* ---- skeleton_keep.c: which bytes decoding takes -------------------------------------------- */

/* Fills keep, sorted and disjoint, and the counts of out. The walk's faults go to out->fault. */
enum jt_status jt_skeleton_keep(struct jt_target *target, struct jt_ranges *keep,
                                struct jt_skeleton *out);
/* skeleton_verdict.c: one more extent that is left out, and what is wrong with it. False: as many
 * are known as there may be, or no rule has such a name, or no memory. */
bool jt_verdict_add(struct jt_target *target, uint64_t at, const char *rule);
/* The rule's name as it is kept; NULL when it is none, or one too many. */
const char *jt_rule_kept(struct jt_private *p, const char *rule);
/* By address, each once. */
void jt_verdicts_sort(struct jt_target *target);
/* Of all that the tree names, and that is not kept. */
void jt_verdicts_find(struct jt_target *target, const struct jt_ranges *keep);
/* jemalloc's variables that a skeleton has whole: index 0 .., NULL behind the last. */
const char *jt_skeleton_variable(size_t index);

/* ---- skeleton_note.c, skeleton_note_read.c ------------------------------------------------  */

#define JT_ABOUT_MAX (1u << 20) /* bytes; what is parsed takes 20 times more */
#define JT_BLOCK_BYTES                                                                             \
    16u /* of a block: start and end, 8 bytes each, in the target's byte order                     \
         */
extern const char *const jt_file_word[4]; /* by enum jt_file */

/* The note of that type, which the caller frees; NULL: no memory. */
char *jt_skeleton_note(struct jt_target *target, unsigned type, size_t *size);
/* Take what the notes tell into the target, but for the layout. */
enum jt_status jt_skeleton_notes_read(struct jt_target *target, uint64_t *root);

/* ---- skeleton_words.c ----------------------------------------------------------------------- */

void jt_word_put(const struct jt_target *target, FILE *file, uint64_t value);
void jt_fault_put(const struct jt_target *target, FILE *file, const struct jh_fault *fault,
                  uint64_t seen);

struct jt_words { /* of a note; whoever reads has made sure that there are as many */
    const struct jt_target *target;
    const uint8_t *at;
};
uint64_t jt_word_next(struct jt_words *words);
/* False: it is none. */
bool jt_fault_next(struct jt_words *words, enum jh_stage stage, struct jh_fault *out);

/* ---- skeleton_caches.c ---------------------------------------------------------------------- */

void jt_caches_note(struct jt_target *target, FILE *file);
/* The layout is known. False: the note is broken, or memory ran out. */
bool jt_caches_note_read(struct jt_target *target);

/* ---- skeleton_arenas.c ---------------------------------------------------------------------- */

/* Adds to keep what rules of arenas read, beside the structures that the walk has given, each by
 * its first byte. What they cover is merged. */
void jt_arenas_keep(struct jt_target *target, const struct jt_ranges *given,
                    const struct jt_ranges *covered, struct jt_ranges *keep);
void jt_arenas_note(const struct jt_target *target, FILE *file);
/* The blocks are read before. False: the note is broken, or memory ran out. */
bool jt_arenas_note_read(struct jt_target *target);

/* ---- skeleton.c, skeleton_write.c ----------------------------------------------------------- */

/* Bytes of zeroes in the file, and so of a segment of zeroes, at most. */
#define JT_SKELETON_ZERO UINT64_MAX /* offset of what the one piece of zeroes stands for */

struct jt_load { /* PT_LOAD; the offset is into the data */
    uint64_t addr, filesz, memsz, offset;
};

struct jt_maker {
    struct jt_target *target;
    FILE *file;
    struct jt_piece {
        uint64_t addr, len, offset;
    } * piece;
    size_t pieces;
    struct jt_load *load;
    size_t loads;
    uint64_t data, zeroes; /* bytes of all data, and of the longest piece of zeroes */
    uint64_t data_max;     /* of a sound target */
    struct {
        char *bytes;
        size_t size;
    } note[JT_NOTES]; /* by type - 1 */
    bool lost;        /* memory ran out */
};

/* Write the file; *size says how long it is. */
enum jt_status jt_skeleton_put(const struct jt_maker *maker, uint64_t *size);
/* What a read said when it was not all of it. */
enum jt_status jt_skeleton_stopped(struct jt_target *target, enum jh_status status);

#endif
