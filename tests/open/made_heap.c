#include <stdlib.h>
#include <string.h>

#include "made_heap.h"

unsigned made_shift;

uint8_t *made_at(struct made *m, uint64_t at) {
    return at < MADE_BLOCK
               ? m->module + (at - MADE_MODULE)
               : m->block[(at - MADE_BLOCK) / MADE_SIZE] + (at - MADE_BLOCK) % MADE_SIZE;
}

void made_word(struct made *m, uint64_t at, uint64_t value) {
    jt_number_put(&m->target, made_at(m, at), value, 4);
}

uint64_t made_read(struct made *m, uint64_t at) {
    return jt_number_at(&m->target, made_at(m, at), 4);
}

uint64_t made_extent(unsigned i) {
    return MADE_BLOCK + (uint64_t)(i / 8) * MADE_SIZE + MADE_EXTENTS + 128 * (i % 8);
}

uint64_t made_base_of(unsigned i) {
    return MADE_HEAP + 0x10000 * (uint64_t)i;
}

static void put(struct made *m, uint64_t at, struct jh_field f, uint64_t value) {
    uint8_t *word = made_at(m, at + f.offset);
    uint64_t old = f.width == 0 ? 0 : jt_number_at(&m->target, word, f.word);
    uint64_t mask = f.width == 0 ? 0 : jh_field_mask(f);
    if (f.width != 0) {
        jt_number_put(&m->target, word, (old & ~mask) | (value << f.shift & mask), f.word);
    }
}

void made_field(struct made *m, unsigned i, enum jh_extent_field field, uint64_t value) {
    put(m, made_extent(i), m->target.layout.extent[field], value);
}

uint64_t made_offset(const struct made *m, const char *type, const char *path) {
    struct jh_member member;
    return jh_struct_member(&m->target.layout, type, path, &member, NULL) == JH_OK ? member.offset
                                                                                   : UINT32_MAX;
}

void made_link(struct made *m, unsigned i, unsigned next, unsigned prev) {
    uint64_t ring = made_extent(i) + m->p.base->form.ring;
    made_word(m, ring, made_extent(next));
    made_word(m, ring + 4, made_extent(prev));
}

void made_leaf(struct made *m, uint64_t page, unsigned i) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t index = jh_rtree_subkey(l, page, 1);
    struct jh_leaf leaf = {.szind = l->sc_nsizes};
    struct jh_extent e;
    if (i < 24) {
        jh_extent_decode(l, made_extent(i), made_at(m, made_extent(i)), &e);
        leaf.extent = e.at;
        leaf.szind = e.szind;
        leaf.slab = e.slab;
        leaf.state_bits = l->leaf[JH_LEAF_STATE].width != 0 ? e.state_bits : 0;
    }
    jh_leaf_encode(l, &leaf, made_at(m, MADE_LEAF + index * l->leaf_size));
}

/* Structure i: large when it is even, dirty when it is odd. */
static void extent(struct made *m, unsigned i) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t size = i % 2 == 0 ? jh_index2size(l, l->sc_nbins) + l->large_pad : 0x4000;
    made_field(m, i, JH_EXTENT_ARENA, i < 16 ? 0 : 5);
    made_field(m, i, JH_EXTENT_COMMITTED, 1);
    made_field(m, i, JH_EXTENT_STATE, i % 2);
    made_field(m, i, JH_EXTENT_SZIND, i % 2 == 0 ? l->sc_nbins : l->sc_nsizes);
    made_field(m, i, JH_EXTENT_SN, i / 2);
    made_field(m, i, JH_EXTENT_ADDR, made_base_of(i));
    made_field(m, i, JH_EXTENT_BSIZE, size | (i / 8 == 1)); /* its block's serial number */
    made_leaf(m, made_base_of(i), i);
    made_leaf(m, made_base_of(i) + size - 4096, i);
}

/* One block of a base; the next of its list. */
static void block(struct made *m, uint64_t at, uint64_t next, uint64_t sn) {
    const struct jh_layout *l = &m->target.layout;
    uint64_t e = at + m->p.base->form.block_extent, used = at + 0x90000;
    made_word(m, at + m->p.base->block_size, MADE_SIZE);
    made_word(m, at + m->p.base->block_next, next);
    put(m, e, l->extent[JH_EXTENT_ARENA], UINT32_MAX);
    put(m, e, l->extent[JH_EXTENT_SZIND], l->sc_nsizes);
    put(m, e, l->extent[JH_EXTENT_SN], sn);
    put(m, e, l->extent[JH_EXTENT_ADDR], used);
    put(m, e, l->extent[JH_EXTENT_BSIZE], at + MADE_SIZE - used);
}

