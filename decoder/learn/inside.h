/* inside.h - what the files of learn/ share with each other and with the layers above.
 *
 * root.c finds the root of the rtree. layout_source.c learns the layout; layout_choose.c tries the
 * candidates when not all of it is known (layout_candidate.h). */
#ifndef JEHEAP_LEARN_INSIDE_H
#define JEHEAP_LEARN_INSIDE_H

#include "files/inside.h"
#include "learn/evidence.h"
#include "learn/layout_text.h"
#include "learn/roots.h"

/* ---- what this layer keeps of a target ------------------------------------------------------- */

struct jt_learnt {
    struct jt_samples *samples;                      /* of the last layout tried; sample_heap.c */
    struct jt_root_symbol root_symbol[JT_ROOTS_MAX]; /* the symbols of roots in all modules */
    size_t root_symbols;
    bool roots_done;   /* jt_roots() has looked for roots without symbols */
    bool roots_hidden; /* jt_roots() found no root for the jemalloc of some module */
    /* The warnings [root_warnings, root_warnings_end) are about other heaps of the process. */
    size_t root_warnings, root_warnings_end;
};

struct jt_search; /* a search for roots without symbols; below */

/* ---- root.c, roots.c ------------------------------------------------------------------------- */

/* Takes the root of --root. Fails when nothing is mapped at that address. */
enum jt_status jt_root_given(struct jt_target *target, struct jt_evidence *evidence);
/* Is the root of --root outside of all modules? Then it is no variable of a jemalloc, and may be
 * any memory of the program. */
bool jt_root_is_in_no_module(const struct jt_target *target);
/* Finds the root: that of --root, or of a symbol, or one that a search finds. */
enum jt_status jt_root_find(struct jt_target *target, struct jt_evidence *evidence);
/* Adds a root to the target's list, unless the list has it already. */
void jt_root_add(struct jt_target *target, const struct jt_module *module, uint64_t addr,
                 const char *symbol);
/* Marks the root of target->heap as the chosen one in the list. */
void jt_root_choose(struct jt_target *target);
/* Does --in NAME mean this module? NAME is the end of its path, from a slash on, or the name of its
 * file up to ".so". */
bool jt_module_named(const struct jt_module *module, const char *name);
/* Has the module a version string of jemalloc, but no root in the target's list? */
bool jt_root_hidden(const struct jt_target *target, const struct jt_module *module,
                    char version[128]);
void jt_roots_close(struct jt_target *target);

/* ---- diagnose_root.c, diagnose_files.c ------------------------------------------------------- */

/* Fails: no root was found; the sentence says why. version: the target's version of jemalloc is
 * known. */
enum jt_status jt_no_root(struct jt_target *target, const char *layout, bool version,
                          const struct jt_search *search);
/* Fails: no jemalloc in the module of --in, for the reason why; the sentence names the modules that
 * have one. */
enum jt_status jt_not_in(struct jt_target *target, const char *in, const char *why);
/* Fails: there are several roots, [first, first + count) of the target's list; the sentence names
 * them, so that the user can choose one. */
enum jt_status jt_several_roots(struct jt_target *target, size_t first, size_t count, size_t used);

/* Warns of modules that matter, whose files are missing, are others or were not opened. */
void jt_warn_of_files(struct jt_target *target);
/* Says how the file that was found differs from the module (state JT_FILE_DIFFERS). */
void jt_wrong_file(const struct jt_module *m, char *out, size_t size);
/* Says that file.search-limit kept the module's file from being opened. Gives out. */
const char *jt_unopened_file(const struct jt_module *m, char *out, size_t size);
/* A module whose file has this state, the program's first; NULL: there is none. */
const struct jt_module *jt_module_in_state(const struct jt_target *target, enum jt_file state);
/* The first module that file.search-limit concerns; NULL: there is none. */
const struct jt_module *jt_first_unopened(const struct jt_target *target);

/* ---- layout_source.c, layout_choose.c, layout_macros.c, layout_fit.c --------------------------
 */

/* The address of root[0] with this layout. */
uint64_t jt_root_of(const struct jt_evidence *evidence, const struct jh_layout *layout);
void jt_root_from_symbol(const struct jt_evidence *evidence, struct jh_layout *layout);
/* Tries candidates, and takes the layout that explains the heap best. */
enum jt_status jt_layout_choose(struct jt_target *target, struct jt_evidence *evidence);

