/* infer_root.c - finds the root when the symbols were stripped: chooses the modules, the pieces of
 * memory and the geometries of the rtree that are searched. */
#include <inttypes.h>
#include <stdlib.h>

#include "learn/root_scan.h"

#define BYTES_MAX (UINT64_C(4) << 30) /* searched in all modules, zeroes included */

/* Searches the collected words with every geometry that a build on this machine may have. */
static void try_geometries(struct jt_scan *s) {
    uint8_t vaddr[JT_LG_VADDRS];
    size_t vaddrs = jt_machine_vaddrs(s->target, vaddr);
    for (size_t i = 0; i < 2 * vaddrs * JT_LG_PAGES; i++) {
        struct jh_build b = s->build;
        b.lg_vaddr = vaddr[i / 2 % vaddrs];
        b.lg_page = jt_lg_page[i / 2 / vaddrs];
        b.lg_quantum = (uint8_t)((i & 1) != 0 ? 7 - b.lg_quantum : b.lg_quantum);
        if (jh_layout_make(&b, &s->layout, NULL) != JH_OK ||
            s->layout.rtree_level[0].bits > JT_ROOT_BITS_MAX) {
            continue;
        }
        jt_scan_words(s);
    }
}

/* Searches a range piece by piece. Pieces overlap by the size of the largest root, so that every
 * root is whole in one of them. */
static void scan_range(struct jt_scan *s, struct jt_range range) {
    uint64_t word = s->target->priv->words;
    s->from = (range.start + word - 1) & ~(word - 1);
    s->to = s->from;
    s->range = range;
    while (s->to < range.end && !s->exhausted) {
        jt_scan_collect(s, range.end);
        if (s->words != 0) {
            try_geometries(s);
        }
        if (s->to - s->from <= JT_ROOT_BYTES_MAX) {
            if (s->to < range.end) { /* the process has mapped more since s->room was computed */
                jt_scan_limit(s, s->to);
            }
            return;
        }
        s->from = s->to < range.end ? s->to - JT_ROOT_BYTES_MAX : s->to;
    }
}

static void scan_module(struct jt_scan *s, const struct jt_module *m) {
    struct jt_ranges parts = {NULL, 0, 0, false};
    jt_module_writable(s->target, m, &parts);
    s->module = m;
    s->target->memory_ran_out |= parts.lost;
    for (size_t i = 0; i < parts.count; i++) {
        scan_range(s, parts.range[i]);
    }
    jt_ranges_free(&parts);
}

/* Finds out the build of the module's jemalloc: modules may have different versions. */
static void learn_build(struct jt_scan *s, const struct jt_module *m) {
    char text[128] = "";
    enum jh_version version = jt_version_likely(1);
    s->build = s->search->build;
    s->any_version = s->search->any_version;
    if (s->search->given) {
        return;
    }
    (void)jt_version_find(s->target, m, text);
    if (text[0] != 0) {
        s->any_version = jh_version_parse(text, &version) != JH_OK;
        jt_machine_build(s->target, version, &s->build);
    }
}

static bool is_wanted(const struct jt_target *target, const struct jt_search *search,
                      const struct jt_module *m) {
    for (size_t i = 0; i < target->roots; i++) {
        if (target->root[i].module == m) {
            return false;
        }
    }
    return search->in == NULL || jt_module_named(m, search->in);
}

static bool says_version(const struct jt_search *search, const struct jt_module *m) {
    char version[128];
    return search->versioned_only ? jt_version_among_constants(m, version) : jt_version_in(m);
}

static void search_module(struct jt_scan *s, const struct jt_module *m, bool damaged) {
    learn_build(s, m);
    s->damaged = damaged;
    scan_module(s, m);
}

/* Searches modules that have a version string: jemalloc's variables are in the same module. */
static void search_versioned(struct jt_scan *s) {
    for (size_t i = 0; i < s->target->modules; i++) {
        const struct jt_module *m = &s->target->module[i];
        size_t before = s->search->count;
        if (is_wanted(s->target, s->search, m) && says_version(s->search, m)) {
            search_module(s, m, false);
            if (s->search->count == before) {
                search_module(s, m, true);
            }
        }
    }
}

static void search_unversioned(struct jt_scan *s, bool damaged) {
    for (size_t i = 0; i < s->target->modules && !s->exhausted; i++) {
        const struct jt_module *m = &s->target->module[i];
        if (is_wanted(s->target, s->search, m) && !jt_version_in(m)) {
            search_module(s, m, damaged);
        }
    }
}

/* Makes p->writable usable. When the headers call no memory writable, all mapped memory counts. */
static void know_writable(struct jt_target *target) {
    struct jt_private *p = target->priv;
    jt_ranges_merge(&p->writable);
    bool said = p->writable.count != 0;
    for (size_t i = 0; !said && i < p->mapped_count; i++) {
        jt_ranges_add(&p->writable, p->mapped[i].start, p->mapped[i].end - p->mapped[i].start);
    }
    target->memory_ran_out |= p->writable.lost;
}

void jt_root_infer(struct jt_target *target, struct jt_search *search) {
    uint64_t files = jt_core_bytes(target), most = target->bytes_present;
    struct jt_scan *s = calloc(1, sizeof *s);
    most = most < JT_SCAN_WINDOW ? most : JT_SCAN_WINDOW;
    if (s != NULL) {
        s->room = most / target->priv->words + 1024; /* for whole pages; touched as far as needed */
        s->word = malloc(s->room * sizeof *s->word);
    }
    if (s == NULL || s->word == NULL) {
        free(s);
        target->memory_ran_out = true;
        return;
    }
    know_writable(target);
    s->target = target;
    s->search = search;
    s->left = files < BYTES_MAX ? files + JT_SCAN_WINDOW : BYTES_MAX;
    most = s->left;
    search_versioned(s);
    for (unsigned damaged = 0; damaged < 2 && search->count == 0 && !search->versioned_only;
         damaged++) {
        search_unversioned(s, damaged == 1);
    }
    search->looked = most - s->left;
    qsort(search->found, search->count, sizeof search->found[0], jt_found_better);
    for (search->alike = 0; search->alike < search->count &&
                            jt_found_better(search->found, &search->found[search->alike]) == 0;) {
        search->alike++;
    }
    if (search->count != 0 && search->limit_at != 0) {
        jt_warn(target,
                "root.search-limit at 0x%" PRIx64 ": not all was looked at, so there may be "
                "another root; --root ADDR chooses one",
                search->limit_at);
    }
    free(s->word);
    free(s);
}
