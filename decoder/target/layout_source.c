/* layout_source.c - which layout this target has, and how we know.
 *
 * Given by the user, else by debug information, else by symbols, else by the version string and
 * what of the rest the heap decodes with. What two candidates explain equally well is not decided
 * here but said. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static uint64_t root_of(const struct jt_learn *learn, const struct jh_layout *layout) {
    if (learn->root_known)
        return learn->root_addr;
    return learn->root.addr + layout->root_offset;
}

static void drop_warnings(struct jt_target *target, size_t keep) {
    while (target->warnings > keep)
        free(target->warning[--target->warnings]);
}

/* ---- one candidate ----------------------------------------------------------------------------
 */

struct candidate {
    struct jh_build build;
    struct jt_fit fit;
    bool made, bins, pad;
};

/* The array is at the end of the root object: believe its size over the mutex's. */
static void root_from_symbol(const struct jt_learn *learn, struct jh_layout *layout) {
    uint64_t array = (uint64_t)layout->rtree_node_size << layout->rtree_level[0].bits;
    if (learn->root.module == NULL || learn->dwarf.rtree_root != JT_DWARF_UNKNOWN)
        return;
    if (learn->root.size > array && learn->root.size - array < 4096)
        layout->root_offset = (uint32_t)(learn->root.size - array);
}

static bool make(struct jt_target *target, struct jt_learn *learn, struct candidate *c,
                 struct jh_layout *layout) {
    struct jh_fault fault;
    c->made = false;
    if (jh_layout_make(&c->build, layout, &fault) != JH_OK)
        return false;
    root_from_symbol(learn, layout);
    jt_layout_from_dwarf(target, &learn->dwarf, layout);
    c->bins = jt_bins_from_memory(target, &learn->dwarf, layout);
    c->pad = jt_pad_from_memory(target, layout);
    c->made = jh_layout_check(layout, &fault) == JH_OK;
    return c->made;
}

/* Negative when a explains the target better than b. */
static int compare(const struct candidate *a, const struct candidate *b) {
    bool x = a->made && jt_fits(&a->fit), y = b->made && jt_fits(&b->fit);
    if (x != y)
        return x ? -1 : 1;
    if (a->made != b->made)
        return a->made ? -1 : 1;
    if (a->bins != b->bins)
        return a->bins ? -1 : 1;
    uint64_t bad = a->fit.unsound + a->fit.absent + a->fit.missized;
    uint64_t worse = b->fit.unsound + b->fit.absent + b->fit.missized;
    if (bad != worse)
        return bad < worse ? -1 : 1;
    uint64_t good = a->fit.sound + a->fit.sized, better = b->fit.sound + b->fit.sized;
    return good == better ? 0 : good > better ? -1 : 1;
}

/* ---- all candidates ---------------------------------------------------------------------------
 */

#define CANDIDATES_MAX 24
static const uint8_t vaddrs[] = {48, 57}, pages[] = {12, 14, 16}, quanta[] = {4, 3};

/* Every combination of what is not known, the stock build's values first. */
static size_t list(const struct jt_target *target, const struct jh_build *build,
                   struct candidate out[CANDIDATES_MAX]) {
    const enum jt_source *known = target->source;
    size_t n = 0;
    for (unsigned i = 0; i < CANDIDATES_MAX; i++) {
        unsigned v = i & 1, q = i >> 1 & 1, o = i >> 2 & 1, p = i >> 3;
        struct jh_build b = *build;
        if ((known[JT_PART_LG_VADDR] != JT_UNKNOWN && v != 0) ||
            (known[JT_PART_LG_PAGE] != JT_UNKNOWN && p != 0) ||
            (known[JT_PART_LG_QUANTUM] != JT_UNKNOWN && q != 0) ||
            (known[JT_PART_LARGE_PAD] != JT_UNKNOWN && o != 0))
            continue;
        if (known[JT_PART_LG_VADDR] == JT_UNKNOWN)
            b.lg_vaddr = vaddrs[v];
        if (known[JT_PART_LG_PAGE] == JT_UNKNOWN)
            b.lg_page = pages[p];
        if (known[JT_PART_LG_QUANTUM] == JT_UNKNOWN)
            b.lg_quantum = quanta[q];
        if (known[JT_PART_LARGE_PAD] == JT_UNKNOWN)
            b.cache_oblivious = o == 0;
        out[n++] = (struct candidate){.build = b};
    }
    return n;
}

