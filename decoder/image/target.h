/* target.h - what a target is: a core or a running process that was opened.
 *
 * These structs are filled by all layers and read by everybody. open/open.h opens a target, and is
 * the header to include. */
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
    JT_USAGE, /* an option makes no sense: a layout that cannot be parsed, a file that is no ELF
                 file */
    JT_UNREADABLE,  /* no such process, no permission, not a core, a truncated header */
    JT_NO_JEMALLOC, /* readable, but no jemalloc was found in it */
    JT_NO_LAYOUT,   /* there is a jemalloc, but its layout is not known or does not fit */
    JT_WRONG_FILE,  /* an ELF file is not the one that the target ran (build-id) */
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
    JT_MEMORY,         /* a variable of jemalloc, read from the target */
    JT_INFERRED,       /* the only candidate that the heap decodes with */
    JT_DEFAULT         /* that of the stock build; nothing contradicts it */
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

/* A function that is called now and then during long work: in jt_open(), and whenever the target is
 * read. doing says what is being done; done and all are in bytes or another unit, and all is 0 when
 * it is not known. When it returns false, jt_open() fails with JT_INCOMPLETE, and all later reads
 * with JH_LIMIT. */
typedef bool jt_watch_fn(void *arg, const char *doing, uint64_t done, uint64_t all);

/* Zero it, then fill in what is known. Strings must outlive jt_open() only. */
struct jt_options {
    const char *target;  /* process id, or path of a core; a path with a slash is never an id */
    const char *exe;     /* the program's file, when its path in the core is another */
    const char *sysroot; /* the folder that all files of a core are in; NULL: / */
    const char *name;    /* what a core is called in sentences; NULL: its path */
    /* "5.3.0,lg_page=16" or FILE.json; see jt_layout_parse(). It is used even when the heap
     * contradicts it, with a warning. */
    const char *layout;
    uint64_t root; /* address of rtree_t.root[0]; used with a warning as long as anything decodes
                      there */
    bool root_given;
    const char *in; /* which of several jemallocs: the end of its module's path */
    bool threads;   /* of a process, for places and caches; a core has them in any case */
    bool still;     /* of a process: it stands still from the start, as by jt_hold() */
    struct jh_limits limits;
    jt_watch_fn *watch; /* optional; must outlive the target, and watch_arg too */
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
    char *path;             /* the file's path in the target */
    char *file;             /* the file that was opened or compared; NULL: none */
    struct jt_range *range; /* addresses of the module, sorted and disjoint; other memory may lie
                               between them */
    size_t ranges;
    uint64_t start, end; /* start of the first range, end of the last one */
    uint64_t head;       /* address of the file's first byte, its header; 0: not known */
    uint64_t bias;       /* address - ELF file's p_vaddr */
    bool main;           /* the program, not a library */
    bool asked;          /* --exe named a file for it */
    bool unopened;       /* its file exists, but too many were open: file.search-limit */
    bool has_debug_info;
    enum jt_file state;
    struct jt_build_id memory_id, file_id;
    struct jt_elf *elf;
};

struct jt_private;

#define JT_ROOTS_MAX                                                                               \
    16 /* roots with symbols; without; and of those that jt_roots() finds later                    \
        */
#define JT_ROOTS_LISTED (3 * JT_ROOTS_MAX + 1) /* all of these, and that of --root */

/* A root: a program and each of its libraries may bring their own jemalloc. */
struct jt_root {
    const struct jt_module
        *module;            /* the module that has the root as a variable; NULL: not known */
    uint64_t addr;          /* of root[0] */
    char symbol[128];       /* "" when it was found by a search */
    bool chosen;            /* target->heap has this root */
    char version[128];      /* of a root whose heap a skeleton lacks; "" when not known */
    struct jt_target *view; /* private: see jt_root_view() */
};

