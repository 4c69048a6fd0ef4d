/* layout_choose.c - of all layouts that a target may have, the one that its heap decodes with. What
 * two of them explain equally well is not decided here but said. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static void drop_warnings(struct jt_target *target, size_t keep) {
    while (target->warnings > keep) {
        free(target->warning[--target->warnings]);
    }
}

/* ---- one candidate -------------------------------------------------------------------------- */

struct candidate {
    struct jh_build build;
    struct jt_fit fit;
    bool bins, pad;
    size_t unlike; /* what debug information says otherwise */
    bool blind;    /* a glance was enough */
};

/* What is known of the root before any candidate is tried speaks against this one: rtree_t ends in
 * root[], a power of two of pointers that is far larger than all before it. */
static bool contradicted(const struct jt_learn *learn, const struct jh_layout *layout) {
    const struct jt_dwarf *d = &learn->dwarf;
    unsigned bits = layout->rtree_level[0].bits;
    if (learn->root.module != NULL &&
        jh_lg_floor(learn->root.size / layout->rtree_node_size) != bits) {
        return true;
    }
    if (d->root_elements != JT_DWARF_UNKNOWN && d->root_elements != 1u << bits) {
        return true;
    }
    bool compact = layout->leaf_form == JH_LEAF_COMPACT;
    return d->leaf_size != JT_DWARF_UNKNOWN && compact != (d->le_bits != JT_DWARF_UNKNOWN);
}

static bool make(struct jt_target *target, struct jt_learn *learn, struct candidate *c,
                 struct jh_layout *layout, struct jh_fault *fault) {
    if (jh_layout_make(&c->build, layout, fault) != JH_OK) {
        return false;
    }
    jt_root_from_symbol(learn, layout);
    size_t warnings = target->warnings;
    jt_layout_from_dwarf(target, &learn->dwarf, layout);
    c->unlike = target->warnings - warnings;
    c->bins = jt_bins_from_memory(target, &learn->dwarf, layout);
    c->pad = jt_pad_from_memory(target, layout);
    if (c->pad && target->source[JT_PART_LARGE_PAD] == JT_UNKNOWN) {
        layout->build.cache_oblivious = c->build.cache_oblivious = layout->large_pad != 0;
    }
    return jh_layout_check(layout, fault) == JH_OK;
}

/* A geometry that looks beside the heap finds nothing, and nothing wrong. */
static bool sees(const struct candidate *c) {
    return c->fit.sound + c->fit.unsound + c->fit.absent != 0;
}

/* Serial numbers count by one. Where none does, what was read begins with another field: 5.2 put
 * six bits in front of them, for the bin's shard. */
static bool counts_by_one(const struct jt_fit *fit) {
    return fit->sound < 16 || fit->serials == 0 || fit->serials % 64 != 0;
}

static uint64_t faults(const struct jt_fit *fit) {
    return fit->unsound + fit->absent + fit->unlikely + !counts_by_one(fit);
}

/* Negative when a explains the target better than b. */
static int compare(const struct candidate *a, const struct candidate *b) {
    bool x = jt_fits(&a->fit), y = jt_fits(&b->fit);
    if (x != y) {
        return x ? -1 : 1;
    }
    if (a->bins != b->bins) {
        return a->bins ? -1 : 1;
    }
    if (sees(a) != sees(b)) {
        return sees(a) ? -1 : 1;
    }
    if (a->unlike != b->unlike) {
        return a->unlike < b->unlike ? -1 : 1;
    }
    uint64_t bad = faults(&a->fit), worse = faults(&b->fit);
    if (bad != worse) {
        return bad < worse ? -1 : 1;
    }
    uint64_t good = a->fit.sound + a->fit.likely, better = b->fit.sound + b->fit.likely;
    return good == better ? 0 : good > better ? -1 : 1;
}

/* ---- all candidates ------------------------------------------------------------------------- */

#define BUILDS_MAX (4 * JT_LG_VADDRS * JT_LG_PAGES) /* of a version */
#define CANDIDATES_MAX (JH_VERSIONS * BUILDS_MAX)

struct candidates {
    size_t count;
    struct candidate c[CANDIDATES_MAX];
};