static unsigned part_value(const struct jh_build *build, enum jt_part part) {
    switch (part) {
    case JT_PART_LG_VADDR:
        return build->lg_vaddr;
    case JT_PART_LG_PAGE:
        return build->lg_page;
    case JT_PART_LG_QUANTUM:
        return build->lg_quantum;
    default:
        return build->cache_oblivious;
    }
}

/* Inferred when every candidate with another value does worse. */
static void settle(struct jt_target *target, const struct candidate *c, size_t count,
                   const struct candidate *best, enum jt_part part) {
    if (target->source[part] != JT_UNKNOWN)
        return;
    target->source[part] = JT_INFERRED;
    for (size_t i = 0; i < count; i++)
        if (part_value(&c[i].build, part) != part_value(&best->build, part) &&
            compare(best, &c[i]) == 0)
            target->source[part] = JT_DEFAULT;
}

static enum jt_status none_fits(struct jt_target *target, const struct jt_fit *fit) {
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc %s is there, but its heap decodes with no layout that was tried "
                   "(%s at 0x%" PRIx64 "); say which build it is with --layout, and check --root",
                   target->version_string, fit->fault.rule == NULL ? "-" : fit->fault.rule,
                   fit->fault.addr);
}

static enum jt_status choose(struct jt_target *target, struct jt_learn *learn) {
    static const enum jt_part part[] = {JT_PART_LG_VADDR, JT_PART_LG_PAGE, JT_PART_LG_QUANTUM,
                                        JT_PART_LARGE_PAD};
    struct candidate c[CANDIDATES_MAX];
    struct jh_layout layout;
    size_t count = list(target, &learn->build, c), best = 0, warnings = target->warnings;
    for (size_t i = 0; i < count; i++) {
        if (make(target, learn, &c[i], &layout) && count > 1)
            jt_layout_fit(target, &layout, root_of(learn, &layout), &c[i].fit);
        drop_warnings(target, warnings);
        if (compare(&c[i], &c[best]) < 0)
            best = i;
    }
    bool empty = c[best].fit.sound + c[best].fit.unsound + c[best].fit.absent == 0;
    if (count > 1 && !empty && !jt_fits(&c[best].fit) && !learn->options->unverified)
        return none_fits(target, &c[best].fit);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        settle(target, c, count, &c[best], part[i]);
    if (!empty && (target->source[JT_PART_LG_VADDR] == JT_DEFAULT ||
                   target->source[JT_PART_LG_PAGE] == JT_DEFAULT))
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: the heap decodes as well with other values of lg_vaddr or "
                       "lg_page than %u and %u; choose with --layout %s,lg_vaddr=N,lg_page=N",
                       target->version_string, c[best].build.lg_vaddr, c[best].build.lg_page,
                       jh_version_name(c[best].build.version));
    learn->build = c[best].build;
    if (!make(target, learn, &c[best], &target->layout))
        return jt_fail(target, JT_NO_LAYOUT, "jemalloc %s: such a build is not described yet",
                       target->version_string);
    if (c[best].bins)
        target->source[JT_PART_BINS] = JT_MEMORY;
    if (c[best].pad)
        target->source[JT_PART_LARGE_PAD] = JT_MEMORY;
    return JT_OK;
}

/* ---- before and after -------------------------------------------------------------------------
 */

static enum jt_status find_version(struct jt_target *target, struct jt_learn *learn) {
    jh_build_init(&learn->build, JH_5_3_0);
    learn->build.aarch64 = target->priv->machine == EM_AARCH64;
    if (learn->build.aarch64)
        learn->build.pthread_mutex_size = 48;
    jt_build_from_macros(target, &learn->dwarf, &learn->build);
    if (target->source[JT_PART_VERSION] == JT_UNKNOWN) {
        if (target->version_string[0] == 0 &&
            !jt_version_find(target, target->jemalloc, target->version_string))
            target->version_string[0] = 0;
        if (target->version_string[0] == 0 ||
            jh_version_parse(target->version_string, &learn->build.version) != JH_OK)
            return jt_fail(target, JT_NO_LAYOUT,
                           "jemalloc is there (%s), but not which version: %s; say it with "
                           "--layout, for example --layout 5.3.0",
                           target->root_name[0] != 0 ? target->root_name : "--root",
                           target->version_string[0] != 0 ? target->version_string
                                                          : "no version string was found");
        target->source[JT_PART_VERSION] = JT_VERSION_STRING;
    }
    if (learn->root.module != NULL && learn->root.emap != (learn->build.version >= JH_5_3_0))
        jt_warn(target, "version %s and symbol %s do not go together", target->version_string,
                target->root_name);
    return JT_OK;
}

