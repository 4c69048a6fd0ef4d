/* arena_offsets.c - where jemalloc's structs keep what leads to blocks and lists. */
#include <stdio.h>

#include "heap/inside.h"

static uint32_t offset_of(const struct jh_layout *layout, const char *type, const char *path) {
    struct jh_member m;
    return jh_struct_member(layout, type, path, &m, NULL) == JH_OK ? (uint32_t)m.offset
                                                                   : JT_DWARF_UNKNOWN;
}

/* The first of the two that this version has. */
static uint32_t either(const struct jh_layout *layout, const char *type, const char *path,
                       const char *type2, const char *path2) {
    uint32_t offset = offset_of(layout, type, path);
    return offset != JT_DWARF_UNKNOWN ? offset : offset_of(layout, type2, path2);
}

/* Sets of unused extents, as arena_t has them; then those with guard pages. */
static void learn_unused(const struct jh_layout *l, struct jt_arena_form *f) {
    static const char *const old[] = {"extents_dirty.lru", "extents_muzzy.lru",
                                      "extents_retained.lru", ""};
    static const char *const state[] = {"dirty", "muzzy", "retained", "pinned"};
    for (unsigned i = 0; i < 2 * JH_UNUSED_STATES; i++) {
        bool guarded = i >= JH_UNUSED_STATES;
        char path[64];
        snprintf(path, sizeof path, "pa_shard.pac.ecache_%s.%s.lru", state[i % JH_UNUSED_STATES],
                 guarded ? "guarded_eset" : "eset");
        f->unused[i] = either(l, "arena_s", path, "arena_s", guarded ? "" : old[i]);
    }
}

void jt_arena_form_learn(struct jt_target *target) {
    const struct jh_layout *l = &target->layout;
    uint64_t size = 0;
    uint32_t align;
    enum jh_status status = jh_struct_size(l, "base_block_s", &size, &align, NULL);
    target->priv->base->of = target;
    target->priv->base->numbers.learnt = false;
    target->priv->base->form = (struct jt_arena_form){
        .known = status == JH_OK,
        .block_extent = either(l, "base_block_s", "edata", "base_block_s", "extent"),
        .block_bytes = (uint32_t)size,
        .base_mapped = offset_of(l, "base_s", "mapped"),
        .arena_base = either(l, "arena_s", "pa_shard.pac.base", "arena_s", "base"),
        .sn_next = either(l, "arena_s", "pa_shard.pac.extent_sn_next", "arena_s", "extent_sn_next"),
        .avail = offset_of(l, "arena_s", "extent_avail"),
        .cache = offset_of(l, "arena_s", "pa_shard.pac.edata_cache"),
        .cache_base = offset_of(l, "edata_cache_s", "base"),
        .huge_used = offset_of(l, "arena_s", "pa_shard.ever_used_hpa"),
        .huge_list = offset_of(l, "arena_s", "pa_shard.hpa_shard.ecf.list"),
        .ring = either(l, "edata_s", "ql_link_inactive", "extent_s", "ql_link"),
        .heap = either(l, "edata_s", "avail_link", "extent_s", "ph_link"),
        .active = either(l, "edata_s", "ql_link_active", "extent_s", "ql_link"),
        .large = offset_of(l, "arena_s", "large"),
        .full = offset_of(l, jt_bin_struct(l), "slabs_full"),
    };
    learn_unused(l, &target->priv->base->form);
}

/* The heap of structures that wait to be used: in the arena, or behind a pointer that must lead to
 * a cache of the same base. */
static uint64_t avail_of(struct jt_target *target, const struct jt_arena *a) {
    const struct jt_arena_form *f = &target->priv->base->form;
    uint64_t cache, base;
    if (f->avail != JT_DWARF_UNKNOWN) {
        return a->at + f->avail;
    }
    return jt_read_word(target, a->at + f->cache, &cache) &&
                   jt_read_word(target, cache + f->cache_base, &base) && base == a->base
               ? cache
               : 0;
}

void jt_arena_learn(struct jt_target *target, struct jt_arena *a) {
    const struct jt_arena_form *f = &target->priv->base->form;
    unsigned sn_bits = target->layout.extent[JH_EXTENT_SN].width;
    uint64_t base, sn_next, huge = 0;
    a->known.shards_known = target->layout.bin[0].n_shards != 0;
    if (!f->known || a->at == 0 || !jt_read_word(target, a->at + f->arena_base, &base) ||
        base != a->base) {
        return; /* another build's arena */
    }
    if (jt_read_word(target, a->at + f->sn_next, &sn_next) &&
        (sn_bits == 64 || sn_next >> sn_bits == 0)) { /* else the numbers have wrapped */
        a->known.sn_next = sn_next;
    }
    a->avail = avail_of(target, a);
    if (f->huge_used == JT_DWARF_UNKNOWN) {
        return;
    }
    if (!jt_read_number(target, a->at + f->huge_used, 1, &huge) ||
        (huge != 0 && f->huge_list == JT_DWARF_UNKNOWN)) {
        a->avail = 0; /* there may be more, and nothing leads to them */
    } else if (huge != 0) {
        a->stash = a->at + f->huge_list;
    }
}
