/* layout_source.c - learns the layout of a target, and the source of each part of it: the user,
 * else debug information, else symbols, else the version string; what is still unknown the heap
 * tells (layout_choose.c). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "learn/inside.h"

uint64_t jt_root_of(const struct jt_evidence *evidence, const struct jh_layout *layout) {
    if (evidence->root_known) {
        return evidence->root_addr;
    }
    return evidence->root.addr + layout->root_offset;
}

/* root[] is the end of rtree_t, so its offset follows from the symbol's size. The formulas know it
 * less well, because the size of the mutex before it depends on the C library. */
void jt_root_from_symbol(const struct jt_evidence *evidence, struct jh_layout *layout) {
    uint64_t array = (uint64_t)layout->rtree_node_size << layout->rtree_level[0].bits;
    if (evidence->root.module == NULL || evidence->dwarf.rtree_root != JT_DWARF_UNKNOWN) {
        return;
    }
    if (evidence->root.size > array && evidence->root.size - array < 4096) {
        layout->root_offset = (uint32_t)(evidence->root.size - array);
    }
}

/* Finds the version in debug information or in the version string. When it remains unknown, all
 * versions are tried (layout_choose.c). */
static void find_version(struct jt_target *target, struct jt_evidence *evidence) {
    jt_machine_build(target, JH_5_3_0, &evidence->build);
    jt_build_from_macros(target, &evidence->dwarf, &evidence->build);
    evidence->oblivious_known = target->source[JT_PART_LARGE_PAD] != JT_UNKNOWN;
    if (target->source[JT_PART_VERSION] == JT_UNKNOWN) {
        if (target->version_string[0] == 0) {
            (void)jt_version_find(target, target->jemalloc, target->version_string);
        }
        if (jh_version_parse(target->version_string, &evidence->build.version) != JH_OK) {
            return;
        }
        target->source[JT_PART_VERSION] = JT_VERSION_STRING;
    }
    if (evidence->root.module != NULL &&
        evidence->root.emap != jh_family(evidence->build.version)->emap) {
        jt_warn(target, "the version string is %s, but that version has no symbol %s",
                target->version_string, target->root_name);
    }
}

/* Says which version the heap decodes as, after all versions were tried. A version that jeheap does
 * not know is refused: its layout may be that of a known version, but the user must say so. */
static enum jt_status after_trial(struct jt_target *target, const struct jt_evidence *evidence,
                                  enum jt_status status) {
    const char *like = jh_version_name(evidence->build.version), *text = target->version_string;
    enum jh_version release;
    if (jt_version_between(text, &release)) {
        if (status == JT_OK) {
            jt_warn(
                target,
                "jemalloc %s is between known versions; it is read as %s, because its heap decodes "
                "so",
                text, like);
        }
        return status;
    }
    if (!jt_version_unknown(text)) {
        if (status == JT_OK) {
            jt_warn(target, "jemalloc does not say its version %s; its heap decodes as that of %s",
                    jt_version_text(target), like);
        }
        return status;
    }
    char known[JT_VERSIONS_TEXT], hint[128] = "to read it as a known version give --layout";
    if (status == JT_OK) {
        snprintf(hint, sizeof hint,
                 "its heap decodes as that of %s: to read it so give --layout %s", like, like);
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "jemalloc %s: unsupported: this version is not known (%s are); %s", text,
                   jt_versions_text(known), hint);
}

static void finish_sources(struct jt_target *target, const struct jt_evidence *evidence) {
    enum jt_source *s = target->source;
    const struct jh_layout *l = &target->layout;
    if (s[JT_PART_DEBUG] == JT_UNKNOWN) {
        struct jh_build other = l->build;
        struct jh_layout layout;
        other.debug = !other.debug;
        bool is_other = evidence->root.module != NULL &&
                        jh_layout_make(&other, &layout, NULL) == JH_OK &&
                        layout.root_offset == l->root_offset;
        if (is_other) {
            target->layout.build.debug = other.debug;
        }
        s[JT_PART_DEBUG] = evidence->root.module != NULL ? JT_SYMBOL : JT_DEFAULT;
    }
    /* what follows from the others by jemalloc's formulas is as sure as the version */
    for (unsigned part = 0; part < JT_PARTS; part++) {
        if (s[part] == JT_UNKNOWN && part != JT_PART_ROOT) {
            s[part] = part == JT_PART_BINS   ? JT_DEFAULT
                      : part == JT_PART_LEAF ? s[JT_PART_LG_VADDR]
                                             : s[JT_PART_VERSION];
        }
    }
}

