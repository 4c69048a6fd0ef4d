/* tree.c - makes an rtree as an input describes it. It does not use the decoder for shifts, masks
 * and bytes, so that the decoder can be compared with it. */
#include "tree.h"

#include "write_extent.h"

#define BASE UINT64_C(0x60000000) /* target address of the memory */
#define NODE 2064   /* bytes of a node at most: 2^7 elements of 16 bytes, and the bytes behind it */
#define EXTENT 2048 /* bytes for each extent; with 64 KiB pages they are 1112 bytes */
#define EXTENTS_AT ((TREE_NODES * NODE + 2047) / 2048 * 2048)
#define MEMORY (EXTENTS_AT + TREE_EXTENTS * EXTENT)
#define VADDR 32 /* bits of an address; so few make nodes small */

static uint8_t memory[MEMORY];

static uint64_t extent_at(unsigned index) {
    return BASE + EXTENTS_AT + EXTENT * (uint64_t)index;
}

/* ---- the memory of the rtree ----------------------------------------------------------------- */

static enum jh_status read_memory(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    (void)arg;
    uint64_t offset = addr - BASE, there = offset < MEMORY ? MEMORY - offset : 0;
    *got = len < there ? len : (size_t)there;
    memcpy(dst, memory + (offset < MEMORY ? offset : 0), *got);
    return *got == len ? JH_OK : JH_ABSENT;
}

const uint8_t *tree_bytes(uint64_t at, size_t len) {
    uint64_t offset = at - BASE;
    return offset < MEMORY && MEMORY - offset >= len ? memory + offset : NULL;
}

static const void *lend_memory(void *arg, uint64_t addr, size_t len) {
    (void)arg;
    return tree_bytes(addr, len);
}

static uint64_t load(const struct jh_layout *l, uint64_t at, unsigned size) {
    return fuzz_load(&l->build, memory + (at - BASE), size);
}

static void store(const struct tree *t, uint64_t at, unsigned size, uint64_t value) {
    fuzz_store(&t->layout.build, memory + (at - BASE), size, value);
}

/* The index of the page's element in a node of this level, computed by divisions. */
static uint64_t subkey(const struct jh_layout *l, uint64_t addr, unsigned level) {
    uint64_t page = (addr & UINT32_MAX) >> l->build.lg_page;
    for (unsigned i = 2; i > level; i--) {
        page /= UINT64_C(1) << l->rtree_level[i].bits;
    }
    return page % (UINT64_C(1) << l->rtree_level[level].bits);
}

enum jh_status tree_way(const struct jh_layout *l, uint64_t addr, uint64_t *at) {
    unsigned ptr = l->build.pointer_size;
    uint64_t node = BASE;
    for (unsigned level = 0; level < 2; level++) {
        uint64_t child = node + subkey(l, addr, level) * ptr;
        if (!tree_bytes(child, ptr)) {
            return JH_ABSENT;
        }
        node = load(l, child, ptr);
        if (node % ptr) {
            return JH_CORRUPT;
        }
        if (!node) {
            *at = 0;
            return JH_OK;
        }
    }
    *at = node + subkey(l, addr, 2) * l->leaf_size;
    return tree_bytes(*at, l->leaf_size) ? JH_OK : JH_ABSENT;
}

/* ---- inserting extents ----------------------------------------------------------------------- */

uint64_t tree_canonical(const struct jh_layout *l, uint64_t addr) {
    addr &= UINT32_MAX;
    bool ones = l->sc_ptr_bits == 64 && addr >> (VADDR - 1) && !l->build.aarch64;
    return ones ? addr | ~(uint64_t)UINT32_MAX : addr;
}

/* Makes a node of this level. The bytes behind it are no pointer, so that reading past its end is
 * noticed. 0: the memory is full. */
