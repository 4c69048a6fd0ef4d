/* metadata.c - jemalloc's own memory: the blocks of its base allocators.
 *
 * base_t.blocks is a list of base_block_t {size, next, ...}; each block starts where its header
 * does. b0 is arena 0's base, every other arena points at its own. */
#include <stdlib.h>
#include <string.h>

#include "heap/inside.h"

#define BLOCKS_MAX (1u << 20) /* of all bases: 2 MiB each at least, so that is 2 TiB */
#define ARENAS_MAX 4096
#define ARENA_BYTES_MAX (128u << 10) /* where an arena's base pointer is looked for */

struct metadata {
    struct jt_target *target;
    struct jt_private *p;
    uint32_t blocks, size, next, arena_base;
    uint32_t blocks_left;
    bool doubtful; /* a block is not what it says */
};

bool jt_metadata_add(struct jt_target *target, uint64_t at, uint64_t size, uint64_t used) {
    struct jt_private *p = target->priv;
    struct jt_block *grown = jt_grow(p->base->block, p->base->blocks, sizeof *grown);
    if (grown == NULL) {
        target->memory_ran_out = true;
        return false;
    }
    p->base->block = grown;
    uint32_t arena = (uint32_t)(p->base->arenas.count == 0 ? 0 : p->base->arenas.count - 1);
    grown[p->base->blocks++] = (struct jt_block){at, at + size, at + used, arena, JT_SN_NONE};
    return true;
}

void jt_metadata_done(struct jt_target *target, bool complete) {
    struct jt_private *p = target->priv;
    p->base->done = true;
    p->base->range = calloc(p->base->blocks + 1, sizeof *p->base->range);
    if (p->base->range == NULL) {
        target->memory_ran_out = true;
        return;
    }
    for (size_t i = 0; i < p->base->blocks; i++) {
        p->base->range[i] = (struct jt_range){p->base->block[i].start, p->base->block[i].end};
    }
    p->base->ranges = jt_ranges_normalise(p->base->range, p->base->blocks);
    p->base->complete = complete;
}

void jt_arena_fault(struct jt_target *target, enum jh_status status, uint64_t at, uint64_t seen,
                    const char *rule) {
    struct jt_arenas *a = &target->priv->base->arenas;
    if (a->faults < JT_ARENA_FAULTS) {
        a->fault[a->faults++] =
            (struct jh_fault){status, JH_STAGE_ARENA, at, seen, rule, 0, 0, 0, false};
    }
}

/* The block as its own extent tells it, of which two words change when room in it is given. False:
 * it is not here. */
static bool read_block(struct metadata *m, uint64_t at, struct jh_block *block,
                       enum jh_status *status, struct jh_fault *fault) {
    unsigned times = 0;
    do {
        if (!jt_block_read(m->target, at, block)) {
            return false;
        }
        *status = jh_block_check(&m->target->layout, block, fault);
    } while (*status != JH_OK && jt_retry(m->target, &times));
    return true;
}

/* What of the block is handed out: all, where nothing is known of its end. A size that the block's
 * own extent contradicts is not believed beyond it. */
static uint64_t used_of(struct metadata *m, uint64_t at, uint64_t *size) {
    struct jh_block block;
    struct jh_fault fault;
    enum jh_status status;
    if (!read_block(m, at, &block, &status, &fault)) {
        return *size;
    }
    if (status == JH_OK) {
        return block.unused - at;
    }
    uint64_t end = block.unused + block.unused_size;
    jt_arena_fault(m->target, JH_CORRUPT, fault.addr, fault.seen, fault.rule);
    m->doubtful = true;
    *size = end > at && end - at < *size ? end - at : *size;
    return *size;
}

/* Do the blocks that were found add up to what the base counts? */
static bool has_all(const struct metadata *m, const struct jt_arena *a) {
    uint32_t at = m->p->base->form.known ? m->p->base->form.base_mapped : JT_DWARF_UNKNOWN;
    uint64_t mapped;
    return at != JT_DWARF_UNKNOWN && jt_read_word(m->target, a->base + at, &mapped) &&
           mapped == a->bytes;
}

/* from: what leads to the block. */
static bool take_block(struct metadata *m, uint64_t from, uint64_t block, uint64_t *next) {
    struct jt_arenas *a = &m->p->base->arenas;
    uint64_t size;
    if (m->blocks_left == 0) {
        return false;
    }
    if (!jt_read_word(m->target, block + m->size, &size)) {
        bool more = jt_may_be_mapped(m->target, block) && !has_all(m, &a->arena[a->count - 1]);
        jt_arena_fault(m->target, more ? JH_ABSENT : JH_CORRUPT, from, block, "arena.block-list");
        return false;
    }
    if (size == 0 || size > UINT64_MAX - block) {
        jt_arena_fault(m->target, JH_CORRUPT, block, size, "arena.block-size");
        return false;
    }
    if (!jt_read_word(m->target, block + m->next, next)) {
        return false;
    }
    m->blocks_left--;
    uint64_t used = used_of(m, block, &size);
    a->arena[a->count - 1].bytes += size;
    return jt_metadata_add(m->target, block, size, used);
}

