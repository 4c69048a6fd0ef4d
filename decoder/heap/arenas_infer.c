/* arenas_infer.c - arenas without symbols.
 *
 * Nodes of the tree lie in blocks of b0, arena 0's base. A block starts at a multiple of the huge
 * page in front of what is in it, up to 5.0 and where huge pages are small of the page, and its
 * header says so; the last block of the list has base_t right behind its header (base_new). The
 * array of arenas is a variable not far from the root; it is the one whose elements all lead to a
 * base of that number. */
#include <stdlib.h>
#include <string.h>

#include "heap/inside.h"

#define HUGE_PAGE (UINT64_C(1) << 21) /* what blocks start at a multiple of, as a rule */
#define STEPS 1024                    /* of it, in front of what is in a block */
#define PAGES 65536                   /* likewise, where blocks start at any page */
#define LIST_MAX 4096                 /* blocks of a base; each is larger than the one before */
#define CHILDREN_MAX 16               /* of the root, that are looked at */
#define READS_MAX (1u << 18)          /* of the whole search: a hostile image costs no more */
#define ARENAS_MAX 4095               /* MALLOCX_ARENA_LIMIT */
#define AROUND (4u << 20)             /* the root, and the array of arenas */
#define PIECE 65536u
#define CACHELINE 64u
#define BASE_HEAD_MAX 512u           /* base_t up to its list of blocks, and more */
#define ARENA_BYTES_MAX (128u << 10) /* arena_t up to its base, and more */

bool jt_block_read(struct jt_target *target, uint64_t at, struct jh_block *out) {
    const struct jt_private *p = target->priv;
    const struct jh_layout *l = &target->layout;
    uint8_t head[JH_EXTENT_HEAD_MAX];
    struct jh_extent e;
    if (!p->base->form.known || !jt_read_word(target, at + p->base->block_size, &out->size) ||
        jh_read(&target->heap.reader, at + p->base->form.block_extent, head, l->extent_head,
                NULL) != JH_OK) {
        return false;
    }
    jh_extent_decode(l, at + p->base->form.block_extent, head, &e);
    out->at = at;
    out->unused = e.addr;
    out->unused_size = e.bsize;
    return true;
}

/* Does a block start there that has the address? */
static bool block_at(struct jt_target *target, uint64_t at, uint64_t addr, struct jh_block *out) {
    struct jh_block block;
    if (!jt_block_read(target, at, &block) ||
        jh_block_check(&target->layout, &block, NULL) != JH_OK || addr - at >= block.size) {
        return false;
    }
    *out = block;
    return true;
}

static bool block_before(struct jt_target *target, uint64_t addr, uint64_t step, unsigned steps,
                         struct jh_block *out) {
    const struct jt_private *p = target->priv;
    uint64_t at = addr & ~(step - 1);
    for (unsigned i = 0; i < steps && at != 0; i++, at -= step) {
        if (!jt_ranges_hold(p->mapped, p->mapped_count, at)) {
            return false;
        }
        if (block_at(target, at, addr, out)) {
            return true;
        }
    }
    return false;
}

bool jt_block_of(struct jt_target *target, uint64_t addr, struct jh_block *out) {
    return block_before(target, addr, HUGE_PAGE, STEPS, out);
}

static uint64_t page_of(const struct jt_target *target) {
    return UINT64_C(1) << target->layout.build.lg_page;
}

/* Of what stands right behind its header. */
static bool block_of_base(struct jt_target *target, uint64_t base, struct jh_block *out) {
    return block_at(target, base & ~(page_of(target) - 1), base, out);
}

/* One more read; false when there were too many, which is said. */
static bool pay(struct jt_target *target, unsigned reads) {
    struct jt_arenas *a = &target->priv->base->arenas;
    if (a->reads >= READS_MAX) {
        return false;
    }
    a->reads += reads;
    if (a->reads >= READS_MAX) {
        jt_arena_fault(target, JH_LIMIT, target->heap.rtree_root, a->reads, "arena.search-limit");
    }
    return true;
}

/* What was mapped and is not in the image says nothing; to where nothing ever was, no jemalloc
 * points. */
static enum jt_answer word_at(struct jt_target *target, uint64_t at, uint64_t *out) {
    if (jt_read_word(target, at, out)) {
        return JT_YES;
    }
    return jt_may_be_mapped(target, at) ? JT_CANNOT_TELL : JT_NO;
}