static uint64_t make_node(struct tree *t, unsigned level) {
    const struct jh_layout *l = &t->layout;
    unsigned element = level == 2 ? l->leaf_size : l->rtree_node_size;
    uint64_t at = t->end;
    if (t->nodes == TREE_NODES) {
        return 0;
    }
    t->node[t->nodes++] = at;
    t->end += ((uint64_t)element << l->rtree_level[level].bits) + 16;
    memset(memory + (t->end - BASE) - 16, 0xff, 16);
    return at;
}

/* The address of the page's leaf element; missing nodes are made. 0: the memory is full. */
static uint64_t element_for(struct tree *t, uint64_t addr) {
    unsigned ptr = t->layout.build.pointer_size;
    uint64_t node = BASE;
    for (unsigned level = 0; level < 2; level++) {
        uint64_t at = node + subkey(&t->layout, addr, level) * ptr;
        node = load(&t->layout, at, ptr);
        if (!node) {
            node = make_node(t, level + 1);
            if (!node) {
                return 0;
            }
            store(t, at, ptr, node);
        }
    }
    return node + subkey(&t->layout, addr, 2) * t->layout.leaf_size;
}

/* May the extent be inserted: is the rtree undamaged, not full, and the memory of the extent free?
 */
static bool fits(const struct tree *t, uint64_t base, uint64_t size) {
    uint64_t last = base + (size - 1); /* not across the hole between low and high addresses */
    bool free = t->sound && t->extents < TREE_EXTENTS &&
                base >= UINT64_C(1) << t->layout.build.lg_page && last > base &&
                tree_canonical(&t->layout, last) == last;
    for (unsigned i = 0; i < t->extents; i++) {
        const struct jh_extent *e = &t->extent[i];
        free = free && (last < e->base || base > e->base + (e->size - 1));
    }
    return free;
}

/* Inserts an extent as emap_register_boundary() and emap_register_interior() do it: a slab with all
 * its pages, another extent with its first and last page. */
static void insert(struct tree *t, const struct jh_extent *e) {
    const struct jh_layout *l = &t->layout;
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    uint64_t step = jh_extent_is_slab(e) || e->size == page ? page : e->size - page;
    const struct jh_leaf leaf = {
        .extent = e->at, .szind = e->szind, .state_bits = e->state_bits, .slab = e->slab};
    uint8_t bytes[JH_EXTENT_HEAD_MAX];
    uint64_t at[16] = {0};
    unsigned count = 0;
    for (uint64_t offset = 0; offset < e->size; offset += step) {
        at[count] = element_for(t, e->base + offset);
        if (!at[count++]) {
            return; /* nodes that were made for the extent stay empty */
        }
    }
    for (unsigned i = 0; i < count; i++) {
        jh_leaf_encode(l, &leaf, memory + (at[i] - BASE));
    }
    size_t head = fuzz_write_extent(&l->build, e, bytes);
    memcpy(memory + (e->at - BASE), bytes, head);
    t->extent[t->extents++] = *e;
}

/* Inserts the extent that six bytes describe: its page, its size in pages, its kind. */
static void add_extent(struct tree *t, struct fuzz_input *in) {
    const struct jh_layout *l = &t->layout;
    struct jh_extent e = {.at = extent_at(t->extents % TREE_EXTENTS)};
    uint64_t page = UINT64_C(1) << l->build.lg_page;
    uint32_t what = fuzz_byte(in);
    e.size = (fuzz_take(in, 2) + 1) * page;
    e.base = e.addr = tree_canonical(l, fuzz_take(in, 3) << l->build.lg_page);
    e.state_bits = what & 3;
    e.szind = l->sc_nsizes;
    if (e.state_bits == 0) {
        e.szind = what & 4 ? (what >> 3) % l->sc_nbins : jh_size2index(l, 4 * page);
        e.slab = what & 4;
        e.size = e.slab ? l->bin[e.szind].slab_size : 5 * page;
        e.allocated = true;
    }
    e.bsize = e.size;
    if (e.size <= 16 * page || !e.slab) {
        if (fits(t, e.base, e.size)) {
            insert(t, &e);
        }
    }
}

