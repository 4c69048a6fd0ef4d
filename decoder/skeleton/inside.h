/* inside.h - what the files share that write and open skeletons; SKELETON.md describes the format.
 */
#ifndef JEHEAP_SKELETON_INSIDE_H
#define JEHEAP_SKELETON_INSIDE_H

#include "heap/inside.h"
#include "skeleton/skeleton.h"

#define JT_SKELETON_FORMAT 1

/* ---- what this layer keeps of a target ------------------------------------------------------- */

#define JT_VERDICTS_MAX 1024 /* verdicts that a skeleton keeps; more extents are only absent */
#define JT_VERDICT_RULES 32  /* different rules in them */
#define JT_VERDICT_RULE 48   /* bytes of a rule's name */

/* Memory that the rtree points at and that a skeleton lacks, because it may be the program's. A
 * verdict names the rule that an extent breaks whose structure is in that memory. */
struct jt_left_out {
    uint64_t bytes;            /* bytes that this target lacks, being a skeleton */
    uint64_t bytes_now;        /* bytes that the skeleton lacks that is made of this target */
    struct jh_verdict *broken; /* verdicts, by address */
    size_t brokens;
    char rule[JT_VERDICT_RULES][JT_VERDICT_RULE]; /* the names that verdicts point to */
    size_t rules;
    bool decoding_only; /* what struct jt_skeleton says of the one that is made */
};

/* skeleton_open.c: learns root and layout from the notes of a skeleton. */
enum jt_status jt_skeleton_open(struct jt_target *target, struct jt_evidence *evidence);

/* ---- skeleton_keep.c, skeleton_verdict.c: which bytes a skeleton keeps ----------------------- */

/* Finds the memory to keep, sorted and disjoint, and sets the counts of out. Faults of the walk go
 * to out->fault. */
enum jt_status jt_skeleton_keep(struct jt_target *target, struct jt_ranges *keep,
                                struct jt_skeleton *out);
/* Adds the verdict on an extent that is left out. False: there are JT_VERDICTS_MAX, the rule's name
 * is not sound, or memory ran out. */
bool jt_verdict_add(struct jt_target *target, uint64_t at, const char *rule);
/* A copy of the rule's name that lives as long as the target; NULL: the name is not sound, or there
 * are too many names. */
const char *jt_rule_kept(struct jt_private *p, const char *rule);
/* Sorts verdicts by address, and drops all but one for each address. */
void jt_verdicts_sort(struct jt_target *target);
/* Finds the verdicts on all extents that the rtree names and that are not in keep. */
void jt_verdicts_find(struct jt_target *target, const struct jt_ranges *keep);
/* Adds those on guarded extents, by their structures, whose guard pages may be touched: of no page
 * a skeleton keeps whether it may. */
void jt_verdicts_guards(struct jt_target *target, const struct jt_ranges *open);

/* ---- skeleton_watch.c ------------------------------------------------------------------------ */

struct jt_watching {
    struct jh_reader inner;
    struct jt_ranges *seen;
};

/* The target's heap with a reader that adds to seen what is read. */
struct jh_heap jt_watched(const struct jt_target *target, struct jt_watching *watching,
                          struct jt_ranges *seen);

/* ---- skeleton_own.c: arenas and variables themselves ----------------------------------------- */

struct jt_skeleton_variable {
    const char *name;
    uint64_t addr, size;
    bool option; /* only what is read of it is kept */
};
typedef void jt_variable_fn(void *arg, const struct jt_skeleton_variable *variable);

/* Each variable of jemalloc's that the target has and that the skeleton names. */
void jt_skeleton_variables(struct jt_target *target, jt_variable_fn *each, void *arg);
/* Adds them to keep. handed_out: memory of the extents. */
void jt_variables_keep(struct jt_target *target, const struct jt_ranges *handed_out,
                       struct jt_ranges *keep);
/* Does a skeleton keep the arena itself? */
bool jt_arena_is_kept(const struct jt_target *target, const struct jt_arena *arena);
/* Adds the arenas that are kept: arena_t, base_t and bins. */
void jt_own_arenas_keep(struct jt_target *target, const struct jt_ranges *handed_out,
                        struct jt_ranges *keep);