/* The base that has the block: in the block at the end of the list. */
static enum jt_answer base_of(struct jt_target *target, uint64_t block, uint64_t *out) {
    const struct jt_private *p = target->priv;
    uint64_t next = block;
    for (unsigned i = 0; i < LIST_MAX && next != 0; i++) {
        block = next;
        enum jt_answer answer =
            pay(target, 1) ? word_at(target, block + p->base->block_next, &next) : JT_NO;
        if (answer != JT_YES) {
            return answer;
        }
    }
    *out = (block + p->base->form.block_bytes + CACHELINE - 1) & ~(uint64_t)(CACHELINE - 1);
    return next == 0 ? JT_YES : JT_NO;
}

/* The number of a base stands first in it, or first in the first that it has. */
static enum jt_answer is_base(struct jt_target *target, uint64_t base, uint32_t ind) {
    uint64_t seen = UINT64_MAX, first, of_block = 0;
    struct jh_block block;
    enum jt_answer answer =
        pay(target, 4) ? word_at(target, base + target->priv->base->base_blocks, &first) : JT_NO;
    if (answer != JT_YES) {
        return answer;
    }
    (void)jt_read_number(target, base, 4, &seen); /* in front of the list, so it is there too */
    if (seen != ind || first == 0) {
        return JT_NO;
    }
    answer = base_of(target, first, &of_block);
    if (answer == JT_YES && (of_block != base || !block_of_base(target, base, &block))) {
        return JT_NO;
    }
    return answer;
}

/* A debug build's locks are longer, and so is all that has one. Without a symbol nothing else tells
 * that it is one. */
static void learn_debug(struct jt_target *target, uint32_t blocks) {
    struct jh_layout *l = &target->layout, made;
    struct jh_build other = l->build;
    struct jh_member m;
    other.debug = !other.debug;
    if (target->source[JT_PART_DEBUG] != JT_DEFAULT ||
        jh_layout_make(&other, &made, NULL) != JH_OK ||
        jh_struct_member(&made, "base_s", "blocks", &m, NULL) != JH_OK || m.offset != blocks) {
        return;
    }
    l->build.debug = other.debug;
    l->root_offset = made.root_offset;
    target->source[JT_PART_DEBUG] = JT_INFERRED;
    jt_layout_name(&l->build, target->layout_name, sizeof target->layout_name);
    jt_arena_form_learn(target);
}

/* Where a build has the list of blocks that is not the stock one: the first word that leads back to
 * this base. A lock in front of it may be longer, with what debug builds add to it. */
static void find_blocks(struct jt_target *target, uint64_t base) {
    struct jt_private *p = target->priv;
    uint64_t first, of_block;
    for (uint32_t at = 0; at < BASE_HEAD_MAX; at += p->words) {
        if (jt_read_word(target, base + at, &first) && first != 0 && first % page_of(target) == 0 &&
            base_of(target, first, &of_block) == JT_YES && of_block == base) {
            if (at != p->base->base_blocks) {
                p->base->form.base_mapped = JT_DWARF_UNKNOWN;
                p->base->base_blocks = at;
                learn_debug(target, at);
            }
            return;
        }
    }
}

static bool node_base(struct jt_target *target, uint64_t node, uint64_t *out) {
    struct jh_block block;
    if ((!jt_block_of(target, node, &block) &&
         !block_before(target, node, page_of(target), PAGES, &block)) ||
        base_of(target, block.at, out) != JT_YES) {
        return false;
    }
    find_blocks(target, *out);
    return is_base(target, *out, 0) == JT_YES;
}

