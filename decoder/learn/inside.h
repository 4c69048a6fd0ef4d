/* inside.h - what the files of learn/ share with each other and with the layers above.
 *
 * root.c says which tree; layout_source.c puts a layout together, layout_choose.c tries those that
 * it may be (layout_candidate.h). */
#ifndef JEHEAP_LEARN_INSIDE_H
#define JEHEAP_LEARN_INSIDE_H

#include "files/inside.h"
#include "learn/evidence.h"
#include "learn/layout_text.h"
#include "learn/roots.h"

/* ---- the room's part of the target ----------------------------------------------------------- */

struct jt_learnt {
    struct jt_samples *samples;                      /* sample_heap.c */
    struct jt_root_symbol root_symbol[JT_ROOTS_MAX]; /* all that there are */
    size_t root_symbols;
    bool roots_done;                         /* those without symbols were looked for too */
    bool roots_hidden;                       /* and of some module's jemalloc none was found */
    size_t root_warnings, root_warnings_end; /* which are about other heaps */
};

/* What is being learnt of the target. */
struct jt_search;

/* ---- root.c, roots.c, diagnose_root.c
 * ------------------------------------------------------------- */

/* --root, when something is mapped there. */
enum jt_status jt_root_given(struct jt_target *target, struct jt_evidence *evidence);
/* Is the root one that was given, and no variable of a module? What is there may be the program's.
 */
bool jt_root_is_elsewhere(const struct jt_target *target);
/* Given, or a symbol's, or looked for. */
enum jt_status jt_root_find(struct jt_target *target, struct jt_evidence *evidence);
/* One more in the target's list, if it is not there yet. */
void jt_root_add(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                 const char *symbol);
/* The list's chosen one is that of target->heap. */
void jt_root_choose(struct jt_target *target);
/* Is it the end of the module's path, at a slash, or the name of its file without what follows
 * ".so"? */
bool jt_module_named(const struct jt_module *module, const char *name);
/* Has the module a jemalloc, by its version string, and no root that is known? */
bool jt_root_hidden(const struct jt_target *target, const struct jt_module *module,
                    char version[128]);
void jt_roots_close(struct jt_target *target);
/* diagnose_root.c: why there is none. version: the target's version of jemalloc is known. */
enum jt_status jt_no_root(struct jt_target *target, const char *layout, bool version,
                          const struct jt_search *search);
/* diagnose_root.c: --in names none that has a jemalloc, why: it says which have. */
enum jt_status jt_not_in(struct jt_target *target, const char *in, const char *why);
/* diagnose_root.c: which of these in the target's list is meant? */
enum jt_status jt_several_roots(struct jt_target *target, size_t first, size_t count, size_t used);
void jt_warn_of_files(struct jt_target *target);

/* ---- layout_source.c, layout_choose.c, layout_dwarf.c, layout_fit.c --------- */

/* The root's address with this layout. */
uint64_t jt_root_of(const struct jt_evidence *evidence, const struct jh_layout *layout);
void jt_root_from_symbol(const struct jt_evidence *evidence, struct jh_layout *layout);
/* By trying. */
enum jt_status jt_layout_choose(struct jt_target *target, struct jt_evidence *evidence);

enum jt_status jt_layout_learn(struct jt_target *target, struct jt_evidence *evidence);
void jt_build_from_macros(struct jt_target *target, struct jt_dwarf *dwarf, struct jh_build *build);
/* How a layout fares with the heap. */
struct jt_fit {
    uint64_t sound, unsound;
    uint64_t absent; /* neither for it nor against it */
    /* Unsound ones, all of a part of the tree in which nothing is sound as one: a stray word in the
     * root leads to as many as there are. */
    uint64_t against;
    uint64_t elements;         /* in the nodes that were looked at: of these the others are some */
    uint64_t likely, unlikely; /* does size go with size class, and the like? */
    size_t bins;               /* that were taken from the slabs */
    uint64_t serials;          /* all bits that a serial number has */
    uint64_t digest;           /* of all that was decoded: equal when two layouts say the same */
    struct jh_fault fault;     /* the first unsound one's */
};

/* How far to look: one try of very many; enough to know; enough to tell two good ones apart. */
enum jt_effort { JT_FIT_GLANCE, JT_FIT_LOOK, JT_FIT_SEARCH };
/* Extents from all over the tree, as many as the effort allows (layout_sample.c). */
void jt_layout_fit(struct jt_target *target, const struct jh_layout *layout, uint64_t root,
                   enum jt_effort effort, struct jt_fit *out);
bool jt_fits(const struct jt_fit *fit);
/* layout_bins.c: bins as the slabs have them. Gives how many were changed. */
size_t jt_bins_from_slabs(struct jt_target *target, uint64_t root, enum jt_effort effort,
                          struct jh_layout *layout);
/* The same where it makes a layout fit that did not; fit is that of the layout before. */
void jt_bins_try(struct jt_target *target, uint64_t root, enum jt_effort effort,
                 struct jh_layout *layout, struct jt_fit *fit);
void jt_bins_infer(struct jt_target *target, uint64_t root); /* of the target's layout */
/* layout_candidate.c: is it a version between two releases that are known? */
bool jt_version_between(const char *text, enum jh_version *release);
/* layout_verify.c: the chosen one, or the one that the user insists on. */
enum jt_status jt_layout_verify(struct jt_target *target, const struct jt_options *options);
/* Whoever gives a layout gets it, and whoever gives a root, if anything decodes there. */
bool jt_insists(const struct jt_options *options, const struct jt_fit *fit);
/* layout_sample.c: what is kept of the tree */
void jt_samples_free(struct jt_target *target);

/* ---- infer_root.c: no symbols --------------------------------------------------------------- */

struct jt_found_root {
    const struct jt_module *module;
    uint64_t root;
    uint64_t extents; /* about how many there are, to 256 */
    bool clean;       /* nearly all decode */
};

/* What is looked for. Zero it, and fill in the first ones. */
struct jt_search {
    struct jh_build build; /* for modules that do not say their version */
    bool any_version;      /* build's version is not known */
    bool given;            /* build is for all modules, whatever they say */
    const char *in;        /* only modules of this name; NULL: all */
    bool sayers;           /* only those that have a version string among their constants */
    struct jt_found_root found[JT_ROOTS_MAX]; /* the best one first */
    size_t count, alike;                      /* so many of the first ones are equally good */
    uint64_t limit_at;                        /* not 0: a budget ended the search there */
    uint64_t looked;                          /* bytes that were looked at */
};

/* Look for roots in the writable memory of the modules that none is known of. */
void jt_root_infer(struct jt_target *target, struct jt_search *search);

#endif