static void arena(struct made *m, uint32_t ind, uint64_t first, uint64_t newest, uint64_t mapped) {
    uint64_t base = (first + m->p.base->form.block_bytes + 63) & ~UINT64_C(63);
    uint64_t at = first + MADE_ARENA, cache = made_offset(m, "arena_s", "pa_shard.pac.edata_cache");
    made_word(m, base, ind);
    made_word(m, base + m->p.base->base_blocks, newest);
    made_word(m, base + m->p.base->form.base_mapped, mapped);
    made_word(m, at + m->p.base->form.arena_base, base);
    made_word(m, at + m->p.base->form.sn_next, 100);
    if (cache != UINT32_MAX) {
        made_word(m, at + cache, at + 0x30000);
        made_word(m, at + 0x30000 + m->p.base->form.cache_base, base);
    }
    made_word(m, MADE_ARRAY + UINT64_C(4) * ind, at);
    if (ind == 0) {
        made_word(m, MADE_B0, base);
    }
}

static void image(struct made *m) {
    m->segment[0] = (struct jh_segment){MADE_MODULE, m->module, sizeof m->module};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t at = MADE_BLOCK + (uint64_t)i * MADE_SIZE;
        m->segment[1 + i] = (struct jh_segment){at, m->block[i], MADE_SIZE};
    }
    memset(m->heap, 1, sizeof m->heap);
    m->segment[4] = (struct jh_segment){MADE_HEAP, m->heap, sizeof m->heap};
    m->p.image = (struct jh_image){.segment = m->segment, .count = 5};
    m->mapped[0] = (struct jt_range){MADE_MODULE, MADE_MODULE + sizeof m->module};
    m->mapped[1] = (struct jt_range){MADE_BLOCK, MADE_BLOCK + 3 * MADE_SIZE};
    m->mapped[2] = (struct jt_range){MADE_HEAP, MADE_HEAP + MADE_HEAP_SIZE};
    m->p.mapped = m->mapped;
    m->p.mapped_count = 3;
    m->p.map_complete = true;
    if (jh_image_reader(&m->p.image, &m->target.heap.reader, NULL) != JH_OK) {
        abort();
    }
}

static void learn(struct made *m, enum jh_version version, bool debug) {
    struct jh_build build;
    struct jt_dwarf dwarf;
    jh_build_init(&build, version);
    if (jh_build_machine(&build, "i386") != JH_OK) {
        abort();
    }
    build.debug = debug;
    if (jh_layout_make(&build, &m->target.layout, NULL) != JH_OK) {
        abort();
    }
    jt_dwarf_init(&dwarf);
    jt_metadata_learn(&m->target, &dwarf);
}

static struct made *make(enum jh_version version, bool debug) {
    struct made *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    m->p.words = 4;
    m->p.core_size = 64u << 20;
    m->p.little_endian = true;
    m->p.note[JT_NOTE_ABOUT].bytes = ""; /* variables come by name, as in a skeleton */
    m->target.priv = &m->p;
    jt_layers_join(&m->p, &m->layers);
    m->target.heap.layout = &m->target.layout;
    m->target.heap.rtree_root = MADE_ROOT;
    learn(m, version, debug);
    image(m);
    block(m, MADE_BLOCK, 0, 0);
    block(m, MADE_BLOCK2, MADE_BLOCK, 1);
    block(m, MADE_BLOCK5, 0, 0);
    arena(m, 0, MADE_BLOCK, MADE_BLOCK2, 2 * MADE_SIZE);
    arena(m, 5, MADE_BLOCK5, MADE_BLOCK5, MADE_SIZE);
    uint64_t slot = jh_rtree_subkey(&m->target.layout, MADE_HEAP, 0);
    made_word(m, MADE_ROOT + 4 * slot, MADE_LEAF);
    for (unsigned i = 0; i < 24; i++) {
        extent(m, i);
        if (i % 2 == 1) { /* rings of four */
            made_link(m, i, i / 8 * 8 + (i + 2) % 8, i / 8 * 8 + (i + 6) % 8);
        }
    }
    return m;
}

struct made *made_start(enum jh_version version) {
    return make(version, false);
}

struct made *made_debug(enum jh_version version) {
    struct made *m = make(version, true);
    learn(m, version, false);
    return m;
}

void made_forget(struct made *m) {
    memset(m->p.image.window, 0, sizeof m->p.image.window);
    memset(m->p.image.node, 0, sizeof m->p.image.node);
}

void made_end(struct made *m) {
    free(m->p.base->block);
    free(m->p.base->range);
    free(m->p.base->arenas.arena);
    free(m->p.base->caches.cache);
    free(m->p.base->caches.bin);
    free(m->p.base->caches.parked);
    free(m->p.base->caches.by_address);
    jt_ranges_free(&m->p.base->written);
    free(m->p.skeleton->broken);
    free(m);
}

void made_variables(struct made *m) {
    m->p.source->variable[0] = (struct jt_variable){"b0", MADE_B0, 4};
    m->p.source->variable[1] = (struct jt_variable){"arenas", MADE_ARRAY, UINT64_C(4) * 4095};
    m->p.source->variables = 2;
    memcpy(m->target.root_name, "root", 5);
}

void made_lose(struct made *m, unsigned i) {
    for (uint64_t page = made_base_of(i); page < made_base_of(i + 1); page += 4096) {
        made_leaf(m, page, 24);
    }
}
