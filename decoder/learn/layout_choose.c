/* layout_choose.c - tries the candidates on the heap, and takes the one that explains it best. When
 * several explain it equally well, layout_rivals.c compares them and tells the user. */
#include <inttypes.h>

#include "learn/layout_candidate.h"

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

/* Sets the source of a part of the layout that was not known. No candidate had another value: the
 * evidence told it. Some had: it is inferred. A rival has: it is only the default. */
static void report_choice(struct jt_target *target, const struct jt_evidence *evidence,
                          const struct jt_candidates *all, const struct jt_candidate *best,
                          enum jt_part part) {
    if (target->source[part] != JT_UNKNOWN) {
        return;
    }
    bool only = true, open = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct jt_candidate *c = &all->c[i];
        bool other = part_value(&c->build, part) != part_value(&best->build, part);
        only &= !other;
        open |= other && jt_candidate_rivals(c, best);
    }
    target->source[part] = open                                                ? JT_DEFAULT
                           : !only                                             ? JT_INFERRED
                           : evidence->dwarf.root_elements != JT_DWARF_UNKNOWN ? JT_DWARF
                           : evidence->root.module != NULL                     ? JT_SYMBOL
                                                                               : JT_DEFAULT;
}

static enum jt_status none_fits(struct jt_target *target, const struct jt_candidate *best,
                                uint64_t root) {
    const struct jt_fit *fit = &best->fit;
    char name[128];
    jt_layout_name(&best->build, name, sizeof name);
    if (fit->unsound == 0) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s is there, but what its root points at is absent (%s at "
                       "0x%" PRIx64 "), so that no layout can be tried; say which build it is "
                       "with --layout, for example --layout %s",
                       jt_version_text(target), fit->fault.rule, fit->fault.addr, name);
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc %s is there, but its heap decodes with no layout that was tried "
                   "(%s at 0x%" PRIx64 "): the root 0x%" PRIx64 " is wrong, or the heap is badly "
                   "damaged; to read it anyway give --layout %s",
                   jt_version_text(target), fit->fault.rule, fit->fault.addr, root, name);
}

static enum jt_status unsupported(struct jt_target *target, const struct jt_evidence *evidence,
                                  const struct jh_fault *fault) {
    char name[128];
    jt_layout_name(&evidence->build, name, sizeof name);
    if (fault->rule == NULL) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s on %s: unsupported: no build of it that is known has a root "
                       "of %" PRIu64 " bytes (%s)",
                       jt_version_text(target), jt_machine_name(target), evidence->root.size,
                       target->root_name);
    }
    return jt_fail(
        target, JT_NO_LAYOUT,
        "jemalloc %s on %s: unsupported: such a build is not described (%s, %" PRIu64 "; %s)",
        jt_version_text(target), jt_machine_name(target), fault->rule, fault->seen, name);
}

static void try_candidate(struct jt_target *target, struct jt_evidence *evidence,
                          struct jt_candidate *c, bool only, enum jt_effort effort) {
    struct jh_layout layout;
    c->tried = true;
    if (!c->blind && jt_candidate_make(evidence, c, &layout, NULL, NULL) && !only) {
        jt_candidate_fit(target, evidence, c, &layout, effort);
    }
}

/* Have both candidates an rtree of the same form? Then they are tried one after the other, on the
 * same samples. */
static bool same_form(const struct jt_candidate *a, const struct jt_candidate *b) {
    return a->build.lg_vaddr == b->build.lg_vaddr && a->build.lg_page == b->build.lg_page &&
           jh_family(a->build.version)->emap == jh_family(b->build.version)->emap;
}

