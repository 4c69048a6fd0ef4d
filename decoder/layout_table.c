/* layout: what differs between jemalloc versions, as rows, and the formulas that turn a row and
 * build parameters into a layout. Only this file and the structs' rows (struct_*.c) depend on the
 * version.
 *
 * To add a jemalloc version: a value in enum jh_version and a row in families[] (here); its structs
 * in struct_*.c; its numbers in tests/test_layout.c; a pin in harness/pins.json, whose constants,
 * functions and heap levels must pass; a line in the README's support table.
 *
 * Sources, at each tag: include/jemalloc/internal/{rtree,extent_structs,edata,sc,bitmap,mutex}.h,
 * 5.0 and 5.1 size_classes.sh. */
#include "internal.h"
#include "struct_rows.h"

#include <string.h>

/* Widths that depend on build parameters. */
enum { W_SZIND = 100, W_NFREE, W_REST };

struct bits_row {
    uint8_t field, width;
};

/* e_bits from bit 0 up; each field starts where the one before it ends. An empty row is the end:
 * every table has one. */
#define BITS_MAX 14
static const struct bits_row bits_5_0[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},   {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},  {JH_EXTENT_SZIND, W_SZIND},
    {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_SN, W_REST}};
static const struct bits_row bits_5_1[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_SN, W_REST}};
static const struct bits_row bits_5_2_0[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_BIN_SHARD, 6},
    {JH_EXTENT_SN, W_REST}};
static const struct bits_row bits_5_2_1[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_BIN_SHARD, 6},
    {JH_EXTENT_IS_HEAD, 1},     {JH_EXTENT_SN, W_REST}};
static const struct bits_row bits_5_3[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},    {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_PAI, 1},       {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_GUARDED, 1},
    {JH_EXTENT_STATE, 3},     {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE},
    {JH_EXTENT_BIN_SHARD, 6}, {JH_EXTENT_IS_HEAD, 1}};
static const struct bits_row bits_dev[BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},    {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_PAI, 1},       {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_GUARDED, 1},
    {JH_EXTENT_STATE, 3},     {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE},
    {JH_EXTENT_BIN_SHARD, 6}, {JH_EXTENT_IS_HEAD, 1},     {JH_EXTENT_PINNED, 1}};

struct states_row {
    uint8_t count;
    enum jh_state state[JH_STATES_MAX];
};
static const struct states_row states_5_0 = {4, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED}};
static const struct states_row states_5_3 = {
    6, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_TRANSITION, JH_MERGING}};
static const struct states_row states_dev = {
    7, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_PINNED, JH_TRANSITION, JH_MERGING}};

struct family {
    const char *name;
    const char *root_symbol;
    const struct bits_row *bits;
    const struct states_row *states;
    enum jh_type extent;    /* the struct */
    uint8_t extent_align;   /* every extent's address is a multiple of it */
    uint8_t leaf_low_bits;  /* compact leaf: low bits that are not the pointer's */
    bool leaf_packed;       /* wide leaf: one metadata word; state and is_head are in the leaf */
    bool leaf_left_behind;  /* san_bump.c leaves elements behind */
    bool leaf_aarch64_rule; /* aarch64: top bits zeroed, not sign extended */
    bool large_by_size;     /* opt.disable_large_size_classes, on by default */
};