/* Every combination of what is not known that nothing speaks against, the stock build's values
 * first. Without any, fault says what jeheap does not describe. */
static void list_version(const struct jt_target *target, const struct jt_learn *learn,
                         enum jh_version version, struct candidates *out, struct jh_fault *fault) {
    const enum jt_source *known = target->source;
    bool vaddr = known[JT_PART_LG_VADDR] != JT_UNKNOWN, page = known[JT_PART_LG_PAGE] != JT_UNKNOWN;
    bool quantum = known[JT_PART_LG_QUANTUM] != JT_UNKNOWN;
    bool pad = known[JT_PART_LARGE_PAD] != JT_UNKNOWN;
    uint8_t vaddrs[JT_LG_VADDRS];
    size_t v_count = vaddr ? 1 : jt_machine_vaddrs(target, vaddrs);
    for (size_t i = 0; i < BUILDS_MAX; i++) {
        size_t p = i / 4 % JT_LG_PAGES, v = i / 4 / JT_LG_PAGES;
        struct jh_build b = learn->build;
        struct jh_layout layout;
        if (v >= v_count || (page && p != 0) || (quantum && (i & 1) != 0) ||
            (pad && (i & 2) != 0)) {
            continue;
        }
        b.version = version;
        b.lg_vaddr = vaddr ? b.lg_vaddr : vaddrs[v];
        b.lg_page = page ? b.lg_page : jt_lg_page[p];
        b.lg_quantum = (uint8_t)(quantum || (i & 1) == 0 ? b.lg_quantum : 7 - b.lg_quantum);
        b.cache_oblivious = pad ? b.cache_oblivious : (i & 2) == 0;
        if (jh_layout_make(&b, &layout, out->count == 0 ? fault : NULL) == JH_OK &&
            !contradicted(learn, &layout)) {
            out->c[out->count++] = (struct candidate){.build = b};
        }
    }
}

/* 5.3 has another tree, so its name tells. */
static bool has_root(const struct jt_learn *learn, enum jh_version version) {
    return learn->root.module == NULL || learn->root.emap == (version >= JH_5_3_0);
}

static void list(const struct jt_target *target, const struct jt_learn *learn,
                 struct candidates *out, struct jh_fault *fault) {
    bool known = target->source[JT_PART_VERSION] != JT_UNKNOWN;
    bool newer = jt_version_unknown(target->version_string); /* it is like the last one most */
    out->count = 0;
    for (unsigned i = 0; i < (known ? 1 : JH_VERSIONS); i++) {
        enum jh_version version = known   ? learn->build.version
                                  : newer ? (enum jh_version)(JH_VERSIONS - 1 - i)
                                          : jt_version_order[i];
        if (known || has_root(learn, version)) {
            list_version(target, learn, version, out, fault);
        }
    }
}

static unsigned part_value(const struct jh_build *build, enum jt_part part) {
    switch (part) {
    case JT_PART_VERSION:
        return build->version;
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

/* Known beforehand when there is no candidate with another value, else inferred. */
static void settle(struct jt_target *target, const struct candidate *c, size_t count,
                   const struct candidate *best, const struct jt_learn *learn, enum jt_part part) {
    if (target->source[part] != JT_UNKNOWN) {
        return;
    }
    bool only = true;
    for (size_t i = 0; i < count; i++) {
        only &= part_value(&c[i].build, part) == part_value(&best->build, part);
    }
    target->source[part] = !only                                            ? JT_INFERRED
                           : learn->dwarf.root_elements != JT_DWARF_UNKNOWN ? JT_DWARF
                           : learn->root.module != NULL                     ? JT_SYMBOL
                                                                            : JT_DEFAULT;
}

static enum jt_status none_fits(struct jt_target *target, const struct jt_fit *fit) {
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc %s is there, but its heap decodes with no layout that was tried "
                   "(%s at 0x%" PRIx64 "); say which build it is with --layout, and check --root",
                   jt_version_text(target), fit->fault.rule, fit->fault.addr);
}

static enum jt_status unsupported(struct jt_target *target, const struct jt_learn *learn,
                                  const struct jh_fault *fault) {
    char name[128];
    jt_layout_name(&learn->build, name, sizeof name);
    if (fault->rule == NULL) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s on %s: unsupported: no build of it that is known has a root "
                       "of %" PRIu64 " bytes (%s)",
                       jt_version_text(target), jt_machine_name(target), learn->root.size,
                       target->root_name);
    }
    return jt_fail(
        target, JT_NO_LAYOUT,
        "jemalloc %s on %s: unsupported: such a build is not described (%s, %" PRIu64 "; %s)",
        jt_version_text(target), jt_machine_name(target), fault->rule, fault->seen, name);
}

