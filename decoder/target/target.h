/* target.h - a core or a running process, opened: a reader, a layout and a root for jeheap.h.
 *
 *     jt_open() -> target->heap -> jh_locate(), jh_lookup_many(), jh_walk_next()
 *
 * What jeheap.h leaves out because it needs an operating system stands here: processes, cores, ELF
 * files, symbols, DWARF. Every part of the layout carries where it was learnt, and nothing is
 * guessed silently: what is not known for sure ends in an error or in a warning. One target belongs
 * to one thread. */
#ifndef JEHEAP_TARGET_H
#define JEHEAP_TARGET_H

#include <stdio.h>

#include "jeheap/jeheap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- outcome -------------------------------------------------------------------------------- */

enum jt_status {
    JT_OK,
    JT_USAGE, /* an option that makes no sense: a layout nobody can parse, a file that is none */
    JT_UNREADABLE,  /* no such process, no permission, no core, a truncated header */
    JT_NO_JEMALLOC, /* readable, and no jemalloc is to be seen in it */
    JT_NO_LAYOUT,   /* jemalloc is there, and which build it is cannot be told, or does not fit */
    JT_WRONG_FILE,  /* an ELF file is not the one that the target was running (build-id) */
    JT_INCOMPLETE   /* not all could be read or written: a budget, a process that ended, a full disk
                     */
};

/* What a program should exit with: 0, 2, 3 or 4. */
int jt_exit_status(enum jt_status status);

#define JT_TEXT_MAX 4096
#define JT_CANDIDATES_MAX 8

/* ---- where each part of the layout was learnt ----------------------------------------------- */

enum jt_source {
    JT_UNKNOWN,
    JT_GIVEN,          /* by the user: --layout, --root */
    JT_DWARF,          /* debug information: types, macros */
    JT_SYMBOL,         /* address or size of a symbol */
    JT_VERSION_STRING, /* "5.3.0-0-g54ea..." in the image */
    JT_MEMORY,         /* a variable of jemalloc's, read from the target */
    JT_INFERRED,       /* the only candidate that the heap decodes with */
    JT_DEFAULT         /* the stock build's; nothing contradicts it */
};

enum jt_part {
    JT_PART_VERSION,
    JT_PART_LG_VADDR,
    JT_PART_LG_PAGE,
    JT_PART_LG_QUANTUM,
    JT_PART_DEBUG,
    JT_PART_FIELDS,  /* the bit fields of e_bits, and the states' numbers */
    JT_PART_LEAF,    /* form of a leaf element */
    JT_PART_OFFSETS, /* of the members of extent_t, edata_t, rtree_t */
    JT_PART_BINS,
    JT_PART_LARGE_PAD,
    JT_PART_ROOT,
    JT_PARTS
};

const char *jt_source_name(enum jt_source source); /* "given", "dwarf", "version string", ... */
const char *jt_part_name(enum jt_part part);       /* "version", "lg_vaddr", "large_pad", ... */

/* ---- a target ------------------------------------------------------------------------------- */

/* Called now and then while something takes long: in jt_open(), and whenever the target is read.
 * doing says what; done and all are bytes or the like, all is 0 where that is not known. False:
 * give up. jt_open() then says JT_INCOMPLETE, and what is read is JH_LIMIT from then on. */
typedef bool jt_watch_fn(void *arg, const char *doing, uint64_t done, uint64_t all);

/* Zero it, then fill in what is known. Strings must outlive jt_open() only. */
struct jt_options {
    const char *target;  /* process id, or path of a core; a path with a slash is never an id */
    const char *exe;     /* the program of a core, where it cannot be found by itself */
    const char *sysroot; /* the folder that all files of a core are in; NULL: / */
    const char *name;    /* what a core is called in sentences; NULL: its path */
    /* "5.3.0,lg_page=16" or FILE.json; see jt_layout_parse(). It is used even when the heap
     * contradicts it, with a warning. */
    const char *layout;
    uint64_t root; /* address of rtree_t.root[0]; the same, as long as anything decodes there */
    bool root_given;
    const char *in; /* which of several jemallocs: the end of its module's path */
    bool threads;   /* of a process, for jt_place_find(); a core has them in any case */
    struct jh_limits limits;
    jt_watch_fn *watch; /* optional; must outlive the target, with what it is given */
    void *watch_arg;
};

enum jt_kind { JT_CORE, JT_PROCESS, JT_SELF };

/* An ELF file that the target has mapped. */
enum jt_file {
    JT_FILE_SAME,     /* opened, and its build-id is the target's */
    JT_FILE_UNPROVEN, /* opened; there is no build-id on one of the sides to compare */
    JT_FILE_MISSING,
    JT_FILE_DIFFERS /* it is another build: never used */
};

#define JT_BUILD_ID_MAX 64 /* bytes */

struct jt_build_id {
    size_t size; /* 0: none */
    uint8_t bytes[JT_BUILD_ID_MAX];
};

struct jt_elf; /* an open ELF file; private */