static enum jt_status learn_all(struct jt_target *target, struct jt_evidence *evidence) {
    find_version(target, evidence);
    bool known = target->source[JT_PART_VERSION] != JT_UNKNOWN;
    enum jt_status status = jt_layout_choose(target, evidence);
    if (!known) {
        status = after_trial(target, evidence, status);
    }
    if (status == JT_OK) {
        finish_sources(target, evidence);
    }
    return status;
}

/* Warns when the size of the root's symbol is not that of rtree_t in the given layout. */
static void warn_of_root(struct jt_target *target, const struct jt_evidence *evidence) {
    const struct jh_layout *l = &target->layout;
    uint64_t size = l->root_offset + ((uint64_t)l->rtree_node_size << l->rtree_level[0].bits);
    if (evidence->root.module != NULL && size != evidence->root.size) {
        jt_warn(target,
                "--layout %s is used, but its root has %" PRIu64 " bytes and %s in this target "
                "has %" PRIu64 ": it is the layout of another build",
                evidence->options->layout, size, target->root_name, evidence->root.size);
    }
}

/* Fails when the given layout has another word size or byte order than the target's ELF header:
 * with such a layout no word of the target can be read. */
static enum jt_status given_suits(struct jt_target *target, const struct jt_evidence *evidence) {
    const struct jt_private *p = target->priv;
    const struct jh_build *b = &target->layout.build;
    if (b->pointer_size == p->words && b->little_endian == p->little_endian) {
        return JT_OK;
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "--layout %s: it is for %u-bit %s-endian machines, the target is %u-bit and "
                   "%s-endian (%s); add machine=NAME to it",
                   evidence->options->layout, 8u * b->pointer_size,
                   b->little_endian ? "little" : "big", 8u * p->words,
                   p->little_endian ? "little" : "big", jt_machine_name(target));
}

static void warn_of_version(struct jt_target *target, const struct jt_evidence *evidence) {
    enum jh_version version;
    if (target->version_string[0] == 0) {
        (void)jt_version_find(target, target->jemalloc, target->version_string);
    }
    if (target->version_string[0] != 0 &&
        jh_version_parse(target->version_string, &version) == JH_OK &&
        version != target->layout.build.version) {
        jt_warn(target, "--layout %s is used, but the target says that it is jemalloc %s",
                evidence->options->layout, target->version_string);
    }
}

static enum jt_status take_given(struct jt_target *target, struct jt_evidence *evidence) {
    char error[JT_TEXT_MAX];
    enum jt_status status = jt_layout_parse(evidence->options->layout, &target->layout, error);
    if (status != JT_OK) {
        return jt_fail(target, status, "--layout %s", error);
    }
    for (unsigned part = 0; part < JT_PARTS; part++) {
        if (part != JT_PART_ROOT) {
            target->source[part] = JT_GIVEN;
        }
    }
    status = given_suits(target, evidence);
    if (status != JT_OK) {
        return status;
    }
    size_t len = strlen(evidence->options->layout);
    bool file = len > 5 && strcmp(evidence->options->layout + len - 5, ".json") == 0;
    if (!file) { /* a file has the whole layout; a name has no values of run time */
        jt_root_from_symbol(evidence, &target->layout);
    }
    warn_of_version(target, evidence);
    warn_of_root(target, evidence);
    if (file) {
        return JT_OK;
    }
    if (jt_bins_from_variables(evidence, &target->layout)) {
        target->source[JT_PART_BINS] = JT_MEMORY;
    } else {
        jt_bins_infer(target, evidence);
    }
    if (jt_pad_from_variables(evidence, &target->layout)) {
        target->source[JT_PART_LARGE_PAD] = JT_MEMORY;
    }
    (void)jt_by_size_from_variables(evidence, &target->layout);
    return JT_OK;
}

enum jt_status jt_layout_learn(struct jt_target *target, struct jt_evidence *evidence) {
    jt_variables_read(target, &evidence->variables);
    enum jt_status status = evidence->options->layout != NULL ? take_given(target, evidence)
                                                              : learn_all(target, evidence);
    if (status != JT_OK) {
        return status;
    }
    jt_layout_name(&target->layout.build, target->layout_name, sizeof target->layout_name);
    target->heap.layout = &target->layout;
    target->heap.rtree_root = jt_root_of(evidence, &target->layout);
    return jt_layout_verify(target, evidence->options);
}
