/* metadata.c - jemalloc's own memory: the blocks of its base allocators.
 *
 * base_t.blocks is a list of base_block_t {size, next, ...}; each block starts where its header
 * does. b0 is arena 0's base, every other arena points at its own. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define BLOCKS_MAX (1u << 20) /* of all bases: 2 MiB each at least, so that is 2 TiB */
#define ARENAS_MAX 4096
#define ARENA_BYTES_MAX (128u << 10) /* where an arena's base pointer is looked for */

struct metadata {
    struct jt_target *target;
    struct jt_private *p;
    uint32_t blocks, size, next, arena_base;
    uint32_t blocks_left;
};

bool jt_metadata_add(struct jt_target *target, uint64_t at, uint64_t size) {
    struct jt_private *p = target->priv;
    struct jt_range *grown = jt_grow(p->block, p->blocks, sizeof *grown);
    if (grown == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    p->block = grown;
    grown[p->blocks++] = (struct jt_range){at, at + size};
    return true;
}

void jt_metadata_done(struct jt_target *target, bool complete) {
    struct jt_private *p = target->priv;
    p->metadata_done = true;
    p->metadata = calloc(p->blocks + 1, sizeof *p->metadata);
    if (p->metadata == NULL) {
        target->memory_ran_out = true;
        return;
    }
    if (p->blocks != 0) {
        memcpy(p->metadata, p->block, p->blocks * sizeof *p->block);
    }
    p->metadata_count = jt_ranges_normalise(p->metadata, p->blocks);
    p->metadata_complete = complete;
}

static bool take_block(struct metadata *m, uint64_t block, uint64_t *next) {
    uint64_t size;
    if (m->blocks_left == 0 || !jt_read_word(m->target, block + m->size, &size) || size == 0 ||
        size > UINT64_MAX - block || !jt_read_word(m->target, block + m->next, next)) {
        return false;
    }
    m->blocks_left--;
    return jt_metadata_add(m->target, block, size);
}

/* False when the list could not be followed to its end. One that never ends is noticed after three
 * times its length at most: each second, fourth, eighth... block is remembered until the next of
 * them (Brent). */
static bool take_base(struct metadata *m, uint64_t base) {
    uint64_t block, remembered = 0;
    if (!jt_read_word(m->target, base + m->blocks, &block)) {
        return false;
    }
    for (uint64_t n = 1; block != 0; n++) {
        if (block == remembered) {
            return false;
        }
        if ((n & (n - 1)) == 0) {
            remembered = block;
        }
        if (!take_block(m, block, &block)) {
            return false;
        }
    }
    return true;
}

/* Without debug information: arena 0 points at b0, and where it does every arena points at its own
 * base. Since 5.3 its page shard does so too, with the same value; the first one will do. */
static bool find_arena_base(struct metadata *m, uint64_t arena0, uint64_t b0) {
    for (uint32_t at = 0; at < ARENA_BYTES_MAX; at += m->p->words) {
        uint64_t word;
        if (!jt_read_word(m->target, arena0 + at, &word)) {
            return false;
        }
        m->arena_base = at;
        if (word == b0) {
            return true;
        }
    }
    return false;
}

static bool take_arenas(struct metadata *m, uint64_t arenas, uint64_t size, uint64_t b0) {
    bool complete = true;
    uint64_t stride = m->p->words, arena, base;
    uint64_t count = size / stride < ARENAS_MAX ? size / stride : ARENAS_MAX;
    if (m->arena_base == JT_DWARF_UNKNOWN &&
        (b0 == 0 || !jt_read_word(m->target, arenas, &arena) || !find_arena_base(m, arena, b0))) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!jt_read_word(m->target, arenas + stride * i, &arena)) {
            return false;
        }
        if (arena == 0) {
            continue;
        }
        if (!jt_read_word(m->target, arena + m->arena_base, &base)) {
            complete = false;
        } else if (base != b0) {
            complete &= take_base(m, base);
        }
    }
    return complete;
}

/* Debug information's word, else that of the layout's own structs. */
static uint32_t offset_of(const struct jt_target *target, uint32_t seen, const char *type,
                          const char *member) {
    struct jh_member m;
    if (seen != JT_DWARF_UNKNOWN) {
        return seen;
    }
    if (jh_struct_member(&target->layout, type, member, &m, NULL) != JH_OK) {
        return JT_DWARF_UNKNOWN;
    }
    return (uint32_t)m.offset;
}

void jt_metadata_learn(struct jt_target *target, const struct jt_dwarf *dwarf) {
    struct jt_private *p = target->priv;
    p->base_blocks = offset_of(target, dwarf->base_blocks, "base_s", "blocks");
    p->block_size = offset_of(target, dwarf->block_size, "base_block_s", "size");
    p->block_next = offset_of(target, dwarf->block_next, "base_block_s", "next");
    p->arena_base = dwarf->arena_base; /* where builds differ most: looked for, if not known */
}

void jt_metadata_find(struct jt_target *target) {
    struct jt_private *p = target->priv;
    struct metadata m = {target,        p,         p->base_blocks, p->block_size, p->block_next,
                         p->arena_base, BLOCKS_MAX};
    uint64_t at, size, b0 = 0;
    if (p->metadata_done) {
        return;
    }
    if (p->base_blocks == JT_DWARF_UNKNOWN || p->block_size == JT_DWARF_UNKNOWN ||
        p->block_next == JT_DWARF_UNKNOWN) {
        jt_metadata_done(target, false);
        return;
    }
    bool complete = jt_symbol(target, "b0", &at, &size) && jt_read_word(target, at, &b0) &&
                    b0 != 0 && take_base(&m, b0);
    complete &= jt_symbol(target, "arenas", &at, &size) && take_arenas(&m, at, size, b0);
    jt_metadata_done(target, complete);
}

/* The tree's root node is part of a variable, not of a block. */
static bool in_root(const struct jt_target *target, uint64_t addr) {
    const struct jh_layout *l = &target->layout;
    uint64_t size = (uint64_t)l->rtree_node_size << l->rtree_level[0].bits;
    return addr - target->heap.rtree_root < size;
}

enum jt_answer jt_is_metadata(struct jt_target *target, uint64_t addr) {
    struct jt_private *p = target->priv;
    if (in_root(target, addr)) {
        return JT_YES;
    }
    jt_metadata_find(target);
    if (jt_ranges_hold(p->metadata, p->metadata_count, addr)) {
        return JT_YES;
    }
    return p->metadata_complete ? JT_NO : JT_CANNOT_TELL;
}

uint64_t jt_metadata_bytes(struct jt_target *target) {
    struct jt_private *p = target->priv;
    uint64_t bytes = 0;
    jt_metadata_find(target);
    for (size_t i = 0; p->metadata_complete && i < p->metadata_count; i++) {
        bytes += p->metadata[i].end - p->metadata[i].start;
    }
    return bytes;
}