struct jt_range { /* of addresses, end excluded */
    uint64_t start, end;
};

struct jt_module {
    char *path;             /* as the target names it */
    char *file;             /* what was opened instead; NULL when nothing was */
    struct jt_range *range; /* what was loaded of it, sorted and disjoint: others may lie between */
    size_t ranges;
    uint64_t start, end; /* of all of them: the first one's, the last one's */
    uint64_t head;       /* address of the file's first byte, its header; 0: not known */
    uint64_t bias;       /* address - ELF file's p_vaddr */
    bool main;           /* the program, not a library */
    bool asked;          /* --exe gave a file for it */
    bool has_debug_info;
    enum jt_file state;
    struct jt_build_id memory_id, file_id;
    struct jt_elf *elf;
};

struct jt_private;

#define JT_ROOTS_MAX 16 /* with symbols, without any, and those that were looked for later */
#define JT_ROOTS_LISTED (3 * JT_ROOTS_MAX + 1) /* and one that was given */

/* A tree of jemalloc's: a program and each of its libraries may bring a jemalloc of their own. */
struct jt_root {
    const struct jt_module *module; /* that it is a variable of; NULL when not known */
    uint64_t addr;                  /* of root[0] */
    char symbol[128];               /* "" when it was found by looking */
    bool chosen;                    /* the target's heap is beneath it */
    char version[128];              /* of a skeleton's others, which it lacks; "" when not known */
    struct jt_target *view;         /* private: see jt_root_view() */
};

/* Everything is for reading only. Strings and arrays live until jt_close(). */
struct jt_target {
    enum jt_status status;
    char error[JT_TEXT_MAX]; /* one sentence: what is wrong, where, what to do; "" when JT_OK */
    char **warning;
    size_t warnings;

    enum jt_kind kind;
    int pid;          /* 0 for a core that does not tell */
    const char *path; /* of the core; NULL for processes */
    struct jt_module *module;
    size_t modules;
    uint64_t bytes_present, bytes_absent; /* of mapped memory; a process has no absent ones */
    uint64_t bytes_truncated;             /* of a core that was cut off; UINT64_MAX at most */
    bool ended;                           /* the process, while it was read */
    bool root_missed;    /* a jemalloc is there, its root was looked for, and none was found */
    bool memory_ran_out; /* since it was opened: what was asked then may be known in part only */

    /* jemalloc in it */
    const struct jt_module *jemalloc; /* NULL when not known */
    char version_string[128];         /* as it stands in the image, or "" */
    char root_name[128]; /* the symbol, prefix included: "je_arena_emap_global"; or "" */
    char prefix[64];     /* the private prefix alone: "je_" */
    struct jh_layout layout;
    char layout_name[128]; /* jt_layout_parse() reads it back: "5.3.0,lg_vaddr=48,..." */
    enum jt_source source[JT_PARTS];
    /* Layouts that the heap decodes with equally well, the chosen one first. More than one: they
     * give the same answers, or the status is JT_NO_LAYOUT and one must be chosen. */
    char candidate[JT_CANDIDATES_MAX][128];
    size_t candidates;
    uint64_t verified; /* extents that were decoded with this layout, and found sound */
    uint64_t tried;    /* the same, and those that were not sound: spread over the whole tree */

    struct jh_heap heap; /* ready for use: reader, &layout, root */

    struct jt_root root[JT_ROOTS_LISTED]; /* jt_roots() completes the list */
    size_t roots;

    struct jt_private *priv;
};

/* *out is always set but when memory ran out (then NULL), so that error and warnings can be read;
 * close it in any case. heap may be used when JT_OK was returned. */
JH_MUST_USE enum jt_status jt_open(const struct jt_options *options, struct jt_target **out);
void jt_close(struct jt_target *target);

/* Does options->target name a process? Digits alone do; anything else is the path of a core. */
bool jt_is_process(const char *target);

/* ---- questions ------------------------------------------------------------------------------ */

/* Was the core's file written to or cut off since it was opened? Then what was read may be wrong.
 */
bool jt_changed(const struct jt_target *target);

/* Has the process ended since it was opened, or does it run another program (execve), which has
 * other memory under the same id? Then what was read may be of both. Sets target->ended. */
bool jt_ended(struct jt_target *target);

/* Is the address mapped in the target at all, whether its bytes are in the core or not? */
bool jt_mapped(const struct jt_target *target, uint64_t addr);

enum jt_answer { JT_NO, JT_YES, JT_CANNOT_TELL };

/* Is the address inside jemalloc's own memory: extent structures, rtree nodes, arenas? Those are
 * the blocks of its base allocators. Without symbols they are looked for. */
enum jt_answer jt_is_metadata(struct jt_target *target, uint64_t addr);

/* Bytes in all those blocks together; 0 when they are not known. Were they found without a symbol
 * that leads to them? */
uint64_t jt_metadata_bytes(struct jt_target *target);
bool jt_metadata_inferred(struct jt_target *target);