static struct jt_candidate *try_candidates(struct jt_target *target, struct jt_evidence *evidence,
                                           struct jt_candidates *all, enum jt_effort effort) {
    struct jt_candidate *best = &all->c[0];
    for (size_t i = 0; i < all->count; i++) {
        all->c[i].tried = false;
    }
    for (size_t i = 0; i < all->count; i++) {
        for (size_t j = i; j < all->count; j++) {
            if (!all->c[i].tried ? j == i : !all->c[j].tried && same_form(&all->c[i], &all->c[j])) {
                try_candidate(target, evidence, &all->c[j], all->count == 1, effort);
            }
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        if (jt_candidate_compare(&all->c[i], best) < 0) {
            best = &all->c[i];
        }
    }
    return best;
}

/* Tries candidates of all versions: first at a glance, because they are many, then those with
 * something sound more thoroughly. */
static struct jt_candidate *try_all_versions(struct jt_target *target, struct jt_evidence *evidence,
                                             struct jt_candidates *all) {
    struct jt_candidate *best = try_candidates(target, evidence, all, JT_FIT_GLANCE);
    size_t blind = 0;
    for (size_t i = 0; i < all->count; i++) {
        all->c[i].blind = all->c[i].fit.sound == 0;
        blind += all->c[i].blind;
    }
    return blind == all->count ? best : try_candidates(target, evidence, all, JT_FIT_LOOK);
}

/* Fails: only the heap could tell the version, and none of it can be read. */
static enum jt_status no_version(struct jt_target *target) {
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc is there (%s), but not which version: %s, and nothing of its heap is "
                   "here; say it with --layout, for example --layout 5.3.0",
                   target->root_name[0] != 0 ? target->root_name : "--root",
                   jt_version_text(target));
}

static enum jt_status use_candidate(struct jt_target *target, struct jt_evidence *evidence,
                                    struct jt_candidate *best) {
    struct jh_fault fault = {.status = JH_OK};
    struct jt_told told = {.differences = 0};
    evidence->build = best->build;
    bool made = jt_candidate_make(evidence, best, &target->layout, &told, &fault);
    jt_told_take(target, best->build.version, &told);
    if (!made) {
        return jt_fail(target, JT_NO_LAYOUT,
                       "jemalloc %s: unsupported: debug information describes a build that is not "
                       "known (%s)",
                       jt_version_text(target), fault.rule);
    }
    if (best->bins) {
        target->source[JT_PART_BINS] = JT_MEMORY;
    } else {
        jt_bins_infer(target, evidence);
    }
    if (best->pad) {
        target->source[JT_PART_LARGE_PAD] = JT_MEMORY;
    }
    return JT_OK;
}

enum jt_status jt_layout_choose(struct jt_target *target, struct jt_evidence *evidence) {
    static const enum jt_part part[] = {JT_PART_VERSION, JT_PART_LG_VADDR, JT_PART_LG_PAGE,
                                        JT_PART_LG_QUANTUM, JT_PART_LARGE_PAD};
    struct jt_candidates all;
    struct jh_fault fault = {.status = JH_OK};
    bool version = target->source[JT_PART_VERSION] != JT_UNKNOWN;
    jt_candidates_list(target, evidence, &all, &fault);
    if (all.count == 0) {
        return unsupported(target, evidence, &fault);
    }
    struct jt_candidate *best = version ? try_candidates(target, evidence, &all, JT_FIT_LOOK)
                                        : try_all_versions(target, evidence, &all);
    if (!version && !jt_candidate_sees(best)) {
        return no_version(target);
    }
    if (jt_candidate_sees(best) && !jt_fits(&best->fit) &&
        !jt_insists(evidence->options, &best->fit)) {
        struct jh_layout layout;
        (void)jt_candidate_make(evidence, best, &layout, NULL, NULL);
        return none_fits(target, best, jt_root_of(evidence, &layout));
    }
    best = jt_candidates_look_again(target, evidence, &all, best);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        report_choice(target, evidence, &all, best, part[i]);
    }
    enum jt_status status = jt_candidates_judge(target, &all, best);
    return status == JT_OK ? use_candidate(target, evidence, best) : status;
}