/* ---- more than one that fits ---------------------------------------------------------------- */

static bool same_build(const struct jh_build *a, const struct jh_build *b) {
    char x[128], y[128];
    jt_layout_name(a, x, sizeof x);
    jt_layout_name(b, y, sizeof y);
    return strcmp(x, y) == 0;
}

/* Does it explain the heap as well as the best does, or without any fault of its own? */
static bool rivals(const struct candidate *a, const struct candidate *best) {
    if (a == best || same_build(&a->build, &best->build)) {
        return false;
    }
    if (!jt_fits(&a->fit) || a->bins != best->bins || a->unlike > best->unlike) {
        return false;
    }
    if (compare(a, best) == 0) {
        return true;
    }
    return faults(&a->fit) == 0 && 2 * a->fit.sound >= best->fit.sound;
}

/* What a user would see is the same: a number that nothing in this heap depends on. */
static bool same_answers(const struct candidate *a, const struct candidate *b) {
    return a->fit.digest == b->fit.digest && a->build.lg_page == b->build.lg_page &&
           a->build.lg_vaddr == b->build.lg_vaddr;
}

static void name_candidate(struct jt_target *target, const struct candidate *c) {
    if (target->candidates < JT_CANDIDATES_MAX) {
        jt_layout_name(&c->build, target->candidate[target->candidates++],
                       sizeof target->candidate[0]);
    }
}

static void name_rivals(struct jt_target *target, const struct candidate *c, size_t count,
                        const struct candidate *best, bool same) {
    for (size_t i = 0; i < count; i++) {
        if (rivals(&c[i], best) && same_answers(&c[i], best) == same) {
            name_candidate(target, &c[i]);
        }
    }
}

/* The first extents may be all of one kind, which says little: rivals are asked about far more of
 * the heap, and the best one of them then. Versions are, also where they have said the same: the
 * next size may be between size classes. */
static size_t look_again(struct jt_target *target, struct jt_learn *learn, struct candidate *c,
                         size_t count, size_t best) {
    bool rival[CANDIDATES_MAX] = {false}, any = false;
    size_t warnings = target->warnings, now = best;
    struct jh_layout layout;
    for (size_t i = 0; i < count; i++) {
        rival[i] = rivals(&c[i], &c[best]);
        any |= rival[i] &&
               (!same_answers(&c[i], &c[best]) || c[i].build.version != c[best].build.version);
    }
    for (size_t i = 0; any && i < count; i++) {
        if ((i == best || rival[i]) && make(target, learn, &c[i], &layout, NULL)) {
            jt_layout_fit(target, &layout, jt_root_of(learn, &layout), JT_FIT_SEARCH, &c[i].fit);
        }
    }
    drop_warnings(target, warnings);
    for (size_t i = 0; any && i < count; i++) {
        if ((i == best || rival[i]) && compare(&c[i], &c[now]) < 0) {
            now = i;
        }
    }
    return now;
}

/* Named all, chosen silently none. */
static enum jt_status judge(struct jt_target *target, const struct candidate *c, size_t count,
                            const struct candidate *best) {
    name_candidate(target, best);
    name_rivals(target, c, count, best, false); /* two are in the message: those that differ */
    bool differ = target->candidates > 1;
    name_rivals(target, c, count, best, true);
    if (differ) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: the heap decodes as soundly with %zu layouts, and they do not "
                       "say the same: %s and %s; choose with --layout",
                       jt_version_text(target), target->candidates, target->candidate[0],
                       target->candidate[1]);
    }
    if (target->candidates > 1) {
        jt_warn(target,
                "the heap decodes as soundly with layout %s; the answers are the same, and none "
                "of the first extents tells which of them it is",
                target->candidate[1]);
    }
    return JT_OK;
}