static void finish_sources(struct jt_target *target, const struct jt_learn *learn) {
    enum jt_source *s = target->source;
    const struct jh_layout *l = &target->layout;
    if (s[JT_PART_DEBUG] == JT_UNKNOWN) {
        struct jh_build other = l->build;
        struct jh_layout layout;
        other.debug = !other.debug;
        bool is_other = learn->root.module != NULL &&
                        jh_layout_make(&other, &layout, NULL) == JH_OK &&
                        layout.root_offset == l->root_offset;
        if (is_other)
            target->layout.build.debug = other.debug;
        s[JT_PART_DEBUG] = learn->root.module != NULL ? JT_SYMBOL : JT_DEFAULT;
    }
    /* what follows from the others by jemalloc's formulas is as sure as the version */
    for (unsigned part = 0; part < JT_PARTS; part++)
        if (s[part] == JT_UNKNOWN && part != JT_PART_ROOT)
            s[part] = part == JT_PART_BINS   ? JT_DEFAULT
                      : part == JT_PART_LEAF ? s[JT_PART_LG_VADDR]
                                             : s[JT_PART_VERSION];
}

/* rtree_t ends with its array, so the symbol's size is known in advance. */
static enum jt_status root_agrees(struct jt_target *target, const struct jt_learn *learn) {
    const struct jh_layout *l = &target->layout;
    uint64_t size = l->root_offset + ((uint64_t)l->rtree_node_size << l->rtree_level[0].bits);
    if (learn->root.module == NULL || learn->options->unverified || size == learn->root.size)
        return JT_OK;
    return jt_fail(target, JT_NO_LAYOUT,
                   "--layout %s: its tree has %" PRIu64 " bytes, %s in this target has %" PRIu64
                   "; it is another build's layout",
                   learn->options->layout, size, target->root_name, learn->root.size);
}

static enum jt_status take_given(struct jt_target *target, struct jt_learn *learn) {
    char error[JT_TEXT_MAX];
    enum jt_status status = jt_layout_parse(learn->options->layout, &target->layout, error);
    if (status != JT_OK)
        return jt_fail(target, status, "--layout %s", error);
    for (unsigned part = 0; part < JT_PARTS; part++)
        if (part != JT_PART_ROOT)
            target->source[part] = JT_GIVEN;
    size_t len = strlen(learn->options->layout);
    bool file = len > 5 && strcmp(learn->options->layout + len - 5, ".json") == 0;
    if (!file) /* a file has all of it; a name leaves run-time values open */
        root_from_symbol(learn, &target->layout);
    status = root_agrees(target, learn);
    if (status != JT_OK || file)
        return status;
    if (jt_bins_from_memory(target, &learn->dwarf, &target->layout))
        target->source[JT_PART_BINS] = JT_MEMORY;
    if (jt_pad_from_memory(target, &target->layout))
        target->source[JT_PART_LARGE_PAD] = JT_MEMORY;
    if (target->version_string[0] == 0 &&
        !jt_version_find(target, target->jemalloc, target->version_string))
        target->version_string[0] = 0;
    return JT_OK;
}

enum jt_status jt_layout_learn(struct jt_target *target, struct jt_learn *learn) {
    enum jt_status status;
    if (learn->options->layout != NULL) {
        status = take_given(target, learn);
    } else {
        status = find_version(target, learn);
        if (status == JT_OK) {
            jt_build_from_symbol(target, &learn->root, &learn->build);
            status = choose(target, learn);
        }
        if (status == JT_OK)
            finish_sources(target, learn);
    }
    if (status != JT_OK)
        return status;
    jt_layout_name(&target->layout.build, target->layout_name, sizeof target->layout_name);
    target->heap.layout = &target->layout;
    target->heap.rtree_root = root_of(learn, &target->layout);
    return jt_layout_verify(target, learn->options->unverified);
}