/* ---- rules that more than one extent, or jemalloc's own memory, are needed for --------------- */

typedef void jt_fault_fn(void *arg, enum jh_status status, const struct jh_fault *fault);

/* Asked beside a walk over the whole heap: each extent that it gives, in its order, and then what
 * no element of the tree leads to. NULL: memory ran out, which target->memory_ran_out says. What is
 * broken is given to fault. Where arenas are not known (jt_metadata_bytes() is 0) and where bytes
 * are absent nothing is said. */
struct jt_check;
struct jt_check *jt_check_start(struct jt_target *target, jt_fault_fn *fault, void *arg);
void jt_check_extent(struct jt_check *check, const struct jh_extent *extent);
/* whole: nothing of the tree was absent or left out. Frees it. */
void jt_check_end(struct jt_check *check, bool whole);
/* What one extent alone can be asked of that: JH_CORRUPT and the fault. */
JH_MUST_USE enum jh_status jt_check_one(struct jt_target *target, const struct jh_extent *extent,
                                        struct jh_fault *fault);

/* A jemalloc variable by its name without prefix: "tcaches", "arenas". False when not found. */
bool jt_symbol(struct jt_target *target, const char *name, uint64_t *addr, uint64_t *size);

/* Which module is the address in; NULL when in none. */
const struct jt_module *jt_module_at(const struct jt_target *target, uint64_t addr);

/* ---- what an address is that is not jemalloc's ----------------------------------------------- */

struct jt_thread {
    int id;
    uint64_t stack, tls; /* stack and thread pointer; 0: not known */
    char name[32];       /* "" when not known */
};

enum jt_what {
    JT_IN_NOTHING, /* nothing is mapped there */
    JT_IN_METADATA,
    JT_IN_MODULE,
    JT_IN_STACK,
    JT_IN_TLS,  /* thread-local storage, and the C library's data of the thread */
    JT_IN_HEAP, /* the memory of brk(), which another allocator has */
    JT_IN_KERNEL,
    JT_IN_FILE, /* mapped, and not loaded */
    JT_IN_ANONYMOUS
};

const char *jt_what_name(enum jt_what what); /* "unmapped", "module", "tls", ... */

/* Texts are as the target has them, and live as long as it does; "" and NULL: not known. */
struct jt_place {
    enum jt_what what;
    const struct jt_module *module;
    char section[64], symbol[256]; /* the nearest one in front, of the same section */
    uint64_t symbol_offset;
    const struct jt_thread *thread;
    uint64_t start, end; /* of the mapping; 0: not known */
    const char *path;    /* of its file, "[heap]", ... */
    char permissions[8]; /* "rw-p"; a core does not tell the last one */
};

void jt_place_find(struct jt_target *target, uint64_t addr, struct jt_place *out);

/* Hexadecimal, lower case; "" for none. */
void jt_build_id_text(const struct jt_build_id *id, char out[2 * JT_BUILD_ID_MAX + 1]);

/* Look also for the roots of jemallocs without symbols, which opening does only when there is none
 * with symbols. Gives target->roots. */
size_t jt_roots(struct jt_target *target);

/* Is there a jemalloc, by its version string, of which no root was found? */
bool jt_root_unknown(struct jt_target *target);

/* The same memory with another of these heaps: what stands above of jemalloc is that one's. Its
 * layout is learnt when it is asked for the first time; NULL when that could not be done. The
 * target itself for the chosen one. It belongs to the target. */
struct jt_target *jt_root_view(struct jt_target *target, size_t root);

/* Is it known to have no extents? Such a jemalloc has handed out nothing. */
bool jt_root_empty(struct jt_target *target, size_t root);

/* ---- skeletons: all that decoding takes, and nothing of the program's ------------------------ */

/* It has one heap: of the others only target->root tells. */
bool jt_is_skeleton(const struct jt_target *target);

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

/* ---- layouts as text ------------------------------------------------------------------------ */

/* Read a layout: a file (a path that ends in .json), or a version with parameters:
 *     5.3.0
 *     5.2.1,lg_vaddr=57,lg_page=16,lg_quantum=3,lg_slab_maxregs=12,mutex=48,debug,no-oblivious,aarch64
 * JT_USAGE and a sentence in error (NULL allowed) when that cannot be done, JT_UNREADABLE when
 * memory ran out. */
JH_MUST_USE enum jt_status jt_layout_parse(const char *text, struct jh_layout *out,
                                           char error[JT_TEXT_MAX]);

/* The name that jt_layout_parse() makes the same build's layout from. */
void jt_layout_name(const struct jh_build *build, char *out, size_t size);

/* One JSON object, one line without the newline; keys as `jeheap layout --json` promises. */
void jt_layout_write(const struct jh_layout *layout, FILE *file);

/* The way back; text need not end in 0. The layout has passed jh_layout_check(). */
JH_MUST_USE enum jt_status jt_layout_read(const char *text, size_t len, struct jh_layout *out,
                                          char error[JT_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