/* Learns the target's layout: that of --layout, or else from all evidence. */
enum jt_status jt_layout_learn(struct jt_target *target, struct jt_evidence *evidence);
void jt_build_from_macros(struct jt_target *target, struct jt_dwarf *dwarf, struct jh_build *build);
/* How well a layout explains the heap: what sampled extents decode to. */
struct jt_fit {
    uint64_t sound, unsound; /* extents */
    uint64_t absent; /* extents whose bytes are absent: neither for nor against the layout */
    /* Unsound extents, but those of a subtree without a sound one count as one: a stray word in the
     * root may lead to any number of them. */
    uint64_t against;
    uint64_t elements;         /* elements in use in the sampled nodes */
    uint64_t likely, unlikely; /* checks that most heaps pass, such as size against size class */
    size_t bins;               /* bins whose numbers were taken from slabs */
    uint64_t serials;          /* all serial numbers, by OR */
    uint64_t digest;           /* of all decoded fields: equal when two layouts say the same */
    struct jh_fault fault;     /* of the first unsound extent */
};

/* How much of the heap to look at: a little, for many candidates; enough to decide; enough to tell
 * two good layouts apart. */
enum jt_effort { JT_FIT_GLANCE, JT_FIT_LOOK, JT_FIT_SEARCH };
/* Tries the layout on extents from all over the tree, as many as the effort allows. */
void jt_layout_fit(struct jt_target *target, const struct jh_layout *layout, uint64_t root,
                   enum jt_effort effort, struct jt_fit *out);
bool jt_fits(const struct jt_fit *fit);
/* layout_bins.c: takes the numbers of bins from slabs. Gives how many bins changed. */
size_t jt_bins_from_slabs(struct jt_target *target, uint64_t root, enum jt_effort effort,
                          struct jh_layout *layout);
/* Takes the numbers of bins from slabs when the layout, whose fit is given, has faults. Writes the
 * new fit. */
void jt_bins_try(struct jt_target *target, uint64_t root, enum jt_effort effort,
                 struct jh_layout *layout, struct jt_fit *fit);
/* The same for target->layout, whose bins no variable with a symbol tells: from jemalloc's table,
 * or else from slabs, on more of the heap. Slabs do not tell how many shards there are. */
void jt_bins_infer(struct jt_target *target, const struct jt_evidence *evidence);
/* Since 5.2.0 bins have as many shards as MALLOC_CONF says: then n_shards is 0, not known. */
void jt_shards_forget(struct jh_layout *layout);
/* bin_table.c: looks for jemalloc's table around the root, and takes its numbers. False: it is not
 * there, or there are several that differ. */
bool jt_bins_find(struct jt_target *target, const struct jt_dwarf *dwarf, uint64_t root,
                  struct jh_layout *layout);
/* layout_candidate.c: is the text the version of a commit after a release ("5.3.0-196-ga25b9b8")?
 */
bool jt_version_between(const char *text, enum jh_version *release);
/* layout_verify.c: fails when the layout does not fit the heap, unless the user insists on it. */
enum jt_status jt_layout_verify(struct jt_target *target, const struct jt_options *options);
/* Does the user insist: was --layout given, or --root where something sound decodes? */
bool jt_insists(const struct jt_options *options, const struct jt_fit *fit);
/* sample_heap.c: frees the samples of the target. */
void jt_samples_free(struct jt_target *target);

/* ---- infer_root.c: roots without symbols ----------------------------------------------------- */

struct jt_found_root {
    const struct jt_module *module;
    uint64_t root;
    uint64_t extents; /* an estimate, at most 256 */
    bool clean;       /* nearly all extents decode */
};

/* A search. Zero it, and fill in the fields up to versioned_only. */
struct jt_search {
    struct jh_build build; /* of modules without a version string */
    bool any_version;      /* the version in build is not known */
    bool given;            /* build is that of --layout, for all modules */
    const char *in;        /* only modules of this name; NULL: all */
    bool versioned_only;   /* only modules that have a version string among their constants */
    struct jt_found_root found[JT_ROOTS_MAX]; /* the best one first */
    size_t count;
    size_t alike;      /* the first ones that are equally good */
    uint64_t limit_at; /* not 0: the address at which root.search-limit ended the search */
    uint64_t looked;   /* bytes that were looked at */
};

/* Looks for roots in the writable memory of modules of which no root is known. */
void jt_root_infer(struct jt_target *target, struct jt_search *search);

#endif