/* Does the damage that three bytes describe: a word of the memory becomes a pointer into the
 * memory, or bits of a byte are flipped. */
static void damage(struct tree *t, struct fuzz_input *in, bool pointer) {
    unsigned ptr = t->layout.build.pointer_size;
    uint64_t offset = fuzz_take(in, 2) * 2 % MEMORY, value = fuzz_byte(in);
    offset -= offset % 8;
    t->sound = false;
    t->damaged[t->damages++] = offset;
    if (pointer) {
        uint64_t which = value % (t->nodes + TREE_EXTENTS);
        uint64_t at = which < t->nodes ? t->node[which] : extent_at((unsigned)(which - t->nodes));
        store(t, BASE + offset, ptr, at + (value >> 5));
    } else {
        memory[offset + value % 8] ^= (uint8_t)value;
    }
}

/* Gives an inserted extent another size than its leaf elements tell; two bytes describe it. */
static void resize(struct tree *t, struct fuzz_input *in) {
    uint8_t which = fuzz_byte(in), pages = fuzz_byte(in), bytes[JH_EXTENT_HEAD_MAX];
    t->sound = false;
    if (t->extents) {
        struct jh_extent e = t->extent[which % t->extents];
        e.bsize = (uint64_t)pages << t->layout.build.lg_page;
        size_t head = fuzz_write_extent(&t->layout.build, &e, bytes);
        memcpy(memory + (e.at - BASE), bytes, head);
    }
}

/* ---- the tree of an input -------------------------------------------------------------------- */

/* Takes the layout that the input chooses, but with addresses of 32 bits in three levels:
 * jh_layout_check() accepts any levels that add up. The form of leaf elements stays. */
static void small_tree(struct fuzz_input *in, struct jh_layout *l) {
    unsigned left, cumbits;
    *l = *fuzz_layout(in);
    l->build.lg_vaddr = VADDR;
    l->rtree_nhib = (uint8_t)(l->sc_ptr_bits - VADDR);
    l->rtree_nsb = (uint8_t)(VADDR - l->build.lg_page);
    l->rtree_height = 3;
    left = l->rtree_nsb;
    cumbits = l->rtree_nhib;
    for (unsigned i = 0; i < 3; i++) {
        unsigned bits = left / (3 - i);
        cumbits += bits;
        left -= bits;
        l->rtree_level[i] = (struct jh_rtree_level){(uint8_t)bits, (uint8_t)cumbits};
    }
    FUZZ_CHECK(jh_layout_check(l, NULL) == JH_OK);
}

/* Clears what the last execution has written. Clearing the whole memory would be slow. */
static void undo(struct tree *t) {
    memset(memory, 0, t->nodes ? (size_t)(t->end - BASE) : 0);
    memset(memory + EXTENTS_AT, 0, EXTENT * (size_t)t->extents);
    for (unsigned i = 0; i < t->damages; i++) {
        memset(memory + t->damaged[i], 0, 8);
    }
    t->nodes = t->extents = t->damages = 0;
    t->end = BASE;
    t->sound = true;
}

void tree_start(struct tree *t, struct fuzz_input *in) {
    undo(t);
    small_tree(in, &t->layout);
    FUZZ_CHECK(make_node(t, 0) == BASE);
    t->heap =
        (struct jh_heap){.reader = {.read = read_memory}, .layout = &t->layout, .rtree_root = BASE};
    t->heap.reader.lend = fuzz_byte(in) & 1 ? lend_memory : NULL;
    t->heap.limits = (struct jh_limits){.max_nodes = 64, .max_passed = 1 << 16};
}

void tree_grow(struct tree *t, struct fuzz_input *in) {
    for (unsigned steps = 0; in->size && steps < TREE_STEPS; steps++) {
        uint8_t what = fuzz_byte(in);
        if (what < 0xc0) {
            add_extent(t, in);
        } else if (what & 2) {
            resize(t, in);
        } else {
            damage(t, in, what & 1);
        }
    }
}