/* ---- skeleton_note.c, skeleton_note_read.c ------------------------------------------------  */

#define JT_ABOUT_MAX (1u << 20) /* bytes of the note of JSON; parsing takes 20 times as many */
/* Bytes of a block in its note: start and end, 8 bytes each, in the target's byte order. */
#define JT_BLOCK_BYTES 16u
extern const char *const jt_file_word[4]; /* names of enum jt_file */

/* Makes the note of this type, which the caller frees; NULL: memory ran out. */
char *jt_skeleton_note(struct jt_target *target, unsigned type, size_t *size);
/* Takes into the target what the notes tell, except layout and caches. */
enum jt_status jt_skeleton_notes_read(struct jt_target *target, uint64_t *root);

/* ---- skeleton_words.c ----------------------------------------------------------------------- */

void jt_word_put(const struct jt_target *target, FILE *file, uint64_t value);
void jt_fault_put(const struct jt_target *target, FILE *file, const struct jh_fault *fault,
                  uint64_t seen);

/* The next word of a note. The caller makes sure that the note has as many words as are read. */
struct jt_words {
    const struct jt_target *target;
    const uint8_t *at;
};
uint64_t jt_word_next(struct jt_words *words);
/* Reads a fault, whose stage is given. False: it is not sound. */
bool jt_fault_next(struct jt_words *words, enum jh_stage stage, struct jh_fault *out);

/* ---- skeleton_caches.c ---------------------------------------------------------------------- */

void jt_caches_note(struct jt_target *target, FILE *file);
/* Reads the note of caches, after the layout. False: the note is broken, or memory ran out. */
bool jt_caches_note_read(struct jt_target *target);

/* ---- skeleton_places.c ----------------------------------------------------------------------- */

void jt_places_note(const struct jt_target *target, FILE *file);
/* Reads the note of places, after that of arenas. False: the note is broken. */
bool jt_places_note_read(struct jt_target *target);

/* ---- skeleton_hands.c ----------------------------------------------------------------------- */

/* False: memory ran out. */
bool jt_hands_note(struct jt_target *target, FILE *file);
/* Reads the note of threads, after that of caches. False: the note is broken, or memory ran out. */
bool jt_hands_note_read(struct jt_target *target);

/* ---- skeleton_arenas.c ---------------------------------------------------------------------- */

/* Adds to keep the memory that the rules of arenas read. walked has the first byte of each extent
 * structure that the walk gave, covered the memory of these extents, merged. */
void jt_arenas_keep(struct jt_target *target, const struct jt_ranges *walked,
                    const struct jt_ranges *covered, struct jt_ranges *keep);
void jt_arenas_note(const struct jt_target *target, FILE *file);
/* Reads the note of arenas, after that of blocks. False: the note is broken, or memory ran out. */
bool jt_arenas_note_read(struct jt_target *target);

/* ---- skeleton_pieces.c, skeleton_write.c ---------------------------------------------------- */

#define JT_SKELETON_ZERO UINT64_MAX /* the offset of a piece that is all zero */

struct jt_load { /* a PT_LOAD; its offset counts from the first byte of data */
    uint64_t addr, filesz, memsz, offset;
};

/* A skeleton that is being written. */
struct jt_maker {
    struct jt_target *target;
    FILE *file;
    struct jt_piece { /* memory that is kept: data, or zeroes */
        uint64_t addr, len, offset;
    } * piece;
    size_t pieces;
    struct jt_load *load;
    size_t loads;
    uint64_t data, zeroes; /* bytes of all data, and of the longest piece of zeroes */
    uint64_t data_max;     /* more data than this a sound target cannot have */
    struct {
        char *bytes;
        size_t size;
    } note[JT_NOTES + 1]; /* by type; bytes NULL: there is none */
    bool lost;            /* memory ran out */
};

/* Writes the file; *size is its length. */
enum jt_status jt_skeleton_put(const struct jt_maker *maker, uint64_t *size);
/* Fails: a read of the target ended with this status. */
enum jt_status jt_skeleton_stopped(struct jt_target *target, enum jh_status status);

#endif