/* False when the list could not be followed to its end. One that never ends is noticed after three
 * times its length at most: each second, fourth, eighth... block is remembered until the next of
 * them (Brent). */
static bool take_blocks(struct metadata *m, uint64_t base) {
    uint64_t block, from = base, remembered = 0;
    if (!jt_read_word(m->target, base + m->blocks, &block)) {
        return false;
    }
    m->p->base->arenas.arena[m->p->base->arenas.count - 1].newest = block;
    for (uint64_t n = 1, next; block != 0; n++, from = block, block = next) {
        if (block == remembered) {
            jt_arena_fault(m->target, JH_CORRUPT, base, block, "arena.block-list");
            return false;
        }
        if ((n & (n - 1)) == 0) {
            remembered = block;
        }
        if (!take_block(m, from, block, &next)) {
            return false;
        }
    }
    return true;
}

/* The base's own sum, which builds without statistics do not keep. */
static bool sum_is_off(const struct metadata *m, const struct jt_arena *a, uint64_t *mapped) {
    uint32_t at = m->p->base->form.known ? m->p->base->form.base_mapped : JT_DWARF_UNKNOWN;
    uint64_t first;
    bool changed = m->target->kind != JT_CORE &&
                   jt_read_word(m->target, a->base + m->blocks, &first) && first != a->newest;
    return !changed && at != JT_DWARF_UNKNOWN && jt_read_word(m->target, a->base + at, mapped) &&
           *mapped != 0 && *mapped != a->bytes;
}

/* A block that is new is in the list before it is in the sum. */
static void check_sum(struct metadata *m, const struct jt_arena *a) {
    uint64_t mapped = 0;
    unsigned times = 0;
    bool off;
    do {
        off = sum_is_off(m, a, &mapped);
    } while (off && jt_retry(m->target, &times));
    if (off) {
        jt_arena_fault(m->target, JH_CORRUPT, a->base, mapped, "arena.base-mapped");
        m->doubtful = true;
    }
}

/* One more arena with its blocks. */
static bool take_base(struct metadata *m, uint32_t ind, uint64_t at, uint64_t base) {
    struct jt_arenas *a = &m->p->base->arenas;
    struct jt_arena *grown = jt_grow(a->arena, a->count, sizeof *grown);
    if (grown == NULL) {
        m->target->memory_ran_out = true;
        return false;
    }
    a->arena = grown;
    grown[a->count++] = (struct jt_arena){.known = {.ind = ind}, .at = at, .base = base};
    if (!take_blocks(m, base)) {
        return false;
    }
    check_sum(m, &a->arena[a->count - 1]);
    jt_arena_learn(m->target, &a->arena[a->count - 1]);
    return true;
}

/* Without debug information: arena 0 points at b0, and where it does every arena points at its own
 * base. Since 5.3 its page shard does so too, with the same value; the first one will do. */
