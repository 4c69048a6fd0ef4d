/* What the stages share: making a fault, loading a number, fetching bytes. */
#ifndef JEHEAP_INTERNAL_H
#define JEHEAP_INTERNAL_H

#include <string.h>

#include "jeheap/jeheap.h"

#if defined(__GNUC__)
#define JH_PREFETCH(p) __builtin_prefetch(p)
#define JH_INLINE static inline __attribute__((always_inline))
#define JH_NOINLINE __attribute__((noinline))
#else
#define JH_PREFETCH(p) ((void)(p))
#define JH_INLINE static inline
#define JH_NOINLINE
#endif

/* What a compiler may take for granted. clang makes nothing of it but the loads that it takes. */
#if defined(__GNUC__) && !defined(__clang__)
#define JH_ASSUME(x) ((x) ? (void)0 : __builtin_unreachable())
#else
#define JH_ASSUME(x) ((void)0)
#endif

static inline enum jh_status jh_fail(struct jh_fault *fault, enum jh_status status,
                                     enum jh_stage stage, uint64_t addr, uint64_t seen,
                                     const char *rule) {
    if (fault) {
        *fault = (struct jh_fault){status, stage, addr, seen, rule, 0, 0, 0, false};
    }
    return status;
}

/* The same, and what would not break the rule. */
static inline enum jh_status jh_fail_of(struct jh_fault *fault, enum jh_stage stage, uint64_t addr,
                                        uint64_t seen, uint64_t expected, const char *rule) {
    if (fault) {
        *fault = (struct jh_fault){JH_CORRUPT, stage, addr, seen, rule, 0, 0, expected, true};
    }
    return JH_CORRUPT;
}

/* The lowest bits of a word, 0 to 64 of them. A load: every field needs one, and shifting for it
 * took half of the time of decoding an extent. Any byte is a width: from 64 on it is all bits. */
extern const uint64_t jh_low_masks[256];

static inline uint64_t jh_low_mask(unsigned width) {
    return jh_low_masks[width & 255];
}

/* The byte order of the target is decided here and nowhere else. Written out so that compilers
 * see one load. */
