/* layout_candidate.c - candidates: lists the layouts that the target may have, makes the layout of
 * one, and compares how well two of them explain the heap. */
#include "learn/layout_candidate.h"

#include <string.h>

/* Does what is known of the root contradict this layout? rtree_t ends in root[], whose size is a
 * power of two and far larger than the fields before it, so the symbol's size tells that of root[].
 */
static bool contradicted(const struct jt_evidence *evidence, const struct jh_layout *layout) {
    const struct jt_dwarf *d = &evidence->dwarf;
    unsigned bits = layout->rtree_level[0].bits;
    if (evidence->root.module != NULL &&
        jh_lg_floor(evidence->root.size / layout->rtree_node_size) != bits) {
        return true;
    }
    if (d->root_elements != JT_DWARF_UNKNOWN && d->root_elements != 1u << bits) {
        return true;
    }
    bool compact = layout->leaf_form == JH_LEAF_COMPACT;
    return d->leaf_size != JT_DWARF_UNKNOWN && compact != (d->le_bits != JT_DWARF_UNKNOWN);
}

bool jt_candidate_make(const struct jt_evidence *evidence, struct jt_candidate *c,
                       struct jh_layout *layout, struct jt_told *told, struct jh_fault *fault) {
    struct jt_told own;
    told = told != NULL ? told : &own;
    if (jh_layout_make(&c->build, layout, fault) != JH_OK) {
        return false;
    }
    jt_root_from_symbol(evidence, layout);
    jt_layout_from_dwarf(&evidence->dwarf, layout, told);
    c->unlike = told->differences;
    c->bins = jt_bins_from_variables(evidence, layout);
    c->pad = jt_pad_from_variables(evidence, layout);
    (void)jt_by_size_from_variables(evidence, layout);
    if (c->pad && !evidence->oblivious_known) {
        layout->build.cache_oblivious = c->build.cache_oblivious = layout->large_pad != 0;
    }
    return jh_layout_check(layout, fault) == JH_OK;
}

void jt_candidate_fit(struct jt_target *target, const struct jt_evidence *evidence,
                      struct jt_candidate *c, struct jh_layout *layout, enum jt_effort effort) {
    uint64_t root = jt_root_of(evidence, layout);
    jt_layout_fit(target, layout, root, effort, &c->fit);
    if (!c->bins) {
        jt_bins_try(target, root, effort, layout, &c->fit);
    }
}

bool jt_candidate_sees(const struct jt_candidate *c) {
    return c->fit.sound + c->fit.unsound + c->fit.absent != 0;
}

/* Do serial numbers count by one? When all of them are multiples of 64, the field begins six bits
 * too low: 5.2 put the six bits of the bin's shard before it. */
static bool counts_by_one(const struct jt_fit *fit) {
    return fit->sound < 16 || fit->serials == 0 || fit->serials % 64 != 0;
}

uint64_t jt_candidate_faults(const struct jt_candidate *c) {
    const struct jt_fit *fit = &c->fit;
    return fit->unsound + fit->unlikely + fit->bins + !counts_by_one(fit);
}

int jt_candidate_compare(const struct jt_candidate *a, const struct jt_candidate *b) {
    bool x = jt_fits(&a->fit), y = jt_fits(&b->fit);
    if (x != y) {
        return x ? -1 : 1;
    }
    if (a->bins != b->bins) {
        return a->bins ? -1 : 1;
    }
    if (jt_candidate_sees(a) != jt_candidate_sees(b)) {
        return jt_candidate_sees(a) ? -1 : 1;
    }
    if (a->unlike != b->unlike) {
        return a->unlike < b->unlike ? -1 : 1;
    }
    uint64_t good = a->fit.sound + a->fit.likely, better = b->fit.sound + b->fit.likely;
    if (2 * good < better || 2 * better < good) { /* a layout that finds little has few faults */
        return good > better ? -1 : 1;
    }
    uint64_t bad = jt_candidate_faults(a), worse = jt_candidate_faults(b);
    if (bad != worse) {
        return bad < worse ? -1 : 1;
    }
    return good == better ? 0 : good > better ? -1 : 1;
}

/* Adds a candidate for every combination of unknown parameters that the evidence does not
 * contradict, those of the stock build first. */
static void list_version(const struct jt_target *target, const struct jt_evidence *evidence,
                         enum jh_version version, struct jt_candidates *out,
                         struct jh_fault *fault) {
    const enum jt_source *known = target->source;
    bool vaddr = known[JT_PART_LG_VADDR] != JT_UNKNOWN, page = known[JT_PART_LG_PAGE] != JT_UNKNOWN;
    bool quantum = known[JT_PART_LG_QUANTUM] != JT_UNKNOWN;
    bool pad = known[JT_PART_LARGE_PAD] != JT_UNKNOWN;
    uint8_t vaddrs[JT_LG_VADDRS];
    size_t v_count = vaddr ? 1 : jt_machine_vaddrs(target, vaddrs);
    for (size_t i = 0; i < JT_BUILDS_MAX; i++) {
        size_t p = i / 4 % JT_LG_PAGES, v = i / 4 / JT_LG_PAGES;
        struct jh_build b = evidence->build;
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
            !contradicted(evidence, &layout)) {
            out->c[out->count++] = (struct jt_candidate){.build = b};
        }
    }
}

static bool has_root(const struct jt_evidence *evidence, enum jh_version version) {
    return evidence->root.module == NULL || evidence->root.emap == jh_family(version)->emap;
}

bool jt_version_between(const char *text, enum jh_version *release) {
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        const char *name = jh_version_name((enum jh_version)v);
        size_t len = strlen(name), digits;
        if (strncmp(text, name, len) != 0 || text[len] != '-') {
            continue;
        }
        digits = strspn(text + len + 1, "0123456789");
        if (digits != 0 && strncmp(text + len + 1 + digits, "-g", 2) == 0) {
            *release = (enum jh_version)v;
            return true;
        }
    }
    return false;
}

/* Lists the versions to try, the likeliest first. Gives how many. */
static unsigned list_versions(const struct jt_target *target, const struct jt_evidence *evidence,
                              enum jh_version out[JH_VERSIONS]) {
    enum jh_version release;
    unsigned count = 0;
    if (target->source[JT_PART_VERSION] != JT_UNKNOWN) {
        out[count++] = evidence->build.version;
    } else if (jt_version_between(target->version_string, &release)) {
        for (unsigned v = release + 3u; v-- > release;) { /* the release and the two after it */
            out[count] = (enum jh_version)v;
            count += v < JH_VERSIONS;
        }
    } else {
        bool newer = jt_version_unknown(target->version_string); /* then the newest is likeliest */
        for (; count < JH_VERSIONS; count++) {
            out[count] =
                newer ? (enum jh_version)(JH_VERSIONS - 1u - count) : jt_version_likely(count + 1);
        }
    }
    return count;
}

void jt_candidates_list(const struct jt_target *target, const struct jt_evidence *evidence,
                        struct jt_candidates *out, struct jh_fault *fault) {
    enum jh_version version[JH_VERSIONS];
    unsigned versions = list_versions(target, evidence, version);
    bool known = target->source[JT_PART_VERSION] != JT_UNKNOWN;
    out->count = 0;
    for (unsigned i = 0; i < versions; i++) {
        if (known || has_root(evidence, version[i])) {
            list_version(target, evidence, version[i], out, fault);
        }
    }
}