static bool find_arena_base(struct metadata *m, uint64_t arena0, uint64_t b0) {
    uint64_t word;
    if (m->p->base->form.known &&
        jt_read_word(m->target, arena0 + m->p->base->form.arena_base, &word) && word == b0) {
        m->arena_base = m->p->base->form.arena_base;
        return true;
    }
    for (uint32_t at = 0; at < ARENA_BYTES_MAX; at += m->p->words) {
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

/* The array of arenas, a page of it at a time. */
struct array {
    uint8_t bytes[4096];
    uint64_t from, len; /* what is in bytes; len 0: it could not be read as a whole */
};

static bool read_element(const struct metadata *m, struct array *a, uint64_t at, uint64_t left,
                         uint64_t *out) {
    if (at - a->from >= sizeof a->bytes) {
        a->from = at;
        a->len = left < sizeof a->bytes ? left : sizeof a->bytes;
        if (jh_read(&m->target->heap.reader, at, a->bytes, a->len, NULL) != JH_OK) {
            a->len = 0;
        }
    }
    if (a->len == 0) {
        return jt_read_word(m->target, at, out);
    }
    *out = jt_number_at(m->target, a->bytes + (at - a->from), m->p->words);
    return true;
}

static bool take_arenas(struct metadata *m, uint64_t arenas, uint64_t size, uint64_t b0) {
    bool complete = true;
    struct array array = {.from = 0};
    uint64_t stride = m->p->words, arena, base;
    uint64_t count = size / stride < ARENAS_MAX ? size / stride : ARENAS_MAX;
    if (m->arena_base == JT_DWARF_UNKNOWN &&
        (!jt_read_word(m->target, arenas, &arena) || !find_arena_base(m, arena, b0))) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!read_element(m, &array, arenas + stride * i, stride * (count - i), &arena)) {
            return false;
        }
        if (arena == 0) {
            continue;
        }
        if (!jt_read_word(m->target, arena + m->arena_base, &base)) {
            complete = false;
        } else if (base != b0) {
            complete &= take_base(m, (uint32_t)i, arena, base);
        } else if (i == 0 && m->p->base->arenas.count != 0) {
            m->p->base->arenas.arena[0].at = arena;
            jt_arena_learn(m->target, &m->p->base->arenas.arena[0]);
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
    p->base->base_blocks = offset_of(target, dwarf->base_blocks, "base_s", "blocks");
    p->base->block_size = offset_of(target, dwarf->block_size, "base_block_s", "size");
    p->base->block_next = offset_of(target, dwarf->block_next, "base_block_s", "next");
    p->base->arena_base =
        dwarf->arena_base; /* where builds differ most: looked for, if not known */
    jt_arena_form_learn(target);
}

/* b0 and the arenas: variables, or looked for. */
static bool find_variables(struct jt_target *target, uint64_t *b0, uint64_t *arenas,
                           uint64_t *size) {
    uint64_t at, unused;
    if (jt_symbol(target, "b0", &at, &unused)) {
        return jt_read_word(target, at, b0) && *b0 != 0 &&
               jt_symbol(target, "arenas", arenas, size);
    }
    target->priv->base->arenas.inferred = true;
    return jt_arenas_infer(target, b0, arenas, size);
}

void jt_metadata_find(struct jt_target *target) {
    struct jt_private *p = target->priv;
    uint64_t arenas = 0, size = 0, b0 = 0;
    if (p->base->done) {
        return;
    }
    if (p->base->base_blocks == JT_DWARF_UNKNOWN || p->base->block_size == JT_DWARF_UNKNOWN ||
        p->base->block_next == JT_DWARF_UNKNOWN) {
        jt_metadata_done(target, false);
        return;
    }
    bool complete = find_variables(target, &b0, &arenas, &size);
    struct metadata m = {target,
                         p,
                         p->base->base_blocks,
                         p->base->block_size,
                         p->base->block_next,
                         p->base->arena_base,
                         BLOCKS_MAX,
                         false};
    complete &= b0 != 0 && take_base(&m, 0, 0, b0);
    complete &= arenas != 0 && take_arenas(&m, arenas, size, b0);
    jt_metadata_done(target, complete && !m.doubtful);
}

const struct jt_arenas *jt_arenas(struct jt_target *target) {
    jt_metadata_find(target);
    return &target->priv->base->arenas;
}

size_t jt_metadata_ranges(struct jt_target *target, const struct jt_range **out) {
    jt_metadata_find(target);
    *out = target->priv->base->range;
    return target->priv->base->ranges;
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
    if (jt_ranges_hold(p->base->range, p->base->ranges, addr)) {
        return JT_YES;
    }
    return p->base->complete ? JT_NO : JT_CANNOT_TELL;
}

bool jt_in_extent(const struct jt_target *target, uint64_t addr) {
    struct jh_extent e;
    return jh_lookup(&target->heap, addr, &e, NULL) == JH_OK && e.at != 0;
}

uint64_t jt_metadata_arena(struct jt_target *target, uint64_t addr) {
    const struct jt_base *base = target->priv->base;
    jt_metadata_find(target);
    for (size_t i = 0; i < base->blocks && base->arenas.count != 0; i++) {
        if (addr - base->block[i].start < base->block[i].used - base->block[i].start) {
            return base->arenas.arena[base->block[i].arena].known.ind;
        }
    }
    return UINT64_MAX;
}

bool jt_metadata_inferred(struct jt_target *target) {
    jt_metadata_find(target);
    return target->priv->base->arenas.inferred ||
           (jt_is_skeleton(target) && target->root_name[0] == 0); /* of one that was stripped */
}

uint64_t jt_metadata_bytes(struct jt_target *target) {
    struct jt_private *p = target->priv;
    uint64_t bytes = 0;
    jt_metadata_find(target);
    for (size_t i = 0; p->base->complete && i < p->base->ranges; i++) {
        bytes += p->base->range[i].end - p->base->range[i].start;
    }
    return bytes;
}