/* All fields are for reading only. Strings and arrays live until jt_close(). */
struct jt_target {
    enum jt_status status;
    char error[JT_TEXT_MAX]; /* one sentence: what is wrong, where, what to do; "" when JT_OK */
    char **warning;
    size_t warnings;
    size_t damage; /* number of the warning that some of the tried extents are unsound: 1, 2... */

    enum jt_kind kind;
    int pid;          /* 0 for a core that does not say */
    const char *path; /* the core's path or name; NULL for processes */
    struct jt_module *module;
    size_t modules;
    uint64_t bytes_present, bytes_absent; /* of mapped memory; a process has no absent bytes */
    uint64_t
        bytes_truncated; /* bytes that a core lacks because it was cut off; UINT64_MAX at most */
    bool ended;          /* the process ended while it was read */
    bool root_missed;    /* there is a jemalloc, but the search for its root found none */
    bool memory_ran_out; /* after opening: answers may be incomplete */

    /* the jemalloc of the target */
    const struct jt_module *jemalloc; /* NULL when not known */
    char version_string[128];         /* as the image has it, or "" */
    char root_name[128]; /* the symbol, prefix included: "je_arena_emap_global"; or "" */
    char prefix[64];     /* the private prefix alone: "je_" */
    struct jh_layout layout;
    struct jh_plan plan;   /* of the layout, once it is known */
    char layout_name[128]; /* jt_layout_parse() reads it back: "5.3.0,lg_vaddr=48,..." */
    enum jt_source source[JT_PARTS];
    /* Layouts that fit the heap equally well, the chosen one first. When there are several, they
     * all give the same answers, or the status is JT_NO_LAYOUT and the user must choose. */
    char candidate[JT_CANDIDATES_MAX][128];
    size_t candidates;
    uint64_t verified; /* extents that were decoded with this layout and are sound */
    uint64_t tried;    /* extents that were decoded, sound or not, from all parts of the tree */

    struct jh_heap heap; /* ready for use: reader, &layout, root */

    struct jt_root root[JT_ROOTS_LISTED]; /* jt_roots() completes the list */
    size_t roots;

    struct jt_private *priv;
};

struct jt_thread {
    int id;
    uint64_t stack, tls; /* stack and thread pointer; 0: not known */
    uint64_t pc;         /* what it executes next; 0: not known */
    char name[32];       /* "" when not known */
    const uint8_t *reg;  /* its registers, words of the target; NULL: not known */
    size_t regs;         /* how many words */
    bool crashed;        /* the core was written because of what it executed */
};

/* ---- holding a process still ----------------------------------------------------------------- */

/* Stops all threads of a process, also those that appear meanwhile, until jt_release(), jt_close()
 * or the end of this process, and looks anew at its mappings, at its threads and at their
 * registers. Call it after jt_open() and before anything else is asked. Not JT_OK: target->error
 * says why, and no thread is stopped. A process that was stopped before stays so afterwards. */
enum jt_status jt_hold(struct jt_target *target);
void jt_release(struct jt_target *target); /* what is not still is left alone */
bool jt_is_still(const struct jt_target *target);
/* Nanoseconds for which it stood still, or has by now; 0: it did not. */
uint64_t jt_still_ns(const struct jt_target *target);

/* ---- questions ------------------------------------------------------------------------------ */

/* Was the core's file written to or cut off since it was opened? Then answers may be wrong. */
bool jt_changed(const struct jt_target *target);

/* Has the process ended since it was opened, or executed another program, which has other memory
 * under the same id? Then answers may mix both. Sets target->ended. */
bool jt_ended(struct jt_target *target);

/* Is the address mapped in the target at all, whether its bytes are in the core or not? */
bool jt_mapped(const struct jt_target *target, uint64_t addr);

/* Is it a skeleton, a core with jemalloc's own memory only? It has one heap; of other heaps of the
 * process it has only target->root. */
bool jt_is_skeleton(const struct jt_target *target);

#ifdef __cplusplus
}
#endif
#endif
