/* version: what differs between jemalloc versions, a row for each. Beside the rows of structs
 * (struct_*.c) nothing else depends on the version. `ci/versions --list` says what a new one takes.
 *
 * Sources, at each tag: include/jemalloc/internal/{rtree,extent_structs,edata,sc,bitmap}.h,
 * 5.0 and 5.1 size_classes.sh, configure.ac. */
#include "internal.h"
#include "struct_rows.h"
#include "version.h"

/* e_bits from bit 0 up; each field starts where the one before it ends. */
static const struct jh_bits_row bits_5_0[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},   {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},  {JH_EXTENT_SZIND, W_SZIND},
    {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_SN, W_REST}};
static const struct jh_bits_row bits_5_1[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_SN, W_REST}};
static const struct jh_bits_row bits_5_2_0[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_BIN_SHARD, 6},
    {JH_EXTENT_SN, W_REST}};
static const struct jh_bits_row bits_5_2_1[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},      {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_DUMPABLE, 1},    {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_STATE, 2},
    {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE}, {JH_EXTENT_BIN_SHARD, 6},
    {JH_EXTENT_IS_HEAD, 1},     {JH_EXTENT_SN, W_REST}};
static const struct jh_bits_row bits_5_3[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},    {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_PAI, 1},       {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_GUARDED, 1},
    {JH_EXTENT_STATE, 3},     {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE},
    {JH_EXTENT_BIN_SHARD, 6}, {JH_EXTENT_IS_HEAD, 1}};
static const struct jh_bits_row bits_dev[JH_BITS_MAX] = {
    {JH_EXTENT_ARENA, 12},    {JH_EXTENT_SLAB, 1},        {JH_EXTENT_COMMITTED, 1},
    {JH_EXTENT_PAI, 1},       {JH_EXTENT_ZEROED, 1},      {JH_EXTENT_GUARDED, 1},
    {JH_EXTENT_STATE, 3},     {JH_EXTENT_SZIND, W_SZIND}, {JH_EXTENT_NFREE, W_NFREE},
    {JH_EXTENT_BIN_SHARD, 6}, {JH_EXTENT_IS_HEAD, 1},     {JH_EXTENT_PINNED, 1}};

static const struct jh_states_row states_5_0 = {4, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED}};
static const struct jh_states_row states_5_3 = {
    6, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_TRANSITION, JH_MERGING}};
static const struct jh_states_row states_dev = {
    7, {JH_ACTIVE, JH_DIRTY, JH_MUZZY, JH_RETAINED, JH_PINNED, JH_TRANSITION, JH_MERGING}};

static const struct jh_family families[JH_VERSIONS] = {
    [JH_5_0_0] = {.name = "5.0.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .likely = 8,
                  .bin_info = "arena_bin_info"},
    [JH_5_0_1] = {.name = "5.0.1",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .likely = 7,
                  .bin_info = "arena_bin_info"},
    [JH_5_1_0] = {.name = "5.1.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_1,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true,
                  .likely = 6,
                  .bin_info = "bin_infos",
                  .lg_vaddr = true},
    [JH_5_2_0] = {.name = "5.2.0",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_2_0,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true,
                  .likely = 5,
                  .bin_info = "bin_infos",
                  .lg_vaddr = true,
                  .bin_shards = true,
                  .slab_sizes = true},
    [JH_5_2_1] = {.name = "5.2.1",
                  .root_symbol = "extents_rtree",
                  .bits = bits_5_2_1,
                  .states = &states_5_0,
                  .extent = T_EXTENT_S,
                  .extent_align = 64,
                  .leaf_low_bits = 1,
                  .leaf_aarch64_rule = true,
                  .likely = 4,
                  .bin_info = "bin_infos",
                  .lg_vaddr = true,
                  .bin_shards = true,
                  .slab_sizes = true},
    [JH_5_3_0] = {.name = "5.3.0",
                  .root_symbol = "arena_emap_global",
                  .emap = true,
                  .bits = bits_5_3,
                  .states = &states_5_3,
                  .extent = T_EDATA_S,
                  .extent_align = 128,
                  .slab_left_over = true,
                  .leaf_low_bits = 7,
                  .leaf_aarch64_rule = true,
                  .leaf_packed = true,
                  .leaf_left_behind = true,
                  .likely = 2,
                  .bin_info = "bin_infos",
                  .lg_vaddr = true,
                  .bin_shards = true,
                  .slab_sizes = true,
                  .lg_slab_maxregs = true},
    [JH_5_3_1] = {.name = "5.3.1",
                  .root_symbol = "arena_emap_global",
                  .emap = true,
                  .bits = bits_5_3,
                  .states = &states_5_3,
                  .extent = T_EDATA_S,
                  .extent_align = 128,
                  .slab_left_over = true,
                  .leaf_low_bits = 7,
                  .leaf_aarch64_rule = true,
                  .leaf_packed = true,
                  .leaf_left_behind = true,
                  .large_by_size = true,
                  .likely = 1,
                  .bin_info = "bin_infos",
                  .lg_vaddr = true,
                  .bin_shards = true,
                  .slab_sizes = true,
                  .lg_slab_maxregs = true,
                  .tcache_by_page = true,
                  .aarch64_lg_page = 16,
                  .later = JH_DEV},
    [JH_DEV] = {.name = "dev",
                .root_symbol = "arena_emap_global",
                .emap = true,
                .bits = bits_dev,
                .states = &states_dev,
                .extent = T_EDATA_S,
                .extent_align = 128,
                .slab_left_over = true,
                .leaf_low_bits = 7,
                .leaf_aarch64_rule = true,
                .leaf_packed = true,
                .leaf_left_behind = true,
                .large_by_size = true,
                .likely = 3,
                .bin_info = "bin_infos",
                .lg_vaddr = true,
                .bin_shards = true,
                .slab_sizes = true,
                .lg_slab_maxregs = true,
                .tcache_by_page = true,
                .aarch64_lg_page = 16},
};

const struct jh_family *jh_family(enum jh_version version) {
    return &families[version];
}

const char *jh_version_name(enum jh_version version) {
    return (unsigned)version < JH_VERSIONS ? families[version].name : "?";
}

/* "-47-g295e", of which rest is what follows the first "-": so many commits after the tag. */
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
        if (!release && (!families[v].later || !commits_after(rest + 1))) {
            return JH_UNSUPPORTED;
        }
        *out = release ? (enum jh_version)v : families[v].later;
        return JH_OK;
    }
    return JH_UNSUPPORTED;
}