static const struct family families[JH_VERSIONS] = {
    [JH_5_0_0] = {.name = "5.0.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1},
    [JH_5_0_1] = {.name = "5.0.1",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1},
    [JH_5_1_0] = {.name = "5.1.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_1,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true},
    [JH_5_2_0] = {.name = "5.2.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_2_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true},
    [JH_5_2_1] = {.name = "5.2.1",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_2_1,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true},
    [JH_5_3_0] = {.name = "5.3.0",
                  .root_symbol = "arena_emap_global",
                  .bits = bits_5_3,
                  .states = &states_5_3,
                  .extent = T_EDATA_S,
                  .extent_align = 128,
                  .leaf_low_bits = 7,
                  .leaf_aarch64_rule = true,
                  .leaf_packed = true,
                  .leaf_left_behind = true},
    [JH_5_3_1] = {.name = "5.3.1",
                  .root_symbol = "arena_emap_global",
                  .bits = bits_5_3,
                  .states = &states_5_3,
                  .extent = T_EDATA_S,
                  .extent_align = 128,
                  .leaf_low_bits = 7,
                  .leaf_aarch64_rule = true,
                  .leaf_packed = true,
                  .leaf_left_behind = true,
                  .large_by_size = true},
    [JH_DEV] = {.name = "dev",
                .root_symbol = "arena_emap_global",
                .bits = bits_dev,
                .states = &states_dev,
                .extent = T_EDATA_S,
                .extent_align = 128,
                .leaf_low_bits = 7,
                .leaf_aarch64_rule = true,
                .leaf_packed = true,
                .leaf_left_behind = true,
                .large_by_size = true},
};

const char *jh_version_name(enum jh_version version) {
    return (unsigned)version < JH_VERSIONS ? families[version].name : "?";
}

/* "-47-g295e", of which rest is what follows the first "-": so many commits after the tag. Only
 * those after the last release are known, as dev. */
static bool commits_after(const char *rest) {
    size_t digits = strspn(rest, "0123456789");
    return digits && strncmp(rest + digits, "-g", 2) == 0;
}

/* Commits that no release has and that are laid out as the release before them. In two parts: a
 * whole version string would make whatever jeheap is linked into look like a jemalloc. */
static const struct {
    enum jh_version release;
    const char *rest;
} commits[] = {
    {JH_5_3_0, "-1-ge13ca993"}, /* tikv-jemalloc-sys 0.6: most Rust programs' jemalloc */
};

static bool like_release(enum jh_version release, const char *rest) {
    for (size_t i = 0; i < sizeof(commits) / sizeof(commits[0]); i++) {
        if (commits[i].release == release &&
            strncmp(rest, commits[i].rest, strlen(commits[i].rest)) == 0) {
            return true;
        }
    }
    return !*rest || strncmp(rest, "-0-g", 4) == 0; /* it is that release */
}

enum jh_status jh_version_parse(const char *text, enum jh_version *out) {
    size_t number = strcspn(text, "-");
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        if (strlen(families[v].name) != number || strncmp(families[v].name, text, number) != 0) {
            continue;
        }
        const char *rest = text + number;
        bool release = like_release((enum jh_version)v, rest);
        if (!release && (v != JH_5_3_1 || !commits_after(rest + 1))) {
            return JH_UNSUPPORTED;
        }
        *out = release ? (enum jh_version)v : JH_DEV;
        return JH_OK;
    }
    return JH_UNSUPPORTED;
}

void jh_build_init(struct jh_build *build, enum jh_version version) {
    *build = (struct jh_build){.version = version,
                               .pointer_size = 8,
                               .lg_vaddr = 48,
                               .lg_page = 12,
                               .lg_quantum = 4,
                               .pthread_mutex_size = 40,
                               .u64_align = 8,
                               .little_endian = true,
                               .stats = true,
                               .cache_oblivious = true};
}

static enum jh_status check_build(const struct jh_build *b, struct jh_fault *fault) {
    const char *rule = NULL;
    uint64_t seen = 0;
    if ((unsigned)b->version >= JH_VERSIONS) {
        rule = "layout.version", seen = (uint64_t)b->version;
    } else if (b->pointer_size != 4 && b->pointer_size != 8) {
        rule = "layout.pointer-size", seen = b->pointer_size;
    } else if (b->lg_vaddr < 32 || b->lg_vaddr > 8 * b->pointer_size) {
        rule = "layout.lg-vaddr", seen = b->lg_vaddr; /* configure gives at least 32 */
    } else if (b->lg_page < 12 || b->lg_page > 16) {
        rule = "layout.lg-page", seen = b->lg_page;
    } else if (b->lg_quantum != 3 && b->lg_quantum != 4) {
        rule = "layout.lg-quantum", seen = b->lg_quantum;
    } else if (b->lg_slab_maxregs && (b->lg_slab_maxregs < b->lg_page - 3 ||
                                      b->lg_slab_maxregs > 13 || b->version < JH_5_3_0)) {
        rule = "layout.lg-slab-maxregs", seen = b->lg_slab_maxregs;
    } else if (!b->pthread_mutex_size || b->pthread_mutex_size % b->pointer_size) {
        rule = "layout.pthread-mutex-size", seen = b->pthread_mutex_size;
    } else if (b->u64_align != 8 && (b->u64_align != 4 || b->pointer_size != 4)) {
        rule = "layout.u64-align", seen = b->u64_align;
    }
    return rule ? jh_fail(fault, JH_UNSUPPORTED, JH_STAGE_LAYOUT, 0, seen, rule) : JH_OK;
}

/* sc.h: SC_*; the same numbers as size_classes.sh makes for 5.0 and 5.1. */
static void make_size_classes(struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    l->sc_lg_tiny_min = 3;
    l->sc_ntiny = (uint8_t)(b->lg_quantum - l->sc_lg_tiny_min);
    l->sc_lg_ngroup = 2;
    l->sc_ngroup = (uint8_t)(1U << l->sc_lg_ngroup);
    l->sc_npseudo = l->sc_ngroup;
    l->sc_ptr_bits = (uint8_t)(8 * b->pointer_size);
    l->sc_lg_base_max = (uint8_t)(l->sc_ptr_bits - 2);
    l->sc_lg_first_regular_base = (uint8_t)(b->lg_quantum + l->sc_lg_ngroup);
    l->sc_nregular =
        (uint16_t)(l->sc_ngroup * (l->sc_lg_base_max - l->sc_lg_first_regular_base + 1) - 1);
    l->sc_nsizes = (uint16_t)(l->sc_ntiny + l->sc_npseudo + l->sc_nregular);
    l->sc_nbins =
        (uint16_t)(l->sc_ntiny + l->sc_npseudo +
                   l->sc_ngroup * (b->lg_page + l->sc_lg_ngroup - l->sc_lg_first_regular_base) - 1);
    l->sc_npsizes = (uint16_t)(l->sc_ngroup +
                               l->sc_ngroup * (l->sc_lg_base_max - (b->lg_page + l->sc_lg_ngroup)) +
                               l->sc_ngroup - 1);
    l->sc_lg_slab_maxregs =
        b->lg_slab_maxregs ? b->lg_slab_maxregs : (uint8_t)(b->lg_page - l->sc_lg_tiny_min);
}

/* A slab is the smallest run of pages that regions fill without a rest (sc.c: slab_size). */
static void make_bins(struct jh_layout *l) {
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        uint64_t reg = jh_index2size(l, i), slab = jh_page(l);
        while (slab % reg) {
            slab += jh_page(l);
        }
        l->bin[i] = (struct jh_bin){reg, slab, (uint32_t)(slab / reg), 1};
    }
}

/* rtree.h: RTREE_HEIGHT and rtree_levels[]. For a single level 10 bits would have to do: no build
 * has fewer than 16, which is 32 bits of address and pages of 64 KiB. */
static void make_rtree(struct jh_layout *l) {
    const struct jh_build *b = &l->build;
    l->rtree_nhib = (uint8_t)(8 * b->pointer_size - b->lg_vaddr);
    l->rtree_nlib = b->lg_page;
    l->rtree_nsb = (uint8_t)(b->lg_vaddr - b->lg_page);
    l->rtree_height = l->rtree_nsb <= 36 ? 2 : 3;
    unsigned left = l->rtree_nsb, cumbits = l->rtree_nhib;
    for (unsigned i = 0; i < l->rtree_height; i++) {
        unsigned bits = left / (l->rtree_height - i); /* what does not divide goes to the leaves */
        cumbits += bits;
        left -= bits;
        l->rtree_level[i] = (struct jh_rtree_level){(uint8_t)bits, (uint8_t)cumbits};
    }
    l->rtree_node_size = b->pointer_size;
}

static void make_root(struct jh_layout *l, const struct family *f) {
    l->root_symbol = f->root_symbol;
    l->root_offset = jh_type_offset(l, T_RTREE_S, "root");
}

static struct jh_field bit(unsigned offset, unsigned word, unsigned shift, unsigned width) {
    return (struct jh_field){(uint16_t)offset, (uint8_t)word, (uint8_t)shift, (uint8_t)width};
}

/* rtree.h: struct rtree_leaf_elm_s and rtree_leaf_elm_bits_*. */
static void make_leaf(struct jh_layout *l, const struct family *f) {
    const enum jh_type elm = T_RTREE_LEAF_ELM_S;
    unsigned ptr = l->build.pointer_size, vaddr = l->build.lg_vaddr;
    l->leaf_size = (uint8_t)jh_type_size(l, elm);
    if (l->rtree_nhib >= jh_lg_ceil(l->sc_nsizes)) {
        l->leaf_form = JH_LEAF_COMPACT;
        l->leaf_low_bits = f->leaf_low_bits;
        l->leaf_sign_extend = !(l->build.aarch64 && f->leaf_aarch64_rule);
        l->leaf[JH_LEAF_EXTENT] = bit(0, ptr, 0, vaddr);
        l->leaf[JH_LEAF_SZIND] = bit(0, ptr, vaddr, l->rtree_nhib);
        l->leaf[JH_LEAF_SLAB] = bit(0, ptr, 0, 1);
    } else {
        l->leaf_form = f->leaf_packed ? JH_LEAF_WIDE_PACKED : JH_LEAF_WIDE;
        unsigned metadata = jh_type_offset(l, elm, f->leaf_packed ? "le_metadata" : "le_szind");
        l->leaf[JH_LEAF_EXTENT] = bit(0, ptr, 0, 8 * ptr);
        l->leaf[JH_LEAF_SZIND] = f->leaf_packed ? bit(metadata, 4, 5, 27) : bit(metadata, 4, 0, 32);
        l->leaf[JH_LEAF_SLAB] = f->leaf_packed ? bit(metadata, 4, 0, 1)
                                               : bit(jh_type_offset(l, elm, "le_slab"), 1, 0, 1);
    }
    l->leaf_left_behind = f->leaf_left_behind;
    if (f->leaf_packed) { /* 5.3: the state moved into both forms, at the same bits */
        unsigned offset = l->leaf[JH_LEAF_SLAB].offset;
        unsigned word = l->leaf_form == JH_LEAF_COMPACT ? ptr : 4;
        l->leaf[JH_LEAF_IS_HEAD] = bit(offset, word, 1, 1);
        l->leaf[JH_LEAF_STATE] = bit(offset, word, 2, 3);
    }
}

static void make_bits(struct jh_layout *l, const struct family *f) {
    unsigned shift = 0;
    for (unsigned i = 0; f->bits[i].width; i++) {
        unsigned width = f->bits[i].width;
        width = width == W_SZIND   ? jh_lg_ceil(l->sc_nsizes)
                : width == W_NFREE ? l->sc_lg_slab_maxregs + 1U
                : width == W_REST  ? 64 - shift
                                   : width;
        l->extent[f->bits[i].field] = bit(0, 8, shift, width);
        shift += width;
    }
}

static void make_extent(struct jh_layout *l, const struct family *f) {
    unsigned ptr = l->build.pointer_size, page = l->build.lg_page;
    unsigned size = jh_type_offset(l, f->extent, "e_size_esn");
    make_bits(l, f);
    l->extent[JH_EXTENT_BITS] = bit(0, 8, 0, 64);
    l->extent[JH_EXTENT_ADDR] = bit(jh_type_offset(l, f->extent, "e_addr"), ptr, 0, 8 * ptr);
    l->extent[JH_EXTENT_SIZE] = bit(size, ptr, page, 8 * ptr - page);
    l->extent[JH_EXTENT_ESN] = bit(size, ptr, 0, page);
    l->extent[JH_EXTENT_BSIZE] = bit(size, ptr, 0, 8 * ptr);
    if (!l->extent[JH_EXTENT_SN].width) { /* no part of e_bits */
        l->extent[JH_EXTENT_PS] = bit(jh_type_offset(l, f->extent, "e_ps"), ptr, 0, 8 * ptr);
        l->extent[JH_EXTENT_SN] = bit(jh_type_offset(l, f->extent, "e_sn"), 8, 0, 64);
    }
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        unsigned end = l->extent[i].width ? l->extent[i].offset + l->extent[i].word : 0U;
        l->extent_head = (uint16_t)(end > l->extent_head ? end : l->extent_head);
    }
    l->bitmap_offset = (uint16_t)jh_type_offset(l, f->extent, "e_slab_data");
    l->extent_size = (uint16_t)jh_type_size(l, f->extent);
    l->extent_align = f->extent_align;
    l->states = f->states->count;
    for (unsigned i = 0; i < JH_STATES_MAX; i++) {
        l->state[i] = i < l->states ? f->states->state[i] : JH_STATE_UNKNOWN;
    }
}

enum jh_status jh_layout_make(const struct jh_build *build, struct jh_layout *out,
                              struct jh_fault *fault) {
    enum jh_status status = check_build(build, fault);
    if (status != JH_OK) {
        return status;
    }
    const struct family *f = &families[build->version];
    struct jh_layout l;
    memset(&l, 0, sizeof(l));
    l.build = *build;
    l.lg_sizeof_ptr = (uint8_t)jh_lg_floor(build->pointer_size);
    l.malloc_arena_bits = f->bits[0].width;
    make_size_classes(&l);
    make_bins(&l);
    make_rtree(&l);
    make_root(&l, f);
    make_leaf(&l, f);
    make_extent(&l, f);
    l.large_pad = build->cache_oblivious ? jh_page(&l) : 0;
    l.large_by_size = f->large_by_size;
    *out = l;
    return JH_OK;
}
