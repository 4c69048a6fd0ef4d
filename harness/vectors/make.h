/* make.h - vectors of one cell, from a heap that jemalloc's own truth was compared with. */
#ifndef JEHEAP_MAKE_H
#define JEHEAP_MAKE_H

#include "answer.h"
#include "truth.h"

#define MAKE_FLAGS_MAX 12
#define MAKE_KINDS_MAX 512

struct flags {
    const char *name[MAKE_FLAGS_MAX];
    size_t count;
};
void flags_add(struct flags *flags, const char *name); /* of flags.c, or abort() */

/* Files that belong to vector files, by their path in the folder. */
struct part {
    char path[192];
    char digest[65];
};

struct maker {
    const char *folder; /* of the vectors */
    char name[128];     /* "5.3.0-default" */
    const char *family; /* "5.3.0" */
    struct json_object *source;
    const struct truth *truth;
    struct jt_target *live;   /* the process, or the core of an emulated one */
    struct answerer answerer; /* has the layout; the image that is asked about is open */
    struct part layout;

    /* the file at hand */
    const char *kind;
    struct json_object *groups, *tests, *notes;
    struct part image; /* of the group; path "" where it needs none */
    uint64_t root;
    uint64_t id, files, all_tests;
    struct {
        char text[96];
        unsigned count;
    } seen[MAKE_KINDS_MAX]; /* what there are vectors of already */
    size_t kinds;

    char *why;
    size_t why_size;
    bool failed;
};

/* ---- make.c ---------------------------------------------------------------------------------- */

void make_file_start(struct maker *m, const char *kind);
void make_group(struct maker *m, const struct part *image, uint64_t root); /* image: or NULL */
/* Checked: what was made is read back and answered again. */
void make_file_end(struct maker *m);
void make_fail(struct maker *m, const char *what);

/* Is another one of this sort wanted, of which max are enough? */
bool make_wants(struct maker *m, unsigned max, const char *sort);

struct json_object *make_question(const char *name);
void make_hex(struct json_object *question, const char *key, const uint8_t *bytes, size_t len);
/* One more test; takes the question. result: "valid", or the error that jeheap must answer; NULL:
 * whichever it is. */
void make_test(struct maker *m, struct json_object *question, const struct flags *flags,
               const char *result, const char *comment);

/* ---- by kind --------------------------------------------------------------------------------- */

void make_geometry(struct maker *m); /* make_layout.c: what needs no bytes */
void make_subkey(struct maker *m);
void make_size_class(struct maker *m);
void make_leaf(struct maker *m); /* make_leaf.c */
void make_extent(struct maker *m);
void make_slab(struct maker *m); /* make_slab.c */
void make_cache(struct maker *m);
/* make_find.c: the groups of sound images */
void make_find(struct maker *m);
void make_extents(struct maker *m);
void make_check(struct maker *m);

struct damage;
void make_find_bent(struct maker *m, const struct damage *damage);
/* from: the address of a structure that the image lacks. */
void make_find_absent(struct maker *m, uint64_t from);
void make_check_bent(struct maker *m);
void make_check_parked(struct maker *m);

/* Flags that everything of a layout has. */
void make_layout_flags(const struct jh_layout *layout, struct flags *flags);
/* A field's bits in bytes that begin with its structure. */
void make_put_field(const struct jh_layout *layout, uint8_t *bytes, struct jh_field field,
                    uint64_t value);

/* ---- make_damage.c: the process's heap, bent ------------------------------------------------- */

struct damage {
    struct bent {
        uint64_t addr; /* to ask find about */
        const char *what;
        uint64_t at;       /* the bytes that were changed */
        uint8_t before[8]; /* and what they were */
        size_t len;
    } bent[8];
    size_t count;
};
/* Bends some places of a process that stands still; none where its memory cannot be written. */
void damage_do(struct jt_target *target, struct damage *damage);
/* Two slots of a bin's stack hold the same region. */
void damage_park_twice(struct jt_target *target, struct damage *damage);
void damage_undo(struct jt_target *target, const struct damage *damage);

#endif