JH_INLINE uint64_t jh_load8(const uint8_t *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

uint64_t jh_load_slow(bool little_endian, const uint8_t *p, unsigned size);

JH_INLINE uint64_t jh_load(const struct jh_layout *layout, const uint8_t *p, unsigned size) {
    if (size == 8 && layout->build.little_endian) {
        return jh_load8(p);
    }
    return jh_load_slow(layout->build.little_endian, p, size);
}

static inline uint64_t jh_field_of(uint64_t word, struct jh_field field) {
    return (word >> (field.shift & 63)) & jh_low_mask(field.width);
}

static inline uint64_t jh_field_get(const struct jh_layout *layout, const uint8_t *bytes,
                                    struct jh_field field) {
    return field.width ? jh_field_of(jh_load(layout, bytes + field.offset, field.word), field) : 0;
}

/* Is x a multiple of a power of two? Much cheaper than a division. */
static inline bool jh_aligned(uint64_t x, uint64_t power) {
    return (x & (power - 1)) == 0;
}

static inline uint64_t jh_page(const struct jh_layout *layout) {
    return UINT64_C(1) << layout->build.lg_page;
}

/* Nodes and extents lie in blocks of several MiB: one remembered segment for each such stretch of
 * addresses saves nearly every search. Blocks are often a power of two apart: the product with the
 * golden ratio spreads those over all windows (Fibonacci hashing). */
static inline struct jh_window *jh_image_window(struct jh_image *image, uint64_t addr) {
    enum { LG_STRETCH = 21, LG_WINDOWS = 8 };
    uint64_t product = (addr >> LG_STRETCH) * UINT64_C(0x9e3779b97f4a7c15);
    return &image->window[product >> (64 - LG_WINDOWS)];
}

/* len bytes, at most JH_WINDOW_BYTES, when the window has them; else NULL, and all of the image is
 * to be asked. */
static inline const uint8_t *jh_window_lend(const struct jh_window *w, uint64_t addr, size_t len) {
    uint64_t offset = addr - w->addr;
    return offset < w->span && len <= JH_WINDOW_BYTES ? w->bytes + offset : NULL;
}

const void *jh_image_lend(void *arg, uint64_t addr, size_t len);

/* The same; the window of nodes of a level is then where this one is. */
const uint8_t *jh_image_lend_node(struct jh_image *image, unsigned level, uint64_t addr,
                                  size_t len);

/* Reading what a pointer at from led to came to this status: where nothing can have been, the
 * pointer is corrupt, and the bytes not only absent. from 0: no pointer of the target's. */
static inline enum jh_status jh_led(const struct jh_reader *reader, enum jh_status status,
                                    uint64_t from, uint64_t to, enum jh_stage stage,
                                    const char *rule, struct jh_fault *fault) {
    bool nowhere =
        status == JH_ABSENT && from && reader->mapped && !reader->mapped(reader->arg, to);
    return nowhere ? jh_fail(fault, JH_CORRUPT, stage, from, to, rule) : status;
}

/* What the reader lends, or NULL. Of an image that remembers the segment no call is made: lookups
 * spend most of their time here. */
static inline const uint8_t *jh_lend(const struct jh_reader *reader, uint64_t addr, size_t len) {
    if (reader->lend == jh_image_lend) {
        const struct jh_window *w = jh_image_window((struct jh_image *)reader->arg, addr);
        const uint8_t *bytes = jh_window_lend(w, addr, len);
        if (bytes) {
            return bytes;
        }
    }
    return reader->lend ? (const uint8_t *)reader->lend(reader->arg, addr, len) : NULL;
}

/* May what contradicts be read again? Whatever the reader says, that ends. */
static inline bool jh_retry(const struct jh_reader *reader, unsigned *times) {
    enum { RETRIES_MAX = 64 };
    return reader->retry && *times < RETRIES_MAX && reader->retry(reader->arg, (*times)++);
}

/* [addr, addr+len), lent if the reader can, else copied to buf. */
static inline enum jh_status jh_fetch(const struct jh_reader *reader, uint64_t addr, size_t len,
                                      uint8_t *buf, const uint8_t **out, struct jh_fault *fault) {
    *out = jh_lend(reader, addr, len);
    if (*out) {
        return JH_OK;
    }
    *out = buf;
    return jh_read(reader, addr, buf, len, fault);
}

/* The same for count addresses with len bytes each: out[i] is NULL where they are not there. buf
 * holds count * len bytes. count <= JH_FETCH_MAX. */
#define JH_FETCH_MAX 64
void jh_fetch_many(const struct jh_reader *reader, const uint64_t *addr, size_t count, size_t len,
                   uint8_t *buf, const uint8_t **out);

/* Only the extent pointer of a leaf element whose first word is this one. */
static inline uint64_t jh_leaf_pointer(const struct jh_layout *layout, uint64_t first) {
    struct jh_field field = layout->leaf[JH_LEAF_EXTENT];
    uint64_t at = first & jh_low_mask(field.width);
    if (layout->leaf_sign_extend && at >> ((field.width - 1) & 63)) {
        at |= ~jh_low_mask(field.width);
    }
    return at & ~jh_low_mask(layout->leaf_low_bits);
}

static inline uint64_t jh_leaf_extent(const struct jh_layout *layout, const uint8_t *bytes) {
    return jh_leaf_pointer(layout, jh_load(layout, bytes, layout->leaf[JH_LEAF_EXTENT].word));
}

/* The leaf element of the address's page: its own address, 0 when a node on the way is not there,
 * and its bytes, lent or in buf, which has room for JH_LEAF_BYTES_MAX. */
enum jh_status jh_rtree_fetch(const struct jh_heap *heap, uint64_t addr, uint8_t *buf, uint64_t *at,
                              const uint8_t **out, struct jh_fault *fault);

/* May this element be one that jemalloc has left behind (jh_layout.leaf_left_behind)? Then an
 * extent that does not cover the element's page is no fault, and as good as no element. The
 * structure is sound all the same: what is put away keeps its fields, and is only ever used for
 * another extent (edata_cache.c). */
bool jh_leaf_may_be_left_behind(const struct jh_layout *layout, const struct jh_leaf *leaf);

/* May this extent be found by elements that were left behind? Its structure has not been used again
 * then, and others may have been registered over its pages. */
static inline bool jh_extent_may_be_left_behind(const struct jh_layout *layout,
                                                const struct jh_extent *extent) {
    return layout->leaf_left_behind && extent->state == JH_ACTIVE && !extent->allocated;
}

/* What jh_pages_check() says of the pages behind the first. foreign: also of a page whose element
 * names another extent; a walk comes to that one by itself. */
enum jh_status jh_other_pages_check(const struct jh_heap *heap, const struct jh_extent *extent,
                                    bool foreign, struct jh_fault *fault);

/* An address of the tree's keys as programs write it: the bits above LG_VADDR repeat the one below
 * them, but on aarch64, where they are zero. jemalloc drops them from a key. */
static inline uint64_t jh_canonical(const struct jh_layout *layout, uint64_t addr) {
    uint64_t low = jh_low_mask(layout->build.lg_vaddr);
    bool ones = !layout->build.aarch64 && (addr & low) >> ((layout->build.lg_vaddr - 1) & 63);
    return (ones ? addr | ~low : addr & low) & jh_low_mask(layout->sc_ptr_bits);
}

/* What there is of [addr, addr + *len), at least one byte when JH_OK; *len says how much. */
enum jh_status jh_fetch_some(const struct jh_reader *reader, uint64_t addr, size_t *len,
                             uint8_t *buf, size_t buf_len, const uint8_t **out);

/* The bitmap word that has the bit of region index: its offset in the bitmap. */
static inline size_t jh_group_offset(const struct jh_layout *layout, uint32_t index) {
    size_t word = layout->build.pointer_size; /* 4 or 8: divisions take longer than all else here */
    return index / 8 & ~(word - 1);
}

/* The region's bit in that word, loaded from bytes: set means free. */
static inline bool jh_group_free(const struct jh_layout *layout, const uint8_t *bytes,
                                 uint32_t index) {
    unsigned word = layout->build.pointer_size;
    return jh_load(layout, bytes, word) >> (index & (8 * word - 1)) & 1;
}

/* Are they all zero? libc compares much faster than a loop does. len must not be 0. */
static inline bool jh_all_zero(const uint8_t *bytes, size_t len) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Does the extent cover this address? */
static inline bool jh_extent_covers(const struct jh_extent *extent, uint64_t addr) {
    return addr - extent->base < extent->size;
}

/* Usable bytes of an allocated extent of this class and size. */
uint64_t jh_usize(const struct jh_layout *layout, uint32_t szind, uint64_t size);

/* What an extent that is not allocated is used for. */
enum jh_use jh_use_of(enum jh_state state);

/* Addresses that no heap has, whatever the tree says; JH_WHY_OWNED: a heap may have it. */
enum jh_why jh_in_no_heap(const struct jh_layout *layout, uint64_t addr);

#endif