static void mark_default(struct jt_target *target, const struct candidate *c, size_t count,
                         const struct candidate *best, enum jt_part part) {
    for (size_t i = 0; i < count; i++) {
        if (target->source[part] == JT_INFERRED && rivals(&c[i], best) &&
            part_value(&c[i].build, part) != part_value(&best->build, part)) {
            target->source[part] = JT_DEFAULT;
        }
    }
}

static size_t look(struct jt_target *target, struct jt_learn *learn, struct candidates *all,
                   enum jt_effort effort) {
    size_t best = 0, warnings = target->warnings;
    struct candidate *c = all->c;
    struct jh_layout layout;
    for (size_t i = 0; i < all->count; i++) {
        if (!c[i].blind && make(target, learn, &c[i], &layout, NULL) && all->count > 1) {
            jt_layout_fit(target, &layout, jt_root_of(learn, &layout), effort, &c[i].fit);
        }
        drop_warnings(target, warnings);
        if (compare(&c[i], &c[best]) < 0) {
            best = i;
        }
    }
    return best;
}

/* Candidates are many when any version may be: a glance has to show something sound in them. */
static size_t look_at_versions(struct jt_target *target, struct jt_learn *learn,
                               struct candidates *all) {
    size_t best = look(target, learn, all, JT_FIT_GLANCE), blind = 0;
    for (size_t i = 0; i < all->count; i++) {
        all->c[i].blind = all->c[i].fit.sound == 0;
        blind += all->c[i].blind;
    }
    return blind == all->count ? best : look(target, learn, all, JT_FIT_LOOK);
}

/* Nothing but the heap tells which version it is. */
static enum jt_status no_version(struct jt_target *target) {
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc is there (%s), but not which version: %s, and nothing of its heap is "
                   "here; say it with --layout, for example --layout 5.3.0",
                   target->root_name[0] != 0 ? target->root_name : "--root",
                   jt_version_text(target));
}

enum jt_status jt_layout_choose(struct jt_target *target, struct jt_learn *learn) {
    static const enum jt_part part[] = {JT_PART_VERSION, JT_PART_LG_VADDR, JT_PART_LG_PAGE,
                                        JT_PART_LG_QUANTUM, JT_PART_LARGE_PAD};
    struct candidates all;
    struct candidate *c = all.c;
    struct jh_fault fault = {JH_OK, JH_STAGE_LAYOUT, 0, 0, NULL};
    bool version = target->source[JT_PART_VERSION] != JT_UNKNOWN;
    list(target, learn, &all, &fault);
    if (all.count == 0) {
        return unsupported(target, learn, &fault);
    }
    size_t best =
        version ? look(target, learn, &all, JT_FIT_LOOK) : look_at_versions(target, learn, &all);
    size_t count = all.count;
    if (!version && !sees(&c[best])) {
        return no_version(target);
    }
    if (sees(&c[best]) && !jt_fits(&c[best].fit) && !learn->options->unverified) {
        return none_fits(target, &c[best].fit);
    }
    best = look_again(target, learn, c, count, best);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        settle(target, c, count, &c[best], learn, part[i]);
        mark_default(target, c, count, &c[best], part[i]);
    }
    enum jt_status status = judge(target, c, count, &c[best]);
    if (status != JT_OK && !learn->options->unverified) {
        return status;
    }
    if (status != JT_OK) { /* who insists gets the best, and is told */
        jt_warn(target, "%s", target->error);
        target->error[0] = 0;
        target->status = JT_OK;
    }
    learn->build = c[best].build;
    if (!make(target, learn, &c[best], &target->layout, &fault)) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: unsupported: debug information describes a build that is not "
                       "known (%s)",
                       jt_version_text(target), fault.rule);
    }
    if (c[best].bins) {
        target->source[JT_PART_BINS] = JT_MEMORY;
    }
    if (c[best].pad) {
        target->source[JT_PART_LARGE_PAD] = JT_MEMORY;
    }
    return JT_OK;
}
