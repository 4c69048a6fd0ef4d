/* make_layout: geometry, subkeys, size classes. */
#include <inttypes.h>
#include <stdio.h>

#include "make.h"

void make_layout_flags(const struct jh_layout *l, struct flags *flags) {
    if (l->build.pointer_size == 4) {
        flags_add(flags, "Word32");
    }
    if (!l->build.little_endian) {
        flags_add(flags, "BigEndian");
    }
}

static void leaf_form_flags(const struct jh_layout *l, struct flags *flags) {
    if (l->leaf_form == JH_LEAF_WIDE) {
        flags_add(flags, "WideLeaf");
    } else if (l->leaf_form == JH_LEAF_WIDE_PACKED) {
        flags_add(flags, "PackedWideLeaf");
    }
}

static void levels_flags(const struct jh_layout *l, struct flags *flags) {
    if (l->rtree_height == 3) {
        flags_add(flags, "ThreeLevels");
    }
}

void make_geometry(struct maker *m) {
    const struct jh_layout *l = &m->answerer.layout;
    struct flags flags = {.count = 0};
    make_file_start(m, "geometry");
    make_group(m, NULL, 0);
    make_layout_flags(l, &flags);
    leaf_form_flags(l, &flags);
    levels_flags(l, &flags);
    make_test(m, make_question("geometry"), &flags, "valid", "the tree of this build");
    make_file_end(m);
}

/* ---- subkey ---------------------------------------------------------------------------------- */

static void subkeys_of(struct maker *m, uint64_t key, const char *comment) {
    const struct jh_layout *l = &m->answerer.layout;
    uint64_t all = l->build.pointer_size == 8 ? UINT64_MAX : UINT32_MAX;
    unsigned used = l->build.lg_vaddr;
    for (unsigned level = 0; level < l->rtree_height; level++) {
        struct flags flags = {.count = 0};
        struct json_object *question = make_question("subkey");
        put_address(question, "key", key & all);
        put_number(question, "level", level);
        make_layout_flags(l, &flags);
        if (key & all & ~((UINT64_C(1) << l->build.lg_page) - 1)) {
            levels_flags(l, &flags);
        }
        if (used < 64 && (key & all) >> used && l->build.pointer_size == 8) {
            flags_add(&flags, "HighHalf");
        }
        make_test(m, question, &flags, "valid", comment);
    }
}

void make_subkey(struct maker *m) {
    const struct jh_layout *l = &m->answerer.layout;
    const struct truth_list *list = &m->truth->list[TRUTH_LEAF];
    uint64_t top = UINT64_C(1) << (l->build.lg_vaddr - 1), page = UINT64_C(1) << l->build.lg_page;
    make_file_start(m, "subkey");
    make_group(m, NULL, 0);
    subkeys_of(m, 0, "the first page");
    subkeys_of(m, page, "the second page");
    subkeys_of(m, page - 1, "the last byte of the first page");
    subkeys_of(m, top - page, "the last page of the lower half");
    subkeys_of(m, ~(top - 1), "the first page of the upper half");
    subkeys_of(m, UINT64_MAX - page + 1, "the last page");
    for (unsigned bit = l->build.lg_page; bit < 8U * l->build.pointer_size; bit += 4) {
        char comment[40];
        snprintf(comment, sizeof(comment), "bit %u alone", bit);
        subkeys_of(m, UINT64_C(1) << bit, comment);
    }
    for (size_t i = 0; i < list->count; i += list->count / 4 + 1) {
        subkeys_of(m, truth_get(TRUTH_LEAF, &list->record[i], KEY_PAGE), "a page of this heap");
    }
    make_file_end(m);
}

/* ---- size classes ---------------------------------------------------------------------------- */

static void class_flags(const struct jh_layout *l, uint32_t szind, struct flags *flags) {
    if (l->build.lg_quantum == 3 && szind > 1) {
        flags_add(flags, "Quantum8");
    }
    if (szind >= l->sc_nsizes) {
        flags_add(flags, "TooLarge");
    } else if (szind >= l->sc_nbins) {
        flags_add(flags, "LargeClass");
    }
}

static void one_class(struct maker *m, uint32_t szind) {
    struct flags flags = {.count = 0};
    struct json_object *question = make_question("size_class");
    put_number(question, "szind", szind);
    class_flags(&m->answerer.layout, szind, &flags);
    make_test(m, question, &flags, "valid", "a size class");
}

/* Sizes that a program in a language with doubles alone can be asked. */
static void one_size(struct maker *m, uint64_t size, const char *comment) {
    const struct jh_layout *l = &m->answerer.layout;
    struct flags flags = {.count = 0};
    if (size == 0 || size >= UINT64_C(1) << 53) {
        return;
    }
    struct json_object *question = make_question("size_class");
    put_number(question, "size", size);
    class_flags(l, jh_size2index(l, size), &flags);
    make_test(m, question, &flags, "valid", comment);
}

void make_size_class(struct maker *m) {
    const struct jh_layout *l = &m->answerer.layout;
    make_file_start(m, "size_class");
    make_group(m, NULL, 0);
    for (uint32_t i = 0; i < l->sc_nsizes; i += i < l->sc_nbins ? 1 : 11) {
        one_class(m, i);
    }
    for (uint32_t i = 0; i < l->sc_nsizes; i += i < l->sc_nbins ? 5 : 29) {
        uint64_t size = jh_index2size(l, i);
        one_size(m, size - 1, "a byte less than a class");
        one_size(m, size, "a class");
        one_size(m, size + 1, "a byte more than a class");
    }
    one_size(m, jh_index2size(l, l->sc_nsizes - 1U) + 1, "a byte more than the last class");
    make_file_end(m);
}