/* Through the first nodes that the root leads to: one of them may be damaged. */
static bool find_b0(struct jt_target *target, uint64_t *b0) {
    const struct jh_layout *l = &target->layout;
    unsigned word = target->priv->words, children = 0;
    uint64_t end = target->heap.rtree_root + ((uint64_t)word << l->rtree_level[0].bits), child;
    uint8_t bytes[4096];
    for (uint64_t at = target->heap.rtree_root; at < end; at += sizeof bytes) {
        size_t len = end - at < sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        if (jh_read(&target->heap.reader, at, bytes, len, NULL) != JH_OK ||
            jt_all_zero(bytes, len)) {
            continue;
        }
        for (size_t i = 0; i < len && children < CHILDREN_MAX; i += word) {
            child = jt_number_at(target, bytes + i, word);
            children += child != 0;
            if (child != 0 && node_base(target, child, b0)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the array ------------------------------------------------------------------------------ */

struct search {
    struct jt_target *target;
    struct jh_block first; /* of b0; arena 0 comes right behind its base (malloc_init_hard_a0) */
    uint64_t b0, arenas, size;
    unsigned most;
    uint32_t base; /* in arena_t */
};

static bool leads_to_b0(const struct search *s, uint64_t arena, uint32_t at) {
    uint64_t base;
    return jt_read_word(s->target, arena + at, &base) && base == s->b0;
}

/* Where arena 0, if it is one, has its base: where this version has it, or the first word that is
 * b0. */
static bool find_base(const struct search *s, uint64_t arena, uint32_t *out) {
    const struct jt_private *p = s->target->priv;
    uint32_t known =
        p->base->arena_base != JT_DWARF_UNKNOWN ? p->base->arena_base : p->base->form.arena_base;
    uint8_t bytes[4096];
    *out = known;
    if (leads_to_b0(s, arena, known)) {
        return true;
    }
    for (uint32_t at = 0; at < ARENA_BYTES_MAX; at += sizeof bytes) {
        if (!pay(s->target, 1) ||
            jh_read(&s->target->heap.reader, arena + at, bytes, sizeof bytes, NULL) != JH_OK) {
            return false;
        }
        for (uint32_t i = 0; i < sizeof bytes; i += p->words) {
            if (jt_number_at(s->target, bytes + i, p->words) == s->b0) {
                *out = at + i;
                return true;
            }
        }
    }
    return false;
}

/* Whether an element of the array leads to a base that has its number. */
static enum jt_answer leads_to_base(struct jt_target *target, uint64_t arena, uint32_t offset,
                                    uint32_t ind) {
    uint64_t base;
    enum jt_answer answer = arena % CACHELINE == 0 ? word_at(target, arena + offset, &base) : JT_NO;
    return answer == JT_YES ? is_base(target, base, ind) : answer;
}

/* How many arenas the array has, when it is one: each element is zero, leads to a base that has its
 * number, or to what is absent. */
static unsigned arenas_at(struct jt_target *target, uint64_t at, uint32_t offset, uint64_t *size) {
    static const unsigned page = 4096;
    uint64_t word = target->priv->words;
    unsigned found = 0;
    uint8_t bytes[4096];
    for (uint64_t i = 0; i < ARENAS_MAX; i++) {
        if (i % (page / word) == 0 &&
            jh_read(&target->heap.reader, at + i * word, bytes, page, NULL) != JH_OK) {
            *size = i * word;
            return found;
        }
        uint64_t arena = jt_number_at(target, bytes + i % (page / word) * word, (unsigned)word);
        enum jt_answer answer =
            arena == 0 ? JT_CANNOT_TELL : leads_to_base(target, arena, offset, (uint32_t)i);
        if (answer == JT_NO) {
            return 0;
        }
        found += answer == JT_YES;
    }
    *size = ARENAS_MAX * word;
    return found;
}

static void look_at(struct search *s, uint64_t at, const uint8_t *bytes, size_t len) {
    unsigned word = s->target->priv->words;
    for (size_t i = 0; i + word <= len; i += word) {
        uint64_t arena = jt_number_at(s->target, bytes + i, word), size = 0;
        uint32_t base;
        if (arena - s->first.at >= s->first.size || arena % CACHELINE != 0 ||
            !find_base(s, arena, &base)) {
            continue;
        }
        unsigned found = arenas_at(s->target, at + i, base, &size);
        if (found > s->most) {
            s->most = found;
            s->arenas = at + i;
            s->size = size;
            s->base = base;
        }
    }
}

bool jt_arenas_infer(struct jt_target *target, uint64_t *b0, uint64_t *arenas, uint64_t *size) {
    struct search s = {.target = target};
    uint64_t root = target->heap.rtree_root & ~(uint64_t)4095;
    uint64_t from = root < AROUND ? 0 : root - AROUND;
    uint8_t bytes[4096];
    if (!target->priv->base->form.known || !find_b0(target, &s.b0) ||
        !block_of_base(target, s.b0, &s.first)) {
        return false;
    }
    *b0 = s.b0;
    for (uint64_t at = from; at < root + 2 * AROUND; at += sizeof bytes) {
        if (jh_read(&target->heap.reader, at, bytes, sizeof bytes, NULL) == JH_OK &&
            !jt_all_zero(bytes, sizeof bytes)) {
            look_at(&s, at, bytes, sizeof bytes);
        }
    }
    *arenas = s.arenas;
    *size = s.size;
    target->priv->base->arena_base = s.most != 0 ? s.base : target->priv->base->arena_base;
    return s.most != 0;
}
